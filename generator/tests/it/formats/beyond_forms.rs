//! What the template refuses beyond the forms of its parameters, and by what: nothing that AWS may not take there.

use asg_recycle::config;
use asg_recycle::render::{CloudFormation, OutputFormat as _, Terraform};
use asg_recycle::stack::parameter::ParameterKey;
use regex::Regex;
use serde_json::Value;

use super::stacks;

const FUNCTION: &str = "arn:aws:lambda:eu-west-2:123456789012:function:f";

/// A stack without a key of its own has topics that no alarm reaches, one for each environment.
#[test]
fn the_template_refuses_what_would_be_deployed_and_tell_nobody() {
    let topic = |name: &str| format!("arn:aws:sns:eu-west-2:123456789012:{name}");
    let others = topic("alarms");
    for (topics, is_refused) in [
        (others.clone(), false),
        (format!("{others},{}", topic("my-demo-production-recycles")), false),
        (format!("{others},{}", topic("demo-recycles")), false),
        (format!("{others},{}", topic("demo-production-recycles-2")), false),
        (topic("demo-production-recycles"), true),
        (format!("{others},{}", topic("demo-staging-recycles")), true),
        (format!("{},{others}", topic("demo-eu-test-recycles")), true),
    ] {
        let listed = topics.split(',').map(|arn| format!("'{arn}'")).collect::<Vec<_>>().join(", ");
        let file = |key: bool| {
            format!("name: demo\nencryption: {{customer_key: {key}}}\nalarms: {{action_arns: [{listed}]}}\n")
        };
        assert_eq!(config::parse(file(false).as_bytes()).is_err(), is_refused, "stack.yaml: {topics}");
        assert!(config::parse(file(true).as_bytes()).is_ok(), "stack.yaml with a key: {topics}");
        for (key, is_refused) in [(false, is_refused), (true, false)] {
            let config =
                config::parse(format!("name: demo\nencryption: {{customer_key: {key}}}\n").as_bytes());
            let stack = asg_recycle::AsgRecycle::from_config(config.expect("no fault")).expect("it builds");
            let files = CloudFormation.render(stack.stack());
            let refuses = super::refusals::by_cloudformation(&files);
            assert_eq!(
                refuses(ParameterKey::AlarmActionArns, &topics),
                is_refused,
                "template, {key}: {topics}"
            );
            let files = Terraform.render(stack.stack());
            let locals = std::str::from_utf8(&files["terraform/locals.tf"]).expect("text");
            let pattern =
                locals.split_once("can(regex(\"").map(|(_, rest)| rest.split_once('"').expect("its end").0);
            let found = pattern.is_some_and(|pattern| {
                let pattern = Regex::new(pattern).expect("a pattern");
                topics.split(',').any(|arn| pattern.is_match(arn))
            });
            assert_eq!(found, is_refused, "Terraform, {key}: {topics}");
        }
    }
}

/// What `stack.yaml` names is of one region; the template is deployed to another with what is of that, or with nothing.
#[test]
fn the_template_refuses_another_region_with_what_the_file_names_of_one() {
    let file = format!(
        "name: demo\nnotifications: {{notifier_function_arn: '{FUNCTION}'}}\nlogs: {{destination_arn: \
         'arn:aws:kinesis:eu-west-2:123456789012:stream/s'}}\n"
    );
    let recycle = |file: &str| {
        let config = config::parse(file.as_bytes()).expect("it has no fault");
        let recycle = asg_recycle::AsgRecycle::from_config(config).expect("it builds");
        let files = CloudFormation.render(recycle.stack());
        serde_yaml::from_slice::<Value>(&files["cloudformation/template.yaml"]).expect("YAML")
    };
    assert_eq!(recycle("name: demo\n")["Rules"].as_object().expect("a map").len(), 1);
    let template = recycle(&file);
    for name in ["NotifierFunctionArn", "LogDestinationArn"] {
        let rule = &template["Rules"][format!("RegionOf{name}")];
        for (given, region, is_refused) in [
            ("", "eu-west-2", false),
            ("", "eu-west-1", true),
            ("none", "eu-west-1", false),
            ("arn:aws:x:eu-west-1:123456789012:y", "eu-west-1", false),
        ] {
            let holds = |call: &Value| {
                let [one, other] = [0, 1].map(|at| match &call["Fn::Equals"][at] {
                    Value::String(text) => text.clone(),
                    reference if reference["Ref"] == *name => given.to_owned(),
                    reference if reference["Ref"] == "AWS::Region" => region.to_owned(),
                    other => panic!("a rule has {other}"),
                });
                one == other
            };
            let refused = holds(&rule["RuleCondition"]) && !holds(&rule["Assertions"][0]["Assert"]);
            assert_eq!(refused, is_refused, "{name}: {given:?} in {region}");
        }
    }
}

/// A template that AWS refuses is of no use, so each function stands where CloudFormation's guide has it (fact T3). Whether a list
/// is empty is asked by joining it, which AWS's own samples do.
#[test]
fn conditions_and_rules_have_the_functions_that_are_documented_there() {
    fn functions<'a>(value: &'a Value, found: &mut std::collections::BTreeSet<&'a str>) {
        match value {
            Value::Object(map) => map.iter().for_each(|(key, value)| {
                if key.starts_with("Fn::") {
                    found.insert(key);
                }
                functions(value, found);
            }),
            Value::Array(items) => items.iter().for_each(|item| functions(item, found)),
            _ => {}
        }
    }
    for stack in stacks() {
        let files = CloudFormation.render(&stack);
        let template: Value = serde_yaml::from_slice(&files["cloudformation/template.yaml"]).expect("YAML");
        for (section, documented) in [
            ("Conditions", &["Fn::Equals", "Fn::Not", "Fn::Or", "Fn::Join"][..]),
            ("Rules", &["Fn::Contains", "Fn::Equals"]),
        ] {
            let mut found = std::collections::BTreeSet::new();
            functions(&template[section], &mut found);
            let other: Vec<_> = found.iter().filter(|function| !documented.contains(function)).collect();
            assert!(other.is_empty(), "{section} of {}: {other:?}", stack.name);
        }
    }
}

/// Of a template in a bucket, and of a definition, AWS takes 1 MB.
#[test]
fn template_and_definition_are_small_enough() {
    for stack in stacks() {
        let template =
            CloudFormation.render(&stack).remove("cloudformation/template.yaml").expect("it is one");
        for (size, what) in [(template.len(), "template"), (stack.machine.definition.len(), "definition")] {
            assert!(size < 950_000, "the {what} of {} has {size} bytes", stack.name);
        }
    }
}
