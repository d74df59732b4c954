//! What is told of a turn, from what stands beside the lock.

use serde_json::json;

use super::*;
use crate::operate::answers::SeenInstance;
use crate::operate::lock::SeenJournal;

fn now() -> Timestamp {
    "2026-01-05T09:00:00Z".parse().expect("a time")
}

fn ago(minutes: i64) -> Timestamp {
    now() - SignedDuration::from_mins(minutes)
}

/// A group of three in which `i-1` and `i-2` are to be replaced, in its swapping phase; with these members by their states.
struct Turning {
    group: SeenGroup,
    activities: Vec<SeenActivity>,
    assigned: BTreeMap<String, Value>,
    at_state: &'static str,
    is_paused: bool,
    lock: GroupLock,
}

impl Turning {
    fn with(members: &[(&str, &str)]) -> Self {
        let mut group = SeenGroup { desired_capacity: 3, ..SeenGroup::default() };
        let member = |(id, state): &(&str, &str)| SeenInstance {
            id: (*id).to_owned(),
            lifecycle_state: (*state).to_owned(),
            ..SeenInstance::default()
        };
        group.instances.list = members.iter().map(member).collect();
        let settings =
            json!({"launch_timeout_seconds": 3_600, "drain_timeout_seconds": 10_800, "proving_seconds": 0});
        let journal = SeenJournal {
            phase: "swapping".to_owned(),
            replace: vec!["i-1".to_owned(), "i-2".to_owned()],
            ..SeenJournal::default()
        };
        Self {
            group,
            activities: Vec::new(),
            assigned: BTreeMap::from([("settings".to_owned(), settings)]),
            at_state: takes_turns(),
            is_paused: false,
            lock: GroupLock { journal: Some(journal), ..GroupLock::default() },
        }
    }

    fn turn(mut self, turn: &Value) -> Self {
        self.lock.turn = serde_json::from_value(turn.clone()).expect("a turn");
        self
    }

    fn given_back(mut self, minutes: i64) -> Self {
        let at = ago(minutes).as_millisecond();
        self.lock.place_given_at = json!(at).as_f64();
        self
    }

    fn did(mut self, description: &str, began: i64, ended: Option<i64>) -> Self {
        self.activities.push(SeenActivity {
            description: description.to_owned(),
            status_code: if ended.is_some() { "Successful" } else { "InProgress" }.to_owned(),
            start_time: ago(began).to_string(),
            end_time: ended.map(|minutes| ago(minutes).to_string()),
        });
        self
    }

    fn proving(mut self, seconds: u32) -> Self {
        self.assigned.get_mut("settings").expect("settings")["proving_seconds"] = json!(seconds);
        self
    }

    fn paused(self) -> Self {
        Self { is_paused: true, ..self }
    }

    /// What is told of it.
    fn told(&self) -> Told {
        self.told_if_any().expect("a turn is told of")
    }

    /// What is told of it, and of its deadline, where anything is.
    fn told_if_any(&self) -> Option<Told> {
        let unfit = self.group.instances.list.iter();
        let unfit = unfit.filter(|one| !one.is_leaving() && one.lifecycle_state != "InService");
        let facts = TurnFacts {
            group: &self.group,
            unfit: unfit.map(|one| one.id.clone()).collect(),
            activities: &self.activities,
            at_state: Some((self.at_state, Some(ago(10)))),
            assigned: &self.assigned,
            is_paused: self.is_paused,
            now: now(),
        };
        let (turn, deadline) = of(&self.lock, &facts)?;
        Some((turn.to_string(), deadline.map(|one| (one.what, one.seconds_left / 60))))
    }
}

/// A turn in words, and what it has to be over by, with the minutes that are left.
type Told = (String, Option<(String, i64)>);

fn told(turn: &str, deadline: Option<(&str, i64)>) -> Told {
    (turn.to_owned(), deadline.map(|(what, minutes)| (what.to_owned(), minutes)))
}

fn takes_turns() -> &'static str {
    &Catalog::embedded().turns().expect("a strategy has turns").state
}

#[test]
fn who_is_out_is_told_with_how_long_it_may_still_take() {
    let leaves = "Terminating EC2 instance: i-1 - Waiting For ELB Connection Draining.";
    let record = json!({"id": "i-1", "desired": 3, "min": 3, "lowered": 2, "out": true});
    let others = [("i-2", "InService"), ("i-3", "InService")];
    let with = |state: &'static str| Turning::with(&[&[("i-1", state)], &others[..]].concat()).turn(&record);
    let drains = Some(("the instance has to be terminated", 150));
    assert_eq!(with("InService").told(), told("i-1 is being taken out", None));
    assert_eq!(
        with("Terminating:Wait").did(leaves, 30, None).told(),
        told("i-1 is out, and drains or shuts down", drains)
    );
    assert_eq!(
        Turning::with(&others).turn(&record).did(leaves, 30, Some(5)).told(),
        told("i-1 is out; EC2 has to call it terminated", drains)
    );
    let over = with("Terminating").did(leaves, 190, None).told().1;
    assert_eq!(over.map(|(_, minutes)| minutes), Some(-10), "what is over is told");
    assert_eq!(
        Turning::with(&others).turn(&json!({"id": "i-1", "back": 3})).did(leaves, 30, Some(5)).told(),
        told("i-1 is terminated; its place is given back", Some(("its place has to be given back", 55)))
    );
}

#[test]
fn who_comes_instead_is_waited_for() {
    let two = [("i-2", "InService"), ("i-3", "InService")];
    let whole = |minutes| Some(("the group has to be whole", minutes));
    assert_eq!(
        Turning::with(&two).given_back(20).told(),
        told("none is out; the next one has to be launched", whole(40))
    );
    let three = |state: &'static str| Turning::with(&[&two[..], &[("i-4", state)]].concat());
    assert_eq!(
        three("Pending:Wait").told(),
        told("none is out; i-4 has to be healthy", whole(50)),
        "the first turn"
    );
    assert_eq!(three("Pending").given_back(80).told(), told("none is out; i-4 has to be healthy", None));
    assert_eq!(three("InService").given_back(20).told(), told("none is out; the next one is chosen", None));
    let proving = |seconds| {
        three("InService")
            .given_back(20)
            .did("Launching a new EC2 instance: i-4", 15, Some(10))
            .proving(seconds)
    };
    let proved = Some(("the new one has proved itself at the earliest", 5));
    assert_eq!(proving(900).told(), told("none is out; the new one has to prove itself", proved));
    assert_eq!(proving(300).told(), told("none is out; the next one is chosen", None));
}

#[test]
fn a_pause_stands_where_the_group_is_whole_and_not_before() {
    let members =
        |state: &'static str| Turning::with(&[("i-2", "InService"), ("i-3", "InService"), ("i-4", state)]);
    assert_eq!(members("InService").paused().told(), told("stands still in the pause; none is out", None));
    let told_of = |turning: Turning| turning.paused().told().0;
    assert_eq!(told_of(members("Pending")), "none is out; i-4 has to be healthy; stands still then");
    let leaving = [("i-1", "Terminating"), ("i-2", "InService"), ("i-3", "InService")];
    let record = json!({"id": "i-1", "out": true});
    assert_eq!(
        told_of(Turning::with(&leaving).turn(&record)),
        "i-1 is out, and drains or shuts down; stands still once the group is whole"
    );
    let last = [("i-1", "Terminating"), ("i-3", "InService"), ("i-4", "InService")];
    assert_eq!(told_of(Turning::with(&last).turn(&record)), "i-1 is out, and drains or shuts down");
}

#[test]
fn outside_the_turns_only_one_that_was_left_is_told() {
    let mut turning = Turning::with(&[("i-2", "InService")]);
    turning.at_state = "Verify";
    assert_eq!(turning.told_if_any(), None);
    let turning =
        turning.turn(&json!({"id": "i-1", "out": true})).did("Terminating EC2 instance: i-1", 9, None);
    assert_eq!(
        turning.told(),
        told("i-1 is out; EC2 has to call it terminated", None),
        "a restore has its own"
    );
}

#[test]
fn the_machine_has_the_state_and_writes_what_is_read() {
    let states = include_str!("../../../../templates/strategies/in-out/states.asl.json.j2");
    assert!(states.contains(&format!("\"{}\": {{", takes_turns())));
    let turn = include_str!("../../../../templates/strategies/in-out/turn.asl.json.j2");
    for written in
        ["'back': $group.desired + 1", "{'given': true}", "SET turn = :turn", "SET pace = :pace REMOVE turn"]
    {
        assert!(turn.contains(written), "{written}");
    }
}
