//! Messages with a file, to channels that may take none: then they come without it, and say so.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::RequestBuilder;

use super::request::{DiscordClient, Failure, RequestKind};
use crate::delivery::Delivery;
use crate::notify::error::{Retry, SendError};
use crate::render::discord::{self, Attached, Attachment, Message, NoFile};

/// A channel that takes no file is offered one again after this.
const OFFERED_AGAIN: TimeDelta = TimeDelta::minutes(10);
/// More channels than this are remembered only while they take no file.
const MOST_CHANNELS: usize = 1_000;

/// Which channels take files, as far as that is known since the start.
#[derive(Debug, Default)]
pub(in crate::notify) struct Files {
    channels: Mutex<BTreeMap<String, Result<(), RefusedFile>>>,
}

/// A message with a file was refused.
#[derive(Debug, Clone, Copy)]
struct RefusedFile {
    why: NoFile,
    until: DateTime<Utc>,
    /// True if the channel took a message without one since. Before that it may take nothing at all.
    is_proven: bool,
}

impl Files {
    /// Whether a channel takes files: `None` where none was sent there since the start.
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

    /// Notes the end of a try without a file, where one was refused before.
    fn note_without(&self, channel: &str, sent: &Result<Vec<u8>, Failure>) {
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Err(refused)) = channels.get_mut(channel) else { return };
        match sent {
            // It takes messages, so that it was the file.
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
    /// Its message; `None` where it is made when it is sent.
    pub(in crate::notify) message: Option<Message>,
    /// True if a small file goes with it, to see whether the channel takes one.
    pub(in crate::notify) with_sample: bool,
}

/// A message that is to be sent.
pub(super) struct Outgoing<'a> {
    pub(super) deliveries: &'a [Delivery],
    pub(super) made: Made,
    /// The channel or webhook, by its id.
    pub(super) channel: String,
}

impl Outgoing<'_> {
    fn message(&self, without: Option<NoFile>) -> Option<Message> {
        match (&self.made.message, without) {
            // It has no file.
            (Some(message), _) => Some(message.clone()),
            (None, Some(why)) => discord::without_file(self.deliveries, why),
            (None, None) => {
                let mut message = discord::message(self.deliveries)?;
                if self.made.with_sample && message.file.is_none() {
                    let (name, content) =
                        ("sellbell-test.txt", b"A test of sellbell: files can be attached here.\n");
                    message.attachments = Some(vec![Attachment { id: "0".to_owned(), filename: name }]);
                    message.file = Some(Attached { name, mime: "text/plain", content: content.to_vec() });
                }
                Some(message)
            }
        }
    }

    /// Sends it; where its file is what is refused, without that. `None` where there is no message to send.
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
            if message.file.is_none() {
                files.note_without(&self.channel, &sent);
            }
            let failure = match sent {
                Ok(answer) => {
                    if message.file.is_some() {
                        files.note(&self.channel, Ok(()));
                    }
                    return Ok(answer);
                }
                Err(failure) => failure,
            };
            // A test of a channel reports what it does not take.
            let may_do_without = message.file.is_some() && !self.made.with_sample;
            let (Some(why), true) = (failure.file, may_do_without) else { return Err(failure.error) };
            let Some(bare) = self.message(Some(why)) else { return Err(failure.error) };
            // Whatever becomes of the next request: the file is not tried again at once.
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
