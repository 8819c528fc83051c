//! Exact decimals: dollars and shares. Never a float, and never rounded unless asked for.

use std::fmt;
use std::str::FromStr;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// Why a text is not an amount.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AmountError {
    /// A sign, an exponent, a separator, or no digits at all.
    #[error("`{0}` is not a plain decimal number of zero or more")]
    NotPlain(String),
    /// More than 28 digits.
    #[error("`{0}` has more digits than are kept exact")]
    TooLong(String),
}

/// US dollars, exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Usd(Decimal);

/// An exact amount of money, in the currency named by whatever states the amount: see [`super::Currency`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Amount(Decimal);

/// A number of shares or other units of a security, exact, fractions included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Shares(Decimal);

macro_rules! amount {
    ($name:ident) => {
        impl $name {
            /// Zero.
            pub const ZERO: Self = Self(Decimal::ZERO);

            /// The bare number.
            pub fn decimal(self) -> Decimal {
                self.0
            }

            /// True if this is exactly zero.
            pub fn is_zero(self) -> bool {
                self.0.is_zero()
            }

            /// The exact sum; `None` if it does not fit in 28 digits.
            pub fn plus(self, other: Self) -> Option<Self> {
                let (a, b) = (self.0.normalize(), other.0.normalize());
                let sum = a.checked_add(b)?;
                // A rounded sum has lost digits after the point.
                (sum.scale() == a.scale().max(b.scale())).then_some(Self(sum))
            }

            /// Without trailing zeros and thousands separators, as in our JSON.
            pub fn plain(self) -> String {
                self.0.normalize().to_string()
            }
        }

        impl From<Decimal> for $name {
            fn from(number: Decimal) -> Self {
                Self(number)
            }
        }

        impl FromStr for $name {
            type Err = AmountError;

            /// Reads an `xs:decimal` of zero or more: digits and a point; a leading zero may be missing.
            fn from_str(text: &str) -> Result<Self, AmountError> {
                decimal(text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.plain())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

amount!(Usd);
amount!(Shares);
amount!(Amount);

impl Amount {
    /// Units × price; `None` if the exact product does not fit in 28 digits.
    pub fn of(units: Shares, price: Amount) -> Option<Self> {
        Usd::of(units, price.dollars()).map(|product| Self(product.0))
    }

    /// A hundredth of it.
    pub fn hundredth(self) -> Option<Self> {
        self.0.checked_div(Decimal::ONE_HUNDRED).map(Self)
    }

    /// The same number of US dollars: for a price whose currency is known to be the dollar.
    pub fn dollars(self) -> Usd {
        Usd(self.0)
    }
}

impl Shares {
    /// Rounded to whole shares, for a glance; less than one stays as it is.
    #[must_use]
    pub fn whole(self) -> Self {
        if self.0 < Decimal::ONE { self } else { Self(rounded(self.0, 0)) }
    }
}

impl Usd {
    /// Shares × price; `None` if the exact product does not fit in 28 digits.
    pub fn of(shares: Shares, price: Usd) -> Option<Self> {
        let (shares, price) = (shares.0.normalize(), price.0.normalize());
        let product = shares.checked_mul(price)?;
        let exact = shares.is_zero() || price.is_zero() || product.scale() == shares.scale() + price.scale();
        exact.then_some(Self(product))
    }

    /// This total spread over `shares`, to 28 digits; `None` if there are no shares.
    pub fn per(self, shares: Shares) -> Option<Self> {
        self.0.checked_div(shares.0).map(Self)
    }

    /// With separators and every digit, at least cents: `$110.2893`.
    pub fn exact(self) -> String {
        format!("${}", exact(self.0))
    }

    /// Short enough for a headline: `$2.66M`, `$850K`, `$1.25B`; with cents below a thousand.
    pub fn short(self) -> String {
        format!("${}", short(self.0, 0))
    }
}

impl fmt::Display for Usd {
    /// `$2,661,359.10`: cents, and more digits only below one cent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${}", cents(self.0))
    }
}

/// With separators and every digit, at least two after the point.
pub(super) fn exact(number: Decimal) -> String {
    let mut number = number.normalize();
    if number.scale() < 2 {
        number.rescale(2);
    }
    grouped(&number.to_string())
}

/// `2.66M`, `850K`, `1.25B`, with `of_hundreds` digits after the point if there are hundreds of the unit;
/// [`cents`] below a thousand.
pub(super) fn short(number: Decimal, of_hundreds: u32) -> String {
    const UNITS: [(i64, &str); 4] =
        [(1_000_000_000_000, "T"), (1_000_000_000, "B"), (1_000_000, "M"), (1_000, "K")];
    for (unit, suffix) in UNITS {
        let scaled = number / Decimal::from(unit);
        // From 0.9995 on, the smaller unit would round up to a thousand of itself.
        if scaled >= Decimal::new(9995, 4) {
            let digits = if scaled >= Decimal::from(100) { of_hundreds } else { 2 };
            return format!("{}{suffix}", rounded(scaled, digits));
        }
    }
    cents(number)
}

/// Two digits after the point, and more only below one hundredth.
pub(super) fn cents(number: Decimal) -> String {
    let tiny = !number.is_zero() && number < Decimal::new(1, 2);
    grouped(&if tiny { number.normalize().to_string() } else { rounded(number, 2).to_string() })
}

impl fmt::Display for Shares {
    /// `24,133`, and the fraction if there is one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&grouped(&self.plain()))
    }
}

fn decimal(text: &str) -> Result<Decimal, AmountError> {
    let bad = || AmountError::NotPlain(text.chars().take(40).collect());
    let trimmed = text.trim();
    let digits = trimmed.strip_prefix('+').unwrap_or(trimmed);
    let plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && digits.bytes().filter(|&b| b == b'.').count() <= 1
        && digits.bytes().any(|b| b.is_ascii_digit());
    if !plain {
        return Err(bad());
    }
    // Trailing zeros of a fraction mean nothing, and there may be more of them than fit.
    let digits =
        if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits };
    Decimal::from_str_exact(if digits.is_empty() { "0" } else { digits })
        .map_err(|_| AmountError::TooLong(trimmed.chars().take(40).collect()))
}

fn rounded(number: Decimal, digits: u32) -> Decimal {
    let mut rounded = number.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero);
    rounded.rescale(digits);
    rounded
}

/// Thousands separators for a plain decimal text.
pub(crate) fn grouped(text: &str) -> String {
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(w, f)| (w, Some(f)));
    let mut out = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(text: &str) -> Usd {
        text.parse().unwrap()
    }

    fn shares(text: &str) -> Shares {
        text.parse().unwrap()
    }

    #[test]
    fn the_seed_filing_is_exact() {
        let first = Usd::of(shares("23139"), usd("110.2893")).unwrap();
        let second = Usd::of(shares("994"), usd("110.0352")).unwrap();
        let total = first.plus(second).unwrap();
        assert_eq!(total.plain(), "2661359.1015");
        assert_eq!(total.to_string(), "$2,661,359.10");
        assert_eq!(total.short(), "$2.66M");
        assert_eq!(total.per(shares("24133")).unwrap().to_string(), "$110.28");
    }

    #[test]
    fn spellings_of_the_wild_are_read() {
        for (text, plain) in [
            (".4925", "0.4925"),
            ("3.49780", "3.4978"),
            ("0", "0"),
            ("12.", "12"),
            (" 5 ", "5"),
            ("0.000", "0"),
            ("+2", "2"),
        ] {
            assert_eq!(usd(text).plain(), plain);
        }
        for bad in [
            "",
            ".",
            "1e5",
            "1,000",
            "$5",
            "1.2.3",
            "--1",
            "-1000",
            "-0",
            "0x10",
            "99999999999999999999999999999999",
            "+",
        ] {
            assert!(bad.parse::<Usd>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_product_that_would_be_rounded_is_none() {
        assert_eq!(Usd::of(shares("999999999999.9999"), usd("999999999999.99999")), None);
        assert_eq!(Usd::of(shares("1000"), usd("0.0000")), Some(Usd::ZERO));
        assert_eq!(Usd::of(shares("1112900605"), usd("188139")).unwrap().plain(), "209380006924095");
    }

    #[test]
    fn a_sum_that_would_be_rounded_is_none() {
        assert_eq!(usd("100000000000000000000000").plus(usd("0.00000001")), None);
        assert_eq!(usd("0.1").plus(usd("0.90")).unwrap().plain(), "1");
        assert_eq!(Usd::of(shares("0.00000000000001"), usd("0.0000000000000001")), None);
        assert_eq!(usd(&format!("110.2893{}", "0".repeat(40))).plain(), "110.2893");
        let error = "9".repeat(30).parse::<Usd>().unwrap_err().to_string();
        assert!(error.contains("more digits than are kept exact"), "{error}");
    }

    #[test]
    fn people_read_separators() {
        assert_eq!(shares("5071531").to_string(), "5,071,531");
        assert_eq!(shares("1234.5").to_string(), "1,234.5");
        assert_eq!(usd("999").to_string(), "$999.00");
        assert_eq!(
            (usd("110.2893").exact(), usd("1200.5").exact()),
            ("$110.2893".into(), "$1,200.50".into())
        );
        assert_eq!(usd("0.0004").to_string(), "$0.0004");
        assert_eq!(usd("999999").short(), "$1.00M");
        assert_eq!(usd("499999").short(), "$500K");
        assert_eq!(usd("85000").short(), "$85.00K");
    }
}
