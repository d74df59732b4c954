"""Definitions, parsed once.

moto parses a definition each time that it is created, and again for each execution: seconds for one of this size, by a grammar in
Python. What came of it is kept in the folder of the Python environment for other processes. An execution keeps what it works on in
it, so that each gets a copy of its own, but where they run one after the other.
"""

import functools
import hashlib
import os
import pathlib
import pickle
import sys
import tempfile

import moto
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

_parse = AmazonStateLanguageParser.parse
_pickled = {}


def parse_once(one_after_the_other=False):
    """From here on. The tree, which only moto's check of a definition by itself looks at, is not kept."""
    parsed = functools.cache(_parsed) if one_after_the_other else _parsed
    AmazonStateLanguageParser.parse = staticmethod(parsed)


def _parsed(definition):
    key = hashlib.sha256(f"{moto.__version__}\n{definition}".encode()).hexdigest()
    if key not in _pickled:
        kept = pathlib.Path(sys.prefix, f"parsed-{key[:16]}.pickle")
        try:
            _pickled[key] = kept.read_bytes()
        except FileNotFoundError:
            _pickled[key] = pickle.dumps(_parse(definition)[0])
            _keep(kept, _pickled[key])
    return pickle.loads(_pickled[key]), None


def _keep(path, data):
    """Whole or not at all: others read it at any moment."""
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(data)
    os.replace(file.name, path)
