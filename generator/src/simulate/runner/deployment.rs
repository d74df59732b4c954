//! What a run is a run of: the emitted machine, loaded, and the settings that the handler would have.

use std::collections::BTreeMap;

use asg_recycle_handler::contract::{self, VARIABLES};
use asg_recycle_handler::settings::Settings;

use crate::asl::{self, Placeholder};
use crate::config::{Config, SettingValue};
use crate::problem::{Problem, Problems};
use crate::simulate::invariants::Promise;
use asg_recycle_simulator::interpreter::{LoadError, Machine, Refusal};
use asg_recycle_simulator::world::spec::{Resources, TableSpec, WorldSpec};

/// The account of every simulated resource.
pub(super) const ACCOUNT: &str = "123456789012";
/// The region of every simulated resource.
pub(super) const REGION: &str = "eu-west-2";
const TABLE: &str = "asg-recycle";
const TOPIC: &str = "arn:aws:sns:eu-west-2:123456789012:asg-recycle";
/// The role that the machine acts in.
const MACHINE_ROLE: &str = "arn:aws:iam::123456789012:role/asg-recycle-machine";

/// A stack as it would be deployed.
#[derive(Clone)]
pub struct Deployment {
    pub(super) machine: Machine,
    pub(super) machine_arn: String,
    pub(super) handler: Settings,
    pub(super) follows_template_versions: bool,
    notifier: Option<String>,
    strategies: BTreeMap<String, StrategyProfile>,
}

/// What is expected of a strategy.
#[derive(Debug, Clone, Copy)]
pub struct StrategyProfile {
    /// What it promises about capacity.
    pub promise: Promise,
    /// Whether it keeps to windows.
    pub windowed: bool,
    /// Whether it replaces instances that are protected from scale-in.
    pub replaces_protected: bool,
}

impl Deployment {
    /// Deploys what a configuration builds.
    ///
    /// # Errors
    /// What is wrong with the machine: faults of the templates, not of the configuration.
    pub fn of(config: &Config) -> Result<Self, Problems> {
        Self::with_definition(config, &asl::build(config)?.definition)
    }

    /// Deploys a definition that is not the one which the configuration builds, but was made from it.
    ///
    /// # Errors
    /// What the interpreter does not take of it.
    pub fn with_definition(config: &Config, definition: &str) -> Result<Self, Problems> {
        let notifier = config.notifications.notifier_function_arn.clone().map(String::from);
        let values = Placeholder::ALL.iter().map(|placeholder| {
            let value = match placeholder {
                Placeholder::LockTableName => TABLE.to_owned(),
                Placeholder::NotifierFunctionArn => notifier.clone().unwrap_or_default(),
                Placeholder::TopicArn => TOPIC.to_owned(),
            };
            (placeholder.as_str().to_owned(), value)
        });
        let machine = Machine::load(definition, &values.collect()).map_err(unsupported)?;
        let machine_arn = format!("arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{}", config.name);
        let handler = Settings::parse(&environment(config, &machine_arn), None).map_err(|faults| {
            let reasons = faults.iter().map(ToString::to_string);
            Problem::new("handler-settings", "", reasons.collect::<Vec<_>>().join("; "))
        })?;
        let follows_template_versions = config.trigger.launch_template_versions;
        let strategies = profiles(config)?;
        Ok(Self { machine, machine_arn, handler, follows_template_versions, notifier, strategies })
    }

    /// The machine, as it is interpreted.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// What is expected of a strategy; `None` for one that the stack does not have.
    pub fn profile(&self, strategy: &str) -> Option<&StrategyProfile> {
        self.strategies.get(strategy)
    }

    /// Names of the strategies.
    pub fn strategies(&self) -> impl Iterator<Item = &str> {
        self.strategies.keys().map(String::as_str)
    }

    /// Gives a world the names of the deployed resources.
    pub(super) fn configure_world(&self, spec: &mut WorldSpec) {
        spec.resources = Resources {
            tables: vec![TableSpec { name: TABLE.to_owned(), ..TableSpec::default() }],
            opt_in_tag: contract::RECYCLE_ON_ASG_UPDATE.key.to_owned(),
            topics: vec![TOPIC.to_owned()],
            functions: self.notifier.iter().cloned().collect(),
        };
    }
}

/// What the interpreter refuses, as problems of the definition.
fn unsupported(error: LoadError) -> Problems {
    let problem = |refusal: Refusal| Problem::new("asl-unsupported", refusal.state, refusal.reason);
    let mut problems = Problems::default();
    problems.extend(error.0.into_iter().map(problem));
    problems
}

/// The handler's environment, as the stack sets it.
fn environment(config: &Config, machine_arn: &str) -> BTreeMap<String, String> {
    let value = |variable: &contract::Variable| match *variable {
        contract::STATE_MACHINE_ARN => machine_arn.to_owned(),
        contract::TOPIC_ARN => TOPIC.to_owned(),
        contract::STRATEGIES => strategy_names(config),
        contract::DEFAULT_TIME_ZONE => time_zone(config),
        contract::TAG_CHANGES => config.trigger.tag_changes.as_str().to_owned(),
        contract::SLACK_CHANNEL => {
            config.notifications.slack_channel.clone().map(String::from).unwrap_or_default()
        }
        contract::OWN_ROLE_ARNS => MACHINE_ROLE.to_owned(),
        contract::ALLOWED_STEP_FUNCTIONS => config.handler.allowed_step_functions.join(","),
        _ => String::new(),
    };
    VARIABLES.iter().map(|variable| (variable.name.to_owned(), value(variable))).collect()
}

fn strategy_names(config: &Config) -> String {
    let is_windowed =
        |name: &str| config.catalog().strategies().get(name).is_some_and(|known| known.windowed);
    let marked = |name: &String| if is_windowed(name) { format!("{name}:windowed") } else { name.clone() };
    config.strategies.keys().map(marked).collect::<Vec<_>>().join(",")
}

fn time_zone(config: &Config) -> String {
    let mut zones = config.strategies.values().filter_map(|settings| match settings.get("time_zone") {
        Some(SettingValue::Text(zone)) => Some(zone.clone()),
        _ => None,
    });
    zones.next().unwrap_or_else(|| "UTC".to_owned())
}

fn profiles(config: &Config) -> Result<BTreeMap<String, StrategyProfile>, Problem> {
    let profile = |(name, settings): (&String, &BTreeMap<String, SettingValue>)| {
        let Some(strategy) = config.catalog().strategies().get(name) else {
            return Err(Problem::new("strategy", "", format!("there is no strategy `{name}`")));
        };
        let unknown = |error: crate::simulate::invariants::UnknownPromise| {
            Problem::new("promise", format!("/strategies/{name}"), error.to_string())
        };
        let percentage = |key: &str| match settings.get(key) {
            Some(SettingValue::Integer(value)) => u32::try_from(*value).ok(),
            _ => None,
        };
        let promise = match strategy.promise.parse().map_err(unknown)? {
            Promise::Percent { .. } => Promise::Percent {
                minimum: percentage("min_healthy_percentage").unwrap_or(100),
                may_grow: percentage("max_healthy_percentage").is_some_and(|maximum| maximum > 100),
            },
            other => other,
        };
        let protected = settings.get("protected_instances");
        let replaces_protected = protected == Some(&SettingValue::Text("replace".to_owned()));
        Ok((name.clone(), StrategyProfile { promise, windowed: strategy.windowed, replaces_protected }))
    };
    config.strategies.iter().map(profile).collect()
}
