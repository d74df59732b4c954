//! What is known of a type of resource, as far as whoever deploys it has to be allowed something.

/// What actions are limited to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TouchedArns {
    Everything,
    Alarms,
    Bucket,
    BucketLocks,
    BucketObjects,
    Dashboards,
    EventSources,
    Functions,
    /// Sources of events, by the function that they belong to.
    FunctionsSources,
    Keys,
    /// Keys with the tag of a stack of this name, in any environment.
    KeysOfStacks,
    /// Keys, as the services use them that encrypt with them.
    KeysThroughServices,
    /// Keys as they are made, with that tag.
    NewKeys,
    LockTable,
    LogGroups,
    /// The function that gets the logs, where it is one.
    LogReceiver,
    /// Log groups, and what of CloudWatch Logs' own they may send to.
    LogSubscriptions,
    Machines,
    Queues,
    Repository,
    Roles,
    /// What the roles may do: with their boundary, where they have one.
    RolePermissions,
    /// What takes their boundary away, where `stack.yaml` names none.
    RoleUnbounding,
    /// The roles, as they are given to Lambda and Step Functions.
    RolesOfServices,
    Rules,
    /// What says who signs a function's code.
    SigningConfigs,
    Stacks,
    Topics,
}

/// Actions that types of resources have in common.
#[derive(Debug)]
pub(super) struct Row {
    /// The types, as their formats spell them. One of them is enough.
    pub(super) types: &'static [&'static str],
    pub(super) touches: TouchedArns,
    /// Enough for a plan.
    pub(super) reads: &'static [&'static str],
    pub(super) changes: &'static [&'static str],
}

/// A row.
pub(super) const fn row(
    types: &'static [&'static str],
    touches: TouchedArns,
    reads: &'static [&'static str],
    changes: &'static [&'static str],
) -> Row {
    Row { types, touches, reads, changes }
}
