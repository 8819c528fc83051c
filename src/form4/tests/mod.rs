mod conclusions;

use super::read;
use crate::filing::Role;

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
