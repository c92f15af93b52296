"""A model server in OpenAI's chat format for the soak: answers, faults, and its own bill. A process of its own."""

import asyncio
import json
import multiprocessing
import random
from typing import Any

PROMPT = 40
WORDS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
# Each has a share of SHARE of all calls.
FAULTS = ["status 500", "status 503", "no answer", "cut JSON", "reset in a stream", "error in a stream", "no usage"]
SHARE = 0.03


class Bill:
    """Calls and tokens of answers: whole ones with a count, and others, whose count the client cannot know."""

    def __init__(self) -> None:
        self.counted = [0, 0, 0]
        self.unknown = [0, 0, 0]
        self.faults: dict[str, int] = {}

    def add(self, completion: int, is_counted: bool) -> None:
        entry = self.counted if is_counted else self.unknown
        entry[0] += 1
        entry[1] += PROMPT
        entry[2] += completion


class Upstream:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.bill = Bill()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                length = 0
                while (header := await reader.readline()) not in (b"\r\n", b""):
                    name, _, value = header.partition(b":")
                    if name.lower() == b"content-length":
                        length = int(value)
                body = await reader.readexactly(length)
                if line.startswith(b"GET"):
                    path = line.split(b" ")[1]
                    self.whole(writer, self.report() if path == b"/bill" else {"data": [{"id": "a"}, {"id": "b"}]})
                elif not await self.answer(json.loads(body), writer):
                    break
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def report(self) -> dict[str, Any]:
        return {"counted": self.bill.counted, "unknown": self.bill.unknown, "faults": self.bill.faults}

    def fault(self) -> str | None:
        drawn = self.random.random() / SHARE
        name = FAULTS[int(drawn)] if drawn < len(FAULTS) else None
        if name:
            self.bill.faults[name] = self.bill.faults.get(name, 0) + 1
        return name

    async def answer(self, body: dict[str, Any], writer: asyncio.StreamWriter) -> bool:
        """Returns whether the connection stays open."""
        fault = self.fault()
        count = self.random.randint(3, 30)
        words = [WORDS[self.random.randrange(10)] + " " for _ in range(count)]
        calls = body.get("tools") and body["messages"][-1]["role"] != "tool"
        usage = {"prompt_tokens": PROMPT, "completion_tokens": count, "total_tokens": PROMPT + count}
        if fault in ("status 500", "status 503"):
            self.whole(writer, {"error": {"message": "scripted", "type": "server_error"}}, int(fault[-3:]))
            return True
        if fault == "no answer":
            self.bill.add(0, False)
            return self.reset(writer)
        message: dict[str, Any] = {"role": "assistant", "content": "".join(words)}
        if calls:
            call = {"name": "weather", "arguments": json.dumps({"city": "".join(words)})}
            message = {"role": "assistant", "content": None,
                       "tool_calls": [{"id": "call_1", "type": "function", "function": call}]}
        head = {"id": "c", "model": body["model"], "created": 1}
        if not body.get("stream"):
            answer = head | {"choices": [{"index": 0, "message": message, "finish_reason": "tool_calls" if calls else "stop"}]}
            if fault != "no usage":
                answer["usage"] = usage
            is_counted = fault not in ("no usage", "cut JSON")
            self.bill.add(count, is_counted)
            if fault == "cut JSON":
                return self.cut(writer, answer)
            self.whole(writer, answer)
            return True
        return await self.stream(writer, head, words, message, usage, fault)

    async def stream(self, writer: asyncio.StreamWriter, head: dict[str, Any], words: list[str],
                     message: dict[str, Any], usage: dict[str, int], fault: str | None) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        broken = fault in ("reset in a stream", "error in a stream", "cut JSON")
        # A provider bills what it has written, whether it arrives or not.
        self.bill.add(len(words), not broken and fault != "no usage")
        end = len(words) // 2 if broken else len(words)

        def event(data: Any) -> None:
            raw = b"data: " + (data if isinstance(data, bytes) else json.dumps(data).encode()) + b"\n\n"
            writer.write(f"{len(raw):x}\r\n".encode() + raw + b"\r\n")

        def piece(delta: dict[str, Any], reason: str | None = None) -> None:
            event(head | {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})

        piece({"role": "assistant", "content": ""})
        if calls := message.get("tool_calls"):
            function = calls[0]["function"]
            piece({"tool_calls": [{"index": 0, "id": "call_1", "type": "function",
                                   "function": {"name": "weather", "arguments": ""}}]})
            cut = len(function["arguments"]) // (2 if broken else 1)
            piece({"tool_calls": [{"index": 0, "function": {"arguments": function["arguments"][:cut]}}]})
        else:
            for word in words[:end]:
                piece({"content": word})
                await asyncio.sleep(0.001)
        await writer.drain()
        if fault == "error in a stream":
            event({"error": {"message": "out of memory", "type": "server_error"}})
        if broken:
            return self.reset(writer) if fault == "reset in a stream" else False
        piece({}, "tool_calls" if calls else "stop")
        if fault != "no usage":
            event(head | {"choices": [], "usage": usage})
        event(b"[DONE]")
        writer.write(b"0\r\n\r\n")
        return True

    def whole(self, writer: asyncio.StreamWriter, value: Any, status: int = 200) -> None:
        data = json.dumps(value).encode()
        writer.write(f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n".encode())
        writer.write(data)

    def cut(self, writer: asyncio.StreamWriter, value: Any) -> bool:
        data = json.dumps(value).encode()
        writer.write(f"HTTP/1.1 200 X\r\ncontent-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n".encode())
        writer.write(data[: len(data) // 2])
        return False

    def reset(self, writer: asyncio.StreamWriter) -> bool:
        writer.transport.abort()
        return False


def run(port: "multiprocessing.Queue[int]", seed: int) -> None:
    async def main() -> None:
        upstream = Upstream(seed)
        server = await asyncio.start_server(upstream.serve, "127.0.0.1", 0, backlog=1024)
        port.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())
