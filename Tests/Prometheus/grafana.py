"""Reads the exported dashboard with Grafana's own schema, on standard input; needs grafana-foundation-sdk.

What the schema does not know is lost on the way through its types, and what has another type is found by their hints.
"""

import enum
import json
import sys
import typing
from typing import Any

from grafana_foundation_sdk.cog import encoder, plugins
from grafana_foundation_sdk.models import dashboard, units


def lost(given: Any, kept: Any, path: str = "") -> list[str]:
    """Members that the schema does not know, or knows with another value."""
    if isinstance(given, dict) and isinstance(kept, dict):
        return [one for name, value in given.items()
                for one in (lost(value, kept[name], f"{path}/{name}") if name in kept else [f"{path}/{name}: unknown"])]
    if isinstance(given, list) and isinstance(kept, list) and len(given) == len(kept):
        return [one for number, pair in enumerate(zip(given, kept)) for one in lost(*pair, f"{path}/{number}")]
    return [] if given == kept else [f"{path}: {given!r} became {kept!r}"]


def fits(value: Any, hint: Any) -> bool:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint in (object, Any):
        return True
    if origin is typing.Union:
        return any(fits(value, one) for one in arguments)
    if origin is typing.Literal:
        return value in arguments
    if origin is list:
        return isinstance(value, list) and all(fits(one, arguments[0]) for one in value)
    if origin is dict:
        return isinstance(value, dict)
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return value in [one.value for one in hint]
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return not isinstance(hint, type) or (isinstance(value, hint) and not (hint is int and isinstance(value, bool)))


def mistyped(value: Any, path: str) -> list[str]:
    """Members of the schema's own objects whose values are of another type."""
    if isinstance(value, list):
        return [one for number, element in enumerate(value) for one in mistyped(element, f"{path}/{number}")]
    if not type(value).__module__.startswith("grafana_foundation_sdk") or isinstance(value, enum.Enum):
        return []
    hints = typing.get_type_hints(type(value))
    found = []
    for name, member in vars(value).items():
        if name in hints and not fits(member, hints[name]):
            found.append(f"{path}/{name}: {member!r} is no {hints[name]}")
        found += mistyped(member, f"{path}/{name}")
    return found


def laid_out(panels: list[Any]) -> list[str]:
    """Panels without an id of their own, outside the 24 columns, or over each other."""
    problems, taken = [], {}
    if len({panel.id_val for panel in panels}) < len(panels):
        problems.append("two panels have one id")
    for panel in panels:
        place = panel.grid_pos
        if place.x + place.w > 24:
            problems.append(f"{panel.title}: {place.x + place.w} columns")
        for cell in ((x, y) for x in range(place.x, place.x + place.w) for y in range(place.y, place.y + place.h)):
            if taken.setdefault(cell, panel.title) != panel.title:
                problems.append(f"{panel.title} lies over {taken[cell]}")
                break
    return problems


def main() -> None:
    plugins.register_default_plugins()
    given = json.load(sys.stdin)
    read = dashboard.Dashboard.from_json(given)
    kept = json.loads(json.dumps(read, cls=encoder.JSONEncoder))
    problems = lost(given, kept) + mistyped(read, "") + laid_out(read.panels)
    known = {value for name, value in vars(units).items() if isinstance(value, str) and not name.startswith("_")}
    for panel in given["panels"]:
        unit = panel.get("fieldConfig", {}).get("defaults", {}).get("unit")
        if unit and unit not in known:
            problems.append(f"{panel['title']}: no unit is called {unit}")
        if not panel.get("targets"):
            problems.append(f"{panel['title']}: it asks nothing")
    for problem in problems:
        print(f"FAILED  grafana: {problem}")
    print(f"grafana: {len(given['panels'])} panels, {len(problems)} problems")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
