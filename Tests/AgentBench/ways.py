"""The ways of routing that are compared, as policies of jobs."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plant import HYBRID, MODELS

#: What was chosen on the training tasks alone: `bench.py choose` writes it.
CHOSEN = Path(__file__).resolve().parent / "policy.json"
ALL_STAGES = ["urc", "sse", "sle", "cd", "sd"]
#: What profiles can be fitted to: single steps, or whole runs of each model too.
PROFILE_DATA = ["steps", "steps and runs"]
BOTH = {"models": {"allow": list(MODELS.values())}}


@dataclass(frozen=True)
class Way:
    name: str
    policy: dict[str, Any]
    #: Threshold of the baseline's classifier; None for ways of hera's.
    threshold: float | None = None


def profile_data() -> str:
    return json.loads(CHOSEN.read_text())["profiles"]


def verification(policy: dict[str, Any]) -> str:
    """What an answer needs to be kept, in words."""
    found = policy["verify"]
    return f"at least {found['threshold']}" if isinstance(found, dict) else "kappa" if found else "no"


def alone(model: str) -> Way:
    return Way(f"all {model}", {"models": {"allow": [MODELS[model]]}})


def threshold(value: float) -> Way:
    return Way(f"threshold {value:.3f}", {"models": {"allow": [HYBRID]}}, value)


def hera(name: str, **changes: Any) -> Way:
    """HERA-N with the chosen policy, but for some of its fields."""
    return Way(name, BOTH | json.loads(CHOSEN.read_text())["policy"] | changes)


def kappa(base: float) -> Way:
    chosen = json.loads(CHOSEN.read_text())["policy"]["kappa"]
    return hera(f"kappa from {base}", kappa=chosen | {"base": base}, request_threshold=base)


def ablation() -> list[Way]:
    """The paper's table of parts, and the cascade, at the published kappa and threshold (hera's defaults)."""
    parts = {
        "full": {"stages": ALL_STAGES, "decompose": {"by": "cheapest"}},
        "without SD": {"stages": ["urc", "sse", "sle", "cd"]},
        "URC + SSE + SLE": {"stages": ["urc", "sse", "sle"]},
        "URC + SSE": {"stages": ["urc", "sse"]},
        "URC only": {"stages": ["urc"]},
        "without URC": {"stages": ["sse", "sle", "cd", "sd"], "decompose": {"by": "cheapest"}},
        "full, with verify": {"stages": ALL_STAGES, "decompose": {"by": "cheapest"}, "verify": True},
    }
    return [Way(name, BOTH | policy) for name, policy in parts.items()]
