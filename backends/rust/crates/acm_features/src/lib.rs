//! Kernels on the columns of matrices: statistics, and values made comparable or complete.

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
