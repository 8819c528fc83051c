//! Classifies EDGAR's answers by status and body: its error pages are misleading in both.

use crate::text::decode;

/// The kinds of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// A document, as far as its first bytes show.
    Document,
    /// "Request Rate Threshold Exceeded": too many requests; asking again prolongs the block.
    RateBlocked,
    /// "Undeclared Automated Tool": the user agent does not identify the requester.
    AgentRefused,
    /// Not published yet: S3's `AccessDenied`, or a 404.
    NotThereYet,
    /// 403 for another reason.
    Forbidden,
    /// 503 with the page "File Unavailable". After the last full page of the feed, it means the feed's end.
    FileUnavailable,
    /// Another 5xx.
    Unavailable,
    /// An HTML page with a status of success instead of a document.
    UnexpectedPage,
    /// Any other status.
    Refused,
}

/// Classifies an answer by its status and body.
pub fn classify(status: u16, body: &[u8]) -> Answer {
    let (head, _) = decode(&body[..body.len().min(8_192)]);
    let html = is_html(&head);
    if status != 404 && (html || status == 403) {
        // The page about the agent may have the title of the page about the rate, so it is checked first.
        if head.contains("Undeclared Automated Tool") {
            return Answer::AgentRefused;
        }
        if head.contains("Request Rate Threshold Exceeded") || head.contains("exceeded the SEC") {
            return Answer::RateBlocked;
        }
    }
    match status {
        200..=299 if html => Answer::UnexpectedPage,
        200..=299 => Answer::Document,
        403 if head.contains("<Code>AccessDenied</Code>") => Answer::NotThereYet,
        403 => Answer::Forbidden,
        404 => Answer::NotThereYet,
        429 => Answer::RateBlocked,
        503 if head.contains("File Unavailable") => Answer::FileUnavailable,
        500..=599 => Answer::Unavailable,
        _ => Answer::Refused,
    }
}

/// True if a text starts like an HTML page: never a feed, an index or a submission.
pub fn is_html(head: &str) -> bool {
    let start: String = head.trim_start().chars().take(200).collect::<String>().to_ascii_lowercase();
    start.starts_with("<!doctype html") || start.starts_with("<html")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_and_bodies_are_told_apart() {
        let agent = b"<!DOCTYPE html><html><title>SEC.gov | Request Rate Threshold Exceeded</title>\
            <h1>Your Request Originates from an Undeclared Automated Tool</h1>";
        let rate = b"<!DOCTYPE html PUBLIC ><html><title>SEC.gov | Request Rate Threshold Exceeded</title>";
        let s3 = b"<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>";
        for (status, body, expected) in [
            (200, &b"<?xml version=\"1.0\"?><feed>"[..], Answer::Document),
            (200, b"<SEC-DOCUMENT>0001.txt", Answer::Document),
            (403, agent, Answer::AgentRefused),
            (200, agent, Answer::AgentRefused),
            (403, rate, Answer::RateBlocked),
            (200, rate, Answer::RateBlocked),
            (429, b"", Answer::RateBlocked),
            (403, s3, Answer::NotThereYet),
            (404, b"<html>not found</html>", Answer::NotThereYet),
            (403, b"go away", Answer::Forbidden),
            (503, b"<!DOCTYPE html><title>SEC.gov | File Unavailable</title>", Answer::FileUnavailable),
            (503, b"<!DOCTYPE html><title>SEC.gov | Maintenance</title>", Answer::Unavailable),
            (500, b"<!DOCTYPE html><title>SEC.gov | File Unavailable</title>", Answer::Unavailable),
            (200, b"  <HTML><body>maintenance", Answer::UnexpectedPage),
            (200, b"", Answer::Document),
            (301, b"", Answer::Refused),
        ] {
            assert_eq!(classify(status, body), expected, "{status} {}", String::from_utf8_lossy(body));
        }
    }
}
