//! Everything around the content of an e-mail: its language, its reader, and why it was sent.

use serde::Serialize;

use super::labels::Labels;
use crate::text::Language::{self, English, German};

/// The most rules to name.
const MOST_RULES: usize = 5;

/// The reader of an e-mail, and what goes with it.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// The name of the destination: `email:desk`.
    pub destination: &'a str,
    /// The language to write in.
    pub language: Language,
    /// The most entries of a digest.
    pub max_items: usize,
    /// The address that asks to unsubscribe go to; `None` if there is none.
    pub unsubscribe: Option<&'a str>,
    /// The link that stops such e-mails; `None` if there is none.
    pub unsubscribe_url: Option<&'a str>,
    /// The chart, if there is one.
    pub chart: Option<&'a Chart>,
}

impl Reader<'_> {
    /// A reader with the defaults of the settings, for tests and examples.
    pub const PLAIN: Self = Reader {
        destination: "email:desk",
        language: Language::English,
        max_items: 40,
        unsubscribe: None,
        unsubscribe_url: None,
        chart: None,
    };
}

/// A chart as a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart {
    /// The PNG.
    pub png: Vec<u8>,
    /// Its words, for those who do not see it.
    pub alt_text: String,
}

/// The parts that each template has.
#[derive(Serialize)]
pub(super) struct Frame<'a> {
    lang: &'static str,
    t: &'static Labels,
    pub(super) subject: String,
    preheader: String,
    /// True if it has figures of filings.
    has_figures: bool,
    why: String,
    stop: String,
    unsubscribe: Option<&'a str>,
    unsubscribe_url: Option<&'a str>,
    chart: Option<ChartView<'a>>,
    reference: &'a str,
}

#[derive(Serialize)]
struct ChartView<'a> {
    id: String,
    alt_text: &'a str,
}

impl<'a> Frame<'a> {
    pub(super) fn new(reader: &Reader<'a>, reference: &'a str, subject: String, preheader: String) -> Self {
        let language = reader.language;
        Self {
            lang: language.tag(),
            t: language.labels(),
            subject,
            preheader,
            has_figures: true,
            why: String::new(),
            stop: stop(reader),
            unsubscribe: reader.unsubscribe,
            unsubscribe_url: reader.unsubscribe_url,
            chart: reader.chart.map(|chart| ChartView { id: chart_id(reference), alt_text: &chart.alt_text }),
            reference,
        }
    }

    /// The same for an e-mail without figures.
    pub(super) fn without_figures(self) -> Self {
        Self { has_figures: false, ..self }
    }

    /// Names the rules that sent it.
    pub(super) fn because_of(mut self, reader: &Reader<'_>, rules: &[String]) -> Self {
        self.why = why(reader, rules);
        self
    }
}

/// The id by which the HTML refers to the chart; each e-mail has its own.
pub(super) fn chart_id(reference: &str) -> String {
    format!("chart.{reference}@sellbell")
}

fn why(reader: &Reader<'_>, rules: &[String]) -> String {
    let destination = reader.destination;
    let more = rules.len().saturating_sub(MOST_RULES);
    let named: Vec<&str> = rules.iter().take(MOST_RULES).map(String::as_str).collect();
    let named = named.join(", ");
    match (reader.language, rules.len()) {
        (English, 0) => format!("You get this e-mail as {destination} in the settings of sellbell."),
        (German, 0) => {
            format!("Sie bekommen diese E-Mail als {destination} in den Einstellungen von sellbell.")
        }
        (English, 1) => format!("You get this e-mail because rule {named} alerts {destination}."),
        (German, 1) => format!("Sie bekommen diese E-Mail, weil die Regel {named} an {destination} meldet."),
        (English, _) if more > 0 => {
            format!("You get this e-mail because rules {named} and {more} more alert {destination}.")
        }
        (English, _) => format!("You get this e-mail because rules {named} alert {destination}."),
        (German, _) if more > 0 => format!(
            "Sie bekommen diese E-Mail, weil die Regeln {named} und {more} weitere an {destination} melden."
        ),
        (German, _) => format!("Sie bekommen diese E-Mail, weil die Regeln {named} an {destination} melden."),
    }
}

fn stop(reader: &Reader<'_>) -> String {
    match (reader.language, reader.unsubscribe) {
        (English, Some(address)) => format!("To stop it, write “unsubscribe” to {address}."),
        (English, None) => "To stop it, ask whoever runs this sellbell.".to_owned(),
        (German, Some(address)) => format!("Zum Abbestellen schreiben Sie „unsubscribe“ an {address}."),
        (German, None) => "Zum Abbestellen fragen Sie, wer dieses sellbell betreibt.".to_owned(),
    }
}
