#!/usr/bin/env python3
"""An S3 of moto's with the bucket `artefacts`, until standard input ends. The first line says where it listens."""

import sys
import urllib.request

from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
url = f"http://{host}:{port}"
urllib.request.urlopen(urllib.request.Request(f"{url}/artefacts", method="PUT")).close()
print(url, flush=True)
sys.stdin.read()
server.stop()
