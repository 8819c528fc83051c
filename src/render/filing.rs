//! A whole filing for people on a terminal: `sellbell show`.

mod company;
mod picture;
mod pricing;

use rust_decimal::Decimal;

use self::picture::Picture;
use super::terminal::{self, BOLD, Colour, DIM, ODD};
use crate::alert::{Agreed, Verb, Way};
use crate::filing::record::{LotRecord, StakeRecord};
use crate::filing::{
    Code, Direction, Filing, Holding, Line, Lot, Ownership, Plan, Role, Table, Trade, lines,
    shares_of_holdings, stakes,
};
use crate::text::{clip, eastern, plain};

/// Width of the bar that shows the share of holdings.
const BAR: usize = 24;
/// How many lines of holdings to show one by one at most.
const MOST_LINES: usize = 6;

/// The lines of a filing read under the name `file`.
pub fn show(file: &str, filing: &Filing, colour: Colour) -> String {
    let mut picture = Picture { out: String::new(), colour };
    picture.head(file, filing);
    let mut codes: Vec<Option<Code>> = Vec::new();
    for lot in table(filing, Table::NonDerivative).map(|(_, lot)| lot.code.value) {
        if !codes.contains(&lot) {
            codes.push(lot);
        }
    }
    // Sales and purchases come first: people look for them.
    codes.sort_by_key(|code| !matches!(code.map(Code::letter), Some('S' | 'P')));
    for code in codes {
        picture.group(filing, code);
    }
    for (which, name) in [(Table::NonDerivative, "Table I"), (Table::Derivative, "Table II")] {
        picture.rows(filing, which, name);
    }
    picture.holdings(filing);
    picture.odd(filing);
    picture.notes(filing);
    if let Some(url) = filing.url() {
        picture.gap();
        picture.dim(&url);
    }
    picture.out.push('\n');
    picture.out
}

impl Picture {
    fn head(&mut self, file: &str, filing: &Filing) {
        let issuer = &filing.issuer;
        let tickers = issuer.tickers().join(", ");
        let tickers = if tickers.is_empty() { String::new() } else { format!(" ({tickers})") };
        let name = self.colour.paint(BOLD, &plain(&format!("{}{tickers}", issuer.name)));
        self.line(0, &format!("{name} · Form {}", filing.form));
        let mut head = vec![format!("CIK {}", issuer.cik)];
        head.push(filing.accession.map_or_else(|| plain(file), |accession| accession.to_string()));
        head.extend(filing.accepted_at.map(|time| format!("accepted {}", eastern(time))));
        head.extend(
            filing
                .filed_late(0..filing.lots.len())
                .filter(|_| filing.form.is_form_4() && !filing.form.is_amendment())
                .map(|late| if late { "filed late" } else { "filed in time" }.to_owned()),
        );
        self.dim(&head.join(" · "));
        self.company(issuer);
        if let Some(date) = filing.date_of_original_submission {
            self.line(0, &format!("Amends the filing of {date}"));
        }
        self.gap();
        for owner in &filing.owners {
            let title = filing.title(owner).map(plain);
            let roles = filing.roles(owner);
            let named = roles.iter().filter(|role| title.is_none() || !role.is_office());
            let mut position: Vec<String> = title.iter().cloned().collect();
            position.extend(named.map(Role::to_string));
            position.extend(owner.other_text.as_deref().map(plain));
            let name = self.colour.paint(BOLD, &plain(&owner.name));
            let position =
                if position.is_empty() { String::new() } else { format!(" · {}", position.join(", ")) };
            self.line(2, &format!("{name}{position}"));
        }
    }

    /// All lots of one code in Table I together: what, when, how much and, for sales, the meaning.
    fn group(&mut self, filing: &Filing, code: Option<Code>) {
        let chosen: Vec<usize> = table(filing, Table::NonDerivative)
            .filter(|(_, lot)| lot.code.value == code)
            .map(|(i, _)| i)
            .collect();
        let lots: Vec<&Lot> = chosen.iter().map(|&i| &filing.lots[i]).collect();
        let trade = Trade::of_lots(lots.iter().copied());
        let letter = code.map_or('?', Code::letter);
        let moved = lots.iter().all(|lot| lot.moved);
        let mut ways: Vec<String> = trade
            .ways()
            .take(if moved { 1 } else { 2 })
            .map(|sums| {
                let verb = code.map_or(Verb::Other("reported"), |code| Verb::of(code, sums.direction));
                let way = Way::new(if moved { Verb::Moved } else { verb }, sums.clone());
                let value = if moved { " within their holdings".to_owned() } else { way.for_value() };
                // That a grant has no price goes without saying.
                let value = value.replace(" for an unknown price", "");
                format!("{} {}{value}", way.verb, way.quantity)
            })
            .collect();
        if !moved && lots.iter().any(|lot| lot.moved) {
            let sums = Trade::of(lots.iter().filter(|lot| lot.moved).map(|lot| lot.figures())).sums;
            ways.push(format!("moved {} within their holdings", Way::new(Verb::Moved, sums).quantity));
        }
        let meaning = code.and_then(Code::meaning).unwrap_or("unknown code");
        self.gap();
        let paint = match letter {
            'S' => terminal::SOLD,
            'P' => terminal::BOUGHT,
            _ => BOLD,
        };
        let what = self.colour.paint(paint, &capital(&ways.join(" and ")));
        let meaning = self.colour.paint(DIM, &format!("  {letter}: {meaning}"));
        self.line(2, &format!("{what}{meaning}"));
        if !matches!(letter, 'S' | 'P') {
            return;
        }
        let days = match trade.dates {
            None => "an unknown date".to_owned(),
            Some((first, last)) if first == last => first.to_string(),
            Some((first, last)) => format!("{first} to {last}"),
        };
        let count = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
        let on = if trade.days > 1 { format!(" on {}", count(trade.days, "day")) } else { String::new() };
        self.fact("when", &format!("{days}, {}{on}", count(lots.len(), "lot")));
        self.prices(&trade, lots.len());
        self.pricing(&lots);
        let has_stake = self.stake(filing, &chosen);
        if letter == 'S' {
            if !has_stake {
                self.share(filing, &chosen);
            }
            self.meaning(&lots);
        }
    }

    /// Adds the stake before and after for each security. Returns true if any is known.
    fn stake(&mut self, filing: &Filing, chosen: &[usize]) -> bool {
        let stakes: Vec<StakeRecord> = stakes(filing, chosen).into_iter().map(StakeRecord::from).collect();
        let several = stakes.len() > 1;
        if stakes.iter().all(|stake| stake.after.is_none()) {
            return false;
        }
        for (i, stake) in stakes.iter().enumerate().take(MOST_LINES) {
            let title = stake.security.as_deref().filter(|_| several);
            let title = title.map_or_else(String::new, |title| format!("{}: ", plain(&clip(title, 40))));
            let name = if i == 0 { "stake" } else { "" };
            self.fact(name, &format!("{title}{}", stake.text()));
        }
        true
    }

    /// Adds the share of the holdings before: over all lines, and for each line if there are several.
    fn share(&mut self, filing: &Filing, chosen: &[usize]) {
        let bar = |fraction: Decimal| {
            let filled = (fraction.min(Decimal::ONE) * Decimal::from(BAR)).ceil();
            let filled = usize::try_from(filled.mantissa()).unwrap_or(BAR).min(BAR);
            format!("{}{}", "█".repeat(filled), "░".repeat(BAR - filled))
        };
        let percent = |fraction: Decimal| {
            let Some(percent) = fraction.checked_mul(Decimal::ONE_HUNDRED) else {
                return "many times".to_owned();
            };
            let percent = percent.round_dp(4).normalize();
            if percent.is_zero() { "under 0.0001%".to_owned() } else { format!("{percent}%") }
        };
        let all = shares_of_holdings(&filing.lots, chosen);
        match all.as_slice() {
            [Some(all)] => {
                let fraction = all.fraction;
                let text = format!("{} {} of {} held before", bar(fraction), percent(fraction), all.before);
                self.fact("holdings", &text);
            }
            several if several.iter().any(Option::is_some) => self.fact("holdings", "of several securities:"),
            _ => return self.fact("holdings", "the holdings before are not stated, or were zero"),
        }
        let each = lines(&filing.lots, chosen);
        for line in each.iter().take(MOST_LINES).filter(|_| each.len() > 1) {
            let title = plain(&clip(line.security.as_deref().unwrap_or("?"), 40));
            let held = match (line.ownership, line.nature.as_deref()) {
                (Some(Ownership::Indirect), Some(nature)) => plain(&clip(nature, 40)),
                (Some(Ownership::Indirect), None) => "indirect".to_owned(),
                _ => "direct".to_owned(),
            };
            if let (Some(fraction), Some(before)) = (line.fraction, line.before) {
                self.fact("", &format!("{} of {before}: {title}, {held}", percent(fraction)));
            }
        }
    }

    /// Adds plan and intent, with the words that state them.
    fn meaning(&mut self, lots: &[&Lot]) {
        let plan = Agreed::of(lots.iter().map(|lot| lot.plan.value));
        let mut adopted: Vec<_> = lots
            .iter()
            .filter(|lot| lot.plan.value == Plan::Yes)
            .map(|lot| lot.plan_adopted.as_ref())
            .collect();
        adopted.dedup_by_key(|adopted| adopted.map(|adopted| adopted.date));
        let adopted = if let [Some(one)] = adopted[..] { Some(one) } else { None };
        let some = lots.iter().any(|lot| lot.plan.value == Plan::Yes);
        let plan = match (plan, adopted) {
            (Some(Agreed::All(Plan::Yes)), Some(adopted)) => format!("10b5-1, adopted {}", adopted.date),
            (Some(Agreed::All(Plan::Yes)), None) => "10b5-1".to_owned(),
            (Some(Agreed::All(Plan::No)), _) => "none".to_owned(),
            (Some(Agreed::All(Plan::Unknown)) | None, _) => "not stated".to_owned(),
            (Some(Agreed::Mixed), _) if some => "for some lots".to_owned(),
            (Some(Agreed::Mixed), _) => "none for some lots, not stated for others".to_owned(),
        };
        self.fact("plan", &plan);
        let intents = lots.iter().filter_map(|lot| lot.intent.as_ref());
        let reason = match Agreed::of(intents.clone().map(|intent| intent.value)) {
            Some(Agreed::All(intent)) => intent.phrase(),
            Some(Agreed::Mixed) => "different from lot to lot",
            None => "?",
        };
        self.fact("reason", reason);
        let mut phrases: Vec<String> = Vec::new();
        let plans = lots.iter().filter_map(|lot| lot.plan.evidence.as_ref());
        for evidence in intents.filter_map(|intent| intent.evidence.as_ref()).chain(plans) {
            let words = plain(&evidence.to_string());
            if !phrases.contains(&words) && phrases.len() < 4 {
                phrases.push(words);
            }
        }
        for words in phrases {
            self.wrapped(15, 15, DIM, &words);
        }
    }

    fn rows(&mut self, filing: &Filing, which: Table, name: &str) {
        let rows: Vec<&Lot> = table(filing, which).map(|(_, lot)| lot).collect();
        if rows.is_empty() {
            return;
        }
        self.title(name);
        let records: Vec<LotRecord> = rows.iter().map(|lot| LotRecord::from(*lot)).collect();
        for (lot, columns) in rows.iter().zip(terminal::lots(&records)) {
            let code = lot.code.value.map_or("?".into(), |code| code.to_string());
            let sign = match lot.direction.value {
                Some(Direction::Acquired) => '+',
                Some(Direction::Disposed) => '-',
                None => '?',
            };
            let notes = lot.footnotes();
            let notes =
                if notes.is_empty() { String::new() } else { format!(" ({})", plain(&notes.join(" "))) };
            let notes = self.colour.paint(DIM, &notes);
            self.line(4, &format!("{code} {sign} {columns}  {}{notes}", held_as(&lot.line)));
        }
    }

    fn holdings(&mut self, filing: &Filing) {
        if filing.holdings.is_empty() {
            return;
        }
        self.title("Held, without a transaction");
        for Holding { line, .. } in &filing.holdings {
            let count = line.shares_after.value.map(|shares| shares.to_string());
            let count = count.or_else(|| line.value_after.value.map(|value| value.to_string()));
            self.line(4, &format!("{}  {}", count.unwrap_or("?".into()), held_as(line)));
        }
    }

    fn odd(&mut self, filing: &Filing) {
        if filing.warnings.is_empty() {
            return;
        }
        self.title("Odd");
        for warning in &filing.warnings {
            let text = format!("{} ({}) [{}]", plain(&warning.message), plain(&warning.at), warning.code);
            self.wrapped(4, 6, ODD, &text);
        }
    }

    /// Adds the notes: first those about a row's price, plan or intent, then the others, dimmed.
    fn notes(&mut self, filing: &Filing) {
        if filing.footnotes.is_empty() && filing.remarks.is_none() {
            return;
        }
        self.title("Notes");
        let matters = |id: &str| {
            filing.lots.iter().any(|lot| {
                let prices = lot.actual_prices.as_ref().map(|prices| &prices.evidence);
                let plan = lot
                    .plan
                    .evidence
                    .as_ref()
                    .into_iter()
                    .chain(lot.plan_adopted.iter().map(|a| &a.evidence));
                let intent = lot.intent.as_ref().and_then(|intent| intent.evidence.as_ref());
                prices.into_iter().chain(plan).chain(intent).any(|evidence| evidence.is_of(id))
            })
        };
        let (first, then): (Vec<_>, Vec<_>) = filing.footnotes.iter().partition(|note| matters(&note.id));
        for (notes, paint) in [(first, ""), (then, DIM)] {
            for note in notes {
                self.wrapped(4, 8, paint, &format!("{:<3} {}", plain(&note.id), plain(&note.text)));
            }
        }
        if let Some(remarks) = &filing.remarks {
            self.wrapped(4, 8, DIM, &format!("Remarks: {}", plain(remarks)));
        }
    }
}

fn table(filing: &Filing, table: Table) -> impl Iterator<Item = (usize, &Lot)> {
    filing.lots.iter().enumerate().filter(move |(_, lot)| lot.line.table == table)
}

/// `Common Stock, indirect: By trust`.
fn held_as(line: &Line) -> String {
    let title = plain(line.security.value.as_deref().unwrap_or("?"));
    match (line.ownership.value, line.nature.value.as_deref()) {
        (Some(Ownership::Indirect), Some(nature)) => format!("{title}, indirect: {}", plain(nature)),
        (Some(Ownership::Indirect), None) => format!("{title}, indirect"),
        _ => title,
    }
}

/// Capitalises the first letter.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
