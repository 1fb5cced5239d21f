//! How large a text may be, so that reading it takes bounded time, memory and stack.

/// How deep brackets, prefix operators and `^` may nest.
pub const DEEPEST_NESTING: usize = 200;
/// Longest source text, in bytes.
pub const LONGEST_SOURCE: usize = 16 << 20;
/// Most statements in a file.
pub const MOST_STATEMENTS: usize = 100_000;
/// Most expressions in a file, each number, name and operation counted.
pub const MOST_EXPRESSIONS: usize = 1 << 20;
/// Most elements of all lists of a file together.
pub const MOST_LIST_ELEMENTS: usize = 1 << 18;
/// Most arguments of a call, indices of an element, or axes of a shape.
pub const MOST_ARGUMENTS: usize = 64;
