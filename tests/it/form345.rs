//! A quarter of the SEC's Insider Transactions Data Sets, made of filings.

use std::io::{Cursor, Write};

use chrono::NaiveDate;
use sellbell::filing::{Direction, Filing, Line, Lot, Noted, Owner, Ownership, Table, edgar_day};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// The zip. Other tables than `SUBMISSION` have their rows in the reverse order, so that only keys tell which is which.
pub fn zip(filings: &[Filing]) -> Vec<u8> {
    let tables = tables(filings);
    let members: Vec<(String, String)> =
        tables.iter().map(|table| (format!("{}.tsv", table.name), table.text())).collect();
    packed(&members.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect::<Vec<_>>())
}

/// A zip of these members.
pub fn packed(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// One table: its rows are columns by name.
pub struct Sheet {
    pub name: &'static str,
    columns: &'static str,
    rows: Vec<Vec<(String, String)>>,
}

impl Sheet {
    fn new(name: &'static str, columns: &'static str) -> Self {
        Self { name, columns, rows: Vec::new() }
    }

    /// The file's text; a value without a column to stand in is one that the data sets do not have.
    pub fn text(&self) -> String {
        let columns: Vec<&str> = self.columns.split_whitespace().collect();
        let mut lines = vec![columns.join("\t")];
        for row in &self.rows {
            let field = |name: &&str| {
                row.iter().find(|(column, _)| column == name).map_or("", |(_, value)| value.as_str())
            };
            lines.push(columns.iter().map(field).collect::<Vec<_>>().join("\t"));
        }
        lines.join("\n") + "\n"
    }
}

/// The tables and their columns, as the data sets have them.
const TABLES: [(&str, &str); 8] = [
    (
        "SUBMISSION",
        "ACCESSION_NUMBER FILING_DATE PERIOD_OF_REPORT DATE_OF_ORIG_SUB NO_SECURITIES_OWNED NOT_SUBJECT_SEC16 \
        FORM3_HOLDINGS_REPORTED FORM4_TRANS_REPORTED DOCUMENT_TYPE ISSUERCIK ISSUERNAME ISSUERTRADINGSYMBOL \
        REMARKS AFF10B5ONE",
    ),
    (
        "REPORTINGOWNER",
        "ACCESSION_NUMBER RPTOWNERCIK RPTOWNERNAME RPTOWNER_RELATIONSHIP RPTOWNER_TITLE RPTOWNER_TXT \
        RPTOWNER_STREET1 RPTOWNER_STREET2 RPTOWNER_CITY RPTOWNER_STATE RPTOWNER_ZIPCODE RPTOWNER_STATE_DESC \
        FILE_NUMBER",
    ),
    (
        "NONDERIV_TRANS",
        "ACCESSION_NUMBER NONDERIV_TRANS_SK SECURITY_TITLE SECURITY_TITLE_FN TRANS_DATE TRANS_DATE_FN \
        DEEMED_EXECUTION_DATE DEEMED_EXECUTION_DATE_FN TRANS_FORM_TYPE TRANS_CODE EQUITY_SWAP_INVOLVED \
        EQUITY_SWAP_TRANS_CD_FN TRANS_TIMELINESS TRANS_TIMELINESS_FN TRANS_SHARES TRANS_SHARES_FN \
        TRANS_PRICEPERSHARE TRANS_PRICEPERSHARE_FN TRANS_ACQUIRED_DISP_CD TRANS_ACQUIRED_DISP_CD_FN \
        SHRS_OWND_FOLWNG_TRANS SHRS_OWND_FOLWNG_TRANS_FN VALU_OWND_FOLWNG_TRANS VALU_OWND_FOLWNG_TRANS_FN \
        DIRECT_INDIRECT_OWNERSHIP DIRECT_INDIRECT_OWNERSHIP_FN NATURE_OF_OWNERSHIP NATURE_OF_OWNERSHIP_FN",
    ),
    (
        "NONDERIV_HOLDING",
        "ACCESSION_NUMBER NONDERIV_HOLDING_SK SECURITY_TITLE SECURITY_TITLE_FN TRANS_FORM_TYPE \
        TRANS_FORM_TYPE_FN SHRS_OWND_FOLWNG_TRANS SHRS_OWND_FOLWNG_TRANS_FN VALU_OWND_FOLWNG_TRANS \
        VALU_OWND_FOLWNG_TRANS_FN DIRECT_INDIRECT_OWNERSHIP DIRECT_INDIRECT_OWNERSHIP_FN NATURE_OF_OWNERSHIP \
        NATURE_OF_OWNERSHIP_FN",
    ),
    (
        "DERIV_TRANS",
        "ACCESSION_NUMBER DERIV_TRANS_SK SECURITY_TITLE SECURITY_TITLE_FN CONV_EXERCISE_PRICE \
        CONV_EXERCISE_PRICE_FN TRANS_DATE TRANS_DATE_FN DEEMED_EXECUTION_DATE DEEMED_EXECUTION_DATE_FN \
        TRANS_FORM_TYPE TRANS_CODE EQUITY_SWAP_INVOLVED EQUITY_SWAP_TRANS_CD_FN TRANS_TIMELINESS \
        TRANS_TIMELINESS_FN TRANS_SHARES TRANS_SHARES_FN TRANS_TOTAL_VALUE TRANS_TOTAL_VALUE_FN \
        TRANS_PRICEPERSHARE TRANS_PRICEPERSHARE_FN TRANS_ACQUIRED_DISP_CD TRANS_ACQUIRED_DISP_CD_FN \
        EXCERCISE_DATE EXCERCISE_DATE_FN EXPIRATION_DATE EXPIRATION_DATE_FN UNDLYNG_SEC_TITLE \
        UNDLYNG_SEC_TITLE_FN UNDLYNG_SEC_SHARES UNDLYNG_SEC_SHARES_FN UNDLYNG_SEC_VALUE UNDLYNG_SEC_VALUE_FN \
        SHRS_OWND_FOLWNG_TRANS SHRS_OWND_FOLWNG_TRANS_FN VALU_OWND_FOLWNG_TRANS VALU_OWND_FOLWNG_TRANS_FN \
        DIRECT_INDIRECT_OWNERSHIP DIRECT_INDIRECT_OWNERSHIP_FN NATURE_OF_OWNERSHIP NATURE_OF_OWNERSHIP_FN",
    ),
    (
        "DERIV_HOLDING",
        "ACCESSION_NUMBER DERIV_HOLDING_SK SECURITY_TITLE SECURITY_TITLE_FN CONV_EXERCISE_PRICE \
        CONV_EXERCISE_PRICE_FN TRANS_FORM_TYPE TRANS_FORM_TYPE_FN EXERCISE_DATE EXERCISE_DATE_FN \
        EXPIRATION_DATE EXPIRATION_DATE_FN UNDLYNG_SEC_TITLE UNDLYNG_SEC_TITLE_FN UNDLYNG_SEC_SHARES \
        UNDLYNG_SEC_SHARES_FN UNDLYNG_SEC_VALUE UNDLYNG_SEC_VALUE_FN SHRS_OWND_FOLWNG_TRANS \
        SHRS_OWND_FOLWNG_TRANS_FN VALU_OWND_FOLWNG_TRANS VALU_OWND_FOLWNG_TRANS_FN DIRECT_INDIRECT_OWNERSHIP \
        DIRECT_INDIRECT_OWNERSHIP_FN NATURE_OF_OWNERSHIP NATURE_OF_OWNERSHIP_FN",
    ),
    ("FOOTNOTES", "ACCESSION_NUMBER FOOTNOTE_ID FOOTNOTE_TXT"),
    ("OWNER_SIGNATURE", "ACCESSION_NUMBER OWNERSIGNATURENAME OWNERSIGNATUREDATE"),
];

/// The tables of these filings, in the order of [`TABLES`].
pub fn tables(filings: &[Filing]) -> Vec<Sheet> {
    let mut sheets: Vec<Sheet> = TABLES.iter().map(|(name, columns)| Sheet::new(name, columns)).collect();
    let mut key = 8_900_000_u64;
    for filing in filings {
        let accession = ("ACCESSION_NUMBER".to_owned(), filing.accession.unwrap().to_string());
        let mut add = |at: usize, mut row: Vec<(String, String)>| {
            key += 1;
            row.push(accession.clone());
            row.push((format!("{}_SK", TABLES[at].0), key.to_string()));
            sheets[at].rows.push(row);
        };
        add(0, submission(filing));
        // Without a key the table's order is all there is: these come out of its reversal as they are.
        for at in filing.owners.iter().rev() {
            add(1, owner(at));
        }
        for lot in &filing.lots {
            add(if lot.line.table == Table::Derivative { 4 } else { 2 }, transaction(lot));
        }
        for holding in &filing.holdings {
            let mut row = line(&holding.line);
            row.push(plain("TRANS_FORM_TYPE", holding.form.map(|form| form.to_string())));
            row.push(plain("TRANS_FORM_TYPE_FN", Some(holding.coding_footnotes.join(", "))));
            add(if holding.line.table == Table::Derivative { 5 } else { 3 }, row);
        }
        for note in filing.footnotes.iter().rev() {
            add(6, vec![text("FOOTNOTE_ID", &note.id), text("FOOTNOTE_TXT", &note.text)]);
        }
        for signature in filing.signatures.iter().rev() {
            let date = signature.date.map(day);
            add(
                7,
                vec![plain("OWNERSIGNATURENAME", signature.name.clone()), plain("OWNERSIGNATUREDATE", date)],
            );
        }
    }
    sheets[1..].iter_mut().for_each(|sheet| sheet.rows.reverse());
    sheets
}

fn submission(filing: &Filing) -> Vec<(String, String)> {
    let flag = |name, value: Option<bool>| plain(name, value.map(|set| u8::from(set).to_string()));
    vec![
        plain("FILING_DATE", filing.accepted_at.map(edgar_day).map(day)),
        plain("PERIOD_OF_REPORT", filing.period.map(day)),
        plain("DATE_OF_ORIG_SUB", filing.date_of_original_submission.map(day)),
        flag("NO_SECURITIES_OWNED", filing.no_securities_owned),
        flag("NOT_SUBJECT_SEC16", filing.not_subject_to_section_16),
        flag("FORM3_HOLDINGS_REPORTED", filing.form_3_holdings_reported),
        flag("FORM4_TRANS_REPORTED", filing.form_4_transactions_reported),
        text("DOCUMENT_TYPE", &filing.form.to_string()),
        text("ISSUERCIK", &format!("{:010}", filing.issuer.cik.number())),
        text("ISSUERNAME", &filing.issuer.name),
        plain("ISSUERTRADINGSYMBOL", filing.issuer.symbol.clone()),
        plain("REMARKS", filing.remarks.clone()),
        plain("AFF10B5ONE", filing.plan_10b5_1.map(|set| set.to_string())),
    ]
}

fn owner(owner: &Owner) -> Vec<(String, String)> {
    let roles = [
        (owner.director, "Director"),
        (owner.officer, "Officer"),
        (owner.ten_percent_owner, "TenPercentOwner"),
        (owner.other, "Other"),
    ];
    let roles: Vec<&str> = roles.iter().filter(|(has, _)| *has).map(|(_, name)| *name).collect();
    let address = &owner.address;
    vec![
        plain("RPTOWNERCIK", owner.cik.map(|cik| format!("{:010}", cik.number()))),
        text("RPTOWNERNAME", &owner.name),
        text("RPTOWNER_RELATIONSHIP", &roles.join(",")),
        plain("RPTOWNER_TITLE", owner.title.clone()),
        plain("RPTOWNER_TXT", owner.other_text.clone()),
        plain("RPTOWNER_STREET1", address.street_1.clone()),
        plain("RPTOWNER_STREET2", address.street_2.clone()),
        plain("RPTOWNER_CITY", address.city.clone()),
        plain("RPTOWNER_STATE", address.state.clone()),
        plain("RPTOWNER_ZIPCODE", address.zip.clone()),
        plain("RPTOWNER_STATE_DESC", address.state_description.clone()),
    ]
}

fn transaction(lot: &Lot) -> Vec<(String, String)> {
    let mut row = line(&lot.line);
    row.push(plain("TRANS_FORM_TYPE", lot.form.map(|form| form.to_string())));
    row.push(plain("EQUITY_SWAP_INVOLVED", lot.equity_swap.map(|set| u8::from(set).to_string())));
    row.push(plain("TRANS_CODE", lot.code.value.map(|code| code.letter().to_string())));
    row.push(text("EQUITY_SWAP_TRANS_CD_FN", &lot.code.footnotes.join(", ")));
    row.extend(noted("TRANS_DATE", &lot.date, |date| day(*date)));
    row.extend(noted("DEEMED_EXECUTION_DATE", &lot.deemed_execution_date, |date| day(*date)));
    row.extend(noted("TRANS_TIMELINESS", &lot.timeliness, String::clone));
    row.extend(noted("TRANS_SHARES", &lot.shares, |shares| shares.plain()));
    row.extend(noted("TRANS_TOTAL_VALUE", &lot.total_value, |value| value.plain()));
    row.extend(noted("TRANS_PRICEPERSHARE", &lot.price, |price| price.plain()));
    row.extend(noted("TRANS_ACQUIRED_DISP_CD", &lot.direction, |direction| match direction {
        Direction::Acquired => "A".into(),
        Direction::Disposed => "D".into(),
    }));
    row
}

fn line(line: &Line) -> Vec<(String, String)> {
    let mut row: Vec<(String, String)> = Vec::new();
    row.extend(noted("SECURITY_TITLE", &line.security, String::clone));
    row.extend(noted("SHRS_OWND_FOLWNG_TRANS", &line.shares_after, |shares| shares.plain()));
    row.extend(noted("VALU_OWND_FOLWNG_TRANS", &line.value_after, |value| value.plain()));
    row.extend(noted("DIRECT_INDIRECT_OWNERSHIP", &line.ownership, |ownership| match ownership {
        Ownership::Direct => "D".into(),
        Ownership::Indirect => "I".into(),
    }));
    row.extend(noted("NATURE_OF_OWNERSHIP", &line.nature, String::clone));
    if let Some(terms) = &line.terms {
        row.extend(noted("CONV_EXERCISE_PRICE", &terms.exercise_price, |price| price.plain()));
        // One table's name for it is misspelt.
        row.extend(noted("EXCERCISE_DATE", &terms.exercise_date, |date| day(*date)));
        row.extend(noted("EXERCISE_DATE", &terms.exercise_date, |date| day(*date)));
        row.extend(noted("EXPIRATION_DATE", &terms.expiration_date, |date| day(*date)));
        row.extend(noted("UNDLYNG_SEC_TITLE", &terms.underlying, String::clone));
        row.extend(noted("UNDLYNG_SEC_SHARES", &terms.underlying_shares, |shares| shares.plain()));
        row.extend(noted("UNDLYNG_SEC_VALUE", &terms.underlying_value, |value| value.plain()));
    }
    row
}

fn noted<T>(column: &str, noted: &Noted<T>, show: impl Fn(&T) -> String) -> [(String, String); 2] {
    let value = noted.value.as_ref().map(show).unwrap_or_default();
    [text(column, &value), text(&format!("{column}_FN"), &noted.footnotes.join(", "))]
}

fn plain(column: &str, value: Option<String>) -> (String, String) {
    (column.to_owned(), value.unwrap_or_default())
}

fn text(column: &str, value: &str) -> (String, String) {
    (column.to_owned(), value.to_owned())
}

fn day(date: NaiveDate) -> String {
    date.format("%d-%b-%Y").to_string().to_ascii_uppercase()
}
