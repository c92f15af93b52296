#!/usr/bin/env python3
"""A fixed model server for counting: one JSON answer, and one answer as 14 events. `upstream.py PORT`"""

import asyncio
import sys

ANSWER = (
    b'{"id":"chatcmpl-mock","object":"chat.completion","created":1700000000,"model":"mock-a","choices":[{"index":0,'
    b'"message":{"role":"assistant","content":"Hello! This is a fixed reply from the mock upstream, used for gateway '
    b'overhead measurement only."},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":24,'
    b'"completion_tokens":18,"total_tokens":42},"system_fingerprint":"fp_mock"}'
)
HEAD = b'data: {"id":"chatcmpl-mock","object":"chat.completion.chunk","created":1700000000,"model":"mock-a","choices":['
EVENTS = b"".join(
    HEAD + b'{"index":0,"delta":{"role":"assistant","content":"tok%d "},"finish_reason":null}]}\n\n' % i
    for i in range(1, 13)
)
EVENTS += HEAD + b'{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
EVENTS += HEAD + b'],"usage":{"prompt_tokens":24,"completion_tokens":12,"total_tokens":36}}\n\ndata: [DONE]\n\n'


def response(kind, body):
    return b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (kind, len(body)) + body


async def serve(reader, writer):
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = 0
            for line in head.split(b"\r\n"):
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            body = await reader.readexactly(length)
            if b"/models" in head.split(b"\r\n", 1)[0]:
                writer.write(response(b"application/json", b'{"object":"list","data":[]}'))
            elif b'"stream":true' in body[:200] + body[-200:]:
                writer.write(response(b"text/event-stream", EVENTS))
            else:
                writer.write(response(b"application/json", ANSWER))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]), limit=1 << 22)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
