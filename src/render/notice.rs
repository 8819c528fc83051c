//! Notices in words, for every medium.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};

use crate::destination::Destination;
use crate::filing::{Accession, index_url};
use crate::notice::{
    About, BotNews, DestinationNews, EdgarNews, FeedSilence, GoneRule, InstanceSign, NoFile, Notice,
    RulesNews, StoreNews, SummedAlerts, UnreadableFiling, Waited,
};
use crate::receipt::Receipt;
use crate::text::{clip, eastern};

/// How many accessions of a receipt to show at most.
const MOST_NAMED: usize = 5;
/// The most characters in a notice to the operators.
const MOST_TEXT: usize = 4_000;

/// A notice in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// A few words.
    pub title: String,
    /// The event and what to do about it, in a few lines.
    pub text: String,
}

impl Words {
    fn new(title: impl Into<String>, text: impl Into<String>) -> Self {
        Self { title: title.into(), text: text.into() }
    }
}

/// A notice in words.
pub fn words(notice: &Notice) -> Words {
    let words = match &notice.about {
        // Its length was already within limits when it was stored.
        About::Written { title, text } => return Words::new(title, text),
        About::Edgar(news) => edgar(news),
        About::Bot(news) => bot(news),
        About::AnotherInstance(sign) => another_instance(notice, sign),
        About::Destination { destination, news } => {
            of_destination(destination, &notice.shown(destination), news)
        }
        About::Rules(news) => rules(news),
        About::Store(news) => store(news),
        // A list for the readers of a destination may be as long as its medium accepts.
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
                "{error}\nNo requests for {minutes} minutes. Set contact = \"Your Name you@example.org\" under [edgar] in the settings and \
                 restart: a new contact is tried at once."
            ),
        ),
        EdgarNews::Blocks { refuses_contact: false, error, minutes } => Words::new(
            "EDGAR blocks this address",
            format!(
                "{error}\nNo requests for {minutes} minutes, and longer if it still blocks then. What is filed in the meantime is found \
                 afterwards. If other programs use EDGAR from this address, they share one limit."
            ),
        ),
        EdgarNews::NothingNew { quiet_s, newest, why } => Words::new(
            "EDGAR shows nothing new",
            format!(
                "EDGAR has shown no new filing of any kind for {} of its opening hours; the newest was accepted {}. {}\n\
                 What is filed in the meantime is found as soon as EDGAR answers.",
                humantime::format_duration(Duration::from_secs(*quiet_s)),
                eastern(*newest),
                feed_silence(why),
            ),
        ),
        EdgarNews::NewAgain { minutes, newest } => Words::new(
            "EDGAR shows new filings again",
            format!(
                "EDGAR shows new filings again, {minutes} minutes after the notice; the newest was accepted {}.",
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
            format!("No requests until {until}: {reason}.")
        }
        FeedSilence::Failing { answer } => format!("Its last answer: {answer}."),
        FeedSilence::OldFeed => "It answers, but its feed is old.".to_owned(),
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
    lines.push("sellbell retries them once a day; `sellbell status` counts them.".to_owned());
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
        "Recovered filings cause late alerts, or are summed up if they are too old. `sellbell status` shows all receipts."
            .into(),
    );
    Words::new("Not all filings were seen in time", lines.join("\n"))
}

/// The first numbers of shards, and how many more there are.
fn named(shards: &[usize]) -> String {
    let first: Vec<String> = shards.iter().take(MOST_NAMED).map(usize::to_string).collect();
    match shards.len().saturating_sub(MOST_NAMED) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

fn bot(news: &BotNews) -> Words {
    let down = |since: DateTime<Utc>, reason: &str, advice: &str| {
        let since = eastern(since);
        format!(
            "Slash commands have not worked since {since}: {reason}. Alerts do not need them, and are sent as usual.\n{advice}"
        )
    };
    match news {
        BotNews::GatewayDown { since, reason } => Words::new(
            "Discord's gateway is not connected",
            down(
                *since,
                reason,
                "sellbell keeps trying. If it lasts, check discordstatus.com, and whether this machine can reach discord.com.",
            ),
        ),
        BotNews::ConnectionsDown { since, reason, down, all } => {
            let (are, shards) = if down.len() == 1 { ("is", "shard") } else { ("are", "shards") };
            let since = eastern(*since);
            let named = named(down);
            Words::new(
                format!("{} of {all} connections to Discord's gateway {are} down", down.len()),
                format!(
                    "Slash commands have not worked on the servers of {shards} {named} since {since}: {reason}. Alerts do not need them, and are sent as usual.\nsellbell keeps trying. If it lasts, check discordstatus.com."
                ),
            )
        }
        BotNews::ConnectionsBack { since, all } => Words::new(
            format!("All {all} connections to Discord's gateway are open again"),
            format!(
                "Slash commands work on all servers again; on some they had not since {}.",
                eastern(*since)
            ),
        ),
        BotNews::GatewayRefuses { since, reason, advice } => Words::new(
            "Discord's gateway refuses the bot",
            down(*since, reason, &format!("What to do: {advice}. Until then, sellbell rarely retries.")),
        ),
        BotNews::GatewayBack { since } => Words::new(
            "Discord's gateway is connected again",
            format!("Slash commands work again; they had not since {}.", eastern(*since)),
        ),
        BotNews::CommandsNotRegistered { reason, advice } => {
            let advice = advice.as_ref().map_or(String::new(), |advice| format!("\nWhat to do: {advice}."));
            Words::new(
                "The slash commands cannot be registered",
                format!(
                    "Members do not see new or changed commands: {reason}. Alerts are sent as usual, and sellbell keeps trying.{advice}"
                ),
            )
        }
        BotNews::CommandsRegistered { since } => Words::new(
            "The slash commands are registered again",
            format!("They could not be registered since {}.", eastern(*since)),
        ),
    }
}

fn another_instance(notice: &Notice, sign: &InstanceSign) -> Words {
    let sign = match sign {
        InstanceSign::Answered => "another program answered a slash command first".to_owned(),
        InstanceSign::Sent(destination) => {
            let shown = notice.shown(destination);
            format!("the bot sent an alert to {shown} that this instance did not send")
        }
    };
    Words::new(
        "Another sellbell uses the same bot",
        format!(
            "The sign: {sign}.\nAlerts may arrive twice, once from each. What to do: stop one of them, or give each its own bot, or its \
             own channels and rules. The other one is often on another machine, or still run by a service manager."
        ),
    )
}

fn of_destination(destination: &Destination, shown: &str, news: &DestinationNews) -> Words {
    let advised = |advice: &Option<String>| {
        advice.as_ref().map_or(String::new(), |advice| format!(" What to do: {advice}."))
    };
    match news {
        DestinationNews::NoFiles(why) => {
            let reason = match why {
                NoFile::NoPermission => {
                    "the bot lacks the permission Attach Files. What to do: give it to the bot in that channel"
                }
                NoFile::NotTaken => "Discord rejects them: they are too large, or the server limits uploads",
            };
            Words::new(
                format!("{shown} accepts no files"),
                format!(
                    "Overflow messages are sent without their tables, and say so: {reason}.\nOther messages are sent as usual. sellbell \
                     tries a file again every 10 minutes."
                ),
            )
        }
        DestinationNews::FilesAgain { since } => Words::new(
            format!("{shown} accepts files again"),
            format!("Overflow messages have their tables again; they had none since {}.", eastern(*since)),
        ),
        DestinationNews::GivenUp { count, since, reason } => {
            given_up((destination, shown), *count, *since, reason)
        }
        DestinationNews::Paused { reason, advice, kept_days, retry_minutes } => Words::new(
            format!("{shown} is paused"),
            format!(
                "{reason}.{}\nIts alerts are kept for {kept_days} days. sellbell tries again in {retry_minutes} minutes, then less and \
                 less often, and after each start.",
                advised(advice)
            ),
        ),
        DestinationNews::Refuses { reason, advice } => Words::new(
            format!("{shown} refuses a message"),
            format!(
                "{reason}.{}\nOther messages are sent. This one is kept and retried, less and less often, for at least 8 days.",
                advised(advice)
            ),
        ),
        DestinationNews::Resumed { since, reason, waited } => Words::new(
            format!("{shown} accepts alerts again"),
            format!("It had accepted nothing since {}: {reason}.\n{}", eastern(*since), what_waited(*waited)),
        ),
    }
}

fn given_up(
    (destination, shown): (&Destination, &str),
    count: usize,
    since: DateTime<Utc>,
    reason: &str,
) -> Words {
    let (deliveries, were, why) = match count {
        1 => ("1 delivery".to_owned(), "was", "for this reason"),
        _ => (format!("{count} deliveries"), "were", "the last for this reason"),
    };
    Words::new(
        "Deliveries were given up",
        format!(
            "{deliveries} to {shown} {were} given up since {}, {why}: {reason}.\nNothing is lost: once the cause is fixed, `sellbell \
             retry {destination}` sends what was given up.",
            eastern(since)
        ),
    )
}

fn what_waited(waited: Waited) -> String {
    let Waited { together, singly, or_more } = waited;
    let more = if or_more { " or more" } else { "" };
    match (together, singly) {
        (0, 0) => "Nothing else was waiting.".to_owned(),
        (0, _) => format!("{singly}{more} waiting deliveries are sent now, oldest first."),
        _ => format!("{together} waiting alerts are sent together now."),
    }
}

fn rules(news: &RulesNews) -> Words {
    match news {
        RulesNews::Refused { mistakes } => Words::new(
            "The edited rules cannot be used",
            format!("{mistakes}\nThe previous rules stay in force until this is fixed."),
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
    format!("rule `{rule}` is gone; {}{more} subscribed to it", channels.join(", "))
}

fn store(news: &StoreNews) -> Words {
    match news {
        StoreNews::UnreadableRecords { count } => {
            let records = if *count == 1 { "1 record".to_owned() } else { format!("{count} records") };
            Words::new(
                format!("{records} of the store could not be read"),
                "The bot continues without them. They are kept apart: `sellbell store export` includes them, and the log names them.",
            )
        }
        StoreNews::Loss {} => Words::new(
            "The disk lost part of the store",
            "The latest writes to the store are missing: the disk lost or changed them. Filings since then are found again. \
             The bot reads its channels, so that no alert is repeated there; webhooks and e-mail may repeat some. Subscriptions \
             and mutes are as they were before those writes.",
        ),
        StoreNews::Failed { since, reason } => Words::new(
            "The store could not be written",
            format!("It failed from {}, and works again: {reason}.", eastern(*since)),
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
    let mut all = vec![format!("From {} to {}.", eastern(since), eastern(until))];
    all.extend(lines(alerts));
    let were =
        if alerts.count == 1 { "1 alert was".to_owned() } else { format!("{} alerts were", alerts.count) };
    Words::new(format!("{were} muted: {what}"), all.join("\n"))
}

fn lines(alerts: &SummedAlerts) -> Vec<String> {
    let mut lines: Vec<String> = alerts.lines.iter().map(|(day, line)| format!("{day}: {line}")).collect();
    let more = alerts.count.saturating_sub(lines.len());
    if more > 0 {
        lines.push(format!("and {more} more; `sellbell backtest` lists them all"));
    }
    lines
}
