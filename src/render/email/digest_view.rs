//! A digest as its templates show it: a summary, then its filings by company.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;
use serde::Serialize;

use super::frame::{Frame, Reader};
use super::item::{ItemView, tone};
use super::words::bounded;
use crate::alert::Alert;
use crate::digest::{Digest, Entry, Kind, KindTotal};
use crate::filing::{Cik, Usd};
use crate::render::filing::capital;
use crate::rules::Counting;
use crate::text::Language::{self, English, German};
use crate::text::{clip, clip_words, plain};

const SUBJECT: usize = 150;
const PREHEADER: usize = 200;
/// The most companies to name in the subject, and as new ones.
const NAMED: usize = 3;
const MOST_NEW: usize = 12;
const LARGEST: usize = 3;
const MOST_CLUSTERS: usize = 5;
const NAME: usize = 40;

#[derive(Serialize)]
pub(super) struct DigestView<'a> {
    #[serde(flatten)]
    pub(super) frame: Frame<'a>,
    headline: String,
    slot: String,
    period: String,
    late: Option<String>,
    totals: Vec<TotalView>,
    notes: Vec<String>,
    largest: Vec<LargestView>,
    clusters: Vec<String>,
    new: Option<String>,
    issuers: Vec<IssuerView>,
    more: Option<String>,
}

#[derive(Serialize)]
struct TotalView {
    label: String,
    text: String,
    tone: &'static str,
    filings: String,
    value: String,
}

#[derive(Serialize)]
struct LargestView {
    name: String,
    text: String,
    value: String,
    tone: &'static str,
}

#[derive(Serialize)]
struct IssuerView {
    tickers: String,
    company: String,
    total: String,
    items: Vec<ItemView>,
}

impl<'a> DigestView<'a> {
    /// The digest with its first `most` filings.
    pub(super) fn new(digest: &Digest, reader: &Reader<'a>, reference: &'a str, most: usize) -> Self {
        let language = reader.language;
        let zone: Tz = digest.time_zone.parse().unwrap_or(Tz::UTC);
        let totals = digest.totals();
        let headline = headline(digest, &totals, language);
        let names = names(digest);
        let named = with_more(&names, NAMED, language);
        let subject = if named.is_empty() { headline.clone() } else { format!("{headline}: {named}") };
        let largest = largest(digest, language);
        let rules: BTreeSet<&String> = digest.entries.iter().flat_map(|entry| &entry.rules).collect();
        let rules: Vec<String> = rules.into_iter().cloned().collect();
        let preheader = preheader(digest, &largest, language, zone);
        let frame = Frame::new(reader, reference, clip(&plain(&subject), SUBJECT).into_owned(), preheader);
        let frame = if digest.entries.is_empty() { frame.without_figures() } else { frame };
        Self {
            frame: frame.because_of(reader, &rules),
            headline,
            slot: slot(digest, language, zone),
            period: period(digest, language, zone),
            late: digest.due.map(|due| late(due, language, zone)),
            totals: totals.iter().map(|total| TotalView::new(total, language)).collect(),
            notes: notes(digest, language),
            largest: if digest.entries.len() > LARGEST { largest } else { Vec::new() },
            clusters: clusters(digest, language),
            new: new_issuers(digest, language),
            issuers: issuers(digest, language, zone, most),
            more: more(digest, language, most),
        }
    }
}

impl TotalView {
    fn new(total: &KindTotal, language: Language) -> Self {
        let none = match language {
            English => "no value",
            German => "ohne Wert",
        };
        Self {
            label: capital(language.kind_words(total.kind).1),
            text: language.kind(total.kind, total.filings),
            tone: match total.kind {
                Kind::Sale => "sale",
                Kind::Purchase => "buy",
                Kind::Other(_) => "other",
            },
            filings: language.count(total.filings),
            value: language.total(total, Language::usd).unwrap_or_else(|| none.to_owned()),
        }
    }
}

/// `12 insider sales, $48.3M`; `15 insider trades: 12 sales $48.3M, 3 purchases $1.20M`.
fn headline(digest: &Digest, totals: &[KindTotal], language: Language) -> String {
    let short = |total: &KindTotal| language.total(total, Language::usd_short);
    match totals {
        [] if digest.entries.is_empty() => match language {
            English => "No insider trades".to_owned(),
            German => "Keine Insidergeschäfte".to_owned(),
        },
        [] => match (digest.entries.len(), language) {
            (1, English) => "1 filing without a new trade".to_owned(),
            (n, English) => format!("{n} filings without a new trade"),
            (1, German) => "1 Meldung ohne neues Geschäft".to_owned(),
            (n, German) => format!("{n} Meldungen ohne neues Geschäft"),
        },
        [one] if !matches!(one.kind, Kind::Other(_)) => {
            let kind = language.kind(one.kind, one.filings);
            let kind = match language {
                English => kind.replacen(' ', " insider ", 1),
                German => kind.replacen(' ', " Insider-", 1),
            };
            short(one).map_or(kind.clone(), |value| format!("{kind}, {value}"))
        }
        several => {
            let all: usize = several.iter().map(|total| total.filings).sum();
            let (others, main): (Vec<&KindTotal>, Vec<&KindTotal>) =
                several.iter().partition(|total| matches!(total.kind, Kind::Other(_)));
            let each = main.iter().map(|total| {
                let kind = language.kind(total.kind, total.filings);
                short(total).map_or(kind.clone(), |value| format!("{kind} {value}"))
            });
            let rest: usize = others.iter().map(|total| total.filings).sum();
            let rest = (rest > 0 && !main.is_empty()).then(|| match (rest, language) {
                (_, English) => format!("{} other", language.count(rest)),
                (1, German) => "1 anderes".to_owned(),
                (_, German) => format!("{} andere", language.count(rest)),
            });
            let each = each.chain(rest).collect::<Vec<_>>().join(", ");
            let all = match (all, language) {
                (1, English) => "1 insider trade".to_owned(),
                (_, English) => format!("{} insider trades", language.count(all)),
                (1, German) => "1 Insidergeschäft".to_owned(),
                (_, German) => format!("{} Insidergeschäfte", language.count(all)),
            };
            if each.is_empty() { all } else { format!("{all}: {each}") }
        }
    }
}

/// The companies by ticker, or by name if they have none, the most valuable first.
fn names(digest: &Digest) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let all = digest.entries.iter().map(|entry| name(&entry.alert));
    all.filter(|name| seen.insert(name.clone())).collect()
}

fn name(alert: &Alert) -> String {
    clip(&plain(alert.ticker_or_name()), NAME).into_owned()
}

/// `QLYS, TSM, ACME and 5 more`.
fn with_more(names: &[String], most: usize, language: Language) -> String {
    // One more is named rather than counted.
    let most = if names.len() == most + 1 { names.len() } else { most };
    let shown = names.iter().take(most).cloned().collect::<Vec<_>>().join(", ");
    match (names.len().saturating_sub(most), language) {
        (0, _) => shown,
        (more, English) => format!("{shown} and {more} more"),
        (more, German) => format!("{shown} und {more} weitere"),
    }
}

/// The line that mail programs show below the subject: the largest trades, then the day.
fn preheader(digest: &Digest, largest: &[LargestView], language: Language, zone: Tz) -> String {
    let each = largest.iter().map(|one| format!("{} {}: {}", one.name, one.value, one.text));
    let text = each.chain([slot(digest, language, zone)]).collect::<Vec<_>>().join(" · ");
    clip_words(&text, PREHEADER).into_owned()
}

fn largest(digest: &Digest, language: Language) -> Vec<LargestView> {
    let valued =
        digest.entries.iter().filter(|entry| entry.counted > 0 && entry.alert.sound_value().is_some());
    valued
        .take(LARGEST)
        .map(|entry| LargestView {
            name: name(&entry.alert),
            text: language.owners(&entry.alert),
            value: language.value_short(&entry.alert),
            tone: tone(&entry.alert),
        })
        .collect()
}

/// The slot: `Tue, Aug 24, 2021, 17:30 EDT`.
fn slot(digest: &Digest, language: Language, zone: Tz) -> String {
    let local = NaiveDateTime::parse_from_str(&digest.slot, "%Y-%m-%dT%H:%M");
    let local = local.or_else(|_| NaiveDateTime::parse_from_str(&digest.slot, "%Y-%m-%dT%H:%M:%S"));
    let shown = local.ok().and_then(|local| zone.from_local_datetime(&local).earliest());
    match shown {
        Some(time) => language.time(time.to_utc(), zone),
        // The clock skipped it.
        None => format!("{} {}", digest.slot.replace('T', " "), digest.time_zone),
    }
}

fn period(digest: &Digest, language: Language, zone: Tz) -> String {
    let (since, until) = (language.time(digest.since, zone), language.time(digest.until, zone));
    match language {
        English => format!("Filings from {since} to {until}"),
        German => format!("Meldungen von {since} bis {until}"),
    }
}

fn late(due: DateTime<Utc>, language: Language, zone: Tz) -> String {
    let due = language.time(due, zone);
    match language {
        English => format!("This digest is late. It was due on {due}, when sellbell could not send it."),
        German => format!(
            "Dieser Überblick kommt spät. Fällig war er am {due}; sellbell konnte ihn da nicht senden."
        ),
    }
}

fn notes(digest: &Digest, language: Language) -> Vec<String> {
    let sent = digest.entries.iter().filter(|entry| entry.sent_at.is_some()).count();
    let uncounted = digest.entries.iter().filter(|entry| entry.counted == 0).count();
    let few = |count: usize, texts: [(&str, &str); 2]| {
        let (one, many) = if language == English { texts[0] } else { texts[1] };
        (count > 0)
            .then(|| if count == 1 { one.to_owned() } else { many.replace("{}", &language.count(count)) })
    };
    let notes = [
        few(
            uncounted,
            [
                (
                    "1 filing repeats or withdraws earlier ones, and is not in the total.",
                    "{} filings repeat or withdraw earlier ones, and are not in the total.",
                ),
                (
                    "1 Meldung wiederholt oder widerruft frühere und ist nicht in der Summe.",
                    "{} Meldungen wiederholen oder widerrufen frühere und sind nicht in der Summe.",
                ),
            ],
        ),
        few(
            digest.left_out,
            [
                (
                    "1 filing has an odd value, which is not in the total.",
                    "{} filings have odd values, which are not in the total.",
                ),
                (
                    "1 Meldung hat einen auffälligen Wert, der nicht in der Summe ist.",
                    "{} Meldungen haben auffällige Werte, die nicht in der Summe sind.",
                ),
            ],
        ),
        few(
            sent,
            [
                (
                    "1 of them was already sent to you at once.",
                    "{} of them were already sent to you at once.",
                ),
                (
                    "1 davon wurde Ihnen bereits sofort gesandt.",
                    "{} davon wurden Ihnen bereits sofort gesandt.",
                ),
            ],
        ),
        few(
            digest.muted,
            [
                ("1 alert is held back by a mute.", "{} alerts are held back by mutes."),
                (
                    "1 Meldung hält eine Stummschaltung zurück.",
                    "{} Meldungen halten Stummschaltungen zurück.",
                ),
            ],
        ),
    ];
    notes.into_iter().flatten().collect()
}

/// The clusters, each company once.
fn clusters(digest: &Digest, language: Language) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut texts = Vec::new();
    for alert in digest.entries.iter().map(|entry| &entry.alert) {
        let sum = alert.sums.iter().find(|sum| sum.condition == Counting::Cluster);
        if let Some(sum) = sum.filter(|_| seen.insert(alert.issuer.cik)) {
            texts.push(format!("{}: {}", name(alert), language.sum(sum)));
        }
    }
    texts.truncate(MOST_CLUSTERS);
    texts
}

/// The companies that were not in the last digest, unless all or none are new.
fn new_issuers(digest: &Digest, language: Language) -> Option<String> {
    let new = digest.new_issuers.as_ref()?;
    let mut seen = BTreeSet::new();
    let fresh = digest.entries.iter().filter(|entry| seen.insert(entry.alert.issuer.cik));
    let (fresh, known): (Vec<&Entry>, Vec<&Entry>) =
        fresh.partition(|entry| new.contains(&entry.alert.issuer.cik));
    let names: Vec<String> = fresh.iter().map(|entry| name(&entry.alert)).collect();
    (!names.is_empty() && !known.is_empty()).then(|| with_more(&names, MOST_NEW, language))
}

/// The first `most` filings by company, the company that is worth the most first.
fn issuers(digest: &Digest, language: Language, zone: Tz, most: usize) -> Vec<IssuerView> {
    let mut groups: Vec<(Cik, Vec<&Entry>)> = Vec::new();
    for entry in digest.entries.iter().take(most) {
        let cik = entry.alert.issuer.cik;
        match groups.iter_mut().find(|(own, _)| *own == cik) {
            Some((_, entries)) => entries.push(entry),
            None => groups.push((cik, vec![entry])),
        }
    }
    let worth = |entries: &[&Entry]| {
        let totals = KindTotal::of(entries.iter().copied());
        totals
            .iter()
            .filter_map(|total| total.usd)
            .fold(Usd::ZERO, |sum, value| sum.plus(value).unwrap_or(sum))
    };
    groups.sort_by_cached_key(|(_, entries)| std::cmp::Reverse(worth(entries)));
    groups.iter().filter_map(|(_, entries)| IssuerView::new(entries, language, zone)).collect()
}

impl IssuerView {
    fn new(entries: &[&Entry], language: Language, zone: Tz) -> Option<Self> {
        let issuer = &entries.first()?.alert.issuer;
        let totals = KindTotal::of(entries.iter().copied());
        let each = totals.iter().filter_map(|total| {
            let value = language.total(total, Language::usd_short)?;
            let (_, kinds) = language.kind_words(total.kind);
            Some(if totals.len() == 1 { value } else { format!("{kinds} {value}") })
        });
        let total = if entries.len() > 1 { each.collect::<Vec<_>>().join(", ") } else { String::new() };
        Some(Self {
            tickers: bounded(&issuer.tickers.join(", ")),
            company: bounded(&issuer.name),
            total,
            items: entries.iter().map(|entry| ItemView::new(entry, language, zone)).collect(),
        })
    }
}

fn more(digest: &Digest, language: Language, most: usize) -> Option<String> {
    let more = digest.entries.len().saturating_sub(most);
    let shown = language.count(more);
    match (more, language) {
        (0, _) => None,
        (1, English) => Some("and 1 more filing, which is in the totals above".to_owned()),
        (_, English) => Some(format!("and {shown} more filings, which are in the totals above")),
        (1, German) => Some("und 1 weitere Meldung, die in den Summen oben enthalten ist".to_owned()),
        (_, German) => Some(format!("und {shown} weitere Meldungen, die in den Summen oben enthalten sind")),
    }
}
