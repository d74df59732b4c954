//! `docs/errors.md` has a row for each error that the emitted machine fails with, and for no other.

use std::collections::{BTreeMap, BTreeSet};

use asg_recycle::AsgRecycle;
use asg_recycle::config::Config;
use regex::Regex;

use crate::papers;

const PAGE: &str = "docs/errors.md";

/// The errors of a text that begin as the machine's do.
fn errors(text: &str) -> BTreeSet<String> {
    let name = Regex::new(r"Recycle\.[A-Z][A-Za-z]+").expect("a pattern");
    name.find_iter(text).map(|found| found.as_str().to_owned()).collect()
}

#[test]
fn every_error_of_the_machine_has_its_row_and_every_row_its_error() {
    let stack = AsgRecycle::from_config(Config::with_defaults("demo".parse().expect("a name")));
    let stack = stack.unwrap_or_else(|problems| panic!("{problems}"));
    let emitted = errors(&stack.stack().machine.definition);
    let (_, page) = papers::files(PAGE).next().expect("the page");
    let row = Regex::new(r"(?m)^\| `(Recycle\.\w+)` \|(.+)\|$").expect("a pattern");
    let rows: Vec<_> = row.captures_iter(page).map(|row| (row[1].to_owned(), row[2].to_owned())).collect();
    let named: Vec<_> = rows.iter().map(|(error, _)| error).collect();
    assert!(named.is_sorted(), "in order: {named:?}");
    for (error, cells) in &rows {
        let cells: Vec<_> = cells.split('|').map(str::trim).collect();
        assert!(cells.len() == 3 && cells.iter().all(|cell| !cell.is_empty()), "{error}: {cells:?}");
    }
    let rows: BTreeMap<_, _> = rows.into_iter().collect();
    let moments = Regex::new(r"in the input, (.+? is no moment)").expect("a pattern");
    let moments = moments.captures(&stack.stack().machine.definition).expect("the machine reads moments");
    let told = rows.get("Recycle.UnknownInput").expect("it has a row");
    assert!(told.contains(&moments[1]), "{PAGE}: which keys hold moments: {}", &moments[1]);
    let listed: BTreeSet<_> = rows.into_keys().collect();
    let missing: Vec<_> = emitted.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&emitted).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "{PAGE} lacks {missing:?}, and the machine has none of {gone:?}"
    );
    assert!(emitted.len() >= 15, "the machine's errors are found");
}

#[test]
fn sample_events_fail_with_errors_of_the_machine() {
    let (_, page) = papers::files(PAGE).next().expect("the page");
    let listed = errors(page);
    let mut named = BTreeSet::new();
    for (path, text) in papers::files(".json").filter(|(path, _)| path.starts_with("templates/events/")) {
        let unknown: Vec<_> = errors(text).difference(&listed).cloned().collect();
        assert!(unknown.is_empty(), "{path} has {unknown:?}, with which no execution fails");
        named.extend(errors(text));
    }
    assert!(!named.is_empty(), "a sample that failed is found");
}
