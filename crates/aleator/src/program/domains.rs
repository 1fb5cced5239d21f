//! Whether a run violated a condition on the parameters of a distribution.

use aleator_engine::backend::Executable;
use aleator_engine::exec::math::Real;
use aleator_engine::graph::NodeId;

use crate::error::{Error, Result};
use crate::rewrite::DomainCheck;

/// The conditions, with the indices of their outputs.
pub(super) struct Domains {
    checks: Vec<DomainCheck>,
    /// The number of violations and an example of each condition.
    outputs: Vec<[usize; 2]>,
}

impl Domains {
    /// `add_output` makes a node an output and returns its index.
    pub fn new(checks: Vec<DomainCheck>, mut add_output: impl FnMut(NodeId) -> usize) -> Self {
        let outputs =
            checks.iter().map(|check| [check.violations, check.example].map(&mut add_output)).collect();
        Domains { checks, outputs }
    }

    /// The first condition that the last run violated, as an error.
    pub fn check<T: Real>(&self, executable: &dyn Executable<T>) -> Result<()> {
        for (check, outputs) in self.checks.iter().zip(&self.outputs) {
            let [violations, example] = outputs.map(|output| executable.output(output)[0].to_f64());
            if violations != 0.0 {
                return Err(violation(check, example));
            }
        }
        Ok(())
    }
}

fn violation(check: &DomainCheck, example: f64) -> Error {
    let DomainCheck { parameter, site, constraint, .. } = check;
    let distribution = check.distribution.into();
    if let Some(estimator) = check.estimator {
        return Error::Unsuitable {
            estimator: estimator.into(),
            site: site.clone(),
            distribution,
            reason: format!(
                "{parameter} of `{site}`, at which it evaluates the cost, must be {constraint}, got {example}; use \
                 reinforce_loo or score_function"
            ),
        };
    }
    let constraint = if parameter == "the parameters" {
        format!("so that {constraint}")
    } else {
        let remedy = match example.is_nan() {
            true => {
                "; a number from which it is computed is undefined: look for 0/0, ∞ − ∞ or the logarithm or root of a negative number"
            }
            false => "",
        };
        format!("{constraint}, got {example}{remedy}")
    };
    Error::Domain { parameter: parameter.clone(), site: site.clone(), distribution, constraint }
}
