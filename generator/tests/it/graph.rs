//! The pictures of the state machine: those in the documents are those of the emitted definition, and the command prints
//! them. `UPDATE_GOLDENS=1 cargo test` writes them anew.

use std::path::{Path, PathBuf};
use std::{env, fs};

use asg_recycle::config::Config;
use asg_recycle::strategy::Catalog;
use asg_recycle::{AsgRecycle, graph};

use crate::run::Run;

const BEGIN: &str = "<!-- graph: ";
const END: &str = "<!-- end of graph -->\n";

/// The page of the frame, and each strategy's.
fn documents() -> Vec<PathBuf> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let readme = |name: &String| repository.join(format!("templates/strategies/{name}/README.md"));
    let pages = Catalog::embedded().strategies().keys().map(readme);
    std::iter::once(repository.join("docs/state-machine.md")).chain(pages).collect()
}

/// The text of a document; of a strategy without a README, where goldens are written, what one begins with.
fn text(path: &Path, updating: bool) -> String {
    let name = path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    let strategy = name.and_then(|name| Catalog::embedded().strategies().get(&name));
    match (fs::read_to_string(path), strategy) {
        (Ok(text), _) => text,
        (Err(_), Some(strategy)) if updating => format!(
            "# {}\n\nWhat it does: {}.\n\nWhat it promises: {}.\n\n## Its states\n\n{BEGIN}{} -->\n{END}",
            strategy.name, strategy.summary, strategy.promise, strategy.name
        ),
        (Err(error), _) => {
            panic!("{}: {error}; `UPDATE_GOLDENS=1 cargo test` begins a strategy's", path.display())
        }
    }
}

/// The text with the picture of each pair of marks, and what they ask for.
fn drawn(text: &str, picture: impl Fn(&str) -> String) -> (String, Vec<String>) {
    let mut parts = text.split(BEGIN);
    let mut drawn = parts.next().unwrap_or_default().to_owned();
    let mut names = Vec::new();
    for part in parts {
        let (name, rest) = part.split_once(" -->\n").expect("a mark ends its line");
        let (_, rest) = rest.split_once(END).unwrap_or_else(|| panic!("`{END}` is missing after {name}"));
        let picture = picture(name);
        drawn.extend([BEGIN, name, " -->\n```mermaid\n", picture.as_str(), "```\n", END, rest]);
        names.push(name.to_owned());
    }
    (drawn, names)
}

#[test]
fn the_documents_show_the_states_of_the_emitted_definition() {
    let stack =
        AsgRecycle::from_config(Config::with_defaults("demo".parse().unwrap())).expect("it has no fault");
    let whole = &stack.machine().graph();
    let picture = |stage: &str| {
        graph::mermaid_stage(whole, stage).unwrap_or_else(|| panic!("there is no stage {stage}"))
    };
    let mut shown = Vec::new();
    let updating = env::vars_os().any(|(name, _)| name == "UPDATE_GOLDENS");
    for path in documents() {
        let text = text(&path, updating);
        let (drawn, names) = drawn(&text, picture);
        if updating {
            fs::write(&path, &drawn).expect("a document");
        } else {
            assert!(text == drawn, "{} differs; see `UPDATE_GOLDENS=1 cargo test`", path.display());
        }
        shown.extend(names);
    }
    let stages: Vec<_> = whole.stages.iter().map(|stage| stage.name.clone()).collect();
    assert_eq!(stages.iter().find(|stage| !shown.contains(stage)), None, "a stage that no document shows");
}

#[test]
fn the_command_prints_every_format_and_writes_a_file() {
    let stack = "name: web\n";
    let done = Run::new(&["graph", "stack.yaml"]).file("stack.yaml", stack).stderr("").ok();
    assert!(done.stdout.starts_with("flowchart TB\n"), "{}", done.stdout);
    done.then(&["graph", "stack.yaml", "--format", "dot"]).stdout_has("digraph machine {\n").ok();
    done.then(&["graph", "stack.yaml", "--format", "text"]).stdout_has("  Double (Task)\n").ok();
    let shown = done
        .then(&["graph", "stack.yaml", "--format", "dot", "-o", "-"])
        .stdout_has("digraph machine {\n")
        .ok();
    assert!(!shown.has("-"), "`-` is standard output");
    let svg = &["graph", "stack.yaml", "--strategy", "in-out", "--format", "svg", "-o", "machine.svg"];
    let svg = done.then(svg).stdout("").stderr("").ok().read("machine.svg");
    assert!(svg.contains("role=\"img\"") && svg.contains("<title id=\"title\">"));
    assert!(svg.contains(">Take out<") && !svg.contains(">Double<"));
}

#[test]
fn a_strategy_that_there_is_not_is_bad_input_and_a_folder_that_cannot_be_the_world() {
    let known: Vec<&str> = Catalog::embedded().strategies().keys().map(String::as_str).collect();
    let done = Run::new(&["graph", "stack.yaml", "--strategy", "out"])
        .file("stack.yaml", "name: web\n")
        .stdout("")
        .stderr_has(&format!("there is no strategy `out` (there are: {})", known.join(", ")))
        .exits(2);
    done.then(&["graph", "stack.yaml", "-o", "stack.yaml/x.mmd"])
        .stderr_has("cannot make the folder `stack.yaml`")
        .exits(3);
}

#[test]
fn its_help_says_that_it_prints_where_a_hyphen_is_the_file() {
    Run::new(&["graph", "--help"]).stdout_has("`-` prints it, too").ok();
}
