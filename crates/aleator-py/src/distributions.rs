//! Distributions by name, and their quantities.

use aleator::distributions::{Distribution, find, kl};
use aleator::graph::{Expr, Graph};

use crate::mistake::{Mistake, exprs};

/// A distribution as Python gives it: its name, the number of its signature, and the nodes of its parameters.
pub struct Given<'a> {
    pub distribution: &'a (String, usize),
    pub ids: &'a [usize],
}

impl Given<'_> {
    /// The distribution in a graph.
    pub fn on<'g>(&self, graph: &'g Graph) -> Result<Distribution<'g>, Mistake> {
        let (name, signature) = self.distribution;
        let signature = find(name).and_then(|entry| entry.signatures.get(*signature));
        let signature = signature.filter(|signature| signature.names.len() == self.ids.len());
        let signature = signature
            .ok_or_else(|| Mistake::Text("AleatorError", format!("there is no such distribution {name}")))?;
        Ok(signature.build(exprs(graph, self.ids)?))
    }
}

/// A quantity of distributions.
pub struct Quantity<'a, 'g> {
    pub what: &'a str,
    pub distributions: &'a [Distribution<'g>],
    pub value: Option<Expr<'g>>,
}

/// The expression of a quantity.
pub fn quantity<'g>(graph: &'g Graph, of: &Quantity<'_, 'g>) -> Result<Expr<'g>, Mistake> {
    let quantity = unchecked(graph, of)?;
    of.distributions.iter().for_each(|distribution| graph.check_domain(of.what, distribution, quantity));
    Ok(quantity)
}

/// The expression without a check of the parameters.
fn unchecked<'g>(graph: &'g Graph, of: &Quantity<'_, 'g>) -> Result<Expr<'g>, Mistake> {
    let none = |name: &str| {
        Mistake::Text("AleatorError", format!("the {} of {name} has no closed form here", of.what))
    };
    match (of.what, of.distributions, of.value) {
        ("log_prob", [p], Some(value)) => match p.misfit(value) {
            Some(problem) => Err(Mistake::Text("ShapeError", format!("log_prob: {problem}"))),
            None => Ok(graph.log_prob(of.what, p, value)),
        },
        ("entropy", [p], None) => p.entropy().ok_or_else(|| none(p.name())),
        ("mean", [p], None) => p.mean().ok_or_else(|| none(p.name())),
        ("variance", [p], None) => p.variance().ok_or_else(|| none(p.name())),
        ("mode", [p], None) => p.mode().ok_or_else(|| none(p.name())),
        ("kl", [q, p], None) => Ok(kl(q, p)?),
        (what, ..) => Err(Mistake::Text("AleatorError", format!("there is no quantity {what}"))),
    }
}
