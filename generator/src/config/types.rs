//! The checked configuration. Every field's type refuses what AWS would; [`Config::check`] looks at several together.

use super::list::{
    AlarmActionArns, GroupNamePrefixes, NewerRegions, SecurityGroupIds, StateMachineNames, SubnetIds,
    TagKeyPatterns,
};
use super::number::{
    BatchSize, BatchingWindowSeconds, LockHeldHours, MaxReceiveCount, MaximumConcurrency, MemoryMegabytes,
    ReservedConcurrency, RetentionDays, SilenceHours, TimeoutSeconds,
};
use super::packaged::{PackagedFiles, PackagedSettings};
use super::strategies::StrategySettings;
use super::tags::{SelectorTags, Tags};
use super::text::{
    AliasName, CodeSigningConfigArn, Environment, FunctionArn, LogDestinationArn, PolicyArn, Region, RoleArn,
    RolePath, RunbookUrl, SlackChannel, StackName,
};
use super::word::{Architecture, EmailForm, HttpsForm, LogLevel, MachineLogLevel, PackageKind, TagChanges};

/// A whole `stack.yaml`, with every default filled in. Its fields are named after the keys, which
/// `docs/configuration.md` explains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// First part of every resource's name.
    pub name: StackName,
    /// Second part of every resource's name; a variable of the emitted stack.
    pub environment: Environment,
    /// Where the printed commands deploy to; the stack itself fits every region of the same partition.
    pub region: Region,
    /// Regions that are there though [`names::regions`](crate::names::regions) does not list them.
    pub newer_regions: NewerRegions,
    /// The Lambda function that decides which groups are recycled.
    pub handler: HandlerSection,
    /// The form in which the Lambda function is deployed.
    pub package: PackageSection,
    /// The queue between the events and the Lambda function.
    pub queue: QueueSection,
    /// Which events reach the Lambda function.
    pub trigger: TriggerSection,
    /// Which groups belong to the stack.
    pub groups: GroupsSection,
    /// For each strategy every setting by key.
    pub strategies: StrategySettings,
    /// The state machine that does the recycling.
    pub machine: MachineSection,
    /// Where recycles are announced. All are variables of the emitted stack.
    pub notifications: NotificationsSection,
    /// The stack's own alarms. Both are variables of the emitted stack.
    pub alarms: AlarmsSection,
    /// Constraints on the roles: variables of the emitted stack, the first two where it makes any role.
    pub permissions: PermissionsSection,
    /// What the handler and the state machine write.
    pub logs: LogsSection,
    /// The VPC that the function is in. Both are variables of the emitted stack where there is one.
    pub network: NetworkSection,
    /// Whether X-Ray follows events.
    pub tracing: TracingSection,
    /// The key that encrypts what the stack keeps and sends.
    pub encryption: EncryptionSection,
    /// The table of locks and journals.
    pub locks: LocksSection,
    /// Put on every resource that takes tags.
    pub tags: Tags,
}

impl Config {
    /// Whether the stack makes any role, and not somebody else all that it needs.
    pub fn makes_roles(&self) -> bool {
        let given = [&self.permissions.handler_role_arn, &self.permissions.machine_role_arn];
        let sends = self.logs.destination_arn.as_ref().is_some_and(|arn| arn.service().takes_role());
        given.iter().any(|arn| arn.is_none()) || self.alarms.lock_held_hours.is_some() || sends
    }
}

/// The keys under `handler`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandlerSection {
    /// Processor that the handler is compiled for.
    pub architecture: Architecture,
    /// Memory of the function, which its share of a processor grows with.
    pub memory_megabytes: MemoryMegabytes,
    /// Longest run. The queue's visibility timeout is six times this.
    pub timeout_seconds: TimeoutSeconds,
    /// Least serious messages that it logs; a variable of the emitted stack.
    pub log_level: LogLevel,
    /// Instances set aside for it; unreserved where absent.
    pub reserved_concurrency: Option<ReservedConcurrency>,
    /// Other state machines that a group's tag may name.
    pub allowed_step_functions: StateMachineNames,
    /// What `settings.json` in the package holds.
    pub settings: PackagedSettings,
    /// What the package holds beside the binary: path in it to path in the folder of `stack.yaml`.
    pub files: PackagedFiles,
    /// By which the queue calls it, where versions are published.
    pub alias: Option<AliasName>,
    /// What says who may sign the zip; a variable of the emitted stack where there is one.
    pub code_signing_config_arn: Option<CodeSigningConfigArn>,
}

/// The keys under `package`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageSection {
    /// What the function is deployed as.
    pub kind: PackageKind,
}

/// The keys under `queue`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueSection {
    /// Most records of an invocation.
    pub batch_size: BatchSize,
    /// Longest wait for a batch to fill.
    pub batching_window_seconds: BatchingWindowSeconds,
    /// Deliveries of a message before it goes to the dead-letter queue.
    pub max_receive_count: MaxReceiveCount,
    /// Most invocations at the same time.
    pub maximum_concurrency: MaximumConcurrency,
}

/// The keys under `trigger`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriggerSection {
    /// Which tag changes on a group recycle it.
    pub tag_changes: TagChanges,
    /// Tags whose changes recycle nothing, whatever they are.
    pub ignored_tag_keys: TagKeyPatterns,
    /// Whether `CreateLaunchTemplateVersion` and `ModifyLaunchTemplate` are followed, too.
    pub launch_template_versions: bool,
    /// Whether AWS Health's scheduled maintenance of instances is followed.
    pub scheduled_maintenance: bool,
}

/// The keys under `network`: both lists are empty, or neither.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NetworkSection {
    /// Where the function's network interfaces are; it is in no VPC where there are none.
    pub subnet_ids: SubnetIds,
    /// What guards them.
    pub security_group_ids: SecurityGroupIds,
}

impl NetworkSection {
    /// Whether the function is in a VPC.
    pub fn is_given(&self) -> bool {
        !self.subnet_ids.is_empty()
    }
}

/// The keys under `tracing`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TracingSection {
    /// Whether X-Ray follows an event from the queue to the execution.
    pub enabled: bool,
}

/// The keys under `encryption`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncryptionSection {
    /// Whether the stack makes a key of its own, which lets its topic carry its alarms.
    pub customer_key: bool,
}

/// The keys under `locks`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocksSection {
    /// Whether the stack creates it. One stack of an account and region does; all share it.
    pub create_table: bool,
}

/// The keys under `groups`: a group belongs to the stack when its name begins with one of the prefixes, if there are
/// any, and it carries every tag with its value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupsSection {
    /// What names begin with; any name will do where there is none.
    pub name_prefixes: GroupNamePrefixes,
    /// The tags, with their values.
    pub tags: SelectorTags,
}

/// The keys under `machine`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineSection {
    /// What Step Functions logs of each execution.
    pub log_level: MachineLogLevel,
}

/// The keys under `notifications`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationsSection {
    /// Where finished recycles are announced: the payload's `success_channel`.
    pub slack_channel: Option<SlackChannel>,
    /// The Lambda function that gets the Slack-style message of each recycle.
    pub notifier_function_arn: Option<FunctionArn>,
    /// Whether an endpoint, which only a deployment is told, gets the failures of groups that ask to page.
    pub pager_duty: bool,
    /// What the topic's messages are to who gets them by e-mail.
    pub email_form: EmailForm,
    /// What they are to who gets them by HTTPS, the endpoint above too.
    pub https_form: HttpsForm,
}

/// The keys under `alarms`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmsSection {
    /// What is told when an alarm fires and when it clears.
    pub action_arns: AlarmActionArns,
    /// The page that every alarm's description points to.
    pub runbook_url: Option<RunbookUrl>,
    /// Hours without a change of any group after which an alarm fires; none by default.
    pub silence_hours: Option<SilenceHours>,
    /// Hours for which one execution may hold a group before an alarm fires; none by default.
    pub lock_held_hours: Option<LockHeldHours>,
    /// Whether there is a dashboard of them.
    pub dashboard: bool,
}

/// The keys under `permissions`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermissionsSection {
    /// The policy that bounds every role that the stack makes.
    pub boundary_arn: Option<PolicyArn>,
    /// The IAM path of every role that the stack makes.
    pub role_path: RolePath,
    /// The function's role, where somebody else keeps it; a variable of the emitted stack there.
    pub handler_role_arn: Option<RoleArn>,
    /// The state machine's role, where somebody else keeps it; a variable of the emitted stack there.
    pub machine_role_arn: Option<RoleArn>,
}

/// The keys under `logs`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogsSection {
    /// How long both log groups keep their events; a variable of the emitted stack.
    pub retention_days: RetentionDays,
    /// What gets every event besides; a variable of the emitted stack where there is one.
    pub destination_arn: Option<LogDestinationArn>,
}
