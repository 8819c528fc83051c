//! A complete submission text: an SGML header, then one `<DOCUMENT>` per file. The ownership form is in the
//! `<XML>` of one of them.

use chrono::{DateTime, LocalResult, NaiveDateTime, TimeZone, Utc};
use chrono_tz::America::New_York;
use thiserror::Error;

use super::answer::is_html;
use super::header;
use crate::filing::{Accession, CompanyFacts, Form};

/// The header's facts and the ownership document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission<'a> {
    /// `ACCESSION NUMBER`.
    pub accession: Option<Accession>,
    /// `<ACCEPTANCE-DATETIME>`, in New York time.
    pub accepted_at: Option<DateTime<Utc>>,
    /// The header's facts about the issuer.
    pub company: CompanyFacts,
    /// The XML of the first document whose type is an ownership form.
    pub xml: &'a str,
    /// The line of the submission on which that XML starts, from 1.
    pub xml_line: usize,
}

/// Why no ownership document was found.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SubmissionError {
    /// A page that reports a block, or another web page, saved in place of a filing.
    #[error("this is an HTML page, not a filing")]
    Html,
    /// Neither a submission nor an ownership document.
    #[error("this is neither a submission text nor an ownership document")]
    Unknown,
    /// No document of type 3, 4 or 5 contains `<XML>`.
    #[error("the submission has no ownership form in XML")]
    NoForm,
    /// `<XML>` without its end.
    #[error("the submission ends inside its ownership form")]
    Cut,
}

/// Finds header and ownership XML in a submission text, or accepts bare XML as it is.
///
/// # Errors
/// Texts without an ownership document in XML.
pub fn read(text: &str) -> Result<Submission<'_>, SubmissionError> {
    if is_html(text) {
        return Err(SubmissionError::Html);
    }
    let Some(body_start) = text.find("<DOCUMENT>") else {
        return bare(text);
    };
    let (header, body) = text.split_at(body_start);
    for document in body.split("<DOCUMENT>").skip(1) {
        let kind = tag(document, "<TYPE>").unwrap_or_default();
        if kind.parse::<Form>().is_err() {
            continue;
        }
        let Some((_, xml)) = document.split_once("<XML>") else { continue };
        let Some((xml, _)) = xml.split_once("</XML>") else { return Err(SubmissionError::Cut) };
        // An XML declaration must be the first thing in the document.
        let xml = xml.trim_start();
        let offset = xml.as_ptr() as usize - text.as_ptr() as usize;
        return Ok(Submission {
            accession: accession(header),
            accepted_at: tag(header, "<ACCEPTANCE-DATETIME>").and_then(accepted_at),
            company: header::company(header),
            xml,
            xml_line: text[..offset].matches('\n').count() + 1,
        });
    }
    Err(SubmissionError::NoForm)
}

fn bare(text: &str) -> Result<Submission<'_>, SubmissionError> {
    let xml = text.trim_start();
    if !xml.starts_with("<?xml") && !xml.contains("<ownershipDocument") {
        return Err(SubmissionError::Unknown);
    }
    let xml_line = text[..text.len() - xml.len()].matches('\n').count() + 1;
    Ok(Submission { accession: None, accepted_at: None, company: CompanyFacts::default(), xml, xml_line })
}

fn accession(header: &str) -> Option<Accession> {
    let labelled = header.lines().find_map(|line| line.strip_prefix("ACCESSION NUMBER:"));
    labelled.or_else(|| tag(header, "<ACCESSION-NUMBER>"))?.parse().ok()
}

fn tag<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(name)?;
    rest.lines().next().map(str::trim)
}

/// EDGAR uses New York time. In a repeated hour, the first pass counts; a time that the clock skipped is
/// `None`.
fn accepted_at(digits: &str) -> Option<DateTime<Utc>> {
    // Otherwise signs, spaces and longer years would be accepted.
    if digits.len() != 14 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let local = NaiveDateTime::parse_from_str(digits, "%Y%m%d%H%M%S").ok()?;
    match New_York.from_local_datetime(&local) {
        LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => Some(time.to_utc()),
        LocalResult::None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "<SEC-DOCUMENT>0000000007-21-000001.txt : 20210824\n<SEC-HEADER>x\n\
        <ACCEPTANCE-DATETIME>20210824171209\nACCESSION NUMBER:\t\t0000000007-21-000001\n</SEC-HEADER>\n\
        <DOCUMENT>\n<TYPE>EX-24\n<TEXT>\n<XML>no</XML>\n</DOCUMENT>\n\
        <DOCUMENT>\n<TYPE>4/A\n<TEXT>\n<XML>\n<?xml version=\"1.0\"?>\n<ownershipDocument/>\n</XML>\n</DOCUMENT>\n";

    #[test]
    fn header_and_form_are_found_behind_an_exhibit() {
        let submission = read(WHOLE).unwrap();
        assert_eq!(submission.accession, "0000000007-21-000001".parse().ok());
        assert_eq!(submission.accepted_at.map(|t| t.to_rfc3339()), Some("2021-08-24T21:12:09+00:00".into()));
        assert_eq!(submission.xml, "<?xml version=\"1.0\"?>\n<ownershipDocument/>\n");
        assert_eq!(submission.xml_line, 15);
    }

    #[test]
    fn what_is_no_filing_says_what_it_is() {
        assert_eq!(read("<!DOCTYPE html><html>blocked"), Err(SubmissionError::Html));
        assert_eq!(read("hello"), Err(SubmissionError::Unknown));
        assert_eq!(read(""), Err(SubmissionError::Unknown));
        assert_eq!(read(&WHOLE.replace("4/A", "10-K")), Err(SubmissionError::NoForm));
        assert_eq!(read(&WHOLE[..WHOLE.len() - 40]), Err(SubmissionError::Cut));
    }

    #[test]
    fn acceptance_follows_daylight_saving() {
        for (digits, utc) in [
            ("20230216162130", Some("2023-02-16T21:21:30+00:00")),
            ("20211107013000", Some("2021-11-07T05:30:00+00:00")),
            ("20210314023000", None),
            ("2021", None),
            ("+262142 12 31 18 00 00", None),
        ] {
            assert_eq!(accepted_at(digits).map(|t| t.to_rfc3339()).as_deref(), utc);
        }
    }
}
