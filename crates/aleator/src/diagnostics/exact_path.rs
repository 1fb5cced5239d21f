//! The exact objective along a path of optimisation.

use std::time::{Duration, Instant};

use super::exact::exact_within;
use super::report::{Number, OptimizationPath, PathPoint};
use crate::error::Result;
use crate::graph::Graph;

/// The time limit for the exact objective at the end of a path.
const AT_THE_END: Duration = Duration::from_secs(2);
/// The time limit for all points before.
const ALONG: Duration = Duration::from_secs(2);
/// The largest number of points before the end.
const MOST_POINTS: usize = 40;

impl OptimizationPath {
    /// Computes the exact objective at the end of the path and, if this is fast, at points along it. There is none if no exact answer
    /// can be computed.
    ///
    /// # Errors
    /// Returns an error if the graph is not that of the path.
    pub fn add_exact(&mut self, graph: &Graph) -> Result<()> {
        let graph = &graph.clone();
        let at = |point: &PathPoint, limit: Duration| -> Result<_> {
            for (name, values) in &point.parameters {
                graph.set_param(name, values.iter().map(|x| x.0).collect())?;
            }
            // A point outside the domain has no exact answer.
            let exact = exact_within(graph, Some(limit)).unwrap_or_default();
            Ok((exact.method, exact.objective))
        };
        let Some((last, before)) = self.history.split_last() else { return Ok(()) };
        let start = Instant::now();
        let (method, objective) = at(last, AT_THE_END)?;
        (self.exact_method, self.exact_objective) = (method, objective);
        let Some(objective) = objective else { return Ok(()) };
        let took = start.elapsed();
        let mut points: Vec<(usize, Number)> = Vec::new();
        let count = MOST_POINTS.min(before.len());
        if took * count as u32 <= ALONG {
            for i in 0..count {
                let point = &before[i * before.len() / count];
                if start.elapsed() > took + ALONG {
                    break;
                }
                points.extend(at(point, ALONG)?.1.map(|objective| (point.step, objective)));
            }
        }
        points.push((last.step, objective));
        self.exact_history = points;
        Ok(())
    }
}
