"""Model servers behind a cache: every answer is kept by (model, prompt), with the seconds that it took.

`Upstreams` is an HTTP server with one OpenAI-compatible API a model, under /small/v1 and /large/v1. /hybrid/v1 is the
baseline: a model whose answers come from the small or the large one, as a function of the step says. The model servers
themselves are started when the first answer is wanted that is not in the cache.
"""

import gzip
import hashlib
import itertools
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

NAMES = {"small": "smollm2-135m-instruct", "large": "qwen2.5-coder-1.5b-instruct"}

Body = dict[str, Any]


class MissingModel(Exception):
    """An answer is wanted that is not in the cache, and its model cannot be asked."""


@dataclass
class Call:
    """One answered call: which model, what it was asked, what it said, and the seconds that it took when first made."""

    model: str
    body: Body
    answer: dict[str, Any]
    seconds: float

    @property
    def message(self) -> dict[str, Any]:
        return self.answer["choices"][0]["message"]


def key(model: str, body: Body) -> str:
    """Names what the answer depends on: the model and its prompt, without ids that servers make up."""
    messages = []
    for message in body["messages"]:
        message = {name: value for name, value in message.items() if name != "tool_call_id" and value is not None}
        if calls := message.get("tool_calls"):
            message["tool_calls"] = [call["function"] for call in calls]
        messages.append(message)
    asked = [NAMES[model], messages, body.get("tools"), body.get("max_tokens")]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:24]


class Answers:
    """The cache: a file of JSON Lines that grows, on top of one that came with the repository."""

    def __init__(self, shipped: Path, grown: Path):
        self.known: dict[str, dict[str, Any]] = {}
        self.grown = grown
        self.lock = threading.Lock()
        grown.parent.mkdir(parents=True, exist_ok=True)
        if shipped.exists():
            with gzip.open(shipped, "rt") as lines:
                self._read(lines)
        if grown.exists():
            with grown.open() as lines:
                self._read(lines)

    def _read(self, lines: Any) -> None:
        for line in lines:
            if line.endswith("\n"):  # a run that was killed may have left half a line
                row = json.loads(line)
                self.known[row["key"]] = row

    def add(self, name: str, answer: dict[str, Any], seconds: float) -> dict[str, Any]:
        row = {"key": name, "seconds": round(seconds, 3), "answer": answer}
        with self.lock:
            self.known[name] = row
            with self.grown.open("a") as file:
                file.write(json.dumps(row) + "\n")
        return row

    def ship(self, path: Path, used: set[str]) -> None:
        """Writes the answers of these keys; the same ones give the same bytes."""
        text = "".join(json.dumps(self.known[name]) + "\n" for name in sorted(used))
        path.write_bytes(gzip.compress(text.encode(), mtime=0))


@dataclass
class Upstreams:
    """The models' API for `hera serve`, on a free port of 127.0.0.1."""

    answers: Answers
    start_models: Callable[[], dict[str, str]]
    choose: Callable[[Body], str] = lambda body: "large"
    calls: list[Call] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    asked: int = 0
    #: Calls that are being answered.
    open: int = 0

    def __post_init__(self) -> None:
        self.urls: dict[str, str] = {}
        self.lock = threading.Lock()
        self.serial = itertools.count()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def ask(self, model: str, body: Body) -> Call:
        """The model's answer, from the cache or from the model; noted in `calls`."""
        if model == "hybrid":
            model = self.choose(body)
        name = key(model, body)
        self.open += 1
        try:
            row = self.answers.known.get(name) or self._ask(model, name, body)
        finally:
            self.open -= 1
        self.used.add(name)
        answer = json.loads(json.dumps(row["answer"]))
        for tool_call in answer["choices"][0]["message"].get("tool_calls") or []:
            tool_call["id"] = f"call_{next(self.serial)}"
        call = Call(model, body, answer, row["seconds"])
        self.calls.append(call)
        return call

    def _ask(self, model: str, name: str, body: Body) -> dict[str, Any]:
        # One at a time, so that the seconds are those of a call that has its core alone.
        with self.lock:
            if name in self.answers.known:
                return self.answers.known[name]
            if model not in self.urls:
                self.urls = self.start_models()
            if not self.urls.get(model):
                raise MissingModel(f"an answer of the {model} model is not in the cache and the model does not run")
            asked = {name: value for name, value in body.items() if name in ("messages", "tools", "max_tokens")}
            request = urllib.request.Request(
                self.urls[model] + "/chat/completions",
                json.dumps(asked | {"model": NAMES[model], "temperature": 0}).encode(),
                {"content-type": "application/json"})
            started = time.monotonic()
            with urllib.request.urlopen(request, timeout=300) as response:
                answer = json.load(response)
            self.asked += 1
            kept = {name: answer[name] for name in ("choices", "usage", "timings") if name in answer}
            return self.answers.add(name, kept, time.monotonic() - started)


def _handler(upstreams: Upstreams) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        @property
        def model(self) -> str:
            return self.path.split("/")[1]

        def do_GET(self) -> None:
            self._reply(200, {"object": "list", "data": [{"id": self.model, "object": "model"}]})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            try:
                call = upstreams.ask(self.model, body)
            except (MissingModel, urllib.error.URLError, OSError) as error:
                self._reply(503, {"error": {"message": str(error), "type": "server_error"}})
                return
            self._reply(200, {"id": "bench", "object": "chat.completion", "created": 0, "model": call.model}
                        | call.answer)

        def _reply(self, status: int, value: Any) -> None:
            data = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    return Handler
