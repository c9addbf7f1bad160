//! Threads that sleep until a call wants them.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::offer::{Offer, spin_until};
use crate::placement::Place;

/// With so many helpers, and as many processors, Linux does look for an idle one, and placing each would take too long.
const MANY: usize = 8;

/// Threads that help with one call at a time.
pub struct Helpers {
    threads: ThreadPool,
    shared: Arc<Shared>,
}

struct Shared {
    /// How many calls there have been.
    calls: AtomicUsize,
    /// One for each thread.
    places: Vec<Place>,
}

impl Helpers {
    /// Starts `threads` threads; None where the system gives no more.
    pub fn start(threads: usize) -> Option<Self> {
        let places = (0..threads).map(|_| Place::new()).collect();
        let shared = Arc::new(Shared { calls: AtomicUsize::new(0), places });
        let known = Arc::clone(&shared);
        let builder = ThreadPoolBuilder::new().num_threads(threads).thread_name(|index| format!("acm-rs-{index}"));
        let builder = builder.start_handler(move |index| known.places[index].belongs_to_this_thread());
        Some(Helpers { threads: builder.build().ok()?, shared })
    }

    /// Calls `own` on the calling thread and meanwhile `help` on up to `count` of these, on each that wakes before
    /// `own` ends.
    pub fn run(&self, count: usize, help: &(dyn Fn() + Sync), own: impl FnOnce()) {
        // SAFETY: `help` outlives this function, in which the offer is closed whatever happens.
        let offer = Arc::new(unsafe { Offer::new(help) });
        let places = &self.shared.places;
        // Before the call is counted: helpers that spin, and need no place, leave off at that.
        if places.len() < MANY {
            places.iter().for_each(Place::make_way);
        }
        let call = self.shared.calls.fetch_add(1, Ordering::Release) + 1;
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            for _ in 0..count.min(places.len()) {
                let (offer, shared) = (Arc::clone(&offer), Arc::clone(&self.shared));
                self.threads.spawn(move || shared.help(&offer, call));
            }
            own();
        }));
        let panic = offer.close();
        if let Some(payload) = outcome.err().or(panic) {
            resume_unwind(payload);
        }
    }
}

impl Shared {
    /// What a thread does when it is woken for a call.
    fn help(&self, offer: &Offer, call: usize) {
        let place = rayon::current_thread_index().and_then(|index| self.places.get(index));
        place.inspect(|place| place.arrived());
        offer.accept();
        // The next call often follows at once.
        spin_until(|| self.calls.load(Ordering::Acquire) != call);
        place.inspect(|place| place.leaves());
    }
}
