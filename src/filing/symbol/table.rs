//! The words that stand beside symbols.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::is_ticker;

/// What a word beside a symbol is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An exchange, a market or a MIC code.
    Market,
    /// A part of an exchange, said behind its name: `NASDAQ GS`, `NYSE American`, `OTC Pink`.
    Tier,
    /// A country as terminals write it, behind a symbol: `XYZ US`.
    Country,
    /// Before a letter of a class: `Class A`, `Cl B`.
    Class,
    /// Before a letter of a preferred series: `PR A`, `PFD`.
    Preferred,
    /// Says what the symbol is of.
    Plain,
    /// Between two symbols.
    And,
    /// What is behind it is no longer so.
    Former,
    /// A part of a company's name.
    Company,
    /// Begins what says that there is no symbol.
    None,
}

/// The words: of a kind, those that are never a ticker, and those that are one where nothing else is typed.
const WORDS: [(Kind, &str, &str); 10] = [
    (
        Kind::Market,
        "NYSE NYSEAMERICAN NYSEARCA NYSEMKT NYSEAMEX NYQ NASDAQ NASDAQGS NASDAQGM NASDAQCM NASDAQNM NASD NSDQ AMEX ARCA BATS OTC \
         OTCBB OTCQB OTCQX OTCPK OTCMKT OTCMKTS OTCMARKETS OTCPINK OTCID OTCEM OTCEXPERT OTCBULLETIN PINKSHEETS TSX TSXV TSX-V TSE-V \
         TSX.V XETRA HKEX EURONEXT STOCKHOLM FRANKFURT DEUTSCHE LONDON TORONTO TOKYO SYDNEY OSLO PARIS MILAN MADRID ZURICH VIENNA HELSINKI \
         COPENHAGEN AMSTERDAM BRUSSELS LISBON DUBLIN WARSAW BOVESPA SINGAPORE BERLIN MUNICH STUTTGART XNYS XNAS XASE ARCX BATO XCBO \
         IEXG XTSE XTSX XCNQ NEOE XATS XLON XFRA XETR XSWX XVTX XASX XNZE XHKG XTAE XPAR XAMS XBRU XLIS XDUB XSTO XHEL XCSE XOSL \
         XICE XMIL XMAD XJSE XBOM XNSE XSES XTKS XKRX XSHG XSHE XMEX BVMF XNCM XNGS XNMS OOTC OTCB OTCQ PINX PSGM XOTC XADF EDGX \
         EDGA XCHI XPHL XBOS MEMX",
        "CSE CNSX NEO ASX LSE AIM CBOE IEX FRA FWB ETR SIX SWX TASE TLV HKSE HKG SEHK SGX SES JSE BSE NSE OSE TSE TYO KRX KSE \
         KOSDAQ KOSPI BIT BME EPA AMS EBR ELI STO CPH HEL OSL OMX ISE SSE SZSE BMV NZX NZSE NGS NGM NCM NMS NMQ BER STU MUN CVE PNK PINK LTSE \
         CHX PSX MCX IDX SET MOEX WSE BVL BCBA",
    ),
    (
        Kind::Tier,
        "",
        "GS GM CM NM SC NGS NGM NCM NMS AMERICAN AMER AMEX MKT ARCA ALTERNEXT TEXAS CHICAGO PINK PINKS PINKSHEETS SHEETS SHEET QB QX BB PK MKTS \
         GREY GRAY EXPERT CURRENT BULLETIN BOARD LIMITED ID EM V VENTURE GLOBAL SELECT CAPITAL NATIONAL SMALLCAP MARKET MARKETS EXCHANGE \
         STOCK BORSE BORS BOURSE GROWTH FIRST NORTH MAIN LLC INC PREMIER BZX OTC LINK",
    ),
    (
        Kind::Country,
        "",
        "US UN UW UQ UR UA UP UV UF CN CT CV CF LN GR GY GF FP AU AT JP JT HK CA GB UK SS SM NA SW SE IT IM NO FH IJ ID MK SP IN IS \
         KS KQ TT BZ BB DC PL PW SJ AV ID MM LI EB",
    ),
    (Kind::Class, "CLASS CLASSES CLS SERIES", "CL SER"),
    (Kind::Preferred, "PREFERRED PREFD PREFERENCE", "PR PFD PREF PRF"),
    (
        Kind::Plain,
        "TICKER TICKERS SYMBOL SYMBOLS TRADING TRADED TRADES COMMON STOCK STOCKS SHARE SHARES SHS ORDINARY UNITS WARRANT WARRANTS RIGHTS \
         EQUITY EQUITIES PENDING PRIVATE LISTED LISTING QUOTED UNDER APPLIED UNKNOWN MARKET EXCHANGE SECURITIES COMSTK ISSUER CLOSED \
         DEPOSITARY CUMULATIVE REDEEMABLE PERPETUAL II IV VII VIII XI XII XIII XIV TBD TBA TO BY ITS IS",
        "YORK HONG KONG AVIV CANADA SWISS BELOW NOTE REMARKS COM STK SYM ORD UNIT UT WT WTS RT RTS ADR ADS GDR CS THE FOR ON OF AS IN ALSO AND/OR VI IX III XV XX NEW TBC SEE BE BOTH",
    ),
    (Kind::And, "", "AND OR & + PLUS NKA AKA"),
    (Kind::Former, "FORMERLY FORMER PREVIOUSLY FKA F.K.A", "WAS PREV OLD"),
    (
        Kind::Company,
        "INC INCORPORATED CORP CORPORATION LLC LLP LTD LIMITED PLC COMPANY HOLDING HOLDINGS GROUP TRUST PARTNERS CAPITAL L.P LP S.A N.V \
         BANCORP BANCSHARES PARTNERSHIP ACQUISITION TECHNOLOGIES INTERNATIONAL PROPERTIES REALTY",
        "CO FUND FUNDS BDC REIT GMBH AG BANK INCOME ENERGY",
    ),
    (
        Kind::None,
        "NONE NA N.A N/A N-A N\\A NO NOT NIL NULL UNLISTED NONTRADED NON-TRADED UNASSIGNED NONPUBLIC NON-PUBLIC WITHOUT",
        "DOES",
    ),
];

pub(super) static KINDS: LazyLock<HashMap<&'static str, Vec<(Kind, bool)>>> = LazyLock::new(|| {
    let mut kinds: HashMap<&'static str, Vec<(Kind, bool)>> = HashMap::new();
    for (kind, never, alone) in WORDS {
        for (words, may) in [(never, false), (alone, true)] {
            words.split_ascii_whitespace().for_each(|word| kinds.entry(word).or_default().push((kind, may)));
        }
    }
    kinds
});

pub(super) fn is(word: &str, kind: Kind) -> bool {
    KINDS.get(word).is_some_and(|kinds| kinds.iter().any(|(own, _)| *own == kind))
}

/// Whether a word that is all that was typed is a ticker.
pub(super) fn is_alone(word: &str) -> bool {
    is_ticker(word) && KINDS.get(word).is_none_or(|kinds| kinds.iter().all(|(_, may)| *may))
}

/// Whether a word behind a market's name is a part of it: `NASDAQ GS`, and not `NYSE GS`.
pub(super) fn is_tier(market: &str, word: &str) -> bool {
    let of = match word {
        "GS" | "GM" | "CM" | "NM" | "SC" => "NAS",
        "QX" | "QB" | "BB" | "PK" | "ID" | "EM" => "OTC",
        "V" => "TS",
        _ => "",
    };
    is(word, Kind::Tier) && market.starts_with(of)
}
