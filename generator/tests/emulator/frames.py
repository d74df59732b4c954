"""The scopes of jsonata-python, searched without a call for each.

It asks at each step for callbacks at its beginning and end, through all scopes up to the outermost: an eighth of the time that
evaluations take. None is bound here.
"""

from jsonata import Jsonata

CALLBACKS = ("__evaluate_entry", "__evaluate_exit")


def search_quickly():
    """From here on."""
    Jsonata.Frame.lookup = _lookup


def _lookup(frame, name):
    if name in CALLBACKS:
        return None
    while frame is not None:
        if name in frame.bindings:
            return frame.bindings[name]
        frame = frame.parent
    return None
