//! The calls of the emitted machine against the modelled world.

use std::collections::BTreeSet;

use asg_recycle_simulator::world::World;

use crate::asl;
use crate::config::Config;

#[test]
fn every_call_of_the_emitted_machine_is_known() {
    let config = Config::with_defaults("demo".parse().expect("a name"));
    let machine = asl::build(&config).unwrap_or_else(|problems| panic!("{problems}"));
    let calls: BTreeSet<_> = machine
        .definition
        .split(":states:::aws-sdk:")
        .skip(1)
        .filter_map(|call| call.split('"').next()?.split_once(':'))
        .collect();
    for (service, action) in &calls {
        assert!(World::has_action(service, action), "{service}:{action}");
    }
    assert!(calls.len() > 10, "only {calls:?} were found");
}
