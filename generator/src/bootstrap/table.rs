//! The table with which Terraform before 1.10 locks states.

use serde::Deserialize;
use serde_json::{Value, json};

use super::error::BootstrapError;
use super::settings::StatePlace;
use crate::aws::AwsClient;
use crate::aws::service::{AwsAction, DYNAMODB};
use crate::names::partition;

const DESCRIBE_TABLE: AwsAction = AwsAction::repeatable(DYNAMODB, "DescribeTable");
const CREATE_TABLE: AwsAction = AwsAction::repeatable(DYNAMODB, "CreateTable");

/// The key that Terraform writes.
const KEY: &str = "LockID";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    table: Table,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Table {
    key_schema: Vec<KeyPart>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KeyPart {
    attribute_name: String,
}

/// Whether there is one with the right key.
pub(super) fn exists(client: &AwsClient, place: &StatePlace, name: &str) -> Result<bool, BootstrapError> {
    let found: Result<Answer, _> =
        client.ask(&DESCRIBE_TABLE, &arn(place, name), &json!({"TableName": name}));
    match found {
        Ok(Answer { table }) => {
            let key: Vec<_> = table.key_schema.into_iter().map(|part| part.attribute_name).collect();
            if key == [KEY] {
                return Ok(true);
            }
            Err(BootstrapError::TableKey { table: name.to_owned(), key: key.join(", ") })
        }
        Err(error) if error.is("ResourceNotFoundException") => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Makes it, where the place wants one. An attempt whose answer was lost may have made it, and the next is refused for that: a table that
/// is there with the right key is what was asked for.
pub(super) fn create(client: &AwsClient, place: &StatePlace) -> Result<(), BootstrapError> {
    let Some(name) = &place.table else { return Ok(()) };
    match client.ask::<Value>(&CREATE_TABLE, &arn(place, name), &wanted(name)) {
        Ok(_) => Ok(()),
        Err(error) => match exists(client, place, name) {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(error.into()), // why it could not be made says more than why it could not be looked for
        },
    }
}

fn arn(place: &StatePlace, name: &str) -> String {
    let StatePlace { account, region, .. } = place;
    format!("arn:{}:dynamodb:{region}:{account}:table/{name}", partition(region))
}

fn wanted(name: &str) -> Value {
    json!({
        "TableName": name,
        "AttributeDefinitions": [{"AttributeName": KEY, "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": KEY, "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
        "DeletionProtectionEnabled": true,
    })
}
