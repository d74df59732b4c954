//! Scaling activities: what a group did or tried, as `DescribeScalingActivities` tells it.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::time::Moment;
use crate::world::ids::InstanceId;

/// How an activity stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActivityStatus {
    /// Under way.
    InProgress,
    /// Waiting for connections to drain.
    WaitingForElbConnectionDraining,
    /// Held by a hook.
    MidLifecycleAction,
    /// Done.
    Successful,
    /// Failed.
    Failed,
    /// Given up.
    Cancelled,
}

impl ActivityStatus {
    /// As Auto Scaling writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "InProgress",
            Self::WaitingForElbConnectionDraining => "WaitingForELBConnectionDraining",
            Self::MidLifecycleAction => "MidLifecycleAction",
            Self::Successful => "Successful",
            Self::Failed => "Failed",
            Self::Cancelled => "Cancelled",
        }
    }

    /// How far along, in percent.
    fn progress(self) -> u32 {
        match self {
            Self::InProgress => 30,
            Self::WaitingForElbConnectionDraining => 60,
            Self::MidLifecycleAction => 70,
            Self::Successful | Self::Failed | Self::Cancelled => 100,
        }
    }
}

/// One activity.
#[derive(Debug, Clone)]
pub struct Activity {
    /// Its number in the world, from which its id is made.
    pub number: u32,
    /// What it does.
    pub description: Arc<str>,
    /// Why.
    pub cause: Arc<str>,
    /// When it began.
    pub started_at: Moment,
    /// When it ended.
    pub ended_at: Option<Moment>,
    /// How it stands.
    pub status: ActivityStatus,
    /// What AWS says about it.
    pub message: Option<Arc<str>>,
}

/// What was asked for, and what it took of the desired capacity, where it took something.
pub(crate) fn because(asked: &str, before: u32, after: u32) -> String {
    if after == before {
        return format!("{asked}.");
    }
    let change = if after > before { "increasing" } else { "shrinking" };
    format!("{asked}, {change} the capacity from {before} to {after}.")
}

/// The same of what somebody asked for, with when.
pub(crate) fn on_request(now: Moment, asked: &str, before: u32, after: u32) -> String {
    format!(
        "At {} {}",
        now.to_the_second(),
        because(&format!("{asked} in response to a user request"), before, after)
    )
}

impl Activity {
    /// A launch of an instance, or a try where there is none.
    pub fn launch(number: u32, id: Option<InstanceId>, now: Moment, cause: &str) -> Self {
        let description = match id {
            Some(id) => format!("Launching a new EC2 instance: {id}"),
            None => "Launching a new EC2 instance".to_owned(),
        };
        Self::begun(number, &description, now, cause)
    }

    /// A launch of an instance that waited in a warm pool.
    pub fn launch_from_pool(number: u32, id: InstanceId, now: Moment, cause: &str) -> Self {
        Self::begun(number, &format!("Launching a new EC2 instance from warm pool: {id}"), now, cause)
    }

    /// A launch into a warm pool.
    pub fn pool_launch(number: u32, id: InstanceId, now: Moment, cause: &str) -> Self {
        Self::begun(number, &format!("Launching a new EC2 instance into warm pool: {id}"), now, cause)
    }

    /// A termination.
    pub fn termination(number: u32, id: InstanceId, now: Moment, cause: &str) -> Self {
        Self::begun(number, &format!("Terminating EC2 instance: {id}"), now, cause)
    }

    /// A move to standby.
    pub fn standby(number: u32, id: InstanceId, now: Moment, cause: &str) -> Self {
        Self::begun(number, &format!("Moving EC2 instance to Standby: {id}"), now, cause)
    }

    /// A move out of standby.
    pub fn out_of_standby(number: u32, id: InstanceId, now: Moment, cause: &str) -> Self {
        Self::begun(number, &format!("Moving EC2 instance out of Standby: {id}"), now, cause)
    }

    /// A detachment.
    pub fn detachment(number: u32, id: InstanceId, now: Moment, cause: &str) -> Self {
        Self::begun(number, &format!("Detaching EC2 instance: {id}"), now, cause)
    }

    fn begun(number: u32, description: &str, now: Moment, cause: &str) -> Self {
        Self {
            number,
            description: description.into(),
            cause: cause.into(),
            started_at: now,
            ended_at: None,
            status: ActivityStatus::InProgress,
            message: None,
        }
    }

    /// Ends it.
    pub fn end(&mut self, now: Moment, status: ActivityStatus, message: Option<Arc<str>>) {
        self.ended_at = Some(now);
        self.status = status;
        self.message = message;
    }

    /// As the integration gives it.
    pub fn describe(&self, group: &str) -> Value {
        let mut fields = Map::new();
        fields.insert("ActivityId".into(), json!(activity_id(self.number)));
        fields.insert("AutoScalingGroupName".into(), json!(group));
        fields.insert("Description".into(), json!(&*self.description));
        fields.insert("Cause".into(), json!(&*self.cause));
        fields.insert("StartTime".into(), json!(self.started_at.to_string()));
        if let Some(ended_at) = self.ended_at {
            fields.insert("EndTime".into(), json!(ended_at.to_string()));
        }
        fields.insert("StatusCode".into(), json!(self.status.as_str()));
        if let Some(message) = &self.message {
            fields.insert("StatusMessage".into(), json!(&**message));
        }
        fields.insert("Progress".into(), json!(self.status.progress()));
        fields.insert("Details".into(), json!("{}"));
        Value::Object(fields)
    }
}

/// An activity's id, in AWS's form, from its number.
pub fn activity_id(number: u32) -> String {
    format!("{number:08x}-0000-4000-8000-000000000000")
}
