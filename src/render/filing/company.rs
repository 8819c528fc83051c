//! The company, from a filing's header.

use super::picture::Picture;
use crate::filing::Issuer;
use crate::text::plain;

impl Picture {
    /// Adds one line with the known facts: industry, countries, the symbol on another market, the fiscal
    /// year.
    pub(super) fn company(&mut self, issuer: &Issuer) {
        let facts = &issuer.facts;
        let mut known: Vec<String> = Vec::new();
        match (&facts.sector, &facts.sic) {
            (Some(sector), Some(sic)) => known.push(format!("{} (SIC {sic})", plain(sector))),
            (Some(sector), None) => known.push(plain(sector)),
            (None, Some(sic)) => known.push(format!("SIC {sic}")),
            (None, None) => {}
        }
        match (facts.located_in, facts.incorporated_in) {
            (Some(located), Some(incorporated)) if located == incorporated => known.push(located.to_string()),
            (Some(located), Some(incorporated)) => {
                known.push(format!("{located}, incorporated in {incorporated}"));
            }
            (Some(located), None) => known.push(located.to_string()),
            (None, Some(incorporated)) => known.push(format!("incorporated in {incorporated}")),
            (None, None) => {}
        }
        known.extend(issuer.home_symbol().map(|symbol| format!("{} abroad", plain(symbol))));
        known.extend(facts.fiscal_year_end_text().map(|day| format!("fiscal year ends {day}")));
        known.extend(facts.ein.as_ref().map(|ein| format!("EIN {ein}")));
        if !known.is_empty() {
            self.dim(&known.join(" · "));
        }
    }
}
