"""Runs `hera serve` for a script and talks to it. Standard library alone."""

import http.client
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
HERA = os.environ.get("HERA", str(ROOT / ".build/release/hera"))


class ServiceError(Exception):
    """What went wrong, in words for a person."""


def free_port() -> int:
    """A port of 127.0.0.1 for a server that is started later.

    It lies below those that the system gives to connections, so that none of them takes it until then.
    """
    try:
        lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except (OSError, ValueError):
        lowest = 32768
    for _ in range(1000):
        port = random.SystemRandom().randrange(10000, max(lowest, 10100))
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise ServiceError("there is no free port")


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        try:
            return json.loads(self.body)
        except ValueError:
            raise ServiceError(f"no JSON but: {self.body[:200]!r}") from None


class Service:
    """A running `hera serve` with its database and log in a folder; a context manager that stops it."""

    def __init__(self, folder: str, *options: str, without: str):
        """
        Args:
            without: a pattern; environment variables whose whole name matches are not passed on.
        """
        self.folder = Path(folder)
        self.database = f"sqlite:{folder}/hera.sqlite"
        self.log = self.folder / "hera.log"
        self.options = options
        self.environment = {k: v for k, v in os.environ.items() if not re.fullmatch(without, k)}
        self.port = 0

    def __enter__(self) -> "Service":
        command = [HERA, "serve", "--port", "0", "--database", self.database, *self.options]
        with open(self.log, "wb") as log:
            # Its own session: Ctrl-C reaches this script alone, which then stops the service in good order.
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)
        try:
            self._wait_until_probed(120)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        # After a failure or Ctrl-C nobody waits for the answers that are still being written.
        self.stop(15 if kind is None else 3)

    def _wait_until_probed(self, seconds: float) -> None:
        """Waits for the port and for the first look at the models: before that a call finds no model live."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            text = self.log.read_text()
            found = re.search(r"listening on http://127\.0\.0\.1:(\d+)", text)
            if found and re.search(r"^hera: (live: |no model is live$)", text, re.MULTILINE):
                self.port = int(found[1])
                return
            time.sleep(0.05)
        what = "did not start" if self.process.poll() is None else f"ended with {self.process.returncode} at its start"
        raise ServiceError(f"hera serve {what}; it says:\n{self.log.read_text()}")

    def stop(self, seconds: float = 15) -> int:
        """Ends the service, by force where it takes longer; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                print(f"hera serve had calls under way {seconds:.0f} s after SIGTERM: killed", file=sys.stderr)
                self.process.kill()
        return self.process.wait()

    def call(self, method: str, path: str, body: Any = None, timeout: float = 30) -> Reply:
        """A request; bytes are sent as they are, everything else as JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            response = self._send(connection, method, path, body)
            return Reply(response.status, dict(response.getheaders()), response.read())
        except OSError as error:
            raise ServiceError(f"{method} {path}: {error}; hera says:\n{self.log_end}") from error
        finally:
            connection.close()

    def events(self, path: str, seconds: float) -> Iterator[tuple[str, Any]]:
        """Server-sent events, type and data, until their end; raises TimeoutError after so many seconds."""
        deadline = time.monotonic() + seconds
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            response = self._send(connection, "GET", path, None)
            name = ""
            while True:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError
                if connection.sock:
                    connection.sock.settimeout(left)
                line = response.readline().decode()
                if not line:
                    return
                if line.startswith("event: "):
                    name = line[7:].strip()
                elif line.startswith("data: "):
                    yield name, json.loads(line[6:])
        except TimeoutError:
            raise
        except (OSError, http.client.HTTPException) as error:
            raise ServiceError(f"GET {path} broke off: {error}; hera says:\n{self.log_end}") from error
        finally:
            connection.close()

    @staticmethod
    def _send(
        connection: http.client.HTTPConnection, method: str, path: str, body: Any
    ) -> http.client.HTTPResponse:
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        connection.request(method, path, data, {"content-type": "application/json"} if data is not None else {})
        return connection.getresponse()

    @property
    def log_end(self) -> str:
        return "\n".join(self.log.read_text().splitlines()[-8:])
