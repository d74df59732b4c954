//! What the writing commands say: progress, what was done, what would be.

use std::cell::RefCell;
use std::path::Path;
use std::time::{Duration, Instant};

use super::console::Console;
use super::context::Context;
use super::exit_code::Failure;
use super::formats::{self, Formats};
use crate::AsgRecycle;
use crate::output::{Change, Plan, Summary};
use crate::package::{HANDLER_CRATE, Progress};
use crate::render::FORMATS;
use crate::shell;

/// Crates between two lines of progress where nobody watches.
const CRATES_PER_LINE: usize = 25;
/// The share of a build's time that is over when the last crate, the handler, begins: it is compiled and linked as one
/// piece with all that it uses.
const SHARE_OF_CRATES: f64 = 0.7;

/// Tells how far a build is: one line that is written over on a terminal, a line now and then elsewhere.
pub(super) struct BuildReport {
    started: Instant,
    /// The crate that was begun last.
    crate_begun: RefCell<Option<Begun>>,
}

/// A crate that is compiled.
struct Begun {
    name: String,
    /// Its number, those that an interrupted build had compiled before it.
    number: usize,
    /// How many those were.
    fresh: usize,
    /// How many crates there are at most.
    total_max: usize,
}

impl BuildReport {
    /// For a build that begins now.
    #[expect(clippy::disallowed_methods, reason = "a waiting person is told how long it takes")]
    pub(super) fn new() -> Self {
        Self { started: Instant::now(), crate_begun: RefCell::default() }
    }

    /// Tells of a step.
    pub(super) fn tell(&self, step: &Progress, console: &mut Console) {
        match step {
            Progress::Waiting => console.note("waiting for another asg-recycle that builds the same handler\n"),
            Progress::HeldUp => {
                progress_ends(console);
                console.note("waiting for the cargo of an earlier build, which still compiles there; a minute or two, as a rule\n");
            }
            Progress::CratesHeld => {
                progress_ends(console);
                console.note("waiting for another cargo, which has the crates in `CARGO_HOME`; a minute or two, as a rule\n");
            }
            Progress::Damaged => console.note("what the cache has of this handler is damaged: it is built again\n"),
            Progress::Started { target } => console.note(&format!(
                "compiling the handler for {target}: 5 to 15 minutes on two cores the first time, then it comes from \
                 the cache; an interrupted build goes on where it was\n"
            )),
            Progress::Packing { name, bytes } => {
                console.note(&format!("packing {name}, {} MB\n", bytes / 1_000_000));
            }
            Progress::Tried => {
                progress_ends(console);
                console.note("tried out: the compiled handler answers an event as it should\n");
            }
            Progress::NotTried { reason } => {
                progress_ends(console);
                console.note(&format!("note: the handler was compiled, but not tried out: {reason}\n"));
            }
            Progress::NotKept { reason } => {
                progress_ends(console);
                let note = format!("warning: what was built could not be kept in the cache, and the next build takes as long: {reason}\n");
                console.note(&note);
            }
            Progress::Compiling { name, begun, fresh, total_max } => {
                let begun = Begun { name: name.clone(), number: *begun, fresh: *fresh, total_max: *total_max };
                if !console.is_watched && ((begun.number - begun.fresh).is_multiple_of(CRATES_PER_LINE) || begun.is_last()) {
                    console.note(&format!("{}\n", state(&begun, self.started.elapsed())));
                }
                self.crate_begun.replace(Some(begun));
                if console.is_watched {
                    self.show(console);
                }
            }
            Progress::Going if console.is_watched => self.show(console),
            Progress::Going => {}
        }
    }

    /// Shows over the line before how far it is by now.
    fn show(&self, console: &mut Console) {
        if let Some(begun) = &*self.crate_begun.borrow() {
            console.write_over(&state(begun, self.started.elapsed()));
        }
    }
}

impl Begun {
    /// Whether it is the handler itself.
    fn is_last(&self) -> bool {
        self.name == HANDLER_CRATE
    }

    /// The shares of a whole build that are over, and that were over before this one.
    #[expect(clippy::cast_precision_loss, reason = "some hundred crates")]
    fn shares(&self) -> (f64, f64) {
        let of_all = |crates: usize| SHARE_OF_CRATES * crates as f64 / self.total_max.max(1) as f64;
        let done = if self.is_last() { SHARE_OF_CRATES } else { of_all(self.number.saturating_sub(1)) };
        (done, of_all(self.fresh))
    }
}

/// `compiling: crate 50 of at most 185, after 2 min, about 5 min to go: ring`. In 80 columns: what a narrow terminal cuts off is the
/// name. What is to go follows from the time of what was compiled in this build, not of what an interrupted one had compiled.
fn state(begun: &Begun, elapsed: Duration) -> String {
    let minutes = |seconds: f64| match seconds {
        ..60.0 => format!("{seconds:.0} s"),
        _ => format!("{:.0} min", (seconds / 60.0).ceil()),
    };
    let seconds = elapsed.as_secs_f64();
    let (done, before) = begun.shares();
    let (what, name) = if begun.is_last() {
        ("the handler itself, the last piece".to_owned(), String::new())
    } else {
        (format!("crate {} of at most {}", begun.number, begun.total_max), format!(": {}", begun.name))
    };
    // Too early a guess would be a wild one.
    let left = if done - before > 0.1 && seconds > 5.0 {
        format!(", about {} to go", minutes(seconds * (1.0 - done) / (done - before)))
    } else {
        String::new()
    };
    format!("compiling: {what}, after {}{left}{name}", minutes(seconds))
}

/// Clears the line of progress.
pub(super) fn progress_ends(console: &mut Console) {
    if console.is_watched {
        console.progress("\r\u{1b}[K");
    }
}

/// A path in a command to paste.
pub(super) fn pasted(path: &Path) -> String {
    shell::quoted(&path.display().to_string())
}

/// Says which format's files go from a folder because `--format` leaves it out.
pub(super) fn left_out(plan: &Plan, formats: &Formats, out: &Path, context: &mut Context) {
    let is_kept = |name: &str| formats.0.iter().any(|format| format.description().name == name);
    let removed = || plan.changes().filter(|(_, change)| **change == Change::Remove).map(|(path, _)| path);
    for lost in FORMATS.iter().map(|format| format.description()).filter(|lost| !is_kept(lost.name)) {
        let places = lost.contents.iter().chain(lost.image_contents);
        let places: Vec<&str> = places.filter_map(|(place, _)| place.split('*').next()).collect();
        let count = removed().filter(|path| places.iter().any(|place| path.starts_with(place))).count();
        if count > 0 {
            context.console.note(&format!(
                "warning: `--format` leaves {} out, so its {count} files go from {}; `--format {}` keeps them\n",
                lost.title,
                out.display(),
                formats::ALL
            ));
        }
    }
}

/// Says what was written.
pub(super) fn summary(out: &Path, summary: &Summary, context: &mut Context) -> Result<(), Failure> {
    let lists = [("+", &summary.created), ("~", &summary.updated), ("-", &summary.removed)];
    let mut text = String::new();
    for (sign, paths) in lists {
        text.extend(paths.iter().map(|path| format!("{sign} {path}\n")));
    }
    let total = format!(
        "{}: {} written, {} unchanged, {} removed\n",
        out.display(),
        summary.created.len() + summary.updated.len(),
        summary.unchanged.len(),
        summary.removed.len(),
    );
    text += &total;
    for path in &summary.left {
        let path = out.join(path);
        let note = format!("note: `{}` is no longer generated, but was edited: it stays\n", path.display());
        context.console.note(&note);
    }
    context.console.result(&text)
}

/// Says what is dangerous about deploying a folder over what it held, and what the role keeps for executions that run meanwhile.
pub(super) fn upgrade(plan: &Plan, context: &mut Context) {
    for danger in plan.dangers() {
        context.console.note(&format!("warning: {danger} (UPGRADING in docs/)\n"));
    }
    let kept: Vec<&str> = plan.kept_calls().collect();
    if !kept.is_empty() {
        let calls = kept.join(", ");
        context.console.note(&format!(
            "note: the machine's role still allows {calls}: executions that the former version began call it; the next version \
             takes it away\n"
        ));
    }
    if let Some(arn) = plan.kept_notifier() {
        context.console.note(&format!(
            "note: the machine's role may still call the former notifier, {arn}: executions that the former version began tell that; the \
             next version takes it away\n"
        ));
    }
    if plan.keeps_network() {
        context.console.note(
            "note: the handler's role still allows what removes its network interfaces: Lambda does so some time after the function has \
             left its VPC; the next version takes it away\n",
        );
    }
}

/// Why alarms reach nobody, or nobody yet, or do not tell of all: it is right, and still should be known before it is deployed.
pub(super) fn unheard(stack: &AsgRecycle) -> Vec<String> {
    let config = stack.config();
    let guide = &stack.stack().guide;
    let reach = if guide.has_silent_alarms {
        Some(
            "no alarm reaches anybody: set `alarms.action_arns`, or `encryption.customer_key: true` for the stack's own topic",
        )
    } else if config.encryption.customer_key && config.alarms.action_arns.is_empty() {
        Some(
            "alarms go to the stack's own topic, which nobody hears until you subscribe somebody (`aws sns subscribe`)",
        )
    } else {
        None
    };
    let uncounted = guide.refusals_told_by.is_none().then(|| {
        let level = config.machine.log_level.as_str();
        format!("`machine.log_level: {level}` leaves out the alarms of refused notifications and of the locks' failed calls")
    });
    reach.map(str::to_owned).into_iter().chain(uncounted).collect()
}

/// Warns of that.
pub(super) fn silence(unheard: &[String], context: &mut Context) {
    for why in unheard {
        context.console.note(&format!("warning: {why}\n"));
    }
}

/// Prints what would change; that is a finding.
pub(super) fn drift(plan: &Plan, context: &mut Context) -> Result<(), Failure> {
    if plan.is_done() {
        return context.console.result("no drift\n");
    }
    if plan.is_first() {
        context.console.note("note: nothing was generated there yet, so all of these would be written; is it the right folder?\n");
    }
    let diff = plan.diff();
    let text = if context.console.colours_results { coloured(&diff) } else { diff };
    match context.console.result(&text) {
        Ok(()) | Err(Failure::ReaderGone) => Err(Failure::Findings), // who has read enough has drift all the same
        Err(failure) => Err(failure),
    }
}

fn coloured(diff: &str) -> String {
    let line = |line: &str| {
        let code = match line.as_bytes() {
            [b'-', b'-', b'-', ..] | [b'+', b'+', b'+', ..] => "1",
            [b'-', ..] => "31",
            [b'+', ..] => "32",
            [b'@', ..] => "36",
            _ => return format!("{line}\n"),
        };
        format!("\u{1b}[{code}m{line}\u{1b}[0m\n")
    };
    diff.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Begun, HANDLER_CRATE, coloured, state};

    #[test]
    fn a_waiting_person_is_told_how_far_it_is_and_about_how_long_it_takes() {
        let at = |name: &str, number, fresh, seconds| {
            let begun = Begun { name: name.to_owned(), number, fresh, total_max: 100 };
            state(&begun, Duration::from_secs(seconds))
        };
        assert_eq!(at("libc", 1, 0, 2), "compiling: crate 1 of at most 100, after 2 s: libc");
        let half = "compiling: crate 51 of at most 100, after 2 min, about 4 min to go: ring";
        assert_eq!(at("ring", 51, 0, 120), half);
        let last = "compiling: the handler itself, the last piece, after 7 min, about 4 min to go";
        assert_eq!(at(HANDLER_CRATE, 90, 0, 420), last);
    }

    #[test]
    fn a_build_that_goes_on_reckons_with_what_it_compiles_itself() {
        let at = |name: &str, number, fresh, seconds| {
            let begun = Begun { name: name.to_owned(), number, fresh, total_max: 100 };
            state(&begun, Duration::from_secs(seconds))
        };
        let early = "compiling: crate 61 of at most 100, after 20 s: ring";
        assert_eq!(at("ring", 61, 60, 20), early, "the sixty before it say nothing about time");
        let later = "compiling: crate 81 of at most 100, after 1 min, about 4 min to go: ring";
        assert_eq!(at("ring", 81, 60, 60), later);
        let last = "compiling: the handler itself, the last piece, after 10 s";
        assert_eq!(at(HANDLER_CRATE, 99, 98, 10), last, "nothing that is like it was compiled in this build");
    }

    #[test]
    fn added_and_removed_lines_are_coloured_and_the_rest_is_not() {
        let expected = "\u{1b}[1m--- a/x\u{1b}[0m\n\u{1b}[36m@@ -1 +1 @@\u{1b}[0m\n same\n\u{1b}[31m-a\u{1b}[0m\n\u{1b}[32m+b\u{1b}[0m\n";
        assert_eq!(coloured("--- a/x\n@@ -1 +1 @@\n same\n-a\n+b\n"), expected);
    }
}
