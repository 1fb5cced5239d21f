//! Graphs drawn from choices: inputs of random shapes with values that lie where central differences can be trusted.

use aleator_engine::graph::{Expr, Graph, Shape};

/// An input with its value.
#[derive(Clone)]
pub struct Given<'g> {
    pub expr: Expr<'g>,
    pub value: Vec<f64>,
}

/// Makes inputs as an operation asks for them. All randomness is a list of choices; where it ends, zeros follow.
pub struct Draw<'g> {
    pub graph: &'g Graph,
    pub given: Vec<Given<'g>>,
    choices: std::vec::IntoIter<u32>,
}

impl<'g> Draw<'g> {
    pub fn new(graph: &'g Graph, choices: Vec<u32>) -> Self {
        Draw { graph, given: Vec::new(), choices: choices.into_iter() }
    }

    fn next(&mut self) -> u32 {
        self.choices.next().unwrap_or(0)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        self.next() as usize % n
    }

    pub fn coin(&mut self) -> bool {
        self.below(2) == 1
    }

    /// Up to three axes, of sizes 1 to 3.
    pub fn shape(&mut self, least_rank: usize) -> Shape {
        let rank = least_rank + self.below(4 - least_rank);
        let dims: Vec<usize> = (0..rank).map(|_| 1 + self.below(3)).collect();
        dims.into()
    }

    /// A shape that broadcasts to this one.
    pub fn narrower(&mut self, shape: &Shape) -> Shape {
        let dropped = if self.below(3) == 2 { self.below(shape.rank() + 1) } else { 0 };
        let dims: Vec<usize> =
            shape[dropped..].iter().map(|&dim| if self.below(4) == 3 { 1 } else { dim }).collect();
        dims.into()
    }

    /// Some axes of a shape, in any order, at least one.
    pub fn axes(&mut self, shape: &Shape) -> Vec<usize> {
        let mut axes: Vec<usize> = (0..shape.rank()).filter(|_| self.coin()).collect();
        if axes.is_empty() {
            axes.push(self.below(shape.rank()));
        }
        if self.coin() {
            axes.reverse();
        }
        axes
    }

    /// An order of the last axes.
    pub fn order(&mut self, rank: usize) -> Vec<usize> {
        let n = rank - self.below(rank);
        let mut order: Vec<usize> = (0..n).collect();
        for i in 1..n {
            let j = self.below(i + 1);
            order.swap(i, j);
        }
        order
    }

    /// An input with values between `low` and `high`, up to a quarter. No two values of a graph's inputs are closer
    /// than 1/5000, and none comes closer than 1/25 to a multiple of a quarter.
    pub fn input(&mut self, shape: &Shape, low: f64, high: f64) -> Expr<'g> {
        let slot = self.given.len();
        let mut state = (u64::from(self.next()) << 16) | 0x9E37;
        let value = (0..shape.numel())
            .map(|i| {
                state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
                let uniform = (state >> 11) as f64 / (1u64 << 53) as f64;
                let quarter = (4.0 * (low + (high - low) * uniform)).floor() / 4.0;
                quarter + 0.07 + i as f64 / 1024.0 + slot as f64 / 5000.0
            })
            .collect();
        let expr = self.graph.input(&format!("x{slot}"), shape);
        self.given.push(Given { expr, value });
        expr
    }

    /// An input of any shape.
    pub fn any(&mut self, low: f64, high: f64) -> Expr<'g> {
        let shape = self.shape(0);
        self.input(&shape, low, high)
    }

    /// An input of any shape with at least one axis.
    pub fn axed(&mut self, low: f64, high: f64) -> Expr<'g> {
        let shape = self.shape(1);
        self.input(&shape, low, high)
    }

    /// Inputs whose shapes broadcast against each other, with bounds for each.
    pub fn together<const N: usize>(&mut self, bounds: [(f64, f64); N]) -> [Expr<'g>; N] {
        let shape = self.shape(0);
        bounds.map(|(low, high)| {
            let own = self.narrower(&shape);
            self.input(&own, low, high)
        })
    }

    /// Sets some values of the last input to exactly zero.
    pub fn sprinkle_zeros(&mut self) {
        let mut pattern = self.next();
        if let Some(last) = self.given.last_mut() {
            for x in &mut last.value {
                if pattern.is_multiple_of(3) {
                    *x = 0.0;
                }
                pattern = pattern.rotate_right(3) ^ 0x5bd1;
            }
        }
    }
}
