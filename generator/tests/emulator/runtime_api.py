"""The Lambda Runtime API (2018-06-01) and the one function process that it feeds."""

import json
import queue
import subprocess
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Against a hang, in real time: a machine that others load is slow to answer what the function asks.
RESPONSE_SECONDS_MAX = 600
# How long a line of a log is waited for after the answer.
LOG_SECONDS_MAX = 10


class Function:
    """A function's process, from its first invocation on; it stays warm."""

    def __init__(self, bootstrap, name, variables, endpoint, region, timeout_seconds):
        self._events = queue.Queue()
        self._responses = queue.Queue()
        self._timeout_seconds = timeout_seconds
        self._arn = f"arn:aws:lambda:{region}:123456789012:function:{name}"
        self.logs = []
        self._logged = threading.Condition()
        server = _serve(self)
        environment = {
            **variables,
            "AWS_ACCESS_KEY_ID": "handler",
            "AWS_SECRET_ACCESS_KEY": "none",
            "AWS_SESSION_TOKEN": "none",
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
            "AWS_LAMBDA_LOG_FORMAT": "JSON",
            "LAMBDA_TASK_ROOT": str(bootstrap.parent),
            "TZ": ":UTC",
        }
        self._process = subprocess.Popen(
            [str(bootstrap)], env=environment, cwd=bootstrap.parent, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self._reader = threading.Thread(target=self._read_logs, daemon=True)
        self._reader.start()

    def invoke(self, event):
        """What the function answers: `("response" | "error", payload)`."""
        self._events.put(event)
        waited = 0.0
        while waited < RESPONSE_SECONDS_MAX:
            try:
                return self._responses.get(timeout=0.2)
            except queue.Empty:
                waited += 0.2
            if self._process.poll() is not None:
                self._reader.join(5)
                raise RuntimeError(f"the function ended with {self._process.returncode}:\n" + "\n".join(self.logs))
        raise RuntimeError("the function did not answer:\n" + "\n".join(self.logs))

    def stop(self):
        """Ends the process."""
        self._process.kill()
        self._process.wait()

    def logs_since(self, seen):
        """Its lines after so many. The answer may be here before what was logged on the way is read: one line is waited for."""
        with self._logged:
            self._logged.wait_for(lambda: len(self.logs) > seen, timeout=LOG_SECONDS_MAX)
            return self.logs[seen:]

    def _read_logs(self):
        for line in self._process.stdout:
            with self._logged:
                self.logs.append(line.decode(errors="replace").rstrip("\n"))
                self._logged.notify_all()

    def next_event(self):
        """Headers and body of the next invocation; waits for one."""
        event = self._events.get()
        # The function's clock is the real one, by which nothing here is measured: a slow machine must not cut it short.
        deadline_millis = int((time.time() + max(self._timeout_seconds, RESPONSE_SECONDS_MAX)) * 1000)
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": str(uuid.uuid4()),
            "Lambda-Runtime-Deadline-Ms": str(deadline_millis),
            "Lambda-Runtime-Invoked-Function-Arn": self._arn,
            "Lambda-Runtime-Trace-Id": "Root=1-00000000-000000000000000000000000;Sampled=0",
        }
        return headers, json.dumps(event).encode()

    def answered(self, kind, body):
        """Takes the function's answer."""
        self._responses.put((kind, json.loads(body) if body else None))


def _serve(function):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):  # noqa: N802 - the base class's name
            if not self.path.endswith("/runtime/invocation/next"):
                return self._answer(404, {}, b"")
            headers, body = function.next_event()
            return self._answer(200, headers, body)

        def do_POST(self):  # noqa: N802
            kind = self.path.rsplit("/", 1)[1]
            function.answered(kind, self._body())
            self._answer(202, {"Content-Type": "application/json"}, b'{"status":"OK"}')

        def _body(self):
            if "chunked" not in self.headers.get("Transfer-Encoding", ""):
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        def _answer(self, status, headers, body):
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_):
            """A function that is killed leaves its connection; that is no fault of the server."""

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
