//! Discord's address, and webhook URLs as people copy them. A webhook URL is a secret: no error shows it.

use core::net::IpAddr;

use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use url::{Host, Url};

/// Discord's address. Any other base is a proxy in its place.
pub(super) const DISCORD: &str = "https://discord.com";
/// Discord's hosts that serve its API.
pub(super) const HOSTS: [&str; 6] = [
    "discord.com",
    "discordapp.com",
    "ptb.discord.com",
    "canary.discord.com",
    "ptb.discordapp.com",
    "canary.discordapp.com",
];

/// A webhook's address, split into parts.
#[derive(Clone)]
pub(super) struct WebhookAddress {
    /// Without a query.
    base: Url,
    /// The webhook's id, which is not secret.
    pub(super) id: String,
    /// The query as written: the forum thread that its messages go to.
    query: Vec<(String, String)>,
}

/// A mistake in a webhook's address, and how to fix it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadAddress {
    /// It is not an address.
    #[error(
        "is not a webhook URL like https://discord.com/api/webhooks/…: copy it from the channel's settings"
    )]
    NoAddress,
    /// It is not encrypted.
    #[error("begins with http://, so others could read it: use https://")]
    NotEncrypted,
    /// It is on another part of Discord.
    #[error("is on a Discord host that accepts no messages: use discord.com, or copy the URL again")]
    WrongHost,
    /// It is the link of a channel or a message.
    #[error(
        "is the link of a channel, message or server: create a webhook in the channel's settings, and copy its URL"
    )]
    Link,
    /// Part of the path is missing.
    #[error("lacks /api before /webhooks: copy it again")]
    NoApi,
    /// It has no webhook id.
    #[error("has no webhook id after /webhooks/: copy it again")]
    NoId,
    /// It has no token.
    #[error("ends before the webhook's token: copy it again")]
    NoToken,
    /// Its token has characters that no token has.
    #[error("has characters in its token that no token has: copy it again")]
    BadToken,
    /// It is for Slack's format.
    #[error("ends in /slack, which is for Slack's format: remove /slack")]
    Slack,
    /// It is for GitHub's format.
    #[error("ends in /github, which is for GitHub's format: remove /github")]
    Github,
    /// It names a message of the webhook.
    #[error("ends in /messages, the address of a single message: remove /messages and what follows it")]
    Messages,
    /// It has something else after its token.
    #[error("goes on after the webhook's token: remove what follows the token")]
    GoesOn,
    /// It has a name for a post.
    #[error(
        "has thread_name: use ?thread_id= with the id of one post or, for a post per alert, thread_name = true in the settings"
    )]
    ThreadName,
    /// It names a thread, and the settings ask for a post per alert.
    #[error("has ?thread_id=, and the settings have thread_name = true for the channel: remove one of them")]
    ThreadAndName,
    /// Its thread id is not a number.
    #[error("has a thread_id that is not a number: use ?thread_id= with the id of the post or thread")]
    ThreadId,
}

impl WebhookAddress {
    /// The address to send messages to; in a forum, that of a post.
    pub(super) fn posting(&self, post: Option<&str>) -> Url {
        let post = post.map(|id| ("thread_id", id));
        // Without `wait`, Discord reports no error for a message that it does not save.
        let more: Vec<(&str, &str)> = post.into_iter().chain([("wait", "true")]).collect();
        self.with_query(self.base.clone(), &more)
    }

    /// True if it names a thread.
    pub(super) fn names_thread(&self) -> bool {
        self.query.iter().any(|(name, _)| name == "thread_id")
    }

    /// The address of a message that it created; in a forum, in a post.
    pub(super) fn message(&self, id: &str, post: Option<&str>) -> Url {
        let mut address = self.base.clone();
        if let Ok(mut segments) = address.path_segments_mut() {
            segments.extend(["messages", id]);
        }
        let post: Vec<(&str, &str)> = post.map(|id| ("thread_id", id)).into_iter().collect();
        self.with_query(address, &post)
    }

    fn with_query(&self, mut address: Url, more: &[(&str, &str)]) -> Url {
        let own = self.query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let all: Vec<(&str, &str)> = own.chain(more.iter().copied()).collect();
        if !all.is_empty() {
            address.query_pairs_mut().extend_pairs(all);
        }
        address
    }
}

/// Strips quotes, brackets and blanks that were copied along.
pub(super) fn bare(text: &str) -> &str {
    let text = text.trim();
    let pairs = [('"', '"'), ('\'', '\''), ('`', '`'), ('<', '>')];
    let stripped = pairs.iter().find_map(|(open, close)| text.strip_prefix(*open)?.strip_suffix(*close));
    stripped.map_or(text, str::trim)
}

/// Parses a webhook's address.
///
/// # Errors
/// The mistake in the address.
pub(super) fn parse(secret: &SecretString, api_base: &str) -> Result<WebhookAddress, BadAddress> {
    let address = Url::parse(bare(secret.expose_secret())).map_err(|_| BadAddress::NoAddress)?;
    let Some(host) = host(&address) else { return Err(BadAddress::NoAddress) };
    let loopback = is_loopback(&host);
    match address.scheme() {
        "https" => {}
        "http" if loopback => {}
        "http" => return Err(BadAddress::NotEncrypted),
        _ => return Err(BadAddress::NoAddress),
    }
    let is_discord = HOSTS.contains(&host.as_str());
    let is_proxy = || Url::parse(api_base).ok().and_then(|base| self::host(&base)).as_ref() == Some(&host);
    if !is_discord && !loopback && !is_proxy() {
        return Err(BadAddress::WrongHost);
    }
    let segments: Vec<&str> = address.path_segments().into_iter().flatten().collect();
    let segments: Vec<&str> = segments.into_iter().filter(|segment| !segment.is_empty()).collect();
    let Some(at) = segments.iter().position(|segment| *segment == "webhooks") else {
        let link = is_discord && matches!(segments.first(), Some(&("channels" | "invite")));
        return Err(if link { BadAddress::Link } else { BadAddress::NoAddress });
    };
    let is_version = |segment: &str| segment.strip_prefix('v').is_some_and(is_number);
    // A proxy may serve the API below a path of its own.
    let api = match &segments[..at] {
        [.., "api"] => true,
        [.., "api", version] => is_version(version),
        _ => false,
    };
    if !api && is_discord {
        return Err(BadAddress::NoApi);
    }
    let rest = &segments[at + 1..];
    let id = rest.first().filter(|id| is_number(id)).ok_or(BadAddress::NoId)?;
    let token = rest.get(1).ok_or(BadAddress::NoToken)?;
    match token.to_ascii_lowercase().as_str() {
        "slack" | "github" | "messages" => return Err(BadAddress::NoToken),
        _ if !token.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) => {
            return Err(BadAddress::BadToken);
        }
        _ => {}
    }
    match rest.get(2).map(|segment| segment.to_ascii_lowercase()).as_deref() {
        None => {}
        Some("slack") => return Err(BadAddress::Slack),
        Some("github") => return Err(BadAddress::Github),
        Some("messages") => return Err(BadAddress::Messages),
        Some(_) => return Err(BadAddress::GoesOn),
    }
    let query: Vec<(String, String)> = address
        .query_pairs()
        .map(|(name, value)| (name.into_owned(), value.trim().to_owned()))
        .filter(|(name, _)| name != "wait")
        .collect();
    if query.iter().any(|(name, _)| name == "thread_name") {
        return Err(BadAddress::ThreadName);
    }
    if query.iter().any(|(name, value)| name == "thread_id" && !is_number(value)) {
        return Err(BadAddress::ThreadId);
    }
    let (id, path) = ((*id).to_owned(), format!("/{}", segments.join("/")));
    let mut base = address.clone();
    base.set_path(&path);
    base.set_query(None);
    base.set_fragment(None);
    Ok(WebhookAddress { base, id, query })
}

/// The host of an address: a name in lower case, or a number.
pub(super) fn host(address: &Url) -> Option<String> {
    Some(match address.host()? {
        Host::Domain(name) => name.trim_end_matches('.').to_ascii_lowercase(),
        Host::Ipv4(ip) => ip.to_string(),
        Host::Ipv6(ip) => ip.to_string(),
    })
}

/// True if a host is this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// True if this is the address of a Discord webhook.
pub(in crate::notify) fn is_discords(secret: &SecretString) -> bool {
    let Ok(address) = Url::parse(bare(secret.expose_secret())) else { return false };
    host(&address).is_some_and(|host| HOSTS.contains(&host.as_str())) && address.path().contains("/webhooks/")
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "aB3-_xyzaB3-_xyzaB3-_xyzaB3-_xyzaB3-_xyzaB3-_xyzaB3-_xyzaB3-_xyz4567";

    fn read(text: &str) -> Result<String, BadAddress> {
        parse(&text.replace("TOKEN", TOKEN).into(), "https://proxy.example.org")
            .map(|address| address.posting(None).to_string().replace(TOKEN, "TOKEN"))
    }

    #[test]
    fn an_address_is_taken_as_people_copy_it() {
        let plain = "https://discord.com/api/webhooks/1103812345678901234/TOKEN?wait=true";
        for text in [
            "https://discord.com/api/webhooks/1103812345678901234/TOKEN",
            " https://discord.com/api/webhooks/1103812345678901234/TOKEN/\n",
            "\"https://discord.com/api/webhooks/1103812345678901234/TOKEN\"",
            "'https://discord.com/api/webhooks/1103812345678901234/TOKEN' ",
            "<https://discord.com//api/webhooks/1103812345678901234/TOKEN?wait=false#x>",
            "HTTPS://Discord.com/api/webhooks/1103812345678901234/TOKEN?wait=true",
        ] {
            assert_eq!(read(text).as_deref(), Ok(plain), "{text}");
        }
        for (text, expected) in [
            (
                "https://discordapp.com/api/webhooks/11038/TOKEN",
                "https://discordapp.com/api/webhooks/11038/TOKEN?wait=true",
            ),
            (
                "https://ptb.discord.com/api/v10/webhooks/11038/TOKEN",
                "https://ptb.discord.com/api/v10/webhooks/11038/TOKEN?wait=true",
            ),
            (
                "https://canary.discord.com/api/webhooks/1/TOKEN?thread_id=77",
                "https://canary.discord.com/api/webhooks/1/TOKEN?thread_id=77&wait=true",
            ),
            (
                "https://proxy.example.org/discord/api/webhooks/1/TOKEN",
                "https://proxy.example.org/discord/api/webhooks/1/TOKEN?wait=true",
            ),
            (
                "http://127.0.0.1:8080/api/webhooks/5/token-5",
                "http://127.0.0.1:8080/api/webhooks/5/token-5?wait=true",
            ),
        ] {
            assert_eq!(read(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn one_that_is_none_says_what_to_do_and_not_what_it_is() {
        use BadAddress as Bad;
        for (text, expected) in [
            ("", Bad::NoAddress),
            ("alerts", Bad::NoAddress),
            ("discord.com/api/webhooks/1/TOKEN", Bad::NoAddress),
            ("ftp://discord.com/api/webhooks/1/TOKEN", Bad::NoAddress),
            ("https://hooks.slack.com/services/T0/B0/TOKEN", Bad::WrongHost),
            ("https://discord.com.example.org/api/webhooks/1/TOKEN", Bad::WrongHost),
            ("https://discord.example.org/api/webhooks/1/TOKEN", Bad::WrongHost),
            ("https://discord.com@example.org/api/webhooks/1/TOKEN", Bad::WrongHost),
            ("http://discord.com/api/webhooks/1/TOKEN", Bad::NotEncrypted),
            ("https://www.discord.com/api/webhooks/1/TOKEN", Bad::WrongHost),
            ("https://media.discordapp.com/api/webhooks/1/TOKEN", Bad::WrongHost),
            ("https://discord.gg/TOKEN", Bad::WrongHost),
            ("https://discord.com/channels/1/2/3", Bad::Link),
            ("https://discord.com/webhooks/1/TOKEN", Bad::NoApi),
            ("https://discord.com/api/webhooks", Bad::NoId),
            ("https://discord.com/api/webhooks/abc/TOKEN", Bad::NoId),
            ("https://discord.com/api/webhooks/1103812345678901234", Bad::NoToken),
            ("https://discord.com/api/webhooks/1103812345678901234/", Bad::NoToken),
            ("https://discord.com/api/webhooks/1103812345678901234/slack", Bad::NoToken),
            ("https://discord.com/api/webhooks/1/TOKEN%20", Bad::BadToken),
            ("https://discord.com/api/webhooks/1/TOKEN/slack", Bad::Slack),
            ("https://discord.com/api/v9/webhooks/1/TOKEN/Slack/?wait=true", Bad::Slack),
            ("https://discord.com/api/webhooks/1/TOKEN/github", Bad::Github),
            ("https://discord.com/api/webhooks/1/TOKEN/messages/77", Bad::Messages),
            ("https://discord.com/api/webhooks/1/TOKEN/more", Bad::GoesOn),
            ("https://discord.com/api/webhooks/1/TOKEN?thread_name=x", Bad::ThreadName),
            ("https://discord.com/api/webhooks/1/TOKEN?thread_id=x", Bad::ThreadId),
        ] {
            let error = read(text).unwrap_err();
            assert_eq!(error, expected, "{text}");
            assert!(error.to_string().contains(": "), "{error}");
        }
    }

    #[test]
    fn a_message_is_found_below_it() {
        let address = parse(
            &format!("https://discord.com/api/webhooks/1/{TOKEN}/?thread_id=7").into(),
            "https://discord.com",
        )
        .unwrap();
        let message = address.message("99", None).to_string().replace(TOKEN, "TOKEN");
        assert_eq!(message, "https://discord.com/api/webhooks/1/TOKEN/messages/99?thread_id=7");
    }
}
