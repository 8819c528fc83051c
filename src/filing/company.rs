//! What a submission's header says of the company, besides its name.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Issuer, Place};

/// Facts of a company from the header of a submission. What the header does not say is `None`; a bare XML document has no header.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompanyFacts {
    /// Its Standard Industrial Classification: four digits.
    pub sic: Option<String>,
    /// What that is called: `SEMICONDUCTORS & RELATED DEVICES`.
    pub sector: Option<String>,
    /// Where it is incorporated.
    pub incorporated_in: Option<Place>,
    /// Where it has its address: that of its business, else that for mail.
    pub located_in: Option<Place>,
    /// The last day of its fiscal year: month and day.
    pub fiscal_year_end: Option<(u32, u32)>,
    /// Its Employer Identification Number: nine digits.
    pub ein: Option<String>,
}

impl CompanyFacts {
    /// The last day of its fiscal year, `12-31`.
    pub fn fiscal_year_end_text(&self) -> Option<String> {
        self.fiscal_year_end.map(|(month, day)| format!("{month:02}-{day:02}"))
    }

    /// Month and day of four digits, where there is such a day.
    pub fn day_of_year(digits: &str) -> Option<(u32, u32)> {
        let (month, day) = (digits.get(..2)?.parse().ok()?, digits.get(2..)?.parse().ok()?);
        // A leap year has all of them.
        NaiveDate::from_ymd_opt(2024, month, day).map(|_| (month, day))
    }
}

impl Issuer {
    /// Whether it is a foreign company: it has its address outside the United States, or a symbol of another market. Where it is
    /// incorporated does not count, as many American companies are incorporated on islands. `None` where neither is stated.
    pub fn is_foreign(&self) -> Option<bool> {
        if self.home_symbol().is_some() {
            return Some(true);
        }
        self.facts.located_in?.is_abroad()
    }

    /// Its symbol in another market, where the form names one that is not its American one.
    pub fn home_symbol(&self) -> Option<&str> {
        const NONE: [&str; 7] = ["none", "n/a", "na", "n.a.", "-", "not applicable", "no"];
        let symbol = self.foreign_symbol.as_deref()?.trim();
        let is_none = NONE.iter().any(|none| symbol.eq_ignore_ascii_case(none));
        let own = self.symbol.as_deref().is_some_and(|own| own.trim().eq_ignore_ascii_case(symbol));
        (!symbol.is_empty() && !is_none && !own).then_some(symbol)
    }
}

/// A company's facts as JSON: `null` where the header does not say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompanyRecord {
    /// Symbol in another market, as filed.
    #[serde(default)]
    pub foreign_symbol: Option<String>,
    /// Whether it is a foreign company.
    #[serde(default)]
    pub foreign: Option<bool>,
    /// Four digits.
    #[serde(default)]
    pub sic: Option<String>,
    /// What that is called.
    #[serde(default)]
    pub sector: Option<String>,
    /// Name of the state or country.
    #[serde(default)]
    pub incorporated_in: Option<String>,
    /// Name of the state or country of its address.
    #[serde(default)]
    pub located_in: Option<String>,
    /// ISO code of the country of its address.
    #[serde(default)]
    pub country: Option<String>,
    /// `MM-DD`.
    #[serde(default)]
    pub fiscal_year_end: Option<String>,
    /// Nine digits.
    #[serde(default)]
    pub ein: Option<String>,
}

impl From<&Issuer> for CompanyRecord {
    fn from(issuer: &Issuer) -> Self {
        let facts = &issuer.facts;
        let name = |place: Option<Place>| place.map(|place| place.name.to_owned());
        Self {
            foreign_symbol: issuer.foreign_symbol.clone(),
            foreign: issuer.is_foreign(),
            sic: facts.sic.clone(),
            sector: facts.sector.clone(),
            incorporated_in: name(facts.incorporated_in),
            located_in: name(facts.located_in),
            country: facts.located_in.map(|place| place.country.to_owned()).filter(|code| !code.is_empty()),
            fiscal_year_end: facts.fiscal_year_end_text(),
            ein: facts.ein.clone(),
        }
    }
}
