//! The formulas that every family provides, and the handle that combines a family with its parameters.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use aleator_engine::graph::{Expr, Graph, Op, Reduction, Shape};

use super::argument::{Argument, Literal};
use super::implicit::{Flux, ImplicitReparameterization};
use super::jumps::Jumps;
use super::noise::Noise;
use super::perturbation::{Coupling, Perturbation};
use super::quadratic_variance::QuadraticVariance;
use super::transformation::{Transform, Transformation, Transformed};
use super::weak_derivative::WeakDerivative;

/// The domain of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Constraint {
    /// Any number including infinities, but not NaN.
    NotNan,
    /// A finite number.
    Real,
    /// Greater than 0, finite.
    Positive,
    /// At least 0, finite.
    NotNegative,
    /// An integer, at least 0.
    Count,
    /// Between 0 and 1.
    Probability,
    /// Greater than 0, at most 1.
    PositiveProbability,
    /// At least 0, less than 1.
    ProbabilityBelowOne,
    /// Not negative, finite, with a positive sum along the last axis.
    Weights,
    /// Less than ∞, but not all −∞ along the last axis: logarithms of weights.
    LogWeights,
    /// Finite, with positive numbers on the diagonal of the last two axes and zeros above it.
    LowerCholesky,
}

impl Constraint {
    /// 1 for each element that violates the constraint, else 0.
    pub fn violated<'g>(self, x: Expr<'g>) -> Expr<'g> {
        let finite = x.abs().less(f64::INFINITY);
        let fine = match self {
            Constraint::NotNan => x.equal(x),
            Constraint::Real => finite,
            Constraint::Positive => finite * x.greater(0.0),
            Constraint::NotNegative => finite * x.greater_equal(0.0),
            Constraint::Count => finite * x.greater_equal(0.0) * x.equal(x.floor()),
            Constraint::PositiveProbability => x.greater(0.0) * x.less_equal(1.0),
            Constraint::ProbabilityBelowOne => x.greater_equal(0.0) * x.less(1.0),
            Constraint::Probability => x.greater_equal(0.0) * x.less_equal(1.0),
            Constraint::Weights => finite * x.greater_equal(0.0) * x.sum_axes(-1).greater(0.0).unsqueeze(-1),
            Constraint::LogWeights => {
                let largest = x.reduce(Reduction::Max, -1);
                x.less(f64::INFINITY) * largest.greater(f64::NEG_INFINITY).unsqueeze(-1)
            }
            Constraint::LowerCholesky => {
                let shape = x.shape();
                let places = |axis: usize| x.graph().iota(shape.from_end(axis));
                let (row, column) = (places(1).unsqueeze(-1), places(0).unsqueeze(-2));
                let on_or_above = row.equal(column).select(x.greater(0.0), x.equal(0.0));
                finite * column.less(row).select(1.0, on_or_above)
            }
        };
        !fine
    }

    /// Whether an infinite number can satisfy the constraint.
    pub fn admits_infinity(self) -> bool {
        match self {
            Constraint::NotNan | Constraint::LogWeights => true,
            Constraint::Real
            | Constraint::Positive
            | Constraint::NotNegative
            | Constraint::Count
            | Constraint::Probability
            | Constraint::PositiveProbability
            | Constraint::ProbabilityBelowOne
            | Constraint::Weights
            | Constraint::LowerCholesky => false,
        }
    }

    /// The constraint in words, to complete "must be".
    pub fn describe(self) -> &'static str {
        match self {
            Constraint::NotNan => "a number",
            Constraint::Real => "finite",
            Constraint::Positive => "positive",
            Constraint::NotNegative => "finite and not negative",
            Constraint::Count => "a non-negative integer",
            Constraint::Probability => "between 0 and 1",
            Constraint::PositiveProbability => "greater than 0 and at most 1",
            Constraint::ProbabilityBelowOne => "at least 0 and less than 1",
            Constraint::Weights => "non-negative with a positive sum",
            Constraint::LogWeights => "less than infinity and not all -infinity",
            Constraint::LowerCholesky => "finite and lower triangular with a positive diagonal",
        }
    }
}

/// A parameter of a family.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// The name, as in torch.distributions.
    pub name: &'static str,
    /// The domain.
    pub constraint: Constraint,
    /// The number of last axes that belong to one event.
    pub event_rank: usize,
}

/// The parameters by name: `let [loc, scale] = unpack(parameters)`.
pub(super) fn unpack<'g, const N: usize>(parameters: &[Expr<'g>]) -> [Expr<'g>; N] {
    std::array::from_fn(|i| parameters[i])
}

/// The elements of a constant, before it was reshaped or broadcast; `None` for any other expression.
pub(super) fn constant(e: Expr<'_>) -> Option<Vec<f64>> {
    let mut id = e.id();
    loop {
        let node = e.graph().node(id);
        match node.op {
            Op::Reshape { .. } | Op::Broadcast { .. } | Op::StopGradient => id = node.inputs[0],
            Op::Scalar(bits) => return Some(vec![f64::from_bits(bits)]),
            Op::Tensor(data) => return Some(data.0.to_vec()),
            _ => return None,
        }
    }
}

/// The support of a distribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// {0, 1}
    Boolean,
    /// {0, …, n − 1}
    Indices,
    /// The one-hot vectors.
    OneHot,
    /// The vectors of 0 and 1 with k ones, where k is the first parameter.
    Subsets,
    /// {0, 1, 2, …}
    Counts,
    /// {0, …, n}, where n is a parameter.
    BoundedCounts,
    /// The vectors of counts whose sum is the first parameter.
    Compositions,
    /// The real line.
    Real,
    /// (0, ∞)
    Positive,
    /// The numbers from one parameter on, up to another one if there is one, which are given by their places.
    Interval {
        /// The parameter that is the lower end.
        low: usize,
        /// The parameter that is the upper end.
        high: Option<usize>,
    },
    /// (0, 1)
    UnitInterval,
    /// [−π, π), whose ends are one point.
    Circle,
    /// The vectors of positive numbers with sum 1.
    Simplex,
    /// The real vectors.
    RealVector,
}

impl Support {
    /// Whether the support is countable.
    pub fn is_discrete(self) -> bool {
        use Support::{Boolean, BoundedCounts, Compositions, Counts, Indices, OneHot, Subsets};
        matches!(self, Boolean | Indices | OneHot | Subsets | Counts | BoundedCounts | Compositions)
    }

    /// Whether the values are counts, whose mean lies between them.
    pub(crate) fn is_of_counts(self) -> bool {
        matches!(self, Support::Counts | Support::BoundedCounts | Support::Compositions)
    }

    /// The places of the parameters that are ends of the support.
    pub(crate) fn ends(self) -> impl Iterator<Item = usize> {
        let ends = match self {
            Support::Interval { low, high } => [Some(low), high],
            _ => [None, None],
        };
        ends.into_iter().flatten()
    }

    /// The possible values, in words.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Support::Boolean => "0 and 1",
            Support::Indices => "the indices of its categories",
            Support::OneHot => "one-hot vectors",
            Support::Subsets => "vectors of 0 and 1 with k ones",
            Support::Counts => "0, 1, 2, and so on",
            Support::BoundedCounts => "the integers from 0 to its total count",
            Support::Compositions => "vectors of counts whose sum is their total count",
            Support::Real => "real numbers",
            Support::Positive => "positive numbers",
            Support::Interval { high: Some(_), .. } => "the numbers between its bounds",
            Support::Interval { high: None, .. } => "the numbers from its lower bound on",
            Support::UnitInterval => "the numbers between 0 and 1",
            Support::Circle => "the angles from -pi to pi",
            Support::Simplex => "positive numbers with sum 1",
            Support::RealVector => "real vectors",
        }
    }

    /// 1 for each element of a value that lies outside the closure of the support, else 0; `None` if every value is inside.
    pub(crate) fn outside<'g>(self, value: Expr<'g>, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let fractional = || value.not_equal(value.floor());
        let any = |a: Expr<'g>, b: Expr<'g>| (a + b).greater(0.0);
        match self {
            Support::Boolean | Support::Indices | Support::OneHot | Support::Subsets | Support::Circle => {
                self.excludes(value, parameters)
            }
            Support::Simplex => self.excludes(value, parameters).map(|sum| any(sum, value.less(0.0))),
            Support::Counts => Some(any(fractional(), value.less(0.0))),
            Support::BoundedCounts => {
                Some(any(any(fractional(), value.less(0.0)), value.greater(parameters[0])))
            }
            Support::Compositions => {
                let total = value.sum_axes(-1).not_equal(parameters[0]).unsqueeze(-1);
                Some(any(any(fractional(), value.less(0.0)), total))
            }
            Support::Positive => Some(value.less(0.0)),
            Support::Interval { low, high } => {
                let below = value.less(parameters[low]);
                Some(high.map_or(below, |high| any(below, value.greater(parameters[high]))))
            }
            Support::UnitInterval => Some(any(value.less(0.0), value.greater(1.0))),
            Support::Real | Support::RealVector => None,
        }
    }

    /// 1 for each element of a value outside the support at which log p is not −∞; `None` if log p is −∞ everywhere outside. For
    /// Boolean values, one-hot vectors and subsets, log p is extended to values between the outcomes; for indices, angles and the simplex, it is
    /// computed without a check.
    pub(crate) fn excludes<'g>(self, value: Expr<'g>, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let between = || value.not_equal(0.0) * value.not_equal(1.0);
        match self {
            Support::Boolean => Some(between()),
            Support::OneHot => {
                let total = value.sum_axes(-1).unsqueeze(-1);
                Some((between() + total.not_equal(1.0)).greater(0.0))
            }
            Support::Subsets => {
                let total = value.sum_axes(-1).not_equal(parameters[0]).unsqueeze(-1);
                Some((between() + total).greater(0.0))
            }
            Support::Indices => {
                let outcomes = parameters[0].shape().from_end(0) as f64;
                let inside = value.equal(value.floor()) * value.greater_equal(0.0) * value.less(outcomes);
                Some(!inside)
            }
            Support::Circle => Some(value.abs().greater(std::f64::consts::PI)),
            Support::Simplex => {
                // As near to 1 as the rounding of the narrower format lets a sum be.
                let total = value.sum_axes(-1).unsqueeze(-1);
                Some((total - 1.0).abs().greater(1e-4))
            }
            Support::Counts
            | Support::BoundedCounts
            | Support::Compositions
            | Support::Real
            | Support::Positive
            | Support::Interval { .. }
            | Support::UnitInterval
            | Support::RealVector => None,
        }
    }
}

/// The formulas of one family of distributions, as expressions of its parameters. The parameters already broadcast against each
/// other.
pub trait Family: fmt::Debug + Send + Sync {
    /// The name, as in the language and in torch.distributions.
    fn name(&self) -> &'static str;
    /// The parameters, in order.
    fn parameters(&self) -> &'static [Parameter];
    /// The support.
    fn support(&self) -> Support;
    /// For constraints on several parameters: 1 where they are violated, and the rule in words.
    fn jointly_violated<'g>(&self, _parameters: &[Expr<'g>]) -> Option<(Expr<'g>, &'static str)> {
        None
    }
    /// The shape of one event, given the parameters; `[]` for scalars.
    fn event_shape(&self, _parameters: &[Expr<'_>]) -> Shape {
        Shape::scalar()
    }
    /// If the event axes of the parameters are inconsistent, the reason.
    fn misshapen(&self, _parameters: &[Expr<'_>]) -> Option<String> {
        None
    }
    /// An exact sample, computed from the noise. It may be differentiated if [`Family::is_reparameterized`] is true.
    fn sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g>;
    /// Whether the derivative of a sample with respect to the parameters is a pathwise derivative of the distribution.
    fn is_reparameterized(&self) -> bool;
    /// log p(value), summed over the event.
    fn log_prob<'g>(&self, parameters: &[Expr<'g>], value: Expr<'g>) -> Expr<'g>;
    /// The same for a value that is a count, or the mean of counts: without the check that it is a whole number, and smooth between
    /// them. A control variate may be evaluated at a mean, where log p is −∞.
    fn log_prob_of_count<'g>(&self, parameters: &[Expr<'g>], value: Expr<'g>) -> Expr<'g> {
        self.log_prob(parameters, value)
    }
    /// log p at the sample that [`Family::sample`] computes from the same noise, as a function of the parameters with the sample
    /// held fixed. The derivative is the score. A sample close to an end of the support may be rounded to that end, and the score
    /// at the rounded value does not have expectation 0. Therefore, log p is computed from the coordinates in which the sample is
    /// computed (log z, logit z, (z − μ)/σ); see `coordinates`.
    fn log_prob_of_draw<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g>;
    /// E z, of the shape of a value; `None` if it does not exist or is not a possible input of a cost.
    fn mean<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>>;
    /// Var z, elementwise; `None` if it has no closed form.
    fn variance<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>>;
    /// −E log p(z) in nats, of the batch shape; `None` if it has no closed form.
    fn entropy<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>>;
    /// KL(this ‖ other) in closed form, of the batch shape. Implement this method for your own families; [`kl`](super::kl)
    /// contains the pairs of the library's families. The parameters of both distributions broadcast against each other.
    fn kl<'g>(&self, _parameters: &[Expr<'g>], _other: &Distribution<'g>) -> Option<Expr<'g>> {
        None
    }
    /// The sample as a transform of a variable that depends less on the parameters, if the family has such a transform.
    fn transformation(&self) -> Option<&dyn Transformation> {
        None
    }
    /// The derivatives of a sample at a fixed value of the distribution function, if they are known and the sample is no
    /// differentiable transform of noise.
    fn implicit_reparameterization(&self) -> Option<&dyn ImplicitReparameterization> {
        None
    }
    /// The sample as a discontinuous function of a continuous variable, for relaxations, if the family has such a function.
    fn perturbation(&self) -> Option<&dyn Perturbation> {
        None
    }
    /// The derivatives of the distribution with respect to its parameters as differences of two distributions, if any is known.
    fn weak_derivative(&self) -> Option<&dyn WeakDerivative> {
        None
    }
    /// For counts whose variance is a quadratic function of their mean: the weights of derivatives at them.
    fn quadratic_variance(&self) -> Option<&dyn QuadraticVariance> {
        None
    }
    /// For counts: the rates at which a sample jumps to its neighbours when a parameter moves, if they are known.
    fn jumps(&self) -> Option<&dyn Jumps> {
        None
    }
    /// For families that are not reparameterized: the value and the derivative at `x` of a smooth map from the real line onto the
    /// support. Under this map, the density must be smooth, have a width of about 1, and decay at least exponentially.
    fn support_bijector<'g>(&self, _parameters: &[Expr<'g>], _x: Expr<'g>) -> Option<(Expr<'g>, Expr<'g>)> {
        None
    }
    /// All outcomes of one event, each flat and row-major; `None` if there are infinitely many.
    fn outcomes(&self, _parameters: &[Expr<'_>]) -> Option<Vec<Vec<f64>>> {
        None
    }
    /// The number of [`Family::outcomes`].
    fn outcome_count(&self, parameters: &[Expr<'_>]) -> Option<usize> {
        self.outcomes(parameters).map(|outcomes| outcomes.len())
    }
    /// The probabilities of the n outcomes along a last axis, if the outcomes are 0, …, n − 1 or the one-hot vectors.
    fn masses<'g>(&self, _parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        None
    }
    /// The logarithms of [`Family::masses`], without underflow.
    fn log_masses<'g>(&self, _parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        None
    }
    /// The parameter values at which the probability of an outcome is 0 but has a nonzero derivative: the index of the parameter,
    /// and the values. At all other parameters of a discrete family, a probability of 0 has the derivative 0.
    fn edges(&self) -> Option<(usize, &'static [f64])> {
        None
    }
    /// P(value), for families with [`Family::edges`]. The derivative must be correct at the edges too, where the derivative of
    /// exp(log P) is 0 · ∞. `None` means exp(log P).
    fn mass<'g>(&self, _parameters: &[Expr<'g>], _value: Expr<'g>) -> Option<Expr<'g>> {
        None
    }
    /// A most probable outcome. It is only used if [`Family::outcomes`] returns outcomes.
    fn mode<'g>(&self, _parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        None
    }
}

/// A family with its parameters.
///
/// If all parameters are numbers, as in `Normal::new(0.0, 1.0)`, the distribution does not belong to a graph. It joins the graph
/// of the site, value or noise with which it is used, or the graph that you pass to [`Distribution::on`].
#[derive(Clone, Debug)]
pub struct Distribution<'g> {
    family: Arc<dyn Family>,
    /// Empty if the distribution does not belong to a graph.
    parameters: Vec<Expr<'g>>,
    /// The parameters of a distribution that does not belong to a graph.
    literals: Vec<Literal>,
}

impl<'g> Distribution<'g> {
    /// Combines a family with its parameters, in order, and aligns their batch axes. If the shapes do not broadcast, the graph
    /// holds an error.
    pub fn new(family: Arc<dyn Family>, parameters: Vec<Expr<'g>>) -> Self {
        let mut distribution = Distribution { family, parameters, literals: vec![] };
        let rank = distribution
            .family
            .parameters()
            .iter()
            .zip(&distribution.parameters)
            .map(|(p, e)| e.rank().saturating_sub(p.event_rank))
            .max()
            .unwrap_or(0);
        distribution.align(rank);
        distribution
    }

    /// Combines a family with expressions or numbers, one for each parameter, in order. Numbers become constants of the graph of
    /// the first expression.
    pub fn of<const N: usize>(family: Arc<dyn Family>, arguments: [Argument<'g>; N]) -> Self {
        let graph = arguments.iter().find_map(|argument| match argument {
            Argument::Expr(expr) => Some(expr.graph()),
            Argument::Literal(_) => None,
        });
        let (mut parameters, mut literals) = (Vec::new(), Vec::new());
        for argument in arguments {
            match (argument, graph) {
                (Argument::Expr(expr), _) => parameters.push(expr),
                (Argument::Literal(literal), Some(graph)) => parameters.push(literal.on(graph)),
                (Argument::Literal(literal), None) => literals.push(literal),
            }
        }
        if literals.is_empty() {
            Self::new(family, parameters)
        } else {
            Distribution { family, parameters, literals }
        }
    }

    /// The same distribution with its numbers as constants of `graph`. A distribution that already belongs to a graph is returned
    /// unchanged.
    pub fn on(&self, graph: &'g Graph) -> Self {
        self.bound(graph).into_owned()
    }

    fn bound(&self, graph: &'g Graph) -> Cow<'_, Self> {
        if self.literals.is_empty() { Cow::Borrowed(self) } else { Cow::Owned(self.constants(graph)) }
    }

    /// The distribution with its numbers as constants of `graph`.
    fn constants<'a>(&self, graph: &'a Graph) -> Distribution<'a> {
        Distribution::new(
            self.family.clone(),
            self.literals.iter().map(|literal| literal.on(graph)).collect(),
        )
    }

    /// Computes a property of the shapes, which does not depend on the graph.
    fn shapes<R>(&self, ask: impl for<'a> FnOnce(&dyn Family, &[Expr<'a>]) -> R) -> R {
        if self.literals.is_empty() {
            return ask(&*self.family, &self.parameters);
        }
        let scratch = Graph::new();
        ask(&*self.family, &self.constants(&scratch).parameters)
    }

    /// Gives every parameter `batch_rank` batch axes, by inserting axes of size 1.
    fn align(&mut self, batch_rank: usize) {
        for (spec, parameter) in self.family.parameters().iter().zip(&mut self.parameters) {
            *parameter = parameter.with_rank(batch_rank + spec.event_rank);
        }
    }

    /// The same distribution with parameters of `batch_rank` batch axes.
    pub(crate) fn with_batch_rank(mut self, batch_rank: usize) -> Self {
        self.align(batch_rank);
        self
    }

    /// The family.
    pub fn family(&self) -> &Arc<dyn Family> {
        &self.family
    }

    /// The name of the family.
    pub fn name(&self) -> &'static str {
        self.family.name()
    }

    /// The parameters, in the order of the family; empty if the distribution does not belong to a graph.
    pub fn parameters(&self) -> &[Expr<'g>] {
        &self.parameters
    }

    /// The same family with other parameters.
    pub fn with_parameters(&self, parameters: Vec<Expr<'g>>) -> Self {
        Distribution { family: self.family.clone(), parameters, literals: vec![] }
    }

    /// The shape of independent draws; `None` if the parameters do not broadcast.
    pub fn batch_shape(&self) -> Option<Shape> {
        self.shapes(|family, parameters| {
            family.parameters().iter().zip(parameters).try_fold(Shape::scalar(), |shape, (spec, e)| {
                let own = e.shape();
                if own.rank() < spec.event_rank {
                    return if own.rank() == 0 { Some(shape) } else { None };
                }
                shape.broadcast(&own.leading(own.rank() - spec.event_rank))
            })
        })
    }

    /// If the shapes of the parameters do not define an event, the reason.
    pub(crate) fn misshapen(&self) -> Option<String> {
        for (spec, parameter) in self.family.parameters().iter().zip(&self.parameters) {
            if parameter.is_poison() {
                return None;
            }
            let shape = parameter.shape();
            let axes = if spec.event_rank == 1 { "a last axis" } else { "two last axes" };
            if shape.rank() < spec.event_rank || shape.trailing(spec.event_rank).contains(&0) {
                return Some(format!(
                    "`{}` needs {axes} of at least one element, got shape {shape}",
                    spec.name
                ));
            }
        }
        self.family.misshapen(&self.parameters)
    }

    /// The shape of one draw.
    pub fn event_shape(&self) -> Shape {
        self.shapes(|family, parameters| family.event_shape(parameters))
    }

    /// log p(value), summed over the event. The last axes of the value are those of the event, and the others broadcast against
    /// the batch. The result is −∞ outside the support; between the outcomes of a Bernoulli or OneHotCategorical it is linear.
    pub fn log_prob(&self, value: Expr<'g>) -> Expr<'g> {
        self.family.log_prob(&self.bound(value.graph()).parameters, value)
    }

    /// See [`Family::log_prob_of_count`].
    pub fn log_prob_of_count(&self, value: Expr<'g>) -> Expr<'g> {
        self.family.log_prob_of_count(&self.bound(value.graph()).parameters, value)
    }

    /// See [`Family::log_prob_of_draw`].
    pub fn log_prob_of_draw(&self, noise: &mut Noise<'g>) -> Expr<'g> {
        self.family.log_prob_of_draw(&self.bound(noise.graph()).parameters, noise)
    }

    /// P(value) of a discrete family. The derivative is correct even where P(value) = 0.
    pub fn mass(&self, value: Expr<'g>) -> Expr<'g> {
        let bound = self.bound(value.graph());
        self.family.mass(&bound.parameters, value).unwrap_or_else(|| bound.log_prob(value).exp())
    }

    /// An exact sample, computed from the noise. It is differentiable if the family is reparameterized.
    pub fn sample(&self, noise: &mut Noise<'g>) -> Expr<'g> {
        self.family.sample(&self.bound(noise.graph()).parameters, noise)
    }

    /// The relaxation at `temperature` of [`Distribution::sample`] from the same noise (concrete distribution).
    pub fn relaxed_sample(&self, noise: &mut Noise<'g>, temperature: Expr<'g>) -> Option<Expr<'g>> {
        self.relax(self.perturbed(noise)?, temperature)
    }

    /// See [`Transformation::transformed`]; `None` if the family does not have this transform.
    pub fn transformed(&self, noise: &mut Noise<'g>, transform: Transform) -> Option<Transformed<'g>> {
        let formulas = self.family.transformation().filter(|t| t.has(transform))?;
        Some(formulas.transformed(&self.bound(noise.graph()).parameters, noise, transform))
    }

    /// See [`ImplicitReparameterization::implicit_sample`]; `None` if the family does not have these derivatives.
    pub fn implicit_sample(&self, noise: &mut Noise<'g>) -> Option<Expr<'g>> {
        let formulas = self.family.implicit_reparameterization()?;
        Some(formulas.implicit_sample(&self.bound(noise.graph()).parameters, noise))
    }

    /// See [`ImplicitReparameterization::flux`].
    pub(crate) fn flux(&self) -> Option<Flux<'g>> {
        self.family.implicit_reparameterization()?.flux(self.given()?)
    }

    /// See [`Perturbation::log_odds`]; also `None` if the distribution does not belong to a graph.
    pub fn log_odds(&self) -> Option<Expr<'g>> {
        Some(self.family.perturbation()?.log_odds(self.given()?))
    }

    /// See [`Perturbation::perturbed`].
    pub fn perturbed(&self, noise: &mut Noise<'g>) -> Option<Expr<'g>> {
        Some(self.family.perturbation()?.perturbed(&self.bound(noise.graph()).parameters, noise))
    }

    /// See [`Perturbation::perturbed_given`].
    pub fn perturbed_given(
        &self,
        noise: &mut Noise<'g>,
        value: Expr<'g>,
        coupling: Coupling,
    ) -> Option<Expr<'g>> {
        let bound = self.bound(value.graph());
        Some(self.family.perturbation()?.perturbed_given(&bound.parameters, noise, value, coupling))
    }

    /// See [`Perturbation::relax`].
    pub fn relax(&self, perturbed: Expr<'g>, temperature: Expr<'g>) -> Option<Expr<'g>> {
        Some(self.family.perturbation()?.relax(perturbed, temperature))
    }

    /// E z, of shape batch + event; `None` if the family has no closed form, or if the distribution does not belong to a graph.
    pub fn mean(&self) -> Option<Expr<'g>> {
        Some(self.broadcast(self.family.mean(self.given()?)?, self.event_shape()))
    }

    /// Var z, elementwise, of shape batch + event; `None` as for [`Distribution::mean`].
    pub fn variance(&self) -> Option<Expr<'g>> {
        Some(self.broadcast(self.family.variance(self.given()?)?, self.event_shape()))
    }

    /// −E log p(z) in nats, of shape batch; `None` as for [`Distribution::mean`].
    pub fn entropy(&self) -> Option<Expr<'g>> {
        Some(self.broadcast(self.family.entropy(self.given()?)?, Shape::scalar()))
    }

    /// A most probable outcome, of shape batch + event; `None` for families whose outcomes cannot be enumerated.
    pub fn mode(&self) -> Option<Expr<'g>> {
        Some(self.broadcast(self.family.mode(self.given()?)?, self.event_shape()))
    }

    /// The parameters, if the distribution belongs to a graph.
    fn given(&self) -> Option<&[Expr<'g>]> {
        self.literals.is_empty().then_some(&self.parameters)
    }

    /// Broadcasts a formula that does not contain every parameter to the shape of all of them.
    fn broadcast(&self, e: Expr<'g>, event: Shape) -> Expr<'g> {
        match self.batch_shape() {
            Some(batch) => e.broadcast_to(batch.join(&event)),
            None => e,
        }
    }
}
