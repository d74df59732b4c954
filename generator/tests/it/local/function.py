#!/usr/bin/env python3
"""A function that does what its event asks for, good or bad, over Lambda's Runtime API."""

import http.client
import json
import os
import subprocess
import sys
import time
import urllib.request

if os.environ.get("INIT") == "fails":
    sys.exit("no start today")

api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
calls = 0


def ask(method, path, body=None):
    api.request(method, "/2018-06-01/runtime/" + path, body)
    answer = api.getresponse()
    return answer.headers, answer.read()


while True:
    headers, event = ask("GET", "invocation/next")
    event, calls = json.loads(event), calls + 1
    invocation = "invocation/" + headers["Lambda-Runtime-Aws-Request-Id"]
    print("has", json.dumps(event), flush=True)
    match event.get("do"):
        case "crash":
            os._exit(7)
        case "overrun":
            time.sleep(60)
        case "child":  # waits for a process of its own, which holds its output
            child = subprocess.Popen(["sleep", "600"])
            print("child", child.pid, flush=True)
            child.wait()
        case "fail":
            error = {"errorType": "Sad", "errorMessage": "as asked"}
            ask("POST", invocation + "/error", json.dumps(error))
        case "last":  # answers the time at which it began, and takes a moment
            began = time.time()
            time.sleep(0.3)
            ask("POST", invocation + "/response", json.dumps({"began": began, "ended": time.time()}))
        case "ask":  # the account, after a time in which files may change
            time.sleep(2)
            form = b"Action=DescribeAutoScalingGroups&Version=2011-01-01"
            with urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"], data=form, timeout=15) as answer:
                found = answer.read().decode()
            ask("POST", invocation + "/response", json.dumps({"found": found}))
        case _:
            left = int(headers["Lambda-Runtime-Deadline-Ms"]) / 1000 - time.time()
            answer = {
                "calls": calls,
                "seconds_left": left,
                "arn": headers["Lambda-Runtime-Invoked-Function-Arn"],
                "trace": headers["Lambda-Runtime-Trace-Id"],
                "environment": dict(os.environ),
            }
            ask("POST", invocation + "/response", json.dumps(answer))
