//! The Kullback–Leibler divergence in closed form.
//!
//! ```text
//! KL(q ‖ p) = E_q[log q(z) − log p(z)] ≥ 0,   0 where q = p,   ∞ where q has mass where p has none
//! ```
//!
//! | file | pairs |
//! |---|---|
//! | `probabilities` | Bernoulli, Categorical, OneHotCategorical, Binomial, Geometric, NegativeBinomial, Poisson |
//! | `location_scale` | Normal, HalfNormal, HalfCauchy, LogNormal, MultivariateNormal, Laplace, Cauchy, Gumbel, Weibull |
//! | `concentration` | Gamma, InverseGamma, Chi2, Exponential, Beta, Dirichlet |
//! | `bounded` | Uniform, ContinuousBernoulli, Pareto, VonMises |
//! | `moments` | any of several families from a Normal, an Exponential, a Gamma or a Uniform |
//!
//! Each formula is a sum of terms eᵗ − 1 − t ≥ 0, so that equal parameters give exactly 0 and nearly equal parameters give
//! accurate results. For your own family, implement [`Family::kl`](super::Family::kl).

mod bounded;
mod concentration;
mod location_scale;
mod moments;
mod probabilities;

use aleator_engine::graph::Expr;

use super::family::Distribution;
use crate::error::{Error, Result};

/// A closed form; `None` if there is none for these parameters.
type Formula = for<'g> fn(&Distribution<'g>, &Distribution<'g>) -> Option<Expr<'g>>;

/// The pairs of families with a closed form: q, p and the formula.
const PAIRS: &[(&str, &str, Formula)] = &[
    ("Bernoulli", "Bernoulli", probabilities::bernoulli),
    ("Categorical", "Categorical", probabilities::categorical),
    ("OneHotCategorical", "OneHotCategorical", probabilities::categorical),
    ("Binomial", "Binomial", probabilities::binomial),
    ("Geometric", "Geometric", probabilities::geometric),
    ("NegativeBinomial", "NegativeBinomial", probabilities::negative_binomial),
    ("Poisson", "Poisson", probabilities::poisson),
    ("Normal", "Normal", location_scale::normal),
    ("LogNormal", "LogNormal", location_scale::normal),
    ("HalfNormal", "HalfNormal", location_scale::half_normal),
    ("HalfCauchy", "HalfCauchy", location_scale::half_cauchy),
    ("MultivariateNormal", "MultivariateNormal", location_scale::multivariate_normal),
    ("Laplace", "Laplace", location_scale::laplace),
    ("Cauchy", "Cauchy", location_scale::cauchy),
    ("Gumbel", "Gumbel", location_scale::gumbel),
    ("Weibull", "Weibull", location_scale::weibull),
    ("Exponential", "Weibull", location_scale::weibull),
    ("Weibull", "Exponential", location_scale::weibull),
    ("Exponential", "Exponential", concentration::exponential),
    ("Gamma", "Gamma", concentration::gamma),
    ("InverseGamma", "InverseGamma", concentration::gamma),
    ("Chi2", "Chi2", concentration::gamma),
    ("Chi2", "Gamma", concentration::gamma),
    ("Gamma", "Chi2", concentration::gamma),
    ("Chi2", "Exponential", concentration::gamma),
    ("Exponential", "Chi2", concentration::gamma),
    ("Exponential", "Gamma", concentration::gamma),
    ("Gamma", "Exponential", concentration::gamma),
    ("Beta", "Beta", concentration::beta),
    ("Dirichlet", "Dirichlet", concentration::dirichlet),
    ("Uniform", "Uniform", bounded::uniform),
    ("ContinuousBernoulli", "ContinuousBernoulli", bounded::continuous_bernoulli),
    ("Pareto", "Pareto", bounded::pareto),
    ("VonMises", "VonMises", bounded::von_mises),
    ("Laplace", "Normal", moments::from_normal),
    ("Logistic", "Normal", moments::from_normal),
    ("Gumbel", "Normal", moments::from_normal),
    ("Uniform", "Normal", moments::from_normal),
    ("Exponential", "Normal", moments::from_normal),
    ("Gamma", "Normal", moments::from_normal),
    ("Beta", "Normal", moments::from_normal),
    ("Weibull", "Normal", moments::from_normal),
    ("LogNormal", "Normal", moments::from_normal),
    ("LogNormal", "Exponential", moments::from_exponential),
    ("Beta", "Exponential", moments::from_exponential),
    ("LogNormal", "Gamma", moments::from_gamma),
    ("Weibull", "Gamma", moments::from_gamma),
    ("Beta", "Uniform", moments::from_uniform),
];

/// The pairs of families (q, p) of the library for which [`kl`] has a closed form.
pub fn kl_pairs() -> impl Iterator<Item = (&'static str, &'static str)> {
    PAIRS.iter().map(|(q, p, _)| (*q, *p))
}

/// Whether the shapes of two distributions allow a divergence, and a closed form of it is known; `None` if the shapes do not fit.
#[cfg(feature = "language")]
pub(crate) fn has_kl(q: &Distribution<'_>, p: &Distribution<'_>) -> Option<bool> {
    q.batch_shape()?.broadcast(&p.batch_shape()?)?;
    match kl(q, p) {
        Ok(_) => Some(true),
        Err(Error::Engine(_)) => None,
        Err(_) => Some(false),
    }
}

/// KL(q ‖ p) = E_q[log q(z) − log p(z)], in nats, in closed form.
///
/// The batch axes of the two distributions broadcast against each other and are the shape of the result. Event axes are summed.
///
/// ```
/// use aleator::distributions::{Normal, kl};
/// use aleator::graph::Graph;
///
/// let graph = Graph::new();
/// let q = Normal::new(graph.param("mu", 1.0), 1.0);
/// graph.cost("kl", kl(&q, &Normal::new(0.0, 1.0))?); // ½ μ²
/// # Ok::<(), aleator::Error>(())
/// ```
///
/// # Errors
/// Returns an error if no closed form is known for the two families (or for these parameters, such as two Binomials with
/// different counts), or if the shapes of the batches or events are inconsistent. For a divergence without a closed form, use log
/// q(z) − log p(z) of a draw z from q.
pub fn kl<'g>(q: &Distribution<'g>, p: &Distribution<'g>) -> Result<Expr<'g>> {
    let shape_error = |problem: String| {
        Err(Error::Engine(aleator_engine::Error::Shape { operation: "kl".into(), problem }))
    };
    let Some(graph) = [q, p].into_iter().find_map(|d| Some(d.parameters().first()?.graph())) else {
        return Err(Error::invalid(
            "both distributions consist of numbers only; add one to a graph with `Distribution::on`",
        ));
    };
    let (q, p) = (&q.on(graph), &p.on(graph));
    let shapes = q.batch_shape().zip(p.batch_shape());
    let Some(batch) = shapes.as_ref().and_then(|(a, b)| a.broadcast(b)) else {
        let words = |d: &Distribution<'_>| match d.batch_shape() {
            Some(shape) => format!("a {} of batch shape {shape}", d.name()),
            None => format!("a {} whose parameters do not fit together", d.name()),
        };
        return shape_error(format!("{} and {} do not broadcast", words(q), words(p)));
    };
    if let Some(problem) = q.misshapen().or_else(|| p.misshapen()) {
        return shape_error(problem);
    }
    let known = PAIRS.iter().find(|(a, b, _)| (*a, *b) == (q.name(), p.name()));
    if known.is_some() && event_sizes(q) != event_sizes(p) {
        let [a, b] = [q, p].map(event_sizes);
        return shape_error(format!("events of {a:?} and of {b:?} numbers or outcomes cannot be compared"));
    }
    let (q, p) = (q.clone().with_batch_rank(batch.rank()), p.clone().with_batch_rank(batch.rank()));
    let own = q.family().kl(q.parameters(), &p);
    let divergence = own.or_else(|| known.and_then(|(_, _, formula)| formula(&q, &p)));
    divergence.map(|e| e.broadcast_to(batch)).ok_or_else(|| {
        Error::invalid(format!(
            "no closed form of KL({} || {}) is known{}; use `log q(z) - log p(z)` of a draw z of q instead",
            q.name(),
            p.name(),
            if known.is_some() { " for these parameters" } else { "" }
        ))
    })
}

/// The sizes of the event axes of the parameters. For a Categorical, this is the number of outcomes.
fn event_sizes(d: &Distribution<'_>) -> Vec<usize> {
    let largest = d.family().parameters().iter().zip(d.parameters()).max_by_key(|(spec, _)| spec.event_rank);
    largest.map_or_else(Vec::new, |(spec, e)| e.shape().trailing(spec.event_rank).to_vec())
}
