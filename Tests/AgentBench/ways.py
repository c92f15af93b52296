"""The ways of routing that are compared, as policies of jobs."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plant import HYBRID, MODELS

#: What was chosen on the training tasks alone: `bench.py choose` writes it.
CHOSEN = Path(__file__).resolve().parent / "policy.json"
ALL_STAGES = ["urc", "sse", "sle", "cd", "sd"]
BOTH = {"models": {"allow": list(MODELS.values())}}


@dataclass(frozen=True)
class Way:
    name: str
    policy: dict[str, Any]
    #: Threshold of the baseline's classifier; None for ways of hera's.
    threshold: float | None = None


def alone(model: str) -> Way:
    return Way(f"all {model}", {"models": {"allow": [MODELS[model]]}})


def threshold(value: float) -> Way:
    return Way(f"threshold {value:.3f}", {"models": {"allow": [HYBRID]}}, value)


def hera(name: str, **changes: Any) -> Way:
    """HERA-N with the chosen policy, but for some of its fields."""
    return Way(name, BOTH | json.loads(CHOSEN.read_text())["policy"] | changes)


def ablation() -> list[Way]:
    """The paper's table of parts, and the cascade."""
    return [
        hera("full", stages=ALL_STAGES),
        hera("without SD", stages=["urc", "sse", "sle", "cd"]),
        hera("URC + SSE + SLE", stages=["urc", "sse", "sle"]),
        hera("URC + SSE", stages=["urc", "sse"]),
        hera("URC only", stages=["urc"]),
        hera("without URC", stages=["sse", "sle", "cd", "sd"]),
        hera("full, with verify", stages=ALL_STAGES, verify=True),
    ]
