//! The parts of an address that are secret on their own, because an answer may repeat one of them.

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::text::redact::Secret;

/// Parts of an address with fewer characters are plain names, like `webhook`. For parts with a digit, the
/// second limit applies.
pub(super) const SHORTEST_PART: usize = 12;
const SHORT_PART: usize = 7;

/// The secrets in an address: all of it, the user and password, its path, and each part of path and query
/// that is not a plain word.
pub(super) fn secrets_in_address(address: &SecretString) -> Vec<Secret> {
    let text = address.expose_secret().trim();
    let mut parts = vec![Secret::address(text)];
    let Ok(url) = Url::parse(text) else { return parts };
    parts.extend(url.password().map(Secret::from));
    let path = url.path().trim_matches('/');
    let values: Vec<String> = url.query_pairs().map(|(_, value)| value.into_owned()).collect();
    let is_secret = |piece: &&str| {
        piece.len() >= SHORTEST_PART
            || piece.len() >= SHORT_PART && piece.contains(|c: char| c.is_ascii_digit())
    };
    let pieces = path.split('/').chain(values.iter().map(String::as_str));
    parts.extend(pieces.filter(is_secret).map(piece));
    // A Discord token follows `webhooks` and an id.
    let token = path.split('/').skip_while(|piece| *piece != "webhooks").nth(2);
    let is_long = |part: &&str| part.len() >= SHORT_PART;
    parts.extend(token.filter(is_long).map(Secret::from));
    parts.extend(Some(path).filter(is_long).map(Secret::address));
    parts
}

/// A secret part: a token, or an address if it looks like a URL or an e-mail address.
pub(super) fn piece(text: &str) -> Secret {
    let is_host = |host: &str| {
        host.contains('.') && host.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-'))
    };
    let is_mail = text.rsplit_once('@').is_some_and(|(_, host)| is_host(host));
    if is_mail || text.contains("://") { Secret::address(text) } else { text.into() }
}
