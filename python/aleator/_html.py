"""Tables and lines as HTML for notebooks, in the colours of the page, in light and dark mode."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

__all__ = ["Bar", "Table", "line", "log_shares", "number", "paragraph"]

_STYLE = """<style>
.aleator { border-collapse: collapse; font-variant-numeric: tabular-nums; color: inherit; background: transparent; }
.aleator th, .aleator td { padding: 0.2em 0.7em; text-align: right; border-bottom: 1px solid rgba(128, 128, 128, 0.3); }
.aleator th:first-child, .aleator td:first-child { text-align: left; }
.aleator .bar { display: inline-block; height: 0.7em; background: #4c78a8; vertical-align: baseline; }
.aleator .faded { opacity: 0.6; }
.aleator td.bars { text-align: left; }
@media (prefers-color-scheme: dark) { .aleator .bar { background: #7fb2e5; } }
</style>"""


def number(x: float | None) -> str:
    """A number to four digits; nothing for None."""
    return "" if x is None else f"{x:.4g}"


def paragraph(text: str) -> str:
    """A paragraph."""
    return f"<p>{escape(text)}</p>"


class Bar:
    """A bar in a cell of a table, of a share of its full length from 0 to 1."""

    def __init__(self, share: float) -> None:
        self.share = share

    def __str__(self) -> str:
        return f'<span class="bar" style="width: {8 * self.share:.2f}em"></span>'


class Table:
    """A table of texts and bars."""

    def __init__(self, head: Sequence[str]) -> None:
        cells = "".join(f"<th>{escape(cell)}</th>" for cell in head)
        self._parts = [_STYLE, f'<table class="aleator"><thead><tr>{cells}</tr></thead><tbody>']

    def add(self, row: Sequence[str | Bar], faded: bool = False) -> None:
        """Adds a row."""
        cells = "".join(f'<td class="bars">{c}</td>' if isinstance(c, Bar) else f"<td>{escape(c)}</td>" for c in row)
        self._parts.append(f'<tr class="faded">{cells}</tr>' if faded else f"<tr>{cells}</tr>")

    def __str__(self) -> str:
        return "".join([*self._parts, "</tbody></table>"])


def log_shares(values: Sequence[float | None]) -> list[float]:
    """The lengths of bars for the logarithms of some numbers; 0 where there is none."""
    logs = [math.log10(x) if x is not None and 0.0 < x < math.inf else None for x in values]
    known = [x for x in logs if x is not None]
    low, width = min(known, default=0.0), max(known, default=0.0) - min(known, default=0.0)

    def share(x: float | None) -> float:
        if x is None:
            return 0.0
        return 0.08 + 0.92 * (x - low) / width if width else 1.0

    return [share(x) for x in logs]


def line(points: Sequence[tuple[float, float]], label: str) -> str:
    """A line through the points that are finite; nothing if there are fewer than two."""
    finite = [(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y)]
    if len(finite) < 2:
        return ""
    xs, ys = zip(*finite)
    width, height = max(xs) - min(xs) or 1, max(ys) - min(ys) or 1
    at = " ".join(f"{300 * (x - min(xs)) / width:.1f},{60 - 60 * (y - min(ys)) / height:.1f}" for x, y in finite)
    return (
        f'<svg viewBox="-2 -2 304 64" width="304" height="64" role="img" aria-label="{escape(label)}">'
        f'<polyline points="{at}" fill="none" stroke="#5a8fc4" stroke-width="1.5"/></svg>'
    )
