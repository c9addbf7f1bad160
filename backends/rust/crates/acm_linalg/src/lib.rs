//! Kernels of linear algebra on rows of matrices.

pub mod distances;
