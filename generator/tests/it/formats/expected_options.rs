//! What a stack describes where `stack.yaml` asks for more than it has by default.

use asg_recycle::stack::value::Attribute;
use serde_json::json;

use super::expected::{Found, Seen, attribute_of};

impl Seen<'_> {
    pub(super) fn function_alias(self) -> Option<Found> {
        let alias = self.stack.function.alias.as_ref()?;
        let properties = json!({
            "name": alias.name,
            "description": alias.description,
            "function_name": "{function.handler.name}",
            "function_version": "{function.handler.version}",
        });
        Some(("function_alias.handler".to_owned(), properties))
    }

    pub(super) fn log_subscriptions(self) -> Vec<Found> {
        let Some(all) = &self.stack.log_subscriptions else { return Vec::new() };
        let mut found: Vec<Found> = all.sender.iter().map(|role| self.role(role)).collect();
        for filter in &all.filters {
            let label = &filter.resource.label;
            let properties = json!({
                "name": filter.name,
                "log_group_name": self.value(&filter.log_group),
                "pattern": "",
                "destination_arn": self.value(&all.destination_arn),
                "role_arn": all.sender.as_ref().map(|role| attribute_of(&role.resource, Attribute::Arn)),
            });
            found.push((format!("subscription_filter.{label}"), properties));
            let permission = json!({
                "function_name": self.value(&all.destination_arn),
                "action": "lambda:InvokeFunction",
                "principal": "logs.amazonaws.com",
                "source_arn": self.value(&filter.log_group_arn),
                "source_account": "{account}",
            });
            found.extend(all.function.as_ref().map(|_| (format!("permission.{label}_logs"), permission)));
        }
        found
    }

    pub(super) fn lock_watch(self) -> Vec<Found> {
        let Some(watch) = &self.stack.lock_watch else { return Vec::new() };
        let machine = json!({
            "name": self.value(&watch.name),
            "type": "STANDARD",
            "role_arn": self.value(&watch.role_arn),
            "definition": self.value(&watch.definition),
            "tags": self.stack.tags,
        });
        let rule = json!({
            "name": self.value(&watch.name),
            "description": watch.description,
            "schedule": watch.schedule,
            "target_id": "lock-watch",
            "target_arn": "{machine.lock_watch.arn}",
            "target_role_arn": self.value(&watch.role_arn),
            "tags": self.stack.tags,
        });
        vec![
            ("machine.lock_watch".to_owned(), machine),
            ("rule.lock_watch".to_owned(), rule),
            self.role(&watch.role),
        ]
    }

    pub(super) fn dashboard(self) -> Option<Found> {
        let dashboard = self.stack.dashboard.as_ref()?;
        let properties = json!({ "name": self.value(&dashboard.name), "body": self.value(&dashboard.body) });
        Some(("dashboard.stack".to_owned(), properties))
    }
}
