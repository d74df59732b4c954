//! Resources, alarms among them.

use super::explanation::{Explanation, ThingKind};
use super::permissions;
use super::purposes::{PURPOSES, Purpose, folded};
use super::rendered::Rendered;
use crate::render::Emitted;
use crate::stack::{Alarm, EventRule};

/// Every resource, once for all formats that have it.
pub(super) fn explained(rendered: &Rendered<'_>) -> Vec<Explanation> {
    let mut found: Vec<((usize, String), Explanation)> = Vec::new();
    for (emitted, others) in everything(rendered) {
        let key = Purpose::of(&emitted.address).unwrap_or((PURPOSES.len(), emitted.address.clone()));
        let known = found.iter().position(|(known, _)| *known == key);
        let at = known.unwrap_or_else(|| {
            let mut one = begun(rendered, emitted, &key);
            one.tell("used by", users(emitted, others));
            found.push((key, one));
            found.len() - 1
        });
        let one = &mut found[at].1;
        one.also(emitted.address.clone());
        one.tell("stands in", [format!("{}:{}, as {}", emitted.file, emitted.line, emitted.address)]);
    }
    found.into_iter().map(|(_, one)| one).collect()
}

/// Each resource with all of its format.
fn everything<'a>(rendered: &'a Rendered<'_>) -> impl Iterator<Item = (&'a Emitted, &'a [Emitted])> {
    rendered
        .formats
        .iter()
        .flat_map(|in_format| in_format.resources.iter().map(|one| (one, in_format.resources.as_slice())))
}

/// The resources that name this one.
fn users<'a>(used: &'a Emitted, all: &'a [Emitted]) -> impl Iterator<Item = &'a str> {
    let others = all.iter().filter(move |one| one.address != used.address && one.mentions(&used.address));
    others.map(|one| one.address.as_str())
}

fn begun(rendered: &Rendered<'_>, emitted: &Emitted, (row, label): &(usize, String)) -> Explanation {
    let why = PURPOSES.get(*row).map_or("", |purpose| purpose.why);
    let mut one = Explanation::new(ThingKind::Resource, emitted.address.clone(), why);
    one.tell("type", [emitted.kind.clone()]);
    let is_row = |address: &str| Purpose::of(address).is_some_and(|(of_address, _)| of_address == *row);
    if is_row("aws_cloudwatch_metric_alarm.any") {
        let alarm = rendered.stack.alarms.iter().find(|alarm| folded(&alarm.label) == *label);
        if let Some(alarm) = alarm {
            tell_alarm(rendered, alarm, &mut one);
        }
    }
    if is_row("aws_cloudwatch_event_rule.any") {
        let rule = rendered.stack.rules.iter().find(|rule| folded(rule.label) == *label);
        if let Some(rule) = rule {
            tell_rule(rendered, rule, &mut one);
        }
    }
    one.tell("statements", permissions::statements_of(rendered.stack, &emitted.address));
    one
}

fn tell_rule(rendered: &Rendered<'_>, rule: &EventRule, one: &mut Explanation) {
    one.purpose = format!("{}: {}", rule.description, one.purpose);
    rendered.shown(&rule.name).into_iter().for_each(|name| one.also(name));
}

fn tell_alarm(rendered: &Rendered<'_>, alarm: &Alarm, one: &mut Explanation) {
    one.kind = ThingKind::Alarm;
    one.purpose.clone_from(&alarm.story);
    let address = std::mem::replace(&mut one.name, alarm.label.clone());
    one.also(address);
    rendered.shown(&alarm.name).into_iter().for_each(|name| one.also(name));
    let metric = format!("{} {}", rendered.shown(&alarm.namespace).join(""), alarm.metric);
    let compared = match alarm.comparison {
        "GreaterThanOrEqualToThreshold" => "at least",
        "LessThanThreshold" => "less than",
        other => other,
    };
    let periods = if alarm.evaluation_periods == 1 {
        "a period".to_owned()
    } else {
        format!("{} periods in a row", alarm.evaluation_periods)
    };
    let condition = format!(
        "the {} of {metric} is {compared} {} in {periods} of {} s; a period without data counts as {}",
        alarm.statistic.to_lowercase(),
        alarm.threshold,
        alarm.period_seconds,
        alarm.missing_data
    );
    one.tell("fires when", [condition]);
    let told = rendered.shown_by_default(&alarm.action_arns);
    one.tell(
        "tells",
        if told.is_empty() { vec!["nobody, unless `alarm_action_arns` is given".to_owned()] } else { told },
    );
    one.tell("runbook", [format!("docs/runbook.md#{}", alarm.anchor)]);
}
