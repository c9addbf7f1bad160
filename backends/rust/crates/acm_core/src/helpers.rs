//! Threads that sleep until a call wants them.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::job::{Job, spin_until};
use crate::memory;
use crate::placement::WakeAffinity;

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
    affinities: Vec<WakeAffinity>,
}

impl Helpers {
    /// Starts `threads` threads; None where the system gives no more.
    pub fn start(threads: usize) -> Option<Self> {
        let affinities = memory::collected((0..threads).map(|_| WakeAffinity::new())).ok()?;
        let shared = Arc::new(Shared { calls: AtomicUsize::new(0), affinities });
        let known = Arc::clone(&shared);
        let builder = ThreadPoolBuilder::new().num_threads(threads).thread_name(|index| format!("acm-rs-{index}"));
        let builder = builder.start_handler(move |index| known.affinities[index].bind_to_current_thread());
        Some(Helpers { threads: builder.build().ok()?, shared })
    }

    /// Calls `own` on the calling thread and meanwhile `help` on up to `count` of these, on each that wakes before
    /// `own` ends.
    pub fn run(&self, count: usize, help: &(dyn Fn() + Sync), own: impl FnOnce()) {
        // SAFETY: `help` outlives this function, in which the job is closed whatever happens.
        let job = Arc::new(unsafe { Job::new(help) });
        let affinities = &self.shared.affinities;
        // Before the call is counted: helpers that spin, and need no place, leave off at that.
        if affinities.len() < MANY {
            affinities.iter().for_each(WakeAffinity::exclude_caller_cpu);
        }
        let call = self.shared.calls.fetch_add(1, Ordering::Release) + 1;
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            for _ in 0..count.min(affinities.len()) {
                let (job, shared) = (Arc::clone(&job), Arc::clone(&self.shared));
                self.threads.spawn(move || shared.help(&job, call));
            }
            own();
        }));
        let panic = job.close_and_wait();
        if let Some(payload) = outcome.err().or(panic) {
            resume_unwind(payload);
        }
    }
}

impl Shared {
    /// What a thread does when it is woken for a call.
    fn help(&self, job: &Job, call: usize) {
        let affinity = rayon::current_thread_index().and_then(|index| self.affinities.get(index));
        affinity.inspect(|affinity| affinity.restore());
        job.try_join();
        // The next call often follows at once.
        spin_until(|| self.calls.load(Ordering::Acquire) != call);
        affinity.inspect(|affinity| affinity.mark_asleep());
    }
}
