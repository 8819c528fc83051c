//! Conclusions about each row from the footnotes, the remarks and the 10b5-1 box, with the words as evidence.
//!
//! A note that is tied to a row is about that row. It is about other rows only if its words say so ("the
//! sales reported on this Form 4"), and about all rows if it is tied to none; a row's own notes come first.

mod applying;
mod money;
mod notes;
mod prices;

use self::applying::Applying;
use self::notes::{MOST_READ, Notes, is_sale};
use super::footnotes::{Keywords, Kind, LONGEST, Parts};
use super::warning::warn;
use crate::filing::{
    Code, Concluded, Evidence, EvidenceSource, Filing, Intent, Lot, Plan, lot_path as place,
};

/// Fills in each row's actual prices, plan and intent.
pub(super) fn conclude(filing: &mut Filing) {
    let mut lots = std::mem::take(&mut filing.lots);
    let notes = Notes::of(filing, &lots);
    let cut = notes.cut;
    let boxed = boxed_plan(filing.plan_10b5_1);
    let doubted = boxed.value == Plan::Yes && notes.keywords.has(Keywords::PLAN | Keywords::BOX);
    let traded = lots.iter().any(is_trade);
    let mut denials: Vec<(usize, Evidence)> = Vec::new();
    let mut money = money::Money::of(filing, &notes, &lots);
    for (i, lot) in lots.iter_mut().enumerate() {
        let own = notes.tied_to(lot);
        money.fill(lot, &own);
        prices::fill(lot, &notes, &own);
        let sale = is_sale(lot);
        if !(notes.named || doubted || sale && notes.keywords.has(Keywords::PURPOSE)) {
            lot.plan = boxed.clone();
            lot.intent = sale.then(|| intent(&boxed, &[]));
            continue;
        }
        let applying = notes.applying(lot, own);
        let plan = plan(&boxed, &applying);
        if doubted && (is_trade(lot) || !traded) {
            let new = |evidence: &Evidence| denials.iter().all(|(_, known)| known != evidence);
            denials.extend(denial(&applying).filter(new).map(|evidence| (i, evidence)));
        }
        if plan.value == Plan::Yes {
            lot.plan_adopted = applying.iter().find_map(|note| note.adopted());
        }
        lot.intent = sale.then(|| intent(&plan, &applying));
        lot.plan = plan;
    }
    let money::Money { contradictions, ratio, .. } = money;
    filing.ads_ratio = ratio;
    filing.lots = lots;
    for (i, conversion) in contradictions {
        let at = format!("{}/transactionPricePerShare", place(&filing.lots, i));
        warn(&mut filing.warnings, "conversion-contradicts", conversion, &at);
    }
    for (i, evidence) in denials {
        let message = format!("the 10b5-1 box is ticked, and a note says otherwise ({evidence})");
        warn(&mut filing.warnings, "plan-box-denied", message, &place(&filing.lots, i));
    }
    if cut > 0 {
        let notes = if cut == 1 { "one note is".to_owned() } else { format!("{cut} notes are") };
        let message = format!(
            "{notes} longer than the part that is read for prices, plans and purposes: {LONGEST} bytes of one, {MOST_READ} of all"
        );
        warn(&mut filing.warnings, "too-long", message, "footnotes");
    }
}

fn is_trade(lot: &Lot) -> bool {
    matches!(lot.code.value.map(Code::letter), Some('S' | 'P'))
}

/// The first note that makes a statement of a kind.
fn found(applying: &[Applying<'_>], kind: Kind) -> Option<Evidence> {
    applying.iter().find_map(|note| Some(note.note.evidence(&note.statement(kind)?.words)))
}

/// The 10b5-1 box by itself.
fn boxed_plan(ticked: Option<bool>) -> Concluded<Plan> {
    let tick = |value: Plan, words: &str| Concluded {
        value,
        evidence: Some(Evidence { source: EvidenceSource::PlanBox, words: words.into() }),
    };
    match ticked {
        Some(true) => tick(Plan::Yes, "ticked"),
        Some(false) => tick(Plan::No, "not ticked"),
        None => Concluded::default(),
    }
}

/// A ticked box says yes, and a note may say it better; otherwise the row's own notes come first, then other
/// notes, then the box.
fn plan(boxed: &Concluded<Plan>, applying: &[Applying<'_>]) -> Concluded<Plan> {
    let said = |value: Plan, evidence: Evidence| Concluded { value, evidence: Some(evidence) };
    if boxed.value == Plan::Yes {
        return found(applying, Kind::Plan).map_or_else(|| boxed.clone(), |words| said(Plan::Yes, words));
    }
    for notes in [own(applying), applying] {
        if let Some(evidence) = affirmed(notes) {
            return said(Plan::Yes, evidence);
        }
        if let Some(evidence) = found(notes, Kind::NoPlan) {
            return said(Plan::No, evidence);
        }
    }
    boxed.clone()
}

/// The evidence that a trade was made under a plan. The mere existence of a plan counts only if no note
/// denies it.
fn affirmed(notes: &[Applying<'_>]) -> Option<Evidence> {
    let said = || notes.iter().filter_map(|note| Some((note, note.statement(Kind::Plan)?)));
    let denied = || found(notes, Kind::NoPlan).is_some();
    let (note, statement) =
        said().find(|(_, statement)| statement.plain).or_else(|| said().next().filter(|_| !denied()))?;
    Some(note.note.evidence(&statement.words))
}

/// The notes that the row refers to.
fn own<'a, 'n>(applying: &'a [Applying<'n>]) -> &'a [Applying<'n>] {
    &applying[..applying.iter().take_while(|note| note.tied).count()]
}

/// A row's notes that contradict the ticked box: it is wrong, or the trade was not made under a plan.
fn denial(applying: &[Applying<'_>]) -> Option<Evidence> {
    found(applying, Kind::WrongBox).or_else(|| {
        let mut notes = [own(applying), applying].into_iter();
        notes.find_map(|notes| {
            let confirmed = affirmed(notes).is_some();
            let denied = found(notes, Kind::NoPlan).filter(|_| !confirmed);
            (confirmed || denied.is_some()).then_some(denied)
        })?
    })
}

/// A lender's or broker's sale that several notes describe: one says who sold, another names the debt.
fn forced(applying: &[Applying<'_>]) -> Option<Evidence> {
    let whole = applying.iter().filter(|note| note.whole);
    let (i, words) = Parts::forced(whole.clone().map(|note| note.notes.parts(note.note)))?;
    Some(whole.clone().nth(i)?.note.evidence(words))
}

/// Why a sale was made: what its notes say about it comes before the plan that its box states, and silence
/// comes last.
fn intent(plan: &Concluded<Plan>, applying: &[Applying<'_>]) -> Concluded<Intent> {
    let first = |kind: Kind, intent: Intent| Some((intent, found(applying, kind)?));
    let noted = plan
        .evidence
        .as_ref()
        .filter(|words| plan.value == Plan::Yes && words.source != EvidenceSource::PlanBox);
    // A sale negotiated with the issuer is a sale to the issuer; an agreement beside an award's tax is the
    // award's. Plans and an award's taxes are often carried out without asking the seller: that alone does
    // not make them anything else.
    let stated = first(Kind::Involuntary, Intent::Involuntary)
        .or_else(|| first(Kind::Offering, Intent::Offering))
        .or_else(|| first(Kind::ToIssuer, Intent::ToIssuer))
        .or_else(|| first(Kind::Cover, Intent::SellToCover))
        .or_else(|| first(Kind::Negotiated, Intent::Offering))
        .or_else(|| Some((Intent::Plan, noted.cloned()?)))
        .or_else(|| first(Kind::Unasked, Intent::Involuntary))
        .or_else(|| Some((Intent::Involuntary, forced(applying)?)));
    if let Some((value, evidence)) = stated {
        return Concluded { value, evidence: Some(evidence) };
    }
    let otherwise = || first(Kind::Otherwise, Intent::Unknown);
    let (value, evidence) = match plan.value {
        Plan::Yes => (Intent::Plan, plan.evidence.clone()),
        Plan::No => otherwise().map_or_else(
            || (Intent::Discretionary, plan.evidence.clone()),
            |(value, evidence)| (value, Some(evidence)),
        ),
        Plan::Unknown => otherwise()
            .or_else(|| first(Kind::Discretionary, Intent::Discretionary))
            .map_or((Intent::Unknown, None), |(value, evidence)| (value, Some(evidence))),
    };
    Concluded { value, evidence }
}
