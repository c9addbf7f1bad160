//! `acm_rs._core`: the kernels as Python functions.
//!
//! Each function takes the number of threads and then the operation's arguments, all by position. The crates of
//! bindings have a module for each family; `acm_py` is what they share.

use pyo3::prelude::*;

/// Small allocations that cannot fail still get memory where there is none left.
#[global_allocator]
static ALLOCATOR: acm_core::reserve::Reserve = acm_core::reserve::Reserve::new();

/// The instruction set that the kernels use on this processor.
#[pyfunction]
fn isa() -> &'static str {
    acm_core::simd::isa()
}

/// The compiler and the settings by which this library was built.
#[pyfunction]
fn build() -> &'static str {
    env!("ACM_RS_BUILD")
}

#[pymodule]
mod _core {
    use super::{Bound, PyModule, PyResult};

    /// Chooses the instruction set while the GIL is held: a fork that came upon a kernel's first look would leave the
    /// choice under way, and its child would wait for it.
    #[pymodule_init]
    fn init(_module: &Bound<'_, PyModule>) -> PyResult<()> {
        acm_core::simd::isa();
        acm_core::simd::has_whole_wide_registers();
        Ok(())
    }

    #[pymodule_export]
    use super::build;
    #[pymodule_export]
    use super::isa;
    #[pymodule_export]
    use acm_py_columns::correlation::{pearson, sparse_correlation, spearman};
    #[pymodule_export]
    use acm_py_columns::imputation::{bfill, ffill, impute};
    #[pymodule_export]
    use acm_py_columns::moments::{column_mean_variance, column_moments, column_sums};
    #[pymodule_export]
    use acm_py_columns::normalization::zscore;
    #[pymodule_export]
    use acm_py_columns::quantiles::column_quantiles;
    #[pymodule_export]
    use acm_py_columns::robust_stats::column_median_mad;
    #[pymodule_export]
    use acm_py_points::cross_sums::cross_sums;
    #[pymodule_export]
    use acm_py_points::distances::{
        assigned_distances, pairwise_distances_argmin, pairwise_distances_argmin_min, pairwise_euclidean,
    };
    #[pymodule_export]
    use acm_py_points::isolation_forest::mean_path_length;
    #[pymodule_export]
    use acm_py_points::kmeans::lloyd_step;
    #[pymodule_export]
    use acm_py_points::mahalanobis::mahalanobis;
    #[pymodule_export]
    use acm_py_points::matmul::matmul;
    #[pymodule_export]
    use acm_py_points::pca::{pca_fit, pca_reconstruct, spe_t2};
    #[pymodule_export]
    use acm_py_points::silhouette::silhouette_samples;
    #[pymodule_export]
    use acm_py_points::sparse::{csr_matmul, csr_matvec};
    #[pymodule_export]
    use acm_py_points::svd::truncated_svd;
    #[pymodule_export]
    use acm_py_series::ar1::{ar1_coefficients, ar1_residuals};
    #[pymodule_export]
    use acm_py_series::lags::lagged_features;
    #[pymodule_export]
    use acm_py_series::rolling::{
        rolling_kurt, rolling_mad, rolling_max, rolling_mean, rolling_median, rolling_min, rolling_skew, rolling_slope,
        rolling_std,
    };
    #[pymodule_export]
    use acm_py_series::spectral::{band_energy, power_spectrum};
}
