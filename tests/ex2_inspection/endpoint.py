"""A stand-in for an OpenAI-compatible server, which misbehaves as it is told."""

import json
import sys
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VERDICT = {"explanation": "e", "informative": True, "visual": True, "families": ["visual"]}


class QuietServer(ThreadingHTTPServer):
    """Says nothing of clients that hang up, as they do after a 401: stderr is the run's."""

    def handle_error(self, request, client_address):
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def completion(content, prompt_tokens=100, completion_tokens=10):
    """A reply as chat completions have it."""
    return {
        "id": "1",
        "object": "chat.completion",
        "created": 0,
        "model": "stand-in",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": content},
            }
        ],
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": prompt_tokens + completion_tokens,
        },
    }


@dataclass
class StandIn:
    """What the server has seen, and what it does.

    Attributes:
        behave: From the number of times that the same conversation has come, and its body, to a
            status and what is sent (an object, or raw bytes).
    """

    behave: Callable[[int, dict], tuple[int, object]]
    url: str = ""
    bodies: list = field(default_factory=list)
    keys: set = field(default_factory=set)
    at_once: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


def asked_about(body):
    """The text that a request is about; complaints come after it."""
    questions = [m["content"] for m in body["messages"] if "The text: " in m["content"]]
    return questions[-1].split("The text: ")[1]


@contextmanager
def serving(behave):
    """Runs the server for as long as the block lasts."""
    state = StandIn(behave)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with state.lock:
                times = sum(seen == body for seen in state.bodies)
                state.bodies.append(body)
                state.keys.add(self.headers["Authorization"])
                state.at_once += 1
                state.most_at_once = max(state.most_at_once, state.at_once)
            try:
                status, content = state.behave(times, body)
            finally:
                with state.lock:
                    state.at_once -= 1
            sent = content if isinstance(content, bytes) else json.dumps(content).encode()
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(sent)))
                if status == 429:
                    self.send_header("Retry-After", "0")
                self.end_headers()
                self.wfile.write(sent)
            except OSError:
                pass  # the client has lost patience

        def log_message(self, *_):
            """Says nothing."""

    server = QuietServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def slow(seconds, then):
    """Behaves like `then`, but late."""

    def behave(times, body):
        time.sleep(seconds)
        return then(times, body)

    return behave
