//! `[[rule.test]]`: filings, and what must happen for them.

use super::values::{Item, Wire};
use crate::problem::Value;
use crate::rules::keys::{Shape, TestKey, names};
use crate::rules::rule::RuleTest;

/// A rule with more tests than this has a mistake.
const MOST_TESTS: usize = 200;
/// The name that `alerts` had before.
const ALERTS_BEFORE: &str = "rings";

impl Wire<'_> {
    /// The tests of a rule.
    pub(super) fn tests(&mut self, value: &Value<'_>) -> Vec<RuleTest> {
        let Some(list) = value.get_ref().as_array() else {
            self.reader.mismatch("test", value, Shape::Tests.expected());
            return Vec::new();
        };
        if list.len() > MOST_TESTS {
            let what = format!("{} tests are more than the {MOST_TESTS} that a rule may have", list.len());
            self.reader.report(value.span(), what);
        }
        list.iter().filter_map(|test| self.test(test)).collect()
    }

    fn test(&mut self, value: &Value<'_>) -> Option<RuleTest> {
        let table = self.reader.table("test", value, "a table")?;
        self.reader.only_or_before(table, &names(TestKey::keys()), &[ALERTS_BEFORE], "a test");
        let filing = self.text(table, TestKey::Filing.key());
        let alerts = self.reader.renamed(table, TestKey::Alerts.name(), ALERTS_BEFORE);
        let renamed = self.reader.renamed.pop();
        for (key, example, is_there) in [
            (
                TestKey::Filing,
                "filing = \"0009900001-21-000001\"",
                table.contains_key(TestKey::Filing.name()),
            ),
            (TestKey::Alerts, "alerts = true", alerts.is_some()),
        ] {
            if !is_there {
                let help = format!("add {example}");
                self.reader.report_with(value.span(), format!("this test has no `{}`", key.name()), help);
            }
        }
        let alerts = self.reader.flag(TestKey::Alerts.name(), alerts?)?;
        if let Some(because) = table.get(TestKey::Because.name()).filter(|_| alerts) {
            let help = "it names the condition that prevents the alert: remove it, or set alerts = false";
            self.reader.report_with(because.span(), "`because` needs alerts = false", help);
        }
        for key in [TestKey::Value, TestKey::Shares] {
            if let Some(value) = table.get(key.name()).filter(|_| !alerts) {
                let help = "without an alert there is nothing to count: remove it, or set alerts = true";
                self.reader.report_with(value.span(), format!("`{}` needs alerts = true", key.name()), help);
            }
        }
        Some(RuleTest {
            filing: filing?,
            after: table
                .get(TestKey::After.name())
                .map(|value| self.each(TestKey::After.key(), value, |text| Item::Ok(text.to_owned())))
                .unwrap_or_default(),
            alerts,
            value: table
                .get(TestKey::Value.name())
                .and_then(|value| self.amount(TestKey::Value.key(), value)),
            shares: table
                .get(TestKey::Shares.name())
                .and_then(|value| self.amount(TestKey::Shares.key(), value)),
            because: self.text(table, TestKey::Because.key()),
            place: Some(self.reader.place(value.span())),
            renamed,
        })
    }
}
