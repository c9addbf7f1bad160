//! A fork-join job that idle workers may join; the caller never waits for a worker that has not started.
//!
//! A sleeping thread takes longer to wake than many kernels take, and where processors are few Linux may wake it on the
//! caller's own. So a worker that wakes too late finds the job closed, and whoever waits, caller or worker, spins for
//! about as long as waking takes before it sleeps.

use std::any::Any;
use std::hint;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// About the time to wake a thread: to spin for as long costs at most twice what the better choice had cost.
const SPIN: Duration = Duration::from_micros(50);

/// Set in [`Job::state`] once no worker may join any more.
const CLOSED: usize = 1 << (usize::BITS - 1);

/// Work that any number of threads may do at once, until it is closed.
pub struct Job {
    work: *const (dyn Fn() + Sync),
    /// The number of workers that have joined and not left, and [`CLOSED`].
    state: AtomicUsize,
    owner: Thread,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

// SAFETY: `work` points to something `Sync`, and is only followed while `Job::new`'s caller keeps it alive.
unsafe impl Send for Job {}
// SAFETY: as above; the rest is `Sync`.
unsafe impl Sync for Job {}

impl Job {
    /// A job of the calling thread.
    ///
    /// # Safety
    ///
    /// `work` must live until [`Job::close_and_wait`] has returned.
    pub unsafe fn new(work: &(dyn Fn() + Sync)) -> Self {
        let work: *const (dyn Fn() + Sync + '_) = work;
        // SAFETY: only the lifetime differs, which is what this function's caller answers for.
        let work: *const (dyn Fn() + Sync + 'static) = unsafe { std::mem::transmute(work) };
        Job { work, state: AtomicUsize::new(0), owner: thread::current(), panic: Mutex::new(None) }
    }

    /// Does the work, unless the job is closed.
    pub fn try_join(&self) {
        let begin = |state: usize| (state & CLOSED == 0).then_some(state + 1);
        if self.state.fetch_update(Ordering::Acquire, Ordering::Relaxed, begin).is_err() {
            return;
        }
        // SAFETY: `close_and_wait` has not returned, as it waits for the count that has just been raised.
        let work = unsafe { &*self.work };
        if let Err(payload) = catch_unwind(AssertUnwindSafe(work)) {
            self.panic.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(payload);
        }
        if self.state.fetch_sub(1, Ordering::Release) == CLOSED + 1 {
            self.owner.unpark();
        }
    }

    /// Lets no further worker join and waits for those that have. Called on the thread that made the job; returns the
    /// payload of a worker's panic.
    pub fn close_and_wait(&self) -> Option<Box<dyn Any + Send>> {
        self.state.fetch_or(CLOSED, Ordering::Relaxed);
        let all_left = || self.state.load(Ordering::Acquire) == CLOSED;
        spin_until(all_left);
        while !all_left() {
            thread::park();
        }
        self.panic.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Spins until `done`, for [`SPIN`] at most.
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
    fn a_worker_that_comes_too_late_finds_nothing_to_do() {
        let count = AtomicUsize::new(0);
        let work = || count.store(count.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        // SAFETY: `work` outlives the job.
        let job = unsafe { Job::new(&work) };
        job.try_join();
        assert!(job.close_and_wait().is_none());
        job.try_join();
        assert_eq!(count.into_inner(), 1);
    }

    #[test]
    fn the_owner_waits_for_workers_that_have_joined() {
        let (begun, ended) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let work = || {
            begun.fetch_add(1, Ordering::Relaxed);
            thread::sleep(20 * SPIN);
            ended.fetch_add(1, Ordering::Relaxed);
        };
        // SAFETY: `work` lives until after `close_and_wait`.
        let job = Arc::new(unsafe { Job::new(&work) });
        let helper = thread::spawn({
            let job = Arc::clone(&job);
            move || job.try_join()
        });
        while begun.load(Ordering::Relaxed) == 0 {
            hint::spin_loop();
        }
        assert!(job.close_and_wait().is_none());
        assert_eq!(ended.load(Ordering::Relaxed), 1);
        helper.join().unwrap();
    }
}
