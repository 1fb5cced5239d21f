//! Distributions of vectors: against those of numbers that they contain, and their draws.

use aleator::distributions::{
    Beta, Dirichlet, Distribution, MultivariateNormal, Noise, Normal, RelaxedBernoulli,
    RelaxedOneHotCategorical,
};
use aleator_engine::autodiff::grad;
use aleator_engine::graph::{Expr, Shape, concat};

use crate::cases::Case;
use crate::closed_forms::cdf;
use crate::harness::{Bench, column};
use crate::samplers::kolmogorov_smirnov;

const DRAWS: usize = 1 << 16;
/// Each test makes fewer than 100 comparisons: a false alarm has a probability below 10⁻⁸.
const LEVEL: f64 = 1e-10;

fn draws<'g>(bench: &'g Bench, d: &Distribution<'g>) -> Expr<'g> {
    d.sample(&mut Noise::new(&bench.graph, 0, Shape::from([DRAWS]).join(&d.batch_shape().unwrap())))
}

fn assert_near(got: &[f64], want: &[f64], what: &str) {
    assert_eq!(got.len(), want.len());
    for (got, want) in got.iter().zip(want) {
        assert!((got - want).abs() <= 1e-12 * (1.0 + want.abs()), "{what}: {got}, expected {want}");
    }
}

/// Of two elements the first is a Beta variate, a relaxed Bernoulli variate, or (of one) a Normal variate; densities are
/// the same, and so are the scores.
#[test]
fn the_smallest_vectors_are_numbers() {
    let bench = Bench::new();
    let (a, b) = (bench.input([], vec![0.7]), bench.input([], vec![3.0]));
    let z = bench.input([4], vec![1e-6, 0.25, 0.5, 0.99]);
    let both = concat(&[z.unsqueeze(-1), 1.0 - z.unsqueeze(-1)], -1).unwrap();
    let parameters = concat(&[a.unsqueeze(-1), b.unsqueeze(-1)], -1).unwrap();
    let (beta, dirichlet) = (Beta::new(a, b), Dirichlet::new(parameters));
    let number = [beta.log_prob(z), beta.entropy().unwrap()];
    let vector = [dirichlet.log_prob(both), dirichlet.entropy().unwrap()];
    let mut outputs: Vec<Expr<'_>> = number.into_iter().chain(vector).collect();
    outputs.extend(number.iter().flat_map(|e| grad(*e, &[a, b])));
    outputs.extend(vector.iter().flat_map(|e| grad(*e, &[a, b])));
    let temperature = bench.input([], vec![0.4]);
    let relaxed = RelaxedBernoulli::new(temperature, a - b);
    let concrete = RelaxedOneHotCategorical::new(temperature, parameters);
    outputs.extend([relaxed.log_prob(z), concrete.log_prob(both)]);
    let normal = Normal::new(a, b);
    let multivariate = MultivariateNormal::new(a.unsqueeze(-1), b.unsqueeze(-1).unsqueeze(-1));
    outputs.extend([normal.log_prob(z), multivariate.log_prob(z.unsqueeze(-1))]);
    let r = bench.run::<f64>(&outputs, 0);
    assert_near(&r[2], &r[0], "log_prob of Dirichlet");
    assert_near(&r[3], &r[1], "entropy of Dirichlet");
    for i in 0..4 {
        assert_near(&r[8 + i], &r[4 + i], "derivatives of Dirichlet");
    }
    assert_near(&r[13], &r[12], "log_prob of RelaxedOneHotCategorical");
    assert_near(&r[15], &r[14], "log_prob of MultivariateNormal");
}

fn fits(case: &Case, draws: Vec<f64>) {
    let uniforms = draws.into_iter().map(|z| cdf(case, z)).collect();
    let p_value = kolmogorov_smirnov(uniforms);
    assert!(p_value > LEVEL, "{case}: p-value {p_value:e}");
}

/// Each element is a Beta(αₖ, n − αₖ) variate, and so is the sum of two (αᵢ + αⱼ); the sum of all is 1.
#[test]
fn dirichlet_draws_have_beta_margins() {
    let alphas = [[0.6, 2.0, 3.5], [1e-2, 20.0, 0.5], [1e5, 2e5, 1.0]];
    let bench = Bench::new();
    let d = Dirichlet::new(bench.input([3, 3], alphas.concat()));
    let z = bench.run::<f64>(&[draws(&bench, &d)], 3).remove(0);
    assert!(z.chunks(3).all(|z| (z.iter().sum::<f64>() - 1.0).abs() < 1e-15 * 4.0));
    for (row, alpha) in alphas.iter().enumerate() {
        let element = |k: usize| column(&z, 9, 3 * row + k);
        let n: f64 = alpha.iter().sum();
        let beta = |a: f64| Case::new("Beta", &[("concentration1", &[a]), ("concentration0", &[n - a])]);
        for (k, &a) in alpha.iter().enumerate() {
            // Near 1 the spacing of numbers would be seen.
            if n - a > 0.4 {
                fits(&beta(a), element(k));
            }
        }
        let sum: Vec<f64> = element(0).iter().zip(element(1)).map(|(a, b)| a + b).collect();
        if alpha[2] > 0.4 {
            fits(&beta(alpha[0] + alpha[1]), sum.into_iter().map(|z| z.min(1.0 - 1e-16)).collect());
        }
    }
}

/// L⁻¹(z − μ) are independent standard normal numbers, and so is any other combination of unit length.
#[test]
fn multivariate_normal_draws_have_normal_projections() {
    let (loc, scale) = ([1.0, -2.0, 0.5], [0.5, 0.0, 0.0, 1.25, 2.0, 0.0, -0.75, 0.25, 0.125]);
    let bench = Bench::new();
    let d = MultivariateNormal::new(bench.input([3], loc.to_vec()), bench.input([3, 3], scale.to_vec()));
    let z = draws(&bench, &d);
    let results = bench.run::<f64>(&[z, d.log_prob(z)], 5);
    let standard = Case::new("Normal", &[("loc", &[0.0]), ("scale", &[1.0])]);
    let whitened = |z: &[f64]| {
        let x: Vec<f64> = z.iter().zip(loc).map(|(z, m)| z - m).collect();
        let y0 = x[0] / 0.5;
        let y1 = (x[1] - 1.25 * y0) / 2.0;
        [y0, y1, (x[2] + 0.75 * y0 - 0.25 * y1) / 0.125]
    };
    let y: Vec<[f64; 3]> = results[0].chunks(3).map(whitened).collect();
    for direction in [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.6, 0.8, 0.0], [0.6, 0.0, -0.8]] {
        let project = |y: &[f64; 3]| y.iter().zip(direction).map(|(y, d)| y * d).sum();
        fits(&standard, y.iter().map(project).collect());
    }
    // |y|² has three degrees of freedom.
    let squares = y.iter().map(|y| y.iter().map(|y| 0.5 * y * y).sum()).collect();
    fits(&Case::new("Gamma", &[("concentration", &[1.5]), ("rate", &[1.0])]), squares);
    let peak = -1.5 * std::f64::consts::TAU.ln() - 0.125f64.ln();
    let densities: Vec<f64> = y.iter().map(|y| peak - y.iter().map(|y| 0.5 * y * y).sum::<f64>()).collect();
    assert_near(&results[1], &densities, "log_prob");
}

/// zᵢ/(zᵢ + zⱼ) is a relaxed Bernoulli variate with logits φᵢ − φⱼ.
#[test]
fn relaxed_one_hot_draws_have_relaxed_bernoulli_quotients() {
    let logits = [0.5, -1.0, 2.0];
    let bench = Bench::new();
    let d = RelaxedOneHotCategorical::new(bench.input([], vec![0.8]), bench.input([3], logits.to_vec()));
    let z = bench.run::<f64>(&[draws(&bench, &d)], 7).remove(0);
    for (i, j) in [(0, 1), (1, 2), (2, 0)] {
        let case =
            Case::new("RelaxedBernoulli", &[("temperature", &[0.8]), ("logits", &[logits[i] - logits[j]])]);
        let quotients = z.chunks(3).map(|z| z[i] / (z[i] + z[j])).collect();
        fits(&case, quotients);
    }
}
