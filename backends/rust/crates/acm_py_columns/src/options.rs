//! Options that several families have, as Python spells them.

use acm_core::{Error, Result};
use acm_features::Missing;

/// `missing` as Python spells it.
pub fn missing_named(name: &str) -> Result<Missing> {
    match name {
        "nonfinite" => Ok(Missing::NonFinite),
        "nan" => Ok(Missing::Nan),
        _ => Err(Error::invalid("missing", "must be 'nonfinite' or 'nan'")),
    }
}
