//! Bindings of the kernels on rows as points: distances, clusters, products, decompositions, sparse matrices.
#![expect(missing_docs, reason = "a binding is documented where its operation is declared")]

pub mod cross_sums;
pub mod distances;
pub mod isolation_forest;
pub mod kmeans;
pub mod mahalanobis;
pub mod matmul;
pub mod pca;
pub mod silhouette;
pub mod sparse;
pub mod svd;
