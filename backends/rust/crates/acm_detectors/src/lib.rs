//! Models of normal behaviour, and scores of departures from them.

// ndarray's `s!` holds unsafe code; tests may use it.
#![cfg_attr(not(test), forbid(unsafe_code))]
#![cfg_attr(test, allow(clippy::disallowed_macros, clippy::disallowed_methods, reason = "tests may run out of memory"))]

pub mod ar1;
mod isolation_forest;

pub use isolation_forest::{Forest, mean_path_length};
