//! Unused environment variables that look like those for secrets; most are misspelt. Handles only names,
//! never values.

use std::collections::BTreeSet;
use std::fmt;

use crate::config::{Settings, Via};
use crate::problem::nearest;
use crate::text::{clip, plain};

/// The most variables to report.
const MOST: usize = 20;
/// The most characters to show of a name.
const NAME: usize = 100;
/// The most names to list if none is similar.
const LISTED: usize = 5;
/// How similar a name must be to that of an unset variable, and by how many letters it may differ from that
/// of an optional one.
const ALIKE: f64 = 0.9;
const LETTERS: usize = 2;

/// A variable that is set but not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusedVariable {
    /// Its name, for display.
    pub name: String,
    /// What would use it.
    user: &'static str,
    /// The likely mistake, and how to fix it.
    pub help: String,
}

impl fmt::Display for UnusedVariable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the environment variable {} is set, and {} uses it", self.name, self.user)
    }
}

/// The variables of one kind of secret: one for each channel or endpoint.
struct Family {
    kind: &'static str,
    user: &'static str,
    /// True if a file can hold the secret; `…_FILE` then names it.
    has_files: bool,
    used: Vec<String>,
    /// The advice if the settings define nothing of the kind.
    none: &'static str,
}

/// Lists variables that look like those for secrets but are not used by the settings or the program.
///
/// `set` holds the names of all variables that are set.
pub fn unused_variables(settings: &Settings, set: &BTreeSet<String>) -> Vec<UnusedVariable> {
    let families = families(settings);
    let (needed, optional) = single(settings);
    let of_families = families.iter().flat_map(|family| &family.used).map(String::as_str);
    let secrets = needed.iter().chain(&optional).copied().chain(of_families);
    // A secret may be in a file named by a second variable.
    let used: BTreeSet<String> = secrets.flat_map(|name| [name.to_owned(), format!("{name}_FILE")]).collect();
    let is_set = |name: &str| set.contains(name) || set.contains(&format!("{name}_FILE"));
    let mut unused = Vec::new();
    for name in set.difference(&used) {
        let typed = name.to_ascii_uppercase().replace('-', "_");
        let family = families.iter().find_map(|family| Some((family, family.part(&typed)?)));
        let found = match family {
            Some((family, part)) => family.help(part, settings, &is_set).map(|help| (family.user, help)),
            None => {
                let all = families.iter().filter(|family| family.has_files && family.kind != SECRET);
                let needed =
                    needed.iter().copied().chain(all.flat_map(|family| &family.used).map(String::as_str));
                alike(&typed, needed, &optional, &is_set).map(|help| ("nothing", help))
            }
        };
        let shown = || clip(&plain(name), NAME).into_owned();
        unused.extend(found.map(|(user, help)| UnusedVariable { name: shown(), user, help }));
    }
    unused.truncate(MOST);
    unused
}

/// The name of the variable for a channel's or endpoint's secret: `DISCORD_WEBHOOK_MY_ALERTS` for
/// `my-alerts`.
pub fn variable(kind: &str, name: &str) -> String {
    format!("{kind}_{}", name.to_ascii_uppercase().replace('-', "_"))
}

const WEBHOOK: &str = "DISCORD_WEBHOOK";
const SECRET: &str = "WEBHOOK_SECRET";

fn families(settings: &Settings) -> [Family; 4] {
    let webhooks = settings.discord.channels.iter().filter(|channel| channel.via == Via::Webhook);
    let endpoints = |kind| settings.webhooks.iter().map(|name| variable(kind, name)).collect();
    let of_endpoint = |kind, has_files| Family {
        kind,
        user: "no endpoint of the settings",
        has_files,
        used: endpoints(kind),
        none: "the settings have no [[webhook.endpoint]]: add one with this name, or remove the variable",
    };
    [
        Family {
            kind: WEBHOOK,
            user: "no channel of the settings",
            has_files: true,
            used: webhooks.map(|channel| variable(WEBHOOK, &channel.name)).collect(),
            none: "the settings have no [[discord.channel]] with webhook = true: add one with this name, or remove the variable",
        },
        of_endpoint("WEBHOOK_URL", true),
        of_endpoint(SECRET, true),
        of_endpoint("WEBHOOK_CA_FILE", false),
    ]
}

/// The variables that exist only once: the required and the optional ones.
fn single(settings: &Settings) -> (Vec<&'static str>, Vec<&'static str>) {
    let mut needed = vec!["DISCORD_TOKEN"];
    let mut optional = vec!["HTTP_TOKEN", "SMTP_CA_FILE", "EDGAR_CA_FILE", "WEBHOOK_CA_FILE"];
    let mails = if settings.email.recipients.is_empty() { &mut optional } else { &mut needed };
    mails.push("SMTP_URL");
    (needed, optional)
}

impl Family {
    /// The name of a channel or endpoint in a variable of this kind; empty if it has none.
    fn part<'n>(&self, typed: &'n str) -> Option<&'n str> {
        let rest = typed.strip_prefix(self.kind)?;
        let rest = if self.has_files { rest.strip_suffix("_FILE").unwrap_or(rest) } else { rest };
        if rest.is_empty() { Some(rest) } else { rest.strip_prefix('_') }
    }

    /// The advice for a variable of this kind; `None` if it may belong to another program.
    fn help(&self, part: &str, settings: &Settings, is_set: &dyn Fn(&str) -> bool) -> Option<String> {
        let unset: Vec<&str> = self.used.iter().map(String::as_str).filter(|used| !is_set(used)).collect();
        let of_bot = settings.discord.channels.iter().find(|channel| {
            self.kind == WEBHOOK && channel.via != Via::Webhook && variable("", &channel.name)[1..] == *part
        });
        let near = |names: &[&str]| {
            let parts = names.iter().filter_map(|name| self.part(name));
            let near = nearest(part, parts)?;
            names.iter().find(|name| self.part(name) == Some(near)).map(|name| (*name).to_owned())
        };
        let all: Vec<&str> = self.used.iter().map(String::as_str).collect();
        match (of_bot, near(&unset).or_else(|| near(&all)), &unset[..]) {
            // Other programs use such names, too.
            (_, _, []) if part.is_empty() => None,
            (Some(channel), ..) => Some(format!(
                "the bot sends to discord:{}; write webhook = true there instead of channel_id, or remove the variable",
                channel.name
            )),
            (None, Some(near), _) => Some(format!("did you mean {near}?")),
            (None, None, [one]) => Some(format!("did you mean {one}?")),
            (None, None, _) if all.is_empty() => Some(self.none.to_owned()),
            (None, None, _) => {
                let more = if all.len() > LISTED { " and others" } else { "" };
                let listed = all.iter().take(LISTED).copied().collect::<Vec<_>>().join(", ");
                Some(format!("the settings use {listed}{more}"))
            }
        }
    }
}

/// The advice for a variable that resembles an unset one.
fn alike<'n>(
    typed: &str,
    needed: impl Iterator<Item = &'n str>,
    optional: &[&'n str],
    is_set: &dyn Fn(&str) -> bool,
) -> Option<String> {
    let bare = typed.strip_suffix("_FILE").unwrap_or(typed);
    let likeness = |name: &str| strsim::jaro_winkler(typed, name).max(strsim::jaro_winkler(bare, name));
    let few = |name: &str| strsim::osa_distance(typed, name) <= LETTERS;
    let optional = optional.iter().copied().filter(|name| few(name));
    let unset = needed.chain(optional).filter(|name| !is_set(name));
    let best = unset.max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(best) >= ALIKE).then(|| format!("did you mean {best}?"))
}
