//! Tries templates out before they are used.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta};

use super::templates::{TemplateError, Templates};
use super::{Chart, Reader, email_with};
use crate::alert::Alert;
use crate::decide::{self, Case};
use crate::delivery::{Body, Delivery};
use crate::destination::Destination;
use crate::digest::Digest;
use crate::notice::Notice;
use crate::problem::Source;
use crate::reader;
use crate::rules::{self, RuleSet};
use crate::text::Language;

/// A sale in two lots, with a 10b5-1 plan and footnotes.
const SAMPLE: &str = include_str!("../../replay/bundled/0009900001-21-000001.txt");
const RULE: &str = "[[rule]]\nname = \"sample\"\ncodes = [\"S\"]\n";

/// The mistakes that show when e-mails of every kind are made with these templates: an alert, digests with and
/// without filings, and a notice, with and without a chart, in each language.
pub fn check(templates: &Templates) -> Vec<TemplateError> {
    let Some(alert) = sample() else { return Vec::new() };
    let at = alert.accepted_at.unwrap_or(alert.seen_at);
    let digest = |alerts| {
        let window = (at - TimeDelta::days(1), at);
        let digest =
            Digest::new("sample", "2021-08-24T17:30".into(), "America/New_York".into(), window, alerts);
        Body::Digest(Box::new(Digest { due: Some(at), new_issuers: Some(BTreeSet::new()), ..digest }))
    };
    let notice = Notice::written(at, "A title", "A text");
    let bodies = [
        ("alert", Body::Alert(Box::new(alert.clone()))),
        ("digest", digest(vec![alert])),
        ("digest", digest(Vec::new())),
        ("notice", Body::Notice(Box::new(notice))),
    ];
    let chart = Chart { png: Vec::new(), alt_text: "A chart".to_owned() };
    let mut errors: Vec<TemplateError> = Vec::new();
    for (name, body) in bodies {
        let delivery = Delivery::new(Destination::Terminal, body, at);
        for language in Language::TAGS.map(|(_, language)| language) {
            for chart in [None, Some(&chart)] {
                let reader =
                    Reader { language, chart, unsubscribe: Some("bell@example.org"), ..Reader::PLAIN };
                let error = match email_with(templates, &delivery, &reader) {
                    Err(error) => TemplateError::new(&format!("{name}.html"), &error),
                    Ok(mail) if mail.text.trim().is_empty() => empty(&format!("{name}.txt")),
                    Ok(mail) if mail.html.trim().is_empty() => empty(&format!("{name}.html")),
                    Ok(_) => continue,
                };
                if !errors.contains(&error) {
                    errors.push(error);
                }
            }
        }
    }
    errors
}

fn empty(name: &str) -> TemplateError {
    TemplateError { name: name.to_owned(), line: None, message: "it yields nothing".to_owned() }
}

/// The alert of the bundled filing; the tests rule out that there is none.
fn sample() -> Option<Alert> {
    let filing = reader::read(SAMPLE.as_bytes()).ok()?;
    let accepted_at = filing.accepted_at.unwrap_or(DateTime::UNIX_EPOCH);
    let source = Source { file: "sample", text: RULE };
    let rules = RuleSet::new(rules::load_slice([source], &|_| true, &[]).ok()?);
    let whole_since = Some(DateTime::UNIX_EPOCH);
    let case = Case { filing: &filing, accepted_at, seen_at: accepted_at, known: &[], whole_since };
    decide::decide(&rules, case).alerts.into_iter().next().map(|(_, alert)| alert)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(name: &str, source: &str) -> Vec<TemplateError> {
        match Templates::with([(name.to_owned(), source.to_owned())]) {
            Ok(templates) => check(&templates),
            Err(errors) => errors,
        }
    }

    #[test]
    fn templates_are_tried_before_they_are_used() {
        assert!(sample().is_some_and(|alert| alert.lots.len() == 2));
        assert_eq!(check(Templates::built_in()), []);
        let all =
            Templates::names().map(|name| (name.to_owned(), Templates::source(name).unwrap().to_owned()));
        assert_eq!(check(&Templates::with(all).unwrap()), []);
        for (name, source, line, words) in [
            ("digest.html", "ok\n{% if %}", Some(2), "unexpected"),
            ("alert.txt", "{{ subject }}\n\n{{ no_such_thing }}", Some(3), "undefined"),
            ("layout.html", "{{ subject|no_such_filter }}", Some(1), "no_such_filter"),
            ("notice.txt", "{# nothing #}", None, "yields nothing"),
            (
                "alert.html",
                "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
                Some(1),
                "fuel",
            ),
            ("digest.txt", "{% include 'secrets.txt' %}", Some(1), "secrets.txt"),
        ] {
            let found = errors(name, source);
            let first = found.first().unwrap_or_else(|| panic!("{name} has no mistake"));
            assert_eq!((first.name.as_str(), first.line), (name, line), "{found:?}");
            assert!(first.message.contains(words), "{found:?}");
        }
    }
}
