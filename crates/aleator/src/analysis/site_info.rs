//! Properties of a site that are known before anything is rewritten.

use aleator_engine::graph::Shape;

use crate::distributions::Distribution;

/// The properties of a site that are known before any expression is built.
pub struct SiteInfo<'a, 'g> {
    /// The name of the site.
    pub name: &'a str,
    /// The distribution, with its parameters in the author's graph.
    pub distribution: &'a Distribution<'g>,
    /// The axes of independent draws.
    pub batch: &'a Shape,
    /// The number of independent draws, that is, of elements of the batch axes.
    pub draws: usize,
    /// The number of these draws that must be enumerated together, because costs combine them.
    pub coupled_draws: usize,
    /// Whether the parameters depend on earlier draws, so that they differ from sample to sample.
    pub conditional: bool,
    /// Whether the support depends on the parameters of the graph. A score has expectation zero only if it does not.
    pub support_moves: bool,
    /// For each parameter of the distribution, whether it has a derivative with respect to the parameters of the graph, directly or
    /// through earlier draws.
    pub moving: &'a [bool],
    /// Whether a cost is undefined between the outcomes of the draw, as `v[z]` is.
    pub undefined_between: bool,
    pub(crate) score_separates: Box<dyn Fn() -> Result<(), String> + 'a>,
    pub(crate) score_moves_to_path: Box<dyn Fn() -> Result<(), String> + 'a>,
}

impl SiteInfo<'_, '_> {
    /// Whether the score of the site, as far as the costs contain log q(z) of its draw z, has mean 0: log q(z) enters them with
    /// a factor that does not depend on z or on draws behind it. If not, the reason.
    ///
    /// # Errors
    /// The reason, with the place of the obstacle and a remedy.
    pub fn score_separates(&self) -> Result<(), String> {
        (self.score_separates)()
    }

    /// Whether the score of the site, as far as the costs contain log q(z) of its draw z, has mean 0 or lies within one log Σ exp over
    /// copies, so that its mean is known as a derivative along z.
    ///
    /// # Errors
    /// The reason why not, with the place of the obstacle and a remedy.
    pub fn score_moves_to_path(&self) -> Result<(), String> {
        (self.score_moves_to_path)()
    }

    /// Whether costs may be evaluated between the outcomes of the draw; if not, the reason.
    pub(crate) fn defined_between(&self) -> Result<(), String> {
        if !self.undefined_between {
            return Ok(());
        }
        Err("it indexes a tensor, and there is no element between two outcomes, where this estimator evaluates the cost; write \
             `v[0] + (v[1] - v[0]) * z` or a sum over a one-hot site, or use enumeration, reinforce_loo or score_function"
            .into())
    }
}
