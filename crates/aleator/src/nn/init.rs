//! Initial values of parameters.
//!
//! ```text
//! Glorot     uniform in ±√(6 / (rows + columns))
//! Kaiming    uniform in ±√(6 / rows)                       for relu
//! KaimingNormal   N(0, 2 / rows)
//! Normal     N(0, scale²)
//! Uniform    uniform between low and high
//! ```
//!
//! rows is the size of the second-to-last axis, which is summed in `x @ weight`; columns is the size of the last axis. The values
//! of a tensor are a function of the seed and its index in the list.
//!
//! References: `glorot2010understanding`, `he2015delving`.

use std::collections::HashSet;

use aleator_engine::exec::math::Real;
use aleator_engine::exec::philox::{self, STREAMS};
use aleator_engine::graph::Shape;

use crate::error::{Error, Result};

/// The random stream of all initial values. The step is the index of the tensor.
const STREAM: u32 = STREAMS - 1;

/// The initial values of a tensor.
#[derive(Clone, Debug, PartialEq)]
pub enum Init {
    /// The same number for all elements.
    Constant(f64),
    /// These numbers, row-major. A single number fills the shape.
    Values(Vec<f64>),
    /// Uniform in ±√(6 / (rows + columns)).
    Glorot,
    /// Uniform in ±√(6 / rows).
    Kaiming,
    /// Normal with mean 0 and variance 2 / rows.
    KaimingNormal,
    /// Normal with mean 0 and this standard deviation.
    Normal(f64),
    /// Uniform between two numbers.
    Uniform(f64, f64),
}

/// The specification of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// The name, a path with dots.
    pub name: String,
    /// The shape.
    pub shape: Shape,
    /// The initial values.
    pub init: Init,
    /// Whether the tensor is learned by its gradient. Otherwise it is a state that is updated by the model.
    pub learned: bool,
}

impl Spec {
    /// A learned parameter.
    pub fn new(name: impl Into<String>, shape: impl Into<Shape>, init: Init) -> Self {
        Spec { name: name.into(), shape: shape.into(), init, learned: true }
    }

    /// A tensor that is kept between runs and not learned, such as a running mean.
    pub fn kept(name: impl Into<String>, shape: impl Into<Shape>, init: Init) -> Self {
        Spec { learned: false, ..Spec::new(name, shape, init) }
    }
}

/// A named tensor with values.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// The name in the graph.
    pub name: String,
    /// The shape.
    pub shape: Shape,
    /// The values, row-major.
    pub values: Vec<f64>,
    /// Whether the tensor is learned by its gradient.
    pub learned: bool,
}

/// The largest total number of elements in the tensors of one model.
const MOST_NUMBERS: usize = 1 << 30;

/// The initial tensors, in the order of `specs`.
///
/// # Errors
/// Returns an error if two tensors have the same name, if values do not fill the shape, or if there are more than 2³⁰ elements in
/// total.
pub fn initial(specs: &[Spec], seed: u64) -> Result<Vec<Tensor>> {
    let count = specs.iter().try_fold(0_usize, |sum, spec| sum.checked_add(spec.shape.checked_numel()?));
    if count.is_none_or(|n| n > MOST_NUMBERS) {
        return Err(Error::Invalid(format!(
            "the parameters have more than {MOST_NUMBERS} numbers in total; use smaller layers"
        )));
    }
    let mut names = HashSet::new();
    if let Some(twice) = specs.iter().find(|spec| !names.insert(&spec.name)) {
        return Err(Error::Invalid(format!(
            "two parameters are called `{}`: give each layer its own name",
            twice.name
        )));
    }
    specs.iter().enumerate().map(|(place, spec)| tensor(spec, seed, place as u64)).collect()
}

/// The initial tensor at a place of a list.
pub(crate) fn tensor(spec: &Spec, seed: u64, place: u64) -> Result<Tensor> {
    let count = spec.shape.numel();
    let axis = |from_end: usize| if spec.shape.rank() > from_end { spec.shape.from_end(from_end) } else { 1 };
    let uniform = || {
        let mut values = vec![0.0_f64; count];
        philox::fill_uniform(&mut values, seed, STREAM, place, 0);
        values
    };
    let within = |limit: f64| uniform().into_iter().map(|u| limit * (2.0 * u - 1.0)).collect();
    let normal =
        |scale: f64| uniform().into_iter().map(|u| scale * Real::normal_quantile(u)).collect::<Vec<f64>>();
    let values = match &spec.init {
        Init::Constant(value) => vec![*value; count],
        Init::Values(values) if values.len() == 1 => vec![values[0]; count],
        Init::Values(values) if values.len() == count => values.clone(),
        Init::Values(values) => {
            let (name, shape, given) = (&spec.name, &spec.shape, values.len());
            return Err(Error::Invalid(format!(
                "`{name}` of shape {shape} needs {count} initial numbers, got {given}"
            )));
        }
        Init::Glorot => within((6.0 / (axis(1) + axis(0)).max(1) as f64).sqrt()),
        Init::Kaiming => within((6.0 / axis(1).max(1) as f64).sqrt()),
        Init::KaimingNormal => normal((2.0 / axis(1).max(1) as f64).sqrt()),
        Init::Normal(scale) => normal(*scale),
        Init::Uniform(low, high) => uniform().into_iter().map(|u| low + (high - low) * u).collect(),
    };
    Ok(Tensor { name: spec.name.clone(), shape: spec.shape.clone(), values, learned: spec.learned })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreads_are_those_of_the_formulas() {
        let spec = |init| Spec::new("w", [300, 100], init);
        let spread = |init, expected: f64| {
            let t = &initial(&[spec(init)], 3).unwrap()[0];
            let n = t.values.len() as f64;
            let mean = t.values.iter().sum::<f64>() / n;
            let square = t.values.iter().map(|v| v * v).sum::<f64>() / n;
            // 30,000 numbers: both lie within 5 standard errors of theirs.
            assert!(mean.abs() < 5.0 * (square / n).sqrt(), "{mean}");
            assert!((square.sqrt() / expected - 1.0).abs() < 0.02, "{square} {expected}");
        };
        // The standard deviation of a uniform number in ±a is a / √3.
        spread(Init::Glorot, (6.0_f64 / 400.0 / 3.0).sqrt());
        spread(Init::Kaiming, (6.0_f64 / 300.0 / 3.0).sqrt());
        spread(Init::KaimingNormal, (2.0_f64 / 300.0).sqrt());
        spread(Init::Normal(0.5), 0.5);
        spread(Init::Uniform(-0.5, 0.5), (1.0_f64 / 12.0).sqrt());
    }

    #[test]
    fn a_tensor_depends_on_seed_and_place() {
        let specs = [Spec::new("a", [4, 4], Init::Glorot), Spec::new("b", [4, 4], Init::Glorot)];
        let of = |seed| initial(&specs, seed).unwrap();
        let first = of(1);
        assert_eq!(first, of(1));
        assert_ne!(first[0].values, first[1].values);
        assert_ne!(first[0].values, of(2)[0].values);
    }

    #[test]
    fn what_cannot_start_is_refused() {
        let values = |n| Spec::new("w", [2, 3], Init::Values(vec![0.5; n]));
        assert_eq!(initial(&[values(1)], 0).unwrap()[0].values, [0.5; 6]);
        let refused = |specs: &[Spec]| initial(specs, 0).unwrap_err().to_string();
        assert!(refused(&[values(5)]).contains("needs 6 initial numbers, got 5"));
        assert!(refused(&[values(6), values(1)]).contains("two parameters are called `w`"));
        let huge = |n: usize| Spec::new("w", [n, n], Init::Glorot);
        assert!(refused(&[huge(1 << 25)]).contains("smaller layers"));
        assert!(refused(&[huge(usize::MAX)]).contains("smaller layers"));
    }
}
