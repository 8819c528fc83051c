//! `[[rule.test]]`: filings, and what must happen for them.

use super::values::{Item, Wire};
use crate::problem::Value;
use crate::rules::keys::{Shape, TestKey, names};
use crate::rules::rule::RuleTest;

/// A rule with more tests than this has a mistake.
const MOST_TESTS: usize = 200;

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
        self.reader.only(table, &names(TestKey::keys()), "a test");
        let (filing, rings) = (self.text(table, TestKey::Filing.key()), table.get(TestKey::Rings.name()));
        for (key, example) in
            [(TestKey::Filing, "filing = \"0009900001-21-000001\""), (TestKey::Rings, "rings = true")]
        {
            if !table.contains_key(key.name()) {
                let help = format!("add {example}");
                self.reader.report_with(value.span(), format!("this test has no `{}`", key.name()), help);
            }
        }
        let rings = self.reader.flag(TestKey::Rings.name(), rings?)?;
        if let Some(because) = table.get(TestKey::Because.name()).filter(|_| rings) {
            let help = "it names the condition that keeps a rule silent: leave it out, or set rings = false";
            self.reader.report_with(because.span(), "`because` needs rings = false", help);
        }
        for key in [TestKey::Value, TestKey::Shares] {
            if let Some(value) = table.get(key.name()).filter(|_| !rings) {
                let help = "nothing counts where a rule is silent: leave it out, or set rings = true";
                self.reader.report_with(value.span(), format!("`{}` needs rings = true", key.name()), help);
            }
        }
        Some(RuleTest {
            filing: filing?,
            after: table
                .get(TestKey::After.name())
                .map(|value| self.each(TestKey::After.key(), value, |text| Item::Ok(text.to_owned())))
                .unwrap_or_default(),
            rings,
            value: table
                .get(TestKey::Value.name())
                .and_then(|value| self.amount(TestKey::Value.key(), value)),
            shares: table
                .get(TestKey::Shares.name())
                .and_then(|value| self.amount(TestKey::Shares.key(), value)),
            because: self.text(table, TestKey::Because.key()),
            place: Some(self.reader.place(value.span())),
        })
    }
}
