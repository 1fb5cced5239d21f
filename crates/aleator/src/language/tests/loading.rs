//! Whole files: what they load to, and every mistake at its place.
use std::{env, fs};

use crate::estimators::describe;
use crate::language::{DefinitionKind, Diagnostic, Model, estimator, load, parse_estimator, parse_set};

fn set(source: &str, settings: &[&str]) -> Result<Model, Diagnostic> {
    let settings: Vec<_> = settings.iter().map(|text| parse_set(text).unwrap()).collect();
    load(source, None, &settings)
}

pub(super) const EXAMPLES: &[&str] = &[
    include_str!("../../../assets/examples/gaussian_quadratic.scg"),
    include_str!("../../../assets/examples/toy.scg"),
    include_str!("../../../assets/examples/two_layers.scg"),
    "param W : [3, 2] = 0.1\nparam phi = [0.2, -0.4, 1.0]\nh ~ Bernoulli(logits = phi)\ny ~ Normal(h @ W, 0.5) via pathwise\ncost energy = sum((y - [1, -1])^2)",
    "param p = [0.2, 0.8]\ndata d : [2, 2] = [[1, 2], [3, 4]]\nk ~ Categorical(p)[3] via score_function(baseline = moving_average, decay = 0.5)\nz ~ OneHotCategorical(logits = d)\ncost f = d[0, k[1]] + concat([z[0], d[:, 1]])[len(p):]",
    "const n = 4\nparam t = 0.5\ne ~ Exponential(rate = exp(t))\nu ~ Uniform(low = 0, high = n)\ncost f = where(u > e, one_hot(2, n), softmax(linspace(0, t, n)))\ncost g = f[0] + reshape(f, [2, -1])",
];

#[test]
fn examples_and_reference_problems_load() {
    for source in EXAMPLES {
        load(source, None, &[]).unwrap_or_else(|error| panic!("{source}: {error:?}"));
    }
    let problems = include_str!("../../../tests/data/exact_problems.json");
    let problems: serde_json::Value = serde_json::from_str(problems).unwrap();
    for problem in problems.as_array().unwrap() {
        let source = problem["scg"].as_str().unwrap();
        let model = load(source, None, &[]).unwrap_or_else(|error| panic!("{source}: {error:?}"));
        for param in model.graph.params() {
            let shape: Vec<usize> = problem["gradient"][&param.name]["shape"]
                .as_array()
                .unwrap()
                .iter()
                .map(|size| size.as_u64().unwrap() as usize)
                .collect();
            assert_eq!(shape[..], param.shape[..], "{source}");
        }
    }
}

#[test]
fn a_model_knows_its_shapes_and_places() {
    let source = "const c = 1 + 1\nparam w : [2, c2] = 0".replace("c2", "3")
        + "\ndata d : [3] = [1, c, 3]\nb ~ Bernoulli(logits = w @ d)[4] via reinforce\ny = b * c + b\ncost f = sum(y)";
    let model = load(&source, None, &[]).unwrap();
    let kinds: Vec<DefinitionKind> = model.definitions.iter().map(|d| d.kind).collect();
    use DefinitionKind::{Const, Cost, Data, Deterministic, Param, Site};
    assert_eq!(kinds, [Const, Param, Data, Site, Deterministic, Cost]);
    assert_eq!(model.definition("y").unwrap().uses, ["b", "c"]);
    assert_eq!(model.definition("d").unwrap().uses, ["c"]);
    assert_eq!(model.graph.params()[0].initial, [0.0; 6]);
    assert_eq!(model.graph.datasets()[0].values, [1.0, 2.0, 3.0]);
    let site = &model.graph.sites()[0];
    assert_eq!((&site.batch[..], &site.event[..]), (&[4, 2][..], &[][..]));
    assert_eq!(site.estimator().unwrap().properties().name, "score_function");
    let spans = model.site("b").unwrap();
    assert_eq!(spans.via.unwrap().text(&source), "reinforce");
    assert_eq!(spans.distribution.text(&source), "Bernoulli");
    assert_eq!(spans.copies.unwrap().text(&source), "[4]");
    assert_eq!(spans.arguments[0].0, "logits");
    assert_eq!(spans.arguments[0].1.text(&source), "logits = w @ d");
    assert!(model.definition("nothing").is_none() && model.site("y").is_none());
}

#[test]
fn settings_replace_values() {
    let source =
        "const n = 2\nconst v = [1, 2]\nparam w : [n0] = 0.5\ndata d : [2]\ncost f = sum(w) + sum(v) + sum(d)"
            .replace("n0", "2");
    let model = set(&source, &["n=3", "v=7", "w=[1, exp(0)]", "d=4", "w=[8, 9]"]).unwrap();
    assert_eq!(model.graph.params()[0].initial, [8.0, 9.0]);
    assert_eq!(model.graph.datasets()[0].values, [4.0, 4.0]);
    let longer = set(&source, &["v=[1, 2, 3]", "d=0"]).unwrap();
    assert_eq!(longer.graph.expr(longer.definition("v").unwrap().node.unwrap()).shape()[..], [3]);
    for (settings, message, help) in [
        (&["vv=1"][..], "no parameter or constant `vv`", "`v`"),
        (&["theta=1"], "no parameter or constant `theta`", "n, v, w, d"),
        (&["f=1"], "`f` is not set", "`param`"),
        (
            &["d=0", "w=[1, 2, 3]"],
            "in the setting of `w`: `w` has shape [2], but the value has shape [3]",
            "single number",
        ),
        (&["d=[[1, 2]]"], "in the setting of `d`: `d` has shape [2]", ""),
        (&["w=[1, 2] + [1, 2, 3]"], "in the setting of `w`: ", ""),
        (&["w=[[1], 2]"], "in the setting of `w`: ", ""),
        (&["w=zeros([100000, 100000])"], "memory", ""),
    ] {
        let diagnostic = set(&source, settings).err().unwrap();
        assert!(diagnostic.to_string().contains(message), "{settings:?}: {diagnostic:?}");
        assert!(diagnostic.help.clone().unwrap_or_default().contains(help), "{settings:?}: {diagnostic:?}");
        assert_eq!(diagnostic.span, None);
    }
}

#[test]
fn data_comes_from_files_beside_the_text() {
    let folder = env::temp_dir().join(format!("aleator-loading-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("t.csv"), "1,2\n3,4\n").unwrap();
    fs::write(folder.join("column.csv"), "5\n6\n").unwrap();
    let read = |text: &str| load(text, Some(&folder), &[]);
    let table = read("data x : [2, 2] = file(\"t.csv\")\ncost f = x").unwrap();
    assert_eq!(table.graph.datasets()[0].values, [1.0, 2.0, 3.0, 4.0]);
    let column = read("data x : [2] = file(\"column.csv\")\ncost f = x").unwrap();
    assert_eq!(column.graph.datasets()[0].values, [5.0, 6.0]);
    for (text, message) in [
        ("data x : [4] = file(\"t.csv\")\ncost f = x", "shape [4], but the file holds [2, 2]"),
        ("data x : [4] = file(\"none.csv\")\ncost f = x", "none.csv"),
        ("data x : [4] = file(\"none\")\ncost f = x", ".npy"),
    ] {
        let diagnostic = read(text).err().unwrap();
        assert!(diagnostic.message.contains(message), "{diagnostic:?}");
        assert_eq!(diagnostic.place(text).unwrap().to_string(), "1:21", "{text}");
    }
    fs::remove_dir_all(&folder).unwrap();
}

/// A file, the place of its mistake, and parts of message and help. `cost f = 0` follows.
const MISTAKES: &[(&str, &str, &str, &str)] = &[
    ("param w : [3] = 0\nparam v : [2] = 1\ny = sum(w + v)", "3:9", "shapes [3] and [2]", ""),
    ("param w : [1000000, 1000000] = 0", "1:11", "memory", ""),
    ("param w : [3, 99999999999, 9999999999] = 0", "1:11", "memory", ""),
    ("param w : [0, 1099511627776, 1099511627776] = 0", "1:11", "memory", ""),
    ("y = reshape([], [0, 1099511627776, 1099511627776])", "1:5", "memory", ""),
    ("const c = zeros([1000000, 1000000])", "1:11", "memory", ""),
    ("y = ones([99999999])[0] + arange(999999999)", "1:27", "memory", ""),
    ("y = eye(100000)", "1:5", "memory", ""),
    ("const c = ones([5000, 5000]) @ ones([5000, 5000])", "1:11", "operations", ""),
    ("param w : [3] = [1, 2]", "1:17", "`w` has shape [3], but the value has shape [2]", "single number"),
    ("param w : [1] = [[1]]", "1:17", "shape [1, 1]", ""),
    ("param t = 0\nparam u = 2 * t", "2:15", "must be constant, but `t` is a parameter", "`const`"),
    ("b ~ Bernoulli(0.5)\nconst u = [1, b]", "2:15", "`b` is drawn at random", ""),
    ("b ~ Bernoulli(0.5)\ny = b\nparam u = y", "3:11", "`y` is computed", ""),
    ("data d : [1] = 0\nconst u = d", "2:11", "`d` is data", ""),
    ("data d : [3]", "1:6", "`d` has no values", "d.npy"),
    ("data d : [3] = [1, 2]", "1:16", "shape [2]", ""),
    ("data d : [3] = file(\"d.npy\")", "1:21", "folder", "numbers"),
    ("y = [1, [2, 3]]", "1:9", "one shape: the first has [], this one [2]", "concat"),
    ("y = [[1, 2], [3]]", "1:14", "the first has [2], this one [1]", ""),
    ("y = 3 @ 4", "1:5", "use * for scalars", ""),
    ("y = [1, 2] @ [1, 2, 3]", "1:5", "shapes [2] and [3]", "transpose"),
    // Indices.
    ("y = [1, 2][2]", "1:12", "2 lies outside of an axis of 2 elements", "0 to 1"),
    ("y = [1, 2][-3]", "1:12", "-3 lies outside", "-2 to -1"),
    ("y = [1, 2][0.5]", "1:12", "whole number, got 0.5", ""),
    ("y = [1, 2][[0]]", "1:12", "single number, got shape [1]", "slice"),
    ("y = [1, 2][0, 1]", "1:15", "shape [2] has 1 axis, but there are 2 indices", ""),
    ("y = 3[0]", "1:7", "shape [] has 0 axes", ""),
    ("y = [1, 2][0:3]", "1:14", "3 lies outside", ""),
    ("y = [1, 2][2:1]", "1:12", "ends before it starts", ""),
    ("b ~ Bernoulli(0.5)\ny = [1, 2][b:]", "2:12", "must be constant", ""),
    ("b ~ Bernoulli(0.5)[2]\ny = [1, 2][b]", "2:12", "got shape [2]", ""),
    // Functions.
    ("y = exp(1, 2)", "1:12", "`exp` takes 1 argument by position, got 2", "`exp(x)`"),
    ("y = exp()", "1:5", "`exp` needs `x`", "`exp(x)`"),
    ("y = exp(1, axis = 0)", "1:12", "`exp` has no argument `axis`", "`exp(x)`"),
    ("y = sum([1], 0)", "1:14", "takes 1 argument by position", "axis=.."),
    ("y = sum([1], axs = 0)", "1:14", "no argument `axs`", "`axis`"),
    ("y = sum([1], axis = 1)", "1:21", "no axis 1: the tensor has 1 axis", "-1"),
    ("y = sum(1, axis = 0)", "1:19", "no axis 0", "leave `axis` out"),
    ("y = sum([1], axis = 0.5)", "1:21", "whole number", ""),
    ("y = sum([[1]], axis = [0, -2])", "1:23", "twice", ""),
    ("param a = 0\ny = sum([1], axis = a)", "2:21", "`axis` must be constant", ""),
    ("y = min(1, 2, axis = 0)", "1:22", "elementwise", "min(x, y)"),
    ("y = clamp(1, 2)", "1:5", "`clamp` needs `hi`", "clamp(x, lo, hi)"),
    ("y = clamp(1, 2, x = 3)", "1:17", "`x` is given twice", ""),
    ("y = softmax(1)", "1:13", "at least one axis", ""),
    ("y = argmax(1)", "1:12", "at least one axis", ""),
    ("y = argmax(zeros([0]))", "1:5", "empty", ""),
    ("y = len(1)", "1:9", "at least one axis", ""),
    ("y = dot([1, 2], [1, 2, 3])", "1:5", "[2] and [3]", ""),
    ("y = dot(1, [1])", "1:5", "use * for scalars", ""),
    ("y = transpose([1])", "1:5", "two axes", ""),
    ("y = reshape([1, 2, 3], [2, -1])", "1:5", "shape [3] cannot become [2, -1]", ""),
    ("y = reshape([1, 2, 3], [-1, -1])", "1:5", "only one", ""),
    ("y = reshape([1, 2, 3], [-3])", "1:5", "cannot become [-3]", ""),
    ("y = transpose([[1], [2]], [0])", "1:5", "each axis of shape [2, 1] once", ""),
    ("y = transpose([[1], [2]], [0, 2])", "1:27", "there is no axis 2", ""),
    ("y = transpose([[1], [2]], [0, -2])", "1:27", "an axis is named twice", ""),
    ("y = broadcast_to([1, 2], [2, 3])", "1:5", "shape [2] cannot be repeated to [2, 3]", ""),
    ("y = broadcast_to([[1], [2]], [2])", "1:5", "shape [2, 1] cannot be repeated to [2]", ""),
    ("y = broadcast_to(1, [-2])", "1:21", "must not be negative", ""),
    ("y = broadcast_to(1, [100000, 100000, 100000])", "1:5", "result of `broadcast_to`", ""),
    ("y = take([1, 2], [0, 2])", "1:18", "2 lies outside of an axis of 2 elements", ""),
    ("y = take([1, 2], [0.5])", "1:18", "whole number", ""),
    ("y = take(1, [0])", "1:10", "at least one axis", ""),
    ("y = reshape([1, 2, 3], [[3]])", "1:24", "shape [1, 1]", ""),
    ("y = concat([1, 2])", "1:13", "scalar has none", "stack"),
    ("y = concat([[1], [[2]]])", "1:18", "[1] and [1, 1]", ""),
    ("y = concat([[[1]], [[2, 3]]])", "1:20", "another axis differs", ""),
    ("y = concat([[1], [2]], axis = 1)", "1:31", "no axis 1", ""),
    ("y = concat([1, 2] + 1)", "1:5", "elements of a list", ""),
    ("y = concat([])", "1:5", "elements of a list", ""),
    ("y = stack([1, [2]])", "1:15", "[] and [1]", ""),
    ("y = zeros([-1])", "1:11", "negative", ""),
    ("y = arange(-1)", "1:12", "negative", ""),
    ("y = one_hot(1, 2.5)", "1:16", "whole number", ""),
    ("y = linspace([1], 2, 3)", "1:14", "two numbers", ""),
    // Distributions.
    ("z ~ Normal(0)", "1:5", "`Normal` needs `scale`", "Normal(loc, scale)"),
    ("z ~ Normal(0, 1, 2)", "1:18", "takes 2 arguments by position, got 3", "Normal(loc, scale)"),
    ("z ~ Normal(0, sigma = 1)", "1:15", "no parameter `sigma`", "Normal(loc, scale)"),
    ("z ~ Normal(0, scal = 1)", "1:15", "no parameter `scal`", "`scale`"),
    ("z ~ Normal(0, loc = 1)", "1:15", "`loc` is given twice", ""),
    ("z ~ Bernoulli()", "1:5", "needs `probs`", "Bernoulli(probs) or Bernoulli(logits=..)"),
    ("z ~ Bernoulli(0.5, logits = 1)", "1:20", "exclude each other", ""),
    ("z ~ Normal([0, 1], [1, 2, 3])", "1:5", "[2] and [3]", ""),
    ("z ~ VonMises(0, 1) via quasi_newton", "1:24", "no estimator", "score_function"),
    ("z ~ Categorical(0.5)", "1:5", "`probs` needs a last axis", ""),
    ("z ~ MultivariateNormal([1, 2], eye(3))", "1:5", "must be [2, 2]", ""),
    (
        "z ~ Binomial(3)",
        "1:5",
        "needs `probs`",
        "Binomial(total_count, probs) or Binomial(total_count, logits=..)",
    ),
    // Estimators.
    ("z ~ Normal(0, 1) via reinforc", "1:22", "no estimator `reinforc`", "`reinforce`"),
    ("z ~ Normal(0, 1) via pathwize", "1:22", "no estimator `pathwize`", "`pathwise`"),
    ("z ~ Normal(0, 1) via frobnicate", "1:22", "no estimator `frobnicate`", "score_function"),
    ("z ~ Normal(0, 1) via pathwise(tau = 1)", "1:31", "no option `tau`", ""),
    ("z ~ Normal(0, 1) via gumbel_softmax(temperature = 0)", "1:37", "positive", "temperature"),
    ("z ~ Normal(0, 1) via gumbel_softmax(temperature = [1])", "1:51", "single number", ""),
    ("z ~ Normal(0, 1) via gumbel_softmax(0.5)", "1:37", "named", "temperature"),
    ("z ~ Normal(0, 1) via gumbel_softmax(temperature = 2 * tau)", "1:55", "`tau` is not defined", ""),
    ("z ~ Normal(0, 1) via gumbel_softmax(temperature = expp(1))", "1:51", "no function", "`exp`"),
    ("param t = 1\nz ~ Normal(0, 1) via gumbel_softmax(temperature = t)", "2:51", "constant", "`const`"),
    ("z ~ Normal(0, 1) via score_function(baseline = mean_of)", "1:37", "baseline", ""),
];

#[test]
fn every_mistake_is_shown_at_its_place() {
    for &(text, place, message, help) in MISTAKES {
        let source = format!("{text}\ncost f = 0");
        let diagnostic = load(&source, None, &[]).err().unwrap_or_else(|| panic!("{source} loads"));
        assert!(diagnostic.message.contains(message), "{text}: {diagnostic:?}");
        assert!(diagnostic.help.clone().unwrap_or_default().contains(help), "{text}: {diagnostic:?}");
        assert_eq!(diagnostic.place(&source).unwrap().to_string(), place, "{text}: {diagnostic:?}");
    }
}

#[test]
fn options_are_numbers_truths_and_words() {
    for (text, expected) in [
        ("concrete(temperature = 2^-2)", "gumbel_softmax(temperature=0.25)"),
        ("score_function(baseline = -(1 + 1))", "score_function(baseline=-2)"),
        ("rloo", "reinforce_loo"),
    ] {
        let parsed = parse_estimator(text).unwrap();
        let estimator = estimator(&parsed.call, &parsed.expressions).unwrap();
        assert_eq!(describe(estimator.as_ref()), expected, "{text}");
    }
    let source = "const tau = 0.125\nb ~ Bernoulli(0.5) via concrete(temperature = 2 * tau)\ncost f = b";
    let site = &load(source, None, &[]).unwrap().graph.sites()[0];
    assert_eq!(describe(site.estimator().map(|e| &**e).unwrap()), "gumbel_softmax(temperature=0.25)");
}
