//! The tables as a page for people: `docs/machine-state.md`, held to them by a test.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use serde_json::Value;

use super::journal::JournalKey;
use super::request::Giver;
use super::{RequestKey, Tables, VariableTable};
use crate::strategy::Catalog;

const BEGIN: &str = "# What the machine keeps\n\n\
    Printed from the tables under `templates/strategies/`; `UPDATE_GOLDENS=1 cargo test` writes it anew.\n\
    Decision [006](decisions/006-explicit-state.md) says why there are tables, and the README of `templates/strategies/` how\n\
    a strategy declares its own.\n";

fn page(tables: &Tables) -> String {
    let mut page = BEGIN.to_owned();
    page.push_str(
        "\n## What an execution is asked for\n\n\
         The keys of its input, from `_shared/request.yaml`. What a rerun mark carries is taken up as it was asked for; a \
         key\nthat no column names stays with the execution, and its successor has it too.\n\n\
         | key | kind | meaning | kept in | a rerun mark | a successor | children |\n|---|---|---|---|---|---|---|\n",
    );
    for key in &tables.request {
        request_row(&mut page, key);
    }
    page.push_str(
        "\n## Variables\n\n\
         Writers are stages of the frame (`lock` is `4_lock`); `strategies` is any of theirs. An execution begins with the \
         value of\nthe last column; where there is none, the states assign it before they read it.\n",
    );
    for group in &tables.variables {
        variables(&mut page, group);
    }
    let journal = &tables.journal;
    let _ = write!(
        page,
        "\n## The journal\n\n\
         Written beside the lock, as JSON, before each change that it tells of. Its version is {}; {:?} are read, 0 is a \
         journal\nwithout one. One of another version is left alone, and announced as `Recycle.UnknownJournal`.\n\n",
        journal.version, journal.known,
    );
    keys(&mut page, &journal.keys);
    page.push_str("\n## The lock item\n\n");
    keys(&mut page, &journal.lock_item);
    page
}

fn keys(page: &mut String, keys: &[(String, JournalKey)]) {
    page.push_str("| key | kind | meaning |\n|---|---|---|\n");
    for (name, key) in keys {
        let _ = writeln!(page, "| `{name}` | {} | {} |", key.kind.word(), key.meaning);
    }
}

fn request_row(page: &mut String, key: &RequestKey) {
    let kept = match (&key.variable, &key.part_of) {
        (Some(variable), _) => format!("`{variable}`"),
        (_, Some(whole)) => format!("part of `{whole}`"),
        _ => "not read: for others".to_owned(),
    };
    let carried = |how: &Option<String>| how.as_ref().map_or("", |_| "yes");
    let given = if key.given_by == Giver::Predecessor { " (from a predecessor)" } else { "" };
    let _ = writeln!(
        page,
        "| `{}` | {} | {}{given} | {kept} | {} | {} | {} |",
        key.key,
        key.kind.word(),
        key.meaning,
        carried(&key.rerun),
        carried(&key.hand_over),
        key.children.iter().map(|child| format!("`{child}`")).collect::<Vec<_>>().join(", "),
    );
}

fn variables(page: &mut String, group: &VariableTable) {
    let path = group.path.trim_start_matches("strategies/");
    let _ = write!(page, "\n### `{path}`\n\n");
    if !group.prefix.is_empty() {
        let _ =
            write!(page, "Of a child execution; in the definition each begins with `{}`.\n\n", group.prefix);
    }
    page.push_str("| variable | kind | meaning | written by | initial |\n|---|---|---|---|---|\n");
    for (name, variable) in &group.variables {
        let writers: Vec<_> = variable.written_by.iter().map(|writer| format!("`{writer}`")).collect();
        let initial = match variable.initial.as_ref().map(super::on_one_line) {
            None => String::new(),
            Some(Value::String(text)) if text.len() > 60 => "an expression".to_owned(),
            Some(Value::String(text)) => {
                format!("`{}`", text.trim_start_matches("{% ").trim_end_matches(" %}"))
            }
            Some(value) => format!("`{}`", value.to_string().replace("\"{% '' %}\"", "\"\"")),
        };
        let (kind, meaning) = (variable.kind.word(), &variable.meaning);
        let _ = writeln!(page, "| `{name}` | {kind} | {meaning} | {} | {initial} |", writers.join(", "));
    }
}

#[test]
fn the_page_of_what_the_machine_keeps_is_that_of_the_tables() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/machine-state.md");
    let printed = page(&Tables::read(Catalog::embedded()).expect("the tables have no fault"));
    if env::vars_os().any(|(name, _)| name == "UPDATE_GOLDENS") {
        fs::write(&path, printed).expect("a page");
    } else {
        let kept = fs::read_to_string(&path).unwrap_or_default();
        assert!(kept == printed, "{} differs; see `UPDATE_GOLDENS=1 cargo test`", path.display());
    }
}
