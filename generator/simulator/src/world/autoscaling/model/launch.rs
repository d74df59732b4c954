//! What a group launches from, which versions that means at a moment, and which instances are current.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::world::spec::{LaunchSpec, TemplateVersionSpec};

use super::instance::{Instance, Origin};

/// A launch template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaunchTemplate {
    /// Its name.
    pub name: Arc<str>,
    /// Number of the newest version.
    pub latest: u32,
    /// Number of the default version.
    pub default: u32,
    /// Whether somebody has deleted it: it can neither be launched from nor described, and what was launched from it is still of it.
    pub is_deleted: bool,
}

/// All templates by id.
pub type LaunchTemplates = BTreeMap<Arc<str>, LaunchTemplate>;

/// Which version of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// This one.
    Number(u32),
    /// The newest at the moment of launch.
    Latest,
    /// The default at the moment of launch.
    Default,
}

impl Version {
    /// The version that a text means; a missing one is `$Default`.
    pub fn parse(text: Option<&str>) -> Option<Self> {
        match text {
            None | Some("$Default") => Some(Self::Default),
            Some("$Latest") => Some(Self::Latest),
            Some(number) => number.parse().ok().map(Self::Number),
        }
    }

    /// As AWS writes it.
    pub fn text(self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Latest => "$Latest".to_owned(),
            Self::Default => "$Default".to_owned(),
        }
    }
}

/// A template and which version of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateVersion {
    /// The template's id.
    pub template: Arc<str>,
    /// The version.
    pub version: Version,
}

impl TemplateVersion {
    fn described(spec: &TemplateVersionSpec) -> Option<Self> {
        Some(Self { template: spec.id.as_str().into(), version: Version::parse(Some(&spec.version))? })
    }

    /// The number that it means now; `None` where the template does not exist.
    pub fn resolve(&self, templates: &LaunchTemplates) -> Option<u32> {
        let template = templates.get(&self.template)?;
        Some(match self.version {
            Version::Number(number) => number,
            Version::Latest => template.latest,
            Version::Default => template.default,
        })
    }
}

/// One instance type of a mixed instances policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// The type.
    pub instance_type: Arc<str>,
    /// Units of capacity an instance of it counts for.
    pub weight: Option<u32>,
    /// A template of its own.
    pub template: Option<TemplateVersion>,
}

/// What a group launches from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LaunchSource {
    /// A launch template.
    Template(TemplateVersion),
    /// A launch configuration.
    Configuration(Arc<str>),
    /// A mixed instances policy.
    Mixed {
        /// The template of types without one of their own.
        template: TemplateVersion,
        /// The types, in order of preference.
        overrides: Vec<Override>,
    },
}

/// The type of instances of a group whose launch source names none.
pub const PLAIN_TYPE: &str = "m6g.large";

/// What the next launch makes.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// The origin.
    pub origin: Origin,
    /// The type.
    pub instance_type: Arc<str>,
    /// Units of capacity.
    pub weight: u32,
}

impl LaunchSource {
    /// What a description means; `None` where a version cannot be read.
    pub fn described(spec: &LaunchSpec) -> Option<Self> {
        Some(match spec {
            LaunchSpec::Template(template) => Self::Template(TemplateVersion::described(template)?),
            LaunchSpec::Configuration(name) => Self::Configuration(name.as_str().into()),
            LaunchSpec::Mixed { template, overrides } => Self::Mixed {
                template: TemplateVersion::described(template)?,
                overrides: overrides
                    .iter()
                    .map(|one| {
                        let template = match &one.template {
                            Some(template) => Some(TemplateVersion::described(template)?),
                            None => None,
                        };
                        Some(Override {
                            instance_type: one.instance_type.as_str().into(),
                            weight: one.weight,
                            template,
                        })
                    })
                    .collect::<Option<_>>()?,
            },
        })
    }

    /// What launch number `turn` makes; types of a mixed policy take turns. `None` where a template is missing.
    pub fn recipe(&self, templates: &LaunchTemplates, turn: usize) -> Option<Recipe> {
        let from = |spec: &TemplateVersion| {
            templates.get(&spec.template).filter(|template| !template.is_deleted)?;
            let version = spec.resolve(templates)?;
            Some(Origin::Template { template: spec.template.clone(), version })
        };
        match self {
            Self::Template(spec) => {
                Some(Recipe { origin: from(spec)?, instance_type: PLAIN_TYPE.into(), weight: 1 })
            }
            Self::Configuration(name) => Some(Recipe {
                origin: Origin::Configuration(name.clone()),
                instance_type: PLAIN_TYPE.into(),
                weight: 1,
            }),
            Self::Mixed { template, overrides } => {
                let chosen = overrides.get(turn % overrides.len().max(1));
                let spec = chosen.and_then(|one| one.template.as_ref()).unwrap_or(template);
                Some(Recipe {
                    origin: from(spec)?,
                    instance_type: chosen.map_or_else(|| PLAIN_TYPE.into(), |one| one.instance_type.clone()),
                    weight: chosen.and_then(|one| one.weight).unwrap_or(1),
                })
            }
        }
    }

    /// Whether an instance is what the group would launch now.
    pub fn is_current(&self, templates: &LaunchTemplates, instance: &Instance) -> bool {
        self.would_launch(templates, &instance.instance_type, &instance.origin)
    }

    /// Whether an instance of that type and origin is what the group would launch now.
    pub(super) fn would_launch(
        &self,
        templates: &LaunchTemplates,
        instance_type: &Arc<str>,
        origin: &Origin,
    ) -> bool {
        let spec = match self {
            Self::Configuration(name) => return *origin == Origin::Configuration(name.clone()),
            Self::Template(spec) => spec,
            Self::Mixed { template, overrides } => {
                let chosen = overrides.iter().find(|one| one.instance_type == *instance_type);
                if chosen.is_none() && !overrides.is_empty() {
                    return false;
                }
                chosen.and_then(|one| one.template.as_ref()).unwrap_or(template)
            }
        };
        match origin {
            Origin::Template { template, version } => {
                *template == spec.template && Some(*version) == spec.resolve(templates)
            }
            Origin::Configuration(_) => false,
        }
    }
}
