//! Models of normal behaviour, and what departs from them.

pub mod ar1;
