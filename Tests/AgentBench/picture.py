"""The bench's picture: accuracy against the share of steps that the small model did, legible on light and dark."""

from typing import Any

WIDTH, HEIGHT = 640, 420
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 44, 56
STYLE = """
:root { color-scheme: light dark }
text { fill: #222 } .axis { stroke: #888; fill: none } .grid { stroke: #8884; fill: none }
.alone { fill: #777 } .threshold { stroke: #c2410c; fill: none; stroke-width: 2 } .threshold-dot { fill: #c2410c }
.part { fill: none; stroke: #0b62c4; stroke-width: 1.5 } .hera { fill: #0b62c4 }
@media (prefers-color-scheme: dark) {
text { fill: #ddd } .alone { fill: #aaa } .threshold { stroke: #ff9d5c } .threshold-dot { fill: #ff9d5c }
.part { stroke: #6cb2ff } .hera { fill: #6cb2ff } }
"""


def draw(results: dict[str, Any]) -> str:
    rows = [results["small"], results["large"], results["hera"], *results["ablation"], *results["threshold"]]
    low = max(0, int(min(row["accuracy"] for row in rows) * 10) / 10)

    def x(row: dict[str, Any]) -> float:
        return LEFT + row["small_share"] * (WIDTH - LEFT - RIGHT)

    def height(accuracy: float) -> float:
        return TOP + (1 - accuracy) / (1 - low) * (HEIGHT - TOP - BOTTOM)

    def y(row: dict[str, Any]) -> float:
        return height(row["accuracy"])

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
             f'font-family="system-ui, sans-serif" font-size="12"><style>{STYLE}</style>',
             f'<text x="{LEFT}" y="20" font-weight="bold">Tasks that succeed, by share of steps on the small model</text>']
    for tenth in range(round(low * 10), 11):
        level = height(tenth / 10)
        parts.append(f'<path class="grid" d="M{LEFT} {level:.1f}H{WIDTH - RIGHT}"/>'
                     f'<text x="{LEFT - 8}" y="{level + 4:.1f}" text-anchor="end">{tenth * 10} %</text>')
    for quarter in range(5):
        place = x({"small_share": quarter / 4})
        parts.append(f'<text x="{place:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{quarter * 25} %</text>')
    parts.append(f'<path class="axis" d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}"/>')
    curve = sorted(results["threshold"], key=lambda row: (row["small_share"], -row["accuracy"]))
    line = "L".join(f"{x(row):.1f} {y(row):.1f}" for row in curve)
    parts.append(f'<path class="threshold" d="M{line}"/>')
    parts += [f'<circle class="threshold-dot" cx="{x(row):.1f}" cy="{y(row):.1f}" r="3"/>' for row in curve]
    for row in results["ablation"]:
        parts.append(f'<circle class="part" cx="{x(row):.1f}" cy="{y(row):.1f}" r="5"><title>{row["way"]}</title></circle>')
    hera = results["hera"]
    parts.append(f'<circle class="hera" cx="{x(hera):.1f}" cy="{y(hera):.1f}" r="6"/>'
                 f'<text x="{x(hera) + 10:.1f}" y="{y(hera) - 8:.1f}" font-weight="bold">HERA-N</text>')
    for name, anchor, shift in (("small", "end", -10), ("large", "start", 10)):
        row = results[name]
        parts.append(f'<circle class="alone" cx="{x(row):.1f}" cy="{y(row):.1f}" r="5"/>'
                     f'<text x="{x(row) + shift:.1f}" y="{y(row) - 8:.1f}" text-anchor="{anchor}">all {name}</text>')
    key = HEIGHT - 12
    parts.append(f'<circle class="threshold-dot" cx="{LEFT + 4}" cy="{key - 4}" r="3"/>'
                 f'<text x="{LEFT + 14}" y="{key}">one classifier and a threshold at every step</text>'
                 f'<circle class="part" cx="{LEFT + 300}" cy="{key - 4}" r="5"/>'
                 f'<text x="{LEFT + 312}" y="{key}">HERA-N with parts left out or added</text>')
    return "\n".join(parts) + "\n</svg>\n"
