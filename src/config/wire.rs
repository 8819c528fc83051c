//! The settings file as it is written, and its way into [`Settings`], with every mistake at once.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::collections::BTreeSet;
use std::mem;
use std::time::Duration;

use chrono::{DateTime, Utc};
use toml::de::DeTable;
use url::Url;

use super::renamed;
use super::settings::{Edgar, ReadableBy, Settings, is_sec};
use super::values::{Section, Wire};
use crate::destination::Destination;
use crate::problem::{Problems, Reader, Source, Value, nearest};

/// The SEC allows 10 in all; another server of one's own may take more.
const MOST_REQUESTS_SEC: u32 = 10;
const MOST_REQUESTS: u32 = 10_000;
const MOST_TIMEOUT_SECONDS: u32 = 600;
/// Any free port of loopback: `status` finds it by a file in the store's folder.
const LOOPBACK: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// The sections and their keys.
const SECTIONS: [(&str, &[&str]); 10] = [
    ("edgar", &["base_url", "data_url", "contact", "requests_per_second", "timeout_seconds", "fetch_all"]),
    ("schedule", &["poll", "reconcile", "time_zone", "look_back", "late_after", "stale_after"]),
    ("rules", &["dir"]),
    ("store", &["dir"]),
    (
        "discord",
        &[
            "api_base",
            "channel_budget",
            "servers",
            "test_server",
            "charts",
            "publish",
            "subscriptions_per_channel",
            "subscriptions_per_person",
            "subscriptions_per_server",
            "subscriptions_in_all",
            "channel",
        ],
    ),
    (
        "email",
        &[
            "from",
            "ehlo_name",
            "out_dir",
            "allow_plain_password",
            "messages_per_minute",
            "templates",
            "recipient",
        ],
    ),
    ("files", &["readable_by"]),
    ("webhook", &["endpoint"]),
    ("http", &["listen", "public_url"]),
    ("operators", &["notify"]),
];
const ENDPOINT: [&str; 1] = ["name"];

/// Reads and validates a settings text; at a moment, where one is given.
pub(super) fn settings(file: &str, text: &str, now: Option<DateTime<Utc>>) -> Result<Settings, Problems> {
    let (reader, table) = Reader::new(Source { file, text });
    // What is not TOML leaves holes, which are no mistakes of their own.
    if !reader.problems.is_empty() {
        return Err(Problems(reader.problems));
    }
    let mut wire = Wire { reader, now };
    wire.sections(&table);
    let section = |name: &str| table.get(name).and_then(|section| section.get_ref().as_table());
    let edgar = wire.edgar(section("edgar"));
    let schedule = wire.schedules(section("schedule"));
    let rules_dir = wire.path(section("rules"), "dir", "rules");
    let store_dir = wire.path(section("store"), "dir", "sellbell-data");
    let discord = wire.discord(section("discord"));
    let email = wire.email(section("email"));
    let readable_by = wire.readable_by(section("files"));
    let webhooks = wire.webhooks(section("webhook"));
    let listen = wire.listen(section("http"));
    let public_url = wire.public_url(section("http"), listen);
    let operators = wire.operators(section("operators"));
    match schedule {
        Some(schedule) if wire.reader.problems.is_empty() => {
            let operators_notify = operators.iter().map(|(destination, _)| destination.clone()).collect();
            let settings = Settings {
                edgar,
                schedule,
                rules_dir,
                store_dir,
                discord,
                email,
                readable_by,
                webhooks,
                listen,
                public_url,
                operators: operators_notify,
                renamed: mem::take(&mut wire.reader.renamed),
            };
            for (destination, value) in operators.iter().filter(|(own, _)| !settings.knows(own)) {
                let defined = settings.destinations().join(", ");
                let what = format!("these settings define no destination `{destination}`");
                wire.reader.report_with(value.span(), what, format!("they define {defined}"));
            }
            if wire.reader.problems.is_empty() { Ok(settings) } else { Err(Problems(wire.reader.problems)) }
        }
        _ => Err(Problems(wire.reader.problems)),
    }
}

impl Wire<'_> {
    fn sections(&mut self, table: &DeTable<'_>) {
        let names: Vec<&str> = SECTIONS.iter().map(|(name, _)| *name).collect();
        for (key, value) in table {
            let name: &str = key.get_ref();
            match SECTIONS.iter().find(|(known, _)| *known == name) {
                Some((_, keys)) => {
                    if let Some(section) = self.reader.table(name, value, &format!("a section: [{name}]")) {
                        let before = renamed::of_section(name);
                        self.reader.only_or_before(section, keys, &before, &format!("[{name}]"));
                    }
                }
                None => {
                    let home = SECTIONS.iter().find(|(_, keys)| keys.contains(&name));
                    let help = match (home, nearest(name, names.iter().copied())) {
                        (Some((section, _)), _) => format!("`{name}` belongs below [{section}]"),
                        (None, Some(near)) => format!("did you mean [{near}]?"),
                        (None, None) => format!("the sections are {}", names.join(", ")),
                    };
                    self.reader.report_with(
                        key.span(),
                        format!("the settings have no section `{name}`"),
                        help,
                    );
                }
            }
        }
    }

    fn edgar(&mut self, section: Section<'_, '_>) -> Edgar {
        let base_url = self.address(section, "base_url", "https://www.sec.gov");
        // A mirror or a replay serves both.
        let data = if is_sec(&base_url) { "https://data.sec.gov" } else { &base_url };
        let data_url = self.address(section, "data_url", data);
        let most = if is_sec(&base_url) || is_sec(&data_url) { MOST_REQUESTS_SEC } else { MOST_REQUESTS };
        let rate = self.bounded(section, "requests_per_second", 8, most, "requests a second");
        let timeout = self.bounded(section, "timeout_seconds", 30, MOST_TIMEOUT_SECONDS, "seconds");
        let mut contact = "";
        if let Some((value, text)) = self.text(section, "contact") {
            contact = text.trim();
            let shaped =
                contact.is_ascii() && contact.contains('@') && !contact.chars().any(char::is_control);
            if !contact.is_empty() && !shaped {
                let help = "expected something like \"Jane Doe jane@example.org\"";
                let what = "the contact must contain an e-mail address and be plain ASCII";
                self.reader.report_with(value.span(), what, help);
            }
        }
        let fetch_all = section.and_then(|section| section.get("fetch_all"));
        let fetch_all = fetch_all.and_then(|value| self.reader.flag("fetch_all", value)).unwrap_or(false);
        Edgar {
            base_url,
            data_url,
            contact: contact.to_owned(),
            requests_per_second: rate,
            timeout: Duration::from_secs(timeout.into()),
            fetch_all,
        }
    }

    fn webhooks(&mut self, section: Section<'_, '_>) -> Vec<String> {
        let mut names = BTreeSet::new();
        let mut webhooks: Vec<String> = Vec::new();
        for (value, table) in self.tables(section, "endpoint", "[[webhook.endpoint]]", &ENDPOINT) {
            if let Some((value, name)) = self.name(value, table, &mut names, "webhook") {
                self.own_variable(value, name, webhooks.iter().map(String::as_str));
                webhooks.push(name.to_owned());
            }
        }
        webhooks
    }

    fn readable_by(&mut self, section: Section<'_, '_>) -> ReadableBy {
        let words =
            [("owner", ReadableBy::Owner), ("group", ReadableBy::Group), ("everyone", ReadableBy::Everyone)];
        let value = section.and_then(|section| section.get("readable_by"));
        value.and_then(|value| self.reader.word("readable_by", value, &words)).unwrap_or_default()
    }

    fn operators<'v, 'd>(&mut self, section: Section<'v, 'd>) -> Vec<(Destination, &'v Value<'d>)> {
        let expected = "a list of destinations like [\"discord:ops\"]";
        let Some(value) = section.and_then(|section| section.get("notify")) else { return Vec::new() };
        let mut all = Vec::new();
        for item in self.reader.list("notify", value, expected) {
            let Some(text) = self.reader.text("notify", item, expected) else { continue };
            match Destination::in_file(text) {
                Ok(destination) if !destination.capabilities().notices => {
                    let what = format!("{destination} accepts alerts, but no notices");
                    let help = "expected terminal, discord:NAME, email:NAME or webhook:NAME";
                    self.reader.report_with(item.span(), what, help);
                }
                Ok(destination) => all.push((destination, item)),
                Err(error) => {
                    let (what, help) = error.parts();
                    self.reader.report_with(item.span(), what, help);
                }
            }
        }
        all
    }

    /// Where readers of e-mails reach it; an empty text is nowhere.
    fn public_url(&mut self, section: Section<'_, '_>, listen: Option<SocketAddr>) -> Option<String> {
        let (value, text) = self.text(section, "public_url").filter(|(_, text)| !text.is_empty())?;
        let is_plain = |url: &Url| {
            let has_more = url.query().is_some() || url.fragment().is_some() || !url.username().is_empty();
            url.scheme() == "https" && url.has_host() && !has_more
        };
        if !Url::parse(text).is_ok_and(|url| is_plain(&url)) {
            let help =
                "expected something like \"https://alerts.example.org\": mail programs use no other links";
            self.reader.report_with(value.span(), format!("`{text}` is not such an address"), help);
        } else if listen.is_none() {
            let help = "set `listen`, so that it can be reached";
            self.reader.report_with(value.span(), "there is a `public_url`, and `listen` is \"\"", help);
        }
        Some(text.trim_end_matches('/').to_owned())
    }

    /// Where it answers; an empty text is nowhere.
    fn listen(&mut self, section: Section<'_, '_>) -> Option<SocketAddr> {
        let Some((value, text)) = self.text(section, "listen") else { return Some(LOOPBACK) };
        if text.is_empty() {
            return None;
        }
        let address = text.parse().ok();
        if address.is_none() {
            let help = "expected something like \"127.0.0.1:8085\", or \"\" for nowhere";
            self.reader.report_with(value.span(), format!("`{text}` is not an address and port"), help);
        }
        address
    }
}
