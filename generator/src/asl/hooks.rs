//! Where the frame of the templates goes over to a strategy.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::strategy::{Catalog, Hooks};

/// A state at which the frame goes over to a strategy.
#[derive(Serialize)]
pub(super) struct Hook<'a> {
    strategy: &'a str,
    /// Of the journal; only for `put_back`.
    phase: Option<&'a str>,
    state: &'a str,
}

/// What the frame asks strategies for, hook by hook.
pub(super) fn hooks(catalog: &Catalog) -> BTreeMap<&'static str, Vec<Hook<'_>>> {
    let mut put_back = BTreeMap::new(); // a phase is put back in one way, whoever names it
    for strategy in catalog.strategies().values() {
        for (phase, state) in strategy.put_back() {
            put_back.entry(phase).or_insert(Hook { strategy: &strategy.name, phase: Some(phase), state });
        }
    }
    [
        ("before_start", of(catalog, |hooks| hooks.before_start.as_ref())),
        ("start_at", of(catalog, |hooks| hooks.start_at.as_ref())),
        ("before_doubling", of(catalog, |hooks| hooks.before_doubling.as_ref())),
        ("before_leaving", of(catalog, |hooks| hooks.before_leaving.as_ref())),
        ("on_active_refresh", of(catalog, |hooks| hooks.on_active_refresh.as_ref())),
        ("put_back", put_back.into_values().collect()),
    ]
    .into()
}

/// The strategies that have a hook, with their states.
fn of(catalog: &Catalog, state: fn(&Hooks) -> Option<&String>) -> Vec<Hook<'_>> {
    let mut found = Vec::new();
    for strategy in catalog.strategies().values() {
        let state = state(&strategy.hooks);
        found.extend(state.map(|state| Hook { strategy: &strategy.name, phase: None, state }));
    }
    found
}
