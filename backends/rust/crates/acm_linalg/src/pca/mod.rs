//! Principal components.
//!
//! Rows are reconstructed from their scores by [`matmul`](crate::matmul), the mean added to each.

mod spe_t2;

pub use spe_t2::{Model, spe_t2};

pub use crate::svd::pca_fit;
