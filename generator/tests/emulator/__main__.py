"""Emulators for whoever connects to a socket, each a process of its own: `python -m emulator SOCKET`.

The first line over a connection says where its emulator writes: `{"log": FILE, "scratch": FOLDER}`. Every other line is a command,
`{"do": METHOD, ...arguments}`, the methods being those of `world.World`; its answer is a line `{"done": result}` or
`{"failed": reason}`. An emulator ends with its connection, and no more of them begin after the end of standard input.

What they stand on takes seconds to load, so it is loaded once, before any of them is forked off.
"""

import gc
import json
import os
import selectors
import signal
import socket
import sys
import tempfile
import traceback

# The services' own records of the past must not depend on the machine's zone or on credentials found on it.
os.environ["TZ"] = "UTC"
for name in [each for each in os.environ if each.startswith("AWS_")]:
    del os.environ[name]

from .world import World, load_models  # noqa: E402 - the environment comes first


def main(path):
    load_models()
    gc.freeze()  # nor does anybody look through it again for what is left over
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how an emulator ended
    with socket.socket(socket.AF_UNIX) as listener, selectors.DefaultSelector() as ready:
        listener.bind(path)
        listener.listen(64)
        print("ready", flush=True)
        ready.register(listener, selectors.EVENT_READ)
        ready.register(sys.stdin, selectors.EVENT_READ)
        while all(key.fileobj is listener for key, _ in ready.select()):
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _emulate(connection)
            connection.close()
    os.unlink(path)
    os.rmdir(os.path.dirname(path))


def _emulate(connection):
    """Ends the process, without what would have been done at the end of the one it was forked off."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    commands, answers = connection.makefile("r"), connection.makefile("w")
    place = json.loads(commands.readline())
    log = os.open(place["log"], os.O_WRONLY | os.O_APPEND)
    for standard, file in [(0, os.open(os.devnull, os.O_RDONLY)), (1, log), (2, log)]:
        os.dup2(file, standard)
    tempfile.tempdir = os.environ["TMPDIR"] = place["scratch"]
    world = World()
    try:
        for line in commands:
            print(json.dumps(_answer(world, json.loads(line)), default=str), file=answers, flush=True)
    except BaseException:
        traceback.print_exc()
    finally:
        world.close()
        sys.stderr.flush()
        os._exit(0)


def _answer(world, command):
    try:
        method = command.pop("do")
        if method.startswith("_") or not callable(getattr(world, method, None)):
            raise ValueError(f"no such command: {method}")
        return {"done": getattr(world, method)(**command)}
    except Exception as error:
        return {"failed": f"{type(error).__name__}: {error}\n{traceback.format_exc()}"}


if __name__ == "__main__":
    main(sys.argv[1])
