//! Kernels on the columns of matrices: statistics, and values made comparable or complete.

// ndarray's `s!` holds unsafe code; tests may use it.
#![cfg_attr(not(test), forbid(unsafe_code))]
#![cfg_attr(test, allow(clippy::disallowed_macros, clippy::disallowed_methods, reason = "tests may run out of memory"))]

mod by_column;
pub mod correlation;
pub mod imputation;
pub mod lags;
pub mod missing;
pub mod moments;
pub mod normalization;
pub mod quantiles;
pub mod robust_stats;
pub mod rolling;
pub mod spectral;

pub use missing::Missing;
