//! The distribution of a row of data given the output of a decoder.
//!
//! ```text
//! bernoulli    p(x|h) = Bernoulli(logits = d)                      x in [0, 1]
//! normal       p(x|h) = Normal(x̄ + u d, u (ε + exp λ))             x real
//! ```
//!
//! d is the output of the decoder and x̄ the mean of the training data. u is a unit of measurement: with one scale for each column, it
//! is the standard deviation of the column; with a shared scale, it is one number, the root mean square of these. The decoder therefore
//! works with numbers of ordinary size whatever the units of the data are. λ is learned, one number or one for each column, and is
//! initially 0.
//!
//! ε = 1/1000 is the smallest scale in these units. Without it, a column that is constant, or that the decoder reproduces exactly, has
//! an unbounded density, and training ends with numbers that are not finite. A shared scale is that of probabilistic principal
//! component analysis (if the decoder is linear and the latents are Normal), and scales for each column are those of factor analysis.
//!
//! References: `tipping1999probabilistic`, `rybkin2021simple` (a learned shared scale).

use std::ops::Range;

use aleator_engine::graph::Expr;

use super::bernoulli::logits_of_mean;
use super::{Build, DataSummary};
use crate::distributions::{Bernoulli, Normal};
use crate::nn::{Init, Spec};

/// ε: the smallest scale, in units of the data.
const SMALLEST_SCALE: f64 = 1e-3;
/// The name of λ.
const LOG_SCALE: &str = "likelihood.log_scale";

/// The family of the data given the latents.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Likelihood {
    /// Pixels that are 0 or 1, or probabilities of it.
    #[default]
    Bernoulli,
    /// Real numbers.
    Normal {
        /// Whether all columns have the same scale.
        shared: bool,
        /// u, one positive number for each column.
        units: Vec<f64>,
    },
}

impl Likelihood {
    /// A Normal likelihood of these data, with one scale or one for each column.
    pub fn normal(shared: bool, data: &DataSummary) -> Self {
        let units = if shared { vec![common_unit(data); data.width] } else { data.scale.clone() };
        Likelihood::Normal { shared, units }
    }

    /// The likelihood of some of the columns.
    #[must_use]
    pub fn of_columns(&self, columns: Range<usize>) -> Self {
        match self {
            Likelihood::Bernoulli => Likelihood::Bernoulli,
            Likelihood::Normal { shared, units } => {
                Likelihood::Normal { shared: *shared, units: units.get(columns).unwrap_or_default().to_vec() }
            }
        }
    }

    /// An addition to the description of a model; empty for Bernoulli.
    pub(super) fn description(&self) -> &'static str {
        match self {
            Likelihood::Bernoulli => "",
            Likelihood::Normal { shared: true, .. } => ", Gaussian likelihood",
            Likelihood::Normal { shared: false, .. } => ", Gaussian likelihood with a scale for each column",
        }
    }

    /// λ.
    pub fn specs(&self) -> Vec<Spec> {
        match self {
            Likelihood::Bernoulli => Vec::new(),
            Likelihood::Normal { shared, units } => {
                let count = if *shared { 1 } else { units.len() };
                vec![Spec::new(LOG_SCALE, [count], Init::Constant(0.0))]
            }
        }
    }

    /// The initial bias of the decoder's output, at which the mean of x is x̄ (or near it, where x̄ is 0 or 1).
    pub fn initial_bias(&self, mean: &[f64]) -> Init {
        match self {
            Likelihood::Bernoulli => Init::Values(logits_of_mean(mean)),
            Likelihood::Normal { .. } => Init::Constant(0.0),
        }
    }

    /// What a network sees of the rows `x`: x − x̄, in units of the data if these are real numbers.
    pub fn centred<'g>(&self, build: &Build<'g>, x: Expr<'g>, mean: &[f64]) -> Expr<'g> {
        let x = x - build.tensor([mean.len()], mean.to_vec());
        match self {
            Likelihood::Bernoulli => x,
            Likelihood::Normal { units, .. } => x / build.tensor([units.len()], units.clone()),
        }
    }

    /// log p(x|h) of each row, of shape `[.., rows]`, for the output `d` of shape `[.., rows, columns]`.
    pub fn log_prob<'g>(&self, build: &Build<'g>, d: Expr<'g>, x: Expr<'g>, mean: &[f64]) -> Expr<'g> {
        match self {
            Likelihood::Bernoulli => Bernoulli::from_finite_logits(d).log_prob(x).sum_last(1),
            Likelihood::Normal { units, .. } => {
                // In units of the data, but for the density, which pays for the change of units.
                let volume: f64 = units.iter().map(|unit| unit.ln()).sum();
                let y = self.centred(build, x, mean);
                Normal::new(d, scale(build)).log_prob(y).sum_last(1) - volume
            }
        }
    }

    /// E\[x|h\], of the shape of the output `d`.
    pub fn mean<'g>(&self, build: &Build<'g>, d: Expr<'g>, mean: &[f64]) -> Expr<'g> {
        match self {
            Likelihood::Bernoulli => d.sigmoid(),
            Likelihood::Normal { units, .. } => in_data_units(build, d, units, mean),
        }
    }

    /// A row of the model for the output `d`: the mean of pixels that are 0 or 1, and a draw of real numbers.
    pub fn generated<'g>(&self, build: &Build<'g>, d: Expr<'g>, mean: &[f64]) -> Expr<'g> {
        match self {
            Likelihood::Bernoulli => d.sigmoid(),
            Likelihood::Normal { units, .. } => {
                let y = build.sample("x", Normal::new(d, scale(build)));
                in_data_units(build, y, units, mean)
            }
        }
    }
}

/// ε + exp λ
fn scale<'g>(build: &Build<'g>) -> Expr<'g> {
    SMALLEST_SCALE + build.parameter(LOG_SCALE).exp()
}

fn in_data_units<'g>(build: &Build<'g>, y: Expr<'g>, units: &[f64], mean: &[f64]) -> Expr<'g> {
    let n = mean.len();
    y * build.tensor([n], units.to_vec()) + build.tensor([n], mean.to_vec())
}

/// The root mean square of the standard deviations of the columns that are not constant, whose scale is 1 instead of 0. No
/// standard deviation is larger than half of the range.
fn common_unit(data: &DataSummary) -> f64 {
    let [low, high] = data.range;
    let largest = (high - low) / 2.0 * (1.0 + 1e-6);
    let (mut sum, mut count) = (0.0, 0_u32);
    for scale in data.scale.iter().filter(|&&scale| scale <= largest) {
        sum += scale * scale;
        count += 1;
    }
    let unit = (sum / f64::from(count.max(1))).sqrt();
    if unit > 0.0 && unit.is_finite() { unit } else { 1.0 }
}
