//! Limits of AWS that several keys meet together: each value is sound, and the deployment would be refused all the same,
//! or would lose events.

use crate::names::{self, regions};
use crate::problem::Problem;

/// What may break a limit together; what is itself at fault is left out.
#[derive(Debug, Default)]
pub(super) struct Limits<'a> {
    /// `queue.max_receive_count`, `handler.timeout_seconds` and `queue.batching_window_seconds`.
    pub(super) deliveries: Option<(u64, u64, u64)>,
    /// The lists that go into the function's environment, by key.
    pub(super) lists: Vec<(&'static str, Vec<&'a str>)>,
    /// `groups.tags`, which goes there as well.
    pub(super) group_tags: Vec<(&'a str, &'a str)>,
    /// `permissions.role_path`, which is in the ARNs of both roles there.
    pub(super) role_path: &'a str,
    /// `region`.
    pub(super) region: Option<&'a str>,
    /// `newer_regions`.
    pub(super) newer_regions: Vec<&'a str>,
    /// `name`, where the stack's own topics cannot carry its alarms.
    pub(super) without_key: Option<&'a str>,
    /// ARNs of what is in the stack's region, by key.
    pub(super) arns: Vec<(&'static str, &'a str)>,
}

pub(super) const MACHINES: &str = "handler.allowed_step_functions";
pub(super) const PREFIXES: &str = "groups.name_prefixes";
pub(super) const IGNORED: &str = "trigger.ignored_tag_keys";
pub(super) const GROUP_TAGS: &str = "groups.tags";
/// Stands in two ARNs of the environment.
pub(super) const PATH: &str = "permissions.role_path";
pub(super) const NOTIFIER: &str = "notifications.notifier_function_arn";
pub(super) const BOUNDARY: &str = "permissions.boundary_arn";
pub(super) const ACTIONS: &str = "alarms.action_arns";
pub(super) const HANDLER_ROLE: &str = "permissions.handler_role_arn";
pub(super) const MACHINE_ROLE: &str = "permissions.machine_role_arn";
pub(super) const SIGNING: &str = "handler.code_signing_config_arn";
pub(super) const LOGS: &str = "logs.destination_arn";

/// The variables of a Lambda function, names and values, in bytes.
///
/// Source: "Lambda quotas" in AWS's developer guide.
pub(crate) const VARIABLES_BYTES_MAX: usize = 4_096;

/// What of that is left to the lists of `stack.yaml`. A test of the function holds the rest to the difference.
pub(crate) const LISTS_BYTES_MAX: usize = 2_500;

/// How many time limits of the function an event stays hidden for: Lambda's advice. The batching window comes on top.
pub(crate) const VISIBILITY_PER_TIMEOUT: u32 = 6;

/// How long the queue keeps an event, in seconds: shorter than the dead letters, which keep the time at which one first
/// came in.
pub(crate) const EVENTS_RETENTION_SECONDS: u32 = 4 * 86_400;

impl Limits<'_> {
    /// The faults, without their places.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let deliveries =
            self.deliveries.and_then(|(receives, timeout, window)| lost(receives, timeout, window));
        let arns = self.arns.iter().filter_map(|(key, arn)| elsewhere(key, arn, self.region?));
        let silent = self.arns.iter().filter_map(|(key, arn)| unheard(key, arn, self.without_key?));
        let place = self.region.and_then(|region| unknown(region, &self.newer_regions));
        deliveries.into_iter().chain(self.too_many_bytes()).chain(place).chain(arns).chain(silent).collect()
    }

    /// What each key adds to the function's environment, in bytes: lists with commas, tags as JSON.
    fn variables(&self) -> Vec<(&'static str, usize)> {
        let lists = self.lists.iter().map(|(key, items)| (*key, items.join(",").len()));
        let tag = |(key, value): &(&str, &str)| key.len() + value.len() + r#""":"","#.len();
        let tags = self.group_tags.iter().map(tag).sum();
        // The role's own name and path are counted with the environment and `PATH`, as if the stack made it.
        let roles = self.arns.iter().filter(|(key, _)| [HANDLER_ROLE, MACHINE_ROLE].contains(key));
        let roles = roles.map(|(key, arn)| (*key, arn.len()));
        lists.chain([(GROUP_TAGS, tags), (PATH, 2 * self.role_path.len())]).chain(roles).collect()
    }

    fn too_many_bytes(&self) -> Option<Problem> {
        let variables = self.variables();
        let bytes: usize = variables.iter().map(|(_, bytes)| bytes).sum();
        let (longest, _) = variables.iter().max_by_key(|(_, bytes)| *bytes)?;
        if bytes <= LISTS_BYTES_MAX {
            return None;
        }
        let filled = variables.iter().filter(|(_, bytes)| *bytes > 0);
        let keys: Vec<String> = filled.map(|(key, _)| format!("`{key}`")).collect();
        let reason = format!(
            "{} take {bytes} bytes of the function's environment, where {LISTS_BYTES_MAX} are left: AWS takes \
             {VARIABLES_BYTES_MAX} with everything",
            keys.join(", ")
        );
        let help = format!("shorten them by {} bytes", bytes - LISTS_BYTES_MAX);
        Some(Problem::new("environment-too-large", *longest, reason).help(help))
    }
}

/// An event that is never handled has to be among the dead letters before the queue forgets it.
fn lost(receives: u64, timeout_seconds: u64, window_seconds: u64) -> Option<Problem> {
    let hidden = u64::from(VISIBILITY_PER_TIMEOUT) * timeout_seconds + window_seconds;
    let fitting = u64::from(EVENTS_RETENTION_SECONDS) / hidden.max(1);
    if receives <= fitting {
        return None;
    }
    let reason = format!(
        "an event that is never handled would be forgotten after {} days, before its {receives} deliveries are over: each \
         hides it for {hidden} s, so that {fitting} fit",
        EVENTS_RETENTION_SECONDS / 86_400
    );
    let help = format!("lower it to {fitting} or less, or lower `handler.timeout_seconds`");
    Some(Problem::new("dead-letters-lost", "queue.max_receive_count", reason).help(help))
}

/// A region that there is not, unless it is newer than the list.
fn unknown(region: &str, newer: &[&str]) -> Option<Problem> {
    if regions::is_known(region) || newer.contains(&region) {
        return None;
    }
    let reason = format!("`region` is `{region}`, and AWS had no such region on {}", regions::LISTED_ON);
    let meant = regions::meant(region).map(|meant| format!("did you mean `{meant}`? ")).unwrap_or_default();
    let help = format!("{meant}where it is newer, add `newer_regions: [{region}]`");
    Some(Problem::new("unknown-region", "region", reason).help(help))
}

/// Roles, functions and alarm actions are of the stack's own partition, and what has a region, of that.
fn elsewhere(key: &'static str, arn: &str, region: &str) -> Option<Problem> {
    let mut parts = arn.split(':').skip(1);
    let (partition, _, place) = (parts.next()?, parts.next()?, parts.next()?);
    let own = names::partition(region);
    let (what, found, wanted) = if partition != own {
        ("partition", partition, own)
    } else if !place.is_empty() && place != region {
        ("region", place, region)
    } else {
        return None;
    };
    let reason =
        format!("`{arn}` is in the {what} {found}, and the stack in {wanted}: AWS takes none of elsewhere");
    Some(Problem::new("arn-elsewhere", key, reason).help(format!("name one in {wanted}, or change `region`")))
}

/// CloudWatch may not use AWS's key, with which the topics of every environment of the stack are encrypted (fact I3).
fn unheard(key: &'static str, arn: &str, name: &str) -> Option<Problem> {
    let is_own = arn.rsplit(':').next().is_some_and(|topic| names::is_topic_of(name, topic));
    if key != ACTIONS || !is_own {
        return None;
    }
    let reason = format!(
        "`{arn}` is a topic of this stack, which is encrypted with AWS's key: CloudWatch cannot publish to it, and no alarm would \
         be heard"
    );
    let help = "set `encryption.customer_key: true`, which makes it the default, or name another topic";
    Some(Problem::new("alarm-unheard", key, reason).help(help))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(limits: &Limits<'_>) -> Vec<&'static str> {
        limits.problems().iter().map(|problem| problem.code).collect()
    }

    #[test]
    fn an_event_reaches_the_dead_letters_before_the_queue_forgets_it() {
        let with = |receives| Limits { deliveries: Some((receives, 900, 0)), ..Limits::default() };
        assert_eq!(codes(&with(64)), [""; 0]);
        assert_eq!(codes(&with(65)), ["dead-letters-lost"]);
    }

    #[test]
    fn lists_fit_the_environment_together() {
        let long = "x".repeat(3_100);
        // A comma, the signs around a tag, and the path twice count, too: 600 + 1 + 500, 1 + 93 + 6, 2 * 250, and the rest.
        let with = |rest| Limits {
            lists: vec![(MACHINES, vec![&long[..600], &long[..500]]), (PREFIXES, vec![&long[..rest]])],
            group_tags: vec![("k", &long[..93])],
            role_path: &long[..250],
            ..Limits::default()
        };
        assert_eq!(codes(&with(799)), [""; 0]);
        let problems = with(800).problems();
        assert_eq!((problems[0].code, &*problems[0].pointer), ("environment-too-large", MACHINES));
    }

    #[test]
    fn arns_are_of_the_stacks_own_partition_and_region() {
        for (region, arn, faulty) in [
            ("eu-west-2", "arn:aws:sns:eu-west-2:123456789012:x", false),
            ("eu-west-2", "arn:aws:iam::aws:policy/x", false),
            ("eu-west-2", "arn:aws:ssm-incidents::123456789012:response-plan/x", false),
            ("eu-west-2", "arn:aws:sns:us-east-1:123456789012:x", true),
            ("cn-north-1", "arn:aws:iam::123456789012:policy/x", true),
            ("us-gov-west-1", "arn:aws-us-gov:iam::123456789012:policy/x", false),
            ("us-isob-east-1", "arn:aws-iso-b:iam::123456789012:policy/x", false),
            ("eusc-de-east-1", "arn:aws-eusc:iam::123456789012:policy/x", false),
        ] {
            let limits = Limits { region: Some(region), arns: vec![("k", arn)], ..Limits::default() };
            assert_eq!(codes(&limits).len(), usize::from(faulty), "{region} {arn}");
        }
    }
}
