//! Which processor a worker thread wakes on.
//!
//! Linux wakes a thread where it last ran or where its caller runs, whichever was less busy of late, and often looks
//! for no idle processor instead (its `SIS_UTIL`, where few share a cache). The worker then waits for a slice of 3 ms
//! until it may run in its caller's place, in this call and those that follow: two threads take as long as one. So the
//! caller restricts a sleeping worker to the other processors; once awake, the worker may run anywhere again.

#[cfg(target_os = "linux")]
pub use self::linux::WakeAffinity;

#[cfg(not(target_os = "linux"))]
pub use self::elsewhere::WakeAffinity;

#[cfg(target_os = "linux")]
mod linux {
    use std::mem::MaybeUninit;
    use std::sync::atomic::{AtomicI32, Ordering};
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use libc::{cpu_set_t, pid_t};

    /// The id of a worker that has not started yet; to the system it would mean the calling thread.
    const NO_THREAD: pid_t = 0;

    /// The processors on which a worker thread may wake.
    pub struct WakeAffinity {
        thread: AtomicI32,
        state: Mutex<State>,
    }

    enum State {
        Awake,
        Asleep,
        /// Asleep and kept off its caller's processor; holds the processors it may run on otherwise.
        Restricted(cpu_set_t),
    }

    impl WakeAffinity {
        /// For a thread that does not run yet.
        pub fn new() -> Self {
            WakeAffinity { thread: AtomicI32::new(NO_THREAD), state: Mutex::new(State::Asleep) }
        }

        /// Called by the worker itself when it starts.
        pub fn bind_to_current_thread(&self) {
            // SAFETY: has no conditions.
            self.thread.store(unsafe { libc::gettid() }, Ordering::Relaxed);
        }

        /// Keeps the worker, about to be woken, off the processor of the calling thread.
        pub fn exclude_caller_cpu(&self) {
            let (processor, thread) = (this_processor(), self.thread.load(Ordering::Relaxed));
            let mut state = self.state();
            let allowed = match *state {
                State::Awake => None,
                State::Asleep => allowed(thread),
                // It has not woken for the call before.
                State::Restricted(allowed) => Some(allowed),
            };
            let Some(allowed) = allowed.filter(|_| thread != NO_THREAD && processor >= 0) else { return };
            let mut others = allowed;
            // SAFETY: the number came from the system, and the set has room for all that it names.
            unsafe { libc::CPU_CLR(processor as usize, &mut others) };
            // Where this was the only processor, the system refuses and all stays as it is.
            if allow(thread, &others) {
                *state = State::Restricted(allowed);
            }
        }

        /// Called by the worker once awake: it may run anywhere again.
        pub fn restore(&self) {
            let mut state = self.state();
            if let State::Restricted(allowed) = std::mem::replace(&mut *state, State::Awake) {
                // 0 is the calling thread.
                allow(0, &allowed);
            }
        }

        /// Called by the worker before it sleeps.
        pub fn mark_asleep(&self) {
            *self.state() = State::Asleep;
        }

        fn state(&self) -> MutexGuard<'_, State> {
            // The state has no broken form to protect from.
            self.state.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }

    fn this_processor() -> i32 {
        // SAFETY: has no conditions.
        unsafe { libc::sched_getcpu() }
    }

    /// The processors that `thread` may run on; None where there are more than a set has room for.
    fn allowed(thread: pid_t) -> Option<cpu_set_t> {
        let mut set = MaybeUninit::<cpu_set_t>::zeroed();
        // SAFETY: the set is as large as is said.
        let outcome = unsafe { libc::sched_getaffinity(thread, size_of::<cpu_set_t>(), set.as_mut_ptr()) };
        // SAFETY: an array of integers, zero where the system wrote nothing.
        (outcome == 0).then(|| unsafe { set.assume_init() })
    }

    /// Lets `thread` run on these processors; false if the system refuses.
    fn allow(thread: pid_t, set: &cpu_set_t) -> bool {
        // SAFETY: the set is as large as is said.
        unsafe { libc::sched_setaffinity(thread, size_of::<cpu_set_t>(), set) == 0 }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_worker_may_run_anywhere_again() {
            let affinity = WakeAffinity::new();
            affinity.bind_to_current_thread();
            // SAFETY: has no conditions.
            let count = || allowed(0).map_or(0, |set| unsafe { libc::CPU_COUNT(&set) });
            let before = count();
            // As often as it is called before it wakes.
            for _ in 0..2 {
                affinity.exclude_caller_cpu();
                assert!(before == 1 || count() == before - 1);
            }
            affinity.restore();
            assert_eq!(count(), before);
            affinity.exclude_caller_cpu();
            assert_eq!(count(), before);
            affinity.mark_asleep();
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    /// Other systems place threads well by themselves, or do not let us.
    pub struct WakeAffinity;

    impl WakeAffinity {
        /// For a thread that does not run yet.
        pub fn new() -> Self {
            WakeAffinity
        }

        /// Called by the worker itself when it starts.
        pub fn bind_to_current_thread(&self) {}

        /// Keeps the worker, about to be woken, off the processor of the calling thread.
        pub fn exclude_caller_cpu(&self) {}

        /// Called by the worker once awake: it may run anywhere again.
        pub fn restore(&self) {}

        /// Called by the worker before it sleeps.
        pub fn mark_asleep(&self) {}
    }
}
