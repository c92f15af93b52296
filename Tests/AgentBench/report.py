"""What the bench prints and writes: docs/results/agents.md, .json and .svg."""

import datetime
import json
import platform
import re
from pathlib import Path
from typing import Any

import ways
from figures import at_share, summary
from jobs import Outcome
from picture import draw
from plant import ROOT, Figures
from tasks import GRADES

THRESHOLDS = [0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.96]
KAPPAS = [0.5, 0.6, 0.7, 0.8, 0.85, 0.9]
OUT = ROOT / "docs" / "results"
HEAD = ["way", "accuracy", "subtasks right", "steps by the small model", "energy", "latency", "cost"]


def row(name: str, found: dict[str, Any]) -> list[str]:
    return [name, percent(found["accuracy"]), percent(found["subtasks_right"]), percent(found["small_share"]),
            f"{found['energy_j']:.1f} J", f"{found['latency_s']:.1f} s", f"{found['cost_usd'] * 1e6:.2f}"]


def percent(share: float) -> str:
    return f"{share * 100:.1f} %"


def table(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join(
        ["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *("| " + " | ".join(line) + " |" for line in rows)])


def solo(runs: dict[str, list[Outcome]], figures: dict[str, Figures]) -> None:
    """Both models alone on the training tasks, printed."""
    print(solo_table({name: summary(outcomes, figures) for name, outcomes in runs.items()}))


def solo_table(found: dict[str, dict[str, Any]]) -> str:
    names = list(found)
    lines = [["all"] + [percent(found[name]["accuracy"]) for name in names]]
    lines += [[kind] + [percent(found[name]["by_kind"][kind]) for name in names]
              for kind in found[names[0]]["by_kind"]]
    lines += [[GRADES[int(grade) - 1]] + [percent(found[name]["by_grade"][grade]) for name in names]
              for grade in found[names[0]]["by_grade"]]
    return table(["training tasks", *(f"{name} model alone" for name in names)], lines)


def machine() -> str:
    found = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    return found[1].strip() if found else platform.machine()


def targets(results: dict[str, Any]) -> list[str]:
    """Each figure that the bench is to reach, and whether it was."""
    hera, large = results["hera"], results["large"]
    lost = large["accuracy"] - hera["accuracy"]
    baseline = results["threshold_at_share"]
    lines = [
        (lost <= 0.01 + 1e-9, f"within 1 point of the large model alone: HERA-N {percent(hera['accuracy'])}, "
                              f"all large {percent(large['accuracy'])}"),
        (hera["small_share"] >= 0.45, f"at least 45 % of the steps on the small model: {percent(hera['small_share'])}"),
    ]
    if baseline is None:
        lines.append((False, "the per-step threshold has no points on both sides of HERA-N's share"))
    else:
        lines.append((hera["accuracy"] > baseline, "above the per-step threshold at the same share: "
                      f"{percent(hera['accuracy'])} against {percent(baseline)}"))
    return [f"- {'reached' if good else '**missed**'}: {text}." for good, text in lines]


def write(results: dict[str, Any]) -> None:
    main = table(HEAD, [
        row("all small", results["small"]), row("all large", results["large"]), row("**HERA-N**", results["hera"])])
    parts = table(HEAD + ["stages"], [
        row(found["way"], found) + [", ".join(f"{name} {count}" for name, count in found["stages"].items())]
        for found in results["ablation"]])
    curve = table(HEAD, [row(found["way"], found) for found in results["threshold"]])
    kappas = table(HEAD + ["threshold at that share"], [
        row(found["way"], found) + [share_text(at_share(results["threshold"], found["small_share"]))]
        for found in results["kappa"]])
    chosen = json.loads(ways.CHOSEN.read_text())
    large = results["large"]
    results |= {"date": datetime.date.today().isoformat(), "machine": machine(), "chosen": chosen["policy"]}
    text = (ROOT / "Tests" / "AgentBench" / "agents.template.md").read_text()
    for name, value in {
        "date": f"{datetime.date.today():%-d %B %Y}", "machine": machine(), "main": main, "ablation": parts,
        "threshold": curve, "kappa": kappas, "targets": "\n".join(targets(results)),
        "solo": solo_table(results["training"]),
        "policy": json.dumps(chosen["policy"]), "rows": str(results["rows"]), "equal": str(results["equal"]),
        "kinds": kinds(results), "training_count": str(results["training"]["large"]["tasks"]),
        "points": f"{100 / large['tasks']:.3g}",
        "evaluation_count": str(large["tasks"]),
        "at_share": share_text(results["threshold_at_share"]),
        "tried": table(["profiles of", "kappa base", "slope", "verify", "accuracy", "small share"], [
            [found["profiles"], str(found["policy"]["kappa"]["base"]), str(found["policy"]["kappa"]["slope"]),
             ways.verification(found["policy"]), percent(found["accuracy"]), percent(found["small_share"])]
            for found in chosen["tried"]]),
        "profiles": chosen["profiles"], "target": percent(chosen["target"]),
    }.items():
        text = text.replace("{" + name + "}", value)
    OUT.mkdir(exist_ok=True)
    (OUT / "agents.md").write_text(text)
    (OUT / "agents.json").write_text(json.dumps(results, indent=1) + "\n")
    (OUT / "agents.svg").write_text(draw(results))
    print(f"\n{main}\n\n{parts}\n\n{kappas}\n\n{curve}\n\n" + "\n".join(targets(results)))
    print(f"\n{results['new_answers']} new answers, {results['seconds']:.0f} s; written to docs/results/agents.md")


def share_text(accuracy: float | None) -> str:
    return "none" if accuracy is None else percent(accuracy)


def kinds(results: dict[str, Any]) -> str:
    """Accuracy by kind and grade for the three main ways."""
    columns = ["small", "large", "hera"]
    lines = [[kind] + [percent(results[name]["by_kind"][kind]) for name in columns]
             for kind in results["large"]["by_kind"]]
    lines += [[GRADES[int(grade) - 1]] + [percent(results[name]["by_grade"][grade]) for name in columns]
              for grade in results["large"]["by_grade"]]
    return table(["", "all small", "all large", "HERA-N"], lines)
