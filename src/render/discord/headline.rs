//! An alert in one line: its headline, which a push notification shows, the title of its card, and its option in
//! the select of several.

use super::buttons::{Choice, Concerned};
use super::stake::stake_remark;
use super::words::{escaped, whole};
use crate::alert::{Alert, AlertOwner, Figure, Verb, Way};
use crate::filing::Role;
use crate::rules::{self, Counting, Sum};
use crate::text::{clip, clip_words, plain};

/// The longest headline.
pub(super) const HEADLINE: usize = 280;
const NAME: usize = 80;
/// What fits on two lines of a phone, with marks for bold text.
const TWO_LINES: usize = 80;
/// Long titles, and their usual short forms.
const TITLES: [(&str, &str); 4] = [
    ("Executive Vice President", "EVP"),
    ("Senior Vice President", "SVP"),
    ("Vice President", "VP"),
    ("Chief Technology Officer", "CTO"),
];
/// The longest position.
const POSITION: usize = 48;
/// A name and position that fit on one line of a phone, beside a verb.
const TITLE_LINE: usize = 23;

/// The alert in one line of markdown: `**SNPS** President and COO sold **$9.31M** · 10b5-1 plan · stake
/// unchanged`, or the first line of the rule's own words.
pub(super) fn headline(alert: &Alert) -> String {
    if let Some(own) = own_headline(alert) {
        return whole(&clip_words(&own, HEADLINE)).to_owned();
    }
    let subject = escaped(&clip(alert.ticker_or_name(), NAME));
    let amended = alert.amended_mark();
    let text = match cluster(alert) {
        Some(cluster) => format!("**{subject}** {}{amended}", cluster_text(alert, cluster)),
        None => {
            let deeds = deeds(alert);
            let motive = alert.motive_text().map(|motive| format!(" · {motive}")).unwrap_or_default();
            let text = format!("**{subject}** {} {deeds}{amended}{motive}", escaped(&who(alert)));
            let stake = stake_remark(alert).map(|stake| format!(" · {stake}")).unwrap_or_default();
            // The card says it, too.
            let fits = text.chars().count() + stake.chars().count() <= TWO_LINES;
            if fits { format!("{text}{stake}") } else { text }
        }
    };
    whole(&clip_words(&text, HEADLINE)).to_owned()
}

pub(super) fn own_headline(alert: &Alert) -> Option<String> {
    alert.message.as_deref()?.lines().map(escaped).find(|line| !line.is_empty())
}

/// The cluster that the headline is about.
pub(super) fn cluster(alert: &Alert) -> Option<&Sum> {
    if own_headline(alert).is_some() {
        return None;
    }
    alert.sums.iter().find(|sum| sum.condition == Counting::Cluster && sum.insiders > 1)
}

/// `2 insiders bought **$2.51M** in 30 days`.
fn cluster_text(alert: &Alert, sum: &Sum) -> String {
    let verb = alert.verb().text();
    let verb = verb.strip_prefix("was ").map_or_else(|| verb.to_owned(), |rest| format!("were {rest}"));
    let least = |is_least: bool| if is_least { "at least " } else { "" };
    let amount = match (sum.value_usd, sum.shares) {
        (Some(value), _) => format!(" **{}{}**", least(sum.value_is_at_least), value.short()),
        (None, Some(shares)) => {
            format!(" **{}{shares}** {}", least(sum.shares_is_at_least), sum.unit.word())
        }
        (None, None) => String::new(),
    };
    format!("{} insiders {verb}{amount} in {}", sum.insiders, sum.within)
}

/// Who acted, in few words: the first owner's position, or name without one.
fn who(alert: &Alert) -> String {
    let Some(first) = alert.owners.first() else { return "somebody".to_owned() };
    let position = short_position(first);
    let first = if position.is_empty() { clip(&first.name, NAME).into_owned() } else { position };
    match alert.owners.len() {
        1 => first,
        2 => format!("{first} and another"),
        n => format!("{first} and {} others", n - 1),
    }
}

/// An owner's offices, as `CEO & Chair`, or other position; empty without one.
pub(super) fn short_position(owner: &AlertOwner) -> String {
    let offices: Vec<&str> = owner.roles.iter().filter_map(|role| abbreviation(*role)).take(2).collect();
    if offices.is_empty() { abbreviated(&full_position(owner)) } else { offices.join(" & ") }
}

fn abbreviated(position: &str) -> String {
    let each = TITLES.iter();
    each.fold(position.to_owned(), |position, (long, short)| position.replace(long, short))
}

/// An officer's title, or another owner's position. A title that only refers to a remark gives way to the roles.
fn full_position(owner: &AlertOwner) -> String {
    let refers = |title: &str| title.starts_with("see ") || title.starts_with("(see ");
    let is_office = owner.roles.iter().any(|role| role.is_office());
    match owner.title.as_deref().map(plain) {
        Some(title) if refers(&title.to_lowercase()) => {
            let roles = owner.roles.iter().filter_map(|role| match role {
                Role::OtherOfficer => Some("officer"),
                Role::Other => None,
                role => Some(abbreviation(*role).unwrap_or_else(|| role.word())),
            });
            roles.collect::<Vec<_>>().join(", ")
        }
        Some(title) if is_office && !title.is_empty() => clip_words(&title, POSITION).into_owned(),
        _ => clip_words(&owner.position(), POSITION).into_owned(),
    }
}

fn abbreviation(role: Role) -> Option<&'static str> {
    match role {
        Role::Ceo => Some("CEO"),
        Role::Cfo => Some("CFO"),
        Role::Coo => Some("COO"),
        Role::President => Some("President"),
        Role::Chair => Some("Chair"),
        Role::GeneralCounsel => Some("General Counsel"),
        Role::OtherOfficer | Role::Director | Role::TenPercentOwner | Role::Other => None,
    }
}

/// `exercised **$3.48M** and **90,689 shares**`: a verb for each way, unless it is the one before.
fn deeds(alert: &Alert) -> String {
    let mut before = None;
    let each = alert.ways().into_iter().map(|way| {
        let is_repeated = before.replace(way.verb) == Some(way.verb) && way.verb != Verb::Moved;
        if is_repeated { format!("**{}**", way.what(Figure::Short)) } else { deed(&way) }
    });
    each.collect::<Vec<_>>().join(" and ")
}

fn deed(way: &Way) -> String {
    match way.verb {
        Verb::Moved => format!("moved **{}** within their holdings", way.whole().quantity),
        verb => format!("{verb} **{}**", way.what(Figure::Short)),
    }
}

/// An owner's name, which is never empty.
pub(super) fn owner_name(owner: &AlertOwner, most: usize) -> String {
    let name = escaped(&clip(&owner.name, most));
    if name.is_empty() { "no name".to_owned() } else { name }
}

/// True if the title names every owner.
pub(super) fn names_all(alert: &Alert) -> bool {
    alert.owners.len() <= 2
}

/// True if the headline says what this alert's lots are worth and why they were traded: it is neither the rule's own
/// words nor about a cluster.
pub(super) fn is_about_lots(alert: &Alert) -> bool {
    own_headline(alert).is_none() && cluster(alert).is_none()
}

/// An owner with the title as filed or, if that is too long for a line, in short. Where the headline has the
/// position, one that is still too long is left out.
fn titled(alert: &Alert, owner: &AlertOwner) -> String {
    let name = owner_name(owner, NAME);
    let positions = [full_position(owner), short_position(owner)].map(|position| escaped(&position));
    let fits = |position: &&String| name.chars().count() + position.chars().count() <= TITLE_LINE;
    let position = match positions.iter().find(fits) {
        Some(position) => position.as_str(),
        None if is_about_lots(alert) => "",
        None => &positions[1],
    };
    if position.is_empty() { name } else { format!("{name}, {position},") }
}

/// `Sassine Ghazi, President and COO, sold`; with the amount if the headline does not say it.
pub(super) fn title(alert: &Alert) -> String {
    let owners = match alert.owners.as_slice() {
        [] => "Somebody".to_owned(),
        [only] => titled(alert, only),
        [first, second] => format!("{} and {}", owner_name(first, NAME), owner_name(second, NAME)),
        [first, others @ ..] => format!("{} and {} others", owner_name(first, NAME), others.len()),
    };
    let deeds = if is_about_lots(alert) {
        let ways = alert.ways();
        let each = ways.iter().map(|way| match way.verb {
            Verb::Moved => "moved shares within their holdings",
            verb => verb.text(),
        });
        let mut verbs: Vec<&str> = each.collect();
        verbs.dedup();
        verbs.join(" and ")
    } else {
        alert.deed_text(Figure::Short)
    };
    // The headline says it, and so does the line about what is amended.
    let is_said = !alert.withdrawn && own_headline(alert).is_none();
    let amended = if is_said { "" } else { alert.amended_mark() };
    format!("{owners} {deeds}{amended}")
}

/// The alert in the select of its message: `DDOG · CFO sold $2.20M`, with its rule.
pub(super) fn choice(alert: &Alert) -> Choice {
    let label = format!("{} · {} {}", alert.ticker_or_name(), who(alert), alert.deed_text(Figure::Short));
    Choice::new(&label, &rules::label(&alert.rule), Concerned::of(alert))
}
