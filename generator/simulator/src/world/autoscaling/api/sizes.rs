//! `UpdateAutoScalingGroup` and `SetDesiredCapacity`.

use serde_json::{Value, json};

use crate::world::arguments::Arguments;
use crate::world::autoscaling::model::bounded;
use crate::world::autoscaling::model::launch::{LaunchSource, LaunchTemplates, TemplateVersion, Version};
use crate::world::autoscaling::model::state::AutoScaling;
use crate::world::context::Context;
use crate::world::errors::AwsError;
use crate::world::ids::GroupIndex;
use crate::world::record::{GroupEvent, Resized, Sizes};
use crate::world::request::Request;

use super::{author, group_to_change};

/// Changes what is given. A minimum above the desired capacity raises it, a maximum below it lowers it.
pub(crate) fn update(
    service: &mut AutoScaling,
    context: &mut Context,
    request: &Request<'_>,
) -> Result<Value, AwsError> {
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
    let index = group_to_change(service, request, &arguments)?;
    let sizes = new_sizes(service.fleet.get(index).sizes, &arguments)?;
    let source = new_source(&service.templates, &arguments)?;
    let protects = arguments.flag_if_given("NewInstancesProtectedFromScaleIn")?;
    if source.is_some() {
        no_refresh_with_configuration(service, index)?;
    }
    let now = context.now;
    let group = service.fleet.edit(index, now);
    if let Some(protects) = protects {
        group.protects_new_instances = protects;
    }
    if let Some(source) = source {
        group.launch = source;
        service.note(context, index, GroupEvent::LaunchSourceChanged);
    }
    service.resize(context, index, sizes, author(request), Resized::Update);
    Ok(json!({}))
}

fn new_sizes(before: Sizes, arguments: &Arguments<'_>) -> Result<Sizes, AwsError> {
    let min = arguments.count_if_given("MinSize")?;
    let max = arguments.count_if_given("MaxSize")?;
    bounded(before, min, max, arguments.count_if_given("DesiredCapacity")?)
}

fn new_source(
    templates: &LaunchTemplates,
    arguments: &Arguments<'_>,
) -> Result<Option<LaunchSource>, AwsError> {
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
pub(super) fn template_version(
    templates: &LaunchTemplates,
    value: &Value,
) -> Result<TemplateVersion, AwsError> {
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

fn no_refresh_with_configuration(service: &AutoScaling, index: GroupIndex) -> Result<(), AwsError> {
    match service.fleet.get(index).active_refresh() {
        Some(refresh) if refresh.target.is_some() => Err(AwsError::validation(
            "An active instance refresh with a desired configuration exists. All configuration options derived from \
             the desired configuration are not available for update while the instance refresh is active.",
        )),
        _ => Ok(()),
    }
}

/// Sets the desired capacity, within the bounds.
pub(crate) fn set_desired(
    service: &mut AutoScaling,
    context: &mut Context,
    request: &Request<'_>,
) -> Result<Value, AwsError> {
    let known = ["AutoScalingGroupName", "DesiredCapacity", "HonorCooldown"];
    let arguments = Arguments::of(request.action, request.arguments, &known)?;
    let index = group_to_change(service, request, &arguments)?;
    let desired = arguments.count("DesiredCapacity")?;
    let sizes = service.fleet.get(index).sizes;
    let (bound, side, which) = match desired {
        _ if desired > sizes.max => (sizes.max, "above", "max"),
        _ if desired < sizes.min => (sizes.min, "below", "min"),
        _ => {
            service.resize(context, index, Sizes { desired, ..sizes }, author(request), Resized::Explicitly);
            return Ok(json!({}));
        }
    };
    Err(AwsError::validation(format!(
        "New SetDesiredCapacity value {desired} is {side} {which} value {bound} for the AutoScalingGroup."
    )))
}
