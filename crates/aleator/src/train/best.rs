//! The best parameters of a run, and when a run that no longer improves ends.

use super::report::HistoryPoint;

/// The parameters at the evaluation with the largest value.
#[derive(Clone, Debug, PartialEq)]
pub struct Best {
    /// The number of steps that had been taken.
    pub step: usize,
    /// The bound, or the mean if there is no bound.
    pub value: f64,
    /// The parameters, in the order of the tensors.
    pub parameters: Vec<Vec<f32>>,
}

/// The number by which an evaluation is judged: the bound, or the mean if there is no bound.
pub fn value(point: &HistoryPoint) -> f64 {
    value_of(point.elbo, point.bound)
}

/// The bound, or the mean if there is no bound.
pub fn value_of(mean: f64, bound: Option<f64>) -> f64 {
    bound.unwrap_or(mean)
}

/// Whether a run ends because none of the last `patience` evaluations was better than the best before them.
pub fn is_exhausted(history: &[HistoryPoint], patience: usize) -> bool {
    let best = history.iter().enumerate().fold(None, |best: Option<(usize, f64)>, (i, point)| match best {
        Some((_, largest)) if value(point) <= largest => best,
        _ => Some((i, value(point))),
    });
    best.is_some_and(|(place, _)| history.len() - 1 - place >= patience)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_counts_evaluations_after_the_best() {
        let point = |elbo: f64, bound| {
            HistoryPoint {
            elbo,
            bound,
            ..serde_json::from_str(
                r#"{"step": 0, "elbo": 0, "elbo_std_error": 0, "bound": null, "train_elbo": null, "seconds": 0,
                    "learning_rate": 0, "gradient": null}"#,
            )
            .unwrap()
        }
        };
        let history = |values: &[f64]| values.iter().map(|&v| point(v, None)).collect::<Vec<_>>();
        assert!(!is_exhausted(&[], 1));
        assert!(!is_exhausted(&history(&[1.0, 2.0, 1.5]), 2));
        assert!(is_exhausted(&history(&[1.0, 2.0, 1.5]), 1));
        // Equal is not better.
        assert!(is_exhausted(&history(&[2.0, 2.0, 2.0]), 2));
        assert!(!is_exhausted(&history(&[1.0, 0.0, 2.0]), 2));
        let bounds = [point(3.0, Some(1.0)), point(2.0, Some(2.0))];
        assert!(!is_exhausted(&bounds, 1));
    }
}
