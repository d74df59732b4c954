//! What a key asks of whoever deploys it. A key has no name before it is there, and none after: what tells the stack's own from all others
//! of the account is a tag that it is made with.

use super::row::{Row, TouchedArns, row};

const KEY: &[&str] = &["aws_kms_key", "aws_kms_alias", "AWS::KMS::Key", "AWS::KMS::Alias"];

pub(super) const ROWS: &[Row] = &[
    // What only looks or takes nothing from anybody, and what a key is asked for while KMS may not yet know its tag.
    row(
        KEY,
        TouchedArns::Keys,
        &["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags"],
        &["kms:CreateAlias", "kms:DeleteAlias", "kms:EnableKeyRotation", "kms:UpdateAlias"],
    ),
    // With the tag, or not at all. The tag that a key is made with is put on a key that has no alias yet.
    row(KEY, TouchedArns::NewKeys, &[], &["kms:CreateKey", "kms:TagResource"]),
    // What decides who may use a key, and whether it is there.
    row(
        KEY,
        TouchedArns::KeysOfStacks,
        &[],
        &[
            "kms:PutKeyPolicy",
            "kms:ScheduleKeyDeletion",
            "kms:TagResource",
            "kms:UntagResource",
            "kms:UpdateKeyDescription",
        ],
    ),
    // AWS offers no resource to limit it to.
    row(KEY, TouchedArns::Everything, &["kms:ListAliases"], &[]),
    // For what it encrypts: the table and the function's environment.
    row(
        KEY,
        TouchedArns::KeysThroughServices,
        &[],
        &["kms:CreateGrant", "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:RevokeGrant"],
    ),
];

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::config::Config;
    use crate::render::FORMATS;
    use crate::{asl, stack::Stack};

    /// Whoever has the policy can neither open nor delete a key that is none of the stack's.
    #[test]
    fn keys_are_administered_where_their_tag_is_the_stacks_and_made_with_it_only() {
        let mut config = Config::with_defaults("webops-recycle".parse().unwrap());
        config.encryption.customer_key = true;
        let stack = Stack::new(&config, &asl::build(&config).unwrap(), None).expect("it is sound");
        let key = stack.key.as_ref().expect("it has one");
        for format in FORMATS {
            let files = format.render(&stack);
            let path = format!("deployer-policy/{}-change.json", format.description().name);
            let policy: Value = serde_json::from_slice(&files[&path]).expect("JSON");
            let of = |action: &str| {
                let statements = policy["Statement"].as_array().expect("statements").iter();
                let action = format!("\"{action}\"");
                let allowing = statements.filter(|one| one["Action"].to_string().contains(&action));
                allowing.map(|one| one["Condition"].clone()).collect::<Vec<_>>()
            };
            let tag = |of: &str| json!({ format!("{of}/{}", key.tag.0): "webops-recycle-*" });
            let own = json!({ "StringLike": tag("aws:ResourceTag") });
            for action in ["PutKeyPolicy", "ScheduleKeyDeletion", "UntagResource", "UpdateKeyDescription"] {
                assert_eq!(of(&format!("kms:{action}")), std::slice::from_ref(&own), "{action}");
            }
            let made =
                json!({ "StringLike": tag("aws:RequestTag"), "Null": { "kms:ResourceAliases": "true" } });
            assert_eq!(of("kms:CreateKey"), std::slice::from_ref(&made));
            assert!(of("kms:TagResource").contains(&own) && of("kms:TagResource").contains(&made));
            let text: Vec<u8> = files.into_values().flatten().collect();
            assert!(String::from_utf8(text).expect("text").contains(key.tag.0), "the key has the tag");
        }
    }
}
