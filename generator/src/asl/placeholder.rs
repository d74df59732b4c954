//! Names in the definition that are known when the stack is deployed.

/// A deploy-time name that the definition holds as `${name}` and both output formats fill in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Placeholder {
    /// Name of the table of locks and journals.
    LockTableName,
    /// ARN of the notifier function; empty where there is none.
    NotifierFunctionArn,
    /// ARN of the topic.
    TopicArn,
}

impl Placeholder {
    /// Every placeholder; each occurs in the definition.
    pub const ALL: &[Self] = &[Self::LockTableName, Self::NotifierFunctionArn, Self::TopicArn];

    /// The text between `${` and `}`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LockTableName => "lock_table_name",
            Self::NotifierFunctionArn => "notifier_function_arn",
            Self::TopicArn => "topic_arn",
        }
    }
}
