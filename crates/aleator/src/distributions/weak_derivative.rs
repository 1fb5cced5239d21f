//! Weak derivatives: the derivative of a distribution as a difference of two distributions.
//!
//! ```text
//! ∂θ E F(z) = c (E F(z⁺) − E F(z⁻)),   z⁺ ~ p⁺,  z⁻ ~ p⁻                          a triple (c, p⁺, p⁻)
//! ```
//!
//! Every triple is a joint law of z⁺ and z⁻, and often one of the two is the sample z itself, so that only the other one is an
//! additional value. With E, U and v standard exponential and uniform numbers that are independent of z:
//!
//! | parameter                  | c           | z⁺                   | z⁻                       |
//! |----------------------------|-------------|----------------------|--------------------------|
//! | location of a symmetric f  | f(0)/σ      | μ + σ R              | μ − σ R                  |
//! | scale of a unimodal f      | 1/σ         | μ + σ M              | z                        |
//! | Gumbel, location           | 1/β         | z                    | μ − β log(E₁ + E₂)       |
//! | Exponential, rate          | 1/λ         | z                    | z + E/λ                  |
//! | Gamma, rate                | α/λ         | z                    | z + E/λ                  |
//! | InverseGamma, rate         | α/λ         | z                    | z/(1 + z E/λ)            |
//! | Weibull, scale             | k/λ         | λ (E₁ + E₂)^(1/k)    | z                        |
//! | Uniform, upper end         | 1/(b − a)   | b                    | z                        |
//! | Uniform, lower end         | 1/(b − a)   | z                    | a                        |
//! | TruncatedNormal, high      | p(b)        | b                    | z                        |
//! | TruncatedNormal, low       | p(a)        | z                    | a                        |
//! | Pareto, scale s            | α/s         | z                    | s                        |
//! | Pareto, alpha              | 1/α         | z                    | s e^((E₁ + E₂)/α)        |
//! | Poisson, rate              | 1           | z + 1                | z                        |
//! | Binomial, p                | z and n − z | z and z + 1          | z − 1 and z              |
//! | NegativeBinomial, p        | r/q         | z + 1 + G            | z, where P(G ≥ k) = pᵏ   |
//! | Geometric, p               | 1/p         | z                    | z + 1 + G, P(G ≥ k) = qᵏ |
//!
//! Those of symmetric families are derived in `symmetric`; HalfNormal and HalfCauchy have |M| instead of M.
//!
//! Reference: `mohamed2020monte`.

use std::fmt;

use aleator_engine::graph::Expr;

use super::noise::Noise;

/// A value of a triple.
#[derive(Clone, Copy, Debug)]
pub enum Place<'g> {
    /// The sample itself, as [`Family::sample`](super::Family::sample) computes it from the same noise.
    Sample,
    /// Another value, of the shape of a sample.
    At(Expr<'g>),
}

/// One term of a weak derivative: c (F(z⁺) − F(z⁻)).
#[derive(Clone, Copy, Debug)]
pub struct Triple<'g> {
    /// c, of shape sample + batch.
    pub constant: Expr<'g>,
    /// z⁺
    pub positive: Place<'g>,
    /// z⁻
    pub negative: Place<'g>,
}

/// The weak derivatives of a family with respect to its own parameters, which are numbered in the order of the family. Parameters and
/// noise are those of [`Family`](super::Family).
pub trait WeakDerivative: fmt::Debug + Send + Sync {
    /// The number of values besides the sample that the triples of a parameter use; `None` if no triple is known for it.
    fn values(&self, parameter: usize) -> Option<usize>;

    /// The triples of a parameter for which there are any: their sum has the derivative as its mean. `noise` is the noise of the
    /// sample, from its start.
    fn triples<'g>(
        &self,
        parameter: usize,
        parameters: &[Expr<'g>],
        noise: &mut Noise<'g>,
    ) -> Vec<Triple<'g>>;
}

/// `size` with the sign of `x`.
pub(super) fn with_sign<'g>(size: Expr<'g>, x: Expr<'g>) -> Expr<'g> {
    x.less(0.0).select(-size, size)
}

/// √(a² + b²), without overflow of the squares.
pub(super) fn length<'g>(a: Expr<'g>, b: Expr<'g>) -> Expr<'g> {
    let (a, b) = (a.abs(), b.abs());
    let longer = a.maximum(b);
    let ratio = a.minimum(b) / longer.equal(0.0).select(1.0, longer);
    longer * (1.0 + ratio.square()).sqrt()
}

/// e = −log u
pub(super) fn exponential<'g>(noise: &mut Noise<'g>) -> Expr<'g> {
    -noise.uniform(&[]).log()
}

/// z + k for counts k, or NaN where that is rounded.
pub(super) fn count_beyond<'g>(z: Expr<'g>, k: Expr<'g>) -> Expr<'g> {
    let beyond = z + k;
    (beyond - z).equal(k).select(beyond, f64::NAN)
}
