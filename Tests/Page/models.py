"""A server of several scripted models in OpenAI's chat format, for pictures and checks of the page.

Each model answers after its own time with its own number of tokens, caches the prompts of a run, and fails a share of
its calls. Nothing is random but by a seed.
"""

import json
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Demo"))
from service import Service  # noqa: E402

# Seconds, tokens written, share of failures; prices are in catalog().
MODELS = {"tiny": (0.02, 60, 0.0), "small": (0.04, 90, 0.01), "medium": (0.06, 140, 0.03), "large": (0.1, 200, 0.0)}
PRICES = {"tiny": (0.05, 0.2, "small"), "small": (0.25, 1, "medium"), "medium": (1, 4, "large"), "large": (5, 20, "frontier")}

# A last message with these words gets an error.
FAILS = "let this call fail"


def catalog(port: int) -> str:
    """A catalog file of these models."""
    lines = ["provider: scripted", f"base_url: http://127.0.0.1:{port}/v1", "wire: openai", "placement: cloud", "models:"]
    for name, (prompt, answer, tier) in PRICES.items():
        lines += [
            f"  - id: scripted/{name}", f"    upstream_name: {name}", f"    tier: {tier}", "    context: 64000",
            "    max_output: 4000", "    capabilities: [tools, streaming, structured_output]",
            f"    prices: {{input: {prompt}, cached_read: {prompt / 10}, output: {answer}, source: a script, as_of: 2026-11-01}}",
        ]
    return "\n".join(lines) + "\n"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    chance = random.Random(7)
    lock = threading.Lock()

    def log_message(self, *_: object) -> None:
        pass

    def answer(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        self.answer(200, {"object": "list", "data": [{"id": name, "object": "model"} for name in MODELS]})

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        wait, written, failing = MODELS[request["model"]]
        with self.lock:
            chance = self.chance.random()
            factor = self.chance.uniform(0.5, 1.8)
        time.sleep(wait * factor)
        if chance < failing or FAILS in json.dumps(request["messages"][-1]):
            return self.answer(500, {"error": {"message": "the script says so", "type": "server_error"}})
        prompt = max(20, len(json.dumps(request["messages"])) // 4)
        cached = prompt // 2 if len(request["messages"]) > 2 else 0
        answer = int(written * factor)
        self.answer(200, {
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": request["model"],
            "choices": [{"index": 0, "finish_reason": "stop",
                         "message": {"role": "assistant", "content": "It depends on what was asked. " * (answer // 8)}}],
            "usage": {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer,
                      "prompt_tokens_details": {"cached_tokens": cached}}})


def start() -> ThreadingHTTPServer:
    """Starts the server on a free port; `shutdown` ends it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@contextmanager
def service(settings: str = "") -> Iterator[Service]:
    """A running service over these models, in a folder of its own, with these settings and no keys."""
    server = start()
    try:
        with tempfile.TemporaryDirectory(prefix="hera-scripted-") as name:
            folder = Path(name)
            (folder / "Catalog").mkdir()
            (folder / "Catalog/scripted.yaml").write_text(catalog(server.server_address[1]))
            (folder / "hera.yaml").write_text("usual_servers: false\n" + settings)
            with Service(name, "--catalog", f"{name}/Catalog", "--config", f"{name}/hera.yaml",
                         without=r".*_API_KEY") as running:
                yield running
    finally:
        server.shutdown()
