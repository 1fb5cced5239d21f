//! ARMS: antithetic REINFORCE with many samples.
//!
//! ```text
//! ∇φ E[F(b)]  ≈  1/(K−1) Σₖ (F(bₖ) − F̄) (bₖ − p) · pq/(p − P₁₁),      P₁₁ = P(bⱼ = bₖ = 1),   K ≥ 2
//!
//! eₖ = −log Uₖ,   dₖ = eₖ / Σ e,   uₖ = (1 − dₖ)^(K−1)                     Dirichlet copula
//! bₖ = 1[uₖ < p]  where p < ½,     1[1 − uₖ < p]  where p ≥ ½
//! ```
//!
//! | property       | value                                                                              |
//! |----------------|------------------------------------------------------------------------------------|
//! | bias           | none                                                                               |
//! | distributions  | Bernoulli                                                                          |
//! | needs of F     | none: may be discontinuous or a black box                                          |
//! | evaluations    | K ≥ 2; K² where the parameters depend on earlier draws                             |
//!
//! Derivation: the leave-one-out estimate of coupled draws has the mean (1 − ρ) g, where ρ is the correlation of two of them, as for
//! [`Disarm`], and pq/(p − P₁₁) = 1/(1 − ρ). d is uniform on the simplex, so uₖ is uniform, because P(dₖ > t) = (1 − t)^(K−1), and
//! two draws are 1 together with the probability P(dⱼ > t, dₖ > t) = max(1 − 2t, 0)^(K−1) at t = 1 − m^(1/(K−1)), where m is the
//! smaller of p and q: the dₖ sum to 1, so that few of them are large. With that probability M,
//!
//! ```text
//! pq/(p − P₁₁) = max(p, q) / (1 − M/m),    M/m = (1 − x)^(K−1) for x = m^(−1/(K−1)) − 1 < 1, else 0
//! ```
//!
//! which has no difference of nearly equal numbers: M/m ≤ m ≤ ½. With K = 2 this is DisARM; with many samples it tends to leave-one-out.
//! If a site's parameters do not depend on earlier draws, its K samples are coupled. If they do (later layers), the samples have
//! different parameters, and their coupling would be biased; each sample then has K − 1 partners of its own, at which F is evaluated
//! once more, with the layers behind drawn again from their own noise and those before unchanged.
//! Choose it for Bernoulli draws if more than two evaluations are affordable.
//! Reference: `dimitriev2021arms`.
//!
//! [`Disarm`]: super::Disarm

use aleator_engine::graph::{Expr, FromEnd, concat};

use super::coupled_coins::has_coins;
use crate::error::Result;
use crate::rewrite::{
    Bias, Cone, DownstreamSites, Estimator, GradientTerm, Properties, Site, SiteInfo, SiteValue, Smoothness,
};

/// Leave-one-out over coupled draws.
#[derive(Clone, Copy, Debug, Default)]
pub struct Arms;

/// The entry in the table of estimators.
pub static PROPERTIES: Properties = Properties {
    name: "arms",
    aliases: &[],
    bias: Bias::Unbiased,
    summary: "leave-one-out over K mutually antithetic draws, corrected for their correlation",
    formula: "1/(K-1) sum_k (F(b_k) - mean F) (b_k - p) p q / (p - P11)",
    distributions: "Bernoulli",
    requires: "nothing: F may be discontinuous or a black box",
    evaluations: "K >= 2 (K^2 behind earlier draws)",
    smoothness: Smoothness::NotNeeded,
    advice: "for Bernoulli z when F may be evaluated more than twice",
    options: &[],
    reference: "dimitriev2021arms",
};

/// K coupled draws of each coin, from uniform numbers U along the last axis: b, along that axis.
fn coupled<'g>(phi: Expr<'g>, uniform: Expr<'g>, k: usize) -> Expr<'g> {
    let e = -uniform.log();
    // (1 − d_k) Σ e as the sum of the others, which has no cancellation where d_k is close to 1.
    let each = phi.graph().iota(k).one_hot(k);
    let others = e.matmul(1.0 - each);
    let log_u = (k as f64 - 1.0) * (others.log() - (e + others).log());
    // log min(p, q)
    let log_rare = -phi.abs().softplus().unsqueeze(-1);
    let rare = log_u.less(log_rare);
    phi.less(0.0).unsqueeze(-1).select(rare, 1.0 - rare).stop_gradient()
}

/// pq/(p − P₁₁)
fn factor<'g>(phi: Expr<'g>, k: usize) -> Expr<'g> {
    let others = k as f64 - 1.0;
    let x = (phi.abs().softplus() / others).expm1().minimum(1.0);
    // −(1 − M/m)
    let apart = (others * (-x).log1p()).expm1();
    phi.abs().sigmoid() / -apart
}

/// b − p, without cancellation.
fn centred<'g>(phi: Expr<'g>, b: Expr<'g>) -> Expr<'g> {
    b.select((-phi).sigmoid(), -phi.sigmoid())
}

impl Arms {
    /// The draws of a site whose parameters differ from sample to sample, of shape sample + batch + `[K]`: the draw of the sample
    /// and its partners.
    fn partners<'g>(site: &Site<'g>, phi: Expr<'g>) -> Expr<'g> {
        let k = site.num_samples();
        coupled(phi, site.noise().uniform(&[k]), k)
    }
}

impl Estimator for Arms {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        has_coins(site)
    }

    fn min_samples(&self) -> usize {
        2
    }

    fn extra_evaluations(&self, site: &SiteInfo<'_, '_>, samples: usize) -> usize {
        if site.conditional { samples - 1 } else { 0 }
    }

    fn draw<'g>(&self, site: &Site<'g>) -> Result<SiteValue<'g>> {
        let phi = site.log_odds()?;
        let (k, batch) = (site.num_samples(), site.batch_shape().rank());
        if site.is_conditional() {
            return Ok(SiteValue::value(Self::partners(site, phi).slice(-1, 0, 1).squeeze(-1)));
        }
        // The samples on the last axis and back.
        let u = move_axis(site.noise().uniform(&[]), batch, 0);
        let phi = if phi.rank() > batch { phi.squeeze(FromEnd(batch)) } else { phi };
        Ok(SiteValue::value(move_axis(coupled(phi, u, k), 0, batch)))
    }

    fn terms<'g>(&self, site: &Site<'g>, cone: &Cone<'_, 'g>) -> Result<Vec<GradientTerm<'g>>> {
        let phi = site.log_odds()?;
        let (k, b, f) = (site.num_samples(), cone.value(), cone.cost());
        let others = k as f64 - 1.0;
        let weight = if site.is_conditional() {
            let partners = Self::partners(site, phi).slice(-1, 1, k - 1);
            let partners = site.in_front(move_axis(partners, 0, partners.rank() - 1), 0);
            let costs = cone.costs_at(partners, DownstreamSites::AsPlanned)?;
            // All K draws along the first axis.
            let first = |e: Expr<'g>, like: Expr<'g>| e.with_rank(like.rank() - 1).unsqueeze(0);
            let b = stack(first(b, partners), partners);
            let f = stack(first(f, costs), costs);
            let mean = f.mean_axes(0);
            ((f - mean) * centred(phi, b)).sum_axes(0) / others
        } else {
            let mean = site.sum_over_samples(f) / k as f64;
            // The estimate is a mean over the K samples.
            (f - mean) * centred(phi, b) * (k as f64 / others)
        };
        Ok(vec![GradientTerm { expr: phi, weight: weight * factor(phi, k), event_rank: 0 }])
    }
}

/// Moves an axis, where 0 is the last one.
fn move_axis(e: Expr<'_>, from: usize, to: usize) -> Expr<'_> {
    let rank = e.rank();
    let mut order: Vec<usize> = (0..rank).collect();
    let axis = order.remove(rank - 1 - from);
    order.insert(rank - 1 - to, axis);
    e.permute(&order)
}

/// Joins values along their first axis.
fn stack<'g>(first: Expr<'g>, rest: Expr<'g>) -> Expr<'g> {
    concat(&[first, rest], 0).unwrap_or(rest)
}
