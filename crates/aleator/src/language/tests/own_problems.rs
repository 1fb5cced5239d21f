//! What a person needs to write down a problem of their own: observations, distributions as arguments, batches, random initial values,
//! rewards and programs.
use std::path::Path;
use std::time::Duration;

use crate::Error;
use crate::diagnostics::{Compare, grad};
use crate::language::{Commands, Diagnostic, Files, Loading, Model, load_with, parse_set};
use crate::plan::Plan;

const ALONE: Loading<'_> = Loading {
    folder: None,
    settings: &[],
    arrays: &[],
    batch: None,
    seed: 0,
    files: Files::Read,
    commands: Commands::Refused,
};

fn load(source: &str, loading: &Loading<'_>) -> Model {
    load_with(source, loading).unwrap_or_else(|error| panic!("{source}: {error:?}"))
}

/// The exact objective and gradient.
fn exact(source: &str) -> (f64, Vec<f64>) {
    let model = load(source, &ALONE);
    let plan = Plan::choose(&model.graph, &[], None).unwrap();
    let how = Compare { replicates: 2, ..Compare::all() };
    let report = grad(&model.graph, &plan, &how, "", &|_, _| {}).unwrap();
    let numbers =
        report.exact.gradient.values().flat_map(|tensor| tensor.values.iter().map(|x| x.0)).collect();
    (report.exact.objective.expect(source).0, numbers)
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * (1.0 + b.abs())
}

/// Two texts that say the same in other words have the same exact answer.
#[test]
fn forms_agree_with_what_they_stand_for() {
    let log_normal = "(-0.5 * ((x - z) / 2)^2 - log(2) - 0.5 * log(2 * pi))";
    for (given, short, long) in [
        (
            "param m = 0.3\ndata x : [2] = [1, -2]\nz ~ Normal(m, 1)\n",
            "observe x ~ Normal(z, 2)",
            &format!("cost x_cost = -sum({log_normal})")[..],
        ),
        (
            "param m = 0.3\ndata x : [2] = [1, -2]\nz ~ Normal(m, 1)\n",
            "cost f = log_prob(Normal(z, 2), x)",
            &format!("cost f = {log_normal}"),
        ),
        // At its own draw, a log-density has the entropy as its mean.
        ("param l = 0.4\nz ~ Bernoulli(logits = l)[3]\n", "cost f = log_prob(z)", "cost f = -entropy(z)"),
        (
            "param l = 0.4\nz ~ Bernoulli(logits = l)[3]\n",
            "cost f = entropy(z)",
            "cost f = 3 * entropy(Bernoulli(logits = l))",
        ),
        (
            "param l = 0.4\nz ~ Bernoulli(logits = l)[3]\n",
            "cost f = kl(z, Bernoulli(0.3))",
            "cost f = log_prob(z) - log_prob(Bernoulli(0.3), z)",
        ),
        (
            "param l = [0.4, -1]\nz ~ OneHotCategorical(logits = l)[2]\n",
            "cost f = kl(z, OneHotCategorical(logits = [0, 0]))",
            "cost f = log_prob(z) - log_prob(OneHotCategorical(logits = [0, 0]), z)",
        ),
        (
            "param a = 2\nparam l = 0.5\n",
            "cost f = mean(Gamma(a, l)) + variance(Beta(a, l))",
            "cost f = a / l + a * l / (a + l)^2 / (a + l + 1)",
        ),
        (
            "param l = 0.4\nz ~ Bernoulli(logits = l)[2]\n",
            "cost f = sum(variance(z))",
            "cost f = 2 * sigmoid(l) * sigmoid(-l)",
        ),
        // The mean of a site's name is that of the elements of its draw.
        ("param l = 0.4\nz ~ Bernoulli(logits = l)[2]\n", "cost f = mean(z)", "cost f = (z[0] + z[1]) / 2"),
        ("param l = 0.4\nz ~ Bernoulli(logits = l)\n", "reward r = 3 * z", "cost c = -3 * z"),
        ("param l = 0.4\nz ~ Bernoulli(logits = l)\n", "reward r = z\ncost f = r^2", "cost c = z^2 - z"),
        (
            "const n = 2\nparam l : [n] = 0.4\n",
            "z ~ Bernoulli(logits = l)[n + 1]\ncost f = sum(z)",
            "z ~ Bernoulli(logits = l)[3]\ncost f = sum(z)",
        ),
        // Names of a file hide younger functions.
        (
            "param l = 0.4\nz ~ Bernoulli(logits = l)\n",
            "diff = 2 * z\nkl = diff + 1\ncost entropy = kl^2",
            "cost f = (2 * z + 1)^2",
        ),
        (
            "param l = 0.4\nz ~ Bernoulli(logits = l)\n",
            "cost kl = kl(z, Bernoulli(0.5))",
            "cost f = kl(z, Bernoulli(0.5))",
        ),
        (
            "param l = 0.4\nz ~ Bernoulli(logits = l)\n",
            "observe 2 * z - 1 ~ Normal(0, 1)",
            "cost f = 0.5 * (2 * z - 1)^2 + 0.5 * log(2 * pi)",
        ),
        (
            "param l = 0.4\nconst batch = 2\n",
            "data x : [batch] = [1, 2]\ncost f = sum(l * x)",
            "cost f = 3 * l",
        ),
    ] {
        let ((a, da), (b, db)) = (exact(&format!("{given}{short}")), exact(&format!("{given}{long}")));
        assert!(close(a, b), "{short}: {a} is not {b}");
        assert!(da.iter().zip(&db).all(|(&a, &b)| close(a, b)), "{short}: {da:?} is not {db:?}");
    }
}

#[test]
fn observations_are_named_after_what_they_observe() {
    let source = "data x : [] = 1\nz ~ Normal(0, 1)\nobserve x ~ Normal(z, 1)\nobserve x ~ Normal(z, 2)\n\
        observe x + z ~ Normal(0, 1)\nobserve 3 ~ Normal(z, 1)\ncost f = x";
    let costs = load(source, &ALONE).graph.costs();
    let names: Vec<&str> = costs.iter().map(|cost| cost.name.as_str()).collect();
    assert_eq!(names, ["x", "x_2", "observed", "observed_2", "f"]);
}

#[test]
fn random_initial_values_depend_on_the_seed_and_their_place() {
    let source = "param a : [3, 2] = normal(1, 0.5)\nparam b : [3, 2] = uniform(low = -2, high = -1)\n\
        param c : [3, 2] = glorot()\nparam d : [4] = 1 + 0 * normal()\nparam e = uniform(3, 4)\ncost f = a[0, 0]";
    let values = |seed| {
        let params = load(source, &Loading { seed, ..ALONE }).graph.params();
        params.into_iter().map(|param| param.initial).collect::<Vec<_>>()
    };
    let first = values(3);
    assert_eq!(first, values(3));
    assert_ne!(first[0], values(4)[0]);
    assert!(first[1].iter().all(|x| (-2.0..-1.0).contains(x)));
    assert!(first[2].iter().all(|x| x.abs() <= (6.0_f64 / 5.0).sqrt()) && first[2][0] != first[2][1]);
    assert_eq!(first[3], [1.0; 4]);
    assert!((3.0..4.0).contains(&first[4][0]));
    let fixed = [parse_set("a=0.5").unwrap()];
    let set = load(source, &Loading { settings: &fixed, seed: 3, ..ALONE }).graph.params();
    assert_eq!(set[0].initial, [0.5; 6]);
    assert_eq!(set[1].initial, first[1]);
}

#[test]
fn a_batch_is_the_first_rows_and_the_model_knows_all() {
    let folder = tempfolder("batch");
    std::fs::write(folder.join("x.csv"), "1,2\n3,4\n5,6\n").unwrap();
    let source = "data x : [batch, 2] = file(\"x.csv\")\ndata y : [batch] = [7, 8, 9]\ndata w : [batch, 1] = 2\n\
        param a = 0\ncost f = sum(x) + sum(y) + sum(w) + a * len(x)";
    let loading = Loading { folder: Some(&folder), ..ALONE };
    let all = load(source, &loading);
    assert_eq!(all.graph.datasets()[0].values, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let model = load(source, &Loading { batch: Some(2), ..loading });
    let data = model.graph.datasets();
    assert_eq!((&data[0].values[..], &data[1].values[..]), (&[1.0, 2.0, 3.0, 4.0][..], &[7.0, 8.0][..]));
    let batched = model.batched.unwrap();
    assert_eq!((batched.total, batched.batch, batched.data.len()), (3, 2, 3));
    assert_eq!((&batched.data[0].row_shape[..], batched.data[2].values.len()), (&[2][..], 3));
    std::fs::remove_dir_all(folder).unwrap();
}

fn tempfolder(name: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("aleator-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn mistakes_are_shown_at_their_place_with_a_remedy() {
    let batched = "data x : [batch, 2] = [[1, 2], [3, 4]]\n";
    for (source, batch, place, message, help) in [
        ("cost f = log_prob(Normal(0, 1))", None, "1:10", "needs a value", "log_prob(Normal(0, 1), x)"),
        (
            "cost f = log_prob(1, Normal(0, 1))",
            None,
            "1:19",
            "`distribution` of `log_prob` is not a distribution",
            "",
        ),
        ("cost f = log_prob(Normal(0, 1), Normal(0, 1))", None, "1:33", "`x` of `log_prob` is a value", ""),
        ("cost f = log_prob(Normal([1, 2], 1), [1, 2, 3])", None, "1:10", "does not fit the batch", ""),
        ("cost f = entropy(3)", None, "1:18", "not a distribution", ""),
        (
            "cost f = kl(Cauchy(0, 1), Gamma(1, 1))",
            None,
            "1:10",
            "no closed form of the divergence of Cauchy from Gamma",
            "log_prob(z) - log_prob(Gamma(1, 1), z)",
        ),
        ("cost f = mean(Cauchy(0, 1))", None, "1:10", "mean of Cauchy", ""),
        ("cost f = mean(Normal([0, 1], 1), axis = 0)", None, "1:41", "no `axis`", ""),
        ("cost f = sum(Normal(0, 1))", None, "1:14", "`Normal` is a distribution", "line of its own"),
        ("cost f = entropy(Normal(0))", None, "1:18", "needs `scale`", ""),
        ("cost f = entropy(Normal([1, 2], [1, 2, 3]))", None, "1:18", "do not fit together", ""),
        ("observe 3 ~ Categorical(logits = 0)", None, "1:9", "last axis", ""),
        ("observe [1, 2, 3] ~ Normal([1, 2], 1)", None, "1:9", "does not fit the batch", ""),
        ("x = normal(0, 1)\ncost f = x", None, "1:5", "stands in `param` lines alone", "`z ~ Normal(0, 1)`"),
        ("cost f = glorot()", None, "1:10", "`param` lines", ""),
        ("param w : [3] = glorot()\ncost f = w", None, "1:17", "is for matrices", "normal(0, 0.1)"),
        ("param w = normal(0, -1)\ncost f = w", None, "1:11", "must not be negative", ""),
        ("param w = uniform(1, 0)\ncost f = w", None, "1:11", "must not be above", ""),
        ("param w = normal(0, 1, 2)\ncost f = w", None, "1:24", "takes 2 arguments", ""),
        ("param w = normal(0, sclae = 2)\ncost f = w", None, "1:21", "no argument `sclae`", "`scale`"),
        ("param w : [n] = 0\ncost f = w", None, "1:12", "`n` is not defined", ""),
        ("param n = 3\nparam w : [n] = 0\ncost f = w", None, "2:12", "must be constant", "const"),
        (
            "const n = 2.5\nparam w : [n] = 0\ncost f = w",
            None,
            "2:12",
            "must be a whole number, got 2.5",
            "round it",
        ),
        ("const n = -1\nparam w : [n] = 0\ncost f = w", None, "2:12", "must not be negative", "from 0 on"),
        ("z ~ Normal(0, 1)[1 - 1]\ncost f = z", None, "1:17", "at least 1", ""),
        ("param w : [batch] = 0\ncost f = w", None, "1:12", "only be the first size of `data`", "len(x)"),
        ("data x : [2, batch] = 0\ncost f = x", None, "1:14", "only be the first size", ""),
        ("z ~ Normal(0, 1)[batch]\ncost f = z", None, "1:18", "only be the first size", ""),
        ("data x : [batch] = 2\ncost f = x", None, "1:20", "how many rows", "after data"),
        ("data x : [batch, 3] = [[1, 2]]\ncost f = x", None, "1:23", "shape [batch, 3]", ""),
        (
            &format!("{batched}data y : [batch] = [1, 2, 3]\ncost f = 1"),
            None,
            "2:20",
            "`y` has 3 rows, but `x` has 2",
            "remove rows of `y`",
        ),
        (
            &format!("{batched}cost f = 1"),
            Some(3),
            "1:23",
            "larger than the data `x`, which have 2",
            "smaller",
        ),
        ("cost f = 1", Some(3), "", "no data of this text have `batch`", ""),
        ("external f(a) -> [0] = command(\"x\")\ncost g = 1", None, "1:24", "no elements", ""),
        ("external f(a) -> [] = command(\"x\")\ncost g = f()", None, "2:10", "`f` needs `a`", "f(a)"),
        ("external f(a) -> [] = command(\"x\")\ncost g = f(1, 2)", None, "2:15", "takes 1 arguments", ""),
        ("external f(a) -> [] = command(\"x\")\ncost g = f(b = 1)", None, "2:12", "no argument `b`", ""),
        ("external f(a) -> [] = command(\"x\")\ncost g = f", None, "2:10", "without arguments", "`f(..)`"),
        ("f = 1\nexternal f(a) -> [] = command(\"x\")\ncost g = 1", None, "2:10", "a second time", ""),
        ("diff = 1\ncost f = diff([1, 2])", None, "2:10", "`diff` is not a function", ""),
        ("x = command(\"a\")\ncost f = x", None, "1:13", "", "file"),
        ("cost f = top_k([1, 2], 3)", None, "1:10", "3 are wanted", ""),
        ("cost f = cholesky([1, 2])", None, "1:10", "expected a matrix, got shape [2]", ""),
        ("cost f = logdet([[1, 2]])", None, "1:10", "a square matrix", ""),
        ("cost f = quantile([1, 2], 2)", None, "1:10", "between 0 and 1", ""),
        ("param x = [1, 2]\ncost f = quantile(x, 0.5)", None, "2:19", "must be constant", ""),
        ("cost f = solve_triangular(eye(2), [1, 2, 3])", None, "1:10", "does not fit", ""),
    ] {
        let error: Diagnostic = load_with(source, &Loading { batch, ..ALONE }).map(drop).expect_err(source);
        assert!(error.message.contains(message), "{source}: {error:?}");
        assert!(error.help.clone().unwrap_or_default().contains(help), "{source}: {error:?}");
        let at = error.place(source).map(|place| place.to_string()).unwrap_or_default();
        assert_eq!(at, place, "{source}: {error:?}");
    }
}

/// A program is not started where that is not allowed, and is where it is.
#[cfg(unix)]
#[test]
fn programs_run_only_where_they_may() {
    let source = "param m = 2\nexternal twice(z) -> [2] = command(\"sh\", \"-c\", \"sed -u 's/.*/[1, 2]/'\")\n\
        z ~ Bernoulli(logits = m) via enumeration\ncost f = twice(z)";
    let objective = |commands| {
        let model = load(source, &Loading { commands, folder: Some(Path::new("")), ..ALONE });
        assert_eq!(model.commands[0].0, "twice");
        let options = crate::program::Options::new();
        let value = model.graph.compile(&options)?.run()?.objective();
        Ok::<f64, crate::Error>(value)
    };
    assert!(close(objective(Commands::Allowed { timeout: Duration::from_secs(20) }).unwrap(), 3.0));
    let refused = objective(Commands::Refused).unwrap_err().to_string();
    assert!(refused.contains("twice") && refused.contains("may not run programs"), "{refused}");
}

/// The error of a run names the distribution and its place, whichever statement it stands in.
#[test]
fn parameters_outside_of_their_domains_have_a_place() {
    for (text, message, at) in [
        ("observe [1, 2] ~ Poisson(y)", "rate of", "y)"),
        ("data x : [2] = [1, 2]\nobserve x ~ Poisson(y)", "rate of `x` (Poisson) must be", "y)"),
        ("cost f = log_prob(Poisson(y), 3)", "rate of `Poisson(y)` (Poisson) must be", "y)"),
        ("cost f = entropy(Normal(0, y))", "scale of `Normal(0, y)` (Normal) must be positive, got -1", "y)"),
        ("cost f = kl(Normal(0, 1), Normal(2, y))", "scale of `Normal(2, y)` (Normal)", "y)"),
        ("cost f = mean(Exponential(y))", "rate of `Exponential(y)`", "y)"),
        ("cost f = variance(Gamma(2, y))", "rate of `Gamma(2, y)`", "y)"),
        ("w ~ Normal(0, y)\ncost f = entropy(w)", "scale of `w` (Normal)", "y)"),
    ] {
        let source = format!("param y = -1\nz ~ Normal(y, 1)\ncost g = z^2\n{text}\n");
        let model = load(&source, &ALONE);
        let run =
            model.graph.compile(&crate::Options::new()).and_then(|mut program| program.run().map(|_| ()));
        let Err(error @ Error::Domain { .. }) = run else { panic!("{source}: {run:?}") };
        assert!(error.to_string().starts_with(message), "{source}: {error}");
        let Error::Domain { site, parameter, .. } = &error else { unreachable!() };
        let span = model.argument_span(site, parameter).unwrap_or_else(|| panic!("{source}: no place"));
        assert!(source[span.start..].starts_with(at), "{source}: {}", &source[span.start..]);
        let plan = Plan::choose(&model.graph, &[], None).unwrap();
        let lints = crate::diagnostics::inspect(&model.graph, &plan).unwrap().lints;
        assert!(lints.iter().any(|lint| lint.message == error.to_string()), "{source}: {lints:?}");
    }
}
