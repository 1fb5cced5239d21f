//! Operations that make a cost jump: their kinds, and how they are named in messages.

use aleator_engine::graph::NodeId;

/// What kind of step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiscontinuityKind {
    /// `<`, `<=`, `==`, `!=`
    Comparison,
    /// `where` with a condition that is neither a comparison nor a truth value.
    Choice,
    /// `floor`
    Rounding,
    /// `sign`
    Sign,
    /// `argmax`
    ArgMax,
    /// `one_hot`: the place of the 1.
    OneHot,
    /// A division by what may be 0, or another function with a pole.
    Pole,
    /// A black box: whether it jumps is not known, it has no derivative.
    BlackBox,
}

/// An operation through which a cost depends on a sample in steps.
#[derive(Clone, Debug)]
pub struct Discontinuity {
    /// What it is.
    pub kind: DiscontinuityKind,
    /// The operation, as it is written.
    pub operation: String,
    /// The node.
    pub node: NodeId,
}

impl Discontinuity {
    /// In words, such as "a comparison" or "`floor`".
    pub fn describe(&self) -> String {
        match self.kind {
            DiscontinuityKind::Comparison => "a comparison".into(),
            DiscontinuityKind::OneHot => "`one_hot`".into(),
            DiscontinuityKind::Pole if self.operation == "/" => "a division by what may be 0".into(),
            DiscontinuityKind::Pole => format!("`{}`, where it has a pole or a jump,", self.operation),
            DiscontinuityKind::BlackBox => format!("the black box `{}`", self.operation),
            DiscontinuityKind::Choice
            | DiscontinuityKind::Rounding
            | DiscontinuityKind::Sign
            | DiscontinuityKind::ArgMax => {
                format!("`{}`", self.operation)
            }
        }
    }
}
