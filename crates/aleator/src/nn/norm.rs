//! Normalisation along a row or over a batch.
//!
//! ```text
//! y = (x − mean) / √(variance + ε) · scale + shift
//! ```
//!
//! Layer normalisation uses the mean and the variance (divided by n) of the last axis. Batch normalisation uses those of the
//! batch, separately for each number of a row (or each channel of an image). In evaluation, running moments are used instead, so
//! that a row does not depend on the other rows:
//!
//! ```text
//! running mean ← (1 − μ) running mean + μ mean,   running variance ← (1 − μ) running variance + μ n / (n − 1) variance
//! ```
//!
//! n is the number of elements of a mean. Running moments have the initial values 0 and 1, are [states](crate::graph::State) of
//! the graph, and are saved in checkpoints. All formulas are those of PyTorch. In training, the rows of a batch depend on each
//! other, so the score of a row that is followed by a batch normalisation is multiplied by the costs of all rows; layer
//! normalisation keeps rows independent.
//!
//! References: `ba2016layer`, `ioffe2015batch`.

use aleator_engine::graph::{Expr, FromEnd};

use super::{Init, Parameters, Spec};

const EPSILON: f64 = 1e-5;

/// Normalises along the last axis.
#[derive(Clone, Debug)]
pub struct LayerNorm {
    affine: Affine,
    epsilon: f64,
}

/// Normalises over a batch.
#[derive(Clone, Debug)]
pub struct BatchNorm {
    affine: Affine,
    epsilon: f64,
    /// μ
    momentum: f64,
    /// The number of axes before the last one over which moments are computed.
    over: usize,
}

/// The parameters scale and shift.
#[derive(Clone, Debug)]
struct Affine {
    name: String,
    width: usize,
}

impl Affine {
    fn specs(&self) -> Vec<Spec> {
        vec![
            Spec::new(format!("{}.scale", self.name), [self.width], Init::Constant(1.0)),
            Spec::new(format!("{}.shift", self.name), [self.width], Init::Constant(0.0)),
        ]
    }

    /// Returns `x` if its last axis has the expected size and it has at least `axes` axes. Otherwise the graph holds an error.
    fn checked<'g>(&self, x: Expr<'g>, axes: usize) -> Expr<'g> {
        if x.is_poison() || (x.rank() >= axes && x.shape().from_end(0) == self.width) {
            return x;
        }
        x.graph().fail(aleator_engine::Error::Shape {
            operation: self.name.clone(),
            problem: format!(
                "it normalises rows of {} numbers with {axes} axes or more, got shape {}",
                self.width,
                x.shape()
            ),
        })
    }

    fn apply<'g>(
        &self,
        parameters: &Parameters<'g>,
        x: Expr<'g>,
        mean: Expr<'g>,
        variance: Expr<'g>,
        epsilon: f64,
    ) -> Expr<'g> {
        let y = (x - mean) / (variance + epsilon).sqrt();
        y * parameters.get(&format!("{}.scale", self.name)) + parameters.get(&format!("{}.shift", self.name))
    }
}

/// The mean and the variance over `axes`, which remain as axes of size 1.
fn moments<'g>(x: Expr<'g>, axes: &[usize]) -> [Expr<'g>; 2] {
    let keep = |e: Expr<'g>| axes.iter().fold(e, |e, &axis| e.unsqueeze(FromEnd(axis)));
    let mean = keep(x.mean_axes(FromEnd(axes)));
    [mean, keep((x - mean).square().mean_axes(FromEnd(axes)))]
}

impl LayerNorm {
    /// A normalisation of rows of `width` numbers, with ε = 1e-5.
    pub fn new(name: impl Into<String>, width: usize) -> Self {
        LayerNorm { affine: Affine { name: name.into(), width }, epsilon: EPSILON }
    }

    /// Sets ε.
    pub fn with_epsilon(self, epsilon: f64) -> Self {
        LayerNorm { epsilon, ..self }
    }

    /// The parameters `name.scale`, initially 1, and `name.shift`, initially 0.
    pub fn specs(&self) -> Vec<Spec> {
        self.affine.specs()
    }

    /// Normalises `x` of shape `[.., width]`. If the width is different, the graph holds an error.
    pub fn apply<'g>(&self, parameters: &Parameters<'g>, x: Expr<'g>) -> Expr<'g> {
        let x = self.affine.checked(x, 1);
        let [mean, variance] = moments(x, &[0]);
        self.affine.apply(parameters, x, mean, variance, self.epsilon)
    }
}

impl BatchNorm {
    /// A normalisation of rows of `width` numbers, with ε = 1e-5 and μ = 0.1.
    pub fn new(name: impl Into<String>, width: usize) -> Self {
        BatchNorm { affine: Affine { name: name.into(), width }, epsilon: EPSILON, momentum: 0.1, over: 1 }
    }

    /// A normalisation of images: the moments of a channel are computed over rows, height and width.
    pub fn of_images(name: impl Into<String>, channels: usize) -> Self {
        BatchNorm { over: 3, ..Self::new(name, channels) }
    }

    /// Sets ε.
    pub fn with_epsilon(self, epsilon: f64) -> Self {
        BatchNorm { epsilon, ..self }
    }

    /// Sets μ in [0, 1], the weight of each batch in the running moments.
    pub fn with_momentum(self, momentum: f64) -> Self {
        BatchNorm { momentum, ..self }
    }

    /// The parameters `name.scale`, initially 1, and `name.shift`, initially 0, and the states `name.mean` and `name.variance`.
    pub fn specs(&self) -> Vec<Spec> {
        let Affine { name, width } = &self.affine;
        let kept = [
            Spec::kept(format!("{name}.mean"), [*width], Init::Constant(0.0)),
            Spec::kept(format!("{name}.variance"), [*width], Init::Constant(1.0)),
        ];
        [self.affine.specs(), kept.to_vec()].concat()
    }

    /// Normalises `x` of shape `[.., rows, width]`, or `[.., rows, height, width, channels]` for images. If the width is
    /// different, or if moments are computed from a single number in training, the graph holds an error.
    pub fn apply<'g>(&self, parameters: &Parameters<'g>, x: Expr<'g>) -> Expr<'g> {
        let x = self.affine.checked(x, self.over + 1);
        let name = &self.affine.name;
        let running = ["mean", "variance"].map(|part| parameters.get(&format!("{name}.{part}")));
        if !parameters.are_learned() {
            return self.affine.apply(parameters, x, running[0], running[1], self.epsilon);
        }
        let axes: Vec<usize> = (1..=self.over).collect();
        let count: usize =
            if x.is_poison() { 2 } else { axes.iter().map(|&a| x.shape().from_end(a)).product() };
        if count < 2 {
            return x.graph().fail(aleator_engine::Error::Shape {
                operation: name.clone(),
                problem: format!(
                    "a batch of shape {} has a single number per feature, and therefore no variance",
                    x.shape()
                ),
            });
        }
        let [mean, variance] = moments(x, &axes);
        let unbiased = variance * (count as f64 / (count as f64 - 1.0));
        for (kept, now) in running.into_iter().zip([mean, unbiased]) {
            let now = axes.iter().rev().fold(now, |e, &axis| e.squeeze(FromEnd(axis))).stop_gradient();
            parameters.graph().becomes(kept, (1.0 - self.momentum) * kept + self.momentum * now);
        }
        self.affine.apply(parameters, x, mean, variance, self.epsilon)
    }
}
