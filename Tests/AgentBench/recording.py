"""Both models alone on the training tasks, as rows that `hera train` reads.

Traces are whole runs: the small model alone, the large model alone. Outcomes are single steps, asked of both models
with the same prompt: those of the large model's runs, which the small model is asked too. (HERA's profiling grows a
tree of both; these are its all-large path and the first branch to the small model at each of its nodes.)
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grading
from answers import Upstreams
from jobs import Outcome, Step, has_called, past, question
from plant import PROFILES, Figures

TRACES, STEPS = "agents", "agent-steps"
#: Numbers of the tasks of each kind and grade that choose settings: one of each pack of material.
VALIDATION = ("4", "6")


def split(task: dict[str, Any]) -> str:
    """A third of the tasks of each kind and grade chooses settings, the others are fitted."""
    return "validation" if task["id"].endswith(VALIDATION) else "train"


def traces(runs: dict[str, list[Outcome]], figures: dict[str, Figures]) -> list[dict[str, Any]]:
    rows = []
    for name, outcomes in runs.items():
        for outcome in outcomes:
            order = [subtask["id"] for subtask in outcome.task["subtasks"]]
            steps = [trace_step(step, figures[name]) for step in sorted(
                outcome.steps, key=lambda step: (order.index(step.subtask), step.document["position"]))]
            rows.append({
                "task_id": outcome.task["id"], "suite": TRACES, "dataset": outcome.task["kind"],
                "split": split(outcome.task), "prompt": "\n\n".join(subtask["prompt"] for subtask in outcome.task["subtasks"]),
                "model": PROFILES[name], "success": float(outcome.succeeded),
                "cost_usd": sum(step["cost_usd"] for step in steps), "steps": steps})
    return rows


def trace_step(step: Step, figures: Figures) -> dict[str, Any]:
    usage = step.call.answer["usage"]
    calls = [call["function"] for call in step.document["tool_calls"]]
    return {
        "kind": "tool" if calls else "propose", "output": said(step.document["output"], calls),
        "observation": "", "reward": float(bool(step.is_right)), "input_tokens": usage["prompt_tokens"],
        "output_tokens": usage["completion_tokens"], "cost_usd": figures.dollars(step.call)}


def said(text: str, calls: list[dict[str, Any]]) -> str:
    """What a model said, its tool calls with it."""
    return "\n".join([text, *(json.dumps(call) for call in calls)]).strip()


def outcomes(large: list[Outcome], upstreams: Upstreams, figures: dict[str, Figures],
             tell: Callable[[int, int], None]) -> list[dict[str, Any]]:
    """The large model's steps, asked of the small one too. Steps that rest on a wrong result are left out.

    A step that several tasks have is one row, of the validation part where one of them is.
    """
    rows: dict[str, dict[str, Any]] = {}
    for number, outcome in enumerate(sorted(large, key=lambda outcome: split(outcome.task), reverse=True), 1):
        tell(number, len(large))
        subtasks = {subtask["id"]: subtask for subtask in outcome.task["subtasks"]}
        for step in outcome.steps:
            subtask = subtasks[step.subtask]
            if not all(outcome.right[name] for name in subtask["depends_on"]):
                continue
            is_read = any(message["role"] == "tool" for message in step.call.body["messages"])
            if is_read and not has_right_result(step, subtask):
                continue
            prompt = question(step.call)
            row = {"id": f"{outcome.task['id']}/{step.subtask}{'/read' if is_read else ''}", "suite": STEPS,
                   "dataset": outcome.task["kind"], "split": split(outcome.task), "prompt": prompt, "outcomes": {}}
            if tools := step.call.body.get("tools"):
                row["tools"] = tools
            if said_since := past(step.call.body["messages"]):
                row["history"] = said_since
            other = upstreams.ask("small", step.call.body)
            for name, call in (("large", step.call), ("small", other)):
                usage = call.answer["usage"]
                calls = [tool["function"] for tool in call.message.get("tool_calls") or []]
                text = call.message.get("content") or ""
                row["outcomes"][PROFILES[name]] = {
                    "score": float(step.is_right if name == "large" else is_right(text, calls, subtask, prompt)),
                    "input_tokens": usage["prompt_tokens"], "output_tokens": usage["completion_tokens"],
                    "cost_usd": figures[name].dollars(call), "latency_s": figures[name].seconds(call),
                    "output": said(text, calls)}
            rows.setdefault(json.dumps([prompt, row.get("tools"), is_read]), row)
    # Steps side by side end in any order; training looks at the order of rows.
    return sorted(rows.values(), key=lambda row: row["id"])


def as_good(rows: list[dict[str, Any]]) -> int:
    """The steps on which the small model's answer is at least as good as the large one's."""
    small, large = PROFILES["small"], PROFILES["large"]
    return sum(row["outcomes"][small]["score"] >= row["outcomes"][large]["score"] for row in rows)


def is_right(text: str, calls: list[dict[str, Any]], subtask: dict[str, Any], prompt: str) -> bool:
    if calls:
        return has_called([{"function": call} for call in calls], subtask)
    return grading.is_right(text, subtask["want"], prompt)


def has_right_result(step: Step, subtask: dict[str, Any]) -> bool:
    """Whether the tool gave what is needed: a reader of a wrong result cannot be right."""
    result = [message["content"] for message in step.call.body["messages"] if message["role"] == "tool"][-1]
    return any(grading.near(number, subtask["tool"]["returns"]) for number in grading.numbers(result))


def write(rows: list[dict[str, Any]], path: Path, *, all_fitted: bool = False) -> None:
    """Writes rows; those of the validation part too are to be fitted where all settings are chosen already."""
    if all_fitted:
        rows = [row | {"split": "train"} for row in rows]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
