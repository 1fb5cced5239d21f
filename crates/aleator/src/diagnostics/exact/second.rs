//! Which second derivatives an exact answer has, and whether they may be taken under the expectation.

use super::layout::{Layout, layout};
use super::points::Kind;
use crate::analysis::discontinuity_moves;
use crate::error::Result;
use crate::graph::Graph;
use crate::program::Program;
use crate::rewrite::{SecondDerivatives, with_first_derivatives};

/// Which second derivatives are computed.
#[derive(Clone, Debug, Default)]
pub(super) struct Second {
    pub kind: SecondDerivatives,
    /// The direction of the product, by parameter.
    pub direction: Vec<Vec<f64>>,
}

impl Second {
    /// Sets the direction of a program.
    pub fn set(&self, graph: &Graph, program: &mut Program<f64>) -> Result<()> {
        for (param, values) in graph.params().iter().zip(&self.direction) {
            program.set_direction(&param.name, values)?;
        }
        Ok(())
    }

    /// Whether derivatives may be taken under the expectation.
    pub fn is_defined(&self, graph: &Graph, here: &Layout) -> Result<bool> {
        if self.kind == SecondDerivatives::None {
            return Ok(true);
        }
        let at_uniforms = |&site: &usize| here.sites[site].kind == Kind::Uniforms;
        let transformed: Vec<usize> = (0..here.sites.len()).filter(at_uniforms).collect();
        let derivatives = with_first_derivatives(graph, &transformed);
        if discontinuity_moves(&derivatives) {
            return Ok(false);
        }
        // A kink along a sample is a jump of its first derivative, for which there is no rule.
        let there = layout(&derivatives)?;
        let same = |there: Layout| here.sites.iter().zip(&there.sites).all(|(a, b)| a.kind == b.kind);
        Ok(there.is_some_and(same))
    }
}
