//! Inputs at the edges of what is possible.

mod functions;
