//! Strategy folders and a [`Config`] to the one state machine definition, checked, and the API calls it makes.

mod call;
mod check;
mod child;
mod declarations;
mod definition;
mod kind;
mod placeholder;
mod printed;
mod graph;
mod origin;
pub(crate) mod expression;
mod hooks;
mod ready;
mod render;
mod source;
mod strict_json;
mod tables;
mod template_fault;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use asg_recycle_simulator::states_language::StateMachine;

use crate::config::Config;
use crate::problem::Problems;
use crate::strategy::Catalog;

use definition::Definition;
use origin::Marks;
use source::Source;
use tables::Tables;

pub use call::{callers_of, calls_of};
pub use graph::{Graph, On, Stage, State, Way};
pub use placeholder::Placeholder;

/// The state machine that is emitted.
#[derive(Debug, Clone)]
pub struct Machine {
    /// The exact bytes that are deployed, placeholders unfilled: without white space between tokens, newline at the end.
    pub definition: Arc<str>,
    /// Every API call that its role is asked for, as IAM spells it, e.g. `autoscaling:SuspendProcesses`: those that its
    /// tasks make, and those that a strategy's settings need besides.
    pub api_calls: BTreeSet<String>,
    /// Its states by the stage of the frame or the strategy whose templates hold them, in order.
    pub(crate) stages: Vec<(String, Vec<String>)>,
}

impl Machine {
    /// Its states and the ways between them, for people.
    pub fn graph(&self) -> Graph {
        Graph::of(&StateMachine::read(&self.definition).0, &self.stages)
    }
}

/// A definition that is deployed, laid out for people.
pub fn laid_out(definition: &str) -> String {
    printed::laid_out(definition)
}

/// The versions of journals that this release's machine reads; any other it leaves alone.
pub fn known_journals() -> Vec<u32> {
    tables::known_versions(Catalog::embedded())
}

/// Renders and checks the machine. A problem here is a fault of the templates, not of the configuration, and a
/// test meets it before a user can. Stacks of one process often have the same machine, which is then rendered once.
pub fn build(config: &Config) -> Result<Machine, Problems> {
    let source = Source::of(config);
    if let Some((_, machine)) = known().iter().find(|(known, _)| *known == source) {
        return Ok(machine.clone());
    }
    let machine = build_anew(&source)?;
    let mut known = known();
    known.truncate(KNOWN_MAX - 1);
    known.push_front((source, machine.clone()));
    Ok(machine)
}

/// Most machines that are kept for stacks that may ask for the same. Each is 640 kB; one that is ready-made is made again in a
/// millisecond, and of those that have to be rendered few differ in one process.
const KNOWN_MAX: usize = 8;

/// The machines that are kept, each with what it followed from, the newest first.
fn known() -> MutexGuard<'static, VecDeque<(Source, Machine)>> {
    static KNOWN: Mutex<VecDeque<(Source, Machine)>> = Mutex::new(VecDeque::new());
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn build_anew(source: &Source) -> Result<Machine, Problems> {
    // The templates that are compiled in passed every rule in the tests, and the rules are most of the work.
    let all_rules = cfg!(debug_assertions) || !Arc::ptr_eq(source.catalog(), Catalog::embedded());
    let ready = if all_rules { None } else { ready::machine(source) };
    let Some(ready) = ready else { return rendered(source, all_rules) };
    let ready::Filled { definition, api_calls, stages } = ready?;
    Ok(Machine { definition, api_calls, stages })
}

fn rendered(source: &Source, all_rules: bool) -> Result<Machine, Problems> {
    let tables = Tables::of(source.catalog())?;
    // Marks take as long as all the rest, and only a fault asks for them.
    machine(source, &tables, Marks::LeftOut, all_rules)
        .or_else(|_| machine(source, &tables, Marks::Made, all_rules))
}

/// The line of the template at which each state begins, `templates/FILE:LINE`; none of templates that are at fault.
pub fn origins(config: &Config) -> BTreeMap<String, String> {
    let source = Source::of(config);
    let tables = Tables::of(source.catalog());
    let Ok(rendered) = tables.and_then(|tables| render::render(&source, &tables, Marks::Made)) else {
        return BTreeMap::new();
    };
    let (machine, _) = StateMachine::of(rendered.machine);
    let of_state = |(_, name, _): (usize, &str, _)| Some((name.to_owned(), rendered.origins.of(name, None)?));
    machine.states().filter_map(of_state).collect()
}

/// The same faults, which point to API calls, each at the line of a template that prints a state which makes the call.
pub(crate) fn at_their_calls(faults: Problems, config: &Config, machine: &Machine) -> Problems {
    let (callers, lines) = (callers_of(&machine.definition), origins(config));
    let line = |call: &str| lines.get(callers.get(call)?.first()?).cloned();
    let mut placed = Problems::default();
    placed.extend(faults.into_iter().map(|fault| {
        let line = line(&fault.pointer);
        fault.in_template(line)
    }));
    placed
}

/// Without `all_rules` only what a configuration could break is asked.
fn machine(
    source: &Source,
    tables: &Arc<Tables>,
    marks: Marks,
    all_rules: bool,
) -> Result<Machine, Problems> {
    let render::Rendered { text, machine, stages, origins } = render::render(source, tables, marks)?;
    let mut api_calls: BTreeSet<String> = call::callers(&machine).into_keys().collect();
    api_calls.extend(source.needed().into_iter().map(|(call, _)| call));
    if all_rules {
        let mut definition = Definition::of(Arc::clone(&text), machine, &origins)?;
        definition.declared = tables.declarations(source.catalog(), &stages);
        check::check(&definition, &origins).or_ok(())?;
    } else {
        check::check_placeholders(&text, &origins).or_ok(())?;
    }
    Ok(Machine { definition: text, api_calls, stages })
}

/// What AWS asks of the caller because of what is configured: each call with the key of `stack.yaml` that has it needed.
pub fn needed(config: &Config) -> Vec<(String, String)> {
    Source::of(config).needed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SettingValue;

    #[test]
    fn the_machine_of_all_strategies_passes_every_check() {
        let machine =
            build(&Config::with_defaults("asg-recycle".parse().unwrap())).unwrap_or_else(|problems| {
                let lines = problems.iter().map(|each| format!("{}: {}: {each}", each.code, each.pointer));
                panic!("{}", lines.collect::<Vec<_>>().join("\n"))
            });
        for placeholder in Placeholder::ALL {
            assert!(
                machine.definition.contains(&format!("${{{}}}", placeholder.as_str())),
                "{placeholder:?}"
            );
        }
        assert!(machine.api_calls.contains("autoscaling:TerminateInstanceInAutoScalingGroup"));
        let value: serde_json::Value = serde_json::from_str(&machine.definition).unwrap();
        assert_eq!(*machine.definition, format!("{value}\n"));
        assert_eq!(laid_out(&machine.definition), format!("{value:#}\n"));
    }

    #[test]
    fn rules_that_a_release_leaves_out_change_nothing_and_placeholders_are_still_asked() {
        let config = Config::with_defaults("demo".parse().unwrap());
        let short = |config: &Config| {
            let source = Source::of(config);
            let tables = Arc::new(Tables::read(source.catalog()).unwrap());
            machine(&source, &tables, Marks::LeftOut, false)
        };
        let (whole, short_machine) = (build(&config).unwrap(), short(&config).unwrap());
        assert_eq!(whole.definition, short_machine.definition);
        assert_eq!(whole.api_calls, short_machine.api_calls);
        let folder = [
            ("strategy.yaml", "extends: out-in\nsummary: s\n"),
            (
                "states.asl.json.j2",
                r#"{"Extra": {"Type": "Pass", "Comment": "${nobody}", "Next": "Verify"}}"#,
            ),
        ];
        let folder = folder.map(|(file, text)| (file.to_owned(), text.to_owned()));
        let catalog = Catalog::embedded().with_folder("extra", folder.into()).unwrap();
        let problems = short(&config.with_catalog(catalog)).expect_err("nobody fills it");
        assert!(problems.to_string().contains("${nobody}"), "{problems}");
    }

    #[test]
    fn what_a_configuration_says_of_groups_and_its_partition_breaks_no_rule() {
        for said in [
            "region: cn-north-1\n",
            "region: us-gov-west-1\n",
            "groups: {name_prefixes: [web-, \"a b.c_d/(e)\"]}\n",
            "groups: {name_prefixes: [web-], tags: {\"a:b/c\": \"d = e@f+g\", stage: live}}\n",
            "groups: {tags: {stage: \"\"}}\n",
        ] {
            let config = crate::config::parse(format!("name: demo\n{said}").as_bytes());
            let built = config.and_then(|config| build(&config));
            assert!(built.is_ok(), "{said}: {built:?}");
        }
    }

    #[test]
    fn marks_of_lines_change_nothing_of_what_is_rendered() {
        let config = Config::with_defaults("demo".parse().unwrap());
        let source = Source::of(&config);
        let tables = Arc::new(Tables::read(source.catalog()).unwrap());
        let text = |marks| render::render(&source, &tables, marks).unwrap().text;
        assert_eq!(text(Marks::LeftOut), text(Marks::Made));
        let origins = origins(&config);
        let machine: serde_json::Value = serde_json::from_str(&text(Marks::LeftOut)).unwrap();
        let states = machine["States"].as_object().unwrap();
        assert!(states.keys().all(|name| origins.contains_key(name)) && !states.is_empty());
    }

    #[test]
    fn a_setting_asks_for_the_calls_that_aws_asks_of_the_caller() {
        let mut config = Config::with_defaults("asg-recycle".parse().unwrap());
        let alarms = |config: &Config| {
            needed(config)
                .into_iter()
                .any(|(call, by)| call == "cloudwatch:DescribeAlarms" && by.ends_with(".alarm_names"))
        };
        assert!(!alarms(&config));
        let names = SettingValue::List(vec!["web-5xx".to_owned()]);
        config.strategies.set("instance-refresh", "alarm_names", names).unwrap();
        assert!(alarms(&config));
    }

    #[test]
    fn the_same_configuration_gives_the_same_bytes() {
        let config = Source::of(&Config::with_defaults("asg-recycle".parse().unwrap()));
        assert_eq!(build_anew(&config).unwrap().definition, build_anew(&config).unwrap().definition);
    }

    #[test]
    fn a_machine_is_rendered_once_for_all_stacks_that_differ_in_nothing_it_follows_from() {
        let of = |text: &str| build(&crate::config::parse(text.as_bytes()).unwrap()).unwrap();
        let [one, same] =
            [of("name: one\n"), of("name: two\nregion: eu-central-1\nlogs: {retention_days: 1}\n")];
        assert!(Arc::ptr_eq(&one.definition, &same.definition));
        for other in [
            "region: cn-north-1\n",
            "groups: {name_prefixes: [web-]}\n",
            "notifications: {email_form: text}\n",
            "notifications: {https_form: chat}\n",
            "strategies: {out-in: {poll_interval_seconds: 5}}\n",
        ] {
            let config = crate::config::parse(format!("name: one\n{other}").as_bytes()).unwrap();
            let built = build(&config).unwrap();
            assert_ne!(built.definition, one.definition, "{other}");
            assert_eq!(built.definition, build_anew(&Source::of(&config)).unwrap().definition, "{other}");
        }
    }

    /// Every fault of a strategy whose only file of states has this text, and which has other files besides.
    pub(super) fn faults_with(states: &str, others: &[(&str, &str)]) -> String {
        let yaml = "summary: s\npromise: nothing\nsafe_points: none\nhooks: {start_at: A}\nsettings: {common: [poll_interval_seconds]}\n";
        let files = [("strategy.yaml", yaml), ("states.asl.json.j2", states)];
        let files = files.iter().chain(others).map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        let catalog = crate::strategy::Catalog::embedded()
            .with_folder("broken", files.collect())
            .expect("its strategy.yaml is right");
        build(&Config::with_defaults("demo".parse().unwrap()).with_catalog(catalog))
            .expect_err("it is broken")
            .to_string()
    }

    fn faults(states: &str) -> String {
        faults_with(states, &[])
    }

    #[test]
    fn a_fault_of_the_definition_names_the_templates_own_line() {
        let place = "templates/strategies/broken/states.asl.json.j2";
        let kept = "{\n  \"A\": {\n    \"Type\": \"Pass\",\n    \"Assign\": {\n      \"undeclared\": 1\n    },\n    \
                    \"Output\": {\"x\": \"{% $nothing %}\"},\n    \"Next\": \"Verify\"\n  }\n}\n";
        let told = faults(kept);
        assert!(told.contains(&format!("{place}:5: $undeclared is in no table of variables")), "{told}");
        assert!(told.contains(&format!("{place}:7: $nothing is not assigned on every way here")), "{told}");
        let told = faults(&kept.replace("Verify", "Nowhere"));
        assert!(told.contains(&format!("{place}:8: Next: there is no state `Nowhere`")), "{told}");
    }
}
