//! Moving axes to other positions.

use aleator_engine::graph::{Expr, FromEnd};

/// Moves the last `from_rank` axes to a layout of `to_rank` axes. Axis `from` becomes axis `to` for each of `pairs`, axes without
/// a partner are summed, and all other axes of the new layout have size 1. Axes are counted from the end.
pub(crate) fn relocate<'g>(
    e: Expr<'g>,
    from_rank: usize,
    to_rank: usize,
    pairs: &[(usize, usize)],
) -> Expr<'g> {
    let summed: Vec<usize> = (0..from_rank).filter(|a| !pairs.iter().any(|(from, _)| from == a)).collect();
    let e = e.sum_axes(FromEnd(&summed));
    // The remaining axes, from the last one on: the sources in order, and their targets.
    let mut by_source = pairs.to_vec();
    by_source.sort_unstable();
    let mut by_target: Vec<usize> = (0..by_source.len()).collect();
    by_target.sort_unstable_by_key(|&i| by_source[i].1);
    let n = pairs.len();
    // As positions from the front of the last n axes.
    let order: Vec<usize> = (0..n).map(|front| n - 1 - by_target[n - 1 - front]).collect();
    let e = e.permute(&order);
    let mut shape = vec![1; to_rank];
    for (i, &source) in by_target.iter().enumerate() {
        shape[to_rank - 1 - by_source[source].1] = e.shape().from_end(i);
    }
    e.reshape_last(n, shape)
}
