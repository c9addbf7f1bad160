//! Running a kernel for Python: without the interpreter lock, interruptible, with exceptions instead of errors.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use acm_core::{Error, Result, Threads};
use pyo3::exceptions::{PyKeyboardInterrupt, PyMemoryError, PyRuntimeError};
use pyo3::prelude::*;

/// Runs `kernel` with the interpreter lock released. Ctrl-C stops it; a panic in it becomes a `RuntimeError`.
pub fn call<R: Send>(
    py: Python<'_>,
    operation: &'static str,
    threads: usize,
    kernel: impl FnOnce(&Threads<'_>) -> Result<R> + Send,
) -> PyResult<R> {
    let outcome = py.detach(|| {
        let pending = RefCell::new(None);
        let interrupted = || match Python::attach(|py| py.check_signals()) {
            Ok(()) => false,
            Err(signal) => {
                pending.replace(Some(signal));
                true
            }
        };
        let threads = Threads::new(threads, &interrupted);
        let outcome = catch_unwind(AssertUnwindSafe(|| kernel(&threads)));
        (outcome, pending.into_inner())
    });
    match outcome {
        (Ok(Ok(result)), _) => Ok(result),
        (Ok(Err(error)), pending) => Err(pending.unwrap_or_else(|| exception(py, operation, error))),
        (Err(panic), _) => {
            Err(PyRuntimeError::new_err(format!("{operation}: bug in the Rust kernel: {}", words(&*panic))))
        }
    }
}

/// The Python exception for a kernel's error.
pub fn exception(py: Python<'_>, operation: &'static str, error: Error) -> PyErr {
    match error {
        Error::InvalidInput { argument, problem } => {
            ours(py, "InvalidInput", |class| class.call1((operation, argument, problem)))
        }
        Error::Unsupported(reason) => ours(py, "Unsupported", |class| class.call1((reason,))),
        Error::OutOfMemory => PyMemoryError::new_err(format!("{operation}: {error}")),
        Error::Interrupted => PyKeyboardInterrupt::new_err(()),
    }
}

/// An exception of a class that `acm_dispatch.errors` defines; whatever goes wrong in making it, otherwise.
fn ours<'py>(
    py: Python<'py>,
    class: &str,
    construct: impl FnOnce(Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>>,
) -> PyErr {
    let class = py.import("acm_dispatch.errors").and_then(|errors| errors.getattr(class));
    match class.and_then(construct) {
        Ok(exception) => PyErr::from_value(exception),
        Err(error) => error,
    }
}

/// What a panic said.
fn words(panic: &(dyn std::any::Any + Send)) -> &str {
    let literal = panic.downcast_ref::<&str>().copied();
    literal.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}
