//! Many alerts in one message: their totals, the largest of them, and all of them in an attached table.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::embed::{
    AMBER, Attached, Attachment, Author, Embed, Field, Footer, GREEN, GREY, MARK, NoFile, RED, TITLE,
};
use super::part::Part;
use super::words::escaped;
use crate::alert::{AlertDirection, Key, Verb};
use crate::filing::{Usd, grouped};
use crate::render::filing::capital;
use crate::render::table::table;
use crate::summary::{Line, Summary, Why};
use crate::text::clip;

/// How many of the largest alerts to show at most.
const SHOWN: usize = 10;
/// The most characters for the lines that show them; Discord's limit is 4,096.
const DESCRIPTION: usize = 3_500;
const NAME: usize = 60;
const FILE: &str = "alerts.csv";

/// The message for a summary; `reference` is the delivery's key.
pub(super) fn summary(summary: &Summary, reference: &Key) -> Part {
    let content = table(&summary.lines);
    Part {
        attachments: Some(vec![Attachment::new(0, FILE)]),
        file: Some(Attached { name: FILE.to_owned(), mime: "text/csv", content }),
        ..bare(summary, reference, "All are in the attached table.")
    }
}

/// The same message if its table cannot be attached. A table attached earlier is removed, because it would
/// lack the alerts added since.
pub(super) fn without_table(summary: &Summary, reference: &Key, why: NoFile) -> Part {
    let reason = match why {
        NoFile::NoPermission => {
            "The table of all of them is missing: the permission Attach Files is missing in this channel."
        }
        NoFile::NotTaken => "The table of all of them is missing: Discord rejects it.",
    };
    let mut part = bare(summary, reference, "");
    part.embed.description = format!("{}\n{reason}", part.embed.description);
    part
}

fn bare(summary: &Summary, reference: &Key, rest: &str) -> Part {
    let lines = &summary.lines;
    let count = grouped(&summary.count.to_string());
    let (alerts, were) = if summary.count == 1 { ("alert", "was") } else { ("alerts", "were") };
    let title = match &summary.why {
        Why::TooMany => format!("{count} more {alerts}"),
        Why::Waited { .. } => format!("{count} {alerts} that waited"),
        Why::Muted { .. } => format!("{count} {alerts} that {were} muted"),
    };
    let title = clip(&title, TITLE).into_owned();
    let largest =
        lines.iter().filter(|line| line.sound_value().is_some()).max_by_key(|line| line.sound_value());
    let largest = largest.map_or_else(String::new, |line| format!(" · the largest: {}", in_few_words(line)));
    let headline = Some(format!("**{title}**{largest}"));
    let embed = Embed {
        author: Author { name: "sellbell".to_owned() },
        title,
        url: None,
        description: description(summary, rest),
        color: color(lines),
        fields: fields(lines),
        footer: Footer { text: format!("{MARK}{reference}") },
        timestamp: lines.iter().filter_map(|line| line.accepted_at).max(),
        image: None,
    };
    let mentions = summary.mention.clone();
    Part { mentions, headline, embed, attachments: Some(Vec::new()), file: None, choice: None }
}

/// `QLYS sold $2.66M`.
fn in_few_words(line: &Line) -> String {
    let least = if line.value_is_at_least { "at least " } else { "" };
    let value = line.sound_value().map(|value| format!(" {least}{}", value.short())).unwrap_or_default();
    format!("{} {}{value}", subject(line), line.verb)
}

fn subject(line: &Line) -> String {
    let name = line.ticker.as_deref().filter(|ticker| !ticker.is_empty()).unwrap_or(&line.issuer);
    escaped(&clip(name, NAME))
}

/// The largest alerts, and where the rest is.
fn description(summary: &Summary, rest: &str) -> String {
    let why = match &summary.why {
        Why::TooMany => "More came at once than this channel gets one by one.".to_owned(),
        Why::Muted { since, until, what } => {
            let (since, until) = (since.timestamp(), until.timestamp());
            format!(
                "{} was muted from <t:{since}:f> to <t:{until}:f>.",
                capital(&escaped(&clip(&what.target().in_words(), NAME)))
            )
        }
        Why::Waited { since } => format!("This channel took nothing since <t:{}:f>.", since.timestamp()),
    };
    let mut largest: Vec<&Line> = summary.lines.iter().collect();
    largest.sort_by_key(|line| Reverse(line.sound_value()));
    let mut text = match largest.len() {
        0..=1 => why,
        2..=SHOWN => format!("{why} By value:"),
        _ => format!("{why} The largest:"),
    };
    let mut shown = 0;
    for line in largest.iter().take(SHOWN) {
        let next = format!("\n- {}", entry(line));
        if text.chars().count() + next.chars().count() > DESCRIPTION {
            break;
        }
        text.push_str(&next);
        shown += 1;
    }
    let more = summary.count.saturating_sub(shown);
    if more > 0 {
        text.push_str(format!("\nand {} more. {rest}", grouped(&more.to_string())).trim_end());
    }
    text
}

/// `**$2.66M** sold · QLYS · Philippe Courtot (CEO)`, with a link.
fn entry(line: &Line) -> String {
    let least = if line.value_is_at_least { "at least " } else { "" };
    let value = match (line.sound_value(), line.deed.is_empty()) {
        (Some(value), _) if line.direction != Some(AlertDirection::Both) => {
            format!("**{least}{}** {}", value.short(), line.verb)
        }
        (_, false) => format!("**{}**", line.deed),
        (Some(value), true) => format!("**{least}{}** {}", value.short(), line.verb),
        (None, true) => format!("**unknown value** {}", line.verb),
    };
    let odd = line.odd.as_ref().map(|odd| format!(" · odd: {}", escaped(odd))).unwrap_or_default();
    format!("{value} · [{}]({}) · {}{odd}", subject(line), line.url, escaped(&clip(&line.owners, NAME)))
}

fn fields(lines: &[Line]) -> Vec<Field> {
    let mut fields = Vec::new();
    let mut field =
        |name: &str, value: String| fields.push(Field { name: name.to_owned(), value, inline: true });
    // Another rule may report the same lots of a filing again; no lot counts twice.
    let filings = lines.iter().map(|line| line.accession).collect::<BTreeSet<_>>().len();
    let left_out = lines.iter().filter(|line| line.value_is_odd).count();
    if filings == lines.len()
        && let Some(total) = total(lines)
    {
        let without = match left_out {
            0 => String::new(),
            1 => ", leaving out an odd value".to_owned(),
            n => format!(", leaving out {} odd values", grouped(&n.to_string())),
        };
        field("Value together", format!("{total}{without}"));
    }
    field("Filings", grouped(&filings.to_string()));
    let companies = lines.iter().map(|line| line.cik).collect::<BTreeSet<_>>().len();
    field("Companies", grouped(&companies.to_string()));
    let accepted = || lines.iter().filter_map(|line| line.accepted_at);
    if let (Some(first), Some(last)) = (accepted().min(), accepted().max()) {
        let time = |moment: DateTime<Utc>| format!("<t:{}:f>", moment.timestamp());
        let span = if first == last { time(first) } else { format!("{} to {}", time(first), time(last)) };
        field("Accepted", span);
    }
    fields
}

/// Their total value, without odd values; acquisitions and disposals separately.
fn total(lines: &[Line]) -> Option<String> {
    let mut sums: Vec<(Option<&str>, Usd, bool)> = Vec::new();
    let mut add = |way: Option<&'static str>, value: Usd, is_at_least: bool| match sums
        .iter_mut()
        .find(|(own, ..)| *own == way)
    {
        Some((_, sum, least)) => {
            *sum = sum.plus(value).unwrap_or(*sum);
            *least |= is_at_least;
        }
        None => sums.push((way, value, is_at_least)),
    };
    let word = |way: Option<&str>| match way {
        Some("acquired") => Some("acquired"),
        Some("disposed") => Some("disposed of"),
        _ => None,
    };
    let other = |way: Option<&str>| match way {
        Some("acquired") => Some("disposed of"),
        Some("disposed") => Some("acquired"),
        _ => None,
    };
    for line in lines {
        let way = line.main_direction.as_deref();
        if let Some(value) = line.sound_value() {
            add(word(way), value, line.value_is_at_least);
        } else if line.value_usd.is_none() {
            add(word(way), Usd::ZERO, true);
        }
        if let Some(value) = line.opposite_usd.filter(|value| !value.is_zero()) {
            add(other(way), value, line.opposite_is_at_least);
        }
    }
    let known: Vec<_> = sums.iter().filter(|(_, sum, _)| !sum.is_zero()).collect();
    let several = known.len() > 1;
    let each = known.iter().map(|(way, sum, least)| {
        let least = if *least { "at least " } else { "" };
        let way = way.filter(|_| several).map(|way| format!(" {way}")).unwrap_or_default();
        format!("{least}{}{way}", sum.short())
    });
    let text = each.collect::<Vec<_>>().join(", ");
    (!text.is_empty()).then_some(text)
}

fn color(lines: &[Line]) -> u32 {
    let all = |verb: Verb| !lines.is_empty() && lines.iter().all(|line| line.verb == verb.text());
    match (lines.is_empty(), all(Verb::Sold), all(Verb::Bought)) {
        (true, ..) => AMBER,
        (_, true, _) => RED,
        (_, _, true) => GREEN,
        _ => GREY,
    }
}
