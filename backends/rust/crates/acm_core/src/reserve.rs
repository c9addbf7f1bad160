//! A memory reserve for small allocations that must not fail.
//!
//! Allocations that grow with the data go through [`crate::memory`], which returns an error. The others go to the
//! standard library, which aborts the process where there is none: a message, a task for a helper thread, the queue
//! that it waits in. They are small and soon freed; where the system has nothing left, they come from this reserve.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes of a place in the reserve: the largest thing that it is for.
const PLACE: usize = 2048;

/// How many places there are: a bit each in a word.
const PLACES: usize = u64::BITS as usize;

/// The system's allocator, and where that fails a reserve of 64 places of 2 kB.
pub struct Reserve {
    memory: Memory,
    /// A bit for each place, set while it is taken.
    taken: AtomicU64,
}

// As aligned as anything that fits into it.
#[repr(align(2048))]
struct Memory(UnsafeCell<[u8; PLACE * PLACES]>);

// SAFETY: only the thread that has set a place's bit touches its bytes.
unsafe impl Sync for Memory {}

impl Reserve {
    /// A reserve of which nothing is taken. Pages that are never taken cost nothing.
    pub const fn new() -> Self {
        Reserve { memory: Memory(UnsafeCell::new([0; PLACE * PLACES])), taken: AtomicU64::new(0) }
    }

    /// A place for `layout`; null if it is too large for one, or none is left.
    #[cold]
    fn take(&self, layout: Layout) -> *mut u8 {
        if layout.size() > PLACE || layout.align() > PLACE {
            return std::ptr::null_mut();
        }
        let lowest_free = |taken: u64| (taken != u64::MAX).then(|| taken | (taken + 1));
        match self.taken.fetch_update(Ordering::Acquire, Ordering::Relaxed, lowest_free) {
            Ok(before) => self.start().wrapping_add(before.trailing_ones() as usize * PLACE),
            Err(_) => std::ptr::null_mut(),
        }
    }

    /// Which place `pointer` is the start of.
    #[inline(always)]
    fn place(&self, pointer: *mut u8) -> Option<usize> {
        let offset = (pointer as usize).wrapping_sub(self.start() as usize);
        (offset < PLACE * PLACES).then_some(offset / PLACE)
    }

    fn start(&self) -> *mut u8 {
        self.memory.0.get().cast()
    }
}

impl Default for Reserve {
    fn default() -> Self {
        Reserve::new()
    }
}

// SAFETY: memory is the system's, or a place that no other caller has until its bit is cleared.
unsafe impl GlobalAlloc for Reserve {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as this function's caller promises.
        let memory = unsafe { System.alloc(layout) };
        if memory.is_null() { self.take(layout) } else { memory }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as this function's caller promises.
        let memory = unsafe { System.alloc_zeroed(layout) };
        if !memory.is_null() {
            return memory;
        }
        let memory = self.take(layout);
        if !memory.is_null() {
            // SAFETY: a place has room for the layout.
            unsafe { memory.write_bytes(0, layout.size()) };
        }
        memory
    }

    #[inline]
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        match self.place(memory) {
            Some(place) => {
                self.taken.fetch_and(!(1 << place), Ordering::Release);
            }
            // SAFETY: memory outside the reserve is from the system.
            None => unsafe { System.dealloc(memory, layout) },
        }
    }

    #[inline]
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if self.place(memory).is_none() {
            // SAFETY: memory outside the reserve is from the system.
            let moved = unsafe { System.realloc(memory, layout, size) };
            if !moved.is_null() || size > PLACE {
                return moved;
            }
        }
        // SAFETY: the caller promises a size that is not 0 and fits the alignment.
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        // SAFETY: as above.
        let moved = unsafe { self.alloc(wanted) };
        if !moved.is_null() {
            // SAFETY: both have room for the smaller size, and the old one is not freed yet.
            unsafe { moved.copy_from_nonoverlapping(memory, layout.size().min(size)) };
            // SAFETY: it is not used any more.
            unsafe { self.dealloc(memory, layout) };
        }
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_given_once_and_again_when_free() {
        let reserve = Box::new(Reserve::new());
        let layout = Layout::from_size_align(100, 8).unwrap();
        let places: Vec<*mut u8> = (0..PLACES).map(|_| reserve.take(layout)).collect();
        assert!(places.windows(2).all(|pair| pair[0].wrapping_add(PLACE) == pair[1]));
        assert!(reserve.take(layout).is_null());
        // SAFETY: it was taken with this layout.
        unsafe { reserve.dealloc(places[7], layout) };
        assert_eq!(reserve.take(layout), places[7]);
    }

    #[test]
    fn what_is_too_large_is_refused() {
        let reserve = Box::new(Reserve::new());
        assert!(reserve.take(Layout::from_size_align(PLACE + 1, 8).unwrap()).is_null());
        assert!(!reserve.take(Layout::from_size_align(PLACE, PLACE).unwrap()).is_null());
    }

    #[test]
    fn contents_move_out_of_the_reserve() {
        let reserve = Box::new(Reserve::new());
        let layout = Layout::from_size_align(4, 4).unwrap();
        let small = reserve.take(layout);
        // SAFETY: a place has room for four bytes.
        unsafe { small.write_bytes(7, 4) };
        // SAFETY: it was taken with this layout.
        let large = unsafe { reserve.realloc(small, layout, 2 * PLACE) };
        assert_eq!((reserve.place(large), reserve.taken.load(Ordering::Relaxed)), (None, 0));
        // SAFETY: the reallocated memory holds those bytes.
        assert_eq!(unsafe { large.cast::<[u8; 4]>().read() }, [7; 4]);
        // SAFETY: it is the system's, of that size.
        unsafe { reserve.dealloc(large, Layout::from_size_align(2 * PLACE, 4).unwrap()) };
    }
}
