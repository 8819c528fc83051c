//! Reads the part of a submission's header that describes the issuer.

use crate::filing::{CompanyFacts, Jurisdiction};
use crate::text::{clip, fold};

/// The longest field of a header, in characters. Real ones are shorter.
const LONGEST: usize = 200;

/// The header's facts about the issuer. Owners have fields with the same names in their own blocks.
pub(super) fn company(header: &str) -> CompanyFacts {
    let mut facts = CompanyFacts::default();
    let mut address = Address::None;
    let mut of_mail: Option<Jurisdiction> = None;
    for line in issuer_block(header) {
        let Some((name, value)) = line.split_once(':') else { continue };
        let (name, value) = (name.trim(), value.trim());
        match name {
            "BUSINESS ADDRESS" => address = Address::Business,
            "MAIL ADDRESS" => address = Address::Mail,
            "FORMER COMPANY" => address = Address::None,
            "STANDARD INDUSTRIAL CLASSIFICATION" => (facts.sector, facts.sic) = classification(value),
            "STATE OF INCORPORATION" => facts.incorporated_in = Jurisdiction::of_code(value),
            "FISCAL YEAR END" => facts.fiscal_year_end = CompanyFacts::day_of_year(value),
            // Renamed in spring 2025. All zeros mean that there is none.
            "IRS NUMBER" | "EIN" => {
                let is_number = value.len() == 9 && value.bytes().all(|b| b.is_ascii_digit());
                facts.ein = (is_number && value != "000000000").then(|| value.to_owned());
            }
            "STATE" | "PROVINCE COUNTRY" => match address {
                Address::Business => {
                    facts.located_in = facts.located_in.or_else(|| Jurisdiction::of_code(value))
                }
                Address::Mail => of_mail = of_mail.or_else(|| Jurisdiction::of_code(value)),
                Address::None => {}
            },
            _ => {}
        }
    }
    facts.located_in = facts.located_in.or(of_mail);
    facts
}

#[derive(Clone, Copy)]
enum Address {
    None,
    Business,
    Mail,
}

/// The lines after `ISSUER:` up to the next block.
fn issuer_block(header: &str) -> impl Iterator<Item = &str> {
    let mut lines = header.lines();
    let found = lines.by_ref().any(|line| line.trim_end() == "ISSUER:");
    // Only the names of blocks begin at the start of a line.
    let is_of_it = |line: &&str| line.starts_with(['\t', ' ']) || line.trim().is_empty();
    lines.take_while(is_of_it).filter(move |_| found)
}

/// `SEMICONDUCTORS & RELATED DEVICES [3674]`: the title and the code.
fn classification(value: &str) -> (Option<String>, Option<String>) {
    let (title, digits) = value.rsplit_once('[').unwrap_or((value, ""));
    let digits = digits.trim_end_matches(']').trim();
    let is_code = (1..=4).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let title = fold(title);
    let title = (!title.is_empty()).then(|| clip(&title, LONGEST).into_owned());
    (title, is_code.then(|| format!("{digits:0>4}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABROAD: &str = "<SEC-HEADER>\nREPORTING-OWNER:\t\n\n\tOWNER DATA:\t\n\t\tSTATE OF INCORPORATION:\t\t\tDE\n\
        \tMAIL ADDRESS:\t\n\t\tSTATE:\t\t\tNY\n\nISSUER:\n\n\tCOMPANY DATA:\t\n\
        \t\tCOMPANY CONFORMED NAME:\t\t\tInvented Technology Co., Ltd.\n\
        \t\tSTANDARD INDUSTRIAL CLASSIFICATION:\tBOOKS: PUBLISHING OR PRINTING [2731]\n\
        \t\tORGANIZATION NAME:           \t04 Manufacturing\n\t\tEIN:\t\t\t\t000000000\n\
        \t\tSTATE OF INCORPORATION:\t\t\tE9\n\t\tFISCAL YEAR END:\t\t\t0331\n\n\tBUSINESS ADDRESS:\n\
        \t\tADDRESS IS A NON US LOCATION: \tYES\n\t\tCITY:\t\t\tKAOHSIUNG\n\t\tPROVINCE COUNTRY:   \tF5\n\n\
        \tMAIL ADDRESS:\t\n\t\tSTATE:\t\t\tNY\n\n\tFORMER COMPANY:\t\n\t\tDATE OF NAME CHANGE:\t20180101\n</SEC-HEADER>\n";

    #[test]
    fn the_issuers_part_is_read_in_both_styles() {
        let facts = company(ABROAD);
        assert_eq!(facts.sic.as_deref(), Some("2731"));
        assert_eq!(facts.sector.as_deref(), Some("BOOKS: PUBLISHING OR PRINTING"));
        assert_eq!(facts.incorporated_in.map(|place| place.name), Some("Cayman Islands"));
        assert_eq!(facts.located_in.map(|place| place.name), Some("Taiwan"));
        assert_eq!((facts.fiscal_year_end, facts.ein), (Some((3, 31)), None));
        let old = ABROAD
            .replace("ADDRESS IS A NON US LOCATION: \tYES\n\t\t", "")
            .replace("PROVINCE COUNTRY:   ", "STATE:\t\t")
            .replace("EIN:\t\t\t\t000000000", "IRS NUMBER:\t\t\t\t112233445");
        let facts = company(&old);
        assert_eq!(facts.located_in.map(|place| place.name), Some("Taiwan"));
        assert_eq!(facts.ein.as_deref(), Some("112233445"));
    }

    #[test]
    fn what_is_missing_or_wrong_is_none() {
        assert_eq!(company(""), CompanyFacts::default());
        let odd = "ISSUER:\n\t\tFISCAL YEAR END:\t0230\n\t\tSTANDARD INDUSTRIAL CLASSIFICATION:\t[]\n\t\tSTATE OF INCORPORATION:\t??\n";
        assert_eq!(company(odd), CompanyFacts::default());
        let mail = "ISSUER:\n\tBUSINESS ADDRESS:\n\t\tBUSINESS PHONE:\t1\n\tMAIL ADDRESS:\n\t\tSTATE:\tP7\n";
        assert_eq!(company(mail).located_in.map(|place| place.name), Some("Netherlands"));
    }
}
