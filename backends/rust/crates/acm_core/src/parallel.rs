//! Tiles handed to threads, and interrupts.
//!
//! A kernel cuts its work into tiles and calls [`Threads::for_each`]. The calling thread takes tiles like every other,
//! and between two of them looks whether its caller wants it to stop. The number of threads changes which thread
//! computes a tile, never what a tile is, so results do not depend on it.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::{Error, Result, pool};

/// Below this many elementary steps (about 10 us of vector arithmetic) waking a second thread costs more than it gives.
const WORK_WORTH_A_THREAD: usize = 200_000;

/// How often the calling thread looks for an interrupt; Ctrl-C must work within 200 ms.
const INTERRUPT_PERIOD: Duration = Duration::from_millis(50);

/// More threads than any machine this runs on has cores: protects from a mistyped budget.
const MOST_THREADS: usize = 512;

/// The threads that one call of a kernel may use, and its caller's request to stop.
pub struct Threads<'a> {
    count: usize,
    interrupted: &'a dyn Fn() -> bool,
    // Of the whole call: a kernel may consist of many short `for_each`, none of which lasts a period.
    asked: Cell<Instant>,
}

impl<'a> Threads<'a> {
    /// At most `count` threads, the calling one included. `interrupted` is asked on the calling thread now and then;
    /// once it answers true the kernel stops with [`Error::Interrupted`].
    pub fn new(count: usize, interrupted: &'a dyn Fn() -> bool) -> Self {
        Threads { count: count.clamp(1, MOST_THREADS), interrupted, asked: Cell::new(Instant::now()) }
    }

    /// `count` threads without interrupts.
    pub fn uninterrupted(count: usize) -> Threads<'static> {
        Threads::new(count, &|| false)
    }

    /// Calls `body` once for each tile. `work` is the number of elementary steps of all tiles together, roughly; it
    /// decides whether more than the calling thread is worth it. A tile should take less than 50 ms.
    ///
    /// The calling thread goes from the first tile on and its helpers from the last: in one call after the other each
    /// then finds its part of the same arrays in its own cache, and of new memory each gets pages of its own.
    pub fn for_each<I>(&self, work: usize, tiles: I, body: impl Fn(I::Item) -> Result<()> + Sync) -> Result<()>
    where
        I: DoubleEndedIterator<Item: Send> + Send,
    {
        self.for_each_with(work, tiles, || Ok(()), |(), tile| body(tile))
    }

    /// The same, with scratch memory that `prepare` makes once for each thread.
    pub fn for_each_with<I, M>(
        &self,
        work: usize,
        tiles: I,
        prepare: impl Fn() -> Result<M> + Sync,
        body: impl Fn(&mut M, I::Item) -> Result<()> + Sync,
    ) -> Result<()>
    where
        I: DoubleEndedIterator<Item: Send> + Send,
    {
        self.for_each_long(work, tiles, prepare, |scratch, tile, _| body(scratch, tile))
    }

    /// The same for tiles that may take longer: `body` calls the third of its arguments now and then, at least every
    /// 50 ms, and passes on its error.
    pub fn for_each_long<I, M>(
        &self,
        work: usize,
        mut tiles: I,
        prepare: impl Fn() -> Result<M> + Sync,
        body: impl Fn(&mut M, I::Item, &mut InterruptCheck<'_>) -> Result<()> + Sync,
    ) -> Result<()>
    where
        I: DoubleEndedIterator<Item: Send> + Send,
    {
        let helpers = self.helpers(work, tiles.size_hint().1);
        let next = move |role| match role {
            Role::Caller => tiles.next(),
            Role::Helper => tiles.next_back(),
        };
        self.share(helpers, next, prepare, body)
    }

    fn share<N, I, M>(
        &self,
        helpers: usize,
        next: N,
        prepare: impl Fn() -> Result<M> + Sync,
        body: impl Fn(&mut M, I, &mut InterruptCheck<'_>) -> Result<()> + Sync,
    ) -> Result<()>
    where
        N: FnMut(Role) -> Option<I> + Send,
        I: Send,
    {
        let queue = Queue::new(next);
        let serve = |role, keep_going: &mut dyn FnMut() -> bool| queue.serve(role, &prepare, &body, keep_going);
        self.distribute(helpers, &serve);
        queue.outcome()
    }

    /// Lets the calling thread and `helpers` others `serve`. Not generic: the machinery around kernels is compiled once
    /// for all of them, and each kernel's loop once instead of in every place where it may be entered.
    fn distribute(&self, helpers: usize, serve: &(dyn Fn(Role, &mut dyn FnMut() -> bool) + Sync)) {
        if helpers == 0 {
            return serve(Role::Caller, &mut self.watch());
        }
        // Of the budget's size, however few of its threads have a tile to compute: pools of every size would add up.
        pool::with_pool(self.count - 1, |pool| match pool {
            None => serve(Role::Caller, &mut self.watch()),
            Some(pool) => {
                let help = || serve(Role::Helper, &mut || true);
                pool.run(helpers, &help, || serve(Role::Caller, &mut self.watch()))
            }
        });
    }

    fn helpers(&self, work: usize, tiles: Option<usize>) -> usize {
        if work < WORK_WORTH_A_THREAD {
            return 0;
        }
        self.count.min(tiles.unwrap_or(usize::MAX).max(1)) - 1
    }

    /// Answers false once the caller wants to stop; asks at most every [`INTERRUPT_PERIOD`].
    fn watch(&self) -> impl FnMut() -> bool {
        || {
            if self.asked.get().elapsed() < INTERRUPT_PERIOD {
                return true;
            }
            self.asked.set(Instant::now());
            !(self.interrupted)()
        }
    }
}

/// Called in the middle of a long tile: returns an error once the kernel is to stop.
pub type InterruptCheck<'a> = dyn FnMut() -> Result<()> + 'a;

/// Which thread asks for a tile.
#[derive(Debug, Clone, Copy)]
enum Role {
    Caller,
    Helper,
}

/// A queue of the tiles not yet computed, and the first error.
struct Queue<N> {
    tiles: Mutex<N>,
    stopped: AtomicBool,
    failure: Mutex<Option<Error>>,
}

impl<N: FnMut(Role) -> Option<I>, I> Queue<N> {
    fn new(tiles: N) -> Self {
        Queue { tiles: Mutex::new(tiles), stopped: AtomicBool::new(false), failure: Mutex::new(None) }
    }

    /// Computes tiles until none is left or something goes wrong anywhere.
    fn serve<M>(
        &self,
        role: Role,
        prepare: impl Fn() -> Result<M>,
        body: impl Fn(&mut M, I, &mut InterruptCheck<'_>) -> Result<()>,
        keep_going: &mut dyn FnMut() -> bool,
    ) {
        let mut look = || {
            let stop = self.stopped.load(Ordering::Relaxed) || !keep_going();
            if stop { Err(Error::Interrupted) } else { Ok(()) }
        };
        let outcome = prepare().and_then(|mut scratch| {
            while let Some(tile) = self.next(role) {
                body(&mut scratch, tile, &mut look)?;
                look()?;
            }
            Ok(())
        });
        if let Err(error) = outcome {
            // Both with the lock held: a thread that sees the stop also finds its reason, and leaves it there.
            let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
            failure.get_or_insert(error);
            self.stopped.store(true, Ordering::Relaxed);
        }
    }

    fn next(&self, role: Role) -> Option<I> {
        if self.stopped.load(Ordering::Relaxed) {
            return None;
        }
        // Only a panic inside the iterator poisons the lock, and that panic is on its way to the caller.
        (self.tiles.lock().unwrap_or_else(PoisonError::into_inner))(role)
    }

    fn outcome(self) -> Result<()> {
        match self.failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
