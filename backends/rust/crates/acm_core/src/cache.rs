//! What kernels plan to keep in the caches: about half of each, for the other half streams past.
//!
//! Tile sizes are multiples and fractions of these, so that one place says for which processors they are chosen. They
//! are constants, not looked up on the machine: results must not depend on it, and sums over tiles do on their size.

/// Values of `f64` that stay in a core's L1 data cache of 32 KiB.
pub const L1_VALUES: usize = 2 * 1024;

/// Values of `f64` that stay in a core's L2 cache of 512 KiB.
pub const L2_VALUES: usize = 32 * 1024;

/// The same in bytes.
pub const L2_BYTES: usize = L2_VALUES * size_of::<f64>();

/// Bytes that stay in the L3 cache which the threads share. Cloud machines have 32 MiB and more of it.
pub const L3_BYTES: usize = 32 << 20;
