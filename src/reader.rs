//! Reads the bytes of a submission text or a bare ownership document into a [`Filing`], from header and form.

use thiserror::Error;

use crate::edgar::submission::{self, SubmissionError};
use crate::filing::{Filing, Warning};
use crate::form4::{self, ReadError};
use crate::text::decode;

/// The largest submission that is read, in bytes. The largest of 18,794 real ones is less than a tenth of
/// this.
pub const MAX_BYTES: usize = 32 * 1024 * 1024;

/// The place of a mistake that affects the whole file; people do not see it.
pub(crate) const WHOLE: &str = "the whole file";

/// Why bytes could not be read as a filing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}{}", place(.at))]
pub struct Unreadable {
    /// A stable word: `not-a-filing`, `not-well-formed`, `not-ownership`, `incomplete`, `too-large`; for
    /// archives also `damaged`.
    pub kind: &'static str,
    /// The mistake.
    pub message: String,
    /// Where: a line and column of the XML, or the whole file.
    pub at: String,
}

/// Reads a filing.
///
/// # Errors
/// [`Unreadable`] states what is wrong and where; nothing is guessed instead.
pub fn read(bytes: &[u8]) -> Result<Filing, Unreadable> {
    if bytes.len() > MAX_BYTES {
        let message = format!("{} bytes are more than the {MAX_BYTES} that are read", bytes.len());
        return Err(Unreadable { kind: "too-large", message, at: WHOLE.into() });
    }
    let (text, doubtful) = decode(bytes);
    let submission = submission::read(&text).map_err(|error| match error {
        SubmissionError::Cut => unreadable("not-well-formed", &error),
        SubmissionError::Html | SubmissionError::Unknown | SubmissionError::NoForm => {
            unreadable("not-a-filing", &error)
        }
    })?;
    let mut filing = form4::parse(submission.xml).map_err(|error| located(error, submission.xml_line))?;
    filing.accession = submission.accession;
    filing.accepted_at = submission.accepted_at;
    filing.issuer.facts = submission.company;
    form4::conclude(&mut filing);
    if doubtful {
        filing.warnings.push(Warning {
            code: "bad-encoding".into(),
            message: "bytes that its encoding does not have were replaced or guessed at".into(),
            at: WHOLE.into(),
        });
    }
    Ok(filing)
}

fn place(at: &str) -> String {
    if at == WHOLE { String::new() } else { format!(" ({at})") }
}

fn unreadable(kind: &'static str, error: &SubmissionError) -> Unreadable {
    Unreadable { kind, message: error.to_string(), at: WHOLE.into() }
}

fn located(error: ReadError, xml_line: usize) -> Unreadable {
    let at = if xml_line > 1 && error.at.starts_with("line") {
        format!("{} of the XML, which starts at line {xml_line} of the file", error.at)
    } else {
        error.at
    };
    Unreadable { kind: error.kind, message: error.message, at }
}
