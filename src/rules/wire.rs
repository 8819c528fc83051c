//! A rule file as it is written, and its way into [`Rule`]s, with every mistake at once.

mod group;

use std::fmt::Display;
use std::ops::Range;

use toml::de::DeTable;

use super::keys::{self, CONDITIONS, RULE, Shape, TEST};
use super::{Mention, Rule, RuleTest, Selection, Span, Template};
use crate::destination::{Destination, is_name};
use crate::problem::{Problem, Reader, Source, Value, nearest};

/// A rule with more tests than this has a mistake.
const MOST_TESTS: usize = 200;
/// What is compiled is at most so long, in characters: the compiler goes as deep as it is long.
const LONGEST_TEMPLATE: usize = 2_000;
const LONGEST_EXPRESSION: usize = 1_000;
/// A text that a rule holds is at most so long, in characters.
const LONGEST_TEXT: usize = 4_000;

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

struct Wire<'a> {
    reader: Reader<'a>,
    known: &'a dyn Fn(&Destination) -> bool,
    defined: &'a [String],
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
        let of_rule: Vec<&str> = keys::listed(RULE.iter().chain(CONDITIONS));
        for key in table.keys().filter(|key| key.get_ref() != "rule") {
            let name: &str = key.get_ref();
            let help = match nearest(name, ["rule", "rules"].into_iter().chain(of_rule.iter().copied())) {
                Some("rule" | "rules") => "did you mean [[rule]]?".to_owned(),
                Some(near) if table.get(name).is_some_and(|value| value.get_ref().is_table()) => {
                    format!("below [[rule]], write [rule.{near}]")
                }
                Some("any" | "test") => format!("below [[rule]], write [[rule.{name}]]"),
                Some(near) => format!("keys like `{near}` stand below [[rule]]"),
                None => "a rule file has [[rule]] tables alone".to_owned(),
            };
            self.reader.report_with(key.span(), format!("a rule file has no key `{name}`"), help);
        }
    }

    fn rule(&mut self, value: &Value<'_>) -> Option<Placed> {
        let table = self.reader.table("rule", value, "a table")?;
        let known: Vec<&str> = keys::listed(RULE.iter().chain(CONDITIONS));
        let before = self.reader.problems.len();
        self.reader.only(table, &known, "a rule");
        // A key that is mistyped may be its condition.
        let mistyped = self.reader.problems.len() > before;
        let (name, span) = self.name(table, value);
        let conditions = self.group(table, &Selection::default(), 0);
        if conditions.is_none() && !mistyped {
            let what = format!("rule `{name}` has no condition, so it would ring for every sale");
            let help = "set at least one, like tickers = [\"QLYS\"] or min_value = 1_000_000";
            self.reader.report_with(span.clone(), what, help);
        }
        let place = Some(self.reader.place(span.clone()));
        let rule = Rule {
            description: self
                .text(table, "description")
                .map(|text| text.trim().to_owned())
                .filter(|t| !t.is_empty()),
            enabled: table
                .get("enabled")
                .and_then(|value| self.reader.flag("enabled", value))
                .unwrap_or(true),
            conditions: conditions.unwrap_or_default(),
            notify: table.get("notify").map(|value| self.notify(value)).unwrap_or_default(),
            cooldown: table.get("cooldown").and_then(|value| self.span("cooldown", value)),
            mention: table.get("mention").map(|value| self.mentions(value)).unwrap_or_default(),
            template: table.get("template").and_then(|value| self.template(value)),
            tests: table.get("test").map(|value| self.tests(value)).unwrap_or_default(),
            file: self.reader.source.file.to_owned(),
            place,
            name,
        };
        Some(Placed { rule, name: span })
    }

    fn name(&mut self, table: &DeTable<'_>, rule: &Value<'_>) -> (String, Range<usize>) {
        let Some(value) = table.get("name") else {
            let head = rule.span().start..rule.span().start + "[[rule]]".len();
            self.reader.report_with(
                head.clone(),
                "this rule has no name",
                "give it one: name = \"large-sales\"",
            );
            return (String::new(), head);
        };
        let name = self.reader.text("name", value, Shape::Name.expected()).unwrap_or_default();
        if !is_name(name) && value.get_ref().is_str() {
            let help = "use a-z, 0-9, - and _, at most 64 of them";
            self.reader.report_with(value.span(), format!("`{name}` is not a name"), help);
        }
        (name.to_owned(), value.span())
    }

    fn text(&mut self, table: &DeTable<'_>, key: &str) -> Option<String> {
        let value = table.get(key)?;
        let text = self.reader.text(key, value, keys::expected(key))?;
        self.bounded(key, text, value, LONGEST_TEXT).map(|()| text.to_owned())
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
            match text.parse::<Destination>() {
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
                        None => format!("it defines {}", self.defined.join(", ")),
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
        for mention in self.each("mention", value, read) {
            if !mentions.contains(&mention) {
                mentions.push(mention);
            }
        }
        mentions
    }

    fn span(&mut self, key: &str, value: &Value<'_>) -> Option<Span> {
        let text = self.reader.text(key, value, Shape::Span.expected())?;
        self.parsed(value, text.parse::<Span>(), Shape::Span)
    }

    fn template(&mut self, value: &Value<'_>) -> Option<Template> {
        let text = self.reader.text("template", value, Shape::Text.expected())?;
        self.bounded("template", text, value, LONGEST_TEMPLATE)?;
        match Template::new(text) {
            Ok(template) => Some(template),
            Err(error) => {
                self.reader.report_with(value.span(), error.what, error.help);
                None
            }
        }
    }

    fn tests(&mut self, value: &Value<'_>) -> Vec<RuleTest> {
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
        self.reader.only(table, &keys::listed(TEST), "a test");
        let (filing, rings) = (self.text(table, "filing"), table.get("rings"));
        for (missing, key, example) in [
            (table.get("filing").is_none(), "filing", "filing = \"0009900001-21-000001\""),
            (rings.is_none(), "rings", "rings = true"),
        ] {
            if missing {
                let help = format!("add {example}");
                self.reader.report_with(value.span(), format!("this test has no `{key}`"), help);
            }
        }
        let rings = self.reader.flag("rings", rings?)?;
        if let Some(because) = table.get("because").filter(|_| rings) {
            let help = "it names the condition that keeps a rule silent: leave it out, or set rings = false";
            self.reader.report_with(because.span(), "`because` needs rings = false", help);
        }
        for key in ["value", "shares"] {
            if let Some(value) = table.get(key).filter(|_| !rings) {
                let help = "nothing counts where a rule is silent: leave it out, or set rings = true";
                self.reader.report_with(value.span(), format!("`{key}` needs rings = true"), help);
            }
        }
        Some(RuleTest {
            filing: filing?,
            after: table
                .get("after")
                .map(|value| self.each("after", value, |text| Ok::<_, (String, String)>(text.to_owned())))
                .unwrap_or_default(),
            rings,
            value: table.get("value").and_then(|value| self.amount("value", value)),
            shares: table.get("shares").and_then(|value| self.amount("shares", value)),
            because: self.text(table, "because"),
            place: Some(self.reader.place(value.span())),
        })
    }

    /// Reports a text that is too long.
    fn bounded(&mut self, key: &str, text: &str, value: &Value<'_>, most: usize) -> Option<()> {
        if text.chars().count() <= most {
            return Some(());
        }
        self.reader.report_with(
            value.span(),
            format!("`{key}` is too long"),
            format!("at most {most} characters"),
        );
        None
    }

    /// Each text of a list, read.
    fn each<T>(
        &mut self,
        key: &str,
        value: &Value<'_>,
        read: impl Fn(&str) -> Result<T, (String, String)>,
    ) -> Vec<T> {
        let expected = keys::expected(key);
        let mut all = Vec::new();
        for item in self.reader.list(key, value, expected) {
            let Some(text) = self.reader.text(key, item, expected) else { continue };
            match read(text) {
                Ok(value) => all.push(value),
                Err((what, help)) => self.reader.report_with(item.span(), what, help),
            }
        }
        all
    }

    fn amount<T: std::str::FromStr<Err: Display>>(&mut self, key: &str, value: &Value<'_>) -> Option<T> {
        let text = self.reader.decimal(key, value)?;
        self.parsed(value, text.parse(), Shape::Number)
    }

    fn parsed<T>(&mut self, value: &Value<'_>, read: Result<T, impl Display>, shape: Shape) -> Option<T> {
        read.map_err(|error| {
            self.reader.report_with(value.span(), error, format!("expected {}", shape.expected()));
        })
        .ok()
    }
}
