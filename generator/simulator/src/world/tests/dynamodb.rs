//! The lock table.

use serde_json::{Value, json};

use super::{WorldFixture, text};
use crate::services::ServiceError;

fn call(fixture: &mut WorldFixture, action: &str, more: &Value) -> Result<Value, ServiceError> {
    let mut arguments = json!({"TableName": "recycles"});
    if action != "putItem" {
        arguments["Key"] = json!({"auto_scaling_group_name": {"S": "g"}});
    }
    for (key, value) in more.as_object().expect("an object") {
        arguments[key] = value.clone();
    }
    fixture.call("dynamodb", action, &arguments)
}

fn put(fixture: &mut WorldFixture, holder: &str) -> Result<Value, ServiceError> {
    call(
        fixture,
        "putItem",
        &json!({
            "Item": {"auto_scaling_group_name": {"S": "g"}, "held_by": {"S": holder}},
            "ConditionExpression": "attribute_not_exists(auto_scaling_group_name) OR held_by = :me",
            "ExpressionAttributeValues": {":me": {"S": holder}},
        }),
    )
}

#[test]
fn a_lock_is_taken_once_and_again_by_its_holder_only() {
    let mut fixture = WorldFixture::plain();
    assert_eq!(put(&mut fixture, "one"), Ok(json!({})));
    assert_eq!(put(&mut fixture, "one"), Ok(json!({})));
    let error = put(&mut fixture, "two").expect_err("held");
    assert_eq!(error.name, "DynamoDb.ConditionalCheckFailedException");
    assert_eq!(text(&error), "The conditional request failed");
    let item = call(&mut fixture, "getItem", &json!({"ConsistentRead": true})).expect("reads succeed");
    assert_eq!(item["Item"]["held_by"]["S"], "one");
    assert_eq!(fixture.world.lock_holders("g").next(), Some("one"));
}

#[test]
fn an_item_that_is_not_there_is_an_answer_without_item() {
    let mut fixture = WorldFixture::plain();
    assert_eq!(call(&mut fixture, "getItem", &json!({})), Ok(json!({})));
}

#[test]
fn a_release_fails_while_a_rerun_is_marked() {
    let mut fixture = WorldFixture::plain();
    put(&mut fixture, "one").expect("free");
    let values = json!({":rerun": {"S": "all"}, ":holder": {"S": "one"}});
    call(&mut fixture, "updateItem", &json!({
        "UpdateExpression": "SET rerun = :rerun", "ConditionExpression": "held_by = :holder", "ExpressionAttributeValues": values,
    })).expect("held by one");
    let release = json!({
        "ConditionExpression": "held_by = :me AND attribute_not_exists(rerun)",
        "ExpressionAttributeValues": {":me": {"S": "one"}},
    });
    assert!(call(&mut fixture, "deleteItem", &release).is_err());
    call(
        &mut fixture,
        "updateItem",
        &json!({
            "UpdateExpression": "REMOVE rerun, journal, failure", "ConditionExpression": "held_by = :me",
            "ExpressionAttributeValues": {":me": {"S": "one"}}, "ReturnValues": "ALL_NEW",
        }),
    )
    .expect("held by one");
    assert!(call(&mut fixture, "deleteItem", &release).is_ok());
    assert_eq!(fixture.world.lock_holders("g").next(), None);
}

/// Conditions on the item `{held_by: one, turn: 3}`.
#[test]
fn conditions_are_read_with_their_precedence_and_compared_by_type() {
    for (condition, holds) in [
        ("held_by = :one", true),
        ("held_by = :two", false),
        ("held_by <> :two", true),
        ("absent = :one", false),
        ("absent <> :one", true),
        ("attribute_exists(held_by)", true),
        ("attribute_not_exists ( absent )", true),
        ("NOT held_by = :one", false),
        ("held_by = :one OR held_by = :two AND absent = :one", true),
        ("(held_by = :one OR held_by = :two) AND absent = :one", false),
        ("turn < :ten", true),
        ("turn >= :ten", false),
        ("turn = :three", true),
        ("turn = :one", false),
        ("turn BETWEEN :three AND :ten", true),
        ("held_by IN (:two, :one)", true),
        ("begins_with(held_by, :o)", true),
        ("begins_with(turn, :o)", false),
        ("#h = :one", true),
    ] {
        let mut fixture = WorldFixture::plain();
        let item =
            json!({"auto_scaling_group_name": {"S": "g"}, "held_by": {"S": "one"}, "turn": {"N": "3"}});
        call(&mut fixture, "putItem", &json!({"Item": item})).expect("no condition");
        let all = [
            (":one", json!({"S": "one"})),
            (":two", json!({"S": "two"})),
            (":ten", json!({"N": "10"})),
            (":three", json!({"N": "3.0"})),
            (":o", json!({"S": "o"})),
        ];
        let used = all.into_iter().filter(|(name, _)| {
            let after = condition.split(name).skip(1);
            after.into_iter().any(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
        });
        let values: serde_json::Map<String, Value> =
            used.map(|(name, value)| (name.to_owned(), value)).collect();
        let mut arguments = json!({"ConditionExpression": condition});
        if !values.is_empty() {
            arguments["ExpressionAttributeValues"] = values.into();
        }
        if condition.contains('#') {
            arguments["ExpressionAttributeNames"] = json!({"#h": "held_by"});
        }
        let answer = call(&mut fixture, "deleteItem", &arguments);
        assert_eq!(answer.is_ok(), holds, "{condition}: {answer:?}");
        if let Err(error) = answer {
            assert_eq!(error.name, "DynamoDb.ConditionalCheckFailedException", "{condition}");
        }
    }
}

#[test]
fn what_dynamodb_refuses_is_refused_with_its_words() {
    for (more, expected) in [
        (
            json!({"ConditionExpression": "held_by = :me"}),
            "An expression attribute value used in expression is not defined; attribute value: :me",
        ),
        (
            json!({"ConditionExpression": "held_by :me"}),
            "Invalid ConditionExpression: Syntax error; token: \":me\", near: \":me\"",
        ),
        (
            json!({"ConditionExpression": "attribute_exists(owner)"}),
            "Invalid ConditionExpression: Attribute name is a reserved keyword; reserved keyword: owner",
        ),
        (
            json!({"ConditionExpression": "(held_by = held_by"}),
            "Invalid ConditionExpression: Syntax error; token: \"<EOF>\", near: \"<EOF>\"",
        ),
        (json!({"ConditionExpression": ""}), "Invalid ConditionExpression: The expression can not be empty;"),
        (
            json!({"ConditionExpression": "attribute_not_exists(x)", "ExpressionAttributeValues": {":me": {"S": "a"}}}),
            "Value provided in ExpressionAttributeValues unused in expressions: keys: {:me}",
        ),
        (
            json!({"Key": {"other": {"S": "a"}}}),
            "One or more parameter values were invalid: Missing the key auto_scaling_group_name in the item",
        ),
        (json!({"TableName": "other"}), "Requested resource not found"),
    ] {
        let error = call(&mut WorldFixture::plain(), "deleteItem", &more).expect_err(expected);
        assert_eq!(text(&error), expected);
    }
}

#[test]
fn updates_set_add_and_remove_and_make_the_item_where_there_is_none() {
    let mut fixture = WorldFixture::plain();
    let answer = call(
        &mut fixture,
        "updateItem",
        &json!({
            "UpdateExpression": "SET held_by = :me, turn = if_not_exists(turn, :zero) + :one REMOVE gone",
            "ExpressionAttributeValues": {":me": {"S": "one"}, ":zero": {"N": "0"}, ":one": {"N": "1"}},
            "ReturnValues": "ALL_NEW",
        }),
    );
    let expected =
        json!({"auto_scaling_group_name": {"S": "g"}, "held_by": {"S": "one"}, "turn": {"N": "1"}});
    assert_eq!(answer, Ok(json!({"Attributes": expected})));
    let answer = call(
        &mut fixture,
        "updateItem",
        &json!({
            "UpdateExpression": "REMOVE held_by SET turn = turn - :one", "ExpressionAttributeValues": {":one": {"N": "1"}},
            "ReturnValues": "ALL_OLD",
        }),
    );
    assert_eq!(answer, Ok(json!({"Attributes": expected})));
    assert_eq!(fixture.world.lock_holders("g").next(), None);
    let error = call(&mut fixture, "updateItem", &json!({
        "UpdateExpression": "SET auto_scaling_group_name = :x", "ExpressionAttributeValues": {":x": {"S": "h"}},
    })).expect_err("the key");
    assert!(text(&error).contains("is part of the key"), "{error:?}");
    let error = call(
        &mut fixture,
        "updateItem",
        &json!({
            "UpdateExpression": "ADD turn :x", "ExpressionAttributeValues": {":x": {"N": "1"}},
        }),
    )
    .expect_err("not modelled, and refused as a syntax error would be");
    assert!(text(&error).starts_with("Invalid UpdateExpression"), "{error:?}");
}

#[test]
fn an_attribute_without_a_type_is_refused_before_it_reaches_dynamodb() {
    let mut fixture = WorldFixture::plain();
    for bad in [json!("one"), json!({"S": 3}), json!({"T": "x"}), json!({})] {
        let item = json!({"auto_scaling_group_name": {"S": "g"}, "held_by": bad});
        let error = call(&mut fixture, "putItem", &json!({"Item": item})).expect_err("untyped");
        assert_eq!(error.name, "States.Runtime");
    }
}
