//! Whether a stack can do its work: what was looked at, what was found, and what mends it. Pure.

pub mod fixes;
pub mod gone;
pub mod locks;
pub mod notifier;
pub mod reads;
pub mod roles;

use asg_recycle_handler::settings::Settings;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::aws::AwsError;
use crate::operate::answers::surroundings::{SeenRule, Simulated, TrailSelectors};
use crate::operate::fleet::{FleetFacts, FleetRow, GroupStanding};
use crate::operate::place::ReportHead;
use crate::problem::{counted, first_few};
use fixes::{AGAIN, RoleKeeper};

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckOutcome {
    /// All is well.
    Passed,
    /// Something is not.
    Finding,
    /// It could not be made: nothing is known.
    NotMade,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StackCheck {
    /// What was looked at, e.g. `trail`.
    pub name: String,
    /// What came of it.
    pub outcome: CheckOutcome,
    /// What was found, or why nothing was.
    pub about: String,
    /// What mends a finding, or lets the check be made.
    pub fix: Option<String>,
}

/// What `doctor --format json` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DoctorReport {
    /// Its form, where it was asked, and what that took.
    #[serde(flatten)]
    pub head: ReportHead,
    /// What was looked at, in order.
    pub checks: Vec<StackCheck>,
}

/// The JSON Schema of what `doctor --format json` prints.
pub fn json_schema() -> Value {
    schemars::schema_for!(DoctorReport).to_value()
}

impl StackCheck {
    /// All is well.
    pub fn passed(name: &str, about: impl Into<String>) -> Self {
        Self { name: name.to_owned(), outcome: CheckOutcome::Passed, about: about.into(), fix: None }
    }

    /// Something is not, and what mends it.
    pub fn finding(name: &str, about: impl Into<String>, fix: impl Into<String>) -> Self {
        let (about, fix) = (about.into(), Some(fix.into()));
        Self { name: name.to_owned(), outcome: CheckOutcome::Finding, about, fix }
    }

    /// It could not be made, and what would let it be.
    pub fn unknown(name: &str, about: impl Into<String>, fix: impl Into<String>) -> Self {
        let (about, fix) = (about.into(), Some(fix.into()));
        Self { name: name.to_owned(), outcome: CheckOutcome::NotMade, about, fix }
    }

    /// It could not be made, for a call failed.
    pub fn not_made(name: &str, error: &AwsError) -> Self {
        let text = error.to_string();
        let (about, fix) = match text.split_once('\n') {
            Some((about, fix)) => (about.to_owned(), Some(fix.to_owned())),
            None => (text, None),
        };
        Self { name: name.to_owned(), outcome: CheckOutcome::NotMade, about, fix }
    }
}

/// Whether a trail logs calls that change resources.
pub fn logs_changes(selectors: &TrailSelectors) -> bool {
    let simple = selectors.event_selectors.iter().any(|selector| {
        selector.include_management_events && ["All", "WriteOnly"].contains(&&*selector.read_write_type)
    });
    let advanced = selectors.advanced_event_selectors.iter().any(|selector| {
        let fields = &selector.field_selectors;
        let is_management = fields.iter().any(|field| {
            field.field == "eventCategory" && field.equals.iter().any(|one| one == "Management")
        });
        let says = |values: &[String], value: &str| values.iter().any(|one| one == value);
        let leaves_out = fields.iter().any(|field| match &*field.field {
            "readOnly" => says(&field.equals, "true") || says(&field.not_equals, "false"),
            "eventSource" => {
                let source = "autoscaling.amazonaws.com";
                says(&field.not_equals, source) || (!field.equals.is_empty() && !says(&field.equals, source))
            }
            _ => false,
        });
        is_management && !leaves_out
    });
    simple || advanced
}

/// A rule: whether it is there, on, selects what it is for, and sends that to the queue.
pub fn rule(
    name: &str,
    seen: Option<&SeenRule>,
    matches: bool,
    targets: &[String],
    queue: &str,
) -> StackCheck {
    let check = format!("rule {name}");
    let Some(seen) = seen else { return StackCheck::finding(&check, "it is not there", AGAIN) };
    if !seen.state.starts_with("ENABLED") {
        let fix = format!("aws events enable-rule --name {name}");
        return StackCheck::finding(&check, "it is switched off: no event of it reaches the handler", fix);
    }
    if !matches {
        return StackCheck::finding(
            &check,
            "it does not select an event that it is for: somebody changed its pattern",
            AGAIN,
        );
    }
    if !targets.iter().any(|target| target == queue) {
        return StackCheck::finding(&check, "what it selects does not go to the queue of events", AGAIN);
    }
    StackCheck::passed(&check, "on, selects a sample event, and sends it to the queue")
}

/// A rule that is not there, and that a stack has only where a key of `stack.yaml` asks for it: the policy of the queue of events, where it
/// could be read, names every rule that the stack was deployed with.
pub fn optional_rule(name: &str, key: &str, queue_policy: Option<&str>) -> StackCheck {
    let check = format!("rule {name}");
    match queue_policy {
        Some(policy) if policy.contains(&format!(":rule/{name}\"")) => {
            let about = format!(
                "it is not there, and the stack was deployed with it (`{key}`): nothing starts after what it is for"
            );
            StackCheck::finding(&check, about, AGAIN)
        }
        Some(_) => {
            StackCheck::passed(&check, format!("the stack was deployed without it (`{key}` is false)"))
        }
        None => {
            let about = format!(
                "it is not there, which is right where `{key}` is false; the queue of events has no policy that would tell"
            );
            StackCheck::unknown(&check, about, AGAIN)
        }
    }
}

/// Actions that a role may not take.
pub fn role(arn: &str, keeper: RoleKeeper, calls: usize, denied: &[String]) -> StackCheck {
    let name = arn.rsplit('/').next().unwrap_or(arn);
    let check = format!("role {name}");
    if denied.is_empty() {
        return StackCheck::passed(&check, format!("may make each of its {}", counted(calls, "call")));
    }
    StackCheck::finding(&check, format!("may not call {}", denied.join(", ")), keeper.mended())
}

/// The version that wrote a definition, as that says.
pub fn version_of(definition: &str) -> Option<String> {
    let comment: Value = serde_json::from_str(definition).ok()?;
    let (_, rest) = comment.get("Comment")?.as_str()?.split_once("asg-recycle ")?;
    rest.split_whitespace().next().map(str::to_owned)
}

/// The numbers of a version; none where it has others.
fn number(version: &str) -> Option<Vec<u64>> {
    let core = version.split(['-', '+']).next().unwrap_or(version);
    core.split('.').map(|part| part.parse().ok()).collect()
}

/// Whether a version is newer than another.
pub fn is_newer(version: &str, than: &str) -> bool {
    matches!((number(version), number(than)), (Some(one), Some(other)) if one > other)
}

/// The version that wrote a definition against this tool's own.
pub fn version(definition: &str, own: &str) -> StackCheck {
    let said = version_of(definition);
    let Some((said, its)) = said.as_ref().and_then(|said| Some((said, number(said)?))) else {
        let about = "the state machine does not say which version of this tool wrote it";
        return StackCheck::finding("version", about, AGAIN);
    };
    match number(own).map(|own| its.cmp(&own)) {
        Some(std::cmp::Ordering::Less) => {
            let about = format!("the stack is of version {said}, this tool of {own}");
            StackCheck::finding(
                "version",
                about,
                "generate the stack with this version and deploy it; see UPGRADING.md",
            )
        }
        Some(std::cmp::Ordering::Greater) => {
            let about = format!(
                "the stack is of version {said}, this tool of {own}: it may not read what the stack writes"
            );
            StackCheck::finding("version", about, format!("install version {said} of this tool"))
        }
        _ => StackCheck::passed("version", format!("the stack and this tool are of version {own}")),
    }
}

/// Groups that nothing starts for.
pub fn tags(rows: &[FleetRow]) -> Vec<StackCheck> {
    let faulty = rows.iter().filter(|row| row.state == GroupStanding::FaultyTags);
    let mut tags: Vec<StackCheck> = faulty
        .map(|row| {
            StackCheck::finding(
                "tags",
                format!("{}: {}", row.group, row.detail),
                "mend the tag; nothing starts before",
            )
        })
        .collect();
    if tags.is_empty() {
        tags.push(StackCheck::passed("tags", format!("{}, none at fault", counted(rows.len(), "group"))));
    }
    tags
}

/// The actions that a simulation does not allow, of those that it was asked about.
///
/// # Errors
/// Why it does not tell of each: what it leaves out is not allowed by that.
pub fn refused(asked: &[&str], answer: &Simulated) -> Result<Vec<String>, String> {
    let results = &answer.evaluation_results.list;
    let is_told = |action: &str| results.iter().any(|one| one.eval_action_name.eq_ignore_ascii_case(action));
    let untold: Vec<&str> = asked.iter().copied().filter(|action| !is_told(action)).collect();
    if !untold.is_empty() {
        return Err(format!("it does not tell of {}", untold.join(", ")));
    }
    if answer.is_truncated {
        return Err("it is cut short".to_owned());
    }
    let refused = results.iter().filter(|one| one.eval_decision != "allowed");
    Ok(refused.map(|one| one.eval_action_name.clone()).collect())
}

/// Other stacks that see groups of this one; `unread` are functions that may be handlers of further ones.
pub fn stacks(others: &[(String, Settings)], unread: &[String], facts: &FleetFacts) -> Vec<StackCheck> {
    let shared = others.iter().filter_map(|(stack, settings)| {
        let both = facts.groups.iter().filter(|group| settings.groups.selects(&group.as_handler_sees_it()));
        let names: Vec<&str> = both.map(|group| &*group.name).collect();
        let about = format!(
            "stack `{stack}` is for groups of this one too: {}; each change is acted on twice",
            first_few(&names)
        );
        let fix = "set `groups` in the stack.yaml of one of them";
        (!names.is_empty()).then(|| StackCheck::finding("stacks", about, fix))
    });
    let mut found: Vec<StackCheck> = shared.collect();
    if !unread.is_empty() {
        let about = format!("which groups these are for cannot be told: {}", unread.join(", "));
        let fix = "their environment is encrypted by another key, or written for another version of this tool: ask with what can \
                   read it";
        found.push(StackCheck::unknown("stacks", about, fix));
    }
    if found.is_empty() {
        let about = match others.len() {
            0 => "no other stack is here".to_owned(),
            count => format!("none of its groups is for the {} here", counted(count, "other stack")),
        };
        return vec![StackCheck::passed("stacks", about)];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operate::answers::Members;
    use crate::operate::answers::surroundings::{
        AdvancedSelector, EventSelector, FieldSelector, SimulatedAction,
    };

    #[test]
    fn a_trail_counts_that_logs_changes_of_groups() {
        let simple = |kind: &str, management| TrailSelectors {
            event_selectors: vec![EventSelector {
                read_write_type: kind.to_owned(),
                include_management_events: management,
            }],
            ..TrailSelectors::default()
        };
        let counts = |kind, management| logs_changes(&simple(kind, management));
        assert_eq!([counts("All", true), counts("WriteOnly", true)], [true, true]);
        assert_eq!([counts("ReadOnly", true), counts("All", false)], [false, false]);
        let field = |field: &str, equals: &[&str], not_equals: &[&str]| FieldSelector {
            field: field.to_owned(),
            equals: equals.iter().map(ToString::to_string).collect(),
            not_equals: not_equals.iter().map(ToString::to_string).collect(),
        };
        let advanced = |further: Option<FieldSelector>| {
            let fields = [field("eventCategory", &["Management"], &[])].into_iter().chain(further).collect();
            logs_changes(&TrailSelectors {
                advanced_event_selectors: vec![AdvancedSelector { field_selectors: fields }],
                ..TrailSelectors::default()
            })
        };
        assert!(advanced(None) && advanced(Some(field("readOnly", &["false"], &[]))));
        assert!(!advanced(Some(field("readOnly", &["true"], &[]))));
        assert!(advanced(Some(field("eventSource", &[], &["kms.amazonaws.com"]))), "others are left out");
        assert!(!advanced(Some(field("eventSource", &[], &["autoscaling.amazonaws.com"]))));
        assert!(!logs_changes(&TrailSelectors::default()));
    }

    #[test]
    fn an_action_that_a_simulation_leaves_out_is_not_allowed_by_that() {
        let simulated = |results: &[(&str, &str)], is_truncated| {
            let one = |(name, decision): &(&str, &str)| SimulatedAction {
                eval_action_name: (*name).to_owned(),
                eval_decision: (*decision).to_owned(),
            };
            let list = results.iter().map(one).collect();
            Simulated { evaluation_results: Members { list }, is_truncated }
        };
        let asked = ["sqs:A", "sqs:B"];
        let both = [("sqs:A", "allowed"), ("sqs:B", "implicitDeny")];
        assert_eq!(refused(&asked, &simulated(&both, false)), Ok(vec!["sqs:B".to_owned()]));
        assert_eq!(
            refused(&asked, &simulated(&both[..1], false)),
            Err("it does not tell of sqs:B".to_owned())
        );
        assert!(
            refused(&asked, &simulated(&[], false)).is_err()
                && refused(&asked, &simulated(&both, true)).is_err()
        );
    }

    #[test]
    fn a_stack_that_cannot_be_read_is_no_stack_that_is_not_there() {
        let outcomes = |unread: &[String]| -> Vec<CheckOutcome> {
            stacks(&[], unread, &FleetFacts::default()).iter().map(|check| check.outcome).collect()
        };
        assert_eq!(outcomes(&[]), [CheckOutcome::Passed]);
        assert_eq!(outcomes(&["old-handler".to_owned()]), [CheckOutcome::NotMade]);
    }

    #[test]
    fn versions_are_compared_by_their_numbers() {
        let of = |version: &str| {
            format!(r#"{{"Comment": "Generated by asg-recycle {version} from stack.yaml."}}"#)
        };
        let outcome = |its: &str| super::version(&of(its), "0.10.0").outcome;
        assert_eq!(outcome("0.10.0"), CheckOutcome::Passed);
        assert_eq!([outcome("0.9.1"), outcome("0.11.0")], [CheckOutcome::Finding; 2]);
        assert_eq!(super::version("{}", "0.10.0").outcome, CheckOutcome::Finding);
    }
}
