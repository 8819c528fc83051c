//! Something odd in a filing.

use serde::{Deserialize, Serialize};

/// Something odd in a filing. It is reported, and nothing is repaired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// A stable code, such as `bad-number`; listed in `docs/WARNINGS.md`.
    pub code: String,
    /// The message, for people.
    pub message: String,
    /// Where: an element's path, such as `nonDerivativeTransaction[2]/transactionShares`.
    #[serde(rename = "where")]
    pub at: String,
}

impl Warning {
    /// True if it is about a number, price, value or date of a row, rather than about names or the form.
    pub fn is_about_figures(&self) -> bool {
        let of = [
            "price-",
            "value-",
            "count-",
            "conversion-",
            "zero-",
            "total-",
            "direction-",
            "split-",
            "debt-",
            "bad-number",
            "date-",
        ];
        of.iter().any(|start| self.code.starts_with(start))
    }
}
