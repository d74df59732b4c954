//! Checks that look at several keys together.

use std::collections::BTreeMap;

use super::combinations::{self, HTTPS_FORM, NETWORK};
use super::key::KeyValue;
use super::limits::{self, Limits};
use super::packaged;
use super::read::Reading;
use super::registry::STRATEGIES;
use super::strategies::SettingValue;
use super::text::LogDestinationArn;
use super::types::Config;
use crate::names;
use crate::problem::{Location, Problem, Problems, counted};

/// Where the keys stand that were given.
type Places = BTreeMap<String, Location>;

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
    /// Whether the locks are watched, which a role of the stack's own does.
    watched: bool,
    /// How many tags there are, and whether there is a key, which has one besides.
    tags: (usize, bool),
    /// What subscribers by HTTPS get, and whether PagerDuty is one.
    https: (Option<&'a str>, bool),
    limits: Limits<'a>,
}

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
            watched: self.alarms.lock_held_hours.is_some(),
            tags: (self.tags.len(), self.encryption.customer_key),
            https: (Some(self.notifications.https_form.as_str()), self.notifications.pager_duty),
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
            newer_regions: self.newer_regions.iter().map(|region| &**region).collect(),
            without_key: (!self.encryption.customer_key).then_some(&*self.name),
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
        newer_regions: list("newer_regions"),
        without_key: text(reading, "name").filter(|_| {
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
        watched: integer(reading, "alarms.lock_held_hours").is_some(),
        tags: (
            match reading.values.get("tags") {
                Some(KeyValue::Tags(tags)) => tags.len(),
                _ => 0,
            },
            matches!(reading.values.get("encryption.customer_key"), Some(KeyValue::Boolean(true))),
        ),
        https: (
            text(reading, HTTPS_FORM),
            matches!(reading.values.get("notifications.pager_duty"), Some(KeyValue::Boolean(true))),
        ),
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
        problems.extend(combinations::half_a_network(self.network));
        problems.extend(combinations::signed_image(self.signed));
        problems.extend(combinations::two_accounts(&self.limits.arns));
        problems.extend(self.bounding_nothing());
        problems.extend(combinations::no_tag_left(self.tags));
        problems.extend(combinations::unread_pages(self.https));
        problems.extend(self.limits.problems());
        problems
    }

    /// Where the stack makes no role there is nothing to bound, and whoever gave the key believes that there is.
    fn bounding_nothing(&self) -> Vec<Problem> {
        let given = |wanted| self.limits.arns.iter().find(|(key, _)| *key == wanted).map(|(_, arn)| *arn);
        let sends = given(limits::LOGS).and_then(|arn| arn.parse::<LogDestinationArn>().ok());
        let makes_roles = self.watched || sends.is_some_and(|arn| arn.service().takes_role());
        if makes_roles || given(limits::HANDLER_ROLE).is_none() || given(limits::MACHINE_ROLE).is_none() {
            return Vec::new();
        }
        let boundary = given(limits::BOUNDARY).map(|_| (limits::BOUNDARY, "bounds"));
        let path = (!["", "/"].contains(&self.limits.role_path)).then_some((limits::PATH, "is the path of"));
        let problem = |(key, does): (&str, &str)| {
            let reason = format!(
                "`{key}` {does} nothing: with `{}` and `{}` the stack makes no role",
                limits::HANDLER_ROLE,
                limits::MACHINE_ROLE
            );
            let help =
                "leave it out, and have whoever keeps the two roles see to that; or leave out one of the two";
            Problem::new("bounds-nothing", key, reason).help(help)
        };
        boundary.into_iter().chain(path).map(problem).collect()
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
        "`name` (`{name}`) and `environment` (`{environment}`) have {} characters with the hyphen between them, and {} fit: AWS takes \
         {length_max} for the name of the {what} `{prefix}{suffix}{region}`{room}",
        prefix.chars().count(),
        tightest.prefix_length_max(),
    );
    let help = format!("shorten `name` or `environment` by {}", counted(excess, "character"));
    Some(Problem::new("name-too-long", "name", reason).help(help))
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
    use super::super::number::LockHeldHours;
    use super::*;

    #[test]
    fn a_boundary_and_a_path_are_refused_where_the_stack_makes_no_role_and_nowhere_else() {
        let mut config = Config::with_defaults("demo".parse().unwrap());
        config.permissions.boundary_arn = "arn:aws:iam::123456789012:policy/b".parse().ok();
        config.permissions.role_path = "/team/".parse().unwrap();
        config.permissions.handler_role_arn = "arn:aws:iam::123456789012:role/h".parse().ok();
        let faults = |config: &Config| match config.check() {
            Ok(()) => Vec::new(),
            Err(problems) => problems.iter().map(|problem| (problem.code, problem.pointer.clone())).collect(),
        };
        assert_eq!(faults(&config), []);
        config.permissions.machine_role_arn = "arn:aws:iam::123456789012:role/m".parse().ok();
        let of = |key: &str| ("bounds-nothing", key.to_owned());
        assert_eq!(faults(&config), [of(limits::BOUNDARY), of(limits::PATH)]);
        config.logs.destination_arn = "arn:aws:lambda:eu-west-2:123456789012:function:logs".parse().ok();
        assert_eq!((faults(&config).len(), config.makes_roles()), (2, false));
        config.logs.destination_arn = "arn:aws:kinesis:eu-west-2:123456789012:stream/logs".parse().ok();
        assert_eq!((faults(&config), config.makes_roles()), (vec![], true));
        config.logs.destination_arn = None;
        config.alarms.lock_held_hours = LockHeldHours::new(24).ok();
        assert_eq!((faults(&config), config.makes_roles()), (vec![], true));
    }
}
