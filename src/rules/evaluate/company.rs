//! Conditions on the company, from the header of its filing: its industry, its countries, whether it is
//! foreign.

use crate::filing::Jurisdiction;
use crate::rules::condition::{ConditionKey, Group};
use crate::rules::evaluator::Evaluator;
use crate::rules::fold::phrase;
use crate::rules::phrases::list;
use crate::rules::truth::Truth;
use crate::rules::verdict::Recorder;

const UNSTATED: &str = "not stated: the filing has no header that says it";

impl<R: Recorder> Evaluator<'_, R> {
    /// True if the company is what the group asks for.
    pub(super) fn which_company(&mut self, group: &Group) -> Truth {
        let mut holds = Truth::Yes;
        let wanted = &group.company;
        if wanted.is_empty() {
            return holds;
        }
        let issuer = &self.subject.filing.issuer;
        let facts = &issuer.facts;
        let stated = |text: Option<&str>| text.unwrap_or(UNSTATED).to_owned();
        let known = |is: Option<bool>| is.map_or(Truth::Unknown, Truth::from);
        if !wanted.sic.is_empty() {
            let is = facts.sic.as_ref().map(|sic| wanted.sic.iter().any(|digits| sic.starts_with(digits)));
            self.note(&mut holds, ConditionKey::Sic, known(is), || {
                (list(&wanted.sic), stated(facts.sic.as_deref()))
            });
        }
        if !wanted.sectors.is_empty() {
            let is = facts.sector.as_ref().map(|title| {
                let title = format!(" {} ", phrase(title));
                wanted.sectors.iter().any(|words| title.contains(&format!(" {words} ")))
            });
            let words = || (list(&wanted.sectors), stated(facts.sector.as_deref()));
            self.note(&mut holds, ConditionKey::Sector, known(is), words);
        }
        if !wanted.countries.is_empty() {
            let places = || [facts.located_in, facts.incorporated_in].into_iter().flatten();
            let called = |place: Jurisdiction| wanted.countries.iter().any(|name| place.is_called(name));
            // The place of incorporation is often missing; the address is not.
            let is = match places().any(called) {
                true => Some(true),
                false => facts.located_in.map(|_| false),
            };
            let found = || if places().next().is_none() { UNSTATED.to_owned() } else { list(places()) };
            self.note(&mut holds, ConditionKey::Country, known(is), || (list(&wanted.countries), found()));
        }
        if let Some(foreign) = wanted.foreign {
            let word = |is: bool| if is { "a foreign company" } else { "an American company" }.to_owned();
            let is = issuer.is_foreign();
            let found = || is.map_or_else(|| UNSTATED.to_owned(), word);
            self.note(&mut holds, ConditionKey::Foreign, known(is.map(|is| is == foreign)), || {
                (word(foreign), found())
            });
        }
        holds
    }
}
