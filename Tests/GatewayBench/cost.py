#!/usr/bin/env python3
"""Counts what a call through `hera serve` costs: instructions and allocations, by stage, under valgrind's callgrind.

cost.py check         counts, prints the table and fails where a count is above its ceiling in cost.json
cost.py write         counts and writes cost.json: the counts, and ceilings 10 % above them, since counts of one build differ by up to 7 %
cost.py FILE N        the table of a callgrind file of N calls

Counts depend on the binary and on the toolchain, hardly on the machine, and not on its load.
HERA names the binary (default .build/release/hera). Needs valgrind and a C compiler; without them it says so and ends.
Inclusive counts of a stage are those of its function with everything it calls. Allocations are attributed along the
call graph: a runtime function's allocations are shared among its callers by their calls.
"""

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
CEILINGS = os.path.join(HERE, "cost.json")
SPARE = 1.10
ALLOCATIONS = ("malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc")

# Stage, and the functions whose inclusive counts it is. A later stage that lies inside an earlier one is taken out of it.
STAGES = [
    ("read the request", r"^ChatRequest\.init\(_:\)$"),
    ("check its JSON", r"^JSONDocument\.init\(_:maximumDepth:\)$"),
    ("name its run", r"^ChatRequest\.sessionID"),
    ("route: rule and decision", r"^StepService\.route\(_:(as:)?from:(runID:)?(sessionLeft:)?\)$"),
    ("route: text and history", r"^ChatRequest\.step\("),
    ("route: predictions", r"^ProfileEstimator\.estimates\(of:for:\)$"),
    ("route: plan", r"^Planner\.plan\("),
    ("ledger: writer", r"^GroupCommit\.perform\(_:together"),
    ("ledger: SQLite", r"^sqlite3_step$|^sqlite3_prepare_v3$"),
    ("ledger: decision as JSON", r"^(specialized )?static LedgerTransaction\.decisionRow\("),
    ("ledger: flush", r"^Flusher\.drain\(\)$"),
    ("upstream: transfer", r"^TransferLoop\.run\(\)$"),
    ("upstream: events", r"^ChatStreamReader\.feed\("),
    ("settle: bill and verdict", r"^CallAttempt\.settled\(|^StepMachine\.answered\("),
]
INSIDE = {
    "route: text and history": "route: rule and decision",
    "route: predictions": "route: rule and decision",
    "route: plan": "route: rule and decision",
    "ledger: SQLite": "ledger: writer",
    "ledger: decision as JSON": "ledger: writer",
}
REST = "HTTP, tasks and the rest"

# libdispatch waits with a mask in read-only memory, which valgrind 3.19 writes to.
SHIM = """
#define _GNU_SOURCE
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>
int sigsuspend(const sigset_t *mask) { sigset_t copy = *mask; return (int)syscall(SYS_rt_sigsuspend, &copy, 8); }
"""


def messages(kind):
    system = {"role": "system", "content": "You are a helpful assistant."}
    short = "Say hello in one short sentence."
    if kind == "long":
        words = "some words of a longer conversation between a person and an agent " * 30
        roles = ("user", "assistant")
        return [system] + [{"role": roles[i % 2], "content": f"message {i} {words}"} for i in range(199)]
    return [system, {"role": "user", "content": short if kind != "big" else (short + " ") * 3100}]


# Kind of request: what it is, and how many are counted.
KINDS = {
    "json": ("a routed JSON call", 60),
    "sse": ("a routed stream of 14 events", 60),
    "big": ("a body of 100 KB", 20),
    "long": ("200 messages, 400 KB", 20),
}


def body(kind):
    request = {"model": "hera", "messages": messages(kind), "temperature": 0.2, "max_tokens": 64}
    if kind == "sse":
        request["stream"] = True
    return json.dumps(request, separators=(",", ":"))


class Graph:
    """A callgrind file: instructions and calls by function and by pair of caller and callee."""

    def __init__(self, path):
        self.own, self.inclusive, self.calls, self.called = Counter(), Counter(), Counter(), Counter()
        names, caller, callee, is_call = {}, None, None, False

        def name(text):
            number, _, new = text.partition(" ")
            if new:
                names[number] = new
            return names[number]

        for line in open(path):
            line = line.rstrip("\n")
            if line.startswith("fn="):
                caller = name(line[3:])
            elif line.startswith("cfn="):
                callee = name(line[4:])
            elif line.startswith("calls="):
                count = int(line[6:].split()[0])
                self.calls[caller, callee] += count
                self.called[callee] += count
                is_call = True
            elif line[:1].isdigit() or line[:1] in ("+", "-", "*"):
                cost = line.split()
                if len(cost) < 2:
                    continue
                if is_call:
                    self.inclusive[caller, callee] += int(cost[1])
                    is_call = False
                else:
                    self.own[caller] += int(cost[1])
        functions = sorted(set(self.own) | {f for pair in self.inclusive for f in pair})
        plain = subprocess.run(
            ["swift", "demangle", "--simplified"], input="\n".join(functions), text=True, capture_output=True, check=True
        ).stdout.split("\n")
        self.plain = dict(zip(functions, plain))
        self.allocations = self._allocations()

    def _allocations(self):
        """Allocations by function, with those of everything it calls."""
        own = Counter()
        for (caller, callee), count in self.calls.items():
            if self.plain[callee].split("'")[0] in ALLOCATIONS:
                own[caller] += count
        found = Counter(own)
        for _ in range(40):
            now = Counter(own)
            for (caller, callee), count in self.calls.items():
                # What calls itself has no share of itself.
                if found[callee] and callee.split("'")[0] != caller.split("'")[0]:
                    now[caller] += found[callee] * count / max(self.called[callee], 1)
            if all(abs(now[f] - found[f]) < 1 for f in now):
                break
            found = now
        return found

    def total(self):
        allocations = sum(
            n for f, n in self.called.items() if self.plain.get(f, f).split("'")[0] in ALLOCATIONS)
        return sum(self.own.values()), allocations

    def stage(self, pattern):
        regex = re.compile(pattern)
        chosen = {f for f, plain in self.plain.items() if regex.search(plain)}
        cost = sum(self.own[f] for f in chosen)
        cost += sum(c for (caller, callee), c in self.inclusive.items() if caller in chosen and callee not in chosen)
        return cost, sum(self.allocations[f] for f in chosen)

    def table(self, calls):
        """By stage: instructions and allocations of a call. The last two are the rest and the total."""
        found = {name: self.stage(pattern) for name, pattern in STAGES}
        shown = dict(found)
        for inner, outer in INSIDE.items():
            shown[outer] = tuple(max(0, a - b) for a, b in zip(shown[outer], found[inner]))
        total = self.total()
        used = [sum(cost[i] for cost in shown.values()) for i in (0, 1)]
        shown[REST] = tuple(max(0, total[i] - used[i]) for i in (0, 1))
        shown["total"] = total
        return {name: [round(cost[0] / calls), round(cost[1] / calls)] for name, cost in shown.items()}


def show(kind, table):
    print(f"\n{KINDS[kind][0] if kind in KINDS else kind}\n{'stage':30}{'instructions':>14}{'allocations':>13}")
    for name, (instructions, allocations) in table.items():
        print(f"{name:30}{instructions:14,}{allocations:13,}")


class Service:
    """`hera serve` under callgrind, over the fixed model server."""

    def __init__(self, folder, port=8741):
        self.folder, self.port = folder, port
        binary = os.environ.get("HERA", os.path.join(ROOT, ".build/release/hera"))
        # valgrind does not read the debug information that Swift writes.
        subprocess.run(["strip", "-g", "-o", f"{folder}/hera", binary], check=True)
        shim = f"{folder}/shim.c"
        open(shim, "w").write(SHIM)
        subprocess.run([compiler(), "-shared", "-fPIC", "-O1", "-o", f"{folder}/shim.so", shim], check=True)
        os.mkdir(f"{folder}/Catalog")
        catalog = open(os.path.join(HERE, "catalog.yaml")).read()
        open(f"{folder}/Catalog/mock.yaml", "w").write(
            catalog.replace("BASE_URL", f"http://127.0.0.1:{port + 1}/v1"))
        open(f"{folder}/settings.yaml", "w").write("usual_servers: false\n")
        self.models = subprocess.Popen([sys.executable, os.path.join(HERE, "upstream.py"), str(port + 1)])
        self.hera = subprocess.Popen(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/cost", f"{folder}/hera", "serve",
             "--port", str(port), "--catalog", f"{folder}/Catalog", "--profiles", os.path.join(ROOT, "Profiles"),
             "--config", f"{folder}/settings.yaml", "--database", f"sqlite:{folder}/ledger.sqlite"],
            env={**os.environ, "LD_PRELOAD": f"{folder}/shim.so", "HERA_API_KEY": ""},
            stdout=open(f"{folder}/log", "w"), stderr=subprocess.STDOUT)

    def wait(self):
        for _ in range(1200):
            if self.hera.poll() is not None:
                sys.exit("cost: hera did not start under valgrind:\n" + open(f"{self.folder}/log").read()[-2000:])
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
                connection.request("GET", "/readyz")
                if connection.getresponse().status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.25)
        sys.exit("cost: hera was not ready under valgrind within five minutes")

    def ask(self, kind, times):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        for _ in range(times):
            connection.request("POST", "/v1/chat/completions", body(kind), {"content-type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 200:
                sys.exit(f"cost: {answer.status} {text[:300]}")

    def count(self, kind):
        """The callgrind file of some calls of a kind, after others of it."""
        times = KINDS[kind][1]
        self.ask(kind, max(times // 3, 5))
        self.control("--zero")
        self.ask(kind, times)
        before = set(os.listdir(self.folder))
        self.control(f"--dump={kind}")
        new = [f for f in set(os.listdir(self.folder)) - before if f.startswith("cost.")]
        return Graph(os.path.join(self.folder, new[0])).table(times)

    def control(self, what):
        subprocess.run(
            ["callgrind_control", what, str(self.hera.pid)], check=True, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        time.sleep(0.5)

    def end(self):
        self.hera.send_signal(signal.SIGTERM)
        try:
            self.hera.wait(timeout=120)
        except subprocess.TimeoutExpired:
            self.hera.kill()
        self.models.kill()
        self.models.wait()


def compiler():
    return next((c for c in ("cc", "gcc", "clang") if shutil.which(c)), None)


def measure(kinds):
    with tempfile.TemporaryDirectory() as folder:
        service = Service(folder)
        try:
            service.wait()
            return {kind: service.count(kind) for kind in kinds}
        finally:
            service.end()


def check(tables):
    ceilings = json.load(open(CEILINGS))["ceilings"]
    high = []
    for kind, table in tables.items():
        for name, most in ceilings.get(kind, {}).items():
            for what, count, limit in zip(("instructions", "allocations"), table.get(name, [0, 0]), most):
                if count > limit:
                    high.append(f"{kind}: {name}: {count:,} {what}, more than {limit:,}")
    for line in high:
        print(line)
    if high:
        sys.exit("cost: a call costs more than Tests/GatewayBench/cost.json allows (`cost.py write` accepts it)")
    print("\nno count is above its ceiling")


def main():
    arguments = sys.argv[1:] or ["check"]
    if len(arguments) == 2:
        return show(arguments[0], Graph(arguments[0]).table(int(arguments[1])))
    for tool in ("valgrind", "callgrind_control", "strip"):
        if not shutil.which(tool):
            return print(f"cost: skipped: {tool} is not installed")
    if not compiler():
        return print("cost: skipped: there is no C compiler")
    tables = measure(KINDS)
    for kind, table in tables.items():
        show(kind, table)
    if arguments[0] == "write":
        # Small counts move by themselves; a call's total is what they add up to.
        ceilings = {
            kind: {name: [round(n * SPARE) + 500 for n in counts] for name, counts in table.items()}
            for kind, table in tables.items()}
        json.dump({"counts": tables, "ceilings": ceilings}, open(CEILINGS, "w"), indent=1)
        open(CEILINGS, "a").write("\n")
    else:
        check(tables)


if __name__ == "__main__":
    main()
