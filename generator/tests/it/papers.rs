//! What the repository cites is in it: cases and facts about AWS stand in pages of their own, tied here to the scenarios,
//! tests and code that name them; links lead somewhere; and nothing names a paper that a reader does not have.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

const CASES: &str = "docs/cases.md";
const FACTS: &str = "docs/aws.md";
/// Letters in a line of prose. Rows of tables cannot be broken.
const PROSE_MAX: usize = 160;
/// What comes from elsewhere, or is made.
const PASSED_OVER: &[&str] = &[".git", "target", "out", "node_modules", "__pycache__", "expected"];

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

fn text(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a pattern")
}

/// Every text file of the repository by its path from the root, but for what is generated.
static FILES: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let mut found = BTreeMap::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(repository().join(&folder)).expect("a folder") {
            let entry = entry.expect("an entry");
            let name = entry.file_name().into_string().expect("a name in Unicode");
            let path = folder.join(&name);
            if PASSED_OVER.contains(&name.as_str()) {
                continue;
            }
            if entry.path().is_dir() {
                folders.push(path);
            } else if let Ok(text) = fs::read_to_string(entry.path()) {
                found.insert(path.display().to_string(), text);
            }
        }
    }
    found
});

/// Those whose path ends so.
pub(crate) fn files(ending: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    FILES
        .iter()
        .filter(move |(path, _)| path.ends_with(ending))
        .map(|(path, text)| (path.as_str(), text.as_str()))
}

/// The names of all functions of the Rust sources, tests among them.
static FUNCTIONS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let function = pattern(r"\bfn (\w+)");
    files(".rs").flat_map(|(_, text)| captures(&function, text)).collect()
});

/// The first group of every match.
fn captures(pattern: &Regex, text: &str) -> Vec<String> {
    pattern.captures_iter(text).map(|found| found[1].to_owned()).collect()
}

/// Names in backticks.
fn quoted(text: &str) -> Vec<String> {
    captures(&pattern(r"`([^`]+)`"), text)
}

/// A case or a fact, as its page has it.
#[derive(Default)]
struct Entry {
    /// Its number or id.
    id: String,
    /// The names in what shows or holds it.
    shown: Vec<String>,
    /// Whether it says plainly what is missing.
    has_gap: bool,
}

fn cases() -> Vec<Entry> {
    let page = text(CASES);
    page.split("\n## Case ").skip(1).map(case).collect()
}

fn case(section: &str) -> Entry {
    let (id, rest) = section.split_once(": ").expect("a case's heading has a title");
    let paragraphs = || rest.split("\n\n").skip(1);
    let shown = paragraphs().find_map(|paragraph| paragraph.strip_prefix("Shown by: ")).unwrap_or_default();
    let has_gap = paragraphs().any(|paragraph| paragraph.starts_with("Not yet: "));
    Entry { id: id.to_owned(), shown: quoted(shown), has_gap }
}

fn facts() -> Vec<Entry> {
    let page = text(FACTS);
    let entries = page.split("\n- **").skip(1);
    let fact = |entry: &str| {
        let entry = entry.split_whitespace().collect::<Vec<_>>().join(" ");
        let (id, rest) = entry.split_once("**: ").expect("a fact's id stands first");
        assert!(rest.contains("*Source:*"), "{FACTS}: {id} names no source");
        let held = rest.split_once("*Held by*").map_or("", |(_, held)| held);
        Entry { id: id.to_owned(), shown: quoted(held), has_gap: false }
    };
    entries.map(fact).collect()
}

/// `strategy/name` of a scenario's path.
fn scenario_name(path: &str) -> Option<String> {
    let (strategy, name) =
        path.strip_prefix("templates/strategies/")?.strip_suffix(".yaml")?.split_once("/cases/")?;
    Some(format!("{strategy}/{name}"))
}

/// The numbers of the cases that each scenario cites in its first line, `(case 3)` or `(cases 3 and 4)`.
fn cited_cases() -> BTreeMap<String, BTreeSet<String>> {
    let (citation, number) = (pattern(r"\bcases? (\d+(?:(?:, | and )\d+)*)"), pattern(r"(\d+)"));
    let scenarios = files(".yaml").filter_map(|(path, text)| Some((scenario_name(path)?, text)));
    let cited = scenarios.map(|(name, text)| {
        let about = text.lines().next().unwrap_or_default();
        (name, captures(&citation, about).iter().flat_map(|numbers| captures(&number, numbers)).collect())
    });
    cited.collect()
}

#[test]
fn cases_and_the_scenarios_that_show_them_name_each_other() {
    let (cases, mut cited) = (cases(), cited_cases());
    let mut faults = Vec::new();
    for (case, number) in cases.iter().zip(1..) {
        let id = &case.id;
        if *id != number.to_string() {
            faults.push(format!("{CASES}: case {id} stands where {number} should"));
        }
        if case.shown.is_empty() && !case.has_gap {
            faults.push(format!("{CASES}: case {id} says neither `Shown by:` nor `Not yet:`"));
        }
        for name in &case.shown {
            let fault = match cited.get_mut(name).map(|numbers| numbers.remove(id)) {
                Some(true) => continue,
                Some(false) => {
                    format!("{name} does not cite case {id}, of which {CASES} says that it shows it")
                }
                None if FUNCTIONS.contains(name) => continue,
                None => format!("{CASES}: case {id}: there is no scenario and no test `{name}`"),
            };
            faults.push(fault);
        }
    }
    for (name, numbers) in cited {
        faults.extend(
            numbers.iter().map(|id| format!("{CASES}: list `{name}` under case {id}, which it cites")),
        );
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn facts_are_used_and_what_is_cited_is_a_fact() {
    let citation = pattern(r"\bfacts? ([A-Z]\d+)\b");
    let cited = |(path, text): (&str, &str)| {
        captures(&citation, text).into_iter().map(|id| (id, path.to_owned())).collect::<Vec<_>>()
    };
    let sources = [".rs", ".j2", ".md"].into_iter().flat_map(files).filter(|(path, _)| *path != FACTS);
    let cited = sources.flat_map(cited).collect::<BTreeMap<_, _>>();
    let mut faults = Vec::new();
    let facts = facts();
    for fact in &facts {
        let id = &fact.id;
        let missing = |name: &&String| !FUNCTIONS.contains(*name) && !FILES.contains_key(*name);
        faults.extend(
            fact.shown.iter().filter(missing).map(|name| format!("{FACTS}: {id}: there is no test `{name}`")),
        );
        if fact.shown.is_empty() && !cited.contains_key(id) {
            faults.push(format!("{FACTS}: nothing holds or cites {id}: it is not needed"));
        }
    }
    let ids: BTreeSet<_> = facts.iter().map(|fact| &fact.id).collect();
    assert_eq!(ids.len(), facts.len(), "{FACTS}: an id stands twice");
    let unknown = cited.iter().filter(|(id, _)| !ids.contains(id));
    faults.extend(unknown.map(|(id, path)| format!("{path} cites fact {id}, which {FACTS} does not have")));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What is done about a code is right only as long as it means that.
#[test]
fn a_code_that_says_what_is_not_there_is_in_the_page_of_facts() {
    let code = pattern(
        r#""((?:[A-Za-z]+\.)*[A-Za-z]*(?:NotFound|DoesNotExist|NonExistent|NoSuch|AlreadyExists)[A-Za-z]*)""#,
    );
    let page = text(FACTS);
    let asks = ["aws", "bootstrap", "cli", "operate", "publish"];
    let is_asker =
        |path: &str| asks.iter().any(|module| path.starts_with(&format!("generator/src/{module}/")));
    let codes = files(".rs")
        .filter(|(path, _)| is_asker(path))
        .flat_map(|(path, text)| captures(&code, text).into_iter().map(move |code| (code, path)));
    let codes: Vec<(String, &str)> = codes.collect();
    assert!(codes.len() > 10, "{codes:?}");
    let lacks: Vec<_> = codes.iter().filter(|(code, _)| !page.contains(&format!("`{code}`"))).collect();
    assert!(lacks.is_empty(), "{FACTS} lacks {lacks:?}");
}

/// GitHub's name of a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter(|letter| letter.is_alphanumeric() || [' ', '-', '_'].contains(letter));
    kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect()
}

/// The lines of a page outside its fenced blocks.
fn prose(page: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    (1..).zip(page.lines()).filter(move |(_, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

fn has_anchor(path: &str, wanted: &str) -> bool {
    let page = text(path);
    prose(&page).any(|(_, line)| line.starts_with('#') && anchor(line.trim_start_matches('#')) == wanted)
}

/// Of alarms the unit tests of the stack ask the same.
#[test]
fn every_heading_that_a_message_points_to_is_in_the_runbook() {
    let of_templates = pattern(r"'#([a-z-]+)'");
    let of_handler = pattern(r#"RUNBOOK_[A-Z_]+: &str = "([a-z-]+)""#);
    let in_file = |(path, text): (&'static str, &'static str)| {
        let wanted = if path.starts_with("templates/") { &of_templates } else { &of_handler };
        wanted.captures_iter(text).map(|found| found[1].to_owned()).collect::<Vec<_>>()
    };
    let sources = [".j2", ".jsonata", "handler/src/rejection.rs"];
    let headings: BTreeSet<String> = sources.into_iter().flat_map(files).flat_map(in_file).collect();
    for known in ["events-rejected", "put-back-by-hand", "recycles-aborted", "recycles-failed", "slow"] {
        assert!(headings.contains(known), "no message points to `{known}` any more: {headings:?}");
    }
    for heading in headings {
        assert!(has_anchor("docs/runbook.md", &heading), "docs/runbook.md has no heading `{heading}`");
    }
}

/// That the links lead somewhere is asked of all pages.
#[test]
fn each_part_of_the_runbook_leads_to_what_the_commands_do_there() {
    for section in text("docs/runbook.md").split("\n## ").skip(1) {
        let (heading, about) = section.split_once('\n').expect("what follows the heading");
        let is_as_another = about.trim_start().starts_with("As [") && heading != "executions-undelivered";
        assert!(
            is_as_another || about.contains("](operating.md#"),
            "`{heading}` has no link to docs/operating.md"
        );
    }
}

#[test]
fn links_of_pages_lead_somewhere() {
    let link = pattern(r"\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)$");
    let mut faults = Vec::new();
    for (path, page) in files(".md") {
        for (number, line) in prose(page) {
            for found in link.captures_iter(line) {
                let target = found.get(1).or(found.get(2)).expect("one of the two").as_str();
                if target.contains("://") {
                    continue;
                }
                let (file, heading) =
                    target.split_once('#').map_or((target, None), |(file, part)| (file, Some(part)));
                let folder = Path::new(path).parent().expect("a folder");
                let file = if file.is_empty() { PathBuf::from(path) } else { folder.join(file) };
                let file = repository().join(file);
                let leads = file.exists()
                    && heading.is_none_or(|heading| has_anchor(&file.display().to_string(), heading));
                if !leads {
                    faults.push(format!("{path}:{number}: `{target}` leads nowhere"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn prose_is_wrapped() {
    let is_long = |line: &str| line.chars().count() > PROSE_MAX;
    let of_page =
        |line: &str| is_long(line) && !["|", "<%", "<#"].iter().any(|begins| line.starts_with(begins));
    let pages = files(".md").chain(files(".md.j2")).flat_map(|(path, page)| {
        prose(page).filter(|(_, line)| of_page(line)).map(move |(number, _)| (path, number))
    });
    let comments = files(".rs").flat_map(|(path, source)| {
        let is_comment = |line: &str| line.trim_start().starts_with("//");
        let long = (1..).zip(source.lines()).filter(move |(_, line)| is_long(line) && is_comment(line));
        long.map(move |(number, _)| (path, number))
    });
    let found: Vec<_> = pages.chain(comments).map(|(path, number)| format!("{path}:{number}")).collect();
    assert!(found.is_empty(), "longer than {PROSE_MAX}: {}", found.join(", "));
}

#[test]
fn what_pages_give_to_paste_as_yaml_is_yaml() {
    let block = pattern(r"(?ms)^```yaml\n(.*?)^```");
    let mut found = 0;
    let is_page = |path: &&String| Path::new(path).extension().is_some_and(|extension| extension == "md");
    for path in FILES.keys().filter(is_page) {
        for yaml in captures(&block, &FILES[path]) {
            let read = serde_yaml::from_str::<serde_json::Value>(&yaml);
            assert!(read.is_ok_and(|value| value.is_object() || value.is_array()), "{path}:\n{yaml}");
            found += 1;
        }
    }
    assert!(found > 3, "{found}");
}

#[test]
fn places_to_add_something_exist() {
    let places = quoted(&text("CONTRIBUTING.md"));
    let in_repository = |name: &&String| {
        ["generator/", "handler/", "templates/", "docs/", "examples/", ".ci/"]
            .iter()
            .any(|root| name.starts_with(root))
            && !name.contains(|letter: char| letter.is_uppercase() || letter == '*')
    };
    let gone: Vec<_> =
        places.iter().filter(in_repository).filter(|name| !repository().join(name).exists()).collect();
    assert!(gone.is_empty(), "CONTRIBUTING.md names what is not there: {gone:?}");
}

#[test]
fn no_paper_is_named_that_a_reader_does_not_have() {
    let elsewhere = [concat!("../", "shared"), concat!("aws-", "facts"), concat!("hard-", "cases")];
    let mut faults = Vec::new();
    for (path, text) in FILES.iter() {
        let named = elsewhere.iter().filter(|name| text.contains(**name));
        faults.extend(named.map(|name| format!("{path} names `{name}`")));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn headings_become_anchors_as_on_github() {
    assert_eq!(anchor(" Case 1: No room to double"), "case-1-no-room-to-double");
    assert_eq!(anchor(" `$Latest` and `$Default`"), "latest-and-default");
    assert_eq!(anchor(" [0.1.0] - 2026-11-21"), "010---2026-11-21");
}
