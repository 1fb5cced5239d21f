//! Derivatives of the objective of any order: an estimate of the objective whose derivatives estimate those of the objective.
//!
//! ```text
//! L  =  mean_K Σ_t Σ w □ (T_t − b_t) + b_t,      □ = exp(Σ log p − sg(Σ log p)) = 1
//! ∇ⁿ E[L]  =  E[∇ⁿ L]
//! ```
//!
//! T_t are the terms of the objective, w the weights of enumerated sites, sg the stopped gradient, and the sum of log-probabilities
//! contains the sites on which T_t depends and that are drawn without a derivative. Sites whose draws are transforms of noise need
//! nothing: T_t and the log-probabilities behind them are functions of the noise and of θ.
//!
//! Derivation: □ is the ratio of the probability at θ and at the present parameters. E[□ T] over draws at the present parameters is
//! E[T] at θ, for every θ, and so are its derivatives. The first one is E[T ∇ log p + ∇T], the second one
//! E[T (∇² log p + ∇ log p ∇ log pᵀ) + ∇ log p ∇Tᵀ + ∇T ∇ log pᵀ + ∇²T].
//!
//! For one coin with log-odds φ and F(b): □ = exp(log p − sg(log p)) has the second derivative ∂² log p + (∂ log p)², which is
//! −p q + q² for b = 1 and −p q + p² for b = 0. Its mean times F is p q (q − p) F(1) + p q (p − q) F(0), that is p″ (F(1) − F(0)).
//!
//! The baseline b_t is the mean of the term over the other samples, weighted and summed over the alternatives. The weights sum to 1,
//! and the other samples are independent of this one, so E[Σ w □ | the others] = 1 for every θ, and b_t changes no derivative of any
//! order. It is itself differentiated: it also reduces the variance of the products ∇ log p ∇Tᵀ. Without it, the variance grows with
//! the square of the level of the cost.
//!
//! Reference: `foerster2018dice`.

use aleator_engine::graph::{Expr, FromEnd, concat};

use super::derivatives::Differentiation;
use super::environment::Environment;
use super::rewriter::Rewriter;
use super::site::Site;
use crate::analysis::{TermGroup, relocate};

/// How an estimate is differentiated more than once at a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnyOrder {
    /// The value is a transform of noise, or stands for all outcomes with their weights: the estimate of the objective is a function
    /// of θ whose derivatives have the right means.
    Differentiable,
    /// The value is a draw without a derivative; costs are multiplied by the ratio of probabilities.
    Ratio {
        /// Whether the mean of the other samples is subtracted from the costs.
        leave_one_out: bool,
    },
}

impl<'g> Rewriter<'_, 'g> {
    /// L: the estimate of the objective that can be differentiated any number of times. `orders` are those of the sites' estimators.
    pub(super) fn objective_of_any_order(
        &self,
        orders: &[AnyOrder],
        sites: &[Option<Site<'g>>],
        main: &mut Environment<'g>,
    ) -> Expr<'g> {
        let mut objective = self.graph.engine().scalar(0.0);
        for group in &self.analysis.groups {
            let value = self.group_value(group, main);
            main.groups.push(value);
            let ratio = self.log_ratio(group, orders, sites, main);
            let summed = match ratio {
                None => self.weigh(value, group, &main.weights, |_| true),
                Some((log_ratio, leave_one_out)) => {
                    let summed = |value: Expr<'g>| {
                        let weighted = self.weigh(value, group, &main.weights, |_| true);
                        self.sum_alternatives(weighted, group, &main.weights, |_| true)
                    };
                    let baseline =
                        if leave_one_out { self.mean_of_others(summed(value), group) } else { None };
                    match baseline {
                        None => summed(log_ratio.exp() * value),
                        Some(b) => summed(log_ratio.exp() * (value - b)) + b,
                    }
                }
            };
            objective = objective + self.collapse(summed, group.shape.rank());
        }
        objective
    }

    /// Σ log p − sg(Σ log p) over the draws on which a group of terms depends, and whether the baseline is the mean of the other
    /// samples; `None` if there are no such draws.
    fn log_ratio(
        &self,
        group: &TermGroup,
        orders: &[AnyOrder],
        sites: &[Option<Site<'g>>],
        main: &Environment<'g>,
    ) -> Option<(Expr<'g>, bool)> {
        let mut baseline = false;
        let mut sum: Option<Expr<'g>> = None;
        for (number, dependence) in &group.sites {
            let (AnyOrder::Ratio { leave_one_out }, Some(site)) = (orders[*number], &sites[*number]) else {
                continue;
            };
            baseline |= leave_one_out;
            let log_prob = site.log_prob(main.values[&self.analysis.sites[*number].value]);
            let map = &dependence.map;
            let pairs = map.iter().enumerate().filter_map(|(i, a)| a.map(|a| (i, a))).collect::<Vec<_>>();
            let here = relocate(log_prob - log_prob.stop_gradient(), map.len(), group.shape.rank(), &pairs);
            sum = Some(sum.map_or(here, |sum| sum + here));
        }
        Some((sum?, baseline))
    }

    /// The mean over the other samples of a group's terms; `None` if there are no others.
    fn mean_of_others(&self, value: Expr<'g>, group: &TermGroup) -> Option<Expr<'g>> {
        let samples = self.lead.from_end(0);
        if samples < 2 {
            return None;
        }
        let rank = group.shape.rank();
        let value = value.with_rank(rank + self.lead.rank());
        if value.shape().from_end(rank) == 1 {
            // The terms are the same for every sample.
            return Some(value);
        }
        let all = value.sum_axes(FromEnd(&[rank][..])).unsqueeze(FromEnd(rank));
        Some((all - value) / (samples as f64 - 1.0))
    }
}

/// The largest number of rows of a Hessian, each of which is differentiated on its own.
pub(super) const MOST_ROWS: usize = 128;

/// The second derivatives of an objective, as estimates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SecondDerivatives {
    /// None.
    #[default]
    None,
    /// The whole matrix.
    Hessian,
    /// The product of the matrix with a direction, which is an input of the program.
    Product,
}

impl<'g> Differentiation<'_, 'g> {
    /// The Hessian from the gradient, in blocks of shape `[R] + parameter + other parameter`, for each parameter and each other.
    pub(super) fn hessian(&self, gradients: &[Expr<'g>]) -> Vec<Expr<'g>> {
        let lead: Vec<usize> = self.replicates.into_iter().collect();
        let mut blocks = Vec::with_capacity(self.params.len() * self.params.len());
        for (gradient, param) in gradients.iter().zip(self.params) {
            let n = param.shape.numel();
            let flat = gradient.reshape([lead.clone(), vec![n]].concat());
            let rows: Vec<Vec<Expr<'g>>> = (0..n).map(|i| self.derivative(flat.slice(-1, i, 1))).collect();
            for (place, other) in self.params.iter().enumerate() {
                let numel = other.shape.numel();
                let row = |row: &Vec<Expr<'g>>| row[place].reshape([lead.clone(), vec![1, numel]].concat());
                let parts: Vec<Expr<'g>> = rows.iter().map(row).collect();
                let block = concat(&parts, FromEnd(1)).unwrap_or(flat);
                let shape = [lead.clone(), param.shape.to_vec(), other.shape.to_vec()].concat();
                blocks.push(block.reshape(shape));
            }
        }
        blocks
    }

    /// The Hessian times a direction, in the shapes of the gradients.
    pub(super) fn hessian_product(&self, gradients: &[Expr<'g>], direction: &[Expr<'g>]) -> Vec<Expr<'g>> {
        let pairs: Vec<_> = gradients
            .iter()
            .zip(direction)
            .map(|(&gradient, &along)| (gradient, along.broadcast_to(gradient.shape())))
            .collect();
        self.vjp(&pairs)
    }

    /// The derivatives of the sum of all elements.
    fn derivative(&self, e: Expr<'g>) -> Vec<Expr<'g>> {
        self.vjp(&[(e, e.graph().full(e.shape(), 1.0))])
    }
}
