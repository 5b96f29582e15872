//! Event source mappings: the records of a table's stream on their way to functions.

mod pattern;

pub use pattern::Pattern;
