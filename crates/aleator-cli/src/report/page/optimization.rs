//! The page of `optimize`.

use aleator::diagnostics::OptimizationPath;

use super::document::{Origin, Page};
use crate::report::plot::{optimization_svg, optimizations_svg};
use crate::report::table::{optimization, optimizations};

/// The page of `optimize`: for each plan, the paths of all its seeds. `graph` is the picture of the graph.
///
/// # Errors
/// Says why a picture cannot be drawn, or that there is no run.
pub fn optimization_page(
    groups: &[Vec<OptimizationPath>],
    graph: &str,
    origin: Origin,
) -> Result<String, String> {
    let paths = || groups.iter().flatten();
    let first = paths().next().ok_or("there is no run")?;
    let mut page = Page::new(&format!("Optimisation of {}", first.file), origin);
    if paths().count() == 1 {
        page.text(&optimization(first));
        page.figure("The objective and the parameters along the path", &optimization_svg(first)?);
    } else {
        page.text(&optimizations(groups, None, false));
        page.figure("The objective along the paths", &optimizations_svg(groups)?);
    }
    page.heading("The graph");
    page.figure("Squares are deterministic, circles stochastic, diamonds costs", graph);
    page.formulas(paths().flat_map(|path| path.plan.values()));
    Ok(page.html())
}
