//! Faulty answers that are sent instead of the correct one.

use axum::http::{StatusCode, header};
use chrono::{DateTime, TimeDelta, Utc};

use super::answers::{Answers, feed_page, submission};
use super::documents;
use super::faults::Kind;
use super::reply::{Reply, Sent, http_date};
use super::request::Target;
use super::rng::Rng;

/// The wait that `Retry-After` asks for.
pub(super) const WAIT: TimeDelta = TimeDelta::seconds(30);

/// The answer with a fault; `None` if the fault cannot affect this answer, such as a cut in a page that does
/// not exist.
pub(super) fn sent(
    answers: &Answers,
    kind: Kind,
    mut rng: Rng,
    target: &Target,
    now: DateTime<Utc>,
) -> Option<Sent> {
    let document = || Some(answers.document(target, now)).filter(|reply| reply.status == StatusCode::OK);
    let page = |status, title| Some(Reply::page(status, title, "Please try again later."));
    let reply = match kind {
        Kind::FeedCut => {
            let reply = document()?;
            let end = place(&mut rng, reply.body.len() / 20, reply.body.len() - "</feed>\n".len())?;
            cut(reply, end)
        }
        Kind::FeedShort => short_feed(document()?, &mut rng),
        Kind::FeedEmpty => Some(feed_page(&documents::atom(&[]))),
        Kind::FeedStale => stale_feed(answers, target, now, &mut rng),
        Kind::HtmlPage => page(StatusCode::OK, "SEC.gov | Scheduled Maintenance"),
        Kind::RateBlock => Some(Reply::rate_block(StatusCode::FORBIDDEN)),
        Kind::RateBlockOk => Some(Reply::rate_block(StatusCode::OK)),
        Kind::AgentRefused => Some(Reply::undeclared()),
        Kind::AccessDenied => Some(Reply::access_denied()),
        Kind::Forbidden => page(StatusCode::FORBIDDEN, "Access to this page is restricted"),
        Kind::FileUnavailable => Some(Reply::file_unavailable()),
        Kind::Unavailable => page(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
        Kind::UnavailableUntil => {
            let until = now + TimeDelta::seconds(60 + i64::try_from(rng.below(240)).unwrap_or(0));
            page(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")
                .map(|reply| reply.with(header::RETRY_AFTER, http_date(until)))
        }
        Kind::ServerError => page(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
        Kind::BadGateway => page(StatusCode::BAD_GATEWAY, "Bad Gateway"),
        Kind::TooMany => page(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests"),
        Kind::TooManyWait => page(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests")
            .map(|reply| reply.with(header::RETRY_AFTER, WAIT.num_seconds().to_string())),
        Kind::Silence => return Some(Sent::Nothing),
        Kind::Reset | Kind::ShortBody => {
            let reply = document()?;
            let bytes = place(&mut rng, 1, reply.body.len())?;
            return Some(match kind {
                Kind::Reset => Sent::Broken(reply, bytes),
                _ => Sent::Short(reply, bytes),
            });
        }
        Kind::SubmissionCut => {
            let reply = document()?;
            let form_end = find(&reply.body, b"</XML>").unwrap_or(reply.body.len());
            let end = place(&mut rng, form_end / 10, form_end / 10 * 9)?;
            cut(reply, end)
        }
        Kind::OtherSubmission => document().and_then(|_| other_submission(answers, target)),
        Kind::IndexCut => cut_index(document()?, &mut rng),
        Kind::IndexLate => {
            let Target::Index(day, _) = target else { return None };
            answers.timeline.index_ms(*day)?;
            let minutes = 60 + i64::try_from(rng.below(11 * 60 + 1)).unwrap_or(0);
            answers.put_off(*day, TimeDelta::minutes(minutes));
            Some(answers.document(target, now)).filter(|reply| reply.status != StatusCode::OK)
        }
    };
    reply.map(Sent::Whole)
}

fn cut(mut reply: Reply, end: usize) -> Option<Reply> {
    reply.body.truncate(end);
    Some(reply)
}

/// A position from `from` to before `end`; `None` if there is none.
fn place(rng: &mut Rng, from: usize, end: usize) -> Option<usize> {
    (from < end).then(|| from + rng.place(end - from))
}

/// The page with only its first entries: at least one, but not all.
fn short_feed(reply: Reply, rng: &mut Rng) -> Option<Reply> {
    let xml = String::from_utf8_lossy(&reply.body);
    let starts: Vec<usize> = xml.match_indices("<entry>").map(|(at, _)| at).collect();
    let end = *starts.get(place(rng, 1, starts.len())?)?;
    let shorter = format!("{}</feed>\n", &xml[..end]);
    Some(reply.holding(shorter.into_bytes()))
}

/// The page as it was minutes, hours or a day ago.
fn stale_feed(answers: &Answers, target: &Target, now: DateTime<Utc>, rng: &mut Rng) -> Option<Reply> {
    let Target::Feed(_) = target else { return None };
    let minutes = match rng.below(3) {
        0 => 2 + rng.below(58),
        1 => 60 + rng.below(7 * 60),
        _ => 24 * 60,
    };
    let as_of = now.checked_sub_signed(TimeDelta::minutes(i64::try_from(minutes).ok()?))?;
    Some(answers.document(target, as_of))
}

fn other_submission(answers: &Answers, target: &Target) -> Option<Reply> {
    let Target::Submission(_, accession) = target else { return None };
    submission(answers.timeline.another(*accession)?)
}

/// The index up to the end of one of its lines, but not the last.
fn cut_index(reply: Reply, rng: &mut Rng) -> Option<Reply> {
    let head = find(&reply.body, b"\n-----")? + 1;
    let ends: Vec<usize> =
        (head..reply.body.len()).filter(|&at| reply.body.get(at) == Some(&b'\n')).map(|at| at + 1).collect();
    // The first of them ends the rule under the header.
    let end = *ends.get(place(rng, 1, ends.len().saturating_sub(1))?)?;
    cut(reply, end)
}

fn find(body: &[u8], text: &[u8]) -> Option<usize> {
    body.windows(text.len()).position(|window| window == text)
}
