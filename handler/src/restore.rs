//! What follows the death of an execution. Pure, and without its group: the group's tags may be at fault or gone by now.

use serde_json::{Map, Value, json};

use crate::contract::{INPUT_VERSION, Mode, OWN_ERRORS, TriggerRecord};
use crate::event::{DeadExecution, Source};
use crate::name;
use crate::problem::Problem;
use crate::rejection::Rejection;

/// Restores that follow one dead execution by themselves, each after the one before has died.
pub(crate) const RESTORE_ATTEMPTS_MAX: u64 = 3;
/// Where the input of a restore says which of them it is, from 1.
const RESTORE_ATTEMPT: &str = "restore_attempt";

/// What follows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum RestorePlan {
    /// A restore with the dead execution's own input in another mode.
    Start {
        /// Name shown to people.
        component: String,
        /// The input.
        input: Map<String, Value>,
    },
    /// Nothing: the dead one was a restore, and has told what it could not put back.
    AlreadyTold,
    /// Nothing, and a person must hear why.
    Refuse(Rejection),
}

/// Plans what follows a death that an event tells of; `record` is what the restore's input says of the event.
///
/// A restore that died is followed by another, so that no group stays changed and no start without its end; whoever goes
/// on stopping them is told to put back by hand.
pub(crate) fn plan(dead: &DeadExecution, source: &Source, record: TriggerRecord) -> RestorePlan {
    let refuse = |input: &Map<String, Value>, fault: Problem, record: TriggerRecord| {
        RestorePlan::Refuse(rejection(dead, source, input, fault, record))
    };
    let mut input = match input_of(dead) {
        Ok(input) => input,
        Err(fault) => return refuse(&Map::new(), fault, record),
    };
    let was_restore = word(&input, "mode").as_deref() == Some("restore");
    if was_restore && has_told(dead, source) {
        return RestorePlan::AlreadyTold;
    }
    let before = input.get(RESTORE_ATTEMPT).and_then(Value::as_u64).unwrap_or(1);
    if was_restore && before >= RESTORE_ATTEMPTS_MAX {
        let reason = "the last restore that starts by itself has died, too; start an execution with \
                      `\"mode\": \"restore\"` by hand";
        return refuse(
            &input,
            Problem::of("detail.input.restore_attempt", &before.to_string(), reason),
            record,
        );
    }
    let Some(group) = word(&input, "auto_scaling_group_name") else {
        let reason = "the dead execution's input names no group";
        return refuse(&input, Problem::missing("detail.input.auto_scaling_group_name", reason), record);
    };
    let component = word(&input, "component").unwrap_or_else(|| name::component(&group, None).to_owned());
    input.insert("mode".to_owned(), json!(Mode::Restore));
    // Whatever the dead one's was: that one has told of it.
    if let Some(version) = input.get_mut("version") {
        *version = json!(INPUT_VERSION);
    }
    input.insert(RESTORE_ATTEMPT.to_owned(), json!(if was_restore { before + 1 } else { 1 }));
    input.insert("trigger".to_owned(), json!(record));
    RestorePlan::Start { component, input }
}

/// Whether a restore that died has said so itself. One that was stopped, timed out, or met an error that it does not know,
/// has told nobody. Where the event tells no error, it is believed to be one of the machine's own.
fn has_told(dead: &DeadExecution, source: &Source) -> bool {
    source.event_name == "FAILED" && dead.error.as_deref().is_none_or(|error| error.starts_with(OWN_ERRORS))
}

/// What the dead execution was given.
fn input_of(dead: &DeadExecution) -> Result<Map<String, Value>, Problem> {
    let text = dead.input.as_ref().ok_or_else(|| {
        Problem::missing(
            "detail.input",
            "too large for the event; start an execution with `\"mode\": \"restore\"` by hand",
        )
    })?;
    match serde_json::from_str(text) {
        Ok(Value::Object(input)) => Ok(input),
        _ => Err(Problem::missing("detail.input", "the dead execution's input is not a JSON object")),
    }
}

/// A text of an input that is there and not empty.
fn word(input: &Map<String, Value>, key: &str) -> Option<String> {
    input.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Whose group it is, and whom to page, is in the dead execution's input, where that can be read.
fn rejection(
    dead: &DeadExecution,
    source: &Source,
    input: &Map<String, Value>,
    fault: Problem,
    record: TriggerRecord,
) -> Rejection {
    let execution_name = || dead.execution_arn.rsplit(':').next().unwrap_or_default().to_owned();
    Rejection {
        status: "rejected",
        component: word(input, "component").unwrap_or_else(execution_name),
        auto_scaling_group_name: word(input, "auto_scaling_group_name"),
        account_id: source.account_id.clone(),
        team: word(input, "team"),
        notify_pager_duty: word(input, "notify_pager_duty"),
        faults: vec![fault],
        trigger: record,
    }
}
