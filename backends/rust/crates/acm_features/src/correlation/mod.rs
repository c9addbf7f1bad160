//! How columns move together.
//!
//! [`standard`] sees each column with mean 0 and length 1; a correlation is then a sum of products. [`block`] computes
//! these in registers, [`tiles`] hands tiles of column pairs and parts of the rows to the threads. The other modules
//! say what becomes of the sums.

mod ambiguous;
mod block;
mod buckets;
mod common;
mod pearson;
mod ranks;
mod rescaled;
mod screen;
mod sparse;
mod spearman;
mod standard;
mod tiles;

pub use pearson::pearson;
pub use sparse::{Kept, sparse_correlation};
pub use spearman::spearman;

#[cfg(test)]
mod tests;
