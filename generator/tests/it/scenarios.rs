//! Scenarios as a whole, and several stacks in one world; each scenario file is a test of `tests/scenarios/main.rs`.

use std::collections::BTreeSet;

use asg_recycle::simulate::runner::{Detail, Run};
use asg_recycle::simulate::scenario::Scenario;
use asg_recycle::strategy;
use asg_recycle::{asl, config};

use crate::cases::all_cases;

#[test]
fn every_strategy_has_scenarios() {
    let cases = all_cases();
    for name in strategy::all().keys() {
        assert!(cases.iter().filter(|case| case.strategy == *name).count() > 10, "{name}");
    }
}

/// Those that the machine writes by itself are journals of this release.
#[test]
fn a_journal_of_every_former_version_is_put_back_from_each_phase() {
    let names: BTreeSet<_> = all_cases().into_iter().map(|case| case.name).collect();
    let known = asl::known_journals();
    let newest = known.iter().max().copied().expect("a version is known");
    let phases = strategy::all().values().flat_map(|strategy| strategy.put_back().map(|(phase, _)| phase));
    let wanted = phases.flat_map(|phase| {
        known
            .iter()
            .filter(|version| **version < newest)
            .map(move |version| format!("former-journal-{version}-{phase}"))
    });
    let lacking: BTreeSet<_> = wanted.filter(|name| !names.contains(name)).collect();
    assert_eq!(lacking, BTreeSet::new());
}

fn run(text: &str) -> Run {
    let base = config::parse(b"name: asg-recycle\n").expect("a name is all that a stack needs");
    let scenario = Scenario::parse(text).expect("it is a scenario");
    let deployments = scenario.deployments(&base).unwrap_or_else(|problems| panic!("{problems}"));
    let runner = scenario.runner(&deployments, "out-in", Detail::Plain).expect("it makes sense");
    runner.finish()
}

/// Names of the machines whose executions there were.
fn machines(run: &Run) -> Vec<&str> {
    run.executions.iter().filter_map(|one| one.arn.rsplit(':').nth(1)).collect()
}

#[test]
fn stacks_of_one_account_and_region_share_one_table_of_locks() {
    let run = run("{stacks: [production, staging, {name: other}], group: {min: 2, desired: 2, max: 2}}");
    assert_eq!(machines(&run), ["asg-recycle-production", "asg-recycle-staging", "other-production"]);
    assert_eq!(run.world.spec().resources.tables.len(), 1, "{:?}", run.world.spec().resources.tables);
    assert!(run.verdict.is_sound(), "{:?}", run.verdict.lines());
}

#[test]
fn a_group_that_a_stack_does_not_choose_is_left_alone_by_its_machine_too() {
    for (stack, ends) in [
        ("groups: {name_prefixes: [api-, web]}", "recycled"),
        ("groups: {name_prefixes: [api-]}", "skipped"),
        ("groups: {tags: {team: web}}", "recycled"),
        ("groups: {tags: {team: api}}", "skipped"),
    ] {
        // The first stack chooses the group, and hands it to the second machine by a tag of the group.
        let stacks = format!(
            "[{{name: front, stack: 'handler: {{allowed_step_functions: [back-production]}}'}}, {{name: back, stack: '{stack}'}}]"
        );
        let run = run(&format!(
            "{{stacks: {stacks}, group: {{name: webops-asg-1, min: 2, desired: 2, max: 4, tags: {{team: web, \
             autorecycle_step_function_name: back-production}}}}}}"
        ));
        let ends_are: Vec<_> = run.executions.iter().map(|one| one.outcome.as_str()).collect();
        assert_eq!(ends_are, [ends], "{stack}");
        assert!(run.verdict.is_sound(), "{stack}: {:?}", run.verdict.lines());
    }
}

#[test]
fn stacks_of_their_own_take_what_their_rules_select() {
    let run = run("{
        stacks: [{name: front}, {name: back, stack: 'trigger: {tag_changes: none}'}],
        triggers: [{event: tag_change}],
        group: {min: 2, desired: 2, max: 4},
        expect: {endings: [recycled]},
    }");
    assert_eq!(machines(&run).len(), 1, "only one stack has a rule for tags: {:?}", machines(&run));
    assert!(machines(&run)[0].starts_with("front-"), "{:?}", machines(&run));
    assert!(run.verdict.is_sound(), "{:?}", run.verdict.lines());
}

#[test]
fn groups_of_one_world_launch_from_templates_of_their_own() {
    let text = "{
        world: {
            templates: {lt-web: {latest: 2, default: 2}, lt-jobs: {latest: 7, default: 6}},
            groups: [
                {name: web, min: 2, desired: 2, max: 4, launch: {template: {id: lt-web, version: '2'}}},
                {name: jobs, min: 1, desired: 1, max: 2, current_instances: 1,
                 launch: {template: {id: lt-jobs, version: $Default}}},
            ],
        },
        stack: 'trigger: {launch_template_versions: true}',
        triggers: [{group: web}],
        events: [{at: 10s, group: jobs, do: {set_default_version: {id: lt-jobs, version: 7}}}],
        expect: {endings: [recycled, recycled], groups: {web: {new: 2, outdated: 0}, jobs: {new: 1, outdated: 0}}},
    }";
    let scenario = Scenario::parse(text).expect("it is a scenario");
    assert_eq!(scenario.unmet(&run(text)), Vec::<String>::new());
}
