//! Alerts, digests and notices as mails: subject, text and HTML. Filers' text is escaped by the templates.

mod lot;

use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, ErrorKind};
use serde::Serialize;

use self::lot::LotView;
use super::filing::capital;
use super::{eastern, listed};
use crate::alert::{Alert, Figure};
use crate::delivery::{Body, Delivery};
use crate::digest::{Digest, Entry};
use crate::rules::Sum;
use crate::text::{clip, plain};

/// Gmail clips a message at about 102 KB.
const MAX_HTML: usize = 80_000;
const MOST_ENTRIES: usize = 60;
const MOST_RULES: usize = 10;
const DESCRIPTION: usize = 500;
const MOST_LOTS: usize = 30;
const MOST_OWNERS: usize = 10;
const MOST_EVIDENCE: usize = 2;
const MOST_CHANGES: usize = 10;
const MOST_ODD: usize = 2;
const MOST_PARTS: usize = 10;
const MOST_PARTS_OF_ENTRY: usize = 3;
const PART: usize = 300;
const SUBJECT: usize = 150;
const NAME: usize = 150;

/// A mail's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    /// One line.
    pub subject: String,
    /// The text alternative.
    pub text: String,
    /// The HTML alternative.
    pub html: String,
}

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
        environment.set_syntax(syntax);
    }
    for (name, source) in [
        ("layout.html", include_str!("templates/layout.html")),
        ("alert.html", include_str!("templates/alert.html")),
        ("digest.html", include_str!("templates/digest.html")),
        ("alert.txt", include_str!("templates/alert.txt")),
        ("digest.txt", include_str!("templates/digest.txt")),
        ("notice.html", include_str!("templates/notice.html")),
        ("notice.txt", include_str!("templates/notice.txt")),
    ] {
        // A template that does not parse is missing then, and rendering says so: the tests render each.
        let _ = environment.add_template(name, source);
    }
    environment
});

/// The mail of a delivery.
///
/// # Errors
/// A template that fails, which the tests rule out for the built-in ones.
pub fn email(delivery: &Delivery) -> Result<Email, minijinja::Error> {
    let reference = delivery.key.as_str();
    match &delivery.body {
        Body::Alert(alert) => {
            let view = AlertView::new(alert, reference);
            let (text, html) = (render("alert.txt", &view)?, render("alert.html", &view)?);
            Ok(Email { subject: view.subject, text, html })
        }
        Body::Notice(notice) => {
            let subject = clip(&plain(&format!("sellbell: {}", notice.title)), SUBJECT).into_owned();
            let lines = notice.text.lines().map(plain).collect();
            let view = NoticeView { subject: &subject, title: &notice.title, lines, reference };
            let (text, html) = (render("notice.txt", &view)?, render("notice.html", &view)?);
            Ok(Email { subject, text, html })
        }
        Body::Addition(alert) => {
            let name = alert.ticker_or_name();
            let subject = format!("{name}: {} tells the same trade", alert.owners_text());
            let subject = clip(&plain(&subject), SUBJECT).into_owned();
            let lines = vec![
                format!(
                    "What was told before is also told in {}, by {}.",
                    alert.accession,
                    plain(&alert.owners_text())
                ),
                alert.url.clone(),
            ];
            let view = NoticeView { subject: &subject, title: &subject, lines, reference };
            let (text, html) = (render("notice.txt", &view)?, render("notice.html", &view)?);
            Ok(Email { subject, text, html })
        }
        Body::Summary(_) => {
            Err(minijinja::Error::new(ErrorKind::InvalidOperation, "a summary is a message on Discord"))
        }
        Body::Digest(digest) => {
            let mut most = MOST_ENTRIES;
            loop {
                let view = DigestView::new(digest, reference, most);
                let html = render("digest.html", &view)?;
                // Escaping can make a name many times as long: fewer entries then.
                if html.len() > MAX_HTML && most > 1 {
                    most -= most.div_ceil(4);
                    continue;
                }
                return Ok(Email { text: render("digest.txt", &view)?, subject: view.subject, html });
            }
        }
    }
}

fn render(name: &str, view: &impl Serialize) -> Result<String, minijinja::Error> {
    TEMPLATES.get_template(name)?.render(Serde(view))
}

#[derive(Serialize)]
struct NoticeView<'a> {
    subject: &'a str,
    title: &'a str,
    lines: Vec<String>,
    reference: &'a str,
}

#[derive(Serialize)]
struct AlertView {
    subject: String,
    message: Vec<String>,
    company: String,
    tickers: String,
    tone: &'static str,
    verb: &'static str,
    owners: Vec<OwnerView>,
    owners_text: String,
    more_owners: usize,
    what: String,
    also: Option<String>,
    did: String,
    odd: Vec<String>,
    detail: String,
    priced: String,
    value: String,
    range: Option<String>,
    securities: Vec<String>,
    pricing: Vec<String>,
    stake: Option<String>,
    holdings: Option<String>,
    lots_text: String,
    dates: String,
    lots: Vec<LotView>,
    more_lots: usize,
    plan: String,
    reason: Option<&'static str>,
    evidence: Vec<String>,
    accepted: Option<String>,
    late: bool,
    form: String,
    amendment: Option<String>,
    supersedes: bool,
    changes: Vec<String>,
    also_in: Option<String>,
    sums: Vec<SumView>,
    count: Option<&'static str>,
    warnings: Vec<String>,
    rules: Vec<RuleView>,
    url: String,
    reference: String,
}

#[derive(Serialize)]
struct OwnerView {
    name: String,
    position: String,
}

#[derive(Serialize)]
struct SumView {
    text: String,
    parts: Vec<PartView>,
    more: usize,
}

#[derive(Serialize)]
struct PartView {
    text: String,
    url: Option<String>,
}

impl SumView {
    fn new(sum: &Sum, most: usize) -> Self {
        let parts = sum.parts.iter().take(most);
        Self {
            text: sum.text(),
            parts: parts
                .map(|part| PartView {
                    text: plain(&clip(&part.text(), PART)),
                    url: part.url.clone().filter(|_| !part.own),
                })
                .collect(),
            more: sum.more + sum.parts.len().saturating_sub(most),
        }
    }
}

#[derive(Serialize)]
struct RuleView {
    name: String,
    description: Option<String>,
}

impl AlertView {
    fn new(alert: &Alert, reference: &str) -> Self {
        let owners_text = bounded(&alert.owners_text());
        let amended = alert.amended_mark();
        let ways = alert.ways();
        let subject = alert.deed_text(Figure::Full);
        let subject = format!("{}: {owners_text} {subject}{amended}", alert.ticker_or_name());
        let (verb, what) =
            ways.first().map_or(("traded", String::new()), |way| (way.verb, way.what(Figure::Full)));
        let also = ways.get(1).map(|way| format!("and {} {}", way.verb, way.what(Figure::Full)));
        let also = also.or_else(|| alert.only_moves().then(|| "within what they hold".to_owned()));
        let priced = match alert.price_text() {
            Some(price) if alert.lots.len() > 1 => format!(" at {price} on average"),
            Some(price) => format!(" at {price}"),
            None => ways
                .first()
                .map(|way| alert.for_value(way))
                .filter(|_| alert.sound_value().is_none())
                .unwrap_or_default(),
        };
        Self {
            message: alert.message.iter().flat_map(|text| text.lines()).map(plain).collect(),
            subject: clip(&plain(&subject), SUBJECT).into_owned(),
            company: bounded(&alert.issuer.name),
            tickers: bounded(&alert.issuer.tickers.join(", ")),
            tone: match alert.verb() {
                "sold" => "#d64545",
                "bought" => "#2e9e6b",
                _ => "#808890",
            },
            verb,
            also,
            did: ways
                .iter()
                .map(|way| format!("{} {}", way.verb, way.quantity))
                .collect::<Vec<_>>()
                .join(" and "),
            odd: alert.figure_warnings().take(MOST_ODD).map(|warning| bounded(&warning.message)).collect(),
            priced,
            detail: ways.iter().map(|way| way.quantity.clone()).collect::<Vec<_>>().join(" and "),
            owners: alert
                .owners
                .iter()
                .take(MOST_OWNERS)
                .map(|owner| OwnerView { name: bounded(&owner.name), position: bounded(&owner.position()) })
                .collect(),
            owners_text,
            more_owners: alert.owners.len().saturating_sub(MOST_OWNERS),
            what,
            value: match alert.value_usd {
                Some(value) if value.is_zero() && !alert.value_is_odd => "no price".into(),
                None if alert.value_text() == "an unknown price" => "unknown".into(),
                _ => alert.value_text(),
            },
            range: alert.range_text(),
            securities: alert.security_lines(plain),
            pricing: alert.pricing_lines().iter().map(|line| plain(&clip(line, 300))).collect(),
            stake: alert.stake_text(plain).map(|text| clip(&text, 400).into_owned()),
            holdings: alert.holdings_text().filter(|_| alert.stake_text(plain).is_none()),
            lots_text: alert.lots_text(),
            dates: alert.dates_text(),
            lots: alert.lots.iter().take(MOST_LOTS).map(|lot| LotView::new(lot, alert.sign(lot))).collect(),
            more_lots: alert.lots.len().saturating_sub(MOST_LOTS),
            plan: alert.plan_text(),
            reason: alert.reason_text(),
            evidence: if alert.intent.as_deref() == Some("discretionary") {
                Vec::new()
            } else {
                alert
                    .evidence()
                    .into_iter()
                    .take(MOST_EVIDENCE)
                    .map(|words| plain(&clip(words, 300)))
                    .collect()
            },
            accepted: match (alert.accepted_at.map(eastern), alert.way_text()) {
                (Some(accepted), Some(way)) => Some(format!("{accepted} · {way}")),
                (None, Some(way)) => Some(format!("at a time that is not told; {way}")),
                (accepted, None) => accepted,
            },
            late: alert.late,
            form: alert.form.to_string(),
            supersedes: alert.supersedes.is_some(),
            amendment: alert.amendment_text().map(|text| capital(&text)),
            changes: alert
                .changes
                .iter()
                .take(MOST_CHANGES)
                .map(|change| plain(&clip(change, 200)))
                .collect(),
            also_in: (!alert.also_in.is_empty()).then(|| listed(&alert.also_in)),
            sums: alert.sums.iter().map(|sum| SumView::new(sum, MOST_PARTS)).collect(),
            count: None,
            warnings: alert.warnings.iter().take(5).map(|warning| bounded(&warning.message)).collect(),
            rules: vec![RuleView {
                name: alert.rule.clone(),
                description: alert
                    .rule_description
                    .as_deref()
                    .map(|text| clip(text, DESCRIPTION).into_owned()),
            }],
            url: alert.url.clone(),
            reference: reference.to_owned(),
        }
    }

    fn of_entry(entry: &Entry, reference: &str) -> Self {
        let rules = entry
            .rules
            .iter()
            .take(MOST_RULES)
            .map(|name| RuleView { name: name.clone(), description: None })
            .collect();
        let sums = entry.alert.sums.iter().map(|sum| SumView::new(sum, MOST_PARTS_OF_ENTRY)).collect();
        Self { rules, sums, count: entry.count_text(), ..Self::new(&entry.alert, reference) }
    }
}

#[derive(Serialize)]
struct DigestView {
    subject: String,
    slot: String,
    time_zone: String,
    total: String,
    filings: usize,
    issuers: usize,
    entries: Vec<AlertView>,
    more_entries: usize,
    reference: String,
}

impl DigestView {
    fn new(digest: &Digest, reference: &str, most: usize) -> Self {
        let count = digest.entries.len();
        let filings = if count == 1 { "1 filing".to_owned() } else { format!("{count} filings") };
        Self {
            subject: clip(&format!("Insider digest: {filings}, {}", digest.total_text()), SUBJECT)
                .into_owned(),
            slot: digest.slot.replace('T', " "),
            time_zone: digest.time_zone.clone(),
            total: digest.total_text(),
            filings: count,
            issuers: digest.issuers,
            entries: digest
                .entries
                .iter()
                .take(most)
                .map(|entry| AlertView::of_entry(entry, reference))
                .collect(),
            more_entries: count.saturating_sub(most),
            reference: reference.to_owned(),
        }
    }
}

fn bounded(text: &str) -> String {
    clip(&plain(text), NAME).into_owned()
}
