"""Definitions, whose states are parsed once.

moto parses a definition each time that it is created, and again for each execution: seconds for one of this size, by a grammar in
Python. Definitions differ in few of their states, so what came of each state is kept, in the folder of the Python environment for
other processes. An execution keeps what it works on in it, so that each gets a copy of its own, but where they run one after the
other.
"""

import functools
import hashlib
import json
import os
import pathlib
import pickle
import sys
import tempfile

import moto
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

_parse = AmazonStateLanguageParser.parse
_KEPT = pathlib.Path(sys.prefix, "parsed")


def parse_once(one_after_the_other=False):
    """From here on. The tree, which only moto's check of a definition by itself looks at, is not kept."""
    state = functools.cache(_state) if one_after_the_other else _state
    parse = lambda definition: (_program(json.loads(definition), state), None)  # noqa: E731
    AmazonStateLanguageParser.parse = staticmethod(functools.cache(parse) if one_after_the_other else parse)


def _program(definition, state):
    """The program, which is parsed as if it had no states but one that moto insists on."""
    states = definition["States"]
    frame = {**definition, "States": {"": {"Type": "Succeed"}}}
    program, _ = _parse(json.dumps(frame))
    language = definition.get("QueryLanguage", "JSONPath")
    program.states.states = {name: state(language, name, json.dumps(of)) for name, of in states.items()}
    return program


def _state(language, name, text):
    return pickle.loads(_pickled(language, name, text))


@functools.cache
def _pickled(language, name, text):
    key = hashlib.sha256(f"{moto.__version__}\n{language}\n{name}\n{text}".encode()).hexdigest()
    kept = _KEPT / f"{key[:32]}.pickle"
    try:
        return kept.read_bytes()
    except FileNotFoundError:
        alone = {"QueryLanguage": language, "StartAt": name, "States": {name: json.loads(text)}}
        program, _ = _parse(json.dumps(alone))
        pickled = pickle.dumps(program.states.states[name])
        _keep(kept, pickled)
        return pickled


def _keep(path, data):
    """Whole or not at all: others read it at any moment."""
    path.parent.mkdir(exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(data)
    os.replace(file.name, path)
