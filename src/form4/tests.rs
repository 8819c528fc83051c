use super::read;
use crate::filing::{Filing, Lot, Role};

fn document(inner: &str) -> String {
    format!(
        r#"<?xml version="1.0"?><ownershipDocument><schemaVersion>X0508</schemaVersion><documentType>4</documentType>
        <periodOfReport>2023-06-29-05:00</periodOfReport><issuer><issuerCik>0000000070</issuerCik>
        <issuerName>Acme  &amp;
        Sons</issuerName><issuerTradingSymbol>ACME</issuerTradingSymbol></issuer>
        <reportingOwner><reportingOwnerId><rptOwnerCik>0000000007</rptOwnerCik><rptOwnerName>DOE JANE</rptOwnerName>
        </reportingOwnerId><reportingOwnerRelationship><isDirector>true</isDirector><isOfficer>0</isOfficer>
        </reportingOwnerRelationship></reportingOwner>{inner}</ownershipDocument>"#
    )
}

fn row(inner: &str) -> String {
    document(&format!(
        "<nonDerivativeTable><nonDerivativeTransaction>{inner}</nonDerivativeTransaction></nonDerivativeTable>"
    ))
}

#[test]
fn names_fold_and_dates_lose_their_zone() {
    let filing = read(&document("")).unwrap();
    assert_eq!(filing.issuer.name, "Acme & Sons");
    assert_eq!(filing.period.unwrap().to_string(), "2023-06-29");
    assert_eq!(filing.plan_10b5_1, None);
    assert_eq!(filing.roles(&filing.owners[0]), [Role::Director]);
    assert_eq!(filing.warnings, []);
}

#[test]
fn a_price_without_a_value_is_unknown_and_keeps_its_footnote() {
    let filing = read(&row(
        r#"<transactionAmounts><transactionShares><value>100</value><footnoteId id="F2"/></transactionShares>
        <transactionPricePerShare><footnoteId id="F10"/></transactionPricePerShare></transactionAmounts>"#,
    ))
    .unwrap();
    let lot = &filing.lots[0];
    assert_eq!((lot.price.value, lot.value()), (None, None));
    assert_eq!(lot.footnotes(), ["F2", "F10"]);
    let missing: Vec<_> =
        filing.warnings.iter().filter(|w| w.code == "footnote-missing").map(|w| &w.message).collect();
    assert_eq!(missing.len(), 2, "{missing:?}");
}

#[test]
fn what_cannot_be_read_is_none_and_warned_of_with_its_place() {
    let filing = read(&row(
        "<transactionDate><value>tomorrow</value></transactionDate>
        <transactionCoding><transactionCode>sell</transactionCode><equitySwapInvolved>maybe</equitySwapInvolved></transactionCoding>
        <transactionAmounts><transactionShares><value>1,000</value></transactionShares>
        <transactionAcquiredDisposedCode><value>X</value></transactionAcquiredDisposedCode></transactionAmounts>
        <novelty><value>1</value></novelty>",
    ))
    .unwrap();
    let lot = &filing.lots[0];
    assert!(lot.date.value.is_none() && lot.code.value.is_none() && lot.shares.value.is_none());
    let mut told: Vec<_> = filing.warnings.iter().map(|w| format!("{} {}", w.code, w.at)).collect();
    told.sort();
    assert_eq!(
        told,
        [
            "bad-code nonDerivativeTransaction[1]/transactionAcquiredDisposedCode",
            "bad-code nonDerivativeTransaction[1]/transactionCode",
            "bad-date nonDerivativeTransaction[1]/transactionDate",
            "bad-flag nonDerivativeTransaction[1]/equitySwapInvolved",
            "bad-number nonDerivativeTransaction[1]/transactionShares",
            "missing-element nonDerivativeTransaction[1]/transactionAcquiredDisposedCode",
            "missing-element nonDerivativeTransaction[1]/transactionCode",
            "missing-element nonDerivativeTransaction[1]/transactionDate",
            "missing-element nonDerivativeTransaction[1]/transactionShares",
            "unknown-element novelty",
        ]
    );
}

#[test]
fn derivative_rows_come_after_the_others_whatever_the_order() {
    let filing = read(&document(
        "<derivativeTable><derivativeTransaction><securityTitle><value>Option</value></securityTitle>
        <conversionOrExercisePrice><value>.5</value></conversionOrExercisePrice></derivativeTransaction></derivativeTable>
        <nonDerivativeTable><nonDerivativeHolding/><nonDerivativeTransaction><securityTitle><value>Common</value>
        </securityTitle></nonDerivativeTransaction></nonDerivativeTable>",
    ))
    .unwrap();
    let titles: Vec<_> = filing.lots.iter().map(|lot| lot.line.security.value.as_deref().unwrap()).collect();
    assert_eq!(titles, ["Common", "Option"]);
    assert_eq!(filing.lots[1].line.terms.as_ref().unwrap().exercise_price.value.unwrap().plain(), "0.5");
    assert_eq!(filing.holdings.len(), 1);
}

#[test]
fn entities_are_read_and_never_expanded() {
    let filing =
        read(&document("<remarks>A &lt;b&gt; &#38; &#x26; &custom; <![CDATA[<c>]]></remarks>")).unwrap();
    assert_eq!(filing.remarks.as_deref(), Some("A <b> & & &custom; <c>"));
}

#[track_caller]
fn refused(xml: &str, kind: &str, at: &str) {
    let error = read(xml).unwrap_err();
    assert_eq!((error.kind, error.at.as_str()), (kind, at), "{error}");
}

#[test]
fn what_cannot_be_a_filing_says_where() {
    refused("<a/>", "not-ownership", "line 1, column 5");
    refused("", "not-well-formed", "line 1, column 1");
    refused("<ownershipDocument>\n<issuer>", "not-well-formed", "line 2, column 9");
    refused("<ownershipDocument>\n<issuer></owner>", "not-well-formed", "line 2, column 9");
    refused("<ownershipDocument></ownershipDocument>", "incomplete", "documentType");
    refused(&document("").replace("0000000070", "ACME"), "incomplete", "issuer/issuerCik");
}

#[track_caller]
fn warned(xml: &str, code: &str, at: &str) {
    let warnings = read(xml).unwrap().warnings;
    assert!(warnings.iter().any(|w| w.code == code && w.at == at), "{warnings:#?}");
}

#[test]
fn oddities_are_told_and_nothing_is_repaired() {
    let sale = |code: &str, direction: &str| {
        row(&format!(
            "<transactionDate><value>2028-03-01</value></transactionDate>
            <transactionCoding><transactionCode>{code}</transactionCode></transactionCoding>
            <transactionAmounts><transactionShares><value>5</value></transactionShares>
            <transactionAcquiredDisposedCode><value>{direction}</value></transactionAcquiredDisposedCode>
            </transactionAmounts>"
        ))
    };
    warned(&sale("S", "A"), "direction-against-code", "nonDerivativeTransaction[1]");
    warned(&sale("P", "D"), "direction-against-code", "nonDerivativeTransaction[1]");
    assert_eq!(read(&sale("S", "D")).unwrap().warnings, []);
    let signature = "<ownerSignature><signatureName>x</signatureName><signatureDate>2023-03-01</signatureDate></ownerSignature>";
    let signed = sale("S", "D").replace("</ownershipDocument>", &format!("{signature}</ownershipDocument>"));
    warned(&signed, "date-after-signature", "transactionDate");
    assert_eq!(read(&signed).unwrap().lots[0].date.value.unwrap().to_string(), "2028-03-01");
    let negative = sale("S", "D").replace("<value>5</value>", "<value>-5</value>");
    warned(&negative, "bad-number", "nonDerivativeTransaction[1]/transactionShares");
    for date in ["2023-06-29-garbage", "2023-06-29Zzz", "+2023-6-29", "2023- 6- 9", "-023-06-29"] {
        warned(
            &sale("S", "D").replace("2028-03-01", date),
            "bad-date",
            "nonDerivativeTransaction[1]/transactionDate",
        );
    }
    let doubled = sale("S", "D").replace("<value>5</value>", "<value>5</value><value>6</value>");
    warned(&doubled, "doubled-element", "value");
    assert_eq!(read(&doubled).unwrap().lots[0].shares.value.unwrap().plain(), "5");
    let notes = "<footnotes><footnote id=\"F1\">a</footnote><footnote id=\"F1\">b</footnote><footnote>c</footnote></footnotes>";
    warned(&document(notes), "doubled-element", "footnotes");
    warned(&document(notes), "missing-element", "footnotes");
    warned(&document(&format!("<remarks>{}</remarks>", "x".repeat(200_000))), "too-long", "the document");
    let misplaced = "<nonDerivativeTable><derivativeTransaction/></nonDerivativeTable>";
    warned(&document(misplaced), "unknown-element", "derivativeTransaction");
    assert!(read(&document(misplaced)).unwrap().lots.is_empty());
}

#[test]
fn a_holding_keeps_the_footnotes_of_its_coding() {
    let holding = "<nonDerivativeTable><nonDerivativeHolding><transactionCoding><transactionFormType>4</transactionFormType>
        <footnoteId id=\"F2\"/></transactionCoding></nonDerivativeHolding></nonDerivativeTable>
        <footnotes><footnote id=\"F2\">x</footnote></footnotes>";
    let filing = read(&document(holding)).unwrap();
    assert_eq!((filing.holdings[0].footnotes(), filing.warnings), (vec!["F2".to_owned()], vec![]));
}

#[test]
fn more_of_anything_than_a_form_can_have_is_refused() {
    let many = |start: &str, one: &str, end: &str| document(&format!("{start}{}{end}", one.repeat(1_001)));
    for xml in [
        many("<derivativeTable>", "<derivativeTransaction/>", "</derivativeTable>"),
        many("", "<reportingOwner/>", ""),
        many("<footnotes>", "<footnote id=\"F1\"/>", "</footnotes>"),
        many("", "<ownerSignature/>", ""),
        many(
            "<nonDerivativeTable><nonDerivativeHolding><securityTitle>",
            "<footnoteId id=\"F1\"/>",
            "</securityTitle></nonDerivativeHolding></nonDerivativeTable>",
        ),
    ] {
        assert_eq!(read(&xml).unwrap_err().kind, "too-large");
    }
}

#[test]
fn what_stands_outside_the_root_is_refused() {
    for xml in [document("") + "<oops>", document("") + "junk", format!("junk{}", document(""))] {
        assert_eq!(read(&xml).unwrap_err().kind, "not-well-formed");
    }
    assert!(read(&(document("") + "\n<!-- end -->\n")).is_ok());
}

#[test]
fn depth_without_end_is_passed_over() {
    let deep = "<transactionAmounts>".repeat(200_000) + &"</transactionAmounts>".repeat(200_000);
    assert_eq!(read(&row(&deep)).unwrap().lots.len(), 1);
}

#[test]
fn a_price_outside_its_footnoted_range_is_told() {
    let priced = |price: &str| {
        row(&format!(
            "<transactionAmounts><transactionPricePerShare><value>{price}</value><footnoteId id=\"F1\"/>
            </transactionPricePerShare></transactionAmounts>"
        ))
        .replace("</ownershipDocument>", "<footnotes><footnote id=\"F1\">prices ranging from $12.95 to $13.05</footnote></footnotes></ownershipDocument>")
    };
    let odd =
        |price: &str| read(&priced(price)).unwrap().warnings.iter().any(|w| w.code == "price-outside-range");
    assert!(odd("12.7733") && odd("14"));
    assert!(!odd("13.0512") && !odd("12.95"), "a cent of rounding is allowed");
    let filing = read(&priced("13")).unwrap();
    assert_eq!(filing.lots[0].price_low().unwrap().plain(), "12.95");
    assert_eq!(filing.lots[0].price_is_average, Some(false), "a range alone does not say so");
}

/// A sale with these footnote ids on its date.
fn sale(price: &str, ids: &[&str]) -> String {
    let notes: String = ids.iter().map(|id| format!("<footnoteId id=\"{id}\"/>")).collect();
    format!(
        "<nonDerivativeTransaction><securityTitle><value>Common Stock</value></securityTitle>\
         <transactionDate><value>2023-03-08</value>{notes}</transactionDate>\
         <transactionCoding><transactionCode>S</transactionCode></transactionCoding><transactionAmounts>\
         <transactionShares><value>100</value></transactionShares>\
         <transactionPricePerShare><value>{price}</value></transactionPricePerShare>\
         <transactionAcquiredDisposedCode><value>D</value></transactionAcquiredDisposedCode></transactionAmounts>\
         </nonDerivativeTransaction>"
    )
}

fn noted(before: &str, sales: &[String], notes: &[(&str, &str)], remarks: &str) -> Filing {
    let notes: String =
        notes.iter().map(|(id, text)| format!("<footnote id=\"{id}\">{text}</footnote>")).collect();
    let xml = document(&format!(
        "{before}<nonDerivativeTable>{}</nonDerivativeTable><footnotes>{notes}</footnotes><remarks>{remarks}</remarks>",
        sales.concat()
    ));
    read(&xml).unwrap()
}

/// Plan, intent and evidence of each row.
fn concluded(filing: &Filing) -> Vec<(&'static str, &'static str, String)> {
    let words = |lot: &Lot| {
        let intent = lot.intent.as_ref().unwrap();
        (
            lot.plan.value.word(),
            intent.value.word(),
            intent.evidence.as_ref().map(ToString::to_string).unwrap_or_default(),
        )
    };
    filing.lots.iter().map(words).collect()
}

const PLAN: &str = "Sold under a Rule 10b5-1 plan adopted on June 1, 2022.";
const COVER: &str = "Sold to cover tax withholding on vesting of RSUs.";

#[test]
fn a_note_speaks_of_the_rows_that_refer_to_it() {
    let filing = noted(
        "",
        &[sale("10", &["F1"]), sale("10", &["F2"]), sale("10", &[])],
        &[("F1", PLAN), ("F2", COVER)],
        "",
    );
    assert_eq!(
        concluded(&filing),
        [
            ("yes", "plan", format!("F1: \"{PLAN}\"")),
            ("unknown", "sell-to-cover", format!("F2: \"{COVER}\"")),
            ("unknown", "unknown", String::new()),
        ]
    );
    let adopted = filing.lots[0].plan_adopted.as_ref().unwrap();
    assert_eq!(adopted.date.to_string(), "2022-06-01");
    assert_eq!(adopted.evidence.to_string(), "F1: \"Sold under a Rule 10b5-1 plan adopted on June 1, 2022\"");
    assert!(filing.lots[1..].iter().all(|lot| lot.plan_adopted.is_none()));
}

#[test]
fn what_speaks_of_the_whole_filing_speaks_of_all_rows_but_a_rows_own_note_comes_first() {
    let whole = "The sales reported on this Form 4 were made under a Rule 10b5-1 plan.";
    let filing = noted(
        "",
        &[sale("10", &["F1"]), sale("10", &["F2"]), sale("10", &[])],
        &[("F1", whole), ("F2", COVER)],
        "",
    );
    let told: Vec<_> = concluded(&filing).into_iter().map(|(plan, intent, _)| (plan, intent)).collect();
    assert_eq!(told, [("yes", "plan"), ("unknown", "sell-to-cover"), ("yes", "plan")]);
    // The remarks, and a note that no row refers to, speak of everything.
    for filing in
        [noted("", &[sale("10", &[])], &[], PLAN), noted("", &[sale("10", &[])], &[("F1", PLAN)], "")]
    {
        assert_eq!((concluded(&filing)[0].0, concluded(&filing)[0].1), ("yes", "plan"));
    }
    let filing = noted("", &[sale("10", &[])], &[], PLAN);
    assert_eq!(concluded(&filing)[0].2, format!("remarks: \"{PLAN}\""));
}

#[test]
fn the_box_decides_where_no_note_does() {
    let boxed = |ticked: &str| format!("<aff10b5One>{ticked}</aff10b5One>");
    let plain = |before: &str| concluded(&noted(before, &[sale("10", &[])], &[], "")).remove(0);
    assert_eq!(plain(&boxed("1")), ("yes", "plan", "10b5-1 box: ticked".into()));
    assert_eq!(plain(&boxed("0")), ("no", "discretionary", "10b5-1 box: not ticked".into()));
    assert_eq!(plain(""), ("unknown", "unknown", String::new()));
    let noted_plan = noted(&boxed("false"), &[sale("10", &["F1"])], &[("F1", PLAN)], "");
    assert_eq!(concluded(&noted_plan)[0].0, "yes");
    let denied =
        noted("", &[sale("10", &["F1"])], &[("F1", "This sale was not made under a Rule 10b5-1 plan.")], "");
    assert_eq!((concluded(&denied)[0].0, concluded(&denied)[0].1), ("no", "discretionary"));
}

#[test]
fn of_several_ranges_in_a_note_the_rows_own_is_taken() {
    let note =
        "Prices ranged from $10.00 to $10.50 in the first lot and from $12.00 to $12.75 in the second.";
    let notes = [("F1", note)];
    let filing = noted("", &[sale("10.2", &["F1"]), sale("12.3", &["F1"]), sale("14", &["F1"])], &notes, "");
    let ranges: Vec<_> = filing
        .lots
        .iter()
        .map(|lot| lot.actual_prices.as_ref().map(|prices| (prices.low.plain(), prices.high.plain())))
        .collect();
    let range = |low: &str, high: &str| Some((low.to_owned(), high.to_owned()));
    assert_eq!(ranges, [range("10", "10.5"), range("12", "12.75"), None]);
}

#[test]
fn what_contradicts_itself_is_warned_of() {
    let codes = |filing: &Filing| -> Vec<String> {
        filing.warnings.iter().map(|warning| warning.code.clone()).collect()
    };
    let late = |xml: &str, accepted: &str| {
        let mut filing = super::parse(xml).unwrap();
        filing.accepted_at = Some(accepted.parse().unwrap());
        super::conclude(&mut filing);
        codes(&filing)
    };
    let one = document(&format!("<nonDerivativeTable>{}</nonDerivativeTable>", sale("10", &[])));
    assert_eq!(late(&one, "2023-03-10T23:00:00Z"), Vec::<String>::new());
    assert_eq!(late(&one, "2023-03-13T13:00:00Z"), ["filed-late"]);
    assert_eq!(late(&one, "2023-03-07T13:00:00Z"), ["date-in-future"]);
    assert_eq!(
        late(&one.replace("<documentType>4<", "<documentType>4/A<"), "2023-04-13T13:00:00Z"),
        Vec::<String>::new()
    );

    let many = |prices: &[&str]| {
        noted("", &prices.iter().map(|price| sale(price, &[])).collect::<Vec<_>>(), &[], "")
    };
    assert_eq!(codes(&many(&["10", "10.4", "9.9"])), Vec::<String>::new());
    assert_eq!(codes(&many(&["10", "10.4", "1.04"])), ["price-far-from-siblings"]);
    // 1,000 dollars for 100 shares at 10.
    assert_eq!(codes(&many(&["10", "1000"])), ["price-like-total"]);
    assert_eq!(codes(&many(&["188139"])), ["price-like-total"]);
    assert_eq!(
        codes(
            &read(&document(
                &sale("10", &[])
                    .replace("<value>100</value>", "<value>0</value>")
                    .replacen(
                        "<nonDerivativeTransaction>",
                        "<nonDerivativeTable><nonDerivativeTransaction>",
                        1
                    )
                    .replace(
                        "</nonDerivativeTransaction>",
                        "</nonDerivativeTransaction></nonDerivativeTable>"
                    )
            ))
            .unwrap()
        ),
        ["zero-shares"]
    );
    let after = noted(
        "",
        &[sale("10", &["F1"])],
        &[("F1", "Sold under a Rule 10b5-1 plan adopted on June 1, 2024.")],
        "",
    );
    assert_eq!(codes(&after), ["plan-after-trade"]);
    assert_eq!(codes(&noted("", &[sale("10", &["F1"])], &[("F1", " ")], "")), ["footnote-missing"]);

    let symbol = |typed: &str| codes(&read(&one.replace(">ACME<", &format!(">{typed}<"))).unwrap());
    assert_eq!(symbol("hunter2!pass"), ["odd-ticker"]);
    for none in ["NONE", "N/A", "-", "Not applicable", "ACME"] {
        assert_eq!(symbol(none), Vec::<String>::new(), "{none}");
    }
    let secret = read(&one.replace(">ACME<", ">hunter2!pass<")).unwrap();
    assert!(!secret.warnings[0].message.contains("hunter2"));
    let titled = one.replace(
        "<isOfficer>0</isOfficer>",
        "<isOfficer>0</isOfficer><officerTitle>Chief Sorcerer</officerTitle>",
    );
    assert_eq!(codes(&read(&titled).unwrap()), ["title-without-office"]);
}
