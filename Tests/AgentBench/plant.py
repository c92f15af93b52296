"""The bench's catalog and service: two real models and the baseline, all behind the cache of answers."""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "Demo"))
from service import Service, ServiceError  # noqa: E402

from answers import Call, Upstreams

MODELS = {"small": "local/smollm2-135m", "large": "local/qwen2.5-coder-1.5b"}
#: What profiles call them, and the traces that train them.
PROFILES = {"small": "smollm2-135m", "large": "qwen2.5-coder-1.5b"}
HYBRID = "bench/hybrid"
MOST_TOKENS = 112
USD_PER_KWH = 0.15
JOULES_PER_KWH = 3.6e6


@dataclass(frozen=True)
class Figures:
    """What a model takes on the operator's hardware, as the shipped catalog says.

    Prompts count as read from the beginning: what a server has in its cache depends on what it was asked before, and
    the ways share their answers.
    """

    prefill_joules: float
    decode_joules: float
    prefill_tokens_per_second: float
    decode_tokens_per_second: float
    nano_usd_per_busy_second: float

    @staticmethod
    def of(name: str) -> "Figures":
        text = (ROOT / "Catalog" / "edge.yaml").read_text()
        block = text.split(f"- id: {MODELS[name]}\n")[1].split("- id: ")[0]
        rate = re.search(r"nano_usd_per_busy_s: (\d+)", text)

        def read(field: str) -> float:
            return float(re.search(rf"{field}: ([\d.]+)", block)[1])
        return Figures(
            read("prefill_j_per_token"), read("decode_j_per_token"), read("prefill_tokens_per_s"),
            read("decode_tokens_per_s"), float(rate[1]))

    def joules(self, call: Call) -> float:
        usage = call.answer["usage"]
        return usage["prompt_tokens"] * self.prefill_joules + usage["completion_tokens"] * self.decode_joules

    def seconds(self, call: Call) -> float:
        """What the call takes on a core of its own, by the measured speed."""
        usage = call.answer["usage"]
        return (usage["prompt_tokens"] / self.prefill_tokens_per_second
                + usage["completion_tokens"] / self.decode_tokens_per_second)

    def dollars(self, call: Call) -> float:
        """Electricity and the hardware's share."""
        return (self.joules(call) / JOULES_PER_KWH * USD_PER_KWH
                + self.seconds(call) * self.nano_usd_per_busy_second * 1e-9)


def catalog(folder: Path, upstreams: Upstreams) -> Path:
    """The shipped catalog's entries of the two models with the cache in front, and the baseline as a third model.

    Prompts are said to be read from the beginning at every call, as the figures count them. The small model is said to
    know tools, which the shipped catalog denies: whether it can be trusted with one is for
    the routers to find out.
    """
    text = (ROOT / "Catalog" / "edge.yaml").read_text()
    head, _, rest = text.partition("models:\n")
    blocks = {name: rest.split(f"  - id: {MODELS[name]}\n")[1].split("  - id: ")[0].split("\n\n  # ---")[0]
              for name in MODELS}
    blocks["hybrid"] = blocks["large"]
    entries = []
    for name, block in blocks.items():
        block = re.sub(r" *profile: .*\n", "", block)
        block = re.sub(r"aliases: .*", f"profile: {PROFILES.get(name, name)}", block)
        block = re.sub(r"base_url: .*", f"base_url: {upstreams.base}/{name}/v1", block)
        block = re.sub(r"upstream_name: .*", f"upstream_name: {name}", block)
        block = re.sub(r"max_output: .*", f"max_output: {MOST_TOKENS}", block)
        block = re.sub(r"capabilities: .*", "capabilities: [tools, structured_output, streaming]", block)
        block = re.sub(r"( *)slots: ", r"\1prompt_cache: none\n\1slots: ", block)
        if name == "hybrid":
            block = re.sub(r"prices: .*", "prices: *free", block)
        entries.append(f"  - id: {MODELS.get(name, HYBRID)}\n{block.rstrip()}\n")
    made = folder / "Catalog"
    made.mkdir(exist_ok=True)
    (made / "bench.yaml").write_text(f"placement: edge\nwire: openai\n\nmodels:\n{''.join(entries)}")
    return made


def serve(folder: Path, upstreams: Upstreams, profiles: Path) -> Service:
    """`hera serve` on the bench's catalog. Keys in the environment are left out: nobody else shall answer."""
    return Service(str(folder), "--catalog", str(catalog(folder, upstreams)), "--profiles", str(profiles),
                   without=r".*_API_KEY|HERA_.*|DATABASE_URL")


def start_models() -> dict[str, str]:
    """Fetches and starts the demo's model servers; their URLs by name, empty for one that cannot be had."""
    demo = HERE.parent / "Demo"
    for command in ([demo / "models.sh"], [demo / "servers.sh", "start"]):
        subprocess.run(command, check=True, stdout=sys.stderr)
    from os import environ
    cache = Path(environ.get("HERA_CACHE", Path.home() / ".cache" / "hera"))
    found = dict(line.split("=", 1) for line in (cache / "servers.env").read_text().splitlines())
    return {"small": found.get("HERA_SMALL_URL", ""), "large": found.get("HERA_LARGE_URL", "")}
