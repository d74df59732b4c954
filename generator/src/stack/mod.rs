//! One description of every resource, with typed references; no format is named here.
//!
//! One module per concern; the same stem names the concern's templates in every format.

mod alarms;
mod common_alarms;
mod dashboard;
mod deployed;
mod function;
mod grant;
mod guide;
mod iam;
mod key;
mod lock;
mod lock_watch;
mod logs;
mod machine;
mod metric;
mod network;
mod outputs;
mod package_digest;
mod parameter_key;
pub mod parameter;
mod parameters;
mod policy;
mod queue;
mod repository;
mod role_arn;
mod rule;
mod subscription;
mod topic;
pub mod value;

use serde::Serialize;

use crate::asl::Machine;
use crate::config::{Config, StackName, Tags};
use crate::problem::Problems;

use parameter::ParameterKey;
use value::Value;

pub use alarms::Alarm;
pub use common_alarms::{ALARMS_OF_EVERY_STACK, CommonAlarm};
pub use dashboard::Dashboard;
pub use deployed::Place;
pub use function::{Alias, Code, EventSource, Function, Network, PublishedZip, ZipCode};
pub use grant::{Scope as CallScope, scope_of};
pub use guide::{DeployGuide, GroupTag, StrategySummary};
pub use iam::{Iam, Role, RolePolicy};
pub use key::{EncryptionKey, TAG as KEY_TAG};
pub use lock::LockTable;
pub use lock_watch::LockWatch;
pub use logs::LogGroup;
pub use machine::StateMachine;
pub use metric::MetricFilter;
pub use outputs::Output;
pub use package_digest::PackageDigest;
pub use parameter::Parameter;
pub use policy::{Effect, Policy, Principal, Statement};
pub use queue::{Queue, Queues};
pub use repository::Repository;
pub use rule::{EventRule, RuleTarget};
pub use subscription::{LogSubscription, LogSubscriptions};
pub use topic::{Subscription, Topic};

/// Everything that is deployed.
#[derive(Debug, Clone, Serialize)]
pub struct Stack {
    /// The generator and its version: generated files name it.
    pub generator: String,
    /// The generator's version alone; of what is published the version that it is published under.
    pub version: String,
    /// First part of every resource's name.
    pub name: StackName,
    /// Tags on every resource that takes tags.
    pub tags: Tags,
    /// What may differ from one deployment to the next.
    pub parameters: Vec<Parameter>,
    /// The rules that select events, and where they send them.
    pub rules: Vec<EventRule>,
    /// The queue of events and its dead-letter queue.
    pub queue: Queues,
    /// The Lambda function that decides.
    pub function: Function,
    /// The repository of the handler's images; absent where it is deployed as a zip.
    pub repository: Option<Repository>,
    /// The state machine that recycles.
    pub machine: StateMachine,
    /// The table of locks and journals.
    pub lock: LockTable,
    /// What looks for how long locks have been held, where an alarm asks for it.
    pub lock_watch: Option<LockWatch>,
    /// The stack's own key, where it has one.
    pub key: Option<EncryptionKey>,
    /// The topic that recycles are announced on.
    pub topic: Topic,
    /// The roles and their permissions.
    pub iam: Iam,
    /// The log groups of the function and of the state machine.
    pub logs: Vec<LogGroup>,
    /// Where the log groups' events go besides, where they do.
    pub log_subscriptions: Option<LogSubscriptions>,
    /// What is counted in the logs.
    pub metric_filters: Vec<MetricFilter>,
    /// An alarm for every way to fail.
    pub alarms: Vec<Alarm>,
    /// A dashboard of them, where there is one.
    pub dashboard: Option<Dashboard>,
    /// What the deployed stack tells others.
    pub outputs: Vec<Output>,
    /// What the person who deploys it reads.
    pub guide: DeployGuide,
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

impl Stack {
    /// Describes the stack. Without `package` the zip's hash becomes a parameter without default.
    pub fn new(
        config: &Config,
        machine: &Machine,
        package: Option<&PackageDigest>,
    ) -> Result<Self, Problems> {
        let rules = rule::rules(config);
        let queue = queue::queues(config, &rules);
        let alarms = alarms::alarms(config, &rules, &queue);
        let logs = logs::groups(config);
        let key = key::key(config, logs.iter().map(|group| group.name.clone()));
        let function = function::function(config, package);
        Ok(Self {
            generator: format!("{} {VERSION}", env!("CARGO_PKG_NAME")),
            version: VERSION.to_owned(),
            name: config.name.clone(),
            tags: config.tags.clone(),
            parameters: parameters::parameters(config, package),
            dashboard: dashboard::dashboard(config, &rules, &alarms),
            outputs: outputs::outputs(config, &rules, &alarms, key.as_ref(), &function),
            rules,
            queue,
            function,
            repository: repository::repository(config),
            machine: machine::machine(config, machine),
            lock: lock::table(config),
            key,
            lock_watch: lock_watch::watch(config),
            topic: topic::topic(config),
            iam: iam::iam(config, machine)?,
            log_subscriptions: subscription::subscriptions(config, &logs),
            logs,
            metric_filters: metric::filters(config),
            alarms,
            guide: guide::guide(config, package),
        })
    }

    /// The same stack, deployed over one whose function is in a VPC: Lambda removes the network interfaces later, by the role.
    #[must_use]
    pub fn keeping_network(mut self) -> Self {
        iam::keep_network(&mut self.iam.handler);
        self
    }

    /// The same stack, deployed over one with this notifier: executions that still run tell that, and no other.
    #[must_use]
    pub fn keeping_notifier(mut self, arn: &str) -> Self {
        iam::keep_notifier(&mut self.iam, arn);
        self
    }

    /// The same stack of a version, its zip lying in a bucket under the key that `package` has there. An image lies where
    /// whoever deploys says.
    #[must_use]
    pub fn published(mut self, package: &PackageDigest, bucket: &str, version: &str) -> Self {
        let key = parameters::s3_key(&self.name, package);
        // What decides on a version no more asks a parameter.
        for part in self.function.alias.iter_mut().flat_map(|alias| &mut alias.deciding) {
            if *part == Value::parameter(ParameterKey::HandlerS3Key) {
                *part = key.clone().into();
            }
        }
        if let Code::Zip(zip) = &mut self.function.code {
            zip.published = Some(PublishedZip { bucket: bucket.to_owned(), key });
        }
        version.clone_into(&mut self.version);
        self
    }
}
