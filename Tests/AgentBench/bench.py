"""The agent bench: two real models, 80 tasks, and who does which step under each way of routing.

Usage: bench.py              records the training runs, trains, evaluates every way, writes docs/results/agents.*
       bench.py ship         the same, and keeps all answers that it used in answers.jsonl.gz
       bench.py choose       chooses the policy on the training tasks and writes policy.json
       bench.py solo         both models alone on the training tasks, for a look at them
Answers come from the cache where it has them; the model servers are started at the first one that it lacks. A run that
is interrupted goes on where it stopped.
"""

import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import recording
import report
import ways
from answers import Answers, Upstreams
from figures import at_share, summary
from hybrid import Hybrid
from jobs import Outcome, run
from plant import MODELS, ROOT, Figures, Service, serve, start_models
from service import HERA, ServiceError
from tasks import read
from ways import Way

CACHE = Path(os.environ.get("HERA_CACHE", Path.home() / ".cache" / "hera")) / "bench"
SHIPPED = Path(__file__).resolve().parent / "answers.jsonl.gz"
#: Candidates of the choice: the base of kappa with URC's threshold, kappa's slope, what an answer needs to be kept.
KAPPAS = [0.6, 0.85, 0.88, 0.9]
SLOPES = [0, 0.02]
VERIFICATIONS = [False, {"on": True, "threshold": 0.9}]
#: A point of accuracy may be given up, as the bench's target says.
TOLERANCE = 0.01


class Bench:
    """Everything that the ways share: models, figures, the training data."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="hera-bench-"))
        self.upstreams = Upstreams(Answers(SHIPPED, CACHE / "answers.jsonl"), start_models)
        self.figures = {name: Figures.of(name) for name in MODELS}
        self.empty = self.folder / "no-profiles"
        self.empty.mkdir()

    def service(self, profiles: Path) -> Service:
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        return serve(folder, self.upstreams, profiles)

    def outcomes(self, service: Service, way: Way, part: Iterable[dict[str, Any]]) -> list[Outcome]:
        """Runs tasks under a way, with a bar."""
        chosen = list(part)
        found = []
        for number, task in enumerate(chosen, 1):
            found.append(run(service, self.upstreams, task, way.policy))
            bar(way.name, number, len(chosen), f"{self.upstreams.asked} new answers")
        return found

    def record(self) -> dict[str, list[Outcome]]:
        """Both models alone on the training tasks."""
        with self.service(self.empty) as service:
            wait_for(service, list(MODELS.values()))
            return {name: self.outcomes(service, ways.alone(name), read("training")) for name in ("small", "large")}

    def rows(self, solo: dict[str, list[Outcome]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Steps asked of both models, and whole runs."""
        steps = recording.outcomes(
            solo["large"], self.upstreams, self.figures, lambda done, of: bar("same steps, small model", done, of))
        return steps, recording.traces(solo, self.figures)

    def train(self, steps: list[dict[str, Any]], traces: list[dict[str, Any]], *, all_fitted: bool) -> Path:
        """Profiles of `hera train`; the same rows give the same bytes."""
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        recording.write(steps, folder / "steps.jsonl", all_fitted=all_fitted)
        recording.write(traces, folder / "traces.jsonl", all_fitted=all_fitted)
        out = folder / "profiles"
        command = [HERA, "train", "--outcomes", folder / "steps.jsonl", "--out", out]
        if traces:
            command += ["--traces", folder / "traces.jsonl"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return out

    def close(self) -> None:
        self.upstreams.server.shutdown()
        shutil.rmtree(self.folder, ignore_errors=True)


def wait_for(service: Service, models: list[str], seconds: float = 60) -> None:
    """Until the service has found its models."""
    deadline = time.monotonic() + seconds
    while True:
        live = [model["id"] for model in service.call("GET", "/v1/models").json["data"]]
        if all(model in live for model in models):
            return
        if time.monotonic() > deadline:
            raise ServiceError(f"hera does not find {models}; live: {live}")
        time.sleep(0.1)


def bar(name: str, done: int, of: int, note: str = "") -> None:
    """A line that grows on a terminal; elsewhere one line when it is full."""
    if sys.stderr.isatty():
        filled = 30 * done // of
        print(f"\r\x1b[K{name:<28} [{'#' * filled}{'.' * (30 - filled)}] {done}/{of} {note}", end="", file=sys.stderr)
    if done == of:
        print("" if sys.stderr.isatty() else f"{name:<28} {done} {note}", file=sys.stderr, flush=True)


def choose(bench: Bench) -> None:
    """The policy with the most steps on the small model among those as accurate as the large model alone.

    On the training tasks of the validation part only, with profiles fitted to the others.
    """
    solo = bench.record()
    steps, traces = bench.rows(solo)
    tasks = [task for task in read("training") if recording.split(task) == "validation"]
    target = summary([o for o in solo["large"] if o.task in tasks], bench.figures)["accuracy"] - TOLERANCE
    print(f"to reach: {target:.3f}")
    tried = []
    for data in ways.PROFILE_DATA:
        profiles = bench.train(steps, traces if data == "steps and runs" else [], all_fitted=False)
        with bench.service(profiles) as service:
            wait_for(service, list(MODELS.values()))
            for policy in candidates():
                name = f"{data}, kappa from {policy['kappa']['base']} by {policy['kappa']['slope']}, verify {ways.verification(policy)}"
                found = summary(bench.outcomes(service, Way(name, ways.BOTH | policy), tasks), bench.figures)
                tried.append({"profiles": data, "policy": policy, "name": name}
                             | {name: found[name] for name in ("accuracy", "small_share", "energy_j")})
                print(f"{name:<50} accuracy {found['accuracy']:.3f}, small share {found['small_share']:.3f}",
                      flush=True)
    good = [row for row in tried if row["accuracy"] >= target] or [max(tried, key=lambda row: row["accuracy"])]
    best = max(good, key=lambda row: (row["small_share"], row["accuracy"]))
    ways.CHOSEN.write_text(json.dumps(
        {"profiles": best["profiles"], "policy": best["policy"], "target": target, "tried": tried}, indent=1) + "\n")
    print(f"chosen: {best}")


def candidates() -> Iterable[dict[str, Any]]:
    """Kappa level and with the paper's slope, without and with verification."""
    for verify, slope, base in itertools.product(VERIFICATIONS, SLOPES, KAPPAS):
        yield {"kappa": {"base": base, "slope": slope, "cap": 1, "floor": 0}, "request_threshold": base,
               "stages": ways.ALL_STAGES, "verify": verify}


def evaluate(bench: Bench) -> None:
    started = time.monotonic()
    solo = bench.record()
    steps, traces = bench.rows(solo)
    profiles = bench.train(steps, traces if ways.profile_data() == "steps and runs" else [], all_fitted=True)
    hybrid = Hybrid(steps)
    results: dict[str, Any] = {
        "training": {name: summary(outcomes, bench.figures) for name, outcomes in solo.items()},
        "rows": len(steps), "equal": recording.as_good(steps)}
    tasks = read("evaluation")
    with bench.service(profiles) as service:
        wait_for(service, list(MODELS.values()))

        def measured(way: Way) -> dict[str, Any]:
            if way.threshold is not None:
                bench.upstreams.choose = lambda body: (
                    "small" if hybrid.of_body(body) >= way.threshold else "large")
            before = time.monotonic()
            row = summary(bench.outcomes(service, way, tasks), bench.figures)
            return row | {"way": way.name, "policy": way.policy, "run_s": time.monotonic() - before}

        results["small"], results["large"] = measured(ways.alone("small")), measured(ways.alone("large"))
        results["hera"] = measured(ways.hera("HERA-N"))
        results["ablation"] = [measured(way) for way in ways.ablation()]
        results["kappa"] = [measured(ways.kappa(base)) for base in report.KAPPAS]
        results["threshold"] = [measured(ways.threshold(value)) for value in report.THRESHOLDS]
    results["threshold_at_share"] = at_share(results["threshold"], results["hera"]["small_share"])
    results["new_answers"], results["seconds"] = bench.upstreams.asked, time.monotonic() - started
    (CACHE / "results.json").write_text(json.dumps(results))
    report.write(results)


def ship(bench: Bench) -> None:
    evaluate(bench)
    bench.upstreams.answers.ship(SHIPPED, bench.upstreams.used)
    print(f"{len(bench.upstreams.used)} answers kept in {SHIPPED.name}, {SHIPPED.stat().st_size:,} bytes")


COMMANDS: dict[str, Callable[[Bench], None]] = {
    "": evaluate, "ship": ship, "choose": choose, "solo": lambda bench: report.solo(bench.record(), bench.figures)}


def main() -> int:
    command = COMMANDS.get(" ".join(sys.argv[1:]))
    if not command:
        print(__doc__, file=sys.stderr)
        return 64
    bench = Bench()
    try:
        command(bench)
    except (ServiceError, subprocess.CalledProcessError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 70
    except KeyboardInterrupt:
        print("\nbench: stopped; the answers so far are kept", file=sys.stderr)
        return 130
    finally:
        bench.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
