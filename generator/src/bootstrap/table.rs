//! The table with which Terraform before 1.10 locks states.

use serde::Deserialize;
use serde_json::{Value, json};

use super::error::BootstrapError;
use super::settings::AspectOutcome;
use crate::aws::AwsClient;
use crate::aws::service::{AwsAction, DYNAMODB};

const DESCRIBE_TABLE: AwsAction = AwsAction::repeatable(DYNAMODB, "DescribeTable");
/// A second attempt finds the table of the first, and is refused: asked for once.
const CREATE_TABLE: AwsAction =
    AwsAction { repeatable: false, ..AwsAction::repeatable(DYNAMODB, "CreateTable") };

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

/// Makes the table where there is none.
pub(super) fn make(client: &AwsClient, name: &str, dry_run: bool) -> Result<AspectOutcome, BootstrapError> {
    let found: Result<Answer, _> = client.ask(&DESCRIBE_TABLE, name, &json!({"TableName": name}));
    match found {
        Ok(Answer { table }) => {
            let key: Vec<_> = table.key_schema.into_iter().map(|part| part.attribute_name).collect();
            if key == [KEY] {
                return Ok(AspectOutcome::Kept(String::new()));
            }
            Err(BootstrapError::TableKey { table: name.to_owned(), key: key.join(", ") })
        }
        Err(error) if error.is("ResourceNotFoundException") => {
            if !dry_run {
                let _: Value = client.ask(&CREATE_TABLE, name, &wanted(name))?;
            }
            Ok(AspectOutcome::Done)
        }
        Err(error) => Err(error.into()),
    }
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
