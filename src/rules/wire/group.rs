//! Groups of conditions: a rule's own, the branches of `any`, the body of `not`.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use toml::de::{DeTable, DeValue};

use super::super::condition::{Amendments, RoleWanted, Way, name_words, phrase};
use super::super::keys::{
    self, CLUSTER, CONDITIONS, CUMULATIVE, INTENTS, OWNERSHIPS, PLANS, RULE, Shape, TABLES,
};
use super::super::{Cluster, Cumulative, Group, OwnerWanted, Per, Selection, When};
use super::{LONGEST_EXPRESSION, Wire};
use crate::filing::{Cik, Code, Currency, CurrencyError, Form, Jurisdiction, Usd, wanted_ticker};
use crate::problem::{Value, nearest};

/// Groups nest at most so deep.
const MOST_DEPTH: usize = 6;
/// An `any` has at most so many branches.
const MOST_BRANCHES: usize = 100;

impl Wire<'_> {
    /// The conditions of a table; `None` where it states none. What it does not state of the lots it has from `outer`.
    pub(super) fn group(&mut self, table: &DeTable<'_>, outer: &Selection, depth: usize) -> Option<Group> {
        let mut group = Group { selection: outer.clone(), ..Group::default() };
        let mut stated = false;
        // The lots first: what is nested has them from here.
        let nested = |name: &str| matches!(name, "any" | "not");
        let own = CONDITIONS.iter().filter(|key| !nested(key.name));
        for key in own.chain(CONDITIONS.iter().filter(|key| nested(key.name))) {
            if let Some(value) = table.get(key.name) {
                stated = true;
                if keys::SELECTION.contains(&key.name) {
                    group.stated.push(key.name);
                    self.selection(key.name, value, &mut group.selection);
                } else if nested(key.name) {
                    self.nested(key.name, value, &mut group, depth);
                } else {
                    self.condition(key.name, value, &mut group);
                }
            }
        }
        stated.then_some(group)
    }

    fn condition(&mut self, key: &str, value: &Value<'_>, group: &mut Group) {
        match key {
            "tickers" => group.tickers = self.each(key, value, ticker).into_iter().collect(),
            "ciks" => group.ciks = self.ciks(value),
            "owners" => group.owners = self.owners(value),
            "sic" => group.company.sic = self.each(key, value, sic),
            "sector" => group.company.sectors = self.each(key, value, sector),
            "country" => group.company.countries = self.each(key, value, country),
            "foreign" => group.company.foreign = self.reader.flag(key, value),
            "forms" => group.forms = self.each(key, value, form),
            "amendments" => group.amendments = self.reader.word(key, value, &Amendments::WORDS),
            "filed_late" => group.filed_late = self.reader.flag(key, value),
            "roles" => group.roles = self.reader.words(key, value, &RoleWanted::WORDS),
            "exclude_roles" => group.exclude_roles = self.reader.words(key, value, &RoleWanted::WORDS),
            "min_value" => group.min_value = self.threshold(key, value),
            "max_value" => group.max_value = self.threshold(key, value),
            "min_shares" => group.min_shares = self.threshold(key, value),
            "min_share_of_holdings" => group.min_share_of_holdings = self.percent(key, value),
            "min_stake_reduction" => group.min_stake_reduction = self.percent(key, value),
            "cluster" => group.cluster = self.cluster(value),
            "cumulative" => group.cumulative = self.cumulative(value),
            "first_in" => group.first_in = self.span(key, value),
            "largest_in" => group.largest_in = self.span(key, value),
            "reversal_after" => group.reversal_after = self.span(key, value),
            _ => group.when = self.when(value),
        }
    }

    fn selection(&mut self, key: &str, value: &Value<'_>, selection: &mut Selection) {
        match key {
            "codes" => {
                let codes: BTreeSet<Code> = self.each(key, value, code).into_iter().collect();
                if !codes.is_empty() {
                    selection.codes = codes;
                }
            }
            "table" => selection.table = self.reader.word(key, value, &TABLES).unwrap_or(selection.table),
            "securities" => selection.securities = self.each(key, value, security),
            "ownership" => selection.ownership = self.reader.word(key, value, &OWNERSHIPS),
            "direction" => selection.direction = self.reader.word(key, value, &Way::WORDS),
            "plan" => selection.plan = self.reader.words(key, value, &PLANS),
            "intents" => selection.intents = self.reader.words(key, value, &INTENTS),
            "exclude_intents" => selection.exclude_intents = self.reader.words(key, value, &INTENTS),
            "currency" => selection.currencies = self.each(key, value, currency),
            "min_price" => selection.min_price = self.threshold(key, value),
            _ => selection.max_price = self.threshold(key, value),
        }
    }

    fn nested(&mut self, key: &str, value: &Value<'_>, group: &mut Group, depth: usize) {
        let outer = group.selection.clone();
        if depth >= MOST_DEPTH {
            let help = "write it as rules of their own";
            self.reader.report_with(value.span(), format!("groups nest deeper than {MOST_DEPTH}"), help);
            return;
        }
        if key == "not" {
            group.not = self.body(key, value, Shape::Group, &outer, depth).map(Box::new);
            return;
        }
        let branches = self.reader.list(key, value, Shape::Groups.expected());
        if branches.len() > MOST_BRANCHES {
            let what = format!("{} branches are more than the {MOST_BRANCHES} of an `any`", branches.len());
            self.reader.report_with(value.span(), what, "write it as rules of their own");
        }
        let branches = branches.iter().take(MOST_BRANCHES);
        group.any =
            branches.filter_map(|branch| self.body(key, branch, Shape::Group, &outer, depth)).collect();
    }

    fn body(
        &mut self,
        key: &str,
        value: &Value<'_>,
        shape: Shape,
        outer: &Selection,
        depth: usize,
    ) -> Option<Group> {
        let table = self.reader.table(key, value, shape.expected())?;
        let (conditions, of_rule) = (keys::listed(CONDITIONS), keys::listed(RULE));
        for own in table.keys().filter(|own| of_rule.contains(&own.get_ref().as_ref())) {
            let what = format!("`{}` is of the rule, not of a group of `{key}`", own.get_ref());
            self.reader.report_with(own.span(), what, "write it beside the rule's name");
        }
        let all: Vec<&str> = conditions.into_iter().chain(of_rule).collect();
        self.reader.only(table, &all, &format!("a group of `{key}`"));
        let group = self.group(table, outer, depth + 1);
        if group.is_none() && table.is_empty() {
            let help = format!("expected {}", Shape::Group.expected());
            self.reader.report_with(value.span(), format!("a group of `{key}` is empty"), help);
        }
        group
    }

    fn ciks(&mut self, value: &Value<'_>) -> BTreeSet<Cik> {
        let expected = Shape::Ciks.expected();
        let items = self.reader.list("ciks", value, expected);
        items.iter().filter_map(|item| self.cik("ciks", item, expected)).collect()
    }

    fn cik(&mut self, key: &str, value: &Value<'_>, expected: &str) -> Option<Cik> {
        let number = self.reader.whole(key, value, expected)?;
        let cik = u64::try_from(number).ok().and_then(Cik::new);
        if cik.is_none() {
            let help = "expected 1 to 9999999999";
            self.reader.report_with(value.span(), format!("{number} is not a CIK"), help);
        }
        cik
    }

    fn owners(&mut self, value: &Value<'_>) -> Vec<OwnerWanted> {
        let expected = Shape::Owners.expected();
        let mut owners = Vec::new();
        for item in self.reader.list("owners", value, expected) {
            if let DeValue::String(name) = item.get_ref() {
                let words = name_words(name);
                if words.is_empty() {
                    let help = "give at least a family name";
                    self.reader.report_with(item.span(), format!("`{name}` is not a name"), help);
                } else {
                    owners.push(OwnerWanted::Name(words));
                }
            } else {
                owners.extend(self.cik("owners", item, expected).map(OwnerWanted::Cik));
            }
        }
        owners
    }

    fn threshold<T>(&mut self, key: &str, value: &Value<'_>) -> Option<T>
    where
        T: std::str::FromStr<Err: std::fmt::Display> + Default + PartialOrd,
    {
        let number: T = self.amount(key, value)?;
        if number <= T::default() {
            let help = "leave it out where nothing is asked for";
            self.reader.report_with(value.span(), format!("`{key}` must be above zero"), help);
            return None;
        }
        Some(number)
    }

    fn percent(&mut self, key: &str, value: &Value<'_>) -> Option<Decimal> {
        let text = self.reader.text(key, value, Shape::Percent.expected())?;
        let number = text.trim().strip_suffix('%').and_then(|digits| digits.trim().parse::<Usd>().ok());
        let percent = number.map(Usd::decimal).filter(|p| *p > Decimal::ZERO && *p <= Decimal::ONE_HUNDRED);
        if percent.is_none() {
            let help = "expected more than \"0%\" and at most \"100%\"";
            self.reader.report_with(value.span(), format!("`{text}` is not a share in percent"), help);
        }
        percent.and_then(|percent| percent.checked_div(Decimal::ONE_HUNDRED))
    }

    fn cluster(&mut self, value: &Value<'_>) -> Option<Cluster> {
        let table = self.part("cluster", value, &keys::listed(CLUSTER), &["insiders", "within"])?;
        let insiders = table.get("insiders").and_then(|value| {
            let number = self.reader.whole("insiders", value, Shape::Insiders.expected())?;
            let number = u32::try_from(number).ok().filter(|number| (2..=1_000).contains(number));
            if number.is_none() {
                let what = "`insiders` must be 2 to 1,000";
                self.reader.report_with(value.span(), what, "one insider is no cluster");
            }
            number
        });
        let within = table.get("within").and_then(|value| self.span("within", value));
        let min_value = table.get("min_value").and_then(|value| self.threshold("min_value", value));
        Some(Cluster { insiders: insiders?, within: within?, min_value })
    }

    fn cumulative(&mut self, value: &Value<'_>) -> Option<Cumulative> {
        let table = self.part("cumulative", value, &keys::listed(CUMULATIVE), &["within", "min_value"])?;
        let per =
            table.get("per").map_or(Some(Per::Owner), |value| self.reader.word("per", value, &Per::WORDS));
        let within = table.get("within").and_then(|value| self.span("within", value));
        let min_value = table.get("min_value").and_then(|value| self.threshold("min_value", value));
        Some(Cumulative { per: per?, within: within?, min_value: min_value? })
    }

    /// A table with keys of its own, of which some must be there.
    fn part<'v, 'd>(
        &mut self,
        key: &str,
        value: &'v Value<'d>,
        known: &[&str],
        needed: &[&str],
    ) -> Option<&'v DeTable<'d>> {
        let table = self.reader.table(key, value, "a table like { within = \"7d\", … }")?;
        self.reader.only(table, known, &format!("`{key}`"));
        for missing in needed.iter().filter(|needed| !table.contains_key(**needed)) {
            let help = format!("`{missing}` is {}", keys::expected(missing));
            self.reader.report_with(value.span(), format!("`{key}` has no `{missing}`"), help);
        }
        Some(table)
    }

    fn when(&mut self, value: &Value<'_>) -> Option<When> {
        let text = self.reader.text("when", value, Shape::Text.expected())?;
        self.bounded("when", text, value, LONGEST_EXPRESSION)?;
        match When::new(text) {
            Ok(when) => Some(when),
            Err(error) => {
                self.reader.report_with(value.span(), error.what, error.help);
                None
            }
        }
    }
}

type Read<T> = Result<T, (String, String)>;

fn ticker(text: &str) -> Read<String> {
    wanted_ticker(text).map_err(|meant| {
        let meant = meant.map_or_else(String::new, |meant| format!("; did you mean {meant}?"));
        (
            format!("`{text}` is not a ticker"),
            format!("expected 1 to 6 letters or digits, like QLYS or BRK.B{meant}"),
        )
    })
}

fn form(text: &str) -> Read<Form> {
    let wrong = || (format!("`{text}` is not an ownership form"), "expected 3, 4, 5, 3/A, 4/A or 5/A".into());
    text.parse().map_err(|_| wrong())
}

fn security(text: &str) -> Read<String> {
    let folded = phrase(text);
    if folded.is_empty() {
        return Err((
            format!("`{text}` names no security"),
            "give words of its title, like Common Stock".into(),
        ));
    }
    Ok(folded)
}

fn sic(text: &str) -> Read<String> {
    let digits = text.trim();
    if (1..=4).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(digits.to_owned());
    }
    let help =
        "expected four digits, or the first of them: 7372 is prepackaged software, 73 business services";
    Err((format!("`{text}` is not a Standard Industrial Classification"), help.to_owned()))
}

fn sector(text: &str) -> Read<String> {
    let folded = phrase(text);
    if folded.is_empty() {
        return Err((format!("`{text}` names no sector"), "give words of its title, like software".into()));
    }
    Ok(folded)
}

fn country(text: &str) -> Read<String> {
    let name = text.trim();
    if Jurisdiction::names().any(|known| known.eq_ignore_ascii_case(name)) {
        return Ok(name.to_owned());
    }
    let help = match nearest(name, Jurisdiction::names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "give its name, like Israel, or its ISO code, like IL".to_owned(),
    };
    Err((format!("`{text}` is not a country or state that EDGAR knows"), help))
}

fn currency(text: &str) -> Read<Currency> {
    let usual = match text.trim().to_ascii_uppercase().as_str() {
        "NTD" => Some("TWD"),
        "RMB" | "CNH" => Some("CNY"),
        "GBX" => Some("GBP, which has rows in pence, too"),
        "ZAC" => Some("ZAR, which has rows in cents, too"),
        "ILA" | "NIS" => Some("ILS"),
        _ => None,
    };
    if let Some(usual) = usual {
        return Err((format!("`{text}` is no code of ISO 4217"), format!("write {usual}")));
    }
    text.parse().map_err(|error: CurrencyError| {
        (error.to_string(), "expected a code of ISO 4217, like USD or TWD".into())
    })
}

fn code(text: &str) -> Read<Code> {
    let help = "expected a letter of the SEC's list: S is a sale, P a purchase, docs/RULES.md has them all";
    let wrong = |what: String| (what, help.to_owned());
    let code: Code = text.parse().map_err(|_| wrong(format!("`{text}` is not a transaction code")))?;
    match code.letter() {
        // Marks of the paper form, which the XML keeps in elements of their own.
        'K' | 'V' => Err(wrong(format!("no filing states code {code}: EDGAR keeps it apart"))),
        _ if code.meaning().is_none() => Err(wrong(format!("`{code}` is not a code of the SEC's list"))),
        _ => Ok(code),
    }
}
