"""Lets a real Prometheus scrape hera, and compares what it knows with the ledger's dashboard; see prometheus.sh."""

import json
import re
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
for folder in ["Demo", "Page"]:
    sys.path.insert(0, str(HERE.parent / folder))
import models  # noqa: E402
from service import HERA, Service, ServiceError, free_port  # noqa: E402

PAGE = ROOT / "docs/reference/metrics.md"
# Documented, and not seen here: what brings them.
ELSEWHERE = {"hera_spans_dropped_total": "a collector of traces that refuses"}
ALERTS = ROOT / "Sources/Packaging/prometheus/hera-alerts.yaml"
CALLS = 30


def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=60) as reply:
        return json.load(reply)


def ask(base: str, number: int, text: str = "What is {0} + {0}?", model: str = "") -> bool:
    """One call of a scripted model; the one named medium fails now and then."""
    body = {"model": model or ["hera", "scripted/medium"][number % 2], "max_tokens": 50,
            "messages": [{"role": "user", "content": text.format(number)}]}
    request = urllib.request.Request(
        f"{base}/v1/chat/completions", json.dumps(body).encode(), {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=90) as reply:
            return reply.status == 200
    except urllib.error.HTTPError:
        return False


def documented() -> dict[str, tuple[str, set[str], str]]:
    """Type, labels and meaning of each metric in the tables of the page."""
    found: dict[str, tuple[str, set[str], str]] = {}
    labels: set[str] = set()
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) != 4 or not cells[0].startswith("`"):
            continue
        if cells[2] != "the same":
            labels = set(re.findall(r"`(\w+)`", cells[2]))
        meaning = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", cells[3]).replace("`", "")
        found[cells[0].strip("`")] = (cells[1], labels, meaning)
    return found


def exposed(text: str) -> dict[str, tuple[str, set[str], str]]:
    """The same of a text in Prometheus' format."""
    help_of, found = {}, {}
    for line in text.splitlines():
        if match := re.match(r"# HELP (\S+) (.*)", line):
            help_of[match[1]] = match[2]
        elif match := re.match(r"# TYPE (\S+) (\S+)", line):
            found[match[1]] = (match[2], set(), help_of.get(match[1], ""))
        elif match := re.match(r"(\w+)(?:\{(.*)\})? ", line):
            name = match[1] if match[1] in found else re.sub(r"_(bucket|sum|count)$", "", match[1])
            found[name][1].update(set(re.findall(r'(\w+)="', match[2] or "")) - {"le"})
    return found


def compare_with_page(text: str) -> None:
    """Every metric is on the page, in its words, and every metric of the page is there."""
    page, here = documented(), exposed(text)
    problems = [f"{name} is not on the page" for name in here.keys() - page.keys()]
    problems += [f"{name} is on the page and was never exposed" for name in page.keys() - here.keys() - ELSEWHERE.keys()]
    for name in page.keys() & here.keys():
        for what, expected, seen in zip(["type", "labels", "help"], page[name], here[name]):
            if expected != seen:
                problems.append(f"{name}: {what} is {seen!r}, and {expected!r} on the page")
    if problems:
        raise ServiceError(f"metrics and {PAGE.relative_to(ROOT)} differ: " + "; ".join(sorted(problems)))


class Prometheus:
    """A Prometheus that scrapes one address every second; a context manager that stops it."""

    def __init__(self, folder: Path, target: str):
        self.base = f"http://127.0.0.1:{free_port()}"
        settings = folder / "prometheus.yaml"
        settings.write_text(
            "global: {scrape_interval: 1s, evaluation_interval: 1s}\n"
            f"rule_files: [{json.dumps(str(ALERTS))}]\n"
            f"scrape_configs: [{{job_name: hera, static_configs: [{{targets: [{json.dumps(target)}]}}]}}]\n")
        self.log = open(folder / "prometheus.log", "wb")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={settings}", f"--storage.tsdb.path={folder}/prometheus",
             f"--web.listen-address={self.base.removeprefix('http://')}"], stdout=self.log, stderr=self.log)

    def __enter__(self) -> "Prometheus":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def query(self, expression: str) -> list[Any]:
        url = f"{self.base}/api/v1/query?{urllib.parse.urlencode({'query': expression})}"
        return get(url)["data"]["result"]

    def names(self) -> set[str]:
        return set(get(f"{self.base}/api/v1/label/__name__/values")["data"])

    def wait(self, expression: str, value: Callable[[], float], seconds: float = 120) -> float:
        """The value of an expression, as soon as it is the expected one, which may still change itself."""
        deadline, found = time.monotonic() + seconds, float("nan")
        while time.monotonic() < deadline:
            try:
                if result := self.query(expression):
                    found = float(result[0]["value"][1])
                    if found == value():
                        return found
            except OSError:
                pass
            time.sleep(0.2)
        raise ServiceError(f"{expression} is {found} after {seconds:.0f} s, and not {value()}")


def run(*command: str, text: str | None = None) -> str:
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=180)
    if done.returncode != 0:
        raise ServiceError(f"{' '.join(command[:3])}: {(done.stdout + done.stderr).strip()}")
    return done.stdout


def expressions() -> list[str]:
    """What the alerts and the exported Grafana dashboard ask Prometheus."""
    found = [target["expr"] for panel in json.loads(run(HERA, "dashboard", "export", "--format", "grafana"))["panels"]
             for target in panel.get("targets", [])]
    lines = ALERTS.read_text().splitlines()
    for number, line in enumerate(lines):
        if match := re.match(r"\s*expr:\s*(.*)", line):
            more = []
            for rest in lines[number + 1:] if match[1] == "|" else []:
                if re.match(r"\s*(for|labels):", rest):
                    break
                more.append(rest.strip())
            found.append(" ".join(more) if more else match[1])
    return [re.sub(r"\$(__\w+|\{\w+\}|\w+)", "5m", one) for one in found]


def metrics(base: str) -> str:
    with urllib.request.urlopen(f"{base}/metrics", timeout=60) as reply:
        return reply.read().decode()


def booked(text: str) -> float:
    """The calls that a text of metrics counts."""
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith("hera_calls_total{"))


def check(folder: Path, service: Service) -> None:
    base = f"http://127.0.0.1:{service.port}"
    answered = sum(ask(base, number) for number in range(CALLS))
    # For the counters of failed attempts and of requests that end with an error.
    ask(base, 0, "Please let this call fail.", "scripted/medium")
    ask(base, 0, model="no-such-model")
    deadline = time.monotonic() + 60
    while "hera_call_failures_total" not in (text := metrics(base)) and time.monotonic() < deadline:
        time.sleep(0.2)
    compare_with_page(text)
    run("promtool", "check", "metrics", text=text)
    run("promtool", "check", "rules", str(ALERTS))
    with Prometheus(folder, f"127.0.0.1:{service.port}") as server:
        server.wait('up{job="hera"}', lambda: 1)
        # An answer may come before its call is booked.
        calls = server.wait("sum(hera_calls_total)", lambda: booked(metrics(base)))
        spent = get(f"{base}/v1/dashboard")["totals"]
        asked = expressions()
        known = server.names() | {"up"}
        on_page = documented()
        for one in asked:
            server.query(one)
            for name in set(re.findall(r"\b(?:hera|http|hb)_\w+", one)):
                plain = re.sub(r"_(bucket|sum|count)$", "", name)
                if name not in known and plain not in on_page:
                    raise ServiceError(f"{one}: no metric is called {name}")
        rules = get(f"{server.base}/api/v1/rules")["data"]["groups"]
        broken = [rule["name"] for group in rules for rule in group["rules"] if rule["health"] == "err"]
        if broken or not rules:
            raise ServiceError(f"rules that Prometheus cannot evaluate: {broken or 'none was read'}")
        money = float(server.query("sum(hera_cost_usd_total)")[0]["value"][1])
    if abs(money - float(spent["cost_usd"])) > 1e-9:
        raise ServiceError(f"Prometheus has ${money}, the dashboard ${spent['cost_usd']}")
    print(f"prometheus: {answered} of {CALLS} answered, {calls:.0f} calls and ${money:.6f} on both sides, "
          f"{len(asked)} queries and {sum(len(group['rules']) for group in rules)} alerts evaluated, {len(documented())} metrics as on the page")


def main() -> None:
    try:
        with models.service() as service:
            check(service.folder, service)
    except (ServiceError, OSError, subprocess.TimeoutExpired) as error:
        print(f"FAILED: {error}")
        sys.exit(1)


if __name__ == "__main__":
    main()
