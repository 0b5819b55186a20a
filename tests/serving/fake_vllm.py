"""A stand-in for vLLM's server: the same flags, key and health check, and a second process as vLLM's engine."""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ENGINE = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: time.sleep(0.1)"


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--served-model-name", required=True)
    parser.add_argument("--starts", type=Path, help="append a line for each start")
    parser.add_argument("--fail", help="print this and die")
    parser.add_argument("--fail-once", type=Path, help="die of a taken port, and create this file; not if it exists")
    parser.add_argument("--ready-when", type=Path, help="listen only once this file exists")
    parser.add_argument("--stubborn", action="store_true", help="ignore SIGTERM")
    return parser.parse_args()


class Server(ThreadingHTTPServer):
    model = ""


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path.startswith("/v1") and self.headers["Authorization"] != f"Bearer {os.environ['VLLM_API_KEY']}":
            return self.reply(401, {})
        if self.path == "/v1/models":
            return self.reply(200, {"data": [{"id": self.model(), "max_model_len": 2048}]})
        return self.reply(200, {})

    def model(self):
        assert isinstance(self.server, Server)
        return self.server.model

    def reply(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def main():
    args = options()
    if args.starts:
        with args.starts.open("a") as file:
            file.write(f"{os.getpid()}\n")
    sys.stderr.write("loading weights\n")
    if args.fail:
        sys.exit(args.fail)
    if args.fail_once and not args.fail_once.exists():
        args.fail_once.touch()
        sys.exit("OSError: [Errno 98] Address already in use")
    engine = subprocess.Popen([sys.executable, "-c", ENGINE])

    def stop(*_):
        engine.kill()
        os._exit(0)

    signal.signal(signal.SIGTERM, signal.SIG_IGN if args.stubborn else stop)
    while args.ready_when and not args.ready_when.exists():
        time.sleep(0.02)
    server = Server(("127.0.0.1", args.port), Handler)
    server.model = args.served_model_name
    server.serve_forever()


if __name__ == "__main__":
    main()
