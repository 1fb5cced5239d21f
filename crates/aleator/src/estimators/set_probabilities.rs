//! The probability of a set that is drawn without replacement, and of its members given the set.
//!
//! Outcomes are drawn one after another, each with its probability among those that are left. The K drawn ones are a set S in any order.
//!
//! ```text
//! P(S | T first) = h(T),   T ⊆ S:    h(S) = 1,    h(T) = Σ_{s ∈ S∖T} p(s)/(1 − P(T)) h(T ∪ s)
//! p(S) = h(∅)
//! R(S, s)        = h({s})/h(∅)                      leave-one-out ratio:    p(s) R(S, s) = P(s was first | S)
//! R^{D∖s}(S, s') = h({s, s'})/h({s})                second order:          p(s') R^{D∖s}(S, s') = (1 − p(s)) P(s' second | S, s first)
//! ```
//!
//! The recursion over the 2^K subsets has K 2^(K−1) positive terms instead of the K! orders. With m(T) = 1 − P(T), a sum of the
//! probabilities outside T, and h(T) = h̃(T) Π_{t ∈ S∖T} p(t)/m(S∖t), it becomes
//!
//! ```text
//! h̃(T) = Σ_s m(S∖s)/m(T) h̃(T ∪ s),      p(s) R(S, s) = m(S∖s) h̃({s})/h̃(∅),      p(s') R^{D∖s} = m(S∖s') h̃({s, s'})/h̃({s})
//! ```
//!
//! h̃ is between 1/K! and K!, because the factor of the most probable member that is left is at least 1/(number left). So nothing
//! underflows or cancels, however different the probabilities are; m is computed from logarithms.
//! For two outcomes and K = 2: m({1}) = p₂, h̃({1}) = h̃({2}) = 1, h̃(∅) = p₂ + p₁ = 1, p₁ R = p₁: the sum over both is enumeration.
//!
//! Reference: `kool2020estimating`.

use aleator_engine::graph::{Expr, concat};

/// The largest K: there are 2^K subsets.
pub(super) const MOST_MEMBERS: usize = 10;

/// The probabilities of the members of sets, which stand along the last axis.
pub(super) struct SetProbabilities<'g> {
    members: usize,
    /// m(S∖s) of each member s, along the last axis.
    without: Expr<'g>,
    /// h̃ of each subset, along the last axis: member i belongs to the subset with index T if bit i of T is 1.
    completions: Expr<'g>,
}

impl<'g> SetProbabilities<'g> {
    /// For sets whose K members have the log-probabilities `log_p` along the last axis. `log_rest` is the logarithm of the
    /// probability of all other outcomes, of the same shape without that axis. All members must have positive probability.
    pub fn new(log_p: Expr<'g>, log_rest: Expr<'g>) -> Self {
        let graph = log_p.graph();
        let k = log_p.shape().from_end(0);
        let subsets = 1usize << k;
        // log m(T) = log (rest + Σ_{s ∉ T} p(s))
        let outside = (0..subsets).flat_map(|t| (0..=k).map(move |i| f64::from(t >> i & 1 == 0)));
        let outside = graph.tensor([subsets, k + 1], outside.collect());
        let terms = concat(&[log_p, log_rest.unsqueeze(-1)], -1).unwrap_or(log_p).unsqueeze(-2);
        let log_m = outside.select(terms, f64::NEG_INFINITY).logsumexp(-1);
        let log_without: Vec<Expr<'g>> = (0..k).map(|s| log_m.slice(-1, subsets - 1 - (1 << s), 1)).collect();
        // m(S∖s)/m(T) for the subsets T without s, of shape [.., subsets of the later members, 1, subsets of the earlier members].
        let by_bit = |e: Expr<'g>, s: usize| e.reshape_last(1, [subsets >> (s + 1), 2, 1 << s]);
        let ratios: Vec<Expr<'g>> = (0..k)
            .map(|s| {
                let here = by_bit(log_m, s).slice(-2, 0, 1);
                (log_without[s].unsqueeze(-1).unsqueeze(-1) - here).exp()
            })
            .collect();
        let whole = graph.tensor([subsets], (0..subsets).map(|t| f64::from(t == subsets - 1)).collect());
        let whole = whole.broadcast_to(log_m.shape());
        let mut completions = whole;
        // After i steps, h̃ is right for the subsets of at least K − i members.
        for _ in 0..k {
            completions = (0..k).fold(whole, |sum, s| {
                let from_larger = ratios[s] * by_bit(completions, s).slice(-2, 1, 1);
                let nothing = graph.full(from_larger.shape(), 0.0);
                let both = concat(&[from_larger, nothing], -2).unwrap_or(from_larger);
                sum + both.reshape_last(3, [subsets])
            });
        }
        let without = concat(&log_without, -1).unwrap_or(log_m).exp();
        SetProbabilities { members: k, without, completions }
    }

    fn at(&self, subset: usize) -> Expr<'g> {
        self.completions.slice(-1, subset, 1)
    }

    /// p(s) R(S, s) = P(s was first | S), along the last axis. The sum is 1.
    pub fn first(&self) -> Expr<'g> {
        let single: Vec<Expr<'g>> = (0..self.members).map(|s| self.at(1 << s)).collect();
        self.without * concat(&single, -1).unwrap_or(self.without) / self.at(0)
    }

    /// p(s') R^{D∖s}(S, s') with s along the last axis but one and s' along the last, and 0 where they are equal. The sum over s' is
    /// 1 − p(s).
    pub fn second(&self) -> Expr<'g> {
        let zero = self.without.graph().full(self.at(0).shape(), 0.0);
        let row = |s: usize| {
            let pair = |other: usize| if other == s { zero } else { self.at(1 << s | 1 << other) };
            let pairs: Vec<Expr<'g>> = (0..self.members).map(pair).collect();
            (self.without * concat(&pairs, -1).unwrap_or(zero) / self.at(1 << s)).unsqueeze(-2)
        };
        let rows: Vec<Expr<'g>> = (0..self.members).map(row).collect();
        concat(&rows, -2).unwrap_or(self.without)
    }
}
