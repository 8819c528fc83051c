//! Reads the `[discord]` section.

use std::collections::BTreeSet;

use toml::de::DeTable;

use super::ids;
use super::settings::{Channel, Discord, SubscriptionLimits, Via};
use super::values::{Section, Wire};
use crate::destination::Threads;

/// More than Discord itself allows for a channel: five messages of ten alerts in five seconds.
const MOST_CHANNEL_BUDGET: u32 = 10_000;
/// One message to each of this many takes 42 minutes at Discord's rate limit.
const MOST_SUBSCRIPTIONS: u32 = 100_000;
const CHANNEL: [&str; 6] = ["name", "channel_id", "webhook", "thread_name", "tags", "threads"];
/// Discord's limit for a post.
const MOST_TAGS: usize = 5;

impl Wire<'_> {
    pub(super) fn discord(&mut self, section: Section<'_, '_>) -> Discord {
        let api_base = self.address(section, "api_base", ids::DISCORD);
        let most = MOST_CHANNEL_BUDGET;
        let budget = self.bounded(section, "channel_budget", 200, most, "alerts in ten minutes");
        let servers = self.servers(section, &api_base);
        let test_server = self.test_server(section, &api_base);
        let charts = section.and_then(|section| section.get("charts"));
        let charts = charts.and_then(|value| self.reader.flag("charts", value)).unwrap_or(true);
        let publish = section.and_then(|section| section.get("publish"));
        let publish = publish.and_then(|value| self.reader.flag("publish", value)).unwrap_or(false);
        let most = MOST_SUBSCRIPTIONS;
        let per_channel = self.bounded(section, "subscriptions_per_channel", 50, most, "subscriptions");
        // Who lists servers does not mean everybody else.
        let usual = if servers.is_empty() { 25 } else { 0 };
        let per_person = self.bounded(section, "subscriptions_per_person", usual, most, "subscriptions");
        let per_server = self.bounded(section, "subscriptions_per_server", 100, most, "subscriptions");
        let in_all = self.bounded(section, "subscriptions_in_all", 5_000, most, "subscriptions");
        let mut names = BTreeSet::new();
        let mut channels: Vec<Channel> = Vec::new();
        for (value, table) in self.tables(section, "channel", "[[discord.channel]]", &CHANNEL) {
            let Some((name_value, name)) = self.name(value, table, &mut names, "Discord channel") else {
                continue;
            };
            let webhook = table.get("webhook").and_then(|value| self.reader.flag("webhook", value));
            let id = self.text(Some(table), "channel_id");
            let via = match (id, webhook.unwrap_or(false)) {
                (Some((value, id)), false) => match ids::parse_channel(id, &api_base) {
                    Ok(id) => Via::Bot(id),
                    Err((what, help)) => {
                        self.reader.report_with(value.span(), what, help);
                        continue;
                    }
                },
                (None, true) => Via::Webhook,
                (None, false) if table.contains_key("channel_id") => continue,
                (both, _) => {
                    let said = if both.is_some() { "both" } else { "neither" };
                    let what = format!("channel `{name}` has {said} of channel_id and webhook");
                    let help = "give either channel_id (sent by the bot) or webhook = true";
                    self.reader.report_with(name_value.span(), what, help);
                    continue;
                }
            };
            if via == Via::Webhook {
                let others = channels.iter().filter(|other| other.via == via);
                self.own_variable(name_value, name, others.map(|other| other.name.as_str()));
            }
            let (thread_name, tags) = self.posts(table, (name, via), &api_base);
            let threads = self.threads(table, (name, via));
            channels.push(Channel { name: name.to_owned(), via, thread_name, tags, threads });
        }
        let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let limits = SubscriptionLimits {
            per_channel: count(per_channel),
            per_person: count(per_person),
            per_server: count(per_server),
            in_all: count(in_all),
        };
        Discord {
            api_base,
            channel_budget: count(budget),
            servers,
            test_server,
            limits,
            charts,
            publish,
            channels,
        }
    }

    /// What a channel that is a forum needs: whether its webhook creates posts, and the tags of posts.
    fn posts(&mut self, table: &DeTable<'_>, (name, via): (&str, Via), api_base: &str) -> (bool, Vec<u64>) {
        let flag = table.get("thread_name");
        let thread_name = flag.and_then(|value| self.reader.flag("thread_name", value)).unwrap_or(false);
        if let (Some(value), true, Via::Bot(_)) = (flag, thread_name, via) {
            let what = format!("channel `{name}` has thread_name, which is for webhooks");
            self.reader.report_with(value.span(), what, "remove it: the bot creates posts by itself");
        }
        let Some(value) = table.get("tags") else { return (thread_name, Vec::new()) };
        let expected = "a list of tags' ids like [\"1103812345678901234\"]";
        let mut tags = Vec::new();
        for item in self.reader.list("tags", value, expected) {
            let Some(text) = self.reader.text("tags", item, expected) else { continue };
            match ids::parse_tag(text, api_base) {
                Ok(id) if tags.contains(&id) => {}
                Ok(id) => tags.push(id),
                Err((what, help)) => self.reader.report_with(item.span(), what, help),
            }
        }
        if tags.len() > MOST_TAGS {
            let what = format!("channel `{name}` has {} tags", tags.len());
            self.reader.report_with(value.span(), what, "a post has at most 5: remove some");
        }
        if via == Via::Webhook && !thread_name {
            let what = format!("channel `{name}` has tags, which only posts of a forum have");
            self.reader.report_with(value.span(), what, "add thread_name = true, or remove the tags");
        }
        (thread_name, tags)
    }

    /// Reads how the alerts of a channel are spread over threads.
    fn threads(&mut self, table: &DeTable<'_>, (name, via): (&str, Via)) -> Option<Threads> {
        let (value, text) = self.text(Some(table), "threads")?;
        if via == Via::Webhook {
            let what = format!("channel `{name}` has threads, which a webhook cannot open");
            self.reader.report_with(value.span(), what, "remove it, or use the bot");
            return None;
        }
        let help = "use \"ticker\" for a thread for each company, or \"day\" for one a day";
        text.parse().map_err(|what: String| self.reader.report_with(value.span(), what, help)).ok()
    }

    /// The one server in which the slash commands are registered.
    fn test_server(&mut self, section: Section<'_, '_>, api_base: &str) -> Option<u64> {
        let (value, text) = self.text(section, "test_server")?;
        let read = ids::parse_server(text, api_base);
        read.map_err(|(what, help)| self.reader.report_with(value.span(), what, help)).ok()
    }

    /// The servers in which the bot may be used; empty for all.
    fn servers(&mut self, section: Section<'_, '_>, api_base: &str) -> Vec<u64> {
        let expected = "a list of servers' ids like [\"1103812345678901234\"]";
        let Some(value) = section.and_then(|section| section.get("servers")) else { return Vec::new() };
        let mut servers = Vec::new();
        for item in self.reader.list("servers", value, expected) {
            let Some(text) = self.reader.text("servers", item, expected) else { continue };
            match ids::parse_server(text, api_base) {
                Ok(id) => servers.push(id),
                Err((what, help)) => self.reader.report_with(item.span(), what, help),
            }
        }
        servers
    }
}
