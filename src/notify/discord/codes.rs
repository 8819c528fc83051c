//! The meaning of Discord's refusals: whether another try helps, and whether and how a person must fix it.
//!
//! Codes: <https://discord.com/developers/docs/topics/opcodes-and-status-codes#json>.

use super::rate_limit::Rank;
use crate::destination::Destination;
use crate::notify::error::{Retry, SendError};

/// How a message reaches its channel, which determines the advice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// The bot, to a channel defined in the settings.
    Settings,
    /// The bot, to a subscribed channel.
    Subscription,
    /// A webhook.
    Webhook,
}

/// The purpose of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A new message.
    Create,
    /// An edit of a message.
    Edit,
    /// Reading a channel's messages.
    Read,
}

/// What happens to a refused delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// Nothing is sent there until somebody fixes it.
    Pause,
    /// Like `Pause`, but this message's content may be the reason, so others are tried first.
    PauseOne,
    /// Like `Pause`, but if a message cannot be edited for this reason, it can be sent again as a new one.
    PauseOrAnew,
    /// The message that it edits or replies to is gone.
    Anew,
    /// This message can never be accepted.
    GiveUp,
    /// The problem is temporary.
    Retry,
}

/// Advice for each way to reach a channel.
#[derive(Debug, Clone, Copy)]
struct Advice {
    settings: &'static str,
    subscription: &'static str,
    webhook: &'static str,
}

const fn same(text: &'static str) -> Advice {
    Advice { settings: text, subscription: text, webhook: text }
}

const fn bot_or_webhook(bot: &'static str, webhook: &'static str) -> Advice {
    Advice { settings: bot, subscription: bot, webhook }
}

const NO_CHANNEL: Advice = Advice {
    settings: "the channel no longer exists: correct its channel_id in the settings",
    subscription: "the subscribed channel was deleted, or the bot was removed from its server. If that was intended, do nothing: its deliveries are given up in time. Otherwise, invite the bot again",
    webhook: "the webhook's channel was deleted: create a webhook in another channel, and set its URL in the environment",
};
const NO_WEBHOOK: Advice = bot_or_webhook(
    "Discord mistakes the request for one of a webhook: check [discord] api_base",
    "the webhook was deleted: create another one, and set its URL in the environment",
);
const WRONG_TOKEN: Advice = bot_or_webhook(
    "the token is wrong or was reset: copy the bot's token again into DISCORD_TOKEN",
    "the webhook's URL is wrong or was reset: copy it again",
);
const NO_ACCESS: Advice =
    same("the bot cannot see the channel: invite it to the server, and let it view the channel");
const NO_PERMISSION: Advice = bot_or_webhook(
    "the bot lacks a permission in that channel: grant it",
    "the webhook lacks a permission in that channel: let everyone send messages there, or create a webhook in another channel",
);
const NO_TEXT: Advice = Advice {
    settings: "this kind of channel accepts no messages: use the channel_id of a text channel, an announcement channel, a forum or a thread",
    subscription: "this kind of channel accepts no messages: use /subscribe in a text channel",
    webhook: "this kind of channel accepts no messages: create a webhook in a text channel",
};
const FORUM: Advice = Advice {
    settings: "the forum does not accept the post: see whether it requires a tag, and give the channel tags in the settings",
    subscription: "the forum does not accept the post: see whether it requires a tag, and turn that off, or give the channel a name and tags in the settings",
    webhook: "the webhook's channel is a forum: set thread_name = true for the channel in the settings, or append ?thread_id= and the id of a post to the webhook's URL",
};
const THREAD_CLOSED: Advice = bot_or_webhook(
    "the thread is archived or locked: reopen it, or let the bot manage threads",
    "the thread is archived or locked: reopen it, or use another ?thread_id= in the webhook's URL",
);
const THREADS: Advice =
    same("the server has reached its limit of open threads, channels or thread members: close some");
const NO_THREAD_NAME: Advice = bot_or_webhook(
    "check [discord] api_base",
    "the webhook's channel is not a forum, or its URL names a thread: remove thread_name from the settings",
);
const SERVICE: Advice = bot_or_webhook(
    "check [discord] api_base",
    "the webhook's URL is for another service: remove what follows its token, such as /slack or /github",
);
const NOT_A_BOT: Advice = bot_or_webhook(
    "DISCORD_TOKEN is not a bot's token: copy it from the application's page Bot",
    "Discord does not accept this from the webhook: create another one, and set its URL in the environment",
);
const OWNER: Advice =
    same("Discord wants the bot's owner to act: log in at discord.com, and follow its instructions");
const BANNED: Advice = same("the bot is banned or was removed from the server: invite it again");
const MODERATION: Advice = same(
    "the server requires two-factor authentication or a lower verification level: its owner can change that",
);
const NO_USER: Advice = same("the member accepts no direct messages from the bot: use a channel of a server");
const SERVER: Advice = same("the server does not allow it: check its level, age limit and region");
const AUTOMOD: Advice =
    same("the server's AutoMod blocks the message: exempt the bot's role or the channel from that rule");
const OLD: Advice =
    same("Discord no longer supports this version of its API: use a newer sellbell, and check api_base");
const SLOW: Advice = same("it passes by itself; a role with Manage Messages is exempt from slow mode");
const PASSES: Advice = same("sellbell retries by itself");
const MESSAGE: Advice = same("Discord cannot accept this message: please report it with the text above");
const FILE: Advice = same("Discord does not take the attached file");

/// The error codes that Discord may return for a new message, an edit, or reading a channel.
const CODES: &[(i64, Then, Advice)] = &[
    (10_002, Then::Pause, WRONG_TOKEN),
    (10_003, Then::Pause, NO_CHANNEL),
    (10_004, Then::Pause, NO_CHANNEL),
    (10_008, Then::Anew, MESSAGE),
    (10_012, Then::Pause, WRONG_TOKEN),
    (10_013, Then::Pause, NO_USER),
    (10_015, Then::Pause, NO_WEBHOOK),
    (10_016, Then::Pause, SERVICE),
    (20_001, Then::Pause, NOT_A_BOT),
    (20_002, Then::Pause, NOT_A_BOT),
    (20_009, Then::GiveUp, MESSAGE),
    (20_012, Then::Pause, WRONG_TOKEN),
    (20_016, Then::Retry, SLOW),
    (20_018, Then::Pause, OWNER),
    (20_022, Then::Retry, PASSES),
    (20_024, Then::Pause, SERVER),
    (20_028, Then::Retry, PASSES),
    (20_029, Then::Retry, PASSES),
    (20_035, Then::Pause, SERVER),
    (30_013, Then::Pause, THREADS),
    (30_015, Then::GiveUp, FILE),
    (30_033, Then::Pause, THREADS),
    (30_046, Then::Anew, MESSAGE),
    (40_001, Then::Pause, WRONG_TOKEN),
    (40_002, Then::Pause, OWNER),
    (40_003, Then::Retry, PASSES),
    (40_004, Then::Retry, PASSES),
    (40_005, Then::GiveUp, FILE),
    (40_006, Then::Retry, PASSES),
    (40_007, Then::Pause, BANNED),
    (40_012, Then::Pause, BANNED),
    (40_058, Then::Pause, FORUM),
    (40_062, Then::Retry, PASSES),
    (40_067, Then::Pause, FORUM),
    (40_333, Then::Retry, PASSES),
    (50_001, Then::Pause, NO_ACCESS),
    (50_002, Then::Pause, NOT_A_BOT),
    (50_003, Then::Pause, NO_TEXT),
    (50_005, Then::Anew, MESSAGE),
    (50_006, Then::GiveUp, MESSAGE),
    (50_007, Then::Pause, NO_USER),
    (50_008, Then::Pause, NO_TEXT),
    (50_009, Then::Pause, MODERATION),
    (50_010, Then::Pause, NOT_A_BOT),
    (50_013, Then::Pause, NO_PERMISSION),
    (50_014, Then::Pause, WRONG_TOKEN),
    (50_017, Then::Pause, MODERATION),
    (50_021, Then::Anew, MESSAGE),
    (50_024, Then::Pause, NO_TEXT),
    (50_025, Then::Pause, WRONG_TOKEN),
    (50_026, Then::Pause, NO_ACCESS),
    (50_027, Then::Pause, WRONG_TOKEN),
    (50_033, Then::Pause, NO_USER),
    (INVALID_BODY, Then::GiveUp, MESSAGE),
    (50_041, Then::Pause, OLD),
    (50_045, Then::GiveUp, FILE),
    (50_046, Then::GiveUp, FILE),
    (50_055, Then::Pause, NO_CHANNEL),
    (50_067, Then::Pause, WRONG_TOKEN),
    (50_068, Then::GiveUp, MESSAGE),
    (50_073, Then::Pause, NO_WEBHOOK),
    (50_080, Then::Anew, MESSAGE),
    (50_081, Then::GiveUp, MESSAGE),
    (50_083, Then::PauseOrAnew, THREAD_CLOSED),
    (50_084, Then::GiveUp, MESSAGE),
    (50_095, Then::Pause, SERVER),
    (50_097, Then::Pause, SERVER),
    (50_101, Then::Pause, SERVER),
    (50_110, Then::GiveUp, FILE),
    (50_123, Then::GiveUp, FILE),
    (50_138, Then::GiveUp, FILE),
    (50_146, Then::GiveUp, FILE),
    (50_178, Then::Pause, OWNER),
    (60_003, Then::Pause, MODERATION),
    (110_001, Then::Retry, PASSES),
    (130_000, Then::Retry, PASSES),
    (160_002, Then::Anew, MESSAGE),
    (160_005, Then::Pause, THREAD_CLOSED),
    (160_006, Then::Pause, THREADS),
    (160_007, Then::Pause, THREADS),
    (200_000, Then::PauseOne, AUTOMOD),
    (200_001, Then::PauseOne, AUTOMOD),
    (220_001, Then::Pause, FORUM),
    (220_002, Then::Pause, NO_THREAD_NAME),
    (220_003, Then::Pause, NO_THREAD_NAME),
    (220_004, Then::Pause, SERVICE),
    (240_000, Then::PauseOne, AUTOMOD),
    (FILES_LIMITED, Then::Pause, SERVER),
];

const INVALID_BODY: i64 = 50_035;
const NO_PERMISSION_CODE: i64 = 50_013;
const FILES_LIMITED: i64 = 400_001;
/// Discord's general code, without a specific meaning.
const GENERAL: i64 = 0;

const ADDRESS: Advice = Advice {
    settings: "Discord does not know the address: see whether channel_id and [discord] api_base are right",
    subscription: "Discord does not know the address: check [discord] api_base",
    webhook: "this is not the address of a webhook: copy it again from the channel's settings, whole, and nothing after its token",
};
/// Request parameters that are part of the address.
const IN_ADDRESS: [&str; 5] = ["channel_id", "webhook_id", "webhook_token", "thread_id", "guild_id"];

/// A refusal from Discord.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refusal<'a> {
    pub(super) status: u16,
    /// Discord's code; `None` if a server in between answers in its place.
    pub(super) code: Option<i64>,
    /// The parts of the request that it reports as invalid.
    pub(super) at_fault: &'a [String],
}

impl Advice {
    fn to(self, by: By) -> &'static str {
        match by {
            By::Settings => self.settings,
            By::Subscription => self.subscription,
            By::Webhook => self.webhook,
        }
    }
}

impl By {
    /// How the bot reaches a destination.
    pub(super) fn bot(destination: &Destination) -> Self {
        if matches!(destination, Destination::Channel(_)) { Self::Subscription } else { Self::Settings }
    }

    /// The rank of a request, which decides whose turn comes first.
    pub(super) fn rank(self) -> Rank {
        match self {
            Self::Settings | Self::Webhook => Rank::First,
            Self::Subscription => Rank::Rest,
        }
    }
}

impl Refusal<'_> {
    /// True if only the attached file may have been refused.
    pub(super) fn may_be_the_file(self) -> bool {
        let about_file = |(code, _, advice): &(i64, Then, Advice)| {
            Some(*code) == self.code && advice.settings == FILE.settings
        };
        matches!(self.code, Some(NO_PERMISSION_CODE | FILES_LIMITED))
            // Proxies and look-alikes may take JSON alone.
            || matches!(self.status, 413 | 415)
            || self.at_fault.iter().any(|path| path.starts_with("attachments") || path.contains(".image"))
            || CODES.iter().any(about_file)
    }

    /// True if the bot may lack the permission to attach it.
    pub(super) fn lacks_permission(self) -> bool {
        self.code == Some(NO_PERMISSION_CODE)
    }

    /// Turns a refusal into an error that says whether to retry. Discord's own answer about a message can be
    /// final, and one about a channel or token holds until somebody fixes it. The answer of a server in
    /// between means neither, except for a wrong address.
    pub(super) fn judged(self, purpose: Purpose, by: By, message: String) -> SendError {
        let known = self.code.and_then(|code| CODES.iter().find(|(known, ..)| *known == code));
        let in_address = !self.at_fault.is_empty()
            && self
                .at_fault
                .iter()
                .all(|path| IN_ADDRESS.contains(&path.split('.').next().unwrap_or_default()));
        let pause = |advice: Advice| SendError::closed(message.clone()).advise(advice.to(by));
        let error = match (self.status, self.code, known) {
            (500.., ..) | (..300, ..) => SendError::later(message),
            (405, ..) | (404, Some(GENERAL), _) => pause(ADDRESS),
            (400, Some(INVALID_BODY), _) if in_address => pause(ADDRESS),
            (_, _, Some((_, Then::Pause, advice))) => pause(*advice),
            (_, _, Some((_, Then::PauseOne, advice))) => SendError { of_message: true, ..pause(*advice) },
            (_, _, Some((_, Then::PauseOrAnew, _))) if purpose == Purpose::Edit => SendError::gone(message),
            (_, _, Some((_, Then::PauseOrAnew, advice))) => pause(*advice),
            (_, _, Some((_, Then::Anew, _))) => SendError::gone(message),
            (_, _, Some((_, Then::GiveUp, _))) => SendError::never(message),
            (_, _, Some((_, Then::Retry, advice))) => SendError::refused(message).advise(advice.to(by)),
            (401, Some(_), None) => pause(WRONG_TOKEN),
            (429, ..) => {
                SendError::refused(message).advise("Discord asks to wait; sellbell retries by itself")
            }
            // Discord, or a server in front of it, does not accept the message.
            _ => SendError::refused(message),
        };
        SendError { code: self.code, ..error }
    }
}

/// True if an error is caused by a missing permission that it does not name.
pub(super) fn is_no_permission(error: &SendError, by: By) -> bool {
    error.retry == Retry::Closed && error.advice == Some(NO_PERMISSION.to(by))
}

/// True if an error says that the channel has no messages of its own.
pub(super) fn is_wrong_kind(error: &SendError) -> bool {
    matches!(error.code, Some(50_003 | 50_008 | 50_024))
}

/// True if an error says that a thread is archived or locked.
pub(super) fn is_thread_closed(error: &SendError) -> bool {
    matches!(error.code, Some(50_083 | 160_005))
}

/// True if an error says that a channel or a message no longer exists.
pub(super) fn is_gone(error: &SendError) -> bool {
    matches!(error.code, Some(10_003 | 10_008))
}

/// True if an error says that a channel or thread does not exist.
pub(super) fn is_no_channel(error: &SendError) -> bool {
    error.code == Some(10_003)
}

/// True if an error of reading a channel may be caused by the missing permission Read Message History.
pub(super) fn lacks_history(error: &SendError) -> bool {
    error.code == Some(NO_PERMISSION_CODE)
}

/// True if an error says that a message is published already.
pub(super) fn is_published(error: &SendError) -> bool {
    error.code == Some(40_033)
}

/// The error of an edit: an edit that can never succeed can still be sent as a message of its own.
pub(super) fn unchangeable(error: SendError) -> SendError {
    match error.retry {
        Retry::Never | Retry::Closed => SendError { code: error.code, ..SendError::gone(error.message) },
        Retry::Gone | Retry::Later | Retry::After(_) => error,
    }
}

/// No connection could be established.
pub(super) fn unreachable(name: &str) -> SendError {
    SendError::refused(format!("cannot reach {name}"))
        .advise("see whether this machine has a network, and [discord] api_base is right")
}

/// A success response without a message in it.
pub(super) fn no_message(name: &str, by: By) -> SendError {
    let error = SendError::closed(format!(
        "{name} answers without a message: something else than Discord answers there"
    ));
    let advice = match by {
        By::Webhook => {
            "check that the webhook's address is Discord's own, with nothing after its token; the message may have arrived"
        }
        By::Settings | By::Subscription => {
            "see whether [discord] api_base is the address of Discord or of a proxy that passes its answers on"
        }
    };
    SendError { may_have_arrived: true, ..error }.advise(advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: u16, code: Option<i64>, purpose: Purpose, by: By) -> SendError {
        Refusal { status, code, at_fault: &[] }.judged(purpose, by, "said".to_owned())
    }

    #[test]
    fn each_code_is_listed_once_in_order_and_with_words() {
        assert!(CODES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (code, then, advice) in CODES {
            for by in [By::Settings, By::Subscription, By::Webhook] {
                let words = advice.to(by);
                assert!(
                    words.len() > 20 && !words.ends_with('.') && !words.contains("  "),
                    "{code}: {words}"
                );
                let error = judged(400, Some(*code), Purpose::Create, by);
                let paused = matches!(then, Then::Pause | Then::PauseOne | Then::PauseOrAnew);
                assert_eq!(error.retry == Retry::Closed, paused, "{code}");
                assert_eq!(error.advice.is_some(), paused || *then == Then::Retry, "{code}");
                assert!(!error.may_have_arrived, "{code}");
            }
        }
    }

    #[test]
    fn what_only_a_person_can_mend_pauses_with_fitting_words() {
        use By::{Settings, Subscription, Webhook};
        for (status, code, by, words) in [
            (401, 0, Settings, "DISCORD_TOKEN"),
            (401, 0, Webhook, "the webhook's URL is wrong"),
            (401, 50_014, Settings, "DISCORD_TOKEN"),
            (401, 50_027, Webhook, "URL is wrong"),
            (401, 40_001, Settings, "DISCORD_TOKEN"),
            (403, 40_002, Settings, "owner"),
            (404, 10_003, Settings, "correct its channel_id in the settings"),
            (404, 10_003, Subscription, "do nothing"),
            (404, 10_004, Subscription, "invite the bot again"),
            (404, 10_003, Webhook, "create a webhook in another channel"),
            (404, 10_015, Webhook, "create another one"),
            (403, 50_001, Settings, "view the channel"),
            (403, 50_013, Settings, "lacks a permission"),
            (403, 50_007, Settings, "direct messages"),
            (400, 50_008, Settings, "text channel"),
            (400, 50_024, Subscription, "/subscribe in a text channel"),
            (400, 40_067, Settings, "requires a tag"),
            (400, 220_001, Webhook, "?thread_id="),
            (400, 220_003, Webhook, "remove thread_name"),
            (400, 220_004, Webhook, "/slack"),
            (400, 50_083, Settings, "archived"),
            (400, 160_005, Webhook, "locked"),
            (400, 160_006, Settings, "close some"),
            (400, 200_000, Settings, "AutoMod"),
            (405, 0, Webhook, "not the address of a webhook"),
            (404, 0, Webhook, "nothing after its token"),
            (404, 0, Settings, "api_base"),
        ] {
            let error = judged(status, Some(code), Purpose::Create, by);
            assert_eq!(error.retry, Retry::Closed, "{status} {code}");
            assert_eq!(error.of_message, code == 200_000, "{status} {code}");
            assert!(error.advice.unwrap().contains(words), "{status} {code}: {:?}", error.advice);
        }
        assert_eq!(judged(405, None, Purpose::Create, Webhook).retry, Retry::Closed);
    }

    #[test]
    fn what_passes_or_is_not_known_is_tried_again() {
        for (status, code) in [
            (400, Some(999_999)),
            (403, Some(40_333)),
            (404, None),
            (401, None),
            (403, None),
            (429, Some(20_028)),
            (429, None),
            (302, None),
        ] {
            assert_eq!(
                judged(status, code, Purpose::Create, By::Webhook).retry,
                Retry::Later,
                "{status} {code:?}"
            );
        }
        // Discord itself failed, so the message may have arrived.
        let failed = judged(500, Some(10_003), Purpose::Create, By::Settings);
        assert!(failed.retry == Retry::Later && failed.may_have_arrived);
    }

    #[test]
    fn what_cannot_be_changed_is_made_anew_and_what_cannot_be_read_is_given_up() {
        for (status, code) in [(404, 10_008), (429, 30_046), (403, 50_005), (400, 50_083)] {
            assert_eq!(judged(status, Some(code), Purpose::Edit, By::Settings).retry, Retry::Gone, "{code}");
        }
        assert_eq!(judged(400, Some(INVALID_BODY), Purpose::Create, By::Settings).retry, Retry::Never);
        let paths = ["embeds.0.title".to_owned()];
        let message = Refusal { status: 400, code: Some(INVALID_BODY), at_fault: &paths };
        assert_eq!(message.judged(Purpose::Create, By::Settings, String::new()).retry, Retry::Never);
        let paths = ["thread_id".to_owned()];
        let address = Refusal { status: 400, code: Some(INVALID_BODY), at_fault: &paths };
        assert_eq!(address.judged(Purpose::Create, By::Webhook, String::new()).retry, Retry::Closed);
    }

    #[test]
    fn a_file_may_be_what_is_refused() {
        let about = |status, code| Refusal { status, code, at_fault: &[] }.may_be_the_file();
        for (status, code) in [
            (403, Some(50_013)),
            (413, None),
            (415, None),
            (413, Some(40_005)),
            (400, Some(50_045)),
            (403, Some(400_001)),
        ] {
            assert!(about(status, code), "{status} {code:?}");
        }
        for path in ["attachments.0.filename", "embeds.0.image.url"] {
            let paths = [path.to_owned()];
            let refusal = Refusal { status: 400, code: Some(INVALID_BODY), at_fault: &paths };
            assert!(refusal.may_be_the_file(), "{path}");
        }
        assert!(!about(403, Some(50_001)) && !about(400, Some(INVALID_BODY)) && !about(404, Some(10_003)));
    }
}
