//! Work that other threads help with if they come in time.
//!
//! A sleeping thread takes longer to wake than many kernels take, and where processors are few Linux may wake it on the
//! caller's own. So nobody waits for a helper that has not begun, and who waits at all, caller or helper, spins for
//! about as long as waking takes before it sleeps.

use std::any::Any;
use std::hint;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// What it takes to wake a thread, roughly: to spin for as long costs at most twice what the better choice had cost.
const SPIN: Duration = Duration::from_micros(50);

/// Set in [`Offer::state`] once nobody may begin any more.
const CLOSED: usize = 1 << (usize::BITS - 1);

/// Something that any number of threads may do at once, until it is closed.
pub struct Offer {
    work: *const (dyn Fn() + Sync),
    /// How many are at it, and [`CLOSED`].
    state: AtomicUsize,
    owner: Thread,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

// SAFETY: `work` points to something `Sync`, and is only followed while `Offer::new`'s caller keeps it alive.
unsafe impl Send for Offer {}
// SAFETY: as above; the rest is `Sync`.
unsafe impl Sync for Offer {}

impl Offer {
    /// An offer of the calling thread.
    ///
    /// # Safety
    ///
    /// `work` must live until [`Offer::close`] has returned.
    pub unsafe fn new(work: &(dyn Fn() + Sync)) -> Self {
        let work: *const (dyn Fn() + Sync + '_) = work;
        // SAFETY: only the lifetime differs, which is what this function's caller answers for.
        let work: *const (dyn Fn() + Sync + 'static) = unsafe { std::mem::transmute(work) };
        Offer { work, state: AtomicUsize::new(0), owner: thread::current(), panic: Mutex::new(None) }
    }

    /// Does the work, unless it is too late.
    pub fn accept(&self) {
        let begin = |state: usize| (state & CLOSED == 0).then_some(state + 1);
        if self.state.fetch_update(Ordering::Acquire, Ordering::Relaxed, begin).is_err() {
            return;
        }
        // SAFETY: `close` has not returned, as it waits for the count that has just been raised.
        let work = unsafe { &*self.work };
        if let Err(payload) = catch_unwind(AssertUnwindSafe(work)) {
            self.panic.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(payload);
        }
        if self.state.fetch_sub(1, Ordering::Release) == CLOSED + 1 {
            self.owner.unpark();
        }
    }

    /// Lets nobody begin any more and waits for those who have. On the thread that made the offer; answers what one of
    /// the others panicked with.
    pub fn close(&self) -> Option<Box<dyn Any + Send>> {
        self.state.fetch_or(CLOSED, Ordering::Relaxed);
        let all_left = || self.state.load(Ordering::Acquire) == CLOSED;
        spin_until(all_left);
        while !all_left() {
            thread::park();
        }
        self.panic.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Waits, for a short while, until `done`.
pub fn spin_until(done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() && start.elapsed() < SPIN {
        hint::spin_loop();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn who_comes_too_late_finds_nothing_to_do() {
        let count = AtomicUsize::new(0);
        let work = || count.store(count.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        // SAFETY: `work` outlives the offer.
        let offer = unsafe { Offer::new(&work) };
        offer.accept();
        assert!(offer.close().is_none());
        offer.accept();
        assert_eq!(count.into_inner(), 1);
    }

    #[test]
    fn the_owner_waits_for_those_who_have_begun() {
        let (begun, ended) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let work = || {
            begun.fetch_add(1, Ordering::Relaxed);
            thread::sleep(20 * SPIN);
            ended.fetch_add(1, Ordering::Relaxed);
        };
        // SAFETY: `work` lives until after `close`.
        let offer = Arc::new(unsafe { Offer::new(&work) });
        let helper = thread::spawn({
            let offer = Arc::clone(&offer);
            move || offer.accept()
        });
        while begun.load(Ordering::Relaxed) == 0 {
            hint::spin_loop();
        }
        assert!(offer.close().is_none());
        assert_eq!(ended.load(Ordering::Relaxed), 1);
        helper.join().unwrap();
    }
}
