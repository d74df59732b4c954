"""What an interpreter is given of a recorded execution, and what it did with it.

A tape is an execution with its `input`, when it started, the `calls` that it made with their answers, the `delays` of its
retries, which chance decided, and the names of its `children`. A call that is not on the tape has no answer, so an
execution is not followed beyond it.
"""

import json
import os
import sys
import threading


class Tape:
    """What is left of a tape, and what was done instead."""

    def __init__(self, tape):
        self.children = list(tape["children"])
        self.steps = []
        self.is_over = False
        self._calls = list(tape["calls"])
        self._delays = list(tape["delays"])
        self._lock = threading.RLock()

    def entered(self, at, execution, name):
        """Notes that a state was entered."""
        self._note(at, execution, name, "enters", None)

    def answer(self, call, name):
        """The answer to a call, if it is on the tape. Iterations that run at once may overtake each other."""
        what = f"calls {call['service']}:{call['action']}"
        with self._lock:
            self._note(call["at"], call["execution"], name, what, call["arguments"])
            same = lambda taped: all(taped[key] == value for key, value in call.items())  # noqa: E731
            taped = next((each for each in self._calls if same(each)), None)
            if taped:
                self._calls.remove(taped)
            else:
                self.is_over = True
            return taped

    def child(self):
        """The name of the next child execution."""
        return self.children.pop(0) if self.children else "unknown"

    def jitter(self, seconds):
        """What chance makes of the longest delay of a retry."""
        taped = self._delays.pop(0) / 1000 if self._delays else seconds
        assert 0 <= taped <= seconds, f"a retry waits at most {seconds} s, and waited {taped} s"
        return taped

    def waits(self, at, seconds):
        """Notes that a state is tried again after a delay."""
        self._note(at, None, None, f"is tried again after {round(seconds * 1000)} ms", None)

    def _note(self, at, execution, name, what, arguments):
        step = {"at": at, "execution": execution, "state": name, "what": what, "arguments": arguments}
        with self._lock:
            if not self.is_over:
                self.steps.append(step)


def serve(replay, plain):
    """Reads JSON lines. One with a `definition` is the machine of those after it; any other is a tape, and is answered
    with how the execution ended here and with its steps, as `plain` has values."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print goes to standard error
    for line in sys.stdin:
        order = json.loads(line)
        if "definition" in order:
            replay.define(order["definition"])
        else:
            print(json.dumps(plain(replay.run(order))), file=answers, flush=True)
