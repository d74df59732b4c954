//! A group's tags, read with all their faults at once.

use jiff::tz::TimeZone;

use crate::arn::StateMachineArn;
use crate::contract::{
    DRY_RUN, EXCLUSION_WINDOW, NOTIFY_PAGER_DUTY, OVERRIDE_COMPONENT_NAME, RECYCLE_ON_ASG_UPDATE,
    RECYCLE_WINDOW, STEP_FUNCTION_NAME, STRATEGY, TIME_ZONE, Tag,
};
use crate::group::Group;
use crate::problem::Problem;
use crate::settings::{Settings, StrategyTraits};
use crate::spelling::suggestion;
use crate::windows::{self, WindowHours, WindowMode};

/// What the tags ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OptIn {
    /// Recycle the group so.
    In(RecycleTags),
    /// The group does not want to be recycled.
    Out(NotOptedIn),
}

/// Why a group is not recycled though nothing is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotOptedIn {
    /// A required tag is absent.
    Missing(&'static str),
    /// `autorecycle_recycle_on_asg_update` is `false`.
    SwitchedOff,
}

/// The checked tags of a group that opted in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecycleTags {
    /// A strategy that the machine has.
    pub strategy: String,
    /// The machine to start.
    pub machine: StateMachineArn,
    /// The name to show instead of the one derived from the group's name.
    pub component: Option<String>,
    /// When the strategy may act; present for every strategy that requires a window and for no other.
    pub window: Option<WindowRule>,
}

/// When a strategy that requires a window may act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowRule {
    /// Whether the hours allow or deny.
    pub mode: WindowMode,
    /// Times of day, and days of the week.
    pub hours: WindowHours,
    /// The zone whose wall clock the hours are on.
    pub zone: TimeZone,
}

/// Reads the tags of a group.
pub fn read(group: &Group, settings: &Settings) -> Result<OptIn, Vec<Problem>> {
    let mut faults = Vec::new();
    match boolean(group, RECYCLE_ON_ASG_UPDATE, &mut faults) {
        None if faults.is_empty() => return Ok(OptIn::Out(NotOptedIn::Missing(RECYCLE_ON_ASG_UPDATE.key))),
        Some(false) => return Ok(OptIn::Out(NotOptedIn::SwitchedOff)),
        _ => {}
    }
    let Some(strategy) = group.tag(STRATEGY.key) else {
        let skip = OptIn::Out(NotOptedIn::Missing(STRATEGY.key));
        return if faults.is_empty() { Ok(skip) } else { Err(faults) };
    };
    boolean(group, DRY_RUN, &mut faults);
    boolean(group, NOTIFY_PAGER_DUTY, &mut faults);
    let strategy_traits = traits(strategy, settings, &mut faults);
    let machine = machine(group, settings, &mut faults);
    let requires_window = strategy_traits.is_some_and(|traits| traits.requires_window);
    let window = window(group, requires_window, settings, &mut faults);
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(OptIn::In(RecycleTags {
        strategy: strategy.to_owned(),
        machine,
        component: group.tag(OVERRIDE_COMPONENT_NAME.key).map(str::to_owned),
        window,
    }))
}

/// `true` or `false` in any case; `None` where the tag is absent, or at fault.
fn boolean(group: &Group, tag: Tag, faults: &mut Vec<Problem>) -> Option<bool> {
    let text = group.tag(tag.key)?;
    let value = [true, false].into_iter().find(|value| text.eq_ignore_ascii_case(&value.to_string()));
    if value.is_none() {
        faults.push(Problem::of(tag.key, text, "expected `true` or `false`"));
    }
    value
}

fn traits(strategy: &str, settings: &Settings, faults: &mut Vec<Problem>) -> Option<StrategyTraits> {
    let traits = settings.strategies.get(strategy).copied();
    if traits.is_none() {
        let names = || settings.strategies.keys().map(String::as_str);
        let all = names().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let near = suggestion(strategy, names());
        faults.push(Problem::of(STRATEGY.key, strategy, format!("not one of {all}{near}")));
    }
    traits
}

fn machine(group: &Group, settings: &Settings, faults: &mut Vec<Problem>) -> StateMachineArn {
    let Some(name) = group.tag(STEP_FUNCTION_NAME.key) else { return settings.machine.clone() };
    let allowed = &settings.allowed_step_functions;
    if !allowed.contains(name) {
        let near = suggestion(name, allowed.iter().map(String::as_str));
        let reason = format!("not in the stack's `handler.allowed_step_functions`{near}");
        faults.push(Problem::of(STEP_FUNCTION_NAME.key, name, reason));
    }
    settings.machine.sibling(name)
}

/// The window tags are checked whatever the strategy, for a malformed one is a mistake on any group; only a
/// strategy that requires one keeps to it.
fn window(
    group: &Group,
    requires_window: bool,
    settings: &Settings,
    faults: &mut Vec<Problem>,
) -> Option<WindowRule> {
    let zone = zone(group, settings, faults);
    let recycle = hours(group, RECYCLE_WINDOW, WindowMode::Allow, faults);
    let exclusion = hours(group, EXCLUSION_WINDOW, WindowMode::Deny, faults);
    match (group.tag(RECYCLE_WINDOW.key), group.tag(EXCLUSION_WINDOW.key)) {
        (Some(_), Some(text)) => {
            let reason = format!("contradicts `{}`, which is set too; keep one of them", RECYCLE_WINDOW.key);
            faults.push(Problem::of(EXCLUSION_WINDOW.key, text, reason));
        }
        (None, None) if requires_window => {
            let reason = format!("the strategy needs it, or `{}`", EXCLUSION_WINDOW.key);
            faults.push(Problem::missing(RECYCLE_WINDOW.key, reason));
        }
        _ => {}
    }
    let (mode, hours) = recycle.or(exclusion)?;
    requires_window.then_some(WindowRule { mode, hours, zone: zone? })
}

fn zone(group: &Group, settings: &Settings, faults: &mut Vec<Problem>) -> Option<TimeZone> {
    let Some(name) = group.tag(TIME_ZONE.key) else { return Some(settings.default_time_zone.clone()) };
    windows::zone(name).map_err(|reason| faults.push(Problem::of(TIME_ZONE.key, name, reason))).ok()
}

fn hours(
    group: &Group,
    tag: Tag,
    mode: WindowMode,
    faults: &mut Vec<Problem>,
) -> Option<(WindowMode, WindowHours)> {
    let text = group.tag(tag.key)?;
    let hours = WindowHours::parse(text).and_then(|hours| hours.check_length(mode).map(|()| hours));
    hours.map(|hours| (mode, hours)).map_err(|reason| faults.push(Problem::of(tag.key, text, reason))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    fn faults(tags: &[(&str, &str)]) -> Vec<String> {
        let group = samples::group("web-asg-1", tags);
        let faults = read(&group, &samples::settings()).expect_err("faults");
        faults.iter().map(ToString::to_string).collect()
    }

    fn opted_in(tags: &[(&str, &str)]) -> RecycleTags {
        match read(&samples::group("web-asg-1", tags), &samples::settings()) {
            Ok(OptIn::In(tags)) => tags,
            other => panic!("not opted in: {other:?}"),
        }
    }

    const ON: (&str, &str) = ("autorecycle_recycle_on_asg_update", "true");
    const OUT_IN: (&str, &str) = ("autorecycle_strategy", "out-in");
    const TIMED: (&str, &str) = ("autorecycle_strategy", "out-in-timed");

    #[test]
    fn a_group_opts_in_with_both_required_tags() {
        let tags = opted_in(&[("autorecycle_recycle_on_asg_update", "TRUE"), OUT_IN]);
        assert_eq!(tags.strategy, "out-in");
        assert_eq!(tags.machine, samples::settings().machine);
        assert_eq!(tags.window, None);
    }

    #[test]
    fn a_missing_required_tag_or_false_is_a_normal_skip() {
        use NotOptedIn::{Missing, SwitchedOff};
        let off = ("autorecycle_recycle_on_asg_update", "False");
        let cases: &[(&[(&str, &str)], NotOptedIn)] = &[
            (&[], Missing("autorecycle_recycle_on_asg_update")),
            (&[OUT_IN], Missing("autorecycle_recycle_on_asg_update")),
            (&[ON], Missing("autorecycle_strategy")),
            (&[ON, ("autorecycle_dry_run", "maybe")], Missing("autorecycle_strategy")),
            (&[off, ("autorecycle_strategy", "nonsense")], SwitchedOff),
        ];
        for (tags, expected) in cases {
            let group = samples::group("web-asg-1", tags);
            assert_eq!(read(&group, &samples::settings()), Ok(OptIn::Out(*expected)), "{tags:?}");
        }
    }

    #[test]
    fn all_faults_are_reported_at_once() {
        let found = faults(&[
            ("autorecycle_recycle_on_asg_update", "yes"),
            ("autorecycle_strategy", "out_in"),
            ("autorecycle_dry_run", ""),
            ("autorecycle_notify_pager_duty", "1"),
            ("autorecycle_step_function_name", "blue-gren"),
            ("autorecycle_time_zone", "Europe/Londn"),
            ("autorecycle_recycle_window", "1:00,2:00"),
            ("autorecycle_exclusion_window", "02:00,02:00"),
        ]);
        assert_eq!(
            found,
            [
                "`autorecycle_recycle_on_asg_update` is `yes`: expected `true` or `false`",
                "`autorecycle_dry_run` is ``: expected `true` or `false`",
                "`autorecycle_notify_pager_duty` is `1`: expected `true` or `false`",
                "`autorecycle_strategy` is `out_in`: not one of `in-out`, `out-in`, `out-in-timed`; did you mean \
                 `out-in`?",
                "`autorecycle_step_function_name` is `blue-gren`: not in the stack's \
                 `handler.allowed_step_functions`; did you mean `blue-green`?",
                "`autorecycle_time_zone` is `Europe/Londn`: not an IANA time zone; did you mean `Europe/London`?",
                "`autorecycle_recycle_window` is `1:00,2:00`: `1:00` is not a time of day; expected `HH:MM` from \
                 `00:00` to `23:59`",
                "`autorecycle_exclusion_window` is `02:00,02:00`: start and end are equal, which could mean always \
                 or never; make them differ",
                "`autorecycle_exclusion_window` is `02:00,02:00`: contradicts `autorecycle_recycle_window`, which is \
                 set too; keep one of them",
            ]
        );
    }

    #[test]
    fn a_malformed_opt_in_is_a_fault_even_without_a_strategy() {
        let found = faults(&[("autorecycle_recycle_on_asg_update", " true")]);
        assert_eq!(found, ["`autorecycle_recycle_on_asg_update` is ` true`: expected `true` or `false`"]);
    }

    #[test]
    fn a_windowed_strategy_needs_a_window() {
        assert_eq!(
            faults(&[ON, TIMED]),
            [
                "`autorecycle_recycle_window` is missing: the strategy needs it, or `autorecycle_exclusion_window`"
            ]
        );
    }

    #[test]
    fn a_window_in_which_no_recycle_can_begin_is_a_fault() {
        assert_eq!(
            faults(&[ON, TIMED, ("autorecycle_exclusion_window", "00:00,23:59:59")]),
            [
                "`autorecycle_exclusion_window` is `00:00,23:59:59`: leaves 1 s of the day, in which no recycle can \
              begin; leave 60 s at least"
            ]
        );
    }

    #[test]
    fn a_window_counts_in_the_tagged_zone_or_the_default_one() {
        let window = ("autorecycle_exclusion_window", "06:00,22:00");
        let default = opted_in(&[ON, TIMED, window]).window.unwrap();
        assert_eq!((default.mode, default.zone.iana_name()), (WindowMode::Deny, Some("Europe/London")));
        let tagged =
            opted_in(&[ON, TIMED, window, ("autorecycle_time_zone", "Pacific/Apia")]).window.unwrap();
        assert_eq!(tagged.zone.iana_name(), Some("Pacific/Apia"));
    }

    #[test]
    fn a_strategy_without_windows_ignores_a_sound_window_and_rejects_a_malformed_one() {
        assert_eq!(opted_in(&[ON, OUT_IN, ("autorecycle_recycle_window", "22:00,04:00")]).window, None);
        assert_eq!(faults(&[ON, OUT_IN, ("autorecycle_recycle_window", "night")]).len(), 1);
    }

    #[test]
    fn another_allowed_machine_is_started_in_the_same_account_and_region() {
        let tags = opted_in(&[ON, OUT_IN, ("autorecycle_step_function_name", "blue-green")]);
        assert_eq!(tags.machine.to_string(), "arn:aws:states:eu-west-2:123456789012:stateMachine:blue-green");
    }
}
