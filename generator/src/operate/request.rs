//! What is started by hand: the handler's own decision on a group, as if its launch source had been set just now, and the restore
//! after an execution that is dead. Pure.

use asg_recycle_handler::contract::{DRY_RUN, OVERRIDE_COMPONENT_NAME, STRATEGY};
use asg_recycle_handler::decide::{Decision, StartRequest, Trigger, decide};
use asg_recycle_handler::event::{Cause, LaunchAsked, Source};
use asg_recycle_handler::group::{Group, GroupTag};
use asg_recycle_handler::name;
use asg_recycle_handler::settings::Settings;
use jiff::Timestamp;
use serde_json::{Value, json};

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
}

/// Reads `outdated`, `all`, or ids with commas.
pub fn read_replace(text: &str) -> Result<ReplaceAsked, String> {
    let is_id = |id: &&str| id.strip_prefix("i-").is_some_and(|rest| !rest.is_empty());
    match text {
        "outdated" => Ok(ReplaceAsked::Outdated),
        "all" => Ok(ReplaceAsked::All),
        ids if ids.split(',').all(|id| is_id(&id)) => {
            Ok(ReplaceAsked::Named(ids.split(',').map(str::to_owned).collect()))
        }
        _ => Err("write `outdated`, `all`, or ids of instances with commas".to_owned()),
    }
}

/// The recycle of a group that is asked for by hand, or why the handler would start none.
pub fn recycle(
    mut group: Group,
    asked: &StartAsked,
    account: &str,
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
    let source = source("start by hand", account, now);
    match decide(&Trigger { source, cause }, Some(&group), now, settings) {
        Decision::Start(mut request) => {
            match &asked.replace {
                ReplaceAsked::Outdated => {}
                ReplaceAsked::All => request.input["replace"] = json!("all"),
                ReplaceAsked::Named(ids) => request.input["replace"] = json!(ids),
            }
            Ok(request)
        }
        Decision::Skip(skip) => Err(skip.to_string()),
        Decision::Reject(rejection) => Err(rejection.reason()),
    }
}

/// The restore of a group: it needs no more than the group's name.
pub fn restore(group: &Group, account: &str, now: Timestamp, settings: &Settings) -> StartRequest {
    let component = name::component(&group.name, group.tag(OVERRIDE_COMPONENT_NAME.key)).to_owned();
    let source = source("restore by hand", account, now);
    let input: Value = json!({
        "version": asg_recycle_handler::contract::INPUT_VERSION,
        "mode": "restore",
        "auto_scaling_group_name": group.name,
        "component": component,
        "account_id": account,
        "trigger": {"event_name": source.event_name},
    });
    let name = name::execution_name(&component, &["restore", &source.identity, &group.name]);
    StartRequest { machine: settings.machine.clone(), name, input, component }
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

    fn asked(strategy: Option<&str>, replace: &str) -> StartAsked {
        let replace = read_replace(replace).expect("it can be read");
        StartAsked { strategy: strategy.map(str::to_owned), replace, dry_run: false }
    }

    fn decided(tags: &[(&str, &str)], asked: &StartAsked) -> Result<Value, String> {
        let group = group("web-asg-1", tags).as_handler_sees_it();
        recycle(group, asked, "123456789012", now(), &settings()).map(|request| request.input)
    }

    #[test]
    fn it_is_the_handlers_decision_with_what_was_asked_for_in_it() {
        let input = decided(&[OUT_IN], &asked(None, "outdated")).expect("it starts");
        assert_eq!((&input["strategy"], &input["replace"]), (&json!("out-in"), &json!("outdated")));
        assert_eq!(input["trigger"]["event_name"], json!("start by hand"));
        let input = decided(&[OUT_IN], &asked(None, "i-1,i-2")).expect("it starts");
        assert_eq!(input["replace"], json!(["i-1", "i-2"]));
        let dry = StartAsked { dry_run: true, ..asked(None, "all") };
        assert_eq!(decided(&[OUT_IN], &dry).expect("it starts")["dry_run"], json!("true"));
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
        let one = restore(&group, "123456789012", now(), &settings());
        let later = now() + jiff::SignedDuration::from_secs(1);
        assert_ne!(one.name, restore(&group, "123456789012", later, &settings()).name);
        assert!(one.name.starts_with("web-"), "{}", one.name);
        assert_eq!(one.input["mode"], json!("restore"));
    }
}
