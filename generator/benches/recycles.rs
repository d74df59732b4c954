//! Prints how long recycles take in the model beside other tools' formulas, what they cost, and how fast they are
//! simulated: `cargo bench -p asg-recycle --bench recycles`.
//!
//! Names of parts after `--` print only those: `times`, `costs`, `calls`, `speed`.
//!
//! The model runs the machine that is emitted, in virtual time: its figures are the same on every machine. Only the last
//! part measures this one.

mod peers;

use std::fmt::Display;
use std::rc::Rc;
use std::time::{Duration, Instant};

use asg_recycle::config::{self, Config};
use asg_recycle::simulate::campaign::{Campaign, CampaignPlan, CampaignStacks};
use asg_recycle::simulate::runner::{DOLLARS_PER_THOUSAND_TRANSITIONS, Deployment, Detail, Run};
use asg_recycle::simulate::scenario::Scenario;
use asg_recycle_simulator::time::Span;
use asg_recycle_simulator::world::spec::GroupSpec;

use mimalloc::MiMalloc;
use peers::{Basis, PEERS, Peer, Setting, ideal_double_and_halve, ideal_one_by_one};

/// As the command has it, whose speed is measured.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Sizes of the groups.
const SIZES: [u32; 4] = [1, 3, 10, 100];

/// The size whose calls, costs and speed are shown.
const SIZE_SHOWN: u32 = 10;

/// Seconds between two looks of every strategy, which is what a stack has that says nothing.
const POLL: u64 = 15;

/// From the end of draining until an instance has left, in seconds.
const SHUTDOWN: u64 = 30;

/// How long each measurement of speed lasts.
const MEASURED_FOR: Duration = Duration::from_secs(3);

/// The stack of the others, but that no new instance has to prove itself.
const UNPROVED: &str = "name: asg-recycle
strategies:
  out-in: {proving_seconds: 0}
  out-in-timed: {proving_seconds: 0}
  in-out: {proving_seconds: 0}
";

const CAMPAIGN_RUNS: u64 = 1000;

fn main() {
    // `cargo test --all-targets` starts benchmarks too, without this argument.
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let named: Vec<&str> =
        arguments.iter().map(String::as_str).filter(|argument| !argument.starts_with('-')).collect();
    let wanted = |part: &str| named.is_empty() || named.contains(&part);
    let config = config::parse(b"name: asg-recycle\n").expect("a name is all that a stack needs");
    let deployment = Rc::new(Deployment::build(&config).expect("the machine is in order"));
    let strategies: Vec<String> = deployment.strategies().map(str::to_owned).collect();
    let unproved =
        config::parse(UNPROVED.as_bytes()).expect("each strategy that has the setting may have none");
    let unproved = Rc::new(Deployment::build(&unproved).expect("the machine is in order"));
    let both = [&deployment, &unproved];
    if wanted("times") {
        wall_clock(both, &strategies, 0);
        wall_clock(both, &strategies, 20);
        sources();
    }
    if wanted("costs") {
        costs(both, &strategies);
    }
    if wanted("calls") {
        calls(&deployment, &strategies);
    }
    if wanted("speed") {
        speeds(&deployment, &strategies);
        campaign(&config);
    }
}

fn setting(instances: u32, health_lag: u64) -> Setting {
    Setting { instances: instances.into(), reaction: 8, boot: 240, health_lag, drain: 330 }
}

/// A group in the world of that setting.
fn scenario(setting: &Setting, seed: u64) -> Scenario {
    let instances = u32::try_from(setting.instances).expect("groups are small");
    let mut group =
        GroupSpec { min: instances, desired: instances, max: 2 * instances, ..GroupSpec::default() };
    group.timing.reaction_min = Span::seconds(setting.reaction);
    group.timing.reaction_max = Span::seconds(setting.reaction);
    group.timing.boot = Span::seconds(setting.boot);
    group.timing.health_lag = Span::seconds(setting.health_lag);
    group.timing.drain = Span::seconds(setting.drain - SHUTDOWN);
    group.timing.shutdown = Span::seconds(SHUTDOWN);
    let mut scenario = Scenario { group: Some(group), ..Scenario::default() };
    scenario.world.seed = seed;
    scenario
}

fn recycle(deployment: &Rc<Deployment>, strategy: &str, setting: &Setting, seed: u64) -> Run {
    let runner = scenario(setting, seed).runner(std::slice::from_ref(deployment), strategy, Detail::Plain);
    let run = runner.expect("the group makes sense").finish();
    let ended_well = run.executions.iter().all(|one| one.status == "SUCCEEDED");
    assert!(run.verdict.is_sound() && ended_well, "{strategy} of {}: {:?}", setting.instances, run.verdict);
    run
}

/// Until its end is told. After that the lock is held until reads show the last change, a minute at most.
fn seconds(run: &Run) -> u64 {
    let told = run.world.messages.published.last().expect("it tells its end");
    (told.moment - run.began_at).0.div_ceil(1000)
}

/// The least that a strategy's order of things can take; none where AWS decides the order.
fn ideal(strategy: &str, setting: &Setting) -> Option<u64> {
    match strategy {
        "out-in" | "out-in-timed" => Some(ideal_double_and_halve(setting, POLL)),
        "in-out" => Some(ideal_one_by_one(setting, POLL)),
        _ => None,
    }
}

fn shown(figure: Option<impl Display>) -> String {
    figure.map_or_else(|| "-".to_owned(), |figure| figure.to_string())
}

fn row(name: &str, cells: impl IntoIterator<Item = String>) {
    let cells: Vec<String> = cells.into_iter().map(|cell| format!("{cell:>12}")).collect();
    println!("{name:<74}{}", cells.concat());
}

fn wall_clock([deployment, unproved]: [&Rc<Deployment>; 2], strategies: &[String], health_lag: u64) {
    println!(
        "\nWall-clock in seconds: in service after 8 + 240 s, healthy {health_lag} s later, gone after 330 s, \
         a look every {POLL} s\n"
    );
    row("", SIZES.map(|instances| format!("N = {instances}")));
    for strategy in strategies {
        let settings = SIZES.map(|instances| setting(instances, health_lag));
        let whole = settings.each_ref().map(|setting| seconds(&recycle(deployment, strategy, setting, 1)));
        let without = settings
            .each_ref()
            .map(|setting| (seconds(&recycle(unproved, strategy, setting, 1)), ideal(strategy, setting)));
        row(&format!("asg-recycle {strategy}"), whole.map(|time| time.to_string()));
        row(
            "  without the time in which the new ones prove themselves",
            without.map(|(time, _)| time.to_string()),
        );
        row("  ideal of its order with these looks", without.map(|(_, ideal)| shown(ideal)));
        let late = |(time, ideal): (u64, Option<u64>)| {
            shown(ideal.map(|ideal| format!("{:+}", i128::from(time) - i128::from(ideal))))
        };
        row("  difference between these two", without.map(late));
    }
    for peer in PEERS {
        row(&marked(peer), SIZES.map(|instances| shown((peer.wall_clock)(&setting(instances, health_lag)))));
    }
    println!("\n* held against a model of the peer's loop; the others are derived. -: it does not finish.");
}

fn marked(peer: &Peer) -> String {
    let mark = if peer.basis == Basis::Simulated { " *" } else { "" };
    format!("{}{mark}", peer.name)
}

#[expect(clippy::cast_precision_loss, reason = "a recycle has few transitions")]
fn dollars(transitions: u64) -> String {
    format!("{:.4}", transitions as f64 / 1000.0 * DOLLARS_PER_THOUSAND_TRANSITIONS)
}

fn costs([deployment, unproved]: [&Rc<Deployment>; 2], strategies: &[String]) {
    println!("\nInstances, API calls, state transitions and their price for N = {SIZE_SHOWN}\n");
    row("", ["most", "serve, min", "reads", "mutations", "transitions", "dollars"].map(str::to_owned));
    let setting = setting(SIZE_SHOWN, 0);
    for strategy in strategies {
        row(&format!("asg-recycle {strategy}"), cost(&recycle(deployment, strategy, &setting, 1)));
        row(
            "  without the time in which the new ones prove themselves",
            cost(&recycle(unproved, strategy, &setting, 1)),
        );
    }
    for peer in PEERS {
        let formulas = [peer.peak, peer.in_service_min, peer.reads, peer.mutations, peer.transitions]
            .map(|of| of(&setting));
        row(peer.name, formulas.map(shown).into_iter().chain([shown(formulas[4].map(dollars))]));
    }
    println!(
        "\nTransitions at ${DOLLARS_PER_THOUSAND_TRANSITIONS} per 1,000 (Standard workflows, list price of us-east-1, \
         free tier not deducted).\nMutations count the lock's, the journal's and the announcements' too. -: not known, \
         or it does not finish."
    );
}

/// Most and fewest instances, calls, transitions and their price.
fn cost(run: &Run) -> impl Iterator<Item = String> {
    let samples = || run.groups.iter().flat_map(|group| group.history.iter().map(|(_, sample)| sample));
    let calls = run.totals.all_calls();
    let figures = [
        samples().map(|sample| u64::from(sample.live)).max().unwrap_or(0),
        samples().map(|sample| u64::from(sample.serving)).min().unwrap_or(0),
        calls.reads,
        calls.writes,
        run.totals.transitions,
    ];
    figures.map(|figure| figure.to_string()).into_iter().chain([dollars(run.totals.transitions)])
}

fn sources() {
    let mut known: Vec<&str> = PEERS.iter().map(|peer| peer.source).collect();
    known.dedup();
    println!("\nFormulas were read from:\n  {}", known.join("\n  "));
}

fn calls(deployment: &Rc<Deployment>, strategies: &[String]) {
    println!("\nCalls by service: reads + mutations; state transitions\n");
    row("", SIZES.map(|instances| format!("N = {instances}")));
    for strategy in strategies {
        let runs = SIZES.map(|instances| recycle(deployment, strategy, &setting(instances, 0), 1));
        let services: std::collections::BTreeSet<&String> =
            runs.iter().flat_map(|run| run.totals.calls.keys()).collect();
        for service in services {
            let of = |run: &Run| {
                let calls = run.totals.calls.get(service).copied().unwrap_or_default();
                format!("{} + {}", calls.reads, calls.writes)
            };
            row(&format!("{strategy}: {service}"), runs.iter().map(of));
        }
        let transitions = runs.iter().map(|run| run.totals.transitions.to_string());
        row(&format!("{strategy}: state transitions"), transitions);
    }
}

fn build() -> &'static str {
    if cfg!(debug_assertions) { "debug" } else { "release" }
}

/// Time on a processor so far, of this thread, which is the only one; none where the system does not tell.
fn processor_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    Some(Duration::from_nanos(text.split_whitespace().next()?.parse().ok()?))
}

/// Does something again and again; how often a second, by the clock and by the processor.
#[expect(clippy::disallowed_methods, reason = "a benchmark is there to read the clock")]
#[expect(clippy::cast_precision_loss, reason = "counts are small")]
fn measure(mut work: impl FnMut(u64), mut enough: impl FnMut(u64, Duration) -> bool) -> (f64, Option<f64>) {
    let (began, worked) = (Instant::now(), processor_time());
    let mut times = 0;
    while !enough(times, began.elapsed()) {
        work(times);
        times += 1;
    }
    let spent = processor_time().zip(worked).map(|(now, then)| now.saturating_sub(then).as_secs_f64());
    (times as f64 / began.elapsed().as_secs_f64(), spent.map(|spent| times as f64 / spent))
}

fn speeds(deployment: &Rc<Deployment>, strategies: &[String]) {
    println!("\nSpeed on one core of this machine, in a {} build\n", build());
    println!("{:<44} {:>12} {:>15}", "", "per second", "per CPU second");
    for strategy in strategies {
        speed(deployment, strategy);
    }
}

fn speed(deployment: &Rc<Deployment>, strategy: &str) {
    let setting = setting(SIZE_SHOWN, 0);
    recycle(deployment, strategy, &setting, 0);
    let work = |seed| drop(recycle(deployment, strategy, &setting, seed));
    let (by_clock, by_processor) = measure(work, |_, elapsed| elapsed >= MEASURED_FOR);
    let name = format!("recycles of {SIZE_SHOWN} with {strategy}");
    println!("{name:<44} {by_clock:>12.0} {:>15}", shown(by_processor.map(|rate| format!("{rate:.0}"))));
}

#[expect(clippy::cast_precision_loss, reason = "counts are small")]
fn campaign(config: &Config) {
    let stacks = CampaignStacks::build(config).expect("the machine is in order");
    let plan = CampaignPlan { strategy: None, seed: 1, runs: CAMPAIGN_RUNS };
    let mut found = Campaign::default();
    let (by_clock, by_processor) =
        measure(|_| found = Campaign::run(&stacks, &plan, || ()), |times, _| times == 1);
    let runs = found.runs as f64;
    println!(
        "{:<44} {:>12.0} {:>15}",
        "campaign runs, all strategies",
        by_clock * runs,
        shown(by_processor.map(|rate| format!("{:.0}", rate * runs)))
    );
    let seeds: Vec<u64> = found.failures.iter().map(|failure| failure.seed).collect();
    println!(
        "\n{CAMPAIGN_RUNS} campaign runs from seed {}: {} violations{}",
        plan.seed,
        seeds.len(),
        if seeds.is_empty() { String::new() } else { format!(", seeds {seeds:?}") }
    );
}
