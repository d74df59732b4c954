//! `tags`: the tags that opt a group in, ready to paste.

use asg_recycle_handler::contract::{
    EXCLUSION_WINDOW, RECYCLE_ON_ASG_UPDATE, RECYCLE_WINDOW, STRATEGY, TAGS, Tag,
};
use asg_recycle_handler::group::{Group, GroupTag};
use asg_recycle_handler::problem::Problem;
use asg_recycle_handler::settings::Settings;
use asg_recycle_handler::spelling;
use asg_recycle_handler::tags as rules;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use serde_json::json;

use super::context::Context;
use super::exit_code::Failure;
use super::formats;
use super::input::Source;
use crate::config::Config;
use crate::render::{FORMATS, OutputFormat};
use crate::simulate::runner::handler_settings;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// How the group is recycled: a strategy's name.
    #[arg(long, value_name = "STRATEGY")]
    strategy: String,
    /// Where the tags go.
    #[arg(
        long,
        value_name = "FORMAT",
        value_parser = TagFormat::parser(),
        default_value = FORMATS[0].description().name
    )]
    format: TagFormat,
    /// Another tag, e.g. team=payments; the prefix `autorecycle_` may be left out. May be repeated.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    settings: Vec<String>,
    /// The group, for JSON that `aws autoscaling create-or-update-tags` reads.
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
}

/// Where tags go.
#[derive(Debug, Clone, Copy)]
enum TagFormat {
    /// Onto a group that is described in this format.
    Description(&'static dyn OutputFormat),
    /// To `aws autoscaling create-or-update-tags --tags file://...`.
    Json,
}

impl TagFormat {
    /// The word for JSON.
    const JSON: &str = "json";

    /// Reads a format's name, or the word for JSON.
    fn parser() -> impl TypedValueParser<Value = Self> {
        let json = PossibleValue::new(Self::JSON)
            .help("For `aws autoscaling create-or-update-tags --tags file://...`.");
        PossibleValuesParser::new(formats::words().chain([json]))
            .map(|word| formats::named(&word).map_or(Self::Json, Self::Description))
    }
}

/// Every tag's key starts with it.
const PREFIX: &str = "autorecycle_";

pub(super) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let recycle = arguments.source.stack(context)?;
    let tags = chosen(arguments, recycle.config())?;
    let settings = handler_settings(recycle.stack());
    let settings = settings.map_err(|problems| Failure::World(problems.to_string()))?;
    let faults = faults(&tags, &settings);
    if !faults.is_empty() {
        let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
        return Err(Failure::Input(format!("the handler would reject the group: {}", lines.join("; "))));
    }
    let text = match arguments.format {
        TagFormat::Description(format) => optional(&tags) + &format.group_tags(&pairs(&tags)),
        TagFormat::Json => json(&tags, arguments.group.as_deref()),
    };
    if wants_window(&arguments.strategy, &tags, &settings) {
        context.console.note(&format!(
            "note: `{}` acts inside a window only; say when, e.g. `--set recycle_window=22:00,04:00`\n",
            arguments.strategy
        ));
    }
    context.console.result(&text)
}

type Chosen<'a> = Vec<(&'static Tag, &'a str)>;

/// The tags to print, in the contract's order.
fn chosen<'a>(arguments: &'a Arguments, config: &Config) -> Result<Chosen<'a>, Failure> {
    let strategies: Vec<&str> = config.strategies.keys().map(String::as_str).collect();
    if !strategies.contains(&arguments.strategy.as_str()) {
        let what = format!("there is no strategy `{}` in the stack", arguments.strategy);
        return Err(unknown(&what, &arguments.strategy, &strategies));
    }
    let mut values = vec![(&RECYCLE_ON_ASG_UPDATE, "true"), (&STRATEGY, arguments.strategy.as_str())];
    for setting in &arguments.settings {
        let (tag, value) = setting_of(setting)?;
        if values.iter().any(|(set, _)| set.key == tag.key) {
            return Err(Failure::Input(format!("the tag `{}` is set twice", tag.key)));
        }
        values.push((tag, value));
    }
    Ok(TAGS
        .iter()
        .filter_map(|tag| Some((tag, values.iter().find(|(set, _)| set.key == tag.key)?.1)))
        .collect())
}

fn setting_of(setting: &str) -> Result<(&'static Tag, &str), Failure> {
    let Some((name, value)) = setting.split_once('=') else {
        return Err(Failure::Input(format!("`--set {setting}` has no value; write `--set NAME=VALUE`")));
    };
    if value.is_empty() || value.chars().count() > 256 || value.contains(['"', '\\', '\n', '$', '%']) {
        let what = format!("the value of `--set {setting}` cannot be a tag's");
        return Err(Failure::Input(format!(
            "{what}; 1 to 256 characters without quotes, `\\`, `$` and `%` can"
        )));
    }
    let short = name.strip_prefix(PREFIX).unwrap_or(name);
    let names: Vec<&str> = TAGS.iter().map(|tag| tag.key.strip_prefix(PREFIX).unwrap_or(tag.key)).collect();
    match names.iter().position(|each| *each == short) {
        Some(at) => Ok((&TAGS[at], value)),
        None => Err(unknown(&format!("there is no tag `{name}`"), short, &names)),
    }
}

/// Says what there is instead of an unknown word, the nearest first.
fn unknown(what: &str, word: &str, known: &[&str]) -> Failure {
    let nearest = spelling::nearest(word, known.iter().copied());
    let hint = nearest.map_or(String::new(), |each| format!("; did you mean `{each}`?"));
    Failure::Input(format!("{what}{hint} (there are: {})", known.join(", ")))
}

fn wants_window(strategy: &str, tags: &Chosen<'_>, settings: &Settings) -> bool {
    settings.strategies.get(strategy).is_some_and(|traits| traits.requires_window)
        && !tags.iter().any(|(tag, _)| [RECYCLE_WINDOW, EXCLUSION_WINDOW].contains(tag))
}

/// What the handler would find wrong with the tags, by its own rules. A window that is still to be set is no fault
/// yet.
fn faults(tags: &Chosen<'_>, settings: &Settings) -> Vec<Problem> {
    let value = |value: &str| GroupTag { value: value.to_owned(), propagates: false };
    let group = Group {
        tags: tags.iter().map(|(tag, text)| (tag.key.to_owned(), value(text))).collect(),
        ..Group::default()
    };
    let Err(mut faults) = rules::read(&group, settings) else { return Vec::new() };
    faults.retain(|fault| fault.value.is_some());
    faults
}

/// A comment for each tag that could be added.
fn optional(tags: &Chosen<'_>) -> String {
    let missing = TAGS.iter().filter(|tag| !tags.iter().any(|(set, _)| set.key == tag.key));
    let lines = missing.map(|tag| format!("#   {}: {} ({})\n", tag.key, tag.summary, tag.values));
    let lines: String = lines.collect();
    if lines.is_empty() { lines } else { format!("# Further tags that can be set:\n{lines}") }
}

fn pairs<'a>(tags: &Chosen<'a>) -> Vec<(&'static str, &'a str)> {
    tags.iter().map(|(tag, value)| (tag.key, *value)).collect()
}

fn json(tags: &Chosen<'_>, group: Option<&str>) -> String {
    let item = |(tag, value): &(&Tag, &str)| match group {
        Some(group) => json!({
            "ResourceId": group,
            "ResourceType": "auto-scaling-group",
            "Key": tag.key,
            "Value": value,
            "PropagateAtLaunch": false,
        }),
        None => json!({ "Key": tag.key, "Value": value, "PropagateAtLaunch": false }),
    };
    format!("{:#}\n", tags.iter().map(item).collect::<serde_json::Value>())
}

#[cfg(test)]
mod tests {
    use asg_recycle_handler::contract::{RECYCLE_ON_ASG_UPDATE, STRATEGY, TAGS};

    use super::{Failure, PREFIX, json, optional, setting_of};

    fn tags() -> super::Chosen<'static> {
        vec![(&RECYCLE_ON_ASG_UPDATE, "true"), (&STRATEGY, "out-in")]
    }

    fn fault(setting: &str) -> String {
        match setting_of(setting) {
            Err(Failure::Input(message)) => message,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_tag_has_the_prefix_that_may_be_left_out() {
        for tag in TAGS {
            let short = tag.key.strip_prefix(PREFIX).expect(tag.key);
            assert_eq!(setting_of(&format!("{short}=a=b")).unwrap(), (tag, "a=b"));
            assert_eq!(setting_of(&format!("{}=x", tag.key)).unwrap().0, tag);
        }
    }

    #[test]
    fn a_wrong_setting_is_named_with_its_fix() {
        assert!(fault("teem=x").contains("did you mean `team`?"));
        assert!(fault("team").contains("NAME=VALUE"));
        assert!(fault("team=").contains("cannot be a tag's"));
        assert!(fault("team=a\"b").contains("cannot be a tag's"));
    }

    #[test]
    fn the_json_is_what_the_command_line_of_aws_reads() {
        let parsed: serde_json::Value = serde_json::from_str(&json(&tags(), Some("web-asg"))).unwrap();
        assert_eq!(parsed[1]["Value"], "out-in");
        assert_eq!(parsed[0]["ResourceId"], "web-asg");
        assert!(!json(&tags(), None).contains("ResourceId"));
    }

    #[test]
    fn tags_that_are_set_are_not_offered_again() {
        let offered = optional(&tags());
        assert!(
            offered.contains("autorecycle_team") && !offered.contains("autorecycle_strategy:"),
            "{offered}"
        );
    }
}
