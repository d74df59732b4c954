//! A panic inside one record, over Lambda's protocol.
//!
//! Nothing is known that makes the real binary panic, and it has no switch for it. So the function here is this test's
//! own program, started again: it serves the handler's library as `bootstrap` does, with the AWS clients in a wrapper
//! that panics on order.

use std::path::PathBuf;
use std::time::Duration;

use asg_recycle_handler::aws::Aws as Clients;
use asg_recycle_handler::decide::StartRequest;
use asg_recycle_handler::group::Group;
use asg_recycle_handler::lambda;
use asg_recycle_handler::ports::{CallError, Membership, Ports, Started};
use asg_recycle_handler::rejection::Rejection;
use serde_json::{Value, json};

use crate::local::aws::update;
use crate::local::function::{Function, Outcome, environment};
use crate::protocol::account;

/// What tells the test program to be the function.
const ROLE: &str = "ASG_RECYCLE_TEST_FUNCTION";
/// A start for a group whose name begins so panics.
pub(crate) const PANICS: &str = "panics";

struct Panicking(Clients);

impl Ports for Panicking {
    async fn describe(&self, names: &[String]) -> Result<Vec<Group>, CallError> {
        self.0.describe(names).await
    }

    async fn describe_opted_in(&self) -> Result<Vec<Group>, CallError> {
        self.0.describe_opted_in().await
    }

    async fn groups_of(&self, instances: &[String]) -> Result<Vec<Membership>, CallError> {
        self.0.groups_of(instances).await
    }

    async fn start(&self, request: &StartRequest) -> Result<Started, CallError> {
        assert!(!request.component.starts_with(PANICS), "ordered to panic");
        self.0.start(request).await
    }

    async fn publish(&self, rejection: &Rejection) -> Result<(), CallError> {
        self.0.publish(rejection).await
    }
}

/// A function that panics on order.
pub(crate) fn start(endpoint: &str) -> Function {
    let program: PathBuf = std::env::current_exe().expect("this program");
    let mut environment = environment(endpoint);
    environment.insert(ROLE.to_owned(), "yes".to_owned());
    let test = concat!(module_path!(), "::a_panic_in_one_record_hands_back_that_record");
    let (_, test) = test.split_once("::").expect("a path in the crate");
    Function::start(&program, &[test, "--exact", "--nocapture"], &environment)
}

#[test]
fn a_panic_in_one_record_hands_back_that_record() {
    if std::env::vars_os().any(|(key, _)| key == ROLE) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(lambda::serve_with(|environment, topic_arn| {
            Clients::new(environment, topic_arn).map(Panicking)
        }));
        return;
    }
    let aws = account(&["a", "panics-1", "b"]);
    let function = start(&format!("http://{}", aws.endpoint(None, |_| None)));
    let record = |name: &str| json!({"messageId": name, "body": update(name, name).to_string()});
    let batch = json!({"Records": [record("a"), record("panics-1"), record("b")]});
    for _ in 0..2 {
        let outcome = function.invoke(&batch, Duration::from_secs(30));
        assert_eq!(outcome, Outcome::Answer(json!({"batchItemFailures": [{"itemIdentifier": "panics-1"}]})));
    }
    assert_eq!(aws.seen(|seen| seen.executions.len()), 2);
    let lines = function.stop();
    let lines: Vec<Value> = lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let panic = lines.iter().find(|line| line["message"] == "panic").expect("the panic is logged");
    assert!(panic["detail"].as_str().expect("a text").contains("panics.rs"), "{panic}");
}
