//! The parts that need no network.
