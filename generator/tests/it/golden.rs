//! What the examples generate, kept in `examples/*/expected`. `UPDATE_GOLDENS=1 cargo test` writes it anew.
//!
//! The definition is kept once. Where a format has it too, as a file or within one, it is left out, and a line within says so;
//! of every other example only what differs from the first is kept. Beside it is its graph, which shows a reviewer what became of the states.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

use asg_recycle::stack::PackageDigest;
use asg_recycle::{AsgRecycle, FORMATS, config, graph};
use similar::TextDiff;

use crate::run::files;

const DEFINITION: &str = "state_machine.asl.json";
const GRAPH: &str = "state_machine.graph.txt";
/// The example whose definition is kept whole.
const WHOLE: &str = "minimal";

fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let entries = fs::read_dir(folder).expect("the examples").map(|entry| entry.expect("an entry").path());
    let mut examples: Vec<_> = entries.filter(|path| path.join("stack.yaml").is_file()).collect();
    examples.sort();
    examples
}

/// The files that an example generates, by path, with a zip whose hash is all zeros.
fn generated(example: &Path) -> BTreeMap<String, String> {
    let source = fs::read(example.join("stack.yaml")).expect("its stack.yaml");
    let config = config::parse(&source).expect("it has no fault");
    let zeros = PackageDigest::from_hex(&"0".repeat(64)).expect("it is hex");
    let stack =
        AsgRecycle::from_config(config).and_then(|stack| stack.with_package(&zeros)).expect("it fits");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("every file is text");
    let mut all: BTreeMap<_, _> =
        stack.synth_all(FORMATS).into_iter().map(|(path, bytes)| (path, text(bytes))).collect();
    all.retain(|path, _| !path.starts_with("docs/")); // as in the repository's own folder
    leave_out_copies(&mut all, stack.stack().machine.definition.trim_end());
    all.insert(GRAPH.to_owned(), graph::print(&stack.machine().graph(), graph::PictureFormat::Text));
    all
}

/// Leaves out what formats have of the definition, each once.
fn leave_out_copies(files: &mut BTreeMap<String, String>, definition: &str) {
    assert_eq!(definition.lines().count(), 1, "what is deployed has no white space");
    // As it is, or within a text of JSON.
    let escaped = serde_json::Value::from(definition).to_string();
    let spelt = [definition, escaped.trim_matches('"')];
    let has_it = |text: &String| spelt.iter().any(|spelt| text.contains(spelt));
    let copies: Vec<_> =
        files.iter().filter(|(_, text)| has_it(text)).map(|(path, _)| path.clone()).collect();
    let folder = |path: &String| path.split('/').next().unwrap_or_default().to_owned();
    let formats: Vec<_> = FORMATS.iter().map(|format| format.description().name.to_owned()).collect();
    let mut found: Vec<_> = copies.iter().map(folder).collect();
    found.sort_by_key(|folder| formats.iter().position(|format| format == folder));
    assert_eq!(found, formats, "each format has it once: {copies:?}");
    for path in copies {
        let text = files.remove(&path).expect("it was found");
        if text.trim_end() != definition {
            let stands = format!("# {DEFINITION}, on one line");
            files.insert(path, spelt.iter().fold(text, |text, spelt| text.replace(spelt, &stands)));
        }
    }
}

/// Leaves of a definition, and of its graph, what differs from another's.
fn keep_what_differs(example: &mut BTreeMap<String, String>, whole: &BTreeMap<String, String>) {
    let definition = example.remove(DEFINITION).expect("a definition");
    let diff = TextDiff::from_lines(&whole[DEFINITION], &definition);
    let diff = diff.unified_diff().context_radius(1).header(WHOLE, "here").to_string();
    // Line numbers would change with every line above.
    let diff =
        diff.lines().map(|line| if line.starts_with("@@") { "@@\n".to_owned() } else { format!("{line}\n") });
    let diff = diff.collect();
    example.insert(format!("{DEFINITION}.diff"), diff);
    let graph = example.remove(GRAPH).expect("a graph");
    assert_eq!(graph, whole[GRAPH], "settings change no way");
}

#[test]
fn the_examples_generate_what_is_expected() {
    let examples = examples();
    assert!(examples.len() >= 2, "{examples:?}");
    let folder = examples[0].parent().expect("the examples");
    let whole = generated(&folder.join(WHOLE));
    for example in &examples {
        let expected = example.join("expected");
        let mut generated = generated(example);
        if !example.ends_with(WHOLE) {
            keep_what_differs(&mut generated, &whole);
        }
        if env::vars_os().any(|(name, _)| name == "UPDATE_GOLDENS") {
            write(&expected, &generated);
        }
        let kept: BTreeMap<_, _> = files(&expected)
            .into_iter()
            .map(|(path, bytes)| (path, String::from_utf8(bytes).expect("goldens are text")))
            .collect();
        let paths = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
        assert_eq!(paths(&kept), paths(&generated), "{}", expected.display());
        for (path, text) in &generated {
            assert!(
                kept[path] == *text,
                "{}/{path} differs; see `UPDATE_GOLDENS=1 cargo test` and `git diff`",
                expected.display()
            );
        }
    }
}

fn write(folder: &Path, files: &BTreeMap<String, String>) {
    if folder.exists() {
        fs::remove_dir_all(folder).expect("the old goldens go");
    }
    for (path, text) in files {
        let file = folder.join(path);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(file, text).expect("a golden");
    }
}
