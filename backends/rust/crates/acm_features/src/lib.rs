//! Kernels on the columns of matrices: statistics, and values made comparable or complete.

mod by_column;
pub mod imputation;
pub mod missing;
pub mod normalization;
pub mod robust_stats;

pub use missing::Missing;
