//! From steps to kernels: buffers get their addresses, and every kernel gets the offsets that it reads and writes.

use super::CompileOptions;
use super::emit::{self, GroupPlan};
use super::fuse::{FusedStep, Fusion, fuse};
use super::memory::{Interval, aligned, place};
use super::values::{Kind, Lowered};
use super::views::View;
use crate::error::{Error, human_bytes};
use crate::exec::Aligned;
use crate::exec::draw::Draw;
use crate::exec::fused::{Fused, Scratch};
use crate::exec::machine::memory_left;
use crate::exec::math::Real;
use crate::exec::matmul::MatMul;
use crate::exec::memory::Arena;
use crate::exec::plain::{Assemble, Call, Rows};
use crate::exec::quantile::QuantileDerivative;
use crate::exec::strided::Strided;
use crate::graph::Shape;

/// One kernel.
pub(crate) enum Step<T> {
    Fused(Fused<T>),
    MatMul(MatMul),
    ArgMax(Rows),
    CumSum(Rows, bool),
    Assemble(Assemble),
    Draw(Draw),
    QuantileDerivative(QuantileDerivative),
    Call(Call),
}

/// Everything that is needed to run a program.
pub(crate) struct Schedule<T> {
    pub steps: Vec<Step<T>>,
    /// Constants and inputs at the beginning, followed by computed values.
    pub arena: Arena<T>,
    /// The offset of each input, by slot; `None` if the input is unused.
    pub inputs: Vec<Option<usize>>,
    /// The offset and shape of each output.
    pub outputs: Vec<(usize, Shape)>,
    /// The memory that each thread needs.
    pub registers: usize,
    pub axes: usize,
}

impl<T: Real> Schedule<T> {
    /// The working memory of a thread.
    pub fn scratch(&self) -> Scratch<T> {
        Scratch { registers: Aligned::zeros(self.registers), position: vec![0; self.axes] }
    }
}

/// Programs up to this number of bytes are compiled without querying the free memory of the machine.
const SMALL: u128 = 16 << 20;

/// Plans all kernels, checks the required memory against the limit, and only then allocates.
pub(crate) fn schedule<T: Real>(
    lowered: &Lowered,
    slots: usize,
    threads: usize,
    options: &CompileOptions,
) -> Result<Schedule<T>, Error> {
    let Fusion { steps, stored } = fuse(lowered);
    let plans: Vec<Option<GroupPlan>> = steps
        .iter()
        .map(|step| match step {
            FusedStep::Group(members) => Some(emit::plan::<T>(lowered, &stored, members)),
            FusedStep::Single(_) => None,
        })
        .collect();

    let bytes = |elements: Option<usize>| elements.map_or(u128::MAX, |n| n as u128 * size_of::<T>() as u128);
    let too_much = |elements: Option<usize>| {
        let left = memory_left().filter(|&left| left < options.memory_limit);
        let limit = match left {
            Some(left) => format!(
                "{}, which is what this process may still have (`ulimit -v`, its container, the machine)",
                human_bytes(left)
            ),
            None => human_bytes(options.memory_limit),
        };
        Error::Memory { what: "the program's buffers".into(), needed: human_bytes(bytes(elements)), limit }
    };
    let places = Places::new(lowered, &steps, &stored, &plans).ok_or_else(|| too_much(None))?;
    let registers = plans.iter().flatten().map(|p| p.registers * p.chunks.pitch()).max().unwrap_or(0);
    let axes = plans.iter().flatten().map(GroupPlan::most_axes).max().unwrap_or(0);
    let total = registers
        .checked_mul(threads)
        .and_then(|n| n.checked_add(places.elements))
        .and_then(|n| n.checked_add(calls_elements::<T>(lowered)?));
    match total {
        Some(_) if bytes(total) <= SMALL.min(options.memory_limit) => {}
        Some(_)
            if bytes(total)
                <= memory_left().map_or(options.memory_limit, |left| left.min(options.memory_limit)) => {}
        _ => return Err(too_much(total)),
    }

    let mut arena = Arena::new(places.elements).ok_or_else(|| too_much(total))?;
    let mut inputs = vec![None; slots];
    for (v, value) in lowered.values.iter().enumerate() {
        let offset = places.offsets[v];
        match &value.kind {
            Kind::Input(slot) => inputs[*slot] = Some(offset),
            Kind::Scalar(x) => arena.slice_mut(offset, 1)[0] = T::from_f64(*x),
            Kind::Tensor(data) => {
                for (to, x) in arena.slice_mut(offset, data.len()).iter_mut().zip(data.iter()) {
                    *to = T::from_f64(*x);
                }
            }
            Kind::Iota => {
                for (i, to) in arena.slice_mut(offset, value.shape.numel()).iter_mut().enumerate() {
                    *to = T::from_f64(i as f64);
                }
            }
            _ => {}
        }
    }
    let kernels =
        steps.iter().zip(&plans).zip(&places.partials).map(|((step, plan), partials)| match (step, plan) {
            (FusedStep::Single(v), _) => single(lowered, *v, &places),
            (FusedStep::Group(_), Some(plan)) => {
                Step::Fused(plan.finish(lowered, &|v| places.offsets[v], partials))
            }
            (FusedStep::Group(_), None) => unreachable!("every group has a plan"),
        });
    let outputs = lowered.outputs.iter().map(|(v, shape)| (places.offsets[*v], shape.clone())).collect();
    Ok(Schedule { steps: kernels.collect(), arena, inputs, outputs, registers, axes })
}

/// The memory for the arguments and results of black boxes, in elements.
fn calls_elements<T>(lowered: &Lowered) -> Option<usize> {
    let mut total = 0usize;
    for value in &lowered.values {
        let Kind::External(external) = &value.kind else { continue };
        let arguments = value.inputs.iter().zip(&external.input_ranks);
        let sizes =
            arguments.map(|(view, &rank)| view.dims[view.dims.len() - rank..].iter().product::<usize>());
        for size in sizes.chain([external.shape.numel()]) {
            total = total.checked_add(size.checked_mul(8 / size_of::<T>())?)?;
        }
    }
    Some(total)
}

/// Offsets in the memory arena.
struct Places {
    /// The offset of each value that has a buffer.
    offsets: Vec<usize>,
    /// The offsets of each step's partial results.
    partials: Vec<Vec<Option<usize>>>,
    /// The size of the arena.
    elements: usize,
}

impl Places {
    fn new(
        lowered: &Lowered,
        steps: &[FusedStep],
        stored: &[bool],
        plans: &[Option<GroupPlan>],
    ) -> Option<Self> {
        let values = &lowered.values;
        let mut offsets = vec![0; values.len()];
        let mut given = 0usize;
        for (v, value) in values.iter().enumerate().filter(|(_, value)| value.is_given()) {
            offsets[v] = given;
            given = given.checked_add(aligned(value.shape.numel())?)?;
        }

        let forever = usize::MAX;
        let mut last_read = vec![0; values.len()];
        for (i, step) in steps.iter().enumerate() {
            for &v in members(step) {
                for view in &values[v].inputs {
                    last_read[view.value] = i;
                }
            }
        }
        for (v, _) in &lowered.outputs {
            last_read[*v] = forever;
        }
        let mut intervals = Vec::new();
        let mut buffers = Vec::new();
        let mut partials: Vec<Vec<Option<usize>>> = Vec::new();
        for (i, step) in steps.iter().enumerate() {
            for &v in members(step).iter().filter(|&&v| stored[v]) {
                buffers.push((v, intervals.len()));
                let elements = values[v].shape.numel();
                intervals.push(Interval { elements, first: i, last: last_read[v].max(i) });
            }
            let of_step = plans[i].iter().flat_map(|plan| &plan.partials).map(|partial| {
                partial.map(|elements| {
                    intervals.push(Interval { elements, first: i, last: i });
                    intervals.len() - 1
                })
            });
            partials.push(of_step.collect());
        }
        let (computed, size) = place(&intervals, steps.len())?;
        for (v, interval) in buffers {
            offsets[v] = given + computed[interval];
        }
        for partial in partials.iter_mut().flatten().flatten() {
            *partial = given + computed[*partial];
        }
        Some(Places { offsets, partials, elements: given.checked_add(size)? })
    }

    fn strided(&self, view: &View) -> Strided {
        Strided {
            offset: self.offsets[view.value] + view.offset,
            dims: view.dims.clone(),
            strides: view.strides.clone(),
        }
    }
}

fn members(step: &FusedStep) -> &[usize] {
    match step {
        FusedStep::Group(members) => members,
        FusedStep::Single(v) => std::slice::from_ref(v),
    }
}

/// Creates the kernel of a value that is not fused.
fn single<T>(lowered: &Lowered, v: usize, places: &Places) -> Step<T> {
    let value = &lowered.values[v];
    let out = places.offsets[v];
    let shape = &value.shape;
    let elements = shape.numel();
    let whole =
        |dims: &[usize], offset: usize| Strided { offset, dims: dims.to_vec(), strides: shape.strides() };
    match &value.kind {
        Kind::ArgMax => Step::ArgMax(Rows { x: places.strided(&value.inputs[0]), out }),
        Kind::CumSum { reverse } => Step::CumSum(Rows { x: places.strided(&value.inputs[0]), out }, *reverse),
        Kind::MatMul => {
            let batch = &shape[..shape.rank() - 2];
            let operand = |view: &View| {
                let matrix = &view.dims[view.dims.len() - 2..];
                places.strided(&view.clone().broadcast(&[batch, matrix].concat()))
            };
            Step::MatMul(MatMul::new(operand(&value.inputs[0]), operand(&value.inputs[1]), out))
        }
        Kind::Pad { axis, before } => {
            let part = places.strided(&value.inputs[0]);
            let offset = before * shape.strides()[shape.rank() - 1 - axis];
            let to = whole(&part.dims, offset);
            Step::Assemble(Assemble { zeros: true, out, elements, parts: vec![(part, to)] })
        }
        Kind::Concat { axis } => {
            let at = shape.rank() - 1 - axis;
            let mut start = 0;
            let mut parts = Vec::new();
            for view in &value.inputs {
                let mut dims = shape.to_vec();
                dims[at] = view.dims[view.dims.len() - 1 - axis];
                let to = whole(&dims, start * shape.strides()[at]);
                start += dims[at];
                parts.push((places.strided(&view.clone().broadcast(&dims)), to));
            }
            Step::Assemble(Assemble { zeros: false, out, elements, parts })
        }
        Kind::Draw { law, stream, noise } => {
            let inputs = value.inputs.iter().map(|view| places.strided(view)).collect();
            // A view of the random numbers, in which each element is its own index.
            let row = noise.row();
            let noise = View::whole(v, noise).broadcast(shape);
            let noise = Strided { offset: 0, dims: noise.dims, strides: noise.strides };
            Step::Draw(Draw::new(*law, *stream, inputs, noise, row, out))
        }
        Kind::QuantileDerivative(quantile) => {
            let inputs = value.inputs.iter().map(|view| places.strided(view)).collect();
            Step::QuantileDerivative(QuantileDerivative::new(*quantile, inputs, elements, out))
        }
        Kind::External(external) => {
            let lead = &shape[..shape.rank() - external.shape.rank()];
            let calls: usize = lead.iter().product();
            // What one call takes and gives.
            let together = if external.vectorized { calls } else { 1 };
            let operands = value.inputs.iter().zip(&external.input_ranks).map(|(view, &rank)| {
                let own = &view.dims[view.dims.len() - rank..];
                let size = together * own.iter().product::<usize>();
                (places.strided(&view.clone().broadcast(&[lead, own].concat())), size)
            });
            let inputs: Vec<(Strided, usize)> = operands.collect();
            Step::Call(Call {
                external: external.clone(),
                arguments: inputs.iter().map(|(_, n)| vec![0.0; *n]).collect(),
                inputs,
                calls: if external.vectorized { 1 } else { calls },
                out,
                result: vec![0.0; together * external.shape.numel()],
                failure: None,
            })
        }
        kind => unreachable!("{kind:?} is given or fused"),
    }
}
