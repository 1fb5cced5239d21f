//! A mixture on columns of very different scales, beside the EM algorithm written here.

use std::fs;
use std::ops::ControlFlow;

use aleator::train::{Settings, train};

const CLUSTERS: usize = 3;

/// Three clusters in two columns, of scales 0.01 and 1000. The order of the clusters does not follow that of the rows.
fn rows() -> Vec<[f64; 2]> {
    let mut state = 1_u64;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    };
    let row = |_| {
        let centre = [[0.0, 0.0], [3.0, 3.0], [3.0, -3.0]][(3.0 * uniform()) as usize];
        let mut normal = || (-2.0 * uniform().ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos();
        [0.01 * (centre[0] + 0.5 * normal()), 1000.0 * (centre[1] + 0.5 * normal())]
    };
    (0..900).map(row).collect()
}

struct Mixture {
    weight: [f64; CLUSTERS],
    mean: [[f64; 2]; CLUSTERS],
    variance: [[f64; 2]; CLUSTERS],
}

impl Mixture {
    fn log_densities(&self, x: &[f64; 2]) -> [f64; CLUSTERS] {
        std::array::from_fn(|c| {
            let of = |d: usize| {
                let v = self.variance[c][d];
                -0.5 * ((x[d] - self.mean[c][d]).powi(2) / v + (std::f64::consts::TAU * v).ln())
            };
            self.weight[c].ln() + of(0) + of(1)
        })
    }

    fn log_likelihood(&self, x: &[f64; 2]) -> f64 {
        let all = self.log_densities(x);
        let largest = all.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        largest + all.iter().map(|l| (l - largest).exp()).sum::<f64>().ln()
    }

    /// EM from three rows.
    fn fit(rows: &[[f64; 2]], first: [usize; CLUSTERS]) -> Self {
        let n = rows.len() as f64;
        let mean: [f64; 2] = std::array::from_fn(|d| rows.iter().map(|x| x[d]).sum::<f64>() / n);
        let variance =
            std::array::from_fn(|d| rows.iter().map(|x| (x[d] - mean[d]).powi(2)).sum::<f64>() / n);
        let mut mixture = Mixture {
            weight: [1.0 / CLUSTERS as f64; CLUSTERS],
            mean: first.map(|i| rows[i]),
            variance: [variance; CLUSTERS],
        };
        for _ in 0..200 {
            let shares: Vec<[f64; CLUSTERS]> = rows
                .iter()
                .map(|x| {
                    let total = mixture.log_likelihood(x);
                    mixture.log_densities(x).map(|l| (l - total).exp())
                })
                .collect();
            for c in 0..CLUSTERS {
                let size: f64 = shares.iter().map(|s| s[c]).sum();
                let sum = |f: &dyn Fn(&[f64; 2]) -> f64| {
                    rows.iter().zip(&shares).map(|(x, s)| s[c] * f(x)).sum::<f64>() / size
                };
                mixture.weight[c] = size / n;
                let mean: [f64; 2] = std::array::from_fn(|d| sum(&|x| x[d]));
                mixture.mean[c] = mean;
                mixture.variance[c] = std::array::from_fn(|d| sum(&|x| (x[d] - mean[d]).powi(2)));
            }
        }
        mixture
    }
}

#[test]
fn columns_of_very_different_scales_are_learned_as_by_em() {
    let rows = rows();
    let path = std::env::temp_dir().join(format!("aleator-gmm-{}.csv", std::process::id()));
    fs::write(&path, rows.iter().map(|x| format!("{},{}\n", x[0], x[1])).collect::<String>()).unwrap();
    let (train_rows, held_out): (Vec<_>, Vec<_>) = rows.iter().enumerate().partition(|(i, _)| i % 6 != 5);
    let train_rows: Vec<[f64; 2]> = train_rows.into_iter().map(|(_, x)| *x).collect();
    let em = (0..10)
        .map(|start| Mixture::fit(&train_rows, [start, start + 100, start + 200]))
        .map(|m| held_out.iter().map(|(_, x)| m.log_likelihood(x)).sum::<f64>() / held_out.len() as f64)
        .fold(f64::NEG_INFINITY, f64::max);
    let text = format!(
        "model = \"gmm\"\ndata = {path:?}\nsteps = 3000\nlr = 0.02\neval-every = 3000\n[model-options]\ncategories = 3"
    );
    let config = Settings::parse(&text).unwrap().config().unwrap();
    let report = train(&config, &|_| ControlFlow::Continue(())).unwrap();
    fs::remove_file(&path).unwrap();
    let found = report.held_out.unwrap().bound.unwrap();
    assert!((found - em).abs() < 0.15, "{found} {em}");
}
