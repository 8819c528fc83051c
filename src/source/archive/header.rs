//! Reads a submission's header without its form: the accession, the time, and whether it is an ownership
//! form.

use std::path::Path;

use chrono::{DateTime, NaiveDate, TimeZone, Utc};
use chrono_tz::America::New_York;
use serde::{Deserialize, Serialize};

use crate::edgar::submission;
use crate::filing::{Accession, Filing, Form, is_mistyped};
use crate::reader;
use crate::text::decode;

/// Enough for a header with ten owners; other forms have their type in the first lines.
pub(super) const HEAD: usize = 64 * 1024;

/// The facts stated in a header.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct HeaderFacts {
    /// Its accession.
    pub(super) accession: Option<Accession>,
    /// When EDGAR accepted it: from the header, or else the end of the day on which it was filed or signed.
    pub(super) accepted_at: Option<DateTime<Utc>>,
    /// The day it was filed, if the header has no time of acceptance.
    pub(super) filed: Option<NaiveDate>,
}

/// A member, judged by its first bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Judged {
    /// A form that is not 3, 4 or 5.
    Other,
    /// An ownership form, or something that its reader will identify.
    Form(HeaderFacts),
}

/// Reads the facts from the first bytes of a submission.
pub(super) fn judge(head: &[u8]) -> Judged {
    let (text, _) = decode(head);
    let header = text.split_once("<DOCUMENT>").map_or(&*text, |(header, _)| header);
    if header.trim_start().starts_with("<?xml") || header.contains("<ownershipDocument") {
        return Judged::Form(HeaderFacts::default());
    }
    let kind = field(header, &["CONFORMED SUBMISSION TYPE:", "<TYPE>"]);
    if kind.is_some_and(|kind| kind.parse::<Form>().is_err()) {
        return Judged::Other;
    }
    // Uses the only reader of headers, so that these facts agree with the filing.
    let probe = format!("{header}\n<DOCUMENT>\n<TYPE>4\n<XML></XML>\n");
    let Ok(read) = submission::read(&probe) else { return Judged::Form(HeaderFacts::default()) };
    let filed = field(header, &["FILED AS OF DATE:", "<FILING-DATE>"])
        .and_then(|day| NaiveDate::parse_from_str(day.get(..8)?, "%Y%m%d").ok())
        .filter(|_| read.accepted_at.is_none());
    let accepted_at = read.accepted_at.or_else(|| filed.and_then(end_of_day));
    Judged::Form(HeaderFacts { accession: read.accession, accepted_at, filed })
}

/// The facts of a whole document whose header has no time: it is dated by its newest signature, or else by
/// its period.
pub(super) fn judge_whole(bytes: &[u8]) -> Judged {
    match reader::read(bytes) {
        Ok(filing) => {
            let accepted_at = filing.accepted_at.or_else(|| said_day(&filing).and_then(end_of_day));
            Judged::Form(HeaderFacts { accession: filing.accession, accepted_at, filed: None })
        }
        Err(error) if error.kind == "not-ownership" => Judged::Other,
        Err(_) => Judged::Form(HeaderFacts::default()),
    }
}

fn said_day(filing: &Filing) -> Option<NaiveDate> {
    let said = filing.signatures.iter().filter_map(|signature| signature.date).max();
    // A date in the year 23 is a typing error.
    said.filter(|day| !is_mistyped(*day, None, None)).or(filing.period)
}

/// When EDGAR closes on a day, at 22:00 in New York: nothing filed that day is accepted later.
pub(super) fn end_of_day(day: NaiveDate) -> Option<DateTime<Utc>> {
    let local = day.and_hms_opt(22, 0, 0)?;
    New_York.from_local_datetime(&local).earliest().map(|time| time.to_utc())
}

/// The accession that a file is named after, with or without dashes.
pub(super) fn accession_of_name(name: &str) -> Option<Accession> {
    let name = Path::new(name).file_name()?.to_str()?;
    [20, 18].into_iter().find_map(|length| {
        let (accession, rest) = name.split_at_checked(length)?;
        let longer = rest.starts_with(|next: char| next.is_ascii_digit());
        accession.parse().ok().filter(|_| !longer)
    })
}

fn field<'a>(header: &'a str, labels: &[&str]) -> Option<&'a str> {
    header
        .lines()
        .find_map(|line| labels.iter().find_map(|label| line.trim_start().strip_prefix(label)))
        .map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(accession: &str, accepted_at: &str, filed: Option<&str>) -> Judged {
        Judged::Form(HeaderFacts {
            accession: accession.parse().ok(),
            accepted_at: DateTime::parse_from_rfc3339(accepted_at).ok().map(|time| time.to_utc()),
            filed: filed.map(|day| day.parse().unwrap()),
        })
    }

    #[test]
    fn headers_of_both_kinds_say_which_and_when() {
        let text = "<SEC-DOCUMENT>x\n<ACCEPTANCE-DATETIME>20230216162130\nACCESSION NUMBER:\t\t0000002488-23-000030\n\
            CONFORMED SUBMISSION TYPE:\t4/A\nFILED AS OF DATE:\t\t20230216\n<DOCUMENT>\n<TYPE>EX-24\n";
        assert_eq!(judge(text.as_bytes()), facts("0000002488-23-000030", "2023-02-16T21:21:30Z", None));
        let feed = "<SUBMISSION>\n<ACCESSION-NUMBER>0000002488-23-000030\n<TYPE>4\n<FILING-DATE>20230616\n<DOCUMENT>\n";
        assert_eq!(
            judge(feed.as_bytes()),
            facts("0000002488-23-000030", "2023-06-17T02:00:00Z", Some("2023-06-16"))
        );
    }

    #[test]
    fn other_forms_are_told_by_the_header() {
        for other in
            ["CONFORMED SUBMISSION TYPE:\t424B2\n", "<SUBMISSION>\n<TYPE>13F-HR\n<DOCUMENT>\n<TYPE>4\n"]
        {
            assert_eq!(judge(other.as_bytes()), Judged::Other, "{other}");
        }
        assert_eq!(judge(b"<html>blocked</html>"), Judged::Form(HeaderFacts::default()));
        assert_eq!(judge(b""), Judged::Form(HeaderFacts::default()));
        assert_eq!(judge_whole(b"<?xml version=\"1.0\"?><edgarSubmission/>"), Judged::Other);
    }

    #[test]
    fn files_are_named_after_accessions() {
        let accession = "0001107843-21-000101".parse().ok();
        for name in [
            "0001107843-21-000101.xml",
            "a/b/0001107843-21-000101.txt",
            "000110784321000101.xml",
            "000110784321000101_form4.xml",
            "0001107843-21-000101",
        ] {
            assert_eq!(accession_of_name(name), accession, "{name}");
        }
        for name in
            ["", "doc4.xml", "00011078432100010", "0001107843210001011.xml", "0001107843-21-000101/doc4.xml"]
        {
            assert_eq!(accession_of_name(name), None, "{name}");
        }
    }

    #[test]
    fn a_day_ends_by_the_clock_of_new_york() {
        for (day, utc) in
            [("2023-02-16", "2023-02-17T03:00:00+00:00"), ("2023-06-16", "2023-06-17T02:00:00+00:00")]
        {
            assert_eq!(end_of_day(day.parse().unwrap()).unwrap().to_rfc3339(), utc);
        }
    }
}
