//! Foreign companies: currencies, ADS, several securities, the company's facts, and numbers of another locale.

mod conditions;
mod language;
mod learnt;
mod messages;
mod properties;
mod table;

use std::collections::BTreeMap;

use sellbell::alert::Alert;
use sellbell::filing::Filing;
use sellbell::problem::Source;
use sellbell::reader;
use sellbell::rules::{self, Explanation, History, Rule, Subject};
use serde::Deserialize;

use crate::fakes::edgar::Published;
use crate::world::at;

/// A row as a test describes it.
#[derive(Clone, Debug, Deserialize)]
pub struct Row {
    pub title: String,
    pub shares: String,
    pub price: Option<String>,
    pub shares_after: Option<String>,
    #[serde(default = "sale")]
    pub code: String,
    #[serde(default = "disposed")]
    pub direction: String,
    /// The texts that are tied to an element: `price`, `title`, `shares`, `after`, `code`; `remarks` are tied to none.
    #[serde(default)]
    pub notes: BTreeMap<String, Vec<String>>,
}

fn sale() -> String {
    "S".into()
}

fn disposed() -> String {
    "D".into()
}

/// A sale of ordinary shares: number, price, held after.
pub fn row(title: &str, shares: &str, price: &str, after: &str) -> Row {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Row {
        title: title.into(),
        shares: shares.into(),
        price: text(price),
        shares_after: text(after),
        code: sale(),
        direction: disposed(),
        notes: BTreeMap::new(),
    }
}

impl Row {
    pub fn note(mut self, element: &str, text: &str) -> Self {
        self.notes.entry(element.into()).or_default().push(text.into());
        self
    }

    pub fn code(mut self, code: &str, direction: &str) -> Self {
        (self.code, self.direction) = (code.into(), direction.into());
        self
    }
}

/// A submission as a test describes it.
#[derive(Clone)]
pub struct Filed {
    pub accession: &'static str,
    pub accepted: &'static str,
    pub issuer: u64,
    pub name: String,
    pub symbol: String,
    pub foreign_symbol: String,
    /// Lines of the header's `ISSUER:` block.
    pub header: String,
    pub rows: Vec<Row>,
}

pub fn filed(rows: &[Row]) -> Filed {
    Filed {
        accession: "0009990021-26-000001",
        accepted: "2026-08-20T16:05:00-04:00",
        issuer: 990_021,
        name: "Invented Technology Co., Ltd.".into(),
        symbol: "INVT".into(),
        foreign_symbol: String::new(),
        header: TAIWANESE.into(),
        rows: rows.to_vec(),
    }
}

/// The header of a company in Taiwan, in the style of 2026.
pub const TAIWANESE: &str = "\tCOMPANY DATA:\t\n\t\tCOMPANY CONFORMED NAME:\t\t\tInvented Technology Co., Ltd.\n\
    \t\tSTANDARD INDUSTRIAL CLASSIFICATION:\tSEMICONDUCTORS & RELATED DEVICES [3674]\n\
    \t\tORGANIZATION NAME:           \t04 Manufacturing\n\t\tEIN:\t\t\t\t000000000\n\
    \t\tSTATE OF INCORPORATION:\t\t\tE9\n\t\tFISCAL YEAR END:\t\t\t1231\n\n\tBUSINESS ADDRESS:\t\n\
    \t\tADDRESS IS A NON US LOCATION: \tYES\n\t\tCITY:\t\t\tHSINCHU\n\t\tPROVINCE COUNTRY:   \tF5\n";
/// That of one in California, in the style of before.
pub const CALIFORNIAN: &str = "\tCOMPANY DATA:\t\n\t\tSTANDARD INDUSTRIAL CLASSIFICATION:\tSERVICES-PREPACKAGED SOFTWARE [7372]\n\
    \t\tIRS NUMBER:\t\t\t\t770534145\n\t\tSTATE OF INCORPORATION:\t\t\tDE\n\t\tFISCAL YEAR END:\t\t\t0131\n\n\
    \tBUSINESS ADDRESS:\t\n\t\tSTREET 1:\t\t1 MAIN ST\n\t\tCITY:\t\t\tFOSTER CITY\n\t\tSTATE:\t\t\tCA\n";

impl Filed {
    pub fn bytes(&self) -> Vec<u8> {
        let (mut table, mut notes) = (String::new(), Vec::new());
        for row in &self.rows {
            table += &xml(row, &mut notes);
        }
        let remarks: Vec<&str> = self
            .rows
            .iter()
            .filter_map(|row| row.notes.get("remarks"))
            .flatten()
            .map(String::as_str)
            .collect();
        let footnotes: String = notes
            .iter()
            .enumerate()
            .map(|(i, text)| format!("<footnote id=\"F{}\">{}</footnote>", i + 1, escaped(text)))
            .collect();
        let accepted = at(self.accepted).with_timezone(&chrono_tz::America::New_York);
        let Self { accession, issuer, name, symbol, foreign_symbol, header, .. } = self;
        let lines = if header.is_empty() { String::new() } else { format!("ISSUER:\t\t\n\n{header}\n") };
        format!(
            "<SEC-DOCUMENT>\n<SEC-HEADER>\n<ACCEPTANCE-DATETIME>{}\nACCESSION NUMBER:\t\t{accession}\n\n\
             REPORTING-OWNER:\t\n\n\tOWNER DATA:\t\n\t\tSTATE OF INCORPORATION:\t\t\tNV\n\n{lines}</SEC-HEADER>\n\
             <DOCUMENT>\n<TYPE>4\n<TEXT>\n<XML>\n<ownershipDocument><schemaVersion>X0609</schemaVersion>\
             <documentType>4</documentType><periodOfReport>2026-08-19</periodOfReport><issuer>\
             <issuerCik>{issuer:010}</issuerCik><issuerName>{}</issuerName><issuerTradingSymbol>{symbol}</issuerTradingSymbol>\
             <issuerForeignTradingSymbol>{foreign_symbol}</issuerForeignTradingSymbol></issuer><reportingOwner>\
             <reportingOwnerId><rptOwnerCik>0000990022</rptOwnerCik><rptOwnerName>LIN MEI</rptOwnerName></reportingOwnerId>\
             <reportingOwnerAddress><rptOwnerNonUSAddressFlag>true</rptOwnerNonUSAddressFlag>\
             <rptOwnerStreet1>1 PARK AVE</rptOwnerStreet1><rptOwnerCity>HSINCHU</rptOwnerCity>\
             <rptOwnerNonUSStateTerritory>TAIWAN</rptOwnerNonUSStateTerritory><rptOwnerCountry>F5</rptOwnerCountry>\
             <rptOwnerZipCode>300</rptOwnerZipCode></reportingOwnerAddress><reportingOwnerRelationship>\
             <isDirector>true</isDirector></reportingOwnerRelationship></reportingOwner>\
             <nonDerivativeTable>{table}</nonDerivativeTable><footnotes>{footnotes}</footnotes>\
             <remarks>{}</remarks></ownershipDocument>\n</XML>\n</TEXT>\n</DOCUMENT>\n</SEC-DOCUMENT>\n",
            accepted.format("%Y%m%d%H%M%S"),
            escaped(name),
            escaped(&remarks.join(" ")),
        )
        .into_bytes()
    }

    pub fn read(&self) -> Filing {
        reader::read(&self.bytes()).unwrap()
    }

    pub fn published(&self) -> Published {
        Published {
            accession: self.accession,
            form: "4",
            issuer: self.issuer,
            owner: 990_022,
            accepted: self.accepted,
            body: self.bytes(),
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn xml(row: &Row, notes: &mut Vec<String>) -> String {
    let mut element = |name: &str, value: Option<&str>, of: &str| {
        let ids: String = row.notes.get(of).into_iter().flatten().fold(String::new(), |ids, text| {
            let place = notes.iter().position(|known| known == text).unwrap_or_else(|| {
                notes.push(text.clone());
                notes.len() - 1
            });
            ids + &format!("<footnoteId id=\"F{}\"/>", place + 1)
        });
        let value = value.map(|value| format!("<value>{}</value>", escaped(value))).unwrap_or_default();
        format!("<{name}>{value}{ids}</{name}>")
    };
    let title = element("securityTitle", Some(&row.title), "title");
    let shares = element("transactionShares", Some(&row.shares), "shares");
    let price = element("transactionPricePerShare", row.price.as_deref(), "price");
    let after = element("sharesOwnedFollowingTransaction", row.shares_after.as_deref(), "after");
    let code = element("x", None, "code").replace("<x>", "").replace("</x>", "");
    format!(
        "<nonDerivativeTransaction>{title}<transactionDate><value>2026-08-19</value></transactionDate>\
         <transactionCoding><transactionFormType>4</transactionFormType><transactionCode>{}</transactionCode>\
         <equitySwapInvolved>0</equitySwapInvolved>{code}</transactionCoding><transactionAmounts>{shares}{price}\
         <transactionAcquiredDisposedCode><value>{}</value></transactionAcquiredDisposedCode></transactionAmounts>\
         <postTransactionAmounts>{after}</postTransactionAmounts><ownershipNature><directOrIndirectOwnership>\
         <value>D</value></directOrIndirectOwnership></ownershipNature></nonDerivativeTransaction>",
        row.code, row.direction
    )
}

/// A rule of these conditions; sales and purchases, where they name no codes.
pub fn rule(conditions: &str) -> Rule {
    let codes = if conditions.contains("codes") { "" } else { "codes = [\"S\", \"P\", \"M\", \"F\"]\n" };
    let text = format!("[[rule]]\nname = \"a\"\n{codes}{conditions}\n");
    rules::load_slice([Source { file: "a", text: &text }], &|_| true, &[]).unwrap().remove(0)
}

pub fn explained(filing: &Filing, conditions: &str) -> Explanation {
    rules::explain(&rule(conditions), &Subject::new(filing, History::default()))
}

#[track_caller]
pub fn alert(filing: &Filing, conditions: &str) -> Alert {
    let rule = rule(conditions);
    let matched = rules::evaluate(&rule, &Subject::new(filing, History::default()))
        .unwrap_or_else(|silent| panic!("{conditions} is silent: {silent}"));
    Alert::new(&rule, filing, &matched, at("2026-08-20T16:06:00-04:00")).unwrap()
}
