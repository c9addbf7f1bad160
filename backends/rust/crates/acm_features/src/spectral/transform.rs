//! The real Fourier transform of a window.

use std::sync::Arc;

use acm_core::{Result, memory};
use realfft::num_complex::Complex64;
use realfft::{RealFftPlanner, RealToComplex};

/// A transform of one length, with room for what goes in and what comes out.
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
pub fn plan(len: usize) -> Arc<dyn RealToComplex<f64>> {
    RealFftPlanner::new().plan_fft_forward(len)
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
