//! The floors of the house: a module imports only from lower ones, and neither files nor functions need each other in circles.

mod circles;
mod crate_map;
mod graph;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use circles::circles;
use crate_map::CrateMap;
use graph::Graph;

/// The pure core is this floor and all below it.
const PURE: &str = "render";

/// Functions that call each other since what they walk through is nested.
const RECURSIVE: [&str; 4] = ["rules/evaluate.rs", "rules/schema.rs", "rules/wire/group.rs", "text/redact/"];

fn sources(dir: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path.to_string_lossy().into_owned());
        }
    }
}

/// The floor of each module, as `docs/ARCHITECTURE.md` has it.
fn floors() -> BTreeMap<&'static str, usize> {
    let page = include_str!("../../../docs/ARCHITECTURE.md");
    let rows = page
        .split("| floor | module |")
        .nth(1)
        .unwrap()
        .lines()
        .skip(2)
        .map_while(|line| line.strip_prefix("| "));
    let mut floors = BTreeMap::new();
    for row in rows {
        let (floor, rest) = row.split_once(" | `").unwrap();
        let module = rest.split('`').next().unwrap();
        assert!(floors.insert(module, floor.parse().unwrap()).is_none(), "`{module}` has two rows");
    }
    floors
}

fn files() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    sources(&root, &mut found);
    let prefix = format!("{}/", root.display());
    found
        .into_iter()
        .map(|path| (path.strip_prefix(&prefix).unwrap().to_owned(), fs::read_to_string(&path).unwrap()))
        .collect()
}

/// The module names that follow `crate::` anywhere in the code, grouped imports included.
fn imports(text: &str) -> Vec<String> {
    let code: String =
        text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut names = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let name = |text: &str| {
            text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>()
        };
        match rest.strip_prefix('{') {
            Some(group) => {
                names.extend(group[..group.find("};").unwrap()].split(',').map(|part| name(part.trim())))
            }
            None => names.push(name(rest)),
        }
    }
    names
}

/// The part of a file before its tests.
fn body(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap()
}

#[test]
fn a_module_imports_only_from_lower_floors() {
    let floor = floors();
    let mut without_files = floor.clone();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (path, text) in files() {
        let module = path.split(['/', '.']).next().unwrap();
        if matches!(module, "lib" | "main") || path.ends_with("tests.rs") {
            continue;
        }
        let own = floor
            .get(module)
            .unwrap_or_else(|| panic!("{path}: docs/ARCHITECTURE.md has no row for `{module}`"));
        without_files.remove(module);
        for import in imports(body(&text)) {
            let other =
                floor.get(import.as_str()).unwrap_or_else(|| panic!("{path}: there is no module `{import}`"));
            seen += 1;
            if import != module && other >= own {
                wrong.push(format!("{path} imports crate::{import}"));
            }
        }
    }
    assert!(seen > 100, "only {seen} imports were found");
    assert!(
        without_files.is_empty(),
        "docs/ARCHITECTURE.md has rows for modules that are gone: {without_files:?}"
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_pure_core_knows_no_network_disk_or_runtime() {
    const OUTSIDE: [&str; 8] =
        ["tokio::", "reqwest::", "serenity::", "sled::", "axum::", "std::net", "std::env", "std::process"];
    let floors = floors();
    let is_pure = |module: &str| floors.get(module).is_some_and(|floor| *floor <= floors[PURE]);
    let mut wrong = Vec::new();
    for (path, text) in files() {
        let module = path.split(['/', '.']).next().unwrap();
        // Rule files are loaded from a folder by one file; the rest of `rules` takes texts.
        let disk = (path != "rules/load.rs").then_some("std::fs");
        for outside in OUTSIDE.into_iter().chain(disk) {
            if is_pure(module) && body(&text).contains(outside) {
                wrong.push(format!("{path} knows {outside}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_file_is_longer_than_400_lines_before_its_tests() {
    let long: Vec<String> = files()
        .iter()
        .filter(|(_, text)| body(text).lines().count() > 400)
        .map(|(path, text)| format!("{path}: {}", body(text).lines().count()))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn files_and_functions_need_each_other_in_no_circle() {
    let map = CrateMap::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let graph = Graph::of(&map);
    let needs: usize = graph.files.values().map(BTreeMap::len).sum();
    let calls: usize = graph.functions.values().map(BTreeMap::len).sum();
    assert!(needs > 1_000 && calls > 3_000, "only {needs} needs and {calls} calls were found");
    let mut wrong = Vec::new();
    for circle in circles(&graph.files) {
        for file in &circle {
            for (other, names) in graph.files[file].iter().filter(|(other, _)| circle.contains(*other)) {
                let names: Vec<&str> = names.iter().take(4).map(String::as_str).collect();
                wrong.push(format!("{file} needs {other}: {}", names.join(", ")));
            }
        }
        wrong.push(String::new());
    }
    for circle in circles(&graph.functions) {
        let is_nested = |function: &String| RECURSIVE.iter().any(|file| function.starts_with(file));
        if !circle.iter().all(is_nested) {
            wrong.push(format!("these call each other: {circle:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Nothing outside its engine knows that sled is there.
#[test]
fn only_its_engine_names_sled() {
    let mut seen = 0;
    for (path, text) in files() {
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        // There `sled::` is the engine's own module.
        let named = if path.starts_with("store/engine/") { "::sled::" } else { "sled::" };
        let is_named = |line: &&str| line.replace("super::sled::", "").contains(named);
        let names: Vec<&str> = code.filter(is_named).collect();
        match path.starts_with("store/engine/sled/") {
            true => seen += names.len(),
            false => assert!(names.is_empty(), "{path}: {names:?}"),
        }
    }
    assert!(seen > 5, "{seen}");
}

/// What finds circles finds one of files and one of functions, through `super::`, a `use` and a method of a field's type.
#[test]
fn a_circle_is_found() {
    let src = tempfile::tempdir().unwrap();
    for (file, text) in [
        ("lib.rs", "mod high;\nmod low;\nmod alone;\n"),
        (
            "high.rs",
            "use crate::low::Low;\npub struct High { low: Low }\nimpl High { pub fn down(&self) { self.low.up(); } }\npub fn back(low: &Low) { low.up(); }\n",
        ),
        ("low.rs", "pub struct Low;\nimpl Low { pub fn up(&self) { super::high::back(self); } }\n"),
        (
            "alone.rs",
            "pub fn one(low: &crate::low::Low) { two(low); }\npub fn two(low: &crate::low::Low) { one(low); low.up(); }\n",
        ),
    ] {
        fs::write(src.path().join(file), text).unwrap();
    }
    let graph = Graph::of(&CrateMap::read(src.path()));
    let all = |found: Vec<_>| -> Vec<String> { found.into_iter().flatten().collect() };
    assert_eq!(all(circles(&graph.files)), ["high.rs", "low.rs"]);
    let functions = circles(&graph.functions);
    assert_eq!(functions.len(), 2, "{functions:?}");
    assert!(functions.iter().all(|circle| circle.len() == 2), "{functions:?}");
}
