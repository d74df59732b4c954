//! The forms of text that keys take. One pattern serves the check and the JSON Schema.

use std::sync::OnceLock;

use regex::Regex;

/// A form of text.
#[derive(Debug)]
pub struct Format {
    /// The whole text matches it. Rust's and ECMAScript's dialects read it alike, but for
    /// Unicode classes.
    pub pattern: &'static str,
    /// What it takes, for people, after "takes".
    pub takes: &'static str,
    /// Most characters.
    pub length_max: usize,
    /// A text that fits.
    pub example: &'static str,
    regex: OnceLock<Regex>,
}

const fn format(
    pattern: &'static str,
    takes: &'static str,
    length_max: usize,
    example: &'static str,
) -> Format {
    Format { pattern, takes, length_max, example, regex: OnceLock::new() }
}

/// First part of every name; how long it may be depends on the names built from it.
pub(super) static NAME: Format = format(
    "^[a-z]([a-z0-9-]*[a-z0-9])?$",
    "lower-case letters, digits and hyphens, with a letter first and no hyphen last",
    64,
    "asg-recycle",
);
/// Second part of every name.
pub(super) static ENVIRONMENT: Format = format(
    "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
    "lower-case letters, digits and hyphens, with no hyphen first or last",
    64,
    "staging",
);
/// An AWS region of any partition.
pub(super) static REGION: Format =
    format("^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$", "the code of an AWS region", 32, "eu-west-2");
/// A Slack channel.
pub(super) static SLACK_CHANNEL: Format =
    format("^[A-Za-z0-9_-]+$", "the name of a Slack channel without the `#`", 80, "platform-recycles");
/// A state machine; without the characters that Step Functions refuses or cannot log.
pub(super) static STATE_MACHINE_NAME: Format =
    format("^[A-Za-z0-9_.+=@-]+$", "the name of a state machine, not its ARN", 80, "recycle-with-approval");
/// A CloudWatch alarm; without the characters that would be read in the definition that it stands in.
pub(super) static ALARM_NAME: Format =
    format("^[A-Za-z0-9 _./:()#@+=,-]+$", "the name of a CloudWatch alarm, not its ARN", 255, "webops-5xx");
/// A Lambda function, one of its versions or an alias.
pub(super) static FUNCTION_ARN: Format = format(
    "^arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]{1,64}(:[A-Za-z0-9_$-]+)?$",
    "the ARN of a Lambda function",
    256,
    "arn:aws:lambda:eu-west-2:123456789012:function:slack-notifier",
);
/// An IAM policy.
pub(super) static POLICY_ARN: Format = format(
    "^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/[A-Za-z0-9_+=,.@/-]+$",
    "the ARN of an IAM policy",
    2048,
    "arn:aws:iam::123456789012:policy/service-boundary",
);
/// What an alarm may notify: a topic, a function, an incident plan.
pub(super) static ACTION_ARN: Format = format(
    "^arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:[a-z0-9]*:[A-Za-z0-9_.:/#@+=,-]+$",
    "the ARN of an alarm action",
    1024,
    "arn:aws:sns:eu-west-2:123456789012:platform-alarms",
);
/// A URL as RFC 3986 spells it, HTTPS only.
pub(super) static ENDPOINT_URL: Format = format(
    "^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?([/?#][A-Za-z0-9._~:/?#@!$&'()*+,;=%-]*)?$",
    "an `https://` URL",
    2048,
    "https://events.pagerduty.com/integration/0123456789abcdef0123456789abcdef/enqueue",
);
/// The same, short enough for an alarm's description, which AWS ends at 1,024 characters.
pub(super) static RUNBOOK_URL: Format = format(
    "^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?([/?#][A-Za-z0-9._~:/?#@!$&'()*+,;=%-]*)?$",
    "an `https://` URL",
    512,
    "https://runbooks.example.com/asg-recycle",
);
/// An IAM path.
pub(super) static ROLE_PATH: Format =
    format("^/([A-Za-z0-9_+=,.@-]+/)*$", "an IAM path, which starts and ends with `/`", 512, "/service/");
/// A tag's key. AWS keeps the prefix `aws:`, in any case, for itself.
pub(super) static TAG_KEY: Format =
    format("^[\\p{L}\\p{N}\\p{Z}_.:/=+@-]+$", "letters, digits, spaces and `_.:/=+-@`", 128, "team");
/// A tag's value.
pub(super) static TAG_VALUE: Format =
    format("^[\\p{L}\\p{N}\\p{Z}_.:/=+@-]*$", "letters, digits, spaces and `_.:/=+-@`", 256, "platform");

/// Why a text does not fit a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Misfit {
    /// It does not match the pattern.
    Pattern,
    /// It has this many characters too many.
    TooLong(usize),
}

impl Format {
    /// Whether a text has this form.
    pub(super) fn check(&self, text: &str) -> Result<(), Misfit> {
        let length = text.chars().count();
        if length > self.length_max {
            return Err(Misfit::TooLong(length - self.length_max));
        }
        let regex = self.regex.get_or_init(|| Regex::new(self.pattern).expect("the patterns are tested"));
        if regex.is_match(text) { Ok(()) } else { Err(Misfit::Pattern) }
    }

    /// The text after one of the usual small repairs, if it fits then.
    pub(super) fn repaired(&self, text: &str) -> Option<String> {
        let text = text.trim();
        let words = text.split(|character: char| !character.is_alphanumeric());
        let hyphenated = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-");
        let url = text.split_once("://").map_or(text, |(_, rest)| rest);
        let candidates = [
            text.to_owned(),
            text.to_lowercase(),
            text.trim_start_matches(['#', '@']).to_owned(),
            format!("/{}/", text.trim_matches('/')),
            format!("https://{url}"),
            text.rsplit(':').next().unwrap_or_default().to_owned(),
            hyphenated.clone(),
            hyphenated.to_lowercase(),
        ];
        candidates.into_iter().find(|candidate| !candidate.is_empty() && self.check(candidate).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &[&Format] = &[
        &NAME,
        &ENVIRONMENT,
        &REGION,
        &SLACK_CHANNEL,
        &STATE_MACHINE_NAME,
        &FUNCTION_ARN,
        &POLICY_ARN,
        &ACTION_ARN,
        &ENDPOINT_URL,
        &RUNBOOK_URL,
        &ROLE_PATH,
        &TAG_KEY,
        &TAG_VALUE,
    ];

    #[test]
    fn every_example_fits_and_line_ends_and_template_marks_never_do() {
        for format in ALL {
            assert_eq!(format.check(format.example), Ok(()), "{}", format.example);
            for intruder in ["\n", "\"", "${a}", "%{a}", "{%a", "\\", "`", "\u{7}"] {
                let text = format!("{}{intruder}", format.example);
                assert_eq!(format.check(&text), Err(Misfit::Pattern), "{text:?}");
            }
        }
    }

    #[test]
    fn lengths_count_characters() {
        assert_eq!(TAG_KEY.check(&"é".repeat(128)), Ok(()));
        assert_eq!(TAG_KEY.check(&"é".repeat(130)), Err(Misfit::TooLong(2)));
    }

    #[test]
    fn the_forms_take_what_aws_takes() {
        for (format, text, fits) in [
            (&NAME, "a", true),
            (&NAME, "payments-2", true),
            (&NAME, "2payments", false),
            (&NAME, "payments-", false),
            (&NAME, "", false),
            (&ENVIRONMENT, "2024-test", true),
            (&ENVIRONMENT, "-test", false),
            (&REGION, "us-gov-west-1", true),
            (&REGION, "eusc-de-east-1", true),
            (&REGION, "cn-northwest-1", true),
            (&REGION, "eu-west-2a", false),
            (&REGION, "London", false),
            (&FUNCTION_ARN, "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:f:live", true),
            (&FUNCTION_ARN, "arn:aws:lambda:eu-west-2:1234:function:f", false),
            (&POLICY_ARN, "arn:aws:iam::aws:policy/ReadOnlyAccess", true),
            (&POLICY_ARN, "arn:aws:iam::123456789012:role/admin", false),
            (&ACTION_ARN, "arn:aws:ssm-incidents::123456789012:response-plan/on-call", true),
            (&ACTION_ARN, "arn:aws:automate:eu-west-2:ec2:stop", true),
            (&ACTION_ARN, "platform-alarms", false),
            (&ENDPOINT_URL, "https://example.com", true),
            (&ENDPOINT_URL, "https://example.com:8443/x?y=z#w", true),
            (&ENDPOINT_URL, "http://example.com", false),
            (&ENDPOINT_URL, "https://", false),
            (&ROLE_PATH, "/", true),
            (&ROLE_PATH, "/a/b/", true),
            (&ROLE_PATH, "a/b", false),
            (&ROLE_PATH, "//", false),
            (&TAG_VALUE, "", true),
            (&TAG_VALUE, "Équipe n° 1", false),
            (&TAG_VALUE, "Équipe 1", true),
            (&TAG_KEY, "", false),
        ] {
            assert_eq!(format.check(text).is_ok(), fits, "{text}");
        }
    }

    #[test]
    fn small_slips_are_repaired() {
        for (format, text, repaired) in [
            (&NAME, "My Stack", Some("my-stack")),
            (&NAME, "my_stack", Some("my-stack")),
            (&NAME, "42", None),
            (&REGION, "EU-West-2", Some("eu-west-2")),
            (&SLACK_CHANNEL, "#alerts", Some("alerts")),
            (&ENDPOINT_URL, "http://example.com/x", Some("https://example.com/x")),
            (&ENDPOINT_URL, "example.com", Some("https://example.com")),
            (&ROLE_PATH, "service/recycle", Some("/service/recycle/")),
            (&STATE_MACHINE_NAME, "arn:aws:states:eu-west-2:123456789012:stateMachine:mine", Some("mine")),
            (&POLICY_ARN, "boundary", None),
        ] {
            assert_eq!(format.repaired(text).as_deref(), repaired, "{text}");
        }
    }
}
