//! The objective and its gradient at points in the coordinates of the sites, for many points per run.

use aleator_engine::graph::NodeId;

use super::layout::Layout;
use super::points::Kind;
use super::second::Second;
use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::program::{Options, Program};
use crate::quadrature::{self, Size, Unknown};

/// The number of points per run while the size of the program is determined.
const FEW_POINTS: usize = 16;
/// The largest number of points per run.
const MOST_POINTS: usize = 8192;
/// The approximate number of operations per run.
const NUMBERS_PER_RUN: usize = 1 << 21;

/// The objective, the gradient and the weights of the sites at given points.
pub(super) struct Integrand {
    program: Program<f64>,
    slots: Vec<usize>,
    /// The number of points per run.
    points: usize,
    /// The results at a point are the objective, the gradient, second derivatives and the weights.
    size: Size,
}

impl Integrand {
    pub fn new(graph: &Graph, second: &Second, layout: &Layout) -> Result<Result<Self, Unknown>> {
        let compile = |points: usize| {
            let graph = &graph.clone();
            let engine = graph.engine();
            let inputs = |what: &str| -> Vec<NodeId> {
                (0..layout.dimensions())
                    .map(|i| engine.input(&format!("{what} {i}"), [points]).id())
                    .collect()
            };
            let (columns, reciprocals) = (inputs("coordinate"), inputs("reciprocal weight"));
            let options =
                Options::new().samples(1).replicates(points).audit().second_derivatives(second.kind);
            let mut program = Program::<f64>::compile(graph, &layout.plan(&columns, &reciprocals), &options)?;
            second.set(graph, &mut program)?;
            let all = engine.inputs();
            let slot = |node: &NodeId| all.iter().position(|i| i.node == *node).unwrap_or(usize::MAX);
            Ok((program, columns.iter().chain(&reciprocals).map(slot).collect::<Vec<_>>()))
        };
        let known = |result| match result {
            Ok(compiled) => Ok(Ok(compiled)),
            // Too many alternatives, too much memory, or a black box on the way.
            Err(Error::Unsuitable { .. } | Error::Engine(_)) => Ok(Err(Unknown::NotOfTheKind)),
            Err(other) => Err(other),
        };
        let (small, _) = match known(compile(FEW_POINTS))? {
            Ok(compiled) => compiled,
            Err(unknown) => return Ok(Err(unknown)),
        };
        let work = (small.work() / FEW_POINTS).max(1);
        let points = (NUMBERS_PER_RUN / work).clamp(FEW_POINTS, MOST_POINTS);
        let (program, slots) = match known(compile(points))? {
            Ok(compiled) => compiled,
            Err(unknown) => return Ok(Err(unknown)),
        };
        let parameters: usize = program.params().map(|(_, shape)| shape.numel()).sum();
        let weights = program.masses().count();
        let others: usize = program.second_derivatives().map(|block| block.len() / points).sum();
        let numbers = 1 + parameters + others + weights;
        let logits = layout.sites.iter().flat_map(|s| vec![s.kind == Kind::Logits; s.dimensions]).collect();
        let size = Size { numbers, weights, work, logits };
        Ok(Ok(Integrand { program, slots, points, size }))
    }
}

impl quadrature::Integrand for Integrand {
    fn size(&self) -> Size {
        self.size.clone()
    }

    fn evaluate(
        &mut self,
        columns: &[Vec<f64>],
        visit: &mut dyn FnMut(usize, &[f64]),
    ) -> Result<Result<(), Unknown>> {
        let total = columns.first().map_or(0, Vec::len);
        let mut column = vec![0.0; self.points];
        let mut here = vec![0.0; self.size.numbers];
        let parameters = self.program.params().count();
        for start in (0..total).step_by(self.points) {
            let now = self.points.min(total - start);
            for (numbers, &slot) in columns.iter().zip(&self.slots) {
                let part = &numbers[start..start + now];
                column[..now].copy_from_slice(part);
                // What is not asked for is a point that is.
                column[now..].fill(part[0]);
                self.program.set_slot(slot, &column)?;
            }
            match self.program.run_step(0) {
                Ok(_) => {}
                Err(Error::Domain { .. }) => {
                    return Ok(Err("a later parameter leaves its domain in the tails".into()));
                }
                // Such as a mean that is too large for a number, where counts are looked for.
                Err(Error::Unsuitable { .. }) => return Ok(Err(Unknown::NotOfTheKind)),
                Err(other) => return Err(other),
            }
            let objectives = self.program.objectives();
            for (i, &objective) in objectives[..now].iter().enumerate() {
                here[0] = objective;
                let mut at = 1;
                let gradients = (0..parameters).map(|place| self.program.gradient_at(place));
                for block in gradients.chain(self.program.second_derivatives()) {
                    let size = block.len() / self.points;
                    here[at..at + size].copy_from_slice(&block[i * size..(i + 1) * size]);
                    at += size;
                }
                for (slot, weights) in here[at..].iter_mut().zip(self.program.masses()) {
                    // Weights that depend on no coordinate are one number.
                    *slot = *weights.get(i).unwrap_or(&weights[0]);
                }
                visit(start + i, &here);
            }
        }
        Ok(Ok(()))
    }
}
