//! Every call that operating a stack takes, and what it touches: the policy of an operator is computed from this list.

use crate::aws::service::{
    ARC_ZONAL_SHIFT, AUTO_SCALING, AwsAction, CLASSIC_LOAD_BALANCING, CLOUD_TRAIL, CLOUD_WATCH, DYNAMODB,
    EC2, EVENT_BRIDGE, IAM, LAMBDA, LOAD_BALANCING, SNS, SQS, STATES, STS, VPC_LATTICE,
};

/// What a call touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Touches {
    /// Everything: AWS offers no resource to limit it to.
    Everything,
    /// The handler's function.
    Function,
    /// The state machine.
    StateMachine,
    /// Executions of the state machine.
    StackExecutions,
    /// The table of locks and journals.
    LockTable,
    /// The pauses in it, which all stacks share: no lock and no journal.
    Pauses,
    /// The topic that recycles are announced on.
    Topic,
    /// The queue of events.
    EventsQueue,
    /// The dead-letter queue.
    DeadLetterQueue,
    /// The stack's rules on the default bus.
    Rules,
    /// The stack's roles.
    Roles,
    /// Target groups of VPC Lattice.
    LatticeTargetGroups,
}

/// A call that a command makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// The action.
    pub action: AwsAction,
    /// What it touches.
    pub touches: Touches,
    /// Whether it changes anything.
    pub acts: bool,
}

const fn read(action: AwsAction, touches: Touches) -> Operation {
    Operation { action, touches, acts: false }
}

const fn act(action: AwsAction, touches: Touches) -> Operation {
    Operation { action, touches, acts: true }
}

/// Whose credentials they are.
pub const IDENTIFY: Operation = read(AwsAction::repeatable(STS, "GetCallerIdentity"), Touches::Everything);
/// What the handler knows of the stack.
pub const READ_SETTINGS: Operation = read(
    AwsAction::path(LAMBDA, "GetFunctionConfiguration", "/2015-03-31/functions/{FunctionName}/configuration"),
    Touches::Function,
);
/// Groups, their tags and their instances.
pub const DESCRIBE_GROUPS: Operation =
    read(AwsAction::repeatable(AUTO_SCALING, "DescribeAutoScalingGroups"), Touches::Everything);
/// What `$Latest` and `$Default` of launch templates are.
pub const DESCRIBE_TEMPLATES: Operation =
    read(AwsAction::repeatable(EC2, "DescribeLaunchTemplates"), Touches::Everything);
/// Since when a version is there.
pub const DESCRIBE_TEMPLATE_VERSIONS: Operation =
    read(AwsAction::repeatable(EC2, "DescribeLaunchTemplateVersions"), Touches::Everything);
/// Since when a launch configuration is there.
pub const DESCRIBE_CONFIGURATIONS: Operation =
    read(AwsAction::repeatable(AUTO_SCALING, "DescribeLaunchConfigurations"), Touches::Everything);
/// What a group launched and terminated, and when.
pub const DESCRIBE_ACTIVITIES: Operation =
    read(AwsAction::repeatable(AUTO_SCALING, "DescribeScalingActivities"), Touches::Everything);
/// Its lifecycle hooks.
pub const DESCRIBE_HOOKS: Operation =
    read(AwsAction::repeatable(AUTO_SCALING, "DescribeLifecycleHooks"), Touches::Everything);
/// Its instance refreshes.
pub const DESCRIBE_REFRESHES: Operation =
    read(AwsAction::repeatable(AUTO_SCALING, "DescribeInstanceRefreshes"), Touches::Everything);
/// From which zones its traffic is shifted away.
pub const ZONAL_SHIFTS: Operation = read(
    AwsAction::path(ARC_ZONAL_SHIFT, "GetManagedResource", "/managedresources/{resourceIdentifier}"),
    Touches::Everything,
);
/// How the alarms are that strategies watch.
pub const DESCRIBE_ALARMS: Operation =
    read(AwsAction::repeatable(CLOUD_WATCH, "DescribeAlarms"), Touches::Everything);
/// When instances were launched.
pub const DESCRIBE_MACHINES: Operation =
    read(AwsAction::repeatable(EC2, "DescribeInstances"), Touches::Everything);
/// How instances are as targets.
pub const DESCRIBE_TARGET_HEALTH: Operation =
    read(AwsAction::repeatable(LOAD_BALANCING, "DescribeTargetHealth"), Touches::Everything);
/// How instances are to a classic load balancer.
pub const DESCRIBE_INSTANCE_HEALTH: Operation =
    read(AwsAction::repeatable(CLASSIC_LOAD_BALANCING, "DescribeInstanceHealth"), Touches::Everything);
/// How instances are as targets of VPC Lattice.
pub const LIST_LATTICE_TARGETS: Operation = read(
    AwsAction::posted(VPC_LATTICE, "ListTargets", "/targetgroups/{targetGroupIdentifier}/listtargets"),
    Touches::LatticeTargetGroups,
);
/// Locks, marks and journals.
pub const READ_LOCKS: Operation = read(AwsAction::repeatable(DYNAMODB, "Scan"), Touches::LockTable);
/// Those of one group.
pub const READ_LOCK: Operation = read(AwsAction::repeatable(DYNAMODB, "GetItem"), Touches::LockTable);
/// What ran last, and what runs.
pub const LIST_EXECUTIONS: Operation =
    read(AwsAction::repeatable(STATES, "ListExecutions"), Touches::StateMachine);
/// How an execution stands, and what it said of itself.
pub const DESCRIBE_EXECUTION: Operation =
    read(AwsAction::repeatable(STATES, "DescribeExecution"), Touches::StackExecutions);
/// Where an execution is, and what it waits for until when.
pub const READ_HISTORY: Operation =
    read(AwsAction::repeatable(STATES, "GetExecutionHistory"), Touches::StackExecutions);
/// The machine as it is deployed: its definition, and its settings in that.
pub const DESCRIBE_STATE_MACHINE: Operation =
    read(AwsAction::repeatable(STATES, "DescribeStateMachine"), Touches::StateMachine);
/// Starts a recycle or a restore; the name makes a second start the same.
pub const START_EXECUTION: Operation =
    act(AwsAction::repeatable(STATES, "StartExecution"), Touches::StateMachine);
/// Stops one.
pub const STOP_EXECUTION: Operation =
    act(AwsAction::repeatable(STATES, "StopExecution"), Touches::StackExecutions);
/// Pauses a group: the mark is an item of its own.
pub const PUT_PAUSE: Operation = act(AwsAction::repeatable(DYNAMODB, "PutItem"), Touches::Pauses);
/// Takes the mark away.
pub const DELETE_PAUSE: Operation = act(AwsAction::repeatable(DYNAMODB, "DeleteItem"), Touches::Pauses);
/// Tells of it whoever is told of recycles.
pub const ANNOUNCE: Operation = act(AwsAction::repeatable(SNS, "Publish"), Touches::Topic);
/// Whether the topic is there.
pub const READ_TOPIC: Operation = read(AwsAction::repeatable(SNS, "GetTopicAttributes"), Touches::Topic);
/// How many messages are in the dead-letter queue.
pub const COUNT_DEAD_LETTERS: Operation =
    read(AwsAction::repeatable(SQS, "GetQueueAttributes"), Touches::DeadLetterQueue);
/// What they are. Whoever receives a message hides it from others for a while.
pub const RECEIVE_DEAD_LETTERS: Operation =
    read(AwsAction::repeatable(SQS, "ReceiveMessage"), Touches::DeadLetterQueue);
/// Shows them again.
pub const SHOW_DEAD_LETTERS: Operation =
    read(AwsAction::repeatable(SQS, "ChangeMessageVisibilityBatch"), Touches::DeadLetterQueue);
/// Puts an event back into the queue. A second time does no harm: the handler knows what it started.
pub const SEND_EVENT: Operation = act(AwsAction::repeatable(SQS, "SendMessage"), Touches::EventsQueue);
/// Takes one that was put back out of the dead-letter queue.
pub const DELETE_DEAD_LETTER: Operation =
    act(AwsAction::repeatable(SQS, "DeleteMessage"), Touches::DeadLetterQueue);

/// The trails that are there.
pub const DESCRIBE_TRAILS: Operation =
    read(AwsAction::repeatable(CLOUD_TRAIL, "DescribeTrails"), Touches::Everything);
/// Whether one logs; the organisation's trails are somebody else's resources.
pub const TRAIL_STATUS: Operation =
    read(AwsAction::repeatable(CLOUD_TRAIL, "GetTrailStatus"), Touches::Everything);
/// What it logs.
pub const TRAIL_SELECTORS: Operation =
    read(AwsAction::repeatable(CLOUD_TRAIL, "GetEventSelectors"), Touches::Everything);
/// Who made a call that something was started by.
pub const LOOKUP_EVENTS: Operation =
    read(AwsAction::repeatable(CLOUD_TRAIL, "LookupEvents"), Touches::Everything);
/// The stack's rules.
pub const LIST_RULES: Operation = read(AwsAction::repeatable(EVENT_BRIDGE, "ListRules"), Touches::Everything);
/// Where one sends its events.
pub const LIST_TARGETS: Operation =
    read(AwsAction::repeatable(EVENT_BRIDGE, "ListTargetsByRule"), Touches::Rules);
/// Whether it selects an event.
pub const TEST_PATTERN: Operation =
    read(AwsAction::repeatable(EVENT_BRIDGE, "TestEventPattern"), Touches::Everything);
/// Whether a role may do something.
pub const SIMULATE_ROLE: Operation =
    read(AwsAction::repeatable(IAM, "SimulatePrincipalPolicy"), Touches::Roles);
/// Handlers of other stacks, and whether the notifier is there.
pub const LIST_FUNCTIONS: Operation =
    read(AwsAction::path(LAMBDA, "ListFunctions", "/2015-03-31/functions/"), Touches::Everything);
/// Which rules the queue of events takes from: those that the stack was deployed with.
pub const READ_QUEUE: Operation =
    read(AwsAction::repeatable(SQS, "GetQueueAttributes"), Touches::EventsQueue);
/// What feeds the handler.
pub const LIST_MAPPINGS: Operation = read(
    AwsAction::path(LAMBDA, "ListEventSourceMappings", "/2015-03-31/event-source-mappings/"),
    Touches::Everything,
);

/// Every one of them.
pub const OPERATIONS: &[Operation] = &[
    IDENTIFY,
    READ_SETTINGS,
    DESCRIBE_GROUPS,
    DESCRIBE_TEMPLATES,
    DESCRIBE_TEMPLATE_VERSIONS,
    DESCRIBE_CONFIGURATIONS,
    DESCRIBE_ACTIVITIES,
    DESCRIBE_HOOKS,
    DESCRIBE_REFRESHES,
    ZONAL_SHIFTS,
    DESCRIBE_ALARMS,
    DESCRIBE_MACHINES,
    DESCRIBE_TARGET_HEALTH,
    DESCRIBE_INSTANCE_HEALTH,
    LIST_LATTICE_TARGETS,
    READ_LOCKS,
    READ_LOCK,
    LIST_EXECUTIONS,
    DESCRIBE_EXECUTION,
    READ_HISTORY,
    DESCRIBE_STATE_MACHINE,
    START_EXECUTION,
    STOP_EXECUTION,
    PUT_PAUSE,
    DELETE_PAUSE,
    ANNOUNCE,
    COUNT_DEAD_LETTERS,
    RECEIVE_DEAD_LETTERS,
    SHOW_DEAD_LETTERS,
    SEND_EVENT,
    DELETE_DEAD_LETTER,
    DESCRIBE_TRAILS,
    TRAIL_STATUS,
    TRAIL_SELECTORS,
    LOOKUP_EVENTS,
    LIST_RULES,
    LIST_TARGETS,
    TEST_PATTERN,
    SIMULATE_ROLE,
    LIST_FUNCTIONS,
    LIST_MAPPINGS,
    READ_QUEUE,
    READ_TOPIC,
];
