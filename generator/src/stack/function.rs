//! The handler: the Lambda function and what feeds it.

use asg_recycle_handler::contract;
use asg_recycle_handler::message::Forms;
use serde::Serialize;

use super::key;
use super::package_digest::PackageDigest;
use super::parameter::ParameterKey;
use super::role_arn;
use super::value::{EVENTS_QUEUE, HANDLER_LOGS, MACHINE, TOPIC, Value};
use crate::config::{
    AliasName, Config, EmailForm, HttpsForm, PackageKind, ReservedConcurrency, SettingValue,
};
use crate::strategy::Setting;
use crate::{digest, names};

/// The Lambda function that decides which groups are recycled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Function {
    /// Its name, which its log group and its metrics carry, too.
    pub name: Value,
    /// What it does, as Lambda's console shows it.
    pub description: &'static str,
    /// What it runs, and where that is.
    pub code: Code,
    /// The processor, in Lambda's word.
    pub architecture: &'static str,
    /// Memory, 128 to 10,240.
    pub memory_megabytes: u32,
    /// Time limit of one invocation, 1 to 900.
    pub timeout_seconds: u32,
    /// Concurrent invocations set aside for it; unreserved where absent.
    pub reserved_concurrency: Option<u32>,
    /// ARN of its role.
    pub role_arn: Value,
    /// Least level that it logs.
    pub log_level: Value,
    /// Name of its log group.
    pub log_group: Value,
    /// Its environment: exactly [`contract::VARIABLES`], in that order.
    pub environment: Value,
    /// ARN of the key that encrypts its environment; Lambda's own where there is none.
    pub key_arn: Option<Value>,
    /// Whether X-Ray follows its invocations, in Lambda's word.
    pub tracing: &'static str,
    /// The VPC that it is in, where there is one.
    pub network: Option<Network>,
    /// ARN of what says who may sign its zip, where there is such a thing.
    pub code_signing_config_arn: Option<Value>,
    /// The alias by which it is called, where versions are published.
    pub alias: Option<Alias>,
    /// What reads the queue and calls it.
    pub source: EventSource,
}

/// An alias of the function, which a deployment points to the version that it publishes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alias {
    /// Its name.
    pub name: String,
    /// What it is for, as Lambda's console shows it.
    pub description: &'static str,
    /// Changes with whatever `stack.yaml` and the zip make of the function, so that a format that has to be told publishes a
    /// version: 16 hexadecimal digits.
    pub fingerprint: String,
    /// The parameters that make something else of the function, each as a text.
    pub deciding: Vec<Value>,
}

/// Where a function has its network interfaces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Network {
    /// Ids of the subnets.
    pub subnet_ids: Value,
    /// Ids of the security groups.
    pub security_group_ids: Value,
}

/// What a function runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// A zip.
    Zip(ZipCode),
    /// A container image.
    Image {
        /// The image in ECR, by its digest.
        uri: Value,
    },
}

/// A zip, and what it needs to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ZipCode {
    /// The managed runtime: the operating system that a compiled handler runs on.
    pub runtime: &'static str,
    /// The executable in the zip.
    pub handler: &'static str,
    /// The zip's file name beside the stack's own folder.
    pub file: &'static str,
    /// SHA-256 of the zip in base64, for a format that cannot read the zip; absent before it is built.
    pub source_code_hash: Option<String>,
    /// Where the zip has been published; absent where whoever deploys says where it is.
    pub published: Option<PublishedZip>,
}

impl Code {
    /// Where its zip has been published; nothing where it has not been, or there is none.
    pub fn published(&self) -> Option<&PublishedZip> {
        match self {
            Self::Zip(zip) => zip.published.as_ref(),
            Self::Image { .. } => None,
        }
    }
}

/// A zip in a bucket of S3.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PublishedZip {
    /// The bucket's name.
    pub bucket: String,
    /// The object's key.
    pub key: String,
}

/// The mapping from the queue to the function; failures are reported per record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventSource {
    /// ARN of the queue.
    pub queue_arn: Value,
    /// Most records of an invocation, 1 to 10.
    pub batch_size: u32,
    /// How long a batch may fill, 0 to 300.
    pub batching_window_seconds: u32,
    /// Concurrent invocations, 2 to 1,000.
    pub concurrency_max: u32,
}

/// Zone of windows where no strategy has a setting for it.
const DEFAULT_TIME_ZONE: &str = "UTC";

pub(super) fn function(config: &Config, package: Option<&PackageDigest>) -> Function {
    let handler = &config.handler;
    let mut function = Function {
        name: Value::prefixed(names::FUNCTION.suffix),
        description: "Decides whether and how to recycle an Auto Scaling group that has changed",
        code: code(config.package.kind, package),
        architecture: handler.architecture.as_str(),
        memory_megabytes: handler.memory_megabytes.get(),
        timeout_seconds: handler.timeout_seconds.get(),
        reserved_concurrency: handler.reserved_concurrency.map(ReservedConcurrency::get),
        role_arn: role_arn::handler(config),
        log_level: Value::parameter(ParameterKey::LogLevel),
        log_group: HANDLER_LOGS.name(),
        environment: Value::map(contract::VARIABLES.iter().map(|each| (each.name, variable(each, config)))),
        key_arn: key::arn(config),
        tracing: if config.tracing.enabled { "Active" } else { "PassThrough" },
        network: config.network.is_given().then(|| network(config)),
        code_signing_config_arn: handler
            .code_signing_config_arn
            .as_ref()
            .map(|_| Value::parameter(ParameterKey::CodeSigningConfigArn)),
        alias: None,
        source: EventSource {
            queue_arn: EVENTS_QUEUE.arn(),
            batch_size: config.queue.batch_size.get(),
            batching_window_seconds: config.queue.batching_window_seconds.get(),
            concurrency_max: config.queue.maximum_concurrency.get(),
        },
    };
    function.alias = handler.alias.as_ref().map(|name| alias(name, &function, config));
    function
}

/// Of the lists of a function that has versions, `stack.yaml` alone decides: see [`Alias::deciding`].
fn network(config: &Config) -> Network {
    let given = &config.network;
    if config.handler.alias.is_some() {
        return Network {
            subnet_ids: Value::list(given.subnet_ids.iter().map(|id| &**id)),
            security_group_ids: Value::list(given.security_group_ids.iter().map(|id| &**id)),
        };
    }
    Network {
        subnet_ids: Value::parameter(ParameterKey::SubnetIds),
        security_group_ids: Value::parameter(ParameterKey::SecurityGroupIds),
    }
}

fn alias(name: &AliasName, function: &Function, config: &Config) -> Alias {
    // What of it no version has. Where nothing else changes, Lambda publishes none. The zip is named by its key, which decides besides:
    // with its hash, `generate` and `build` would tell two versions of one function.
    let code = match function.code.clone() {
        Code::Zip(zip) => Code::Zip(ZipCode { source_code_hash: None, ..zip }),
        image @ Code::Image { .. } => image,
    };
    let versioned = Function {
        code,
        reserved_concurrency: None,
        code_signing_config_arn: None,
        source: EventSource {
            batch_size: 0,
            batching_window_seconds: 0,
            concurrency_max: 0,
            ..function.source.clone()
        },
        ..function.clone()
    };
    let text = serde_json::to_vec(&versioned).expect("texts, numbers and references");
    let level = Value::parameter(ParameterKey::LogLevel);
    let channel = Value::or_empty(ParameterKey::SlackChannel);
    let runbook = Value::or_empty(ParameterKey::RunbookUrl);
    let zip =
        matches!(config.package.kind, PackageKind::Zip).then(|| Value::parameter(ParameterKey::HandlerS3Key));
    Alias {
        name: name.to_string(),
        description: "What the queue calls: point it to a former version to roll back",
        fingerprint: digest::hex(&text)[..16].to_owned(),
        deciding: [level, channel, runbook].into_iter().chain(zip).collect(),
    }
}

fn code(kind: PackageKind, package: Option<&PackageDigest>) -> Code {
    match kind {
        PackageKind::Zip => Code::Zip(ZipCode {
            runtime: "provided.al2023",
            handler: "bootstrap",
            file: names::HANDLER_ZIP,
            source_code_hash: package.map(PackageDigest::base64),
            published: None,
        }),
        PackageKind::Image => Code::Image { uri: Value::parameter(ParameterKey::HandlerImageUri) },
    }
}

/// The value of one environment variable.
///
/// # Panics
/// If the contract has a variable that is not set here; the first test to describe a stack meets it.
fn variable(variable: &contract::Variable, config: &Config) -> Value {
    match *variable {
        contract::STATE_MACHINE_ARN => MACHINE.arn(),
        contract::TOPIC_ARN => TOPIC.arn(),
        contract::STRATEGIES => strategies(config).into(),
        contract::DEFAULT_TIME_ZONE => default_time_zone(config).into(),
        contract::TAG_CHANGES => config.trigger.tag_changes.as_str().into(),
        contract::IGNORED_TAG_KEYS => config.trigger.ignored_tag_keys.join(",").into(),
        contract::SLACK_CHANNEL => Value::or_empty(ParameterKey::SlackChannel),
        contract::OWN_ROLE_ARNS => {
            Value::joined([role_arn::handler(config), ",".into(), role_arn::machine(config)])
        }
        contract::ALLOWED_STEP_FUNCTIONS => config.handler.allowed_step_functions.join(",").into(),
        contract::GROUP_NAME_PREFIXES => config.groups.name_prefixes.join(",").into(),
        contract::GROUP_TAGS => group_tags(config).into(),
        contract::MESSAGE_FORMS => forms(config).text().into(),
        contract::ENVIRONMENT => Value::parameter(ParameterKey::Environment),
        contract::RUNBOOK_URL => Value::or_empty(ParameterKey::RunbookUrl),
        unknown => panic!("no value for the handler's variable {}", unknown.name),
    }
}

fn strategies(config: &Config) -> String {
    let known = config.catalog().strategies();
    let windowed = |name: &str| known.get(name).is_some_and(|strategy| strategy.windowed);
    let names = config.strategies.keys();
    let marked = names.map(|name| if windowed(name) { format!("{name}:windowed") } else { name.clone() });
    marked.collect::<Vec<_>>().join(",")
}

/// None of the handler's messages pages, so that PagerDuty gets no form of them.
fn forms(config: &Config) -> Forms {
    Forms {
        mail: config.notifications.email_form == EmailForm::Text,
        chat: config.notifications.https_form == HttpsForm::Chat,
    }
}

/// As JSON, for a tag's key may hold any sign that could part one tag from the next.
fn group_tags(config: &Config) -> String {
    let tags = &config.groups.tags;
    if tags.is_empty() { String::new() } else { serde_json::json!(tags).to_string() }
}

/// The time zone that a strategy with windows is configured with.
fn default_time_zone(config: &Config) -> String {
    let known = config.catalog().strategies();
    let is_zone = |strategy: &str, key: &str| {
        let setting = known.get(strategy).and_then(|strategy| strategy.settings.get(key));
        matches!(setting, Some(Setting::TimeZone { .. }))
    };
    let settings = config.strategies.iter().flat_map(|(strategy, settings)| {
        settings.iter().filter(move |(key, _)| is_zone(strategy, key)).map(|(_, value)| value)
    });
    let zone = settings.into_iter().find_map(|value| match value {
        SettingValue::Text(zone) => Some(zone.clone()),
        _ => None,
    });
    zone.unwrap_or_else(|| DEFAULT_TIME_ZONE.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::value::Reference;
    use super::*;
    use crate::config::limits::{LISTS_BYTES_MAX, VARIABLES_BYTES_MAX};
    use crate::config::{self, BatchSize, RunbookUrl, SlackChannel, TimeoutSeconds};

    fn environment(config: &Config) -> Vec<(String, Value)> {
        match function(config, None).environment {
            Value::Map(entries) => entries,
            other => panic!("not a map: {other:?}"),
        }
    }

    #[test]
    fn the_environment_is_exactly_what_the_handler_reads() {
        let set = environment(&Config::with_defaults("demo".parse().unwrap()));
        let set: Vec<&str> = set.iter().map(|(name, _)| name.as_str()).collect();
        let read: Vec<&str> = contract::VARIABLES.iter().map(|variable| variable.name).collect();
        assert_eq!(set, read);
    }

    /// Greatest length of a value in bytes, without what the lists of `stack.yaml` and the roles' path add.
    fn bytes_max(value: &Value) -> usize {
        match value {
            Value::Text(text) => text.len(),
            Value::Joined(parts) => parts.iter().map(bytes_max).sum(),
            Value::When(when) => bytes_max(&when.then),
            Value::Reference(Reference::Parameter(ParameterKey::SlackChannel)) => {
                SlackChannel::format().length_max
            }
            Value::Reference(Reference::Parameter(ParameterKey::RunbookUrl)) => {
                RunbookUrl::format().length_max
            }
            Value::Reference(Reference::Parameter(ParameterKey::Environment)) => {
                config::Environment::format().length_max
            }
            // Partition, service, region, account, kind and name, the longest of each.
            Value::Reference(Reference::Attribute(..)) => "arn::::::".len() + 10 + 6 + 15 + 12 + 12 + 64,
            other => panic!("{other:?} has no bound"),
        }
    }

    #[test]
    fn the_environment_leaves_room_for_the_lists() {
        let entries = environment(&Config::with_defaults("demo".parse().unwrap()));
        let bytes: usize = entries.iter().map(|(name, value)| name.len() + bytes_max(value)).sum();
        let zones = jiff::tz::db().available().map(|zone| zone.as_str().len()).max().unwrap_or_default();
        let others = zones + strategies(&Config::with_defaults("demo".parse().unwrap())).len();
        assert!(bytes + others <= VARIABLES_BYTES_MAX - LISTS_BYTES_MAX, "{}", bytes + others);
    }

    #[test]
    fn a_version_is_published_of_what_a_version_holds() {
        let of = |change: fn(&mut Config), package: Option<&PackageDigest>| {
            let mut config = Config::with_defaults("demo".parse().unwrap());
            config.handler.alias = Some("live".parse().unwrap());
            change(&mut config);
            function(&config, package).alias.expect("it has one").fingerprint
        };
        let fingerprint = |change| of(change, None);
        let same = fingerprint(|_| {});
        let built = PackageDigest::from_hex(&"ab".repeat(32)).expect("a digest");
        assert_eq!(same, of(|_| {}, Some(&built)), "the zip's key decides, and not whether it was built");
        assert_eq!(same, fingerprint(|config| config.queue.batch_size = BatchSize::new(1).unwrap()));
        let reserved = |config: &mut Config| {
            config.handler.reserved_concurrency = ReservedConcurrency::new(10).ok();
        };
        assert_eq!(same, fingerprint(reserved));
        let longer = |config: &mut Config| config.handler.timeout_seconds = TimeoutSeconds::new(31).unwrap();
        assert_ne!(same, fingerprint(longer));
        assert_ne!(same, fingerprint(|config| config.encryption.customer_key = true));
        let subnet = |config: &mut Config| {
            config.network.subnet_ids = vec!["subnet-0123abcd".parse().unwrap()].try_into().unwrap();
        };
        assert_ne!(same, fingerprint(subnet));
    }

    #[test]
    fn a_strategy_that_needs_windows_is_marked() {
        let config = Config::with_defaults("demo".parse().unwrap());
        let marked = strategies(&config);
        let marked: Vec<_> = marked.split(',').collect();
        assert!(marked.contains(&"out-in") && marked.contains(&"out-in-timed:windowed"), "{marked:?}");
        assert_eq!(marked.len(), config.catalog().strategies().len());
    }

    #[test]
    fn the_default_zone_is_the_one_that_the_windowed_strategy_is_configured_with() {
        let mut config = Config::with_defaults("demo".parse().unwrap());
        assert_eq!(default_time_zone(&config), "UTC");
        let zone = SettingValue::Text("Europe/London".to_owned());
        config.strategies.set("out-in-timed", "time_zone", zone).unwrap();
        assert_eq!(default_time_zone(&config), "Europe/London");
    }
}
