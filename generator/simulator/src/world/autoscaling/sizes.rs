//! `UpdateAutoScalingGroup` and `SetDesiredCapacity`.

use serde_json::{Value, json};

use crate::world::World;
use crate::world::actions::Request;
use crate::world::arguments::Arguments;
use crate::world::errors::AwsError;
use crate::world::launch::{LaunchSource, TemplateVersion, Templates, Version};
use crate::world::record::{GroupIndex, Happening, Sizes};

use super::{author, group_to_change};

/// Changes what is given. A minimum above the desired capacity raises it, a maximum below it lowers it.
pub(in crate::world) fn update(world: &mut World, request: &Request<'_>) -> Result<Value, AwsError> {
    let known = [
        "AutoScalingGroupName",
        "MinSize",
        "MaxSize",
        "DesiredCapacity",
        "LaunchTemplate",
        "LaunchConfigurationName",
        "NewInstancesProtectedFromScaleIn",
    ];
    let arguments = Arguments::of(request.action, request.arguments, &known)?;
    let index = group_to_change(world, request, &arguments)?;
    let sizes = new_sizes(world.fleet.get(index).sizes, &arguments)?;
    let source = new_source(&world.templates, &arguments)?;
    let protects = arguments.flag_if_given("NewInstancesProtectedFromScaleIn")?;
    if source.is_some() {
        no_refresh_with_configuration(world, index)?;
    }
    let now = world.now;
    let group = world.fleet.edit(index, now);
    if let Some(protects) = protects {
        group.protects_new_instances = protects;
    }
    if let Some(source) = source {
        group.launch = source;
        world.note(index, Happening::LaunchSourceChanged);
    }
    world.resize(index, sizes, author(request));
    Ok(json!({}))
}

/// The sizes after an update, or why AWS refuses them.
pub(in crate::world) fn bounded(
    before: Sizes,
    min: Option<u32>,
    max: Option<u32>,
    desired: Option<u32>,
) -> Result<Sizes, AwsError> {
    let (min, max) = (min.unwrap_or(before.min), max.unwrap_or(before.max));
    if min > max {
        // The text is from memory of AWS's answer; that it refuses is certain.
        return Err(AwsError::validation(format!(
            "Max bound, {max}, must be greater than or equal to min bound, {min}"
        )));
    }
    match desired {
        Some(desired) if desired < min || desired > max => Err(AwsError::validation(format!(
            "Desired capacity:{desired} must be between the specified min size:{min} and max size:{max}"
        ))),
        Some(desired) => Ok(Sizes { min, max, desired }),
        None => Ok(Sizes { min, max, desired: before.desired.clamp(min, max) }),
    }
}

fn new_sizes(before: Sizes, arguments: &Arguments<'_>) -> Result<Sizes, AwsError> {
    let min = arguments.count_if_given("MinSize")?;
    let max = arguments.count_if_given("MaxSize")?;
    bounded(before, min, max, arguments.count_if_given("DesiredCapacity")?)
}

fn new_source(templates: &Templates, arguments: &Arguments<'_>) -> Result<Option<LaunchSource>, AwsError> {
    let configuration = arguments.text_if_given("LaunchConfigurationName")?;
    match (arguments.get("LaunchTemplate"), configuration) {
        (Some(_), Some(_)) => Err(AwsError::validation(
            "Valid requests must contain either launchTemplate, LaunchConfigurationName, InstanceId or \
             MixedInstancesPolicy parameter.",
        )),
        (Some(template), None) => {
            template_version(templates, template).map(|spec| Some(LaunchSource::Template(spec)))
        }
        (None, Some(name)) => Ok(Some(LaunchSource::Configuration(name.into()))),
        (None, None) => Ok(None),
    }
}

/// A `LaunchTemplateSpecification`, by id or by name.
pub(super) fn template_version(templates: &Templates, value: &Value) -> Result<TemplateVersion, AwsError> {
    let fields =
        Arguments::of("a launch template", value, &["LaunchTemplateId", "LaunchTemplateName", "Version"])?;
    let (id, name) = (fields.text_if_given("LaunchTemplateId")?, fields.text_if_given("LaunchTemplateName")?);
    let found =
        templates.iter().find(|(known, template)| Some(&***known) == id || Some(&*template.name) == name);
    let Some((template, _)) = found else {
        let missing = id.or(name).unwrap_or_default();
        return Err(AwsError::validation(format!(
            "The specified launch template, {missing}, does not exist."
        )));
    };
    let version = fields.text_if_given("Version")?;
    let version = Version::parse(version).ok_or_else(|| {
        AwsError::validation(
            "Invalid launch template version: it is neither a number, nor $Latest, nor $Default",
        )
    })?;
    Ok(TemplateVersion { template: template.clone(), version })
}

fn no_refresh_with_configuration(world: &World, index: GroupIndex) -> Result<(), AwsError> {
    match world.fleet.get(index).active_refresh() {
        Some(refresh) if refresh.target.is_some() => Err(AwsError::validation(
            "An active instance refresh with a desired configuration exists. All configuration options derived from \
             the desired configuration are not available for update while the instance refresh is active.",
        )),
        _ => Ok(()),
    }
}

/// Sets the desired capacity, within the bounds.
pub(in crate::world) fn set_desired(world: &mut World, request: &Request<'_>) -> Result<Value, AwsError> {
    let known = ["AutoScalingGroupName", "DesiredCapacity", "HonorCooldown"];
    let arguments = Arguments::of(request.action, request.arguments, &known)?;
    let index = group_to_change(world, request, &arguments)?;
    let desired = arguments.count("DesiredCapacity")?;
    let sizes = world.fleet.get(index).sizes;
    let (bound, side, which) = match desired {
        _ if desired > sizes.max => (sizes.max, "above", "max"),
        _ if desired < sizes.min => (sizes.min, "below", "min"),
        _ => {
            world.resize(index, Sizes { desired, ..sizes }, author(request));
            return Ok(json!({}));
        }
    };
    Err(AwsError::validation(format!(
        "New SetDesiredCapacity value {desired} is {side} {which} value {bound} for the AutoScalingGroup."
    )))
}
