//! The e-mails: alerts, digests and notices, as HTML and as text that says the same. Their templates are in
//! `templates/`. Everything from outside is escaped in HTML and on one line elsewhere.

mod alert_view;
mod check;
mod digest_view;
mod frame;
mod german;
mod item;
mod labels;
mod lot;
mod sums;
mod templates;
mod words;
mod wrap;

pub use check::check;
pub use frame::{Chart, Reader};
pub use templates::{TemplateError, Templates};

use minijinja::ErrorKind;
use serde::Serialize;

use super::notice::{Words, words as notice_words};
use super::table::table;
use crate::alert::Alert;
use crate::delivery::{Body, Delivery};
use crate::digest::Digest;
use crate::summary::Line;
use crate::text::{Language, clip, plain};
use alert_view::AlertView;
use digest_view::DigestView;
use frame::{Frame, chart_id};
use wrap::wrapped;

const SUBJECT: usize = 150;
/// Gmail clips HTML at about 102 kB.
const MAX_HTML: usize = 78_000;
/// The most filings in the attached table.
const MOST_ROWS: usize = 5_000;

/// The content of an e-mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    /// The subject, on one line.
    pub subject: String,
    /// The text alternative.
    pub text: String,
    /// The HTML alternative.
    pub html: String,
    /// The Content-ID by which the HTML shows the chart; `None` without a chart.
    pub chart_id: Option<String>,
    /// The attached table, if the digest does not show everything.
    pub table: Option<Table>,
}

/// A table that is attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The file's name.
    pub name: String,
    /// CSV.
    pub csv: Vec<u8>,
}

/// The e-mail for a delivery to a reader, by the built-in templates.
///
/// # Errors
/// A template that fails, which the tests rule out for the built-in ones.
pub fn email(delivery: &Delivery, reader: &Reader<'_>) -> Result<Email, minijinja::Error> {
    email_with(Templates::built_in(), delivery, reader)
}

/// The same by other templates.
///
/// # Errors
/// A template that fails.
pub fn email_with(
    templates: &Templates,
    delivery: &Delivery,
    reader: &Reader<'_>,
) -> Result<Email, minijinja::Error> {
    let reference = delivery.key.as_str();
    let mut email = match &delivery.body {
        Body::Alert(alert) | Body::Correction(alert) => {
            let view = AlertView::new(alert, reader, reference);
            let (text, html) =
                (templates.render("alert.txt", &view)?, templates.render("alert.html", &view)?);
            Email::new(view.frame.subject, text, html)
        }
        Body::Notice(notice) => {
            let Words { title, text } = notice_words(notice);
            let subject = clip(&plain(&format!("sellbell: {title}")), SUBJECT).into_owned();
            note(templates, reader, reference, (subject, title), text.lines().map(plain).collect(), &[])?
        }
        Body::Addition(alert) => addition(templates, alert, reader, reference)?,
        Body::Summary(_) => {
            let why = "a summary is a message on Discord";
            return Err(minijinja::Error::new(ErrorKind::InvalidOperation, why));
        }
        Body::Digest(digest) => digest_email(templates, digest, reader, reference)?,
    };
    email.text = wrapped(&email.text);
    let shows_chart = matches!(delivery.body, Body::Alert(_) | Body::Correction(_) | Body::Digest(_));
    email.chart_id = reader.chart.filter(|_| shows_chart).map(|_| chart_id(reference));
    Ok(email)
}

/// The digest with as many filings as the reader wants and HTML of this size has room for.
fn digest_email(
    templates: &Templates,
    digest: &Digest,
    reader: &Reader<'_>,
    reference: &str,
) -> Result<Email, minijinja::Error> {
    let mut most = reader.max_items;
    loop {
        let view = DigestView::new(digest, reader, reference, most);
        let html = templates.render("digest.html", &view)?;
        if html.len() > MAX_HTML && most > 1 {
            // Entries differ in size, and escaping can make a name many times longer.
            most = (most.min(digest.entries.len()) * MAX_HTML / html.len()).clamp(1, most - 1);
            continue;
        }
        let text = templates.render("digest.txt", &view)?;
        let table = (digest.entries.len() > most).then(|| all_of(digest));
        return Ok(Email { table, ..Email::new(view.frame.subject, text, html) });
    }
}

/// All filings of a digest as a table.
fn all_of(digest: &Digest) -> Table {
    let alerts = digest.entries.iter().take(MOST_ROWS).map(|entry| &entry.alert);
    let lines: Vec<Line> = alerts.map(|alert| Line::new(&alert.key, alert)).collect();
    let day = digest.slot.split('T').next().unwrap_or_default();
    Table { name: format!("insider-trades-{day}.csv"), csv: table(&lines) }
}

fn addition(
    templates: &Templates,
    alert: &Alert,
    reader: &Reader<'_>,
    reference: &str,
) -> Result<Email, minijinja::Error> {
    let (name, owners) = (alert.ticker_or_name(), reader.language.owners(alert));
    let accession = alert.accession;
    let (subject, text) = match reader.language {
        Language::English => (
            format!("{name}: {owners} reports the same trade"),
            format!("The trade reported before is also reported in {accession}, by {owners}."),
        ),
        Language::German => (
            format!("{name}: dasselbe Geschäft meldet {owners}"),
            format!("Das bereits gemeldete Geschäft steht auch in {accession}, gemeldet von {owners}."),
        ),
    };
    let subject = clip(&plain(&subject), SUBJECT).into_owned();
    let lines = vec![plain(&text), alert.url.clone()];
    note(templates, reader, reference, (subject.clone(), subject), lines, std::slice::from_ref(&alert.rule))
}

fn note(
    templates: &Templates,
    reader: &Reader<'_>,
    reference: &str,
    (subject, title): (String, String),
    lines: Vec<String>,
    rules: &[String],
) -> Result<Email, minijinja::Error> {
    let preheader = lines.first().cloned().unwrap_or_default();
    let frame = Frame::new(&Reader { chart: None, ..*reader }, reference, subject, preheader);
    let view = NoteView { frame: frame.because_of(reader, rules).without_figures(), title, lines };
    let (text, html) = (templates.render("notice.txt", &view)?, templates.render("notice.html", &view)?);
    Ok(Email::new(view.frame.subject, text, html))
}

impl Email {
    fn new(subject: String, text: String, html: String) -> Self {
        Self { subject, text, html, chart_id: None, table: None }
    }
}

/// A notice, or a few lines of text.
#[derive(Serialize)]
struct NoteView<'a> {
    #[serde(flatten)]
    frame: Frame<'a>,
    title: String,
    lines: Vec<String>,
}

#[cfg(test)]
mod tests;
