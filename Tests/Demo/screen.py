"""What the demo prints: aligned, coloured on a terminal alone, long texts shortened."""

import os
import sys
import textwrap

IS_TERMINAL = sys.stdout.isatty()
HAS_COLOUR = IS_TERMINAL and "NO_COLOR" not in os.environ
WIDTH = 110
COLOURS = {"bold": "1", "dim": "2", "green": "32", "yellow": "33", "cyan": "36"}


def paint(text: str, colour: str) -> str:
    return f"\x1b[{COLOURS[colour]}m{text}\x1b[0m" if HAS_COLOUR else text


def say(text: str = "") -> None:
    print(("\r\x1b[K" if IS_TERMINAL else "") + text, flush=True)


def heading(text: str) -> None:
    say()
    say(paint(text, "bold"))


def waiting(text: str) -> None:
    """A line that the next one replaces; nothing where output goes to a file."""
    if IS_TERMINAL:
        print("\r\x1b[K" + paint(text[:WIDTH], "dim"), end="", flush=True)


def field(name: str, text: str, lines: int = 12, indent: int = 6) -> None:
    """A named text under a step, wrapped; a long one ends with how much was left out."""
    wrapped: list[str] = []
    for line in text.strip().splitlines() or [""]:
        pieces = textwrap.wrap(line, WIDTH - indent - 11, drop_whitespace=False, replace_whitespace=False)
        wrapped += [piece.rstrip() for piece in pieces] or [""]
    left_out = len(wrapped) - lines
    if left_out > 1:
        wrapped[lines:] = [paint(f"... and {left_out} lines more", "dim")]
    for number, line in enumerate(wrapped):
        say((" " * indent + paint((name if number == 0 else "").ljust(10), "dim") + " " + line).rstrip())


def amounts(name: str, figures: dict[str, float | None], note: str = "") -> str:
    """Money to the nano-USD, energy and time in columns."""
    cells = [f"{name:<31}"]
    for unit, form in [("cost_usd", "${:.9f}"), ("energy_j", "{:9.1f} J"), ("latency_s", "{:9.1f} s")]:
        value = figures.get(unit)
        text = form.format(value or 0)
        cells.append(text if value is not None else "-".rjust(len(text)))
    return (" ".join(cells) + "   " + note).rstrip()
