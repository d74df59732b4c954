//! The handler's settings: environment variables, completed from an optional `settings.json`, checked once at start-up
//! with every fault reported together.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;

use crate::arn::{self, StateMachineArn};
use crate::contract::{
    ALLOWED_STEP_FUNCTIONS, CONNECTION_VARIABLES, DEFAULT_TIME_ZONE, ENVIRONMENT, GROUP_NAME_PREFIXES,
    GROUP_TAGS, IGNORED_TAG_KEYS, MESSAGE_FORMS, OWN_ROLE_ARNS, RUNBOOK_URL, SERVICE_TAG_KEYS, SLACK_CHANNEL,
    STATE_MACHINE_ARN, STRATEGIES, TAG_CHANGES, TOPIC_ARN, VARIABLES, Variable,
};
use crate::message::{Forms, Teller};
use crate::problem::Problem;
use crate::selector::GroupSelector;
use crate::spelling::suggestion;
use crate::windows;

/// What the stack tells its handler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The machine that recycles.
    pub machine: StateMachineArn,
    /// The topic that faults are published to.
    pub topic_arn: String,
    /// The strategies of the machine by name.
    pub strategies: BTreeMap<String, StrategyTraits>,
    /// The zone of windows on groups without the time zone tag.
    pub default_time_zone: TimeZone,
    /// Which tag changes count.
    pub tag_changes: TagChanges,
    /// Keys of tags whose changes never count; one that ends with `*` stands for all that begin so.
    pub ignored_tag_keys: Vec<String>,
    /// The payload's `success_channel`; empty where none is set.
    pub slack_channel: String,
    /// Roles whose calls start nothing.
    pub own_role_arns: BTreeSet<String>,
    /// Names of other machines that a tag may name.
    pub allowed_step_functions: BTreeSet<String>,
    /// Which groups belong to the stack.
    pub groups: GroupSelector,
    /// In which forms the topic is told.
    pub forms: Forms,
    /// What messages call the stack's environment; empty where it does not say.
    pub environment: String,
    /// URL of the runbook that messages point to; empty where there is none.
    pub runbook_url: String,
}

/// What the handler has to know of a strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StrategyTraits {
    /// Whether it acts inside windows only; a group without one is then at fault.
    pub requires_window: bool,
}

/// Which tag changes recycle a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagChanges {
    /// Those that reach instances.
    Propagated,
    /// Those of any tag.
    All,
    /// No change of a tag recycles.
    None,
}

impl Settings {
    /// Checks the environment, as [`complete`] has left it.
    pub fn parse(environment: &BTreeMap<String, String>) -> Result<Self, Vec<Problem>> {
        let mut source = Source { environment, faults: Vec::new() };
        let machine = source.machine();
        let topic_arn = source.topic();
        let strategies = source.strategies();
        let default_time_zone = source.zone();
        let tag_changes = source.tag_changes();
        let ignored_tag_keys = source.list(IGNORED_TAG_KEYS);
        let slack_channel = source.text(SLACK_CHANNEL).unwrap_or_default();
        let own_role_arns = source.roles();
        let allowed_step_functions = source.step_functions();
        let groups = source.groups();
        let forms = source.forms();
        let environment_name = source.text(ENVIRONMENT).unwrap_or_default();
        let runbook_url = source.text(RUNBOOK_URL).unwrap_or_default();
        match (machine, topic_arn, default_time_zone, tag_changes) {
            (Some(machine), Some(topic_arn), Some(default_time_zone), Some(tag_changes))
                if source.faults.is_empty() =>
            {
                Ok(Self {
                    machine,
                    topic_arn,
                    strategies,
                    default_time_zone,
                    tag_changes,
                    ignored_tag_keys,
                    slack_channel,
                    own_role_arns,
                    allowed_step_functions,
                    groups,
                    forms,
                    environment: environment_name,
                    runbook_url,
                })
            }
            _ => Err(source.faults),
        }
    }

    /// Who tells the topic.
    pub fn teller(&self) -> Teller {
        Teller {
            machine: self.machine.clone(),
            forms: self.forms,
            environment: self.environment.clone(),
            runbook_url: self.runbook_url.clone(),
        }
    }

    /// Whether changes of the tag never count: the stack leaves it out, or an AWS service marks groups with it.
    pub fn ignores_tag(&self, key: &str) -> bool {
        let own = self.ignored_tag_keys.iter().map(String::as_str);
        own.chain(SERVICE_TAG_KEYS.iter().copied()).any(|ignored| match ignored.strip_suffix('*') {
            Some(beginning) => key.starts_with(beginning),
            None => key == ignored,
        })
    }
}

/// Completes the environment by the text of `settings.json`, an object of texts under the names of variables: a
/// variable that is set, and not empty, wins over the file.
pub fn complete(environment: &mut BTreeMap<String, String>, file: &str) -> Vec<Problem> {
    let mut faults = Vec::new();
    let values: BTreeMap<String, String> = serde_json::from_str(file).unwrap_or_else(|error| {
        faults.push(Problem::of(
            "settings.json",
            "unreadable",
            format!("{error}; it holds one object of texts"),
        ));
        BTreeMap::new()
    });
    let known = || [VARIABLES, CONNECTION_VARIABLES].into_iter().flatten().map(|variable| variable.name);
    for (key, value) in values {
        if !known().any(|name| name == key) {
            let reason = format!("unknown key{}", suggestion(&key, known()));
            faults.push(Problem::of("settings.json", &key, reason));
        } else if environment.get(&key).is_none_or(String::is_empty) {
            environment.insert(key, value);
        }
    }
    faults
}

/// Where values come from, and the faults found so far.
struct Source<'a> {
    environment: &'a BTreeMap<String, String>,
    faults: Vec<Problem>,
}

impl Source<'_> {
    /// The value of a variable. An empty one counts as absent, for templates cannot leave a variable out.
    fn text(&mut self, variable: Variable) -> Option<String> {
        let value = self.environment.get(variable.name).filter(|value| !value.is_empty()).cloned();
        if value.is_none() && variable.required {
            self.faults.push(Problem::missing(variable.name, format!("set it to the {}", variable.summary)));
        }
        value
    }

    fn fault(&mut self, variable: Variable, value: &str, reason: impl Into<String>) {
        self.faults.push(Problem::of(variable.name, value, reason));
    }

    /// Comma-separated, blanks around items and empty items ignored.
    fn list(&mut self, variable: Variable) -> Vec<String> {
        let text = self.text(variable).unwrap_or_default();
        text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }

    fn machine(&mut self) -> Option<StateMachineArn> {
        let text = self.text(STATE_MACHINE_ARN)?;
        let arn = StateMachineArn::parse(&text);
        if arn.is_none() {
            self.fault(STATE_MACHINE_ARN, &text, "not the ARN of a state machine");
        }
        arn
    }

    fn topic(&mut self) -> Option<String> {
        let text = self.text(TOPIC_ARN)?;
        let parts: Vec<&str> = text.split(':').collect();
        if !matches!(parts[..], ["arn", _, "sns", _, _, name] if !name.is_empty()) {
            self.fault(TOPIC_ARN, &text, "not the ARN of an SNS topic");
        }
        Some(text)
    }

    fn strategies(&mut self) -> BTreeMap<String, StrategyTraits> {
        let mut strategies = BTreeMap::new();
        for item in self.list(STRATEGIES) {
            let (name, requires_window) = match item.split_once(':') {
                None => (item.as_str(), false),
                Some((name, "windowed")) => (name, true),
                Some((name, _)) => {
                    self.fault(STRATEGIES, &item, "only `:windowed` may follow a strategy's name");
                    (name, false)
                }
            };
            strategies.insert(name.to_owned(), StrategyTraits { requires_window });
        }
        strategies
    }

    fn zone(&mut self) -> Option<TimeZone> {
        let text = self.text(DEFAULT_TIME_ZONE)?;
        windows::zone(&text).map_err(|reason| self.fault(DEFAULT_TIME_ZONE, &text, reason)).ok()
    }

    fn tag_changes(&mut self) -> Option<TagChanges> {
        let text = self.text(TAG_CHANGES)?;
        match text.as_str() {
            "propagated" => Some(TagChanges::Propagated),
            "all" => Some(TagChanges::All),
            "none" => Some(TagChanges::None),
            _ => {
                self.fault(TAG_CHANGES, &text, "expected `propagated`, `all` or `none`");
                None
            }
        }
    }

    fn roles(&mut self) -> BTreeSet<String> {
        let roles: BTreeSet<String> = self.list(OWN_ROLE_ARNS).into_iter().collect();
        for role in &roles {
            if !(role.starts_with("arn:") && role.contains(":role/")) {
                self.fault(OWN_ROLE_ARNS, role, "not the ARN of a role");
            }
        }
        roles
    }

    fn step_functions(&mut self) -> BTreeSet<String> {
        let names: BTreeSet<String> = self.list(ALLOWED_STEP_FUNCTIONS).into_iter().collect();
        for name in names.iter().filter(|name| !arn::is_machine_name(name)) {
            self.fault(
                ALLOWED_STEP_FUNCTIONS,
                name,
                "not a state machine's name: 1 to 80 of letters, digits, - and _",
            );
        }
        names
    }

    fn forms(&mut self) -> Forms {
        let text = self.text(MESSAGE_FORMS).unwrap_or_default();
        Forms::parse(&text).unwrap_or_else(|unknown| {
            self.fault(MESSAGE_FORMS, unknown, "expected `email:text` or `https:chat`");
            Forms::default()
        })
    }

    fn groups(&mut self) -> GroupSelector {
        let name_prefixes = self.list(GROUP_NAME_PREFIXES);
        let text = self.text(GROUP_TAGS).unwrap_or_else(|| "{}".to_owned());
        let tags = serde_json::from_str(&text).unwrap_or_else(|error| {
            self.fault(GROUP_TAGS, &text, format!("{error}; it holds one object of texts"));
            BTreeMap::new()
        });
        GroupSelector { name_prefixes, tags }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    fn lines(result: Result<Settings, Vec<Problem>>) -> Vec<String> {
        result.expect_err("faults").iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_whole_environment_is_read() {
        let settings = samples::settings();
        assert_eq!(settings.machine.account_id(), "123456789012");
        assert!(settings.strategies["out-in-timed"].requires_window);
        assert!(!settings.strategies["out-in"].requires_window);
        assert_eq!(settings.tag_changes, TagChanges::Propagated);
        assert_eq!(settings.default_time_zone.iana_name(), Some("Europe/London"));
        assert!(settings.allowed_step_functions.contains("blue-green"));
    }

    #[test]
    fn every_missing_variable_is_reported_at_once() {
        let faults = lines(Settings::parse(&BTreeMap::new()));
        let required: Vec<_> = VARIABLES.iter().filter(|variable| variable.required).collect();
        assert_eq!(faults.len(), required.len());
        for variable in required {
            assert!(faults.iter().any(|line| line.starts_with(&format!("`{}` is missing", variable.name))));
        }
    }

    #[test]
    fn every_malformed_variable_is_reported_at_once() {
        let mut environment = samples::environment();
        for (key, value) in [
            ("STATE_MACHINE_ARN", "asg-recycle"),
            ("TOPIC_ARN", "arn:aws:sqs:eu-west-2:1:q"),
            ("STRATEGIES", "out-in,in-out:sometimes"),
            ("DEFAULT_TIME_ZONE", "Europe/Londn"),
            ("TAG_CHANGES", "some"),
            ("OWN_ROLE_ARNS", "handler"),
            ("ALLOWED_STEP_FUNCTIONS", "a b"),
            ("MESSAGE_FORMS", "email:text,https:html"),
        ] {
            environment.insert(key.to_owned(), value.to_owned());
        }
        assert_eq!(
            lines(Settings::parse(&environment)),
            [
                "`STATE_MACHINE_ARN` is `asg-recycle`: not the ARN of a state machine",
                "`TOPIC_ARN` is `arn:aws:sqs:eu-west-2:1:q`: not the ARN of an SNS topic",
                "`STRATEGIES` is `in-out:sometimes`: only `:windowed` may follow a strategy's name",
                "`DEFAULT_TIME_ZONE` is `Europe/Londn`: not an IANA time zone; did you mean `Europe/London`?",
                "`TAG_CHANGES` is `some`: expected `propagated`, `all` or `none`",
                "`OWN_ROLE_ARNS` is `handler`: not the ARN of a role",
                "`ALLOWED_STEP_FUNCTIONS` is `a b`: not a state machine's name: 1 to 80 of letters, digits, - and _",
                "`MESSAGE_FORMS` is `https:html`: expected `email:text` or `https:chat`",
            ]
        );
    }

    #[test]
    fn the_environment_wins_over_the_file_and_an_empty_variable_does_not() {
        let mut environment = samples::environment();
        environment.insert("SLACK_CHANNEL".to_owned(), String::new());
        let file =
            r##"{"SLACK_CHANNEL": "#from-file", "TAG_CHANGES": "none", "AWS_USE_FIPS_ENDPOINT": "true"}"##;
        assert_eq!(complete(&mut environment, file), []);
        let settings = Settings::parse(&environment).unwrap();
        assert_eq!(settings.slack_channel, "#from-file");
        assert_eq!(settings.tag_changes, TagChanges::Propagated);
        assert_eq!(environment["AWS_USE_FIPS_ENDPOINT"], "true");
    }

    #[test]
    fn a_file_with_an_unknown_key_or_no_object_is_at_fault() {
        let faults = |file| -> Vec<String> {
            complete(&mut samples::environment(), file).iter().map(ToString::to_string).collect()
        };
        assert_eq!(
            faults(r#"{"SLACK_CHANEL": "x"}"#),
            ["`settings.json` is `SLACK_CHANEL`: unknown key; did you mean `SLACK_CHANNEL`?"]
        );
        let broken = faults("[]");
        assert!(broken[0].contains("it holds one object of texts"), "{broken:?}");
    }
}
