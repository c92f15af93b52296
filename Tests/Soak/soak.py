"""The soak of soak.sh: clients, the measuring of the process, and the comparison of ledger and bill."""

import asyncio
import json
import multiprocessing
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/Demo"))
sys.path.insert(0, str(ROOT / "Tests/Soak"))

import upstream  # noqa: E402
from service import HERA, Service  # noqa: E402

CATALOG = """
provider: soak
base_url: http://127.0.0.1:{port}/v1
wire: openai
placement: cloud
models:
  - id: soak/{name}
    upstream_name: {name}
    tier: medium
    context: 100000
    max_output: 60
    capabilities: [tools, streaming]
    prices: {{input: 1, output: 2, source: scripted, as_of: 2026-01-01}}
"""
SETTINGS = "usual_servers: false\nlimits: {abandoned: read, drain_s: 60}\n"
TOOLS = [{"type": "function", "function": {
    "name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}]
# Memory is judged in runs of at least this length.
LEAST_SECONDS_FOR_MEMORY = 110
SEED = 17


class Client:
    """One connection that asks again and again, each time with a session of its own."""

    def __init__(self, port: int, number: int, deadline: float, seen: Counter[str]) -> None:
        self.port, self.number, self.deadline, self.seen = port, number, deadline, seen
        self.random = random.Random(SEED + number)
        self.asked = 0

    async def run(self) -> None:
        while time.monotonic() < self.deadline:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                self.seen["refused"] += 1
                await asyncio.sleep(0.1)
                continue
            try:
                while time.monotonic() < self.deadline and await self.ask(reader, writer):
                    pass
            except (OSError, asyncio.IncompleteReadError, ValueError):
                self.seen["connection lost"] += 1
            finally:
                writer.close()

    async def ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Returns whether the connection can be used again."""
        self.asked += 1
        kind = self.random.choice(["JSON", "stream", "JSON with tools", "stream with tools", "leaves"])
        body: dict[str, Any] = {
            "model": "hera", "messages": [{"role": "user", "content": f"Question {self.number} {self.asked}?"}]}
        if kind != "JSON" and kind != "JSON with tools":
            body["stream"] = True
        if kind.endswith("tools"):
            body["tools"] = TOOLS
        data = json.dumps(body).encode()
        writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
                     + f"content-length: {len(data)}\r\n\r\n".encode() + data)
        await writer.drain()
        if kind == "leaves":
            await asyncio.sleep(self.random.random() * 0.02)
            self.seen["left"] += 1
            return False
        status = int((await reader.readline()).split(b" ")[1])
        self.seen[f"{kind}: {status}"] += 1
        length, is_chunked = 0, False
        while (line := await reader.readline()) not in (b"\r\n", b""):
            name, _, value = line.lower().partition(b":")
            length = int(value) if name == b"content-length" else length
            is_chunked = is_chunked or (name == b"transfer-encoding" and b"chunked" in value)
        if not is_chunked:
            await reader.readexactly(length)
            return True
        while size := int(await reader.readline(), 16):
            await reader.readexactly(size + 2)
        await reader.readline()
        return True


class Process:
    """Memory and descriptors of a process, over time."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.samples: list[tuple[float, int, int]] = []

    def sample(self, seconds: float) -> None:
        status = Path(f"/proc/{self.pid}/status").read_text()
        kilobytes = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
        self.samples.append((seconds, kilobytes, len(os.listdir(f"/proc/{self.pid}/fd"))))

    async def watch(self, began: float, every: float) -> None:
        while True:
            self.sample(time.monotonic() - began)
            await asyncio.sleep(every)


async def load(service: Service, seconds: float, connections: int, process: Process) -> Counter[str]:
    seen: Counter[str] = Counter()
    began = time.monotonic()
    watch = asyncio.create_task(process.watch(began, max(0.5, seconds / 60)))
    await asyncio.gather(*(Client(service.port, n, began + seconds, seen).run() for n in range(connections)))
    watch.cancel()
    return seen


def bill(port: int) -> dict[str, Any]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/bill", timeout=60) as reply:
        return json.load(reply)


def ledger(service: Service) -> dict[str, dict[str, Any]]:
    rows = service.call("GET", "/v1/dashboard?group_by=kind").json["rows"]
    return {row["kind"]: row for row in rows}


def open_reservations(database: str) -> int:
    with sqlite3.connect(f"file:{database.removeprefix('sqlite:')}?mode=ro", uri=True) as connection:
        return connection.execute("SELECT COUNT(*) FROM reservation").fetchone()[0]


def settled(service: Service, ports: list[int]) -> None:
    """Waits until the calls of clients that have left are read and booked.

    A call of the last moment may not be reserved yet: so bills and ledger have to stay the same for a while, too.
    """
    deadline = time.monotonic() + 150
    before: Any = None
    while time.monotonic() < deadline:
        now = ([bill(port) for port in ports], ledger(service))
        if now == before and not open_reservations(service.database):
            return
        before = now
        time.sleep(2)


def problems(service: Service, bills: list[dict[str, Any]], process: Process, connections: int,
             verified: "subprocess.CompletedProcess[str]") -> list[str]:
    found = []
    kinds = ledger(service)
    certain, uncertain = kinds.get("call", {}), kinds.get("uncertain", {})
    counted = [sum(values) for values in zip(*(one["counted"] for one in bills))]
    unknown = [sum(values) for values in zip(*(one["unknown"] for one in bills))]
    booked = [certain.get("calls", 0), *(certain.get("tokens", {}).get(name, 0) for name in ("input", "output"))]
    guessed = [uncertain.get("calls", 0), *(uncertain.get("tokens", {}).get(name, 0) for name in ("input", "output"))]
    print(f"servers counted  calls {counted[0]}, prompt {counted[1]}, answer {counted[2]}")
    print(f"ledger, certain  calls {booked[0]}, prompt {booked[1]}, answer {booked[2]}")
    print(f"servers, unknown to the client  calls {unknown[0]}, prompt {unknown[1]}, answer {unknown[2]}")
    print(f"ledger, uncertain               calls {guessed[0]}, prompt {guessed[1]}, answer {guessed[2]}")
    if booked != counted:
        found.append("the certain entries are not what the servers counted")
    spent = unknown[1] + 2 * unknown[2]
    cost = float(uncertain.get("cost_usd", 0)) * 1e6
    if guessed[0] < unknown[0] or cost < spent:
        found.append(f"uncertain entries are {cost:.0f} micro-USD, and the servers billed {spent}")
    if open_reservations(service.database):
        found.append("there are open reservations")
    if verified.returncode != 0:
        found.append(f"hera ledger verify: {verified.stdout}{verified.stderr}")
    half = process.samples[len(process.samples) // 2:]
    first = half[: len(half) // 3] or half
    last = half[-len(first):]
    before, after = (sum(sample[1] for sample in part) / len(part) for part in (first, last))
    print(f"memory in the second half  {before / 1024:.1f} to {after / 1024:.1f} MiB; whole run "
          f"{process.samples[0][1] / 1024:.1f} to {process.samples[-1][1] / 1024:.1f} MiB")
    # A new process fills its caches and pools for a while, and a slow machine needs longer for that.
    if process.samples[-1][0] >= LEAST_SECONDS_FOR_MEMORY and after > before * 1.1 + 4096:
        found.append("memory grows in the second half")
    print(f"descriptors  {process.samples[0][2]} at the start, {process.samples[-1][2]} at the end")
    if process.samples[-1][2] > process.samples[0][2] + 2 * connections + 40:
        found.append("descriptors are left open")
    return found


def main() -> None:
    seconds, connections = float(sys.argv[1]), int(sys.argv[2])
    queue: multiprocessing.Queue[int] = multiprocessing.Queue()
    servers = [multiprocessing.Process(target=upstream.run, args=(queue, SEED + n), daemon=True) for n in range(2)]
    for server in servers:
        server.start()
    ports = [queue.get(timeout=90) for _ in servers]
    with tempfile.TemporaryDirectory(prefix="hera-soak-") as name:
        folder = Path(name)
        (folder / "Catalog").mkdir()
        for port, model in zip(ports, "ab"):
            (folder / f"Catalog/{model}.yaml").write_text(CATALOG.format(port=port, name=model))
        (folder / "settings.yaml").write_text(SETTINGS)
        options = ["--catalog", str(folder / "Catalog"), "--config", str(folder / "settings.yaml")]
        with Service(name, *options, without=r".*_API_KEY") as service:
            process = Process(service.process.pid)
            seen = asyncio.run(load(service, seconds, connections, process))
            settled(service, ports)
            process.sample(seconds)
            verified = subprocess.run(
                [HERA, "ledger", "verify", "--database", service.database], capture_output=True, text=True, timeout=300)
            asked = sum(seen.values())
            print(f"{asked} requests in {seconds:.0f} s over {connections} connections")
            for kind, count in sorted(seen.items()):
                print(f"  {kind:24} {count}")
            bills = [bill(port) for port in ports]
            for name in upstream.FAULTS:
                print(f"  fault: {name:17} {sum(one['faults'].get(name, 0) for one in bills)}")
            found = problems(service, bills, process, connections, verified)
    for server in servers:
        server.terminate()
    for line in found:
        print(f"FAILED  {line}")
    print(f"soak: {asked} requests, {len(found)} problems")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
