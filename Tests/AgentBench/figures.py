"""Sums of a way's outcomes: what came out, who did it, what it took."""

from collections import Counter, defaultdict
from typing import Any

from jobs import Outcome
from plant import MODELS, Figures


def answered_by(outcome: Outcome) -> list[str]:
    """By step, `small` or `large`. The baseline's steps are all by one model of the catalog: its calls tell."""
    names = {model: name for name, model in MODELS.items()}
    return [
        names.get(step.document["answered_by"]) or (step.call.model if step.call else "large")
        for step in outcome.steps]


def summary(outcomes: list[Outcome], figures: dict[str, Figures]) -> dict[str, Any]:
    """Accuracy (share of tasks that succeed), share of steps by the small model, and mean amounts of a task."""
    models = [name for outcome in outcomes for name in answered_by(outcome)]
    calls = [call for outcome in outcomes for call in outcome.calls]
    checks = [right for outcome in outcomes for right in outcome.right.values()]
    count = len(outcomes)
    return {
        "tasks": count, "accuracy": sum(outcome.succeeded for outcome in outcomes) / count,
        "subtasks_right": sum(checks) / len(checks), "steps": len(models), "calls": len(calls),
        "small_share": models.count("small") / len(models),
        "energy_j": sum(figures[call.model].joules(call) for call in calls) / count,
        "latency_s": sum(figures[call.model].seconds(call) for call in calls) / count,
        "recorded_s": sum(call.seconds for call in calls) / count,
        "cost_usd": sum(figures[call.model].dollars(call) for call in calls) / count,
        "stages": dict(Counter(step.document["stage"] for outcome in outcomes for step in outcome.steps)),
        "by_kind": grouped(outcomes, "kind"), "by_grade": grouped(outcomes, "grade"),
    }


def grouped(outcomes: list[Outcome], member: str) -> dict[str, float]:
    """Accuracy by a member of the task."""
    groups: dict[str, list[bool]] = defaultdict(list)
    for outcome in outcomes:
        groups[str(outcome.task[member])].append(outcome.succeeded)
    return {name: sum(found) / len(found) for name, found in groups.items()}


def at_share(curve: list[dict[str, Any]], share: float) -> float | None:
    """The accuracy of a curve at a share of steps by the small model, on the line between its two nearest points."""
    points = sorted((row["small_share"], row["accuracy"]) for row in curve)
    for (low, before), (high, after) in zip(points, points[1:]):
        if low <= share <= high:
            return before if high == low else before + (after - before) * (share - low) / (high - low)
    return None
