//! Checks that look at several keys together.

use std::collections::BTreeMap;

use super::key::KeyValue;
use super::limits::{self, Limits};
use super::packaged;
use super::read::Reading;
use super::registry::STRATEGIES;
use super::strategies::SettingValue;
use super::types::Config;
use super::word::PackageKind;
use crate::names;
use crate::problem::{Location, Problem, Problems};

/// Where the keys stand that were given.
type Places = BTreeMap<&'static str, Location>;

/// Keys with their values.
type Pairs<'a> = Vec<(&'a str, &'a str)>;

/// The values that have to fit each other. What is itself at fault is left out.
struct Related<'a> {
    /// `name` and `environment`.
    names: Option<(&'a str, &'a str)>,
    /// `handler.reserved_concurrency` and `queue.maximum_concurrency`.
    concurrency: Option<(u64, u64)>,
    /// `handler.settings` and `handler.files`, by key.
    packaged: Option<(Pairs<'a>, Vec<&'a str>)>,
    /// The least and the greatest healthy percentage, by strategy.
    percentages: BTreeMap<&'a str, (u64, u64)>,
    /// Whether `network.subnet_ids` and `network.security_group_ids` have items.
    network: [bool; 2],
    /// Whether the code is to be signed, and what it is packaged as.
    signed: (bool, Option<&'a str>),
    limits: Limits<'a>,
}

/// What puts the function into a VPC: both or neither.
const NETWORK: [&str; 2] = ["network.subnet_ids", "network.security_group_ids"];

/// Keys that hold one ARN.
const ARNS: [&str; 6] = [
    limits::NOTIFIER,
    limits::BOUNDARY,
    limits::SIGNING,
    limits::LOGS,
    limits::HANDLER_ROLE,
    limits::MACHINE_ROLE,
];

const RESERVED: &str = "handler.reserved_concurrency";
const MINIMUM: &str = "min_healthy_percentage";
const MAXIMUM: &str = "max_healthy_percentage";

impl Config {
    /// Checks what no field shows alone; a configuration that was parsed has passed it.
    pub fn check(&self) -> Result<(), Problems> {
        let reserved = self.handler.reserved_concurrency;
        let percentages = self.strategies.iter().filter_map(|(strategy, settings)| {
            let of = |key| match settings.get(key)? {
                SettingValue::Integer(value) => Some(*value),
                _ => None,
            };
            Some((strategy.as_str(), (of(MINIMUM)?, of(MAXIMUM)?)))
        });
        let related = Related {
            names: Some((&self.name, &self.environment)),
            concurrency: reserved
                .map(|reserved| (reserved.get().into(), self.queue.maximum_concurrency.get().into())),
            packaged: Some((
                self.handler.settings.iter().map(|(name, value)| (&**name, &**value)).collect(),
                self.handler.files.keys().map(|path| &**path).collect(),
            )),
            percentages: percentages.collect(),
            network: [!self.network.subnet_ids.is_empty(), !self.network.security_group_ids.is_empty()],
            signed: (self.handler.code_signing_config_arn.is_some(), Some(self.package.kind.as_str())),
            limits: self.limits(),
        };
        let mut problems = Problems::default();
        problems.extend(related.problems(&Places::new()));
        problems.or_ok(())
    }

    fn limits(&self) -> Limits<'_> {
        let notifier = self.notifications.notifier_function_arn.as_deref();
        let boundary = self.permissions.boundary_arn.as_deref();
        let signing = self.handler.code_signing_config_arn.as_deref();
        let logs = self.logs.destination_arn.as_deref();
        let actions = self.alarms.action_arns.iter().map(|each| (limits::ACTIONS, &**each));
        let roles = [&self.permissions.handler_role_arn, &self.permissions.machine_role_arn];
        let [handler, machine] = roles.map(|arn| arn.as_deref());
        let one = ARNS.into_iter().zip([notifier, boundary, signing, logs, handler, machine]);
        Limits {
            deliveries: Some((
                self.queue.max_receive_count.get().into(),
                self.handler.timeout_seconds.get().into(),
                self.queue.batching_window_seconds.get().into(),
            )),
            lists: vec![
                (limits::MACHINES, self.handler.allowed_step_functions.iter().map(|each| &**each).collect()),
                (limits::PREFIXES, self.groups.name_prefixes.iter().map(|each| &**each).collect()),
                (limits::IGNORED, self.trigger.ignored_tag_keys.iter().map(|each| &**each).collect()),
            ],
            group_tags: self.groups.tags.iter().map(|(key, value)| (&**key, &**value)).collect(),
            role_path: &self.permissions.role_path,
            region: Some(&self.region),
            without_key: (!self.encryption.customer_key).then_some((&*self.name, &*self.environment)),
            arns: one.filter_map(|(key, arn)| Some((key, arn?))).chain(actions).collect(),
        }
    }
}

/// The same of a file, without what is at fault in it.
fn limits(reading: &Reading) -> Limits<'_> {
    let list = |key: &'static str| match reading.values.get(key) {
        Some(KeyValue::List(items)) => items.iter().map(String::as_str).collect::<Vec<_>>(),
        _ => Vec::new(),
    };
    let group_tags = match reading.values.get(limits::GROUP_TAGS) {
        Some(KeyValue::Tags(tags)) => tags.iter().map(|(key, value)| (&**key, &**value)).collect(),
        _ => Vec::new(),
    };
    let deliveries = || {
        let of = |key| integer(reading, key);
        Some((
            of("queue.max_receive_count")?,
            of("handler.timeout_seconds")?,
            of("queue.batching_window_seconds")?,
        ))
    };
    let one = ARNS.into_iter().filter_map(|key| Some((key, text(reading, key)?)));
    let actions = list(limits::ACTIONS).into_iter().map(|arn| (limits::ACTIONS, arn));
    Limits {
        deliveries: deliveries(),
        lists: [limits::MACHINES, limits::PREFIXES, limits::IGNORED].map(|key| (key, list(key))).into(),
        group_tags,
        role_path: text(reading, limits::PATH).unwrap_or_default(),
        region: text(reading, "region"),
        without_key: text(reading, "name").zip(text(reading, "environment")).filter(|_| {
            !matches!(reading.values.get("encryption.customer_key"), Some(KeyValue::Boolean(true)))
        }),
        arns: one.chain(actions).collect(),
    }
}

/// Checks what no key shows alone.
pub(super) fn check(reading: &Reading, problems: &mut Problems) {
    let percentages = crate::strategy::all().keys().filter_map(|strategy| {
        let of = |key| integer(reading, &format!("{STRATEGIES}.{strategy}.{key}"));
        Some((strategy.as_str(), (of(MINIMUM)?, of(MAXIMUM)?)))
    });
    let related = Related {
        names: text(reading, "name").zip(text(reading, "environment")),
        concurrency: integer(reading, RESERVED).zip(integer(reading, "queue.maximum_concurrency")),
        packaged: pairs(reading, "handler.settings")
            .zip(pairs(reading, "handler.files"))
            .map(|(settings, files)| (settings, files.into_iter().map(|(path, _)| path).collect())),
        percentages: percentages.collect(),
        network: NETWORK
            .map(|key| matches!(reading.values.get(key), Some(KeyValue::List(items)) if !items.is_empty())),
        signed: (text(reading, limits::SIGNING).is_some(), text(reading, "package.kind")),
        limits: limits(reading),
    };
    let found = related.problems(&reading.places).into_iter();
    problems.extend(found.map(|problem| {
        let location = reading.places.get(&*problem.pointer).copied();
        Problem { location, ..problem }
    }));
}

impl Related<'_> {
    /// The faults, without their places.
    fn problems(&self, places: &Places) -> Vec<Problem> {
        let mut problems = Vec::new();
        problems.extend(self.names.and_then(|(name, environment)| name_too_long(name, environment)));
        problems.extend(self.concurrency.and_then(|(reserved, maximum)| too_little(reserved, maximum)));
        if let Some((settings, files)) = &self.packaged {
            let of = |name: &str| settings.iter().find(|(each, _)| *each == name).map(|(_, value)| *value);
            let found = packaged::together(of, files).into_iter();
            problems.extend(found.map(|(pointer, problem)| Problem { pointer, ..problem }));
        }
        let percentages = self.percentages.iter();
        problems.extend(percentages.filter_map(|(strategy, (minimum, maximum))| {
            too_far_apart(strategy, *minimum, *maximum, places)
        }));
        problems.extend(half_a_network(self.network));
        problems.extend(signed_image(self.signed));
        problems.extend(two_accounts(&self.limits.arns));
        problems.extend(self.limits.problems());
        problems
    }
}

/// Every name that is built from `name` and `environment` has to fit; the tightest tells.
fn name_too_long(name: &str, environment: &str) -> Option<Problem> {
    let prefix = names::prefix(name, environment);
    let tightest = names::tightest();
    let excess = prefix.chars().count().checked_sub(tightest.prefix_length_max() + 1)? + 1;
    let (region, room) = if tightest.regional {
        ("-REGION", format!(", and the region may need {} of them", names::REGION_LENGTH_MAX))
    } else {
        ("", String::new())
    };
    let (what, suffix, length_max) = (tightest.what, tightest.suffix, tightest.length_max);
    let reason = format!(
        "the name of the {what} `{prefix}{suffix}{region}` is too long: AWS takes {length_max} characters{room}"
    );
    let help = format!("shorten `name` or `environment` by {}", characters(excess));
    Some(Problem::new("name-too-long", "name", reason).help(help))
}

/// Lambda takes subnets with security groups, or neither.
fn half_a_network(given: [bool; 2]) -> Option<Problem> {
    let (there, missing) = match given {
        [true, false] => (NETWORK[0], NETWORK[1]),
        [false, true] => (NETWORK[1], NETWORK[0]),
        _ => return None,
    };
    let reason = format!("`{there}` needs `{missing}`: a function is in a VPC by both");
    Some(Problem::new("network-incomplete", there, reason).help(format!("give `{missing}`, or neither")))
}

/// Lambda checks the signature of a zip, and none of an image.
fn signed_image((signed, kind): (bool, Option<&str>)) -> Option<Problem> {
    if !signed || kind != Some(PackageKind::Image.as_str()) {
        return None;
    }
    let reason =
        "Lambda checks no signature of a container image, so it takes no code signing configuration for one";
    let help = "leave it out and sign the image in the registry, or deploy the zip: `package.kind: zip`";
    Some(Problem::new("signed-image", limits::SIGNING, reason).help(help))
}

/// A function or state machine takes a role of its own account only, and a role a boundary; AWS's own are of none.
fn two_accounts(arns: &[(&'static str, &str)]) -> Option<Problem> {
    let kept = arns
        .iter()
        .filter(|(key, _)| [limits::BOUNDARY, limits::HANDLER_ROLE, limits::MACHINE_ROLE].contains(key));
    let of = kept.filter_map(|(key, arn)| Some((*key, arn.split(':').nth(4)?)));
    let mut of = of.filter(|(_, account)| *account != "aws");
    let (first, account) = of.next()?;
    let (key, other) = of.find(|(_, each)| *each != account)?;
    let reason = format!(
        "`{key}` is of the account {other} and `{first}` of {account}: a stack is in one account, and AWS takes none of another"
    );
    let help = "name what is of the account that the stack is deployed to";
    Some(Problem::new("two-accounts", key, reason).help(help))
}

/// SQS calls the function as often as it may; what the reserve does not cover is throttled and counts as a
/// delivery.
fn too_little(reserved: u64, maximum: u64) -> Option<Problem> {
    if reserved == 0 || reserved >= maximum {
        return None;
    }
    let reason =
        format!("`{RESERVED}` is {reserved}, but `queue.maximum_concurrency` lets SQS use {maximum}");
    let help = format!("reserve at least {maximum}, or lower `queue.maximum_concurrency` to {reserved}");
    Some(Problem::new("too-little-concurrency", RESERVED, reason).help(help))
}

/// AWS refuses an instance refresh whose bounds are more than a hundred apart. Every strategy with such settings.
fn too_far_apart(strategy: &str, minimum: u64, maximum: u64, places: &Places) -> Option<Problem> {
    if maximum.saturating_sub(minimum) <= 100 {
        return None;
    }
    let [minimum_path, maximum_path] = [MINIMUM, MAXIMUM].map(|key| format!("{STRATEGIES}.{strategy}.{key}"));
    let only_minimum = places.contains_key(&*minimum_path) && !places.contains_key(&*maximum_path);
    let path = if only_minimum { minimum_path } else { maximum_path };
    let reason = format!("`{MAXIMUM}` is {maximum} and `{MINIMUM}` {minimum}: AWS lets them differ by 100");
    let help = format!("lower the maximum to {}, or raise the minimum to {}", minimum + 100, maximum - 100);
    Some(Problem::new("percentages-too-far-apart", path, reason).help(help))
}

fn characters(count: usize) -> String {
    format!("{count} {}", if count == 1 { "character" } else { "characters" })
}

fn pairs<'a>(reading: &'a Reading, path: &str) -> Option<Pairs<'a>> {
    match reading.values.get(path)? {
        KeyValue::Pairs(pairs) => Some(pairs.iter().map(|(key, value)| (&**key, &**value)).collect()),
        _ => None,
    }
}

fn text<'a>(reading: &'a Reading, path: &str) -> Option<&'a str> {
    match reading.values.get(path)? {
        KeyValue::Text(text) => Some(text),
        _ => None,
    }
}

fn integer(reading: &Reading, path: &str) -> Option<u64> {
    match reading.values.get(path)? {
        KeyValue::Integer(value) => Some(*value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_and_their_boundary_are_of_one_account() {
        let (one, other) = ("arn:aws:iam::123456789012:role/x", "arn:aws:iam::210987654321:role/x");
        let aws = "arn:aws:iam::aws:policy/PowerUserAccess";
        let at = |arns: &[(&'static str, &str)]| two_accounts(arns).map(|problem| problem.pointer);
        assert_eq!(
            at(&[(limits::HANDLER_ROLE, one), (limits::MACHINE_ROLE, one), (limits::BOUNDARY, aws)]),
            None
        );
        assert_eq!(
            at(&[(limits::BOUNDARY, aws), (limits::MACHINE_ROLE, other), (limits::ACTIONS, one)]),
            None
        );
        let roles = at(&[(limits::HANDLER_ROLE, one), (limits::MACHINE_ROLE, other)]);
        assert_eq!(roles.as_deref(), Some(limits::MACHINE_ROLE));
        let bounded = at(&[(limits::BOUNDARY, one), (limits::HANDLER_ROLE, other)]);
        assert_eq!(bounded.as_deref(), Some(limits::HANDLER_ROLE));
    }
}
