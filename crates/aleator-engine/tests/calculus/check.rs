//! The properties of one case: an operation on drawn inputs.

use std::collections::HashMap;

use aleator_engine::autodiff::{grad, jvp, vjp};
use aleator_engine::graph::{Expr, Graph, Shape, substitute};

use super::draw::Draw;
use super::table::Build;
use super::{Evaluator, Tensor, Verdict, close, indices};

/// Of differences: they lose about a third of the digits.
const DIFFERENCE: f64 = 3e-7;
/// Of the same number computed in two ways.
const ROUNDING: f64 = 1e-11;

/// Half of the spacing of the points that differences are taken at.
const STEP: f64 = 3e-5;

/// An operation's result y on inputs x, with directions u for x and v for y, which are inputs too.
struct Case<'g> {
    y: Expr<'g>,
    x: Vec<Expr<'g>>,
    u: Vec<Expr<'g>>,
    v: Expr<'g>,
    values: Vec<Vec<f64>>,
}

impl<'g> Case<'g> {
    /// Linear operations have a second derivative too where the result is `squared`.
    fn new(graph: &'g Graph, choices: Vec<u32>, build: Build) -> Result<Self, String> {
        let mut draw = Draw::new(graph, choices);
        let squared = draw.coin();
        let result = build(&mut draw);
        let y = if squared { result.square() } else { result };
        let x: Vec<Expr<'g>> = draw.given.iter().map(|g| g.expr).collect();
        let u = x.iter().map(|x| draw.input(&x.shape(), -1.0, 1.0)).collect();
        let v = draw.input(&y.shape(), -1.0, 1.0);
        if let Some(error) = graph.error() {
            return Err(format!("the case is wrong: {error}"));
        }
        Ok(Case { y, x, u, v, values: draw.given.into_iter().map(|g| g.value).collect() })
    }

    /// (x, u)
    fn pairs(&self) -> Vec<(Expr<'g>, Expr<'g>)> {
        self.x.iter().copied().zip(self.u.iter().copied()).collect()
    }

    /// Jᵀ v, for each x.
    fn pulled_back(&self) -> Vec<Expr<'g>> {
        vjp(&[(self.y, self.v)], &self.x)
    }
}

fn inner<'g>(a: &[Expr<'g>], b: &[Expr<'g>]) -> Expr<'g> {
    a.iter().zip(b).map(|(&a, &b)| (a * b).sum()).reduce(|s, t| s + t).unwrap()
}

fn flat(tensors: &[Tensor]) -> Vec<f64> {
    tensors.iter().flat_map(|t| t.data.iter().copied()).collect()
}

/// ```text
/// f′(0) ≈ (f(−2h) − 8 f(−h) + 8 f(h) − f(2h)) / 12 h
/// ```
fn difference(mut f: impl FnMut(f64) -> Vec<f64>) -> Vec<f64> {
    let at = [-2.0, -1.0, 1.0, 2.0].map(|n| f(n * STEP));
    let weights = [1.0, -8.0, 8.0, -1.0].map(|w| w / (12.0 * STEP));
    (0..at[0].len()).map(|i| at.iter().zip(weights).map(|(f, w)| w * f[i]).sum()).collect()
}

/// First and second derivatives of ⟨v, y(x)⟩, in every mode, against differences and each other.
///
/// ```text
/// first:   Jᵀ v,  J u,  ⟨v, J u⟩ = ⟨Jᵀ v, u⟩
/// second:  ∇⟨Jᵀ v, u⟩  =  ∇⟨v, J u⟩  =  the derivative of Jᵀ v along u
/// ```
pub fn derivatives(choices: Vec<u32>, build: Build) -> Verdict {
    let graph = Graph::new();
    let case = Case::new(&graph, choices, build)?;
    let Case { y, x, u, v, values } = &case;
    let gradient = case.pulled_back();
    let along = jvp(&[*y], &case.pairs());
    let (right, left) = (inner(&gradient, u), inner(&[*v], &along));
    let reverse_over_reverse = grad(right, x);
    let reverse_over_forward = grad(left, x);
    let forward_over_reverse = jvp(&gradient, &case.pairs());
    if let Some(error) = graph.error() {
        return Err(error.to_string());
    }
    for (g, x) in
        gradient.iter().chain(&reverse_over_reverse).chain(&forward_over_reverse).zip(x.iter().cycle())
    {
        if g.shape() != x.shape() {
            return Err(format!("a derivative by {} has shape {}", x.shape(), g.shape()));
        }
    }
    let n = x.len();
    let mut first = Evaluator::new(&graph, &[&[*y, along[0], left, right], &gradient[..]].concat());
    let mut second = Evaluator::new(
        &graph,
        &[&reverse_over_reverse[..], &reverse_over_forward, &forward_over_reverse].concat(),
    );
    let at_x = first.run(values);
    let (values_y, along) = (&at_x[0].data, &at_x[1].data);
    let gradient = flat(&at_x[4..]);
    close("⟨v, J u⟩ beside ⟨Jᵀ v, u⟩", &at_x[2].data, &at_x[3].data, &gradient, ROUNDING)?;

    // The same x, u and v, with x moved by t along a direction.
    let moved = |t: f64, direction: &[Vec<f64>]| {
        let mut values = values.clone();
        for (x, d) in values.iter_mut().zip(direction) {
            x.iter_mut().zip(d).for_each(|(x, d)| *x += t * d);
        }
        values
    };
    let y_and_gradient_along_u = difference(|t| {
        let out = first.run(&moved(t, &values[n..2 * n]));
        [&out[0].data[..], &flat(&out[4..])].concat()
    });
    let (y_along_u, gradient_along_u) = y_and_gradient_along_u.split_at(values_y.len());
    close("J u", along, y_along_u, values_y, DIFFERENCE)?;

    let mut only_y = Evaluator::new(&graph, &[inner(&[*v], &[*y])]);
    let mut expected = Vec::new();
    for i in 0..n {
        for j in 0..values[i].len() {
            let mut direction: Vec<Vec<f64>> = values[..n].iter().map(|x| vec![0.0; x.len()]).collect();
            direction[i][j] = 1.0;
            expected.extend(difference(|t| only_y.run(&moved(t, &direction))[0].data.clone()));
        }
    }
    close("Jᵀ v", &gradient, &expected, values_y, DIFFERENCE)?;

    let second = second.run(values);
    let by = |k: usize| flat(&second[k * n..(k + 1) * n]);
    close("reverse over reverse", &by(0), gradient_along_u, &gradient, DIFFERENCE)?;
    close("reverse over forward", &by(1), &by(0), &gradient, ROUNDING)?;
    close("forward over reverse", &by(2), &by(0), &gradient, ROUNDING)
}

/// Inputs with further leading axes pass through value and derivatives as if each slice were alone:
///
/// ```text
/// substitute, then differentiate:   X̄ = Σ of the slices' x̄ that an element of X takes part in
/// differentiate, then substitute:   each slice's x̄
/// ```
pub fn leading_axes(choices: Vec<u32>, build: Build) -> Verdict {
    let graph = Graph::new();
    let mut extra = Draw::new(&graph, choices.iter().rev().copied().collect());
    let lead: Shape = match extra.below(3) {
        0 => [2].into(),
        1 => [2, 3].into(),
        _ => [2, 1].into(),
    };
    let case = Case::new(&graph, choices, build)?;
    let gradient = case.pulled_back();
    let along = jvp(&[case.y], &case.pairs());
    let before = [&[case.y, along[0]], &gradient[..]].concat();
    let inputs: Vec<Expr<'_>> = [&case.x[..], &case.u, &[case.v]].concat();

    // By slot: those of the case, then those with leading axes.
    let mut tensors: Vec<Tensor> = Vec::new();
    let mut values = case.values.clone();
    let mut replaced = HashMap::new();
    let mut wide_x = Vec::new();
    for (i, (input, value)) in inputs.iter().zip(&case.values).enumerate() {
        let own = extra.narrower(&lead);
        let stays = extra.below(3) == 2;
        let (wide, tensor) = if stays {
            (*input, Tensor { shape: input.shape(), data: value.clone() })
        } else {
            let shape = own.join(&input.shape());
            // Nearby, so that the domain is kept.
            let near = |k: usize| value[k % value.len()] + 0.01 * (k / value.len()) as f64;
            let data: Vec<f64> = (0..shape.numel()).map(near).collect();
            values.push(data.clone());
            (graph.input(&format!("wide{i}"), &shape), Tensor { shape, data })
        };
        if i < case.x.len() {
            wide_x.push(wide);
        }
        replaced.insert(input.id(), wide);
        tensors.push(tensor);
    }
    let after: Vec<Expr<'_>> = before.iter().map(|e| substitute(&graph, e.id(), &mut replaced)).collect();
    let wide_v = replaced[&case.v.id()];
    let objective = (wide_v * after[0]).broadcast_to(lead.join(&case.y.shape()));
    let total = grad(objective, &wide_x);
    if let Some(error) = graph.error() {
        return Err(error.to_string());
    }

    let together = Evaluator::new(&graph, &[&after[..], &total].concat()).run(&values);
    let mut alone = Evaluator::new(&graph, &before);
    let mut sums: Vec<Vec<f64>> = total.iter().map(|t| vec![0.0; t.shape().numel()]).collect();
    for index in indices(&lead) {
        let mut slices = values.clone();
        for ((slice, tensor), input) in slices.iter_mut().zip(&tensors).zip(&inputs) {
            *slice = tensor.part(&index, &input.shape());
        }
        let slice = alone.run(&slices);
        for (k, (wide, own)) in together.iter().zip(&slice).enumerate() {
            let what = format!("output {k} at {index:?} of {lead}");
            close(&what, &wide.part(&index, &own.shape), &own.data, &[], ROUNDING)?;
        }
        for ((sum, x), own) in sums.iter_mut().zip(&wide_x).zip(&slice[2..]) {
            let shape = x.shape();
            let leading = shape.rank() - own.shape.rank();
            let first = index.len() - leading;
            let place = (0..leading)
                .fold(0, |flat, a| flat * shape[a] + if shape[a] == 1 { 0 } else { index[first + a] });
            let n = own.data.len();
            sum[place * n..(place + 1) * n].iter_mut().zip(&own.data).for_each(|(s, g)| *s += g);
        }
    }
    for (got, want) in together[after.len()..].iter().zip(&sums) {
        close("the gradient after substitution", &got.data, want, &[], ROUNDING)?;
    }
    Ok(())
}
