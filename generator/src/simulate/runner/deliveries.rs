//! What is on its way to the handler: triggers of a scenario, events of the bus.

use std::rc::Rc;

use asg_recycle_simulator::interpreter::Status;
use asg_recycle_simulator::time::Span;
use serde_json::Value;

use super::handler::{self, HandlerAnswer};
use super::{DELIVERY, Delivery, LogEvent, Runner, TriggerEvent, TriggerSpec, events};

/// The tag that triggers set.
const RELEASE: &str = "release";

impl Runner {
    pub(super) fn trigger(&mut self, trigger: &TriggerSpec) {
        let index = trigger.group.as_deref().map_or(Some(0), |name| self.world.find_group(name));
        let Some(group) = index.and_then(|index| self.world.group(index)) else { return };
        let id = self.numbered + 1;
        let event = match trigger.event {
            TriggerEvent::LaunchChange => events::launch_change(id, group),
            TriggerEvent::TagChange => {
                // The event comes of the change, as that of every other.
                let value = id.to_string();
                if let Some(index) = index {
                    self.world.set_tag(index, RELEASE, &value);
                }
                return self.follow_world(trigger.delivered_after);
            }
            TriggerEvent::TagRestated => {
                let value = group.tags.get(RELEASE).map(|value| &**value).unwrap_or_default();
                events::tag_change(id, &group.name, "CreateOrUpdateTags", &[(RELEASE, value)])
            }
            TriggerEvent::Redelivery => match &self.last_event {
                Some(event) => (**event).clone(),
                None => return,
            },
            TriggerEvent::MaintenanceScheduled => events::maintenance(id, &trigger.instances),
            TriggerEvent::StartedByHand => {
                let input = events::written_by_hand(group, &trigger.instances, &trigger.input);
                // Nobody numbers these, and each start has a name of its own.
                let name = format!("by-hand-{id}-{}", self.executions.len() + 1);
                return self.start(0, &name, input, "by hand".to_owned());
            }
            TriggerEvent::FormerExecutionDied => {
                let arn = self.deployments[0].handler.machine.execution("former");
                let input = events::former_input(group).to_string();
                events::status_change(
                    id,
                    (&arn, &self.deployments[0].machine_arn),
                    (&Status::Aborted, 0),
                    &input,
                )
            }
        };
        self.send(event, trigger.delivered_after);
    }

    /// Puts an event on the bus: every stack whose rules select it gets it, so much later than usual.
    pub(super) fn send(&mut self, mut event: Value, delay: Span) {
        if event.get("time").is_none() {
            event["time"] = self.world.now().to_string().into();
        }
        let event = Rc::new(event);
        for stack in 0..self.deployments.len() {
            if self.deployments[stack].selects(&event) {
                self.schedule(self.world.now() + DELIVERY + delay, Delivery::Event(stack, Rc::clone(&event)));
            }
        }
    }

    /// Hands an event to the handler of a stack.
    pub(super) fn hand_over(&mut self, stack: usize, event: &Rc<Value>) {
        self.delivered += 1;
        self.last_event = Some(Rc::clone(event));
        let pointers = ["/detail/eventName", "/detail/eventTypeCode", "/detail/status"];
        let name = pointers.iter().find_map(|pointer| event.pointer(pointer)?.as_str()).unwrap_or("?");
        let is_death = event.pointer("/detail/executionArn").is_some();
        let deployment = Rc::clone(&self.deployments[stack]);
        // With several stacks it matters whose handler it is.
        let name = match self.deployments.len() {
            1 => name.to_owned(),
            _ => format!("{name} at {}", deployment.name),
        };
        for answer in handler::handle(&deployment, &self.world, event) {
            let event = name.clone();
            match answer {
                HandlerAnswer::Skip(reason) => self.note(LogEvent::Passed { event, reason }),
                HandlerAnswer::Denied(reason) => {
                    self.denials.push(reason.clone());
                    self.note(LogEvent::Passed { event, reason });
                }
                HandlerAnswer::Reject { reason, group } => {
                    if let Some(group) = group.filter(|_| is_death) {
                        self.restore_given_up(&group);
                    }
                    self.note(LogEvent::Rejected { event, reason });
                }
                HandlerAnswer::Start(request) => {
                    let machines = self.deployments.iter().map(|one| &one.handler.machine);
                    let stack = machines.into_iter().position(|machine| *machine == request.machine);
                    if let Some(stack) = stack {
                        self.start(stack, &request.name, request.input, event);
                    } else {
                        let reason = format!("left to the state machine {}", request.machine);
                        self.note(LogEvent::Passed { event, reason });
                    }
                }
            }
        }
    }
}
