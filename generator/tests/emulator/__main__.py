"""Reads commands from standard input and answers on standard output, a JSON object a line.

A command is `{"do": METHOD, ...arguments}`, the methods being those of `world.World`. The answer is
`{"done": result}` or `{"failed": reason}`.
"""

import json
import os
import sys
import traceback

# The services' own records of the past must not depend on the machine's zone or on credentials found on it.
os.environ["TZ"] = "UTC"
for name in [each for each in os.environ if each.startswith("AWS_")]:
    del os.environ[name]

from .world import World  # noqa: E402 - the environment comes first


def main():
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print goes to standard error
    world = World()
    try:
        for line in sys.stdin:
            command = json.loads(line)
            try:
                method = command.pop("do")
                if method.startswith("_") or not callable(getattr(world, method, None)):
                    raise ValueError(f"no such command: {method}")
                answer = {"done": getattr(world, method)(**command)}
            except Exception as error:
                answer = {"failed": f"{type(error).__name__}: {error}\n{traceback.format_exc()}"}
            print(json.dumps(answer, default=str), file=answers, flush=True)
    finally:
        world.close()


if __name__ == "__main__":
    main()
