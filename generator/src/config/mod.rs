//! `stack.yaml`: text to a checked [`Config`], or every fault in it.
//!
//! Two stages: `document` reads any YAML into a tree of values with places; `read` takes that tree apart by
//! the `registry` of keys. Everything else that knows the keys, such as the schema and the reference, reads the
//! same registry.

mod format;
mod text;
mod deployed_name;
mod word;
mod tags;
mod packaged;
mod pager;
mod key;
mod number;
mod list;
mod setting_key;
mod registry;
mod suggest;
mod path;
mod syntax;
mod document;
mod scalar;
mod zone;
mod value;
#[cfg(feature = "simulate")]
pub(crate) mod values;
mod read;
mod strategies;
mod types;
mod across;
pub(crate) mod limits;
mod assemble;
mod combinations;
mod schema;
mod starter;
mod reference;

use crate::problem::{Location, Problem, Problems};

pub use deployed_name::DeployedName;
pub use format::TextFormat;
pub use key::{Key, KeyKind, KeyValue, PairFormat, Presence, Section};
pub use list::{
    AlarmActionArns, DistinctList, GroupNamePrefixes, NewerRegions, SecurityGroupIds, StateMachineNames,
    SubnetIds, TagKeyPatterns,
};
pub use number::{
    BatchSize, BatchingWindowSeconds, Bounded, LockHeldHours, MaxReceiveCount, MaximumConcurrency,
    MemoryMegabytes, ReservedConcurrency, RetentionDays, SilenceHours, TimeoutSeconds,
};
#[cfg(feature = "package")]
pub(crate) use packaged::PLACE_FOR_SECRETS;
pub use packaged::{PackagedFiles, PackagedSettings, TASK_FOLDER};
pub use reference::reference;
pub use registry::{keys, sections};
pub use schema::json_schema;
pub use starter::{SCHEMA_FILE, starter};
pub use strategies::{SettingValue, StrategySettings, USUAL_STRATEGY};
pub use tags::{SelectorTags, TagMap, Tags};
pub use text::{
    AlarmActionArn, AlarmName, AliasName, CodeSigningConfigArn, EndpointUrl, Environment, FunctionArn,
    GroupNamePrefix, LogDestinationArn, LogService, PackagedPath, PolicyArn, Region, RoleArn, RolePath,
    RunbookUrl, SecurityGroupId, SettingName, SettingText, SlackChannel, StackName, StateMachineName,
    SubnetId, TagKey, TagKeyPattern, TagValue,
};
pub use types::{
    AlarmsSection, Config, GroupsSection, HandlerSection, LogsSection, MachineSection, NetworkSection,
    NotificationsSection, PackageSection, PermissionsSection, QueueSection, TriggerSection,
};
pub use word::{Architecture, EmailForm, HttpsForm, LogLevel, MachineLogLevel, PackageKind, TagChanges};

/// Longest `stack.yaml`, in bytes. Every key and fifty tags of full length need less than half of it.
pub const BYTES_MAX: usize = 65_536;

/// Reads a `stack.yaml`: the checked configuration, or every fault in it, by place.
pub fn parse(bytes: &[u8]) -> Result<Config, Problems> {
    let text = decode(bytes)?;
    let mut problems = Problems::default();
    let reading = match document::read(text, &mut problems) {
        Some(root) if !value::is_null(&root) => Some(read::read(&root, &mut problems)),
        _ => None,
    };
    if reading.is_none() && problems.is_empty() {
        problems.push(empty());
    }
    if let Some(reading) = &reading {
        across::check(reading, &mut problems);
    }
    problems.sort_by_place();
    match reading {
        Some(reading) if problems.is_empty() => Ok(assemble::assemble(reading.values)),
        _ => Err(problems),
    }
}

/// The text without a byte-order mark.
fn decode(bytes: &[u8]) -> Result<&str, Problem> {
    if bytes.len() > BYTES_MAX {
        let reason = format!("the file has {} bytes, but a stack has {BYTES_MAX} at most", bytes.len());
        return Err(Problem::new("too-large", "", reason).help("check that it is the right file"));
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        let problem = Problem::new("not-utf8", "", "the file is in UTF-16");
        return Err(problem.at(Location { line: 1, column: 1, length: 1 }).help("save the file as UTF-8"));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| not_utf8(bytes, error.valid_up_to()))?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

fn not_utf8(bytes: &[u8], valid_up_to: usize) -> Problem {
    let valid = String::from_utf8_lossy(&bytes[..valid_up_to]);
    let valid = valid.strip_prefix('\u{feff}').unwrap_or(&valid).replace("\r\n", "\n").replace('\r', "\n");
    let last = valid.rsplit('\n').next().unwrap_or_default();
    let (line, column) = (valid.matches('\n').count() + 1, last.chars().count() + 1);
    let reason = format!("the byte {:#04x} is not valid UTF-8", bytes[valid_up_to]);
    let problem = Problem::new("not-utf8", "", reason).at(Location { line, column, length: 1 });
    problem.help("save the file as UTF-8")
}

fn empty() -> Problem {
    let problem = Problem::new("empty-file", "", "the file has no keys");
    problem
        .at(Location { line: 1, column: 1, length: 1 })
        .help("give at least `name: asg-recycle`; `asg-recycle init` writes a file with every key")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names;

    fn problems(text: &str) -> Vec<(&'static str, String)> {
        let problems = parse(text.as_bytes()).err().unwrap_or_default();
        problems.iter().map(|problem| (problem.code, problem.pointer.clone())).collect()
    }

    fn parsed(text: &str) -> Config {
        parse(text.as_bytes()).unwrap_or_else(|problems| panic!("{problems}"))
    }

    fn text<T: std::str::FromStr<Err = Problem>>(text: &str) -> T {
        text.parse().unwrap_or_else(|problem| panic!("{problem}"))
    }

    #[test]
    fn a_name_alone_is_a_stack() {
        assert_eq!(parsed("name: webops\n"), Config::with_defaults(text("webops")));
        assert_eq!(parsed("\u{feff}name: webops\r\nhandler:\r\n"), Config::with_defaults(text("webops")));
        assert_eq!(parsed("---\n# c\nname: webops\n...\n"), Config::with_defaults(text("webops")));
    }

    #[test]
    fn what_is_packaged_reaches_its_field() {
        let text =
            "name: n\nhandler: {settings: {AWS_ENDPOINT_URL: 'https://x'}, files: {ca.pem: certs/ca.pem}}\n";
        let mut expected = Config::with_defaults("n".parse().unwrap());
        expected.handler.settings.insert("AWS_ENDPOINT_URL", "https://x").unwrap();
        expected.handler.files.insert("ca.pem", "certs/ca.pem").unwrap();
        assert_eq!(parsed(text), expected);
    }

    #[test]
    fn what_is_off_by_default_reaches_its_field() {
        let text = "name: n\nalarms: {silence_hours: 48}\ntracing: {enabled: false}\n\
                    network: {subnet_ids: [subnet-0123abcd], security_group_ids: [sg-0123abcd]}\n";
        let mut expected = Config::with_defaults("n".parse().unwrap());
        expected.alarms.silence_hours = SilenceHours::new(48).ok();
        expected.tracing.enabled = false;
        expected.network.subnet_ids = vec!["subnet-0123abcd".parse().unwrap()].try_into().unwrap();
        expected.network.security_group_ids = vec!["sg-0123abcd".parse().unwrap()].try_into().unwrap();
        assert_eq!(parsed(text), expected);
    }

    /// Each key with a value that is not its default.
    const EVERY_KEY: &str = "name: n\nenvironment: e\nregion: us-east-1\nnewer_regions: [us-east-9]\n\
             handler: {architecture: arm64, memory_megabytes: 129, timeout_seconds: 31, log_level: trace, \
             reserved_concurrency: 7, allowed_step_functions: [other]}\n\
             queue: {batch_size: 9, batching_window_seconds: 1, max_receive_count: 6, maximum_concurrency: 4}\n\
             trigger: {tag_changes: none, ignored_tag_keys: [commit, build-*], launch_template_versions: true, scheduled_maintenance: false}\n\
             groups: {name_prefixes: [web-], tags: {stage: live}}\n\
             machine: {log_level: off}\n\
             notifications: {slack_channel: c, pager_duty: true, email_form: text, https_form: pager_duty, \
             notifier_function_arn: 'arn:aws:lambda:us-east-1:123456789012:function:f'}\n\
             alarms: {action_arns: ['arn:aws:sns:us-east-1:123456789012:t'], runbook_url: 'https://r.example'}\n\
             permissions: {boundary_arn: 'arn:aws:iam::123456789012:policy/b', role_path: /p/}\n\
             encryption: {customer_key: true}\nlocks: {create_table: false}\nlogs: {retention_days: 1}\ntags: {k: v, empty: ''}\n\
             strategies: {out-in-timed: {time_zone: Europe/London, poll_interval_seconds: 5}}\n";

    #[test]
    fn every_key_reaches_its_field() {
        let config = parsed(EVERY_KEY);
        let mut expected = Config::with_defaults(text("n"));
        (expected.environment, expected.region) = (text("e"), text("us-east-1"));
        expected.newer_regions = vec![text("us-east-9")].try_into().unwrap();
        expected.handler = HandlerSection {
            architecture: Architecture::Arm64,
            memory_megabytes: MemoryMegabytes::new(129).unwrap(),
            timeout_seconds: TimeoutSeconds::new(31).unwrap(),
            log_level: LogLevel::Trace,
            reserved_concurrency: Some(ReservedConcurrency::new(7).unwrap()),
            allowed_step_functions: vec![text("other")].try_into().unwrap(),
            ..expected.handler
        };
        expected.queue = QueueSection {
            batch_size: BatchSize::new(9).unwrap(),
            batching_window_seconds: BatchingWindowSeconds::new(1).unwrap(),
            max_receive_count: MaxReceiveCount::new(6).unwrap(),
            maximum_concurrency: MaximumConcurrency::new(4).unwrap(),
        };
        expected.trigger = TriggerSection {
            tag_changes: TagChanges::None,
            ignored_tag_keys: vec![text("commit"), text("build-*")].try_into().unwrap(),
            launch_template_versions: true,
            scheduled_maintenance: false,
        };
        expected.groups.name_prefixes = vec![text("web-")].try_into().unwrap();
        expected.groups.tags.insert("stage", text("live")).unwrap();
        (expected.machine.log_level, expected.encryption.customer_key) = (MachineLogLevel::Off, true);
        expected.notifications = NotificationsSection {
            slack_channel: Some(text("c")),
            notifier_function_arn: Some(text("arn:aws:lambda:us-east-1:123456789012:function:f")),
            pager_duty: true,
            email_form: EmailForm::Text,
            https_form: HttpsForm::PagerDuty,
        };
        expected.alarms.action_arns = vec![text("arn:aws:sns:us-east-1:123456789012:t")].try_into().unwrap();
        expected.alarms.runbook_url = Some(text("https://r.example"));
        expected.permissions.boundary_arn = Some(text("arn:aws:iam::123456789012:policy/b"));
        expected.permissions.role_path = text("/p/");
        (expected.locks.create_table, expected.logs.retention_days) = (false, RetentionDays::new(1).unwrap());
        expected.tags.insert("k", text("v")).unwrap();
        expected.tags.insert("empty", text("")).unwrap();
        let mut timed = |key, value| expected.strategies.set("out-in-timed", key, value).unwrap();
        timed("time_zone", SettingValue::Text("Europe/London".to_owned()));
        timed("poll_interval_seconds", SettingValue::Integer(5));
        assert_eq!(config, expected);
    }

    #[test]
    fn bounds_belong_to_what_they_bound() {
        for key in keys() {
            let (section, name) = (key.section().to_owned(), key.name());
            let accepts = |value: u64| {
                let nested = section.split('.').filter(|part| !part.is_empty());
                let (open, close): (String, String) = nested.map(|part| (format!("{part}: {{"), '}')).unzip();
                // The reserve has to cover the maximum, so that is kept small.
                let queue = if section == "queue" { "" } else { "queue: {maximum_concurrency: 2}\n" };
                // So have two percentages to be near each other.
                let near = match name {
                    "min_healthy_percentage" => ", max_healthy_percentage: 100",
                    "max_healthy_percentage" => ", min_healthy_percentage: 100",
                    _ => "",
                };
                problems(&format!("name: n\n{queue}{open}{name}: {value}{near}{close}\n")).is_empty()
            };
            match key.kind {
                KeyKind::Integer { minimum, maximum } => {
                    assert!(accepts(minimum) && accepts(maximum) && !accepts(maximum + 1), "{}", key.path);
                    assert!(minimum == 0 || !accepts(minimum - 1), "{}", key.path);
                }
                KeyKind::IntegerOrOff { minimum, maximum } => {
                    assert!(accepts(0) && !accepts(1) && !accepts(minimum - 1), "{}", key.path);
                    assert!(accepts(minimum) && accepts(maximum) && !accepts(maximum + 1), "{}", key.path);
                }
                KeyKind::IntegerOf(numbers) => {
                    let mut numbers = numbers.iter().map(|number| u64::from(*number));
                    assert!(numbers.all(accepts) && !accepts(2), "{}", key.path);
                }
                _ => {}
            }
        }
    }

    #[test]
    fn the_longest_name_that_fits_is_taken() {
        let longest = names::tightest().prefix_length_max();
        let name = |length: usize| format!("name: {}\nenvironment: ee\n", "n".repeat(length - "-ee".len()));
        assert_eq!(problems(&name(longest)), vec![]);
        assert_eq!(problems(&name(longest + 1)), vec![("name-too-long", "name".to_owned())]);
        // What neither may be longer than, whatever the other is: the schema has it.
        for alone in [StackName::format(), Environment::format()] {
            assert_eq!(alone.length_max, longest - "-e".len());
        }
    }

    #[test]
    fn a_program_gets_the_faults_of_several_keys_from_the_configuration() {
        let mut config = Config::with_defaults(text(&"n".repeat(38)));
        config.handler.reserved_concurrency = ReservedConcurrency::new(5).ok();
        config.queue.maximum_concurrency = MaximumConcurrency::new(6).unwrap();
        let percentage = SettingValue::Integer(200);
        config.strategies.set("instance-refresh", "max_healthy_percentage", percentage).unwrap();
        config
            .strategies
            .set("instance-refresh", "min_healthy_percentage", SettingValue::Integer(0))
            .unwrap();
        let problems = config.check().unwrap_err();
        let codes: Vec<_> = problems.iter().map(|problem| problem.code).collect();
        assert_eq!(codes, ["name-too-long", "too-little-concurrency", "percentages-too-far-apart"]);
    }

    #[test]
    fn a_fault_of_one_key_does_not_bring_up_another() {
        let bad_name = format!("name: {}!\n", "n".repeat(37));
        assert_eq!(problems(&bad_name), vec![("bad-form", "name".to_owned())]);
        let both = "name: n\nhandler: {reserved_concurrency: 5}\nqueue: {maximum_concurrency: 2000}\n";
        assert_eq!(problems(both), vec![("out-of-range", "queue.maximum_concurrency".to_owned())]);
    }

    #[test]
    fn the_strategy_that_is_taken_where_none_is_said_is_there_and_waits_for_no_window() {
        assert!(crate::strategy::all().get(USUAL_STRATEGY).is_some_and(|strategy| !strategy.windowed));
    }

    #[test]
    fn shared_settings_may_be_aliases() {
        let config =
            parsed("name: n\nstrategies:\n  in-out: &slow\n    poll_interval_seconds: 60\n  out-in: *slow\n");
        for strategy in ["out-in", "in-out"] {
            assert_eq!(config.strategies[strategy]["poll_interval_seconds"], SettingValue::Integer(60));
        }
    }

    #[test]
    fn thousands_of_faults_are_all_reported() {
        let keys: Vec<_> = (1_000..4_000).map(|number| format!("k{number}:")).collect();
        assert_eq!(problems(&keys.join("\n")).len(), 3_001); // the name is missing, too
    }
}
