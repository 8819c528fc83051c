//! What Discord sends: the objects of its documentation, whole enough for any client.

use std::net::SocketAddr;

use serde_json::{Map, Value, json};

use super::discord::FakeDiscord;
use super::rest::File;

const TIMESTAMP: &str = "2026-01-05T14:30:00.000000+00:00";

/// View channels, send messages (in threads, too), embed links, attach files, read the history.
const BOT_PERMISSIONS: u64 = 309_237_763_072;

pub(super) fn gateway(address: SocketAddr) -> Value {
    json!({"url": format!("ws://{address}")})
}

pub(super) fn gateway_bot(url: &str, left: u64, shards: u64, concurrency: u64) -> Value {
    let limit =
        json!({"total": 1000, "remaining": left, "reset_after": 14_400_000, "max_concurrency": concurrency});
    json!({"url": url, "shards": shards, "session_start_limit": limit})
}

pub(super) fn ready(resume_url: &str, servers: &[Value], (session, shard): (&str, (u64, u64))) -> Value {
    let unavailable = |server: &Value| json!({"id": server["id"], "unavailable": true});
    json!({
        "v": 10,
        "user": bot_user(),
        "guilds": servers.iter().map(unavailable).collect::<Vec<_>>(),
        "session_id": session,
        "resume_gateway_url": resume_url,
        "shard": [shard.0, shard.1],
        "application": {"id": FakeDiscord::APPLICATION.to_string(), "flags": 0},
    })
}

pub(super) fn bot_user() -> Value {
    user(&FakeDiscord::APPLICATION.to_string(), "sellbell", true)
}

pub(super) fn webhook_user(id: &str) -> Value {
    user(id, "a webhook", true)
}

fn user(id: &str, name: &str, bot: bool) -> Value {
    json!({
        "id": id, "username": name, "discriminator": "0000", "global_name": null, "avatar": null, "bot": bot,
        "public_flags": 0, "flags": 0, "banner": null, "accent_color": null, "mfa_enabled": false,
    })
}

pub(super) fn application() -> Value {
    json!({
        "id": FakeDiscord::APPLICATION.to_string(), "name": "sellbell", "icon": null, "description": "",
        "bot_public": false, "bot_require_code_grant": false, "verify_key": "00", "flags": 0,
        "owner": user("1", "owner", false), "team": null, "bot": bot_user(),
    })
}

pub(super) fn command(id: u64, guild: Option<&str>, definition: &Value) -> Value {
    let mut command = json!({
        "type": 1, "description": "", "options": [], "default_member_permissions": null, "nsfw": false,
        "dm_permission": true, "integration_types": [0], "contexts": null,
    });
    copy(definition, &mut command);
    command["id"] = json!(id.to_string());
    command["application_id"] = json!(FakeDiscord::APPLICATION.to_string());
    command["version"] = json!(id.to_string());
    if let Some(guild) = guild {
        command["guild_id"] = json!(guild);
    }
    command
}

/// The message that a request creates.
pub(super) fn message(id: u64, channel: &str, author: &Value, sent: &Value, files: &[File]) -> Value {
    let mut message = json!({
        "id": id.to_string(), "type": 0, "channel_id": channel, "author": author, "content": "",
        "timestamp": TIMESTAMP, "edited_timestamp": null, "tts": false, "mention_everyone": false,
        "mentions": [], "mention_roles": [], "embeds": [], "components": [], "pinned": false, "flags": 0,
        "attachments": attachments(id, channel, files),
    });
    for key in ["content", "nonce", "tts", "flags", "components"] {
        if !sent[key].is_null() {
            message[key] = sent[key].clone();
        }
    }
    for embed in sent["embeds"].as_array().into_iter().flatten() {
        let mut kept = json!({"type": "rich"});
        copy(embed, &mut kept);
        message["embeds"].as_array_mut().unwrap().push(kept);
    }
    show_files(&mut message);
    message
}

/// Pictures of embeds get the addresses of the files that they name.
pub(super) fn show_files(message: &mut Value) {
    let files = message["attachments"].clone();
    for embed in message["embeds"].as_array_mut().unwrap() {
        let Some(name) = embed["image"]["url"].as_str().and_then(|url| url.strip_prefix("attachment://"))
        else {
            continue;
        };
        let file = files.as_array().unwrap().iter().find(|file| file["filename"] == name);
        if let Some(file) = file {
            let url = format!("{}?ex=68&is=67&hm=66", file["url"].as_str().unwrap());
            embed["image"] = json!({"url": url, "proxy_url": url, "width": 800, "height": 420});
        }
    }
}

fn attachments(message: u64, channel: &str, files: &[File]) -> Vec<Value> {
    let attachment = |(i, (name, content)): (usize, &File)| {
        let id = message + 1_000_000 + i as u64;
        let url = format!("https://cdn.discordapp.invalid/attachments/{channel}/{id}/{name}");
        json!({"id": id.to_string(), "filename": name, "size": content.len(), "url": url, "proxy_url": url})
    };
    files.iter().enumerate().map(attachment).collect()
}

/// What an interaction is, beside its command.
pub(super) struct Place<'a> {
    pub(super) id: u64,
    pub(super) token: &'a str,
    /// 2 for a command, 4 for an autocompletion.
    pub(super) kind: u64,
    pub(super) channel: u64,
    /// The server of the channel.
    pub(super) guild: u64,
    /// The channel's kind, by Discord's number.
    pub(super) channel_kind: u64,
    /// The member's, as Discord writes them: a number in a string.
    pub(super) permissions: &'a str,
    /// What the channel denies the bot, and what it grants besides what the bot needs.
    pub(super) denied: u64,
    pub(super) granted: u64,
    /// The member's language.
    pub(super) locale: &'a str,
    /// True for a direct message, which has no server and no member.
    pub(super) is_direct: bool,
    /// True in a server without the bot, where the member uses their own installation.
    pub(super) is_personal: bool,
}

/// A slash command or its autocompletion, by a member in a channel of the server.
pub(super) fn interaction(place: &Place<'_>, name: &str, options: &Value) -> Value {
    let guild = place.guild.to_string();
    let mut channel = channel(&place.channel.to_string());
    channel["type"] = json!(place.channel_kind);
    let member = json!({
        "user": user("55", "member", false), "nick": null, "avatar": null, "roles": [], "joined_at": TIMESTAMP,
        "premium_since": null, "deaf": false, "mute": false, "flags": 0, "pending": false,
        "permissions": place.permissions, "communication_disabled_until": null,
    });
    let mut channels = Map::new();
    collect_channels(options, &mut channels);
    let mut interaction = json!({
        "id": place.id.to_string(), "application_id": FakeDiscord::APPLICATION.to_string(), "type": place.kind,
        "data": {
            "id": "99", "name": name, "type": 1, "options": options, "resolved": {"channels": channels},
        },
        "guild": {"id": guild, "locale": "en-US", "features": []}, "guild_id": guild, "guild_locale": "en-US",
        "channel_id": channel["id"], "channel": channel, "member": member, "token": place.token, "version": 1,
        "app_permissions": ((BOT_PERMISSIONS | place.granted) & !place.denied).to_string(), "locale": place.locale, "entitlements": [], "context": 0,
        "authorizing_integration_owners": {"0": guild}, "attachment_size_limit": 10_485_760,
    });
    if place.is_direct {
        for key in ["guild", "guild_id", "guild_locale", "member"] {
            interaction.as_object_mut().unwrap().remove(key);
        }
        interaction["user"] = user("55", "member", false);
        interaction["context"] = json!(1);
    }
    if place.is_personal {
        interaction["authorizing_integration_owners"] = json!({"1": "55"});
    }
    interaction
}

/// The server, in which everybody may do what the bot needs, but for what a channel denies.
pub(super) fn guild() -> Value {
    let id = FakeDiscord::GUILD.to_string();
    let mut everyone = role(FakeDiscord::GUILD, "@everyone", false);
    everyone["permissions"] = json!(BOT_PERMISSIONS);
    let mut guild = json!({
        "id": id, "name": "server", "icon": null, "splash": null, "discovery_splash": null, "owner_id": "1",
        "region": null, "afk_channel_id": null, "afk_timeout": 300, "verification_level": 0, "roles": [everyone],
        "default_message_notifications": 0, "explicit_content_filter": 0, "emojis": [], "features": [],
    });
    let more = json!({
        "mfa_level": 0, "application_id": null, "system_channel_id": null, "system_channel_flags": 0,
        "rules_channel_id": null, "vanity_url_code": null, "description": null, "banner": null,
        "premium_tier": 0, "preferred_locale": "en-US", "public_updates_channel_id": null, "nsfw_level": 0,
        "stickers": [], "premium_progress_bar_enabled": false, "safety_alerts_channel_id": null,
    });
    guild.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    guild
}

/// A role that may do nothing by itself.
pub(super) fn role(id: u64, name: &str, mentionable: bool) -> Value {
    json!({
        "id": id.to_string(), "name": name, "color": 0, "hoist": false, "icon": null, "unicode_emoji": null,
        "position": 0, "permissions": 0, "managed": false, "mentionable": mentionable, "flags": 0,
        "colors": { "primary_color": 0, "secondary_color": null, "tertiary_color": null },
    })
}

pub(super) fn bot_member() -> Value {
    json!({
        "user": bot_user(), "nick": null, "avatar": null, "roles": [], "joined_at": TIMESTAMP,
        "premium_since": null, "deaf": false, "mute": false, "flags": 0, "pending": false,
        "communication_disabled_until": null,
    })
}

/// A channel that denies everybody these permissions, and grants everybody others.
pub(super) fn channel_denying(id: &str, denied: u64, granted: u64) -> Value {
    let mut channel = channel(id);
    channel.as_object_mut().unwrap().remove("permissions");
    let everyone = FakeDiscord::GUILD.to_string();
    channel["permission_overwrites"] =
        json!([{ "id": everyone, "type": 0, "allow": granted.to_string(), "deny": denied.to_string() }]);
    channel
}

/// The direct messages with the member.
pub(super) fn direct_channel() -> Value {
    json!({
        "id": FakeDiscord::DIRECT.to_string(), "type": 1, "last_message_id": null, "flags": 0,
        "recipients": [user("55", "member", false)],
    })
}

fn channel(id: &str) -> Value {
    json!({
        "id": id, "type": 0, "name": format!("channel-{id}"), "guild_id": FakeDiscord::GUILD.to_string(),
        "permissions": BOT_PERMISSIONS, "parent_id": null, "position": 0, "nsfw": false,
    })
}

/// The channels that options name, which Discord describes beside them.
fn collect_channels(options: &Value, channels: &mut Map<String, Value>) {
    for option in options.as_array().into_iter().flatten() {
        if let (Some(7), Some(id)) = (option["type"].as_u64(), option["value"].as_str()) {
            channels.insert(id.to_owned(), channel(id));
        }
        collect_channels(&option["options"], channels);
    }
}

/// Copies every key that has a value.
fn copy(from: &Value, to: &mut Value) {
    for (key, value) in from.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
        to[key] = value.clone();
    }
}
