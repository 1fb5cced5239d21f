//! A mixture of Gaussians whose assignments are inferred by a network.
//!
//! ```text
//! p(z) = OneHotCategorical(logits = π),   p(x|z = c) = N(μ_c, diag(exp 2 λ_c))
//! q(z|x) = OneHotCategorical(logits = E((x − x̄) / s))
//! ```
//!
//! E is a perceptron, by default with one hidden layer of tanh units; x̄ and s are the mean and the scale of each column of the data. Clusters are placed and
//! scaled in these units, so that columns of very different scales are learned alike. With C clusters, the exact posterior is
//! a softmax, so the ELBO can reach log p(x); any gap is due to the network.

use std::fmt;

use aleator_engine::graph::Expr;

use super::hidden::{debug_hidden, describe_hidden};
use super::{Build, Model};
use crate::distributions::{Normal, OneHotCategorical, kl};
use crate::nn::{Activation, Init, Mlp, Spec};
use crate::objectives::{DrawTerms, Terms};

/// The sizes of a mixture.
#[derive(Clone)]
pub struct Gmm {
    /// The number of clusters.
    pub categories: usize,
    /// The number of units in each hidden layer of the network.
    pub hidden: Vec<usize>,
    /// The activation of hidden layers.
    pub activation: Activation,
    /// The mean of the data.
    pub mean: Vec<f64>,
    /// The scale of each column of the data, positive numbers.
    pub scale: Vec<f64>,
}

impl Gmm {
    /// The rows in units of the scales.
    fn standardized<'g>(&self, build: &Build<'g>, x: Expr<'g>) -> Expr<'g> {
        let n = self.mean.len();
        (x - build.tensor([n], self.mean.clone())) / build.tensor([n], self.scale.clone())
    }

    fn encoder(&self) -> Mlp {
        Mlp::new("encoder", self.mean.len(), &self.hidden, self.categories, self.activation)
    }
}

/// Everything on which training depends; what is newer than saved runs only where it is used, so that these can be resumed.
impl fmt::Debug for Gmm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Gmm { categories, hidden, activation, mean, scale } = self;
        let mut all = f.debug_struct("Gmm");
        all.field("categories", categories);
        debug_hidden(&mut all, hidden, *activation);
        all.field("mean", mean).field("scale", scale).finish()
    }
}

impl Model for Gmm {
    fn name(&self) -> &'static str {
        "gmm"
    }

    fn describe(&self) -> String {
        let network = describe_hidden(&self.hidden, self.activation);
        format!("{} clusters in {} dimensions{network}", self.categories, self.mean.len())
    }

    fn width(&self) -> usize {
        self.mean.len()
    }

    fn specs(&self) -> Vec<Spec> {
        let shape = [self.categories, self.mean.len()];
        let mut specs = self.encoder().specs();
        specs.push(Spec::new("mixture.logits", [self.categories], Init::Constant(0.0)));
        specs.push(Spec::new("mixture.loc", shape, Init::Normal(1.0)));
        specs.push(Spec::new("mixture.log_scale", shape, Init::Constant(0.0)));
        specs
    }

    fn terms<'g>(&self, build: &Build<'g>, x: Expr<'g>) -> Terms<'g> {
        let c = self.categories;
        // Everything in units of the data's scale, but for the density, which pays for the change of units.
        let y = self.standardized(build, x);
        let prior = OneHotCategorical::from_logits(build.parameter("mixture.logits"));
        let posterior = OneHotCategorical::from_logits(build.mlp(&self.encoder(), y).reshape_last(1, [1, c]));
        let z = build.sample("z", posterior.clone());
        let clusters =
            Normal::new(build.parameter("mixture.loc"), build.parameter("mixture.log_scale").exp());
        // log p(x|z = c) for each row and cluster, of which z picks one.
        let volume: f64 = self.scale.iter().map(|s| s.ln()).sum();
        let densities = clusters.log_prob(y.unsqueeze(-2)).sum_last(1) - volume;
        Terms {
            log_likelihood: (z * densities.unsqueeze(-2)).sum_last(2),
            draws: Some(DrawTerms {
                log_prior: prior.log_prob(z).sum_last(1),
                log_posterior: posterior.log_prob(z).sum_last(1),
            }),
            kl: kl(&posterior, &prior).ok().map(|divergence| divergence.sum_last(1)),
        }
    }

    /// Clusters that share a mode of the data do not find another one.
    fn starts(&self) -> usize {
        5
    }

    fn generate<'g>(&self, build: &Build<'g>, rows: usize) -> Option<Expr<'g>> {
        let (n, c) = (self.mean.len(), self.categories);
        let logits = build.parameter("mixture.logits").broadcast_to([rows, c]);
        let z = build.sample("z", OneHotCategorical::from_logits(logits)).unsqueeze(-2);
        let of_cluster = |name: &str| (z.matmul(build.parameter(name))).squeeze(-2);
        let (loc, scale) = (of_cluster("mixture.loc"), of_cluster("mixture.log_scale").exp());
        let y = build.sample("x", Normal::new(loc, scale));
        Some(y * build.tensor([n], self.scale.clone()) + build.tensor([n], self.mean.clone()))
    }
}
