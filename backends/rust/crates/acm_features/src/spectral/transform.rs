//! The real Fourier transform of a window.

use std::sync::Arc;

use acm_core::{Result, memory};
use realfft::num_complex::Complex64;
use realfft::{RealFftPlanner, RealToComplex};

/// A transform of one length, with room for its input and output.
pub struct Transform {
    plan: Arc<dyn RealToComplex<f64>>,
    /// The window to be transformed; destroyed by the transform.
    pub window: Vec<f64>,
    frequencies: Vec<Complex64>,
    scratch: Vec<Complex64>,
}

/// The steps of a transform of `len` numbers, roughly.
pub fn steps(len: usize) -> usize {
    len * (len.ilog2() as usize + 4)
}

/// How windows of `len` numbers are transformed; to be found once a call.
pub fn plan(len: usize) -> Result<Arc<dyn RealToComplex<f64>>> {
    let room = if is_smooth(len) { SMOOTH_PLAN_BYTES } else { PLAN_BYTES };
    memory::could_have(len.saturating_mul(room))?;
    Ok(RealFftPlanner::new().plan_fft_forward(len))
}

/// What the planner takes for each number of a window, at most: measured for lengths up to 9000 and some up to
/// 4,826,809. A length with a large prime factor becomes a convolution of more than twice that length.
const PLAN_BYTES: usize = 192;
const SMOOTH_PLAN_BYTES: usize = 24;

/// Whether 2, 3 and 5 are the only prime factors of `len`.
fn is_smooth(mut len: usize) -> bool {
    for prime in [2, 3, 5] {
        while len > 0 && len.is_multiple_of(prime) {
            len /= prime;
        }
    }
    len == 1
}

impl Transform {
    /// Room for `plan`.
    pub fn new(plan: &Arc<dyn RealToComplex<f64>>) -> Result<Self> {
        Ok(Transform {
            window: memory::filled(plan.len(), 0.0)?,
            frequencies: memory::filled(plan.complex_len(), Complex64::default())?,
            scratch: memory::filled(plan.get_scratch_len(), Complex64::default())?,
            plan: Arc::clone(plan),
        })
    }

    /// The transform of `window` at the frequencies 0, 1, ... in cycles per window.
    pub fn run(&mut self) -> &[Complex64] {
        // It fails only where lengths do not fit, and `new` took them from the plan.
        let outcome = self.plan.process_with_scratch(&mut self.window, &mut self.frequencies, &mut self.scratch);
        debug_assert!(outcome.is_ok());
        &self.frequencies
    }
}
