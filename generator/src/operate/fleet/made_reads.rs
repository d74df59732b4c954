//! Since when there is what groups are to be launched from, in as few calls as will do.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::json;

use super::outdated::LaunchSourceWanted;
use crate::aws::AwsError;
use crate::operate::answers::group::ConfigurationsPage;
use crate::operate::answers::{TemplateVersionSeen, TemplateVersions};
use crate::operate::session::StackSession;
use crate::operate::session::operation::{DESCRIBE_CONFIGURATIONS, DESCRIBE_TEMPLATE_VERSIONS};

/// Versions that are asked about one by one: for more, those that are the latest or the default are asked about all together.
const ONE_BY_ONE_MAX: usize = 2;
/// Versions that one page holds, as EC2 has it, and pages that are read at most (fact A26).
const VERSIONS_PER_PAGE: u32 = 200;
const PAGES_MAX: usize = 50;
/// Launch configurations that are described by name at once, as Auto Scaling has it (fact A26).
const CONFIGURATIONS_PER_CALL: usize = 50;

/// When these were made, as far as calls are left; those are left out that are not there, or have no time that can be read.
pub fn made_at(
    session: &StackSession,
    wanted: BTreeSet<LaunchSourceWanted>,
    has_calls_left: impl Fn() -> bool,
) -> Result<BTreeMap<LaunchSourceWanted, Timestamp>, AwsError> {
    let mut made = BTreeMap::new();
    let (mut names, mut versions) = (Vec::new(), BTreeSet::new());
    for source in wanted {
        match source {
            LaunchSourceWanted::Configuration(name) => names.push(name),
            LaunchSourceWanted::Version { version, .. } if version.is_empty() => {}
            LaunchSourceWanted::Version { template, version } => {
                versions.insert((template, version));
            }
        }
    }
    for some in names.chunks(CONFIGURATIONS_PER_CALL) {
        if !has_calls_left() {
            break;
        }
        let arguments = json!({"LaunchConfigurationNames": some});
        let page: ConfigurationsPage = session.ask(&DESCRIBE_CONFIGURATIONS, &arguments)?;
        let dated = page.launch_configurations.list.into_iter().filter_map(|one| {
            Some((
                LaunchSourceWanted::Configuration(one.launch_configuration_name),
                one.created_time.parse().ok()?,
            ))
        });
        made.extend(dated);
    }
    if versions.len() > ONE_BY_ONE_MAX {
        of_all(session, &mut versions, &mut made, &has_calls_left)?;
    }
    for (template, version) in versions {
        if !has_calls_left() {
            break;
        }
        if let Some(at) = of_one(session, &template, &version)? {
            made.insert(LaunchSourceWanted::Version { template, version }, at);
        }
    }
    Ok(made)
}

/// Asks about the latest and the default version of every launch template that there is, and takes out what is known by that.
fn of_all(
    session: &StackSession,
    versions: &mut BTreeSet<(String, String)>,
    made: &mut BTreeMap<LaunchSourceWanted, Timestamp>,
    has_calls_left: &impl Fn() -> bool,
) -> Result<(), AwsError> {
    let mut arguments =
        json!({"LaunchTemplateVersion": ["$Latest", "$Default"], "MaxResults": VERSIONS_PER_PAGE});
    for _ in 0..PAGES_MAX {
        if versions.is_empty() || !has_calls_left() {
            break;
        }
        let page: TemplateVersions = session.ask(&DESCRIBE_TEMPLATE_VERSIONS, &arguments)?;
        for one in page.launch_template_version_set.list {
            let key = (one.launch_template_id.clone(), one.version_number.to_string());
            let Some(at) = created(&one).filter(|_| versions.remove(&key)) else { continue };
            let (template, version) = key;
            made.insert(LaunchSourceWanted::Version { template, version }, at);
        }
        match page.next_token.filter(|token| !token.is_empty()) {
            Some(token) => arguments["NextToken"] = json!(token),
            None => break,
        }
    }
    Ok(())
}

/// When one version was made; none where it is not there.
fn of_one(session: &StackSession, template: &str, version: &str) -> Result<Option<Timestamp>, AwsError> {
    let arguments = json!({"LaunchTemplateId": template, "LaunchTemplateVersion": [version]});
    let answer: Result<TemplateVersions, AwsError> = session.ask(&DESCRIBE_TEMPLATE_VERSIONS, &arguments);
    match answer {
        Err(error)
            if error.is("InvalidLaunchTemplateId.VersionNotFound")
                || error.is("InvalidLaunchTemplateId.NotFound") =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
        Ok(answer) => Ok(answer.launch_template_version_set.list.first().and_then(created)),
    }
}

fn created(version: &TemplateVersionSeen) -> Option<Timestamp> {
    version.create_time.parse().ok()
}
