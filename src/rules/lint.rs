//! Rules that are valid but probably a mistake: they never match, match everything, or repeat another.

use std::collections::HashMap;

use super::condition::{Group, Selection};
use super::expression::When;
use super::phrases::list;
use super::rule::Rule;
use super::wanted::{Amendments, DirectionWanted, INTENTS};
use crate::filing::{Code, Currency, Direction};
use crate::problem::Problem;

/// Warnings about rules, in the order of the rules.
pub fn lint(rules: &[Rule]) -> Vec<Problem> {
    let mut warnings = Vec::new();
    let mut seen: HashMap<String, &Rule> = HashMap::new();
    for rule in rules {
        let mut found: Vec<(String, String)> = Vec::new();
        if let Some((why, what)) = never(&rule.conditions) {
            found.push((format!("rule `{}` can never match: {why}", rule.name), what));
        } else if let Some(what) = always(&rule.conditions) {
            let help = "if you do not want that, add companies, people or an amount";
            found.push((format!("rule `{}` matches {what}", rule.name), help.to_owned()));
        }
        let same = rule.enabled.then(|| format!("{:?}", rule.conditions));
        let other = same.as_ref().and_then(|same| seen.get(same).copied());
        if let Some(same) = same {
            seen.entry(same).or_insert(rule);
        }
        if let Some(other) = other {
            let both: Vec<String> =
                rule.notify.iter().filter(|d| other.notify.contains(d)).map(ToString::to_string).collect();
            let help = if both.is_empty() {
                "one rule can have several destinations".to_owned()
            } else {
                format!("{} would get each alert twice: remove one of them", both.join(", "))
            };
            found.push((format!("rule `{}` has the same conditions as `{}`", rule.name, other.name), help));
        }
        warnings.extend(rule.tests.iter().filter_map(|test| test.renamed.clone()));
        warnings.extend(found.into_iter().map(|(message, help)| Problem {
            file: rule.file.clone(),
            place: rule.place.clone(),
            message,
            help: Some(help),
            level: crate::problem::Level::Warning,
        }));
    }
    warnings
}

type Why = (String, String);

/// Why a group can never hold, and what to do about it.
fn never(group: &Group) -> Option<Why> {
    let why = |why: &str, help: &str| Some((why.to_owned(), help.to_owned()));
    if !group.forms.is_empty() && !group.forms.iter().any(|form| form.is_form_4()) {
        return why(
            "sellbell watches forms 4 and 4/A only",
            "give \"4\", \"4/A\" or both as forms, or leave them out",
        );
    }
    let amended =
        |is: bool| group.forms.is_empty() || group.forms.iter().any(|form| form.is_amendment() == is);
    match group.amendments {
        Some(Amendments::Only) if !amended(true) => {
            return why("it wants amendments only, and forms that are none", "leave one of them out");
        }
        Some(Amendments::Exclude) if !amended(false) => {
            return why("it wants no amendments, and forms that are nothing else", "leave one of them out");
        }
        _ => {}
    }
    if !group.roles.is_empty() && group.roles.iter().all(|role| group.exclude_roles.contains(role)) {
        return why("it excludes all roles that it wants", "leave them out of exclude_roles");
    }
    if let (Some(least), Some(most)) = (group.min_value, group.max_value)
        && least > most
    {
        return why("min_value is above max_value", "swap them");
    }
    if let Some(found) = never_selects(group) {
        return Some(found);
    }
    if group.when.as_ref().and_then(When::constant) == Some(false) {
        return why("`when` looks at nothing and is false", "use the names of docs/RULES.md in it");
    }
    if let Some(not) = &group.not
        && always(not).is_some()
        && group.any.is_empty()
        && not.selection == group.selection
    {
        return why("what `not` excludes is all that the rule asks for", "put what you exclude into it");
    }
    let branches: Option<Vec<Why>> = group.any.iter().map(never).collect();
    match branches {
        Some(branches) if !branches.is_empty() => {
            let (first, help) = branches.into_iter().next()?;
            Some((format!("no branch of `any` can hold ({first})"), help))
        }
        _ => None,
    }
}

fn never_selects(group: &Group) -> Option<Why> {
    if !group.any.is_empty() {
        return None;
    }
    let selection = &group.selection;
    let why = |why: &str, help: &str| Some((why.to_owned(), help.to_owned()));
    if let (Some(least), Some(most)) = (selection.min_price, selection.max_price)
        && least > most
    {
        return why("min_price is above max_price", "swap them");
    }
    if !selection.currencies.is_empty()
        && !selection.currencies.contains(&Currency::USD)
        && (group.min_value.is_some() || selection.min_price.is_some())
    {
        return why(
            "it asks for a value or price in dollars, and its currencies leave out USD",
            "ask for min_shares, or compare lots[0].amount in `when`",
        );
    }
    if !selection.intents.is_empty() {
        if !selection.codes.contains(&Code::SALE) {
            return why(
                "intents are of sales, and its codes leave out S",
                "add \"S\" to codes, or leave out intents",
            );
        }
        if selection.intents.iter().all(|intent| selection.exclude_intents.contains(intent)) {
            return why("it excludes all intents that it wants", "leave them out of exclude_intents");
        }
    }
    let all_intents = INTENTS.iter().all(|(_, intent)| selection.exclude_intents.contains(intent));
    if all_intents && selection.codes.len() == 1 && selection.codes.contains(&Code::SALE) {
        return why("it excludes all intents that a sale can have", "leave some of them out");
    }
    let acquires = |code: &Code| matches!(code.letter(), 'P' | 'A' | 'M' | 'L');
    if group.min_share_of_holdings.is_some() && selection.codes.iter().all(acquires) {
        return why(
            "a share of holdings is about disposals, but its codes acquire",
            "use min_value or min_shares",
        );
    }
    let goes = |code: &Code| match code.letter() {
        'P' | 'L' => Some(DirectionWanted::One(Direction::Acquired)),
        'S' | 'F' => Some(DirectionWanted::One(Direction::Disposed)),
        _ => None,
    };
    if let Some(way @ DirectionWanted::One(_)) = selection.direction
        && selection.codes.iter().all(|code| goes(code).is_some_and(|goes| goes != way))
    {
        return why("no lot of its codes goes that way", "leave `direction` out, or give other codes");
    }
    let market = |code: &Code| matches!(code.letter(), 'S' | 'P');
    if group.reversal_after.is_some() && !selection.codes.iter().any(market) {
        return why("a reversal is of sales or purchases", "add \"S\" or \"P\" to codes, or leave it out");
    }
    None
}

/// The filings that a group matches if it restricts only code and table.
fn always(group: &Group) -> Option<String> {
    let nested = group.any.is_empty() || group.any.iter().any(|any| always(any).is_some());
    // Conditions that hold for every filing are removed; nothing may be left.
    let Group { selection, amendments, when, .. } = group;
    let rest = Group {
        selection: Selection {
            codes: Selection::default().codes,
            table: Selection::default().table,
            plan: if selection.plan.len() == 3 { Vec::new() } else { selection.plan.clone() },
            ..selection.clone()
        },
        stated: Vec::new(),
        amendments: amendments.filter(|wanted| *wanted != Amendments::Include),
        any: Vec::new(),
        when: when.clone().filter(|when| when.constant() != Some(true)),
        ..group.clone()
    };
    let asks_nothing = nested && group.reach_days() == 0 && rest == Group::default();
    let codes = &selection.codes;
    asks_nothing.then(|| format!("every filing with code {}, of any company and any amount", list(codes)))
}
