//! Which processor a helper thread wakes on.
//!
//! Linux wakes a thread where it last ran. That may be where the caller runs by now, and after busy times the kernel
//! looks for no idle processor instead (its `SIS_UTIL`, where few processors share a cache). The helper then waits until
//! the caller is done, in this call and all that follow: two threads take as long as one. So the caller sends a helper
//! that would wake in its place to the other processors; once awake, the helper may run anywhere again.

#[cfg(target_os = "linux")]
pub use self::linux::Place;

#[cfg(not(target_os = "linux"))]
pub use self::elsewhere::Place;

#[cfg(target_os = "linux")]
mod linux {
    use std::mem::MaybeUninit;
    use std::sync::atomic::{AtomicI32, Ordering};
    use std::sync::{Mutex, PoisonError};

    use libc::{cpu_set_t, pid_t};

    /// Of a thread that has not run yet.
    const NOWHERE: i32 = -1;

    /// Where a helper thread last ran.
    pub struct Place {
        thread: AtomicI32,
        processor: AtomicI32,
        /// Where the helper may run, while it is kept from the caller's processor.
        allowed: Mutex<Option<cpu_set_t>>,
    }

    impl Place {
        /// The place of a thread that does not run yet.
        pub fn new() -> Self {
            Place { thread: AtomicI32::new(0), processor: AtomicI32::new(NOWHERE), allowed: Mutex::new(None) }
        }

        /// The calling thread is the helper.
        pub fn belongs_to_this_thread(&self) {
            // SAFETY: has no conditions.
            self.thread.store(unsafe { libc::gettid() }, Ordering::Relaxed);
        }

        /// The helper, to be woken now, will not wake in place of the calling thread.
        pub fn make_way(&self) {
            let (processor, thread) = (this_processor(), self.thread.load(Ordering::Relaxed));
            if processor < 0 || self.processor.load(Ordering::Relaxed) != processor {
                return;
            }
            if let Some(allowed) = allowed(thread) {
                let mut others = allowed;
                // SAFETY: the number came from the system, and the set has room for all that it names.
                unsafe { libc::CPU_CLR(processor as usize, &mut others) };
                // Where this was the only processor, the system refuses and all stays as it is.
                if allow(thread, &others) {
                    *self.kept() = Some(allowed);
                }
            }
        }

        /// The helper is awake.
        pub fn arrived(&self) {
            if let Some(allowed) = self.kept().take() {
                // 0 is the calling thread.
                allow(0, &allowed);
            }
        }

        /// The helper is about to sleep.
        pub fn leaves(&self) {
            self.processor.store(this_processor(), Ordering::Relaxed);
        }

        fn kept(&self) -> std::sync::MutexGuard<'_, Option<cpu_set_t>> {
            // A set has no broken state to protect from.
            self.allowed.lock().unwrap_or_else(PoisonError::into_inner)
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
            place.leaves();
            place.make_way();
            assert!(before == 1 || count() <= before);
            place.arrived();
            assert_eq!(count(), before);
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
