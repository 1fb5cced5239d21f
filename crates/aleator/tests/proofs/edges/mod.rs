//! Inputs at the edges, where a number may be wrong and call itself right.

mod plan;
