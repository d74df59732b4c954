//! A refusal that a person must hear of: what is logged, and what is published on the topic.

use serde::Serialize;

use crate::contract::TriggerRecord;
use crate::message::{self, Notice, Teller};
use crate::problem::{self, Problem};

/// What to do where a group's tags are at fault.
const OF_A_TAG: &str = "mend the tag, then change the group again or start its recycle by hand; until then it runs what it ran before";
/// What to do where an execution died that may have changed the group.
const AFTER_A_DEATH: &str = "look at the group, and start an execution with `\"mode\": \"restore\"` by hand; nothing else puts back what was changed";

/// The headings of the runbook about these two.
const RUNBOOK_OF_A_TAG: &str = "events-rejected";
const RUNBOOK_AFTER_A_DEATH: &str = "put-back-by-hand";

/// A refusal; as JSON it is most of the message that is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rejection {
    /// Always `rejected`, where an execution gives its outcome.
    pub status: &'static str,
    /// The component; a dead execution's name where its input does not say.
    pub component: String,
    /// The group; absent where a dead execution's input does not name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_scaling_group_name: Option<String>,
    /// The account of the group, 12 digits.
    pub account_id: String,
    /// Tag `autorecycle_team`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// Tag `autorecycle_notify_pager_duty`, as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notify_pager_duty: Option<String>,
    /// Everything that is wrong; never empty.
    pub faults: Vec<Problem>,
    /// What asked for the recycle that is rejected.
    pub trigger: TriggerRecord,
}

impl Rejection {
    /// Why, in one line.
    pub fn reason(&self) -> String {
        problem::line(&self.faults)
    }

    /// The message's subject: SNS takes printable ASCII only.
    pub fn subject(&self, teller: Option<&Teller>) -> String {
        message::subject(self.status, teller, &self.component)
    }

    /// The message, and whether it has one text for each protocol, as that stack tells it; where the stack is not known, as JSON.
    ///
    /// # Errors
    /// Serde's, if there is something that JSON cannot say.
    pub fn message(&self, teller: Option<&Teller>) -> serde_json::Result<(String, bool)> {
        let is_of_a_death = self.trigger.execution_arn.is_some();
        let heading = if is_of_a_death { RUNBOOK_AFTER_A_DEATH } else { RUNBOOK_OF_A_TAG };
        let runbook = teller.and_then(|teller| teller.runbook(heading));
        let environment =
            teller.map(|teller| &*teller.environment).filter(|environment| !environment.is_empty());
        let mut told = serde_json::to_value(self)?;
        for (key, value) in [("environment", environment), ("runbook", runbook.as_deref())] {
            if let Some(value) = value {
                told[key] = value.into();
            }
        }
        let json = format!("{told:#}");
        let Some(teller) = teller else { return Ok((json, false)) };
        let notice = Notice {
            status: self.status,
            sign: ":warning:",
            about: &self.component,
            group: self.auto_scaling_group_name.as_deref().unwrap_or_default(),
            team: self.team.as_deref().unwrap_or_default(),
            text: &self.faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
            to_do: if is_of_a_death { AFTER_A_DEATH } else { OF_A_TAG },
            runbook: runbook.as_deref().unwrap_or_default(),
        };
        Ok(notice.message(teller, json))
    }

    /// The message's attributes, for filter policies: never empty, as SNS demands.
    pub fn attributes(&self) -> Vec<(&'static str, String)> {
        let optional = [("team", &self.team), ("notify_pager_duty", &self.notify_pager_duty)];
        let status = ("status", self.status.to_owned());
        let set = optional.into_iter().filter_map(|(key, value)| Some((key, value.clone()?)));
        std::iter::once(status).chain(set.filter(|(_, value)| !value.is_empty())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejection(component: &str) -> Rejection {
        Rejection {
            status: "rejected",
            component: component.to_owned(),
            auto_scaling_group_name: None,
            account_id: "123456789012".to_owned(),
            team: Some("payments".to_owned()),
            notify_pager_duty: Some(String::new()),
            faults: vec![Problem::missing("detail.input", "too large")],
            trigger: TriggerRecord {
                event_name: "FAILED".to_owned(),
                event_id: None,
                execution_arn: None,
                by: None,
            },
        }
    }

    #[test]
    fn a_subject_is_printable_ascii_of_at_most_a_hundred_characters() {
        assert_eq!(rejection("web").subject(None), "asg-recycle rejected: web");
        assert_eq!(rejection("größe\n").subject(None), "asg-recycle rejected: gr??e?");
        assert_eq!(rejection(&"x".repeat(255)).subject(None).len(), 99);
    }

    #[test]
    fn attributes_leave_out_what_is_absent_or_empty() {
        let expected = [("status", "rejected".to_owned()), ("team", "payments".to_owned())];
        assert_eq!(rejection("web").attributes(), expected);
    }
}
