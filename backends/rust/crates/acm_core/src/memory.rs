//! Scratch memory whose allocation may fail without ending the process.

use crate::{Error, Result};

/// A vector of `len` copies of `value`, or [`Error::OutOfMemory`].
pub fn filled<T: Clone>(len: usize, value: T) -> Result<Vec<T>> {
    let mut scratch = with_capacity(len)?;
    scratch.resize(len, value);
    Ok(scratch)
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
    }
}
