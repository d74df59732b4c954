//! The turn of a recycle that takes its instances one after the other, by what it writes beside the lock: a turn is an execution of
//! its own, which is not asked. Pure.

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::group_answers::SeenActivity;
use super::lock::SeenTurn;
use super::phases::Deadline;

/// Whose turn it is, and what is waited for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TurnStatus {
    /// The instance.
    pub instance: String,
    /// What is waited for, as a sentence's end: `until its machine is terminated`.
    pub waits: String,
    /// Since when, RFC 3339; absent where that is not known.
    pub since: Option<String>,
    /// For how long, in seconds.
    pub seconds: Option<i64>,
}

/// What a turn waits for, since when, and by when that has to be over by the settings of its strategy, as far as those are known.
pub fn standing(
    turn: &SeenTurn,
    activities: &[SeenActivity],
    settings: Option<&Value>,
    now: Timestamp,
) -> (TurnStatus, Option<Deadline>) {
    let (waits, since, limit) = if turn.is_given {
        let waits = match turn.given_at {
            Some(_) => "until its replacement serves",
            None => "until the group is whole and may go on",
        };
        (waits, turn.given_at, "launch_timeout_seconds")
    } else if turn.is_out {
        ("until its machine is terminated", began_to_leave(turn, activities), "drain_timeout_seconds")
    } else {
        ("until it is taken out", None, "")
    };
    let status = TurnStatus {
        instance: turn.id.clone(),
        waits: waits.to_owned(),
        since: since.map(|at| at.to_string()),
        seconds: since.map(|at| (now.as_second() - at.as_second()).max(0)),
    };
    let limit = settings.and_then(|settings| settings.get(limit)?.as_i64());
    let ends = since.zip(limit).and_then(|(at, limit)| at.checked_add(SignedDuration::from_secs(limit)).ok());
    // Proofs and pauses begin its clock anew, so what is past says nothing.
    let deadline = ends.filter(|at| *at > now).map(|at| Deadline {
        what: format!("or so the turn of {} has to be further", turn.id),
        at: at.to_string(),
        seconds_left: at.as_second() - now.as_second(),
    });
    (status, deadline)
}

fn began_to_leave(turn: &SeenTurn, activities: &[SeenActivity]) -> Option<Timestamp> {
    let mut own = activities.iter().filter(|one| one.is_termination() && one.description.contains(&turn.id));
    own.find_map(|one| one.start_time.parse().ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_turn_tells_whom_it_waits_for_and_until_when() {
        let now: Timestamp = "2026-01-05T09:10:00Z".parse().expect("a time");
        let leaves = SeenActivity {
            description: "Terminating EC2 instance: i-1".to_owned(),
            start_time: "2026-01-05T09:08:00Z".to_owned(),
            ..SeenActivity::default()
        };
        let settings = json!({"drain_timeout_seconds": 10_800, "launch_timeout_seconds": 3_600});
        let told = |turn: &str, pace: Option<&str>| {
            let (status, deadline) =
                standing(&SeenTurn::read(turn, pace), std::slice::from_ref(&leaves), Some(&settings), now);
            (status.instance, status.waits, status.seconds, deadline.map(|one| one.seconds_left))
        };
        let is = |waits: &str, seconds, left| ("i-1".to_owned(), waits.to_owned(), seconds, left);
        assert_eq!(told("i-1", None), is("until it is taken out", None, None), "of an older journal");
        assert_eq!(told(r#"{"id": "i-1"}"#, None), is("until it is taken out", None, None));
        assert_eq!(
            told(r#"{"id": "i-1", "out": true}"#, Some(r#"{"at": 0}"#)),
            is("until its machine is terminated", Some(120), Some(10_680))
        );
        let given = r#"{"id": "i-1", "out": true, "given": true}"#;
        let at = now.as_millisecond() - 60_000;
        assert_eq!(
            told(given, Some(&json!({"at": at}).to_string())),
            is("until its replacement serves", Some(60), Some(3_540))
        );
        let whole = is("until the group is whole and may go on", None, None);
        assert_eq!(told(given, Some(r#"{"at": 0, "whole": 90000}"#)), whole);
    }

    #[test]
    fn a_wait_that_should_be_over_is_told_by_its_length_and_not_by_a_deadline() {
        let now: Timestamp = "2026-01-05T09:10:00Z".parse().expect("a time");
        let turn = SeenTurn {
            is_given: true,
            is_out: true,
            given_at: Some(now - SignedDuration::from_hours(2)),
            id: "i-1".to_owned(),
        };
        let (status, deadline) = standing(&turn, &[], Some(&json!({"launch_timeout_seconds": 3_600})), now);
        assert_eq!((status.seconds, deadline), (Some(7_200), None), "proofs and pauses begin its clock anew");
    }
}
