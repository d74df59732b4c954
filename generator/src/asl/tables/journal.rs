//! The journal and the lock item, key by key, and which versions of them are read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::super::kind::Kind;
use super::rows::{fault, typed, unreadable};
use crate::problem::Problems;
use crate::strategy::Catalog;

const SHARED: &str = "strategies/_shared/journal.yaml";
/// How the path of a table ends.
pub(super) const FILE: &str = "/journal.yaml";

/// A key of the journal, or an attribute of the lock item.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::asl) struct JournalKey {
    pub(super) kind: Kind,
    /// For people.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "printed in docs/machine-state.md, which a test holds")
    )]
    pub(super) meaning: String,
    /// What a journal of a version before the key is read with.
    #[serde(default)]
    former: Option<Value>,
    /// Whether it holds ids that a list of a big group's instances asks for, whatever EC2's tags say.
    #[serde(default)]
    listed: bool,
    /// Of an attribute that a strategy has beside the journal: what the journal has besides, JSONata.
    #[serde(default)]
    adds: Option<String>,
}

/// A `journal.yaml` as it is written.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    version: Option<u32>,
    known: Vec<u32>,
    journal: Map<String, Value>,
    lock_item: Map<String, Value>,
}

/// All keys, the frame's first.
#[derive(Debug, Default)]
pub(in crate::asl) struct Journal {
    pub(super) version: u32,
    pub(super) known: Vec<u32>,
    pub(super) keys: Vec<(String, JournalKey)>,
    pub(super) lock_item: Vec<(String, JournalKey)>,
    /// Those of the lock item that strategies have beside the journal.
    beside: Vec<String>,
}

/// What the templates print of it.
#[derive(Serialize)]
pub(in crate::asl) struct Printed {
    version: u32,
    /// A JSONata list.
    known: String,
    /// A JSONata object: what a journal of a version before keys is read with.
    former: String,
    /// The keys that hold ids to ask for.
    listed: Vec<String>,
    /// Attributes that strategies have beside the journal.
    attributes: Vec<String>,
    /// What some of them add to it, JSONata objects.
    additions: BTreeMap<String, String>,
}

/// The versions of journals that the machine reads; none where the table cannot be read.
pub(in crate::asl) fn known_versions(catalog: &Catalog) -> Vec<u32> {
    let file: File =
        catalog.text(SHARED).and_then(|text| serde_yaml::from_str(text).ok()).unwrap_or_default();
    file.known
}

impl Journal {
    /// Reads the tables.
    pub(super) fn read(catalog: &Catalog, problems: &mut Problems) -> Self {
        let mut journal = Self::default();
        let tables = catalog.texts().filter(|(path, _)| path.ends_with(FILE));
        for (path, text) in tables {
            let read = serde_yaml::from_str(text).map_err(|error| unreadable(&error));
            if let Err(reason) = read.and_then(|file| journal.add(file, path == SHARED)) {
                problems.push(fault(catalog, path, &reason));
            }
        }
        if !journal.known.contains(&journal.version) {
            problems.push(fault(catalog, SHARED, "`known` lacks the `version` that is written"));
        }
        journal
    }

    fn add(&mut self, file: File, shared: bool) -> Result<(), String> {
        if shared {
            self.version = file.version.ok_or("it lacks `version`")?;
            self.known = file.known;
        } else if file.version.is_some() || !file.known.is_empty() {
            return Err(format!("versions stand in templates/{SHARED}"));
        } else {
            self.beside.extend(file.lock_item.keys().cloned());
        }
        for (known, more) in [(&mut self.keys, file.journal), (&mut self.lock_item, file.lock_item)] {
            let more = typed::<JournalKey>(more)?;
            if let Some((twice, _)) = more.iter().find(|(name, _)| known.iter().any(|(key, _)| key == name)) {
                return Err(format!("`{twice}` stands in another table, too"));
            }
            known.extend(more);
        }
        Ok(())
    }

    /// For the templates.
    pub(in crate::asl) fn printed(&self) -> Printed {
        let former =
            self.keys.iter().filter_map(|(name, key)| Some(format!("'{name}': {}", key.former.as_ref()?)));
        Printed {
            version: self.version,
            known: format!("{:?}", self.known),
            former: format!("{{{}}}", former.collect::<Vec<_>>().join(", ")),
            listed: self.keys.iter().filter(|(_, key)| key.listed).map(|(name, _)| name.clone()).collect(),
            attributes: self.beside.clone(),
            additions: self
                .lock_item
                .iter()
                .filter_map(|(name, key)| Some((name.clone(), key.adds.clone()?)))
                .collect(),
        }
    }
}
