//! A description of the steps of a program: names, memory traffic, operations.

use std::collections::HashSet;

use super::fused::{Fused, Instruction, Operand, Place, Storage};
use super::math::Real;
use super::matmul::MatMul;
use super::plain::Rows;
use super::strided::Strided;
use super::tile::Logistic;
use crate::compile::schedule::Step;
use crate::graph::{Op, Unary};

/// The kind of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// Elementwise operations and reductions in one loop.
    Fused,
    /// A matrix product.
    MatMul,
    /// Another kernel.
    Other,
}

/// One step of a program.
#[derive(Clone, Debug, PartialEq)]
pub struct StepSummary {
    /// The kind.
    pub kind: StepKind,
    /// The operations, in words.
    pub what: String,
    /// The number of bytes that the step reads and writes, each counted once.
    pub bytes: u64,
    /// The number of arithmetic operations. A function such as exp counts as one, and a multiplication with an addition counts as
    /// two.
    pub operations: u64,
    /// The number of calls of black boxes. What they compute is not included in the operations.
    pub calls: u64,
}

/// Describes a step.
pub(super) fn summary<T: Real>(step: &Step<T>) -> StepSummary {
    let plain = |what: String, elements: usize, operations: usize| StepSummary {
        kind: StepKind::Other,
        what,
        bytes: (elements * size_of::<T>()) as u64,
        operations: operations as u64,
        calls: 0,
    };
    let scan = |name: &str, rows: &Rows, results: usize| {
        plain(format!("{name} of {}", dims(&rows.x.dims)), rows.x.extent() + results, rows.x.numel())
    };
    match step {
        Step::Fused(fused) => of_fused(fused),
        Step::MatMul(product) => of_matmul::<T>(product),
        Step::ArgMax(rows) => {
            scan("argmax", rows, rows.x.numel() / rows.x.dims.last().map_or(1, |&n| n.max(1)))
        }
        Step::CumSum(rows, _) => scan("cumsum", rows, rows.x.numel()),
        Step::Assemble(assemble) => {
            let read: usize = assemble.parts.iter().map(|(from, _)| reached(from)).sum();
            let name = if assemble.zeros { "pad" } else { "concat" };
            plain(format!("{name} to {} elements", assemble.elements), read + assemble.elements, 0)
        }
        Step::Draw(draw) => {
            let (law, draws, parameters) = draw.describe();
            let read: usize = parameters.map(reached).sum();
            plain(format!("{draws} draws from {law:?}"), read + draws, draws)
        }
        Step::QuantileDerivative(derivative) => {
            let (quantile, elements, inputs) = derivative.describe();
            let read: usize = inputs.map(reached).sum();
            plain(format!("{elements} derivatives of quantiles of {quantile:?}"), read + elements, elements)
        }
        Step::Call(call) => {
            let read: usize = call.inputs.iter().map(|(input, _)| reached(input)).sum();
            let what = format!("{} calls of {}", call.calls, call.external.name);
            let calls = call.calls as u64;
            StepSummary { calls, ..plain(what, read + call.calls * call.result.len(), 0) }
        }
    }
}

fn of_matmul<T>(product: &MatMul) -> StepSummary {
    let MatMul { m, k, n, ref left, ref right, .. } = *product;
    let batches: usize = left.dims[..left.dims.len() - 2].iter().product();
    let times = if batches == 1 { String::new() } else { format!("{batches} × ") };
    let elements = reached(left) + reached(right) + batches * m * n;
    StepSummary {
        kind: StepKind::MatMul,
        what: format!("{times}[{m}, {k}] @ [{k}, {n}]"),
        bytes: (elements * size_of::<T>()) as u64,
        operations: 2 * batches as u64 * m as u64 * k as u64 * n as u64,
        calls: 0,
    }
}

fn of_fused<T: Real>(fused: &Fused<T>) -> StepSummary {
    let iterations = (fused.chunks.outer * fused.chunks.inner) as u64;
    // Operations by name, in the order in which they come first; buffers read, and buffers written.
    let mut names: Vec<(String, u64)> = Vec::new();
    let (mut read, mut written): (HashSet<usize>, HashSet<usize>) = Default::default();
    let mut count = |name: String| match names.iter_mut().find(|(known, _)| *known == name) {
        Some((_, times)) => *times += 1,
        None => names.push((name, 1)),
    };
    for instruction in &fused.instructions {
        let (name, to, operands) = match *instruction {
            Instruction::Copy { to, x } => (None, Some(to), vec![x]),
            Instruction::Unary { op, to, x } => (Some(Op::Unary(op).name()), Some(to), vec![x]),
            Instruction::Binary { op, to, x, y } => (Some(Op::Binary(op).name()), Some(to), vec![x, y]),
            Instruction::ExpNegAbs { to, x } => (Some("exp(-|x|)".into()), Some(to), vec![x]),
            Instruction::Logistic { op, to, x, exp_neg_abs } => {
                let op = match op {
                    Logistic::Sigmoid => Unary::Sigmoid,
                    Logistic::Softplus => Unary::Softplus,
                };
                (Some(Op::Unary(op).name()), Some(to), vec![x, exp_neg_abs])
            }
            Instruction::Select { to, c, x, y } => (Some(Op::Select.name()), Some(to), vec![c, x, y]),
            Instruction::Uniform { to, .. } => (Some("uniform".into()), Some(to), vec![]),
            Instruction::Gather { to, .. } => (None, Some(to), vec![]),
            Instruction::Reduce { x, into } => {
                let reduction = fused.reduces[into].reduction;
                (Some(Op::Reduce(reduction, vec![]).name()), None, vec![Operand::Tile(x)])
            }
        };
        name.into_iter().for_each(&mut count);
        for operand in operands {
            if let Operand::Tile(Place::Buffer(buffer)) = operand
                && !written.contains(&buffer)
            {
                read.insert(buffer);
            }
        }
        if let Some(Place::Buffer(buffer)) = to {
            written.insert(buffer);
        }
    }
    let operations = names.iter().map(|(_, times)| times).sum::<u64>() * iterations;
    let gathered: usize = fused.gathers.iter().map(reached).sum();
    let reduced: usize = fused
        .reduces
        .iter()
        .map(|r| match r.storage {
            Storage::Direct(_) => r.results,
            Storage::Partial(_) => r.results * (2 * fused.chunks.count + 1),
        })
        .sum();
    let elements = (read.len() + written.len()) as u64 * iterations + (gathered + reduced) as u64;
    let listed: Vec<String> = names
        .into_iter()
        .map(|(name, times)| if times == 1 { name } else { format!("{name} ×{times}") })
        .collect();
    let list = if listed.is_empty() { "copy".to_string() } else { listed.join(", ") };
    StepSummary {
        kind: StepKind::Fused,
        what: format!("{iterations} elements: {list}"),
        bytes: elements * size_of::<T>() as u64,
        operations,
        calls: 0,
    }
}

/// An upper bound of the number of distinct elements of a strided operand; repeated elements are counted once.
fn reached(x: &Strided) -> usize {
    let distinct: usize = x.dims.iter().zip(&x.strides).filter(|&(_, &s)| s != 0).map(|(&d, _)| d).product();
    distinct.min(x.extent())
}

fn dims(dims: &[usize]) -> String {
    format!("{dims:?}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::CompileOptions;
    use crate::exec::Program;
    use crate::exec::philox::NoiseAt;
    use crate::graph::Graph;

    #[test]
    fn steps_say_what_they_do() {
        let graph = Graph::new();
        let (a, b) = (graph.input("a", [3, 4]), graph.input("b", [4, 5]));
        let total = (a.matmul(b).exp() * 2.0).sum();
        let mut program = Program::<f32>::compile(&graph, &[total.id()], &CompileOptions::default()).unwrap();
        let steps = program.steps();
        let kinds: Vec<StepKind> = steps.iter().map(|s| s.kind).collect();
        assert_eq!(kinds, [StepKind::MatMul, StepKind::Fused]);
        assert_eq!((steps[0].what.as_str(), steps[0].operations), ("[3, 4] @ [4, 5]", 120));
        assert_eq!(steps[0].bytes, 4 * (12 + 20 + 15));
        assert_eq!(steps[1].what, "15 elements: exp, *, sum");
        assert_eq!((steps[1].operations, steps[1].bytes), (45, 4 * 16));
        let mut told = vec![];
        program.run_profiled(NoiseAt { seed: 0, step: 0, first_row: 0 }, |step, _| told.push(step));
        assert_eq!(told, [0, 1]);
        assert_eq!(program.output(0), [30.0]);
    }
}
