//! The other ways in which a text can be read, with the place in the text that each character comes from.

use std::ops::Range;
use std::rc::Rc;

use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use icu_normalizer::DecomposingNormalizerBorrowed;
use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;

use super::super::is_unseen;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);
/// How many characters in a row make decoded bytes a text.
const SHORTEST_TEXT: usize = 8;
/// The longest name of a character in HTML, including its `&` and `;`.
const LONGEST_NAME: usize = 33;

/// How often text that is escaped repeatedly is decoded.
pub(super) const MOST_DECODED: usize = 5;

/// The first and last byte of the source text; the last is exclusive.
type Span = (usize, usize);

/// A text derived from another one.
#[derive(Debug, Default)]
pub(super) struct View {
    text: String,
    /// One for each byte.
    places: Vec<Span>,
}

impl View {
    /// A text as it is.
    pub(super) fn of(text: &str) -> Self {
        if text.is_ascii() {
            return Self { text: text.to_owned(), places: (0..text.len()).map(|at| (at, at + 1)).collect() };
        }
        let mut view = Self::default();
        for (at, c) in text.char_indices() {
            view.push(c, (at, at + c.len_utf8()));
        }
        view
    }

    fn push(&mut self, c: char, place: Span) {
        self.text.push(c);
        for _ in 0..c.len_utf8() {
            self.places.push(place);
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The range of the first text that a range of this one comes from.
    pub(super) fn place(&self, found: Range<usize>) -> Range<usize> {
        match self.places.get(found) {
            Some([only]) => only.0..only.1,
            Some([first, .., last]) => first.0..last.1,
            _ => 0..0,
        }
    }

    fn chars(&self) -> impl Iterator<Item = (char, Span)> {
        self.text.char_indices().map(|(at, c)| (c, self.places[at]))
    }

    /// The form for comparison: lower case, without accents and invisible characters, each run of white space
    /// one blank.
    pub(super) fn folded(&self) -> Self {
        let mut folded = Self::default();
        let normalizer = const { DecomposingNormalizerBorrowed::new_nfkd() };
        let classes = const { CanonicalCombiningClassMapBorrowed::new() };
        for (c, place) in self.chars() {
            match c {
                _ if c.is_whitespace() => {
                    if !folded.text.ends_with(' ') {
                        folded.push(' ', place);
                    }
                }
                _ if c.is_control() || is_unseen(c) => {}
                _ if c.is_ascii() => folded.push(c.to_ascii_lowercase(), place),
                '\u{2010}'..='\u{2015}' | '\u{2212}' => folded.push('-', place),
                _ => {
                    let letters = normalizer.normalize_iter(std::iter::once(c)).flat_map(char::to_lowercase);
                    // The lower case may have an accent of its own.
                    let letters = normalizer.normalize_iter(letters).filter(|&c| classes.get_u8(c) == 0);
                    letters.for_each(|c| folded.push(c, place));
                }
            }
        }
        folded
    }

    /// Only its letters and digits.
    pub(super) fn letters(&self) -> Self {
        let mut letters = Self::default();
        for (c, place) in self.chars().filter(|(c, _)| c.is_alphanumeric()) {
            letters.push(c, place);
        }
        letters
    }

    /// With blanks instead of `+`, as in submitted forms; `None` if there are none.
    pub(super) fn of_form(&self) -> Option<Self> {
        let text = self.text.contains('+').then(|| self.text.replace('+', " "))?;
        Some(Self { text, places: self.places.clone() }.folded())
    }

    /// With escapes decoded: `%2F`, `\/`, `\u002f`, `\x2f`, `&#47;`, `&#x2f;`, `&sol;`; `None` if there are
    /// none.
    pub(super) fn decoded(&self) -> Option<Self> {
        if !self.text.contains(['%', '\\', '&']) {
            return None;
        }
        let (mut decoded, mut at, mut is_escaped) = (Self::default(), 0, false);
        while let Some(c) = self.text[at..].chars().next() {
            let escape = if "%\\&".contains(c) { unescaped(&self.text[at..]) } else { None };
            is_escaped |= escape.is_some();
            let (meant, length) = escape.unwrap_or_else(|| (c.to_string(), c.len_utf8()));
            let place = (self.places[at].0, self.places[at + length - 1].1);
            meant.chars().for_each(|c| decoded.push(c, place));
            at += length;
        }
        is_escaped.then_some(decoded)
    }

    /// The bytes of its Base64 letters, whatever is between them: one result for each of the four places
    /// where the encoding may begin.
    pub(super) fn base64(&self) -> impl Iterator<Item = Bytes> {
        let (mut stream, mut places) = (Vec::new(), Vec::new());
        for (c, place) in self.chars() {
            let byte = match c {
                '-' => b'+',
                '_' => b'/',
                '+' | '/' | '0'..='9' | 'A'..='Z' | 'a'..='z' => c as u8,
                _ => continue,
            };
            stream.push(byte);
            places.push(place);
        }
        let places: Rc<[Span]> = places.into();
        (0..4).filter_map(move |skipped| {
            let encoded = stream.get(skipped..)?;
            let whole = encoded.len() - usize::from(encoded.len() % 4 == 1);
            let bytes = LENIENT.decode(&encoded[..whole]).ok()?;
            Some(Bytes { bytes, places: Rc::clone(&places), bits: 6, skipped })
        })
    }

    /// The bytes of its hexadecimal digits, if there are enough in a row; one result for each of the two
    /// places where a byte may begin.
    pub(super) fn hexadecimal(&self, shortest: usize) -> Vec<Bytes> {
        let (mut found, mut digits, mut places) = (Vec::new(), Vec::new(), Vec::new());
        let mut end = |digits: &mut Vec<u8>, places: &mut Vec<Span>| {
            if digits.len() >= shortest {
                let places: Rc<[Span]> = places.as_slice().into();
                let bytes = |skipped: usize| {
                    digits[skipped..].chunks_exact(2).map(|pair| pair[0] * 16 + pair[1]).collect()
                };
                let all = [0, 1].map(|skipped| Bytes {
                    bytes: bytes(skipped),
                    places: Rc::clone(&places),
                    bits: 4,
                    skipped,
                });
                found.extend(all);
            }
            digits.clear();
            places.clear();
        };
        for (c, place) in self.chars() {
            match c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()) {
                Some(digit) => {
                    digits.push(digit);
                    places.push(place);
                }
                // As in `0x68`.
                None if matches!(c, 'x' | 'X') && digits.last() == Some(&0) => {
                    digits.pop();
                    places.pop();
                }
                None if digits.is_empty() => {}
                None => end(&mut digits, &mut places),
            }
        }
        end(&mut digits, &mut places);
        found
    }
}

/// Bytes that are encoded in a text.
#[derive(Debug)]
pub(super) struct Bytes {
    bytes: Vec<u8>,
    /// The places of the letters that encode them; each letter has `bits` bits.
    places: Rc<[Span]>,
    bits: usize,
    skipped: usize,
}

impl Bytes {
    /// The range of the first text that some of them come from.
    pub(super) fn place(&self, found: Range<usize>) -> Range<usize> {
        let letter = |bit: usize| self.places.get(self.skipped + bit / self.bits);
        match (letter(found.start * 8), letter((found.end * 8).saturating_sub(1))) {
            (Some(first), Some(last)) => first.0..last.1,
            _ => 0..0,
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The texts among them. Zeros occur between the parts of a login, and between the letters of UTF-16.
    pub(super) fn texts(&self) -> Vec<View> {
        let (mut found, mut start, mut at, mut count) = (Vec::new(), 0, 0, 0);
        for chunk in self.bytes.utf8_chunks() {
            for c in chunk.valid().chars() {
                let next = at + c.len_utf8();
                if c.is_control() && !matches!(c, '\0' | '\t' | '\n' | '\r') {
                    found.extend((count >= SHORTEST_TEXT).then_some(start..at));
                    (start, count) = (next, 0);
                } else {
                    count += 1;
                }
                at = next;
            }
            if !chunk.invalid().is_empty() {
                found.extend((count >= SHORTEST_TEXT).then_some(start..at));
                at += chunk.invalid().len();
                (start, count) = (at, 0);
            }
        }
        found.extend((count >= SHORTEST_TEXT).then_some(start..at));
        found.into_iter().map(|range| self.text(range)).collect()
    }

    fn text(&self, range: Range<usize>) -> View {
        let mut view = View::default();
        for (at, c) in String::from_utf8_lossy(&self.bytes[range.clone()]).char_indices() {
            let from = range.start + at;
            let place = self.place(from..from + c.len_utf8());
            view.push(c, (place.start, place.end));
        }
        view
    }
}

/// The meaning of the escape at the start of a text, and its length in bytes.
fn unescaped(text: &str) -> Option<(String, usize)> {
    if text.starts_with('&') {
        return entity(text);
    }
    if let Some(c) = in_bytes(text) {
        return Some(c);
    }
    let code = |digits: &str| u32::from_str_radix(digits, 16).ok();
    if let Some(digits) = text.strip_prefix("\\u{").and_then(|rest| rest.get(..rest.find('}')?)) {
        let meant = char::from_u32(code(digits)?)?;
        return Some((meant.into(), digits.len() + 4));
    }
    let unit = |text: &str| u16::try_from(code(text.get(..4)?)?).ok();
    if let Some(rest) = text.strip_prefix("\\u").or_else(|| text.strip_prefix("%u"))
        && let Some(first) = unit(rest)
    {
        let second = rest.get(4..).and_then(|rest| unit(rest.strip_prefix("\\u")?));
        let pair = second.and_then(|second| String::from_utf16(&[first, second]).ok());
        return match char::from_u32(first.into()) {
            Some(meant) => Some((meant.into(), 6)),
            None => pair.map(|meant| (meant, 12)),
        };
    }
    let escaped = text.strip_prefix('\\')?.chars().next()?;
    let meant = match escaped {
        'n' | 'r' | 't' => ' ',
        '0' => '\0',
        other => other,
    };
    Some((meant.into(), 1 + escaped.len_utf8()))
}

/// A character given by its bytes: `%68`, `\x68`, `\150`; one that is not UTF-8 is Latin-1.
fn in_bytes(text: &str) -> Option<(String, usize)> {
    let (first, length) = byte(text)?;
    let count = match first {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 1,
    };
    let (mut bytes, mut end) = (vec![first], length);
    while bytes.len() < count {
        let Some((next, length)) = text.get(end..).and_then(byte) else { break };
        bytes.push(next);
        end += length;
    }
    match String::from_utf8(bytes) {
        Ok(meant) => Some((meant, end)),
        Err(_) => Some((char::from(first).into(), length)),
    }
}

fn byte(text: &str) -> Option<(u8, usize)> {
    let digits = |from: usize, radix: u32| {
        let digits = text.get(from..if radix == 8 { from + 3 } else { from + 2 })?;
        let all = digits.chars().all(|c| c.is_digit(radix));
        all.then(|| u8::from_str_radix(digits, radix).ok()).flatten()
    };
    match text.as_bytes() {
        [b'%', ..] => Some((digits(1, 16)?, 3)),
        [b'\\', b'x' | b'X', ..] => Some((digits(2, 16)?, 4)),
        [b'\\', ..] => Some((digits(1, 8)?, 4)),
        _ => None,
    }
}

/// An HTML character, by its number or name, with or without `;` at its end.
fn entity(text: &str) -> Option<(String, usize)> {
    let ended = |end: usize| end + usize::from(text.as_bytes().get(end) == Some(&b';'));
    if let Some(number) = text.strip_prefix("&#") {
        let digits = number.strip_prefix(['x', 'X']).unwrap_or(number);
        let radix = if digits.len() < number.len() { 16 } else { 10 };
        let length = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
        let significant = digits[..length].trim_start_matches('0');
        let meant = char::from_u32(u32::from_str_radix(significant, radix).ok()?)?;
        return Some((meant.into(), ended(text.len() - digits.len() + length)));
    }
    let name = text.bytes().skip(1).take(LONGEST_NAME).take_while(u8::is_ascii_alphanumeric).count();
    let end = name + 1;
    let with_end = format!("{};", &text[..end]);
    let meant = htmlize::unescape(with_end.as_str());
    if !meant.ends_with(';') || meant.len() == 1 {
        return Some((meant.into_owned(), ended(end)));
    }
    // Old names, such as `&amp`, need no end: the text after them is kept.
    let meant = htmlize::unescape(&text[..end]);
    let first = meant.chars().next().filter(|_| meant.len() < end || !meant.starts_with('&'))?;
    Some((first.into(), end - (meant.len() - first.len_utf8())))
}
