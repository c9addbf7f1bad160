//! Scratch memory whose allocation may fail without ending the process.

use std::alloc::Layout;

use crate::{Error, Result, Scalar};

/// A vector of `len` copies of `value`, or [`Error::OutOfMemory`].
pub fn filled<T: Clone>(len: usize, value: T) -> Result<Vec<T>> {
    let mut scratch = with_capacity(len)?;
    scratch.resize(len, value);
    Ok(scratch)
}

/// A vector of `len` zeros, or [`Error::OutOfMemory`]. Large ones cost nothing before they are touched, and are then
/// spread over the threads that do.
pub fn zeroed<T: Scalar>(len: usize) -> Result<Vec<T>> {
    let layout = Layout::array::<T>(len).map_err(|_| Error::OutOfMemory)?;
    if layout.size() == 0 {
        return Ok(Vec::new());
    }
    // SAFETY: the layout has a size.
    let start = unsafe { std::alloc::alloc_zeroed(layout) };
    if start.is_null() {
        return Err(Error::OutOfMemory);
    }
    // SAFETY: the global allocator gave this memory for `len` values of `T`, an `f32` or `f64`, whose zero has no bit
    // set.
    Ok(unsafe { Vec::from_raw_parts(start.cast(), len, len) })
}

/// An empty vector with room for `capacity` values, or [`Error::OutOfMemory`].
pub fn with_capacity<T>(capacity: usize) -> Result<Vec<T>> {
    let mut scratch = Vec::new();
    scratch.try_reserve_exact(capacity).map_err(|_| Error::OutOfMemory)?;
    Ok(scratch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_impossible_size_is_an_error() {
        assert_eq!(filled(usize::MAX / 16, 0.0_f64), Err(Error::OutOfMemory));
        for len in [usize::MAX, usize::MAX / 16] {
            assert_eq!(zeroed::<f64>(len), Err(Error::OutOfMemory));
        }
    }

    #[test]
    fn zeros_are_zero() {
        for len in [0, 1, 100_000] {
            assert_eq!(zeroed(len), Ok(vec![0.0_f32; len]));
        }
    }
}
