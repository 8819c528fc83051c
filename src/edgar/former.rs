//! Former tickers of well-known companies, for people who still use them.

use crate::filing::{Cik, ticker_key};

/// A ticker that a company no longer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Former {
    /// The CIK of the company that had it.
    pub cik: Cik,
    /// The company's name today.
    pub name: &'static str,
    /// Its ticker since then; `None` if its shares are no longer traded.
    pub since: Option<&'static str>,
}

/// The former ticker, the company's CIK and name, and its ticker since then.
const FORMER: [(&str, u64, &str, &str); 18] = [
    ("ABC", 1_140_859, "Cencora", "COR"),
    ("ANTM", 1_156_039, "Elevance Health", "ELV"),
    ("ATVI", 718_877, "Activision Blizzard", ""),
    ("BLL", 9_389, "Ball Corporation", "BALL"),
    ("COG", 858_470, "Coterra Energy", "CTRA"),
    ("COH", 1_116_132, "Tapestry", "TPR"),
    ("CTL", 18_926, "Lumen Technologies", "LUMN"),
    ("DISCA", 1_437_107, "Warner Bros. Discovery", "WBD"),
    ("FB", 1_326_801, "Meta Platforms", "META"),
    ("FLT", 1_175_454, "Corpay", "CPAY"),
    ("GPS", 39_911, "Gap", "GAP"),
    ("LB", 701_985, "Bath & Body Works", "BBWI"),
    ("PCLN", 1_075_531, "Booking Holdings", "BKNG"),
    ("PKI", 31_791, "Revvity", "RVTY"),
    ("SQ", 1_512_673, "Block", "XYZ"),
    ("TWTR", 1_418_091, "Twitter", ""),
    ("UTX", 101_829, "RTX", "RTX"),
    ("WLTW", 1_140_536, "Willis Towers Watson", "WTW"),
];

/// The company that used to have a ticker, if it is well known. Another company may have the ticker today:
/// check the list first.
pub fn former(ticker: &str) -> Option<Former> {
    let key = ticker_key(ticker);
    let (_, cik, name, since) = FORMER.iter().find(|(ticker, ..)| *ticker == key)?;
    Some(Former { cik: Cik::new(*cik)?, name, since: (!since.is_empty()).then_some(since) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_former_ticker_names_its_company() {
        let fb = former("fb").unwrap();
        assert_eq!((fb.cik.to_string().as_str(), fb.since), ("1326801", Some("META")));
        assert_eq!(former("TWTR").unwrap().since, None);
        assert_eq!(former("META"), None);
    }
}
