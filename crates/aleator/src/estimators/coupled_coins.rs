//! Draws from coupled uniform numbers: what ARM, DisARM and ARMS share.
//!
//! ```text
//! b = 1[u > q],   q = σ(−φ)
//!   = 1[1 − u < p]                                 the same, where q would round to 1
//! ```

use aleator_engine::graph::{Expr, FromEnd, concat};

use crate::distributions::Support;
use crate::rewrite::{Site, SiteInfo};

/// Whether the site is one of coins.
pub(super) fn has_coins(site: &SiteInfo<'_, '_>) -> Result<(), String> {
    match site.distribution.family().support() {
        Support::Boolean => Ok(()),
        Support::OneHot | Support::Indices => {
            Err("its draws have more than two outcomes; use disarm_categorical or local_expectation".into())
        }
        _ => Err("only the draws of a Bernoulli can be coupled in this way; use reinforce_loo".into()),
    }
}

/// Whether the samples are pairs; if not, the reason.
pub(super) fn has_pairs(samples: usize) -> Result<(), String> {
    match samples % 2 {
        0 => Ok(()),
        _ => Err(format!(
            "it draws samples in pairs, and {samples} is odd; use {} or {} samples",
            samples - 1,
            samples + 1
        )),
    }
}

/// 1[u > q] for logits φ, by comparison with the smaller of p and q, which does not round to 1.
pub(super) fn coin<'g>(phi: Expr<'g>, u: Expr<'g>) -> Expr<'g> {
    let rare = (-phi.abs()).sigmoid();
    phi.less(0.0).select((1.0 - u).less(rare), u.greater(rare)).stop_gradient()
}

/// A value of each sample, of shape sample + batch, and the same value of its partner: sample k of K is the partner of sample k + K/2.
pub(super) fn partners<'g>(site: &Site<'g>, of_samples: Expr<'g>) -> Expr<'g> {
    let (first, second) = halves(site, of_samples, 0);
    join(site, second, first, 0)
}

/// Uniform numbers of the samples, of shape sample + batch + event, of which partners are mirrored: u and 1 − u.
pub(super) fn mirrored<'g>(site: &Site<'g>, event: &[usize]) -> Expr<'g> {
    let (u, _) = halves(site, site.noise().uniform(event), event.len());
    join(site, u, 1.0 - u, event.len())
}

fn halves<'g>(site: &Site<'g>, of_samples: Expr<'g>, event_rank: usize) -> (Expr<'g>, Expr<'g>) {
    let (behind, k) = (site.batch_shape().rank() + event_rank, site.num_samples());
    let shape = of_samples.with_rank(behind + 1).shape();
    let full = shape.leading(shape.rank() - behind - 1).join(&[k]).join(&shape.trailing(behind));
    let all = of_samples.broadcast_to(full);
    (all.slice(FromEnd(behind), 0, k / 2), all.slice(FromEnd(behind), k / 2, k - k / 2))
}

fn join<'g>(site: &Site<'g>, first: Expr<'g>, second: Expr<'g>, event_rank: usize) -> Expr<'g> {
    let axis = FromEnd(site.batch_shape().rank() + event_rank);
    concat(&[first, second], axis).unwrap_or(first)
}
