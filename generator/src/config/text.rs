//! The texts that a configuration holds, each a type that cannot hold a text that AWS refuses.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use serde::Serialize;

use super::format::TextFormat;
use crate::problem::{Problem, shown};

/// Declares a type of text and its one format: pattern, what it takes, most characters, an example.
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident = $pattern:expr, $takes:literal, $length_max:literal, $example:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
            #[serde(transparent)]
            pub struct $name(String);

            impl $name {
                /// The form that every text of this type has.
                pub fn format() -> &'static TextFormat {
                    static FORMAT: TextFormat = TextFormat::new($pattern, $takes, $length_max, $example);
                    &FORMAT
                }
            }

            impl FromStr for $name {
                type Err = Problem;

                fn from_str(text: &str) -> Result<Self, Problem> {
                    let found = || format!("`{}`", shown(text));
                    match Self::format().check(text) {
                        Ok(()) => Ok(Self(text.to_owned())),
                        Err(misfit) => {
                            Err(Self::format().problem(misfit, stringify!($name), text, &found()))
                        }
                    }
                }
            }

            impl Deref for $name {
                type Target = str;

                fn deref(&self) -> &str {
                    &self.0
                }
            }

            impl Borrow<str> for $name {
                fn borrow(&self) -> &str {
                    &self.0
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                    formatter.write_str(&self.0)
                }
            }

            impl From<$name> for String {
                fn from(text: $name) -> Self {
                    text.0
                }
            }
        )*

        #[cfg(test)]
        const FORMATS: &[fn() -> &'static TextFormat] = &[$($name::format),*];
    };
}

/// An [`HTTPS_URL`] without a fragment.
const PAGE_URL: &str = "https://[A-Za-z0-9.-]+(:[0-9]{1,5})?([/?][A-Za-z0-9._~:/?@!$&'()*+,;=%-]*)?";
/// A URL as RFC 3986 spells it, HTTPS only.
const HTTPS_URL: &str = "https://[A-Za-z0-9.-]+(:[0-9]{1,5})?([/?#][A-Za-z0-9._~:/?#@!$&'()*+,;=%-]*)?";

texts! {
    /// First part of every resource's name; how long it may be depends on the names built from it.
    StackName = "[a-z]([a-z0-9-]*[a-z0-9])?",
        "lower-case letters, digits and hyphens, with a letter first and no hyphen last", 38, "asg-recycle";
    /// Second part of every resource's name; how long it may be depends on the names built from it.
    Environment = "[a-z0-9]([a-z0-9-]*[a-z0-9])?",
        "lower-case letters, digits and hyphens, with no hyphen first or last", 38, "staging";
    /// An AWS region of any partition: a place, a direction and one digit. Which there are is asked across keys, for
    /// `newer_regions` adds to them.
    Region = "[a-z]{2,4}(-(gov|iso[a-z]?|de))?-(north|south|east|west|central|northeast|northwest|southeast|southwest)-[1-9]",
        "the code of an AWS region: place, direction and a digit", 32, "eu-west-2";
    /// A Slack channel without its `#`.
    /// CloudFormation's parameter takes `none` for no channel, so that is the name of none: the pattern says so without looking ahead,
    /// which RE2 cannot.
    SlackChannel = "(([A-Za-mo-z0-9_-]|n[A-Za-np-z0-9_-]|no[A-Za-mo-z0-9_-]|non[A-Za-df-z0-9_-]|none[A-Za-z0-9_-])[A-Za-z0-9_-]*|n(on?)?)",
        "the name of a Slack channel without the `#`, other than `none`", 80, "platform-recycles";
    /// A state machine; without the characters that Step Functions refuses or cannot log.
    StateMachineName = "[A-Za-z0-9_.+=@-]+",
        "the name of a state machine, not its ARN", 80, "recycle-with-approval";
    /// A `CloudWatch` alarm; without the characters that would be read in the definition that it stands in.
    AlarmName = "[A-Za-z0-9 _./:()#@+=,-]+", "the name of a CloudWatch alarm, not its ARN", 255, "webops-5xx";
    /// The ARN of a Lambda function, one of its versions or an alias.
    FunctionArn =
        "arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]{1,64}(:[A-Za-z0-9_$-]+)?",
        "the ARN of a Lambda function", 256, "arn:aws:lambda:eu-west-2:123456789012:function:slack-notifier";
    /// An alias of a Lambda function: digits alone would be a version.
    AliasName = "[0-9]*[A-Za-z_-][A-Za-z0-9_-]*",
        "letters, digits, hyphens and underscores, not digits alone", 64, "live";
    /// The ARN of what says who signs a function's code.
    CodeSigningConfigArn = "arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:code-signing-config:csc-[a-z0-9]{17}",
        "the ARN of a code signing configuration", 200,
        "arn:aws:lambda:eu-west-2:123456789012:code-signing-config:csc-0123456789abcdef0";
    /// The ARN of what log groups may send their events to; [`service`](Self::service) says which it is.
    LogDestinationArn =
        "arn:aws[a-z-]*:(kinesis:[a-z0-9-]+:[0-9]{12}:stream/|firehose:[a-z0-9-]+:[0-9]{12}:deliverystream/|lambda:[a-z0-9-]+:[0-9]{12}:function:|logs:[a-z0-9-]+:[0-9]{12}:destination:)[A-Za-z0-9_.-]+",
        "the ARN of a Kinesis stream, a Firehose stream, a Lambda function or a destination of CloudWatch Logs", 512,
        "arn:aws:firehose:eu-west-2:123456789012:deliverystream/logs";
    /// The ARN of an IAM policy, the account's own or one of AWS.
    PolicyArn = "arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/[A-Za-z0-9_+=,.@/-]+",
        "the ARN of an IAM policy", 2048, "arn:aws:iam::123456789012:policy/service-boundary";
    /// The ARN of a role. The function's environment holds two of them.
    RoleArn = "arn:aws[a-z-]*:iam::[0-9]{12}:role/([A-Za-z0-9_+=,.@-]+/)*[A-Za-z0-9_+=.@-]{1,64}",
        "the ARN of an IAM role", 256, "arn:aws:iam::123456789012:role/recycle-handler";
    /// The ARN of what an alarm may notify: a topic, a function, an incident plan. CloudFormation parts a list of them
    /// at commas, so there is none in it.
    AlarmActionArn = "arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:[a-z0-9]*:[A-Za-z0-9_.:/#@+=-]+",
        "the ARN of an alarm action", 1024, "arn:aws:sns:eu-west-2:123456789012:platform-alarms";
    /// An HTTPS endpoint that a topic delivers to.
    EndpointUrl = HTTPS_URL, "an `https://` URL", 2048,
        "https://events.pagerduty.com/integration/0123456789abcdef0123456789abcdef/enqueue";
    /// The page that alarms point to: short enough for an alarm's description, which AWS ends at 1,024 characters. The heading
    /// of what happened is put behind it, so it has none of its own.
    RunbookUrl = PAGE_URL, "an `https://` URL without a `#`, for the heading is put behind it", 512, "https://runbooks.example.com/asg-recycle";
    /// An IAM path: it groups roles, and policies may be limited to one.
    RolePath = "/([A-Za-z0-9_+=,.@-]+/)*", "an IAM path, which starts and ends with `/`", 512, "/service/";
    /// What names of groups begin with. IAM's wildcards are not in it, and no comma, at which the handler parts a list.
    GroupNamePrefix = "[A-Za-z0-9 _./:()#@+=-]+", "the beginning of a group's name, without `*`", 128, "web-";
    /// A subnet of a VPC.
    SubnetId = "subnet-[0-9a-f]{8,17}", "the id of a subnet", 32, "subnet-0123456789abcdef0";
    /// A security group of a VPC.
    SecurityGroupId = "sg-[0-9a-f]{8,17}", "the id of a security group", 32, "sg-0123456789abcdef0";
    /// A setting that the handler's package may hold.
    SettingName = "[A-Z][A-Z0-9_]*", "the name of a setting, in capitals", 64, "AWS_ENDPOINT_URL";
    /// The value of a packaged setting, not empty.
    SettingText = "[A-Za-z0-9 _./:?&=%~()#@+,-]+", "text in plain characters", 1024, "https://vpce.example.com";
    /// A path in the package, or of its source beside `stack.yaml`: downwards only, which `packaged` holds.
    PackagedPath = "[A-Za-z0-9_.@+-]+(/[A-Za-z0-9_.@+-]+)*",
        "a relative path of plain characters, parted by `/`", 512, "ca.pem";
    /// A tag's key. AWS keeps the prefix `aws:`, in any case, for itself; [`Tags`](super::Tags) refuses that.
    TagKey = "[\\p{L}\\p{N}\\p{Z}_.:/=+@-]+", "letters, digits, spaces and `_.:/=+-@`", 128, "team";
    /// Keys of tags: one, or with `*` at its end all that begin so. No comma, at which the handler parts a list.
    TagKeyPattern = "[\\p{L}\\p{N}\\p{Z}_.:/=+@-]+\\*?", "a tag's key, or the beginning of keys and `*`", 128, "build-*";
    /// A tag's value, perhaps empty.
    TagValue = "[\\p{L}\\p{N}\\p{Z}_.:/=+@-]*", "letters, digits, spaces and `_.:/=+-@`", 256, "platform";
}

/// What takes the events of log groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogService {
    /// A stream of Kinesis.
    Kinesis,
    /// A delivery stream of Firehose.
    Firehose,
    /// A function of the account.
    Lambda,
    /// A destination of CloudWatch Logs, perhaps of another account, whose own policy says who may send to it.
    Destination,
}

impl LogService {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Kinesis, Self::Firehose, Self::Lambda, Self::Destination];

    /// Whether CloudWatch Logs sends to it by a role, which the stack makes.
    pub fn takes_role(self) -> bool {
        matches!(self, Self::Kinesis | Self::Firehose)
    }

    /// The pattern of the ARNs of this one, and what they are.
    pub fn form(self) -> (&'static str, &'static str) {
        match self {
            Self::Kinesis => (
                "arn:aws[a-z-]*:kinesis:[a-z0-9-]+:[0-9]{12}:stream/[A-Za-z0-9_.-]+",
                "the ARN of a Kinesis stream",
            ),
            Self::Firehose => (
                "arn:aws[a-z-]*:firehose:[a-z0-9-]+:[0-9]{12}:deliverystream/[A-Za-z0-9_.-]+",
                "the ARN of a Firehose stream",
            ),
            Self::Lambda => (
                "arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_.-]+",
                "the ARN of a Lambda function",
            ),
            Self::Destination => (
                "arn:aws[a-z-]*:logs:[a-z0-9-]+:[0-9]{12}:destination:[A-Za-z0-9_.-]+",
                "the ARN of a destination of CloudWatch Logs",
            ),
        }
    }
}

impl LogDestinationArn {
    /// What it is the ARN of.
    pub fn service(&self) -> LogService {
        match self.split(':').nth(2) {
            Some("kinesis") => LogService::Kinesis,
            Some("firehose") => LogService::Firehose,
            Some("lambda") => LogService::Lambda,
            _ => LogService::Destination,
        }
    }
}

impl Default for TagValue {
    /// The empty value.
    fn default() -> Self {
        Self(String::new())
    }
}

#[cfg(test)]
mod tests {
    use super::super::format::Misfit;
    use super::*;

    #[test]
    fn every_example_fits_and_line_ends_and_template_marks_never_do() {
        for format in FORMATS {
            let format = format();
            assert_eq!(format.check(format.example), Ok(()), "{}", format.example);
            for intruder in ["\n", "\"", "${a}", "%{a}", "{%a", "\\", "`", "\u{7}"] {
                let text = format!("{}{intruder}", format.example);
                assert_eq!(format.check(&text), Err(Misfit::Pattern), "{text:?}");
            }
        }
    }

    #[test]
    fn lengths_count_characters() {
        assert_eq!(TagKey::format().check(&"é".repeat(128)), Ok(()));
        assert_eq!(TagKey::format().check(&"é".repeat(130)), Err(Misfit::TooLong(2)));
    }

    #[test]
    fn a_text_that_does_not_fit_says_why_and_what_would() {
        let problem = "#webops".parse::<SlackChannel>().unwrap_err();
        let expected = "`SlackChannel` takes the name of a Slack channel without the `#`, other than `none`, found `#webops` \
                        (did you mean `webops`?)";
        assert_eq!(problem.to_string(), expected);
        assert_eq!("webops".parse::<SlackChannel>().unwrap().to_string(), "webops");
    }

    #[test]
    fn the_forms_take_what_aws_takes() {
        for (format, text, fits) in [
            (StackName::format(), "a", true),
            (StackName::format(), "payments-2", true),
            (StackName::format(), "2payments", false),
            (StackName::format(), "payments-", false),
            (StackName::format(), "", false),
            (Environment::format(), "2024-test", true),
            (Environment::format(), "-test", false),
            (SlackChannel::format(), "none", false),
            (SlackChannel::format(), "none-", true),
            (SlackChannel::format(), "non", true),
            (SlackChannel::format(), "no", true),
            (SlackChannel::format(), "n", true),
            (SlackChannel::format(), "noNe", true),
            (SlackChannel::format(), "nines", true),
            (SlackChannel::format(), "nonx", true),
            (SlackChannel::format(), "None", true),
            (Region::format(), "ap-southeast-7", true),
            (Region::format(), "us-isof-south-1", true),
            (Region::format(), "mx-central-1", true),
            (Region::format(), "eu-isoe-west-1", true),
            (Region::format(), "eu-west-22", false),
            (Region::format(), "eu-wset-2", false),
            (Region::format(), "us-gov-west-1", true),
            (Region::format(), "eusc-de-east-1", true),
            (Region::format(), "cn-northwest-1", true),
            (Region::format(), "eu-west-2a", false),
            (Region::format(), "London", false),
            (FunctionArn::format(), "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:f:live", true),
            (FunctionArn::format(), "arn:aws:lambda:eu-west-2:1234:function:f", false),
            (PolicyArn::format(), "arn:aws:iam::aws:policy/ReadOnlyAccess", true),
            (PolicyArn::format(), "arn:aws:iam::123456789012:role/admin", false),
            (AlarmActionArn::format(), "arn:aws:ssm-incidents::123456789012:response-plan/on-call", true),
            (AlarmActionArn::format(), "arn:aws:automate:eu-west-2:ec2:stop", true),
            (AlarmActionArn::format(), "platform-alarms", false),
            (AlarmActionArn::format(), "arn:aws:sns:eu-west-2:123456789012:a,b", false),
            (EndpointUrl::format(), "https://example.com", true),
            (EndpointUrl::format(), "https://example.com:8443/x?y=z#w", true),
            (EndpointUrl::format(), "http://example.com", false),
            (EndpointUrl::format(), "https://", false),
            (RolePath::format(), "/", true),
            (RolePath::format(), "/a/b/", true),
            (RolePath::format(), "a/b", false),
            (RolePath::format(), "//", false),
            (TagValue::format(), "", true),
            (TagValue::format(), "Équipe n° 1", false),
            (TagValue::format(), "Équipe 1", true),
            (TagKey::format(), "", false),
        ] {
            assert_eq!(format.check(text).is_ok(), fits, "{text}");
        }
    }

    #[test]
    fn the_arn_of_a_log_destination_has_the_form_of_its_own_service_only() {
        for rest in [
            "kinesis:R:stream/s",
            "firehose:R:deliverystream/s",
            "lambda:R:function:f",
            "logs:R:destination:d",
        ] {
            let arn = format!("arn:aws:{rest}").replace('R', "eu-west-2:123456789012");
            let service = arn.parse::<LogDestinationArn>().expect("it fits").service();
            let fits =
                |one: &LogService| regex::Regex::new(&format!("^{}$", one.form().0)).unwrap().is_match(&arn);
            assert_eq!(LogService::ALL.into_iter().filter(fits).collect::<Vec<_>>(), [service], "{arn}");
        }
        assert!("arn:aws:sqs:eu-west-2:123456789012:q".parse::<LogDestinationArn>().is_err());
        assert!("42".parse::<AliasName>().is_err() && "4live".parse::<AliasName>().is_ok());
    }

    #[test]
    fn small_slips_are_repaired() {
        for (format, text, repaired) in [
            (StackName::format(), "My Stack", Some("my-stack")),
            (StackName::format(), "my_stack", Some("my-stack")),
            (StackName::format(), "42", None),
            (Region::format(), "EU-West-2", Some("eu-west-2")),
            (SlackChannel::format(), "#alerts", Some("alerts")),
            (EndpointUrl::format(), "http://example.com/x", Some("https://example.com/x")),
            (EndpointUrl::format(), "example.com", Some("https://example.com")),
            (RolePath::format(), "service/recycle", Some("/service/recycle/")),
            (
                StateMachineName::format(),
                "arn:aws:states:eu-west-2:123456789012:stateMachine:mine",
                Some("mine"),
            ),
            (PolicyArn::format(), "boundary", None),
            (RolePath::format(), " ", None),
        ] {
            assert_eq!(format.repaired(text).as_deref(), repaired, "{text}");
        }
    }
}
