//! The text of a scenario to a [`Scenario`], or every fault in it with its place.

use asg_recycle_handler::spelling::nearest;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use super::description::{Scenario, ScenarioError};
use super::groups;
use crate::config::values::{self, Values};
use crate::problem::{Problem, Problems};

/// Faults of one file that are told at most.
const FAULTS_MAX: usize = 50;

impl Scenario {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// Everything that is wrong with the text, each with its place.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        read(text).map_err(ScenarioError)
    }
}

fn read(text: &str) -> Result<Scenario, Problems> {
    let whole = values::values(text)?;
    // One reader decides. What it finds first is no more than a beginning, so all faults are looked for with another.
    let fault = match serde_yaml::from_str(text) {
        Ok(scenario) => return groups::sound(&scenario, &whole).or_ok(scenario),
        Err(fault) => fault,
    };
    let mut problems = faults(whole);
    if problems.is_empty() {
        let reason = fault.to_string().lines().next().unwrap_or_default().to_owned();
        problems.push(Problem::new("scenario", "", reason));
    }
    problems.sort_by_place();
    Err(problems)
}

/// Every fault: each is noted and taken out, until nothing is left that the type does not take.
fn faults(mut whole: Values) -> Problems {
    let mut problems = Problems::default();
    let mut taken_out: Vec<String> = Vec::new();
    for _ in 0..FAULTS_MAX {
        let Err(error) = serde_path_to_error::deserialize::<_, Scenario>(whole.root.clone()) else { break };
        let message = error.inner().to_string();
        let pointer = pointer(&whole.root, error.path(), quoted(&message, "unknown field `"));
        if let Some(text) = text_instead(&whole.root, &pointer, &message) {
            if let Some(value) = whole.root.pointer_mut(&pointer) {
                *value = Value::String(text);
            }
            continue;
        }
        // What lacks only that which was at fault itself is no further fault.
        let lacks_only_that = quoted(&message, "missing field `")
            .is_some_and(|key| taken_out.contains(&format!("{pointer}/{}", values::escaped(key))));
        if !lacks_only_that {
            problems.push(problem(&whole, &pointer, &message));
        }
        if !take_out(&mut whole.root, &pointer) {
            break;
        }
        taken_out.push(pointer);
    }
    problems
}

/// The reader of files takes a plain `3` or `true` for a text where one is wanted.
fn text_instead(root: &Value, pointer: &str, message: &str) -> Option<String> {
    let value = root.pointer(pointer)?;
    let is_plain = value.is_number() || value.is_boolean();
    (is_plain && message.starts_with("invalid type") && message.contains("expected a string"))
        .then(|| value.to_string())
}

fn problem(whole: &Values, pointer: &str, message: &str) -> Problem {
    let shown = pointer.trim_start_matches('/').replace('/', ".");
    let of_key = message.starts_with("unknown field");
    let reason = match quoted(message, "unknown field `").or_else(|| quoted(message, "unknown variant `")) {
        Some(_) if of_key => format!("unknown key `{shown}`"),
        Some(word) => format!("`{word}` is none of the words of `{}`", parent(&shown)),
        None if message.starts_with("missing field") => {
            format!("{} in `{}`", message, if shown.is_empty() { "the scenario" } else { &shown })
        }
        None => mistyped(message, &shown).unwrap_or_else(|| message.to_owned()),
    };
    let known: Vec<&str> = message
        .split("expected")
        .nth(1)
        .into_iter()
        .flat_map(|rest| rest.split('`').skip(1).step_by(2))
        .collect();
    let word = quoted(message, "unknown field `").or_else(|| quoted(message, "unknown variant `"));
    let help = word.map(|word| match nearest(word, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are: {}", known.join(", ")),
    });
    let place = whole.places.get(pointer);
    let place = place.map(|places| if of_key { places.key } else { places.value });
    let problem = Problem::new(if of_key { "unknown-key" } else { "scenario" }, shown, reason);
    let problem = place.map_or(problem.clone(), |place| problem.at(place));
    help.map_or(problem.clone(), |help| problem.help(help))
}

/// `invalid type: string "five", expected u32` in the words that faults of `stack.yaml` have.
fn mistyped(message: &str, shown: &str) -> Option<String> {
    let rest = message.strip_prefix("invalid type: ").or_else(|| message.strip_prefix("invalid value: "))?;
    let (found, expected) = rest.rsplit_once(", expected ")?;
    let whole = |max: u64| format!("a whole number from 0 to {max}");
    let expected = match expected {
        "u8" => whole(u8::MAX.into()),
        "u16" => whole(u16::MAX.into()),
        "u32" => whole(u32::MAX.into()),
        "u64" | "usize" => whole(u64::MAX),
        "a boolean" => "`true` or `false`".to_owned(),
        "a string" | "string" => "a text".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "keys with values".to_owned(),
        other => {
            other.strip_prefix("struct ").map_or_else(|| other.to_owned(), |_| "keys with values".to_owned())
        }
    };
    let found = match found.split_once(' ') {
        Some(("string", text)) => format!("the text `{}`", text.trim_matches('"')),
        Some(("integer" | "boolean", value)) => value.to_owned(),
        Some(("floating", value)) => value.trim_start_matches("point ").to_owned(),
        _ if found == "sequence" => "a list".to_owned(),
        _ if found == "map" => "keys with values".to_owned(),
        _ if found == "unit value" || found == "null" => "nothing".to_owned(),
        _ => found.to_owned(),
    };
    Some(format!("`{shown}` takes {expected}, found {found}"))
}

fn parent(shown: &str) -> &str {
    shown.rsplit_once('.').map_or(shown, |(parent, _)| parent)
}

/// What stands between `before` and the next backtick.
fn quoted<'a>(message: &'a str, before: &str) -> Option<&'a str> {
    message.strip_prefix(before)?.split('`').next()
}

/// Where the path leads, as far as there is something; `field` is the unknown key in it.
fn pointer(root: &Value, path: &Path, field: Option<&str>) -> String {
    let mut pointer = String::new();
    for segment in path {
        let key = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => key.clone(),
            Segment::Enum { variant } => variant.clone(),
            Segment::Unknown => break,
        };
        let further = format!("{pointer}/{}", values::escaped(&key));
        if root.pointer(&further).is_none() {
            break;
        }
        pointer = further;
    }
    if let Some(field) = field {
        let further = format!("{pointer}/{}", values::escaped(field));
        if root.pointer(&further).is_some() {
            return further;
        }
    }
    pointer
}

/// Takes out what is at a place; whether there was something that is not the whole.
fn take_out(root: &mut Value, pointer: &str) -> bool {
    let Some((parent, key)) = pointer.rsplit_once('/') else { return false };
    let key = key.replace("~1", "/").replace("~0", "~");
    match root.pointer_mut(parent) {
        Some(Value::Object(fields)) => fields.remove(&key).is_some(),
        Some(Value::Array(items)) => {
            // The places of what follows in the list would no longer hold: it is read another time.
            let Some(item) = key.parse::<usize>().ok().filter(|index| *index < items.len()) else {
                return false;
            };
            items.truncate(item);
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    fn told(text: &str) -> Vec<String> {
        match read(text) {
            Ok(_) => Vec::new(),
            Err(problems) => problems.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn every_fault_is_told_with_its_place_and_what_was_probably_meant() {
        let text = "gruop: {min: 1}\ngroup:\n  min: one\n  zoness: [a]\nworld: {latency: soon}\n\
                    events:\n  - at: 5s\n    do: {kil: {which: new}}\n";
        let faults = told(text);
        let expected = [
            "1:1: unknown key `gruop` (did you mean `group`?)",
            "3:8: `group.min` takes a whole number from 0 to 4294967295, found the text `one`",
            "4:3: unknown key `group.zoness` (did you mean `zones`?)",
            "5:18: `soon` is no length of time: write whole numbers with units ms, s, m, h or d, e.g. `90s` or `1h30m`",
        ];
        assert_eq!(faults[..4], expected);
        assert!(
            faults.len() == 5 && faults[4].starts_with("8:") && faults[4].ends_with("(did you mean `kill`?)"),
            "{faults:?}"
        );
    }

    #[test]
    fn what_is_of_another_kind_is_told_in_words() {
        for (text, expected) in [
            ("group: {min: -1}\n", "`group.min` takes a whole number from 0 to 4294967295, found `-1`"),
            (
                "group: {min: 1.5}\n",
                "`group.min` takes a whole number from 0 to 4294967295, found the text `1.5`",
            ),
            ("group: {zones: a}\n", "`group.zones` takes a list, found the text `a`"),
            (
                "group: {protects_new_instances: 5}\n",
                "`group.protects_new_instances` takes `true` or `false`, found `5`",
            ),
            ("group: {tags: [a]}\n", "`group.tags` takes keys with values, found a list"),
            ("group: 3\n", "`group` takes keys with values, found `3`"),
        ] {
            let faults = told(text);
            assert!(faults.len() == 1 && faults[0].ends_with(expected), "{text}: {faults:?}");
        }
    }

    #[test]
    fn a_text_without_keys_and_broken_yaml_are_no_scenarios() {
        assert_eq!(told(""), ["1:1: the file has no keys"]);
        let broken = told("a: [b");
        assert!(broken.len() == 1 && !broken[0].contains("unknown"), "{broken:?}");
    }

    #[test]
    fn plain_numbers_and_booleans_are_texts_where_a_text_is_wanted() {
        assert_eq!(told("group: {tags: {a: 1, b: true}}\n"), Vec::<String>::new());
        let faults = told("group: {tags: {a: 1, b: true}, x: 1}\n");
        assert!(faults.len() == 1 && faults[0].contains("unknown key `group.x`"), "{faults:?}");
    }

    #[test]
    fn groups_that_cannot_be_are_told_with_their_place_and_values() {
        let text = "group:\n  name: web\n  desired: 12\nother_groups:\n  - {min: 2, max: 1, zones: []}\n\
                    world:\n  groups:\n    - launch: {template: {id: lt-1, version: newest}}\n";
        let contradict = "min <= desired <= max has to hold; what is not written is min 3, desired 3, max 6";
        assert_eq!(
            told(text),
            [
                format!("3:12: the sizes of `group` contradict each other: min 3, desired 12, max 6 ({contradict})"),
                format!(
                    "5:19: the sizes of `other_groups.0` contradict each other: min 2, desired 3, max 1 ({contradict})"
                ),
                "5:29: `other_groups.0.zones` is empty (a group has at least one Availability Zone)".to_owned(),
                "8:15: the version `newest` of the launch template of `world.groups.0` is none (write a number, `$Latest` or `$Default`)"
                    .to_owned(),
            ]
        );
    }
}
