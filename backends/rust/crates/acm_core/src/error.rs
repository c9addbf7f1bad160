//! The one error type of all kernels; `acm_py` turns it into Python exceptions.

use std::fmt;

/// Why a kernel did not deliver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The caller's data break the operation's contract.
    InvalidInput {
        /// The operation's name for the offending argument.
        argument: &'static str,
        /// The fault, worded to follow the argument's name: "holds NaN or infinity".
        problem: String,
    },
    /// The data are fine, but this kernel does not handle them; another backend may.
    Unsupported(String),
    /// Memory for intermediate results could not be had.
    OutOfMemory,
    /// The caller asked the kernel to stop.
    Interrupted,
}

/// The result of a kernel.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An [`Error::InvalidInput`] from the argument's name and the problem.
    pub fn invalid(argument: &'static str, problem: impl Into<String>) -> Self {
        Error::InvalidInput { argument, problem: problem.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::InvalidInput { argument, problem } => write!(f, "{argument} {problem}"),
            Error::Unsupported(reason) => f.write_str(reason),
            Error::OutOfMemory => f.write_str("not enough memory for intermediate results"),
            Error::Interrupted => f.write_str("interrupted"),
        }
    }
}

impl std::error::Error for Error {}
