//! Kernels of linear algebra on rows of matrices.

// ndarray's `s!` holds unsafe code; tests may use it.
#![cfg_attr(not(test), forbid(unsafe_code))]
#![cfg_attr(test, allow(clippy::disallowed_macros, clippy::disallowed_methods, reason = "tests may run out of memory"))]

pub mod cross_sums;
pub mod distances;
mod exponents;
mod mahalanobis;
mod product;
pub mod sparse;
mod spe_t2;
mod svd;
mod tile;

pub use mahalanobis::mahalanobis;
pub use product::product;
pub use spe_t2::{Model, spe_t2};
pub use svd::{pca_fit, truncated_svd};
