//! What is known of a site before anything is rewritten.

use aleator_engine::graph::Shape;

use crate::distributions::Distribution;

/// What is known of a site before any expression is built.
pub struct SiteInfo<'a, 'g> {
    /// The site's name.
    pub name: &'a str,
    /// The distribution, with its parameters in the author's graph.
    pub distribution: &'a Distribution<'g>,
    /// The axes of independent draws.
    pub batch: &'a Shape,
    /// Number of independent draws: the elements of its batch axes.
    pub draws: usize,
    /// How many of these draws have to be enumerated together: those whose costs mix.
    pub coupled_draws: usize,
    /// Whether its support moves with the parameters of the graph: a score has expectation zero only where it does not.
    pub support_moves: bool,
    /// Whether a cost is undefined between the outcomes of the draw, as `v[z]` is.
    pub undefined_between: bool,
}

impl SiteInfo<'_, '_> {
    /// Whether costs may be evaluated between the outcomes of the draw; the reason if not.
    pub(crate) fn defined_between(&self) -> Result<(), String> {
        if !self.undefined_between {
            return Ok(());
        }
        Err("it indexes a tensor, and there is no element between two outcomes, where this estimator evaluates the cost; write \
             `v[0] + (v[1] - v[0]) * z` or a sum over a one-hot site, or use enumeration, reinforce_loo or score_function"
            .into())
    }
}
