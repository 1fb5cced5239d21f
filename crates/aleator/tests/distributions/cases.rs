//! Parameter sets.

use std::collections::BTreeMap;

use aleator::distributions::{Distribution, Entry, Family, Signature, Support, find};
use aleator_engine::graph::Expr;
use serde_json::Value;

use crate::harness::Bench;

/// A parameter: a number, or the vector that is one event's.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    pub event: Vec<usize>,
    pub values: Vec<f64>,
}

/// What a draw is, which decides how it can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One of the outcomes that [`Case::probabilities`] lists.
    Outcome,
    /// A count, bounded or not.
    Count,
    /// A number with a density.
    Number,
    /// A vector with a density.
    Vector,
}

/// One distribution of the table with values for its parameters.
#[derive(Clone)]
pub struct Case {
    entry: &'static Entry,
    pub signature: &'static Signature,
    pub parameters: Vec<Parameter>,
}

/// A row of the reference.
pub struct Row {
    pub case: Case,
    pub value: Vec<f64>,
    pub log_prob: f64,
    pub mean: Option<Vec<f64>>,
    pub variance: Option<Vec<f64>>,
    pub entropy: Option<Vec<f64>>,
    pub cdf: Option<f64>,
}

impl Case {
    /// From parameter names and values; vectors have more than one value.
    pub fn new(name: &str, parameters: &[(&str, &[f64])]) -> Case {
        let entry = find(name).unwrap_or_else(|| panic!("no distribution {name}"));
        let names: Vec<&str> = parameters.iter().map(|(name, _)| *name).collect();
        let signature = entry.signatures.iter().find(|s| s.names == names).expect("no such signature");
        let parameters = parameters
            .iter()
            .map(|(name, values)| Parameter {
                event: match (*name, values.len()) {
                    (_, 1) => vec![],
                    ("scale_tril", n) => vec![n.isqrt(); 2],
                    (_, n) => vec![n],
                },
                values: values.to_vec(),
            })
            .collect();
        Case { entry, signature, parameters }
    }

    pub fn name(&self) -> &'static str {
        self.entry.name
    }

    /// The value of a scalar parameter.
    pub fn scalar(&self, name: &str) -> Option<f64> {
        let i = self.signature.names.iter().position(|n| *n == name)?;
        Some(self.parameters[i].values[0])
    }

    pub fn family(&self) -> std::sync::Arc<dyn Family> {
        self.signature.family()
    }

    pub fn kind(&self) -> Kind {
        match self.family().support() {
            Support::Boolean | Support::Indices | Support::OneHot | Support::Subsets => Kind::Outcome,
            Support::Counts | Support::BoundedCounts => Kind::Count,
            Support::Simplex | Support::RealVector | Support::Compositions => Kind::Vector,
            _ => Kind::Number,
        }
    }

    pub fn is_discrete(&self) -> bool {
        self.family().support().is_discrete()
    }

    /// The probabilities of the outcomes, in their order.
    pub fn probabilities(&self) -> Vec<f64> {
        let x = &self.parameters[0].values;
        match (self.name(), self.signature.names[0]) {
            ("KSubset", _) => {
                let logits = &self.parameters[1].values;
                let top = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let weight = |set: usize| -> f64 {
                    let chosen = (0..logits.len()).filter(|i| set >> i & 1 == 1);
                    chosen.map(|i| logits[i] - top).sum::<f64>()
                };
                let weights: Vec<f64> = self.subsets().into_iter().map(weight).collect();
                let most = weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let total: f64 = weights.iter().map(|w| (w - most).exp()).sum();
                weights.iter().map(|w| (w - most).exp() / total).collect()
            }
            ("Bernoulli", "probs") => vec![1.0 - x[0], x[0]],
            ("Bernoulli", _) => vec![1.0 / (1.0 + x[0].exp()), 1.0 / (1.0 + (-x[0]).exp())],
            (_, "probs") => x.iter().map(|w| w / x.iter().sum::<f64>()).collect(),
            _ => {
                let top = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let weights: Vec<f64> = x.iter().map(|l| (l - top).exp()).collect();
                weights.iter().map(|w| w / weights.iter().sum::<f64>()).collect()
            }
        }
    }

    /// The subsets of a KSubset as binary numbers, whose last digit is the first element.
    pub fn subsets(&self) -> Vec<usize> {
        let (k, n) = (self.parameters[0].values[0] as u32, self.parameters[1].values.len());
        (0..1usize << n).filter(|set| set.count_ones() == k).collect()
    }

    /// With inputs for parameters.
    pub fn build<'g>(&self, bench: &'g Bench) -> Distribution<'g> {
        let inputs = self.parameters.iter().map(|p| bench.input(p.event.clone(), p.values.clone())).collect();
        self.signature.build(inputs)
    }
}

impl std::fmt::Display for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}(", self.name())?;
        for (name, parameter) in self.signature.names.iter().zip(&self.parameters) {
            write!(f, " {name} = {:?}", parameter.values)?;
        }
        write!(f, " )")
    }
}

/// Cases of one signature as a batch of shape `[copies, rows]`, without the first axis if `copies` is 0. Each copy holds
/// the same values.
pub fn stack<'g>(bench: &'g Bench, cases: &[&Case], copies: usize) -> Vec<Expr<'g>> {
    (0..cases[0].parameters.len())
        .map(|i| {
            let once: Vec<f64> = cases.iter().flat_map(|c| c.parameters[i].values.clone()).collect();
            let mut shape = if copies == 0 { vec![] } else { vec![copies] };
            shape.push(cases.len());
            shape.extend(&cases[0].parameters[i].event);
            bench.input(shape, once.repeat(copies.max(1)))
        })
        .collect()
}

/// Splits a list into those that can be stacked.
pub fn groups<T>(items: &[T], case: impl Fn(&T) -> &Case) -> Vec<Vec<&T>> {
    let mut groups = BTreeMap::<_, Vec<&T>>::new();
    for item in items {
        let case = case(item);
        let events: Vec<_> = case.parameters.iter().map(|p| p.event.clone()).collect();
        groups.entry((case.name(), case.signature.names, events)).or_default().push(item);
    }
    groups.into_values().collect()
}

fn numbers(json: &Value) -> Option<Vec<f64>> {
    match json {
        Value::Null => None,
        Value::Array(items) => Some(items.iter().flat_map(|v| numbers(v).unwrap()).collect()),
        Value::String(word) => Some(vec![word.parse().unwrap()]),
        number => Some(vec![number.as_f64().unwrap()]),
    }
}

/// All rows of the reference whose distribution the table has.
pub fn reference_rows() -> Vec<Row> {
    let rows: Vec<Value> =
        serde_json::from_str(include_str!("../data/distributions_reference.json")).unwrap();
    rows.iter()
        .filter(|row| find(row["name"].as_str().unwrap()).is_some())
        .map(|row| {
            let params: Vec<(String, Vec<f64>)> = row["params"]
                .as_object()
                .unwrap()
                .iter()
                .map(|(name, value)| (name.clone(), numbers(value).unwrap()))
                .collect();
            // JSON's objects have no order; the signature's is found by its names.
            let entry = find(row["name"].as_str().unwrap()).unwrap();
            let signature = entry
                .signatures
                .iter()
                .find(|s| {
                    s.names.len() == params.len() && params.iter().all(|(n, _)| s.names.contains(&n.as_str()))
                })
                .unwrap();
            let ordered: Vec<(&str, &[f64])> = signature
                .names
                .iter()
                .map(|name| (*name, params.iter().find(|(n, _)| n == name).unwrap().1.as_slice()))
                .collect();
            Row {
                case: Case::new(entry.name, &ordered),
                value: numbers(&row["value"]).unwrap(),
                log_prob: numbers(&row["log_prob"]).unwrap()[0],
                mean: numbers(&row["mean"]),
                variance: numbers(&row["variance"]),
                entropy: numbers(&row["entropy"]),
                cdf: numbers(&row["cdf"]).map(|v| v[0]),
            }
        })
        .collect()
}

fn loc_scale(name: &str, loc: f64, scale: f64) -> Case {
    Case::new(name, &[("loc", &[loc]), ("scale", &[scale])])
}

fn beta_binomial(n: f64, a: f64, b: f64) -> Case {
    Case::new("BetaBinomial", &[("total_count", &[n]), ("concentration1", &[a]), ("concentration0", &[b])])
}

fn truncated(loc: f64, scale: f64, low: f64, high: f64) -> Case {
    Case::new("TruncatedNormal", &[("loc", &[loc]), ("scale", &[scale]), ("low", &[low]), ("high", &[high])])
}

/// Ordinary parameters, at least one set for each signature, with light tails.
pub fn moderate() -> Vec<Case> {
    let mut cases = vec![
        Case::new("Bernoulli", &[("probs", &[0.3])]),
        Case::new("Bernoulli", &[("probs", &[0.85])]),
        Case::new("Bernoulli", &[("logits", &[-2.0])]),
        Case::new("Bernoulli", &[("logits", &[0.25])]),
        Case::new("Normal", &[("loc", &[0.0]), ("scale", &[1.0])]),
        loc_scale("Normal", -1.25, 0.5),
        loc_scale("LogNormal", -1.0, 0.25),
        loc_scale("Laplace", 0.0, 1.0),
        loc_scale("Laplace", 1.5, 0.2),
        loc_scale("Logistic", -2.0, 0.3),
        loc_scale("Gumbel", 1.0, 2.5),
        Case::new("Uniform", &[("low", &[-3.0]), ("high", &[0.5])]),
        Case::new("Exponential", &[("rate", &[2.5])]),
        Case::new("Binomial", &[("total_count", &[12.0]), ("probs", &[0.3])]),
        Case::new("Binomial", &[("total_count", &[200.0]), ("logits", &[0.4])]),
        beta_binomial(12.0, 2.5, 1.2),
        Case::new("Geometric", &[("probs", &[0.35])]),
        Case::new("Geometric", &[("logits", &[-1.5])]),
        Case::new("Poisson", &[("rate", &[3.5])]),
        Case::new("Poisson", &[("rate", &[40.0])]),
        Case::new("NegativeBinomial", &[("total_count", &[5.0]), ("probs", &[0.3])]),
        Case::new("NegativeBinomial", &[("total_count", &[2.5]), ("logits", &[1.0])]),
        loc_scale("Cauchy", 0.5, 0.1),
        truncated(0.3, 1.2, -1.0, 2.0),
        Case::new("HalfNormal", &[("scale", &[1.5])]),
        Case::new("HalfCauchy", &[("scale", &[0.3])]),
        Case::new("InverseGamma", &[("concentration", &[9.0]), ("rate", &[4.0])]),
        Case::new("Chi2", &[("df", &[3.5])]),
        Case::new("Pareto", &[("scale", &[1.5]), ("alpha", &[9.0])]),
        Case::new("Weibull", &[("scale", &[2.5]), ("concentration", &[1.5])]),
        Case::new("Gamma", &[("concentration", &[2.0]), ("rate", &[1.0])]),
        Case::new("Gamma", &[("concentration", &[0.6]), ("rate", &[3.0])]),
        Case::new("Beta", &[("concentration1", &[2.0]), ("concentration0", &[3.0])]),
        Case::new("Beta", &[("concentration1", &[1.5]), ("concentration0", &[8.0])]),
        Case::new("ContinuousBernoulli", &[("probs", &[0.3])]),
        Case::new("ContinuousBernoulli", &[("logits", &[4.0])]),
        Case::new("Dirichlet", &[("concentration", &[0.6, 2.0, 3.5])]),
        Case::new("StudentT", &[("df", &[30.0]), ("loc", &[-0.5]), ("scale", &[0.25])]),
        Case::new("VonMises", &[("loc", &[0.5]), ("concentration", &[4.0])]),
        Case::new("VonMises", &[("loc", &[-1.0]), ("concentration", &[0.3])]),
        Case::new("Kumaraswamy", &[("concentration1", &[2.0]), ("concentration0", &[3.0])]),
        Case::new("MultivariateNormal", &[("loc", &[1.0, -2.0]), ("scale_tril", &[0.5, 0.0, 1.25, 2.0])]),
        Case::new("RelaxedBernoulli", &[("temperature", &[1.5]), ("logits", &[0.4])]),
        Case::new("RelaxedOneHotCategorical", &[("temperature", &[0.5]), ("logits", &[0.5, -1.0, 2.0])]),
    ];
    cases.push(Case::new("Multinomial", &[("total_count", &[12.0]), ("probs", &[0.5, 1.5, 1.0])]));
    cases
        .push(Case::new("Multinomial", &[("total_count", &[40.0]), ("logits", &[0.5, -1.0, 2.0, 0.0, 0.3])]));
    cases.push(Case::new(
        "DirichletMultinomial",
        &[("total_count", &[12.0]), ("concentration", &[0.6, 2.0, 3.5])],
    ));
    cases.push(Case::new("KSubset", &[("k", &[2.0]), ("logits", &[0.2, -0.5, 1.0, 0.3])]));
    cases.push(Case::new("KSubset", &[("k", &[3.0]), ("logits", &[0.4, 0.4, -1.0, 0.0, 0.7])]));
    for name in ["Categorical", "OneHotCategorical"] {
        cases.push(Case::new(name, &[("probs", &[0.1, 0.2, 0.3, 0.4])]));
        cases.push(Case::new(name, &[("probs", &[3.0, 1.0, 0.5, 5.5])]));
        cases.push(Case::new(name, &[("logits", &[0.5, -1.0, 2.0])]));
        cases.push(Case::new(name, &[("logits", &[0.0, 0.0, -0.5])]));
    }
    cases
}

/// Tiny and huge scales, certain and almost certain outcomes, heavy tails.
pub fn extreme() -> Vec<Case> {
    let mut cases = vec![
        loc_scale("LogNormal", 0.0, 1.0),
        loc_scale("LogNormal", 1.0, 5.0),
        Case::new("Exponential", &[("rate", &[1e-6])]),
        Case::new("Exponential", &[("rate", &[1e6])]),
        Case::new("Uniform", &[("low", &[0.0]), ("high", &[1e-3])]),
        Case::new("Uniform", &[("low", &[-1e6]), ("high", &[1e6])]),
        Case::new("Bernoulli", &[("probs", &[1e-6])]),
        Case::new("Bernoulli", &[("probs", &[0.0])]),
        Case::new("Bernoulli", &[("probs", &[1.0])]),
        Case::new("Bernoulli", &[("probs", &[1.0 - 1e-6])]),
        Case::new("Bernoulli", &[("logits", &[1000.0])]),
        Case::new("Bernoulli", &[("logits", &[-1000.0])]),
        Case::new("Bernoulli", &[("logits", &[f64::INFINITY])]),
        Case::new("Bernoulli", &[("logits", &[f64::NEG_INFINITY])]),
        Case::new("Bernoulli", &[("logits", &[-13.8])]),
        Case::new("Binomial", &[("total_count", &[0.0]), ("probs", &[0.5])]),
        Case::new("Binomial", &[("total_count", &[4.0]), ("probs", &[1.0])]),
        Case::new("Binomial", &[("total_count", &[4.0]), ("probs", &[0.0])]),
        Case::new("Binomial", &[("total_count", &[1e6]), ("probs", &[1e-6])]),
        Case::new("Binomial", &[("total_count", &[1e6]), ("probs", &[0.999])]),
        Case::new("Binomial", &[("total_count", &[25.0]), ("probs", &[0.5])]),
        Case::new("Binomial", &[("total_count", &[5.0]), ("logits", &[-1000.0])]),
        Case::new("Binomial", &[("total_count", &[5.0]), ("logits", &[1000.0])]),
        Case::new("Binomial", &[("total_count", &[1e6]), ("logits", &[16.0])]),
        beta_binomial(0.0, 1.0, 2.0),
        beta_binomial(25.0, 0.3, 0.2),
        beta_binomial(4.0, 1e-3, 1e-3),
        beta_binomial(200.0, 1e6, 3e6),
        Case::new("Geometric", &[("probs", &[1.0])]),
        Case::new("Geometric", &[("probs", &[1e-6])]),
        Case::new("Geometric", &[("logits", &[1000.0])]),
        Case::new("Geometric", &[("logits", &[-20.0])]),
        Case::new("Poisson", &[("rate", &[0.0])]),
        Case::new("Poisson", &[("rate", &[1e-6])]),
        Case::new("Poisson", &[("rate", &[9.99])]),
        Case::new("Poisson", &[("rate", &[10.0])]),
        Case::new("Poisson", &[("rate", &[1e4])]),
        Case::new("NegativeBinomial", &[("total_count", &[0.01]), ("probs", &[0.9])]),
        Case::new("NegativeBinomial", &[("total_count", &[1e4]), ("logits", &[-2.0])]),
        Case::new("NegativeBinomial", &[("total_count", &[3.0]), ("logits", &[-1000.0])]),
        Case::new("NegativeBinomial", &[("total_count", &[3.0]), ("probs", &[0.0])]),
        loc_scale("Cauchy", 0.0, 1e6),
        truncated(0.0, 1.0, 30.0, 31.0),
        truncated(0.0, 1.0, -90.0, -30.0),
        truncated(0.0, 1.0, -1e3, 1e3),
        truncated(-2.0, 0.5, -0.25, 4.0),
        truncated(0.0, 1e3, 1.0, 2.0),
        truncated(-0.2, 1e-3, 0.0, 1.0),
        Case::new("HalfNormal", &[("scale", &[1e-3])]),
        Case::new("HalfNormal", &[("scale", &[1e6])]),
        Case::new("HalfCauchy", &[("scale", &[1e-3])]),
        Case::new("HalfCauchy", &[("scale", &[1e6])]),
        Case::new("InverseGamma", &[("concentration", &[0.03]), ("rate", &[1e-3])]),
        Case::new("InverseGamma", &[("concentration", &[1.0]), ("rate", &[1e6])]),
        Case::new("InverseGamma", &[("concentration", &[1e6]), ("rate", &[1.0])]),
        Case::new("Chi2", &[("df", &[2e-3])]),
        Case::new("Chi2", &[("df", &[1e6])]),
        Case::new("Pareto", &[("scale", &[1e-3]), ("alpha", &[0.5])]),
        Case::new("Pareto", &[("scale", &[1e6]), ("alpha", &[50.0])]),
        Case::new("Weibull", &[("scale", &[1.0]), ("concentration", &[0.2])]),
        Case::new("Weibull", &[("scale", &[1e6]), ("concentration", &[20.0])]),
        Case::new("Gamma", &[("concentration", &[1e-3]), ("rate", &[1.0])]),
        Case::new("Gamma", &[("concentration", &[0.03]), ("rate", &[1e-3])]),
        Case::new("Gamma", &[("concentration", &[1.0]), ("rate", &[1e6])]),
        Case::new("Gamma", &[("concentration", &[1e6]), ("rate", &[1.0])]),
        Case::new("Beta", &[("concentration1", &[0.01]), ("concentration0", &[2.0])]),
        Case::new("Beta", &[("concentration1", &[0.03]), ("concentration0", &[0.05])]),
        Case::new("Beta", &[("concentration1", &[0.5]), ("concentration0", &[0.5])]),
        Case::new("Beta", &[("concentration1", &[2e5]), ("concentration0", &[3e5])]),
        Case::new("ContinuousBernoulli", &[("probs", &[0.5])]),
        Case::new("ContinuousBernoulli", &[("probs", &[0.500001])]),
        Case::new("ContinuousBernoulli", &[("probs", &[1e-6])]),
        Case::new("ContinuousBernoulli", &[("logits", &[0.0])]),
        Case::new("ContinuousBernoulli", &[("logits", &[-1e-9])]),
        Case::new("ContinuousBernoulli", &[("logits", &[-1000.0])]),
        Case::new("Dirichlet", &[("concentration", &[1e-3, 1e-2, 0.5])]),
        Case::new("Dirichlet", &[("concentration", &[1e5, 2e5, 1.0])]),
        Case::new("StudentT", &[("df", &[1.0]), ("loc", &[0.0]), ("scale", &[1.0])]),
        Case::new("StudentT", &[("df", &[0.1]), ("loc", &[0.0]), ("scale", &[1.0])]),
        Case::new("StudentT", &[("df", &[1e6]), ("loc", &[0.0]), ("scale", &[1.0])]),
        Case::new("VonMises", &[("loc", &[0.0]), ("concentration", &[0.0])]),
        Case::new("VonMises", &[("loc", &[3.0]), ("concentration", &[1e-3])]),
        Case::new("VonMises", &[("loc", &[10.0]), ("concentration", &[1e4])]),
        Case::new("Kumaraswamy", &[("concentration1", &[0.5]), ("concentration0", &[0.5])]),
        Case::new("Kumaraswamy", &[("concentration1", &[30.0]), ("concentration0", &[8.0])]),
        Case::new("MultivariateNormal", &[("loc", &[0.0, 0.0]), ("scale_tril", &[1e3, 0.0, -1e3, 1e-3])]),
        Case::new("RelaxedBernoulli", &[("temperature", &[0.1]), ("logits", &[-2.0])]),
        Case::new("RelaxedBernoulli", &[("temperature", &[0.5]), ("logits", &[1000.0])]),
        Case::new("RelaxedOneHotCategorical", &[("temperature", &[0.05]), ("logits", &[-30.0, 0.0, 30.0])]),
    ];
    for name in ["Normal", "Laplace", "Logistic", "Gumbel"] {
        cases.push(loc_scale(name, 0.0, 1e-3));
        cases.push(loc_scale(name, 5.0, 1e6));
    }
    for (k, logits) in [
        (0.0, [0.3, 0.0, -1.0]),
        (3.0, [0.3, 0.0, -1.0]),
        (1.0, [700.0, -700.0, 699.0]),
        (2.0, [700.0, -700.0, -701.0]),
        (2.0, [-13.8, 0.0, 13.8]),
    ] {
        cases.push(Case::new("KSubset", &[("k", &[k]), ("logits", &logits)]));
    }
    for name in ["Categorical", "OneHotCategorical"] {
        cases.push(Case::new(name, &[("probs", &[0.0, 0.25, 0.75])]));
        cases.push(Case::new(name, &[("probs", &[1e-6, 1.0, 0.0])]));
        cases.push(Case::new(name, &[("probs", &[0.0, 1.0, 0.0])]));
        cases.push(Case::new(name, &[("logits", &[-1000.0, 1000.0, 0.0])]));
        cases.push(Case::new(name, &[("logits", &[1000.0, 1000.0, 999.0])]));
        cases.push(Case::new(name, &[("logits", &[f64::NEG_INFINITY, 0.0, 1.0])]));
        cases.push(Case::new(name, &[("logits", &[-13.8, 0.0, -80.0])]));
    }
    cases
}
