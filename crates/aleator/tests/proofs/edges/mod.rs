//! Inputs at the edges, each with the right value or the right word.

mod moving_jumps;
