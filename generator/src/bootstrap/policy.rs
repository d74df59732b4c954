//! The bucket policy that refuses requests without TLS: found in what is there, or added to it. Pure.

use std::iter;

use serde_json::{Value, json};

/// How the statement that is added is called; where a statement has that name already, which S3 takes once, a number is put behind it.
const SID: &str = "RefusePlainHttp";

/// The same policy with the statement added; nothing where one does as much already. What else the policy says stays.
pub(super) fn with_refusal(policy: Option<&Value>, bucket_arn: &str) -> Result<Option<Value>, String> {
    let Some(policy) = policy else {
        return Ok(Some(json!({"Version": "2012-10-17", "Statement": [refusal(bucket_arn, SID)]})));
    };
    let statements = match policy.get("Statement") {
        Some(Value::Array(statements)) => statements.clone(),
        Some(one @ Value::Object(_)) => vec![one.clone()],
        _ => return Err("it has no statements".to_owned()),
    };
    if statements.iter().any(|statement| refuses(statement, bucket_arn)) {
        return Ok(None);
    }
    let is_free = |sid: &String| statements.iter().all(|statement| statement["Sid"] != **sid);
    let numbered = (2_u32..).map(|number| format!("{SID}{number}"));
    let sid = iter::once(SID.to_owned()).chain(numbered).find(is_free).unwrap_or_default();
    let added = refusal(bucket_arn, &sid);
    let mut policy = policy.clone();
    policy["Statement"] = statements.into_iter().chain([added]).collect();
    Ok(Some(policy))
}

fn refusal(bucket_arn: &str, sid: &str) -> Value {
    json!({
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket_arn, format!("{bucket_arn}/*")],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    })
}

/// Whether a statement refuses everybody everything without TLS. One that is narrower in any way does not count.
fn refuses(statement: &Value, bucket_arn: &str) -> bool {
    let of = |key: &str| statement.get(key).cloned().unwrap_or_default();
    let everybody = [json!("*"), json!({"AWS": "*"}), json!({"AWS": ["*"]})].contains(&of("Principal"));
    let actions = texts(&of("Action"));
    let resources = texts(&of("Resource"));
    let covers = |wanted: &str| resources.iter().any(|each| each == wanted || each == "*");
    let conditions = of("Condition");
    let only_tls = conditions.as_object().is_some_and(|kinds| kinds.len() == 1)
        && conditions["Bool"].as_object().is_some_and(|keys| keys.len() == 1)
        && texts(&conditions["Bool"]["aws:SecureTransport"]) == ["false"];
    of("Effect") == "Deny"
        && everybody
        && actions.iter().any(|action| action == "s3:*" || action == "*")
        && covers(bucket_arn)
        && covers(&format!("{bucket_arn}/*"))
        && only_tls
}

/// One text, or a list of them; a truth value as IAM reads it.
fn texts(value: &Value) -> Vec<String> {
    let one = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    };
    match value {
        Value::Array(items) => items.iter().filter_map(one).collect(),
        value => one(value).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:s3:::states";

    #[test]
    fn what_refuses_as_much_is_left_alone() {
        let own = with_refusal(None, ARN).expect("nothing is there").expect("it is written");
        assert_eq!(with_refusal(Some(&own), ARN), Ok(None));
        let other = json!({"Statement": {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": ["s3:*"],
            "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": false}}}});
        assert_eq!(with_refusal(Some(&other), ARN), Ok(None));
    }

    #[test]
    fn what_refuses_less_is_added_to_and_nothing_of_it_is_lost() {
        let own = with_refusal(None, ARN).expect("nothing is there").expect("it is written");
        let narrower = [
            ("Effect", json!("Allow")),
            ("Principal", json!({"AWS": "arn:aws:iam::123456789012:root"})),
            ("Action", json!("s3:GetObject")),
            ("Resource", json!(["arn:aws:s3:::states/*"])),
            ("Condition", json!({"Bool": {"aws:SecureTransport": "false", "aws:ViaAWSService": "false"}})),
        ];
        for (key, value) in narrower {
            let mut policy = own.clone();
            policy["Statement"][0][key] = value;
            let added = with_refusal(Some(&policy), ARN).expect("it is read").expect("it is added to");
            assert_eq!(added["Statement"][0], policy["Statement"][0], "{key}");
            let mut expected = own["Statement"][0].clone();
            expected["Sid"] = "RefusePlainHttp2".into(); // a policy has each name once
            assert_eq!(added["Statement"][1], expected, "{key}");
        }
        assert!(with_refusal(Some(&json!({"Id": "x"})), ARN).is_err());
    }
}
