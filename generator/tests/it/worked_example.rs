//! The worked example of `templates/strategies/README.md`, taken from the page: a folder is all that a strategy needs.

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use asg_recycle::config::Config;
use asg_recycle::simulate::runner::{Deployment, Detail};
use asg_recycle::simulate::scenario::{Scenario, cases};
use asg_recycle::strategy::Catalog;
use asg_recycle::{AsgRecycle, FORMATS};

const NAME: &str = "one-by-one";
const HEADING: &str = "## A worked example\n";

/// The files of the example: each the block after a line that is its path, as code, and a colon.
fn folder() -> BTreeMap<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../templates/strategies/README.md");
    let text = std::fs::read_to_string(path).expect("the page");
    let (_, section) = text.split_once(HEADING).expect("the page has the example");
    let section = section.split("\n## ").next().unwrap_or(section);
    let mut files = BTreeMap::new();
    let mut lines = section.lines();
    while let Some(line) = lines.next() {
        if let Some(path) = line.strip_prefix('`').and_then(|line| line.strip_suffix("`:")) {
            let block = lines.by_ref().skip_while(|line| !line.starts_with("```")).skip(1);
            let block: Vec<_> = block.take_while(|line| !line.starts_with("```")).collect();
            files.insert(path.to_owned(), block.join("\n") + "\n");
        }
    }
    files
}

fn config() -> Config {
    let catalog =
        Catalog::embedded().with_folder(NAME, folder()).unwrap_or_else(|problems| panic!("{problems}"));
    Config::with_defaults("demo".parse().unwrap()).with_catalog(catalog)
}

/// What a scenario lacks of what it expects.
fn unmet(deployment: &Rc<Deployment>, scenario: &Scenario) -> Vec<String> {
    match scenario.runner(std::slice::from_ref(deployment), NAME, Detail::Plain) {
        Ok(runner) => scenario.unmet(&runner.finish()),
        Err(error) => vec![error.to_string()],
    }
}

#[test]
fn the_example_is_three_files() {
    let files: Vec<_> = folder().into_keys().collect();
    assert_eq!(files, ["cases/stopped.yaml", "states.asl.json.j2", "strategy.yaml"]);
}

#[test]
fn the_example_is_a_strategy_like_the_others_in_the_simulator() {
    let deployment = Deployment::build(&config()).unwrap_or_else(|problems| panic!("{problems}"));
    let deployment = Rc::new(deployment);
    let own = Scenario::parse(&folder()["cases/stopped.yaml"]).expect("it is a scenario");
    let mut failures = Vec::new();
    failures.extend(unmet(&deployment, &own).into_iter().map(|fault| format!("its own: {fault}")));
    let shared = cases().unwrap_or_else(|(path, error)| panic!("{path}: {error}"));
    let mut shared: BTreeMap<_, _> = shared.into_iter().map(|case| (case.path, case.scenario)).collect();
    let config = config();
    shared.retain(|path, scenario| {
        let is_one_stack = scenario.stack.is_empty() && scenario.stacks.is_empty();
        path.starts_with("strategies/_shared/")
            && scenario.is_for(&config.catalog().strategies()[NAME])
            && is_one_stack
    });
    for (path, scenario) in &shared {
        let own = scenario.deployments(&config).unwrap_or_else(|problems| panic!("{path}: {problems}"));
        failures.extend(unmet(&own[0], scenario).into_iter().map(|fault| format!("{path}: {fault}")));
    }
    assert!(shared.len() > 40, "{} scenarios are for every strategy", shared.len());
    assert!(failures.is_empty(), "of {} scenarios:\n{}", shared.len(), failures.join("\n"));
}

#[test]
fn the_example_is_in_the_stack() {
    let stack = AsgRecycle::from_config(config()).unwrap_or_else(|problems| panic!("{problems}"));
    for format in FORMATS {
        let files = stack.synth(*format);
        let names = files
            .values()
            .any(|file| String::from_utf8_lossy(file).contains("in-out,instance-refresh,one-by-one,"));
        assert!(names, "{format:?}: the handler takes groups with the strategy");
    }
    let graph = stack.machine().graph().for_strategy(stack.config().catalog(), NAME);
    assert!(graph.stages.iter().any(|stage| stage.name == NAME));
    assert!(!graph.stages.iter().any(|stage| stage.name == "out-in"));
}
