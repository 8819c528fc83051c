//! The ids of Discord's channels and servers, as people write them.

use crate::text::plain;

/// Discord itself. A proxy or a test may number its channels freely.
pub(super) const DISCORD: &str = "https://discord.com";
/// The number of digits of Discord's oldest ids, from 2015.
const LEAST_DIGITS: usize = 15;
const EXAMPLE: &str = "1103812345678901234";

/// Reads a channel's id.
///
/// # Errors
/// The problem, and the text to write instead.
pub(super) fn parse_channel(text: &str, api_base: &str) -> Result<u64, (String, String)> {
    let wrong = |help: String| Err((format!("`{}` is not a channel id", plain(text)), help));
    let bare = text.trim();
    let expected = || format!("a channel id is a number in quotes, like \"{EXAMPLE}\"");
    if let Some(id) =
        bare.strip_prefix("<#").and_then(|rest| rest.strip_suffix('>')).filter(|id| is_digits(id))
    {
        return wrong(format!("this is how a message mentions it: write channel_id = \"{id}\""));
    }
    if let Some((_, path)) = bare.split_once("/channels/") {
        // Server, channel, message.
        return wrong(match part(path, 1) {
            Some(id) => format!("this is a link: write the id of its channel, channel_id = \"{id}\""),
            None => format!("this is a link without a channel; {}", expected()),
        });
    }
    number(bare, api_base, "the channel's menu").or_else(|why| wrong(why.unwrap_or_else(expected)))
}

/// Reads a server's id.
///
/// # Errors
/// The problem, and the text to write instead.
pub(super) fn parse_server(text: &str, api_base: &str) -> Result<u64, (String, String)> {
    let wrong = |help: String| Err((format!("`{}` is not a server id", plain(text)), help));
    let bare = text.trim();
    let expected = || format!("a server id is a number in quotes, like \"{EXAMPLE}\"");
    if let Some((_, path)) = bare.split_once("/channels/") {
        return wrong(match part(path, 0) {
            Some(id) => format!("this is a link: write the id of its server, \"{id}\""),
            None => format!("this is a link without a server; {}", expected()),
        });
    }
    number(bare, api_base, "the server's menu").or_else(|why| wrong(why.unwrap_or_else(expected)))
}

/// Reads the id of a forum's tag.
///
/// # Errors
/// The problem, and the text to write instead.
pub(super) fn parse_tag(text: &str, api_base: &str) -> Result<u64, (String, String)> {
    let wrong = |help: String| Err((format!("`{}` is not the id of a tag", plain(text)), help));
    let expected = || format!("a tag's id is a number in quotes, like \"{EXAMPLE}\"");
    number(text.trim(), api_base, "the tag's menu").or_else(|why| wrong(why.unwrap_or_else(expected)))
}

/// An id, or else what is wrong, if that is known.
fn number(bare: &str, api_base: &str, menu: &str) -> Result<u64, Option<String>> {
    let id = bare.parse::<u64>().ok().filter(|id| is_digits(bare) && *id > 0).ok_or(None)?;
    if api_base == DISCORD && bare.trim_start_matches('0').len() < LEAST_DIGITS {
        let help = "a Discord id has 17 to 20 digits: in Discord, turn on Developer Mode, and copy it from";
        return Err(Some(format!("{help} {menu}")));
    }
    Ok(id)
}

/// A part of a link's path, if it is a number.
fn part(path: &str, place: usize) -> Option<&str> {
    path.split(['/', '?', '#']).nth(place).filter(|id| is_digits(id))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_told_from_what_is_none() {
        assert_eq!(parse_channel(" 1103812345678901234 ", DISCORD), Ok(1_103_812_345_678_901_234));
        assert_eq!(parse_channel("555", "http://127.0.0.1:8080"), Ok(555));
        for (text, help) in [
            ("0", "a number in quotes"),
            ("", "a number in quotes"),
            ("#alerts", "a number in quotes"),
            ("+1103812345678901234", "a number in quotes"),
            ("1103812345678901234567890", "a number in quotes"),
            ("555", "17 to 20 digits"),
            ("000000000000000000555", "17 to 20 digits"),
            ("<#1103812345678901234>", "channel_id = \"1103812345678901234\""),
            ("https://discord.com/channels/1/1103812345678901234/3", "channel_id = \"1103812345678901234\""),
            (
                "https://ptb.discord.com/channels/1/1103812345678901234?x",
                "channel_id = \"1103812345678901234\"",
            ),
            ("https://discord.com/channels/@me", "link without a channel"),
        ] {
            let (what, said) = parse_channel(text, DISCORD).unwrap_err();
            assert!(what.contains("is not a channel id") && said.contains(help), "{text}: {said}");
        }
    }
    #[test]
    fn a_servers_id_is_told_from_what_is_none() {
        assert_eq!(parse_server(" 1103812345678901234 ", DISCORD), Ok(1_103_812_345_678_901_234));
        assert_eq!(parse_server("8484", "http://127.0.0.1:8080"), Ok(8484));
        for (text, help) in [
            ("0", "a number in quotes"),
            ("My server", "a number in quotes"),
            ("8484", "from the server's menu"),
            ("https://discord.com/channels/1103812345678901234/7", "its server, \"1103812345678901234\""),
            ("https://discord.com/channels/@me/7", "link without a server"),
        ] {
            let (what, said) = parse_server(text, DISCORD).unwrap_err();
            assert!(what.contains("is not a server id") && said.contains(help), "{text}: {said}");
        }
    }
}
