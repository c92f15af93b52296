"""Says whether an answer is right: words, numbers, or code whose tests run in a sandbox."""

import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from typing import Any

#: By the clock, for a machine that is busy with other things; the processor time is what counts.
SECONDS = 120
MEMORY_BYTES = 512 << 20


def is_right(text: str, want: dict[str, Any], question: str = "") -> bool:
    """Whether an answer in words gives what is wanted.

    A number is right when the answer states it and no other number, those of the question not counted. Words are right
    when one of them is in the answer (or all, where all are wanted) and none of those that must not be.
    """
    if "code" in want:
        return runs(text, want)
    if "number" in want:
        stated = numbers(text)
        known = numbers(question)
        return any(near(number, want["number"]) for number in stated) and all(
            near(number, want["number"]) or number in known for number in stated)
    if "all" in want:
        return all(has(text, word) for word in want["all"])
    return any(has(text, word) for word in want["words"]) and not any(has(text, word) for word in want.get("not", []))


def near(number: float, want: float) -> bool:
    """Equal but for rounding to two decimals or four digits."""
    return abs(number - want) <= max(0.006, 1e-3 * abs(want) * (want != int(want)))


def numbers(text: str) -> list[float]:
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    return [float(number) for number in re.findall(r"(?<![\w.])-?\d+(?:\.\d+)?", text)]


def has(text: str, word: str) -> bool:
    # Symbols like O or K count as written; a lower-case "o" is not oxygen.
    flags = 0 if len(word) <= 2 else re.IGNORECASE
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, flags) is not None


def code_of(text: str) -> str:
    """The first fenced block, or the whole text; a block that was cut off counts as far as it goes."""
    found = re.search(r"```(?:python|py)?[ \t]*\n(.*?)(?:```|\Z)", text, re.DOTALL)
    return found[1] if found else text


TEST = """
import json, sys
source, name, calls = json.load(sys.stdin)
space = {"__name__": "answer"}
exec(compile(source, "answer.py", "exec"), space)
for arguments, want in calls:
    got = space[name](*arguments)
    got = json.loads(json.dumps(got))
    same = abs(got - want) < 1e-6 if isinstance(want, float) and isinstance(got, (int, float)) else got == want
    if not same or isinstance(got, bool) != isinstance(want, bool):
        sys.exit(1)
"""


def runs(text: str, want: dict[str, Any]) -> bool:
    """Whether the function in an answer returns what is wanted, in a process of its own without network or rights.

    It gets an empty folder, an empty environment, two seconds of processor time, 512 MB, and no new processes or files.
    """
    return _runs(json.dumps([code_of(text), want["code"], want["calls"]]))


@cache
def _runs(test: str) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = subprocess.run(
                [*_without_network(), sys.executable, "-I", "-S", "-c", TEST], cwd=folder, env={}, timeout=SECONDS,
                input=test.encode(), preexec_fn=_limit, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            return False
    return done.returncode == 0


@cache
def _without_network() -> tuple[str, ...]:
    """A prefix that takes the network away, where this system lets us."""
    unshare = shutil.which("unshare")
    for options in (["--net"], ["--user", "--map-root-user", "--net"]):
        if unshare and subprocess.run([unshare, *options, "true"], capture_output=True).returncode == 0:
            return (unshare, *options)
    print("bench: no network namespaces here: tests of code run with the network in reach", file=sys.stderr)
    return ()


def _limit() -> None:
    os.setsid()
    for name, most in [
        (resource.RLIMIT_CPU, 2), (resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NOFILE, 64),
    ]:
        resource.setrlimit(name, (most, most))
