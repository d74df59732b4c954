//! How long a thousand stacks take in one process, and how much memory: `cargo bench -p asg-recycle --bench renderings`. It
//! prints figures and asserts nothing.
//!
//! Each is what `generate` makes of a file of its own, up to the bytes that it would write: read, checked, rendered in every format.

use std::time::Instant;

use asg_recycle::{AsgRecycle, FORMATS, config};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

/// As the command has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const STACKS: usize = 1_000;
const EXAMPLE: &str = include_str!("../../examples/webops/stack.yaml");

#[expect(clippy::disallowed_methods, reason = "it measures")]
fn main() {
    let begun = Instant::now();
    let mut bytes = 0;
    for number in 0..STACKS {
        // Names, settings of the machine and regions differ, so that no stack is another's.
        let text = EXAMPLE
            .replace("name: webops-recycle", &format!("name: service-{number}"))
            .replace("poll_interval_seconds: 30", &format!("poll_interval_seconds: {}", 30 + number % 30));
        let config = config::parse(text.as_bytes()).unwrap_or_else(|problems| panic!("{problems}"));
        let stack = AsgRecycle::from_config(config).unwrap_or_else(|problems| panic!("{problems}"));
        bytes += stack.synth_all(FORMATS).values().map(Vec::len).sum::<usize>();
    }
    let clock = begun.elapsed().as_secs_f64();
    let usage = getrusage(UsageWho::RUSAGE_SELF).expect("it is known");
    let processor = (usage.user_time() + usage.system_time()).num_milliseconds();
    println!(
        "{STACKS} stacks in one process: {clock:.1} s, {:.1} s of processor time, {} MB at most; {} MB rendered",
        f64::from(i32::try_from(processor).expect("it is no year")) / 1_000.0,
        usage.max_rss() / 1_024,
        bytes / 1_000_000
    );
}
