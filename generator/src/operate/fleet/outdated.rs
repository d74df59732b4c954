//! Which instances are outdated: the machine's own comparison of what they were launched from with what the group launches from.

use std::collections::BTreeMap;

use crate::operate::answers::{SeenGroup, SeenInstance, SeenTemplate, TemplateSpecification};

/// What `$Latest` and `$Default` mean, by a launch template's id.
pub type TemplateAliases = BTreeMap<String, SeenTemplate>;

/// What an instance is to be launched from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum LaunchSourceWanted {
    /// A launch configuration.
    Configuration(String),
    /// A version of a launch template.
    Version {
        /// `lt-...`
        template: String,
        /// Its number; empty where an alias means nothing, for the launch template is gone.
        version: String,
    },
}

/// An instance that is outdated, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutdatedInstance {
    /// Its id.
    pub id: String,
    /// What it was launched from, for people.
    pub has: String,
    /// What it is to be launched from.
    pub wants: LaunchSourceWanted,
}

/// Whether a specification's version moves by itself.
pub fn moves(specification: &TemplateSpecification) -> bool {
    matches!(specification.version.as_deref(), None | Some("" | "$Latest" | "$Default"))
}

/// Every instance of a group that is outdated by its launch source, those that leave apart.
pub fn outdated(group: &SeenGroup, aliases: &TemplateAliases) -> Vec<OutdatedInstance> {
    let live = group.instances.list.iter().filter(|instance| !instance.is_leaving());
    live.filter_map(|instance| judged(group, instance, aliases)).collect()
}

fn judged(group: &SeenGroup, instance: &SeenInstance, aliases: &TemplateAliases) -> Option<OutdatedInstance> {
    let wants = wanted(group, instance, aliases)?;
    let own = instance.launch_template.as_ref();
    let of_template = own.and_then(|own| {
        Some(LaunchSourceWanted::Version { template: own.id.clone()?, version: own.version.clone()? })
    });
    let of_configuration = instance.launch_configuration_name.clone().map(LaunchSourceWanted::Configuration);
    let has = of_template.or(of_configuration);
    let types = group.mixed_instances_policy.iter().flat_map(|policy| &policy.launch_template.overrides.list);
    let types: Vec<&String> = types.filter_map(|one| one.instance_type.as_ref()).collect();
    let has_a_type_of_the_policy = types.is_empty() || types.contains(&&instance.instance_type);
    if has.as_ref() == Some(&wants) && has_a_type_of_the_policy {
        return None;
    }
    let has = match (has, has_a_type_of_the_policy) {
        (Some(has), true) => has.to_string(),
        (Some(_), false) => instance.instance_type.clone(),
        (None, _) => "nothing that is known".to_owned(),
    };
    Some(OutdatedInstance { id: instance.id.clone(), has, wants })
}

/// What an instance would be launched from now; `None` where the group launches from nothing that is read here.
fn wanted(
    group: &SeenGroup,
    instance: &SeenInstance,
    aliases: &TemplateAliases,
) -> Option<LaunchSourceWanted> {
    if let Some(name) = &group.launch_configuration_name {
        return Some(LaunchSourceWanted::Configuration(name.clone()));
    }
    let mixed = group.mixed_instances_policy.as_ref().map(|policy| &policy.launch_template);
    let own_type = mixed.into_iter().flat_map(|mixed| &mixed.overrides.list);
    let of_type = own_type
        .filter(|one| one.instance_type.as_deref() == Some(&*instance.instance_type))
        .find_map(|one| one.launch_template_specification.as_ref());
    let specification = of_type
        .or(group.launch_template.as_ref())
        .or(mixed.map(|mixed| &mixed.launch_template_specification))?;
    let template = specification.id.clone()?;
    let alias = aliases.get(&template);
    let version = match specification.version.as_deref() {
        Some("$Latest") => alias.map(|alias| alias.latest_version_number.to_string()).unwrap_or_default(),
        None | Some("" | "$Default") => {
            alias.map(|alias| alias.default_version_number.to_string()).unwrap_or_default()
        }
        Some(number) => number.to_owned(),
    };
    Some(LaunchSourceWanted::Version { template, version })
}

impl std::fmt::Display for LaunchSourceWanted {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Configuration(name) => write!(formatter, "configuration {name}"),
            Self::Version { version, .. } if version.is_empty() => {
                formatter.write_str("a version that does not exist")
            }
            Self::Version { version, .. } => write!(formatter, "version {version}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(xml: &str) -> SeenGroup {
        quick_xml::de::from_str(&format!("<member>{xml}</member>")).expect("a group")
    }

    fn aliases() -> TemplateAliases {
        let template = SeenTemplate {
            launch_template_id: "lt-1".to_owned(),
            default_version_number: 2,
            latest_version_number: 3,
        };
        [("lt-1".to_owned(), template)].into()
    }

    const INSTANCES: &str = "<Instances>\
        <member><InstanceId>i-1</InstanceId><InstanceType>a</InstanceType><LifecycleState>InService</LifecycleState>\
        <LaunchTemplate><LaunchTemplateId>lt-1</LaunchTemplateId><Version>2</Version></LaunchTemplate></member>\
        <member><InstanceId>i-2</InstanceId><InstanceType>b</InstanceType><LifecycleState>InService</LifecycleState>\
        <LaunchTemplate><LaunchTemplateId>lt-1</LaunchTemplateId><Version>3</Version></LaunchTemplate></member>\
        <member><InstanceId>i-3</InstanceId><InstanceType>a</InstanceType><LifecycleState>Terminating:Wait\
        </LifecycleState></member>\
        </Instances>";

    fn found(launch: &str) -> Vec<String> {
        let outdated = outdated(&group(&format!("{INSTANCES}{launch}")), &aliases());
        outdated.iter().map(|one| format!("{} has {}, wants {}", one.id, one.has, one.wants)).collect()
    }

    #[test]
    fn versions_are_what_their_aliases_mean_now() {
        let template = |version: &str| {
            let version = format!("<LaunchTemplateId>lt-1</LaunchTemplateId>{version}");
            found(&format!("<LaunchTemplate>{version}</LaunchTemplate>"))
        };
        assert_eq!(template("<Version>$Latest</Version>"), ["i-1 has version 2, wants version 3"]);
        assert_eq!(template("<Version>$Default</Version>"), ["i-2 has version 3, wants version 2"]);
        assert_eq!(template(""), ["i-2 has version 3, wants version 2"]);
        assert_eq!(template("<Version>3</Version>"), ["i-1 has version 2, wants version 3"]);
    }

    #[test]
    fn what_came_from_elsewhere_is_outdated_and_what_leaves_is_not_counted() {
        let other = found("<LaunchConfigurationName>c</LaunchConfigurationName>");
        assert_eq!(
            other,
            ["i-1 has version 2, wants configuration c", "i-2 has version 3, wants configuration c"]
        );
        assert!(found("").is_empty(), "nothing is known of what it launches from");
    }

    #[test]
    fn a_type_of_a_mixed_policy_may_have_a_launch_template_of_its_own() {
        let specification = |version: u32| {
            format!(
                "<LaunchTemplateSpecification><LaunchTemplateId>lt-1</LaunchTemplateId><Version>{version}</Version>\
                 </LaunchTemplateSpecification>"
            )
        };
        let policy = |overrides: &str| {
            format!(
                "<MixedInstancesPolicy><LaunchTemplate>{}<Overrides>{overrides}</Overrides></LaunchTemplate>\
                 </MixedInstancesPolicy>",
                specification(2)
            )
        };
        let own = format!("<InstanceType>b</InstanceType>{}", specification(3));
        let both = format!("<member><InstanceType>a</InstanceType></member><member>{own}</member>");
        assert!(found(&policy(&both)).is_empty());
        assert_eq!(found(&policy(&format!("<member>{own}</member>"))), ["i-1 has a, wants version 2"]);
    }
}
