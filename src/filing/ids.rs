//! The two identifiers that EDGAR assigns: who (`Cik`) and which filing (`Accession`).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IdError {
    /// Not a number of one to ten digits above zero.
    #[error("`{0}` is not a CIK: expected 1 to 10 digits, like 1107843")]
    Cik(String),
    /// Not of the form 0001107843-21-000101.
    #[error("`{0}` is not an accession number: expected 18 digits, like 0001107843-21-000101")]
    Accession(String),
}

/// Central Index Key: EDGAR's number for a filer, issuer or owner, 1 to 9,999,999,999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cik(u64);

impl Cik {
    const MAX: u64 = 9_999_999_999;

    /// The key with this number; `None` outside 1 to 9,999,999,999.
    pub fn new(number: u64) -> Option<Self> {
        (1..=Self::MAX).contains(&number).then_some(Self(number))
    }

    /// The number, without padding, as in EDGAR's paths.
    pub fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Cik {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Cik {
    type Err = IdError;

    /// Reads digits, padded or not.
    fn from_str(text: &str) -> Result<Self, IdError> {
        let digits = text.trim();
        let shaped = (1..=10).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        shaped
            .then(|| digits.parse().ok().and_then(Self::new))
            .flatten()
            .ok_or_else(|| IdError::Cik(clip(text)))
    }
}

/// Accession number: EDGAR's name for one filing, `0001107843-21-000101` (filer agent, year, sequence).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Accession(u64);

impl Accession {
    /// The 18 digits without dashes, as in EDGAR's folder names.
    pub fn undashed(self) -> String {
        format!("{:018}", self.0)
    }
}

impl fmt::Display for Accession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.undashed();
        write!(f, "{}-{}-{}", &digits[..10], &digits[10..12], &digits[12..])
    }
}

impl FromStr for Accession {
    type Err = IdError;

    /// Reads the dashed form or the 18 bare digits.
    fn from_str(text: &str) -> Result<Self, IdError> {
        let bad = || IdError::Accession(clip(text));
        let text = text.trim();
        let bytes = text.as_bytes();
        let digits: String = match bytes.len() {
            20 if bytes[10] == b'-' && bytes[13] == b'-' => {
                [&bytes[..10], &bytes[11..13], &bytes[14..]].concat().iter().map(|&b| char::from(b)).collect()
            }
            18 => text.to_owned(),
            _ => return Err(bad()),
        };
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(bad());
        }
        digits.parse().map(Self).map_err(|_| bad())
    }
}

impl TryFrom<String> for Accession {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<Accession> for String {
    fn from(accession: Accession) -> Self {
        accession.to_string()
    }
}

fn clip(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cik_is_read_padded_or_not_and_never_zero() {
        assert_eq!("0001107843".parse::<Cik>().map(Cik::number), Ok(1_107_843));
        assert_eq!("1107843".parse::<Cik>().map(Cik::number), Ok(1_107_843));
        for bad in ["", "0", "00000000000", "-5", "12a", "+12"] {
            assert!(bad.parse::<Cik>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_accession_is_read_with_and_without_dashes() {
        let dashed: Accession = "0000002488-23-000030".parse().unwrap();
        assert_eq!("000000248823000030".parse(), Ok(dashed));
        assert_eq!(dashed.to_string(), "0000002488-23-000030");
        assert_eq!(dashed.undashed(), "000000248823000030");
        for bad in
            ["", "0000002488-23-00003", "0000002488/23/000030", "000000248823000030x", "é000000248823000-0"]
        {
            assert!(bad.parse::<Accession>().is_err(), "{bad}");
        }
    }
}
