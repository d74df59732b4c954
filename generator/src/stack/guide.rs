//! What the person who deploys the stack reads: what fills the output folder's `README.md`.

use asg_recycle_handler::contract;
use serde::Serialize;

use super::metric;
use super::package_digest::PackageDigest;
use super::parameters::s3_key;
use crate::config::{Architecture, Config, Environment, Region, TagChanges};
use crate::names::{self, regions};
use crate::strategy::Strategy;

/// What its commands and tables are filled with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeployGuide {
    /// Region that the commands deploy to.
    pub region: Region,
    /// The partition that the stack was rendered for, as ARNs name it.
    pub partition: &'static str,
    /// Another region of it; absent where there is none.
    pub other_region: Option<&'static str>,
    /// Environment that the commands deploy.
    pub environment: Environment,
    /// Longest that the stack's name, a hyphen and an environment may be together, in characters.
    pub prefix_length_max: usize,
    /// Whether no alarm reaches anybody, unless a deployment names somebody.
    pub has_silent_alarms: bool,
    /// The alarm that tells of refused notifications; absent where the log counts neither these nor failed calls of the table.
    pub refusals_told_by: Option<&'static str>,
    /// Whether each deployment has to be given the endpoint that pages.
    pub has_pager: bool,
    /// The policy that bounds every role that the stack makes, where `stack.yaml` names one.
    pub boundary_arn: Option<String>,
    /// Whether the stack makes any role.
    pub makes_roles: bool,
    /// The zip's file name.
    pub zip_file: &'static str,
    /// SHA-256 of the zip in hex, by which its image is tagged; absent before the zip is built.
    pub zip_sha256: Option<String>,
    /// The platform of the function, in the words of container images.
    pub platform: &'static str,
    /// Where the commands store the zip in a bucket; absent before the zip is built.
    pub s3_key: Option<String>,
    /// The tags of a group.
    pub group_tags: Vec<GroupTag>,
    /// Which groups the stack is for, to complete "groups ..."; empty where it is for all.
    pub selection: String,
    /// The strategies to choose from.
    pub strategies: Vec<StrategySummary>,
    /// Which tag changes recycle a group.
    pub tag_changes: &'static str,
    /// What else does.
    pub triggers: OtherTriggers,
}

/// What recycles a group besides a change of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct OtherTriggers {
    /// Whether groups that follow a launch template's latest or default version are recycled.
    pub launch_template_versions: bool,
    /// Whether instances that AWS will retire or maintain are replaced.
    pub scheduled_maintenance: bool,
}

impl DeployGuide {
    /// The tags without which a group is left alone, with values that choose the first strategy.
    pub fn required_tags(&self) -> Vec<(&str, &str)> {
        let strategy = self.strategies.first().map_or("", |strategy| strategy.name.as_str());
        let value = |tag: &GroupTag| if tag.key == contract::STRATEGY.key { strategy } else { "true" };
        self.group_tags.iter().filter(|tag| tag.required).map(|tag| (tag.key, value(tag))).collect()
    }
}

/// A tag on a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GroupTag {
    /// Its key, which begins with `autorecycle_`.
    pub key: &'static str,
    /// Whether a group without it is left alone.
    pub required: bool,
    /// What its values are, in a few words.
    pub values: &'static str,
    /// What it does.
    pub summary: &'static str,
}

/// A strategy, as a row of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StrategySummary {
    /// Its name, the tag's value.
    pub name: String,
    /// What it does.
    pub summary: String,
    /// What it promises about capacity, in a sentence.
    pub promise: String,
}

pub(super) fn guide(config: &Config, package: Option<&PackageDigest>) -> DeployGuide {
    let known =
        config.catalog().strategies().iter().filter(|(name, _)| config.strategies.contains_key(*name));
    DeployGuide {
        region: config.region.clone(),
        partition: names::partition(&config.region),
        other_region: regions::beside(&config.region)
            .iter()
            .copied()
            .find(|region| *region != &*config.region),
        environment: config.environment.clone(),
        prefix_length_max: names::tightest().prefix_length_max(),
        has_silent_alarms: config.alarms.action_arns.is_empty() && !config.encryption.customer_key,
        refusals_told_by: metric::are_failures_logged(config).then_some(metric::NOTIFICATIONS_REFUSED),
        has_pager: config.notifications.pager_duty,
        boundary_arn: config.permissions.boundary_arn.as_ref().map(ToString::to_string),
        makes_roles: config.makes_roles(),
        zip_file: names::HANDLER_ZIP,
        zip_sha256: package.map(PackageDigest::hex),
        platform: match config.handler.architecture {
            Architecture::Arm64 => "linux/arm64",
            Architecture::X86_64 => "linux/amd64",
        },
        s3_key: package.map(|digest| s3_key(&config.name, digest)),
        group_tags: contract::TAGS.iter().map(group_tag).collect(),
        selection: selection(config),
        strategies: known.map(|(name, strategy)| summary(name, strategy)).collect(),
        tag_changes: match config.trigger.tag_changes {
            TagChanges::Propagated => "a change of a tag that propagates to instances",
            TagChanges::All => "a change of any of its tags",
            TagChanges::None => "",
        },
        triggers: OtherTriggers {
            launch_template_versions: config.trigger.launch_template_versions,
            scheduled_maintenance: config.trigger.scheduled_maintenance,
        },
    }
}

fn selection(config: &Config) -> String {
    let prefixes: Vec<String> =
        config.groups.name_prefixes.iter().map(|prefix| format!("`{prefix}`")).collect();
    let tags =
        config.groups.tags.iter().map(|(key, value)| format!("that carry the tag `{key}` = `{value}`"));
    let named = (!prefixes.is_empty()).then(|| format!("whose names begin with {}", prefixes.join(" or ")));
    named.into_iter().chain(tags).collect::<Vec<_>>().join(" and ")
}

fn group_tag(tag: &contract::Tag) -> GroupTag {
    GroupTag { key: tag.key, required: tag.required, values: tag.values, summary: tag.summary }
}

fn summary(name: &str, strategy: &Strategy) -> StrategySummary {
    StrategySummary {
        name: name.to_owned(),
        summary: strategy.summary.clone(),
        promise: strategy.promise.clone(),
    }
}
