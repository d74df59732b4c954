//! Names in the definition that are known when the stack is deployed.

/// A deploy-time name that the definition holds as `${name}` and both output formats fill in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Placeholder {
    /// The environment that the stack is deployed as.
    Environment,
    /// Name of the table of locks and journals.
    LockTableName,
    /// ARN of the notifier function; empty where there is none.
    NotifierFunctionArn,
    /// The page that says what to do; empty where there is none.
    RunbookUrl,
    /// ARN of the topic.
    TopicArn,
}

impl Placeholder {
    /// Every placeholder; each occurs in the definition.
    pub const ALL: &[Self] = &[
        Self::Environment,
        Self::LockTableName,
        Self::NotifierFunctionArn,
        Self::RunbookUrl,
        Self::TopicArn,
    ];

    /// The text between `${` and `}`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::LockTableName => "lock_table_name",
            Self::NotifierFunctionArn => "notifier_function_arn",
            Self::RunbookUrl => "runbook_url",
            Self::TopicArn => "topic_arn",
        }
    }
}
