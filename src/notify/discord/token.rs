//! The bot's token as people copy it. It is a secret: no error shows it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

use super::address::{DISCORD, bare};

/// The scheme before a token in a header, which people copy along.
const SCHEME: &str = "bot ";
/// The least number of characters in the last part of a token.
const SIGNATURE: usize = 20;

/// Something else in place of a token, and how to fix it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadToken {
    /// A webhook's address.
    #[error(
        "DISCORD_TOKEN holds an address: a webhook's belongs into DISCORD_WEBHOOK_<NAME>, and the token is on the page Bot of the application"
    )]
    Address,
    /// The application's public key.
    #[error(
        "DISCORD_TOKEN holds what looks like the application's public key: the token is on its page Bot, at Reset Token"
    )]
    PublicKey,
    /// The application's secret for logins.
    #[error(
        "DISCORD_TOKEN holds what looks like the application's client secret: the token is on its page Bot, at Reset Token"
    )]
    ClientSecret,
    /// An id.
    #[error(
        "DISCORD_TOKEN holds the id of an application or channel: the token is on the application's page Bot, at Reset Token"
    )]
    Id,
    /// Something else.
    #[error(
        "DISCORD_TOKEN is not like a bot's token, which has three parts with points in between: copy it again, whole, from the application's page Bot"
    )]
    NoToken,
}

/// Parses a token. Quotes around it and `Bot ` before it are removed. A proxy may use tokens of another form.
///
/// # Errors
/// What the text is instead of a token.
pub(super) fn parse(secret: &SecretString, api_base: &str) -> Result<SecretString, BadToken> {
    let text = bare(secret.expose_secret());
    let text = match text.get(..SCHEME.len()) {
        Some(head) if head.eq_ignore_ascii_case(SCHEME) => bare(&text[SCHEME.len()..]),
        _ => text,
    };
    let is_word =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if text.contains("://") || text.contains('/') {
        return Err(BadToken::Address);
    }
    let parts: Vec<&str> = text.split('.').collect();
    match parts[..] {
        [user, time, signature]
            if parts.iter().all(|part| !part.is_empty() && is_word(part))
                && is_user(user)
                && !time.is_empty()
                && signature.len() >= SIGNATURE =>
        {
            Ok(text.to_owned().into())
        }
        [one] if one.len() == 64 && one.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            Err(BadToken::PublicKey)
        }
        [one] if (15..=20).contains(&one.len()) && one.bytes().all(|byte| byte.is_ascii_digit()) => {
            Err(BadToken::Id)
        }
        [one] if (30..=34).contains(&one.len()) && is_word(one) => Err(BadToken::ClientSecret),
        _ if api_base != DISCORD && !text.is_empty() && parts.iter().all(|part| is_word(part)) => {
            Ok(text.to_owned().into())
        }
        _ => Err(BadToken::NoToken),
    }
}

/// True if the first part of a token is an id in Base64.
fn is_user(part: &str) -> bool {
    let bytes = URL_SAFE_NO_PAD.decode(part).or_else(|_| STANDARD_NO_PAD.decode(part));
    bytes.is_ok_and(|id| !id.is_empty() && id.iter().all(u8::is_ascii_digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Not a real token, as its last part says.
    const TOKEN: &str = "MTEwMzgxMjM0NTY3ODkwMTIzNA.GfAkEd.an-invented-one-for-tests-of-sellbell_";

    #[test]
    fn a_token_is_taken_as_people_copy_it() {
        for text in [
            TOKEN.to_owned(),
            format!(" {TOKEN}\n"),
            format!("\"{TOKEN}\""),
            format!("'Bot {TOKEN}'"),
            format!("Bot {TOKEN}"),
            format!("bot  \"{TOKEN}\""),
        ] {
            assert_eq!(parse(&text.clone().into(), DISCORD).unwrap().expose_secret(), TOKEN, "{text}");
        }
    }

    #[test]
    fn a_proxy_has_tokens_of_its_own() {
        let read = |text: &str| {
            parse(&text.into(), "http://127.0.0.1:8080").map(|token| token.expose_secret().to_owned())
        };
        assert_eq!(read("Bot token"), Ok("token".to_owned()));
        assert_eq!(read(TOKEN), Ok(TOKEN.to_owned()));
        assert_eq!(read("1103812345678901234"), Err(BadToken::Id));
        assert_eq!((read(""), read("two words")), (Err(BadToken::NoToken), Err(BadToken::NoToken)));
    }

    #[test]
    fn what_is_none_is_called_by_its_name() {
        for (text, expected) in [
            ("https://discord.com/api/webhooks/1/x".to_owned(), BadToken::Address),
            ("discord.com/api/webhooks/1/x".to_owned(), BadToken::Address),
            ("0123456789abcdef".repeat(4), BadToken::PublicKey),
            ("aB3-_xyzaB3-_xyzaB3-_xyzaB3-_xyz".to_owned(), BadToken::ClientSecret),
            ("1103812345678901234".to_owned(), BadToken::Id),
            ("changeme".to_owned(), BadToken::NoToken),
            (TOKEN[..40].to_owned(), BadToken::NoToken),
            (format!("{TOKEN}.more"), BadToken::NoToken),
            (format!("Bearer {TOKEN}"), BadToken::NoToken),
            (TOKEN.replace("MTEw", "????"), BadToken::NoToken),
        ] {
            assert_eq!(parse(&text.clone().into(), DISCORD).unwrap_err(), expected, "{text}");
        }
    }
}
