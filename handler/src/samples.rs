//! Values that the unit tests share.

use std::collections::BTreeMap;

use crate::group::{Group, GroupTag};
use crate::settings::Settings;

/// A whole environment.
pub(crate) fn environment() -> BTreeMap<String, String> {
    let pairs = [
        ("STATE_MACHINE_ARN", "arn:aws:states:eu-west-2:123456789012:stateMachine:asg-recycle-test"),
        ("TOPIC_ARN", "arn:aws:sns:eu-west-2:123456789012:asg-recycle-test-recycles"),
        ("STRATEGIES", "in-out,out-in,out-in-timed:windowed"),
        ("DEFAULT_TIME_ZONE", "Europe/London"),
        ("TAG_CHANGES", "propagated"),
        ("SLACK_CHANNEL", "#recycles"),
        ("OWN_ROLE_ARNS", "arn:aws:iam::123456789012:role/handler, arn:aws:iam::123456789012:role/machine"),
        ("ALLOWED_STEP_FUNCTIONS", "blue-green"),
    ];
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// The settings of [`environment`].
pub(crate) fn settings() -> Settings {
    Settings::parse(&environment()).expect("sound settings")
}

/// A group with tags that do not propagate.
pub(crate) fn group(name: &str, tags: &[(&str, &str)]) -> Group {
    let tag = |value: &str| GroupTag { value: value.to_owned(), propagates: false };
    Group {
        name: name.to_owned(),
        tags: tags.iter().map(|(key, value)| ((*key).to_owned(), tag(value))).collect(),
        templates: Vec::new(),
    }
}
