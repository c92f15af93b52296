#!/usr/bin/env python3
"""Counts what Sources may only get less of, and compares it with the committed ceilings (ceilings.json).

Usage: documented.py            fails where a count is above its ceiling
       documented.py --list     prints every place
       documented.py --accept   lowers the ceilings to the counts; never raises one

Counts `package` declarations without a `///` comment, initialisers and overrides left out, and comments with a word for a
person where the type or the service is meant.
"""
import collections
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CEILINGS = HERE / "ceilings.json"
ATTRIBUTE = re.compile(r"@\w+(\(.*?\))?\s*")
DECLARATION = re.compile(
    r"((nonisolated|static|final|mutating|indirect|lazy|override|weak)\s+)*package(\(set\))?\s+"
    r"((static|final|mutating|indirect|lazy|override|nonisolated|weak|consuming|private\(set\))\s+)*"
    r"(struct|class|enum|actor|protocol|typealias|func|var|let|subscript|case)\b")
WORDS = ("whoever", "nobody", "somebody", "whatever")


def undocumented(lines):
    """Line numbers of `package` declarations whose line above, apart from attributes, is no `///`."""
    text = False
    for number, line in enumerate(lines):
        if line.count('"""') % 2:
            text = not text
            continue
        declaration = ATTRIBUTE.sub("", line.strip())
        if text or not DECLARATION.match(declaration) or "override" in declaration.split("{")[0].split():
            continue
        above = number - 1
        while above >= 0 and lines[above].strip().startswith("@"):
            above -= 1
        if above < 0 or not lines[above].strip().startswith("///"):
            yield number


def comment(line):
    """The comment of a line, or nothing. Addresses and string literals with `//` are not comments."""
    bare = re.sub(r'"(\\.|[^"\\])*"', '""', line)
    start = bare.find("//")
    return bare[start:] if start >= 0 else ""


def places():
    """All places, as (name of the ceiling, path, line number, text)."""
    for path in sorted((ROOT / "Sources").rglob("*.swift")):
        lines = path.read_text().split("\n")
        name = path.relative_to(ROOT)
        for number in undocumented(lines):
            yield "undocumented `package` declarations", name, number + 1, lines[number].strip()
        for number, line in enumerate(lines):
            found = comment(line).lower()
            for word in WORDS:
                for _ in re.finditer(rf"\b{word}\b", found):
                    yield f"comments with `{word}`", name, number + 1, line.strip()


def main(arguments):
    found = list(places())
    if "--list" in arguments:
        for name, path, number, text in found:
            print(f"{path}:{number}: {name}: {text[:90]}")
        return 0
    counts = collections.Counter(name for name, *_ in found)
    ceilings = json.loads(CEILINGS.read_text()) if CEILINGS.exists() else dict(counts)
    names = sorted(set(ceilings) | set(counts))
    above = [name for name in names if counts[name] > ceilings.get(name, 0)]
    for name in above:
        print(f"{counts[name]} {name}, {ceilings.get(name, 0)} at most: `{HERE.name}/documented.py --list` prints them")
    if "--accept" in arguments:
        lowered = {name: min(counts[name], ceilings.get(name, 0)) for name in names}
        kept = {name: count for name, count in lowered.items() if count}
        CEILINGS.write_text(json.dumps(kept, indent=2, sort_keys=True) + "\n")
    else:
        for name in names:
            if counts[name] < ceilings.get(name, 0):
                print(f"note: {counts[name]} {name}, {ceilings[name]} allowed: lower it with `make lint-accept`")
    print(", ".join(f"{counts[name]} {name}" for name in names))
    return 1 if above else 0


sys.exit(main(sys.argv[1:]))
