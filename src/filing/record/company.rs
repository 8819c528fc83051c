//! The company of a filing as JSON.

use serde::{Deserialize, Serialize};

use crate::filing::{Issuer, Jurisdiction};

/// A company's facts as JSON: `null` if the header does not say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompanyRecord {
    /// Symbol in another market, as filed.
    #[serde(default)]
    pub foreign_symbol: Option<String>,
    /// True if it is a foreign company.
    #[serde(default)]
    pub foreign: Option<bool>,
    /// Four digits.
    #[serde(default)]
    pub sic: Option<String>,
    /// Its title.
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
        let name = |place: Option<Jurisdiction>| place.map(|place| place.name.to_owned());
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
