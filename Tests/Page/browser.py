"""A headless Chromium that is driven over its DevTools socket. Standard library alone."""

import base64
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
import urllib.request
from typing import Any


def path() -> str | None:
    return next((found for name in ["chromium", "chromium-browser", "google-chrome"] if (found := shutil.which(name))), None)


class Browser:
    """One page of one browser; a context manager that ends it."""

    def __init__(self) -> None:
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.number = 0

    def __enter__(self) -> "Browser":
        self.folder = tempfile.mkdtemp(prefix="hera-browser-")
        # A file, since nothing reads a pipe later on.
        self.log = f"{self.folder}.log"
        self.process = subprocess.Popen(
            [path() or "", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--remote-debugging-port=0", f"--user-data-dir={self.folder}", "about:blank"],
            stderr=open(self.log, "wb"), stdout=subprocess.DEVNULL, start_new_session=True)
        try:
            self._open()
        except BaseException:
            self._end()
            raise
        return self

    def _open(self) -> None:
        deadline = time.monotonic() + 120
        while not (found := re.search(r"ws://127\.0\.0\.1:(\d+)/", self._said())):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the browser did not start: {self._said()[-500:]}")
            time.sleep(0.05)
        with urllib.request.urlopen(f"http://127.0.0.1:{found[1]}/json/list", timeout=60) as answer:
            target = next(page for page in json.load(answer) if page["type"] == "page")
        self._connect(int(found[1]), target["webSocketDebuggerUrl"].split(found[1], 1)[1])
        for domain in ["Page", "Runtime", "Log", "Network"]:
            self.call(f"{domain}.enable")

    def _said(self) -> str:
        with open(self.log, errors="replace") as log:
            return log.read()

    def __exit__(self, *_: object) -> None:
        self.socket.close()
        self._end()

    def _end(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            pass
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        with contextlib.suppress(OSError):
            os.remove(self.log)
        # Helpers of the browser outlive it for a moment and still write to its folder. What they leave fails no check.
        for _ in range(30):
            shutil.rmtree(self.folder, ignore_errors=True)
            if not os.path.exists(self.folder):
                return
            time.sleep(0.1)

    def _connect(self, port: int, resource: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=180)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET {resource} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.socket.recv(1)

    def _send(self, text: str) -> None:
        data, mask = text.encode(), os.urandom(4)
        size = len(data)
        head = bytes([0x81]) + (bytes([0x80 | size]) if size < 126 else bytes([0x80 | 126]) + struct.pack(">H", size)
                                if size < 65536 else bytes([0x80 | 127]) + struct.pack(">Q", size))
        self.socket.sendall(head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(data)))

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                raise RuntimeError("the browser closed its socket")
            data += piece
        return data

    def _receive(self) -> dict[str, Any]:
        data = b""
        while True:
            first, size = self._exactly(2)
            size &= 0x7F
            if size == 126:
                size = struct.unpack(">H", self._exactly(2))[0]
            elif size == 127:
                size = struct.unpack(">Q", self._exactly(8))[0]
            data += self._exactly(size)
            if first & 0x80:
                return json.loads(data)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self.number += 1
        self._send(json.dumps({"id": self.number, "method": method, "params": parameters}))
        while True:
            message = self._receive()
            if message.get("id") == self.number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]
            self._note(message)

    def _note(self, message: dict[str, Any]) -> None:
        kind, values = message.get("method"), message.get("params", {})
        if kind == "Runtime.exceptionThrown":
            details = values["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description") or details["text"])
        elif kind == "Runtime.consoleAPICalled" and values["type"] in ("error", "warning"):
            self.errors.append(" ".join(str(one.get("value", one.get("description"))) for one in values["args"]))
        elif kind == "Log.entryAdded" and values["entry"]["level"] in ("error", "warning"):
            self.errors.append(f"{values['entry']['text']} {values['entry'].get('url', '')}")
        elif kind == "Network.requestWillBeSent":
            self.requests.append(values["request"]["url"])

    def look(self, width: int, height: int, scheme: str) -> None:
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def value(self, expression: str) -> Any:
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def until(self, expression: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not self.value(expression):
            if time.monotonic() > deadline:
                raise RuntimeError(f"in vain: {expression}; the page says: {self.value('document.body.innerText')[:600]}")
            time.sleep(0.05)

    def picture(self, file: str) -> None:
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True,
                         clip={"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 2600), "scale": 1})
        with open(file, "wb") as out:
            out.write(base64.b64decode(data["data"]))
