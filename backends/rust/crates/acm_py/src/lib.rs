//! The border to Python, for all bindings: [`call`](call()) runs a kernel and turns its failures into exceptions, [`arrays`]
//! holds NumPy's arrays.
//!
//! Bindings are several crates because kernels are generic, and compiled where a binding names their types: so that is
//! done on several cores, one unit of code each (docs/adr/0035).

pub mod arrays;
mod call;

pub use arrays::{Input, Output, items};
pub use call::{call, exception};
