//! EDGAR's documents for the filings of an archive: the feed, the two files of a daily index, the list of a
//! company's filings.

use std::fmt::Write as _;

use chrono::{NaiveDate, SecondsFormat};
use chrono_tz::America::New_York;
use serde_json::{Value, json};

use super::archive::{Filed, Filer};
use crate::filing::{Cik, edgar_day, index_url};

/// The width of this column of `form.<day>.idx`.
const NAME_WIDTH: usize = 62;

/// A page of the feed.
pub(super) fn atom(entries: &[(&Filed, &Filer)]) -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"ISO-8859-1\" ?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n\
         <title>Latest Filings</title>\n<id>https://www.sec.gov/cgi-bin/browse-edgar?action=getcurrent</id>\n",
    );
    for (filing, filer) in entries {
        let Filed { form, accession, size, .. } = filing;
        let accepted = filing.accepted_at.with_timezone(&New_York);
        let name = escape(&filer.name);
        let url = index_url(filer.cik, *accession);
        let role = &filer.role;
        // Writing to a String cannot fail.
        let _ = write!(
            xml,
            "<entry>\n<title>{form} - {name} ({:010}) ({role})</title>\n\
             <link rel=\"alternate\" type=\"text/html\" href=\"{url}\"/>\n\
             <summary type=\"html\">\n &lt;b&gt;Filed:&lt;/b&gt; {} &lt;b&gt;AccNo:&lt;/b&gt; {accession} &lt;b&gt;Size:&lt;/b&gt; {size}\n</summary>\n\
             <updated>{}</updated>\n\
             <category scheme=\"https://www.sec.gov/\" label=\"form type\" term=\"{form}\"/>\n\
             <id>urn:tag:sec.gov,2008:accession-number={accession}</id>\n</entry>\n",
            filer.cik.number(),
            accepted.format("%Y-%m-%d"),
            accepted.to_rfc3339(),
        );
    }
    xml.push_str("</feed>\n");
    xml
}

/// Escapes markup, and writes everything beyond ASCII as character references: the feed declares ISO-8859-1.
fn escape(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            c if c.is_ascii() => c.to_string(),
            c => format!("&#{};", u32::from(c)),
        })
        .collect()
}

/// `master.<day>.idx`, sorted by CIK.
pub(super) fn master_index(day: NaiveDate, filings: &[&Filed]) -> String {
    let mut lines: Vec<[String; 4]> = lines(filings)
        .map(|(filing, filer)| {
            [filer.cik.to_string(), plain(&filer.name), filing.form.to_string(), path(filer.cik, filing)]
        })
        .collect();
    lines.sort_unstable_by(|a, b| (&a[0], &a[2], &a[3]).cmp(&(&b[0], &b[2], &b[3])));
    let mut text = index_head("", day);
    text.push_str("\nCIK|Company Name|Form Type|Date Filed|File Name\n");
    rule(&mut text, 80);
    let date = day.format("%Y%m%d");
    for [cik, name, form, path] in lines {
        let _ = writeln!(text, "{cik}|{name}|{form}|{date}|{path}");
    }
    text
}

/// `form.<day>.idx`, sorted by form, then by name.
pub(super) fn form_index(day: NaiveDate, filings: &[&Filed]) -> String {
    let mut lines: Vec<[String; 4]> = lines(filings)
        .map(|(filing, filer)| {
            let name = plain(&filer.name).chars().take(NAME_WIDTH - 1).collect();
            [filing.form.to_string(), name, path(filer.cik, filing), filer.cik.to_string()]
        })
        .collect();
    lines.sort_unstable();
    let mut text = index_head(" by Form Type", day);
    text.push_str(" \n \n \n \n");
    let row = |text: &mut String, [form, name, cik, date]: [&str; 4]| {
        let _ = write!(text, "{form:<12}{name:<NAME_WIDTH$}{cik:<12}{date:<12}");
    };
    row(&mut text, ["Form Type", "Company Name", "CIK", "Date Filed"]);
    text.push_str("File Name\n");
    rule(&mut text, 141);
    let date = day.format("%Y%m%d").to_string();
    for [form, name, path, cik] in &lines {
        row(&mut text, [form, name, cik, &date]);
        let _ = writeln!(text, "{path:<52}");
    }
    text
}

/// The list of a company's filings: the newest, and under `files` the files with older ones, with `in_a_file`
/// filings each.
pub(super) fn company(company: Cik, filings: &[&Filed], in_a_file: usize) -> Value {
    let mut parts = filings.chunks(in_a_file);
    let recent = company_columns(parts.next().unwrap_or_default());
    let files: Vec<Value> = parts
        .zip(1..)
        .map(|(part, number)| {
            let day = |filing: Option<&&Filed>| filing.map(|filing| edgar_day(filing.accepted_at));
            json!({
                "name": format!("CIK{:010}-submissions-{number:03}.json", company.number()),
                "filingCount": part.len(),
                "filingFrom": day(part.last()),
                "filingTo": day(part.first()),
            })
        })
        .collect();
    let names = filings.iter().flat_map(|filing| &filing.filers);
    let name = names.filter(|filer| filer.cik == company).map(|filer| &filer.name).next();
    json!({
        "cik": format!("{:010}", company.number()),
        "name": name,
        "filings": { "recent": recent, "files": files },
    })
}

/// Filings in columns, in the format of a company's further files.
pub(super) fn company_columns(filings: &[&Filed]) -> Value {
    let column = |of: &dyn Fn(&Filed) -> String| filings.iter().map(|filing| of(filing)).collect::<Vec<_>>();
    json!({
        "accessionNumber": column(&|filing| filing.accession.to_string()),
        "filingDate": column(&|filing| edgar_day(filing.accepted_at).to_string()),
        "acceptanceDateTime": column(&|filing| filing.accepted_at.to_rfc3339_opts(SecondsFormat::Millis, true)),
        "form": column(&|filing| filing.form.to_string()),
    })
}

fn index_head(by: &str, day: NaiveDate) -> String {
    format!(
        "Description:           Daily Index of EDGAR Dissemination Feed{by}\nLast Data Received:    {}\n\
         Comments:              webmaster@sec.gov\nAnonymous FTP:         ftp://ftp.sec.gov/edgar/\n",
        day.format("%b %d, %Y")
    )
}

fn rule(text: &mut String, width: usize) {
    text.push_str(&"-".repeat(width));
    text.push('\n');
}

fn lines<'a>(filings: &'a [&'a Filed]) -> impl Iterator<Item = (&'a Filed, &'a Filer)> {
    filings.iter().flat_map(|filing| filing.filers.iter().map(|filer| (*filing, filer)))
}

fn path(filer: Cik, filing: &Filed) -> String {
    format!("edgar/data/{filer}/{}.txt", filing.accession)
}

/// A name on one line.
fn plain(name: &str) -> String {
    name.replace(char::is_control, " ")
}
