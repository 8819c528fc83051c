//! The address of Discord's gateway: requested with bounds, and accepted only if it belongs to Discord or to
//! the proxy in its place.

use reqwest::Method;
use serde::Deserialize;
use serenity::http::Route;
use thiserror::Error;
use url::Url;

use super::address::{self, DISCORD, HOSTS, host};
use super::bot::DiscordBot;
use super::request::bounded;

/// The domain of Discord's gateways.
const GATEWAYS: &str = "discord.gg";
/// The most bytes to read of the answer with the address.
const MAX_ANSWER: usize = 64 * 1024;

/// The gateway, as reported by Discord.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gateway {
    /// The address to connect to.
    pub address: Url,
    /// How many more sessions may be started today.
    pub sessions_left: u64,
    /// The number of milliseconds until that count is reset.
    pub reset_after_ms: u64,
    /// How many connections (shards) Discord recommends.
    pub shards: u64,
    /// How many sessions may begin at once.
    pub max_concurrency: u64,
}

/// An address that the gateway cannot have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadGateway {
    /// It is not a websocket address.
    #[error("Discord names an invalid address for its gateway")]
    NoAddress,
    /// It is not encrypted.
    #[error("Discord names an address for its gateway that is not encrypted")]
    NotEncrypted,
    /// It is not Discord's.
    #[error(
        "Discord names an address for its gateway that is not on a host of Discord's, nor on that of api_base"
    )]
    WrongHost,
}

/// Why the gateway's address is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NoGateway {
    /// Discord did not return it.
    #[error("{0}")]
    Failed(String),
    /// Discord rejects the token.
    #[error("Discord answers 401")]
    Refused,
    /// Discord returned an invalid address.
    #[error(transparent)]
    Bad(#[from] BadGateway),
}

#[derive(Deserialize)]
struct Answer {
    url: String,
    #[serde(default = "one")]
    shards: u64,
    session_start_limit: Limit,
}

#[derive(Deserialize)]
struct Limit {
    remaining: u64,
    reset_after: u64,
    #[serde(default = "one")]
    max_concurrency: u64,
}

/// A proxy may leave out what only large bots need.
fn one() -> u64 {
    1
}

impl DiscordBot {
    /// Asks Discord for the gateway's address.
    ///
    /// # Errors
    /// [`NoGateway`] if Discord does not return an address, or returns one that is not its own.
    pub async fn gateway(&self) -> Result<Gateway, NoGateway> {
        let failed = |error: reqwest::Error| {
            let reason = if error.is_timeout() {
                "Discord did not answer in time"
            } else {
                "Discord cannot be reached"
            };
            NoGateway::Failed(reason.to_owned())
        };
        let response = self.request(Method::GET, &Route::GatewayBot).send().await.map_err(failed)?;
        match response.status().as_u16() {
            200 => {}
            401 => return Err(NoGateway::Refused),
            status => return Err(NoGateway::Failed(format!("Discord answers {status}"))),
        }
        let (body, _) = bounded(response, MAX_ANSWER).await;
        let unreadable =
            |_| NoGateway::Failed("Discord's answer about its gateway cannot be read".to_owned());
        let Answer { url, shards, session_start_limit: limit } =
            serde_json::from_slice(&body).map_err(unreadable)?;
        Ok(Gateway {
            address: self.gateway_address(&url)?,
            sessions_left: limit.remaining,
            reset_after_ms: limit.reset_after,
            shards,
            max_concurrency: limit.max_concurrency,
        })
    }

    /// Checks an address that Discord named, for the gateway or for resuming a session.
    ///
    /// # Errors
    /// [`BadGateway`] if the address is not Discord's own.
    pub fn gateway_address(&self, named: &str) -> Result<Url, BadGateway> {
        read(named, &self.api_base)
    }
}

fn read(named: &str, api_base: &str) -> Result<Url, BadGateway> {
    let mut address = Url::parse(named).map_err(|_| BadGateway::NoAddress)?;
    let (Some(host), true) = (host(&address), matches!(address.scheme(), "ws" | "wss")) else {
        return Err(BadGateway::NoAddress);
    };
    if !address.username().is_empty() || address.password().is_some() {
        return Err(BadGateway::NoAddress);
    }
    let below =
        |domain: &str| host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    let is_discord = below(GATEWAYS) || HOSTS.contains(&host.as_str());
    // A proxy may also serve the gateway; Discord itself has no gateway on another host.
    let base = Url::parse(api_base).ok().filter(|_| api_base != DISCORD);
    let proxy = base.as_ref().and_then(address::host);
    let is_proxy = proxy
        .as_ref()
        .is_some_and(|proxy| *proxy == host || address::is_loopback(proxy) && address::is_loopback(&host));
    let plain_base = base.is_some_and(|base| base.scheme() == "http");
    match (is_discord, is_proxy, address.scheme()) {
        (true, _, "wss") | (_, true, "wss") => {}
        (false, true, _) if plain_base => {}
        (true, ..) | (_, true, _) => return Err(BadGateway::NotEncrypted),
        (false, false, _) => return Err(BadGateway::WrongHost),
    }
    address.set_path("/");
    address.set_query(Some("v=10&encoding=json"));
    address.set_fragment(None);
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gateway_is_discords_own_or_that_of_the_proxy() {
        use BadGateway as Bad;
        let proxy = "https://proxy.example.org/discord";
        let plain = "http://proxy.example.org";
        for (api_base, named, expected) in [
            (DISCORD, "wss://gateway.discord.gg", Ok("wss://gateway.discord.gg/?v=10&encoding=json")),
            (
                DISCORD,
                "wss://us-east1-b.gateway.discord.gg/x?compress=zlib-stream#a",
                Ok("wss://us-east1-b.gateway.discord.gg/?v=10&encoding=json"),
            ),
            (DISCORD, "WSS://Gateway.Discord.GG./", Ok("wss://gateway.discord.gg./?v=10&encoding=json")),
            (DISCORD, "ws://gateway.discord.gg", Err(Bad::NotEncrypted)),
            (DISCORD, "https://gateway.discord.gg", Err(Bad::NoAddress)),
            (DISCORD, "wss://gateway.discord.gg@example.org", Err(Bad::NoAddress)),
            (DISCORD, "wss://user:password@gateway.discord.gg", Err(Bad::NoAddress)),
            (DISCORD, "wss://gateway.discord.gg.example.org", Err(Bad::WrongHost)),
            (DISCORD, "wss://evildiscord.gg", Err(Bad::WrongHost)),
            (DISCORD, "wss://example.org", Err(Bad::WrongHost)),
            (DISCORD, "wss://127.0.0.1:6379", Err(Bad::WrongHost)),
            (DISCORD, "ws://localhost", Err(Bad::WrongHost)),
            (DISCORD, "ws://[::1]:80", Err(Bad::WrongHost)),
            (DISCORD, "", Err(Bad::NoAddress)),
            (proxy, "wss://proxy.example.org:8443", Ok("wss://proxy.example.org:8443/?v=10&encoding=json")),
            (proxy, "wss://gateway.discord.gg", Ok("wss://gateway.discord.gg/?v=10&encoding=json")),
            (proxy, "ws://proxy.example.org", Err(Bad::NotEncrypted)),
            (proxy, "wss://other.example.org", Err(Bad::WrongHost)),
            (proxy, "wss://127.0.0.1", Err(Bad::WrongHost)),
            (plain, "ws://proxy.example.org:1", Ok("ws://proxy.example.org:1/?v=10&encoding=json")),
            (plain, "ws://gateway.discord.gg", Err(Bad::NotEncrypted)),
            ("http://localhost:9", "ws://127.0.0.1:9", Ok("ws://127.0.0.1:9/?v=10&encoding=json")),
            ("http://127.0.0.1:9", "ws://10.0.0.1", Err(Bad::WrongHost)),
        ] {
            let read = read(named, api_base);
            assert_eq!(read.as_ref().map(Url::as_str).map_err(|bad| *bad), expected, "{api_base}: {named}");
        }
    }
}
