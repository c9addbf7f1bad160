//! Kernels that judge and make clusterings.

// ndarray's `s!` holds unsafe code; tests may use it.
#![cfg_attr(not(test), forbid(unsafe_code))]
#![cfg_attr(test, allow(clippy::disallowed_macros, clippy::disallowed_methods, reason = "tests may run out of memory"))]

mod kmeans;
mod silhouette;

pub use kmeans::lloyd_step;
pub use silhouette::silhouette_samples;
