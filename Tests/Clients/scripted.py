"""A model server for tests of clients: OpenAI's chat and Anthropic's messages, by a script, with its own bill.

The answer follows the request: a call of a tool where tools are offered and no result is there, JSON where a form is
asked for, else words about what the prompt holds. Every call has 100 prompt tokens and 10 tokens an answer.
"""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PROMPT, ANSWER = 100, 10
PERSON = {"name": "Ada", "age": 36}


class Bill:
    """Calls and tokens by model."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.calls: dict[str, int] = {}
        self.answers: dict[str, int] = {}

    def add(self, model: str, answers: int = 1) -> None:
        with self.lock:
            self.calls[model] = self.calls.get(model, 0) + 1
            self.answers[model] = self.answers.get(model, 0) + answers


def parts(message: dict[str, Any]) -> list[dict[str, Any]]:
    content = message.get("content")
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    found: list[dict[str, Any]] = []
    for part in content or []:
        found.append(part)
        if isinstance(part.get("content"), list):
            found += part["content"]
    return found


class Asked:
    """What a request asks for, in either dialect."""

    def __init__(self, body: dict[str, Any]) -> None:
        self.body = body
        self.messages = body.get("messages", [])
        kinds = [part.get("type") for message in self.messages for part in parts(message)]
        self.text = " ".join(part.get("text") or "" for message in self.messages for part in parts(message))
        roles = [message["role"] for message in self.messages]
        self.results = roles.count("tool") + kinds.count("tool_result") + self.text.count("Observation:")
        self.has_image = "image_url" in kinds or "image" in kinds
        self.has_file = "file" in kinds or "document" in kinds
        self.tools = [tool.get("function", tool)["name"] for tool in body.get("tools") or []]
        form = (body.get("response_format") or {}).get("type")
        has_config = "format" in (body.get("output_config") or {}) or "output_format" in body
        system = json.dumps(body.get("system", "")) + self.text
        self.wants_json = form in ("json_schema", "json_object") or has_config or "JSON object and nothing else" in system

    def arguments(self, name: str, number: int) -> dict[str, Any]:
        """Arguments that fit the schema of a tool."""
        for tool in self.body["tools"]:
            function = tool.get("function", tool)
            if function["name"] != name:
                continue
            schema = function.get("parameters") or function.get("input_schema") or {}
            names = list((schema.get("properties") or {}).keys())
            if {"name", "age"} <= set(names):
                return dict(PERSON)
            if name == "final_answer":
                return {names[0]: "21 degrees"}
            return {names[0]: ["Rome", "Oslo"][number % 2]} if names else {}
        return {}

    def calls(self) -> list[tuple[str, dict[str, Any]]]:
        if not self.tools:
            return []
        choice = self.body.get("tool_choice")
        forced = isinstance(choice, dict) and (choice.get("name") or (choice.get("function") or {}).get("name"))
        if forced:
            return [(forced, self.arguments(forced, 0))]
        if self.results and "final_answer" in self.tools:
            return [("final_answer", self.arguments("final_answer", 0))]
        final = [name for name in self.tools if name.startswith("final_result")]
        if final and (self.results or "weather" not in self.tools):
            return [(final[0], self.arguments(final[0], 0))]
        if self.results:
            return []
        count = 2 if "both" in self.text else 1
        name = "weather" if "weather" in self.tools else self.tools[0]
        return [(name, self.arguments(name, number)) for number in range(count)]

    def words(self) -> str:
        if self.wants_json:
            return json.dumps(PERSON)
        if self.results:
            return "It is 21 degrees."
        if self.has_file:
            return "I read the file."
        return "I see the image." if self.has_image else "Four, I think."


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    bill = Bill()

    def log_message(self, *_: object) -> None:
        pass

    def send(self, value: Any, status: int = 200) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def begin_events(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()

    def event(self, data: Any, name: str | None = None) -> None:
        text = data if isinstance(data, str) else json.dumps(data)
        line = (f"event: {name}\n" if name else "") + f"data: {text}\n\n"
        raw = line.encode()
        self.wfile.write(f"{len(raw):x}\r\n".encode() + raw + b"\r\n")
        self.wfile.flush()

    def end_events(self) -> None:
        self.wfile.write(b"0\r\n\r\n")

    def do_GET(self) -> None:
        self.send({"object": "list", "data": [{"id": name, "object": "model"} for name in ("open", "claude", "vectors", "broken")]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        asked = Asked(body)
        if body["model"] == "broken":
            return self.send({"error": {"message": "scripted", "type": "server_error"}}, 500)
        if self.path.endswith("/embeddings"):
            inputs = body["input"] if isinstance(body["input"], list) else [body["input"]]
            self.bill.add(body["model"], 0)
            rows = [{"object": "embedding", "index": i, "embedding": [0.5, 0.25]} for i, _ in enumerate(inputs)]
            usage = {"prompt_tokens": PROMPT, "total_tokens": PROMPT}
            return self.send({"object": "list", "model": body["model"], "data": rows, "usage": usage})
        try:
            if self.path.endswith("/messages"):
                self.messages(asked)
            else:
                self.chat(asked)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    # --- OpenAI

    def chat(self, asked: Asked) -> None:
        body = asked.body
        count = body.get("n") or 1
        self.bill.add(body["model"], count)
        message: dict[str, Any] = {"role": "assistant", "content": asked.words()}
        reason = "stop"
        if calls := asked.calls():
            reason = "tool_calls"
            message["content"] = None
            message["tool_calls"] = [
                {"id": f"call_{number}", "type": "function",
                 "function": {"name": name, "arguments": json.dumps(arguments)}}
                for number, (name, arguments) in enumerate(calls)]
        if "think" in asked.text:
            message["reasoning_content"] = "Two and two."
        usage = {"prompt_tokens": PROMPT, "completion_tokens": ANSWER * count, "total_tokens": PROMPT + ANSWER * count}
        head = {"id": "chatcmpl-1", "created": 1790000000, "model": body["model"]}
        logprobs = None
        if body.get("logprobs"):
            token = {"token": "Four", "logprob": -0.5, "bytes": [70], "top_logprobs": []}
            logprobs = {"content": [token], "refusal": None}
        if not body.get("stream"):
            choices = [{"index": i, "message": message, "finish_reason": reason, "logprobs": logprobs} for i in range(count)]
            return self.send(head | {"object": "chat.completion", "choices": choices, "usage": usage})
        self.begin_events()
        chunk = head | {"object": "chat.completion.chunk"}

        def piece(delta: dict[str, Any], end: str | None = None) -> None:
            self.event(chunk | {"choices": [{"index": 0, "delta": delta, "finish_reason": end, "logprobs": logprobs}]})

        piece({"role": "assistant", "content": ""})
        if "reasoning_content" in message:
            piece({"reasoning_content": message["reasoning_content"]})
        for word in (message["content"] or "").split(" ") if message["content"] else []:
            piece({"content": word + " "})
            if "slowly" in asked.text:
                time.sleep(0.2)
        for number, call in enumerate(message.get("tool_calls", [])):
            text = call["function"]["arguments"]
            first = {"index": number, "id": call["id"], "type": "function"}
            piece({"tool_calls": [first | {"function": {"name": call["function"]["name"], "arguments": ""}}]})
            piece({"tool_calls": [{"index": number, "function": {"arguments": text}}]})
        piece({}, reason)
        self.event(chunk | {"choices": [], "usage": usage})
        self.event("[DONE]")
        self.end_events()

    # --- Anthropic

    def messages(self, asked: Asked) -> None:
        body = asked.body
        self.bill.add(body["model"])
        blocks: list[dict[str, Any]] = []
        if "think" in asked.text or (body.get("thinking") or {}).get("type") == "enabled":
            blocks.append({"type": "thinking", "thinking": "Two and two.", "signature": "sig"})
        calls = asked.calls()
        if calls:
            blocks += [{"type": "tool_use", "id": f"toolu_{number}", "name": name, "input": arguments}
                       for number, (name, arguments) in enumerate(calls)]
        else:
            blocks.append({"type": "text", "text": asked.words()})
        reason = "tool_use" if calls else "end_turn"
        usage = {"input_tokens": PROMPT, "output_tokens": ANSWER, "cache_creation_input_tokens": 0,
                 "cache_read_input_tokens": 0}
        head = {"id": "msg_1", "type": "message", "role": "assistant", "model": body["model"]}
        if not body.get("stream"):
            return self.send(head | {"content": blocks, "stop_reason": reason, "stop_sequence": None, "usage": usage})
        self.begin_events()

        def emit(kind: str, **members: Any) -> None:
            self.event({"type": kind} | members, kind)

        start = head | {"content": [], "stop_reason": None, "stop_sequence": None, "usage": usage | {"output_tokens": 1}}
        emit("message_start", message=start)
        for index, block in enumerate(blocks):
            kind = block["type"]
            empty = {"text": {"type": "text", "text": ""}, "thinking": {"type": "thinking", "thinking": "", "signature": ""},
                     "tool_use": block | {"input": {}}}[kind]
            emit("content_block_start", index=index, content_block=empty)
            if kind == "text":
                for word in block["text"].split(" "):
                    emit("content_block_delta", index=index, delta={"type": "text_delta", "text": word + " "})
                    if "slowly" in asked.text:
                        time.sleep(0.2)
            elif kind == "thinking":
                emit("content_block_delta", index=index, delta={"type": "thinking_delta", "thinking": block["thinking"]})
                emit("content_block_delta", index=index, delta={"type": "signature_delta", "signature": "sig"})
            else:
                delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
                emit("content_block_delta", index=index, delta=delta)
            emit("content_block_stop", index=index)
        emit("message_delta", delta={"stop_reason": reason, "stop_sequence": None}, usage={"output_tokens": ANSWER})
        emit("message_stop")
        self.end_events()


class ModelServer:
    """The server on a free port of this machine; a context manager."""

    def __enter__(self) -> "ModelServer":
        Handler.bill = Bill()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.port = self.server.server_address[1]
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def bill(self) -> Bill:
        return Handler.bill
