//! The id of a Discord channel, as people write it.

/// Discord itself. A proxy or a test may number its channels freely.
pub(super) const DISCORD: &str = "https://discord.com";
/// Discord's oldest ids, of 2015, have this many digits.
const LEAST_DIGITS: usize = 15;

/// Reads an id.
///
/// # Errors
/// The problem, and the text to write instead.
pub(super) fn parse(text: &str, api_base: &str) -> Result<u64, (String, String)> {
    let wrong = |help: String| Err((format!("`{text}` is not a channel id"), help));
    let bare = text.trim();
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let expected = || "a channel id is a number in quotes, like \"1103812345678901234\"".to_owned();
    if let Some(id) = bare.strip_prefix("<#").and_then(|rest| rest.strip_suffix('>')).filter(|id| digits(id))
    {
        return wrong(format!("this is how a message mentions it: write channel_id = \"{id}\""));
    }
    if let Some((_, path)) = bare.split_once("/channels/") {
        // Server, channel, message.
        let channel = path.split(['/', '?', '#']).nth(1).filter(|id| digits(id));
        return wrong(match channel {
            Some(id) => format!("this is a link: write the id of its channel, channel_id = \"{id}\""),
            None => format!("this is a link without a channel; {}", expected()),
        });
    }
    let Some(id) = bare.parse::<u64>().ok().filter(|id| digits(bare) && *id > 0) else {
        return wrong(expected());
    };
    if api_base == DISCORD && bare.trim_start_matches('0').len() < LEAST_DIGITS {
        let help = "an id of Discord's has 17 to 20 digits: in Discord, turn on Developer Mode, and copy it from the channel's menu";
        return wrong(help.to_owned());
    }
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_told_from_what_is_none() {
        assert_eq!(parse(" 1103812345678901234 ", DISCORD), Ok(1_103_812_345_678_901_234));
        assert_eq!(parse("555", "http://127.0.0.1:8080"), Ok(555));
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
            let (what, said) = parse(text, DISCORD).unwrap_err();
            assert!(what.contains("is not a channel id") && said.contains(help), "{text}: {said}");
        }
    }
}
