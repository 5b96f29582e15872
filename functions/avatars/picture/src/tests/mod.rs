//! What is refused, what comes out, and that nothing panics.

mod mutations;
mod output;
mod refusals;
mod samples;
