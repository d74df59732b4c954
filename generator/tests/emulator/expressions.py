"""JSONata for moto's interpreter, by `jsonata-python`, with values bound instead of pasted into the text."""

import datetime
import functools
import hashlib
import itertools
import json
import re
import threading
import uuid

import jsonata
from jsonata import timebox
from jsonata.utils import Utils
from moto.stepfunctions.parser.api import EvaluationFailedEventDetails, HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.common.string.string_expression import StringJSONata
from moto.stepfunctions.parser.asl.component.intrinsic.jsonata import get_intrinsic_functions_declarations
from moto.stepfunctions.parser.asl.component.common.path import result_path
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails

from . import frames

# What Step Functions adds to JSONata. The rest is ours: moto has no `$uuid` and no `$hash`, takes broken JSON for nothing
# in `$parse`, and adds empty parts in `$partition` where the last one is short.
FUNCTIONS = ("$range", "$randomSeeded")
WHOLE_STATES = re.compile(r"\$states(?!\.)")
IMPURE = re.compile(r"\$(millis|now|random|shuffle|uuid)\b")
HASHES = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}

_uuids = itertools.count(1)
# A program, parsed once, keeps what it works on in itself.
_evaluating = threading.Lock()


def install(clock):
    """Makes the interpreter evaluate JSONata, with `$now()` and `$millis()` in virtual time."""
    timebox.Timebox.current_milli_time = staticmethod(clock.millis)
    StringJSONata._eval_body = _evaluate_string
    frames.search_quickly()
    result_path.parse = functools.cache(result_path.parse)


def plain(value):
    """The value as JSON has it: moments as text, whole numbers without a fraction."""
    return json.loads(json.dumps(value, default=_moment), parse_float=_number)


def moment(value):
    """A moment as AWS writes it in results and in the context object."""
    return value.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _moment(value):
    if isinstance(value, datetime.datetime):
        return moment(value)
    raise TypeError(f"not a JSON value: {value!r}")


def _number(text):
    number = float(text)
    return int(number) if number.is_integer() else number


class _Unsupported(Exception):
    """A value that is no JSON."""


def _evaluate_string(self, env):
    try:
        value = _text_of_value if IMPURE.search(self.expression) else _remembered
        text = value(self.expression, json.dumps(_bindings(env, self.expression), default=_moment))
    except _Unsupported as error:
        cause = f"The JSONata expression '{self.expression}' returned an unsupported result type."
        raise _failure(env, cause) from error
    except Exception as error:
        cause = f"The JSONata expression '{self.expression}' threw an error during evaluation. {error!r}"
        raise _failure(env, cause) from error
    if text is None:
        raise _failure(env, f"The JSONata expression '{self.expression}' returned nothing (undefined).")
    env.stack.append(json.loads(text, parse_float=_number))


@functools.lru_cache(maxsize=10_000)
def _remembered(expression, bindings):
    # A machine that polls evaluates the same over the same, again and again.
    return _text_of_value(expression, bindings)


def _text_of_value(expression, bindings):
    """The value as JSON text; None where there is none."""
    result = _evaluate(expression, _with_nulls(json.loads(bindings, parse_float=_number)))
    if result is None:
        return None
    try:
        return json.dumps(Utils.convert_nulls(result), default=_moment)
    except TypeError as error:
        raise _Unsupported from error


def _evaluate(expression, bindings):
    with _evaluating:
        program = _program(expression)
        jsonata.Jsonata.CURRENT.jsonata = program  # or the thread works with an older copy, and its time
        return program.evaluate(None, bindings)


@functools.cache
def _program(expression):
    # moto's own search for names refuses `$`, which AWS refuses at the top level only, where it is undefined anyway.
    declarations = get_intrinsic_functions_declarations({name for name in FUNCTIONS if name in expression})
    program = jsonata.Jsonata(f"({declarations}{expression})")
    program.set_output_convert_nulls(False)
    program.register_lambda("uuid", lambda: str(uuid.UUID(int=next(_uuids), version=4)))
    program.register_lambda("partition", _partition)
    program.register_lambda("parse", lambda text: _with_nulls(json.loads(text, parse_float=_number)))
    program.register_lambda("hash", lambda text, name: hashlib.new(HASHES[name], text.encode()).hexdigest())
    return program


def _partition(array, size):
    array = array if isinstance(array, list) else [array]
    size = int(size)
    return [array[start : start + size] for start in range(0, len(array), size)]


def _bindings(env, expression):
    """`$states` and the variables in scope that the expression names.

    What a state has not got, such as an error, is left undefined.
    """
    states = {key: value for key, value in env.states._states_data.items() if value is not None or key == "input"}
    if not WHOLE_STATES.search(expression):
        states = {key: value for key, value in states.items() if f"$states.{key}" in expression}
    scope = {**env.variable_store._outer_scope, **env.variable_store._inner_scope}
    named = {name: value for name, value in scope.items() if f"${name}" in expression}
    return {"states": states, **named}


def _with_nulls(value):
    """jsonata-python takes None for undefined and has a value of its own for null."""
    if value is None:
        return Utils.NULL_VALUE
    if isinstance(value, list):
        return [_with_nulls(each) for each in value]
    if isinstance(value, dict):
        return {key: _with_nulls(each) for key, each in value.items()}
    return value


def _failure(env, cause):
    name = StatesErrorName(typ=StatesErrorNameType.StatesQueryEvaluationError)
    details = EventDetails(
        evaluationFailedEventDetails=EvaluationFailedEventDetails(cause=cause, error=name.error_name)
    )
    event_type = HistoryEventType.EvaluationFailed
    return FailureEventException(FailureEvent(env=env, error_name=name, event_type=event_type, event_details=details))
