//! What the template refuses of its parameters beyond their patterns.
//!
//! No rule of `CloudFormation` takes a text apart. Conditions do, but refuse nothing: where one holds, a policy names a role
//! that there is not, and IAM's answer, which ends the deployment, has that name in it (fact T3).

use serde::Serialize;

use super::parameters::NONE;
use super::yaml;
use crate::names;
use crate::stack::parameter::{Check, ParameterKey};
use crate::stack::value::Value;
use crate::stack::{Parameter, Role, Stack};

/// A refusal of the template.
#[derive(Debug, Serialize)]
pub(super) struct Refusal {
    /// The name of the condition under which it refuses.
    condition: &'static str,
    /// The condition.
    definition: String,
    /// What is wrong, as the name of a role: what IAM takes as one, and no role has.
    says: &'static str,
}

/// Those of a stack. A role that somebody else keeps is none of the template's to refuse by.
pub(super) fn of(stack: &Stack) -> Vec<Refusal> {
    if stack.iam.machine.given_arn.is_some() {
        return Vec::new();
    }
    let parameter = |key| stack.parameters.iter().find(|parameter| parameter.key == key);
    let elsewhere = parameter(ParameterKey::NotifierFunctionArn).map(|notifier| Refusal {
        condition: "NotifierIsElsewhere",
        definition: elsewhere(notifier),
        says: "NotifierFunctionArn-is-of-another-region",
    });
    let actions = parameter(ParameterKey::AlarmActionArns).filter(|_| stack.key.is_none());
    let unheard = actions.map(|actions| Refusal {
        condition: "AlarmsTellOwnTopic",
        definition: has_own_topic(actions, &own_topic(&stack.name)),
        says: "AlarmActionArns-names-the-own-topic-which-no-alarm-can-tell",
    });
    elsewhere.into_iter().chain(unheard).collect()
}

/// The role that the notifier's policy is of, unless something is refused.
pub(super) fn machine_role(role: &Role, refusals: &[Refusal]) -> String {
    refusals.iter().fold(format!("{{ Ref: {} }}", yaml::logical_id(&role.resource)), |otherwise, refusal| {
        format!(r#"{{ "Fn::If": [{}, {}, {otherwise}] }}"#, refusal.condition, refusal.says)
    })
}

/// Whether a notifier is of another region: the parameter's, or that of `stack.yaml` where the parameter says nothing.
fn elsewhere(notifier: &Parameter) -> String {
    let given = reference(notifier);
    // Texts without a region have none of AWS's; nothing here depends on what becomes of empty texts.
    let region = format!(
        r#"{{ "Fn::Select": [3, {{ "Fn::Split": [":", {{ "Fn::Join": [":", [{given}, "-", "-", "-", "-"]] }}] }}] }}"#
    );
    let here = |region: &str| equal(region, r#"{ Ref: "AWS::Region" }"#);
    let own = match &notifier.default {
        Some(Value::Text(arn)) => arn.split(':').nth(3),
        _ => None,
    };
    let nothing = equal(&given, r#""""#);
    let fine = match own {
        Some(own) => {
            let taken_away = equal(&given, &yaml::quoted(NONE));
            format!(r#"{taken_away}, {{ "Fn::And": [{nothing}, {}] }}"#, here(&yaml::quoted(own)))
        }
        None => nothing,
    };
    format!(r#"{{ "Fn::Not": [{{ "Fn::Or": [{}, {fine}] }}] }}"#, here(&region))
}

/// Whether one of the alarms' actions is the topic of the stack.
fn has_own_topic(actions: &Parameter, topic: &str) -> String {
    let most = match &actions.check {
        Check::Pattern { length_max: Some(most), .. } => *most,
        other => panic!("a list is bounded, and not {other:?}"),
    };
    let padding = r#", "-""#.repeat(most);
    let joined = format!(r#"{{ "Fn::Join": [",", {}] }}"#, reference(actions));
    let items = format!(r#"{{ "Fn::Split": [",", {{ "Fn::Join": [",", [{joined}{padding}]] }}] }}"#);
    let is_own = |at| equal(&format!(r#"{{ "Fn::Select": [{at}, {items}] }}"#), topic);
    let each: Vec<String> = (0..most).map(is_own).collect();
    format!("\"Fn::Or\":\n      - {}", each.join("\n      - "))
}

/// Its ARN by its name, for a condition can refer to no resource.
fn own_topic(name: &str) -> String {
    let environment = yaml::parameter_name(ParameterKey::Environment);
    let suffix = names::TOPIC.suffix.trim_start_matches('-');
    let name = format!(r#"{{ "Fn::Join": ["-", ["{name}", {{ Ref: {environment} }}, "{suffix}"]] }}"#);
    let place = ["Region", "AccountId"].map(|part| format!(r#"{{ Ref: "AWS::{part}" }}"#)).join(", ");
    format!(r#"{{ "Fn::Join": [":", ["arn", {{ Ref: "AWS::Partition" }}, "sns", {place}, {name}]] }}"#)
}

fn reference(parameter: &Parameter) -> String {
    format!("{{ Ref: {} }}", yaml::parameter_name(parameter.key))
}

fn equal(one: &str, other: &str) -> String {
    format!(r#"{{ "Fn::Equals": [{one}, {other}] }}"#)
}
