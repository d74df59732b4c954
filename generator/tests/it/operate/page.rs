//! `docs/operating.md`: every output on it is what its command prints, but for what differs from run to run and for what `...` leaves
//! out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use asg_recycle::strategy::Catalog;
use regex::Regex;
use serde_json::{Value, json};

use super::{newest, operate, restored_in_sight};
use crate::end_to_end::stage::{GROUP, Stage};
use crate::terminal::Terminal;

/// The outputs of the page.
struct Page {
    /// Those that were not compared yet, by their commands.
    unseen: BTreeMap<String, String>,
    /// What a command prints otherwise.
    unlike: Vec<String>,
}

impl Page {
    fn read() -> Self {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operating.md");
        let page = std::fs::read_to_string(page).expect("the page");
        let blocks = page.split("```").skip(1).step_by(2);
        let block = |block: &str| {
            let (command, output) = block.trim_start().strip_prefix("$ asg-recycle ")?.split_once('\n')?;
            Some((command.to_owned(), output.to_owned()))
        };
        Self { unseen: blocks.filter_map(block).collect(), unlike: Vec::new() }
    }

    /// Holds the output of a command to the page; further arguments are not part of it.
    fn holds(&mut self, stage: &mut Stage, command: &str, further: &[&str], code: i32) {
        let terminal = begun(stage, command, further);
        self.holds_end(terminal, command, code);
    }

    /// The same of one that is under way.
    fn holds_end(&mut self, terminal: Terminal, command: &str, code: i32) {
        let (shown, ended) = terminal.end();
        assert_eq!(ended, Some(code), "{command}\n{shown}");
        self.is(command, &shown);
    }

    fn is(&mut self, command: &str, shown: &str) {
        let expected = self.unseen.remove(command).unwrap_or_else(|| panic!("the page has no `{command}`"));
        let (wanted, got) = (steady(&expected), steady(shown));
        let lines = |text: &str| -> Vec<String> { text.lines().map(str::to_owned).collect() };
        if !matches(&lines(&wanted), &lines(&got)) {
            let told = format!(
                "docs/operating.md shows of `{command}`:\n{wanted}\nit prints:\n{got}\nas it is:\n{shown}"
            );
            self.unlike.push(told);
        }
    }
}

/// A command in a terminal of 80 columns, whose lines may be longer where the command itself does not break them.
fn begun(stage: &mut Stage, command: &str, further: &[&str]) -> Terminal {
    let quoted = command.split('\'').enumerate();
    let words = quoted.flat_map(|(number, part)| match number % 2 {
        0 => part.split_whitespace().collect::<Vec<_>>(),
        _ => vec![part],
    });
    let words: Vec<&str> = words.chain(further.iter().copied()).collect();
    let columns = if command.starts_with("watch") { 80 } else { 300 };
    // The table of a fleet is shown with its last column, which a terminal of 80 leaves out.
    let said = if command.starts_with("status") { "100" } else { "80" };
    Terminal::of(operate(stage, &words).env("COLUMNS", said), 300, columns)
}

/// A text without what differs from run to run: ids, times, lengths of time, and with them the widths of columns and of charts; and
/// without the steps of a recycle that is followed, of which it depends on the time which are seen.
fn steady(text: &str) -> String {
    let replaced = [
        (r"search-[0-9a-f]{4}\.\.\.", "search-HASH"),
        (r"search-[0-9a-f]{32}", "search-HASH"),
        (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID"),
        (r"i-[0-9a-f]{17}", "ID"),
        (r"arn:aws:states:\S*?:(search-HASH)", "arn:aws:states:...:$1"),
        (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?Z)?", "MOMENT"),
        (r"\d{4}-\d\d-\d\d", "DAY"),
        (r"\d\d:\d\d:\d\d UTC", "TIME UTC"),
        (r"\b\d+ (d|h|min|s)( \d+ (h|min|s))?\b", "SPAN"),
        (r"https://\S+", "LINK"),
        (r"eu-west-2[ab]", "ZONE"),
        (r"\d+ reads, \d+ changes; \d+ state transitions, \$[\d.]+", "CALLS"),
        (r"[\d.]+ extra instance-hours", "HOURS"),
        // Whether there is room for the type depends on the lengths of ages.
        (r"(?m) +(TYPE|t3\.micro)$", ""),
        (r" {2,}", "  "),
    ];
    let replaced = replaced.iter().fold(text.to_owned(), |text, (pattern, by)| {
        Regex::new(pattern).expect("a pattern").replace_all(&text, *by).into_owned()
    });
    let varies = Regex::new(r"^search-asg-1: (begins|before its first change|at its last checks|[a-z]+, \d of \d old instances gone)$| \|[ +#ox.]|^ +\d \||^ *0 \+-|^ *time |^(healthy|in service) ").expect("a pattern");
    let lines = replaced.lines().map(str::trim_end).filter(|line| !varies.is_match(line));
    lines.map(|line| line.to_owned() + "\n").collect()
}

/// Whether lines are as they are wanted, where `...` stands for any number of them.
fn matches(wanted: &[String], got: &[String]) -> bool {
    match wanted.split_first() {
        None => got.is_empty(),
        Some((line, rest)) if line.trim() == "..." => (0..=got.len()).any(|skip| matches(rest, &got[skip..])),
        Some((line, rest)) => {
            got.split_first().is_some_and(|(own, after)| is_line(line, own) && matches(rest, after))
        }
    }
}

/// Whether a line is as it is wanted, where `...` within it stands for anything.
fn is_line(wanted: &str, own: &str) -> bool {
    let parts: Vec<String> = wanted.split("...").map(regex::escape).collect();
    Regex::new(&format!("^{}$", parts.join(".*"))).expect("a pattern").is_match(own)
}

/// Lines that the page shows alone are of frames which the tests of `watch` have seen.
#[test]
fn what_the_page_shows_of_a_frame_is_in_one() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let percent = Regex::new(r"\b\d+ %").expect("a pattern");
    let steady = |text: &str| percent.replace_all(&steady(text), "PERCENT").into_owned();
    let read = |name: &str| {
        std::fs::read_to_string(here.join("tests/it/watch").join(name)).expect("a frame of a test")
    };
    let frames = ["in-out-80.txt", "instance-refresh-80.txt"].map(|name| steady(&read(name))).concat();
    let page = std::fs::read_to_string(here.join("../docs/operating.md")).expect("the page");
    let alone = page.split("```").skip(1).step_by(2).filter(|block| !block.trim_start().starts_with('$'));
    let lines: String = alone.map(steady).collect();
    let lines: Vec<&str> = lines.lines().filter(|line| !line.is_empty()).collect();
    assert!(lines.len() >= 5, "{lines:?}");
    for line in lines {
        assert!(frames.lines().any(|seen| seen == line), "no frame has `{line}`:\n{frames}");
    }
}

/// Where a pause lets a strategy stand still is said by its `strategy.yaml`.
#[test]
fn the_page_has_the_safe_points_of_each_strategy() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operating.md");
    let page = std::fs::read_to_string(page).expect("the page");
    let mut named: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for strategy in Catalog::embedded().strategies().values() {
        named.entry(&strategy.safe_points).or_default().push(format!("`{}`", strategy.name));
    }
    let wanted: BTreeSet<String> =
        named.iter().map(|(points, names)| format!("| {} | {points} |", names.join(", "))).collect();
    let (_, table) = page.split_once("| strategy | safe points |\n|---|---|\n").expect("the table");
    let rows =
        table.lines().take_while(|line| line.starts_with('|')).filter(|row| !row.starts_with("| every |"));
    assert_eq!(rows.map(str::to_owned).collect::<BTreeSet<_>>(), wanted);
}

#[test]
fn what_the_page_shows_is_compared() {
    let lines = |text: &str| -> Vec<String> { steady(text).lines().map(str::to_owned).collect() };
    let is = |wanted: &str, own: &str| matches(&lines(wanted), &lines(own));
    assert!(is("a...c\n...\nin 1 h 57 min\n", "abc\nx\ny\nin 2 h\n") && is("a\n...\n", "a\n"));
    assert!(
        !is("a\n", "a\nb\n") && !is("a\nb\n", "a\n") && !is("a 1\n", "a 2\n") && !is("...\nz\n", "a\nb\n")
    );
}

/// Further groups beside the stage's: one that waits for its window, and one whose tag has a typing mistake.
fn with_further_groups(stage: &mut Stage) {
    let group = |name: &str, strategy: &str, team: &str| {
        json!({"name": name, "minimum": 3, "maximum": 3, "desired": 3, "zones": ["eu-west-2a", "eu-west-2b"], "target_groups": 1, "tags": {
            "autorecycle_recycle_on_asg_update": "true", "autorecycle_strategy": strategy, "autorecycle_team": team}})
    };
    stage.emulator.order("create_group", group("batch-asg-1", "instance-refrsh", "batch"));
    let mut web = group("web-asg-1", "out-in-timed", "web");
    // The window opens in two hours by this machine's clock, which is what the commands have.
    let hour = |hours: i64| {
        let at = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(hours);
        at.strftime("%H:00").to_string()
    };
    web["tags"]["autorecycle_recycle_window"] = json!(format!("{},{}", hour(2), hour(6)));
    web["tags"]["autorecycle_time_zone"] = json!("UTC");
    stage.emulator.order("create_group", web);
    stage.emulator.order("new_template_version", json!({"group": "web-asg-1"}));
}

#[test]
fn the_outputs_of_the_page_are_those_of_the_commands() {
    let parts = [a_fleet, a_failure, a_recycle_that_is_watched, a_recycle, a_restore_by_hand, a_stack];
    let pages: Vec<Page> = std::thread::scope(|scope| {
        let looked_at = |part: fn(&mut Page)| {
            scope.spawn(move || {
                let mut page = Page::read();
                part(&mut page);
                page
            })
        };
        let parts = parts.map(looked_at);
        parts.into_iter().map(|part| part.join().expect("it is said what is wrong")).collect()
    });
    let unlike: Vec<&str> = pages.iter().flat_map(|page| &page.unlike).map(String::as_str).collect();
    assert!(unlike.is_empty(), "{}", unlike.join("\n"));
    let unseen = |command: &&String| pages.iter().all(|page| page.unseen.contains_key(*command));
    let never: Vec<String> = Page::read().unseen.keys().filter(unseen).cloned().collect();
    assert!(never.is_empty(), "never compared: {never:?}");
}

fn a_fleet(page: &mut Page) {
    let mut stage = Stage::new("out-in");
    with_further_groups(&mut stage);
    stage.new_launch_template_version();
    stage.emulator.order("age_template_versions", json!({"seconds": 200_000}));
    page.holds(&mut stage, "status --state outdated --max-age 1d", &[], 1);
    operate(&mut stage, &["start", GROUP, "--yes"]).ok();
    stage.wait_for("launched");
    page.holds(&mut stage, "status", &[], 0);
}

fn a_recycle_that_is_watched(page: &mut Page) {
    let mut stage = Stage::new("out-in");
    stage.new_launch_template_version();
    let event = stage.launch_event();
    stage.send(&event);
    stage.wait_for("launched");
    let mut watching = begun(&mut stage, "watch search-asg-1", &[]);
    page.is("watch search-asg-1", &watching.next_frame().expect("a frame"));
}

fn a_recycle(page: &mut Page) {
    let mut stage = Stage::new("out-in");
    assert_eq!(stage.recycle().status, "SUCCEEDED");
    stage.new_launch_template_version();
    page.holds(&mut stage, "plan search-asg-1", &[], 0);
    page.holds(&mut stage, "start search-asg-1 --yes", &[], 0);
    let execution = newest(&mut stage, 2);
    stage.wait_for("launched");
    page.holds(&mut stage, "pause search-asg-1 --why 'incident 42' --for 2h --yes", &[], 0);
    operate(&mut stage, &["resume", GROUP, "--yes"]).ok();
    stage.emulator.ask::<Value>("operator_calls", json!({}));
    let abort = begun(&mut stage, "abort search-asg-1 --yes", &["--every", "1s"]);
    restored_in_sight(&mut stage, &execution);
    page.holds_end(abort, "abort search-asg-1 --yes", 0);
}

fn a_failure(page: &mut Page) {
    let mut stage = Stage::new("out-in");
    stage.emulator.order("fault_launches", json!({"kind": "target-unhealthy"}));
    stage.new_launch_template_version();
    operate(&mut stage, &["start", GROUP, "--yes"]).ok();
    let execution = newest(&mut stage, 1);
    assert_eq!(stage.emulator.wait(&execution).status, "FAILED");
    page.holds(&mut stage, "status search-asg-1", &[], 0);
}

fn a_restore_by_hand(page: &mut Page) {
    let mut stage = Stage::new("out-in");
    assert_eq!(stage.recycle().status, "SUCCEEDED");
    stage.new_launch_template_version();
    let event = stage.launch_event();
    let execution = stage.send(&event);
    stage.wait_for("launched");
    stage.emulator.order("stop", json!({"execution": execution}));
    let under_way = begun(&mut stage, "restore search-asg-1 --yes", &["--every", "1s"]);
    let restore = newest(&mut stage, 3);
    stage.emulator.wait(&restore);
    page.holds_end(under_way, "restore search-asg-1 --yes", 0);
    page.holds(&mut stage, "history search-asg-1", &[], 0);
    // What it writes goes into a folder of the run's own, which a terminal does not keep.
    let wrote = "wrote search.html\n";
    operate(&mut stage, &["report", GROUP, "-o", "search.html"]).stdout("").stderr(wrote).ok();
    page.is("report search-asg-1 -o search.html", wrote);
    operate(&mut stage, &["report", GROUP, "-o", "new/folder/search.html"])
        .stderr("wrote new/folder/search.html\n")
        .ok();
}

fn a_stack(page: &mut Page) {
    let mut stage = Stage::new("out-in");
    page.holds(&mut stage, "doctor", &[], 1);
    page.holds(&mut stage, "operator-policy", &[], 0);
    stage.new_launch_template_version();
    let event = stage.launch_event().to_string();
    let refused = json!({"ERROR_CODE": "NO_PERMISSIONS", "ERROR_MESSAGE": "not allowed"});
    stage.emulator.order("put_dead_letter", json!({"body": event, "attributes": refused}));
    stage.emulator.order("put_dead_letter", json!({"body": "{\"detail\": {}}", "attributes": {}}));
    page.holds(&mut stage, "dlq list", &[], 1);
}
