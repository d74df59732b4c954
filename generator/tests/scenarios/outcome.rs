//! What executions say of themselves, and what they announce, against the schema that is published.

use std::path::Path;

use asg_recycle::simulate::runner::Run;
use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::Value;

/// The published schema, ready to be held against values.
pub(crate) struct Published {
    schemas: Schemas,
    account: SchemaIndex,
    notification: SchemaIndex,
    /// Every outcome that it names.
    pub(crate) outcomes: Vec<String>,
}

impl Published {
    pub(crate) fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/execution-output.schema.json");
        let text = std::fs::read_to_string(path).expect("the schema is there");
        let schema: Value = serde_json::from_str(&text).expect("it is JSON");
        let outcomes = &schema["$defs"]["account"]["properties"]["outcome"]["enum"];
        let outcomes = outcomes.as_array().expect("it names the outcomes").iter();
        let outcomes = outcomes.map(|one| one.as_str().expect("each a word").to_owned()).collect();
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.enable_format_assertions();
        compiler.add_resource("https://asg-recycle/output", schema).expect("it is a schema");
        let account = compiler.compile("https://asg-recycle/output", &mut schemas);
        let notification = compiler.compile("https://asg-recycle/output#/$defs/notification", &mut schemas);
        let (account, notification) =
            (account.expect("it is a schema"), notification.expect("it is a schema"));
        Self { schemas, account, notification, outcomes }
    }

    /// What breaks the schema among the accounts and the messages of a run; one that could not end says nothing.
    pub(crate) fn faults(&self, run: &Run) -> Vec<String> {
        let mut faults = Vec::new();
        for one in &run.executions {
            match &one.account {
                Some(account) => faults.extend(self.fault(account, self.account)),
                None if one.outcome.is_empty() => {}
                None => faults.push(format!("{} ended without an account: {}", one.name(), one.reason)),
            }
        }
        for message in &run.world.messages.published {
            let text = message.body.as_str().unwrap_or_default();
            // The handler publishes its own refusals, which are documented with it.
            match serde_json::from_str::<Value>(text) {
                Ok(body) => faults.extend(self.fault(&body, self.notification)),
                Err(error) => faults.push(format!("a message is no JSON: {error}: {text}")),
            }
        }
        faults
    }

    fn fault(&self, value: &Value, schema: SchemaIndex) -> Option<String> {
        self.schemas.validate(value, schema).err().map(|error| format!("{error:#}\n  in {value}"))
    }

    /// Whether a message or an account that lacks what the schema asks for passes all the same.
    pub(crate) fn accepts_what_is_not_documented(&self) -> bool {
        let message = serde_json::json!({"status": "started", "text": "recycling has started"});
        let account = serde_json::json!({"outcome": "recycled", "reason": ""});
        self.fault(&message, self.notification).is_none() || self.fault(&account, self.account).is_none()
    }
}
