//! A rule file as it is written, and its way into [`Rule`]s, with every mistake at once.

mod group;
mod items;
mod test;
mod values;

use std::ops::Range;

use toml::de::DeTable;

use super::condition::{ConditionKey, Selection};
use super::expression::Template;
use super::keys::{RuleKey, Shape, names};
use super::rule::{Mention, Rule};
use crate::destination::{Destination, is_name};
use crate::problem::{Problem, Reader, Source, Value, nearest};
use values::Wire;

/// Most characters of an expression or template: the compiler goes as deep as it is long.
const LONGEST_TEMPLATE: usize = 2_000;

/// A rule and the place of its name, for duplicate checks across files.
pub(super) struct Placed {
    pub(super) rule: Rule,
    pub(super) name: Range<usize>,
}

/// Reads a rule file's text; `known` says which destinations the settings define.
pub(super) fn read(
    source: Source<'_>,
    known: &dyn Fn(&Destination) -> bool,
    defined: &[String],
) -> (Vec<Placed>, Vec<Problem>) {
    let (reader, table) = Reader::new(source);
    let mut wire = Wire { reader, known, defined };
    let rules = wire.file(&table);
    (rules, wire.reader.problems)
}

impl Wire<'_> {
    fn file(&mut self, table: &DeTable<'_>) -> Vec<Placed> {
        // What is not TOML leaves holes, which are no mistakes of their own.
        if !self.reader.problems.is_empty() {
            return Vec::new();
        }
        self.misplaced(table);
        let Some(rules) = table.get("rule") else {
            let problem = Problem::of_file(self.reader.source.file, "there is no [[rule]] in this file");
            self.reader.problems.push(problem);
            return Vec::new();
        };
        let Some(list) = rules.get_ref().as_array() else {
            let help = "write [[rule]], with two brackets on each side, above each rule";
            self.reader.report_with(rules.span(), "`rule` is not a list of rules", help);
            return Vec::new();
        };
        list.iter().filter_map(|rule| self.rule(rule)).collect()
    }

    /// Reports what stands beside the rules; most often it was meant to stand in one.
    fn misplaced(&mut self, table: &DeTable<'_>) {
        let of_rule = names(RuleKey::keys().chain(ConditionKey::keys()));
        for key in table.keys().filter(|key| key.get_ref() != "rule") {
            let name: &str = key.get_ref();
            let help = match nearest(name, ["rule", "rules"].into_iter().chain(of_rule.iter().copied())) {
                Some("rule" | "rules") => "did you mean [[rule]]?".to_owned(),
                Some(near) if table.get(name).is_some_and(|value| value.get_ref().is_table()) => {
                    format!("below [[rule]], write [rule.{near}]")
                }
                Some("any" | "test") => format!("below [[rule]], write [[rule.{name}]]"),
                Some(near) => format!("keys like `{near}` belong below [[rule]]"),
                None => "a rule file has [[rule]] tables alone".to_owned(),
            };
            self.reader.report_with(key.span(), format!("a rule file has no key `{name}`"), help);
        }
    }

    fn rule(&mut self, value: &Value<'_>) -> Option<Placed> {
        let table = self.reader.table("rule", value, "a table")?;
        let known = names(RuleKey::keys().chain(ConditionKey::keys()));
        let before = self.reader.problems.len();
        self.reader.only(table, &known, "a rule");
        // A key that is mistyped may be its condition.
        let mistyped = self.reader.problems.len() > before;
        let (name, span) = self.name(table, value);
        let conditions = self.group(table, &Selection::default(), 0);
        if conditions.is_none() && !mistyped {
            let what = format!("rule `{name}` has no condition, so it would match every sale");
            let help = "set at least one, like tickers = [\"QLYS\"] or min_value = 1_000_000";
            self.reader.report_with(span.clone(), what, help);
        }
        let place = Some(self.reader.place(span.clone()));
        let rule = Rule {
            description: self
                .text(table, RuleKey::Description.key())
                .map(|text| text.trim().to_owned())
                .filter(|t| !t.is_empty()),
            enabled: table
                .get(RuleKey::Enabled.name())
                .and_then(|value| self.reader.flag(RuleKey::Enabled.name(), value))
                .unwrap_or(true),
            conditions: conditions.unwrap_or_default(),
            notify: table.get(RuleKey::Notify.name()).map(|value| self.notify(value)).unwrap_or_default(),
            cooldown: table
                .get(RuleKey::Cooldown.name())
                .and_then(|value| self.span(RuleKey::Cooldown.key(), value)),
            mention: table.get(RuleKey::Mention.name()).map(|value| self.mentions(value)).unwrap_or_default(),
            template: table.get(RuleKey::Template.name()).and_then(|value| self.template(value)),
            tests: table.get(RuleKey::Test.name()).map(|value| self.tests(value)).unwrap_or_default(),
            file: self.reader.source.file.to_owned(),
            place,
            name,
        };
        Some(Placed { rule, name: span })
    }

    fn name(&mut self, table: &DeTable<'_>, rule: &Value<'_>) -> (String, Range<usize>) {
        let Some(value) = table.get(RuleKey::Name.name()) else {
            let head = rule.span().start..rule.span().start + "[[rule]]".len();
            self.reader.report_with(
                head.clone(),
                "this rule has no name",
                "give it one: name = \"large-sales\"",
            );
            return (String::new(), head);
        };
        let name = self.reader.text(RuleKey::Name.name(), value, Shape::Name.expected()).unwrap_or_default();
        if !is_name(name) && value.get_ref().is_str() {
            let help = "use a-z, 0-9, - and _, at most 64 of them";
            self.reader.report_with(value.span(), format!("`{name}` is not a name"), help);
        }
        (name.to_owned(), value.span())
    }

    fn notify(&mut self, value: &Value<'_>) -> Vec<Destination> {
        let mut destinations: Vec<Destination> = Vec::new();
        let Some(list) = value.get_ref().as_array() else {
            self.reader.mismatch("notify", value, Shape::Destinations.expected());
            return destinations;
        };
        for item in list {
            let Some(text) = self.reader.text("notify", item, Shape::Destinations.expected()) else {
                continue;
            };
            match Destination::in_file(text) {
                Ok(destination) if (self.known)(&destination) => {
                    if !destinations.contains(&destination) {
                        destinations.push(destination);
                    }
                }
                Ok(destination) => {
                    let help = match nearest(text, self.defined.iter().map(String::as_str)) {
                        Some(near) => {
                            format!("did you mean `{near}`? It defines {}", self.defined.join(", "))
                        }
                        None => format!("they define {}", self.defined.join(", ")),
                    };
                    let what = format!("the settings define no destination `{destination}`");
                    self.reader.report_with(item.span(), what, help);
                }
                Err(error) => {
                    let (what, help) = error.parts();
                    self.reader.report_with(item.span(), what, help);
                }
            }
        }
        destinations
    }

    fn mentions(&mut self, value: &Value<'_>) -> Vec<Mention> {
        let help = "expected role:ID, user:ID, here or everyone; right-click a role or member, \"Copy ID\"";
        let read = |text: &str| text.parse::<Mention>().map_err(|what| (what, help.to_owned()));
        let mut mentions: Vec<Mention> = Vec::new();
        for mention in self.each(RuleKey::Mention.key(), value, read) {
            if !mentions.contains(&mention) {
                mentions.push(mention);
            }
        }
        mentions
    }

    fn template(&mut self, value: &Value<'_>) -> Option<Template> {
        let text = self.reader.text("template", value, Shape::Text.expected())?;
        self.bounded(RuleKey::Template.key(), text, value, LONGEST_TEMPLATE)?;
        match Template::new(text) {
            Ok(template) => Some(template),
            Err(error) => {
                self.reader.report_with(value.span(), error.what, error.help);
                None
            }
        }
    }
}
