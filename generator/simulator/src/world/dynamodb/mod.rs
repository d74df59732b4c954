//! The one `DynamoDB` table: items by key, conditional writes.

mod expression;
mod reader;
mod reserved;
mod update;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::World;
use super::actions::Request;
use super::arguments::Arguments;
use super::errors::AwsError;

use expression::Condition;
use reader::Placeholders;

/// An item: typed attribute values by name.
pub(super) type Item = Map<String, Value>;
/// Items by their key's text.
pub(super) type Table = BTreeMap<String, Item>;

/// What every write may carry.
const WRITE: [&str; 6] = [
    "TableName",
    "ConditionExpression",
    "ExpressionAttributeNames",
    "ExpressionAttributeValues",
    "ReturnValues",
    "ReturnValuesOnConditionCheckFailure",
];

/// Reads an item. Without one the answer has no `Item`.
pub(super) fn get_item(world: &mut World, request: &Request<'_>) -> Result<Value, AwsError> {
    let arguments =
        Arguments::of(request.action, request.arguments, &["TableName", "Key", "ConsistentRead"])?;
    check_table(world, &arguments)?;
    let key = key_text(world, arguments.required("Key")?)?;
    Ok(match world.table.get(&key) {
        Some(item) => json!({"Item": item}),
        None => json!({}),
    })
}

/// Puts an item in the place of what was there.
pub(super) fn put_item(world: &mut World, request: &Request<'_>) -> Result<Value, AwsError> {
    let arguments = Arguments::of(request.action, request.arguments, &[&WRITE[..], &["Item"]].concat())?;
    let item =
        arguments.required("Item")?.as_object().ok_or_else(|| AwsError::refused("Item is no object"))?;
    for (name, value) in item {
        check_attribute(name, value)?;
    }
    let key = item.get(&world.spec.table_key).map(|value| json!({&world.spec.table_key: value}));
    let key = key_text(world, &key.ok_or_else(|| missing_key(&world.spec.table_key))?)?;
    let write = Write::begin(world, &arguments, key)?;
    write.end(&[])?;
    world.table.insert(write.key.clone(), item.clone());
    Ok(write.answer(world))
}

/// Deletes an item, if there is one.
pub(super) fn delete_item(world: &mut World, request: &Request<'_>) -> Result<Value, AwsError> {
    let arguments = Arguments::of(request.action, request.arguments, &[&WRITE[..], &["Key"]].concat())?;
    let key = key_text(world, arguments.required("Key")?)?;
    let write = Write::begin(world, &arguments, key)?;
    write.end(&[])?;
    world.table.remove(&write.key);
    Ok(write.answer(world))
}

/// Changes attributes of an item, and makes the item where there is none.
pub(super) fn update_item(world: &mut World, request: &Request<'_>) -> Result<Value, AwsError> {
    let arguments = Arguments::of(
        request.action,
        request.arguments,
        &[&WRITE[..], &["Key", "UpdateExpression"]].concat(),
    )?;
    let key_value = arguments.required("Key")?;
    let key = key_text(world, key_value)?;
    let write = Write::begin(world, &arguments, key)?;
    let mut item = write.before.clone().unwrap_or_else(|| key_value.as_object().cloned().unwrap_or_default());
    let mut used = Vec::new();
    if let Some(text) = arguments.text_if_given("UpdateExpression")? {
        let update = update::Update::parse(text)?;
        if update.touches(&world.spec.table_key, &write.placeholders)? {
            let message = format!(
                "One or more parameter values were invalid: Cannot update attribute {}. This attribute is part of the key",
                world.spec.table_key
            );
            return Err(AwsError::validation(message));
        }
        used = update.placeholders();
        item = update.apply(&item, &write.placeholders)?;
    }
    write.end(&used)?;
    world.table.insert(write.key.clone(), item);
    Ok(write.answer(world))
}

/// A write whose condition holds.
struct Write {
    key: String,
    before: Option<Item>,
    placeholders: Placeholders,
    used: Vec<String>,
    returns: Returns,
}

enum Returns {
    Nothing,
    Old,
    New,
}

impl Write {
    /// Reads what every write carries, and checks its condition.
    fn begin(world: &World, arguments: &Arguments<'_>, key: String) -> Result<Self, AwsError> {
        check_table(world, arguments)?;
        let placeholders = Placeholders::of(arguments)?;
        let before = world.table.get(&key).cloned();
        let mut used = Vec::new();
        let condition = arguments.text_if_given("ConditionExpression")?.map(Condition::parse).transpose()?;
        if let Some(condition) = condition {
            used = condition.placeholders();
            let empty = Item::new();
            if !condition.holds(before.as_ref().unwrap_or(&empty), &placeholders)? {
                let message = "The conditional request failed".to_owned();
                return Err(AwsError::Modelled {
                    name: "ConditionalCheckFailedException",
                    status: 400,
                    message,
                });
            }
        }
        let returns = match arguments.text_if_given("ReturnValues")? {
            None | Some("NONE") => Returns::Nothing,
            Some("ALL_OLD") => Returns::Old,
            Some("ALL_NEW") => Returns::New,
            Some(other) => return Err(AwsError::refused(format!("the modelled table returns no {other}"))),
        };
        Ok(Self { key, before, placeholders, used, returns })
    }

    /// Sees to it that every placeholder is used, by the condition or by the update.
    fn end(&self, also_used: &[String]) -> Result<(), AwsError> {
        self.placeholders.all_used(|name| self.used.iter().chain(also_used).any(|used| used == name))
    }

    fn answer(self, world: &World) -> Value {
        let attributes = match self.returns {
            Returns::Nothing => None,
            Returns::Old => self.before,
            Returns::New => world.table.get(&self.key).cloned(),
        };
        attributes.map_or_else(|| json!({}), |attributes| json!({"Attributes": attributes}))
    }
}

fn check_table(world: &World, arguments: &Arguments<'_>) -> Result<(), AwsError> {
    let name = arguments.text("TableName")?;
    if name == world.spec.table {
        return Ok(());
    }
    let message = "Requested resource not found".to_owned();
    Err(AwsError::Modelled { name: "ResourceNotFoundException", status: 400, message })
}

/// The text of a key of one text attribute.
fn key_text(world: &World, key: &Value) -> Result<String, AwsError> {
    let fields = key.as_object().ok_or_else(|| AwsError::refused("Key is no object"))?;
    let value = fields.get(&world.spec.table_key).ok_or_else(|| missing_key(&world.spec.table_key))?;
    let text = value.get("S").and_then(Value::as_str).filter(|_| fields.len() == 1);
    match text {
        Some("") => Err(AwsError::validation(
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty \
             string value.",
        )),
        Some(text) => Ok(text.to_owned()),
        None => Err(AwsError::validation("The provided key element does not match the schema")),
    }
}

fn missing_key(name: &str) -> AwsError {
    AwsError::validation(format!(
        "One or more parameter values were invalid: Missing the key {name} in the item"
    ))
}

/// An attribute is an object with one type and its value.
fn check_attribute(name: &str, value: &Value) -> Result<(), AwsError> {
    let known = |kind: &str| ["S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS"].contains(&kind);
    let typed = value.as_object().filter(|fields| fields.len() == 1 && fields.keys().all(|kind| known(kind)));
    let fields =
        typed.ok_or_else(|| AwsError::refused(format!("the attribute {name} is no typed value: {value}")))?;
    let wrong = fields.iter().any(|(kind, value)| matches!(kind.as_str(), "S" | "N") && !value.is_string());
    if wrong {
        return Err(AwsError::refused(format!(
            "the attribute {name} is not the text its type asks for: {value}"
        )));
    }
    Ok(())
}
