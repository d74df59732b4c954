//! What AWS answers about a group that is planned for, as far as it is read. What an answer leaves out is empty.

use serde::Deserialize;

use super::Members;

/// A page of groups, with what only a forecast needs of them.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct SettingsPage {
    /// The groups.
    pub auto_scaling_groups: Members<GroupSettings>,
}

/// Settings of a group.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct GroupSettings {
    /// Its ARN.
    #[serde(rename = "AutoScalingGroupARN")]
    pub arn: String,
    /// `EC2`, or that and others with commas, e.g. `EC2,ELB`.
    pub health_check_type: String,
    /// How long after it came into service a failed check does not count, in seconds.
    pub health_check_grace_period: u64,
    /// After which time in service an instance counts in a refresh, in seconds; none where the grace period does.
    pub default_instance_warmup: Option<u64>,
    /// How it chooses what to terminate.
    pub termination_policies: Members<String>,
    /// Whether what it launches is protected from scale-in.
    pub new_instances_protected_from_scale_in: bool,
    /// What it counts its capacity in, where AWS says so.
    pub desired_capacity_type: Option<String>,
    /// Size of its warm pool.
    pub warm_pool_size: Option<u32>,
    /// Its launch source, for the weights of its types.
    pub mixed_instances_policy: Option<WeightedPolicy>,
    /// Who alone may change it, where that is somebody.
    pub operator: Option<SeenOperator>,
    /// What it does where a zone is impaired.
    pub availability_zone_impairment_policy: Option<ImpairmentPolicy>,
}

/// A service that operates a group.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct SeenOperator {
    /// Its name, e.g. a service's principal.
    pub principal: String,
}

/// What a group does where a zone is impaired.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct ImpairmentPolicy {
    /// Whether its traffic may be shifted away from a zone.
    pub zonal_shift_enabled: bool,
}

/// A mixed instances policy, as far as its types have weights.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct WeightedPolicy {
    /// What it launches from.
    pub launch_template: WeightedTypes,
}

/// The types of a mixed instances policy.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct WeightedTypes {
    /// The types.
    pub overrides: Members<WeightedType>,
}

/// A type and its weight.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct WeightedType {
    /// Units of capacity of one instance.
    pub weighted_capacity: Option<String>,
}

/// The lifecycle hooks of a group.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct HooksAnswer {
    /// The hooks.
    pub lifecycle_hooks: Members<SeenHook>,
}

/// A lifecycle hook.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct SeenHook {
    /// `autoscaling:EC2_INSTANCE_LAUNCHING` or `..._TERMINATING`.
    pub lifecycle_transition: String,
    /// How long it holds an instance when nothing completes it, in seconds.
    pub heartbeat_timeout: u64,
    /// `CONTINUE` or `ABANDON`.
    pub default_result: String,
}

/// The newest instance refreshes of a group.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct RefreshesAnswer {
    /// The refreshes.
    pub instance_refreshes: Members<SeenRefresh>,
}

/// An instance refresh.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct SeenRefresh {
    /// E.g. `InProgress`.
    pub status: String,
    /// Why, where AWS says so.
    pub status_reason: Option<String>,
    /// How far it is, in per cent.
    pub percentage_complete: Option<u32>,
    /// When it began, RFC 3339.
    pub start_time: String,
}

impl SeenRefresh {
    /// Whether it is at work still, as the machine tells it.
    pub fn is_active(&self) -> bool {
        ["Pending", "InProgress", "Cancelling", "RollbackInProgress", "Baking"].contains(&&*self.status)
    }
}

/// What is known of zonal shifts of a group.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ShiftsAnswer {
    /// Those that somebody began.
    pub zonal_shifts: Vec<SeenShift>,
    /// Those that AWS began.
    pub autoshifts: Vec<SeenShift>,
}

/// A zonal shift.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SeenShift {
    /// `APPLIED` or `NOT_APPLIED`.
    pub applied_status: String,
    /// The zone.
    pub away_from: String,
}

impl ShiftsAnswer {
    /// The zones from which traffic is shifted away now, once each, as the machine tells them.
    pub fn away_from(self) -> Vec<String> {
        let mut zones = Vec::new();
        for shift in self.zonal_shifts.into_iter().chain(self.autoshifts) {
            if shift.applied_status == "APPLIED" && !zones.contains(&shift.away_from) {
                zones.push(shift.away_from);
            }
        }
        zones
    }
}

/// Alarms by their names, those that are there.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct AlarmsAnswer {
    /// Alarms on metrics.
    pub metric_alarms: Members<SeenAlarm>,
    /// Alarms on other alarms.
    pub composite_alarms: Members<SeenAlarm>,
}

/// An alarm.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct SeenAlarm {
    /// Its name.
    pub alarm_name: String,
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    pub state_value: String,
}
