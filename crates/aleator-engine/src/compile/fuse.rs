//! Which values are computed together in one pass.
//!
//! An elementwise value *flows* into a consumer if the consumer has as many elements and reads all of them in order. Both can
//! then be computed tile by tile, and the first need not be stored. With
//!
//! ```text
//! level(v) = max over inputs i of   level(i) if i flows into v,   level(i) + 1 otherwise   (0 for what is given)
//! ```
//!
//! all fused values of one level and one number of iterations form a group, and no two groups depend on each other in both
//! directions. A reduction iterates over its input, so it belongs to the group of its input. Values that only a later group reads
//! are then moved into that group, so that they need not be stored either.

use std::collections::BTreeMap;

use super::values::{Kind, Lowered};

/// The steps in the order of execution.
pub(crate) struct Fusion {
    pub steps: Vec<FusedStep>,
    /// For each value, whether it has its own buffer.
    pub stored: Vec<bool>,
}

/// Values that are computed together.
pub(crate) enum FusedStep {
    /// A fused loop; the values are in ascending order.
    Group(Vec<usize>),
    /// A separate kernel.
    Single(usize),
}

/// Whether input `input` of value `consumer` is passed within a tile if both are in one group.
pub(crate) fn flows(lowered: &Lowered, consumer: usize, input: usize) -> bool {
    let view = &lowered.values[consumer].inputs[input];
    let source = &lowered.values[view.value];
    lowered.values[consumer].is_fused()
        && source.is_elementwise()
        && view.is_identity(source.shape.numel())
        && source.shape.numel() == lowered.values[consumer].iterations()
}

/// Chooses the groups, their order, and the values that are stored.
pub(crate) fn fuse(lowered: &Lowered) -> Fusion {
    let values = &lowered.values;
    let mut levels = vec![0usize; values.len()];
    for v in 0..values.len() {
        levels[v] = (0..values[v].inputs.len())
            .map(|i| {
                let source = values[v].inputs[i].value;
                if values[source].is_given() {
                    0
                } else if flows(lowered, v, i) {
                    levels[source]
                } else {
                    levels[source] + 1
                }
            })
            .max()
            .unwrap_or(0);
    }
    let mut is_output = vec![false; values.len()];
    for (value, _) in &lowered.outputs {
        is_output[*value] = true;
    }
    let mut consumers: Vec<Vec<(usize, bool)>> = vec![Vec::new(); values.len()];
    for v in 0..values.len() {
        for i in 0..values[v].inputs.len() {
            consumers[values[v].inputs[i].value].push((v, flows(lowered, v, i)));
        }
    }
    sink(lowered, &consumers, &is_output, &mut levels);

    let stored = (0..values.len())
        .map(|v| {
            let leaves_group = |&(c, flows): &(usize, bool)| !flows || levels[c] != levels[v];
            !values[v].is_given()
                && (is_output[v] || !values[v].is_elementwise() || consumers[v].iter().any(leaves_group))
        })
        .collect();

    let mut groups: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    let mut order: Vec<(usize, usize, FusedStep)> = Vec::new();
    for (v, value) in values.iter().enumerate() {
        if value.is_fused() {
            groups.entry((levels[v], value.iterations())).or_default().push(v);
        } else if !value.is_given() {
            order.push((levels[v], v, FusedStep::Single(v)));
        }
    }
    order.extend(
        groups.into_iter().map(|((level, _), members)| (level, members[0], FusedStep::Group(members))),
    );
    order.sort_by_key(|&(level, first, _)| (level, first));
    Fusion { steps: order.into_iter().map(|(_, _, step)| step).collect(), stored }
}

/// Moves values to the level of their consumers if that saves a buffer.
fn sink(lowered: &Lowered, consumers: &[Vec<(usize, bool)>], is_output: &[bool], levels: &mut [usize]) {
    let values = &lowered.values;
    // For each value, the number of reads that do not take it from a tile of its own group.
    let mut read_outside: Vec<usize> = (0..values.len())
        .map(|v| consumers[v].iter().filter(|&&(c, flows)| !flows || levels[c] > levels[v]).count())
        .collect();
    for v in (0..values.len()).rev() {
        if !values[v].is_elementwise() || is_output[v] {
            continue;
        }
        let Some(&(first, _)) = consumers[v].first() else { continue };
        let target = levels[first];
        let together = consumers[v].iter().all(|&(c, flows)| flows && levels[c] == target);
        if !together || target <= levels[v] {
            continue;
        }
        let inputs: Vec<(usize, bool)> =
            (0..values[v].inputs.len()).map(|i| (values[v].inputs[i].value, flows(lowered, v, i))).collect();
        // The move may require buffers for the inputs instead: at most one may replace the value's buffer.
        let newly_stored = |source: usize| {
            let own = || inputs.iter().filter(|(other, _)| *other == source);
            let own_outside = own().filter(|(_, flows)| !flows || levels[v] > levels[source]).count();
            let stored_anyway = is_output[source] || read_outside[source] > own_outside;
            values[source].is_elementwise() && !stored_anyway && consumers[source].len() > own().count()
        };
        let mut sources: Vec<usize> = inputs
            .iter()
            .filter(|&&(source, flows)| flows && newly_stored(source))
            .map(|&(source, _)| source)
            .collect();
        sources.dedup();
        if sources.len() <= 1 {
            for &(source, flows) in &inputs {
                read_outside[source] += usize::from(flows && levels[v] <= levels[source]);
            }
            levels[v] = target;
            // All values that read it are in its group now.
            read_outside[v] = 0;
        }
    }
}

/// The computational cost of one element of a value in a fused kernel, in units of a cheap vectorised operation.
pub(crate) fn cost(kind: &Kind, element_bytes: usize) -> usize {
    use crate::exec::tile::Logistic;
    use crate::graph::{Binary, Unary};
    let cost = match kind {
        Kind::Unary(u) => match u {
            Unary::Neg | Unary::Abs | Unary::Sign | Unary::Floor => 1,
            Unary::Sqrt => 3,
            Unary::Exp | Unary::Log | Unary::Sigmoid | Unary::Expm1 | Unary::Log1p => 6,
            Unary::Tanh | Unary::Softplus | Unary::Erf | Unary::NormalQuantile => 10,
            Unary::Sin | Unary::Cos | Unary::Tan | Unary::Lgamma => 100,
            Unary::Polygamma(_) => 200,
        },
        Kind::ExpNegAbs | Kind::Logistic(Logistic::Softplus) => 5,
        Kind::Logistic(Logistic::Sigmoid) => 3,
        Kind::Binary(Binary::Pow) => 150,
        Kind::Binary(Binary::Atan2) => 100,
        Kind::Binary(Binary::Div) => 2,
        Kind::Uniform(_) => 8,
        _ => 1,
    };
    cost * element_bytes / 4
}
