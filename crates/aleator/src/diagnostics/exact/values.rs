//! The numbers of an exact answer: a sum over all outcomes, or an integral.

use std::sync::Arc;

use super::growth;
use super::integrand::Integrand;
use super::layout::{Layout, SiteLayout, layout};
use super::points::Drawn;
use super::second::Second;
use crate::analysis::discontinuity_moves;
use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::program::{Options, Program};
use crate::quadrature::{Deadline, Unknown, integrate};
use crate::rewrite::Estimator;

/// The largest number of operations of an enumeration, over all alternatives. This takes some seconds.
const MOST_NUMBERS: usize = 1 << 31;

/// The exact objective, its gradient, and the second derivatives that were requested, one after another.
pub(super) struct Values {
    pub method: &'static str,
    pub numbers: Vec<f64>,
    pub errors: Vec<f64>,
}

/// Computes them, or says why they cannot be had.
///
/// # Errors
/// Returns an error if the graph holds an error, or if a parameter of a distribution is outside its domain.
pub(super) fn values(graph: &Graph, second: &Second, deadline: Deadline) -> Result<Result<Values, Unknown>> {
    let graph = &graph.clone();
    // A rule at fixed nodes misses what passes over a moving boundary, as estimators do.
    if discontinuity_moves(graph) {
        return Ok(Err(Unknown::NotOfTheKind));
    }
    let Some(layout) = layout(graph)? else { return Ok(Err(Unknown::NotOfTheKind)) };
    if !second.is_defined(graph, &layout)? {
        return Ok(Err(Unknown::NotOfTheKind));
    }
    if layout.dimensions() == 0 {
        return enumerate(graph, second, &layout);
    }
    if let Some(reason) = growth::too_fast(graph) {
        return Ok(Err(Unknown::Because(reason)));
    }
    let method =
        if layout.sites.iter().any(|s| s.kind.is_continuous()) { "quadrature" } else { "enumeration" };
    let mut integrand = match Integrand::new(graph, second, &layout)? {
        Ok(integrand) => integrand,
        Err(unknown) => return Ok(Err(unknown)),
    };
    Ok(integrate(&mut integrand, layout.counts(), deadline)?.map(|(numbers, errors)| Values {
        method,
        numbers,
        errors,
    }))
}

/// The sum over all outcomes of all sites, if there are finitely many.
fn enumerate(graph: &Graph, second: &Second, layout: &Layout) -> Result<Result<Values, Unknown>> {
    let plan = layout.plan(&[], &[]);
    let options = Options::new().samples(1).audit().second_derivatives(second.kind);
    let mut program = match Program::<f64>::compile(graph, &plan, &options) {
        Ok(program) => program,
        // Too many alternatives, or too much memory.
        Err(Error::Unsuitable { .. } | Error::Engine(_)) => return Ok(Err(Unknown::NotOfTheKind)),
        Err(other) => return Err(other),
    };
    if program.work() > MOST_NUMBERS {
        return Ok(Err("its enumeration would take too long".into()));
    }
    second.set(graph, &mut program)?;
    let places = program.params().count();
    let mut values = vec![program.run()?.objective()];
    for place in 0..places {
        values.extend_from_slice(program.gradient_at(place));
    }
    program.second_derivatives().for_each(|block| values.extend_from_slice(block));
    if values.iter().any(|x| x.is_nan())
        && let Some(site) = moving_outcome(graph, layout)?
    {
        return Ok(Err(Unknown::Because(format!(
            "an outcome of `{site}` has probability 0 with a nonzero derivative, and a cost at this outcome is not finite, \
             so the gradient does not exist"
        ))));
    }
    // Rounding alone, which is judged with that of the estimates.
    let errors = vec![0.0; values.len()];
    Ok(Ok(Values { method: "enumeration", numbers: values, errors }))
}

/// A site with an outcome whose probability is 0 with a nonzero derivative.
fn moving_outcome(graph: &Graph, layout: &Layout) -> Result<Option<String>> {
    let drawn = |_: &SiteLayout| Arc::new(Drawn) as Arc<dyn Estimator>;
    let plan: Vec<_> = layout.sites.iter().map(drawn).collect();
    let options = Options::new().samples(1).replicates(MANY_DRAWS).audit();
    let mut program = Program::<f64>::compile(graph, &plan, &options)?;
    program.run()?;
    Ok(program.blind_sites().next().map(str::to_string))
}

/// The number of draws among which such an outcome is searched for.
const MANY_DRAWS: usize = 256;
