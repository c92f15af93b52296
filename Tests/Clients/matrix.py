"""Runs every cell of the table of clients, compares the ledger with the model server's bill, and writes the table."""

import importlib.metadata
import sys
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/Demo"))

from cells import CLIENTS, FEATURES, Target  # noqa: E402
from scripted import ANSWER, PROMPT, ModelServer  # noqa: E402
from service import Service  # noqa: E402

KEYS = r".*_API_KEY|.*_BASE_URL|OPENAI_.*|ANTHROPIC_.*|[Hh][Tt][Tt][Pp][Ss]?_[Pp][Rr][Oo][Xx][Yy]"
TABLE = ROOT / "docs/reference/clients.md"
CATALOG = """
provider: scripted
base_url: http://127.0.0.1:{port}/v1
wire: {wire}
placement: cloud
models:
{models}
"""
MODEL = """
  - id: scripted/{name}
    upstream_name: {name}
    tier: medium
    context: 100000
    max_output: {most}
    capabilities: [{capabilities}]
    prices: {{input: 1, output: {output}, source: scripted, as_of: 2026-01-01}}
"""
ALL = "tools, structured_output, vision, pdf, reasoning, streaming"


def write_catalog(folder: Path, port: int) -> None:
    folder.mkdir()
    chat = MODEL.format(name="open", most=1000, capabilities=ALL, output=2)
    vectors = MODEL.format(name="vectors", most=1, capabilities="embeddings", output=0)
    claude = MODEL.format(name="claude", most=1000, capabilities=ALL, output=2)
    broken = MODEL.format(name="broken", most=1000, capabilities="streaming", output=2)
    (folder / "open.yaml").write_text(CATALOG.format(port=port, wire="openai", models=chat + vectors + broken))
    (folder / "claude.yaml").write_text(CATALOG.format(port=port, wire="anthropic", models=claude))


def run_cell(check: Any, target: Target) -> str | None:
    """The words of a failure; None for a pass."""
    try:
        check(target)
        return None
    except Exception as error:  # noqa: BLE001
        where = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} at {Path(where.filename).name}:{where.lineno}: {str(error)[:300]}"


def run_client(name: str, cells: dict[str, Any], port: int) -> dict[tuple[str, str], str | None]:
    results: dict[tuple[str, str], str | None] = {}
    for model in ("open", "claude"):
        target = Target(port=port, model=f"scripted/{model}", wire="openai" if model == "open" else "anthropic")
        for feature, check in cells.items():
            results[feature, model] = run_cell(check, target)
    return results


def write_table(results: dict[str, dict[tuple[str, str], str | None]], checks: int) -> None:
    lines = [
        "# Clients", "",
        "Real client libraries, unchanged but for their base URL, against scripted model servers of both dialects.",
        "`make clients` runs the checks and writes this page. `make test` runs them too, where PyPI can be reached.", "",
        "A cell names the models with which the check passes: **O** speaks OpenAI's chat format, **A** Anthropic's messages.",
        "An empty cell is a feature that the client does not have, or that is not checked.", "",
        "| client | version | " + " | ".join(FEATURES) + " |",
        "|---|---|" + "---|" * len(FEATURES),
    ]
    for name, (package, cells) in CLIENTS.items():
        row = []
        for feature in FEATURES:
            passed = [mark for model, mark in (("open", "O"), ("claude", "A"))
                      if feature in cells and results[name][feature, model] is None]
            row.append(" ".join(passed) if feature in cells else "")
        lines.append(f"| {name} | {package} {importlib.metadata.version(package)} | " + " | ".join(row) + " |")
    lines += ["", f"{checks} checks. After them the ledger's tokens equal the servers' own count.", ""]
    lines += ["| column | what is checked |", "|---|---|"]
    lines += [f"| {name} | {words} |" for name, words in FEATURES.items()]
    TABLE.write_text("\n".join(lines) + "\n")


def main() -> None:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hera-clients-") as name, ModelServer() as models:
        folder = Path(name)
        write_catalog(folder / "Catalog", models.port)
        (folder / "settings.yaml").write_text("usual_servers: false\nlimits: {abandoned: read, drain_s: 30}\n")
        options = ["--catalog", str(folder / "Catalog"), "--config", str(folder / "settings.yaml")]
        with Service(name, *options, without=KEYS) as service:
            with ThreadPoolExecutor(4) as pool:
                futures = {name: pool.submit(run_client, name, cells, service.port)
                           for name, (_, cells) in CLIENTS.items()}
                results = {name: future.result(timeout=1600) for name, future in futures.items()}
            failures = [f"{client}: {feature} on {model}: {words}" for client, cells in results.items()
                        for (feature, model), words in cells.items() if words]
            wrong = compare(service, models)
    checks = sum(len(cells) for cells in results.values())
    if not wrong:
        # The page says that the ledger equals the servers' count.
        write_table(results, checks)
    failures += wrong
    for line in failures:
        print(f"FAILED  {line}")
    print(f"clients: {checks} checks, {len(failures)} failed, {time.monotonic() - began:.0f} s")
    sys.exit(1 if failures else 0)


def compare(service: Service, models: ModelServer) -> list[str]:
    """The ledger's tokens by model beside the servers' own."""
    deadline = time.monotonic() + 90
    while True:
        rows = service.call("GET", "/v1/dashboard?group_by=model").json["rows"]
        seen = {row["model"].split("/")[1]: row for row in rows}
        wrong = []
        for name, calls in models.bill.calls.items():
            expected = (calls * PROMPT, models.bill.answers[name] * ANSWER)
            row = seen.get(name, {})
            found = (tokens(row, "input"), tokens(row, "output"))
            if found != expected:
                wrong.append(f"ledger: {name} has {found} tokens, and its server billed {expected}")
        if not wrong or time.monotonic() > deadline:
            return wrong
        time.sleep(0.2)


def tokens(row: dict[str, Any], kind: str) -> int:
    return int(row.get("tokens", {}).get(kind, 0))


if __name__ == "__main__":
    main()
