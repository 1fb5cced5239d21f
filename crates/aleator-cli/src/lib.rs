//! What the command `aleator` shows: text, tables and pictures, as pure functions of the library's data.

pub mod report;

/// The built-in models, in words.
pub const MODELS: &str = "sbn  sigmoid belief network with one layer of Bernoulli latents";
