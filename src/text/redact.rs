//! Words from outside, as they may be logged, kept and shown: one line of bounded length, without control characters, secrets, or whole mail
//! addresses.

use std::collections::BTreeSet;
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};

use super::{clip, plain};

/// What stands where something is left out.
pub const HIDDEN: &str = "•••";
/// So many characters are looked at for each that is shown.
const READ_FOR_ONE: usize = 20;
/// A secret of fewer characters is in many words, so it is hidden only where it stands by itself.
const SHORT: usize = 4;
/// A part of a secret with so many bytes is hidden, too: what repeats it may be cut.
const PART: usize = 12;
/// Secrets have no more bytes that are looked for in parts.
const LONGEST: usize = 1024;
/// Encoded text that is shorter says nothing.
const SHORTEST_ENCODED: usize = 4;
/// What is encoded several times is decoded so often.
const MOST_DECODED: usize = 3;
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Knows what must not be shown: whole, in part, encoded, in whatever case.
#[derive(Clone, Default)]
pub struct Redactor {
    /// Whole secrets that are long enough to be hidden anywhere, and parts of them.
    long: Option<AhoCorasick>,
    /// Those that are hidden only as words of their own.
    short: Vec<SecretString>,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Redactor")
    }
}

impl Redactor {
    /// One that knows these secrets; empty ones are none.
    pub fn new(secrets: impl IntoIterator<Item = SecretString>) -> Self {
        let (mut patterns, mut short) = (BTreeSet::new(), Vec::new());
        for secret in secrets {
            let text = secret.expose_secret().trim();
            match text.chars().count() {
                0 => {}
                1..SHORT => short.push(SecretString::from(text.to_lowercase())),
                _ => {
                    patterns.insert(text.as_bytes().to_vec());
                    let bytes = &text.as_bytes()[..text.len().min(LONGEST)];
                    // Of an address, parts are in many others.
                    if !text.contains(['/', '@']) {
                        patterns.extend(bytes.windows(PART).map(<[u8]>::to_vec));
                    }
                }
            }
        }
        let mut building = AhoCorasick::builder();
        let building = building.ascii_case_insensitive(true).kind(Some(AhoCorasickKind::ContiguousNFA));
        // Some thousand short patterns: it is built, or they are too many to be secrets.
        let long = (!patterns.is_empty()).then(|| building.build(&patterns).ok()).flatten();
        Self { long, short }
    }

    /// Words of somebody else: at most so many characters, on one line, without secrets and whole mail addresses.
    pub fn clean(&self, words: &str, most: usize) -> String {
        let words: String = words.chars().take(most.saturating_mul(READ_FOR_ONE)).collect();
        clip(&masked(&self.hide(&plain(&words))), most).into_owned()
    }

    /// A text without secrets, its lines and blanks as they were.
    pub fn hide(&self, text: &str) -> String {
        if self.long.is_none() && self.short.is_empty() {
            return text.to_owned();
        }
        let text = self.without(text);
        let tokens = text.split_inclusive(char::is_whitespace).map(|token| {
            let end = token.trim_end().len();
            let (word, blank) = token.split_at(end);
            if self.says_encoded(word) {
                return format!("{HIDDEN}{blank}");
            }
            format!("{}{blank}", self.without_runs(word))
        });
        tokens.collect()
    }

    /// A text without the secrets that stand in it as they are.
    fn without(&self, text: &str) -> String {
        let mut found = self.found(text);
        found.sort_by_key(|range| range.start);
        let (mut shown, mut at) = (String::new(), 0);
        for Range { start, end } in found {
            if end <= at {
                continue;
            }
            // A part begins or ends within a letter only where that letter is of the secret.
            let (mut start, mut end) = (start.max(at), end);
            while !text.is_char_boundary(start) {
                start -= 1;
            }
            while !text.is_char_boundary(end) {
                end += 1;
            }
            let before = text.get(at..start).unwrap_or_default();
            shown.push_str(before);
            if !before.is_empty() || !shown.ends_with(HIDDEN) {
                shown.push_str(HIDDEN);
            }
            at = end;
        }
        shown.push_str(text.get(at..).unwrap_or_default());
        shown
    }

    fn found(&self, text: &str) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = match &self.long {
            Some(long) => long.find_overlapping_iter(text).map(|found| found.range()).collect(),
            None => Vec::new(),
        };
        if !self.short.is_empty() {
            let mut at = 0;
            for word in text.split_inclusive(|c: char| !c.is_alphanumeric()) {
                let own = word.trim_end_matches(|c: char| !c.is_alphanumeric());
                if self.short.iter().any(|short| short.expose_secret() == own.to_lowercase()) {
                    found.push(at..at + own.len());
                }
                at += word.len();
            }
        }
        found
    }

    fn says(&self, decoded: &[u8]) -> bool {
        let text = String::from_utf8_lossy(decoded);
        let is_short =
            |part: &str| self.short.iter().any(|short| short.expose_secret() == part.to_lowercase());
        self.long.as_ref().is_some_and(|long| long.is_match(text.as_ref())) || text.split('\0').any(is_short)
    }

    /// Whether a word says a secret in the way of an address, of JSON or of HTML.
    fn says_encoded(&self, word: &str) -> bool {
        if !word.contains(['%', '\\', '&', '+', '=']) {
            return false;
        }
        let mut views = vec![word.to_owned(), word.replace('+', " ")];
        for _ in 0..MOST_DECODED {
            for view in &mut views {
                *view = decoded(view);
            }
            if views.iter().any(|view| self.says(view.as_bytes())) {
                return true;
            }
        }
        false
    }

    /// The word without what is written in it in Base64 or hexadecimal and says a secret.
    fn without_runs(&self, word: &str) -> String {
        let is_base64 = |c: char| c.is_ascii_alphanumeric() || "+/-_".contains(c);
        let mut shown = String::new();
        let mut rest = word;
        while !rest.is_empty() {
            let end = rest.find(|c| !is_base64(c)).unwrap_or(rest.len());
            let (run, behind) = rest.split_at(end);
            shown.push_str(if self.says_in_run(run) { HIDDEN } else { run });
            let next = behind.find(is_base64).unwrap_or(behind.len());
            shown.push_str(&behind[..next]);
            rest = &behind[next..];
        }
        shown
    }

    fn says_in_run(&self, run: &str) -> bool {
        if run.len() < SHORTEST_ENCODED {
            return false;
        }
        let standard = run.replace('-', "+").replace('_', "/");
        // It may begin within a group of four.
        let in_base64 = (0..4).filter_map(|skip| standard.get(skip..)).any(|text| {
            let whole = if text.len() % 4 == 1 { &text[..text.len() - 1] } else { text };
            LENIENT.decode(whole).is_ok_and(|decoded| self.says(&decoded))
        });
        let digits =
            run.split(|c: char| !c.is_ascii_hexdigit()).filter(|digits| digits.len() >= SHORTEST_ENCODED);
        // It may begin with the second digit of another byte.
        let mut shifted = digits.flat_map(|digits| [digits, &digits[1..]]);
        in_base64 || shifted.any(|digits| self.says(&hexadecimal(digits)))
    }
}

/// A word with what is escaped in it as it is meant: `%2F`, `\/`, `\u002f`, `&#47;`, `&#x2f;`, `&amp;`.
fn decoded(word: &str) -> String {
    let word = percent_decode_str(word).decode_utf8_lossy().into_owned();
    let mut shown = String::new();
    let mut rest = word.as_str();
    while let Some(at) = rest.find(['\\', '&']) {
        let (before, escaped) = rest.split_at(at);
        shown.push_str(before);
        let (meant, length) = unescaped(escaped);
        shown.push_str(&meant);
        rest = &escaped[length..];
    }
    shown.push_str(rest);
    shown
}

/// What the escape means that a text begins with, and how long it is.
fn unescaped(text: &str) -> (String, usize) {
    let number = |digits: Option<&str>, radix| {
        let code = u32::from_str_radix(digits?, radix).ok()?;
        char::from_u32(code).map(String::from)
    };
    if let Some(escape) = text.strip_prefix("\\u") {
        return number(escape.get(..4), 16).map_or(("\\".to_owned(), 1), |meant| (meant, 6));
    }
    if text.starts_with('\\') {
        return (String::new(), 1);
    }
    let entity = text.find(';').filter(|end| *end <= 10).and_then(|end| {
        let meant = match text.get(1..end)? {
            "amp" => "&".to_owned(),
            "lt" => "<".to_owned(),
            "gt" => ">".to_owned(),
            "quot" => "\"".to_owned(),
            "apos" => "'".to_owned(),
            "sol" => "/".to_owned(),
            name => match name.strip_prefix('#')? {
                hexadecimal if hexadecimal.starts_with(['x', 'X']) => number(hexadecimal.get(1..), 16)?,
                decimal => number(Some(decimal), 10)?,
            },
        };
        Some((meant, end + 1))
    });
    entity.unwrap_or(("&".to_owned(), 1))
}

fn hexadecimal(digits: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = digits.as_bytes().chunks_exact(2);
    pairs.filter_map(|pair| Some(digit(pair[0])? * 16 + digit(pair[1])?)).collect()
}

/// A text in which mail addresses show no more than their first letter and their domain.
pub fn masked(text: &str) -> String {
    if !text.contains('@') && !text.contains("%40") {
        return text.to_owned();
    }
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

    const MOST: usize = 200;

    fn redactor() -> Redactor {
        Redactor::new(
            ["bell@example.org", "s3cr&t p/w", "MTIzNDU2Nzg5.GabcdE.f_ghIJklmnoPQRstuv-wxyz0123456789"]
                .map(Into::into),
        )
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
            let clean = Redactor::default().clean(said, MOST);
            assert!(
                !clean.contains("jane.doe") && !clean.contains("jane%40") && !clean.contains("ürgen"),
                "{clean}"
            );
            if !said.contains("%40") {
                assert_eq!(clean, shown);
            }
        }
        let long = Redactor::default().clean(&"x".repeat(100_000), MOST);
        assert_eq!(long.chars().count(), MOST);
        // An address at the cut is no whole one before it is cut, either.
        let at_the_cut = format!("{} jane@example.com", "x".repeat(190));
        assert!(!Redactor::default().clean(&at_the_cut, MOST).contains("jane"));
    }

    #[test]
    fn no_secret_is_shown_in_any_form() {
        let plain = format!("\0bell@example.org\0{}", "s3cr&t p/w");
        let shifted = format!("x{plain}");
        let hex: String = "s3cr&t p/w".bytes().map(|byte| format!("{byte:02x}")).collect();
        for said in [
            "535 bad password s3cr&t p/w for bell@example.org".to_owned(),
            "BELL@EXAMPLE.ORG: S3CR&T P/W".to_owned(),
            "s3cr%26t%20p%2Fw".to_owned(),
            "s3cr%2526t%2520p%252Fw".to_owned(),
            "p=s3cr%26t+p%2fw".to_owned(),
            "user=bell%40example.org".to_owned(),
            "s3cr&amp;t\\u0020p\\/w and bell&#64;example.org &#x62;ell@example.org".to_owned(),
            STANDARD.encode(&plain),
            format!("got <{}>", STANDARD.encode(&plain)),
            STANDARD.encode(&shifted),
            URL_SAFE_NO_PAD.encode(&plain),
            STANDARD.encode("s3cr&t p/w"),
            format!("535 bad initial-response={}", STANDARD.encode(&plain)),
            format!("auth={0}=={0}", STANDARD.encode(&plain)),
            format!("x{}", STANDARD.encode("bell@example.org")),
            format!("hex {hex} {}", hex.to_uppercase()),
            "no route /bot/MTIzNDU2Nzg5.GabcdE.f_ghIJklmnoPQRstuv-wxyz0123456789/x".to_owned(),
            "it ends f_ghIJklmnoPQRstuv-".to_owned(),
            "cut: …klmnoPQRstuv-wxyz01234".to_owned(),
        ] {
            for shown in [redactor().clean(&said, MOST), redactor().hide(&said)] {
                let folded = shown.to_lowercase();
                for secret in ["s3cr", "bell@", "bell%40", "bell&#", "f_gh", "pqrstu", &hex] {
                    assert!(!folded.contains(secret), "{said}: {shown}");
                }
                assert!(shown.contains(HIDDEN), "{said}: {shown}");
            }
        }
        assert_eq!(
            redactor().clean("5.7.8 Username and Password not accepted", MOST),
            "5.7.8 Username and Password not accepted"
        );
        assert_eq!(redactor().hide("two\n  lines\t& more = 100%"), "two\n  lines\t& more = 100%");
        // A short one hides no letters of other words.
        let short = Redactor::new(["me", "a"].map(Into::into));
        assert_eq!(short.clean("a message for me", MOST), "••• message for •••");
    }
}
