//! Notices in words, for every medium.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};

use super::eastern;
use crate::destination::Destination;
use crate::filing::{Accession, index_url};
use crate::notice::{
    About, BotNews, DestinationNews, EdgarNews, FeedSilence, GoneRule, InstanceSign, NoFile, Notice,
    RulesNews, StoreNews, SummedAlerts, UnreadableFiling, Waited,
};
use crate::receipt::Receipt;
use crate::text::clip;

/// Accessions of a receipt that are shown.
const MOST_NAMED: usize = 5;
/// A notice to the operators has so many characters at most.
const MOST_TEXT: usize = 4_000;

/// A notice in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// In a few words.
    pub title: String,
    /// What happened and what to do, some lines.
    pub text: String,
}

impl Words {
    fn new(title: impl Into<String>, text: impl Into<String>) -> Self {
        Self { title: title.into(), text: text.into() }
    }
}

/// The words of a notice.
pub fn words(notice: &Notice) -> Words {
    let words = match &notice.about {
        // It was as long as it may be when it was stored.
        About::Written { title, text } => return Words::new(title, text),
        About::Edgar(news) => edgar(news),
        About::Bot(news) => bot(news),
        About::AnotherInstance(sign) => another_instance(sign),
        About::Destination { destination, news } => of_destination(destination, news),
        About::Rules(news) => rules(news),
        About::Store(news) => store(news),
        // A list for whoever reads the destination is as long as its medium takes.
        About::LateAlerts(alerts) => return late(alerts),
        About::MutedAlerts { what, since, until, alerts } => {
            return muted(&what.in_words(), (*since, *until), alerts);
        }
    };
    Words { text: clip(&words.text, MOST_TEXT).into_owned(), ..words }
}

fn edgar(news: &EdgarNews) -> Words {
    match news {
        EdgarNews::Blocks { refuses_contact: true, error, minutes } => Words::new(
            "EDGAR refuses to answer",
            format!(
                "{error}\nSilent for {minutes} minutes. Set contact = \"Your Name you@example.org\" under [edgar] in the settings and \
                 start again: another contact asks at once, the same one again after that time."
            ),
        ),
        EdgarNews::Blocks { refuses_contact: false, error, minutes } => Words::new(
            "EDGAR blocks this address",
            format!(
                "{error}\nSilent for {minutes} minutes. It is asked nothing until then, and longer if it still does. What is filed \
                 meanwhile is found afterwards. If other programs ask EDGAR from this address, the limit is for all of them together."
            ),
        ),
        EdgarNews::NothingNew { quiet_s, newest, why } => Words::new(
            "EDGAR shows nothing new",
            format!(
                "EDGAR has shown no new filing of any kind for {} in its hours; the newest was accepted {}. {}\n\
                 What comes meanwhile is found as soon as it answers.",
                humantime::format_duration(Duration::from_secs(*quiet_s)),
                eastern(*newest),
                feed_silence(why),
            ),
        ),
        EdgarNews::NewAgain { minutes, newest } => Words::new(
            "EDGAR shows new filings again",
            format!(
                "EDGAR shows new filings again, {minutes} minutes after that was told; the newest was accepted {}.",
                eastern(*newest)
            ),
        ),
        EdgarNews::Quarantined { filings, more } => quarantined(filings, *more),
        EdgarNews::DaysNotClean { receipts, more } => days_not_clean(receipts, *more),
    }
}

fn feed_silence(why: &FeedSilence) -> String {
    match why {
        FeedSilence::BackOff { until, reason } => {
            let until = eastern(*until);
            let until = until.split_once(' ').map_or(until.as_str(), |(_, time)| time);
            format!("It is asked nothing until {until}: {reason}.")
        }
        FeedSilence::Failing { answer } => format!("Its last answer: {answer}."),
        FeedSilence::OldFeed => "It answers, and its feed is old.".to_owned(),
    }
}

fn quarantined(filings: &[UnreadableFiling], more: usize) -> Words {
    let line = |one: &UnreadableFiling| {
        format!("{} ({}): {}", one.accession, index_url(one.filer, one.accession), one.reason)
    };
    let mut lines: Vec<String> = filings.iter().map(line).collect();
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines.push("They are tried again once a day; `sellbell status` counts them.".to_owned());
    let title = match filings.len() + more {
        1 => "A filing cannot be read".to_owned(),
        count => format!("{count} filings cannot be read"),
    };
    Words::new(title, lines.join("\n"))
}

fn days_not_clean(receipts: &[Receipt], more: usize) -> Words {
    let mut lines: Vec<String> = Vec::new();
    for receipt in receipts {
        lines.push(receipt.to_string());
        let named: Vec<String> = receipt.named.iter().take(MOST_NAMED).map(Accession::to_string).collect();
        if !named.is_empty() {
            lines.push(format!("  {}", named.join(", ")));
        }
    }
    if more > 0 {
        lines.push(format!("and {more} days more"));
    }
    lines.push(
        "What was recovered rings late, or is summed up where it is too old. `sellbell status` has all."
            .into(),
    );
    Words::new("Not all filings were seen in time", lines.join("\n"))
}

fn bot(news: &BotNews) -> Words {
    let down = |since: DateTime<Utc>, reason: &str, advice: &str| {
        let since = utc(since);
        format!(
            "Slash commands do not work since {since}: {reason}. Alerts go another way, and are sent as before.\n{advice}"
        )
    };
    match news {
        BotNews::GatewayDown { since, reason } => Words::new(
            "Discord's gateway is not connected",
            down(
                *since,
                reason,
                "It is tried again by itself. What to do where it lasts: see whether this machine reaches discord.com, and \
                 discordstatus.com.",
            ),
        ),
        BotNews::GatewayRefuses { since, reason, advice } => Words::new(
            "Discord's gateway does not take the bot",
            down(*since, reason, &format!("What to do: {advice}. Meanwhile it is tried seldom.")),
        ),
        BotNews::GatewayBack { since } => Words::new(
            "Discord's gateway is connected again",
            format!("Slash commands work again; they did not since {}.", utc(*since)),
        ),
        BotNews::CommandsNotRegistered { reason, advice } => {
            let advice = advice.as_ref().map_or(String::new(), |advice| format!("\nWhat to do: {advice}."));
            Words::new(
                "The slash commands cannot be registered",
                format!(
                    "Discord shows members no new or changed command: {reason}. Alerts are sent as before. It is tried again by itself.{advice}"
                ),
            )
        }
        BotNews::CommandsRegistered { since } => Words::new(
            "The slash commands are registered now",
            format!("They could not be since {}.", utc(*since)),
        ),
    }
}

fn another_instance(sign: &InstanceSign) -> Words {
    let sign = match sign {
        InstanceSign::Answered => "a slash command was answered by somebody else before".to_owned(),
        InstanceSign::Sent(destination) => {
            format!("the bot sent an alert to {destination} that this instance did not send")
        }
    };
    Words::new(
        "Another sellbell uses the same bot",
        format!(
            "The sign: {sign}.\nAlerts can come twice: each of the two sends its own. What to do: stop one of them, or give each a bot, \
             or channels and rules, of its own. A second process with a copy of the settings is often one on another machine, or one \
             that a service manager still runs."
        ),
    )
}

fn of_destination(destination: &Destination, news: &DestinationNews) -> Words {
    let advised = |advice: &Option<String>| {
        advice.as_ref().map_or(String::new(), |advice| format!(" What to do: {advice}."))
    };
    match news {
        DestinationNews::NoFiles(why) => {
            let reason = match why {
                NoFile::NoPermission => {
                    "the permission Attach Files is lacking there. What to do: give it to the bot in that channel"
                }
                NoFile::NotTaken => {
                    "Discord does not take them: they are too large, or the server limits uploads"
                }
            };
            Words::new(
                format!("{destination} takes no files"),
                format!(
                    "Overflow messages come there without their tables, and say so: {reason}.\nMessages without a file are sent as before. A \
                     file is tried again every 10 minutes."
                ),
            )
        }
        DestinationNews::FilesAgain { since } => Words::new(
            format!("{destination} takes files again"),
            format!("Overflow messages have their tables again; they had none since {}.", utc(*since)),
        ),
        DestinationNews::GivenUp { count, since, reason } => given_up(destination, *count, *since, reason),
        DestinationNews::Paused { reason, advice, kept_days, retry_minutes } => Words::new(
            format!("{destination} takes nothing"),
            format!(
                "{reason}.{}\nWhat it is to be told is kept for {kept_days} days. It is tried again in {retry_minutes} minutes, then less and \
                 less often, and after each start.",
                advised(advice)
            ),
        ),
        DestinationNews::Refuses { reason, advice } => Words::new(
            format!("{destination} refuses a message"),
            format!(
                "{reason}.{}\nOthers are sent. This one is kept and tried again, less and less often, for at least 8 days.",
                advised(advice)
            ),
        ),
        DestinationNews::Resumed { since, reason, waited } => Words::new(
            format!("{destination} takes alerts again"),
            format!("It took nothing since {}: {reason}.\n{}", utc(*since), what_waited(*waited)),
        ),
    }
}

fn given_up(destination: &Destination, count: usize, since: DateTime<Utc>, reason: &str) -> Words {
    let (deliveries, were, why) = match count {
        1 => ("1 delivery".to_owned(), "was", "because of this"),
        _ => (format!("{count} deliveries"), "were", "the last because of this"),
    };
    Words::new(
        "Deliveries were given up",
        format!(
            "{deliveries} to {destination} {were} given up since {}, {why}: {reason}.\nNothing is lost: once the cause is mended, `sellbell \
             retry {destination}` sends what was given up again.",
            utc(since)
        ),
    )
}

fn what_waited(waited: Waited) -> String {
    let Waited { together, singly, or_more } = waited;
    let more = if or_more { " or more" } else { "" };
    match (together, singly) {
        (0, 0) => "Nothing else waited for it.".to_owned(),
        (0, _) => format!("{singly}{more} deliveries that waited are sent now, the oldest first."),
        _ => format!("{together} alerts that waited come together now."),
    }
}

fn rules(news: &RulesNews) -> Words {
    match news {
        RulesNews::Refused { mistakes } => Words::new(
            "The edited rules cannot be used",
            format!("{mistakes}\nThe rules of before stay in force until this is mended."),
        ),
        RulesNews::Taken { were_refused, gone, changes } => {
            let title =
                if *were_refused { "The rules are valid again" } else { "A rule with subscribers is gone" };
            let gone: String = gone.iter().map(|gone| format!("{}\n", gone_rule(gone))).collect();
            Words::new(title, format!("{gone}In force: {changes}"))
        }
    }
}

/// A rule that is gone, with the channels that lose it.
pub fn gone_rule(gone: &GoneRule) -> String {
    let GoneRule { rule, channels, more } = gone;
    let more = if *more > 0 { format!(" and {more} more") } else { String::new() };
    format!("rule `{rule}` is gone, to which {}{more} subscribed", channels.join(", "))
}

fn store(news: &StoreNews) -> Words {
    match news {
        StoreNews::UnreadableRecords { count } => {
            let records = if *count == 1 { "1 record".to_owned() } else { format!("{count} records") };
            Words::new(
                format!("{records} of the store could not be read"),
                "What they said is no longer known to the bot, which goes on without them. They are kept aside: `sellbell store export` \
                 has them, and the log says which they are.",
            )
        }
        StoreNews::Loss { dir } => Words::new(
            "The disk lost something of the store",
            format!(
                "The store in {dir} lacks what was written to it last: the disk lost or changed it. What was filed meanwhile is found again. \
                 The bot's channels are read back, so that nothing is told there twice; webhooks and mail may tell it again. Subscriptions \
                 and mutes that were made or ended meanwhile are as they were before."
            ),
        ),
        StoreNews::Failed { since, reason } => Words::new(
            "The store could not be written for a while",
            format!("From {} on: {reason}.", utc(*since)),
        ),
    }
}

fn late(alerts: &SummedAlerts) -> Words {
    let shown = |day: Option<NaiveDate>| day.map_or_else(String::new, |day| day.to_string());
    let (first, last) = alerts.days.unzip();
    let title = format!("Found late: {} alerts from {} to {}", alerts.count, shown(first), shown(last));
    Words::new(title, lines(alerts).join("\n"))
}

fn muted(what: &str, (since, until): (DateTime<Utc>, DateTime<Utc>), alerts: &SummedAlerts) -> Words {
    let mut all = vec![format!("From {} to {}.", utc(since), utc(until))];
    all.extend(lines(alerts));
    let were =
        if alerts.count == 1 { "1 alert was".to_owned() } else { format!("{} alerts were", alerts.count) };
    Words::new(format!("{were} muted: {what}"), all.join("\n"))
}

fn lines(alerts: &SummedAlerts) -> Vec<String> {
    let mut lines: Vec<String> = alerts.lines.iter().map(|(day, line)| format!("{day}: {line}")).collect();
    let more = alerts.count.saturating_sub(lines.len());
    if more > 0 {
        lines.push(format!("and {more} more; `sellbell backtest` tells them all"));
    }
    lines
}

fn utc(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}
