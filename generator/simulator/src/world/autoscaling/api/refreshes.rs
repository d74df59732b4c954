//! Starting, describing, cancelling and rolling back instance refreshes.

use serde_json::{Map, Value, json};

use crate::time::Span;
use crate::world::arguments::Arguments;
use crate::world::autoscaling::model::launch::{LaunchSource, LaunchTemplates, Version};
use crate::world::autoscaling::model::refresh::Refresh;
use crate::world::autoscaling::model::refresh::{Preferences, RefreshStatus, Special};
use crate::world::autoscaling::model::state::AutoScaling;
use crate::world::context::Context;
use crate::world::errors::AwsError;
use crate::world::ids::GroupIndex;
use crate::world::record::Author;
use crate::world::request::Request;

use super::sizes::template_version;
use super::{group_to_change, group_to_read};

/// Starts one, unless one is active.
pub(crate) fn start(
    service: &mut AutoScaling,
    context: &mut Context,
    request: &Request<'_>,
) -> Result<Value, AwsError> {
    let known = ["AutoScalingGroupName", "Strategy", "DesiredConfiguration", "Preferences"];
    let arguments = Arguments::of(request.action, request.arguments, &known)?;
    let index = group_to_change(service, request, &arguments)?;
    if service.fleet.get(index).active_refresh().is_some() {
        return Err(AwsError::Modelled {
            name: "InstanceRefreshInProgressException",
            status: 400,
            message: "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh.".to_owned(),
        });
    }
    if let Some(strategy) = arguments.text_if_given("Strategy")?.filter(|strategy| *strategy != "Rolling") {
        return Err(AwsError::refused(format!(
            "the modelled startInstanceRefresh has no strategy {strategy}"
        )));
    }
    let target = match arguments.get("DesiredConfiguration") {
        None => None,
        Some(value) => {
            let fields = Arguments::of("a desired configuration", value, &["LaunchTemplate"])?;
            let spec = template_version(&service.templates, fields.required("LaunchTemplate")?)?;
            Some(LaunchSource::Template(spec))
        }
    };
    let preferences = preferences(arguments.get("Preferences"), service.fleet.get(index).refresh_warmup())?;
    if preferences.skips_matching && matches!(service.fleet.get(index).launch, LaunchSource::Configuration(_))
    {
        return Err(AwsError::validation("SkipMatching cannot be used with a launch configuration"));
    }
    if preferences.rolls_back {
        rollback_possible(target.as_ref())?;
    }
    let by = Author::Execution(request.execution.clone());
    let id = service.start_refresh(context, index, preferences, target, by);
    Ok(json!({"InstanceRefreshId": id}))
}

/// Without a warm-up of its own, instances count in a refresh after the group's.
fn preferences(value: Option<&Value>, warmup: Span) -> Result<Preferences, AwsError> {
    let Some(value) = value else { return Ok(Preferences { warmup, ..Preferences::default() }) };
    let known = [
        "MinHealthyPercentage",
        "MaxHealthyPercentage",
        "InstanceWarmup",
        "SkipMatching",
        "AutoRollback",
        "ScaleInProtectedInstances",
        "StandbyInstances",
        "BakeTime",
        "CheckpointPercentages",
        "CheckpointDelay",
        "AlarmSpecification",
    ];
    let fields = Arguments::of("the preferences of an instance refresh", value, &known)?;
    let seconds = |name: &str, default: u32| match fields.count_if_given(name)? {
        Some(found) if found > 172_800 => {
            Err(AwsError::validation(format!("{name} must be between 0 and 172800")))
        }
        found => Ok(Span::seconds(u64::from(found.unwrap_or(default)))),
    };
    let min = fields.count_if_given("MinHealthyPercentage")?;
    let max = fields.count_if_given("MaxHealthyPercentage")?;
    let (min_healthy, max_healthy) = (min.unwrap_or(90), max.unwrap_or(100));
    let max_without_min = max.is_some() && min.is_none();
    if min_healthy > 100
        || !(100..=200).contains(&max_healthy)
        || max_healthy - min_healthy > 100
        || max_without_min
    {
        return Err(AwsError::validation(
            "MinHealthyPercentage must be between 0 and 100, MaxHealthyPercentage between 100 and 200 and set together \
             with it, and they may differ by at most 100",
        ));
    }
    Ok(Preferences {
        min_healthy,
        max_healthy,
        warmup: fields
            .count_if_given("InstanceWarmup")?
            .map_or(warmup, |seconds| Span::seconds(u64::from(seconds))),
        skips_matching: fields.flag_if_given("SkipMatching")?.unwrap_or(false),
        rolls_back: fields.flag_if_given("AutoRollback")?.unwrap_or(false),
        protected: special(&fields, "ScaleInProtectedInstances", "Refresh")?,
        standby: special(&fields, "StandbyInstances", "Terminate")?,
        bake: seconds("BakeTime", 0)?,
        checkpoints: checkpoints(&fields)?,
        checkpoint_delay: seconds("CheckpointDelay", 3600)?,
        alarms: alarms(&fields)?,
    })
}

/// In ascending order, from 1 to 100; up to the last, instances are replaced, so that the model knows no other than 100.
fn checkpoints(fields: &Arguments<'_>) -> Result<Vec<u32>, AwsError> {
    let listed = fields.get("CheckpointPercentages").and_then(Value::as_array).cloned().unwrap_or_default();
    let percent = |value: &Value| value.as_f64().filter(|percent| (1.0..=100.0).contains(percent));
    let found: Option<Vec<f64>> = listed.iter().map(percent).collect();
    let sorted = |found: &Vec<f64>| found.windows(2).all(|pair| pair[0] < pair[1]);
    let Some(found) = found.filter(sorted) else {
        return Err(AwsError::validation("CheckpointPercentages must be from 1 to 100, in ascending order"));
    };
    if found.last().is_some_and(|last| *last < 100.0) {
        return Err(AwsError::refused(
            "the modelled startInstanceRefresh replaces everything: the last checkpoint is 100",
        ));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 1 to 100")]
    let whole = found.into_iter().map(|percent| percent as u32);
    Ok(whole.collect())
}

fn alarms(fields: &Arguments<'_>) -> Result<Vec<String>, AwsError> {
    let Some(value) = fields.get("AlarmSpecification") else { return Ok(Vec::new()) };
    let names = Arguments::of("an alarm specification", value, &["Alarms"])?.texts("Alarms")?;
    match names.len() {
        1..=10 => Ok(names.into_iter().map(ToString::to_string).collect()),
        _ => Err(AwsError::validation("AlarmSpecification takes 1 to 10 alarms")),
    }
}

fn special(fields: &Arguments<'_>, name: &str, replace: &str) -> Result<Special, AwsError> {
    match fields.text_if_given(name)? {
        None | Some("Wait") => Ok(Special::Wait),
        Some("Ignore") => Ok(Special::Ignore),
        Some(word) if word == replace => Ok(Special::Replace),
        Some(word) => Err(AwsError::validation(format!("{word} is no value of {name}"))),
    }
}

/// No rollback without a desired configuration, or with one that moves.
fn rollback_possible(target: Option<&LaunchSource>) -> Result<(), AwsError> {
    match target {
        Some(LaunchSource::Template(spec)) if matches!(spec.version, Version::Number(_)) => Ok(()),
        _ => Err(AwsError::validation(
            "A rollback needs a desired configuration whose launch template version is neither $Latest nor $Default",
        )),
    }
}

/// The group's refreshes, newest first.
pub(crate) fn describe(service: &AutoScaling, request: &Request<'_>) -> Result<Value, AwsError> {
    let known = ["AutoScalingGroupName", "InstanceRefreshIds", "MaxRecords", "NextToken"];
    let arguments = Arguments::of(request.action, request.arguments, &known)?;
    let index = group_to_read(service, request, arguments.text("AutoScalingGroupName")?)?;
    let ids = arguments.texts("InstanceRefreshIds")?;
    let page = super::describe::page_size(&arguments)?;
    let group = service.fleet.as_of(index, request.seen_at);
    let found =
        group.refreshes.iter().rev().filter(|refresh| ids.is_empty() || ids.contains(&refresh.id().as_str()));
    let described: Vec<Value> =
        found.take(page).map(|refresh| describe_one(refresh, &group.name, &service.templates)).collect();
    Ok(json!({"InstanceRefreshes": described}))
}

fn describe_one(refresh: &Refresh, group: &str, templates: &LaunchTemplates) -> Value {
    let mut fields = Map::new();
    fields.insert("InstanceRefreshId".into(), json!(refresh.id()));
    fields.insert("AutoScalingGroupName".into(), json!(group));
    fields.insert("Status".into(), json!(refresh.status.as_str()));
    if let Some(reason) = &refresh.reason {
        fields.insert("StatusReason".into(), json!(&**reason));
    }
    fields.insert("StartTime".into(), json!(refresh.started_at.to_string()));
    if let Some(ended_at) = refresh.ended_at {
        fields.insert("EndTime".into(), json!(ended_at.to_string()));
    }
    fields.insert("PercentageComplete".into(), json!(refresh.percent()));
    fields.insert("InstancesToUpdate".into(), json!(refresh.left.len()));
    fields.insert(
        "Preferences".into(),
        json!({
            "MinHealthyPercentage": refresh.preferences.min_healthy,
            "MaxHealthyPercentage": refresh.preferences.max_healthy,
            "InstanceWarmup": refresh.preferences.warmup.0 / 1000,
            "SkipMatching": refresh.preferences.skips_matching,
            "AutoRollback": refresh.preferences.rolls_back,
            "BakeTime": refresh.preferences.bake.0 / 1000,
        }),
    );
    if let Some(target) = &refresh.target {
        let (key, value) = super::describe::launch_source(target, templates);
        fields.insert("DesiredConfiguration".into(), json!({key: value}));
    }
    Value::Object(fields)
}

/// Cancels the active one. What it has replaced stays replaced.
pub(crate) fn cancel(
    service: &mut AutoScaling,
    context: &mut Context,
    request: &Request<'_>,
) -> Result<Value, AwsError> {
    let known = ["AutoScalingGroupName", "WaitForTransitioningInstances"];
    let (group, index) = active(service, request, &known)?;
    let arguments = Arguments::of(request.action, request.arguments, &known)?;
    let waits = arguments.flag_if_given("WaitForTransitioningInstances")?.unwrap_or(true);
    let now = context.now;
    let refresh = &mut service.fleet.edit(group, now).refreshes[index];
    refresh.status = RefreshStatus::Cancelling;
    refresh.waits_to_cancel = waits;
    Ok(json!({"InstanceRefreshId": refresh.id()}))
}

/// Rolls the active one back.
pub(crate) fn roll_back(
    service: &mut AutoScaling,
    context: &mut Context,
    request: &Request<'_>,
) -> Result<Value, AwsError> {
    let (group, index) = active(service, request, &["AutoScalingGroupName"])?;
    let refresh = &service.fleet.get(group).refreshes[index];
    if rollback_possible(refresh.target.as_ref()).is_err() {
        return Err(AwsError::Modelled {
            name: "IrreversibleInstanceRefreshException",
            status: 400,
            message: "The instance refresh cannot be rolled back.".to_owned(),
        });
    }
    let id = refresh.id();
    service.roll_back(context, group, index);
    Ok(json!({"InstanceRefreshId": id}))
}

fn active(
    service: &AutoScaling,
    request: &Request<'_>,
    known: &[&str],
) -> Result<(GroupIndex, usize), AwsError> {
    let arguments = Arguments::of(request.action, request.arguments, known)?;
    let group = group_to_change(service, request, &arguments)?;
    let position = service.fleet.get(group).refreshes.iter().rposition(|refresh| refresh.status.is_active());
    let index = position.ok_or_else(|| AwsError::Modelled {
        name: "ActiveInstanceRefreshNotFoundException",
        status: 400,
        message: "No in progress or pending Instance Refresh found.".to_owned(),
    })?;
    Ok((group, index))
}
