//! Bindings of the kernels on columns as series in time: moving windows, lags, spectra, autoregression.
#![expect(missing_docs, reason = "a binding is documented where its operation is declared")]

pub mod ar1;
pub mod lags;
pub mod rolling;
pub mod spectral;
