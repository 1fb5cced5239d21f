//! A mixture of Gaussians whose assignments are inferred by a network.
//!
//! ```text
//! p(z) = OneHotCategorical(logits = π),   p(x|z = c) = N(μ_c, diag(exp 2 λ_c))
//! q(z|x) = OneHotCategorical(logits = E((x − x̄) / s))
//! ```
//!
//! E has one hidden layer of tanh units; x̄ and s are the data's mean and scale. With C clusters the exact posterior is a
//! softmax, so that the ELBO can reach log p(x): what is missing is the network's.

use aleator_engine::graph::Expr;

use super::{Build, Model};
use crate::distributions::OneHotCategorical;
use crate::nn::{Activation, Init, Mlp, Spec};
use crate::objectives::{DrawTerms, Terms};

/// The shape of a mixture.
#[derive(Clone, Debug)]
pub struct Gmm {
    /// Number of clusters.
    pub categories: usize,
    /// Hidden units of the network.
    pub hidden: usize,
    /// The data's mean.
    pub mean: Vec<f64>,
    /// The data's scale, one positive number.
    pub scale: f64,
}

impl Gmm {
    fn encoder(&self) -> Mlp {
        Mlp::new("encoder", self.mean.len(), &[self.hidden], self.categories, Activation::Tanh)
    }
}

impl Model for Gmm {
    fn name(&self) -> &'static str {
        "gmm"
    }

    fn describe(&self) -> String {
        format!("{} clusters in {} dimensions", self.categories, self.mean.len())
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
        let (n, c) = (self.mean.len(), self.categories);
        // Everything in units of the data's scale, but for the density, which pays for the change of units.
        let y = (x - build.tensor([n], self.mean.clone())) / self.scale;
        let logits = build.mlp(&self.encoder(), y).reshape_last(1, [1, c]);
        let z = build.sample("z", OneHotCategorical::from_logits(logits));
        let (loc, log_scale) = (build.parameter("mixture.loc"), build.parameter("mixture.log_scale"));
        let deviation = (y.unsqueeze(1) - loc) * (-log_scale).exp();
        let constant = 0.5 * (2.0 * std::f64::consts::PI).ln() + self.scale.ln();
        let density = (-0.5 * deviation.square() - log_scale - constant).sum_last(1).unsqueeze(1);
        let (log_prior, log_q) = (build.parameter("mixture.logits").log_softmax(), logits.log_softmax());
        Terms {
            log_likelihood: (z * density).sum_last(2),
            draws: Some(DrawTerms {
                log_prior: (z * log_prior).sum_last(2),
                log_posterior: (z * log_q).sum_last(2),
            }),
            kl: Some((log_q.exp() * (log_q - log_prior)).sum_last(2)),
        }
    }
}
