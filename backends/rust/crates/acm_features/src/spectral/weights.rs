//! Weights of a segment's rows.

use std::f64::consts::TAU;

/// A periodic window function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// No weights.
    Boxcar,
    /// Raised cosine.
    Hann,
    /// Raised cosine that does not reach 0.
    Hamming,
    /// Two cosines.
    Blackman,
}

impl Window {
    /// The weights of `len` rows.
    pub fn weights(self, len: usize) -> impl Iterator<Item = f64> {
        let [constant, once, twice] = match self {
            Window::Boxcar => [1.0, 0.0, 0.0],
            Window::Hann => [0.5, -0.5, 0.0],
            Window::Hamming => [0.54, -0.46, 0.0],
            Window::Blackman => [0.42, -0.5, 0.08],
        };
        (0..len).map(move |i| match len {
            1 => 1.0,
            _ => {
                let angle = TAU * i as f64 / len as f64;
                constant + once * angle.cos() + twice * (2.0 * angle).cos()
            }
        })
    }
}
