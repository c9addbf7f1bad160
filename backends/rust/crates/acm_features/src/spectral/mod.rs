//! How much of a signal lies at which frequency.
//!
//! [`transform`] is the real Fourier transform of one window, in `f64` whatever the data; the other modules hand it
//! windows of columns, which [`columns`] lays out one after the other.

mod band_energy;
mod columns;
mod power_spectrum;
mod transform;
mod trend;
mod weights;

pub use band_energy::band_energy;
pub use power_spectrum::{Segments, power_spectrum};
pub use trend::Detrend;
pub use weights::Window;

#[cfg(test)]
mod tests;
