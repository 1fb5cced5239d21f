//! A noisy game of life on a board of 3 × 3 cells without anything around it. Each cell is alive at first with probability p. A step
//! turns a cell over with probability 1 − θ where the rule says so and with probability θ where it does not, θ = 0.1; the rule counts
//! the four neighbours beside a cell: a dead one comes to life beside three, a living one dies unless it has two or three. The derivative
//! of the number of living cells after three steps with respect to p.

use std::fmt::Write as _;
use std::sync::Arc;

use aleator::control_variates::Baseline;
use aleator::distributions::Bernoulli;
use aleator::estimators::{EvaluatedJumps, PerturbationAnalysis, ScoreFunction};
use aleator::graph::Graph;

use super::Estimates;

const SIDE: usize = 3;
const CELLS: usize = SIDE * SIDE;
const STEPS: usize = 3;
const LOW: f64 = 0.1;
const HIGH: f64 = 1.0 - LOW;
/// The probability that a cell turns over, dead ones with 0 to 4 neighbours before living ones.
const TURNS: [f64; 10] = [LOW, LOW, LOW, HIGH, LOW, HIGH, HIGH, LOW, LOW, HIGH];

/// Whether two cells are beside each other.
fn adjacent(a: usize, b: usize) -> bool {
    (a / SIDE).abs_diff(b / SIDE) + (a % SIDE).abs_diff(b % SIDE) == 1
}

/// The game as a graph.
fn game(p: f64) -> Graph {
    let g = Graph::new();
    let p = g.param("p", p);
    let constant = |shape: &[usize], values: Vec<f64>| g.engine().tensor(shape, values);
    let beside = (0..CELLS * CELLS).map(|i| f64::from(adjacent(i / CELLS, i % CELLS))).collect();
    let beside = constant(&[CELLS, CELLS], beside);
    let turns = constant(&[TURNS.len()], TURNS.to_vec());
    let mut board = g.sample("cell", Bernoulli::from_probs(p * constant(&[CELLS], vec![1.0; CELLS])));
    for step in 1..=STEPS {
        let neighbours = board.unsqueeze(0).matmul(beside).sum_axes(0);
        let turn = Bernoulli::from_probs(turns.gather(5.0 * board + neighbours));
        let turned = g.sample(&format!("turned{step}"), turn);
        board = board + (1.0 - 2.0 * board) * turned;
    }
    g.cost("alive", board.sum());
    g
}

/// E alive and its derivative: the mean over all boards at first, each with the mean number of cells that it leads to.
fn exact(p: f64) -> (f64, f64) {
    let boards = 1_usize << CELLS;
    let alive = |board: usize, cell: usize| board >> cell & 1 == 1;
    // Backward: the mean number of living cells from each board.
    let mut value: Vec<f64> = (0..boards).map(|board| f64::from(board.count_ones())).collect();
    for _ in 0..STEPS {
        value = (0..boards)
            .map(|board| {
                // The expectation of a function of all cells, one cell after the other.
                let mut means = value.clone();
                for cell in (0..CELLS).rev() {
                    let neighbours = (0..CELLS).filter(|&c| adjacent(c, cell) && alive(board, c)).count();
                    let turn = TURNS[usize::from(alive(board, cell)) * 5 + neighbours];
                    let lives = if alive(board, cell) { 1.0 - turn } else { turn };
                    for rest in 0..1 << cell {
                        means[rest] = (1.0 - lives) * means[rest] + lives * means[rest | 1 << cell];
                    }
                }
                means[0]
            })
            .collect();
    }
    let (mut mean, mut slope) = (0.0, 0.0);
    for (board, value) in value.iter().enumerate() {
        let living = f64::from((board as u32).count_ones());
        let mass = p.powf(living) * (1.0 - p).powf(CELLS as f64 - living);
        mean += mass * value;
        slope += mass * value * (living / p - (CELLS as f64 - living) / (1.0 - p));
    }
    (mean, slope)
}

/// Writes the table.
pub fn table(replicates: usize, text: &mut String) -> Result<(), Box<dyn std::error::Error>> {
    writeln!(
        text,
        "Game of life: derivative and standard deviation of one estimate, from {replicates} estimates\n"
    )?;
    writeln!(
        text,
        "{:>4} {:>12} {:>12} {:>20} {:>9} {:>9} {:>9}",
        "p", "alive", "exact", "jumps", "deviation", "one jump", "score"
    )?;
    for p in [0.3, 0.5, 0.7] {
        let (mean, derivative) = exact(p);
        let g = game(p);
        let jumps = |jumps| Estimates::of(&g, &(Arc::new(PerturbationAnalysis { jumps }) as _), replicates);
        let all = jumps(EvaluatedJumps::All)?;
        let one = jumps(EvaluatedJumps::One)?;
        let score = Arc::new(ScoreFunction { baseline: Baseline::Number(mean) });
        let score = Estimates::of(&g, &(score as _), replicates)?;
        one.checked_mean("one jump", derivative);
        score.checked_mean("score function", derivative);
        writeln!(
            text,
            "{p:>4} {mean:>12.10} {derivative:>12.10} {:>20} {:>9.3} {:>9.3} {:>9.3}",
            all.checked_mean("jumps", derivative),
            all.deviation,
            one.deviation,
            score.deviation
        )?;
    }
    writeln!(text)?;
    Ok(())
}
