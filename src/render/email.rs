//! Alerts, digests and notices as e-mails: subject, text and HTML. The templates escape filers' text.

mod alert_view;
mod lot;

use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, ErrorKind};
use serde::Serialize;

use self::alert_view::{AlertView, SUBJECT};
use crate::delivery::{Body, Delivery};
use crate::digest::Digest;
use crate::render::notice::{Words, words};
use crate::text::{clip, plain};

/// Gmail clips a message at about 102 KB.
const MAX_HTML: usize = 80_000;
const MOST_ENTRIES: usize = 60;
/// The content of an e-mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    /// The subject, on one line.
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
        // A template that does not parse is missing, so rendering it fails; the tests render each one.
        let _ = environment.add_template(name, source);
    }
    environment
});

/// The e-mail for a delivery.
///
/// # Errors
/// A template that fails, which the tests rule out for the built-in ones.
pub fn email(delivery: &Delivery) -> Result<Email, minijinja::Error> {
    let reference = delivery.key.as_str();
    match &delivery.body {
        Body::Alert(alert) | Body::Correction(alert) => {
            let view = AlertView::new(alert, reference);
            let (text, html) = (render("alert.txt", &view)?, render("alert.html", &view)?);
            Ok(Email { subject: view.subject, text, html })
        }
        Body::Notice(notice) => {
            let Words { title, text } = words(notice);
            let subject = clip(&plain(&format!("sellbell: {title}")), SUBJECT).into_owned();
            let lines = text.lines().map(plain).collect();
            let view = NoticeView { subject: &subject, title: &title, lines, reference };
            let (text, html) = (render("notice.txt", &view)?, render("notice.html", &view)?);
            Ok(Email { subject, text, html })
        }
        Body::Addition(alert) => {
            let name = alert.ticker_or_name();
            let subject = format!("{name}: {} reports the same trade", alert.owners_text());
            let subject = clip(&plain(&subject), SUBJECT).into_owned();
            let lines = vec![
                format!(
                    "The trade reported before is also reported in {}, by {}.",
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
                // Escaping can make a name many times longer, so show fewer entries then.
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
