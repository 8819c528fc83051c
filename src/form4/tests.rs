use super::read;

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
    assert_eq!(filing.owners[0].roles(), ["director"]);
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
    let codes: Vec<_> = filing.warnings.iter().map(|w| w.code.as_str()).collect();
    assert_eq!(codes, ["footnote-missing", "footnote-missing"]);
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
            "bad-flag equitySwapInvolved",
            "bad-number nonDerivativeTransaction[1]/transactionShares",
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

#[test]
fn depth_without_end_is_passed_over() {
    let deep = "<transactionAmounts>".repeat(200_000) + &"</transactionAmounts>".repeat(200_000);
    assert_eq!(read(&row(&deep)).unwrap().lots.len(), 1);
}
