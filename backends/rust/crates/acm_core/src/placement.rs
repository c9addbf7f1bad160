//! Which processor a helper thread wakes on.
//!
//! Linux wakes a thread where it last ran or where its caller runs, whichever was less busy of late, and often looks
//! for no idle processor instead (its `SIS_UTIL`, where few share a cache). The helper then waits for a slice of 3 ms
//! until it may run in its caller's place, in this call and those that follow: two threads take as long as one. So the
//! caller sends a helper that sleeps to the other processors; once awake, the helper may run anywhere again.

#[cfg(target_os = "linux")]
pub use self::linux::Place;

#[cfg(not(target_os = "linux"))]
pub use self::elsewhere::Place;

#[cfg(target_os = "linux")]
mod linux {
    use std::mem::MaybeUninit;
    use std::sync::atomic::{AtomicI32, Ordering};
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use libc::{cpu_set_t, pid_t};

    /// Of a helper that has not started yet; to the system it would mean the calling thread.
    const NO_THREAD: pid_t = 0;

    /// Where a helper thread may wake.
    pub struct Place {
        thread: AtomicI32,
        helper: Mutex<Helper>,
    }

    enum Helper {
        Awake,
        Asleep,
        /// Asleep, and kept from the processor of its caller; where it may run else.
        KeptAway(cpu_set_t),
    }

    impl Place {
        /// The place of a thread that does not run yet.
        pub fn new() -> Self {
            Place { thread: AtomicI32::new(NO_THREAD), helper: Mutex::new(Helper::Asleep) }
        }

        /// The calling thread is the helper.
        pub fn belongs_to_this_thread(&self) {
            // SAFETY: has no conditions.
            self.thread.store(unsafe { libc::gettid() }, Ordering::Relaxed);
        }

        /// The helper, to be woken now, will not wake in place of the calling thread.
        pub fn make_way(&self) {
            let (processor, thread) = (this_processor(), self.thread.load(Ordering::Relaxed));
            let mut helper = self.helper();
            let allowed = match *helper {
                Helper::Awake => None,
                Helper::Asleep => allowed(thread),
                // It has not woken for the call before.
                Helper::KeptAway(allowed) => Some(allowed),
            };
            let Some(allowed) = allowed.filter(|_| thread != NO_THREAD && processor >= 0) else { return };
            let mut others = allowed;
            // SAFETY: the number came from the system, and the set has room for all that it names.
            unsafe { libc::CPU_CLR(processor as usize, &mut others) };
            // Where this was the only processor, the system refuses and all stays as it is.
            if allow(thread, &others) {
                *helper = Helper::KeptAway(allowed);
            }
        }

        /// The helper is awake.
        pub fn arrived(&self) {
            let mut helper = self.helper();
            if let Helper::KeptAway(allowed) = std::mem::replace(&mut *helper, Helper::Awake) {
                // 0 is the calling thread.
                allow(0, &allowed);
            }
        }

        /// The helper is about to sleep.
        pub fn leaves(&self) {
            *self.helper() = Helper::Asleep;
        }

        fn helper(&self) -> MutexGuard<'_, Helper> {
            // The state has no broken form to protect from.
            self.helper.lock().unwrap_or_else(PoisonError::into_inner)
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
        fn a_helper_may_run_anywhere_again() {
            let place = Place::new();
            place.belongs_to_this_thread();
            // SAFETY: has no conditions.
            let count = || allowed(0).map_or(0, |set| unsafe { libc::CPU_COUNT(&set) });
            let before = count();
            // As often as it is called before it wakes.
            for _ in 0..2 {
                place.make_way();
                assert!(before == 1 || count() == before - 1);
            }
            place.arrived();
            assert_eq!(count(), before);
            place.make_way();
            assert_eq!(count(), before);
            place.leaves();
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    /// Other systems place threads well by themselves, or do not let us.
    pub struct Place;

    impl Place {
        /// The place of a thread that does not run yet.
        pub fn new() -> Self {
            Place
        }

        /// The calling thread is the helper.
        pub fn belongs_to_this_thread(&self) {}

        /// The helper, to be woken now, will not wake in place of the calling thread.
        pub fn make_way(&self) {}

        /// The helper is awake.
        pub fn arrived(&self) {}

        /// The helper is about to sleep.
        pub fn leaves(&self) {}
    }
}
