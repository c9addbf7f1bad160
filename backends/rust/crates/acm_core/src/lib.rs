//! The base of all kernels: number types, instruction sets, threads, tiles, packing, errors.
//!
//! Beside the bindings' arrays this crate is the only one with `unsafe` code, and the only one with threads. A kernel
//! crate describes arithmetic on tiles; [`parallel`] decides which thread computes a tile and [`simd`] with which
//! instructions.

#![cfg_attr(test, allow(clippy::disallowed_macros, clippy::disallowed_methods, reason = "tests may run out of memory"))]

pub mod cache;
pub mod error;
mod helpers;
mod job;
pub mod memory;
pub mod micro;
pub mod pack;
pub mod panels;
pub mod parallel;
mod placement;
mod pool;
pub mod reserve;
pub mod rows;
pub mod scalar;
pub mod simd;
pub mod tiles;
pub mod units;

pub use error::{Error, Result};
pub use parallel::Threads;
pub use scalar::Scalar;
