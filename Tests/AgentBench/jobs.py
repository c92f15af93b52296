"""Gives tasks to a running hera as jobs, runs their tools, and grades what comes back."""

import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Demo"))
from service import Service, ServiceError  # noqa: E402

import grading
import tasks
from answers import Call, Upstreams
from material import SHOP

LOOKUP = {
    "type": "function",
    "function": {
        "name": "lookup", "description": "Looks one thing up in the shop's table.",
        "parameters": {
            "type": "object",
            "properties": {
                "item": {"type": "string", "description": "the item's name, for example sofa"},
                "field": {"type": "string", "enum": ["price", "stock", "aisle"]}},
            "required": ["item", "field"]}},
}
TOOLS = {"lookup": LOOKUP, "calculator": {"type": "calculator"}}
TABLE = {row[0]: dict(zip(("price", "stock", "aisle"), row[1:])) for part in SHOP.values() for row in part}
ATTEMPTS = 5
HANGS_AFTER = 6.0


@dataclass
class Step:
    """One step of a job, with the call that answered it."""

    subtask: str
    document: dict[str, Any]
    #: None where several calls made the answer (parts).
    call: Call | None
    #: Whether it gave what it had to: the right tool call, or the right answer; None where that cannot be said.
    is_right: bool | None = None


@dataclass
class Outcome:
    """What came of one task under one way."""

    task: dict[str, Any]
    #: By subtask: whether what was wanted came out.
    right: dict[str, bool]
    steps: list[Step] = field(default_factory=list)
    #: All calls that were paid for, also those whose answers were not kept.
    calls: list[Call] = field(default_factory=list)
    document: dict[str, Any] = field(default_factory=dict)

    @property
    def succeeded(self) -> bool:
        needed = {name for subtask in self.task["subtasks"] for name in subtask["depends_on"]}
        return all(right for name, right in self.right.items() if name not in needed)


def lookup(arguments: str) -> str:
    try:
        asked = json.loads(arguments)
        item, name = str(asked["item"]).lower().strip(), str(asked["field"]).lower()
    except (ValueError, KeyError, TypeError):
        return 'error: send {"item": "sofa", "field": "price"}'
    row = TABLE.get(item) or TABLE.get(item.removesuffix("s")) or {}
    return str(row[name]) if name in row else f"error: there is no {name} of '{item}'"


def specification(task: dict[str, Any], policy: dict[str, Any]) -> dict[str, Any]:
    return {
        "agent": {"instructions": task["instructions"], "tools": [TOOLS[name] for name in task["tools"]],
                  "max_steps": task["max_steps"]},
        "subtasks": [{name: subtask[name] for name in ("id", "prompt", "depends_on")} for subtask in task["subtasks"]],
        "policy": policy, "metadata": {"task": task["id"]},
    }


def run(service: Service, upstreams: Upstreams, task: dict[str, Any], policy: dict[str, Any]) -> Outcome:
    """Runs a task to its end; a job that fails is a task that fails, one that hangs is started again."""
    for _ in range(ATTEMPTS):
        upstreams.calls.clear()
        if job := finished(service, upstreams, specification(task, policy)):
            return graded(task, job, list(upstreams.calls))
        print(f"bench: {task['id']} hung and is started again", file=sys.stderr)
    raise ServiceError(f"{task['id']} hung {ATTEMPTS} times")


def finished(service: Service, upstreams: Upstreams, spec: dict[str, Any]) -> dict[str, Any] | None:
    """The job at its end; None when nothing has happened to it for a while though no model is being waited for."""
    reply = service.call("POST", "/v1/jobs", spec)
    if reply.status != 201:
        raise ServiceError(f"{spec['metadata']} was not taken: {reply.status} {reply.body.decode(errors='replace')}")
    path = f"/v1/jobs/{reply.json['id']}"
    pause, steps, moved = 0.002, -1, time.monotonic()
    while True:
        job = service.call("GET", path).json
        done = {step["subtask"] for step in job["steps"] if not step["tool_calls"]}
        if job["status"] in ("completed", "failed", "cancelled") or len(done) == len(spec["subtasks"]):
            return job
        if len(job["steps"]) > steps or upstreams.open:
            steps, moved = len(job["steps"]), time.monotonic()
        if time.monotonic() - moved > HANGS_AFTER:
            service.call("POST", f"{path}/cancel")
            return None
        if job["status"] == "requires_action":
            calls = pending(job)
            outputs = [{"tool_call_id": call["id"], "output": lookup(call["function"]["arguments"])} for call in calls]
            service.call("POST", f"{path}/tool_outputs", {"tool_outputs": outputs})
        time.sleep(pause)
        pause = min(pause * 1.5, 0.2)


def pending(job: dict[str, Any]) -> list[dict[str, Any]]:
    action = job.get("required_action") or {}
    return action.get("submit_tool_outputs", action).get("tool_calls", [])


def graded(task: dict[str, Any], job: dict[str, Any], calls: list[Call]) -> Outcome:
    subtasks = {subtask["id"]: subtask for subtask in task["subtasks"]}
    outcome = Outcome(task, {name: False for name in subtasks}, calls=calls, document=job)
    left = list(calls)
    for document in job["steps"]:
        subtask = subtasks[document["subtask"]]
        call = taken(left, document)
        step = Step(document["subtask"], document, call)
        if document["tool_calls"]:
            step.is_right = has_called(document["tool_calls"], subtask)
        else:
            step.is_right = grading.is_right(document["output"], subtask["want"], asked(subtask, call))
            outcome.right[subtask["id"]] = step.is_right
        outcome.steps.append(step)
    return outcome


def asked(subtask: dict[str, Any], call: Call | None) -> str:
    return question(call) if call else subtask["prompt"]


def question(call: Call) -> str:
    return next(message["content"] for message in reversed(call.body["messages"]) if message["role"] == "user")


def past(messages: list[dict[str, Any]]) -> str:
    """What was said, called and came back since the user's request, as hera reads it of a chat call."""
    last = max(index for index, message in enumerate(messages) if message["role"] == "user")
    parts: list[str] = []
    for message in messages[last + 1:]:
        calls = [json.dumps(call["function"]) for call in message.get("tool_calls") or []]
        parts += [message["content"]] if message.get("content") else [] if calls else [""]
        parts += calls
    return "\n".join(parts)


def taken(calls: list[Call], document: dict[str, Any]) -> Call | None:
    """The call that answered a step, taken out of the list: the first with the same text and tools."""
    wanted = document["output"], [call["function"]["arguments"] for call in document["tool_calls"]]
    for call in calls:
        said = call.message.get("content") or ""
        made = [tool["function"]["arguments"] for tool in call.message.get("tool_calls") or []]
        if said == wanted[0] and (made == wanted[1] or not made):
            calls.remove(call)
            return call
    return None


def has_called(calls: list[dict[str, Any]], subtask: dict[str, Any]) -> bool:
    """Whether a tool was called with arguments that give the result that is needed."""
    tool = subtask.get("tool")
    if not tool:
        return False
    for call in calls:
        name, arguments = call["function"]["name"], call["function"]["arguments"]
        if name != tool["name"]:
            continue
        try:
            result = float(lookup(arguments)) if name == "lookup" else tasks.value(json.loads(arguments)["expression"])
        except (ValueError, SyntaxError, KeyError, TypeError, ZeroDivisionError):
            continue
        if grading.near(float(result), tool["returns"]):
            return True
    return False
