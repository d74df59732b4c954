//! What is on its way to the handler: triggers of a scenario, events of the bus.

use std::rc::Rc;

use serde_json::Value;

use super::handler::{self, Answer};
use super::{DELIVERY, Delivery, LogEvent, Runner, Trigger, TriggerEvent, events};

impl Runner {
    pub(super) fn trigger(&mut self, trigger: &Trigger) {
        let index = trigger.group.as_deref().map_or(Some(0), |name| self.world.find_group(name));
        let Some(group) = index.and_then(|index| self.world.group(index)) else { return };
        let id = self.numbered + 1;
        let event = match trigger.event {
            TriggerEvent::LaunchChange => events::launch_change(id, group),
            TriggerEvent::TagChange => {
                events::tag_change(id, &group.name, "CreateOrUpdateTags", &["release".to_owned()])
            }
            TriggerEvent::Redelivery => match &self.last_event {
                Some(event) => (**event).clone(),
                None => return,
            },
            TriggerEvent::FormerExecutionDied => {
                let arn = self.deployment.handler.machine.execution("former");
                let input = events::former_input(group).to_string();
                events::status_change(id, (&arn, &self.deployment.machine_arn), "ABORTED", &input)
            }
        };
        self.send(event);
    }

    /// Sends an event to the handler, if the stack's rules select it.
    pub(super) fn send(&mut self, event: Value) {
        if handler::is_selected(&self.deployment, &event) {
            self.schedule(self.world.now() + DELIVERY, Delivery::Event(Rc::new(event)));
        }
    }

    pub(super) fn hand_over(&mut self, event: &Rc<Value>) {
        self.delivered += 1;
        self.last_event = Some(Rc::clone(event));
        let pointers = ["/detail/eventName", "/detail/status"];
        let name = pointers.iter().find_map(|pointer| event.pointer(pointer)?.as_str()).unwrap_or("?");
        for answer in handler::handle(&self.deployment, &self.world, event) {
            let event = name.to_owned();
            match answer {
                Answer::Skip(reason) => self.note(LogEvent::Passed { event, reason }),
                Answer::Reject(reason) => self.note(LogEvent::Rejected { event, reason }),
                Answer::Start(request) if self.deployment.handler.machine == request.machine => {
                    self.start(&request.name, request.input, event);
                }
                Answer::Start(request) => {
                    let reason = format!("left to the state machine {}", request.machine);
                    self.note(LogEvent::Passed { event, reason });
                }
            }
        }
    }
}
