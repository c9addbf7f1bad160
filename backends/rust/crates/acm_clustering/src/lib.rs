//! Kernels that judge and make clusterings.

mod kmeans;
mod silhouette;

pub use kmeans::lloyd_step;
pub use silhouette::silhouette_samples;
