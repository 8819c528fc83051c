//! One alert as a headline and a card, to be read at a glance on a phone.

use super::amendment::{amendment, other_reports};
use super::embed::{AMBER, Author, Embed, Footer, GREEN, GREY, RED, TITLE, linked};
use super::figures::figures;
use super::headline::{
    HEADLINE, choice, headline, names_all, own_headline, owner_name, short_position, title,
};
use super::part::Part;
use super::reasons::reasons;
use super::stake::stake;
use super::sums::sums;
use super::warnings::warnings;
use super::words::{escaped, escaped_lines, rule_mark, whole};
use crate::alert::{Agreed, Alert, Key, Verb};
use crate::filing::record::LotRecord;
use crate::filing::{Intent, Plan};
use crate::text::{clip, clip_words, plain};

const AUTHOR: usize = 256;
/// The longest company and ticker that fit on one line of a phone.
const AUTHOR_LINE: usize = 29;
/// The longest description, and the rule's own words in it.
const DESCRIPTION: usize = 1_800;
const OWN_WORDS: usize = 900;
const LINE: usize = 300;
/// The longest name in the list of owners.
const OWNER: usize = 28;
const MOST_OWNERS: usize = 2;

/// The headline and card of an alert; `reference` is the delivery's key.
pub(super) fn alert(alert: &Alert, reference: &Key) -> Part {
    let tickers = alert.issuer.tickers.join(", ");
    let company = plain(&clip(&alert.issuer.name, AUTHOR));
    let company = if company.is_empty() { format!("CIK {}", alert.issuer.cik) } else { company };
    // Then the headline has the ticker.
    let is_said = alert.issuer.tickers.len() == 1 && own_headline(alert).is_none();
    let fits = company.chars().count() + tickers.chars().count() <= AUTHOR_LINE;
    let author =
        if tickers.is_empty() || is_said && !fits { company } else { format!("{company} · {tickers}") };
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
    lines.extend(reasons(alert));
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
