//! One alert as a message.

use super::embed::{
    Author, DESCRIPTION, Embed, Field, Footer, GREEN, GREY, MARK, MOST_TEXT, Message, NAME, RED, TITLE,
};
use super::words::{escaped, mentions};
use crate::alert::{Agreed, Alert, Figure, Key, Verb};
use crate::filing::Intent;
use crate::filing::record::LotRecord;
use crate::render::filing::capital;
use crate::render::listed;
use crate::text::{clip, plain};

const FIELD: usize = 1_024;
const SHORT_FIELD: usize = 100;
const FOOTER: usize = 200;
const AUTHOR: usize = 256;
const MOST_LOTS: usize = 10;
const MOST_OWNERS: usize = 10;
const MOST_WARNINGS: usize = 3;
const MOST_EVIDENCE: usize = 2;
const MOST_CHANGES: usize = 5;
const MOST_SUMS: usize = 2;
const MOST_PARTS: usize = 5;

/// The message for an alert; `reference` is the delivery's key.
pub fn alert(alert: &Alert, reference: &Key) -> Message {
    let tickers = alert.issuer.tickers.join(", ");
    let company = plain(&clip(&alert.issuer.name, AUTHOR));
    let company = if company.is_empty() { format!("CIK {}", alert.issuer.cik) } else { company };
    let author = if tickers.is_empty() { company } else { format!("{company} · {tickers}") };
    let ways = alert.ways();
    let each = ways.iter().map(|way| {
        let unit = way.quantity.strip_prefix(&way.number).unwrap_or_default();
        let value = alert.for_value(way);
        let value = match value.strip_prefix(" for ") {
            Some(value) => format!(" for **{value}**"),
            None => value,
        };
        format!("{} **{}**{unit}{value}", way.verb, way.number)
    });
    let sentence = format!(
        "**{}** {}{}.",
        escaped(&clip(&alert.owners_text(), NAME)),
        each.collect::<Vec<_>>().join(" and "),
        match (alert.withdrawn, alert.form.is_amendment()) {
            (true, _) => ", as reported; an amended filing says otherwise",
            (false, true) => ", as an amended filing says",
            (false, false) => "",
        }
    );
    let reference = format!("{} · {MARK}{reference}", clip(&plain(&alert.rule), FOOTER));
    let own_words = alert.message.as_deref().map(escaped_lines).unwrap_or_default();
    let room = DESCRIPTION.saturating_sub(sentence.chars().count() + 1);
    // Clipping may leave half an escape, which would then escape the end of the line.
    let own_words = clip(&own_words, room).trim_end_matches(['\\', '…']).to_owned();
    let sentence = if own_words.is_empty() { sentence } else { format!("{own_words}\n{sentence}") };
    let (content, allowed_mentions) = mentions(&alert.mention);
    let mut embed = Embed {
        author: Author { name: clip(&author, AUTHOR).into_owned() },
        title: clip(&headline(alert), TITLE).into_owned(),
        url: Some(alert.url.clone()),
        description: clip(&sentence, DESCRIPTION).into_owned(),
        color: color(alert),
        fields: fields(alert),
        footer: Footer { text: reference },
        timestamp: alert.accepted_at,
    };
    fit(&mut embed);
    Message { content, embeds: vec![embed], allowed_mentions, attachments: None, file: None }
}

/// Drops the last lines of the longest fields until the card is short enough for Discord.
fn fit(embed: &mut Embed) {
    while embed.length() > MOST_TEXT {
        let lists = embed.fields.iter_mut().filter(|field| field.value.contains('\n'));
        let Some(longest) = lists.max_by_key(|field| field.value.len()) else { return };
        let end = longest.value.rfind('\n').unwrap_or_default();
        longest.value.truncate(end);
    }
}

fn escaped_lines(text: &str) -> String {
    text.lines().map(escaped).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

fn headline(alert: &Alert) -> String {
    let subject = escaped(&clip(alert.ticker_or_name(), NAME));
    let amended = alert.amended_mark();
    format!("{subject}: insider {}{amended}", alert.deed_text(Figure::Short))
}

fn color(alert: &Alert) -> u32 {
    match alert.verb() {
        Verb::Sold => RED,
        Verb::Bought => GREEN,
        Verb::Moved | Verb::Traded | Verb::Other(_) => GREY,
    }
}

fn fields(alert: &Alert) -> Vec<Field> {
    let securities = alert.security_lines(escaped);
    let mut fields = short_fields(alert, !securities.is_empty());
    fields.extend(long_fields(alert, securities));
    fields
}

/// The figures shown side by side.
fn short_fields(alert: &Alert, has_securities: bool) -> Vec<Field> {
    let mut fields = Vec::new();
    let mut short = |name: &str, value: String| {
        fields.push(Field {
            name: name.to_owned(),
            value: clip(&value, SHORT_FIELD).into_owned(),
            inline: true,
        });
    };
    if !has_securities && (alert.principal_usd.is_none() || alert.shares.is_some()) {
        short("Shares", alert.shares.map_or("Unknown".into(), |_| alert.shares_text()));
    }
    if let Some(principal) = alert.principal_usd {
        short("Principal", principal.to_string());
    }
    if let Some(price) = alert.price_text() {
        short(if alert.lots.len() == 1 { "Price" } else { "Average price" }, price);
    }
    if let Some(range) = alert.range_text() {
        short("Actual prices", range);
    }
    short("Traded", alert.dates_text());
    short("10b5-1 plan", capital(&alert.plan_text()));
    if let Some(reason) = alert.reason_text() {
        short("Reason", capital(reason));
    }
    if let Some(accepted) = alert.accepted_at {
        let late = || alert.late.then(|| "found late".to_owned());
        let way = alert.way_text().or_else(late).map(|way| format!(", {way}")).unwrap_or_default();
        short("Accepted", format!("<t:{}:R>{way}", accepted.timestamp()));
    } else if let Some(way) = alert.way_text() {
        short("On its way", capital(&way));
    }
    fields
}

/// Lists, each in a field of its own.
fn long_fields(alert: &Alert, securities: Vec<String>) -> Vec<Field> {
    let mut fields = Vec::new();
    let mut long = |name: String, lines: Vec<String>| {
        fields.push(Field { name, value: whole_lines(&lines, FIELD), inline: false });
    };
    if !securities.is_empty() {
        long("Each security".into(), securities);
    }
    let pricing = alert.pricing_lines();
    if !pricing.is_empty() {
        long("Prices".into(), pricing.iter().map(|line| escaped(&clip(line, 300))).collect());
    }
    if let Some(stake) = alert.stake_text(escaped) {
        long("Stake".into(), vec![clip(&stake, 400).trim_end_matches(['\\', '…']).to_owned()]);
    } else if let Some(share) = alert.holdings_text() {
        long("Share of holdings".into(), vec![share]);
    }
    // A single owner is already named in the sentence above.
    if alert.owners.len() > 1 {
        let lines = alert.owners.iter().take(MOST_OWNERS).map(|owner| {
            let position = owner.position();
            let name = escaped(&clip(&owner.name, 80));
            let name = if name.is_empty() { "no name".to_owned() } else { name };
            if position.is_empty() { name } else { format!("{name} · {}", escaped(&clip(&position, 120))) }
        });
        long("Reported by".into(), lines.collect());
    }
    let words = alert.evidence();
    if !words.is_empty() && alert.intent != Some(Agreed::All(Intent::Discretionary)) {
        let lines = words.iter().take(MOST_EVIDENCE).map(|words| escaped(&clip(words, 250)));
        long("As the filing says".into(), lines.collect());
    }
    for sum in alert.sums.iter().take(MOST_SUMS) {
        let parts = sum.part_texts(MOST_PARTS).into_iter().map(|part| escaped(&clip(&part, 120)));
        long(format!("Within {}", sum.within), [sum.text()].into_iter().chain(parts).collect());
    }
    if let Some(amendment) = alert.amendment_text() {
        let changes = alert.changes.iter().take(MOST_CHANGES).map(|change| escaped(&clip(change, 150)));
        long("Amendment".into(), [capital(&amendment)].into_iter().chain(changes).collect());
    }
    if !alert.also_in.is_empty() {
        long("Also reported in".into(), vec![listed(&alert.also_in)]);
    }
    let more = alert.lots.len().saturating_sub(MOST_LOTS);
    let mut lines: Vec<String> =
        alert.lots.iter().take(MOST_LOTS).map(|lot| lot_line(lot, alert.sign(lot))).collect();
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    long(alert.lots_text(), lines);
    if !alert.warnings.is_empty() {
        let lines =
            alert.warnings.iter().take(MOST_WARNINGS).map(|warning| escaped(&clip(&warning.message, 200)));
        long("Odd in this filing".into(), lines.collect());
    }
    fields
}

fn lot_line(lot: &LotRecord, sign: &str) -> String {
    let date = lot.date.map_or("no date".to_owned(), |date| date.format("%Y-%m-%d").to_string());
    let shares = lot.number_text().map_or("?".to_owned(), |shares| format!("{sign}{shares}"));
    let after = lot.shares_after.map(|after| format!(" · {after} left")).unwrap_or_default();
    if let Some(principal) = lot.principal {
        return format!("`{date}` {principal} of principal{after}");
    }
    let price = match (lot.price_text(), lot.worth_text()) {
        (Some(price), _) => price,
        (None, Some(total)) => return format!("`{date}` {shares} for {total} in all{after}"),
        (None, None) => "unknown price".to_owned(),
    };
    format!("`{date}` {shares} × {price}{after}")
}

/// As many whole lines as fit, but never an empty text, because Discord rejects empty fields.
fn whole_lines(lines: &[String], limit: usize) -> String {
    let mut text = String::new();
    for line in lines {
        if text.chars().count() + line.chars().count() + 1 > limit {
            break;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(line);
    }
    if text.trim().is_empty() { "-".into() } else { text }
}
