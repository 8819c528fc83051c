//! The notes of a filing: its footnotes and remarks, each read when it is first needed, and the notes that a
//! row refers to.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::filing::{Adopted, Code, Evidence, EvidenceSource, Filing, Lot, PlanDate};
use crate::form4::footnotes::{self, Keywords, LONGEST, Parts, Said, Scanned};

/// How much of all notes together is read for what they say, in bytes: EDGAR accepts a thousand characters
/// for each of 99.
pub(super) const MOST_READ: usize = 250_000;

/// A note of the filing, read when it is first needed.
pub(super) struct Note<'a> {
    pub(super) source: NoteSource<'a>,
    /// As much of its text as is read.
    pub(super) text: Scanned<'a>,
    pub(super) said: OnceCell<Said>,
    pub(super) parts: OnceCell<Parts>,
    pub(super) adopted: OnceCell<Option<(PlanDate, Arc<str>)>>,
    /// Whether it may be about sales, and whether about purchases.
    pub(super) trades: OnceCell<(bool, bool)>,
    /// True if a row of the form refers to it.
    pub(super) tied: bool,
    /// True if a sale does.
    pub(super) tied_to_sale: bool,
    /// True if an exercise, conversion or grant refers to it, because its note may be about the sale that
    /// follows.
    pub(super) tied_to_exercise: bool,
}

pub(super) enum NoteSource<'a> {
    Footnote(&'a str),
    Remarks,
}

impl Note<'_> {
    /// The first adoption date that it states.
    pub(super) fn adopted(&self, notes: &Notes<'_>) -> Option<Adopted> {
        let of_plan = self.text.keywords.has(Keywords::PLAN)
            || notes.named && self.text.keywords.has(Keywords::ANY_PLAN);
        let found = self.adopted.get_or_init(|| if of_plan { footnotes::adopted(&self.text) } else { None });
        let (date, words) = found.as_ref()?;
        Some(Adopted { date: *date, evidence: self.evidence(words) })
    }

    pub(super) fn evidence(&self, words: &Arc<str>) -> Evidence {
        let source = match self.source {
            NoteSource::Footnote(id) => EvidenceSource::Footnote(id.into()),
            NoteSource::Remarks => EvidenceSource::Remarks,
        };
        Evidence { source, words: Arc::clone(words) }
    }
}

/// The notes of a filing: its footnotes by id, and its remarks.
pub(super) struct Notes<'a> {
    pub(super) all: Vec<Note<'a>>,
    pub(super) by_id: BTreeMap<&'a str, usize>,
    /// The keywords of all together.
    pub(super) keywords: Keywords,
    /// True if the filing has sales.
    pub(super) sale: bool,
    /// True if a note, or the box, may name a plan to sell.
    pub(super) named: bool,
    /// How many notes are read in part or not at all.
    pub(super) cut: usize,
    /// The note that names a plan by the rule's number, for others that mention "the plan".
    pub(super) naming: OnceCell<Option<usize>>,
}

impl<'a> Notes<'a> {
    pub(super) fn of(filing: &'a Filing, lots: &[Lot]) -> Self {
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
            // If two have the same id, the first counts.
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
        let keywords =
            all.iter().fold(Keywords::default(), |keywords, note| keywords.with(note.text.keywords));
        Self {
            all,
            by_id,
            keywords,
            sale,
            named: keywords.has(Keywords::PLAN) || filing.plan_10b5_1 == Some(true),
            cut,
            naming: OnceCell::new(),
        }
    }

    pub(super) fn said<'n>(&self, note: &'n Note<'_>) -> &'n Said {
        let owed = self.may_be_forced(note);
        note.said.get_or_init(|| footnotes::read(&note.text, owed, (self.sale, self.named)))
    }

    /// Who sold, and any debt behind the sale, according to a note.
    pub(super) fn parts<'n>(&self, note: &'n Note<'_>) -> &'n Parts {
        let owed = self.may_be_forced(note);
        note.parts.get_or_init(|| if owed { footnotes::parts(&note.text) } else { Parts::default() })
    }

    /// "The bank sold the shares" means something if a note mentions a debt.
    pub(super) fn may_be_forced(&self, note: &Note<'_>) -> bool {
        self.sale
            && self.keywords.has(Keywords::FORCED)
            && note.text.keywords.has(Keywords::FORCED | Keywords::AGENT)
    }

    /// The first note that names a plan by the rule's number.
    pub(super) fn naming(&self) -> Option<&Note<'a>> {
        let found = self.naming.get_or_init(|| {
            self.all
                .iter()
                .position(|note| note.text.keywords.has(Keywords::PLAN) && self.said(note).names_rule)
        });
        found.map(|i| &self.all[i])
    }

    /// The notes of a row, the price's notes first.
    pub(super) fn tied_to(&self, lot: &Lot) -> Vec<usize> {
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
}

pub(super) fn is_sale(lot: &Lot) -> bool {
    lot.code.value == Some(Code::SALE)
}

fn note<'a>(source: NoteSource<'a>, text: &'a str, sale: bool) -> Note<'a> {
    Note {
        source,
        text: Scanned::new(text, sale),
        said: OnceCell::new(),
        parts: OnceCell::new(),
        adopted: OnceCell::new(),
        trades: OnceCell::new(),
        tied: false,
        tied_to_sale: false,
        tied_to_exercise: false,
    }
}
