//! How far a recycle is: its phases as steps, and what its execution has set to end when.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::operate::lock;
use crate::strategy::{Catalog, Strategy};

/// What comes after the last phase of the journal: the group is looked at once more, and held to what was promised.
const VERIFYING: &str = "verifying";

/// A phase as a step of a recycle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PhaseReached {
    /// Its name, as in the journal; `verifying` after the last of those, empty before the first change and once all is put back.
    pub name: String,
    /// Which step it is, from 1; absent before the first change, and for what is no step forward, such as `undoing`.
    pub step: Option<usize>,
    /// How many steps the strategy has; absent where that is not known.
    pub steps: Option<usize>,
    /// What it does within that step, where its execution says so: `launching`, `proving`, `draining`, `replacing`, `waiting`,
    /// `baking`, `verifying` or `restoring`.
    pub doing: Option<String>,
}

/// The phase of a recycle, by what its journal says and what its execution assigned.
pub fn reached(strategy: &str, journal: Option<&str>, assigned: &BTreeMap<String, Value>) -> PhaseReached {
    let mut steps = Catalog::embedded().strategies().get(strategy).map(Strategy::steps).unwrap_or_default();
    let phase = journal.unwrap_or_default();
    let is_last = steps.last() == Some(&phase);
    if !steps.is_empty() {
        steps.push(VERIFYING);
    }
    // What was changed is put back by then, and the journal is gone with it.
    let verifies = (is_last || journal.is_none()) && assigned.get("stage") == Some(&Value::from("verify"));
    let name = if verifies { VERIFYING } else { phase };
    PhaseReached {
        name: name.to_owned(),
        step: steps.iter().position(|step| *step == name).map(|index| index + 1),
        steps: Some(steps.len()).filter(|count| *count > 0),
        doing: doing(assigned).filter(|doing| doing != name),
    }
}

/// What an execution entered last, as its outcome counts the seconds of.
fn doing(assigned: &BTreeMap<String, Value>) -> Option<String> {
    assigned.get("phases")?.as_array()?.last()?.get("name")?.as_str().map(str::to_owned)
}

impl std::fmt::Display for PhaseReached {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = match self.name.as_str() {
            // All is put back, and the journal is gone with it.
            "" if self.doing.as_deref() == Some("restoring") => lock::LAST_CHECKS,
            "" => lock::BEFORE_CHANGES,
            name => name,
        };
        match (self.step, self.steps) {
            (Some(step), Some(steps)) => write!(formatter, "{name} (phase {step} of {steps})")?,
            _ => formatter.write_str(name)?,
        }
        self.doing.as_ref().map_or(Ok(()), |doing| write!(formatter, ", {doing}"))
    }
}

/// A moment at which something ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Deadline {
    /// What ends then, as a sentence's beginning: `the phase has to be over`.
    pub what: String,
    /// When, RFC 3339.
    pub at: String,
    /// How long until then, in seconds; negative where it has passed.
    pub seconds_left: i64,
}

/// Whether an execution stands still for an operator's pause.
pub fn stands_still(assigned: &BTreeMap<String, Value>) -> bool {
    assigned.get("pause").and_then(|pause| pause.get("stands")) == Some(&Value::Bool(true))
}

/// What is to end by when, of what an execution assigned to its variables last; nothing while it stands still, for no deadline runs
/// then. What is past is left out, but for the deadline of the phase that the journal is in: that it is over and nothing ended is
/// what has to be seen.
pub fn deadlines(assigned: &BTreeMap<String, Value>, journal: Option<&str>, now: Timestamp) -> Vec<Deadline> {
    if stands_still(assigned) {
        return Vec::new();
    }
    let active = match journal {
        None => None,
        Some(phase) if Catalog::embedded().undoes(phase) => Some("restore_deadline"),
        Some(_) => Some("deadline").filter(|_| assigned.get("stage") != Some(&Value::from("verify"))),
    };
    let kinds: [(&str, &str, &str); 4] = [
        ("deadline", "", "the phase has to be over"),
        ("proving", "/until", "the new instances have proved themselves"),
        ("bake_until", "", "the alarms have been watched"),
        ("restore_deadline", "", "putting back has to be over"),
    ];
    let deadline = |(variable, pointer, what): (&str, &str, &str)| {
        let milliseconds = assigned.get(variable)?.pointer(pointer)?.as_f64()?;
        let at = crate::operate::fleet::moment(milliseconds / 1_000.0).filter(|_| milliseconds > 0.0)?;
        if at <= now && active != Some(variable) {
            return None;
        }
        let seconds_left = at.as_second() - now.as_second();
        Some(Deadline { what: what.to_owned(), at: at.to_string(), seconds_left })
    };
    kinds.into_iter().filter_map(deadline).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_phase_is_a_step_of_its_strategy_or_none() {
        let told = |strategy: &str, phase: Option<&str>, stage: &str| {
            let assigned = BTreeMap::from([("stage".to_owned(), json!(stage))]);
            reached(strategy, phase, &assigned).to_string()
        };
        assert_eq!(told("out-in", None, "look"), "before its first change");
        assert_eq!(told("out-in", Some("doubling"), "look"), "doubling (phase 1 of 3)");
        assert_eq!(told("out-in", Some("doubling"), "verify"), "doubling (phase 1 of 3)");
        assert_eq!(told("out-in", Some("halving"), "look"), "halving (phase 2 of 3)");
        assert_eq!(told("out-in", Some("halving"), "verify"), "verifying (phase 3 of 3)");
        assert_eq!(told("out-in", None, "verify"), "verifying (phase 3 of 3)", "its journal is gone already");
        assert_eq!(told("out-in", Some("undoing"), "look"), "undoing");
        assert_eq!(told("in-out", Some("swapping"), "look"), "swapping (phase 1 of 2)");
        assert_eq!(told("somebodys-own", Some("mixing"), "look"), "mixing");
    }

    #[test]
    fn what_an_execution_does_within_its_phase_is_told() {
        let told = |phase: Option<&str>, stage: &str, entered: &[&str]| {
            let phases: Vec<Value> = entered.iter().map(|name| json!({"name": name, "at": 1})).collect();
            let assigned =
                BTreeMap::from([("stage".to_owned(), json!(stage)), ("phases".to_owned(), json!(phases))]);
            reached("out-in", phase, &assigned).to_string()
        };
        assert_eq!(
            told(Some("doubling"), "look", &["launching", "proving"]),
            "doubling (phase 1 of 3), proving"
        );
        assert_eq!(told(None, "verify", &["draining", "verifying"]), "verifying (phase 3 of 3)");
        assert_eq!(told(None, "verify", &["verifying", "baking"]), "verifying (phase 3 of 3), baking");
        assert_eq!(told(None, "look", &["waiting"]), "before its first change, waiting");
        assert_eq!(told(None, "look", &[]), "before its first change");
        assert_eq!(told(None, "look", &["launching", "restoring"]), "at its last checks, restoring");
        assert_eq!(told(Some("undoing"), "look", &["restoring"]), "undoing, restoring");
    }

    #[test]
    fn what_is_past_is_no_deadline_but_that_of_the_phase() {
        let now: Timestamp = "2026-01-05T09:00:00Z".parse().expect("a time");
        let in_seconds = |seconds: i64| json!(now.as_millisecond() + seconds * 1_000);
        let assigned = BTreeMap::from([
            ("deadline".to_owned(), in_seconds(7_200)),
            ("proving".to_owned(), json!({"until": in_seconds(60)})),
            ("bake_until".to_owned(), json!(0)),
            ("restore_deadline".to_owned(), in_seconds(-1)),
        ]);
        let found = deadlines(&assigned, Some("doubling"), now);
        let left: Vec<i64> = found.iter().map(|deadline| deadline.seconds_left).collect();
        assert_eq!(left, [7_200, 60], "{found:?}");
        assert_eq!(found[0].at, "2026-01-05T11:00:00Z");
        let over = |stage: &str, phase: Option<&str>| -> Vec<i64> {
            let assigned = BTreeMap::from([
                ("stage".to_owned(), json!(stage)),
                ("deadline".to_owned(), in_seconds(-180)),
                ("restore_deadline".to_owned(), json!(0)),
            ]);
            deadlines(&assigned, phase, now).iter().map(|deadline| deadline.seconds_left).collect()
        };
        assert_eq!(over("look", Some("doubling")), [-180], "it hangs");
        assert!(over("verify", Some("halving")).is_empty() && over("look", None).is_empty());
        assert!(over("look", Some("undoing")).is_empty(), "that of putting back is not set");
        let mut paused = assigned;
        paused.insert("pause".to_owned(), json!({"stands": true, "until": 1}));
        assert!(stands_still(&paused) && deadlines(&paused, Some("doubling"), now).is_empty());
    }
}
