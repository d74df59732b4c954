//! The names of the deployed resources: one place, so that the lengths that are checked are those that are built.

pub mod regions;

pub use regions::partition;

/// The handler zip's path under the output folder.
pub const HANDLER_ZIP: &str = "handler.zip";

/// A resource whose name is built from the stack's prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResourceName {
    /// What it names, for people, e.g. `event rule`.
    pub what: &'static str,
    /// Follows the prefix; begins with a hyphen where it is not empty.
    pub suffix: &'static str,
    /// Whether a hyphen and the region follow: IAM names are shared by all regions of an account.
    pub regional: bool,
    /// Longest name AWS takes, in characters.
    pub length_max: usize,
}

/// Longest AWS region name, e.g. `us-isof-south-1`, in characters.
pub const REGION_LENGTH_MAX: usize = 15;

const fn name(what: &'static str, suffix: &'static str, length_max: usize) -> ResourceName {
    ResourceName { what, suffix, regional: false, length_max }
}

const fn role(what: &'static str, suffix: &'static str) -> ResourceName {
    ResourceName { what, suffix, regional: true, length_max: 64 }
}

/// The Lambda function.
pub const FUNCTION: ResourceName = name("Lambda function", "-handler", 64);
/// The queue of events.
pub const QUEUE: ResourceName = name("queue", "-events", 80);
/// The dead-letter queue.
pub const DEAD_LETTER_QUEUE: ResourceName = name("dead-letter queue", "-events-dead", 80);
/// The rule for changes of groups.
pub const CHANGES_RULE: ResourceName = name("event rule", "-changes", 64);
/// The rule for changes of launch templates.
pub const TEMPLATES_RULE: ResourceName = name("event rule", "-templates", 64);
/// The rule for instances that AWS will retire or maintain.
pub const MAINTENANCE_RULE: ResourceName = name("event rule", "-maintenance", 64);
/// The rule for this machine's dead executions.
pub const EXECUTIONS_RULE: ResourceName = name("event rule", "-executions", 64);
/// The state machine.
pub const MACHINE: ResourceName = name("state machine", "", 80);
/// The handler's role.
pub const HANDLER_ROLE: ResourceName = role("IAM role", "-handler");
/// The state machine's role.
pub const MACHINE_ROLE: ResourceName = role("IAM role", "-machine");
/// The role by which CloudWatch Logs sends the logs on.
pub const LOG_SENDER_ROLE: ResourceName = role("IAM role", "-logs");
/// What looks for how long locks have been held: the state machine, and the rule that starts it.
pub const LOCK_WATCH: ResourceName = name("event rule", "-locks", 64);
/// Its role.
pub const LOCK_WATCH_ROLE: ResourceName = role("IAM role", "-locks");
/// The topic.
pub const TOPIC: ResourceName = name("topic", "-recycles", 256);
/// Follows the stack's name in that of the repository of the handler's images, which all environments share.
pub const REPOSITORY_SUFFIX: &str = "-handler";
/// The table of locks and journals. Every stack of an account and region has the same, whatever its name and environment,
/// so that two of them that see one group share its lock.
pub const LOCK_TABLE: &str = "asg-recycle-locks";

/// Every name with a limit that a long `name` or `environment` can break.
pub const ALL: &[ResourceName] = &[
    FUNCTION,
    QUEUE,
    DEAD_LETTER_QUEUE,
    CHANGES_RULE,
    TEMPLATES_RULE,
    MAINTENANCE_RULE,
    EXECUTIONS_RULE,
    MACHINE,
    HANDLER_ROLE,
    MACHINE_ROLE,
    LOG_SENDER_ROLE,
    LOCK_WATCH,
    LOCK_WATCH_ROLE,
    TOPIC,
];

impl ResourceName {
    /// Longest prefix that still makes a legal name, in characters.
    pub fn prefix_length_max(&self) -> usize {
        let region = if self.regional { 1 + REGION_LENGTH_MAX } else { 0 };
        self.length_max - self.suffix.len() - region
    }
}

/// What the domains of a region's services end with.
/// Source: `partitions.json` in the SDKs of AWS.
pub fn domain(region: &str) -> &'static str {
    match partition(region) {
        "aws-cn" => "amazonaws.com.cn",
        "aws-iso" => "c2s.ic.gov",
        "aws-iso-b" => "sc2s.sgov.gov",
        "aws-iso-e" => "cloud.adc-e.uk",
        "aws-iso-f" => "csp.hci.ic.gov",
        "aws-eusc" => "amazonaws.eu",
        _ => "amazonaws.com",
    }
}

/// What the hosts of the consoles of a region end with, after the region; nothing where it is not known.
/// Source: "Configuring AWS Management Console access" in the guides of the partitions.
pub fn console(region: &str) -> Option<&'static str> {
    match partition(region) {
        "aws-cn" => Some("console.amazonaws.cn"),
        "aws-us-gov" => Some("console.amazonaws-us-gov.com"),
        "aws" => Some("console.aws.amazon.com"),
        _ => None,
    }
}

/// What the name of a bucket of S3 matches, as a whole.
/// Source: "Bucket naming rules" in the Amazon S3 User Guide; what it forbids besides, no bucket was ever made with.
pub const BUCKET_NAME_PATTERN: &str = "[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]";

/// Whether a bucket of S3 can have this name: [`BUCKET_NAME_PATTERN`].
pub fn is_bucket_name(name: &str) -> bool {
    let is_end = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit();
    (3..=63).contains(&name.len())
        && name.starts_with(is_end)
        && name.ends_with(is_end)
        && name.chars().all(|character| is_end(character) || matches!(character, '.' | '-'))
}

/// What the address of everything in a bucket begins with, without a slash at the end; `endpoint` is where S3 is, if not at
/// AWS.
pub fn bucket_url(name: &str, region: &str, endpoint: Option<&str>) -> String {
    let suffix = domain(region);
    match endpoint {
        Some(endpoint) => format!("{}/{name}", endpoint.trim_end_matches('/')),
        // A name with dots fits no certificate as a part of the host's.
        None if name.contains('.') => format!("https://s3.{region}.{suffix}/{name}"),
        None => format!("https://{name}.s3.{region}.{suffix}"),
    }
}

/// The pattern of the names of a stack's topics, whatever their environments; a stack whose name goes on after a hyphen has such, too.
pub fn topics_of(name: &str) -> String {
    format!("{name}-[a-z0-9-]+{}", TOPIC.suffix)
}

/// Whether a topic's name is one of [`topics_of`] a stack.
pub fn is_topic_of(name: &str, topic: &str) -> bool {
    let rest = topic.strip_prefix(name).and_then(|rest| rest.strip_prefix('-'));
    let environment = rest.and_then(|rest| rest.strip_suffix(TOPIC.suffix)).unwrap_or_default();
    let is_part =
        |character: char| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-';
    !environment.is_empty() && environment.chars().all(is_part)
}

/// What every name starts with.
pub fn prefix(name: &str, environment: &str) -> String {
    format!("{name}-{environment}")
}

/// The resource with the least room, and so the limit on the prefix.
pub fn tightest() -> ResourceName {
    ALL.iter().fold(FUNCTION, |tightest, name| {
        if name.prefix_length_max() < tightest.prefix_length_max() { *name } else { tightest }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tightest_name_has_no_more_room_than_any_other() {
        let room = tightest().prefix_length_max();
        for name in ALL {
            assert!(room <= name.prefix_length_max(), "{}", name.what);
        }
    }

    #[test]
    fn buckets_are_named_as_the_pattern_says() {
        let pattern = regex::Regex::new(&format!("^(?:{BUCKET_NAME_PATTERN})$")).expect("a pattern");
        let (longest, too_long) = ("a".repeat(63), "a".repeat(64));
        for name in [
            "ab", "abc", "a-b", "a.b", "-ab", "ab-", ".ab", "ab.", "aBc", "a_c", "aéc", "0b9", &longest,
            &too_long, "",
        ] {
            assert_eq!(is_bucket_name(name), pattern.is_match(name), "{name}");
        }
    }

    #[test]
    fn names_with_the_longest_prefix_are_as_long_as_aws_takes() {
        let role = HANDLER_ROLE;
        let prefix = "p".repeat(role.prefix_length_max());
        let region = "r".repeat(REGION_LENGTH_MAX);
        assert_eq!(format!("{prefix}{}-{region}", role.suffix).len(), role.length_max);
    }
}
