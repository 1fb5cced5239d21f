//! Whether a text may start programs.
use std::time::Duration;

/// Whether a text may start programs as black boxes, which can do anything that the user can.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Commands {
    /// They are declared, and an evaluation is an error.
    #[default]
    Refused,
    /// They are started when they are first needed.
    Allowed {
        /// How long a program may take for one answer.
        timeout: Duration,
    },
}
