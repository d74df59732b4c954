//! Every scenario beside the strategies, run on the machine that is emitted: a test for each file and strategy; and changes of
//! the machine that they have to notice.
//!
//! `cargo test -p asg-recycle --test scenarios -- out-in/lock in-out/abort` runs those whose names contain one of these.

#[path = "../it/cases.rs"]
mod cases;
mod failing_calls;
mod mutants;
mod outcome;
mod pauses;
mod permissions;
mod upgrades;
mod ways;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::env;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use asg_recycle::simulate::runner::{Deployment, Detail};
use asg_recycle::simulate::scenario::{Case, Expect};
use asg_recycle::strategy;
use libtest_mimic::{Arguments, Failed, Trial};

use cases::{Deployments, all_cases};
use outcome::Published;
use ways::{Watched, Ways};

thread_local! {
    /// A thread's own: machines stay on their thread.
    static SHARED: RefCell<Shared> = RefCell::new(Shared {
        deployments: Deployments::default(),
        published: Published::read(),
        watched: Watched::default(),
    });
}

struct Shared {
    deployments: Deployments,
    published: Published,
    watched: Watched,
}

/// The outcomes that any scenario ended with.
type Seen = Arc<Mutex<BTreeSet<String>>>;

/// What a case lacks of what it expects, and of what is published of its outcomes, which are added to those seen.
fn unmet(case: &Case, seen: &Seen, ways: &Ways) -> Vec<String> {
    let says = |expect: &Expect| !expect.endings.is_empty() || !expect.said.is_empty();
    if !case.scenario.expect.as_ref().is_some_and(says) {
        return vec!["it expects nothing".to_owned()];
    }
    if case.scenario.about.is_empty() {
        return vec!["it does not say what it is about".to_owned()];
    }
    SHARED.with_borrow_mut(|Shared { deployments, published, watched }| {
        let stacks = deployments.of(case);
        watched.watch(&stacks);
        match case.scenario.runner(&stacks, &case.strategy, Detail::Plain) {
            Ok(runner) => {
                let run = runner.finish();
                let outcomes = run.executions.iter().map(|one| one.outcome.clone());
                seen.lock().expect("nobody panics while holding it").extend(outcomes);
                let mut unmet = case.scenario.unmet(&run);
                unmet.extend(published.faults(&run));
                watched.report(ways);
                unmet
            }
            Err(error) => vec![error.to_string()],
        }
    })
}

/// A test of what has to hold in all runs that `unmet_in` makes of a strategy, whose ways count as taken.
fn of_strategy(
    strategy: &'static str,
    what: &str,
    ways: &Ways,
    deployment: fn() -> Rc<Deployment>,
    unmet_in: fn(&Rc<Deployment>, &str, &Published) -> Vec<String>,
) -> Trial {
    let ways = ways.clone();
    Trial::test(format!("{strategy}: {what}"), move || {
        let unmet = SHARED.with_borrow_mut(|Shared { published, watched, .. }| {
            let deployment = deployment();
            watched.watch(std::slice::from_ref(&deployment));
            let unmet = unmet_in(&deployment, strategy, published);
            watched.report(&ways);
            unmet
        });
        if unmet.is_empty() { Ok(()) } else { Err(unmet.join("\n  ").into()) }
    })
}

/// A test that fails with what `faults` tells.
fn of_all(name: &str, faults: impl Fn() -> Vec<String> + Send + 'static) -> Trial {
    Trial::test(name, move || {
        let faults = faults();
        if faults.is_empty() { Ok(()) } else { Err(faults.join("\n  ").into()) }
    })
}

/// The arguments, and apart from them the filters: as with any other test there may be several, of which the library
/// takes one.
fn arguments(given: impl Iterator<Item = String>) -> (Arguments, Vec<String>) {
    const WITH_VALUE: [&str; 6] = ["--skip", "--test-threads", "--logfile", "--color", "--format", "-Z"];
    let (mut options, mut filters) = (Vec::new(), Vec::new());
    for (index, argument) in given.enumerate() {
        let is_value = options.last().is_some_and(|last: &String| WITH_VALUE.contains(&last.as_str()));
        if index == 0 || is_value || argument.starts_with('-') {
            options.push(argument);
        } else {
            filters.push(argument);
        }
    }
    (Arguments::from_iter(options), filters)
}

fn main() -> ExitCode {
    let (arguments, filters) = arguments(env::args());
    let (seen, ways) = (Seen::default(), Ways::default());
    let trial = |case: Case| {
        let (seen, ways) = (Arc::clone(&seen), ways.clone());
        Trial::test(format!("{}/{}", case.strategy, case.name), move || {
            let unmet = unmet(&case, &seen, &ways);
            let told = || Failed::from(format!("{}:\n  {}", case.path, unmet.join("\n  ")));
            if unmet.is_empty() { Ok(()) } else { Err(told()) }
        })
    };
    let mut trials: Vec<Trial> = all_cases().into_iter().map(trial).collect();
    for strategy in failing_calls::strategies() {
        let of = |what, deployment, unmet_in| of_strategy(strategy, what, &ways, deployment, unmet_in);
        trials.push(of("every call fails", failing_calls::deployment, failing_calls::unmet));
        trials.push(of("paused at every safe point", pauses::deployment, pauses::unmet));
    }
    trials.extend(mutants::mutants().into_iter().map(|mutant| {
        Trial::test(format!("mutant: {}", mutant.change), move || mutant.unmet().map_err(Failed::from))
    }));
    trials.extend(permissions::permissions().into_iter().map(|permission| {
        let name = format!("without the permission: {}", permission.name());
        Trial::test(name, move || permission.unmet().map_err(Failed::from))
    }));
    trials.push(of_all("every permission is shown to be needed, or listed", permissions::faults_of_table));
    for strategy in upgrades::strategies() {
        let unmet = move || upgrades::unmet(strategy);
        trials.push(of_all(&format!("{strategy}: upgraded in every state"), unmet));
    }
    trials.push(Trial::test("an upgrade to a role that lacks something is noticed", || {
        if upgrades::notices_a_role_that_shrinks() { Ok(()) } else { Err("it is not".into()) }
    }));
    trials
        .push(of_all("a request after an upgrade reaches the newer release", upgrades::unmet_newer_requests));
    for strategy in strategy::all().keys() {
        let unmet = move || upgrades::unmet_former_notifier(strategy);
        trials.push(of_all(&format!("{strategy}: upgraded, a run tells its own notifier"), unmet));
    }
    trials.push(Trial::test("the published schema refuses what is not documented", || {
        let accepted = Published::read().accepts_what_is_not_documented();
        if accepted { Err("it accepts it".into()) } else { Ok(()) }
    }));
    trials.retain(|trial| {
        let is_meant = |filter: &String| {
            if arguments.exact { trial.name() == filter } else { trial.name().contains(filter.as_str()) }
        };
        filters.is_empty() || filters.iter().any(is_meant)
    });
    let conclusion = libtest_mimic::run(&arguments, trials);
    // All together end in every way there is; a few of them need not.
    let missing = if filters.is_empty() { missing(&seen, &ways) } else { Vec::new() };
    if !missing.is_empty() {
        // The line above may say "ok": of each test by itself.
        eprintln!("test result: FAILED. All tests together leave this:\n  {}", missing.join("\n  "));
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}

/// The published outcomes, and the ways through the machines, that no scenario came to.
fn missing(seen: &Seen, ways: &Ways) -> Vec<String> {
    let seen = seen.lock().expect("every test has ended");
    let outcomes = Published::read().outcomes.into_iter().filter(|outcome| !seen.contains(outcome));
    let unseen = outcomes.map(|outcome| format!("no scenario ends {outcome}"));
    unseen.chain(ways.faults()).collect()
}
