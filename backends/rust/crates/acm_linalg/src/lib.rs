//! Kernels of linear algebra on rows of matrices.

// ndarray's `s!` holds unsafe code; tests may use it.
#![cfg_attr(not(test), forbid(unsafe_code))]
#![cfg_attr(test, allow(clippy::disallowed_macros, clippy::disallowed_methods, reason = "tests may run out of memory"))]

pub mod cross_sums;
pub mod distances;
mod exponents;
mod mahalanobis;
mod matmul;
pub mod pca;
pub mod sparse;
mod svd;
mod tile;

pub use mahalanobis::mahalanobis;
pub use matmul::matmul;
pub use svd::truncated_svd;
