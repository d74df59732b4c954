//! The list of API calls, which becomes the function's permissions, against the calls in the code.

use std::collections::BTreeSet;

use asg_recycle_handler::contract::API_CALLS;

const CLIENTS: &[(&str, &str)] = &[("autoscaling", "autoscaling"), ("sfn", "states"), ("sns", "sns")];

#[test]
fn the_contract_lists_exactly_the_calls_that_the_sdk_is_asked_for() {
    let source: String = include_str!("../../src/aws.rs").split_whitespace().collect();
    let mut called = BTreeSet::new();
    for (client, service) in CLIENTS {
        for call in source.split(&format!("self.{client}.")).skip(1) {
            let method = call.split('(').next().expect("a method");
            let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
            let action: String = method.split('_').map(capital).collect();
            called.insert(format!("{service}:{action}"));
        }
    }
    assert_eq!(called, API_CALLS.iter().map(|call| (*call).to_owned()).collect::<BTreeSet<_>>());
    let fields = source.split("::Client,").count() - 1;
    assert_eq!(fields, CLIENTS.len(), "a client that this test does not know");
}
