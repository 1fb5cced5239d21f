"""grad, compare, exact, optimize."""

import json
import math
import pickle

import numpy as np
import pytest

import aleator as al
from conftest import make_toy, toy_gradient


@pytest.fixture(scope="module")
def report():
    return al.compare(make_toy(theta=0.3), replicates=20_000, seed=1)


def test_a_report_has_rows(report):
    names = [row.estimator for row in report]
    assert len(names) == len(report) == len(report.rows) and report.best in names
    assert report["rebar"].unbiased is True and report["straight_through"].unbiased is False
    assert report[al.Rebar()] is report["rebar"] and report[0] is report.rows[0] and "rebar" in report
    assert "pathwise" in report.skipped and report.replicates == 20_000 and report.seed == 1
    with pytest.raises(KeyError, match="Bernoulli"):
        report["pathwise"]
    with pytest.raises(KeyError, match="there are"):
        report["nothing"]


def test_unbiased_rows_are_right(report):
    truth = toy_gradient(0.3)
    assert report.exact.gradient["theta"] == pytest.approx(truth, rel=1e-9)
    for row in report:
        g = row.gradient["theta"]
        assert g.mean.shape == () and g.exact == report.exact.gradient["theta"]
        if row.unbiased:
            assert abs(g.mean - truth) <= 5.5 * g.std_error + 1e-12, row
            assert g.variance == pytest.approx(g.std_error**2 * report.replicates, abs=1e-15)


def test_other_forms(report):
    assert json.dumps(report.to_dict())
    assert report.to_dict()["results"][0]["estimator"] == report.rows[0].estimator
    assert pickle.loads(pickle.dumps(report)) == report and pickle.loads(pickle.dumps(report)).warnings == report.warnings
    html = report._repr_html_()
    assert "<table" in html and "★" in html and "±" in html and "prefers-color-scheme: dark" in html
    assert "rebar" in repr(report) and "★" in repr(report)
    assert math.isfinite(report["rebar"].total_variance) and "variance" in repr(report["rebar"])


def test_nothing_is_best_where_nothing_differs():
    g = al.Graph()
    demand = g.sample("demand", al.Poisson(10.0))
    g.cost("f", (g.param("s", 12.5) - demand) ** 2)
    report = al.compare(g, replicates=100)
    assert report.best is None and report.best_row is None and report.ties == [] and report.tied_rows == [] and report.all_same
    assert "★" not in report._repr_html_() and "all estimators are the same" in report._repr_html_()
    assert "★" not in repr(report) and "all estimators are the same" in repr(report)


def test_ties_are_named(report):
    data = report.to_dict()
    assert report.best_row not in report.tied_rows and not report.all_same
    other = next(row for row in report if row.unbiased and row is not report.best_row and row.estimator == "rebar")
    tied = type(report)({**data, "ties": ["rebar"]})
    assert [row.estimator for row in tied.tied_rows] == [other.estimator]
    assert "rebar(temperature=0.5) (tied with ★)" in tied._repr_html_() and "(tied with ★)" in repr(tied)
    assert all(row.seconds_spread >= 0 and row.total_variance_std_error >= 0 for row in report)


def test_times_have_units():
    from aleator.reports import _seconds

    assert [_seconds(x) for x in (None, 2.5e-7, 3.333e-5, 0.0042, 1.26, 123.4)] == ["", "0.25 µs", "33 µs", "4.2 ms", "1.3 s", "120 s"]


def test_names_are_escaped_in_html():
    g = al.Graph()
    g.cost("f", g.param("<script>", 1.0) ** 2)
    assert "<script>" not in al.compare(g, replicates=2)._repr_html_()


def test_pandas_and_matplotlib_if_present(report):
    pandas = pytest.importorskip("pandas")
    frame = report.to_pandas()
    assert isinstance(frame, pandas.DataFrame) and len(frame) == len(report)
    pytest.importorskip("matplotlib").use("agg")
    assert report.plot().get_xlabel()


def test_frames_hold_every_element():
    pandas = pytest.importorskip("pandas")
    g = al.Graph()
    w = g.param("w", [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
    z = g.sample("z", al.Normal(w, 1.0))
    g.cost("f", (z**2).sum() * g.param("scale", 2.0))
    report = al.compare(g, estimators=["pathwise", "score_function"], replicates=20)
    frame = report.to_pandas().set_index(["estimator", "parameter", "element"])
    assert len(frame) == 2 * (6 + 1)
    for row in report:
        for name, gradient in row.gradient.items():
            for index in np.ndindex(gradient.shape):
                line = frame.loc[(row.estimator, name, index)]
                assert line["mean"] == gradient.mean[index] and line["variance"] == gradient.variance[index]
                assert line["z"] == gradient.z[index] and line["total_variance"] == row.total_variance
    path = al.optimize(g, steps=3)
    frame = path.to_pandas()
    assert isinstance(frame, pandas.DataFrame) and list(frame["step"]) == [0, 1, 2, 3]
    assert list(frame["w[1, 2]"]) == [point["params"]["w"][1, 2] for point in path] and "scale" in frame


def test_rows_of_one_name_are_told_apart():
    report = al.compare(make_toy(), estimators=["score_function", al.ScoreFunction(baseline=0.2), "gumbel_softmax"], replicates=200)
    first, second, third = report
    assert first.estimator == second.estimator == report.best
    assert (first.label, second.label) == ("score_function", "score_function(baseline=0.2)")
    assert report.best_row is second and second.total_variance < first.total_variance
    stars = [line.startswith("★") for line in repr(report).splitlines()[1:]]
    assert stars == [False, True, False] and report._repr_html_().count("★") == 1
    pytest.importorskip("matplotlib").use("agg")
    axes = report.plot()
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["score_function", "★ score_function(baseline=0.2)", f"{third.label} (biased)"]
    dots = [line for line in axes.lines if line.get_marker() != "|"]
    assert [dot.get_markerfacecolor() == "none" for dot in dots] == [False, False, True]
    assert [dot.get_xdata()[0] for dot in dots] == [row.total_variance for row in report]


def test_without_pandas_the_error_says_what_to_install(report, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install pandas"):
        report.to_pandas()


def test_chosen_estimators():
    r = al.compare(make_toy(), estimators=[al.Rebar(temperature=0.3), "nvil"], replicates=50, samples=2)
    assert [row.estimator for row in r] == ["rebar", "nvil"] and r.samples == 2
    assert r["rebar(temperature=0.3)"] is r.rows[0]
    assert len(al.compare(make_toy(), estimators="nvil", replicates=2)) == 1


def test_grad():
    r = al.grad(make_toy(theta=0.3), via="muprop", replicates=5000, seed=2)
    (row,) = r
    assert row.estimator == "muprop" and abs(row.gradient["theta"].mean - toy_gradient(0.3)) < 0.01
    assert al.grad(make_toy(), replicates=1, exact=False).exact.method is None
    with pytest.raises(al.AleatorError):
        al.grad(make_toy(), replicates=0)
    with pytest.raises(TypeError):
        al.grad("graph")


def test_exact():
    e = al.exact(make_toy(theta=0.3))
    assert e.method == "enumeration" and e.gradient["theta"] == pytest.approx(toy_gradient(0.3), rel=1e-12)
    g = al.Graph()
    z = g.sample("z", al.Cauchy(g.param("m", 0.0), 1.0))
    g.cost("f", z**2)
    none = al.exact(g, seconds=1.0)
    assert (none.method, none.objective, none.gradient) == (None, None, None) and "None" in repr(none)
    with pytest.raises(al.AleatorError):
        al.exact(g, seconds=-1)


def test_a_pilot_chooses():
    g = al.Graph()
    z = g.sample("z", al.Categorical(logits=g.param("phi", [0.4, -0.3, 0.9])))
    x = g.sample("x", al.Normal(1.0, 1.0))
    g.cost("f", (z - x) ** 2)
    report = al.grad(g, via="measured", replicates=50, exact=False)
    measured = report.to_dict()["measured"]
    assert [row["site"] for row in measured] == ["z", "x"] and measured[0]["estimator"] == "enumeration"
    again = al.grad(g, via="measured", replicates=50, exact=False).to_dict()
    assert again["measured"] == measured
    path = al.optimize(g, via={"z": "measured"}, steps=2)
    assert path.plan["z"] == "enumeration" and path.to_dict()["measured"][0]["site"] == "z"
    with pytest.raises(al.AleatorError, match="unknown site"):
        al.grad(g, via={"zz": "measured"})


def test_fixed_parameters():
    g = al.Graph()
    a, b = g.param("a", 1.0), g.param("b", 1.0)
    g.cost("f", a**2 + b**2)
    for fix in ("b", ["b"]):
        path = al.optimize(g, steps=10, fix=fix)
        assert path.params["b"] == 1.0 and path.params["a"] < 1.0 and path.fixed == ["b"]
    assert al.optimize(g, steps=1).fixed == []
    with pytest.raises(al.AleatorError, match="unknown parameter"):
        al.optimize(g, steps=1, fix="c")
    with pytest.raises(al.AleatorError, match="none is left"):
        al.optimize(g, steps=1, fix="a, b")
    with pytest.raises(TypeError):
        al.optimize(g, steps=1, fix=[1])


def test_optimize():
    g = al.Graph()
    mu = g.param("mu", [1.0, -1.0])
    z = g.sample("z", al.Normal(mu, 0.5), via="pathwise")
    g.cost("f", np.sum((z - 2.0) ** 2))
    seen = []
    r = al.optimize(g, steps=1500, lr=0.05, seed=0, progress=lambda label, done: seen.append(done))
    assert np.all(np.abs(r.params["mu"] - 2.0) < 0.4) and r.params["mu"].shape == (2,)
    assert r.history[0]["step"] == 0 and r.history[-1]["step"] == 1500 and len(r) == len(list(r))
    assert pickle.loads(pickle.dumps(r)) == r and r.to_dict()["steps"] == 1500
    assert "<svg" in r._repr_html_() and "<table" in r._repr_html_() and "adam" in repr(r)
    assert seen == sorted(seen)
    for wrong in (
        lambda: al.optimize(g, lr=0.0),
        lambda: al.optimize(g, lr=math.nan),
        lambda: al.optimize(g, steps=-1),
        lambda: al.optimize(g, optimizer="lbfgs"),
    ):
        with pytest.raises(al.AleatorError):
            wrong()
    with pytest.raises(TypeError):
        al.optimize(g, optimizer=3)


def test_warnings_are_warnings():
    g = al.Graph()
    m = g.param("m", 0.1)
    z = g.sample("z", al.Normal(m, 1.0), via="pathwise")
    g.cost("f", np.where(z > 0.2, 1.0, 0.0))
    with pytest.warns(al.AleatorWarning, match="z"):
        r = al.grad(g, replicates=10)
    assert r.warnings and not r.rows[0].unbiased


def test_compare_fixes_sites_as_the_command_does():
    g = al.Graph()
    a = g.sample("a", al.Bernoulli(logits=g.param("t", 0.3)))
    b = g.sample("b", al.Bernoulli(logits=g.param("s", -0.2)))
    g.cost("f", (a + b - 0.4) ** 2)
    for via in ({"a": "rebar"}, ["a=rebar"], {"a": al.Rebar}):
        report = al.compare(g, estimators=["disarm", "nvil"], via=via, replicates=20, samples=2)
        assert [row.plan["a"].split("(")[0] for row in report] == ["rebar", "rebar"]
        assert [row.plan["b"].split("(")[0] for row in report] == ["disarm", "nvil"]
    with_options = al.compare(g, estimators=["nvil"], via=["a=rebar(temperature=0.3)", "a=disarm"], replicates=4, samples=2)
    assert with_options[0].plan["a"] == "disarm"
    measured = al.compare(g, estimators=["nvil"], via="measured", replicates=20)
    assert len(measured) == 2 and [choice["site"] for choice in measured.to_dict()["measured"]] == ["a", "b"]
    assert len(al.compare(g, estimators=["nvil"], via=["b=measured"], replicates=20)) == 1
    with pytest.raises(al.AleatorError, match="leave nothing to compare"):
        al.compare(g, via="rebar")
    with pytest.raises(al.AleatorError, match="unknown site"):
        al.compare(g, via=["c=rebar"])


def test_optimize_warns_of_a_kink():
    g = al.Graph()
    x = g.sample("x", al.Normal(0.0, 1.0))
    g.cost("f", abs(g.param("k", 0.0)) * x**2)
    with pytest.warns(UserWarning, match="`abs` has a kink exactly there"):
        al.optimize(g, steps=1)
