//! State that estimators keep from one run to the next: coefficients, temperatures, networks, baselines.
//!
//! ```text
//! Becomes      m ← a value computed in the run                       moving averages
//! Descends     ψ ← ψ − rate · ∇ψ loss                                learned baselines, by their own loss
//!              ψ ← ψ − rate · ∇ψ Σ ĝ²                                control variates: E Σ ĝ² = Σ Var ĝ + |E ĝ|²
//! Ratio        b ← E⟨ĝ, s⟩ / E⟨s, s⟩                                 optimal baselines, from pilot runs
//! ```
//!
//! Values are read in a run and changed after it, so an estimate never depends on its own sample through them. If the mean of ĝ
//! does not depend on ψ, the second moment of ĝ has the same gradient as its variance. This gradient is an exact derivative of
//! the derivative program, computed in the same run.

use std::cell::RefCell;
use std::rc::Rc;

use aleator_engine::autodiff;
use aleator_engine::graph::{Expr, FromEnd, Graph, NodeId, Shape};

use super::net_dimensions::NetDimensions;

/// When the estimators' own parameters change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tuning {
    /// Never: all parameters keep their initial values.
    Held,
    /// Only values that are computed from pilot runs change.
    Pilot,
    /// All parameters change that do not affect the mean of the estimate.
    Tuned,
    /// All parameters change, as in training.
    #[default]
    Training,
}

/// How a parameter changes after a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateUpdate {
    /// It does not change.
    Stays,
    /// It takes this value.
    Becomes(NodeId),
    /// It takes a gradient step against this gradient.
    Descends(NodeId),
    /// It is the ratio of the running means of these two values.
    Ratio(NodeId, NodeId),
}

/// The owner of a tensor that is kept between runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// An estimator.
    Estimator,
    /// The author of the graph: a [`State`](crate::graph::State).
    Graph,
}

/// A tensor that an estimator or the author of the graph keeps between runs.
#[derive(Clone, Debug)]
pub struct EstimatorParam {
    /// `site.name`
    pub name: String,
    /// The input that holds it.
    pub node: NodeId,
    /// The shape.
    pub shape: Shape,
    /// The initial value, row-major.
    pub initial: Vec<f64>,
    /// How the tensor changes.
    pub update: StateUpdate,
    /// The owner of the tensor.
    pub owner: Owner,
}

/// What determines the new values of a declared parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TuningTarget {
    /// Nothing yet.
    Nothing,
    /// Minimisation of the variance of the gradient estimate.
    Variance,
    /// Minimisation of the declared losses.
    Loss,
    /// A value computed in the run.
    Value(NodeId),
    /// The ratio of ⟨cost · score, score⟩ and ⟨score, score⟩.
    OptimalBaseline {
        /// The index in the list of scores.
        score: usize,
        /// The index of the graph's parameter, for a baseline of the coordinates of that parameter.
        coordinates: Option<usize>,
    },
}

pub(crate) struct Declared {
    pub name: String,
    pub node: NodeId,
    pub shape: Shape,
    pub initial: Vec<f64>,
    pub target: TuningTarget,
    /// The first mode in which the parameter changes.
    pub from: Tuning,
}

/// The log p and the cost of a site with an optimal baseline.
#[derive(Clone, Copy)]
pub(crate) struct Score {
    pub site: usize,
    pub log_prob: NodeId,
    pub cost: NodeId,
    /// Whether each coordinate of the gradient has a separate baseline.
    pub coordinates: bool,
}

/// All parameters owned by the estimators of a surrogate, collected while it is built.
#[derive(Default)]
pub(crate) struct Collected {
    pub declared: Vec<Declared>,
    pub losses: Vec<NodeId>,
    pub scores: Vec<Score>,
    /// Whether some of these parameters scale the mean of the estimate once they have changed.
    pub rescales: bool,
    /// The index of the site whose estimator is currently called.
    pub at_work: usize,
    /// The means that estimators use: the index of the site whose estimator asked, the index of the site, the mean.
    pub means: Vec<(usize, usize, NodeId)>,
    /// The dimensions of the scrambled net of which sites draw.
    pub net: NetDimensions,
}

pub(crate) type Own = Rc<RefCell<Collected>>;

impl Collected {
    /// Returns the parameter of that name, and declares it if it is new.
    pub fn declare<'g>(&mut self, graph: &'g Graph, new: ParamDeclaration<'_>) -> Expr<'g> {
        if let Some(old) = self.declared.iter().find(|d| d.name == new.name) {
            return graph.expr(old.node);
        }
        let expr = graph.input(&new.name, new.shape.clone());
        let ParamDeclaration { name, shape, initial, target, from } = new;
        self.declared.push(Declared {
            name,
            node: expr.id(),
            shape: shape.clone(),
            initial: initial(shape.numel()),
            target,
            from,
        });
        expr
    }
}

/// A parameter to declare.
pub(crate) struct ParamDeclaration<'a> {
    pub name: String,
    pub shape: Shape,
    pub initial: &'a dyn Fn(usize) -> Vec<f64>,
    pub target: TuningTarget,
    pub from: Tuning,
}

/// The rules by which the collected parameters change in a mode.
///
/// `gradients` are the estimates ĝ for the graph's parameters, of shape `[R] + parameter`. `scores` are, for each [`Score`], the
/// estimates computed from cost · score and from the score alone.
pub(crate) fn rules<'g>(
    graph: &'g Graph,
    collected: &Collected,
    mode: Tuning,
    replicates: usize,
    gradients: &[Expr<'g>],
    scores: &[[Vec<Expr<'g>>; 2]],
) -> Vec<EstimatorParam> {
    let node_of = |d: &Declared| graph.expr(d.node);
    let with_target = |target: TuningTarget| -> Vec<&Declared> {
        collected.declared.iter().filter(|d| d.target == target && d.from <= mode).collect()
    };
    let (by_variance, by_loss) = (with_target(TuningTarget::Variance), with_target(TuningTarget::Loss));
    let of_variance = {
        let wrt: Vec<Expr<'g>> = by_variance.iter().map(|d| node_of(d)).collect();
        let pairs: Vec<_> = gradients.iter().map(|&g| (g, 2.0 / replicates as f64 * g)).collect();
        if wrt.is_empty() { vec![] } else { autodiff::vjp(&pairs, &wrt) }
    };
    let of_loss = {
        let wrt: Vec<Expr<'g>> = by_loss.iter().map(|d| node_of(d)).collect();
        let pairs: Vec<_> = collected
            .losses
            .iter()
            .map(|&l| (graph.expr(l), graph.full(graph.expr(l).shape(), 1.0)))
            .collect();
        if wrt.is_empty() { vec![] } else { autodiff::vjp(&pairs, &wrt) }
    };
    let (mut of_variance, mut of_loss) = (of_variance.into_iter(), of_loss.into_iter());
    let descends =
        |gradient: Option<Expr<'g>>| gradient.map_or(StateUpdate::Stays, |g| StateUpdate::Descends(g.id()));
    // Sums over replicates (and, for one number, over all coordinates). The ratio does not depend on their number.
    let inner = |a: Expr<'g>, b: Expr<'g>, keep: usize| {
        (a * b).sum_axes(FromEnd(&(keep..a.rank()).collect::<Vec<_>>()))
    };
    collected
        .declared
        .iter()
        .map(|d| {
            let update = match d.target {
                _ if d.from > mode => StateUpdate::Stays,
                TuningTarget::Nothing => StateUpdate::Stays,
                TuningTarget::Variance => descends(of_variance.next()),
                TuningTarget::Loss => descends(of_loss.next()),
                TuningTarget::Value(node) => StateUpdate::Becomes(node),
                TuningTarget::OptimalBaseline { score, coordinates } => {
                    let [with_cost, alone] = &scores[score];
                    let (numerator, denominator) = match coordinates {
                        Some(i) => {
                            let keep = d.shape.rank();
                            (inner(with_cost[i], alone[i], keep), inner(alone[i], alone[i], keep))
                        }
                        None => {
                            let total = |a: &[Expr<'g>], b: &[Expr<'g>]| {
                                let terms = a.iter().zip(b).map(|(&a, &b)| inner(a, b, 0));
                                terms.fold(graph.scalar(0.0), |sum, t| sum + t)
                            };
                            (total(with_cost, alone), total(alone, alone))
                        }
                    };
                    StateUpdate::Ratio(numerator.id(), denominator.id())
                }
            };
            EstimatorParam {
                name: d.name.clone(),
                node: d.node,
                shape: d.shape.clone(),
                initial: d.initial.clone(),
                update,
                owner: Owner::Estimator,
            }
        })
        .collect()
}
