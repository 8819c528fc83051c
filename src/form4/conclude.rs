//! What the footnotes, the remarks and the 10b5-1 box say of each row, with the words that say it.
//!
//! A note that is tied to a row speaks of that row. It speaks of others only where its words do ("the sales reported on this
//! Form 4"), and of all where it is tied to none; a row's own notes come first.

mod prices;

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::footnotes::{self, Kind, LONGEST, Marked, Marks, Parts, Reach, Said, Statement};
use super::review::warn;
use crate::filing::{
    Adopted, Code, Concluded, Evidence, Filing, Intent, Lot, Plan, PlanDate, Source, lot_path as place,
};

/// Fills in each row's actual prices, plan and intent.
pub(super) fn conclude(filing: &mut Filing) {
    let mut lots = std::mem::take(&mut filing.lots);
    let notes = Notes::of(filing, &lots);
    let cut = notes.cut;
    let boxed = boxed_plan(filing.plan_10b5_1);
    let doubted = boxed.value == Plan::Yes && notes.marks.has(Marks::PLAN | Marks::BOX);
    let traded = lots.iter().any(is_trade);
    let mut denials: Vec<(usize, Evidence)> = Vec::new();
    for (i, lot) in lots.iter_mut().enumerate() {
        let own = notes.tied_to(lot);
        prices::fill(lot, &notes, &own);
        let sale = is_sale(lot);
        if !(notes.named || doubted || sale && notes.marks.has(Marks::PURPOSE)) {
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
    filing.lots = lots;
    for (i, evidence) in denials {
        let message = format!("the 10b5-1 box is ticked, and a note says otherwise ({evidence})");
        warn(&mut filing.warnings, "plan-box-denied", message, &place(&filing.lots, i));
    }
    if cut > 0 {
        let notes = if cut == 1 { "one note is".to_owned() } else { format!("{cut} notes are") };
        let message = format!(
            "{notes} longer than what is read for prices, plans and purposes: {LONGEST} bytes of one, {MOST_READ} of all"
        );
        warn(&mut filing.warnings, "too-long", message, "footnotes");
    }
}

/// So much of all notes together is read for what they say, in bytes: EDGAR takes a thousand characters of each of 99.
const MOST_READ: usize = 250_000;

fn is_sale(lot: &Lot) -> bool {
    lot.code.value == Some(Code::SALE)
}

fn is_trade(lot: &Lot) -> bool {
    matches!(lot.code.value.map(Code::letter), Some('S' | 'P'))
}

/// A note of the filing, read when it is first needed.
struct Note<'a> {
    source: NoteSource<'a>,
    /// As much of it as is read.
    text: Marked<'a>,
    said: OnceCell<Said>,
    parts: OnceCell<Parts>,
    adopted: OnceCell<Option<(PlanDate, Arc<str>)>>,
    /// Whether it may speak of sales, and whether of purchases.
    trades: OnceCell<(bool, bool)>,
    /// Whether a row of the form refers to it.
    tied: bool,
    /// Whether a sale does.
    tied_to_sale: bool,
    /// Whether an exercise, conversion or grant does, whose note may speak of the sale that follows.
    tied_to_exercise: bool,
}

enum NoteSource<'a> {
    Footnote(&'a str),
    Remarks,
}

impl Note<'_> {
    /// The first adoption date that it states.
    fn adopted(&self, notes: &Notes<'_>) -> Option<Adopted> {
        let of_plan = self.text.marks.has(Marks::PLAN) || notes.named && self.text.marks.has(Marks::ANY_PLAN);
        let found = self.adopted.get_or_init(|| if of_plan { footnotes::adopted(&self.text) } else { None });
        let (date, words) = found.as_ref()?;
        Some(Adopted { date: *date, evidence: self.evidence(words) })
    }

    fn evidence(&self, words: &Arc<str>) -> Evidence {
        let source = match self.source {
            NoteSource::Footnote(id) => Source::Footnote(id.into()),
            NoteSource::Remarks => Source::Remarks,
        };
        Evidence { source, words: Arc::clone(words) }
    }
}

/// The notes of a filing: its footnotes by id, and its remarks.
struct Notes<'a> {
    all: Vec<Note<'a>>,
    by_id: BTreeMap<&'a str, usize>,
    /// The marks of all together.
    marks: Marks,
    /// Whether the filing has sales.
    sale: bool,
    /// Whether a note, or the box, may name a plan to sell.
    named: bool,
    /// How many notes are read in part or not at all.
    cut: usize,
    /// The note that does so by the rule's number, for others that speak of "the plan".
    naming: OnceCell<Option<usize>>,
}

impl<'a> Notes<'a> {
    fn of(filing: &'a Filing, lots: &[Lot]) -> Self {
        let sale = lots.iter().any(is_sale);
        let mut all: Vec<Note<'a>> = Vec::with_capacity(filing.footnotes.len() + 1);
        let mut by_id = BTreeMap::new();
        let (mut left, mut cut) = (MOST_READ, 0);
        let mut read = |text: &'a str| {
            let read = footnotes::start(text, left.min(LONGEST));
            left -= read.len();
            cut += usize::from(read.len() < text.len());
            read
        };
        let remarks = filing.remarks.as_deref().map(|text| note(NoteSource::Remarks, read(text), sale));
        for footnote in &filing.footnotes {
            // Of two with one id the first counts.
            by_id.entry(footnote.id.as_str()).or_insert_with(|| {
                all.push(note(NoteSource::Footnote(&footnote.id), read(&footnote.text), sale));
                all.len() - 1
            });
        }
        for lot in lots {
            for id in lot.footnote_lists().flatten() {
                if let Some(&i) = by_id.get(id.as_str()) {
                    all[i].tied = true;
                    all[i].tied_to_sale |= is_sale(lot);
                    all[i].tied_to_exercise |=
                        matches!(lot.code.value.map(Code::letter), Some('M' | 'X' | 'C' | 'O' | 'A'));
                }
            }
        }
        for id in filing.holdings.iter().flat_map(|holding| holding.footnote_lists().flatten()) {
            if let Some(&i) = by_id.get(id.as_str()) {
                all[i].tied = true;
            }
        }
        all.extend(remarks);
        let marks = all.iter().fold(Marks::default(), |marks, note| marks.with(note.text.marks));
        Self {
            all,
            by_id,
            marks,
            sale,
            named: marks.has(Marks::PLAN) || filing.plan_10b5_1 == Some(true),
            cut,
            naming: OnceCell::new(),
        }
    }

    fn said<'n>(&self, note: &'n Note<'_>) -> &'n Said {
        let owed = self.may_be_forced(note);
        note.said.get_or_init(|| footnotes::read(&note.text, owed, (self.sale, self.named)))
    }

    /// Who sold, and any debt behind the sale, according to a note.
    fn parts<'n>(&self, note: &'n Note<'_>) -> &'n Parts {
        let owed = self.may_be_forced(note);
        note.parts.get_or_init(|| if owed { footnotes::parts(&note.text) } else { Parts::default() })
    }

    /// "The bank sold the shares" says something where a note speaks of a debt.
    fn may_be_forced(&self, note: &Note<'_>) -> bool {
        self.sale && self.marks.has(Marks::FORCED) && note.text.marks.has(Marks::FORCED | Marks::AGENT)
    }

    /// The first note that names a plan by the rule's number.
    fn naming(&self) -> Option<&Note<'a>> {
        let found = self.naming.get_or_init(|| {
            self.all.iter().position(|note| note.text.marks.has(Marks::PLAN) && self.said(note).names_rule)
        });
        found.map(|i| &self.all[i])
    }

    /// The notes of a row, those of its price first.
    fn tied_to(&self, lot: &Lot) -> Vec<usize> {
        let mut own: Vec<usize> = Vec::new();
        let mut is_own = vec![false; self.all.len()];
        for id in lot.price.footnotes.iter().chain(lot.footnote_lists().flatten()) {
            if let Some(&i) = self.by_id.get(id.as_str())
                && !std::mem::replace(&mut is_own[i], true)
            {
                own.push(i);
            }
        }
        own
    }

    /// What applies to a row: its own notes, then those that speak of it from elsewhere.
    fn applying(&self, lot: &Lot, own: Vec<usize>) -> Vec<Applying<'_>> {
        let sale = is_sale(lot);
        let mut applying: Vec<Applying<'_>> = own
            .iter()
            .map(|&i| Applying { notes: self, note: &self.all[i], tied: true, whole: true })
            .collect();
        let says_something = applying.iter().any(|own| self.said(own.note).is_of_sale());
        let mut is_own = vec![false; self.all.len()];
        own.iter().for_each(|&i| is_own[i] = true);
        let others = self.all.iter().zip(is_own).filter(|(_, is_own)| !is_own);
        for (note, _) in others {
            // What is said of other sales is said of this one only where nothing is said of itself.
            if note.tied_to_sale && says_something {
                continue;
            }
            let wide = match self.said(note).reach {
                Reach::Transactions => true,
                Reach::Sales => sale,
                Reach::Row => !note.tied,
            };
            // An exercise's note may speak of the sale that follows it.
            if wide || sale && note.tied_to_exercise && !note.tied_to_sale {
                applying.push(Applying { notes: self, note, tied: false, whole: wide });
            }
        }
        applying
    }
}

fn note<'a>(source: NoteSource<'a>, text: &'a str, sale: bool) -> Note<'a> {
    Note {
        source,
        text: Marked::new(text, sale),
        said: OnceCell::new(),
        parts: OnceCell::new(),
        adopted: OnceCell::new(),
        trades: OnceCell::new(),
        tied: false,
        tied_to_sale: false,
        tied_to_exercise: false,
    }
}

/// A note that applies to a row.
struct Applying<'a> {
    notes: &'a Notes<'a>,
    note: &'a Note<'a>,
    /// Whether the row refers to it.
    tied: bool,
    /// Whether all that it says applies, or only that a sale was made under a plan.
    whole: bool,
}

impl Applying<'_> {
    fn statement(&self, kind: Kind) -> Option<&Statement> {
        let said = self.notes.said(self.note);
        let by_name = |kind: Kind| said.statement(kind).filter(|_| self.notes.naming().is_some());
        // That there is a plan says something only of the row whose note says it.
        let here = |found: &&Statement| self.tied || found.plain;
        let found = said.statement(kind).filter(here).or_else(|| match kind {
            Kind::Plan => by_name(Kind::NamedPlan),
            Kind::NoPlan => by_name(Kind::NoNamedPlan),
            _ => None,
        })?;
        (self.whole || kind == Kind::Plan && said.names_sale).then_some(found)
    }

    fn adopted(&self) -> Option<Adopted> {
        let stated = self.statement(Kind::Plan);
        let own = self.note.adopted(self.notes).filter(|_| self.whole || stated.is_some());
        // "Sold under the plan": its date is where it is named.
        let by_name = stated.is_some_and(|stated| stated.kind == Kind::NamedPlan);
        own.or_else(|| self.notes.naming().filter(|_| by_name)?.adopted(self.notes))
    }
}

/// The first note that makes a statement of a kind.
fn found(applying: &[Applying<'_>], kind: Kind) -> Option<Evidence> {
    applying.iter().find_map(|note| Some(note.note.evidence(&note.statement(kind)?.words)))
}

/// What the 10b5-1 box says by itself.
fn boxed_plan(ticked: Option<bool>) -> Concluded<Plan> {
    let tick = |value: Plan, words: &str| Concluded {
        value,
        evidence: Some(Evidence { source: Source::PlanBox, words: words.into() }),
    };
    match ticked {
        Some(true) => tick(Plan::Yes, "ticked"),
        Some(false) => tick(Plan::No, "not ticked"),
        None => Concluded::default(),
    }
}

/// A ticked box says yes, and a note may say it better; else the row's own notes come first, then others, then the box.
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

/// That notes say that a trade was made under a plan; that there is one says so only where none denies it.
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

/// What a row's notes say against the ticked box: that it is wrong, or that the trade was under no plan.
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

/// What notes together say of a lender's or a broker's sale: who sold in one, the debt in another.
fn forced(applying: &[Applying<'_>]) -> Option<Evidence> {
    let whole = applying.iter().filter(|note| note.whole);
    let (i, words) = Parts::forced(whole.clone().map(|note| note.notes.parts(note.note)))?;
    Some(whole.clone().nth(i)?.note.evidence(words))
}

/// Why a sale was made: what its notes say of it comes before the plan that its box says, and silence last.
fn intent(plan: &Concluded<Plan>, applying: &[Applying<'_>]) -> Concluded<Intent> {
    let first = |kind: Kind, intent: Intent| Some((intent, found(applying, kind)?));
    let noted =
        plan.evidence.as_ref().filter(|words| plan.value == Plan::Yes && words.source != Source::PlanBox);
    // What is negotiated with the issuer is a sale to the issuer; an agreement beside an award's tax is the award's. Plans and
    // an award's taxes are often carried out without asking the seller: that alone makes them nothing else.
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
