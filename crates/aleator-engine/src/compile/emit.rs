//! From a group of values to a fused kernel: instructions on tiles, and register allocation by liveness.

use std::collections::HashMap;

use super::chunks::{self, Pattern};
use super::fuse::{cost, flows};
use super::values::{Kind, Lowered};
use super::views::View;
use crate::exec::fused::{Chunks, Fused, Instruction, Operand, Place, ReduceInto, Storage};
use crate::exec::math::Real;
use crate::exec::strided::Strided;

/// The parts of a group that are fixed before its buffers have addresses.
pub(crate) struct GroupPlan {
    /// The instructions, with a register for each value. Buffers are numbered by value.
    instructions: Vec<Symbolic>,
    gathers: Vec<View>,
    /// The values and patterns of the reductions.
    reduces: Vec<(usize, Pattern)>,
    /// The number of registers.
    pub registers: usize,
    pub chunks: Chunks,
    /// The number of elements of partial results, for each reduction that needs them.
    pub partials: Vec<Option<usize>>,
}

/// An instruction before constants and addresses are known.
#[derive(Clone, Debug)]
struct Symbolic {
    what: What,
    to: Option<Slot>,
    operands: Vec<Source>,
}

#[derive(Clone, Debug)]
enum What {
    /// The operation of the value itself.
    Value(usize),
    Gather(usize),
    Fill,
    Reduce(usize),
}

/// A tile register, which is virtual at first, or the buffer of a value.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Slot {
    Register(usize),
    Buffer(usize),
}

#[derive(Clone, Copy, Debug)]
enum Source {
    Slot(Slot),
    /// A contiguous view, given by value and offset.
    Contiguous(usize, usize),
    /// One element of a value.
    Scalar(usize, usize),
    Constant(f64),
}

struct Emitter<'a> {
    lowered: &'a Lowered,
    stored: &'a [bool],
    members: &'a [usize],
    /// Indexed by the position of a value among the members.
    slots: Vec<Option<Slot>>,
    registers: usize,
    instructions: Vec<Symbolic>,
    gathers: Vec<View>,
    /// The register of each gathered view.
    gathered: HashMap<View, Slot>,
}

/// Orders the work of a group, and chooses registers and chunks.
pub(crate) fn plan<T: Real>(lowered: &Lowered, stored: &[bool], members: &[usize]) -> GroupPlan {
    let mut emitter = Emitter {
        lowered,
        stored,
        members,
        slots: vec![None; members.len()],
        registers: 0,
        instructions: Vec::new(),
        gathers: Vec::new(),
        gathered: HashMap::new(),
    };
    let mut reduces = Vec::new();
    for (place, &v) in members.iter().enumerate() {
        let value = &lowered.values[v];
        let operands: Vec<Source> = (0..value.inputs.len()).map(|i| emitter.operand(v, i)).collect();
        if let Kind::Reduce(_, axes) = &value.kind {
            let operand = emitter.in_tile(operands[0]);
            reduces.push((v, Pattern::new(&value.inputs[0].dims, axes)));
            let what = What::Reduce(reduces.len() - 1);
            emitter.instructions.push(Symbolic { what, to: None, operands: vec![operand] });
        } else {
            let to = emitter.slot_of(place);
            emitter.instructions.push(Symbolic { what: What::Value(v), to: Some(to), operands });
        }
    }
    let (mut instructions, gathers) = (emitter.instructions, emitter.gathers);
    let registers = allocate_registers(&mut instructions, emitter.registers);

    let iterations = lowered.values[members[0]].iterations();
    let cost = members.iter().map(|&v| cost(&lowered.values[v].kind, size_of::<T>())).sum::<usize>()
        + gathers.len() * 2;
    let patterns: Vec<Pattern> = reduces.iter().map(|(_, p)| p.clone()).collect();
    let rows = patterns.iter().filter_map(|p| p.dims.last().copied());
    let row = rows.chain(gathers.iter().filter_map(|g| g.collapsed().0.last().copied())).next();
    let tile = chunks::tile_elements(registers, size_of::<T>());
    let chunks = chunks::choose(iterations, cost, &patterns, tile, row.unwrap_or(1));
    let partials = patterns
        .iter()
        .map(|p| p.region(&chunks).is_none().then(|| p.results().saturating_mul(chunks.count)))
        .collect();
    GroupPlan { instructions, gathers, reduces, registers, chunks, partials }
}

impl Emitter<'_> {
    fn new_register(&mut self) -> Slot {
        self.registers += 1;
        Slot::Register(self.registers - 1)
    }

    /// Where a member is stored, given its position among the members.
    fn slot_of(&mut self, place: usize) -> Slot {
        if let Some(slot) = self.slots[place] {
            return slot;
        }
        let value = self.members[place];
        let slot = if self.stored[value] { Slot::Buffer(value) } else { self.new_register() };
        self.slots[place] = Some(slot);
        slot
    }

    /// Where an input is read from. It is gathered into a register if necessary.
    fn operand(&mut self, v: usize, input: usize) -> Source {
        let view = &self.lowered.values[v].inputs[input];
        let source = &self.lowered.values[view.value];
        if let Kind::Scalar(x) = source.kind {
            return Source::Constant(x);
        }
        if let Ok(place) = self.members.binary_search(&view.value)
            && flows(self.lowered, v, input)
        {
            return Source::Slot(self.slot_of(place));
        }
        if view.is_contiguous() {
            return Source::Contiguous(view.value, view.offset);
        }
        if view.is_splat() {
            return Source::Scalar(view.value, view.offset);
        }
        let (dims, strides) = view.collapsed();
        let view = View { value: view.value, offset: view.offset, dims, strides };
        if let Some(slot) = self.gathered.get(&view) {
            return Source::Slot(*slot);
        }
        let to = self.new_register();
        self.gathered.insert(view.clone(), to);
        self.gathers.push(view);
        let what = What::Gather(self.gathers.len() - 1);
        self.instructions.push(Symbolic { what, to: Some(to), operands: vec![] });
        Source::Slot(to)
    }

    /// The operand with one number per element.
    fn in_tile(&mut self, operand: Source) -> Source {
        match operand {
            Source::Slot(_) | Source::Contiguous(..) => operand,
            Source::Scalar(..) | Source::Constant(_) => {
                let to = self.new_register();
                self.instructions.push(Symbolic { what: What::Fill, to: Some(to), operands: vec![operand] });
                Source::Slot(to)
            }
        }
    }
}

/// Replaces virtual registers by as few registers as their lifetimes allow. An instruction never writes to a register that it
/// reads.
fn allocate_registers(instructions: &mut [Symbolic], registers: usize) -> usize {
    let mut last_use = vec![0; registers];
    for (i, instruction) in instructions.iter().enumerate() {
        let operands = instruction.operands.iter().filter_map(|s| match s {
            Source::Slot(slot) => Some(*slot),
            _ => None,
        });
        for slot in operands.chain(instruction.to) {
            if let Slot::Register(r) = slot {
                last_use[r] = i;
            }
        }
    }
    let mut physical = vec![usize::MAX; registers];
    let (mut free, mut count) = (Vec::new(), 0);
    for (i, instruction) in instructions.iter_mut().enumerate() {
        let mut ended = Vec::new();
        if let Some(Slot::Register(r)) = &mut instruction.to {
            physical[*r] = free.pop().unwrap_or_else(|| {
                count += 1;
                count - 1
            });
            if last_use[*r] == i {
                ended.push(physical[*r]);
            }
            *r = physical[*r];
        }
        for source in &mut instruction.operands {
            if let Source::Slot(Slot::Register(r)) = source {
                if last_use[*r] == i && !ended.contains(&physical[*r]) {
                    ended.push(physical[*r]);
                }
                *r = physical[*r];
            }
        }
        free.extend(ended);
    }
    count
}

impl GroupPlan {
    /// The highest rank of the tensors over which it iterates.
    pub fn most_axes(&self) -> usize {
        let gathers = self.gathers.iter().map(|v| v.dims.len());
        gathers.chain(self.reduces.iter().map(|(_, p)| p.dims.len())).max().unwrap_or(0)
    }

    /// Creates the kernel, given the addresses of each value's buffer and of the partial results.
    pub fn finish<T: Real>(
        &self,
        lowered: &Lowered,
        place: &dyn Fn(usize) -> usize,
        partials: &[Option<usize>],
    ) -> Fused<T> {
        let slot = |slot: Slot| match slot {
            Slot::Register(r) => Place::Register(r),
            Slot::Buffer(value) => Place::Buffer(place(value)),
        };
        let operand = |source: &Source| match *source {
            Source::Slot(s) => Operand::Tile(slot(s)),
            Source::Contiguous(value, offset) => Operand::Tile(Place::Buffer(place(value) + offset)),
            Source::Scalar(value, offset) => Operand::Scalar(place(value) + offset),
            Source::Constant(x) => Operand::Splat(T::from_f64(x)),
        };
        let instructions = self.instructions.iter().map(|symbolic| {
            let to = symbolic.to.map_or(Place::Register(0), slot);
            let x = |i: usize| operand(&symbolic.operands[i]);
            match symbolic.what {
                What::Gather(from) => Instruction::Gather { to, from },
                What::Fill => Instruction::Copy { to, x: x(0) },
                What::Reduce(into) => match x(0) {
                    Operand::Tile(x) => Instruction::Reduce { x, into },
                    Operand::Scalar(_) | Operand::Splat(_) => unreachable!("`in_tile` filled a register"),
                },
                What::Value(v) => match lowered.values[v].kind {
                    Kind::Uniform(stream) => {
                        Instruction::Uniform { to, stream, row: lowered.values[v].shape.row() }
                    }
                    Kind::Unary(op) => Instruction::Unary { op, to, x: x(0) },
                    Kind::Binary(op) => Instruction::Binary { op, to, x: x(0), y: x(1) },
                    Kind::ExpNegAbs => Instruction::ExpNegAbs { to, x: x(0) },
                    Kind::Logistic(op) => Instruction::Logistic { op, to, x: x(0), exp_neg_abs: x(1) },
                    Kind::Select => Instruction::Select { to, c: x(0), x: x(1), y: x(2) },
                    _ => Instruction::Copy { to, x: x(0) },
                },
            }
        });
        let reduces = self.reduces.iter().zip(partials).map(|((v, pattern), partial)| {
            let storage = match (partial, pattern.region(&self.chunks)) {
                (None, Some(region)) => Storage::Direct(region),
                (partial, _) => Storage::Partial(partial.unwrap_or(0)),
            };
            let Kind::Reduce(reduction, _) = lowered.values[*v].kind else {
                unreachable!("only reductions are listed")
            };
            let (dims, strides) = (pattern.dims.clone(), pattern.result_strides());
            ReduceInto { reduction, dims, strides, to: place(*v), results: pattern.results(), storage }
        });
        let gathers = self.gathers.iter().map(|view| Strided {
            offset: place(view.value) + view.offset,
            dims: view.dims.clone(),
            strides: view.strides.clone(),
        });
        Fused {
            instructions: instructions.collect(),
            gathers: gathers.collect(),
            reduces: reduces.collect(),
            registers: self.registers,
            chunks: self.chunks,
        }
    }
}
