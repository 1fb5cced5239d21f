//! The command `aleator`.
fn main() {}
