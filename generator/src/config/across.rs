//! Checks that look at several keys together.

use super::read::Reading;
use super::registry::{STRATEGIES, Value};
use crate::names;
use crate::problem::{Problem, Problems};

/// Checks what no key shows alone. A key that is itself at fault is left out.
pub(super) fn check(reading: &Reading, problems: &mut Problems) {
    problems.extend(names_too_long(reading));
    problems.extend(too_little_concurrency(reading));
    problems.extend(healthy_percentages_too_far_apart(reading));
}

/// Every name that is built from `name` and `environment` has to fit; the tightest tells.
fn names_too_long(reading: &Reading) -> Option<Problem> {
    let (name, environment) = (text(reading, "name")?, text(reading, "environment")?);
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
    let path = if reading.places.contains_key("name") { "name" } else { "environment" };
    let problem = Problem::new("name-too-long", path, reason);
    let help = format!("shorten `name` or `environment` by {}", characters(excess));
    Some(Problem { location: reading.places.get(path).copied(), ..problem.help(help) })
}

/// SQS calls the function as often as it may; what the reserve does not cover is throttled and counts as a
/// delivery.
fn too_little_concurrency(reading: &Reading) -> Option<Problem> {
    const RESERVED: &str = "handler.reserved_concurrency";
    let (reserved, maximum) = (integer(reading, RESERVED)?, integer(reading, "queue.maximum_concurrency")?);
    if reserved == 0 || reserved >= maximum {
        return None;
    }
    let reason =
        format!("`{RESERVED}` is {reserved}, but `queue.maximum_concurrency` lets SQS use {maximum}");
    let problem = Problem::new("too-little-concurrency", RESERVED, reason);
    let help = format!("reserve at least {maximum}, or lower `queue.maximum_concurrency` to {reserved}");
    Some(Problem { location: reading.places.get(RESERVED).copied(), ..problem.help(help) })
}

/// AWS refuses an instance refresh whose bounds are more than a hundred apart. Every strategy with such settings.
fn healthy_percentages_too_far_apart(reading: &Reading) -> Vec<Problem> {
    let too_far = |strategy: &String| {
        let [minimum_path, maximum_path] = ["min_healthy_percentage", "max_healthy_percentage"]
            .map(|key| format!("{STRATEGIES}.{strategy}.{key}"));
        let (minimum, maximum) = (integer(reading, &minimum_path)?, integer(reading, &maximum_path)?);
        if maximum - minimum <= 100 {
            return None;
        }
        let path = if reading.places.contains_key(&*maximum_path) { &maximum_path } else { &minimum_path };
        let reason = format!(
            "`max_healthy_percentage` is {maximum} and `min_healthy_percentage` {minimum}: AWS lets them differ by 100"
        );
        let problem = Problem::new("percentages-too-far-apart", path.as_str(), reason);
        let help =
            format!("lower the maximum to {}, or raise the minimum to {}", minimum + 100, maximum - 100);
        Some(Problem { location: reading.places.get(&**path).copied(), ..problem.help(help) })
    };
    crate::strategy::all().keys().filter_map(too_far).collect()
}

fn characters(count: usize) -> String {
    format!("{count} {}", if count == 1 { "character" } else { "characters" })
}

fn text<'a>(reading: &'a Reading, path: &str) -> Option<&'a str> {
    match reading.values.get(path)? {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

fn integer(reading: &Reading, path: &str) -> Option<u64> {
    match reading.values.get(path)? {
        Value::Integer(value) => Some(*value),
        _ => None,
    }
}
