//! A training loop of your own: your data, your optimiser, in single precision, with parameters and data by name.
//!
//! A sigmoid belief network of one layer learns two patterns of four pixels: h ~ Bernoulli(½), x ~ Bernoulli(σ(h W + c)), with the
//! posterior q(h | x) = Bernoulli(σ(x V + a)). The cost is −ELBO = log q(h|x) − log p(x|h) − log p(h).
//!
//! `cargo run --release -p aleator --example your_own_training_loop`

use std::collections::HashMap;

use aleator::prelude::*;

const ROWS: [[f32; 4]; 2] = [[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]];

fn main() -> aleator::Result<()> {
    let g = Graph::new();
    let x = g.data("x", [2, 4], vec![0.0]);
    let (w, c) = (g.param_tensor("w", [3, 4], vec![0.1]), g.param_tensor("c", [4], vec![0.0]));
    let spread = (0..12).map(|i| 0.1 * (i % 5) as f64 - 0.2).collect();
    let (v, a) = (g.param_tensor("v", [4, 3], spread), g.param_tensor("a", [3], vec![0.0]));

    let q = Bernoulli::from_logits(x.matmul(v) + a);
    let h = g.sample("h", q.clone().via_named("reinforce_loo")?);
    let log_p = Bernoulli::from_logits(h.matmul(w) + c).log_prob(x);
    let log_prior = Bernoulli::from_probs(0.5).log_prob(h);
    g.cost("negative_elbo", q.log_prob(h).sum() - log_p.sum() - log_prior.sum());

    let mut program = g.compile_as::<f32>(&Options::new().samples(8).seed(1))?;
    let names: Vec<String> = program.params().map(|(name, _)| name.to_string()).collect();
    let mut momentum: HashMap<String, Vec<f32>> = HashMap::new();
    let mut costs = Vec::new();
    for step in 0..2000 {
        program.set_data(
            "x",
            if step % 2 == 0 { [ROWS[0], ROWS[1]] } else { [ROWS[1], ROWS[0]] }.as_flattened(),
        )?;
        costs.push(program.run()?.objective());
        for name in &names {
            let gradient = program.gradient(name)?.to_vec();
            let mut values = program.param(name)?.to_vec();
            let momentum = momentum.entry(name.clone()).or_insert_with(|| vec![0.0; values.len()]);
            for ((value, m), gradient) in values.iter_mut().zip(momentum).zip(gradient) {
                *m = 0.9 * *m + gradient;
                *value -= 0.01 * *m;
            }
            program.set_param(name, &values)?;
        }
    }
    let mean = |costs: &[f64]| costs.iter().sum::<f64>() / costs.len() as f64;
    let (first, last) = (mean(&costs[..100]), mean(&costs[1900..]));
    println!(
        "-ELBO of two rows: {first:.3} at first, {last:.3} at last; the least possible is {:.3}",
        4_f64.ln()
    );
    assert!(last < first);
    Ok(())
}
