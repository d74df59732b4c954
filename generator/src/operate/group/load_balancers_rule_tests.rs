//! The rule of fitness stands in the machine's templates and here: both judge the same answers, each state of the emitted definition
//! that asks a load balancer in the simulator's interpreter.

use std::collections::BTreeMap;

use asg_recycle_simulator::interpreter::{Execution, Machine, Status};
use asg_recycle_simulator::services::{Answer, ServiceCall, Services};
use asg_recycle_simulator::time::{Moment, Span};
use serde_json::{Map, Value, json};

use super::*;

const ARN: &str = "arn:aws:states:eu-west-2:123456789012:execution:rule:run-1";

/// Gives every call this answer.
struct Answered(Value);

impl Services for Answered {
    fn call(&mut self, _: &ServiceCall<'_>) -> Answer {
        Answer { latency: Span(0), result: Ok(self.0.clone().into()) }
    }
}

/// A kind of load balancer: how it is named, the call that asks it, and the words that it has for a target and the reason.
struct Kind {
    id: &'static str,
    call: &'static str,
    /// Whether an instance may be a target at several ports.
    has_ports: bool,
    words: &'static [(&'static str, &'static str)],
    /// The answer as Step Functions gives it to the machine.
    answer: fn(&[(&str, &str)]) -> Value,
    /// What is told of a target here.
    fact: fn(&LoadBalancer, (&str, &str)) -> TargetFact,
}

const KINDS: [Kind; 3] = [
    Kind {
        id: "arn:aws:elasticloadbalancing:eu-west-2:123456789012:targetgroup/web/0123456789abcdef",
        call: ":describeTargetHealth",
        has_ports: true,
        words: &[
            ("healthy", ""),
            ("initial", "Elb.RegistrationInProgress"),
            ("unhealthy", "Target.Timeout"),
            ("unhealthy.draining", "Target.FailedHealthChecks"),
            ("draining", "Target.DeregistrationInProgress"),
            ("unused", "Target.NotInUse"),
            ("unused", "Target.NotRegistered"),
            ("unavailable", "Target.HealthCheckDisabled"),
            ("unavailable", "Elb.InternalError"),
        ],
        answer: |targets| {
            let target = |(state, reason): &(&str, &str)| {
                let health = if reason.is_empty() {
                    json!({"State": state})
                } else {
                    json!({"State": state, "Reason": reason})
                };
                json!({"Target": {"Id": "i-1"}, "TargetHealth": health})
            };
            json!({"TargetHealthDescriptions": targets.iter().map(target).collect::<Vec<_>>()})
        },
        fact: |balancer, (state, reason)| {
            let mut told = TargetHealthDescription::default();
            told.target.id = "i-1".to_owned();
            told.target_health.state = state.to_owned();
            told.target_health.reason = Some(reason.to_owned()).filter(|reason| !reason.is_empty());
            balancer.of_target(told)
        },
    },
    Kind {
        id: "web",
        call: ":describeInstanceHealth",
        has_ports: false,
        words: &[
            ("InService", "N/A"),
            ("OutOfService", "ELB"),
            ("OutOfService", "Instance"),
            ("Unknown", "N/A"),
        ],
        answer: |targets| {
            let state = |(state, reason): &(&str, &str)| json!({"InstanceId": "i-1", "State": state, "ReasonCode": reason, "Description": "N/A"});
            json!({"InstanceStates": targets.iter().map(state).collect::<Vec<_>>()})
        },
        fact: |balancer, (state, reason)| {
            balancer.of_classic(ClassicState {
                instance_id: "i-1".to_owned(),
                state: state.to_owned(),
                reason_code: reason.to_owned(),
            })
        },
    },
    Kind {
        id: "arn:aws:vpc-lattice:eu-west-2:123456789012:targetgroup/tg-0123456789abcdef0",
        call: ":listTargets",
        has_ports: true,
        words: &[
            ("HEALTHY", ""),
            ("UNHEALTHY", "HealthCheckFailed"),
            ("INITIAL", ""),
            ("UNUSED", "NotInUse"),
            ("UNAVAILABLE", "HealthCheckDisabled"),
            ("DRAINING", ""),
        ],
        answer: |targets| {
            let item = |(status, reason): &(&str, &str)| json!({"Id": "i-1", "Status": status, "ReasonCode": reason});
            json!({"Items": targets.iter().map(item).collect::<Vec<_>>()})
        },
        fact: |balancer, (status, reason)| {
            balancer.of_lattice(LatticeTarget {
                id: "i-1".to_owned(),
                status: status.to_owned(),
                reason_code: Some(reason.to_owned()),
            })
        },
    },
];

/// Every state that makes a call, each as a machine of its own that ends with what was heard.
fn asking(states: &Map<String, Value>, call: &str, id: &str, machines: &mut Vec<(String, Machine)>) {
    for (name, state) in states {
        let within = ["ItemProcessor", "Iterator"].iter().filter_map(|key| state[*key]["States"].as_object());
        let branches =
            state["Branches"].as_array().into_iter().flatten().filter_map(|one| one["States"].as_object());
        for states in within.chain(branches) {
            asking(states, call, id, machines);
        }
        if !state["Resource"].as_str().is_some_and(|resource| resource.ends_with(call)) {
            continue;
        }
        let mut asks = state.clone();
        let fields = asks.as_object_mut().expect("a state");
        fields.retain(|key, _| !["Catch", "End", "Retry"].contains(&&**key));
        let next = fields.insert("Next".to_owned(), json!("End"));
        let next = next.as_ref().and_then(Value::as_str).unwrap_or_default();
        let mut own = Map::new();
        // What comes by pages is judged once all are there.
        if let Some(mut pages) =
            states.get(next).filter(|next| next["Choices"][0]["Next"] == json!(name)).cloned()
        {
            pages["Default"] = json!("End");
            fields.insert("Next".to_owned(), json!(next));
            own.insert(next.to_owned(), pages);
        }
        own.insert(name.clone(), asks);
        let variables = [
            ("group", json!({"target_groups": [id]})),
            ("target_groups", json!([id])),
            ("journal", json!({"replace": []})),
            ("not_waited_for", json!([])),
            ("targets", json!({"index": 0, "passed": 0, "seen": []})),
        ];
        // Child executions have their own, with the child's name before them.
        let prefixed = ["", "turn_", "list_"].iter().flat_map(|prefix| {
            variables.iter().map(move |(variable, value)| (format!("{prefix}{variable}"), value.clone()))
        });
        let variables: Map<String, Value> = prefixed.collect();
        let begin = json!({"Type": "Pass", "Assign": variables, "Output": {"ids": ["i-1"]}, "Next": name});
        own.insert("Begin".to_owned(), begin);
        own.insert("End".to_owned(), json!({"Type": "Succeed", "Output": "{% $states.input %}"}));
        let definition = json!({"QueryLanguage": "JSONata", "StartAt": "Begin", "States": own}).to_string();
        let machine = Machine::load(&definition, &BTreeMap::new());
        machines.push((name.clone(), machine.unwrap_or_else(|problems| panic!("{name}: {problems}"))));
    }
}

/// Whether a machine takes the instance for healthy there.
fn machine_takes(machine: &Machine, answer: Value) -> bool {
    let mut execution = Execution::start(machine, ARN, json!({}), Moment(0), 1).expect("it starts");
    let mut services = Answered(answer);
    while let Some(wake) = execution.next_wake() {
        execution.advance(wake, &mut services);
    }
    match execution.status() {
        Status::Succeeded { output } => output["healthy"].as_array().expect("ids").contains(&json!("i-1")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_machine_and_the_operator_take_the_same_instances_for_healthy() {
    let config = crate::config::parse(b"name: webops\n").expect("a stack");
    let definition = crate::asl::build(&config).expect("a definition");
    let definition: Value = serde_json::from_str(&definition.definition).expect("JSON");
    for Kind { id, call, has_ports, words, answer, fact } in KINDS {
        let mut machines = Vec::new();
        asking(definition["States"].as_object().expect("states"), call, id, &mut machines);
        assert!(machines.len() > 1, "{call}: {}", machines.len());
        let alone = words.iter().map(|word| vec![*word]);
        let pairs = words.iter().flat_map(|one| words.iter().map(|other| vec![*one, *other]));
        let targets: Vec<Vec<_>> =
            [Vec::new()].into_iter().chain(alone).chain(pairs.filter(|_| has_ports)).collect();
        let balancer = LoadBalancer { kind: kind(id), id: id.to_owned() };
        for targets in targets {
            let facts: Vec<TargetFact> = targets.iter().map(|words| fact(&balancer, *words)).collect();
            let told: Vec<TargetStatus> = facts.into_iter().map(|fact| fact.status).collect();
            let takes = all_take(std::slice::from_ref(&balancer), &told);
            for (name, machine) in &machines {
                assert_eq!(machine_takes(machine, answer(&targets)), takes, "{name}: {targets:?}");
            }
        }
    }
}
