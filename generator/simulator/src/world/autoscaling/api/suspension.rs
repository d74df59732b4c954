//! `SuspendProcesses` and `ResumeProcesses`. An empty list means every process, as AWS has it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::world::arguments::Arguments;
use crate::world::autoscaling::model::state::AutoScaling;
use crate::world::context::Context;
use crate::world::errors::AwsError;
use crate::world::ids::GroupIndex;
use crate::world::processes::{Process, listed_or_all};
use crate::world::request::Request;

use super::{author, group_to_change};

/// Suspends the processes listed.
pub(crate) fn suspend(
    service: &mut AutoScaling,
    context: &mut Context,
    request: &Request<'_>,
) -> Result<Value, AwsError> {
    let (index, processes) = read(service, request)?;
    let mut after = service.fleet.get(index).suspended.clone();
    after.extend(processes);
    service.set_suspended(context, index, after, author(request));
    Ok(json!({}))
}

/// Resumes the processes listed.
pub(crate) fn resume(
    service: &mut AutoScaling,
    context: &mut Context,
    request: &Request<'_>,
) -> Result<Value, AwsError> {
    let (index, processes) = read(service, request)?;
    let after = service.fleet.get(index).suspended.difference(&processes).copied().collect();
    service.set_suspended(context, index, after, author(request));
    Ok(json!({}))
}

fn read(service: &AutoScaling, request: &Request<'_>) -> Result<(GroupIndex, BTreeSet<Process>), AwsError> {
    let arguments =
        Arguments::of(request.action, request.arguments, &["AutoScalingGroupName", "ScalingProcesses"])?;
    let index = group_to_change(service, request, &arguments)?;
    let named = arguments.texts("ScalingProcesses")?.into_iter().map(|name| {
        Process::named(name).ok_or_else(|| AwsError::validation(format!("Invalid scaling process: {name}")))
    });
    Ok((index, listed_or_all(&named.collect::<Result<Vec<_>, _>>()?)))
}
