//! The other services: EC2, executions, messages, and that the emitted machine's calls are known.

use serde_json::{Value, json};

use super::{WorldFixture, id, text};
use crate::world::executions::ExecutionStatus;

const MACHINE: &str = "arn:aws:states:eu-west-2:123456789012:stateMachine:recycle";

#[test]
fn an_unknown_instance_id_is_an_error_and_a_filter_that_fits_nothing_is_not() {
    let mut fixture = WorldFixture::plain();
    assert!(fixture.call("ec2", "describeInstances", &json!({"InstanceIds": [id(9)]})).is_err());
    let filter = json!({"Filters": [{"Name": "instance-id", "Values": [id(9)]}]});
    assert_eq!(fixture.call("ec2", "describeInstances", &filter), Ok(json!({"Reservations": []})));
    let both = json!({"InstanceIds": [id(1), id(2)]});
    let answer = fixture.call("ec2", "describeInstances", &both).expect("known");
    assert_eq!(answer["Reservations"].as_array().map(Vec::len), Some(2));
    assert_eq!(answer["Reservations"][0]["Instances"][0]["State"], json!({"Code": 16, "Name": "running"}));
}

#[test]
fn launch_templates_tell_their_latest_and_default_versions() {
    let mut fixture = WorldFixture::with(|_| {}, "[{at: 0s, do: {new_template_version: {}}}]");
    fixture.wait(0);
    let arguments = json!({"LaunchTemplateIds": ["lt-00000000000000001"]});
    let answer = fixture.call("ec2", "describeLaunchTemplates", &arguments).expect("known");
    assert_eq!(answer["LaunchTemplates"][0]["LatestVersionNumber"], 3);
    assert_eq!(answer["LaunchTemplates"][0]["DefaultVersionNumber"], 2);
    let error = fixture
        .call("ec2", "describeLaunchTemplates", &json!({"LaunchTemplateIds": ["lt-x"]}))
        .expect_err("unknown");
    assert_eq!(text(&error), "The specified launch template, with template ID lt-x, does not exist.");
}

#[test]
fn targets_can_be_asked_for_one_by_one_and_unknown_groups_are_an_error() {
    let mut fixture = WorldFixture::plain();
    let arn = fixture.group().load_balancers[0].id.to_string();
    let arguments = json!({"TargetGroupArn": arn, "Targets": [{"Id": id(1)}, {"Id": id(9)}]});
    let answer = fixture.call("elasticloadbalancingv2", "describeTargetHealth", &arguments).expect("known");
    let states: Vec<_> = answer["TargetHealthDescriptions"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| one["TargetHealth"]["State"].clone())
        .collect();
    assert_eq!(states, ["healthy", "unused"]);
    let error = fixture
        .call("elasticloadbalancingv2", "describeTargetHealth", &json!({"TargetGroupArn": "arn:x"}))
        .expect_err("unknown");
    assert_eq!(error.name, "ElasticLoadBalancingV2.TargetGroupNotFoundException");
}

#[test]
fn each_kind_of_load_balancer_tells_of_health_in_its_own_words() {
    let mut fixture = WorldFixture::with(
        |group| {
            (group.unused_target_groups, group.classic_load_balancers, group.lattice_target_groups) =
                (1, 1, 1);
            group.ports = 2;
        },
        "[{at: 1s, do: {hold_targets: {state: draining, for: 60s}}}, \
          {at: 120s, do: {hold_targets: {state: unavailable, for: 60s}}}]",
    );
    let ids: Vec<String> = fixture.group().load_balancers.iter().map(|one| one.id.to_string()).collect();
    let [_, unused, classic, lattice] = &ids[..] else { panic!("four load balancers, not {ids:?}") };
    let mut states = |moment: u64| {
        fixture.wait(moment);
        let health = json!({"TargetGroupArn": unused});
        let health = fixture.call("elasticloadbalancingv2", "describeTargetHealth", &health).expect("known");
        let instances =
            json!({"LoadBalancerName": classic, "Instances": [{"InstanceId": id(1)}, {"InstanceId": id(9)}]});
        let instances =
            fixture.call("elasticloadbalancing", "describeInstanceHealth", &instances).expect("known");
        let page = json!({"TargetGroupIdentifier": lattice, "MaxResults": 4});
        let page = fixture.call("vpclattice", "listTargets", &page).expect("known");
        let of = |answer: &Value, pointer: &str| {
            answer.pointer(pointer).and_then(Value::as_str).map(str::to_owned)
        };
        [
            of(&health, "/TargetHealthDescriptions/5/TargetHealth/Reason"),
            of(&instances, "/InstanceStates/0/State"),
            of(&instances, "/InstanceStates/1/State"),
            of(&page, "/Items/3/Status"),
            of(&page, "/NextToken"),
        ]
        .map(Option::unwrap_or_default)
    };
    assert_eq!(states(0), ["Target.NotInUse", "InService", "OutOfService", "HEALTHY", "4"]);
    assert_eq!(states(10), ["Target.NotInUse", "InService", "OutOfService", "DRAINING", "4"]);
    assert_eq!(states(100), ["Target.NotInUse", "InService", "OutOfService", "HEALTHY", "4"]);
    assert_eq!(states(20), ["Target.NotInUse", "Unknown", "OutOfService", "UNAVAILABLE", "4"]);
    assert_eq!(states(100), ["Target.NotInUse", "InService", "OutOfService", "HEALTHY", "4"]);
    let targets: Vec<Value> = (1..=21).map(|n| json!({"Id": id(n)})).collect();
    let refused = json!({"TargetGroupIdentifier": lattice, "Targets": targets});
    let error = fixture.call("vpclattice", "listTargets", &refused).expect_err("too many");
    assert_eq!(error.name, "VpcLattice.ValidationException");
    for (service, action, argument, name) in [
        (
            "elasticloadbalancing",
            "describeInstanceHealth",
            "LoadBalancerName",
            "ElasticLoadBalancing.AccessPointNotFoundException",
        ),
        ("vpclattice", "listTargets", "TargetGroupIdentifier", "VpcLattice.ResourceNotFoundException"),
    ] {
        let error = fixture.call(service, action, &json!({argument: "x"})).expect_err("unknown");
        assert_eq!(error.name, name);
    }
}

#[test]
fn executions_are_known_from_when_they_begin() {
    let mut fixture = WorldFixture::plain();
    let arn = MACHINE.replace("stateMachine", "execution") + ":one";
    let describe = json!({"ExecutionArn": arn});
    let error = fixture.call("sfn", "describeExecution", &describe).expect_err("unknown");
    assert_eq!(error.name, "Sfn.ExecutionDoesNotExistException");
    let now = fixture.world.now();
    fixture.world.executions.begin(&arn, MACHINE, "{}", now);
    fixture.world.executions.begin_child(&(arn.clone() + "/child"), &arn, now);
    assert_eq!(fixture.world.executions.root_of(&(arn.clone() + "/child")), arn);
    assert_eq!(fixture.call("sfn", "describeExecution", &describe).expect("known")["Status"], "RUNNING");
    fixture.world.executions.end(&arn, ExecutionStatus::Aborted, now);
    let answer = fixture.call("sfn", "describeExecution", &describe).expect("known");
    assert_eq!((&answer["Status"], &answer["Name"]), (&json!("ABORTED"), &json!("one")));
    let child = fixture.world.executions.get(&(arn.clone() + "/child")).map(|one| one.status);
    assert_eq!(child, Some(ExecutionStatus::Aborted));
    fixture.world.executions.fail(&arn, "Recycle.Alarm");
    assert_eq!(fixture.call("sfn", "describeExecution", &describe).expect("known")["Error"], "Recycle.Alarm");
    fixture.world.executions.redrive(&arn);
    assert_eq!(fixture.call("sfn", "describeExecution", &describe).expect("known").get("Error"), None);
}

#[test]
fn starting_an_execution_again_is_the_same_execution_or_an_error() {
    let mut fixture = WorldFixture::plain();
    let start = |input: &str| json!({"StateMachineArn": MACHINE, "Name": "one", "Input": input});
    let first = fixture.call("sfn", "startExecution", &start("{}")).expect("new");
    assert_eq!(fixture.call("sfn", "startExecution", &start("{}")), Ok(first.clone()));
    assert_eq!(
        fixture.call("sfn", "startExecution", &start("[]")).expect_err("other input").name,
        "Sfn.ExecutionAlreadyExistsException"
    );
    assert_eq!(fixture.world.executions.take_requested().len(), 1);
    let now = fixture.world.now();
    fixture.world.executions.end(
        first["ExecutionArn"].as_str().expect("text"),
        ExecutionStatus::Succeeded,
        now,
    );
    assert!(fixture.call("sfn", "startExecution", &start("{}")).is_err());
    let bad = json!({"StateMachineArn": MACHINE, "Name": "a b"});
    assert_eq!(
        fixture.call("sfn", "startExecution", &bad).expect_err("a blank").name,
        "Sfn.InvalidNameException"
    );
}

#[test]
fn messages_are_kept_and_what_sns_refuses_is_refused() {
    let mut fixture = WorldFixture::plain();
    let topic = fixture.world.spec().resources.topics[0].clone();
    let attributes = json!({"status": {"DataType": "String", "StringValue": "started"}});
    let message = json!({"TopicArn": topic, "Message": "{}", "Subject": "asg-recycle started: webops", "MessageAttributes": attributes});
    assert!(fixture.call("sns", "publish", &message).is_ok());
    assert_eq!(fixture.world.messages.published[0].attributes["status"]["StringValue"], "started");
    let long = "x".repeat(101);
    for (key, value, name) in [
        ("TopicArn", json!("arn:aws:sns:x"), "Sns.NotFoundException"),
        ("Message", json!(""), "Sns.InvalidParameterException"),
        ("Subject", json!(""), "Sns.InvalidParameterException"),
        ("Subject", json!(long), "Sns.InvalidParameterException"),
        ("Subject", json!("caf\u{e9}"), "Sns.InvalidParameterException"),
        (
            "MessageAttributes",
            json!({"team": {"DataType": "String", "StringValue": ""}}),
            "Sns.InvalidParameterValueException",
        ),
    ] {
        let mut bad = message.clone();
        bad[key] = value;
        assert_eq!(fixture.call("sns", "publish", &bad).expect_err(name).name, name, "{key}");
    }
    assert_eq!(fixture.world.messages.published.len(), 1);
    let mut each_its_own = message.clone();
    each_its_own["MessageStructure"] = json!("json");
    each_its_own["Message"] = json!(r#"{"email": "for people"}"#);
    let refused = fixture.call("sns", "publish", &each_its_own).expect_err("nothing for all others");
    assert_eq!(refused.name, "Sns.InvalidParameterException");
    each_its_own["Message"] = json!(r#"{"email": "for people", "default": "for programs"}"#);
    assert!(fixture.call("sns", "publish", &each_its_own).is_ok());
    assert_eq!(fixture.world.messages.published[1].body, json!("for programs"));
}

#[test]
fn only_functions_that_exist_can_be_invoked() {
    let mut fixture = WorldFixture::of(|spec| spec.resources.functions = vec!["notify".to_owned()], "");
    let invoke =
        |name: &str| json!({"FunctionName": name, "InvocationType": "Event", "Payload": {"text": "x"}});
    assert_eq!(fixture.call("lambda", "invoke", &invoke("notify")).expect("it exists")["StatusCode"], 202);
    assert_eq!(
        fixture.call("lambda", "invoke", &invoke("other")).expect_err("unknown").name,
        "Lambda.ResourceNotFoundException"
    );
    assert_eq!(fixture.world.messages.invoked[0].body["text"], "x");
}

#[test]
fn every_call_is_recorded_with_its_execution_and_whether_it_writes() {
    let mut fixture = WorldFixture::plain();
    fixture.describe();
    fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 4})).expect("within the bounds");
    fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 40})).expect_err("above max");
    let record = fixture.world.record();
    assert_eq!(record.reads_and_writes(None), (1, 2));
    assert_eq!(record.reads_and_writes(Some("ec2")), (0, 0));
    assert_eq!(record.calls[0].answer, Ok(None));
    assert_eq!(record.calls[1].answer, Ok(Some(json!({}).into())));
    assert!(record.calls[2].answer.is_err());
    let write = record.calls[1].group_write.as_ref().expect("a group is named");
    assert!(write.opted_in && write.lock_held_by.is_empty());
}
