//! States and countries by EDGAR's codes, which are not ISO's: `IL` is Illinois, `L3` Israel
//! (<https://www.sec.gov/submit-filings/filer-support-resources/edgar-state-country-codes>).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use serde::{Serialize, Serializer};

/// A state or country.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Jurisdiction {
    /// EDGAR's code: `L3`.
    pub code: &'static str,
    /// Its name: `Israel`, `Delaware`, `Ontario`.
    pub name: &'static str,
    /// The ISO 3166-1 code of its country: `IL`, `US`, `CA`; empty if unknown.
    pub country: &'static str,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    State,
    Province,
    Country,
}

static PLACES: LazyLock<BTreeMap<&'static str, Jurisdiction>> = LazyLock::new(|| {
    let read = |line: &'static str| {
        let mut fields = line.split('\t');
        let (code, kind, name) = (fields.next()?, fields.next()?, fields.next()?);
        let kind = match kind {
            "us" => Kind::State,
            "ca" => Kind::Province,
            _ => Kind::Country,
        };
        Some((code, Jurisdiction { code, name, country: fields.next().unwrap_or_default(), kind }))
    };
    include_str!("places.tsv").lines().filter_map(read).collect()
});

/// Other common names of countries, and their ISO codes.
const OTHER_NAMES: [(&str, &str); 16] = [
    ("Britain", "GB"),
    ("Burma", "MM"),
    ("Curacao", "CW"),
    ("Czechia", "CZ"),
    ("England", "GB"),
    ("Great Britain", "GB"),
    ("Holland", "NL"),
    ("Korea", "KR"),
    ("Macao", "MO"),
    ("PRC", "CN"),
    ("Turkiye", "TR"),
    ("UAE", "AE"),
    ("UK", "GB"),
    ("United States of America", "US"),
    ("USA", "US"),
    ("Viet Nam", "VN"),
];

impl Jurisdiction {
    /// The place with EDGAR's code; `None` for a code that is not in its list.
    pub fn of_code(code: &str) -> Option<Self> {
        PLACES.get(code.trim().to_ascii_uppercase().as_str()).copied()
    }

    /// True if it is outside the United States and its territories; `None` if EDGAR itself does not know the
    /// place.
    pub fn is_abroad(self) -> Option<bool> {
        (!self.country.is_empty()).then_some(self.kind != Kind::State)
    }

    /// True if a text means this place: the name of a state, province or country, a country's ISO code, or
    /// another everyday name (`UK`), in upper or lower case.
    pub fn is_called(self, text: &str) -> bool {
        let other = OTHER_NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
        self.name.eq_ignore_ascii_case(text)
            || self.country.eq_ignore_ascii_case(other.map_or(text, |(_, code)| code))
            || self.country_name().is_some_and(|name| name.eq_ignore_ascii_case(text))
    }

    /// The name of its country.
    pub fn country_name(self) -> Option<&'static str> {
        match self.kind {
            Kind::State => Some("United States"),
            Kind::Province => Some("Canada"),
            Kind::Country => Some(self.name),
        }
    }

    /// All names and ISO codes that [`Self::is_called`] accepts for some place.
    pub fn names() -> impl Iterator<Item = &'static str> {
        let each = PLACES.values().flat_map(|place| [place.name, place.country]);
        let others = OTHER_NAMES.iter().map(|(name, _)| *name);
        each.chain(["United States", "Canada"]).chain(others).filter(|name| !name.is_empty())
    }
}

impl fmt::Display for Jurisdiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Serialize for Jurisdiction {
    /// `{"code": "L3", "name": "Israel", "country": "IL"}`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = [("code", self.code), ("name", self.name), ("country", self.country)];
        serializer.collect_map(fields.into_iter().filter(|(_, value)| !value.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_edgars_and_names_are_everyday_ones() {
        let place = |code: &str| Jurisdiction::of_code(code).unwrap();
        assert_eq!(
            (place("L3").name, place("l3").country, place("L3").is_abroad()),
            ("Israel", "IL", Some(true))
        );
        assert_eq!(
            (place("IL").name, place("IL").country, place("IL").is_abroad()),
            ("Illinois", "US", Some(false))
        );
        assert_eq!((place("A6").country, place("A6").country_name()), ("CA", Some("Canada")));
        assert_eq!(place("XX").is_abroad(), None);
        assert!(place("F5").is_called("taiwan") && place("F5").is_called("TW"));
        assert!(place("DE").is_called("Delaware") && place("DE").is_called("united states"));
        assert!(!place("IL").is_called("Israel"));
        assert_eq!(PLACES.len(), 309);
        assert_eq!(Jurisdiction::of_code("??"), None);
    }
}
