//! Models of normal behaviour, and what departs from them.

pub mod ar1;
mod iforest;

pub use iforest::{Forest, mean_path_length};
