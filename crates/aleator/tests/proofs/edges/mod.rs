//! Where floating point, supports and analyses end: each file is one kind of fault, tested over a table.

mod exact;
mod levels;
