//! The tails of all coordinates of a sampled estimate.

use super::certificate::Tails;
use super::sequential::Powers;
use crate::diagnostics::{Number, tail};

/// The tails of all coordinates; `values` holds some of the numbers of each: at least 4000 for an index.
pub(super) fn tails(moments: &[Powers], values: &[Vec<f64>]) -> Tails {
    let kurtosis = moments.iter().map(Powers::kurtosis).fold(0.0, f64::max);
    let of_each: Vec<(Option<f64>, bool)> =
        moments.iter().zip(values).map(|(moments, values)| tail(moments.mean, values)).collect();
    let smallest = of_each.iter().filter_map(|(index, _)| *index).min_by(f64::total_cmp);
    let heavy = of_each.iter().any(|(_, heavy)| *heavy);
    Tails { kurtosis: Number(kurtosis), index: smallest.map(Number), heavy }
}
