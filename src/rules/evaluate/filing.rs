//! Conditions on the filing itself, and on who reports.

use crate::filing::is_spelt_among;
use crate::rules::condition::{ConditionKey, Group};
use crate::rules::evaluator::Evaluator;
use crate::rules::phrases;
use crate::rules::truth::Truth;
use crate::rules::verdict::Recorder;
use crate::rules::wanted::{Amendments, OwnerWanted, RoleWanted};

impl<R: Recorder> Evaluator<'_, R> {
    /// True if the filing is what the group asks for.
    pub(super) fn which_filing(&mut self, group: &Group) -> Truth {
        let mut holds = Truth::Yes;
        let filing = self.subject.filing;
        if !group.ciks.is_empty() {
            let words = || (phrases::list(&group.ciks), filing.issuer.cik.to_string());
            self.note(&mut holds, ConditionKey::Ciks, group.ciks.contains(&filing.issuer.cik), words);
        }
        if !group.tickers.is_empty() {
            let tickers = self.subject.tickers();
            let has =
                group.tickers.iter().any(|ticker| is_spelt_among(ticker, tickers, &filing.issuer.taken));
            let own = || match filing.issuer.taken.as_slice() {
                [] => phrases::list(tickers),
                taken => {
                    format!("{} ({} is another company's)", phrases::list(tickers), phrases::list(taken))
                }
            };
            self.note(&mut holds, ConditionKey::Tickers, has, || (phrases::list(&group.tickers), own()));
        }
        if !group.forms.is_empty() {
            let words = || (phrases::list(&group.forms), filing.form.to_string());
            self.note(&mut holds, ConditionKey::Forms, group.forms.contains(&filing.form), words);
        }
        if let Some(amendments) = group.amendments {
            let (is, words) = match amendments {
                Amendments::Include => (true, "with amendments"),
                Amendments::Exclude => (!filing.form.is_amendment(), "no amendments"),
                Amendments::Only => (filing.form.is_amendment(), "amendments only"),
            };
            self.note(&mut holds, ConditionKey::Amendments, is, || {
                (words.to_owned(), format!("form {}", filing.form))
            });
        }
        holds
    }

    /// True if the reporting persons are those that the group asks for.
    pub(super) fn who(&mut self, group: &Group) -> Truth {
        let mut holds = Truth::Yes;
        let filing = self.subject.filing;
        if !group.owners.is_empty() {
            let names = self.subject.names();
            let is = |wanted: &OwnerWanted| {
                filing.owners.iter().zip(names).any(|(owner, name)| match wanted {
                    OwnerWanted::Cik(cik) => owner.cik == Some(*cik),
                    OwnerWanted::Name(words) => words.iter().all(|word| name.contains(word)),
                })
            };
            let found =
                || filing.owners.iter().map(|owner| owner.name.as_str()).collect::<Vec<_>>().join("; ");
            self.note(&mut holds, ConditionKey::Owners, group.owners.iter().any(is), || {
                (phrases::list(&group.owners), found())
            });
        }
        for (key, wanted, is_wanted) in [
            (ConditionKey::Roles, &group.roles, true),
            (ConditionKey::ExcludeRoles, &group.exclude_roles, false),
        ] {
            if !wanted.is_empty() {
                let roles = self.subject.roles();
                let has = |role: &RoleWanted| roles.iter().any(|own| role.is_among(own));
                let words = || {
                    let none = if is_wanted { "" } else { "none of " };
                    (format!("{none}{}", phrases::list(wanted)), phrases::roles(roles))
                };
                self.note(&mut holds, key, wanted.iter().any(has) == is_wanted, words);
            }
        }
        holds
    }
}
