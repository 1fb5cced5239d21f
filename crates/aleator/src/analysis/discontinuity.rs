//! Operations that make a cost jump: their kinds, and their names in messages.

use aleator_engine::graph::NodeId;

/// The kind of a discontinuity.
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
    /// `one_hot`: the position of the 1.
    OneHot,
    /// A division by a value that may be 0, or another function with a pole.
    Pole,
    /// A black box: it has no derivative, and it is not known whether it jumps.
    BlackBox,
    /// A function that is called and has a derivative, but may jump.
    Function,
}

/// An operation through which a cost depends on a sample in steps.
#[derive(Clone, Debug)]
pub struct Discontinuity {
    /// The kind of the discontinuity.
    pub kind: DiscontinuityKind,
    /// The operation, as it is written.
    pub operation: String,
    /// The node.
    pub node: NodeId,
}

impl Discontinuity {
    /// A description in words, such as "a comparison" or "`floor`".
    pub fn describe(&self) -> String {
        match self.kind {
            DiscontinuityKind::Comparison => "a comparison".into(),
            DiscontinuityKind::OneHot => "`one_hot`".into(),
            DiscontinuityKind::Pole if self.operation == "/" => "a division by what may be 0".into(),
            DiscontinuityKind::Pole => format!("`{}`, where it has a pole or a jump,", self.operation),
            DiscontinuityKind::BlackBox => format!("the black box `{}`", self.operation),
            DiscontinuityKind::Function => format!("the function `{}`", self.operation),
            DiscontinuityKind::Choice
            | DiscontinuityKind::Rounding
            | DiscontinuityKind::Sign
            | DiscontinuityKind::ArgMax => {
                format!("`{}`", self.operation)
            }
        }
    }
}
