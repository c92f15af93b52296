"""Checks the page in a headless browser, over a service with scripted models; see page.sh.

Every view is opened at two widths in both schemes: no console error, no request to another host, no part wider than the
window, hostile names harmless, and the overview's figures are those of the route.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Demo"))
import models  # noqa: E402
from browser import Browser, path  # noqa: E402
from service import Service, ServiceError  # noqa: E402

QUESTIONS = [
    "What is the capital of France?", "Prove that the square root of two is irrational.", "Sort [3, 1, 2] in Python.",
    "Summarise the causes of the First World War in five sentences.", "Translate 'good morning' to Spanish.",
    "A train leaves at 9:40 and arrives at 13:05. How long does it take?", "Write SQL that finds duplicate emails.",
    "Which of these is a mammal: shark, whale, trout?", "Explain recursion to a child.",
    "Find the bug: for i in range(10) print(i)",
]
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>\u202e" + "x" * 200
LOOKS = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]
# All that is shown was called just now.
RANGE = "hour"
VIEWS = ["overview", "quality", "decisions", "runs", "batches", "access", "whatif"]


def post(service: Service, body: dict, session: str = "") -> int:
    request = urllib.request.Request(
        f"http://127.0.0.1:{service.port}/v1/chat/completions", json.dumps(body).encode(),
        {"content-type": "application/json"} | ({"x-hera-session": session} if session else {}))
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def get(service: Service, route: str) -> dict:
    with urllib.request.urlopen(f"http://127.0.0.1:{service.port}/v1/{route}", timeout=60) as answer:
        return json.load(answer)


def fill(service: Service, calls: int, seconds: float) -> None:
    """Sends calls of several policies and runs, spread over a time."""
    chance = random.Random(11)

    def call(number: int) -> None:
        policy = chance.choices(["hera", "hera/careful", "hera/thrifty", "scripted/medium"], [6, 2, 3, 1])[0]
        question = QUESTIONS[number % len(QUESTIONS)]
        turns = [{"role": "user", "content": question}]
        for _ in range(number % 3):
            turns += [{"role": "assistant", "content": "I see. " * 20}, {"role": "user", "content": "Go on: " + question}]
        post(service, {"model": policy, "messages": turns}, f"run-{number // 4}")

    with ThreadPoolExecutor(8) as pool:
        for number in range(calls):
            pool.submit(call, number)
            time.sleep(seconds / calls * chance.uniform(0.2, 1.8))
    post(service, {"model": "hera", "messages": [{"role": "user", "content": "Hello"}]}, HOSTILE.replace("\u202e", "")[:250])


def fill_work(service: Service) -> None:
    """A batch of six questions and a job, both answered, for their views."""
    rows = "".join(json.dumps({
        "custom_id": f"question-{number}", "method": "POST", "url": "/v1/chat/completions",
        "body": {"model": "hera", "max_tokens": 300, "messages": [{"role": "user", "content": question}]}}) + "\n"
        for number, question in enumerate(QUESTIONS[:6]))
    line = "hera-page-check"
    parts = (f'--{line}\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
             f'--{line}\r\ncontent-disposition: form-data; name="file"; filename="questions.jsonl"\r\n'
             f"content-type: application/jsonl\r\n\r\n{rows}\r\n--{line}--\r\n")
    request = urllib.request.Request(f"http://127.0.0.1:{service.port}/v1/files", parts.encode(),
                                     {"content-type": f"multipart/form-data; boundary={line}"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        file = json.load(answer)["id"]
    batch = service.call("POST", "/v1/batches", {
        "input_file_id": file, "endpoint": "/v1/chat/completions", "completion_window": "24h",
        "metadata": {"budget_usd": "0.5", "project": "pictures"}}).json["id"]
    job = service.call("POST", "/v1/jobs", {
        "input": "What is 17 * 23?", "agent": {"tools": [{"type": "calculator"}], "max_steps": 3},
        "policy": {"budget_usd": 0.1}}).json["id"]
    for route in [f"batches/{batch}", f"jobs/{job}"]:
        deadline = time.monotonic() + 120
        while (status := get(service, route)["status"]) != "completed":
            if status in ("failed", "cancelled", "expired") or time.monotonic() > deadline:
                raise ServiceError(f"{route} is {status}")
            time.sleep(0.2)


def check(browser: Browser, service: Service, pictures: Path | None) -> None:
    base = f"http://127.0.0.1:{service.port}"
    first = True
    for width, scheme in LOOKS:
        browser.look(width, 900, scheme)
        for view in VIEWS:
            route = f"{base}/dashboard#{view}?range={RANGE}&group=model&tz=UTC" if view in VIEWS[:2] else f"{base}/dashboard#{view}"
            if first:
                browser.call("Page.navigate", url=route)
                first = False
            else:
                browser.value(f"document.querySelector('#view').replaceChildren(); location.hash = {json.dumps(route.split('#')[1])}; true")
            browser.until("document.readyState === 'complete' && document.querySelectorAll('#view section').length > 0")
            time.sleep(0.3)
            wide = browser.value("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if wide > 0:
                raise ServiceError(f"{view} at {width}: {wide} pixels too wide")
            if pictures:
                browser.picture(str(pictures / f"{view}-{width}-{scheme}.png"))
        text = browser.value("document.querySelector('#message').textContent")
        if text:
            raise ServiceError(f"the page says: {text}")
    figures(browser, service)
    latest = get(service, "decisions?limit=50")["data"]
    one = next((row for row in latest if row["stage"] == "sse"), latest[0])["id"]
    for width, scheme in LOOKS if pictures else LOOKS[:1]:
        browser.look(width, 900, scheme)
        browser.value(f"document.querySelector('#view').replaceChildren(); location.hash = 'runs'; true")
        browser.value(f"location.hash = 'decisions/{one}'; true")
        browser.until("document.querySelectorAll('#view section').length > 3")
        time.sleep(0.3)
        if pictures:
            browser.picture(str(pictures / f"decision-{width}-{scheme}.png"))
    browser.look(1280, 900, "light")
    keyboard(browser)
    foreign = [url for url in browser.requests if not url.startswith((base, "about:", "data:", "blob:"))]
    if foreign:
        raise ServiceError(f"requests to another host: {foreign[:3]}")
    if browser.errors:
        raise ServiceError("console: " + "; ".join(browser.errors[:5]))


def figures(browser: Browser, service: Service) -> None:
    """The overview's cards are the route's totals, written by the page's own functions.

    Audits go on after the last call, so page and route may be read at two states: then once more.
    """
    for left in reversed(range(10)):
        try:
            return compare(browser, service)
        except ServiceError:
            if left == 0:
                raise
            browser.value("location.hash = 'batches'; true")
            time.sleep(1)


def compare(browser: Browser, service: Service) -> None:
    browser.look(1280, 900, "light")
    browser.value("document.querySelector('#view').replaceChildren(); true")
    browser.value("location.hash = 'overview?range=day&group=model&tz=UTC'; true")
    browser.until("document.querySelectorAll('.cards dd').length >= 8")
    totals = get(service, "dashboard?range=day&group_by=model")["totals"]
    cards = browser.value("Object.fromEntries([...document.querySelectorAll('.cards div')].map(card => [card.querySelector('dt').textContent, card.querySelector('dd').firstChild.textContent]))")
    for name, expression in [("Spent", f"usd({totals['cost_usd']})"), ("Saved", f"usd({totals['savings_usd']})"),
                             ("Calls", f"count({totals['calls']})"), ("From caches", f"percent({totals['cache_hit_share']})")]:
        expected = browser.value(expression)
        if cards[name] != expected:
            raise ServiceError(f"{name}: the page has {cards[name]}, the route {expected}")
    rows = browser.value("document.querySelectorAll('section[aria-label], .scroll[aria-label=\"Figures by model\"] tbody tr').length")
    if rows != len(get(service, "dashboard?range=day&group_by=model")["rows"]):
        raise ServiceError(f"{rows} rows in the table")


def keyboard(browser: Browser) -> None:
    """Tab reaches the tabs, and Enter opens one."""
    browser.value("document.activeElement.blur(); true")
    for _ in range(5):
        for kind in ["keyDown", "keyUp"]:
            browser.call("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
        if browser.value("document.activeElement.getAttribute('href')") == "#quality":
            break
    for kind in ["keyDown", "keyUp"]:
        browser.call("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", windowsVirtualKeyCode=13, text="\r")
    browser.until("location.hash.startsWith('#quality')")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--pictures", type=Path)
    options = parser.parse_args()
    if not path():
        print("skipped: there is no Chromium (apt-get install chromium)")
        return
    settings = ("policies: {careful: {max_loss: 0.001}, thrifty: {max_loss: 0.1}}\n"
                "default_policy: {max_loss: 0.02, shadow: {share: 0.1, budget_usd: 5}}\n")
    try:
        with models.service(settings) as service:
            hera = [os.environ.get("HERA", ".build/release/hera")]
            for budget in [["global", "5/month"], ["team:red", "1000000tokens/day"]]:
                subprocess.run([*hera, "budgets", "set", *budget, "--database", service.database], check=True,
                               capture_output=True, timeout=60)
            deadline = time.monotonic() + 90
            while post(service, {"model": "hera", "messages": [{"role": "user", "content": "Hi"}]}) != 200:
                if time.monotonic() > deadline:
                    raise ServiceError("no model answers")
                time.sleep(0.3)
            fill(service, options.calls, options.seconds)
            fill_work(service)
            with Browser() as browser:
                check(browser, service, options.pictures)
        print(f"ok: {len(VIEWS)} views at two widths in both schemes")
    except (ServiceError, RuntimeError, OSError) as error:
        print(f"FAILED: {error}")
        sys.exit(1)


if __name__ == "__main__":
    main()
