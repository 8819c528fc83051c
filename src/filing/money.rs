//! The currency of a price, and amounts in currencies other than the dollar.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use super::Amount;
use super::amount::{cents, exact, short};

/// A currency, identified by its ISO 4217 code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// The text is not a currency code.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not a currency's code of three letters")]
pub struct CurrencyError(String);

/// Currency signs; amounts in other currencies have their code before them.
const SIGNS: [(&str, &str); 15] = [
    ("USD", "$"),
    ("TWD", "NT$"),
    ("HKD", "HK$"),
    ("CAD", "C$"),
    ("AUD", "A$"),
    ("NZD", "NZ$"),
    ("SGD", "S$"),
    ("MXN", "Mex$"),
    ("BRL", "R$"),
    ("EUR", "€"),
    ("GBP", "£"),
    ("JPY", "¥"),
    ("ILS", "₪"),
    ("INR", "₹"),
    ("KRW", "₩"),
];

impl Currency {
    /// The US dollar.
    pub const USD: Self = Self(*b"USD");

    /// The currency with a code of three capital letters; `None` for any other text.
    pub const fn new(code: &str) -> Option<Self> {
        match *code.as_bytes() {
            [a, b, c] if a.is_ascii_uppercase() && b.is_ascii_uppercase() && c.is_ascii_uppercase() => {
                Some(Self([a, b, c]))
            }
            _ => None,
        }
    }

    /// Its code: `TWD`.
    pub fn code(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }

    fn with_sign(self, number: &str) -> String {
        match SIGNS.iter().find(|(code, _)| *code == self.code()) {
            Some((_, sign)) => format!("{sign}{number}"),
            None => format!("{} {number}", self.code()),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = CurrencyError;

    /// Reads a code in upper or lower case.
    fn from_str(text: &str) -> Result<Self, CurrencyError> {
        let error = || CurrencyError(text.chars().take(20).collect());
        Self::new(&text.trim().to_ascii_uppercase()).ok_or_else(error)
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Amount {
    /// With separators and every digit, in its currency: `NT$41.10`, `CHF 41.10`; the bare number if that is
    /// not known.
    pub fn exact_in(self, currency: Option<Currency>) -> String {
        in_currency(currency, exact(self.decimal()))
    }

    /// To cents, in its currency: `NT$123,300,000.00`.
    pub fn text_in(self, currency: Option<Currency>) -> String {
        in_currency(currency, cents(self.decimal()))
    }

    /// Short, in its currency: `NT$123.3M`, `CHF 1.25M`.
    pub fn short_in(self, currency: Option<Currency>) -> String {
        let of_hundreds = u32::from(currency != Some(Currency::USD));
        in_currency(currency, short(self.decimal(), of_hundreds))
    }
}

fn in_currency(currency: Option<Currency>, number: String) -> String {
    match currency {
        Some(currency) => currency.with_sign(&number),
        None => number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_shown_in_their_currency() {
        let amount: Amount = "123300000".parse().unwrap();
        let of = |code: &str| code.parse::<Currency>().ok();
        assert_eq!(amount.short_in(of("TWD")), "NT$123.3M");
        assert_eq!(amount.text_in(of("TWD")), "NT$123,300,000.00");
        assert_eq!(amount.short_in(of("chf")), "CHF 123.3M");
        assert_eq!(amount.short_in(of("USD")), "$123M");
        assert_eq!("98.6".parse::<Amount>().unwrap().exact_in(of("TWD")), "NT$98.60");
        assert_eq!("98.605".parse::<Amount>().unwrap().exact_in(None), "98.605");
        for wrong in ["", "US", "USDX", "U$D", "é1"] {
            assert!(wrong.parse::<Currency>().is_err(), "{wrong}");
        }
    }
}
