"""The client part of demo.sh: runs hera, gives it the jobs, and tells what it did with each step."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from screen import amounts, field, heading, paint, say, waiting
from service import HERA, ROOT, Service, ServiceError

HERE = Path(__file__).resolve().parent
JOBS = ["lesson", "arithmetic", "coding"]
SMALL, LARGE = "local/smollm2-135m", "local/qwen2.5-coder-1.5b"
# Where servers.sh has started them; an empty URL for one that it has not, whoever may answer at its usual port.
URLS = {SMALL: os.environ.get("HERA_SMALL_URL"), LARGE: os.environ.get("HERA_LARGE_URL")}
CATALOG_URLS = {SMALL: "http://127.0.0.1:8080/v1", LARGE: "http://127.0.0.1:8081/v1"}
ALLOWS_ALL = os.environ.get("HERA_DEMO_ALL") == "yes"


def catalog(folder: str) -> list[str]:
    """Options for a catalog with the servers' true ports; none where they have the usual ones."""
    moved = {CATALOG_URLS[name]: url for name, url in URLS.items() if url and url != CATALOG_URLS[name]}
    if not moved:
        return []
    copy = Path(folder) / "Catalog"
    shutil.copytree(ROOT / "Catalog", copy)
    for file in copy.glob("*.yaml"):
        # Line by line and once each, so that a port that is both old and new is not replaced twice.
        lines = file.read_text().splitlines()
        file.write_text("\n".join(replaced(line, moved) for line in lines) + "\n")
    say(f"the usual ports are taken: a copy of the catalog says {', '.join(moved.values())}")
    return ["--catalog", str(copy)]


def replaced(line: str, urls: dict[str, str]) -> str:
    return next((line.replace(old, new) for old, new in urls.items() if old in line), line)


def wait_until_ready(service: Service, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while (reply := service.call("GET", "/readyz")).status != 200:
        if time.monotonic() > deadline:
            raise ServiceError(f"hera was not ready within {seconds:.0f} s: {reply.json.get('problem')}")
        time.sleep(0.2)


def live_models(service: Service) -> list[str]:
    names = [model["id"] for model in service.call("GET", "/v1/models").json["data"]]
    return [name for name in names if name != "hera" and not name.startswith("hera/")]


def tell_models(live: list[str]) -> list[str]:
    """Says who is there; returns the demo's own models among them."""
    local = [name for name, url in URLS.items() if url and name in live]
    others = [name for name in live if name not in URLS]
    if not local:
        raise ServiceError(f"neither {SMALL} nor {LARGE} is live; `servers.sh status` tells whether they run")
    say(f"live: {', '.join(local)}")
    if others:
        use = "they may answer too: HERA_DEMO_ALL is yes" if ALLOWS_ALL else "left out unless HERA_DEMO_ALL=yes"
        field("also live:", f"{', '.join(others)} ({use})", indent=0)
    if LARGE not in local:
        say(f"{LARGE} is not there" + ("" if ALLOWS_ALL else ": one model does everything, nothing to choose or save"))
    return local


def job_spec(name: str, local: list[str]) -> dict[str, Any]:
    spec = json.loads((HERE / "jobs" / f"{name}.json").read_text())
    models = {"deny": [name for name in URLS if name not in local]} if ALLOWS_ALL else {"allow": local}
    spec.setdefault("policy", {})["models"] = models
    return spec


def run_job(service: Service, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    """Submits a job, tells its steps as they end, and returns its document."""
    heading(f"Job {name}: {spec['input']}")
    reply = service.call("POST", "/v1/jobs", spec)
    if reply.status != 201:
        raise ServiceError(f"job {name} was not taken: {reply.status} {reply.body.decode(errors='replace')}")
    path = f"/v1/jobs/{reply.json['id']}"
    seconds = spec["policy"].get("deadline_s", 600) + 60
    try:
        for event, data in service.events(f"{path}/events", seconds):
            tell(event, data)
            if event == "job.requires_action":
                raise ServiceError(f"job {name} waits for outputs of tools that the demo does not have")
    except TimeoutError:
        service.call("POST", f"{path}/cancel")
        raise ServiceError(f"job {name} was not completed within {seconds:.0f} s and was cancelled") from None
    job = service.call("GET", path).json
    if job["status"] != "completed":
        raise ServiceError(f"job {name} is {job['status']}: {job.get('error', 'no reason given')}")
    return job


def tell(event: str, data: dict[str, Any]) -> None:
    if event == "step.decided":
        waiting(f"  ... {data.get('subtask', 'step ' + str(data['position']))} on {data['model']}")
    elif event == "step.completed":
        tell_step(data)
    elif event == "tool.completed":
        field("tool", f"{data['name']} {data['arguments']} = {data['output']}")


def tell_step(step: dict[str, Any]) -> None:
    colour = "green" if step["answered_by"] != step["reference"] else "yellow"
    title = f"position {step['position']}" + (f", {step['subtask']}" if "subtask" in step else "")
    say(f"  {paint(title.ljust(24), 'bold')} {paint(step['answered_by'].ljust(26), colour)} "
        f"stage {step['stage']:<9} kappa {step['kappa']:.2f}")
    field("reason", step["reason"])
    if step["answered_by"] != step["model"]:
        field("", f"{step['model']} failed, so {step['answered_by']} answered")
    if step["output"].strip():
        field("says", step["output"])
    for call in step["tool_calls"]:
        field("calls", f"{call['function']['name']} {call['function']['arguments']}")
    tokens = f"{step.get('prompt_tokens', '?')} + {step.get('completion_tokens', '?')} tokens"
    say("      " + amounts("predicted", step["predicted"]))
    say("      " + amounts("true", step["actual"], tokens))
    baseline = step.get("baseline")
    if baseline and baseline["model"] != step["answered_by"] and baseline["cost_usd"] > 0:
        say("      " + amounts(f"on {baseline['model']}", baseline))


def tell_totals(service: Service, jobs: list[dict[str, Any]]) -> None:
    reply = service.call("GET", "/v1/dashboard?group_by=model")
    dashboard = reply.json
    (ROOT / "dashboard.json").write_bytes(reply.body + b"\n")  # as sent: its decimals are exact, floats are not
    totals = dashboard["totals"]
    references = sorted({step["reference"] for job in jobs for step in job["steps"]})
    heading(f"Dashboard: {totals['calls']} calls for {len(jobs)} jobs")
    for row in dashboard["rows"]:
        seconds = {"latency_s": row["latency_s_mean"] * row["calls"]}
        say("  " + amounts(row["model"], row | seconds, f"{row['calls']} calls"))
    spent = {name: sum(job["totals"][name] for job in jobs) for name in ["latency_s", "baseline_latency_s"]}
    say("  " + amounts("together", totals | {"latency_s": spent["latency_s"]}, f"{totals['calls']} calls"))
    if {row["model"] for row in dashboard["rows"]} != set(references):
        tell_savings(totals, spent["baseline_latency_s"], references)
    say("  written to dashboard.json")


def tell_savings(totals: dict[str, Any], baseline_seconds: float, references: list[str]) -> None:
    baseline = {
        "cost_usd": totals["baseline_cost_usd"], "energy_j": totals["baseline_energy_j"], "latency_s": baseline_seconds}
    say("  " + amounts("everything on the larger model", baseline, "the same tokens, by the catalog's figures"))
    if baseline["cost_usd"] > 0 and baseline["energy_j"] > 0:
        money = 1 - totals["cost_usd"] / baseline["cost_usd"]
        energy = 1 - totals["energy_j"] / baseline["energy_j"]
        saved = f"saved {money:.0%} of the cost and {energy:.0%} of the energy against {', '.join(references)}"
        say("  " + paint(saved, "green"))


def check_client(service: Service, local: list[str]) -> None:
    heading("The official openai package against the same service")
    python = os.environ.get("HERA_CLIENT_PYTHON")
    if not python:
        say("  openai client: skipped, the package could not be installed from PyPI")
        return
    done = subprocess.run(
        [python, HERE / "openai_client.py", f"http://127.0.0.1:{service.port}/v1", *local], capture_output=True,
        text=True, timeout=400)
    for line in (done.stdout + done.stderr).splitlines():
        say(f"  {line}")
    if done.returncode != 0:
        raise ServiceError("the openai client did not get what it expects")


def run(service: Service) -> None:
    wait_until_ready(service)
    local = tell_models(live_models(service))
    jobs = []
    for name in JOBS:
        spec = job_spec(name, local)
        if spec["agent"].get("tools") and LARGE not in local and not ALLOWS_ALL:
            heading(f"Job {name}: skipped, its calculator needs a model that can call tools ({LARGE})")
            continue
        jobs.append(run_job(service, name, spec))
    tell_totals(service, jobs)
    check_client(service, local)


def end(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough: the way out must not be interrupted
    sys.exit(143)


def main() -> None:
    signal.signal(signal.SIGTERM, end)
    try:
        with tempfile.TemporaryDirectory(prefix="hera-demo-") as folder:
            say(f"starting {HERA}")
            with Service(folder, *catalog(folder), without="HERA_API_KEY") as service:
                run(service)
    except (ServiceError, subprocess.TimeoutExpired) as error:
        say()
        sys.exit(f"demo: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
