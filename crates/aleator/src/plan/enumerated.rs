//! Which sites the automatic choice enumerates.
//!
//! ```text
//! ĝ = Σ_z ∇p(z) F(z, ε)      A evaluations, one for each outcome z;  ε: everything that is still drawn, the same for all z
//! Var_ε ĝ  ≤  Var (F − b) ∇log p(z)        Rao–Blackwell: the score's own variance is gone, that of ε is left
//! ```
//!
//! Sites whose draws are combined in some cost are considered together, as one part of the graph. There are three cases:
//!
//! 1. Everything in the part can be enumerated, in at most 1024 joint outcomes: the gradient of the part is exact.
//! 2. Every score in the part would be removed; what is still drawn has a law that does not depend on the parameters, or is
//!    differentiated through. The rest of the variance is that of the exact sum over z by ε. Leave-one-out takes 2 evaluations and
//!    keeps the variance of the score, so A = 16 outcomes are allowed: with free logits, A evaluations are never worse than A draws
//!    (|E s F|² ≤ E |s|² F² / A), and the usual gain is far larger, because what ε adds to F at every z cancels in Σ ∇p(z) = 0.
//! 3. Other scores remain. Their variance does too, and A evaluations may buy nothing: in a chain of sixty sites, ten enumerated
//!    ones leave fifty scores. Only A ≤ 2 is allowed, so the plan is never worse by more than that factor.

use std::collections::HashMap;

use crate::analysis::Analysis;

/// The largest number of joint outcomes of a part that is enumerated as a whole.
const FEW_OUTCOMES: usize = 1024;
/// The same limit if other random nodes remain, but no scores.
const FEW_BESIDE_NOISE: usize = 16;
/// The same limit if other scores remain.
const FEW_BESIDE_SCORES: usize = 2;

/// The properties of a site on which its enumeration depends.
pub(super) struct Enumerable {
    /// Whether an estimator has been named for it.
    pub given: bool,
    /// The number of outcomes that its enumeration adds, by the estimator that it has or could have.
    pub outcomes: Option<usize>,
    /// Whether its parameters have a derivative with respect to those of the graph, for other values held fixed.
    pub scored: bool,
    /// Whether the derivative passes through its value, so that no score is needed, or only a small one.
    pub followed: bool,
}

/// What the automatic choice does with the sites of a part that have no estimator yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Enumerate {
    /// All that can be enumerated.
    All {
        /// Whether nothing random is left.
        exact: bool,
    },
    /// Those whose laws depend on parameters; the others only add noise, and are drawn.
    Scored,
    /// None.
    Nothing,
}

/// The decision for each site.
pub(super) fn enumerated(sites: &[Enumerable], analysis: &Analysis) -> Vec<Enumerate> {
    let parts = parts(analysis);
    let mut all: HashMap<usize, Part> = HashMap::new();
    for ((site, &number), &used) in sites.iter().zip(&parts).zip(&analysis.used) {
        let part = all.entry(number).or_insert_with(Part::new);
        if used {
            part.add(site);
        }
    }
    parts.iter().map(|number| all[number].decision()).collect()
}

/// Numbers of joint outcomes in a part.
struct Part {
    /// Of all sites that can be enumerated.
    in_all: usize,
    /// Of those that have no estimator yet.
    added: usize,
    /// Of those among them that would need scores.
    scored: usize,
    /// Of those that are enumerated because their estimators say so.
    given: usize,
    /// Whether anything cannot be enumerated.
    noise_left: bool,
    /// Whether anything that cannot be enumerated needs a score.
    scores_left: bool,
}

impl Part {
    fn new() -> Self {
        Part { in_all: 1, added: 1, scored: 1, given: 1, noise_left: false, scores_left: false }
    }

    fn add(&mut self, site: &Enumerable) {
        let Some(outcomes) = site.outcomes else {
            self.noise_left = true;
            self.scores_left |= site.scored && !site.followed;
            return;
        };
        let times = |count: &mut usize| *count = count.saturating_mul(outcomes);
        times(&mut self.in_all);
        if site.given {
            times(&mut self.given);
            return;
        }
        times(&mut self.added);
        if site.scored {
            times(&mut self.scored);
        }
    }

    fn decision(&self) -> Enumerate {
        let beside_given = |outcomes: usize| outcomes.saturating_mul(self.given);
        if !self.noise_left && self.in_all <= FEW_OUTCOMES {
            Enumerate::All { exact: true }
        } else if self.added <= FEW_BESIDE_SCORES && self.in_all <= FEW_OUTCOMES {
            Enumerate::All { exact: false }
        } else if (!self.scores_left && beside_given(self.scored) <= FEW_BESIDE_NOISE)
            || (self.scored <= FEW_BESIDE_SCORES && beside_given(self.scored) <= FEW_OUTCOMES)
        {
            Enumerate::Scored
        } else {
            Enumerate::Nothing
        }
    }
}

/// For each site, the number of the part of the graph to which it belongs. Two sites are in the same part if a term of the
/// objective depends on both; parts have no terms in common.
fn parts(analysis: &Analysis) -> Vec<usize> {
    let mut part: Vec<usize> = (0..analysis.sites.len()).collect();
    for group in &analysis.groups {
        let mut together = group.sites.iter().map(|(site, _)| *site);
        let Some(first) = together.next() else { continue };
        for other in together {
            let (a, b) = (root(&part, first), root(&part, other));
            (part[a.max(b)], part[other]) = (a.min(b), a.min(b));
        }
    }
    (0..part.len()).map(|site| root(&part, site)).collect()
}

/// The first site of a site's part. Each site refers to one of its part that does not come after it; the first refers to itself.
fn root(part: &[usize], mut site: usize) -> usize {
    while part[site] != site {
        site = part[site];
    }
    site
}
