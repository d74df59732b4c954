//! A recording of all that an execution was given and did, so that another interpreter can be given the same.

use std::rc::Rc;
use std::sync::Arc;

use serde_json::Value;

use asg_recycle_simulator::interpreter::HistoryEntry;
use asg_recycle_simulator::services::{Answer, ServiceCall, Services};
use asg_recycle_simulator::time::Moment;

/// What an execution was given, and what it did with it. Those of its Maps' children are in it.
#[derive(Debug, Clone)]
pub struct Recording {
    /// The input that it began with.
    pub input: Arc<Value>,
    /// Every call and its answer, in order.
    pub calls: Vec<RecordedCall>,
    /// Everything that happened, in order.
    pub events: Vec<HistoryEntry>,
}

impl Recording {
    pub(super) fn of(input: &Arc<Value>) -> Self {
        Self { input: Arc::clone(input), calls: Vec::new(), events: Vec::new() }
    }
}

/// A call and its answer.
#[derive(Debug, Clone)]
pub struct RecordedCall {
    /// When it was made.
    pub at: Moment,
    /// ARN of the execution that made it.
    pub execution: Rc<str>,
    /// E.g. `autoscaling`.
    pub service: Rc<str>,
    /// E.g. `setDesiredCapacity`.
    pub action: Rc<str>,
    /// As they were sent.
    pub arguments: Value,
    /// What came back, and after how long.
    pub answer: Answer,
}

impl RecordedCall {
    /// A call and what came back.
    pub fn of(call: &ServiceCall<'_>, answer: &Answer) -> Self {
        Self {
            at: call.now,
            execution: call.execution_arn.into(),
            service: call.service.into(),
            action: call.action.into(),
            arguments: call.arguments.clone(),
            answer: answer.clone(),
        }
    }
}

/// Services that are listened to.
pub(super) struct RecordingServices<'a> {
    pub(super) services: &'a mut dyn Services,
    pub(super) recording: &'a mut Recording,
}

impl Services for RecordingServices<'_> {
    fn call(&mut self, call: &ServiceCall<'_>) -> Answer {
        let answer = self.services.call(call);
        self.recording.calls.push(RecordedCall::of(call, &answer));
        answer
    }
}
