//! The letters of Form 4: transaction codes and which form it is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Direction;

/// Not a form or code that this program reads.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CodeError {
    /// Not one upper-case letter.
    #[error("`{0}` is not a transaction code: expected one letter, like S")]
    Code(String),
    /// Not 3, 4, 5 or an amendment of one.
    #[error("`{0}` is not an ownership form: expected 3, 4, 5, 3/A, 4/A or 5/A")]
    Form(String),
}

/// A transaction code, one upper-case letter. Meanings: the SEC's list in the general instructions of Form 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Code(u8);

impl Code {
    /// S: open-market or private sale.
    pub const SALE: Code = Code(b'S');
    /// P: open-market or private purchase.
    pub const PURCHASE: Code = Code(b'P');

    /// The letter.
    pub fn letter(self) -> char {
        char::from(self.0)
    }

    /// The action, as one past-tense phrase: `sold`.
    pub fn verb(self) -> &'static str {
        match self.0 {
            b'S' => "sold",
            b'P' => "bought",
            b'G' => "gave away",
            b'F' => "had withheld",
            b'A' => "was granted",
            b'M' | b'X' | b'C' | b'O' => "exercised",
            b'D' => "returned to the issuer",
            _ => "reported",
        }
    }

    /// The action, if the direction of the shares is known: `was given`.
    pub fn verb_of(self, direction: Option<Direction>) -> &'static str {
        match (self.0, direction) {
            (b'G', Some(Direction::Acquired)) => "was given",
            (b'W', Some(Direction::Acquired)) => "inherited",
            (b'W', Some(Direction::Disposed)) => "passed on by will or descent",
            (b'Z', Some(Direction::Acquired)) => "withdrew from a voting trust",
            (b'Z', Some(Direction::Disposed)) => "deposited in a voting trust",
            (b'U', Some(Direction::Disposed)) => "tendered",
            (b'I' | b'J' | b'U' | b'L' | b'E' | b'H' | b'K', Some(Direction::Acquired)) => "acquired",
            (b'I' | b'J' | b'L' | b'E' | b'H' | b'K', Some(Direction::Disposed)) => "disposed of",
            _ => self.verb(),
        }
    }

    /// The direction that an alert's verb implies for this code, whatever the row says: a gift is given away.
    /// Rules that leave the direction open mean this one. `None` for codes whose verb follows the row.
    pub fn usual_direction(self) -> Option<Direction> {
        (self.0 == b'G').then_some(Direction::Disposed)
    }

    /// The SEC's description of this code, in a few words; `None` for a letter that has none.
    pub fn meaning(self) -> Option<&'static str> {
        Some(match self.0 {
            b'P' => "open-market or private purchase",
            b'S' => "open-market or private sale",
            b'V' => "reported early, voluntarily",
            b'A' => "grant or award",
            b'D' => "disposition to the issuer",
            b'F' => "shares withheld or delivered for tax or exercise price",
            b'I' => "discretionary transaction in a plan",
            b'M' => "exercise or conversion of an exempt derivative",
            b'C' => "conversion of a derivative",
            b'E' => "expiration of a short derivative position",
            b'H' => "expiration or cancellation of a long position for value",
            b'O' => "exercise of an out-of-the-money derivative",
            b'X' => "exercise of an in-the-money derivative",
            b'G' => "gift",
            b'L' => "small acquisition",
            b'W' => "will or laws of descent",
            b'Z' => "deposit into or withdrawal from a voting trust",
            b'J' => "other, described in a footnote",
            b'K' => "equity swap",
            b'U' => "tender in a change of control",
            _ => return None,
        })
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.letter())
    }
}

impl FromStr for Code {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        match text.trim().as_bytes() {
            [letter] if letter.is_ascii_uppercase() => Ok(Self(*letter)),
            _ => Err(CodeError::Code(text.chars().take(20).collect())),
        }
    }
}

impl TryFrom<String> for Code {
    type Error = CodeError;

    fn try_from(text: String) -> Result<Self, CodeError> {
        text.parse()
    }
}

impl From<Code> for String {
    fn from(code: Code) -> Self {
        code.to_string()
    }
}

/// An ownership form and whether this is an amendment of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Form {
    number: u8,
    amendment: bool,
}

impl Form {
    /// 3 (initial statement), 4 (changes) or 5 (annual statement).
    pub fn number(self) -> u8 {
        self.number
    }

    /// True if it ends in `/A`.
    pub fn is_amendment(self) -> bool {
        self.amendment
    }

    /// True if it is a Form 4 or 4/A, the ones that sellbell watches for.
    pub fn is_form_4(self) -> bool {
        self.number == 4
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.number, if self.amendment { "/A" } else { "" })
    }
}

impl FromStr for Form {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        let trimmed = text.trim();
        let (number, amendment) = trimmed.strip_suffix("/A").map_or((trimmed, false), |rest| (rest, true));
        match number {
            "3" => Ok(Self { number: 3, amendment }),
            "4" => Ok(Self { number: 4, amendment }),
            "5" => Ok(Self { number: 5, amendment }),
            _ => Err(CodeError::Form(text.chars().take(20).collect())),
        }
    }
}

impl TryFrom<String> for Form {
    type Error = CodeError;

    fn try_from(text: String) -> Result<Self, CodeError> {
        text.parse()
    }
}

impl From<Form> for String {
    fn from(form: Form) -> Self {
        form.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_exact_never_a_prefix() {
        assert_eq!("4/A".parse::<Form>().map(|f| (f.number(), f.is_amendment())), Ok((4, true)));
        for other in ["424B2", "497K", "485BXT", "40-17G", "4A", "", "44"] {
            assert!(other.parse::<Form>().is_err(), "{other}");
        }
    }

    #[test]
    fn codes_are_one_letter_and_known_ones_mean_something() {
        assert_eq!("S".parse(), Ok(Code::SALE));
        assert!(Code::SALE.meaning().is_some());
        for bad in ["", "s", "SS", "1", "é"] {
            assert!(bad.parse::<Code>().is_err(), "{bad}");
        }
    }
}
