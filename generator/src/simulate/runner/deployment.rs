//! What a run is a run of: a stack as it would be deployed, with its machine loaded, its handler's settings and its rules.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use asg_recycle_handler::contract;
use asg_recycle_handler::settings::Settings;
use asg_recycle_simulator::event_pattern::EventPattern;
use asg_recycle_simulator::iam_policy::RolePolicies;
use asg_recycle_simulator::interpreter::{LoadError, Machine};
use asg_recycle_simulator::states_language::Refusal;
use asg_recycle_simulator::time::Span;
use asg_recycle_simulator::world::resources::{Resources, TableSpec};
use asg_recycle_simulator::world::spec::WorldSpec;
use serde_json::Value;

use super::roles::Roles;
use crate::config::{Config, SettingValue};
use crate::construct::AsgRecycle;
use crate::problem::{Problem, Problems};
use crate::simulate::invariants::{Promise, UnknownPromise};
use crate::stack::{Place, Stack};

/// The account of every simulated resource.
pub(super) const ACCOUNT: &str = "123456789012";
/// The region of every simulated resource.
pub(super) const REGION: &str = "eu-west-2";
/// Where every simulated stack is deployed.
pub const PLACE: Place<'static> = Place { partition: "aws", region: REGION, account: ACCOUNT };

/// A stack as it would be deployed: everything here is read from the values that the formats print.
#[derive(Clone)]
pub struct Deployment {
    pub(super) name: String,
    pub(super) machine: Machine,
    pub(super) machine_arn: String,
    pub(super) handler: Settings,
    rules: Vec<EventPattern>,
    /// What its roles allow; of a stack whose roles are not known, everything.
    pub(super) roles: Option<Roles>,
    lock_table: TableSpec,
    topic: String,
    notifier: Option<String>,
    strategies: BTreeMap<String, StrategyProfile>,
    alarms: BTreeSet<String>,
    config: Config,
    /// Where each state of the configuration's machine stands in the templates; found when somebody asks.
    origins: OnceCell<BTreeMap<String, String>>,
}

/// What a strategy does within windows alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WithinWindows {
    /// Nothing.
    Nothing,
    /// It begins.
    Begins,
    /// It begins, and the first old instance leaves; a doubling is undone when its window closes before.
    BeginsAndLeaves,
}

/// What is expected of a strategy.
#[derive(Debug, Clone, Copy)]
pub struct StrategyProfile {
    /// What it promises about capacity.
    pub promise: Promise,
    /// What it does within windows alone.
    pub(super) within_windows: WithinWindows,
    /// Whether it replaces instances that are protected from scale-in.
    pub replaces_protected: bool,
    /// How long new instances prove themselves before those that they replace leave.
    pub proving: Span,
    /// How long it waits for new instances to serve.
    pub launch_timeout: Span,
    /// Whether it makes a warm pool again that holds outdated instances.
    pub renews_pool: bool,
}

impl StrategyProfile {
    /// Whether it keeps to windows.
    pub fn keeps_to_windows(&self) -> bool {
        self.within_windows != WithinWindows::Nothing
    }
}

impl Deployment {
    /// Deploys what a configuration builds.
    ///
    /// # Errors
    /// What is wrong with the stack: faults of the templates, not of the configuration.
    pub fn build(config: &Config) -> Result<Self, Problems> {
        Self::of(&AsgRecycle::from_config(config.clone())?)
    }

    /// Deploys a stack.
    ///
    /// # Errors
    /// What the interpreter does not take of its machine, the handler of its settings, or the matcher of its rules.
    pub fn of(recycle: &AsgRecycle) -> Result<Self, Problems> {
        let stack = recycle.stack();
        let substitutions = texts(stack.resolve(&stack.machine.substitutions, PLACE));
        let machine = Machine::load(&stack.machine.definition, &substitutions)
            .map_err(|error| unsupported(error, &AsgRecycle::origins(recycle.config())))?;
        let handler = handler_settings(stack)?;
        let notifier = recycle.config().notifications.notifier_function_arn.clone().map(String::from);
        let lock_table = stack.text(&stack.lock.name, PLACE);
        Ok(Self {
            name: stack.text(&stack.machine.name, PLACE),
            machine,
            machine_arn: handler.machine.to_string(),
            topic: handler.topic_arn.clone(),
            handler,
            rules: rules(stack, ("", ""))?,
            lock_table: TableSpec {
                name: lock_table,
                key: stack.lock.hash_key.to_owned(),
                ..TableSpec::default()
            },
            roles: Some(Roles::of(stack, PLACE)?),
            notifier,
            strategies: profiles(recycle.config())?,
            alarms: alarms(recycle.config()),
            config: recycle.config().clone(),
            origins: OnceCell::new(),
        })
    }

    /// What is deployed somewhere: a definition with its names filled in, and the handler's settings. `config` has the same settings of
    /// strategies, by which what they promise is known.
    ///
    /// # Errors
    /// What the interpreter does not take of the definition, or what is wrong with the stack of the configuration.
    pub fn deployed(config: &Config, definition: &str, handler: Settings) -> Result<Self, Problems> {
        let recycle = AsgRecycle::from_config(config.clone())?;
        let like = Self::of(&recycle)?;
        let machine = Machine::load(definition, &BTreeMap::new())
            .map_err(|error| unsupported(error, &AsgRecycle::origins(config)))?;
        let machine_arn = handler.machine.to_string();
        Ok(Self {
            rules: rules(recycle.stack(), (&like.machine_arn, &machine_arn))?,
            name: machine_arn.rsplit(':').next().unwrap_or_default().to_owned(),
            machine,
            machine_arn,
            topic: handler.topic_arn.clone(),
            handler,
            notifier: invoked(definition),
            roles: None, // which role it has there is not looked at
            ..like
        })
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

    /// Where a state stands in the templates, `FILE:LINE`.
    pub fn origin(&self, state: &str) -> Option<&str> {
        self.origins.get_or_init(|| AsgRecycle::origins(&self.config)).get(state).map(String::as_str)
    }

    /// Names of the alarms that its strategies watch.
    pub fn alarms(&self) -> impl Iterator<Item = &str> {
        self.alarms.iter().map(String::as_str)
    }

    /// What its roles allow; nothing is known of those of a stack that is deployed.
    pub fn roles(&self) -> Option<&Roles> {
        self.roles.as_ref()
    }

    /// The same with other roles.
    #[must_use]
    pub fn with_roles(self, roles: Roles) -> Self {
        Self { roles: Some(roles), ..self }
    }

    /// ARN of the machine.
    pub fn machine_arn(&self) -> &str {
        &self.machine_arn
    }

    /// Name of the machine.
    pub fn machine_name(&self) -> &str {
        &self.name
    }

    /// ARN of the machine, and what its role allows.
    fn role_by_machine(&self) -> Option<(String, Arc<RolePolicies>)> {
        Some((self.machine_arn.clone(), Arc::clone(&self.roles.as_ref()?.machine)))
    }

    /// Whether one of the stack's rules hands an event to its handler.
    pub(super) fn selects(&self, event: &Value) -> bool {
        self.rules.iter().any(|rule| rule.selects(event))
    }
}

/// Puts what is deployed into a world: tables, topics and functions, each once.
pub(super) fn configure_world(deployments: &[std::rc::Rc<Deployment>], spec: &mut WorldSpec) {
    let mut tables: Vec<TableSpec> = Vec::new();
    for deployment in deployments {
        if !tables.contains(&deployment.lock_table) {
            tables.push(deployment.lock_table.clone());
        }
    }
    spec.resources = Resources {
        tables,
        roles: deployments.iter().filter_map(|one| one.role_by_machine()).collect(),
        opt_in_tag: contract::RECYCLE_ON_ASG_UPDATE.key.to_owned(),
        topics: deployments.iter().map(|one| one.topic.clone()).collect(),
        functions: deployments.iter().filter_map(|one| one.notifier.clone()).collect(),
    };
}

/// The environment of the emitted function, deployed at a place.
pub fn handler_environment(stack: &Stack, place: Place<'_>) -> BTreeMap<String, String> {
    texts(stack.resolve(&stack.function.environment, place))
}

/// The settings of a stack's handler, from the environment of the emitted function.
///
/// # Errors
/// If the handler would refuse to start with them: a fault of the generator.
pub fn handler_settings(stack: &Stack) -> Result<Settings, Problems> {
    let environment = handler_environment(stack, PLACE);
    Settings::parse(&environment).map_err(|faults| {
        let reasons: Vec<String> = faults.iter().map(ToString::to_string).collect();
        Problem::new("handler-settings", "", reasons.join("; ")).into()
    })
}

/// The function that a definition invokes, the notifier, where it invokes one.
fn invoked(definition: &str) -> Option<String> {
    let arns = definition.split('"').filter(|text| text.starts_with("arn:") && text.contains(":lambda:"));
    arns.filter(|arn| arn.contains(":function:")).map(str::to_owned).next()
}

/// The patterns of the stack's rules, with another machine in place of one: a rule is for the ends of the machine's executions alone.
fn rules(stack: &Stack, (own, other): (&str, &str)) -> Result<Vec<EventPattern>, Problem> {
    let patterns = stack.rules.iter().map(|rule| {
        let mut pattern = stack.resolve(&rule.pattern, PLACE).unwrap_or_default();
        rename(&mut pattern, own, other);
        let unread = |error: asg_recycle_simulator::event_pattern::PatternError| {
            Problem::new("event-pattern", format!("/rules/{}", rule.label), error.to_string())
        };
        EventPattern::read(&pattern).map_err(unread)
    });
    patterns.collect()
}

/// Puts one text in another's place, wherever a value holds it alone.
fn rename(value: &mut Value, from: &str, to: &str) {
    match value {
        Value::String(text) if text == from => to.clone_into(text),
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, from, to)),
        Value::Object(entries) => entries.values_mut().for_each(|entry| rename(entry, from, to)),
        _ => {}
    }
}

/// The texts of a map.
fn texts(resolved: Option<Value>) -> BTreeMap<String, String> {
    let Some(Value::Object(entries)) = resolved else { return BTreeMap::new() };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    entries.iter().map(|(name, value)| (name.clone(), text(value))).collect()
}

/// What the interpreter refuses, as problems of the definition.
fn unsupported(error: LoadError, origins: &BTreeMap<String, String>) -> Problems {
    let problem = |refusal: Refusal| {
        let template = origins.get(&refusal.state).cloned();
        Problem::new("asl-unsupported", refusal.state, refusal.reason).in_template(template)
    };
    let mut problems = Problems::default();
    problems.extend(error.0.into_iter().map(problem));
    problems
}

fn alarms(config: &Config) -> BTreeSet<String> {
    let settings = config.strategies.values().flat_map(BTreeMap::values);
    let names = settings.filter_map(|value| match value {
        SettingValue::List(names) => Some(names),
        _ => None,
    });
    names.flatten().cloned().collect()
}

fn profiles(config: &Config) -> Result<BTreeMap<String, StrategyProfile>, Problem> {
    let profile = |(name, settings): (&String, &BTreeMap<String, SettingValue>)| {
        let Some(strategy) = config.catalog().strategies().get(name) else {
            return Err(Problem::new("strategy", "", format!("there is no strategy `{name}`")));
        };
        let unknown =
            |error: UnknownPromise| Problem::new("promise", format!("/strategies/{name}"), error.to_string());
        let judged_by = &strategy.judged_by;
        let percentage = |key: &Option<String>| match settings.get(key.as_ref()?) {
            Some(SettingValue::Integer(value)) => u32::try_from(*value).ok(),
            _ => None,
        };
        let promise = match strategy.promise.parse().map_err(unknown)? {
            Promise::Percent { .. } => Promise::Percent {
                minimum: percentage(&judged_by.minimum_percent).unwrap_or(100),
                may_grow: percentage(&judged_by.maximum_percent).is_some_and(|maximum| maximum > 100),
            },
            other => other,
        };
        let says = |key: &str, word: &str| settings.get(key) == Some(&SettingValue::Text(word.to_owned()));
        let whole = |key: &str| match settings.get(key) {
            Some(SettingValue::Integer(value)) => *value,
            _ => 0,
        };
        let leaves = judged_by.leaves_in_windows.iter().any(|(key, word)| says(key, word));
        let profile = StrategyProfile {
            promise,
            within_windows: match strategy.windowed {
                false => WithinWindows::Nothing,
                true if leaves => WithinWindows::BeginsAndLeaves,
                true => WithinWindows::Begins,
            },
            replaces_protected: says("protected_instances", "replace"),
            proving: Span::seconds(whole("proving_seconds")),
            launch_timeout: Span::seconds(whole("launch_timeout_seconds")),
            renews_pool: says("warm_pool", "replace"),
        };
        Ok((name.clone(), profile))
    };
    config.strategies.iter().map(profile).collect()
}
