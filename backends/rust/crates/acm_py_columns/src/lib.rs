//! Bindings of the kernels on columns: their statistics, what makes them comparable or complete, their correlation.
#![expect(missing_docs, reason = "a binding is documented where its operation is declared")]

pub mod correlation;
pub mod imputation;
pub mod moments;
pub mod normalization;
mod options;
pub mod quantiles;
pub mod robust_stats;
