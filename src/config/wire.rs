//! The settings file as it is written, and its way into [`Settings`].

use std::collections::BTreeSet;
use std::fmt::Display;
use std::time::Duration;

use lettre::message::Mailbox;
use serde::Deserialize;
use toml::Spanned;
use url::Url;

use super::{Channel, Discord, Edgar, Email, Mode, Recipient, Schedules, Settings, Via, is_sec};
use crate::destination::is_name;
use crate::problem::{Problem, Problems, Source};
use crate::schedule::{Schedule, ScheduleError};

/// The SEC allows 10 in all; another server of one's own may take more.
const MOST_REQUESTS_SEC: u32 = 10;
const MOST_REQUESTS: u32 = 10_000;
const MOST_TIMEOUT_SECONDS: u64 = 600;
const LONGEST_LOOK_BACK: Duration = Duration::from_secs(31 * 24 * 60 * 60);
const EASTERN: &str = "America/New_York";

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct WireSettings {
    edgar: WireEdgar,
    schedule: WireSchedule,
    rules: WireRules,
    store: WireStore,
    discord: WireDiscord,
    email: WireEmail,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct WireEdgar {
    base_url: Option<Spanned<String>>,
    contact: Option<Spanned<String>>,
    requests_per_second: Option<Spanned<u32>>,
    timeout_seconds: Option<Spanned<u64>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct WireSchedule {
    poll: Option<Spanned<String>>,
    time_zone: Option<Spanned<String>>,
    look_back: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct WireRules {
    dir: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct WireStore {
    dir: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct WireDiscord {
    api_base: Option<Spanned<String>>,
    channel: Vec<WireChannel>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireChannel {
    name: Spanned<String>,
    channel_id: Option<Spanned<String>>,
    #[serde(default)]
    webhook: bool,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct WireEmail {
    from: Option<Spanned<String>>,
    out_dir: Option<String>,
    recipient: Vec<WireRecipient>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireRecipient {
    name: Spanned<String>,
    address: Spanned<String>,
    #[serde(default)]
    mode: WireMode,
    schedule: Option<Spanned<String>>,
    time_zone: Option<Spanned<String>>,
}

#[derive(Deserialize, Default, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
enum WireMode {
    #[default]
    Instant,
    Digest,
}

/// Reads and validates a settings text.
pub(super) fn settings(file: &str, text: &str) -> Result<Settings, Problems> {
    let source = Source { file, text };
    let wire: WireSettings = source.read().map_err(|problem| Problems(vec![problem]))?;
    let mut reader = Reader { source, problems: Vec::new() };
    let edgar = reader.edgar(wire.edgar);
    let schedule = reader.schedules(wire.schedule);
    let discord = reader.discord(wire.discord);
    let email = reader.email(wire.email);
    match schedule {
        Some(schedule) if reader.problems.is_empty() => Ok(Settings {
            edgar,
            schedule,
            rules_dir: wire.rules.dir.unwrap_or_else(|| "rules".into()).into(),
            store_dir: wire.store.dir.unwrap_or_else(|| "sellbell-data".into()).into(),
            discord,
            email,
        }),
        _ => Err(Problems(reader.problems)),
    }
}

struct Reader<'a> {
    source: Source<'a>,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn edgar(&mut self, wire: WireEdgar) -> Edgar {
        let base_url = self.address(wire.base_url, "https://www.sec.gov");
        let most = if is_sec(&base_url) { MOST_REQUESTS_SEC } else { MOST_REQUESTS };
        let rate = self.bounded(wire.requests_per_second, 8, 1, most, "requests a second");
        let timeout = self.bounded(wire.timeout_seconds, 30, 1, MOST_TIMEOUT_SECONDS, "seconds");
        let contact = wire.contact.as_ref().map_or("", |contact| contact.get_ref().trim());
        if let Some(spanned) = &wire.contact {
            let shaped =
                contact.is_ascii() && contact.contains('@') && !contact.chars().any(char::is_control);
            if !contact.is_empty() && !shaped {
                self.report(
                    spanned,
                    "the contact must have a mail address and be plain ASCII: expected something like `Jane Doe jane@example.org`",
                );
            }
        }
        Edgar {
            base_url,
            contact: contact.to_owned(),
            requests_per_second: rate,
            timeout: Duration::from_secs(timeout),
        }
    }

    fn schedules(&mut self, wire: WireSchedule) -> Option<Schedules> {
        let look_back = wire.look_back.as_ref().map_or(Duration::ZERO, |text| {
            humantime::parse_duration(text.get_ref()).unwrap_or_else(|_| {
                self.report(
                    text,
                    format!("`{}` is not a span of time: expected something like 12h or 2d", text.get_ref()),
                );
                Duration::ZERO
            })
        });
        if let Some(text) = wire.look_back.as_ref().filter(|_| look_back > LONGEST_LOOK_BACK) {
            self.report(text, "EDGAR's feed reaches back some two business days: expected at most 31d");
        }
        let poll = self.schedule(wire.poll.as_ref(), "*/2 * 6-21 * * Mon-Fri", wire.time_zone.as_ref());
        Some(Schedules { poll: poll?, look_back })
    }

    fn discord(&mut self, wire: WireDiscord) -> Discord {
        let api_base = self.address(wire.api_base, "https://discord.com");
        let mut names = BTreeSet::new();
        let mut channels = Vec::new();
        for channel in wire.channel {
            self.name(&channel.name, &mut names, "Discord channel");
            let id = channel
                .channel_id
                .as_ref()
                .map(|id| (id, id.get_ref().parse::<u64>().ok().filter(|&n| n > 0)));
            let via = match (id, channel.webhook) {
                (Some((_, Some(id))), false) => Via::Bot(id),
                (None, true) => Via::Webhook,
                (Some((spanned, None)), _) => {
                    self.report(spanned, "a channel id is a number in quotes, like \"1103812345678901234\"");
                    continue;
                }
                (Some(_), true) | (None, false) => {
                    self.report(
                        &channel.name,
                        "give either channel_id (sent by the bot) or webhook = true, not both",
                    );
                    continue;
                }
            };
            let variable = |name: &str| name.replace('-', "_");
            let same = |other: &&Channel| {
                via == Via::Webhook
                    && other.via == via
                    && variable(&other.name) == variable(channel.name.get_ref())
            };
            if let Some(other) = channels.iter().find(same) {
                let message = format!(
                    "`{}` and `{}` would share one variable for their webhooks",
                    other.name,
                    channel.name.get_ref()
                );
                self.report(&channel.name, message);
            }
            channels.push(Channel { name: channel.name.into_inner(), via });
        }
        Discord { api_base, channels }
    }

    fn email(&mut self, wire: WireEmail) -> Email {
        let from = wire.from.as_ref().map_or("sellbell <sellbell@localhost>", |from| {
            self.mailbox(from);
            from.get_ref()
        });
        let mut names = BTreeSet::new();
        let mut recipients = Vec::new();
        for recipient in wire.recipient {
            self.name(&recipient.name, &mut names, "e-mail recipient");
            self.mailbox(&recipient.address);
            let mode = match recipient.mode {
                WireMode::Instant => {
                    for useless in [&recipient.schedule, &recipient.time_zone].into_iter().flatten() {
                        self.report(useless, "a schedule and its time zone need mode = \"digest\"");
                    }
                    Mode::Instant
                }
                WireMode::Digest => {
                    let (schedule, zone) = (recipient.schedule.as_ref(), recipient.time_zone.as_ref());
                    let Some(schedule) = self.schedule(schedule, "30 17 * * Mon-Fri", zone) else { continue };
                    Mode::Digest(Box::new(schedule))
                }
            };
            recipients.push(Recipient {
                name: recipient.name.into_inner(),
                address: recipient.address.into_inner(),
                mode,
            });
        }
        Email {
            from: from.to_owned(),
            out_dir: wire.out_dir.unwrap_or_else(|| "sellbell-mail".into()).into(),
            recipients,
        }
    }

    /// A schedule, or `None` once the mistake in it is reported.
    fn schedule(
        &mut self,
        wire: Option<&Spanned<String>>,
        default: &str,
        zone: Option<&Spanned<String>>,
    ) -> Option<Schedule> {
        let expression = wire.map_or(default, |text| text.get_ref());
        let zone_name = zone.map_or(EASTERN, |text| text.get_ref());
        match Schedule::parse(expression, zone_name) {
            Ok(schedule) => Some(schedule),
            Err(error) => {
                let blamed = if matches!(error, ScheduleError::Zone(_)) { zone } else { wire };
                if let Some(blamed) = blamed {
                    self.report(blamed, &error);
                }
                None
            }
        }
    }

    fn address(&mut self, wire: Option<Spanned<String>>, default: &str) -> String {
        let Some(wire) = wire else { return default.to_owned() };
        let parsed = Url::parse(wire.get_ref()).ok();
        if !parsed.is_some_and(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some()) {
            self.report(
                &wire,
                format!("`{}` is not an address: expected something like {default}", wire.get_ref()),
            );
        }
        wire.get_ref().trim_end_matches('/').to_owned()
    }

    fn bounded<N>(&mut self, wire: Option<Spanned<N>>, default: N, least: N, most: N, unit: &str) -> N
    where
        N: PartialOrd + Copy + Display,
    {
        let Some(wire) = wire else { return default };
        let number = *wire.get_ref();
        if number < least || number > most {
            self.report(&wire, format!("{number} {unit}: expected {least} to {most}"));
        }
        number
    }

    fn name(&mut self, name: &Spanned<String>, names: &mut BTreeSet<String>, what: &str) {
        if !is_name(name.get_ref()) {
            self.report(name, format!("`{}` is not a name: use a-z, 0-9, - and _", name.get_ref()));
        }
        if !names.insert(name.get_ref().clone()) {
            self.report(name, format!("there is another {what} named `{}`", name.get_ref()));
        }
    }

    fn mailbox(&mut self, address: &Spanned<String>) {
        if address.get_ref().parse::<Mailbox>().is_err() {
            self.report(
                address,
                "this is not a mail address: expected `jane@example.org` or `Jane Doe <jane@example.org>`",
            );
        }
    }

    fn report<T>(&mut self, value: &Spanned<T>, message: impl Display) {
        self.problems.push(self.source.problem(value.span(), message));
    }
}
