//! Every API call that the handler or a strategy may make, and what it may touch: the one place that knows.

/// What a call may touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Everything: AWS offers no resource to limit the call to.
    Everything,
    /// Groups that carry the opt-in tag, whatever its value: switching it to `false` half way must not deny what
    /// puts the group back.
    OptedInGroups,
    /// Target groups of VPC Lattice: which of them a group has is not known before it is looked at.
    LatticeTargetGroups,
    /// The table of locks and journals.
    Locks,
    /// The topic that recycles are announced on.
    Topic,
    /// The notifier, where one is given.
    Notifier,
    /// The machines that the caller starts.
    Machines,
    /// Executions of the state machine, those of its maps included.
    Executions,
    /// Those of its maps alone: the children of an execution.
    Children,
    /// Executions that hold a lock: of any of the account's machines in the region, for another stack's may hold it.
    Holders,
    /// The rule by which Step Functions follows executions that an execution waits for.
    ExecutionEvents,
}

/// Calls that share a scope.
pub(super) struct Grant {
    /// Identity of its statement.
    pub(super) sid: &'static str,
    /// What they may touch.
    pub(super) scope: Scope,
    /// What they are for: a sentence with its period.
    pub(super) why: &'static str,
    /// As IAM spells them.
    pub(super) calls: &'static [&'static str],
}

/// Every call that the handler or a strategy may make. A call that is missing here is a fault that names it.
pub(super) const GRANTS: &[Grant] = &[
    Grant {
        sid: "Describe",
        scope: Scope::Everything,
        why: "Looks at groups, their instances, launch sources and load balancers; AWS limits none of these reads to a resource.",
        calls: &[
            "arc-zonal-shift:GetManagedResource",
            "autoscaling:DescribeAutoScalingGroups",
            "autoscaling:DescribeAutoScalingInstances",
            "autoscaling:DescribeInstanceRefreshes",
            "autoscaling:DescribeLifecycleHooks",
            "autoscaling:DescribeScalingActivities",
            "autoscaling:DescribeTrafficSources",
            "autoscaling:DescribeWarmPool",
            "cloudwatch:DescribeAlarms",
            "ec2:DescribeInstances",
            "ec2:DescribeInstanceStatus",
            "ec2:DescribeLaunchTemplateVersions",
            "ec2:DescribeLaunchTemplates",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeTags",
            "elasticloadbalancing:DescribeInstanceHealth",
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeTargetHealth",
        ],
    },
    Grant {
        sid: "ChangeOptedInGroups",
        scope: Scope::OptedInGroups,
        why: "Changes groups that carry the opt-in tag, and no others. Its value does not matter: switched to `false` half way, the group can still be put back.",
        calls: &[
            "autoscaling:CancelInstanceRefresh",
            "autoscaling:CompleteLifecycleAction",
            "autoscaling:DeleteWarmPool",
            "autoscaling:EnterStandby",
            "autoscaling:ExitStandby",
            "autoscaling:PutWarmPool",
            "autoscaling:RecordLifecycleActionHeartbeat",
            "autoscaling:ResumeProcesses",
            "autoscaling:RollbackInstanceRefresh",
            "autoscaling:SetDesiredCapacity",
            "autoscaling:SetInstanceHealth",
            "autoscaling:SetInstanceProtection",
            "autoscaling:StartInstanceRefresh",
            "autoscaling:SuspendProcesses",
            "autoscaling:TerminateInstanceInAutoScalingGroup",
            "autoscaling:UpdateAutoScalingGroup",
        ],
    },
    Grant {
        sid: "ListTargets",
        scope: Scope::LatticeTargetGroups,
        why: "Reads the health of instances in target groups of VPC Lattice.",
        calls: &["vpc-lattice:ListTargets"],
    },
    Grant {
        sid: "KeepLocks",
        scope: Scope::Locks,
        why: "Takes, marks and releases the lock of a group, and keeps the journal of what is to be put back.",
        calls: &[
            "dynamodb:ConditionCheckItem",
            "dynamodb:DeleteItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
            "dynamodb:UpdateItem",
        ],
    },
    Grant {
        sid: "Announce",
        scope: Scope::Topic,
        why: "Announces recycles: how they began and how they ended.",
        calls: &["sns:Publish"],
    },
    Grant {
        sid: "InvokeNotifier",
        scope: Scope::Notifier,
        why: "Hands the message of a recycle to the notifier function.",
        calls: &["lambda:InvokeFunction"],
    },
    Grant {
        sid: "StartExecutions",
        scope: Scope::Machines,
        why: "Starts executions: recycles, restores and those of a map; and finds one that was started already.",
        calls: &["states:ListExecutions", "states:StartExecution"],
    },
    Grant {
        sid: "FollowExecutions",
        scope: Scope::Executions,
        why: "Follows its own executions, and stops those of a map that is given up.",
        calls: &["states:GetExecutionHistory", "states:StopExecution"],
    },
    Grant {
        sid: "RedriveChildren",
        scope: Scope::Children,
        why: "Redrives those of a map with an execution that somebody redrives; what is redriven changes nothing and ends.",
        calls: &["states:RedriveExecution"],
    },
    Grant {
        sid: "DescribeHolders",
        scope: Scope::Holders,
        why: "Asks whether the execution that holds a lock still runs.",
        calls: &["states:DescribeExecution"],
    },
    Grant {
        sid: "FollowExecutionEvents",
        scope: Scope::ExecutionEvents,
        why: "Lets Step Functions wait for executions that an execution starts.",
        calls: &["events:DescribeRule", "events:PutRule", "events:PutTargets"],
    },
];

/// What a call of the handler's or the state machine's may touch; none of one that neither makes.
pub fn scope_of(call: &str) -> Option<Scope> {
    GRANTS.iter().find(|grant| grant.calls.contains(&call)).map(|grant| grant.scope)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_call_has_one_grant_and_a_scope_one_statement() {
        let calls: Vec<&str> = GRANTS.iter().flat_map(|grant| grant.calls).copied().collect();
        assert_eq!(calls.iter().collect::<BTreeSet<_>>().len(), calls.len());
        let scopes: BTreeSet<Scope> = GRANTS.iter().map(|grant| grant.scope).collect();
        assert_eq!(scopes.len(), GRANTS.len());
    }
}
