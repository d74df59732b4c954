//! The frame of the strategies knows none of them: what only one has occurs under `_shared` by no name of its own, in code, texts,
//! comments and scenarios.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use asg_recycle::AsgRecycle;
use asg_recycle::config::Config;
use regex::Regex;
use serde_json::{Map, Value};

const STRATEGIES: &str = "templates/strategies";
/// How each kind of name is written where it is one, for names that are everyday words too: in prose they are none.
const WRITTEN: &[(&str, &str)] = &[
    ("variable", r#"\$NAME($|[^\w(])|['"`]NAME['"`]|(?m)^NAME:"#),
    ("key of the journal", r#"journal\)?\.NAME\b|['"`]NAME['"`]"#),
    ("attribute of the lock item", r#"[iI]tem\.NAME\b|\b(SET|REMOVE)\b[^"']*\bNAME\b|['"`]NAME['"`]"#),
];
/// The same for every other kind.
const QUOTED: &str = r#"['"`.]NAME['"`]|\.NAME\b|(?m)^\s*NAME:|[{,]\s*NAME:|\bchildren: \[[^\]]*\bNAME\b"#;
/// Names that the frame has for things of its own, which are no strategy's: only `journal.NAME` and `item.NAME` tell them apart.
const OF_BOTH: &[(&str, &str)] = &[
    (
        "leaving",
        "of a target, and of a look that has to show who leaves, it is an entry; of out-in's journal a key",
    ),
    (
        "failure",
        "of a list that could not be made it is an entry of the group; beside in-out's lock an attribute",
    ),
];

fn yaml(path: &Path) -> Map<String, Value> {
    let Ok(text) = fs::read_to_string(path) else { return Map::new() };
    serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn keys(table: &Value) -> Vec<String> {
    table.as_object().into_iter().flat_map(|table| table.keys().cloned()).collect()
}

/// A name that a strategy has for itself: what it is, and how it is written where it is used.
struct OwnName {
    what: &'static str,
    name: String,
    used: Regex,
}

impl OwnName {
    /// One of several words is a name wherever it stands; a word alone where it is written as one.
    fn of(what: &'static str, name: &str) -> Self {
        let is_word = name.chars().all(|each| each.is_ascii_alphabetic());
        let is_of_both = OF_BOTH.iter().any(|(both, _)| *both == name);
        let written = WRITTEN.iter().find(|(kind, _)| *kind == what).map_or(QUOTED, |(_, written)| written);
        let used = match (is_word, is_of_both) {
            (true, true) => r"(journal\)?|[iI]tem)\.NAME\b",
            (true, false) => written,
            (false, _) => r"(^|[^\w-])NAME($|[^\w-])",
        };
        let used = Regex::new(&used.replace("NAME", &regex::escape(name))).expect("it is a pattern");
        Self { what, name: name.to_owned(), used }
    }
}

/// The phases, settings, variables, keys of the journal, attributes of the lock item and child executions with their variables that a strategy has, and
/// its own name.
fn own_names(folder: &Path) -> Vec<OwnName> {
    let [strategy, journal, variables] = ["strategy.yaml", "journal.yaml", "variables.yaml"]
        .map(|file| Value::Object(yaml(&folder.join(file))));
    let children = files(folder).into_iter().filter_map(|path| {
        let name = path.file_name()?.to_str()?.strip_suffix(".variables.yaml")?.to_owned();
        Some((name, yaml(&path)))
    });
    let children: Vec<_> = children.collect();
    let of_children =
        children.iter().flat_map(|(child, table)| table.keys().map(move |key| format!("{child}_{key}")));
    let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
    let lists = [
        ("strategy", vec![name]),
        ("phase", keys(&strategy["phases"])),
        ("setting", keys(&strategy["settings"]["own"])),
        ("variable", keys(&variables)),
        ("key of the journal", keys(&journal["journal"])),
        ("attribute of the lock item", keys(&journal["lock_item"])),
        ("variable of a child execution", of_children.collect()),
        ("child execution", children.into_iter().map(|(name, _)| name).collect()),
    ];
    let named = lists.into_iter().flat_map(|(what, names)| {
        names.into_iter().map(move |name| OwnName::of(what, &name)).collect::<Vec<_>>()
    });
    named.collect()
}

/// The states that stand in the templates of each strategy, with its name. What macros of the frame make of a title is the frame's.
fn states() -> Vec<(String, String)> {
    let origins = AsgRecycle::origins(&Config::with_defaults("demo".parse().unwrap()));
    let own = origins.into_iter().filter_map(|(state, place)| {
        let strategy = place.strip_prefix(STRATEGIES)?.trim_start_matches('/').split('/').next()?.to_owned();
        (strategy != "_shared").then_some((strategy, state))
    });
    own.collect()
}

/// The files of a folder and its folders, without scenarios.
pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut files = Vec::new();
    for path in entries.filter(|path| !path.ends_with("cases")) {
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files
}

/// What is said by a text of the frame that only a strategy has, each as `name is a what of whom`.
fn foreign(text: &str, own: &[(String, OwnName)]) -> Vec<String> {
    let found = own.iter().filter(|(_, own)| own.used.is_match(text));
    found
        .map(|(strategy, OwnName { what, name, .. })| format!("`{name}` is a {what} of {strategy}"))
        .collect()
}

/// Every name that one strategy has and neither the frame nor another.
fn names_of_strategies() -> Vec<(String, OwnName)> {
    let root = super::repository().join(STRATEGIES);
    let shared = root.join("_shared");
    let [settings, variables, journal] = ["settings.yaml", "variables.yaml", "journal.yaml"]
        .map(|file| Value::Object(yaml(&shared.join(file))));
    // A strategy may describe a common setting in words of its own, and a child have a variable by the name of the frame's.
    // The frame measures these, whichever strategy goes through them.
    let output = super::repository().join("docs/execution-output.schema.json");
    let output: Value =
        serde_json::from_str(&fs::read_to_string(output).expect("a schema")).expect("it is JSON");
    let measured = &output["$defs"]["account"]["properties"]["seconds"]["properties"];
    assert!(measured["launching"].is_object(), "the schema has the times of an execution");
    let common: BTreeSet<_> = [measured, &settings, &variables, &journal["journal"], &journal["lock_item"]]
        .into_iter()
        .flat_map(keys)
        .collect();
    let folders = fs::read_dir(&root).expect("a folder").map(|entry| entry.expect("an entry").path());
    let folders = folders.filter(|path| path.is_dir() && *path != shared);
    let named = folders.flat_map(|folder| {
        let strategy = folder.file_name().expect("a name").to_string_lossy().into_owned();
        own_names(&folder).into_iter().map(move |own| (strategy.clone(), own))
    });
    let of_states = states().into_iter().map(|(strategy, state)| (strategy, OwnName::of("state", &state)));
    named.chain(of_states).filter(|(_, own)| !common.contains(&own.name)).collect()
}

#[test]
fn the_frame_names_nothing_that_only_one_strategy_has() {
    let shared = super::repository().join(STRATEGIES).join("_shared");
    let own = names_of_strategies();
    for what in ["strategy", "phase", "setting", "variable", "key of the journal", "child execution", "state"]
    {
        assert!(own.iter().any(|(_, own)| own.what == what), "no {what} is known");
    }
    let cases =
        fs::read_dir(shared.join("cases")).expect("scenarios").map(|entry| entry.expect("an entry").path());
    let frame: Vec<_> = files(&shared).into_iter().chain(cases).collect();
    assert!(frame.len() > 100, "{} files", frame.len());
    let mut found = Vec::new();
    for path in frame {
        let text = fs::read_to_string(&path).expect("a text");
        found.extend(foreign(&text, &own).into_iter().map(|fault| format!("{}: {fault}", path.display())));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Folders of the generator that judge, show and deploy whatever strategies there are.
const ANY_STRATEGY: &[&str] =
    &["asl", "explain", "graph", "operate", "page", "render", "simulate", "stack", "strategy"];

#[test]
fn the_generator_names_nothing_that_only_one_strategy_has() {
    let whats = ["strategy", "phase", "setting", "state"];
    let own = names_of_strategies();
    let own: Vec<_> = own.iter().filter(|(_, own)| whats.contains(&own.what)).collect();
    let sources =
        ANY_STRATEGY.iter().flat_map(|folder| files(&super::repository().join("generator/src").join(folder)));
    let is_code = |path: &PathBuf| {
        let path = path.to_string_lossy();
        path.ends_with(".rs") && !path.contains("/tests/") && !path.ends_with("tests.rs")
    };
    let sources: Vec<_> = sources.filter(is_code).collect();
    assert!(sources.len() > 100, "{} files", sources.len());
    let mut found = Vec::new();
    for path in sources {
        let text = fs::read_to_string(&path).expect("a text");
        let code = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let lines = code.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
        for (index, line) in lines {
            let named = own.iter().filter(|(_, own)| line.contains(&format!("\"{}\"", own.name)));
            found.extend(named.map(|(strategy, own)| {
                format!("{}:{}: `{}` is a {} of {strategy}", path.display(), index + 1, own.name, own.what)
            }));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_name_of_a_strategy_is_found_however_it_is_written() {
    let own = names_of_strategies();
    for text in [
        "<# As `out-in` does it. #>",
        "\"Next\": \"Note failed turn\"",
        "# Leads on to Note failed turn.",
        "$journal.phase = \"doubling\"",
        "'phase': 'doubling'",
        "$lookup($settings, 'zone_change')",
        "<# zone_change #>",
        "$settings.zone_change",
        "leave_first: {kind: list}",
        "{\"passes\" : 1}",
        "$passes = 1",
        "children: [list, `turn`]",
        "strategies: [in-out, out-in]",
    ] {
        assert!(!foreign(text, &own).is_empty(), "{text}");
    }
    for text in ["# whose turn it is", "<# Doubling a group takes time. #>", "before it passes on"] {
        assert_eq!(foreign(text, &own), Vec::<String>::new(), "{text}");
    }
}
