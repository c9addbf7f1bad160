//! Euclidean distances between rows, by direct differences.
//!
//! `d(x, y) = sqrt(sum_k (x_k - y_k)^2)`. The Gram form `|x|^2 + |y|^2 - 2 x.y` loses all digits for rows that are
//! close together far from zero. Only [`scores`] use it, to find which rows may be the nearest.
//!
//! Rows of `y` are [packed](acm_core::pack) so that one register holds one coordinate of several rows; [`block`]
//! computes a block of rows by one panel in registers; [`extremes`] mends distances whose squares overflow or
//! underflow; the other modules walk over blocks and say what becomes of the distances.

mod argmin_lanes;
mod assigned;
mod block;
mod differences;
pub mod extremes;
pub mod fill;
mod nearest;
mod pairwise;
mod refine;
mod scores;
mod screen;
mod symmetric;

pub use assigned::assigned_distances;
pub use nearest::{pairwise_distances_argmin, pairwise_distances_argmin_min};
pub use pairwise::pairwise_euclidean;

#[cfg(test)]
mod tests;
