//! One deployed stack in one account and region, as an operator asks about it.

use std::collections::BTreeMap;

use asg_recycle_handler::settings::Settings;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::answers::{FunctionAnswer, Identity};
use super::operation::{IDENTIFY, Operation, READ_SETTINGS};
use super::policy::{StackPlace, condition};
use crate::aws::{AwsClient, AwsError};
use crate::names;

/// A stack that was found, and whoever asks about it.
pub struct StackSession {
    client: AwsClient,
    /// Where it is.
    pub place: StackPlace,
    /// ARN of whoever asks.
    pub caller: String,
    /// What its handler knows.
    pub settings: Settings,
}

/// Why a stack cannot be operated.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// A call failed.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// There is none of that name.
    #[error(
        "there is no stack `{stack}` in account {account}, {region}: its function `{function}` does not exist. A stack's deployed \
         name is `NAME-ENVIRONMENT`, as in stack.yaml"
    )]
    NoStack {
        /// What was given.
        stack: String,
        /// The account.
        account: String,
        /// The region.
        region: String,
        /// The function that was looked for.
        function: String,
    },
    /// The function's variables are encrypted by a key of the stack's own, and the caller may not use that.
    #[error(
        "the environment of `{function}` cannot be read: {message}. The stack has a key of its own (`encryption.customer_key`): \
         allow `kms:Decrypt` with it, for the table of locks too, and `kms:GenerateDataKey*` for what acts"
    )]
    Encrypted {
        /// The function.
        function: String,
        /// What Lambda says.
        message: String,
    },
    /// Its function does not have what a handler needs: it is no stack of this tool, or an older one.
    #[error("the function of stack `{stack}` lacks what this version needs: {faults}; deploy the stack anew")]
    Settings {
        /// The stack.
        stack: String,
        /// What is wrong.
        faults: String,
    },
}

impl StackSession {
    /// Finds a stack by its deployed name, in two calls.
    pub fn open(client: AwsClient, stack: &str) -> Result<Self, StackError> {
        let mut place = StackPlace {
            stack: stack.to_owned(),
            region: client.region().to_owned(),
            account: "*".to_owned(),
        };
        let identity: Identity = ask(&client, &place, &IDENTIFY, &json!({}))?;
        place.account = identity.account;
        let function = format!("{stack}{}", names::FUNCTION.suffix);
        let answer: Result<FunctionAnswer, AwsError> =
            ask(&client, &place, &READ_SETTINGS, &json!({"FunctionName": function}));
        let variables = match answer {
            Ok(FunctionAnswer { environment }) => match environment.error {
                None => environment.variables,
                Some(refusal) => {
                    return Err(StackError::Encrypted { function, message: refusal.message });
                }
            },
            Err(error) if error.is("ResourceNotFoundException") => {
                let StackPlace { stack, region, account } = place;
                return Err(StackError::NoStack { stack, account, region, function });
            }
            Err(error) => return Err(error.into()),
        };
        let settings = settings(&variables)
            .map_err(|faults| StackError::Settings { stack: stack.to_owned(), faults })?;
        Ok(Self { client, place, caller: identity.arn, settings })
    }

    /// Makes a call.
    pub fn ask<T: DeserializeOwned>(&self, operation: &Operation, arguments: &Value) -> Result<T, AwsError> {
        ask(&self.client, &self.place, operation, arguments)
    }

    /// Reads all pages of a list, at most so many.
    pub fn pages<T: DeserializeOwned>(
        &self,
        operation: &Operation,
        arguments: Value,
        pages_max: usize,
        next: impl Fn(&T) -> Option<(&'static str, Value)>,
    ) -> Result<Vec<T>, AwsError> {
        let resource = self.place.resource(operation.touches);
        self.client.pages(&operation.action, &resource, arguments, pages_max, next)
    }

    /// How often each action was asked for.
    pub fn calls(&self) -> BTreeMap<String, u32> {
        self.client.calls()
    }

    /// How often it had to wait before it asked again, for AWS throttled or did not answer.
    pub fn waits_made(&self) -> u32 {
        self.client.waits_made()
    }

    /// How many calls were made.
    pub fn calls_made(&self) -> u32 {
        self.client.calls_made()
    }
}

fn ask<T: DeserializeOwned>(
    client: &AwsClient,
    place: &StackPlace,
    operation: &Operation,
    arguments: &Value,
) -> Result<T, AwsError> {
    let answer = client.ask(&operation.action, &place.resource(operation.touches), arguments);
    answer.map_err(|error| error.limited_by(condition(operation.touches)))
}

fn settings(variables: &BTreeMap<String, String>) -> Result<Settings, String> {
    Settings::parse(variables).map_err(|faults| {
        let texts: Vec<String> = faults.iter().map(ToString::to_string).collect();
        texts.join("; ")
    })
}
