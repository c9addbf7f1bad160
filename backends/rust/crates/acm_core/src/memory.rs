//! Memory whose allocation may fail without ending the process.
//!
//! What the standard library offers for this (`collect`, `vec!`, `push`, a stable sort, ...) aborts the process where
//! memory has run out. Whatever grows with the data is made here instead; `clippy.toml` lists what kernels may not call.

use std::alloc::Layout;

use crate::{Error, Result, Scalar};

/// A vector of `len` copies of `value`, or [`Error::OutOfMemory`].
pub fn filled<T: Clone>(len: usize, value: T) -> Result<Vec<T>> {
    let mut scratch = with_capacity(len)?;
    #[allow(clippy::disallowed_methods, reason = "has room")]
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

/// A vector of `items`, or [`Error::OutOfMemory`].
pub fn collected<T>(items: impl IntoIterator<Item = T>) -> Result<Vec<T>> {
    let mut all = Vec::new();
    extend(&mut all, items)?;
    Ok(all)
}

/// Appends `items` to `all`, or answers [`Error::OutOfMemory`]; some of them may then have been appended.
pub fn extend<T>(all: &mut Vec<T>, items: impl IntoIterator<Item = T>) -> Result<()> {
    let mut items = items.into_iter();
    let (least, most) = items.size_hint();
    reserve(all, least)?;
    if most == Some(least) {
        #[allow(clippy::disallowed_methods, reason = "has room")]
        all.extend(items);
        return Ok(());
    }
    items.try_for_each(|item| push(all, item))
}

/// Appends `item` to `all`, or answers [`Error::OutOfMemory`].
#[inline(always)]
pub fn push<T>(all: &mut Vec<T>, item: T) -> Result<()> {
    if all.len() == all.capacity() {
        all.try_reserve(1).map_err(|_| Error::OutOfMemory)?;
    }
    #[allow(clippy::disallowed_methods, reason = "has room")]
    all.push(item);
    Ok(())
}

/// Room for `additional` more values in `all`, and no more where it is empty; or [`Error::OutOfMemory`].
pub fn reserve<T>(all: &mut Vec<T>, additional: usize) -> Result<()> {
    match all.is_empty() {
        true => all.try_reserve_exact(additional),
        false => all.try_reserve(additional),
    }
    .map_err(|_| Error::OutOfMemory)
}

/// An error unless so many bytes could be had just now: for what a library is about to take that ends the process where
/// there is no memory.
pub fn could_have(bytes: usize) -> Result<()> {
    let room = with_capacity::<u8>(bytes)?;
    // Memory that is never seen would not be asked for at all.
    std::hint::black_box(room.as_ptr());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_impossible_size_is_an_error() {
        assert_eq!(filled(usize::MAX / 16, 0.0_f64), Err(Error::OutOfMemory));
        assert_eq!(could_have(usize::MAX / 16), Err(Error::OutOfMemory));
        for len in [usize::MAX, usize::MAX / 16] {
            assert_eq!(zeroed::<f64>(len), Err(Error::OutOfMemory));
        }
    }

    #[test]
    fn what_is_appended_stands_in_order() {
        let mut all = collected(0..3).unwrap();
        assert_eq!(all.capacity(), 3);
        extend(&mut all, (0..100).filter(|i| i % 40 == 0)).unwrap();
        push(&mut all, 7).unwrap();
        assert_eq!(all, [0, 1, 2, 0, 40, 80, 7]);
        assert_eq!(extend(&mut all, std::iter::repeat_n(0, usize::MAX / 4)), Err(Error::OutOfMemory));
    }

    #[test]
    fn zeros_are_zero() {
        for len in [0, 1, 100_000] {
            assert_eq!(zeroed(len), Ok(vec![0.0_f32; len]));
        }
    }
}
