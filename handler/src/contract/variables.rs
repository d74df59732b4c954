//! Environment variables that configure the handler.

/// An environment variable that configures the handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Its name in the function's environment and in `settings.json`.
    pub name: &'static str,
    /// Whether the handler refuses to start without it.
    pub required: bool,
    /// What it holds, in a sentence without a final period.
    pub summary: &'static str,
}

/// ARN of the state machine to start.
pub const STATE_MACHINE_ARN: Variable =
    Variable { name: "STATE_MACHINE_ARN", required: true, summary: "ARN of the state machine to start" };
/// ARN of the topic that faults are published to.
pub const TOPIC_ARN: Variable = Variable {
    name: "TOPIC_ARN",
    required: true,
    summary: "ARN of the topic that rejected groups are reported to",
};
/// The strategies of the deployed machine.
pub const STRATEGIES: Variable = Variable {
    name: "STRATEGIES",
    required: true,
    summary: "comma-separated strategy names of the state machine; a name that needs windows ends with `:windowed`",
};
/// The zone of windows on groups without the time-zone tag.
pub const DEFAULT_TIME_ZONE: Variable = Variable {
    name: "DEFAULT_TIME_ZONE",
    required: true,
    summary: "IANA time zone of windows on groups without the time zone tag",
};
/// Which tag changes count.
pub const TAG_CHANGES: Variable = Variable {
    name: "TAG_CHANGES",
    required: true,
    summary: "which tag changes recycle a group: `propagated`, `all` or `none`",
};
/// Tags whose changes never count, besides [`SERVICE_TAG_KEYS`].
pub const IGNORED_TAG_KEYS: Variable = Variable {
    name: "IGNORED_TAG_KEYS",
    required: false,
    summary: "comma-separated keys of tags whose changes do not count; one that ends with `*` stands for every key that begins so",
};
/// Where successes are announced (the payload's `success_channel`).
pub const SLACK_CHANNEL: Variable = Variable {
    name: "SLACK_CHANNEL",
    required: false,
    summary: "Slack channel that successful recycles are announced in",
};
/// Names of this stack's own roles, so that its own calls start nothing.
pub const OWN_ROLE_ARNS: Variable = Variable {
    name: "OWN_ROLE_ARNS",
    required: true,
    summary: "comma-separated ARNs of this stack's roles, whose calls never start a recycle",
};
/// Other machines that a tag may name.
pub const ALLOWED_STEP_FUNCTIONS: Variable = Variable {
    name: "ALLOWED_STEP_FUNCTIONS",
    required: false,
    summary: "comma-separated names of other state machines that a group's tag may name",
};
/// Which groups belong to the stack, by name.
pub const GROUP_NAME_PREFIXES: Variable = Variable {
    name: "GROUP_NAME_PREFIXES",
    required: false,
    summary: "comma-separated beginnings of names: a group belongs to the stack only if its name has one of them",
};
/// Which groups belong to the stack, by tags.
pub const GROUP_TAGS: Variable = Variable {
    name: "GROUP_TAGS",
    required: false,
    summary: "JSON object of tags: a group belongs to the stack only if it carries each with that value",
};
/// In which forms the topic is told.
pub const MESSAGE_FORMS: Variable = Variable {
    name: "MESSAGE_FORMS",
    required: false,
    summary: "comma-separated forms of messages besides JSON: `email:text` for people, `https:chat` for AWS's chat integration",
};

/// What messages call the stack's environment.
pub const ENVIRONMENT: Variable = Variable {
    name: "ENVIRONMENT",
    required: false,
    summary: "the stack's environment, which messages name",
};
/// Where people read what to do.
pub const RUNBOOK_URL: Variable = Variable {
    name: "RUNBOOK_URL",
    required: false,
    summary: "URL of the runbook that messages point to, without a `#`",
};

/// Every variable; the stack sets them and the handler's configuration reads them from here.
pub const VARIABLES: &[Variable] = &[
    STATE_MACHINE_ARN,
    TOPIC_ARN,
    STRATEGIES,
    DEFAULT_TIME_ZONE,
    TAG_CHANGES,
    IGNORED_TAG_KEYS,
    SLACK_CHANNEL,
    OWN_ROLE_ARNS,
    ALLOWED_STEP_FUNCTIONS,
    GROUP_NAME_PREFIXES,
    GROUP_TAGS,
    MESSAGE_FORMS,
    ENVIRONMENT,
    RUNBOOK_URL,
];

/// The authorities that TLS trusts, in place of the system's.
pub const CA_BUNDLE: Variable = Variable {
    name: "AWS_CA_BUNDLE",
    required: false,
    summary: "PEM file of the authorities that TLS trusts; one that is packaged lies under `/var/task/`",
};

/// How AWS is reached. The stack sets none of these: they are for `settings.json`, or for a function's environment
/// that somebody else sets.
pub const CONNECTION_VARIABLES: &[Variable] = &[
    CA_BUNDLE,
    connection("SSL_CERT_FILE", "the same, where `AWS_CA_BUNDLE` is not set"),
    connection("AWS_ENDPOINT_URL", "where every call goes, e.g. to an endpoint in a VPC"),
    connection("AWS_ENDPOINT_URL_AUTO_SCALING", "where calls of Auto Scaling go"),
    connection("AWS_ENDPOINT_URL_SFN", "where calls of Step Functions go"),
    connection("AWS_ENDPOINT_URL_SNS", "where calls of SNS go"),
    connection("AWS_USE_FIPS_ENDPOINT", "whether AWS's FIPS endpoints are called: `true` or `false`"),
    connection(
        "AWS_USE_DUALSTACK_ENDPOINT",
        "whether AWS's endpoints with IPv6 are called: `true` or `false`",
    ),
];

const fn connection(name: &'static str, summary: &'static str) -> Variable {
    Variable { name, required: false, summary }
}
