"""What the commands `grad`, `compare`, `certify`, `hessian`, `optimize` print, and the exact answer, as objects."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _html
from .errors import UnknownNameError
from ._estimator import Estimator, via_text

__all__ = [
    "Certificate",
    "CertifiedPlan",
    "Exact",
    "GradientEstimate",
    "HessianReport",
    "OptimizeReport",
    "Report",
    "Row",
    "SecondEstimate",
]

_WORDS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}

Array = NDArray[np.float64]


def _number(x: Any) -> float | None:
    return None if x is None else float(_WORDS.get(x, x) if isinstance(x, str) else x)


def _array(values: Any, shape: Sequence[int]) -> Array | None:
    """An array of flat values of a report; an element that does not exist is NaN."""
    if values is None:
        return None
    numbers = [math.nan if x is None else _number(x) for x in values]
    return np.array(numbers, dtype=np.float64).reshape(shape)


class _FromDict:
    """Shown by its text, equal to what has the same dictionary."""

    _dict: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """The same as nested dictionaries and lists, as ``--json`` of the command writes it."""
        copy: dict[str, Any] = json.loads(json.dumps(self._dict))
        return copy

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._dict == other._dict

    __hash__ = None  # type: ignore[assignment]


class Exact(_FromDict):
    """The exact answer.

    Attributes
    ----------
    method : {"enumeration", "quadrature", None}
        None where there is no exact answer.
    objective : float or None
    gradient : dict of str to numpy.ndarray, or None
    reason : str or None
        Why there is none, where one could be expected.
    """

    def __init__(self, data: dict[str, Any], reason: str | None = None) -> None:
        self._dict, self.reason = data, reason
        self.method: str | None = data["method"]
        self.objective: float | None = _number(data["objective"])
        self.gradient: dict[str, Array] | None = None
        if self.method is not None:
            self.gradient = {n: _array(t["values"], t["shape"]) for n, t in data["gradient"].items()}  # type: ignore[misc]

    def __repr__(self) -> str:
        if self.method is None:
            return f"Exact(method=None{f', reason={self.reason!r}' if self.reason else ''})"
        return f"Exact(method={self.method!r}, objective={self.objective!r}, gradient={self.gradient!r})"


class CertifiedIdentity(_FromDict):
    """What is known of a statement that must hold without a tolerance.

    Attributes
    ----------
    identity : {"score", "constant", "cone", "threads", "training"}
        The mean of the score is 0; a constant in the costs leaves the mean; a cost that no site reaches changes no bit; one, two and three
        threads compute the same bits; the mean is the gradient at the state that training reaches.
    of : str
        The site or the plan.
    verdict : {"proved", "certified", "undecided", "refuted"}
    method : {"enumeration", "quadrature", "sampling", "bits", "none"}
    deviation : float
        The largest relative deviation that is found or not excluded.
    why : str or None
        Why it is refuted or undecided.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        self._dict = data
        self.identity: str = data["identity"]
        self.of: str = data["of"]
        self.verdict: str = data["verdict"]
        self.method: str = data["method"]
        deviation = _number(data["deviation"])
        self.deviation: float = math.inf if deviation is None else deviation
        self.why: str | None = data["why"]

    def __repr__(self) -> str:
        return f"CertifiedIdentity({self.identity!r}, {self.of!r}, {self.verdict!r})"


class CertifiedPlan(_FromDict):
    """What is known of the bias of one plan.

    Attributes
    ----------
    estimator : str
    plan : dict of str to str
        Site to estimator with its options.
    samples : int
    verdict : {"proved", "certified", "undecided", "refuted"}
    method : {"enumeration", "quadrature", "sampling"}
        How the mean of the estimate is known.
    reference : str
        What the mean is compared with.
    replicates : int
        The number of sampled estimates; 0 for a proof.
    bias : dict of str to numpy.ndarray
        By parameter, an interval that holds the bias of each element, of shape ``[n, 2]``.
    identities : list of CertifiedIdentity
        What must hold of the plan besides its mean.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        self._dict = data
        self.estimator: str = data["estimator"]
        self.plan: dict[str, str] = dict(data["plan"])
        self.samples: int = data["samples"]
        self.verdict: str = data["verdict"]
        self.method: str = data["method"]
        self.reference: str = data["reference"]
        self.replicates: int = data["replicates"]
        self.bias: dict[str, Array] = {
            name: np.array([[_number(x) for x in c["bias"]] for c in elements], dtype=np.float64).reshape(-1, 2)
            for name, elements in data["gradient"].items()
        }
        self.identities: list[CertifiedIdentity] = [CertifiedIdentity(i) for i in data["identities"]]

    def __repr__(self) -> str:
        return f"CertifiedPlan({self.estimator!r}, {self.verdict!r}, method={self.method!r})"


class Certificate(_FromDict):
    """What `certify` found; iterating gives its plans.

    Attributes
    ----------
    verdict : {"proved", "certified", "undecided", "refuted"}
        The worst verdict of a plan.
    refuted : list of str
        The names of the estimators that are refuted.
    bias_bound : float
        The largest bias that is not excluded, relative to the scale of the gradient, over all plans and elements.
    plans : list of CertifiedPlan
    identities : list of CertifiedIdentity
        What must hold of the graph, whatever the plan.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        self._dict = data
        self.verdict: str = data["verdict"]
        self.refuted: list[str] = list(data["refuted"])
        largest = _number(data["largest_bias"])
        self.bias_bound: float = math.inf if largest is None else largest
        self.plans: list[CertifiedPlan] = [CertifiedPlan(plan) for plan in data["plans"]]
        self.identities: list[CertifiedIdentity] = [CertifiedIdentity(i) for i in data["identities"]]

    def __iter__(self) -> Iterator[CertifiedPlan]:
        return iter(self.plans)

    def __len__(self) -> int:
        return len(self.plans)

    def __repr__(self) -> str:
        return f"Certificate({self.verdict!r}, bias_bound={self.bias_bound:.3g}, plans={self.plans!r})"


class GradientEstimate(_FromDict):
    """The gradient of one parameter in a row of a report; arrays have the parameter's shape.

    Attributes
    ----------
    mean : numpy.ndarray
        The mean over the replicates.
    std_error : numpy.ndarray or None
        The standard error of the mean; None for a single replicate.
    variance : numpy.ndarray or None
        The sample variance of one estimate.
    exact : numpy.ndarray or None
        The exact gradient, where it is known.
    z : numpy.ndarray or None
        ``(mean - exact) / std_error``; NaN where the standard error is 0.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        self._dict = data
        shape = data["shape"]
        self.shape: tuple[int, ...] = tuple(shape)
        self.mean: Array = _array(data["mean"], shape)  # type: ignore[assignment]
        self.std_error = _array(data["std_error"], shape)
        self.variance = _array(data["variance"], shape)
        self.exact = _array(data["exact"], shape)
        self.z = _array(data["z"], shape)

    def __repr__(self) -> str:
        return f"GradientEstimate(mean={self.mean!r}, std_error={self.std_error!r})"


class Row(_FromDict):
    """What one estimator gave.

    Attributes
    ----------
    estimator : str
        Its name; the names of several joined by `` + ``.
    plan : dict of str to str
        Site to estimator with its options.
    samples : int
    unbiased : bool
    objective, objective_std_error : float or None
    gradient : dict of str to GradientEstimate
    total_variance : float or None
        The sum of the variances of all elements of the gradient.
    total_variance_std_error : float or None
        The standard error of `total_variance`.
    evaluations : int
        Evaluations of the costs in one estimate.
    seconds_per_estimate : float
        The median over rounds in which all estimators had a turn.
    seconds_spread : float or None
        The robust standard deviation of `seconds_per_estimate` over the rounds.
    work_normalised_variance : float or None
        ``total_variance * seconds_per_estimate``.
    own_params : dict of str to numpy.ndarray
        The estimators' own parameters that were used.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        self._dict = data
        self.estimator: str = data["estimator"]
        self.plan: dict[str, str] = dict(data["plan"])
        self.samples: int = data["samples"]
        self.unbiased: bool = data["unbiased"]
        self.objective = _number(data["objective"]["mean"])
        self.objective_std_error = _number(data["objective"]["std_error"])
        self.gradient = {name: GradientEstimate(g) for name, g in data["gradient"].items()}
        self.total_variance = _number(data["total_variance"])
        self.total_variance_std_error = _number(data["total_variance_std_error"])
        self.evaluations: int = data["evaluations"]
        self.seconds_per_estimate = _number(data["seconds_per_estimate"])
        self.seconds_spread = _number(data["seconds_spread"])
        self.work_normalised_variance = _number(data["work_normalised_variance"])
        own = data.get("own_parameters", {})
        self.own_params = {name: _array(t["values"], t["shape"]) for name, t in own.items()}

    @property
    def label(self) -> str:
        """The estimator with its options, or ``site: estimator`` for each site where they differ."""
        if len(set(self.plan.values())) < 2:
            return next(iter(self.plan.values()), self.estimator)
        return ", ".join(f"{site}: {estimator}" for site, estimator in self.plan.items())

    def __repr__(self) -> str:
        bias = "unbiased" if self.unbiased else "biased"
        return f"<Row {self.label}: objective {self.objective:.6g}, {bias}, variance {self.total_variance}>"


class Report(_FromDict):
    """The answer of `grad` and `compare`; iterating gives its rows.

    Attributes
    ----------
    rows : list of Row
    best : str or None
        The unbiased estimator with the smallest variance times computing time; None if there is none, or if all are the same.
    ties : list of str
        Estimators that are as good as the best one, as far as the measurement can tell.
    all_same : bool
        Whether all estimators are the same, because the distribution of no site depends on a parameter.
    exact : Exact
    skipped : dict of str to str
        Estimators that could not run, and why.
    warnings : list of str
    seed, samples, replicates, tune : int
    """

    def __init__(self, data: dict[str, Any], notes: Sequence[str] = ()) -> None:
        self._dict, self.warnings = data, list(notes)
        self.rows = [Row(row) for row in data["results"]]
        self.best: str | None = data["best"]
        self.ties: list[str] = list(data["ties"])
        self.all_same: bool = data["all_same"]
        self.exact = Exact(data["exact"])
        self.skipped = {skipped["estimator"]: skipped["reason"] for skipped in data["skipped"]}
        self.seed: int = data["seed"]
        self.samples: int = data["samples"]
        self.replicates: int = data["replicates"]
        self.tune: int = data["tune"]

    @property
    def best_row(self) -> Row | None:
        """The row of `best`: several rows may have its name, with different options."""
        rows = [row for row in self.rows if row.unbiased and row.estimator == self.best]
        return min(rows, key=lambda row: math.inf if row.work_normalised_variance is None else row.work_normalised_variance, default=None)

    @property
    def tied_rows(self) -> list[Row]:
        """The rows of `ties`."""

        def name(row: Row) -> str:
            alone = sum(other.estimator == row.estimator for other in self.rows) < 2
            return row.estimator if alone else " + ".join(dict.fromkeys(row.plan.values()))

        return [row for row in self.rows if row.unbiased and row is not self.best_row and name(row) in self.ties]

    def _name(self, row: Row) -> str:
        """The label of a row, with what follows for it."""
        star, tied = "★ " if row is self.best_row else "", " (tied with ★)" if row in self.tied_rows else ""
        return star + row.label + tied + ("" if row.unbiased else " (biased)")

    def _verdict(self) -> str | None:
        """Why no row is best, if all are the same."""
        if not self.all_same:
            return None
        return (
            "no cost depends on a site whose distribution depends on a parameter: "
            "all estimators are the same, and none is best"
        )

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __contains__(self, name: object) -> bool:
        return any(name == row.estimator or name in row.plan.values() for row in self.rows)

    def __getitem__(self, key: int | str | Estimator) -> Row:
        if isinstance(key, int):
            return self.rows[key]
        name = via_text(key)
        for row in self.rows:
            if row.estimator == name:
                return row
        for row in self.rows:
            if name in row.plan.values():
                return row
        if name in self.skipped:
            raise UnknownNameError(f"`{name}` has no row: {self.skipped[name]}")
        known = ", ".join(row.estimator for row in self.rows)
        raise UnknownNameError(f"no row is called `{name}`; there are {known}")

    def to_pandas(self) -> Any:
        """A `pandas.DataFrame` with a line for each row, parameter and element of the gradient. Needs pandas."""
        return _frame(
            {
                "estimator": row.estimator,
                "unbiased": row.unbiased,
                "samples": row.samples,
                "parameter": name,
                "element": index,
                "mean": g.mean[index],
                "std_error": None if g.std_error is None else g.std_error[index],
                "variance": None if g.variance is None else g.variance[index],
                "exact": None if g.exact is None else g.exact[index],
                "z": None if g.z is None else g.z[index],
                "total_variance": row.total_variance,
                "evaluations": row.evaluations,
                "seconds_per_estimate": row.seconds_per_estimate,
                "work_normalised_variance": row.work_normalised_variance,
            }
            for row in self.rows
            for name, g in row.gradient.items()
            for index in np.ndindex(g.shape)
        )

    def plot(self, ax: Any = None) -> Any:
        """Draws the variance of each row with matplotlib, with intervals of two standard errors. Biased rows are hollow.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            By default those of a new figure.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        ImportError
            Without matplotlib.
        """
        if ax is None:
            ax = _matplotlib().subplots()[1]
        rows = [row for row in self.rows if row.total_variance is not None]
        places = range(len(rows))
        ax.set_yticks(places, [self._name(row) for row in rows])
        if any(row.total_variance for row in rows):
            ax.set_xscale("log")
        for place, row in zip(places, rows):
            variance, error = row.total_variance or 0.0, row.total_variance_std_error
            color, marker, face = ("#4c78a8", "o", "#4c78a8") if row.unbiased else ("#b55a0a", "s", "none")
            if not variance:
                # A logarithm has no place for it: it stands at the edge.
                ax.plot([0], [place], marker, color=color, mfc=face, transform=ax.get_yaxis_transform(), clip_on=False)
                ax.annotate("0", (0.02, place), xycoords=("axes fraction", "data"), va="center", color=color)
                continue
            if error is not None and 0 < error < math.inf:
                # Two standard errors, symmetric in the logarithm.
                factor = math.exp(min(2 * error / variance, 100))
                ax.plot([variance / factor, variance * factor], [place, place], "-|", color=color)
            ax.plot([variance], [place], marker, color=color, mfc=face)
        ax.set_ylim(len(rows) - 0.5, -0.5)
        ax.spines[["top", "right"]].set_visible(False)
        ax.set_xlabel("variance of one estimate" + ("" if all(row.unbiased for row in rows) else " (hollow: biased)"))
        return ax

    def _repr_html_(self) -> str:
        """A row for each estimator, with a bar for the logarithm of its variance."""
        # Gradients of one number are shown in full.
        single = [name for name, g in self.rows[0].gradient.items() if g.mean.size == 1] if self.rows else []
        share = _html.log_shares([row.total_variance for row in self.rows])
        head = ["estimator", *(f"∂/∂{name}" for name in single), "variance", "", "evaluations", "time"]
        table = _html.Table(head)
        for row, part in zip(self.rows, share):
            gradients = [_with_error(row.gradient[param]) for param in single]
            cells: list[str | _html.Bar] = [self._name(row), *gradients, _html.number(row.total_variance), _html.Bar(part), str(row.evaluations)]
            table.add([*cells, _seconds(row.seconds_per_estimate, row.seconds_spread)], faded=not row.unbiased)
        if self.exact.gradient is not None and single:
            values = [_html.number(self.exact.gradient[param].item()) for param in single]
            table.add([f"exact ({self.exact.method})", *values, "", "", "", ""])
        verdict = self._verdict()
        return str(table) + "".join(map(_html.paragraph, [*([verdict] if verdict else []), *self.warnings]))

    def __repr__(self) -> str:
        tied = self.tied_rows
        marks = ["" if row.unbiased else " (biased)" for row in self.rows]
        names = [row.label + (" (tied with ★)" if row in tied else mark) for row, mark in zip(self.rows, marks)]
        width, best = max(map(len, names), default=0), self.best_row
        lines = [f"  {'estimator':{width}}{'variance':>12}{'evaluations':>13}{'s / estimate':>14}"]
        for row, name in zip(self.rows, names):
            star = "★ " if row is best else "  "
            variance = "" if row.total_variance is None else f"{row.total_variance:.4g}"
            lines.append(f"{star}{name:{width}}{variance:>12}{row.evaluations:>13}{row.seconds_per_estimate:>14.3g}")
        lines += [verdict] if (verdict := self._verdict()) else []
        return "\n".join(lines)


class SecondEstimate(_FromDict):
    """A block of second derivatives.

    Attributes
    ----------
    mean : numpy.ndarray
        The mean over the replicates: in a Hessian of the shape of the one parameter followed by that of the other.
    std_error : numpy.ndarray or None
        The standard error of the mean; None for a single replicate.
    exact : numpy.ndarray or None
        The exact values, where they are known.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        self._dict = data
        shape = data["shape"]
        self.shape: tuple[int, ...] = tuple(shape)
        self.mean: Array = _array(data["mean"], shape)  # type: ignore[assignment]
        self.std_error = _array(data["std_error"], shape)
        self.exact = _array(data["exact"], shape)

    def __repr__(self) -> str:
        return f"SecondEstimate(mean={self.mean!r}, std_error={self.std_error!r})"


class HessianReport(_FromDict):
    """The answer of `hessian`.

    Attributes
    ----------
    plan : dict of str to str
        Site to estimator with its options.
    unbiased : bool
    objective, objective_std_error : float or None
    hessian : dict of str to dict of str to SecondEstimate
        By parameter, and by the other parameter. Empty if a vector was given.
    product : dict of str to SecondEstimate
        The Hessian times the vector, by parameter. Empty without a vector.
    exact : Exact
        The exact objective and gradient.
    evaluations : int
        Evaluations of the costs in one estimate.
    warnings : list of str
    seed, samples, replicates : int
    """

    def __init__(self, data: dict[str, Any], notes: Sequence[str] = ()) -> None:
        self._dict, self.warnings = data, list(notes)
        self.plan: dict[str, str] = dict(data["plan"])
        self.unbiased: bool = data["unbiased"]
        self.objective = _number(data["objective"]["mean"])
        self.objective_std_error = _number(data["objective"]["std_error"])
        self.hessian = {
            one: {other: SecondEstimate(block) for other, block in row.items()}
            for one, row in data.get("hessian", {}).items()
        }
        self.product = {name: SecondEstimate(block) for name, block in data.get("product", {}).items()}
        self.exact = Exact(data["exact"])
        self.evaluations: int = data["evaluations"]
        self.seed: int = data["seed"]
        self.samples: int = data["samples"]
        self.replicates: int = data["replicates"]

    def __repr__(self) -> str:
        blocks = [f"{one}, {other}: {b.mean!r}" for one, row in self.hessian.items() for other, b in row.items()]
        blocks += [f"{name}: {block.mean!r}" for name, block in self.product.items()]
        return f"HessianReport({'; '.join(blocks)})"


class OptimizeReport(_FromDict):
    """The path of an optimisation; iterating gives its points, as dictionaries.

    Attributes
    ----------
    params : dict of str to numpy.ndarray
        The final parameters.
    history : list of dict
        Points along the path, first and last included: ``step``, ``objective`` (one estimate) and ``params``.
    own_params : dict of str to numpy.ndarray
        The estimators' own parameters at the end.
    plan : dict of str to str
    fixed : list of str
        The parameters that kept their initial values.
    steps, seed : int
    optimizer : str
    lr : float
    warnings : list of str
    """

    def __init__(self, data: dict[str, Any], notes: Sequence[str] = ()) -> None:
        self._dict, self.warnings = data, list(notes)
        tensors = data["parameters"]
        shapes = {name: t["shape"] for name, t in tensors.items()}
        self.params: dict[str, Array] = {n: _array(t["values"], t["shape"]) for n, t in tensors.items()}  # type: ignore[misc]
        own = data.get("own_parameters", {})
        self.own_params = {name: _array(t["values"], t["shape"]) for name, t in own.items()}
        self.history: list[dict[str, Any]] = [
            {
                "step": point["step"],
                "objective": _number(point["objective"]),
                "params": {name: _array(values, shapes[name]) for name, values in point["parameters"].items()},
            }
            for point in data["history"]
        ]
        self.plan: dict[str, str] = dict(data["plan"])
        self.fixed: list[str] = data.get("fixed", [])
        self.steps: int = data["steps"]
        self.seed: int = data["seed"]
        self.optimizer: str = data["optimizer"]
        self.lr = _number(data["lr"])

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.history)

    def __len__(self) -> int:
        return len(self.history)

    def to_pandas(self) -> Any:
        """A `pandas.DataFrame` with a line for each point. Needs pandas."""
        return _frame(
            {
                "step": point["step"],
                "objective": point["objective"],
                **{
                    f"{name}{list(index) if index else ''}": values[index]
                    for name, values in point["params"].items()
                    for index in np.ndindex(values.shape)
                },
            }
            for point in self.history
        )

    def plot(self, ax: Any = None) -> Any:
        """Draws the objective along the path with matplotlib.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            By default those of a new figure.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        ImportError
            Without matplotlib.
        """
        if ax is None:
            ax = _matplotlib().subplots()[1]
        ax.plot([point["step"] for point in self.history], [point["objective"] for point in self.history])
        ax.set_xlabel("step")
        ax.set_ylabel("objective (one estimate)")
        return ax

    def _repr_html_(self) -> str:
        """The final parameters, and a line of the objective."""
        table = _html.Table([f"parameter after {self.steps} steps", "value"])
        for name, value in self.params.items():
            table.add([name, np.array2string(value, precision=4)])
        final = _html.paragraph(f"objective {_html.number(self.history[-1]['objective'])}")
        points = [(point["step"], point["objective"]) for point in self.history]
        return str(table) + final + _html.line(points, "objective along the path")

    def __repr__(self) -> str:
        last = self.history[-1]["objective"]
        return f"<OptimizeReport {self.steps} steps of {self.optimizer}, objective {last:.6g}, params {self.params}>"


def _with_error(g: GradientEstimate) -> str:
    """A gradient of one number with its standard error."""
    error = "" if g.std_error is None else f" ± {g.std_error.item():.2g}"
    return _html.number(g.mean.item()) + error


def _seconds(seconds: float | None, spread: float | None = None) -> str:
    """A time to two digits, in the unit that suits it, with its relative spread."""
    if seconds is None:
        return ""
    if spread is not None and seconds > 0:
        return f"{_seconds(seconds)} ± {100 * spread / seconds:.0f}%"
    unit, size = next(((unit, size) for unit, size in (("s", 1.0), ("ms", 1e-3)) if seconds >= size), ("µs", 1e-6))
    return f"{float(f'{seconds / size:.2g}'):g} {unit}"


def _frame(rows: Any) -> Any:
    try:
        import pandas
    except ImportError:
        raise ImportError("to_pandas needs pandas: pip install pandas") from None
    return pandas.DataFrame(list(rows))


def _matplotlib() -> Any:
    try:
        import matplotlib.pyplot
    except ImportError:
        raise ImportError("plot needs matplotlib: pip install matplotlib") from None
    return matplotlib.pyplot
