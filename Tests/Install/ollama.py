"""What Ollama says with two models, for checks where there is none. Usage: ollama.py [PORT]"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODELS = {"llama3.2:3b": ("3.2B", "Q4_K_M", "llama"), "qwen3:8b": ("8.2B", "Q4_K_M", "qwen3")}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def answer(self, status: int, body: object, kind: str = "application/json") -> None:
        data = json.dumps(body).encode() if kind == "application/json" else str(body).encode()
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        if self.path == "/":
            self.answer(200, "Ollama is running", "text/plain")
        elif self.path == "/api/version":
            self.answer(200, {"version": "0.12.0"})
        elif self.path == "/api/tags":
            self.answer(200, {"models": [
                {"name": name, "model": name, "size": 2_000_000_000, "digest": "0" * 64, "details": {
                    "format": "gguf", "family": family, "parameter_size": size, "quantization_level": level}}
                for name, (size, level, family) in MODELS.items()]})
        elif self.path == "/v1/models":
            self.answer(200, {"object": "list", "data": [
                {"id": name, "object": "model", "created": 1, "owned_by": "library"} for name in MODELS]})
        else:
            self.answer(404, "404 page not found", "text/plain")

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path != "/v1/chat/completions" or request.get("model") not in MODELS:
            self.answer(404, {"error": {"message": "model not found", "type": "not_found_error"}})
            return
        words = "17 * 23 is 391."
        usage = {"prompt_tokens": 20, "completion_tokens": 9, "total_tokens": 29}
        head = {"id": "chatcmpl-1", "created": 1, "model": request["model"], "system_fingerprint": "fp_ollama"}
        if request.get("stream"):
            delta = {"role": "assistant", "content": words}
            pieces = [{"choices": [{"index": 0, "delta": delta, "finish_reason": None}]},
                      {"choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "stop"}]},
                      {"choices": [], "usage": usage}]
            lines = [json.dumps(head | {"object": "chat.completion.chunk"} | piece) for piece in pieces]
            self.answer(200, "".join(f"data: {line}\n\n" for line in [*lines, "[DONE]"]), "text/event-stream")
        else:
            self.answer(200, head | {"object": "chat.completion", "usage": usage, "choices": [
                {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": words}}]})


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 11434), Handler)
    server.daemon_threads = True
    server.serve_forever()
