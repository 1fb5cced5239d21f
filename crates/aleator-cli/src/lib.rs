//! What the command `aleator` shows: text, tables and pictures, as pure functions of the library's data.

#![forbid(unsafe_code)]

pub mod report;
