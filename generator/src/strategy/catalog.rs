//! The strategies that a stack can have, with the text of their templates.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, LazyLock};

use super::file::File;
use super::setting::Setting;
use super::types::{Strategy, Turns};
use crate::problem::{Problem, Problems};
use crate::template;

/// The folder of every strategy's folder, and of `_shared`.
pub(crate) const ROOT: &str = "strategies";
/// What the machine is besides its states.
pub(crate) const FRAME: &str = "strategies/_shared/machine.asl.json.j2";
const SETTINGS: &str = "strategies/_shared/settings.yaml";
/// The folder of a strategy's scenarios, which no machine is made of.
const CASES: &str = "cases";
/// What a strategy's folder may hold of states, the first of them in any case: going, what puts back, and what that takes away.
const STATES: [&str; 3] = ["states.asl.json.j2", "put_back.asl.json.j2", "take_away.asl.json.j2"];

/// The text of files by path under `templates/`.
type Texts = BTreeMap<String, Cow<'static, str>>;

/// The strategies that a stack can have, and the templates of their states and of the frame. A value: programs and
/// tests may add a folder of their own to what is compiled in.
#[derive(Clone, PartialEq, Eq)]
pub struct Catalog {
    strategies: BTreeMap<String, Strategy>,
    texts: Texts,
}

impl Catalog {
    /// What is compiled in.
    ///
    /// # Panics
    /// If a `strategy.yaml` cannot be read, which a test meets before a user can.
    pub fn embedded() -> &'static Arc<Self> {
        static EMBEDDED: LazyLock<Arc<Catalog>> = LazyLock::new(|| {
            let mut texts = Texts::new();
            let mut folders: Vec<_> = template::folder(ROOT).into_iter().collect();
            while let Some(folder) = folders.pop() {
                folders.extend(folder.dirs().filter(|folder| !folder.path().ends_with(CASES)));
                texts.extend(folder.files().filter_map(|file| {
                    Some((file.path().to_str()?.to_owned(), Cow::Borrowed(file.contents_utf8()?)))
                }));
            }
            Arc::new(Catalog::read(texts).unwrap_or_else(|problems| panic!("{problems}")))
        });
        &EMBEDDED
    }

    /// The same with one more strategy: the files of its folder, text by path in the folder. A file that is there
    /// already is replaced.
    ///
    /// # Errors
    /// What is wrong with its `strategy.yaml`. Faults of its states show when a machine is built.
    pub fn with_folder(&self, name: &str, files: BTreeMap<String, String>) -> Result<Self, Problems> {
        let mut texts = self.texts.clone();
        texts.extend(
            files.into_iter().map(|(path, text)| (format!("{ROOT}/{name}/{path}"), Cow::Owned(text))),
        );
        Self::read(texts)
    }

    /// Every strategy by name.
    pub fn strategies(&self) -> &BTreeMap<String, Strategy> {
        &self.strategies
    }

    /// A file's text, by its path under `templates/`.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(AsRef::as_ref)
    }

    /// Every file's path under `templates/` and text, in order.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts.iter().map(|(path, text)| (path.as_str(), text.as_ref()))
    }

    /// What putting back means to people in a phase, whichever strategy it belongs to.
    pub fn put_back_means(&self, phase: &str) -> Option<&str> {
        self.strategies.values().find_map(|strategy| strategy.phases.get(phase)?.put_back_means.as_deref())
    }

    /// What tells of turns, of the strategy that has them; none where none has.
    pub fn turns(&self) -> Option<&Turns> {
        self.strategies.values().find_map(|strategy| strategy.turns.as_ref())
    }

    /// Whether a phase takes back what was begun, whichever strategy it belongs to.
    pub fn undoes(&self, phase: &str) -> bool {
        self.strategies.values().filter_map(|strategy| strategy.phases.get(phase)).any(|phase| phase.undoes)
    }

    /// The templates of states: those of the frame, in the order of their numbers and then those without one, and each strategy's.
    pub(crate) fn state_files(&self) -> Vec<String> {
        let has_states = |path: &&String| {
            let name =
                path.strip_prefix("strategies/_shared/").and_then(|name| name.strip_suffix(".asl.json.j2"));
            name.is_some_and(|name| !name.contains('/')) && *path != FRAME
        };
        let shared = self.texts.keys().filter(has_states).cloned();
        let own = self.strategies.keys().flat_map(|name| {
            let path = |file: &str| format!("{ROOT}/{name}/{file}");
            STATES
                .map(path)
                .into_iter()
                .enumerate()
                .filter(|(index, path)| *index == 0 || self.texts.contains_key(path))
        });
        shared.chain(own.map(|(_, path)| path)).collect()
    }

    /// Reads every `strategy.yaml`. All faults are found at once, but for those that another's may cause: of a strategy that extends
    /// one at fault, and of all where the common settings are.
    fn read(texts: Texts) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let common: BTreeMap<String, Setting> =
            match texts.get(SETTINGS).map(|text| serde_yaml::from_str(text)) {
                Some(Ok(common)) => common,
                // Every strategy would lack what it shares.
                Some(Err(error)) => return Err(unreadable(SETTINGS, &error).into()),
                None => BTreeMap::new(),
            };
        let (mut bases, mut others, mut at_fault) = (Vec::new(), Vec::new(), BTreeSet::new());
        for (path, text) in &texts {
            let Some(name) = strategy_of(path) else { continue };
            match serde_yaml::from_str::<File>(text) {
                Ok(file) if file.extends.is_none() => bases.push((name, file)),
                Ok(file) => others.push((name, file)),
                Err(error) => {
                    at_fault.insert(name.to_owned());
                    problems.push(unreadable(path, &error));
                }
            }
        }
        let mut strategies = BTreeMap::<String, Strategy>::new();
        for (name, file) in bases.into_iter().chain(others) {
            // Only strategies that stand on their own are there yet, or are known to be at fault.
            let base = file.extends.as_ref().map(|base| (base.clone(), strategies.get(base).cloned()));
            let completed = match base {
                // Its fault is told, and what extends it has none of its own that is known.
                Some((base, None)) if at_fault.contains(&base) => continue,
                Some((base, None)) => {
                    Err(format!("it extends `{base}`, which is no strategy that stands on its own"))
                }
                Some((_, base)) => file.complete(name, base.as_ref(), &common),
                None => file.complete(name, None, &common),
            };
            match completed {
                Ok(strategy) => drop(strategies.insert(name.to_owned(), strategy)),
                Err(reason) => {
                    at_fault.insert(name.to_owned());
                    problems.push(fault(&texts, name, &reason));
                }
            }
        }
        problems.extend(phases_claimed_twice(&texts, &strategies));
        problems.extend(unable_substitutes(&texts, &strategies));
        problems.or_ok(Self { strategies, texts })
    }
}

/// Its names: the texts would fill pages.
impl fmt::Debug for Catalog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.strategies.keys()).finish()
    }
}

/// The journal names a phase and no strategy, so each phase is put back in one way.
fn phases_claimed_twice(texts: &Texts, strategies: &BTreeMap<String, Strategy>) -> Vec<Problem> {
    let mut claimed: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    let mut problems = Vec::new();
    for strategy in strategies.values() {
        for (phase, state) in strategy.put_back() {
            let (other, known) = *claimed.entry(phase).or_insert((&strategy.name, state));
            if known != state {
                let reason = format!("the phase `{phase}` is put back by `{known}` of {other}, too");
                problems.push(fault(texts, &strategy.name, &reason));
            }
        }
    }
    problems
}

/// Whoever stands in for a strategy that cannot choose instances has to be able to, and at any time.
fn unable_substitutes(texts: &Texts, strategies: &BTreeMap<String, Strategy>) -> Vec<Problem> {
    let is_able =
        |other: &str| strategies.get(other).is_some_and(|other| other.named_by.is_none() && !other.windowed);
    let mut problems = Vec::new();
    for strategy in strategies.values() {
        if let Some(other) = strategy.named_by.as_ref().filter(|other| !is_able(other)) {
            let reason = format!(
                "`named_by` names `{other}`, which is no strategy that can choose instances, whatever the time"
            );
            problems.push(fault(texts, &strategy.name, &reason));
        }
    }
    problems
}

/// The strategy whose `strategy.yaml` this path is.
fn strategy_of(path: &str) -> Option<&str> {
    let name = path.strip_prefix(ROOT)?.strip_prefix('/')?.strip_suffix("/strategy.yaml")?;
    (!name.contains('/') && !name.starts_with('_')).then_some(name)
}

/// What is wrong with a strategy, by the line of its `strategy.yaml`.
fn fault(texts: &Texts, strategy: &str, reason: &str) -> Problem {
    let path = format!("{ROOT}/{strategy}/strategy.yaml");
    let line = line_of(texts.get(&path).map_or("", AsRef::as_ref), reason);
    let reason = format!("templates/{path}:{line}: {reason}");
    Problem::new("strategy", path, reason)
}

/// The line of a table that a reason is about: of the first word in back quotes that stands in it, as a key where there is such a
/// line; the first line where none does.
pub(crate) fn line_of(text: &str, reason: &str) -> usize {
    let words = || reason.split('`').skip(1).step_by(2);
    let of_key = |word: &str| {
        text.lines()
            .position(|line| line.trim_start().strip_prefix(word).is_some_and(|rest| rest.starts_with(':')))
    };
    let of_word = |word: &str| {
        let is_word = |part: &str| part == word;
        text.lines().position(|line| {
            line.split(|letter: char| !letter.is_alphanumeric() && !"_-".contains(letter)).any(is_word)
        })
    };
    words().find_map(of_key).or_else(|| words().find_map(of_word)).map_or(1, |index| index + 1)
}

/// A file that is no YAML, or not what it has to be, with the line.
fn unreadable(path: &str, error: &serde_yaml::Error) -> Problem {
    let (line, reason) = yaml_fault(error);
    Problem::new("strategy", path, format!("templates/{path}:{}: {reason}", line.unwrap_or(1)))
}

/// The line of a fault of YAML, and what is wrong there.
pub(crate) fn yaml_fault(error: &serde_yaml::Error) -> (Option<u64>, String) {
    let text = error.without_snippet().to_string();
    let reason = match text.strip_prefix("duplicate mapping key: ").and_then(|rest| rest.split_once(", set "))
    {
        Some((key, _)) => format!("`{key}` stands twice; leave one of the two"),
        None => text.split(" at line ").next().unwrap_or(&text).to_owned(),
    };
    (error.location().map(|location| location.line()), reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(yaml: &str) -> Result<Catalog, String> {
        let files = [("strategy.yaml".to_owned(), yaml.to_owned())].into();
        Catalog::embedded().with_folder("extra", files).map_err(|problems| problems.to_string())
    }

    #[test]
    fn a_strategy_that_extends_another_has_all_of_it_but_for_what_it_says() {
        let catalog = Catalog::embedded().strategies();
        let (timed, plain) = (&catalog["out-in-timed"], &catalog["out-in"]);
        assert_eq!(timed.promise, plain.promise);
        assert_eq!(timed.hooks.start_at, plain.hooks.start_at);
        assert!(timed.windowed && !plain.windowed && timed.hooks.before_start.is_some());
        let own: Vec<_> = timed.settings.keys().filter(|key| !plain.settings.contains_key(*key)).collect();
        assert_eq!(own, ["time_zone", "when_window_closes"]);
        assert!(plain.settings.iter().all(|(key, setting)| timed.settings[key] == *setting));
    }

    #[test]
    fn a_fault_of_a_strategy_names_its_file_and_what_is_wrong() {
        for (yaml, reason) in [
            ("summary: s\npromise: p\n", "`hooks` lacks `start_at`"),
            ("summary: s\npromise: p\nhooks: {start_at: A}\n", "it lacks `safe_points`"),
            ("summary: s\nhooks: {start_at: A}\n", "it lacks `promise`"),
            (
                "summary: s\nextends: out-in-timed\n",
                "`out-in-timed`, which is no strategy that stands on its own",
            ),
            ("summary: s\nextends: out-in\nsettings: {common: [speed]}\n", "has no setting `speed`"),
            (
                "summary: s\nextends: out-in\nphases: {refreshing: {put_back: A}}\n",
                "the phase `refreshing` is put back by",
            ),
            ("summary: s\nextends: out-in\nneeds: {speed: []}\n", "`needs` names `speed`"),
            (
                "summary: s\nextends: out-in\njudged_by: {minimum_percent: speed}\n",
                "`judged_by` names `speed`",
            ),
            ("summary: s\nextends: out-in\nsettings: {summaries: {speed: t}}\n", "`summaries` names `speed`"),
            (
                "summary: s\nextends: out-in\nphases: {mixing: {step: 2}}\n",
                "counted by `step`, from 1, each once",
            ),
            ("summary: s\nhook: {}\n", "extra/strategy.yaml:2: unknown field `hook`"),
            ("summary: [\n", "extra/strategy.yaml:1: "),
            ("summary: s\nextends: out-in\nsummary: t\n", "extra/strategy.yaml:3: `summary` stands twice"),
            ("summary: s\nextends: out-in\nnamed_by: out-in-timed\n", "`named_by` names `out-in-timed`"),
            ("summary: s\nextends: out-in\nnamed_by: nobody\n", "`named_by` names `nobody`"),
        ] {
            let error = with(yaml).expect_err(yaml);
            assert!(error.contains(reason), "{error}");
            assert!(error.starts_with("templates/strategies/"), "{error}");
        }
    }

    #[test]
    fn a_folder_adds_a_strategy_to_a_catalog_and_to_no_other() {
        let catalog =
            with("extends: out-in\nsummary: the same under another name\n").expect("it is complete");
        assert_eq!(catalog.strategies().len(), Catalog::embedded().strategies().len() + 1);
        assert!(catalog.state_files().contains(&"strategies/extra/states.asl.json.j2".to_owned()));
        assert!(!Catalog::embedded().strategies().contains_key("extra"));
    }
}
