//! One alert as a headline and a card, to be read at a glance on a phone.

use chrono::{Datelike, NaiveDate};
use chrono_tz::America::New_York;

use super::buttons::{Concerned, label};
use super::embed::{AMBER, Author, Embed, Footer, GREEN, GREY, RED, TITLE, linked};
use super::part::Part;
use super::words::{escaped, escaped_lines, rule_mark};
use crate::alert::{Agreed, Alert, AlertOwner, Figure, Key, Verb, Way};
use crate::filing::record::LotRecord;
use crate::filing::{Intent, Plan, Role, Trade};
use crate::render::filing::capital;
use crate::render::listed;
use crate::text::{clip, clip_words, plain};

const AUTHOR: usize = 256;
/// The longest headline, which a push notification shows.
const HEADLINE: usize = 280;
/// The longest description, and the rule's own words in it.
const DESCRIPTION: usize = 1_800;
const OWN_WORDS: usize = 900;
const LINE: usize = 300;
const NAME: usize = 80;
/// The longest position.
const POSITION: usize = 48;
const QUOTE: usize = 140;
const MOST_SECURITIES: usize = 4;
const MOST_OWNERS: usize = 4;
const MOST_SUMS: usize = 2;
const MOST_PARTS: usize = 3;
const MOST_CHANGES: usize = 3;
const MOST_WARNINGS: usize = 2;

/// The headline and card of an alert; `reference` is the delivery's key.
pub(super) fn alert(alert: &Alert, reference: &Key) -> Part {
    let tickers = alert.issuer.tickers.join(", ");
    let company = plain(&clip(&alert.issuer.name, AUTHOR));
    let company = if company.is_empty() { format!("CIK {}", alert.issuer.cik) } else { company };
    let author = if tickers.is_empty() { company } else { format!("{company} · {tickers}") };
    let embed = Embed {
        author: Author { name: clip(&author, AUTHOR).into_owned() },
        title: clip(&title(alert), TITLE).into_owned(),
        url: Some(linked(&alert.url, reference)),
        description: description(alert),
        color: color(alert),
        fields: Vec::new(),
        footer: Footer { text: footer(alert) },
        timestamp: alert.accepted_at,
        image: None,
    };
    Part {
        mentions: alert.mention.clone(),
        headline: Some(headline(alert)),
        embed,
        file: None,
        attachments: None,
        concerned: Some((label(alert), Concerned::of(alert))),
    }
}

/// The alert in one line of markdown: `**SNPS** President and COO sold **$9.31M** · 10b5-1 plan · stake
/// unchanged`, or the first line of the rule's own words.
pub(super) fn headline(alert: &Alert) -> String {
    if let Some(own) =
        alert.message.as_deref().and_then(|own| own.lines().map(escaped).find(|line| !line.is_empty()))
    {
        return whole(&clip_words(&own, HEADLINE)).to_owned();
    }
    let subject = escaped(&clip(alert.ticker_or_name(), NAME));
    let deeds: Vec<String> = alert.ways().iter().map(deed).collect();
    let remarks = [alert.motive_text().map(str::to_owned), alert.stake_remark()].into_iter().flatten();
    let remarks: String = remarks.map(|remark| format!(" · {remark}")).collect();
    let text =
        format!("**{subject}** {} {}{}{remarks}", who(alert), deeds.join(" and "), alert.amended_mark());
    whole(&clip_words(&text, HEADLINE)).to_owned()
}

/// Who acted, in few words: the first owner's position, or name without one.
fn who(alert: &Alert) -> String {
    let Some(first) = alert.owners.first() else { return "somebody".to_owned() };
    let position = short_position(first);
    let first = if position.is_empty() { escaped(&clip(&first.name, NAME)) } else { position };
    match alert.owners.len() {
        1 => first,
        2 => format!("{first} and another"),
        n => format!("{first} and {} others", n - 1),
    }
}

/// An owner's offices, as `CEO & Chair`, or other position; empty without one.
fn short_position(owner: &AlertOwner) -> String {
    let offices: Vec<&str> = owner.roles.iter().filter_map(|role| abbreviation(*role)).take(2).collect();
    if offices.is_empty() { escaped(&clip_words(&owner.position(), POSITION)) } else { offices.join(" & ") }
}

fn abbreviation(role: Role) -> Option<&'static str> {
    match role {
        Role::Ceo => Some("CEO"),
        Role::Cfo => Some("CFO"),
        Role::Coo => Some("COO"),
        Role::President => Some("President"),
        Role::Chair => Some("Chair"),
        Role::GeneralCounsel => Some("General Counsel"),
        Role::OtherOfficer | Role::Director | Role::TenPercentOwner | Role::Other => None,
    }
}

fn deed(way: &Way) -> String {
    match way.verb {
        Verb::Moved => format!("moved **{}** within their holdings", way.quantity),
        verb => format!("{verb} **{}**", way.what(Figure::Short)),
    }
}

/// `Sassine Ghazi, President and COO, sold $9.31M`.
fn title(alert: &Alert) -> String {
    let name = |name: &str| {
        let name = escaped(&clip(name, NAME));
        if name.is_empty() { "no name".to_owned() } else { name }
    };
    let owners = match alert.owners.as_slice() {
        [] => "Somebody".to_owned(),
        [only] => match short_position(only) {
            position if position.is_empty() => name(&only.name),
            position => format!("{}, {position},", name(&only.name)),
        },
        [first, second] => format!("{} and {}", name(&first.name), name(&second.name)),
        [first, others @ ..] => format!("{} and {} others", name(&first.name), others.len()),
    };
    format!("{owners} {}{}", alert.deed_text(Figure::Short), alert.amended_mark())
}

/// Red for an insider's own decision to sell, green for purchases, amber for amendments, grey for the rest.
fn color(alert: &Alert) -> u32 {
    let is_own_decision =
        |lot: &LotRecord| matches!(lot.intent, Some(Intent::Discretionary | Intent::Unknown) | None);
    match alert.verb() {
        _ if alert.withdrawn || alert.form.is_amendment() => AMBER,
        Verb::Bought => GREEN,
        Verb::Sold if alert.lots.iter().any(is_own_decision) && alert.plan != Agreed::All(Plan::Yes) => RED,
        Verb::Sold | Verb::Moved | Verb::Traded | Verb::Other(_) => GREY,
    }
}

fn footer(alert: &Alert) -> String {
    let rule = rule_mark(&alert.rule);
    let late = || alert.late.then(|| "found late".to_owned());
    let way = alert.way_text().or_else(late).map(|way| format!(" · {way}")).unwrap_or_default();
    let accepted = if alert.accepted_at.is_some() { " · accepted" } else { "" };
    format!("Form {} · {rule}{way}{accepted}", alert.form)
}

/// The lines of the card, as many as there is room for.
fn description(alert: &Alert) -> String {
    let mut lines = own_words(alert);
    if alert.withdrawn {
        lines.push("Withdrawn: an amended filing says otherwise. It had reported:".to_owned());
    }
    lines.extend(figures(alert));
    lines.extend(alert.pricing_lines().first().map(|line| escaped(&clip_words(line, LINE))));
    lines.extend(stake(alert));
    lines.extend(marks(alert));
    lines.extend(quote(alert));
    lines.extend(sums(alert));
    lines.extend(owners(alert));
    lines.extend(amendment(alert));
    if !alert.also_in.is_empty() {
        lines.push(format!("Also reported in {}", listed(&alert.also_in)));
    }
    lines.extend(warnings(alert));
    let mut text = String::new();
    for line in lines.iter().map(|line| whole(line)).filter(|line| !line.is_empty()) {
        if text.chars().count() + line.chars().count() + 1 > DESCRIPTION {
            break;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(line);
    }
    text
}

/// A cut may leave half of an escape, which would escape what follows.
fn whole(text: &str) -> &str {
    let kept = text.trim_end_matches('…');
    let slashes = kept.len() - kept.trim_end_matches('\\').len();
    if slashes % 2 == 1 { &kept[..kept.len() - 1] } else { text }
}

/// The rule's own words, unless all of them are the headline.
fn own_words(alert: &Alert) -> Vec<String> {
    let own = escaped_lines(alert.message.as_deref().unwrap_or_default());
    let is_headline = !own.contains('\n') && own.chars().count() <= HEADLINE;
    if is_headline { Vec::new() } else { vec![clip_words(&own, OWN_WORDS).into_owned()] }
}

/// `**29,136** shares at **$319.46** ($315.44–$326.33), Jan 3`: a line for each security, or each way.
fn figures(alert: &Alert) -> Vec<String> {
    let securities = alert.security_lines(escaped);
    if !securities.is_empty() {
        let more = securities.len().saturating_sub(MOST_SECURITIES);
        let mut lines: Vec<String> = securities.into_iter().take(MOST_SECURITIES).collect();
        if more > 0 {
            lines.push(format!("and {more} more securities"));
        }
        lines.push(capital(&when(alert)));
        return lines;
    }
    let ways = alert.ways();
    let (when, several) = (when(alert), ways.len() > 1);
    let mut lines: Vec<String> = ways
        .iter()
        .enumerate()
        .map(|(place, way)| {
            let unit = way.quantity.strip_prefix(&way.number).unwrap_or_default();
            let verb = if several { format!("{} ", capital(way.verb.text())) } else { String::new() };
            let price = (place == 0).then(|| price(alert)).flatten();
            let price = price.unwrap_or_else(|| alert.for_value(way));
            format!("{verb}**{}**{unit}{price}", way.number)
        })
        .collect();
    if let Some(last) = lines.last_mut() {
        last.push_str(&format!(", {when}"));
    }
    lines
}

/// ` at **$319.46** ($315.44–$326.33)`.
fn price(alert: &Alert) -> Option<String> {
    let price = alert.price_text().filter(|_| !alert.only_moves())?;
    Some(match alert.range_text() {
        Some(range) => format!(" at **{price}** ({})", range.replace(" to ", "–")),
        None if alert.lots.len() > 1 => format!(" at **{price}** on average"),
        None => format!(" at **{price}**"),
    })
}

/// `10 lots, Jan 3–5`, with the year if it is not the filing's.
fn when(alert: &Alert) -> String {
    let year = alert.accepted_at.unwrap_or(alert.seen_at).with_timezone(&New_York).year();
    let day = |date: NaiveDate| match date.year() == year {
        true => date.format("%b %-d").to_string(),
        false => date.format("%b %-d, %Y").to_string(),
    };
    let dates = match Trade::of(alert.lots.iter().map(LotRecord::figures)).dates {
        None => "on an unknown date".to_owned(),
        Some((first, last)) if first == last => day(first),
        Some((first, last))
            if (first.year(), first.month()) == (last.year(), last.month()) && first.year() == year =>
        {
            format!("{}–{}", day(first), last.day())
        }
        Some((first, last)) => format!("{} – {}", day(first), day(last)),
    };
    match alert.lots.len() {
        0 | 1 => dates,
        n => format!("{n} lots, {dates}"),
    }
}

/// `**Stake 52,609 → 52,609**, unchanged: exercised 29,136 options at $60.37 and sold them`.
fn stake(alert: &Alert) -> Option<String> {
    if let Some(stake) = alert.stake_text(escaped) {
        let (figures, rest) = stake.split_once(", ").unwrap_or((&stake, ""));
        // A single source repeats the figures above.
        let is_repeated = alert.stakes.iter().all(|stake| stake.sources.len() < 2);
        let rest = rest.split_once(':').filter(|_| is_repeated).map_or(rest, |(change, _)| change);
        let rest = if rest.is_empty() { String::new() } else { format!(", {rest}") };
        let text = match alert.stakes.len() {
            1 => format!("**Stake {figures}**{rest}"),
            _ => format!("**Stake** {stake}"),
        };
        return Some(clip_words(&text, LINE).into_owned());
    }
    alert.holdings_text().map(|share| format!("**{share}** of the holdings"))
}

/// `📋 10b5-1 plan, adopted 2022-09-12 · 📈 4th sale in 12 months, $31.00M together`.
fn marks(alert: &Alert) -> Option<String> {
    let plan = match (alert.plan, &alert.plan_adopted) {
        (Agreed::All(Plan::Yes), Some(date)) => Some(format!("📋 10b5-1 plan, adopted {date}")),
        (Agreed::All(Plan::Yes), None) => Some("📋 10b5-1 plan".to_owned()),
        (Agreed::Mixed, _) => Some(format!("📋 10b5-1 plan {}", alert.plan_text())),
        (Agreed::All(Plan::No | Plan::Unknown), _) => None,
    };
    let reason = match alert.intent {
        Some(Agreed::All(Intent::Discretionary)) => Some("own decision, no 10b5-1 plan".to_owned()),
        _ => alert.reason_text().map(|reason| reason.to_owned()),
    };
    let history = alert.history_text().map(|history| format!("📈 {history}"));
    let marks: Vec<String> = [plan, reason, history].into_iter().flatten().collect();
    (!marks.is_empty()).then(|| capital(&marks.join(" · ")))
}

/// The filing's words for the reason.
fn quote(alert: &Alert) -> Option<String> {
    let is_stated =
        alert.reason_text().is_some() || alert.plan == Agreed::Mixed || alert.plan == Agreed::All(Plan::Yes);
    let words = alert.evidence().into_iter().next().filter(|_| is_stated)?;
    Some(format!("> {}", escaped(&clip_words(words, QUOTE))))
}

fn sums(alert: &Alert) -> Vec<String> {
    let each = alert.sums.iter().take(MOST_SUMS).map(|sum| {
        let parts: Vec<String> = sum
            .part_texts(MOST_PARTS)
            .into_iter()
            .map(|part| format!("- {}", escaped(&clip(&part, 120))))
            .collect();
        [capital(&sum.text())].into_iter().chain(parts).collect::<Vec<_>>().join("\n")
    });
    each.collect()
}

/// The owners, if there are several.
fn owners(alert: &Alert) -> Option<String> {
    let [_, _, ..] = alert.owners.as_slice() else { return None };
    let each = alert.owners.iter().take(MOST_OWNERS).map(|owner| {
        let name = escaped(&clip(&owner.name, NAME));
        let name = if name.is_empty() { "no name".to_owned() } else { name };
        match short_position(owner) {
            position if position.is_empty() => name,
            position => format!("{name} \\({position}\\)"),
        }
    });
    let mut names: Vec<String> = each.collect();
    if alert.owners.len() > MOST_OWNERS {
        names.push(format!("and {} more", alert.owners.len() - MOST_OWNERS));
    }
    Some(format!("Reported by {}", names.join(", ")))
}

fn amendment(alert: &Alert) -> Option<String> {
    let text = alert.amendment_text()?;
    let mut lines = vec![format!("✏️ {}", capital(&text))];
    lines.extend(
        alert
            .changes
            .iter()
            .take(MOST_CHANGES)
            .map(|change| format!("- {}", escaped(&clip_words(change, 150)))),
    );
    if alert.changes.len() > MOST_CHANGES {
        lines.push(format!("- and {} more changes", alert.changes.len() - MOST_CHANGES));
    }
    Some(lines.join("\n"))
}

fn warnings(alert: &Alert) -> Vec<String> {
    let each = alert.warnings.iter().take(MOST_WARNINGS);
    let mut lines: Vec<String> =
        each.map(|warning| format!("⚠️ {}", escaped(&clip_words(&warning.message, 200)))).collect();
    if alert.warnings.len() > MOST_WARNINGS {
        lines.push(format!("and {} more warnings", alert.warnings.len() - MOST_WARNINGS));
    }
    lines
}
