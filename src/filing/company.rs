//! The company in a submission's header, besides its name.

use chrono::NaiveDate;

use super::Jurisdiction;

/// Facts about a company from the header of a submission. A fact that the header does not state is `None`; a
/// bare XML document has no header.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompanyFacts {
    /// Its Standard Industrial Classification: four digits.
    pub sic: Option<String>,
    /// The title of that classification: `SEMICONDUCTORS & RELATED DEVICES`.
    pub sector: Option<String>,
    /// Where it is incorporated.
    pub incorporated_in: Option<Jurisdiction>,
    /// Where its address is: the business address, else the mailing address.
    pub located_in: Option<Jurisdiction>,
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

    /// Month and day from four digits, if there is such a day.
    pub fn day_of_year(digits: &str) -> Option<(u32, u32)> {
        let (month, day) = (digits.get(..2)?.parse().ok()?, digits.get(2..)?.parse().ok()?);
        // A leap year has every day.
        NaiveDate::from_ymd_opt(2024, month, day).map(|_| (month, day))
    }
}
