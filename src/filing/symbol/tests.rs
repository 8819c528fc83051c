use super::*;

/// Symbols in printable characters, from `typed.tsv`: what is typed, and the tickers that it means.
const PLAIN: &str = include_str!("typed.tsv");

/// The same with other characters and blanks.
const TYPED: &[(&str, &str)] = &[
    ("  Qlys. ", "QLYS"),
    ("\u{ff31}\u{ff2c}\u{ff39}\u{ff33}", "QLYS"),
    ("\u{3000}XYZ\u{3000}", "XYZ"),
    ("\u{a0}XYZ\u{200b}", "XYZ"),
    ("\u{201c}XYZ\u{201d}", "XYZ"),
    ("NYSE\u{ff1a}XYZ", "XYZ"),
    ("NYSE \u{2013} XYZ", "XYZ"),
    ("XYZ\nXYZW", "XYZ XYZW"),
    ("XYZ\u{3001}XYZW", "XYZ XYZW"),
    ("XYZ\u{ae}", "XYZ"),
    ("XYZ\u{2122}", "XYZ"),
    ("\u{30a2}&\u{30a2}B", ""),
    ("", ""),
];

#[test]
fn the_tickers_of_a_symbol_however_it_is_typed() {
    let plain = PLAIN.lines().filter(|line| !line.starts_with("# ")).filter_map(|line| line.split_once('\t'));
    let all: Vec<(&str, &str)> = plain.chain(TYPED.iter().copied()).collect();
    assert!(all.len() > 500, "{}", all.len());
    let wrong: Vec<String> = all
        .iter()
        .map(|(typed, said)| (typed, said, Symbol::read(typed, "Acme Gold Corp").tickers.join(" ")))
        .filter(|(_, said, read)| *said != read)
        .map(|(typed, said, read)| format!("{typed:?}: {said:?}, read {read:?}"))
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), all.len(), wrong.join("\n"));
}

/// Names of markets; each is tried in every way of typing it.
const MARKETS: &str = "NASDAQ|NYSE|AMEX|NYSE American|NYSE MKT|NYSE Arca|NYSEAMERICAN|NYSE-American|NYSE Amex|New York Stock Exchange|\
    The New York Stock Exchange|American Stock Exchange|NASDAQ Global Select Market|Nasdaq Global Market|NasdaqGS|\
    NasdaqGM|NasdaqCM|Nasdaq-CM|NASDAQ GS|NASDAQ GM|NASDAQ CM|NASDAQ NMS|NASDAQ Small Cap|Nasdaq Capital Market|\
    Nasdaq Stock Market|The NASDAQ Stock Market LLC|Nasdaq First North|OTC|OTCQB|OTCQX|OTCBB|OTC QB|OTC-QX|\
    OTCQX International|OTCQX Best Market|OTCQB Venture Market|OTC Markets|OTC Markets Group|OTC Pink|\
    OTC Pink Sheets|OTC Pink Open Market|OTC Pink No Information|OTC Grey Market|Expert Market|OTC Bulletin Board|\
    OTC BB|OTC-BB|OTC: Pink|OTC: QB|OTC/Pink|OTC (Pink)|NASDAQ: GS|OTCID Basic Market|PinkSheets|Pink Sheets|\
    Over-the-Counter|Bulletin Board|Cboe BZX|CBOE|CBOE BZX Exchange|Cboe Canada|BATS|BZX|IEX|\
    Long-Term Stock Exchange|TXSE|TSX|TSXV|TSX-V|TSX V|TSX Venture|TSX Venture Exchange|Toronto Stock Exchange|CSE|\
    CNSX|Canadian Securities Exchange|NEO|NEO Exchange|LSE|London Stock Exchange|AIM|AQSE|ASX|\
    Australian Securities Exchange|NSX|JSE|Johannesburg Stock Exchange|HKEX|SEHK|Hong Kong|Hong Kong Stock Exchange|\
    TASE|Tel Aviv Stock Exchange|Tel-Aviv|Euronext|Euronext Paris|Euronext Amsterdam|Euronext Growth|XETRA|FRA|FSE|\
    Frankfurt|Frankfurt Stock Exchange|Deutsche Boerse|Deutsche B\u{f6}rse|SIX|SIX Swiss Exchange|BSE|NSE|\
    Bombay Stock Exchange|National Stock Exchange of India|TSE|Tokyo Stock Exchange|JPX|KRX|KOSDAQ|Korea Exchange|\
    SGX|Singapore Exchange|Bovespa|BMV|Bolsa Mexicana de Valores|OSE|Oslo B\u{f8}rs|OMX|Nasdaq Stockholm|\
    Nasdaq Nordic|NZX|BVL|Lima Stock Exchange|Borsa Italiana|Milan|WSE|Warsaw|Shanghai|TWSE|Bursa Malaysia|\
    Ghana Stock Exchange|Irish Stock Exchange|Bermuda Stock Exchange|XNAS|XNYS|US OTC";

#[test]
fn a_market_is_no_ticker_wherever_it_is_typed() {
    const WAYS: [&str; 22] = [
        "@: XYZ",
        "@:XYZ",
        "@ : XYZ",
        "(@: XYZ)",
        "[@: XYZ]",
        "@ - XYZ",
        "@-XYZ",
        "@.XYZ",
        "@, XYZ",
        "@/XYZ",
        "@ XYZ",
        "(@) XYZ",
        "XYZ (@)",
        "XYZ @",
        "XYZ, @",
        "XYZ/@",
        "XYZ - @",
        "XYZ-@",
        "XYZ:@",
        "XYZ on @",
        "@: XYZ; NYSE: XYZ",
        "Acme Gold Corp. (@: XYZ)",
    ];
    let mut wrong = Vec::new();
    for market in MARKETS.split('|') {
        let typed = WAYS.iter().map(|way| (way.replace('@', market), "XYZ"));
        let several = ["NYSE: XYZ, @: QRS", "NYSE: XYZ @: QRS", "NYSE: XYZ and @: QRS", "NYSE: XYZ / @: QRS"];
        let typed = typed.chain(several.iter().map(|way| (way.replace('@', market), "XYZ QRS")));
        for (typed, said) in typed.chain([(format!("{market}: none"), "")]) {
            for typed in [typed.to_lowercase(), typed] {
                let read = Symbol::read(&typed, "Acme Gold Corp").tickers.join(" ");
                if read != said {
                    wrong.push(format!("{typed}: {read}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn words_of_the_companys_name_are_no_symbols() {
    for (typed, issuer, said) in [
        ("Black Rock", "BlackRock Private Credit Fund", ""),
        ("Blue Owl", "Blue Owl Credit Income Corp.", ""),
        ("Owl Credit", "Blue Owl Credit Income Corp.", ""),
        ("ACME GOLD II", "Acme Gold Corp", ""),
        ("Acme Gold", "Acme Gold Corp", ""),
        ("Ares", "Ares Capital Corp", "ARES"),
        ("META", "Meta Platforms, Inc.", "META"),
        ("Owl Rock", "Blue Owl Technology Income Corp.", ""),
        ("OWL ROCK", "Private Credit Fund", ""),
        ("ABC XYZ", "Private Credit Fund", "ABC XYZ"),
        ("GOOG GOOGL", "Alphabet Inc.", "GOOG GOOGL"),
        ("QLYS Qualys", "QUALYS, INC.", "QLYS"),
        ("QUALYS (QLYS)", "QUALYS, INC.", "QLYS"),
        ("Qualys, Inc. QLYS", "QUALYS, INC.", "QLYS"),
        ("Qualys, Inc. /DE/", "QUALYS, INC.", ""),
        ("AMC/APE", "AMC Entertainment Holdings, Inc.", "AMC APE"),
        ("AMC (APE)", "AMC Entertainment Holdings, Inc.", "AMC APE"),
        ("ACME (ACMEW)", "Acme Gold Corp", "ACME ACMEW"),
        ("FRG FRGAP", "Franchise Group, Inc.", "FRG FRGAP"),
    ] {
        assert_eq!(Symbol::read(typed, issuer).tickers.join(" "), said, "{typed}");
    }
}

#[test]
fn a_class_that_is_said_in_words_is_found_too() {
    for (typed, also) in [
        ("XYZ Class B", "XYZ-B"),
        ("XYZ (Cl. A)", "XYZ-A"),
        ("XYZ PR A", "XYZ-PA"),
        ("XYZ PRA", "XYZ-PRA"),
        ("XYZ PR.A", "XYZ-PA"),
        ("BRK.B (Class B)", ""),
        ("XYZ/WS", "XYZ-WS"),
        ("XYZ.O", "XYZ"),
        ("XYZ.PK", "XYZ"),
        ("XYZ US", ""),
        ("XYZ Class A and B", "XYZ-A XYZ-B"),
        ("XYZ CLA", "XYZ-A"),
        ("XYZ Cl-A", "XYZ-A"),
        ("BRK,B", "BRK-B"),
        ("BRK:B", "BRK-B"),
        ("XYZ.U", "XYZ"),
        ("XYZ-WS", "XYZ"),
        ("XYZ.PR.A", "XYZ"),
        ("XYZ.HK", "XYZ"),
        ("BRK.B", ""),
        ("XYZ, XYZ.U, XYZ.WS", ""),
        ("XYZ.U, XYZ.WS", "XYZ"),
        ("XYZ^A", "XYZ-PA"),
        ("XYZpA", "XYZ-PA"),
        ("XYZ, PRA, WS", "XYZ-PA XYZ-WS"),
        ("XYZ.LN", "XYZ"),
    ] {
        assert_eq!(Symbol::read(typed, "").also.join(" "), also, "{typed}");
    }
}

#[test]
fn all_spellings_of_a_class_are_one_key_and_other_tickers_have_another() {
    for spelling in ["BRK.B", "BRK-B", "BRK/B", "BRK B", "BRKB", "brk.b", " BRK_B ", "BRK..B", "BRK.CL.B"] {
        assert_eq!(ticker_key(spelling), "BRKB", "{spelling}");
        assert_eq!(usual_spelling(spelling), "BRK-B", "{spelling}");
    }
    for spelling in ["T-PC", "T.PRC", "T PR C", "T/PRC", "t.pr.c"] {
        assert_eq!(ticker_key(spelling), "T-PC", "{spelling}");
    }
    assert_ne!(ticker_key("TPC"), ticker_key("T-PC"));
    assert_ne!(ticker_key("NEWT"), ticker_key("NE-WT"));
    assert_ne!(ticker_key("XY-ZB"), ticker_key("XYZB"));
    assert_ne!(ticker_key("BRK"), ticker_key("BRK-B"));
    assert_eq!(usual_spelling("XYZB"), "XYZB");
}

#[test]
fn a_rule_writes_a_class_in_each_way() {
    for spelling in ["BRK.B", "brk-b", "BRK/B", "BRK B", "BRKB", "XYZ PR A", "XYZ/WS"] {
        assert_eq!(wanted_ticker(spelling), Ok(spelling.to_uppercase()));
    }
    for (text, meant) in [
        ("NYSE:QLYS", Some("QLYS")),
        ("NASDAQ GS: QLYS", Some("QLYS")),
        ("$QLYS", Some("QLYS")),
        ("BRK_B", Some("BRK-B")),
        ("BRK Class", Some("BRK")),
        ("TOO LONG", None),
        ("Qualys Inc", None),
        ("", None),
        ("A, B", None),
    ] {
        let meant = meant.map(str::to_owned);
        assert_eq!(wanted_ticker(text), Err(meant), "{text}");
    }
}
