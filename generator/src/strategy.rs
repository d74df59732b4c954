//! The strategies: one folder each under `templates/strategies/`, found by name.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::template::TEMPLATES;

/// What `strategy.yaml` in a strategy's folder says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Strategy {
    /// The folder's name and the tag's value.
    #[serde(skip)]
    pub name: String,
    /// What it does, in a sentence without a final period.
    pub summary: String,
    /// What it promises about capacity, in a sentence.
    pub promise: String,
    /// Whether its executions keep to windows given in their input.
    pub windowed: bool,
    /// The state that comes before a recycle is announced, where the strategy has one, e.g. to wait for a window. Its
    /// states lead on to `Is it the first round?`.
    #[serde(default)]
    pub before_start: Option<String>,
    /// The state that comes between doubling and halving, where a strategy that does both has one. It leads on to
    /// `Plan halving`, or to putting back.
    #[serde(default)]
    pub before_halving: Option<String>,
    /// The state that begins to replace instances. Its states lead on to `Verify`.
    pub start_at: String,
    /// Its settings in `stack.yaml`, by key.
    pub settings: BTreeMap<String, Setting>,
}

/// A setting of a strategy: a whole number, a choice or a time zone.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Setting {
    /// A whole number; its key ends in its unit.
    Integer {
        /// What it sets.
        summary: String,
        /// Smallest value.
        minimum: u64,
        /// Largest value.
        maximum: u64,
        /// Value where `stack.yaml` says nothing.
        default: u64,
    },
    /// One of a few words.
    Choice {
        /// What it sets.
        summary: String,
        /// The words.
        values: Vec<String>,
        /// Value where `stack.yaml` says nothing.
        default: String,
    },
    /// An IANA time zone.
    TimeZone {
        /// What it sets.
        summary: String,
        /// Value where `stack.yaml` says nothing.
        default: String,
    },
}

/// All strategies by name.
///
/// # Panics
/// If a folder's `strategy.yaml` cannot be read: the folders are compiled in, so a test meets it first.
pub fn all() -> &'static BTreeMap<String, Strategy> {
    static ALL: LazyLock<BTreeMap<String, Strategy>> = LazyLock::new(|| {
        let folders = TEMPLATES.get_dir("strategies").into_iter().flat_map(include_dir::Dir::dirs);
        folders.filter_map(read).map(|strategy| (strategy.name.clone(), strategy)).collect()
    });
    &ALL
}

/// A folder without `strategy.yaml` holds shared states.
fn read(folder: &include_dir::Dir<'_>) -> Option<Strategy> {
    let name = folder.path().file_name()?.to_str()?.to_owned();
    let text = folder.get_file(folder.path().join("strategy.yaml"))?.contents_utf8()?;
    let strategy: Strategy =
        serde_yaml::from_str(text).unwrap_or_else(|error| panic!("strategies/{name}/strategy.yaml: {error}"));
    Some(Strategy { name, ..strategy })
}
