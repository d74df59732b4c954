//! The machine that most stacks have, ready-made. Its templates are compiled in, and all that `stack.yaml` usually changes in it are the
//! settings of strategies, which stand in one place: so it is printed when the templates are tested, without them, and they are put in.
//!
//! It is no second source. A test prints it from the templates and compares; it is taken only where the templates that are compiled in
//! are those from which it was printed; and whoever says something of groups, forms of messages or another partition has it rendered.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::check;
use super::origin::Origins;
use super::source::Source;
use crate::config::Config;
use crate::problem::Problems;
use crate::strategy::Catalog;

/// What stands where the settings are put in.
const NO_SETTINGS: &str = r#""all_settings":null,"poll_interval_seconds":null"#;

/// A machine with its settings.
pub(super) struct Filled {
    /// As it is deployed.
    pub(super) definition: Arc<str>,
    /// Those that settings need among them.
    pub(super) api_calls: BTreeSet<String>,
    /// The states of each.
    pub(super) stages: Vec<(String, Vec<String>)>,
}

/// A machine without its settings.
struct Ready {
    /// As it is deployed, with [`NO_SETTINGS`] in it.
    definition: &'static str,
    facts: Facts,
}

/// What is known of it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Facts {
    /// The check sum of what it was printed from.
    made_of: String,
    /// Without those that settings need.
    api_calls: BTreeSet<String>,
    stages: Vec<(String, Vec<String>)>,
}

/// The machine of a source, or what of its settings a format would read as its own. None where it has to be rendered.
pub(super) fn machine(source: &Source) -> Option<Result<Filled, Problems>> {
    let is_usual = Arc::ptr_eq(source.catalog(), Catalog::embedded()) && *source == usual(source);
    if !is_usual {
        return None;
    }
    let definition = include_str!("ready/definition.asl.json");
    let facts: Facts = serde_json::from_str(include_str!("ready/facts.json")).ok()?;
    if facts.made_of != made_of(source.catalog()) {
        return None;
    }
    Ready { definition, facts }.of(source)
}

/// The same settings in a stack that says nothing else that its machine follows from.
fn usual(source: &Source) -> Source {
    let name = "usual".parse().expect("a name");
    Source { strategies: source.strategies.clone(), ..Source::of(&Config::with_defaults(name)) }
}

impl Ready {
    fn of(self, source: &Source) -> Option<Result<Filled, Problems>> {
        let machine = self.with(&settings(source))?;
        Some(machine.map(|mut machine| {
            machine.api_calls.extend(source.needed().into_iter().map(|(call, _)| call));
            machine
        }))
    }

    /// The machine with the settings as they stand in a definition.
    fn with(self, settings: &str) -> Option<Result<Filled, Problems>> {
        let (before, after) = self.definition.split_once(NO_SETTINGS)?;
        let definition = [before, settings, after].concat().into();
        let Facts { api_calls, stages, .. } = self.facts;
        let faults = check::check_placeholders(settings, &Origins::default());
        Some(faults.or_ok(Filled { definition, api_calls, stages }))
    }
}

/// The settings as they stand in a definition.
fn settings(source: &Source) -> String {
    let all = serde_json::to_string(&source.strategies).expect("texts and numbers");
    let seconds = serde_json::to_string(&source.poll_interval_seconds_min()).expect("a number");
    format!(r#""all_settings":{all},"poll_interval_seconds":{seconds}"#)
}

/// A check sum of the templates, and of the version, which they print. It tells templates that somebody is writing from those that were
/// printed; what else changes the machine, a test finds.
fn made_of(catalog: &Catalog) -> String {
    // Pages are printed from the machine, and it is not printed from them.
    let is_page = |path: &str| Path::new(path).extension().is_some_and(|extension| extension == "md");
    let texts = catalog.texts().filter(|(path, _)| !is_page(path)).flat_map(|(path, text)| [path, text]);
    let sum = [env!("CARGO_PKG_VERSION")].into_iter().chain(texts).fold(SEED, |sum, text| {
        let words = text.as_bytes().chunks(size_of::<u64>()).map(|chunk| {
            let mut word = [0; size_of::<u64>()];
            word[..chunk.len()].copy_from_slice(chunk);
            u64::from_le_bytes(word)
        });
        words.chain([text.len() as u64]).fold(sum, |sum, word| {
            let mixed = (sum ^ word).wrapping_mul(FACTOR);
            mixed ^ (mixed >> 32)
        })
    });
    format!("{sum:016x}")
}

/// Those of FNV-1a, which goes byte by byte.
const SEED: u64 = 0xcbf2_9ce4_8422_2325;
const FACTOR: u64 = 0x0100_0000_01b3;

#[cfg(test)]
mod tests {
    use std::{env, fs};

    use super::super::rendered;
    use super::*;

    /// What is ready, printed from the templates.
    fn printed() -> (String, Facts) {
        let source = Source::of(&Config::with_defaults("demo".parse().unwrap()));
        let machine = rendered(&source, true).unwrap();
        let settings = settings(&source);
        assert_eq!(machine.definition.matches(&settings).count(), 1, "the settings stand in one place");
        let made_of = made_of(source.catalog());
        let facts = Facts { made_of, api_calls: machine.api_calls, stages: machine.stages };
        (machine.definition.replace(&settings, NO_SETTINGS), facts)
    }

    #[test]
    fn what_is_ready_is_what_the_templates_print() {
        let (definition, facts) = printed();
        let facts = serde_json::to_string_pretty(&facts).unwrap() + "\n";
        for (file, printed) in [("definition.asl.json", definition), ("facts.json", facts)] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/asl/ready").join(file);
            if env::vars_os().any(|(name, _)| name == "UPDATE_GOLDENS") {
                fs::write(&path, printed).unwrap();
            } else {
                let kept = fs::read_to_string(&path).unwrap_or_default();
                assert!(kept == printed, "{} differs; see `UPDATE_GOLDENS=1 cargo test`", path.display());
            }
        }
    }

    #[test]
    fn whatever_the_settings_are_it_is_what_the_templates_give() {
        let (definition, facts) = printed();
        let definition: &'static str = definition.leak();
        let facts = serde_json::to_string(&facts).unwrap();
        let of_file = |settings: &str| {
            let text = format!("name: demo\nstrategies: {{{settings}}}\n");
            crate::config::parse(text.as_bytes()).unwrap_or_else(|problems| panic!("{problems}"))
        };
        for config in [
            of_file("in-out: {poll_interval_seconds: 5, launch_timeout_seconds: 60, proving_seconds: 0}"),
            of_file(
                "instance-refresh: {min_healthy_percentage: 90, checkpoint_percentages: [10], alarm_names: [web]}",
            ),
            of_file("out-in-timed: {time_zone: Europe/London, when_window_closes: undo, bake_seconds: 600}"),
        ] {
            let source = Source::of(&config);
            assert_eq!(source, usual(&source));
            let ready = Ready { definition, facts: serde_json::from_str(&facts).unwrap() };
            let (ready, rendered) = (ready.of(&source).unwrap().unwrap(), rendered(&source, true).unwrap());
            assert!(ready.definition == rendered.definition, "{:?}", source.strategies);
            assert_eq!((ready.api_calls, ready.stages), (rendered.api_calls, rendered.stages));
        }
    }

    #[test]
    fn what_a_machine_follows_from_besides_settings_has_it_rendered() {
        let ready =
            |text: &str| machine(&Source::of(&crate::config::parse(text.as_bytes()).unwrap())).is_some();
        assert!(
            ready("name: demo\nregion: eu-west-2\n"),
            "write what is ready: `UPDATE_GOLDENS=1 cargo test`"
        );
        for other in [
            "region: cn-north-1\n",
            "groups: {name_prefixes: [web-]}\n",
            "notifications: {email_form: text}\n",
            "notifications: {https_form: chat}\n",
        ] {
            assert!(!ready(&format!("name: demo\n{other}")), "{other}");
        }
        let config = Config::with_defaults("demo".parse().unwrap());
        let files = [("more.j2".to_owned(), String::new())].into();
        let catalog = Catalog::embedded().with_folder("out-in", files).unwrap();
        assert_ne!(made_of(&catalog), made_of(Catalog::embedded()));
        assert!(machine(&Source::of(&config.with_catalog(catalog))).is_none());
    }

    #[test]
    fn settings_that_a_format_would_read_as_its_own_are_told() {
        let (definition, facts) = printed();
        let with = |settings: &str| {
            let facts = serde_json::from_str(&serde_json::to_string(&facts).unwrap()).unwrap();
            Ready { definition: definition.clone().leak(), facts }.with(settings).unwrap()
        };
        assert!(with(NO_SETTINGS).is_ok());
        let problems = with(r#""all_settings": "${nobody}""#).err().expect("nobody fills it").to_string();
        assert!(problems.contains("${nobody}"), "{problems}");
    }
}
