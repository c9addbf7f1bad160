//! Kernels that judge and make clusterings.

mod silhouette;

pub use silhouette::silhouette_samples;
