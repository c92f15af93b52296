"""The bench's picture: accuracy against the share of steps that the small model did, legible on light and dark."""

from typing import Any

WIDTH, HEIGHT = 640, 420
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 44, 56
STYLE = """
:root { color-scheme: light dark }
text { fill: #222 } .axis { stroke: #888; fill: none } .grid { stroke: #8884; fill: none }
.alone { fill: #777 } .threshold { stroke: #c2410c; fill: none; stroke-width: 2 } .threshold-dot { fill: #c2410c }
.kappa { stroke: #0b62c4; fill: none; stroke-width: 2 } .kappa-dot { fill: #0b62c4 }
.part { fill: none; stroke: #0b62c4; stroke-width: 1.5 } .hera { fill: #0b62c4 }
@media (prefers-color-scheme: dark) {
text { fill: #ddd } .alone { fill: #aaa } .threshold { stroke: #ff9d5c } .threshold-dot { fill: #ff9d5c }
.kappa { stroke: #6cb2ff } .kappa-dot { fill: #6cb2ff } .part { stroke: #6cb2ff } .hera { fill: #6cb2ff } }
"""


def draw(results: dict[str, Any]) -> str:
    rows = [results["small"], results["large"], results["hera"], *results["kappa"], *results["ablation"],
            *results["threshold"]]
    low = max(0, int(min(row["accuracy"] for row in rows) * 10) / 10)

    def x(row: dict[str, Any]) -> float:
        return LEFT + row["small_share"] * (WIDTH - LEFT - RIGHT)

    def height(accuracy: float) -> float:
        return TOP + (1 - accuracy) / (1 - low) * (HEIGHT - TOP - BOTTOM)

    def y(row: dict[str, Any]) -> float:
        return height(row["accuracy"])

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
             f'font-family="system-ui, sans-serif" font-size="12"><style>{STYLE}</style>',
             f'<text x="{LEFT}" y="20" font-weight="bold">Jobs that succeed, by the small model\'s share of steps</text>']
    for tenth in range(round(low * 10), 11):
        level = height(tenth / 10)
        parts.append(f'<path class="grid" d="M{LEFT} {level:.1f}H{WIDTH - RIGHT}"/>'
                     f'<text x="{LEFT - 8}" y="{level + 4:.1f}" text-anchor="end">{tenth * 10} %</text>')
    for quarter in range(5):
        place = x({"small_share": quarter / 4})
        parts.append(f'<text x="{place:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{quarter * 25} %</text>')
    parts.append(f'<path class="axis" d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}"/>')
    for name in ("threshold", "kappa"):
        curve = sorted(results[name], key=lambda row: (row["small_share"], -row["accuracy"]))
        line = "L".join(f"{x(row):.1f} {y(row):.1f}" for row in curve)
        parts.append(f'<path class="{name}" d="M{line}"/>')
        parts += [f'<circle class="{name}-dot" cx="{x(row):.1f}" cy="{y(row):.1f}" r="3"/>' for row in curve]
    for row in results["ablation"]:
        parts.append(f'<circle class="part" cx="{x(row):.1f}" cy="{y(row):.1f}" r="5">'
                     f'<title>{row["way"]}</title></circle>')
    hera = results["hera"]
    parts.append(f'<circle class="hera" cx="{x(hera):.1f}" cy="{y(hera):.1f}" r="6"/>'
                 f'<text x="{x(hera) + 10:.1f}" y="{y(hera) - 8:.1f}" font-weight="bold">HERA-N</text>')
    for name, anchor, shift in (("small", "end", -10), ("large", "start", 10)):
        row = results[name]
        parts.append(f'<circle class="alone" cx="{x(row):.1f}" cy="{y(row):.1f}" r="5"/>'
                     f'<text x="{x(row) + shift:.1f}" y="{y(row) - 8:.1f}" text-anchor="{anchor}">all {name}</text>')
    key = HEIGHT - 12
    for place, mark, text in (
            (0, "threshold-dot", "one classifier, its threshold"), (190, "kappa-dot", "HERA-N, its kappa"),
            (330, "part", "HERA-N's parts at the published kappa")):
        parts.append(f'<circle class="{mark}" cx="{LEFT + place}" cy="{key - 4}" r="4"/>'
                     f'<text x="{LEFT + place + 10}" y="{key}">{text}</text>')
    return "\n".join(parts) + "\n</svg>\n"
