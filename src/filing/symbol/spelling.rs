//! How tickers and their classes are spelled.

/// Share classes that EDGAR lists with a dash, for suggestions when its list is not at hand.
const CLASSED: &str = "AGM-A AKO-A AKO-B BF-A BF-B BH-A BIO-B BRK-A BRK-B CIG-C CRD-A CRD-B CWEN-A EBR-B GEF-B GTN-A HEI-A HVT-A \
    LEN-B LGF-A LGF-B MKC-V MOG-A MOG-B PBR-A TAP-A UHAL-B WSO-B";

/// Those of them that are not tickers without a class.
const NOT_WITHOUT: [&str; 6] = ["AKO", "BF", "BRK", "CRD", "LGF", "MOG"];

/// True if a text has the shape of a ticker: upper-case letters and digits, at least one of them a letter, up
/// to six, or up to eight with a class or market after a point or dash.
pub fn is_ticker(text: &str) -> bool {
    let suffixed = text.contains(['.', '-']);
    (1..=if suffixed { 8 } else { 6 }).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'.' || b == b'-')
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().any(|b| b.is_ascii_uppercase())
}

/// A ticker for comparison, the same for all spellings of a class: `BRK.B`, `BRK-B`, `BRK/B`, `BRK B` and
/// `BRKB` are `BRKB`. A class of several letters, such as a preferred series or a warrant, keeps its dash:
/// `T-PC` is not `TPC`.
pub fn ticker_key(ticker: &str) -> String {
    let (base, class) = split(ticker);
    if class.len() > 1 { format!("{base}-{class}") } else { base + &class }
}

/// A ticker as in EDGAR's list: the class after a dash.
pub fn usual_spelling(ticker: &str) -> String {
    let (base, class) = split(ticker);
    match class.as_str() {
        "" => CLASSED
            .split_ascii_whitespace()
            .find(|known| ticker_key(known) == base)
            .map_or(base, str::to_owned),
        class => format!("{base}-{class}"),
    }
}

/// The classes of a ticker that EDGAR lists only with a class, as written in its list: `BRK` is BRK-A and
/// BRK-B. Empty for any other ticker.
pub fn classes_alone(ticker: &str) -> Vec<&'static str> {
    let of = |known: &&str| known.split_once('-').is_some_and(|(base, _)| base == ticker);
    match NOT_WITHOUT.contains(&ticker) {
        true => CLASSED.split_ascii_whitespace().filter(of).collect(),
        false => Vec::new(),
    }
}

fn split(ticker: &str) -> (String, String) {
    let upper = ticker.trim().to_ascii_uppercase();
    let mut parts = upper.split(['.', '-', '/', ' ', '_']).filter(|part| !part.is_empty());
    let base = parts.next().unwrap_or_default().to_owned();
    let class: String = parts.collect();
    let class = match class.as_str() {
        "UN" => "U".to_owned(),
        "WT" | "WTS" => "WS".to_owned(),
        "RT" | "RTS" => "R".to_owned(),
        long => match (long.strip_prefix("PR"), long.strip_prefix("CL")) {
            (Some(series), _) if series.len() == 1 => format!("P{series}"),
            // `BRK.CL.B`
            (_, Some(letter)) if letter.len() == 1 => letter.to_owned(),
            _ => class,
        },
    };
    (base, class)
}

/// True if a text is a class: a letter, a preferred series, or warrants, units and rights.
pub(super) fn is_class(text: &str) -> bool {
    let bytes = text.as_bytes();
    match bytes {
        [letter] | [b'P', letter] | [b'P', b'R', letter] => letter.is_ascii_uppercase(),
        _ => ["WS", "WT", "WTS", "UN", "RT", "RTS"].contains(&text),
    }
}
