//! What the states of a definition are held to: the tables, as far as the checks need them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::kind::Kind;

/// What a check needs to know of a variable.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Declaration {
    pub(super) kind: Kind,
    /// The stages that assign it, `strategies` for any strategy, `everywhere`; empty for what anybody may assign who
    /// knows it.
    #[serde(default)]
    pub(super) written_by: Vec<String>,
    /// The row that says so, `templates/FILE:LINE`.
    #[serde(default)]
    pub(super) place: Option<String>,
}

/// What the states of a definition are held to. A part that is empty holds them to nothing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Declarations {
    /// By name, as it stands in the definition.
    pub(super) variables: BTreeMap<String, Declaration>,
    /// The states of each stage of the frame and of each strategy.
    pub(super) stages: BTreeMap<String, BTreeSet<String>>,
    /// Those stages that are strategies.
    pub(super) strategies: BTreeSet<String>,
    /// The keys of an object that passes the request on: what is read in it is not used by that. Empty where nothing passes it on.
    pub(super) carried: BTreeSet<String>,
    /// The keys of the input, and whether this machine has to read each.
    pub(super) input: BTreeMap<String, bool>,
    /// The keys of the journal.
    pub(super) journal: BTreeMap<String, Kind>,
    /// The attributes of the lock item.
    pub(super) lock_item: BTreeMap<String, Kind>,
    /// Where the rows of these stand; of none is known in a definition that came without templates.
    #[serde(skip)]
    pub(super) places: RowPlaces,
}

/// The lines of rows, `templates/FILE:LINE`, by the row's name.
#[derive(Debug, Clone, Default)]
pub(super) struct RowPlaces {
    pub(super) input: BTreeMap<String, String>,
    pub(super) journal: BTreeMap<String, String>,
    pub(super) lock_item: BTreeMap<String, String>,
}
