//! What was chosen by measurement.

use std::fmt::Write as _;

use aleator::diagnostics::{Candidate, SiteChoice};

use crate::report::numbers::significant;
use crate::report::text::printable;

/// A line for each site whose estimator was chosen by measurement, beside the next best one; empty without such sites.
pub fn choices(sites: &[SiteChoice]) -> String {
    let mut out = String::new();
    if sites.is_empty() {
        return out;
    }
    out.push_str("chosen by measurement (variance × operations of an estimate)\n");
    for SiteChoice { site, estimator, candidates } in sites {
        let work = |c: &Candidate| format!("{} × {}", significant(c.variance.0, 3), c.price);
        let found = candidates.iter().find(|candidate| candidate.estimator == *estimator);
        let next = candidates.iter().find(|candidate| candidate.estimator != *estimator);
        let _ = write!(out, "  {} via {}", printable(site), printable(estimator));
        if let Some(found) = found {
            let _ = write!(out, ": {}", work(found));
        }
        if let Some(next) = next {
            let _ = write!(out, "; next {}: {}", printable(&next.estimator), work(next));
        }
        out.push('\n');
    }
    out
}
