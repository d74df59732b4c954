//! `DynamoDB` tables: items by key, conditional writes.

mod expression;
mod reader;
mod reserved;
mod update;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::arguments::Arguments;
use super::errors::AwsError;
use super::request::Request;
use super::resources::TableSpec;

use expression::Condition;
use reader::{Item, Placeholders, check_attribute};

/// A table: what it is, and its items by their key's text.
#[derive(Debug, Clone)]
struct Table {
    spec: TableSpec,
    items: BTreeMap<String, Item>,
}

impl Table {
    fn put(&mut self, key: &str, attributes: &BTreeMap<String, String>) {
        let own = (self.spec.key.clone(), key.to_owned());
        let texts = attributes.clone().into_iter().chain([own]);
        let item = texts.map(|(name, text)| (name, json!({"S": text}))).collect();
        self.items.insert(key.to_owned(), item);
    }
}

/// All tables.
#[derive(Debug, Clone)]
pub(crate) struct Tables(Vec<Table>);

impl Tables {
    /// Tables with these items in each.
    pub(crate) fn new(specs: &[TableSpec], items: &BTreeMap<String, BTreeMap<String, String>>) -> Self {
        let mut tables: Vec<Table> =
            specs.iter().map(|spec| Table { spec: spec.clone(), items: BTreeMap::new() }).collect();
        for table in &mut tables {
            for (key, attributes) in items {
                table.put(key, attributes);
            }
        }
        Self(tables)
    }

    /// Somebody puts an item of texts into each table.
    pub(crate) fn put(&mut self, key: &str, attributes: &BTreeMap<String, String>) {
        self.0.iter_mut().for_each(|table| table.put(key, attributes));
    }

    /// Somebody deletes the item of a key from each table.
    pub(crate) fn delete(&mut self, key: &str) {
        self.0.iter_mut().for_each(|table| drop(table.items.remove(key)));
    }

    /// Who holds the lock of that key, one for each table in which somebody does.
    pub(crate) fn lock_holders<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter_map(move |table| table.items.get(key)?.get(&table.spec.lock_owner)?.get("S")?.as_str())
    }

    /// Whether an item of that key is there, held or not. One that holds its key alone says nothing: it was let go of by whoever
    /// could not delete it.
    pub(crate) fn has_lock_item(&self, key: &str) -> bool {
        self.0.iter().any(|table| table.items.get(key).is_some_and(|item| item.len() > 1))
    }

    /// The table that a call names.
    fn named(&mut self, arguments: &Arguments<'_>) -> Result<&mut Table, AwsError> {
        let name = arguments.text("TableName")?;
        self.0.iter_mut().find(|table| table.spec.name == name).ok_or_else(|| {
            let message = "Requested resource not found".to_owned();
            AwsError::Modelled { name: "ResourceNotFoundException", status: 400, message }
        })
    }
}

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
pub(crate) fn get_item(tables: &mut Tables, request: &Request<'_>) -> Result<Value, AwsError> {
    let arguments =
        Arguments::of(request.action, request.arguments, &["TableName", "Key", "ConsistentRead"])?;
    let table = tables.named(&arguments)?;
    let key = key_text(&table.spec, arguments.required("Key")?)?;
    Ok(match table.items.get(&key) {
        Some(item) => json!({"Item": item}),
        None => json!({}),
    })
}

/// Puts an item in the place of what was there.
pub(crate) fn put_item(tables: &mut Tables, request: &Request<'_>) -> Result<Value, AwsError> {
    let arguments = Arguments::of(request.action, request.arguments, &[&WRITE[..], &["Item"]].concat())?;
    let table = tables.named(&arguments)?;
    let item =
        arguments.required("Item")?.as_object().ok_or_else(|| AwsError::refused("Item is no object"))?;
    for (name, value) in item {
        check_attribute(name, value)?;
    }
    let key = item.get(&table.spec.key).map(|value| json!({&table.spec.key: value}));
    let key = key_text(&table.spec, &key.ok_or_else(|| missing_key(&table.spec.key))?)?;
    let write = Write::begin(table, &arguments, key)?;
    write.end(&[])?;
    table.items.insert(write.key.clone(), item.clone());
    Ok(write.answer(table))
}

/// Deletes an item, if there is one.
pub(crate) fn delete_item(tables: &mut Tables, request: &Request<'_>) -> Result<Value, AwsError> {
    let arguments = Arguments::of(request.action, request.arguments, &[&WRITE[..], &["Key"]].concat())?;
    let table = tables.named(&arguments)?;
    let key = key_text(&table.spec, arguments.required("Key")?)?;
    let write = Write::begin(table, &arguments, key)?;
    write.end(&[])?;
    table.items.remove(&write.key);
    Ok(write.answer(table))
}

/// Changes attributes of an item, and makes the item where there is none.
pub(crate) fn update_item(tables: &mut Tables, request: &Request<'_>) -> Result<Value, AwsError> {
    let arguments = Arguments::of(
        request.action,
        request.arguments,
        &[&WRITE[..], &["Key", "UpdateExpression"]].concat(),
    )?;
    let table = tables.named(&arguments)?;
    let key_value = arguments.required("Key")?;
    let key = key_text(&table.spec, key_value)?;
    let write = Write::begin(table, &arguments, key)?;
    let mut item = write.before.clone().unwrap_or_else(|| key_value.as_object().cloned().unwrap_or_default());
    let mut used = Vec::new();
    if let Some(text) = arguments.text_if_given("UpdateExpression")? {
        let update = update::Update::parse(text)?;
        if update.touches(&table.spec.key, &write.placeholders)? {
            let message = format!(
                "One or more parameter values were invalid: Cannot update attribute {}. This attribute is part of the key",
                table.spec.key
            );
            return Err(AwsError::validation(message));
        }
        used = update.placeholders();
        item = update.apply(&item, &write.placeholders)?;
    }
    write.end(&used)?;
    table.items.insert(write.key.clone(), item);
    Ok(write.answer(table))
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
    fn begin(table: &Table, arguments: &Arguments<'_>, key: String) -> Result<Self, AwsError> {
        let placeholders = Placeholders::of(arguments)?;
        let before = table.items.get(&key).cloned();
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

    fn answer(self, table: &Table) -> Value {
        let attributes = match self.returns {
            Returns::Nothing => None,
            Returns::Old => self.before,
            Returns::New => table.items.get(&self.key).cloned(),
        };
        attributes.map_or_else(|| json!({}), |attributes| json!({"Attributes": attributes}))
    }
}

/// The text of a key of one text attribute.
fn key_text(spec: &TableSpec, key: &Value) -> Result<String, AwsError> {
    let fields = key.as_object().ok_or_else(|| AwsError::refused("Key is no object"))?;
    let value = fields.get(&spec.key).ok_or_else(|| missing_key(&spec.key))?;
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
