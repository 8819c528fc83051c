//! One alert as a headline and a card, to be read at a glance on a phone.

use super::amendment::{amendment, other_reports};
use super::embed::{AMBER, Author, Embed, Footer, GREEN, GREY, RED, TITLE, linked};
use super::figures::figures;
use super::glance::Dates;
use super::headline::{
    HEADLINE, choice, headline, is_about_lots, names_all, owner_name, short_position, title,
};
use super::part::Part;
use super::stake::stake;
use super::sums::sums;
use super::warnings::warnings;
use super::words::{escaped, escaped_lines, rule_mark, whole};
use crate::alert::{Agreed, Alert, Key, TradeHistory, Verb};
use crate::filing::record::LotRecord;
use crate::filing::{Intent, Plan};
use crate::render::filing::capital;
use crate::text::{clip, clip_words, plain};

const AUTHOR: usize = 256;
/// The longest description, and the rule's own words in it.
const DESCRIPTION: usize = 1_800;
const OWN_WORDS: usize = 900;
const LINE: usize = 300;
const QUOTE: usize = 100;
/// What fits on one line of a phone.
const ONE_LINE: usize = 42;
/// The longest name in the list of owners.
const OWNER: usize = 40;
const MOST_OWNERS: usize = 2;

/// The headline and card of an alert; `reference` is the delivery's key.
pub(super) fn alert(alert: &Alert, reference: &Key) -> Part {
    let tickers = alert.issuer.tickers.join(", ");
    let company = plain(&clip(&alert.issuer.name, AUTHOR));
    let company = if company.is_empty() { format!("CIK {}", alert.issuer.cik) } else { company };
    let author = if tickers.is_empty() { company } else { format!("{company} · {tickers}") };
    let embed = Embed {
        author: Author { name: clip(&author, AUTHOR).into_owned() },
        title: clip(&title(alert), TITLE).into_owned(),
        url: Some(linked(&alert.url, reference)),
        description: description(alert),
        color: color(alert),
        fields: Vec::new(),
        footer: Footer { text: footer(alert) },
        timestamp: alert.accepted_at,
        image: None,
    };
    Part {
        mentions: alert.mention.clone(),
        headline: Some(headline(alert)),
        embed,
        file: None,
        attachments: None,
        choice: Some(choice(alert)),
    }
}

/// Red for an insider's own decision to sell, green for purchases, amber for amendments, grey for the rest.
fn color(alert: &Alert) -> u32 {
    let is_own_decision =
        |lot: &LotRecord| matches!(lot.intent, Some(Intent::Discretionary | Intent::Unknown) | None);
    match alert.verb() {
        _ if alert.withdrawn || alert.form.is_amendment() => AMBER,
        Verb::Bought => GREEN,
        Verb::Sold if alert.lots.iter().any(is_own_decision) && alert.plan != Agreed::All(Plan::Yes) => RED,
        Verb::Sold | Verb::Moved | Verb::Traded | Verb::Other(_) => GREY,
    }
}

fn footer(alert: &Alert) -> String {
    let rule = rule_mark(&alert.rule);
    let late = || alert.late.then(|| "found late".to_owned());
    let way = alert.lateness_text().or_else(late).map(|way| format!(" · {way}")).unwrap_or_default();
    format!("Form {} · {rule}{way}", alert.form)
}

/// The lines of the card, as many as there is room for.
fn description(alert: &Alert) -> String {
    let mut lines = own_words(alert);
    if alert.withdrawn {
        lines.push("Withdrawn: an amended filing says otherwise. It had reported:".to_owned());
    }
    lines.extend(figures(alert));
    lines.extend(alert.pricing_lines().first().map(|line| escaped(&clip_words(line, LINE))));
    lines.extend(stake(alert));
    lines.extend(marks(alert));
    lines.extend(quote(alert));
    lines.extend(sums(alert));
    lines.extend(owners(alert));
    lines.extend(amendment(alert));
    lines.extend(other_reports(alert));
    lines.extend(warnings(alert));
    let mut text = String::new();
    for line in lines.iter().map(|line| whole(line)).filter(|line| !line.is_empty()) {
        if text.chars().count() + line.chars().count() + 1 > DESCRIPTION {
            break;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(line);
    }
    text
}

/// The rule's own words, unless all of them are the headline.
fn own_words(alert: &Alert) -> Vec<String> {
    let own = escaped_lines(alert.message.as_deref().unwrap_or_default());
    let is_headline = !own.contains('\n') && own.chars().count() <= HEADLINE;
    if is_headline { Vec::new() } else { vec![clip_words(&own, OWN_WORDS).into_owned()] }
}

/// `📋 10b5-1 plan, adopted Sep 12, 2022` and `📈 4th sale in 12 months, $31.00M together`; in one line if that is
/// short.
fn marks(alert: &Alert) -> Vec<String> {
    let plan = match (alert.plan, &alert.plan_adopted) {
        (Agreed::All(Plan::Yes), Some(date)) => {
            Some(format!("📋 10b5-1 plan, adopted {}", Dates::of(alert).written(date)))
        }
        (Agreed::All(Plan::Yes), None) => Some("📋 10b5-1 plan".to_owned()),
        (Agreed::Mixed, _) => Some(format!("📋 10b5-1 plan {}", alert.plan_text())),
        (Agreed::All(Plan::No | Plan::Unknown), _) => None,
    };
    let reason = match alert.intent {
        Some(Agreed::All(Intent::Discretionary)) => Some("own decision, no 10b5-1 plan".to_owned()),
        // The headline says it.
        _ if is_about_lots(alert) => None,
        _ => alert.reason_text().map(str::to_owned),
    };
    let history = alert.history.as_ref().and_then(TradeHistory::brief_text);
    let reasons: Vec<String> = [plan, reason].into_iter().flatten().collect();
    let lines: Vec<String> = [(!reasons.is_empty()).then(|| capital(&reasons.join(" · ")))]
        .into_iter()
        .chain([history.map(|history| format!("📈 {}", capital(&history)))])
        .flatten()
        .collect();
    let joined = lines.join(" · ");
    if joined.chars().count() <= ONE_LINE { vec![joined] } else { lines }
}

/// The filing's words for the reason; the date of a plan's adoption says enough without them.
fn quote(alert: &Alert) -> Option<String> {
    let is_stated =
        alert.reason_text().is_some() || alert.plan == Agreed::Mixed || alert.plan == Agreed::All(Plan::Yes);
    let is_quoted = is_stated && alert.plan_adopted.is_none();
    let words = alert.evidence().into_iter().next().filter(|_| is_quoted)?;
    Some(format!("> {}", escaped(&clip_words(&from_its_middle(words), QUOTE))))
}

/// `F2: "…to cover taxes"`: evidence that begins within a sentence says so.
fn from_its_middle(evidence: &str) -> String {
    let (before, quoted) = evidence.split_once('"').unwrap_or(("", evidence));
    let opening = if evidence.contains('"') { "\"" } else { "" };
    match quoted.trim_start().chars().next() {
        Some(first) if first.is_lowercase() || ",;:)".contains(first) => {
            format!("{before}{opening}…{}", quoted.trim_start())
        }
        _ => evidence.to_owned(),
    }
}

/// The owners after the first, if the title does not name all.
fn owners(alert: &Alert) -> Option<String> {
    if names_all(alert) {
        return None;
    }
    let (first, others) = alert.owners.split_first()?;
    // Most often, all owners of a chain have the same one.
    let is_new = |position: &str| !position.is_empty() && position != short_position(first);
    let each = others.iter().take(MOST_OWNERS).map(|owner| {
        let name = owner_name(owner, OWNER);
        match short_position(owner) {
            position if is_new(&position) => format!("{name} \\({}\\)", escaped(&position)),
            _ => name,
        }
    });
    let mut names: Vec<String> = each.collect();
    if others.len() > MOST_OWNERS {
        names.push(format!("and {} more", others.len() - MOST_OWNERS));
    }
    Some(format!("With {}", names.join(", ")))
}
