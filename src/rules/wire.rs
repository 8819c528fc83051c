//! A rule file as it is written, and its way into [`Rule`]s.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};
use toml::Spanned;

use super::Rule;
use crate::destination::{Destination, is_name};
use crate::filing::{Cik, Code, CodeError, Shares, Usd, is_ticker};
use crate::problem::{Problem, Source};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireFile {
    #[serde(default)]
    rule: Vec<Spanned<WireRule>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireRule {
    name: Spanned<String>,
    description: Option<String>,
    tickers: Option<Spanned<Vec<Spanned<String>>>>,
    ciks: Option<Spanned<Vec<Spanned<u64>>>>,
    codes: Option<Spanned<Vec<Spanned<String>>>>,
    min_value: Option<Spanned<Number>>,
    min_shares: Option<Spanned<Number>>,
    #[serde(default)]
    notify: Vec<Spanned<String>>,
}

/// A number as a whole number or, where it has a fraction, as a decimal in quotes: floats are not exact.
struct Number(String);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberVisitor;
        impl Visitor<'_> for NumberVisitor {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number like 1_000_000, or a decimal in quotes like \"0.50\"")
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Number, E> {
                Ok(Number(number.to_string()))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Number, E> {
                Ok(Number(text.replace('_', "")))
            }
        }
        deserializer.deserialize_any(NumberVisitor)
    }
}

/// A rule and the place of its name, for duplicate checks across files.
pub(super) struct Placed {
    pub(super) rule: Rule,
    pub(super) name: Spanned<String>,
}

/// Reads a rule file's text; `known` says which destinations the settings define.
pub(super) fn read(
    source: Source<'_>,
    known: &dyn Fn(&Destination) -> bool,
    defined: &[String],
) -> (Vec<Placed>, Vec<Problem>) {
    let wire: WireFile = match source.read() {
        Ok(wire) => wire,
        Err(problem) => return (Vec::new(), vec![problem]),
    };
    let mut reader = Reader { source, known, defined, problems: Vec::new() };
    let rules: Vec<Placed> = wire.rule.into_iter().map(|rule| reader.rule(rule)).collect();
    if rules.is_empty() {
        let message = "there is no [[rule]] in this file".to_owned();
        reader.problems.push(Problem { file: source.file.to_owned(), place: None, message });
    }
    (rules, reader.problems)
}

struct Reader<'a> {
    source: Source<'a>,
    known: &'a dyn Fn(&Destination) -> bool,
    defined: &'a [String],
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn rule(&mut self, wire: Spanned<WireRule>) -> Placed {
        let start = Spanned::new(wire.span(), ());
        let wire = wire.into_inner();
        if !is_name(wire.name.get_ref()) {
            let message =
                format!("`{}` is not a name: use a-z, 0-9, - and _, at most 64 of them", wire.name.get_ref());
            self.report(&wire.name, message);
        }
        let conditions = [
            wire.tickers.is_some(),
            wire.ciks.is_some(),
            wire.codes.is_some(),
            wire.min_value.is_some(),
            wire.min_shares.is_some(),
        ];
        if !conditions.contains(&true) {
            let message = format!(
                "rule `{}` has no condition, so it would ring for every sale: set at least one of tickers, ciks, codes, min_value, min_shares",
                wire.name.get_ref()
            );
            self.report(&start, message);
        }
        let codes = self.set(wire.codes, "codes", |text: &String| code(text));
        let rule = Rule {
            tickers: self.set(wire.tickers, "tickers", |text: &String| ticker(text)),
            ciks: self.set(wire.ciks, "ciks", |&number| {
                Cik::new(number).ok_or_else(|| format!("{number} is not a CIK: expected 1 to 9999999999"))
            }),
            codes: if codes.is_empty() { BTreeSet::from([Code::SALE]) } else { codes },
            min_value: self.threshold::<Usd>(wire.min_value.as_ref(), "min_value"),
            min_shares: self.threshold::<Shares>(wire.min_shares.as_ref(), "min_shares"),
            notify: self.notify(&wire.notify),
            description: wire.description.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()),
            name: wire.name.get_ref().clone(),
        };
        Placed { rule, name: wire.name }
    }

    fn set<W, T: Ord>(
        &mut self,
        wire: Option<Spanned<Vec<Spanned<W>>>>,
        key: &str,
        read: impl Fn(&W) -> Result<T, String>,
    ) -> BTreeSet<T> {
        let Some(wire) = wire else { return BTreeSet::new() };
        if wire.get_ref().is_empty() {
            self.report(&wire, format!("`{key}` is empty: leave it out, or give at least one"));
        }
        let mut set = BTreeSet::new();
        for item in wire.get_ref() {
            match read(item.get_ref()) {
                Ok(value) => {
                    set.insert(value);
                }
                Err(message) => self.report(item, message),
            }
        }
        set
    }

    fn threshold<T>(&mut self, wire: Option<&Spanned<Number>>, key: &str) -> Option<T>
    where
        T: FromStr + Default + PartialOrd,
        T::Err: fmt::Display,
    {
        let wire = wire?;
        match wire.get_ref().0.parse::<T>() {
            Ok(value) if value > T::default() => Some(value),
            Ok(_) => {
                self.report(wire, format!("`{key}` must be above zero"));
                None
            }
            Err(error) => {
                self.report(wire, error);
                None
            }
        }
    }

    fn notify(&mut self, wire: &[Spanned<String>]) -> Vec<Destination> {
        let mut destinations: Vec<Destination> = Vec::new();
        for item in wire {
            match item.get_ref().parse::<Destination>() {
                Ok(destination) if (self.known)(&destination) => {
                    if !destinations.contains(&destination) {
                        destinations.push(destination);
                    }
                }
                Ok(destination) => {
                    let message = format!(
                        "the settings define no destination `{destination}`, only {}",
                        self.defined.join(", ")
                    );
                    self.report(item, message);
                }
                Err(error) => self.report(item, error),
            }
        }
        destinations
    }

    fn report<T>(&mut self, value: &Spanned<T>, message: impl fmt::Display) {
        self.problems.push(self.source.problem(value, message));
    }
}

fn ticker(text: &str) -> Result<String, String> {
    let upper = text.trim().to_ascii_uppercase();
    if is_ticker(&upper) {
        Ok(upper)
    } else {
        Err(format!("`{text}` is not a ticker: expected 1 to 6 letters, like QLYS"))
    }
}

fn code(text: &str) -> Result<Code, String> {
    let code: Code = text.parse().map_err(|error: CodeError| error.to_string())?;
    match code.letter() {
        // Marks of the paper form, which the XML keeps in elements of their own.
        'K' | 'V' => {
            Err(format!("no filing states code {code}: EDGAR keeps it apart from the transaction code"))
        }
        _ if code.meaning().is_none() => {
            Err(format!("`{code}` is not a code of the SEC's list: S is a sale, P a purchase"))
        }
        _ => Ok(code),
    }
}
