//! The German sentences of an e-mail. Names, titles and footnotes stay as they are filed.

use crate::alert::{
    Agreed, Alert, AlertOwner, Figure, StakeChange, TradeHistory, TradeKind, TradeRemark, Verb, Way,
};
use crate::filing::record::{LotRecord, SourceRecord, StakeRecord};
use crate::filing::{Direction, Intent, Plan, Role, SecuritySums, Shares, Trade, Unit, Usd};
use crate::rules::{Counting, Per, Sum};
use crate::text::Language::German;
use crate::text::{clip, plain};

const MOST: usize = 3;
const TITLE: usize = 60;
const MOST_SOURCES: usize = 5;
const MOST_SECURITIES: usize = 10;

/// `Verkauf: 24.133 Aktien zu durchschnittlich 110,28 $, 2.661.359,10 $`.
pub(super) fn deed(way: &Way, price: &str) -> String {
    let value = match way.verb {
        Verb::Moved => String::new(),
        _ => value(way).map_or_else(String::new, |value| format!(", {value}")),
    };
    format!("{}: {}{price}{value}", noun(way.verb), quantity(way))
}

/// `Verkauf, 2.661.359,10 $`.
pub(super) fn deed_short(alert: &Alert) -> String {
    let each = alert.ways().into_iter().map(|way| {
        let worth = value_in(&way).unwrap_or_else(|| quantity(&way));
        format!("{} {worth}", noun(way.verb))
    });
    each.collect::<Vec<_>>().join(" und ")
}

/// ` zu durchschnittlich 110,28 $`, ` zu 10,68 $ je ADS`.
pub(super) fn price(english: &str, average: bool) -> String {
    let average = if average { "durchschnittlich " } else { "" };
    format!(" zu {average}{}", price_text(english))
}

/// `10,68 $ je ADS`.
pub(super) fn price_text(english: &str) -> String {
    let (price, unit) = match english.split_once(" per ") {
        Some((price, "share or ADS")) => (price, " je Aktie oder ADS".to_owned()),
        Some((price, unit)) => (price, format!(" je {unit}")),
        None => (english, String::new()),
    };
    format!("{}{unit}", German.money_text(price.to_owned()))
}

fn noun(verb: Verb) -> &'static str {
    match verb.text() {
        "sold" => "Verkauf",
        "bought" => "Kauf",
        "gave away" => "Schenkung",
        "was given" => "Schenkung erhalten",
        "had withheld" => "Einbehalt",
        "was granted" => "Zuteilung",
        "exercised" => "Ausübung",
        "returned to the issuer" => "Rückgabe an die Gesellschaft",
        "inherited" => "Erbschaft",
        "passed on by will or descent" => "Vererbung",
        "withdrew from a voting trust" => "Entnahme aus einem Voting Trust",
        "deposited in a voting trust" => "Einlage in einen Voting Trust",
        "tendered" => "Andienung",
        "acquired" => "Erwerb",
        "disposed of" => "Abgang",
        "moved" => "Umbuchung im eigenen Bestand",
        "traded" => "Geschäfte",
        _ => "Meldung",
    }
}

fn quantity(way: &Way) -> String {
    match way.sums().only() {
        Some(only) => number(only),
        None => match way.sums().securities.len() {
            0 => "nichts".to_owned(),
            several => format!("{several} Wertpapiere"),
        },
    }
}

fn number(sums: &SecuritySums) -> String {
    match (sums.principal_usd.filter(|_| sums.shares.is_none()), sums.unit) {
        (Some(principal), _) => format!("{} Nennwert", German.usd(principal)),
        (None, Unit::Ads) => format!("{} ADS", shares(sums.shares, sums.shares_is_at_least)),
        (None, Unit::Share) => format!("{} Aktien", shares(sums.shares, sums.shares_is_at_least)),
    }
}

fn shares(shares: Option<Shares>, is_at_least: bool) -> String {
    match shares {
        None => "unbekannt viele".to_owned(),
        Some(shares) if is_at_least => format!("mindestens {}", German.shares(shares)),
        Some(shares) => German.shares(shares),
    }
}

/// The value with its sign, or why there is none; `None` if it is for nothing.
fn value(way: &Way) -> Option<String> {
    let sums = way.sums();
    value_in(way).or_else(|| match sums.value {
        Some(_) if sums.value_is_odd => Some("Wert auffällig".to_owned()),
        Some(value) if value.is_zero() && !sums.value_is_at_least => None,
        Some(_) => Some("Wert nicht ganz bekannt".to_owned()),
        None => Some("Wert unbekannt".to_owned()),
    })
}

fn value_in(way: &Way) -> Option<String> {
    let sums = way.sums();
    if sums.value_is_odd {
        return None;
    }
    let foreign = sums.only().filter(|only| !only.is_in_dollars());
    if let Some(worth) = foreign.and_then(|only| German.amounts(only, Figure::Full)) {
        return Some(worth);
    }
    let least = if sums.value_is_at_least { "mindestens " } else { "" };
    sums.value.filter(|value| !value.is_zero()).map(|value| format!("{least}{}", German.usd(value)))
}

pub(super) fn securities(alert: &Alert) -> Vec<String> {
    if !alert.is_of_several() {
        return Vec::new();
    }
    let signed = alert.opposite.is_some();
    let line = |direction: Option<Direction>, sums: &SecuritySums| {
        let sign = match direction.filter(|_| signed) {
            Some(Direction::Acquired) => "+",
            Some(Direction::Disposed) => "-",
            None => "",
        };
        let price = sums.price_text().map(|text| price(&text, false)).unwrap_or_default();
        let worth = German.amounts(sums, Figure::Full).filter(|_| !sums.value_is_odd);
        let worth = worth.map(|worth| format!(", {worth}")).unwrap_or_default();
        format!("{}: {sign}{}{price}{worth}", title(sums.security.as_deref()), number(sums))
    };
    let shown = alert.securities.iter().take(MOST_SECURITIES);
    let mut lines: Vec<String> = shown.map(|security| line(security.direction, &security.sums)).collect();
    if alert.securities.len() > MOST_SECURITIES {
        lines.push(format!("und {} weitere Wertpapiere", alert.securities.len() - MOST_SECURITIES));
    }
    lines
}

pub(super) fn owners(alert: &Alert) -> String {
    let Some(first) = alert.owners.first() else { return "jemand".into() };
    let position = position(first);
    let named = if position.is_empty() { first.name.clone() } else { format!("{} ({position})", first.name) };
    match alert.owners.len() {
        1 => named,
        2 => format!("{named} und {}", alert.owners[1].name),
        n => format!("{named} und {} weitere", n - 1),
    }
}

pub(super) fn position(owner: &AlertOwner) -> String {
    let titled = owner.title.is_some();
    let named = owner.roles.iter().filter(|role| !(titled && (role.is_office() || **role == Role::Other)));
    owner
        .title
        .as_deref()
        .into_iter()
        .chain(named.map(|role| role_word(*role)))
        .collect::<Vec<_>>()
        .join(", ")
}

fn role_word(role: Role) -> &'static str {
    match role {
        Role::Ceo => "CEO",
        Role::Cfo => "CFO",
        Role::Coo => "COO",
        Role::President => "President",
        Role::Chair => "Vorsitz",
        Role::GeneralCounsel => "Chefjurist",
        Role::OtherOfficer => "Führungskraft",
        Role::Director => "Board-Mitglied",
        Role::TenPercentOwner => "10-%-Eigner",
        Role::Other => "sonstige",
    }
}

pub(super) fn stakes(alert: &Alert) -> Option<String> {
    let known: Vec<&StakeRecord> = alert.stakes.iter().filter(|stake| stake.after.is_some()).collect();
    let named = alert.stakes.len() > 1;
    let each = known.iter().take(MOST).map(|stake| {
        let named = stake.security.as_deref().filter(|_| named);
        let named = named.map_or_else(String::new, |text| format!("{}: ", title(Some(text))));
        format!("{named}{}", stake_text(stake))
    });
    let mut texts: Vec<String> = each.collect();
    if known.len() > MOST {
        texts.push(format!("und {} weitere Wertpapiere", known.len() - MOST));
    }
    (!texts.is_empty()).then(|| texts.join("; "))
}

fn stake_text(stake: &StakeRecord) -> String {
    let (Some(before), Some(after)) = (stake.before, stake.after) else {
        return "nicht angegeben".to_owned();
    };
    let percent = |fraction| German.percent(fraction).unwrap_or_else(|| "auf ein Vielfaches".to_owned());
    let change = match stake.change_kind() {
        Some(StakeChange::Unchanged) => ", unverändert".to_owned(),
        Some(StakeChange::New) => ", neu".to_owned(),
        Some(StakeChange::All) => ", alles".to_owned(),
        Some(StakeChange::Up(fraction)) => format!(", plus {}", percent(fraction)),
        Some(StakeChange::Down(fraction)) => format!(", minus {}", percent(fraction)),
        None => String::new(),
    };
    let split = if stake.is_across_split() { " (mit Aktiensplit)" } else { "" };
    let came: Vec<String> = stake.sources.iter().take(MOST_SOURCES).map(source).collect();
    let more = stake.sources.len().saturating_sub(MOST_SOURCES);
    let more = if more > 0 { format!(" und {more} weitere") } else { String::new() };
    let came = if came.is_empty() { String::new() } else { format!(": {}{more}", came.join(", ")) };
    format!("{} → {}{split}{change}{came}", German.shares(before), German.shares(after))
}

fn source(source: &SourceRecord) -> String {
    let what = match source.what.as_str() {
        "exercised" => "Ausübung",
        "vested" | "converted" => "Umwandlung",
        "granted" => "Zuteilung",
        "bought" => "Kauf",
        "received as a gift" => "Schenkung erhalten",
        "inherited" => "Erbschaft",
        "sold" => "Verkauf",
        "withheld" => "Einbehalt",
        "given away" => "Schenkung",
        "returned to the issuer" => "Rückgabe",
        "tendered" => "Andienung",
        "moved" => "Umbuchung",
        "split" => "Aktiensplit",
        "reverse split" => "Aktienzusammenlegung",
        "acquired" => "Erwerb",
        "disposed of" => "Abgang",
        _ => "Meldung",
    };
    let shares = source.shares.map(|shares| format!(" {}", German.shares(shares))).unwrap_or_default();
    let price = source.price.filter(|_| source.what == "exercised");
    let price = price.map(|price| format!(" zu {}", German.usd_exact(price))).unwrap_or_default();
    format!("{what}{shares}{price}")
}

pub(super) fn plan(alert: &Alert) -> String {
    match (alert.plan, &alert.plan_adopted) {
        (Agreed::All(Plan::Yes), Some(date)) => format!("ja, beschlossen {}", German.written(date)),
        (Agreed::All(Plan::Yes), None) => "ja".to_owned(),
        (Agreed::All(Plan::No), _) => "nein".to_owned(),
        (Agreed::All(Plan::Unknown), _) => "nicht angegeben".to_owned(),
        (Agreed::Mixed, _) if alert.lots.iter().any(|lot| lot.plan == Some(Plan::Yes)) => {
            "für einen Teil der Posten".to_owned()
        }
        (Agreed::Mixed, _) => "teils nein, teils nicht angegeben".to_owned(),
    }
}

pub(super) fn reason(alert: &Alert) -> Option<&'static str> {
    Some(match alert.intent? {
        Agreed::Mixed => "von Posten zu Posten verschieden",
        Agreed::All(Intent::Involuntary) => "durch Kreditgeber, Broker oder Gericht",
        Agreed::All(Intent::Offering) => "im Rahmen eines Angebots oder ausgehandelt",
        Agreed::All(Intent::ToIssuer) => "an die Gesellschaft",
        Agreed::All(Intent::SellToCover) => "für Steuern oder Ausübungskosten",
        Agreed::All(Intent::Plan | Intent::Discretionary | Intent::Unknown) => return None,
    })
}

pub(super) fn history(history: &TradeHistory) -> Option<String> {
    let (noun, first) = match history.kind {
        TradeKind::Sale => ("Verkauf", "erster Verkauf"),
        TradeKind::Purchase => ("Kauf", "erster Kauf"),
    };
    Some(match history.remark()? {
        TradeRemark::Nth { filings, is_at_least, is_of_month, value, value_is_at_least } => {
            let least = if is_at_least { "mindestens " } else { "" };
            let span = if is_of_month { "30 Tagen" } else { "12 Monaten" };
            let at_least = if value_is_at_least { "mindestens " } else { "" };
            let value = value.map(|value| format!(", zusammen {at_least}{}", German.usd_short(value)));
            format!("{least}{filings}. {noun} in {span}{}", value.unwrap_or_default())
        }
        TradeRemark::FirstSince(day) => format!("{first} seit {}", day.format("%m/%Y")),
        TradeRemark::FirstInTwoYears => format!("{first} in 2 Jahren"),
        TradeRemark::FirstInYear => format!("{first} in 12 Monaten"),
    })
}

pub(super) fn sum(sum: &Sum) -> String {
    let least = |is: bool| if is { "mindestens " } else { "" };
    let dollars =
        sum.value_usd.map(|value: Usd| format!("{}{}", least(sum.value_is_at_least), German.usd(value)));
    let unit = if sum.unit == Unit::Ads { "ADS" } else { "Aktien" };
    let shares =
        sum.shares.map(|shares| format!("{}{} {unit}", least(sum.shares_is_at_least), German.shares(shares)));
    let figures = match (dollars, shares) {
        (Some(dollars), Some(shares)) => format!("{dollars} und {shares}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => "Wert unbekannt".to_owned(),
    };
    let within = sum.within.replace("days", "Tagen").replace("day", "Tag");
    let dates = German.days(sum.first_date, sum.last_date);
    let insiders = |n: usize| if n == 1 { "1 Insider".to_owned() } else { format!("{n} Insidern") };
    match (sum.condition, sum.per) {
        (Counting::Cluster, _) => {
            format!("{} Insider in {within}, zusammen {figures}, {dates}", sum.insiders)
        }
        (Counting::Cumulative, Some(Per::Issuer)) => {
            format!(
                "{figures} in {within}, in {} Meldungen von {}, {dates}",
                sum.filings,
                insiders(sum.insiders)
            )
        }
        (Counting::Cumulative, _) => {
            format!("{figures} in {within}, in {} Meldungen des Insiders, {dates}", sum.filings)
        }
    }
}

pub(super) fn amendment(alert: &Alert) -> Option<String> {
    if let Some(amendment) = alert.amended_by {
        return Some(format!("bereits geändert durch {amendment}"));
    }
    if !alert.form.is_amendment() {
        return None;
    }
    if alert.withdrawn {
        let original = alert.amends.map_or_else(String::new, |original| format!(" {original}"));
        return Some(format!("ändert{original}: die gemeldeten Posten erfüllen die Regel nicht mehr"));
    }
    Some(match (alert.amends, alert.may_amend.as_slice()) {
        (Some(original), _) if alert.changes.is_empty() => {
            format!("ändert {original}, keine Zeile ist anders")
        }
        (Some(original), _) => format!("ändert {original}"),
        (None, []) => "ändert eine Meldung, die sellbell nicht gesehen hat".to_owned(),
        (None, [one]) => format!("ändert wohl {one}, eingereicht an einem anderen Tag als angegeben"),
        (None, several) => format!("ändert eine von {} Meldungen; welche, ist unklar", several.len()),
    })
}

pub(super) fn lots(alert: &Alert) -> String {
    let trade = Trade::of(alert.lots.iter().map(LotRecord::figures));
    let lots = alert.lots.len();
    let on = if trade.days > 1 { format!(" an {} Tagen", trade.days) } else { String::new() };
    format!("{lots} Posten{on}")
}

/// The title of a security, or the words for none.
fn title(security: Option<&str>) -> String {
    security.map_or_else(|| "ohne Bezeichnung".to_owned(), |title| plain(&clip(title, TITLE)))
}
