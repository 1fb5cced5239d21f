"""Reports as HTML for notebooks: tables that follow the page's colours, in light and dark mode."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .reports import OptimizeReport, Report

__all__ = ["path", "report"]

_STYLE = """<style>
.aleator { border-collapse: collapse; font-variant-numeric: tabular-nums; color: inherit; background: transparent; }
.aleator th, .aleator td { padding: 0.2em 0.7em; text-align: right; border-bottom: 1px solid rgba(128, 128, 128, 0.3); }
.aleator th:first-child, .aleator td:first-child { text-align: left; }
.aleator .bar { display: inline-block; height: 0.7em; background: #4c78a8; vertical-align: baseline; }
.aleator .biased { opacity: 0.6; }
.aleator .bar-cell { text-align: left; min-width: 8em; }
@media (prefers-color-scheme: dark) { .aleator .bar { background: #7fb2e5; } }
</style>"""


def _number(x: float | None) -> str:
    return "" if x is None else f"{x:.4g}"


def _table(head: list[str], rows: list[tuple[str, list[str]]]) -> str:
    """Cells are HTML already."""
    out = [_STYLE, '<table class="aleator"><thead><tr>', *(f"<th>{cell}</th>" for cell in head), "</tr></thead><tbody>"]
    for kind, cells in rows:
        out += [f'<tr class="{kind}">', *(f"<td>{cell}</td>" for cell in cells), "</tr>"]
    return "".join([*out, "</tbody></table>"])


def _bar(share: float) -> str:
    return f'<span class="bar" style="width: {8 * share:.2f}em"></span>'


def report(r: Report) -> str:
    """A row for each estimator, with a bar for the logarithm of its variance."""
    logs = [math.log10(row.total_variance) for row in r.rows if _positive(row.total_variance)]
    low, high = (min(logs), max(logs)) if logs else (0.0, 0.0)

    def share(variance: Any) -> float:
        if not _positive(variance):
            return 0.0
        return 1.0 if high == low else 0.08 + 0.92 * (math.log10(variance) - low) / (high - low)

    # Gradients of one number are shown in full.
    single = [name for name, g in (r.rows[0].gradient.items() if r.rows else []) if g.mean.size == 1]
    head = ["estimator", *(f"∂/∂{escape(name)}" for name in single), "variance", "", "evaluations", "time"]
    rows = []
    for row in r.rows:
        name = escape(row.estimator) + (" ★" if row.estimator == r.best else "") + ("" if row.unbiased else " (biased)")
        cells = [name]
        for param in single:
            g = row.gradient[param]
            error = "" if g.std_error is None else f" ± {_number(float(g.std_error.ravel()[0]))}"
            cells.append(_number(float(g.mean.ravel()[0])) + error)
        time = f"{row.seconds_per_estimate:.2g} s"
        cells += [_number(row.total_variance), _bar(share(row.total_variance)), str(row.evaluations), time]
        rows.append(("" if row.unbiased else "biased", cells))
    exact = r.exact
    if exact.method is not None and exact.gradient is not None:
        values = [_number(float(exact.gradient[param].ravel()[0])) for param in single]
        rows.append(("", [f"<i>exact ({escape(exact.method)})</i>", *values, "", "", "", ""]))
    notes = "".join(f"<p>{escape(note)}</p>" for note in r.warnings)
    return _table(head, rows) + notes


def _positive(x: float | None) -> bool:
    return x is not None and 0.0 < x < math.inf


def path(r: OptimizeReport) -> str:
    """The final parameters, and a line of the objective."""
    rows = [("", [escape(name), escape(str(value))]) for name, value in r.params.items()]
    points = [(p["step"], p["objective"]) for p in r.history if math.isfinite(p["objective"])]
    line = ""
    if len(points) > 1:
        xs, ys = [p[0] for p in points], [p[1] for p in points]
        width, height = max(xs) - min(xs) or 1, max(ys) - min(ys) or 1
        at = " ".join(f"{300 * (x - min(xs)) / width:.1f},{60 - 60 * (y - min(ys)) / height:.1f}" for x, y in points)
        line = (
            '<svg viewBox="-2 -2 304 64" width="304" height="64" role="img" aria-label="objective along the path">'
            f'<polyline points="{at}" fill="none" stroke="#4c78a8" stroke-width="1.5"/></svg>'
        )
    final = _number(r.history[-1]["objective"])
    return _table([f"parameter after {r.steps} steps", "value"], rows) + f"<p>objective {final}</p>{line}"
