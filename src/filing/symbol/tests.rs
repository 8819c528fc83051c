use super::*;

/// What is typed, and the tickers that it says.
const TYPED: &[(&str, &str)] = &[
    ("QLYS", "QLYS"),
    ("qlys", "QLYS"),
    ("  Qlys. ", "QLYS"),
    ("\u{ff31}\u{ff2c}\u{ff39}\u{ff33}", "QLYS"),
    ("\u{3000}XYZ\u{3000}", "XYZ"),
    ("\u{a0}XYZ\u{200b}", "XYZ"),
    ("(XYZ)", "XYZ"),
    ("\u{201c}XYZ\u{201d}", "XYZ"),
    ("'XYZ'", "XYZ"),
    ("\"XYZ\"", "XYZ"),
    ("[XYZ]", "XYZ"),
    ("{XYZ}", "XYZ"),
    ("<XYZ>", "XYZ"),
    ("XYZ*", "XYZ"),
    ("$XYZ", "XYZ"),
    ("XYZ,", "XYZ"),
    ("XYZ)", "XYZ"),
    ("-XYZ-", "XYZ"),
    // Markets.
    ("NASDAQ GS: XYZ", "XYZ"),
    ("NASDAQ GS XYZ", "XYZ"),
    ("NasdaqGM:XYZ", "XYZ"),
    ("Nasdaq Global Select Market: XYZ", "XYZ"),
    ("The Nasdaq Stock Market LLC: XYZ", "XYZ"),
    ("Nasdaq Capital Market: XYZ", "XYZ"),
    ("NASDAQ-XYZ", "XYZ"),
    ("XYZ-NASDAQ", "XYZ"),
    ("XYZ (NASDAQ)", "XYZ"),
    ("XYZ / NYSE", "XYZ"),
    ("XYZ:NYSE", "XYZ"),
    ("(NYSE: XYZ)", "XYZ"),
    ("(NYSE) XYZ", "XYZ"),
    ("NYSE\u{ff1a}XYZ", "XYZ"),
    ("NYSE \u{2013} XYZ", "XYZ"),
    ("NYSE=XYZ", "XYZ"),
    ("NYSE American: XYZ", "XYZ"),
    ("NYSE American XYZ", "XYZ"),
    ("NYSE Arca:XYZ", "XYZ"),
    ("NYSE MKT - XYZ", "XYZ"),
    ("New York Stock Exchange: XYZ", "XYZ"),
    ("TSX: XYZ; NYSE: XYZ", "XYZ"),
    ("TSX: ABC, NYSE: XYZ", "ABC XYZ"),
    ("TSX:XYZ NYSE:XYZ", "XYZ"),
    ("TSX-V: XYZ", "XYZ"),
    ("TSX-V XYZ", "XYZ"),
    ("TSX Venture: XYZ", "XYZ"),
    ("TSXV:XYZ", "XYZ"),
    ("CSE: XYZ", "XYZ"),
    ("NEO:XYZ", "XYZ"),
    ("OTC Pink: XYZ", "XYZ"),
    ("OTC Pink XYZ", "XYZ"),
    ("OTC: XYZ", "XYZ"),
    ("OTCQB: XYZ", "XYZ"),
    ("OTCQX XYZ", "XYZ"),
    ("OTC BB: XYZ", "XYZ"),
    ("OTC-BB: XYZ", "XYZ"),
    ("OTC Bulletin Board: XYZ", "XYZ"),
    ("OTCMKTS: XYZ", "XYZ"),
    ("OTC Markets: XYZ", "XYZ"),
    ("Pink Sheets: XYZ", "XYZ"),
    ("Pink Sheets XYZ", "XYZ"),
    ("ASX:XYZ", "XYZ"),
    ("LSE: XYZ", "XYZ"),
    ("XYZ LSE", "XYZ"),
    ("AIM:XYZ", "XYZ"),
    ("CBOE: XYZ", "XYZ"),
    ("Cboe BZX: XYZ", "XYZ"),
    ("CBOE: CBOE", "CBOE"),
    ("BATS:XYZ", "XYZ"),
    ("IEX: XYZ", "XYZ"),
    ("FRA:XYZ", "XYZ"),
    ("FWB: XYZ", "XYZ"),
    ("XETRA: XYZ", "XYZ"),
    ("SIX:XYZ", "XYZ"),
    ("TASE: XYZ", "XYZ"),
    ("HKEX: 700A", "700A"),
    ("SGX: XYZ", "XYZ"),
    ("JSE:XYZ", "XYZ"),
    ("BSE: XYZ; NSE: XYZ", "XYZ"),
    ("Euronext Paris: XYZ", "XYZ"),
    ("Nasdaq Stockholm: XYZ", "XYZ"),
    ("Oslo Bors: XYZ", "XYZ"),
    ("Bolsa: XYZ", "XYZ"),
    ("XNYS:XYZ", "XYZ"),
    ("XYZ XNAS", "XYZ"),
    ("NYSE: GS", "GS"),
    ("NYSE GS", "GS"),
    ("NYSE: PR", "PR"),
    ("NYSE PR", "PR"),
    ("NYSE: ALL", "ALL"),
    ("NYSE: V", "V"),
    ("NYSE:A", "A"),
    ("NYSE: ICE", "ICE"),
    ("NYSE AG", "AG"),
    ("CO", "CO"),
    // Words.
    ("Ticker: XYZ", "XYZ"),
    ("Trading symbol XYZ", "XYZ"),
    ("XYZ common stock", "XYZ"),
    ("Common Stock: XYZ; Warrants: XYZW", "XYZ XYZW"),
    ("XYZ Class A", "XYZ"),
    ("XYZ Cl B", "XYZ"),
    ("Class A: XYZA, Class B: XYZB", "XYZA XYZB"),
    ("XYZ Series C", "XYZ"),
    ("XYZ PR A", "XYZ"),
    ("XYZ PRA", "XYZ"),
    ("XYZ PFD", "XYZ"),
    ("XYZ Pfd. Series B", "XYZ"),
    ("XYZ US", "XYZ"),
    ("XYZ UN Equity", "XYZ"),
    ("XYZ UW", "XYZ"),
    ("XYZ CN", "XYZ"),
    ("XYZ.US", "XYZ"),
    ("XYZ:US", "XYZ"),
    ("US:XYZ", "XYZ"),
    ("XYZ and XYZW", "XYZ XYZW"),
    ("XYZ & XYZW", "XYZ XYZW"),
    ("XYZ&XYZW", "XYZ XYZW"),
    ("XYZ or XYZW", "XYZ XYZW"),
    ("XYZ, XYZW", "XYZ XYZW"),
    ("XYZ|XYZW", "XYZ XYZW"),
    ("XYZ\nXYZW", "XYZ XYZW"),
    ("XYZ (formerly ABC)", "XYZ"),
    ("XYZ (pending)", "XYZ"),
    ("XYZ II", "XYZ"),
    ("Qualys, Inc. (NASDAQ: QLYS)", "QLYS"),
    ("Acme Gold (NYSE: AG)", "AG"),
    // Classes.
    ("BRK.B", "BRK.B"),
    ("BRK-B", "BRK-B"),
    ("BRK/B", "BRK.B"),
    ("BRK B", "BRK.B"),
    ("BRK(B)", "BRK.B"),
    ("BRKB", "BRKB"),
    ("brk_b", "BRK-B"),
    ("NYSE: BRK B", "BRK.B"),
    ("BRK.A; BRK.B", "BRK.A BRK.B"),
    ("BRK A/B", "BRK.A BRK.B"),
    ("CRD/A/B", "CRD.A CRD.B"),
    ("BF/B", "BF.B"),
    // Alone they are symbols.
    ("CN", "CN"),
    ("US", "US"),
    ("PR", "PR"),
    ("AND", "AND"),
    ("NOW", "NOW"),
    ("ALL", "ALL"),
    ("ARE", "ARE"),
    ("CSE", "CSE"),
    ("(NEO)", "NEO"),
    ("six", "SIX"),
    ("SGX", "SGX"),
    ("III", "III"),
    ("CBOE", "CBOE"),
    // None.
    ("NYSE", ""),
    ("Nasdaq", ""),
    ("NASDAQ GS", ""),
    ("OTC Pink", ""),
    ("OTC BB", ""),
    ("NYSE American", ""),
    ("TSX-V", ""),
    ("XNYS", ""),
    ("No ticker", ""),
    ("no ticker symbol", ""),
    ("No", ""),
    ("pending", ""),
    ("PENDING (NYSE)", ""),
    ("TBD", ""),
    ("T.B.D.", ""),
    ("none", ""),
    ("[None]", ""),
    ("NONE.", ""),
    ("n/a", ""),
    ("(N/A)", ""),
    ("N/A (LP)", ""),
    ("not listed", ""),
    ("Not yet traded", ""),
    ("private", ""),
    ("privately held", ""),
    ("private company", ""),
    ("unlisted", ""),
    ("applied for", ""),
    ("Symbol applied for", ""),
    ("to be determined", ""),
    ("does not trade", ""),
    ("Fund II", ""),
    ("Fund III", ""),
    ("REIT IV", ""),
    ("II", ""),
    ("Common Stock", ""),
    ("Class A", ""),
    ("Cl B", ""),
    ("Series A", ""),
    ("Ticker", ""),
    ("Symbol: none", ""),
    ("NYSE: N/A", ""),
    ("Qualys Inc", ""),
    ("Qualys, Inc.", ""),
    ("Acme Gold", ""),
    ("Acme Gold Corp", ""),
    ("Apple Computer", ""),
    ("AT&T", ""),
    ("-", ""),
    ("", ""),
    ("***", ""),
    ("hunter2!pass", ""),
    ("Tr0ub4dor&3", ""),
];

#[test]
fn the_tickers_of_a_symbol_however_it_is_typed() {
    let wrong: Vec<String> = TYPED
        .iter()
        .map(|(typed, said)| (typed, said, Symbol::read(typed, "Acme Gold Corp").tickers.join(" ")))
        .filter(|(_, said, read)| *said != read)
        .map(|(typed, said, read)| format!("{typed:?}: {said:?}, read {read:?}"))
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), TYPED.len(), wrong.join("\n"));
}

#[test]
fn a_class_that_is_said_in_words_is_found_too() {
    for (typed, also) in [
        ("XYZ Class B", "XYZ-B"),
        ("XYZ (Cl. A)", "XYZ-A"),
        ("XYZ PR A", "XYZ-PA"),
        ("XYZ PRA", "XYZ-PRA"),
        ("XYZ/WS", "XYZ-WS"),
        ("XYZ.O", "XYZ"),
        ("XYZ.PK", "XYZ"),
        ("XYZ US", ""),
    ] {
        assert_eq!(Symbol::read(typed, "").also.join(" "), also, "{typed}");
    }
}

#[test]
fn all_spellings_of_a_class_are_one_key_and_other_tickers_have_another() {
    for spelling in ["BRK.B", "BRK-B", "BRK/B", "BRK B", "BRKB", "brk.b", " BRK_B "] {
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
