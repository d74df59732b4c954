//! What is started by hand: the handler's own decision on a group, as if its launch source had been set just now, and the restore
//! after an execution that is dead. Pure.

use asg_recycle_handler::contract::{
    DRY_RUN, INPUT_VERSION, NOTIFY_PAGER_DUTY, OVERRIDE_COMPONENT_NAME, SLACK_MONITORING_CHANNEL, STRATEGY,
    TEAM,
};
use asg_recycle_handler::decide::{Decision, StartRequest, Trigger, decide};
use asg_recycle_handler::event::{Cause, LaunchAsked, Source};
use asg_recycle_handler::group::{Group, GroupTag};
use asg_recycle_handler::name;
use asg_recycle_handler::settings::Settings;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::operate::lock::GroupLock;
use crate::operate::pause::GroupPause;

/// Which instances are replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplaceAsked {
    /// Those that are outdated.
    Outdated,
    /// All.
    All,
    /// Those of these ids.
    Named(Vec<String>),
}

/// What is asked for by hand; what is absent is as the group's tags have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartAsked {
    /// The strategy.
    pub strategy: Option<String>,
    /// Which instances.
    pub replace: ReplaceAsked,
    /// Tell what would be done, and do nothing.
    pub dry_run: bool,
    /// Begin although alarms are on, and do not listen to those.
    pub despite_alarms: bool,
}

/// Who asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hand<'a> {
    /// The account's 12 digits.
    pub account: &'a str,
    /// The caller's ARN, which the execution keeps.
    pub caller: &'a str,
}

/// Reads `outdated`, `all`, or ids with commas, each once.
pub fn read_replace(text: &str) -> Result<ReplaceAsked, String> {
    let is_id = |id: &&str| id.strip_prefix("i-").is_some_and(|rest| !rest.is_empty());
    match text {
        "outdated" => Ok(ReplaceAsked::Outdated),
        "all" => Ok(ReplaceAsked::All),
        ids if ids.split(',').all(|id| is_id(&id)) => {
            let mut named: Vec<String> = Vec::new();
            for id in ids.split(',') {
                if !named.iter().any(|one| one == id) {
                    named.push(id.to_owned());
                }
            }
            Ok(ReplaceAsked::Named(named))
        }
        _ => Err("write `outdated`, `all`, or ids of instances with commas".to_owned()),
    }
}

/// The recycle of a group that is asked for by hand, or why the handler would start none.
pub fn recycle(
    mut group: Group,
    asked: &StartAsked,
    hand: Hand<'_>,
    now: Timestamp,
    settings: &Settings,
) -> Result<StartRequest, String> {
    let mut tag = |key: &str, value: &str| {
        group.tags.insert(key.to_owned(), GroupTag { value: value.to_owned(), propagates: false });
    };
    if let Some(strategy) = &asked.strategy {
        tag(STRATEGY.key, strategy);
    }
    if asked.dry_run {
        tag(DRY_RUN.key, "true");
    }
    let cause = Cause::Launch { group: group.name.clone(), launch: LaunchAsked::default() };
    let source = source("start by hand", hand.account, now);
    match decide(&Trigger { source, cause }, Some(&group), now, settings) {
        Decision::Start(mut request) => {
            match &asked.replace {
                ReplaceAsked::Outdated => {}
                ReplaceAsked::All => request.input["replace"] = json!("all"),
                ReplaceAsked::Named(ids) => request.input["replace"] = json!(ids),
            }
            if asked.despite_alarms {
                request.input["despite_alarms"] = json!("true");
            }
            request.input["trigger"]["by"] = json!(hand.caller);
            Ok(request)
        }
        Decision::Skip(skip) => Err(skip.to_string()),
        Decision::Reject(rejection) => Err(rejection.reason()),
    }
}

/// What a request that is made now has to wait for, or puts back first: who holds the lock and whether that has ended, what was left,
/// and who paused the group.
pub fn waits_for(
    lock: Option<&GroupLock>,
    holder_has_ended: bool,
    pause: Option<&GroupPause>,
    now: Timestamp,
) -> Vec<String> {
    let held = lock.map(|lock| match &lock.held_by {
        Some(holder) if !holder_has_ended => {
            format!("{holder} holds the lock: a new request would follow it")
        }
        _ if lock.unread_journal.is_some() => format!("{}: a recycle would fail by it", lock.left_journal()),
        Some(holder) => {
            format!("{holder} has ended and left the lock: a recycle would first put back what that changed")
        }
        None => format!("{}: a recycle would put that back first", lock.left_journal()),
    });
    let paused = pause.filter(|pause| pause.is_on(now));
    let paused =
        paused.map(|pause| format!("{}: a recycle would change nothing before that is over", pause.told()));
    held.into_iter().chain(paused).collect()
}

/// Why a dry run that is asked for now is skipped: for who holds the lock, or has left something to put back. A pause does not concern it.
pub fn skipped_for(lock: Option<&GroupLock>, holder_has_ended: bool) -> Option<String> {
    let lock = lock?;
    let holder = lock.held_by.as_ref()?;
    let is_left = lock.journal.is_some() || lock.unread_journal.is_some();
    match (holder_has_ended, is_left) {
        (false, _) => Some(format!("{holder} holds the lock: a dry run waits for nobody, and is skipped")),
        (true, true) => Some(format!(
            "what {holder} changed has not been put back: a dry run changes nothing, and is skipped"
        )),
        (true, false) => None,
    }
}

/// The restore of a group: what the dead execution was asked for in another mode, as the handler has it, where that can be read; else
/// whom the group's tags name, so that the end of it reaches them.
pub fn restore(
    group: &Group,
    dead_input: Option<&str>,
    hand: Hand<'_>,
    now: Timestamp,
    settings: &Settings,
) -> StartRequest {
    let of_dead = dead_input.and_then(|text| serde_json::from_str::<Map<String, Value>>(text).ok());
    let of_dead = of_dead.filter(|input| input.get("auto_scaling_group_name") == Some(&json!(group.name)));
    let source = source("restore by hand", hand.account, now);
    let mut input = of_dead.unwrap_or_else(|| by_tags(group, hand.account, settings));
    input.insert("mode".to_owned(), json!("restore"));
    input.insert("trigger".to_owned(), json!({"event_name": source.event_name, "by": hand.caller}));
    let component = input.get("component").and_then(Value::as_str).unwrap_or(&group.name).to_owned();
    let name = name::execution_name(&component, &["restore", &source.identity, &group.name]);
    StartRequest { machine: settings.machine.clone(), name, input: Value::Object(input), component }
}

/// What an execution needs to know of a group, and whom to tell.
fn by_tags(group: &Group, account: &str, settings: &Settings) -> Map<String, Value> {
    let keys = [
        ("version", json!(INPUT_VERSION)),
        ("auto_scaling_group_name", json!(group.name)),
        ("component", json!(name::component(&group.name, group.tag(OVERRIDE_COMPONENT_NAME.key)))),
        ("account_id", json!(account)),
        ("success_channel", json!(settings.slack_channel)),
        ("monitoring_slack_channel", json!(group.tag(SLACK_MONITORING_CHANNEL.key))),
        ("team", json!(group.tag(TEAM.key))),
        ("notify_pager_duty", json!(group.tag(NOTIFY_PAGER_DUTY.key))),
    ];
    let keys = keys.into_iter().filter(|(_, value)| !value.is_null());
    keys.map(|(key, value)| (key.to_owned(), value)).collect()
}

/// A request of a person: each is one of its own.
fn source(event_name: &str, account: &str, now: Timestamp) -> Source {
    Source {
        event_name: event_name.to_owned(),
        event_id: None,
        at: Some(now),
        identity: format!("{event_name} {now}"),
        account_id: account.to_owned(),
        stated_account_id: None,
        region: None,
        caller_role_arn: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operate::fleet::tests::{OUT_IN, group, now, settings};

    const HAND: Hand<'_> = Hand { account: "123456789012", caller: "arn:aws:iam::123456789012:user/night" };

    fn asked(strategy: Option<&str>, replace: &str) -> StartAsked {
        let replace = read_replace(replace).expect("it can be read");
        StartAsked { strategy: strategy.map(str::to_owned), replace, dry_run: false, despite_alarms: false }
    }

    fn decided(tags: &[(&str, &str)], asked: &StartAsked) -> Result<Value, String> {
        let group = group("web-asg-1", tags).as_handler_sees_it();
        recycle(group, asked, HAND, now(), &settings()).map(|request| request.input)
    }

    #[test]
    fn it_is_the_handlers_decision_with_what_was_asked_for_in_it() {
        let input = decided(&[OUT_IN], &asked(None, "outdated")).expect("it starts");
        assert_eq!((&input["strategy"], &input["replace"]), (&json!("out-in"), &json!("outdated")));
        assert_eq!(input["trigger"], json!({"event_name": "start by hand", "by": HAND.caller}));
        let input = decided(&[OUT_IN], &asked(None, "i-1,i-2")).expect("it starts");
        assert_eq!(input["replace"], json!(["i-1", "i-2"]));
        let twice = decided(&[OUT_IN], &asked(None, "i-2,i-1,i-2")).expect("it starts");
        assert_eq!(twice["replace"], json!(["i-2", "i-1"]));
        let dry = StartAsked { dry_run: true, ..asked(None, "all") };
        assert_eq!(decided(&[OUT_IN], &dry).expect("it starts")["dry_run"], json!("true"));
        let despite = StartAsked { despite_alarms: true, ..asked(None, "all") };
        assert_eq!(decided(&[OUT_IN], &despite).expect("it starts")["despite_alarms"], json!("true"));
        assert!(input.get("despite_alarms").is_none());
    }

    #[test]
    fn what_the_handler_would_not_start_is_not_started() {
        let timed =
            decided(&[OUT_IN], &asked(Some("out-in-timed"), "outdated")).expect_err("it needs a window");
        assert!(timed.contains("autorecycle_recycle_window"), "{timed}");
        assert!(
            decided(&[], &asked(None, "outdated")).expect_err("no strategy").contains("autorecycle_strategy")
        );
        for wrong in ["", "some", "i-", "i-1,", "web-1"] {
            assert!(read_replace(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn each_start_by_hand_is_one_of_its_own_and_is_known_by_its_name() {
        let group = group("web-asg-1", &[OUT_IN]).as_handler_sees_it();
        let one = restore(&group, None, HAND, now(), &settings());
        let later = now() + jiff::SignedDuration::from_secs(1);
        assert_ne!(one.name, restore(&group, None, HAND, later, &settings()).name);
        assert!(one.name.starts_with("web-"), "{}", one.name);
        assert_eq!(one.input["mode"], json!("restore"));
    }

    #[test]
    fn a_restore_tells_whom_the_dead_execution_would_have_told() {
        let tags = [OUT_IN, (NOTIFY_PAGER_DUTY.key, "true"), (TEAM.key, "night")];
        let group = group("web-asg-1", &tags).as_handler_sees_it();
        let input = |dead: Option<&str>| restore(&group, dead, HAND, now(), &settings()).input;
        let dead = json!({"auto_scaling_group_name": "web-asg-1", "component": "shop", "team": "day", "mode": "recycle",
            "trigger": {"event_name": "old", "execution_arn": "arn:old"}});
        let of_dead = input(Some(&dead.to_string()));
        assert_eq!((&of_dead["mode"], &of_dead["team"]), (&json!("restore"), &json!("day")));
        assert_eq!(of_dead["trigger"], json!({"event_name": "restore by hand", "by": HAND.caller}));
        for unreadable in [None, Some("{"), Some(r#"{"auto_scaling_group_name": "other", "team": "day"}"#)] {
            let by_tags = input(unreadable);
            assert_eq!((&by_tags["team"], &by_tags["notify_pager_duty"]), (&json!("night"), &json!("true")));
            assert_eq!(by_tags["auto_scaling_group_name"], json!("web-asg-1"));
            assert!(by_tags.get("monitoring_slack_channel").is_none(), "what no tag says is left out");
        }
    }
}
