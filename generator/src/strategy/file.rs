//! A `strategy.yaml`: its text, and what it takes from others.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::setting::Setting;
use super::types::{Hooks, JudgedBy, LeavingOrder, Phase, Strategy, Turns};

/// A `strategy.yaml` as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// The strategy from which it takes everything that it does not say itself.
    #[serde(default)]
    pub(super) extends: Option<String>,
    summary: String,
    #[serde(default)]
    promise: Option<String>,
    #[serde(default)]
    safe_points: Option<String>,
    #[serde(default)]
    windowed: Option<bool>,
    #[serde(default)]
    any_units: Option<bool>,
    #[serde(default)]
    named_by: Option<String>,
    #[serde(default)]
    hooks: Hooks,
    #[serde(default)]
    leaving_order: Option<LeavingOrder>,
    #[serde(default)]
    phases: BTreeMap<String, Phase>,
    #[serde(default)]
    processes: Option<Vec<String>>,
    #[serde(default)]
    turns: Option<Turns>,
    #[serde(default)]
    judged_by: Option<JudgedBy>,
    #[serde(default)]
    needs: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    settings: Settings,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// Keys of `_shared/settings.yaml`.
    common: Vec<String>,
    /// What some of those are in this strategy, in words of its own.
    summaries: BTreeMap<String, String>,
    /// Those that it describes itself.
    own: BTreeMap<String, Setting>,
}

impl Settings {
    /// The settings, by their keys. `common` is what `_shared/settings.yaml` describes.
    fn complete(self, common: &BTreeMap<String, Setting>) -> Result<BTreeMap<String, Setting>, String> {
        let Self { common: keys, mut summaries, own } = self;
        let mut settings = BTreeMap::new();
        for key in keys {
            let setting =
                common.get(&key).ok_or_else(|| format!("`_shared/settings.yaml` has no setting `{key}`"))?;
            if own.contains_key(&key) {
                return Err(format!("the setting `{key}` is both a common and an own one"));
            }
            let setting = match summaries.remove(&key) {
                Some(summary) => setting.clone().with_summary(summary),
                None => setting.clone(),
            };
            settings.insert(key, setting);
        }
        if let Some(key) = summaries.keys().next() {
            return Err(format!("`summaries` names `{key}`, which is none of its `common` settings"));
        }
        settings.extend(own);
        Ok(settings)
    }
}

impl File {
    /// The strategy, complete. `base` is the one that it extends, `common` what `_shared/settings.yaml` describes.
    ///
    /// # Errors
    /// What is missing, or stands twice.
    pub(super) fn complete(
        self,
        name: &str,
        base: Option<&Strategy>,
        common: &BTreeMap<String, Setting>,
    ) -> Result<Strategy, String> {
        let mut settings = base.map(|base| base.settings.clone()).unwrap_or_default();
        settings.extend(self.settings.complete(common)?);
        let hooks = self.hooks.or(base.map(|base| base.hooks.clone()).unwrap_or_default());
        if hooks.start_at.is_none() {
            return Err("`hooks` lacks `start_at`, the state that begins to replace instances".to_owned());
        }
        let mut phases = base.map(|base| base.phases.clone()).unwrap_or_default();
        phases.extend(self.phases);
        let steps: BTreeSet<_> = phases.values().filter_map(|phase| phase.step).collect();
        let count = phases.values().filter(|phase| phase.step.is_some()).count();
        if !steps.into_iter().eq(1..=count) {
            return Err("`phases` that are steps are counted by `step`, from 1, each once".to_owned());
        }
        let mut needs = base.map(|base| base.needs.clone()).unwrap_or_default();
        needs.extend(self.needs);
        if let Some(key) = needs.keys().find(|key| !settings.contains_key(*key)) {
            return Err(format!("`needs` names `{key}`, which is no setting of it"));
        }
        let judged_by =
            self.judged_by.or_else(|| base.map(|base| base.judged_by.clone())).unwrap_or_default();
        if let Some(key) = judged_by.settings().find(|key| !settings.contains_key(*key)) {
            return Err(format!("`judged_by` names `{key}`, which is no setting of it"));
        }
        let promise = self.promise.or_else(|| base.map(|base| base.promise.clone()));
        let safe_points = self.safe_points.or_else(|| base.map(|base| base.safe_points.clone()));
        Ok(Strategy {
            name: name.to_owned(),
            summary: self.summary,
            promise: promise.ok_or("it lacks `promise`, what it promises about capacity")?,
            safe_points: safe_points.ok_or("it lacks `safe_points`, where a pause lets it stand still")?,
            windowed: self.windowed.unwrap_or_else(|| base.is_some_and(|base| base.windowed)),
            any_units: self.any_units.unwrap_or_else(|| base.is_some_and(|base| base.any_units)),
            named_by: self.named_by.or_else(|| base.and_then(|base| base.named_by.clone())),
            hooks,
            leaving_order: self.leaving_order.or_else(|| base.and_then(|base| base.leaving_order)),
            phases,
            processes: self.processes.or_else(|| base.map(|base| base.processes.clone())).unwrap_or_default(),
            turns: self.turns.or_else(|| base.and_then(|base| base.turns.clone())),
            judged_by,
            needs,
            settings,
        })
    }
}

impl Hooks {
    /// These, and those of `base` where there is none here.
    fn or(self, base: Self) -> Self {
        Self {
            before_start: self.before_start.or(base.before_start),
            start_at: self.start_at.or(base.start_at),
            before_doubling: self.before_doubling.or(base.before_doubling),
            before_leaving: self.before_leaving.or(base.before_leaving),
            on_active_refresh: self.on_active_refresh.or(base.on_active_refresh),
        }
    }
}
