"""The checks of smoke.sh: what the binary does before any model is there."""

import csv
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from service import HERA, ROOT, Service, ServiceError

KEYS = r".*_API_KEY"  # not passed on, so that nothing here can reach a provider
QUESTION = {"messages": [{"role": "user", "content": "What is the capital of France?"}]}
STAGES = {"urc", "sse", "sle", "cd", "sd", "plan", "reference"}


def require(condition: Any, what: str, seen: Any) -> None:
    if not condition:
        raise ServiceError(f"expected {what}, saw:\n{seen}")


def run(*arguments: str, stdin: str = "", code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([HERA, *arguments], input=stdin, capture_output=True, text=True, cwd=ROOT, timeout=180)
    require(done.returncode == code, f"exit code {code}", f"{done.returncode}\n{done.stdout}{done.stderr}")
    return done


# --- The command line


def version(_: Service) -> None:
    text = run("--version").stdout
    require(re.fullmatch(r"\d+\.\d+\.\d+\S*\n", text), "a version", text)


def help_names_commands(_: Service) -> None:
    text = run("--help").stdout
    for name in ["serve", "run", "route", "train", "evaluate", "catalog", "dashboard"]:
        require(re.search(rf"^  {name}\b", text, re.MULTILINE), f"the command {name}", text)


def catalog_lint(_: Service) -> None:
    text = run("catalog", "lint").stdout
    require(re.search(r"\d+ files, \d+ models: fine", text), "a catalog without errors", text)


def route_text(_: Service) -> None:
    text = run("route", stdin=json.dumps(QUESTION)).stdout
    require("position 1" in text and "kappa" in text, "position and kappa", text)


def route_json(_: Service) -> None:
    decision = json.loads(run("route", "--format", "json", stdin=json.dumps(QUESTION)).stdout)
    check_decision(decision)


def route_refuses(_: Service) -> None:
    done = run("route", stdin='{"messages": [', code=65)
    require(done.stderr.startswith("hera: "), "words on standard error", done.stderr)


def check_decision(decision: Any) -> None:
    for name, kind in [("model", str), ("position", int), ("kappa", float), ("stage", str), ("reason", str),
                       ("candidates", list)]:
        require(isinstance(decision.get(name), kind), f"{name} as {kind.__name__}", decision)
    require(decision["position"] == 1, "position 1", decision["position"])
    require(0 < decision["kappa"] < 1, "kappa between 0 and 1", decision["kappa"])
    require(decision["stage"] in STAGES, f"a stage of {sorted(STAGES)}", decision["stage"])
    for candidate in decision["candidates"]:
        for name in ["p", "cost_usd", "latency_s", "energy_j"]:
            require(isinstance(candidate.get(name), int | float), f"{name} as a number", candidate)
    able = [candidate["model"] for candidate in decision["candidates"] if "rejected" not in candidate]
    require(decision["model"] in able, "the chosen model among the candidates", decision["model"])


# --- The service


def healthz(service: Service) -> None:
    reply = service.call("GET", "/healthz")
    require(reply.status == 200 and reply.json["status"] == "ok", "200 and ok", reply)


def models(service: Service) -> None:
    reply = service.call("GET", "/v1/models")
    require(reply.status == 200 and reply.json["object"] == "list", "OpenAI's list", reply)
    require("hera" in [model["id"] for model in reply.json["data"]], "the model hera", reply)


def unknown_model(service: Service) -> None:
    reply = service.call("POST", "/v1/chat/completions", QUESTION | {"model": "no-such-model"})
    require(reply.status == 404, "404", reply)
    check_error(reply.json, code="model_not_found")


def malformed_json(service: Service) -> None:
    reply = service.call("POST", "/v1/chat/completions", b'{"model": "hera", "messages": [}')
    require(reply.status == 400, "400", reply)
    check_error(reply.json, code="invalid_json")


def check_error(body: Any, code: str) -> None:
    error = body.get("error", {})
    require({"message", "type", "param", "code"} <= error.keys(), "OpenAI's error object", body)
    require(error["message"] and error["type"] == "invalid_request_error" and error["code"] == code, code, body)


def sigterm(service: Service) -> None:
    # An idle service needs a fraction of a second; a busy machine more.
    code = service.stop(seconds=20)
    require(code == 0, "exit code 0 within 20 s of SIGTERM", code)


# --- The page and its views


def page(service: Service) -> None:
    reply = service.call("GET", "/dashboard")
    policy = {name.lower(): value for name, value in reply.headers.items()}.get("content-security-policy", "")
    require("unsafe" not in policy and "script-src 'self'" in policy, "a policy without inline scripts", policy)
    for file in re.findall(r'(?:src|href)="(dashboard/[^"]+)"', reply.body.decode()):
        require(service.call("GET", f"/{file}").status == 200, "the page's file", file)


def views(service: Service) -> None:
    for path in ["dashboard?range=day&interval=hour&tz=UTC", "decisions", "runs", "budgets", "keys", "quality", "whatif"]:
        reply = service.call("GET", f"/v1/{path}")
        require(reply.status == 200 and "object" in reply.json, "a view", f"{path}: {reply}")


# --- An installation, seen from another folder


def installed(_: Service) -> None:
    """`make install` into a folder; everything is found from elsewhere, without the sources."""
    if Path(HERA).resolve() != (ROOT / ".build/release/hera").resolve():
        return
    with tempfile.TemporaryDirectory(prefix="hera-install-") as prefix, tempfile.TemporaryDirectory() as elsewhere:
        # The binary as it is: `make` would compile it anew where a source is younger.
        made = subprocess.run(["make", "--old-file", ".build/release/hera", "install", f"PREFIX={prefix}"], cwd=ROOT,
                              capture_output=True, text=True, timeout=600)
        require(made.returncode == 0, "make install", made.stdout + made.stderr)

        def there(*arguments: str, code: int = 0) -> str:
            done = subprocess.run([f"{prefix}/bin/hera", *arguments], capture_output=True, text=True, cwd=elsewhere,
                                  timeout=180, env={"PATH": os.environ["PATH"], "HOME": elsewhere})
            require(done.returncode == code, f"exit code {code} of {arguments}", done.stdout + done.stderr)
            return done.stdout

        paths = json.loads(there("paths", "--format", "json"))
        for part in ["catalog", "profiles", "scores", "probes"]:
            require(paths[part]["path"].startswith(f"{prefix}/share/hera/"), f"{part} in share/hera", paths)
        require("fine" in there("catalog", "lint"), "a catalog without errors", "")
        require(json.loads(there("catalog", "list", "--format", "json"))["models"], "models", "")
        there("init", "--yes", "--offline", "--goal", "same")
        there("config", "check")
        checks = json.loads(there("doctor", "--offline", "--format", "json"))
        require(checks["ok"], "a sound installation", checks)
        for file in ["share/man/man1/hera-serve.1.gz", "share/bash-completion/completions/hera",
                     "share/zsh/site-functions/_hera"]:
            require((Path(prefix) / file).stat().st_size > 200, "a file", file)


def backup(service: Service) -> None:
    copy = str(Path(service.folder) / "copy.sqlite")
    run("ledger", "backup", copy, "--database", service.database)
    require("all agree" in run("ledger", "verify", "--database", f"sqlite:{copy}").stdout, "a sound copy", copy)
    run("ledger", "backup", copy, "--database", service.database, code=73)


def health(service: Service) -> None:
    run("health", "--url", "http://127.0.0.1:9", code=69)
    text = run("top", "--once", "--url", f"http://127.0.0.1:{service.port}").stdout
    require("last hour: 0 calls" in text, "a look at the service", text)


# --- The ledger that it leaves


def export_json(service: Service) -> None:
    report = json.loads(run("dashboard", "export", "--format", "json", "--database", service.database).stdout)
    require(report["object"] == "dashboard" and report["totals"]["calls"] == 0, "an empty dashboard", report)


def export_csv(service: Service) -> None:
    text = run("dashboard", "export", "--format", "csv", "--database", service.database).stdout
    heading = next(csv.reader(text.splitlines()))
    require({"model", "calls", "cost_usd", "baseline_cost_usd", "energy_j"} <= set(heading), "the columns", heading)


CHECKS: list[tuple[str, Callable[[Service], None]]] = [
    ("hera --version", version),
    ("hera --help names the commands", help_names_commands),
    ("hera catalog lint: the catalog is fine", catalog_lint),
    ("hera route: text", route_text),
    ("hera route --format json: the contract's names", route_json),
    ("hera route: malformed JSON ends with 65", route_refuses),
    ("hera serve: GET /healthz", healthz),
    ("hera serve: GET /v1/models lists hera", models),
    ("hera serve: an unknown model is a 404 with OpenAI's error object", unknown_model),
    ("hera serve: malformed JSON is a 400", malformed_json),
    ("hera serve: the page and its files, without inline scripts", page),
    ("hera serve: the page's views are routes", views),
    ("hera ledger backup while the service runs", backup),
    ("hera health, hera top", health),
    ("make install: everything is found from another folder", installed),
    ("hera serve: SIGTERM ends it, exit code 0", sigterm),
    ("hera dashboard export --format json", export_json),
    ("hera dashboard export --format csv", export_csv),
]


def main() -> None:
    passed = 0
    name = "hera serve: starts"
    try:
        with tempfile.TemporaryDirectory(prefix="hera-smoke-") as folder, Service(folder, without=KEYS) as service:
            for name, check in CHECKS:
                check(service)
                print(f"ok      {name}", flush=True)
                passed += 1
    except (ServiceError, KeyError, TypeError, ValueError, OSError, subprocess.TimeoutExpired) as error:
        print(f"FAILED  {name}\n{type(error).__name__}: {error}\n{passed} passed, 1 failed")
        sys.exit(1)
    print(f"{passed} passed, 0 failed")


if __name__ == "__main__":
    main()
