//! Thread pools, kept between calls, one in use by one call at a time.
//!
//! A call borrows an idle pool of its size and gives it back, so that two calls at once never wait for each other.
//! Pools belong to one process: threads do not survive `fork`, so a forked child starts with no pools.

use std::collections::HashMap;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::helpers::Helpers;
use crate::memory;

/// The idle pools of one process, by their number of threads.
struct Pools {
    process: u32,
    idle: Mutex<HashMap<usize, Vec<Helpers>>>,
}

static POOLS: AtomicPtr<Pools> = AtomicPtr::new(std::ptr::null_mut());

/// Runs `body` on the calling thread with a pool of `threads` threads; where the system gives no more threads, with
/// none.
pub fn with_pool<R>(threads: usize, body: impl FnOnce(Option<&Helpers>) -> R) -> R {
    let home = of_this_process();
    let idle = home.idle().get_mut(&threads).and_then(Vec::pop);
    let pool = idle.or_else(|| Helpers::start(threads));
    let result = body(pool.as_ref());
    if let Some(pool) = pool {
        // Where there is no memory to remember it, the pool ends here.
        let _ = memory::push(home.idle().entry(threads).or_default(), pool);
    }
    result
}

/// The pools of this process; the first call after `fork` leaves the parent's behind.
fn of_this_process() -> &'static Pools {
    let process = std::process::id();
    let known = POOLS.load(Ordering::Acquire);
    // SAFETY: `POOLS` is null or came from `Box::leak` below, and nothing frees it.
    match unsafe { known.as_ref() } {
        Some(pools) if pools.process == process => pools,
        _ => replace(known, process),
    }
}

/// Puts new, empty pools in the place of `known`, unless another thread just did.
fn replace(known: *mut Pools, process: u32) -> &'static Pools {
    // The parent's pools are leaked in a forked child: their threads do not exist there, and dropping a pool, or
    // looking for one, would take locks that a thread of the parent may have held.
    let fresh = Box::leak(Box::new(Pools { process, idle: Mutex::default() }));
    match POOLS.compare_exchange(known, fresh, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => fresh,
        // SAFETY: the winner's pointer also came from `Box::leak`, and nothing frees it.
        Err(winner) => unsafe { &*winner },
    }
}

impl Pools {
    fn idle(&self) -> MutexGuard<'_, HashMap<usize, Vec<Helpers>>> {
        // A list of idle pools has no broken state to protect from.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
