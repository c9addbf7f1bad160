//! Kernels of linear algebra on rows of matrices.

pub mod distances;
pub mod sparse;
