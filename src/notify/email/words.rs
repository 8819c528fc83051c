//! A mail server's own words, as people may see them: one line, of bounded length, without control characters, mail addresses, user or
//! password.

use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};

use crate::text::{clip, plain};

/// So many characters of a server's words are shown.
const MOST: usize = 200;
/// So many are looked at.
const MOST_READ: usize = 4096;
/// A secret of fewer letters is in many words.
const SHORT: usize = 4;
const HIDDEN: &str = "•••";
/// Encoded text that is shorter says nothing.
const SHORTEST_ENCODED: usize = 4;
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// What must not be shown.
#[derive(Default)]
pub(super) struct Hidden {
    user: Option<SecretString>,
    password: Option<SecretString>,
}

impl Hidden {
    pub(super) fn of(user: &str, password: &SecretString) -> Self {
        let some =
            |text: &str| Some(SecretString::from(text)).filter(|text| !text.expose_secret().is_empty());
        Self { user: some(user), password: some(password.expose_secret()) }
    }

    /// The words as they may be shown.
    pub(super) fn clean(&self, words: &str) -> String {
        let words: String = words.chars().take(MOST_READ).collect();
        let words = self.without_secrets(&plain(&words));
        clip(&masked(&words), MOST).into_owned()
    }

    fn without_secrets(&self, words: &str) -> String {
        let secrets: Vec<&str> =
            [&self.password, &self.user].into_iter().flatten().map(ExposeSecret::expose_secret).collect();
        if secrets.is_empty() {
            return words.to_owned();
        }
        let mut words = words.to_owned();
        for secret in &secrets {
            words = replaced(&words, secret);
        }
        let says = |decoded: &[u8]| {
            let decoded = String::from_utf8_lossy(decoded).to_lowercase();
            // Few letters are in anything.
            let is_in = |secret: &str| match secret.chars().count() {
                0..SHORT => decoded.split('\0').any(|part| part == secret),
                _ => decoded.contains(secret),
            };
            secrets.iter().any(|secret| is_in(&secret.to_lowercase()))
        };
        let tokens = words.split(' ').map(|token| {
            let spaced = token.replace('+', " ");
            let decoded = [token, &spaced].map(|text| percent_decode_str(text).collect::<Vec<u8>>());
            if token.contains('%') && decoded.iter().any(|decoded| says(decoded)) {
                return HIDDEN.to_owned();
            }
            without_base64(token, &says)
        });
        tokens.collect::<Vec<_>>().join(" ")
    }
}

/// The text without what is written in Base64 and says so much.
fn without_base64(token: &str, says: &impl Fn(&[u8]) -> bool) -> String {
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || "+/-_".contains(c);
    let mut shown = String::new();
    let mut rest = token;
    while !rest.is_empty() {
        let end = rest.find(|c| !is_base64(c)).unwrap_or(rest.len());
        let (run, behind) = rest.split_at(end);
        let standard = run.replace('-', "+").replace('_', "/");
        // It may begin within a group of four.
        let encoded = standard.len() >= SHORTEST_ENCODED
            && (0..4).filter_map(|skip| standard.get(skip..)).any(|text| {
                let whole = if text.len() % 4 == 1 { &text[..text.len() - 1] } else { text };
                LENIENT.decode(whole).is_ok_and(|decoded| says(&decoded))
            });
        shown.push_str(if encoded { HIDDEN } else { run });
        let next = behind.find(is_base64).unwrap_or(behind.len());
        shown.push_str(&behind[..next]);
        rest = &behind[next..];
    }
    shown
}

/// A text without a secret, in whatever case; one of few letters only where it is a word of its own, so that others stay readable.
fn replaced(text: &str, secret: &str) -> String {
    let (chars, secret): (Vec<char>, Vec<char>) = (text.chars().collect(), secret.chars().collect());
    let same = |a: char, b: char| a == b || a.to_lowercase().eq(b.to_lowercase());
    let is_short = secret.len() < SHORT;
    let mut shown = String::new();
    let mut at = 0;
    while at < chars.len() {
        let end = at + secret.len();
        let found =
            chars.get(at..end).is_some_and(|part| part.iter().zip(&secret).all(|(a, b)| same(*a, *b)));
        let apart = |c: Option<&char>| c.is_none_or(|c| !c.is_alphanumeric());
        let before = at.checked_sub(1).and_then(|before| chars.get(before));
        if found && (!is_short || (apart(before) && apart(chars.get(end)))) {
            shown.push_str(HIDDEN);
            at = end;
        } else {
            shown.push(chars[at]);
            at += 1;
        }
    }
    shown
}

/// A text in which mail addresses show no more than their first letter and their domain.
fn masked(text: &str) -> String {
    // Addresses in addresses of the web are often written so.
    let text = text.replace("%40", "@");
    let mut chars: Vec<char> = text.chars().collect();
    let local = |c: char| c.is_alphanumeric() || "._%+-!#$&'*/=?^`{|}~•".contains(c);
    for at in (1..chars.len()).filter(|&i| chars[i] == '@').collect::<Vec<_>>() {
        let start = if chars[at - 1] == '"' {
            chars[..at - 1].iter().rposition(|&c| c == '"').unwrap_or(0)
        } else {
            chars[..at].iter().rposition(|&c| !local(c)).map_or(0, |before| before + 1)
        };
        // One letter is all of it.
        let shown = usize::from(at - start > 1);
        for hidden in chars.iter_mut().take(at).skip(start + shown) {
            *hidden = '•';
        }
    }
    // Each as long as it was would say how long it was.
    let mut shown = String::new();
    for c in chars {
        match c {
            '•' if shown.ends_with(HIDDEN) => {}
            '•' => shown.push_str(HIDDEN),
            _ => shown.push(c),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    use super::*;

    fn hidden() -> Hidden {
        Hidden::of("bell@example.org", &"s3cr&t p/w".into())
    }

    #[test]
    fn no_address_and_no_control_character_is_shown() {
        for (said, shown) in [
            ("5.1.1 <jane.doe@example.com>: User unknown", "5.1.1 <j•••@example.com>: User unknown"),
            ("no\r\n\t such\u{1b}[31m user\u{202e}", "no such[31m user"),
            ("\"jane doe\"@example.com", "\"•••@example.com"),
            ("see https://x.example/?e=jane%40example.com", "see https://x.example/?e=jane%40example.com"),
            ("jürgen@bücher.example", "j•••@bücher.example"),
            ("a@b", "•••@b"),
        ] {
            let clean = Hidden::default().clean(said);
            assert!(
                !clean.contains("jane.doe") && !clean.contains("jane%40") && !clean.contains("ürgen"),
                "{clean}"
            );
            if !said.contains("%40") {
                assert_eq!(clean, shown);
            }
        }
        let long = Hidden::default().clean(&"x".repeat(100_000));
        assert_eq!(long.chars().count(), MOST);
        // An address at the cut is no whole one before it is cut, either.
        let at_the_cut = format!("{} jane@example.com", "x".repeat(190));
        assert!(!Hidden::default().clean(&at_the_cut).contains("jane"));
    }

    #[test]
    fn neither_user_nor_password_is_shown_in_any_form() {
        let plain = format!("\0bell@example.org\0{}", "s3cr&t p/w");
        let shifted = format!("x{plain}");
        for said in [
            "535 bad password s3cr&t p/w for bell@example.org".to_owned(),
            "BELL@EXAMPLE.ORG: S3CR&T P/W".to_owned(),
            "s3cr%26t%20p%2Fw".to_owned(),
            "p=s3cr%26t+p%2fw".to_owned(),
            "user=bell%40example.org".to_owned(),
            STANDARD.encode(&plain),
            format!("got <{}>", STANDARD.encode(&plain)),
            STANDARD.encode(&shifted),
            URL_SAFE_NO_PAD.encode(&plain),
            STANDARD.encode("s3cr&t p/w"),
            format!("535 bad initial-response={}", STANDARD.encode(&plain)),
            format!("auth={0}=={0}", STANDARD.encode(&plain)),
            format!("x{}", STANDARD.encode("bell@example.org")),
        ] {
            let shown = hidden().clean(&said);
            let folded = shown.to_lowercase();
            assert!(!folded.contains("s3cr") && !folded.contains("bell"), "{said}: {shown}");
            assert!(shown.contains(HIDDEN), "{said}: {shown}");
        }
        assert_eq!(
            hidden().clean("5.7.8 Username and Password not accepted"),
            "5.7.8 Username and Password not accepted"
        );
        // A short one hides no letters of other words.
        let short = Hidden::of("me", &"a".into());
        assert_eq!(short.clean("a message for me"), "••• message for •••");
    }
}
