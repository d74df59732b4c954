//! Runs the contestants in turns and takes their times.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::local::aws::update;
use crate::local::function::{Function, Outcome};
use crate::local::queue::{self, Message};

const TIME_LEFT: Duration = Duration::from_secs(30);
/// After its answer a function asks for its next invocation, which ends its first turn on the processor.
const SETTLING: Duration = Duration::from_millis(10);

/// A function to measure.
pub(crate) struct Contestant {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<&'static str>,
    pub(crate) environment: BTreeMap<String, String>,
}

impl Contestant {
    /// The Rust binary, which needs no arguments.
    pub(crate) fn rust(bootstrap: &Path, environment: BTreeMap<String, String>) -> Self {
        Self { program: bootstrap.to_owned(), arguments: Vec::new(), environment }
    }
}

/// What was measured; every list in order of size.
#[derive(Default)]
pub(crate) struct Figures {
    pub(crate) first_response: Vec<Duration>,
    cpu: Vec<Duration>,
    warm: Vec<Duration>,
    /// Most memory that any of the processes held.
    pub(crate) peak_kilobytes: u32,
}

impl Figures {
    pub(crate) fn first_response_median(&self) -> Duration {
        percentile(&self.first_response, 50)
    }

    pub(crate) fn cpu_median(&self) -> Duration {
        percentile(&self.cpu, 50)
    }

    pub(crate) fn warm(&self, percent: usize) -> Duration {
        percentile(&self.warm, percent)
    }
}

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() - 1) * percent / 100]
}

/// In milliseconds, for people.
pub(crate) fn milliseconds(duration: Duration) -> String {
    format!("{:.1}", duration.as_secs_f64() * 1e3)
}

/// Starts each in turn, so that whatever else the machine does meets all alike.
pub(crate) fn run<const N: usize>(
    contestants: &[Contestant; N],
    cold_starts: usize,
    warm_invocations: usize,
) -> [Figures; N] {
    let mut figures: [Figures; N] = std::array::from_fn(|_| Figures::default());
    for start in 0..=cold_starts {
        for (contestant, figures) in contestants.iter().zip(&mut figures) {
            let (first_response, cpu, function) = cold(contestant, start);
            if start > 0 {
                figures.first_response.push(first_response);
                figures.cpu.push(cpu);
            }
            if start == cold_starts {
                figures.warm = (0..warm_invocations).map(|number| warm(&function, number)).collect();
            }
            figures.peak_kilobytes = figures.peak_kilobytes.max(peak_kilobytes(function.process_id()));
        }
    }
    for each in &mut figures {
        for list in [&mut each.first_response, &mut each.cpu, &mut each.warm] {
            list.sort_unstable();
        }
    }
    figures
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures the world's time")]
fn now() -> Instant {
    Instant::now()
}

fn cold(contestant: &Contestant, start: usize) -> (Duration, Duration, Function) {
    let payload = payload(&format!("cold-{start}"));
    let spawned = now();
    let function = Function::start(&contestant.program, &contestant.arguments, &contestant.environment);
    expect_done(&function.invoke(&payload, TIME_LEFT));
    let first_response = spawned.elapsed();
    thread::park_timeout(SETTLING);
    (first_response, cpu(function.process_id()), function)
}

fn warm(function: &Function, number: usize) -> Duration {
    let payload = payload(&format!("warm-{number}"));
    let sent = now();
    expect_done(&function.invoke(&payload, TIME_LEFT));
    sent.elapsed()
}

/// A batch of one launch change: one description and one start.
fn payload(event_id: &str) -> Value {
    batch(&[update(event_id, "web-asg-1").to_string()])
}

fn batch(events: &[String]) -> Value {
    let message = |(place, event): (usize, &String)| Message {
        id: format!("059f36b4-87a3-44ab-83d2-66197583{place:04}"),
        body: event.clone(),
        received: 1,
    };
    queue::payload(&events.iter().enumerate().map(message).collect::<Vec<_>>())
}

/// Starts a contestant for one batch, none of which may fail.
pub(crate) fn invoke_once(contestant: &Contestant, events: &[String]) {
    let function = Function::start(&contestant.program, &contestant.arguments, &contestant.environment);
    expect_done(&function.invoke(&batch(events), TIME_LEFT));
}

fn expect_done(outcome: &Outcome) {
    assert_eq!(*outcome, Outcome::Answer(json!({"batchItemFailures": []})));
}

/// What the process's threads have spent on a processor so far.
fn cpu(process_id: u32) -> Duration {
    let tasks = fs::read_dir(format!("/proc/{process_id}/task")).expect("the process lives");
    let spent = tasks.map(|task| {
        let path = task.expect("a thread").path().join("schedstat");
        let text = fs::read_to_string(path).expect("the kernel counts");
        text.split(' ').next().and_then(|first| first.parse().ok()).map_or(0, |nanoseconds: u64| nanoseconds)
    });
    Duration::from_nanos(spent.sum())
}

fn peak_kilobytes(process_id: u32) -> u32 {
    let status = fs::read_to_string(format!("/proc/{process_id}/status")).expect("the process lives");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its peak");
    peak.split_whitespace().next().and_then(|number| number.parse().ok()).expect("a number")
}
