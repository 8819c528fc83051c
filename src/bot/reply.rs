//! Answers to commands and buttons.
//!
//! <https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object>

use serde_json::{Value, json};

use crate::render::discord::{Attached, Row};
use crate::store::StoreError;
use crate::text::clip;

/// Discord's limit of a message's text.
const TEXT: usize = 2_000;
/// The most rows of buttons.
const MOST_ROWS: usize = 5;
/// The flag of a message that only one person sees.
pub(super) const EPHEMERAL: u64 = 64;
/// The links in an answer show no previews.
const NO_PREVIEWS: u64 = 4;

const CHART: &str = "chart.png";

const MESSAGE: u8 = 4;
const DEFERRED: u8 = 5;
const DEFERRED_UPDATE: u8 = 6;
const UPDATE: u8 = 7;

/// An answer to a command or a button.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reply {
    text: String,
    /// Its buttons.
    rows: Vec<Value>,
    /// A picture below it, and its description.
    picture: Option<Box<(Attached, String)>>,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Only the person who asked sees it.
    Private,
    /// The channel sees it.
    Public,
    /// It replaces the text and the buttons of the message whose button was pressed.
    Update,
}

/// Why a command or a button ends before its own answer.
#[derive(Debug)]
pub(super) enum Stopped {
    /// It is refused, with this answer.
    Refused(Reply),
    /// The store failed.
    Store(StoreError),
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Stopped {
    /// The answer to it. A failure of the store is logged.
    pub(super) fn reply(self) -> Reply {
        match self {
            Self::Refused(reply) => reply,
            Self::Store(error) => {
                tracing::error!("{error}");
                private("This could not be saved. The bot's log says why.")
            }
        }
    }
}

/// An answer that only the person who asked sees.
pub(super) fn private(text: impl Into<String>) -> Reply {
    Reply { text: text.into(), rows: Vec::new(), picture: None, kind: Kind::Private }
}

/// An answer that the channel sees.
pub(super) fn public(text: impl Into<String>) -> Reply {
    Reply { text: text.into(), rows: Vec::new(), picture: None, kind: Kind::Public }
}

/// The new text and buttons of the message whose button was pressed.
pub(super) fn update(text: impl Into<String>, rows: Vec<Value>) -> Reply {
    Reply { text: text.into(), rows, picture: None, kind: Kind::Update }
}

impl Reply {
    /// The same with buttons.
    pub(super) fn with(self, rows: impl IntoIterator<Item = Row>) -> Self {
        Self { rows: rows.into_iter().map(|row| row.to_value()).collect(), ..self }
    }

    /// The same with a chart, a PNG, and its description.
    pub(super) fn with_chart(self, png: Vec<u8>, alt_text: String) -> Self {
        let file = Attached { name: CHART.to_owned(), mime: "image/png", content: png };
        Self { picture: Some(Box::new((file, alt_text))), ..self }
    }

    /// The same without its chart.
    pub(super) fn without_chart(self) -> Self {
        Self { picture: None, ..self }
    }

    /// Its files.
    pub(super) fn files(&self) -> &[Attached] {
        self.picture.as_deref().map_or(&[], |(file, _)| std::slice::from_ref(file))
    }

    /// The first answer to an interaction.
    pub(super) fn response(&self) -> Value {
        match self.is_update() {
            true => json!({ "type": UPDATE, "data": self.message() }),
            false => json!({ "type": MESSAGE, "data": self.follow_up() }),
        }
    }

    /// A further message, after a first answer.
    pub(super) fn follow_up(&self) -> Value {
        let mut data = self.message();
        let private = if self.is_public() { 0 } else { EPHEMERAL };
        data["flags"] = (private | NO_PREVIEWS).into();
        data
    }

    pub(super) fn is_public(&self) -> bool {
        self.kind == Kind::Public
    }

    /// True if it changes the message whose button was pressed.
    pub(super) fn is_update(&self) -> bool {
        self.kind == Kind::Update
    }

    /// The message that takes the place of [`deferred`].
    pub(super) fn message(&self) -> Value {
        let rows: Vec<&Value> = self.rows.iter().take(MOST_ROWS).collect();
        let mut message = json!({
            "content": clip(&self.text, TEXT),
            "components": rows,
            "allowed_mentions": { "parse": [] },
        });
        if let Some((file, alt_text)) = self.picture.as_deref() {
            message["attachments"] = json!([{ "id": "0", "filename": file.name, "description": alt_text }]);
        }
        message
    }
}

/// The answer that there will be one: for the person who asked, or as a change of the button's message.
pub(super) fn deferred(updates: bool) -> Value {
    match updates {
        true => json!({ "type": DEFERRED_UPDATE }),
        false => json!({ "type": DEFERRED, "data": { "flags": EPHEMERAL } }),
    }
}
