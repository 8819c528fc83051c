//! The documentation agrees with the program, reads well in an editor, and has no dead links.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(page: &Path) -> String {
    fs::read_to_string(root().join(page)).unwrap()
}

/// All pages, by their paths in the project.
fn pages() -> Vec<PathBuf> {
    let mut pages = vec!["README.md".into(), "CONTRIBUTING.md".into(), "SECURITY.md".into()];
    let docs = fs::read_dir(root().join("docs")).unwrap();
    pages.extend(docs.map(|entry| Path::new("docs").join(entry.unwrap().file_name())));
    pages.retain(|page: &PathBuf| page.extension().is_some_and(|extension| extension == "md"));
    pages
}

/// The names in the first column of the first table behind some words.
fn named(page: &str, words: &str) -> BTreeSet<String> {
    let rows = page.split(words).nth(1).unwrap().lines().skip_while(|line| !line.starts_with("| `"));
    let columns = rows.map_while(|line| line.strip_prefix("| ")?.split(" | ").next());
    let spans = columns.flat_map(|column| column.split('`').skip(1).step_by(2));
    spans.filter_map(|span| span.split(' ').next().map(str::to_owned)).collect()
}

#[test]
fn every_command_is_there() {
    let help = Command::new(env!("CARGO_BIN_EXE_sellbell")).arg("--help").env_clear().output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let commands = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let names = commands.lines().filter_map(|line| line.split_whitespace().next());
    let names: BTreeSet<String> = names.filter(|name| *name != "help").map(str::to_owned).collect();
    assert!(names.len() > 10, "{help}");
    for (page, words) in [("README.md", "## Commands"), ("docs/COMMANDS.md", "# Commands")] {
        assert_eq!(named(&text(Path::new(page)), words), names, "{page}");
    }
}

#[test]
fn lines_are_short_and_so_is_the_readme() {
    let mut long = Vec::new();
    for page in pages() {
        let mut is_code = false;
        for (number, line) in text(&page).lines().enumerate() {
            is_code ^= line.trim_start().starts_with("```");
            if !is_code && !line.starts_with('|') && line.chars().count() > 120 {
                long.push(format!("{}:{}", page.display(), number + 1));
            }
        }
    }
    assert!(long.is_empty(), "{long:?}");
    assert!(text(Path::new("README.md")).lines().count() <= 150);
}

/// The anchor that GitHub makes of a heading.
fn anchor(heading: &str) -> String {
    let is_kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    heading
        .trim_matches(['#', ' '])
        .to_lowercase()
        .chars()
        .filter(is_kept)
        .collect::<String>()
        .replace(' ', "-")
}

/// Whether a link on a page leads to a file or folder, and to a heading of it where it names one.
fn leads_somewhere(page: &Path, link: &str) -> bool {
    let (file, heading) = link.split_once('#').unwrap_or((link, ""));
    let target = if file.is_empty() { page.to_owned() } else { page.parent().unwrap().join(file) };
    if heading.is_empty() {
        return root().join(target).exists();
    }
    let is_meant = |line: &str| line.starts_with('#') && anchor(line) == heading;
    fs::read_to_string(root().join(target)).is_ok_and(|text| text.lines().any(is_meant))
}

#[test]
fn links_lead_somewhere() {
    let (mut links, mut dead) = (0, Vec::new());
    for page in pages() {
        let text = text(&page);
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            links += 1;
            if !link.starts_with("https://") && !leads_somewhere(&page, link) {
                dead.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(links > 40, "{links}");
    assert!(dead.is_empty(), "{dead:?}");
}
