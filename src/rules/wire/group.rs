//! Groups of conditions: a rule's own, the branches of `any`, the body of `not`.

use std::collections::BTreeSet;

use toml::de::{DeTable, DeValue};

use super::items::{code, country, currency, form, sector, security, sic, ticker};
use super::values::Wire;
use crate::filing::{Cik, Code};
use crate::problem::Value;
use crate::rules::condition::{ConditionKey, Field, Group, LotField, Selection};
use crate::rules::expression::When;
use crate::rules::fold::name_words;
use crate::rules::keys::{ClusterKey, CumulativeKey, Key, RuleKey, Shape, names};
use crate::rules::wanted::{
    Amendments, Cluster, Cumulative, DirectionWanted, INTENTS, OWNERSHIPS, OwnerWanted, PLANS, Per,
    RoleWanted, TABLES,
};

/// Groups nest at most so deep.
const MOST_DEPTH: usize = 6;
/// An `any` has at most so many branches.
const MOST_BRANCHES: usize = 100;
/// An expression is at most so long, in characters: the compiler goes as deep as it is long.
const LONGEST_EXPRESSION: usize = 1_000;

impl Wire<'_> {
    /// The conditions of a table; `None` where it states none. What it does not state of the lots it has from `outer`.
    pub(super) fn group(&mut self, table: &DeTable<'_>, outer: &Selection, depth: usize) -> Option<Group> {
        let mut group = Group { selection: outer.clone(), ..Group::default() };
        let mut stated = false;
        // The lots first: what is nested has them from here.
        let (nested, own): (Vec<ConditionKey>, Vec<_>) =
            ConditionKey::ALL.iter().partition(|key| key.is_nested());
        for key in own.into_iter().chain(nested) {
            if let Some(value) = table.get(key.name()) {
                stated = true;
                self.condition(key, value, &mut group, depth);
            }
        }
        stated.then_some(group)
    }

    fn condition(&mut self, condition: ConditionKey, value: &Value<'_>, group: &mut Group, depth: usize) {
        let key = condition.key();
        match condition.kind() {
            Field::Tickers(place) => *place(group) = self.each(key, value, ticker).into_iter().collect(),
            Field::Ciks(place) => *place(group) = self.ciks(key, value),
            Field::Owners(place) => *place(group) = self.owners(key, value),
            Field::Sics(place) => *place(group) = self.each(key, value, sic),
            Field::Sectors(place) => *place(group) = self.each(key, value, sector),
            Field::Countries(place) => *place(group) = self.each(key, value, country),
            Field::Flag(place) => *place(group) = self.reader.flag(key.name, value),
            Field::Forms(place) => *place(group) = self.each(key, value, form),
            Field::Amendments(place) => {
                *place(group) = self.reader.word(key.name, value, &Amendments::WORDS);
            }
            Field::Roles(place) => *place(group) = self.reader.words(key.name, value, &RoleWanted::WORDS),
            Field::Lots(field) => {
                group.stated.push(condition);
                self.selection(key, &field, value, &mut group.selection);
            }
            Field::Number(set) => {
                self.figure(key, value, |digits| set(group, digits));
            }
            Field::Percent(place) => *place(group) = self.percent(key, value),
            Field::Cluster(place) => *place(group) = self.cluster(key, value),
            Field::Cumulative(place) => *place(group) = self.cumulative(key, value),
            Field::Span(place) => *place(group) = self.span(key, value),
            Field::When(place) => *place(group) = self.when(key, value),
            Field::Any(place) => {
                if let Some(outer) = self.nested(value, group, depth) {
                    *place(group) = self.branches(key, value, &outer, depth);
                }
            }
            Field::Not(place) => {
                if let Some(outer) = self.nested(value, group, depth) {
                    *place(group) = self.body(key, value, &outer, depth).map(Box::new);
                }
            }
        }
    }

    fn selection(&mut self, key: Key, field: &LotField, value: &Value<'_>, lots: &mut Selection) {
        match field {
            LotField::Codes(place) => {
                let codes: BTreeSet<Code> = self.each(key, value, code).into_iter().collect();
                if !codes.is_empty() {
                    *place(lots) = codes;
                }
            }
            LotField::Table(place) => {
                if let Some(table) = self.reader.word(key.name, value, &TABLES) {
                    *place(lots) = table;
                }
            }
            LotField::Securities(place) => *place(lots) = self.each(key, value, security),
            LotField::Ownership(place) => *place(lots) = self.reader.word(key.name, value, &OWNERSHIPS),
            LotField::Direction(place) => {
                *place(lots) = self.reader.word(key.name, value, &DirectionWanted::WORDS);
            }
            LotField::Plans(place) => *place(lots) = self.reader.words(key.name, value, &PLANS),
            LotField::Intents(place) => *place(lots) = self.reader.words(key.name, value, &INTENTS),
            LotField::Currencies(place) => *place(lots) = self.each(key, value, currency),
            LotField::Number(set) => {
                self.figure(key, value, |digits| set(lots, digits));
            }
        }
    }

    /// The selection that groups within a group inherit; `None`, and a mistake, where they nest too deep.
    fn nested(&mut self, value: &Value<'_>, group: &Group, depth: usize) -> Option<Selection> {
        if depth >= MOST_DEPTH {
            let help = "write it as rules of their own";
            self.reader.report_with(value.span(), format!("groups nest deeper than {MOST_DEPTH}"), help);
            return None;
        }
        Some(group.selection.clone())
    }

    fn branches(&mut self, key: Key, value: &Value<'_>, outer: &Selection, depth: usize) -> Vec<Group> {
        let branches = self.reader.list(key.name, value, key.shape.expected());
        if branches.len() > MOST_BRANCHES {
            let what = format!("{} branches are more than the {MOST_BRANCHES} of an `any`", branches.len());
            self.reader.report_with(value.span(), what, "write it as rules of their own");
        }
        let branches = branches.iter().take(MOST_BRANCHES);
        branches.filter_map(|branch| self.body(key, branch, outer, depth)).collect()
    }

    fn body(&mut self, key: Key, value: &Value<'_>, outer: &Selection, depth: usize) -> Option<Group> {
        let table = self.reader.table(key.name, value, Shape::Group.expected())?;
        let (conditions, of_rule) = (names(ConditionKey::keys()), names(RuleKey::keys()));
        for own in table.keys().filter(|own| of_rule.contains(&own.get_ref().as_ref())) {
            let what = format!("`{}` is of the rule, not of a group of `{}`", own.get_ref(), key.name);
            self.reader.report_with(own.span(), what, "write it beside the rule's name");
        }
        let all: Vec<&str> = conditions.into_iter().chain(of_rule).collect();
        self.reader.only(table, &all, &format!("a group of `{}`", key.name));
        let group = self.group(table, outer, depth + 1);
        if group.is_none() && table.is_empty() {
            let help = format!("expected {}", Shape::Group.expected());
            self.reader.report_with(value.span(), format!("a group of `{}` is empty", key.name), help);
        }
        group
    }

    fn ciks(&mut self, key: Key, value: &Value<'_>) -> BTreeSet<Cik> {
        let items = self.reader.list(key.name, value, key.shape.expected());
        items.iter().filter_map(|item| self.cik(key, item)).collect()
    }

    fn cik(&mut self, key: Key, value: &Value<'_>) -> Option<Cik> {
        let number = self.reader.whole(key.name, value, key.shape.expected())?;
        let cik = u64::try_from(number).ok().and_then(Cik::new);
        if cik.is_none() {
            let help = "expected 1 to 9999999999";
            self.reader.report_with(value.span(), format!("{number} is not a CIK"), help);
        }
        cik
    }

    fn owners(&mut self, key: Key, value: &Value<'_>) -> Vec<OwnerWanted> {
        let mut owners = Vec::new();
        for item in self.reader.list(key.name, value, key.shape.expected()) {
            if let DeValue::String(name) = item.get_ref() {
                let words = name_words(name);
                if words.is_empty() {
                    let help = "give at least a family name";
                    self.reader.report_with(item.span(), format!("`{name}` is not a name"), help);
                } else {
                    owners.push(OwnerWanted::Name(words));
                }
            } else {
                owners.extend(self.cik(key, item).map(OwnerWanted::Cik));
            }
        }
        owners
    }

    fn cluster(&mut self, key: Key, value: &Value<'_>) -> Option<Cluster> {
        let table =
            self.part(key, value, ClusterKey::keys(), ClusterKey::REQUIRED.iter().map(|key| key.key()))?;
        let insiders = table.get(ClusterKey::Insiders.name()).and_then(|value| {
            let number = self.reader.whole(ClusterKey::Insiders.name(), value, Shape::Insiders.expected())?;
            let number = u32::try_from(number).ok().filter(|number| (2..=1_000).contains(number));
            if number.is_none() {
                let what = "`insiders` must be 2 to 1,000";
                self.reader.report_with(value.span(), what, "a cluster needs at least two insiders");
            }
            number
        });
        let within =
            table.get(ClusterKey::Within.name()).and_then(|value| self.span(ClusterKey::Within.key(), value));
        let min_value = table
            .get(ClusterKey::MinValue.name())
            .and_then(|value| self.threshold(ClusterKey::MinValue.key(), value));
        Some(Cluster { insiders: insiders?, within: within?, min_value })
    }

    fn cumulative(&mut self, key: Key, value: &Value<'_>) -> Option<Cumulative> {
        let table = self.part(
            key,
            value,
            CumulativeKey::keys(),
            CumulativeKey::REQUIRED.iter().map(|key| key.key()),
        )?;
        let per = table.get(CumulativeKey::Per.name()).map_or(Some(Per::Owner), |value| {
            self.reader.word(CumulativeKey::Per.name(), value, &Per::WORDS)
        });
        let within = table
            .get(CumulativeKey::Within.name())
            .and_then(|value| self.span(CumulativeKey::Within.key(), value));
        let min_value = table
            .get(CumulativeKey::MinValue.name())
            .and_then(|value| self.threshold(CumulativeKey::MinValue.key(), value));
        Some(Cumulative { per: per?, within: within?, min_value: min_value? })
    }

    /// A table with keys of its own, of which some must be there.
    fn part<'v, 'd>(
        &mut self,
        key: Key,
        value: &'v Value<'d>,
        known: impl Iterator<Item = Key>,
        required: impl Iterator<Item = Key>,
    ) -> Option<&'v DeTable<'d>> {
        let table = self.reader.table(key.name, value, key.shape.expected())?;
        self.reader.only(table, &names(known), &format!("`{}`", key.name));
        for missing in required.filter(|required| !table.contains_key(required.name)) {
            let help = format!("`{}` is {}", missing.name, missing.shape.expected());
            self.reader.report_with(value.span(), format!("`{}` has no `{}`", key.name, missing.name), help);
        }
        Some(table)
    }

    fn when(&mut self, key: Key, value: &Value<'_>) -> Option<When> {
        let text = self.reader.text(key.name, value, key.shape.expected())?;
        self.bounded(key, text, value, LONGEST_EXPRESSION)?;
        match When::new(text) {
            Ok(when) => Some(when),
            Err(error) => {
                self.reader.report_with(value.span(), error.what, error.help);
                None
            }
        }
    }
}
