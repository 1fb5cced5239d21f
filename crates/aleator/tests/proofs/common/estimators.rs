//! The estimators of the proofs: what each serves and what of the noise its estimate depends on.

use aleator::distributions::Support;
use aleator::graph::Graph;
use aleator::rewrite::{Layout, Tuning, build};
use aleator_engine::graph::ancestors;

use super::{Depends, Shared, named};

/// An estimator with options.
#[derive(Clone)]
pub struct Row {
    /// As the language writes it.
    pub text: &'static str,
    pub estimator: Shared,
    /// The supports that it serves.
    pub serves: &'static [Support],
    /// The only families among them, where not all.
    pub families: Option<&'static [&'static str]>,
    pub depends: Depends,
    /// What it asks of the cost.
    pub cost: Needs,
    /// The nodes within a cell that integrate its estimate to ten digits.
    pub nodes: usize,
    /// Whether it also looks at the mirrored noise 1 − u.
    pub mirrored: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing.
    Nothing,
    /// A derivative between the outcomes.
    Derivative,
    /// A log Σ exp over copies.
    Copies,
}

/// The support of a Uniform.
const BETWEEN: Support = Support::Interval { low: 0, high: Some(1) };
const BOOLEAN: &[Support] = &[Support::Boolean];
const COINS: &[Support] = &[Support::Boolean, Support::OneHot];
const CATEGORICAL: &[Support] = &[Support::OneHot, Support::Indices];
const FINITE: &[Support] = &[Support::Boolean, Support::OneHot, Support::Indices];
const NOT_INDICES: &[Support] = &[Support::Boolean, Support::OneHot, Support::Real, Support::Positive];
const ALL: &[Support] =
    &[Support::Boolean, Support::OneHot, Support::Indices, Support::Real, Support::Positive];
const WITH_ENDS: &[Support] =
    &[Support::Boolean, Support::OneHot, Support::Indices, Support::Real, Support::Positive, BETWEEN];
const REAL: &[Support] = &[Support::Real, Support::Positive];
const CONTINUOUS: &[Support] = &[Support::Real, Support::Positive, BETWEEN];
const GAMMAS: &[Support] = &[Support::Positive, Support::UnitInterval, Support::Simplex];

const IMPLICITS: &[Support] =
    &[Support::Positive, Support::UnitInterval, Support::Simplex, Support::Real, Support::Circle];

const IMPLICIT: &[&str] = &["Gamma", "Chi2", "InverseGamma", "Beta", "Dirichlet", "StudentT", "VonMises"];
const REJECTED: &[&str] = &["Gamma", "Chi2", "InverseGamma", "Beta", "Dirichlet"];
const STANDARDIZED: &[&str] = &["Normal", "LogNormal", "Gamma", "Chi2", "InverseGamma", "Beta", "Dirichlet"];
/// Those with a known decomposition by all of their parameters.
const DECOMPOSED: &[&str] = &[
    "Bernoulli",
    "OneHotCategorical",
    "Categorical",
    "Normal",
    "LogNormal",
    "Laplace",
    "Logistic",
    "Exponential",
    "HalfNormal",
    "HalfCauchy",
    "Pareto",
    "Uniform",
];
const LOCATED: &[&str] = &["Normal", "LogNormal"];

/// Every unbiased estimator, with its options.
pub fn unbiased() -> Vec<Row> {
    use Depends::{Both, Coupled, First, Outcomes};
    use Needs::{Copies, Derivative, Nothing};
    let row = |&(text, serves, depends, cost, nodes): &(&'static str, _, _, _, _)| Row {
        text,
        estimator: named(text),
        serves,
        families: match text.split('(').next() {
            Some("generalized_reparameterization") if text.contains("location") => Some(LOCATED),
            Some("generalized_reparameterization") if text.contains("shifted_scale") => Some(LOCATED),
            Some("generalized_reparameterization") => Some(STANDARDIZED),
            Some("rejection_reparameterization") => Some(REJECTED),
            Some("measure_valued") => Some(DECOMPOSED),
            Some("implicit_reparameterization") => Some(IMPLICIT),
            _ => None,
        },
        depends,
        cost,
        nodes,
        mirrored: ["arm", "disarm"].contains(&text),
    };
    [
        ("enumeration", FINITE, Outcomes, Nothing, 1),
        ("score_function", ALL, Outcomes, Nothing, 1),
        ("score_function(baseline=0.7)", ALL, Outcomes, Nothing, 1),
        ("score_function(baseline=moving_average)", ALL, Outcomes, Nothing, 1),
        ("score_function(baseline=learned, baseline_hidden=3)", ALL, Outcomes, Nothing, 1),
        ("score_function(baseline=leave_one_out)", ALL, Outcomes, Nothing, 1),
        ("score_function(baseline=self_critical)", FINITE, Outcomes, Nothing, 1),
        ("score_function(baseline=optimal)", ALL, Outcomes, Nothing, 1),
        ("score_function(baseline=optimal_per_coordinate)", ALL, Outcomes, Nothing, 1),
        ("reinforce_loo", ALL, Outcomes, Nothing, 1),
        ("arm", BOOLEAN, First, Nothing, 36),
        ("disarm", BOOLEAN, Outcomes, Nothing, 1),
        ("arms", BOOLEAN, Coupled, Nothing, 1),
        ("disarm_categorical", CATEGORICAL, Coupled, Nothing, 1),
        ("disarm_categorical(variant=stick_breaking)", CATEGORICAL, Coupled, Nothing, 1),
        ("local_expectation", FINITE, Outcomes, Nothing, 1),
        ("measure_valued", WITH_ENDS, Both, Nothing, 8),
        ("perturbation_analysis", FINITE, Outcomes, Nothing, 1),
        ("unordered_set", CATEGORICAL, Coupled, Nothing, 1),
        ("unordered_set(baseline=built_in)", CATEGORICAL, Coupled, Nothing, 1),
        ("sum_and_sample", CATEGORICAL, Coupled, Nothing, 1),
        ("without_replacement", CATEGORICAL, Coupled, Nothing, 1),
        ("nvil(hidden=3)", ALL, Outcomes, Nothing, 1),
        ("vimco", ALL, Outcomes, Copies, 1),
        ("vimco(mean=arithmetic)", ALL, Outcomes, Copies, 1),
        ("muprop", NOT_INDICES, Outcomes, Derivative, 1),
        ("muprop(linear=false)", NOT_INDICES, Outcomes, Nothing, 1),
        ("muprop(baseline=learned)", NOT_INDICES, Outcomes, Derivative, 1),
        ("muprop(baseline=optimal_per_coordinate)", NOT_INDICES, Outcomes, Derivative, 1),
        ("muprop(linear=false, baseline=self_critical)", COINS, Outcomes, Nothing, 1),
        ("rebar", COINS, First, Derivative, 46),
        ("rebar(temperature=0.1)", COINS, First, Derivative, 110),
        ("rebar(temperature=2, coefficient=-0.7)", COINS, First, Derivative, 36),
        ("rebar(coefficient=2.3, relaxation=mean_field)", COINS, First, Derivative, 46),
        ("rebar(temperature=1, tune=false, baseline=0.4)", COINS, First, Derivative, 36),
        ("rebar(baseline=self_critical)", COINS, First, Derivative, 46),
        ("rebar(baseline=learned, share_temperature=true)", COINS, First, Derivative, 46),
        ("rebar(baseline=optimal)", COINS, First, Derivative, 46),
        ("rebar(baseline=optimal_per_coordinate)", COINS, First, Derivative, 46),
        ("rebar(baseline=leave_one_out)", COINS, First, Derivative, 46),
        ("rebar(coupling=independent)", COINS, Both, Derivative, 46),
        ("rebar(temperature=0.1, coupling=independent)", COINS, Both, Derivative, 110),
        ("rebar(temperature=1, coupling=independent, relaxation=mean_field)", COINS, Both, Derivative, 46),
        ("relax(hidden=3)", COINS, First, Derivative, 46),
        ("relax(hidden=2, use_cost=false, temperature=0.7)", COINS, First, Nothing, 46),
        ("relax(hidden=2, use_cost=false, baseline=moving_average)", COINS, First, Nothing, 46),
        ("relax(hidden=2, use_cost=false, baseline=learned)", COINS, First, Nothing, 46),
        ("relax(hidden=2, temperature=1, relaxation=mean_field, baseline=0.3)", COINS, First, Derivative, 46),
        ("relax(hidden=3, coupling=independent)", COINS, Both, Derivative, 46),
        ("relax(hidden=2, use_cost=false, coupling=independent)", COINS, Both, Nothing, 46),
        ("lax(hidden=3)", REAL, First, Nothing, 60),
        ("pathwise", CONTINUOUS, First, Derivative, 60),
        ("sticking_the_landing", CONTINUOUS, First, Derivative, 60),
        ("doubly_reparameterized", CONTINUOUS, First, Derivative, 60),
        ("antithetic", CONTINUOUS, Coupled, Derivative, 60),
        ("antithetic(gradient=score_function)", ALL, Coupled, Nothing, 60),
        ("quasi_monte_carlo", CONTINUOUS, Coupled, Derivative, 60),
        ("quasi_monte_carlo(scramble=shift)", CONTINUOUS, Coupled, Derivative, 60),
        ("generalized_reparameterization", REAL, First, Derivative, 60),
        ("generalized_reparameterization(transform=location)", REAL, First, Derivative, 60),
        ("generalized_reparameterization(transform=shifted_scale)", REAL, First, Derivative, 60),
        ("implicit_reparameterization", IMPLICITS, First, Derivative, 60),
        ("rejection_reparameterization", GAMMAS, First, Derivative, 60),
    ]
    .iter()
    .map(row)
    .collect()
}

impl Row {
    /// Whether the table says that it serves the site of a graph.
    pub fn supports(&self, graph: &Graph, site: usize) -> bool {
        let family = &graph.sites()[site].family;
        let is_set = self.serves == CATEGORICAL;
        self.serves.contains(&family.support())
            && self.families.is_none_or(|f| f.contains(&family.name()))
            && !(is_set && is_conditional(graph, site))
    }
}

/// Whether the parameters of a site depend on other draws.
fn is_conditional(graph: &Graph, site: usize) -> bool {
    let sites = graph.sites();
    let upstream = ancestors(graph.engine(), &sites[site].parameters);
    sites.iter().any(|other| upstream.get(other.value.index()) == Some(&true))
}

/// Plans in which every row serves every site that it can; `apart` says how far the rows of neighbouring sites are apart
/// in the list.
pub fn plans(graph: &Graph, rows: &[Row], apart: &[usize]) -> Vec<Vec<Row>> {
    let sites = graph.sites().len();
    let serves = |site: usize| rows.iter().filter(|r| r.supports(graph, site)).collect::<Vec<_>>();
    let per_site: Vec<Vec<&Row>> = (0..sites).map(serves).collect();
    let most = per_site.iter().map(Vec::len).max().unwrap_or(0);
    let apart = if sites > 1 { apart } else { &apart[..1] };
    (0..most)
        .flat_map(|first| apart.iter().map(move |shift| (first, shift)))
        .map(|(first, shift)| {
            let at = |(site, rows): (usize, &Vec<&Row>)| rows[(first + site * shift) % rows.len()].clone();
            per_site.iter().enumerate().map(at).collect()
        })
        .collect()
}

/// A plan for messages.
pub fn describe(plan: &[Shared]) -> String {
    plan.iter().map(|e| format!("{e:?}")).collect::<Vec<_>>().join(", ")
}

/// The estimators of rows.
pub fn estimators(plan: &[Row]) -> Vec<Shared> {
    plan.iter().map(|row| row.estimator.clone()).collect()
}

/// Rows for costs of these problems, which are named as their function is.
pub fn rows_for(problems: &str) -> Vec<Row> {
    let fits = |row: &Row| match problems {
        "jumps" => row.cost == Needs::Nothing,
        "bounds" => true,
        _ => row.cost != Needs::Copies,
    };
    unbiased().into_iter().filter(fits).collect()
}

/// Whether the crate accepts a plan with this number of samples.
pub fn accepts_samples(graph: &Graph, plan: &[Shared], samples: usize) -> bool {
    build(graph, plan, Layout { samples, replicates: None, tuning: Tuning::Held }).is_ok()
}

/// Whether the crate accepts a plan.
pub fn is_accepted(graph: &Graph, plan: &[Shared]) -> bool {
    let samples = least(plan);
    build(graph, plan, Layout { samples, replicates: None, tuning: Tuning::Held }).is_ok()
}

/// The fewest samples for a plan.
pub fn least(plan: &[Shared]) -> usize {
    plan.iter().map(|e| e.min_samples()).max().unwrap_or(1)
}
