//! Addresses and logical ids stay: another one is another resource, and what is deployed under the former is deleted.
//!
//! `addresses.txt` has every one that a version ever emitted. `UPDATE_GOLDENS=1 cargo test` adds to it and takes nothing away: that is done by
//! hand, with a line in UPGRADING.md of what becomes of the resource.

use std::collections::BTreeSet;
use std::path::Path;

use asg_recycle::FORMATS;

use super::stacks;

const KNOWN: &str = "tests/it/formats/addresses.txt";

#[test]
fn no_address_of_a_former_version_is_lost() {
    let mut emitted = BTreeSet::new();
    let mut moved = String::new();
    for format in FORMATS {
        let name = format.description().name;
        for stack in stacks() {
            let files = format.render(&stack);
            emitted.extend(format.emitted(&files).into_iter().map(|one| format!("{name} {}", one.address)));
            let texts = files.iter().filter(|(path, _)| path.strip_suffix(".tf").is_some());
            moved.extend(texts.map(|(_, text)| String::from_utf8_lossy(text)));
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(KNOWN);
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let known: BTreeSet<String> = text.lines().map(str::to_owned).collect();
    let is_moved = |one: &str| {
        let address = one.strip_prefix("terraform ");
        address.is_some_and(|address| moved.contains(&format!("from = {address}\n")))
    };
    let lost: Vec<&String> = known.difference(&emitted).filter(|one| !is_moved(one)).collect();
    assert!(lost.is_empty(), "whoever has these deployed loses them: {lost:#?}");
    let new: Vec<&String> = emitted.difference(&known).collect();
    if std::env::vars_os().any(|(name, _)| name == "UPDATE_GOLDENS") {
        let all: Vec<&str> = known.union(&emitted).map(String::as_str).collect();
        std::fs::write(&path, all.join("\n") + "\n").expect("it can be written");
    } else {
        assert!(new.is_empty(), "UPDATE_GOLDENS=1 adds them to {KNOWN}: {new:#?}");
    }
}
