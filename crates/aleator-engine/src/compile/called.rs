//! Derivatives of functions that are called, as functions that are called: what the executor runs.
//!
//! A pull-back over leading axes that it consumes is a sum over them. Along a tangent, the derivative is read off the pull-backs of
//! the unit vectors eⱼ:  ẏⱼ = ⟨(∂f/∂xᵢ)ᵀ eⱼ, ẋ⟩.

use std::sync::Arc;

use super::views::View;
use crate::error::Error;
use crate::graph::{External, ExternalFn, PullBack, Shape};

/// The function of an operation with inputs of these shapes; for a derivative, one that is composed of the given pull-backs.
///
/// # Errors
/// [`Error::NoDerivative`] if the pull-backs are not given or do not suffice.
pub(crate) fn called(external: &External, inputs: &[View]) -> Result<External, Error> {
    if external.pulled_back.is_empty() {
        return Ok(external.clone());
    }
    let missing = || Error::NoDerivative { operation: external.title() };
    let given = external.derivative.as_ref().and_then(|derivative| derivative.pull_backs.clone());
    let pull_backs = given.ok_or_else(missing)?;
    let (first, along) = match &external.pulled_back[..] {
        [first] => (first, false),
        // By the cotangent, which is the last argument.
        [first, second] if second.argument == first.input_ranks.len() => (first, true),
        _ => return Err(missing()),
    };
    let pulled = Pulled {
        step: first.clone(),
        function: pull_backs[first.argument].clone(),
        vectorized: external.vectorized,
    };
    let own = inputs.iter().zip(&external.input_ranks);
    let shapes: Vec<Shape> = own.map(|(view, &rank)| view.dims[view.dims.len() - rank..].into()).collect();
    let function: Arc<ExternalFn> = match along {
        false => Arc::new(move |x, result| pulled.back(x, &shapes, result)),
        true => Arc::new(move |x, result| pulled.along(x, &shapes, result)),
    };
    Ok(External { vectorized: false, function, pulled_back: Vec::new(), ..external.clone() })
}

/// The pull-back of f by an argument, over leading axes of the arguments.
struct Pulled {
    step: PullBack,
    /// The pull-back without leading axes.
    function: Arc<ExternalFn>,
    vectorized: bool,
}

/// An array with leading axes, as the calls read it.
struct Operand<'a> {
    elements: &'a [f64],
    /// The elements of one call.
    own: usize,
    /// The steps of the leading axes; 0 where one element serves all.
    strides: Vec<usize>,
}

impl Operand<'_> {
    fn new<'a>(elements: &'a [f64], shape: &Shape, rank: usize, lead: &Shape) -> Operand<'a> {
        let own: usize = shape.trailing(rank).iter().product();
        let leading = shape.leading(shape.rank() - rank);
        let mut strides: Vec<usize> = leading.strides().iter().map(|s| s * own).collect();
        for (stride, &size) in strides.iter_mut().zip(leading.iter()) {
            *stride *= usize::from(size != 1);
        }
        let mut aligned = vec![0; lead.rank() - leading.rank()];
        aligned.append(&mut strides);
        Operand { elements, own, strides: aligned }
    }

    fn start(&self, index: &[usize]) -> usize {
        index.iter().zip(&self.strides).map(|(i, stride)| i * stride).sum()
    }
}

impl Pulled {
    /// Σ over the leading axes that the argument lacks. `x` are the arguments and the cotangent.
    fn back(&self, x: &[&[f64]], shapes: &[Shape], result: &mut [f64]) -> Result<(), String> {
        let PullBack { input_ranks, shape, argument } = &self.step;
        let ranks: Vec<usize> = input_ranks.iter().copied().chain([shape.rank()]).collect();
        let leads = shapes.iter().zip(&ranks).map(|(shape, rank)| shape.leading(shape.rank() - rank));
        let lead = leads.reduce(|a, b| a.broadcast(&b).unwrap_or(a)).unwrap_or_else(Shape::scalar);
        let operand = |i: usize, elements| Operand::new(elements, &shapes[i], ranks[i], &lead);
        let operands: Vec<Operand<'_>> = (0..ranks.len()).map(|i| operand(i, x[i])).collect();
        let sum = &operands[*argument];
        result.fill(0.0);
        let indices = indices(&lead);
        // One call for each index, or one for all of them.
        let together = if self.vectorized { indices.len() } else { 1 };
        let mut pulled = vec![0.0; together * sum.own];
        for indices in indices.chunks(together.max(1)) {
            let gathered: Vec<Vec<f64>> = operands
                .iter()
                .map(|o| indices.iter().flat_map(|i| &o.elements[o.start(i)..][..o.own]).copied().collect())
                .collect();
            let arguments: Vec<&[f64]> = gathered.iter().map(|x| &x[..]).collect();
            (self.function)(&arguments, &mut pulled)?;
            for (k, index) in indices.iter().enumerate() {
                let into = &mut result[sum.start(index)..][..sum.own];
                into.iter_mut().zip(&pulled[k * sum.own..]).for_each(|(sum, x)| *sum += x);
            }
        }
        Ok(())
    }

    /// The derivative along a tangent of the argument; `x` are the arguments, a cotangent that does not matter, and the tangent.
    fn along(&self, x: &[&[f64]], shapes: &[Shape], result: &mut [f64]) -> Result<(), String> {
        let n = x.len() - 2;
        let tangent = x[n + 1];
        let mut unit = vec![0.0; result.len()];
        let mut pulled = vec![0.0; tangent.len()];
        for j in 0..result.len() {
            unit[j] = 1.0;
            self.back(&[&x[..n], &[&unit[..]]].concat(), &shapes[..=n], &mut pulled)?;
            unit[j] = 0.0;
            result[j] = pulled.iter().zip(tangent).map(|(a, b)| a * b).sum();
        }
        Ok(())
    }
}

/// All indices of a shape, row-major.
fn indices(shape: &[usize]) -> Vec<Vec<usize>> {
    shape.iter().fold(vec![vec![]], |all, &size| {
        all.iter().flat_map(|index| (0..size).map(move |i| [&index[..], &[i]].concat())).collect()
    })
}
