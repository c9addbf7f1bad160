use std::cell::Cell;

use super::*;

/// Enough work for every thread of the budget to be used.
const MUCH: usize = usize::MAX;

fn squares(threads: usize) -> Vec<usize> {
    let mut squares = vec![0; 1000];
    let tiles = squares.iter_mut().enumerate();
    let square = |(i, out): (usize, &mut usize)| {
        *out = i * i;
        Ok(())
    };
    Threads::uninterrupted(threads).for_each(MUCH, tiles, square).unwrap();
    squares
}

#[test]
fn every_tile_is_computed_once_by_any_number_of_threads() {
    let expected: Vec<_> = (0..1000).map(|i| i * i).collect();
    for threads in [0, 1, 2, 3, 7] {
        assert_eq!(squares(threads), expected);
    }
}

#[test]
fn no_tile_is_computed_twice() {
    for threads in [0, 1, 2, 3, 7] {
        let mut counts = vec![0; 1000];
        let threads = Threads::uninterrupted(threads);
        let count = |count: &mut i32| {
            *count += 1;
            Ok(())
        };
        threads.for_each(MUCH, counts.iter_mut(), count).unwrap();
        assert_eq!(counts, [1; 1000]);
    }
}

#[test]
fn the_first_failure_stops_the_rest() {
    let outcome = Threads::uninterrupted(2).for_each(MUCH, 0..usize::MAX, |i: usize| match i {
        100 => Err(Error::invalid("x", "is bad")),
        _ => Ok(()),
    });
    assert_eq!(outcome, Err(Error::invalid("x", "is bad")));
}

#[test]
fn an_interrupt_stops_endless_work() {
    for threads in [1, 2] {
        let asked = Cell::new(0);
        let interrupted = || {
            asked.set(asked.get() + 1);
            asked.get() == 2
        };
        let outcome = Threads::new(threads, &interrupted).for_each(MUCH, 0..usize::MAX, |_: usize| Ok(()));
        assert_eq!(outcome, Err(Error::Interrupted));
    }
}

#[test]
fn an_interrupt_stops_work_of_many_short_parts() {
    let interrupted = || true;
    let threads = Threads::new(1, &interrupted);
    let outcome = (0..100).try_for_each(|_| {
        threads.for_each(MUCH, 0..1, |_: usize| {
            std::thread::sleep(Duration::from_millis(1));
            Ok(())
        })
    });
    assert_eq!(outcome, Err(Error::Interrupted));
}

#[test]
fn an_interrupt_stops_an_endless_tile() {
    let interrupted = || true;
    for threads in [1, 2] {
        let threads = Threads::new(threads, &interrupted);
        let outcome = threads.for_each_long(
            MUCH,
            0..2,
            || Ok(()),
            |(), _: usize, look| loop {
                look()?;
            },
        );
        assert_eq!(outcome, Err(Error::Interrupted));
    }
}

#[test]
fn a_failure_stops_an_endless_tile() {
    let outcome = Threads::uninterrupted(2).for_each_long(
        MUCH,
        0..2,
        || Ok(()),
        |(), i: usize, look| match i {
            0 => loop {
                look()?;
            },
            _ => Err(Error::invalid("x", "is bad")),
        },
    );
    assert_eq!(outcome, Err(Error::invalid("x", "is bad")));
}

#[test]
fn a_panic_reaches_the_caller_and_later_calls_have_threads_again() {
    let outcome = std::panic::catch_unwind(|| {
        Threads::uninterrupted(2).for_each(MUCH, 0..100, |i: usize| match i {
            50 => panic!("a bug"),
            _ => Ok(()),
        })
    });
    assert!(outcome.is_err());
    assert_eq!(squares(2)[999], 998_001);
}

#[test]
fn calls_at_once_do_not_wait_for_each_other() {
    let (quick_done, quick_is_done) = std::sync::mpsc::channel();
    let quick_is_done = Mutex::new(quick_is_done);
    let slow = std::thread::spawn(move || {
        // Each of the two tiles ends only after the quick call below has ended.
        Threads::uninterrupted(2).for_each(MUCH, 0..2, |_: usize| {
            let ended = quick_is_done.lock().unwrap().recv_timeout(Duration::from_secs(20));
            ended.map_err(|_| Error::Interrupted)
        })
    });
    assert_eq!(squares(2)[2], 4);
    quick_done.send(()).unwrap();
    quick_done.send(()).unwrap();
    assert_eq!(slow.join().unwrap(), Ok(()));
}
