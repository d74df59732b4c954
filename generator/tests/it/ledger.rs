//! The ledger of campaigns, `docs/ledger.md`: its rows add up, and its command can be pasted.

use std::collections::BTreeMap;
use std::path::Path;

use crate::run::Run;

const LEDGER: &str = include_str!("../../../docs/ledger.md");

/// A row of the runs.
#[derive(Debug)]
struct Row {
    commit: String,
    configuration: String,
    digest: String,
    first_seed: u64,
    runs: u64,
    violations: u64,
}

fn cells(line: &str) -> Option<Vec<&str>> {
    let inner = line.strip_prefix("| ")?.strip_suffix(" |")?;
    Some(inner.split(" | ").map(|cell| cell.trim().trim_matches('`')).collect())
}

fn rows() -> Vec<Row> {
    let runs =
        LEDGER.split("\n## ").find(|part| part.starts_with("Runs\n")).expect("the runs have a heading");
    let lines = runs.lines().filter_map(cells).filter(|cells| cells[0].starts_with("20"));
    let number =
        |text: &str| text.replace(',', "").parse().unwrap_or_else(|_| panic!("`{text}` is no number"));
    let row = |cells: Vec<&str>| {
        let [day, commit, configuration, digest, first_seed, runs, violations] = cells[..] else {
            panic!("a row has seven cells: {cells:?}")
        };
        assert!(day.parse::<jiff::civil::Date>().is_ok(), "{day}");
        assert!(commit.len() >= 7 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()), "{commit}");
        assert!(digest.len() >= 8 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()), "{digest}");
        Row {
            commit: commit.to_owned(),
            configuration: configuration.to_owned(),
            digest: digest.to_owned(),
            first_seed: number(first_seed),
            runs: number(runs),
            violations: number(violations),
        }
    };
    lines.map(row).collect()
}

/// The configurations, by the first table.
fn configurations() -> Vec<String> {
    let before = LEDGER.split("\n## ").next().expect("there is a beginning");
    before
        .lines()
        .filter_map(cells)
        .filter(|cells| cells.len() == 2 && cells[0].starts_with("examples/"))
        .map(|cells| cells[0].to_owned())
        .collect()
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

#[test]
fn every_row_names_a_configuration_and_no_seed_is_counted_twice() {
    let (rows, configurations) = (rows(), configurations());
    assert_eq!(configurations.len(), 6, "{configurations:?}");
    let mut known: BTreeMap<(&str, &str), Vec<(u64, u64)>> = BTreeMap::new();
    for row in &rows {
        assert!(configurations.contains(&row.configuration), "{row:?}");
        let seeds = known.entry((&row.commit, &row.configuration)).or_default();
        let (first, end) = (row.first_seed, row.first_seed + row.runs);
        assert!(seeds.iter().all(|(from, to)| end <= *from || *to <= first), "twice: {row:?}");
        seeds.push((first, end));
    }
    let sum = |of: fn(&Row) -> u64| rows.iter().map(of).sum::<u64>();
    let told = format!("{} runs, {} violations.", sum(|row| row.runs), sum(|row| row.violations));
    assert!(LEDGER.lines().any(|line| line == told), "the ledger does not say `{told}`");
}

#[test]
fn the_newest_row_of_a_configuration_is_of_the_file_as_it_is() {
    let newest: BTreeMap<String, String> =
        rows().into_iter().map(|row| (row.configuration, row.digest)).collect();
    for (configuration, digest) in newest {
        let file = repository().join(&configuration);
        let folder = file.parent().expect("it is in a folder");
        let name = file.file_name().expect("it has a name").to_string_lossy();
        let report =
            Run::within(folder, &["simulate", &name, "--campaign", "1", "--seed", "1", "--format", "json"])
                .ok();
        let report: serde_json::Value = serde_json::from_str(&report.stdout).expect("a report is JSON");
        let found = report["configuration_sha256"].as_str().expect("it has a digest").to_owned();
        assert!(found.starts_with(&digest), "{configuration} is {found} now: campaigns have to be run anew");
    }
}

#[test]
fn its_command_can_be_pasted() {
    let line =
        LEDGER.lines().find_map(|line| line.strip_prefix("target/release/asg-recycle ")).expect("a command");
    let (arguments, file) = line.split_once(" > ").expect("it keeps the report");
    assert_eq!(file, "report.json");
    let fewer = arguments.replace("--campaign 1000 ", "--campaign 2 ");
    assert_ne!(fewer, arguments);
    let done = Run::within(repository(), &fewer.split(' ').collect::<Vec<_>>()).ok();
    let report: serde_json::Value = serde_json::from_str(&done.stdout).expect("a report is JSON");
    for key in ["runs", "seed", "configuration_sha256", "failures"] {
        assert!(!report[key].is_null(), "the report lacks {key}");
    }
}
