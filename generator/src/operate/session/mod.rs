//! One deployed stack in one account and region, as an operator asks about it.

pub mod operation;
pub mod policy;

use std::collections::BTreeMap;

use asg_recycle_handler::settings::Settings;
use asg_recycle_handler::spelling::suggestion;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::aws::{AwsClient, AwsError};
use crate::names;
use crate::operate::answers::group::MachineAnswer;
use crate::operate::answers::surroundings::{FunctionsPage, MappingsAnswer};
use crate::operate::answers::{FunctionAnswer, Identity};
use crate::operate::place::StackPlace;
use crate::operate::request::Hand;
use operation::{
    DESCRIBE_STATE_MACHINE, IDENTIFY, LIST_FUNCTIONS, LIST_MAPPINGS, Operation, READ_SETTINGS, Touches,
};
use policy::condition;

/// Pages of functions in which a stack of a similar name is looked for at most.
const FUNCTION_PAGES_MAX: usize = 50;

/// A stack that was found, and whoever asks about it.
pub struct StackSession {
    client: AwsClient,
    /// Where it is.
    pub place: StackPlace,
    /// ARN of whoever asks.
    pub caller: String,
    /// What its handler knows: of the version that the queue calls.
    pub settings: Settings,
    /// ARN of the role that this version runs in.
    pub handler_role: String,
}

/// Why a stack cannot be operated.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// A call failed.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// There is none of that name.
    #[error(
        "there is no stack `{stack}` in account {account}, {region}: its function `{function}` does not exist. A stack's \
         deployed name is `NAME-ENVIRONMENT`, as in stack.yaml{meant}"
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
        /// The question after a stack that was probably meant; nothing where none is near.
        meant: String,
    },
    /// Its state machine is there, and its function is not.
    #[error(
        "the handler of stack `{}` in account {}, {} is gone, its function `{function}`: no change starts a recycle, nothing is \
         restored after an execution that died, and nothing can be told of the stack, whose settings are the function's",
        place.stack, place.account, place.region
    )]
    NoHandler {
        /// Where the stack is.
        place: StackPlace,
        /// ARN of whoever asks.
        caller: String,
        /// The function that was looked for.
        function: String,
        /// How many calls were made by then.
        calls: u32,
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
    /// Who asks, as what is started by hand keeps it.
    pub fn hand(&self) -> Hand<'_> {
        Hand { account: &self.place.account, caller: &self.caller }
    }

    /// Finds a stack by its deployed name, in three calls.
    pub fn open(client: AwsClient, stack: &str) -> Result<Self, StackError> {
        let mut place = StackPlace {
            stack: stack.to_owned(),
            region: client.region().to_owned(),
            account: "*".to_owned(),
        };
        let identity: Identity = ask(&client, &place, &IDENTIFY, &json!({}))?;
        place.account = identity.account;
        let function = format!("{stack}{}", names::FUNCTION.suffix);
        let arguments = json!({"FunctionName": called(&client, &place, &function)?});
        let answer: Result<FunctionAnswer, AwsError> = ask(&client, &place, &READ_SETTINGS, &arguments);
        let (variables, handler_role) = match answer {
            Ok(FunctionAnswer { environment, role }) => match environment.error {
                None => (environment.variables, role),
                Some(refusal) => {
                    return Err(StackError::Encrypted { function, message: refusal.message });
                }
            },
            Err(error) if error.is("ResourceNotFoundException") => {
                return Err(without_function(&client, place, (function, identity.arn)));
            }
            Err(error) => return Err(error.into()),
        };
        let settings = settings(&variables)
            .map_err(|faults| StackError::Settings { stack: stack.to_owned(), faults })?;
        Ok(Self { client, place, caller: identity.arn, settings, handler_role })
    }

    /// Makes a call.
    pub fn ask<T: DeserializeOwned>(&self, operation: &Operation, arguments: &Value) -> Result<T, AwsError> {
        ask(&self.client, &self.place, operation, arguments)
    }

    /// Makes a call about one thing of those that the operation may touch, by its ARN.
    pub fn ask_about<T: DeserializeOwned>(
        &self,
        operation: &Operation,
        resource: &str,
        arguments: &Value,
    ) -> Result<T, AwsError> {
        self.client.ask(&operation.action, resource, arguments)
    }

    /// The items of a list, of so many pages at most: `read` takes those of a page, and the argument that asks for the next.
    pub fn list<P: DeserializeOwned, T>(
        &self,
        operation: &Operation,
        arguments: Value,
        pages_max: usize,
        read: impl Fn(P) -> (Vec<T>, Option<(&'static str, Value)>),
    ) -> Result<Vec<T>, AwsError> {
        let resource = self.place.resource(operation.touches);
        let asked = arguments.clone();
        let items = self.client.list(&operation.action, &resource, arguments, pages_max, read);
        items.map_err(|error| of_table(error, &asked))
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

/// The function as the queue calls it, by its alias where it has one: after the alias was pointed back, what was deployed last serves
/// nobody.
fn called(client: &AwsClient, place: &StackPlace, function: &str) -> Result<String, AwsError> {
    let queue = json!({"EventSourceArn": place.resource(Touches::EventsQueue)});
    let answer: MappingsAnswer = ask(client, place, &LIST_MAPPINGS, &queue)?;
    let of_function = |arn: &str| {
        let (_, called) = arn.split_once(":function:")?;
        (called.split(':').next() == Some(function)).then(|| called.to_owned())
    };
    let mut called = answer.event_source_mappings.iter().filter_map(|one| of_function(&one.function_arn));
    Ok(called.next().unwrap_or_else(|| function.to_owned()))
}

/// What a missing function means: that there is no such stack, or that its handler is gone. Whoever may not ask further is told the
/// former.
fn without_function(
    client: &AwsClient,
    place: StackPlace,
    (function, caller): (String, String),
) -> StackError {
    let arguments = json!({"stateMachineArn": place.resource(Touches::StateMachine)});
    // One that is being deleted is all that is left of a stack that somebody removes.
    let machine = ask::<MachineAnswer>(client, &place, &DESCRIBE_STATE_MACHINE, &arguments);
    if machine.is_ok_and(|machine| !machine.is_being_deleted()) {
        return StackError::NoHandler { place, caller, function, calls: client.calls_made() };
    }
    let arguments = json!({"MaxItems": "50"});
    let functions =
        client.list(&LIST_FUNCTIONS.action, "*", arguments, FUNCTION_PAGES_MAX, FunctionsPage::read);
    let functions = functions.unwrap_or_default();
    let names = functions.iter().map(|function| &*function.function_name);
    let meant = suggestion(&place.stack, names.filter_map(|name| name.strip_suffix(names::FUNCTION.suffix)));
    let StackPlace { stack, region, account } = place;
    StackError::NoStack { stack, account, region, function, meant }
}

fn ask<T: DeserializeOwned>(
    client: &AwsClient,
    place: &StackPlace,
    operation: &Operation,
    arguments: &Value,
) -> Result<T, AwsError> {
    let answer = client.ask(&operation.action, &place.resource(operation.touches), arguments);
    answer.map_err(|error| of_table(error, arguments).limited_by(condition(operation.touches)))
}

/// Which table is missing, which DynamoDB does not say, and what to do.
fn of_table(error: AwsError, arguments: &Value) -> AwsError {
    match (error, arguments.get("TableName").and_then(Value::as_str)) {
        (AwsError::Refused { action, code, message }, Some(table)) if code == "ResourceNotFoundException" => {
            let message = format!(
                "{message}; the table `{table}` is gone, without which nothing is recycled: deploy anew the stack that makes it \
                 (`locks.create_table`), as `asg-recycle doctor` says"
            );
            AwsError::Refused { action, code, message }
        }
        (error, _) => error,
    }
}

fn settings(variables: &BTreeMap<String, String>) -> Result<Settings, String> {
    Settings::parse(variables).map_err(|faults| {
        let texts: Vec<String> = faults.iter().map(ToString::to_string).collect();
        texts.join("; ")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_is_gone_is_named_with_what_to_do() {
        let refused = |code: &str| AwsError::Refused {
            action: "dynamodb:GetItem".to_owned(),
            code: code.to_owned(),
            message: "Requested resource not found".to_owned(),
        };
        let told = |code: &str, arguments: Value| of_table(refused(code), &arguments).to_string();
        let gone = told("ResourceNotFoundException", json!({"TableName": "web-locks"}));
        assert!(
            gone.contains("the table `web-locks` is gone")
                && gone.contains("deploy anew the stack that makes it")
        );
        let plain = |code: &str| refused(code).to_string();
        assert_eq!(told("ResourceNotFoundException", json!({})), plain("ResourceNotFoundException"));
        assert_eq!(
            told("ValidationException", json!({"TableName": "web-locks"})),
            plain("ValidationException")
        );
    }
}
