//! Groups of every kind as scenarios that can be read.

use std::rc::Rc;

use super::*;
use crate::operate::answers::{SeenInstance, SeenTemplate, SuspendedProcess, TrafficSource};
use crate::operate::fleet::FleetFacts;
use crate::operate::fleet::tests::{OUT_IN, group, now};
use crate::operate::lock::{GroupLock, SeenJournal};
use crate::simulate::runner::{Deployment, Detail};
use crate::simulate::scenario::Scenario;
use asg_recycle_simulator::world::World;
use asg_recycle_simulator::world::instance::{Lifecycle, Origin};
use asg_recycle_simulator::world::script::Script;

fn facts(group: SeenGroup) -> PlanFacts {
    let template = SeenTemplate {
        launch_template_id: "lt-1".to_owned(),
        default_version_number: 1,
        latest_version_number: 2,
    };
    let definition = r#"{"States": {"Read input": {"Assign": {"all_settings": {"out-in": {"alarm_names": [],
        "poll_interval_seconds": 20, "protected_instances": "leave"}}}}}}"#;
    PlanFacts {
        fleet: FleetFacts {
            groups: vec![group],
            aliases: [("lt-1".to_owned(), template)].into(),
            ..FleetFacts::default()
        },
        definition: definition.to_owned(),
        ..PlanFacts::default()
    }
}

fn web(xml: &str) -> SeenGroup {
    let read: SeenGroup = quick_xml::de::from_str(&format!("<member>{xml}</member>")).expect("a group");
    let like = group("web-asg-1", &[OUT_IN, ("aws:cloudformation:stack-name", "web")]);
    let templates = read.launch_template.is_none() && read.mixed_instances_policy.is_none();
    SeenGroup {
        launch_template: read.launch_template.or(like.launch_template.clone().filter(|_| templates)),
        mixed_instances_policy: read.mixed_instances_policy,
        desired_capacity: 2,
        max_size: 4,
        ..like
    }
}

/// The scenario of a group, which `simulate` can read.
fn told(facts: &PlanFacts) -> Value {
    let place = StackPlace {
        stack: "webops".to_owned(),
        region: "eu-west-2".to_owned(),
        account: "123456789012".to_owned(),
    };
    let scenario = scenario(facts, &place, now()).expect("a scenario");
    Scenario::from_value(scenario.clone()).unwrap_or_else(|fault| panic!("{fault}\n{scenario:#}"));
    scenario
}

#[test]
fn a_group_is_described_as_it_is() {
    let mut group = web("");
    group.instances.list[1].protected_from_scale_in = true; // the outdated one
    let lattice = "arn:aws:vpc-lattice:eu-west-2:123456789012:targetgroup/tg-0123456789abcdef0";
    group.traffic_sources.list =
        ["web", lattice].map(|id| TrafficSource { identifier: id.to_owned() }).to_vec();
    group.load_balancer_names.list = vec!["web".to_owned()];
    let mut facts = facts(group);
    facts.settings.health_check_type = "EC2,ELB".to_owned();
    facts.settings.termination_policies.list =
        vec!["OldestInstance".to_owned(), "arn:aws:lambda:eu-west-2:123456789012:function:mine".to_owned()];
    facts.settings.warm_pool_size = Some(2);
    facts.settings.default_instance_warmup = Some(60);
    facts.hooks = vec![SeenHook {
        lifecycle_transition: "autoscaling:EC2_INSTANCE_TERMINATING".to_owned(),
        heartbeat_timeout: 600,
        default_result: "CONTINUE".to_owned(),
    }];
    let scenario = told(&facts);
    let group = &scenario["group"];
    assert_eq!(
        scenario["about"],
        json!(
            "web-asg-1 of stack webops, account 123456789012, eu-west-2, as it was at 2026-01-05T09:00:00Z."
        )
    );
    assert_eq!(
        scenario["stack"],
        json!("strategies:\n  out-in:\n    poll_interval_seconds: 20\n    protected_instances: \"leave\"\n")
    );
    assert_eq!(scenario["world"]["templates"], json!({"lt-1": {"latest": 2, "default": 1}}));
    assert_eq!((&group["min"], &group["desired"], &group["max"]), (&json!(2), &json!(2), &json!(4)));
    assert_eq!(group["warmup"], json!("60s"));
    assert_eq!(group["launch"], json!({"template": {"id": "lt-1", "version": "$Latest"}}));
    assert_eq!((&group["current_instances"], &group["protected_instances"]), (&json!(1), &json!(1)));
    assert_eq!((&group["lattice_target_groups"], &group["health_check"]), (&json!(1), &json!("ELB")));
    assert_eq!(
        (&group["classic_load_balancers"], &group["target_groups"]),
        (&json!(1), &json!(0)),
        "each once"
    );
    assert_eq!(
        group["terminate_hook"],
        json!({"takes": "1s", "heartbeat": "600s", "default_result": "continue"})
    );
    assert_eq!(group["launch_hook"], Value::Null);
    assert_eq!(
        (&group["termination_policies"], &group["warm_pool"]),
        (&json!(["OldestInstance"]), &json!(2))
    );
    assert_eq!(
        (&group["opted_in"], &group["tags"]),
        (&json!("true"), &json!({"autorecycle_strategy": "out-in"}))
    );
    assert_eq!(group["timing"], json!({"start": "15s", "boot": "240s", "drain": "300s", "shutdown": "30s"}));
}

#[test]
fn a_group_that_is_changed_is_described_as_it_is_once_that_is_put_back() {
    let mut group = web("");
    let (old, new) = (group.instances.list[1].clone(), group.instances.list[0].clone());
    let member = |id: &str, like: &SeenInstance| SeenInstance { id: id.to_owned(), ..like.clone() };
    group.instances.list =
        vec![member("i-a", &old), member("i-b", &old), member("i-c", &new), member("i-d", &new)];
    (group.min_size, group.desired_capacity, group.max_size) = (4, 4, 5);
    group.suspended_processes.list =
        ["AZRebalance", "Terminate"].map(|name| SuspendedProcess { process_name: name.to_owned() }).to_vec();
    let mut facts = facts(group);
    let as_it_is = told(&facts)["group"].clone();
    assert_eq!((&as_it_is["desired"], &as_it_is["current_instances"]), (&json!(4), &json!(2)));
    let journal = SeenJournal {
        version: 4,
        phase: "doubling".to_owned(),
        min: Some(1),
        max: Some(5),
        set_min: vec![4],
        suspended: vec!["AZRebalance".to_owned()],
        doubled: Some(4),
        growth: Some(2),
        ..SeenJournal::default()
    };
    let lock = GroupLock { journal: Some(journal), ..GroupLock::default() };
    facts.fleet.locks = [("web-asg-1".to_owned(), lock)].into();
    let own = told(&facts)["group"].clone();
    assert_eq!((&own["min"], &own["desired"], &own["max"]), (&json!(1), &json!(2), &json!(5)));
    assert_eq!((&own["current_instances"], &own["suspended"]), (&json!(0), &json!(["Terminate"])));
    let ids: Vec<String> =
        put_back(&facts).expect("it").instances.list.into_iter().map(|one| one.id).collect();
    assert_eq!(ids, ["i-a", "i-b"]);
}

/// Such as one that a turn has taken out: what is launched there is up to date, and is told of by no id.
#[test]
fn a_place_that_nobody_has_is_taken_by_a_current_instance() {
    let mut group = web("");
    (group.max_size, group.desired_capacity) = (4, 4);
    group.instances.list[1].lifecycle_state = "Standby".to_owned();
    let missing = spec(&group, &facts(group.clone()));
    assert_eq!((&missing["current_instances"], &missing["standby_instances"]), (&json!(4), &json!(1)));
    let told =
        |number| with_real_ids(&InstanceId(number).to_string(), &group, &facts(group.clone()).fleet.aliases);
    assert_eq!([told(1), told(2), told(5)], ["i-1", "an instance launched meanwhile", "i-2"]);
    let weighted = "<MixedInstancesPolicy><LaunchTemplate><LaunchTemplateSpecification/><Overrides><member>\
                    <WeightedCapacity>2</WeightedCapacity></member></Overrides></LaunchTemplate></MixedInstancesPolicy>";
    let weighted = SeenGroup { desired_capacity: 4, ..web(weighted) };
    let current = spec(&weighted, &facts(weighted.clone()))["current_instances"].as_u64();
    assert!(current <= Some(2), "units are no instances: {current:?}");
}

#[test]
fn every_launch_source_has_its_like_in_the_model() {
    let specification = "<LaunchTemplateSpecification><LaunchTemplateId>lt-1</LaunchTemplateId><Version>7</Version>\
        </LaunchTemplateSpecification>";
    let policy = |overrides: &str| {
        format!(
            "<MixedInstancesPolicy><LaunchTemplate>{specification}<Overrides>{overrides}</Overrides></LaunchTemplate></MixedInstancesPolicy>"
        )
    };
    let typed = format!(
        "<member><InstanceType>m6g.large</InstanceType>{specification}</member><member><InstanceType>m7g.large</InstanceType></member>"
    );
    let mixed = told(&facts(web(&policy(&typed))));
    let version = json!({"id": "lt-1", "version": "7"});
    let overrides = json!([{"type": "m6g.large", "template": version}, {"type": "m7g.large"}]);
    assert_eq!(mixed["group"]["launch"], json!({"mixed": {"template": version, "overrides": overrides}}));
    assert_eq!(mixed["world"]["templates"]["lt-1"]["latest"], json!(7));
    // Types that are chosen by what they have are not known by name.
    let chosen = told(&facts(web(&policy("<member><InstanceRequirements/></member>"))));
    assert_eq!(chosen["group"]["launch"], json!({"template": version}));
    let mut configured = web("");
    configured.launch_configuration_name = Some("web-3".to_owned());
    assert_eq!(told(&facts(configured))["group"]["launch"], json!({"configuration": "web-3"}));
}

#[test]
fn times_are_the_medians_of_what_ended_well() {
    let activity = |what: &str, status: &str, seconds: i64| SeenActivity {
        description: format!("{what} EC2 instance: i-1"),
        status_code: status.to_owned(),
        start_time: now().to_string(),
        end_time: Some((now() + jiff::SignedDuration::from_secs(seconds)).to_string()),
    };
    let activities = [
        activity("Launching a new", "Successful", 90),
        activity("Launching a new", "Successful", 900),
        activity("Launching a new", "Successful", 80),
        activity("Launching a new", "Failed", 5_000),
        activity("Terminating", "InProgress", 7),
    ];
    let expected =
        Times { boot_seconds: 90, boot_measured: 3, drain_seconds: DRAIN_SECONDS, drain_measured: 0 };
    assert_eq!(times(&activities), expected);
}

#[test]
fn what_the_model_says_of_an_instance_is_told_of_the_real_one() {
    let facts = facts(web(""));
    let group = |protected: usize, standby: &str| {
        let mut group = web("");
        group.instances.list[protected].protected_from_scale_in = true;
        group.instances.list[1].lifecycle_state = standby.to_owned();
        group
    };
    let told = |group: &SeenGroup, text: &str| with_real_ids(text, group, &facts.fleet.aliases);
    let first = format!("left alone: {}, because", InstanceId(1));
    // The outdated one comes first in the model, and one in standby last; that is how many there are of each.
    assert_eq!(told(&group(1, "InService"), &first), "left alone: i-2, because");
    assert_eq!(told(&group(1, "Standby"), &first), "left alone: i-1, because");
    assert_eq!(told(&group(1, "InService"), &InstanceId(9).to_string()), "an instance launched meanwhile");
    let kept = "nothing of i-0, AZs semi-detached, i-";
    assert_eq!(told(&group(1, "InService"), kept), kept);
    let current = spec(&group(0, "InService"), &facts);
    assert_eq!((&current["protected_instances"], &current["current_instances"]), (&json!(0), &json!(1)));
}

/// What the model's own Auto Scaling says of each of its first instances holds of the real one that it is told as.
#[test]
fn the_model_seats_the_likes_of_the_real_instances_in_the_order_in_which_they_are_told() {
    let mut group = group("web-asg-1", &[OUT_IN]);
    let like = group.instances.list.clone();
    let current = like.iter().find(|one| one.id == "i-1").expect("the current one");
    let old = like.iter().find(|one| one.id == "i-2").expect("the outdated one");
    // Mixed up on purpose: (current, protected, standby).
    let kinds = [
        (true, false, false),
        (false, false, true),
        (false, true, false),
        (false, false, false),
        (true, true, false),
        (false, false, false),
        (false, true, false),
        (false, false, true),
    ];
    let seat = |(number, (is_current, is_protected, stands_by)): (usize, (bool, bool, bool))| {
        let mut one = if is_current { current.clone() } else { old.clone() };
        one.id = format!("i-{number:017x}");
        one.protected_from_scale_in = is_protected;
        one.lifecycle_state = if stands_by { "Standby" } else { "InService" }.to_owned();
        one
    };
    group.instances.list = (100..).zip(kinds).map(seat).collect();
    (group.min_size, group.desired_capacity, group.max_size) = (6, 6, 12);
    group.availability_zones.list = ["eu-west-2a", "eu-west-2b"].map(str::to_owned).to_vec();
    let facts = facts(group.clone());
    let scenario = Scenario::from_value(told(&facts)).expect("a scenario");
    let config = crate::config::parse(b"name: asg-recycle\n").expect("a stack");
    let deployment = Rc::new(Deployment::build(&config).unwrap_or_else(|faults| panic!("{faults}")));
    let runner =
        scenario.runner(&[deployment], "out-in", Detail::Plain).unwrap_or_else(|error| panic!("{error}"));
    let spec = runner.finish().world.spec().clone();
    let world = World::new(spec, Script::default()).expect("the model begins as it began");
    let seated = &world.groups().next().expect("the group").instances;
    assert_eq!(seated.len(), kinds.len());
    let mut told_of = std::collections::BTreeSet::new();
    for model in seated {
        let real = with_real_ids(&model.id.to_string(), &group, &facts.fleet.aliases);
        let real = group.instances.list.iter().find(|one| one.id == real).unwrap_or_else(|| panic!("{real}"));
        let version = real.launch_template.as_ref().and_then(|template| template.version.as_deref());
        let stands_by = real.lifecycle_state == "Standby";
        assert_eq!(model.lifecycle == Lifecycle::Standby, stands_by, "{} is told as {real:?}", model.id);
        let is_old = matches!(model.origin, Origin::Template { version: 1, .. });
        assert_eq!(is_old, version == Some("1"), "{} is told as {real:?}", model.id);
        // Whether a current one is protected makes no difference.
        let counts = version == Some("1") && !stands_by;
        assert!(
            !counts || model.protected == real.protected_from_scale_in,
            "{} is told as {real:?}",
            model.id
        );
        told_of.insert(real.id.clone());
    }
    assert_eq!(told_of.len(), kinds.len(), "each is told of one: {told_of:?}");
}
