//! Messages with a file to channels that may not accept files: they are then sent without it, and say so.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::RequestBuilder;

use super::request::{DiscordClient, Failure, RequestKind};
use crate::delivery::Delivery;
use crate::notify::error::{Retry, SendError};
use crate::render::discord::{self, Attached, Attachment, CardChart, Message, NoFile};

/// How long to wait before offering a file again to a channel that refused one.
const OFFERED_AGAIN: TimeDelta = TimeDelta::minutes(10);
/// Above this number, only channels that refuse files are remembered.
const MOST_CHANNELS: usize = 1_000;

/// Which channels accept files, as far as known since the start.
#[derive(Debug, Default)]
pub(in crate::notify) struct Files {
    channels: Mutex<BTreeMap<String, Result<(), RefusedFile>>>,
}

/// A refused message with a file.
#[derive(Debug, Clone, Copy)]
struct RefusedFile {
    why: NoFile,
    until: DateTime<Utc>,
    /// True if the channel has since accepted a message without a file. Until then, it may refuse every
    /// message.
    is_proven: bool,
}

impl Files {
    /// Whether a channel accepts files; `None` if none was sent there since the start.
    pub(in crate::notify) fn taken_by(&self, channel: &str) -> Option<Result<(), NoFile>> {
        let channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        match channels.get(channel)? {
            Ok(()) => Some(Ok(())),
            Err(refused) => refused.is_proven.then_some(Err(refused.why)),
        }
    }

    fn refused_until(&self, channel: &str, now: DateTime<Utc>) -> Option<NoFile> {
        let channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        let refused = channels.get(channel)?.err()?;
        (now < refused.until && refused.until - now <= OFFERED_AGAIN).then_some(refused.why)
    }

    /// Records the result of sending without a file after one was refused.
    fn note_without(&self, channel: &str, sent: &Result<Vec<u8>, Failure>) {
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Err(refused)) = channels.get_mut(channel) else { return };
        match sent {
            // It accepts messages, so the file was the reason.
            Ok(_) => refused.is_proven = true,
            Err(failure) if failure.error.retry == Retry::Closed && !refused.is_proven => {
                channels.remove(channel);
            }
            Err(_) => {}
        }
    }

    fn note(&self, channel: &str, took: Result<(), RefusedFile>) {
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        channels.insert(channel.to_owned(), took);
        if channels.len() > MOST_CHANNELS {
            channels.retain(|_, took| took.is_err());
        }
    }
}

/// A batch's message, if it is rendered already, and how to send it.
pub(in crate::notify) struct Made {
    /// The message; `None` if it is rendered when it is sent.
    pub(in crate::notify) message: Option<Message>,
    /// The charts of its cards.
    pub(in crate::notify) charts: Vec<CardChart>,
    /// True to attach a small file, to see whether the channel accepts one.
    pub(in crate::notify) with_sample: bool,
    /// True for a real alert, false for a test.
    pub(in crate::notify) is_real: bool,
}

/// A message to send.
pub(super) struct Outgoing<'a> {
    pub(super) deliveries: &'a [Delivery],
    pub(super) made: &'a Made,
    /// The channel or webhook, by its id.
    pub(super) channel: String,
}

impl Outgoing<'_> {
    fn message(&self, without: Option<NoFile>) -> Option<Message> {
        let message = match (&self.made.message, without) {
            // A message that is already rendered has no file of its own.
            (Some(message), _) => message.clone(),
            (None, Some(why)) => discord::without_file(self.deliveries, why)?,
            (None, None) => discord::message(self.deliveries)?,
        };
        if without.is_some() {
            return Some(message);
        }
        let mut message = message.with_charts(&self.made.charts);
        if self.made.with_sample && message.files.is_empty() {
            let (name, content) = ("sellbell-test.txt", b"A test of sellbell: files can be attached here.\n");
            message.attachments = Some(vec![Attachment::new(0, name)]);
            message.files =
                vec![Attached { name: name.to_owned(), mime: "text/plain", content: content.to_vec() }];
        }
        Some(message)
    }

    /// Sends the message, and again without its file if that is refused. Returns `None` if there is no
    /// message to send.
    pub(super) async fn send(
        &self,
        client: &DiscordClient,
        files: &Files,
        kind: &RequestKind,
        request: impl Fn(&Message) -> Result<RequestBuilder, SendError>,
        now: DateTime<Utc>,
    ) -> Option<Result<Vec<u8>, SendError>> {
        let missing = files.refused_until(&self.channel, now).filter(|_| !self.made.with_sample);
        let message = self.message(missing)?;
        let request_of = |message: &Message| request(message);
        let sent = async {
            let sent = client.execute(kind, request_of(&message)?, now).await;
            if message.files.is_empty() {
                files.note_without(&self.channel, &sent);
            }
            let failure = match sent {
                Ok(answer) => {
                    if !message.files.is_empty() {
                        files.note(&self.channel, Ok(()));
                    }
                    return Ok(answer);
                }
                Err(failure) => failure,
            };
            // A test of a channel reports a refused file instead.
            let may_do_without = !message.files.is_empty() && !self.made.with_sample;
            let (Some(why), true) = (failure.file, may_do_without) else { return Err(failure.error) };
            let Some(bare) = self.message(Some(why)) else { return Err(failure.error) };
            // Whatever the result of the next request, do not try the file again at once.
            files.note(&self.channel, Err(RefusedFile { why, until: now + OFFERED_AGAIN, is_proven: false }));
            if let Err(until) = client.turn(&kind.route, kind.by, now) {
                let wait = (until - now).to_std().unwrap_or_default();
                return Err(SendError {
                    retry: Retry::After(wait),
                    ..SendError::refused(failure.error.message)
                });
            }
            let sent = client.execute(kind, request_of(&bare)?, now).await;
            files.note_without(&self.channel, &sent);
            Ok(sent?)
        };
        Some(sent.await)
    }
}
