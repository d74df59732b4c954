//! How long a thousand stacks take in one process, and how much memory: on one thread, then on as many as there are processors, then
//! on four times as many. `cargo bench -p asg-recycle --bench renderings`. It prints figures and asserts nothing.
//!
//! The allocator is the system's, as programs have it that take the library; the command, which renders one stack, has another.
//!
//! Each is what `generate` makes of a file of its own, up to the bytes that it would write: read, checked, rendered in every format.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use asg_recycle::{AsgRecycle, FORMATS, config};
use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

const STACKS: usize = 1_000;
const EXAMPLE: &str = include_str!("../../examples/webops/stack.yaml");

fn main() {
    let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    [1, processors, 4 * processors].into_iter().for_each(timed);
}

/// Renders all of them on so many threads, each of which takes the next that nobody has taken.
#[expect(clippy::disallowed_methods, reason = "it measures")]
fn timed(threads: usize) {
    let (begun, before) = (Instant::now(), seconds(&usage()));
    let (next, bytes) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let render = || {
        while let Some(number) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|number| *number < STACKS)
        {
            bytes.fetch_add(rendered(number), Ordering::Relaxed);
        }
    };
    thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(render))));
    let clock = begun.elapsed().as_secs_f64();
    println!(
        "{STACKS} stacks in one process, threads: {threads}: {clock:.1} s, {:.1} s of processor time, {} MB at most; {} MB rendered",
        seconds(&usage()) - before,
        resident_kilobytes_max() / 1_024,
        bytes.into_inner() / 1_000_000
    );
}

/// Bytes of one. Names, settings of the machine and regions differ, so that no stack is another's.
fn rendered(number: usize) -> usize {
    let text = EXAMPLE
        .replace("name: webops-recycle", &format!("name: service-{number}"))
        .replace("poll_interval_seconds: 30", &format!("poll_interval_seconds: {}", 30 + number % 30));
    let config = config::parse(text.as_bytes()).unwrap_or_else(|problems| panic!("{problems}"));
    let stack = AsgRecycle::from_config(config).unwrap_or_else(|problems| panic!("{problems}"));
    stack.synth_all(FORMATS).values().map(Vec::len).sum()
}

/// The most memory that this program has had at once. What `getrusage` says has that of `cargo` in it, which was this process before.
fn resident_kilobytes_max() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("proc_pid_status(5)");
    line.trim().trim_end_matches(" kB").parse().expect("a number of kilobytes")
}

fn usage() -> Usage {
    getrusage(UsageWho::RUSAGE_SELF).expect("it is known")
}

/// Processor time so far.
fn seconds(usage: &Usage) -> f64 {
    let milliseconds = (usage.user_time() + usage.system_time()).num_milliseconds();
    f64::from(i32::try_from(milliseconds).expect("it is no year")) / 1_000.0
}
