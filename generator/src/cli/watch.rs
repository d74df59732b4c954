//! `watch`: one group's screen, drawn again until nothing runs.

use std::cell::RefCell;
use std::rc::Rc;

use super::acting::Looks;
use super::console::Console;
use super::context::Context;
use super::exit_code::Failure;
use super::format::Format;
use super::gone;
use super::live::Live;
use super::operator::{self, now};
use super::simulate::look;
use super::telling::Telling;
use super::wait::{self, Arguments};
use crate::aws::AwsError;
use crate::operate::deployed;
use crate::operate::fleet::GroupStanding;
use crate::operate::fleet::reads;
use crate::operate::group;
use crate::operate::group::reads::HistorySeen;
use crate::operate::group::screen::{self, ScreenArea};
use crate::operate::group::status::{self, GroupSeen};
use crate::operate::session::StackSession;

pub(super) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    // Before there is anything to draw over it is said at once: nothing else is seen meanwhile.
    let heard: Rc<RefCell<Option<Vec<String>>>> = Rc::default();
    let ear = Rc::clone(&heard);
    let on_wait = move |text: &str| match &mut *ear.borrow_mut() {
        Some(heard) => heard.push(text.to_owned()),
        None => operator::said(text),
    };
    let session = arguments.of.operator.open_telling(context, on_wait)?;
    let name = &arguments.of.group;
    let group = gone::there(&session, name, context)?.as_handler_sees_it();
    let settings = deployed::settings(&group::reads::definition(&session)?);
    let strategy = group.tag(asg_recycle_handler::contract::STRATEGY.key);
    let mut looks = arguments.following.looks();
    let floor = deployed::poll_interval_seconds(&settings, strategy).unwrap_or_default();
    if let Some(slower) = looks.no_faster_than(floor) {
        context.console.note(&format!("note: {slower}\n"));
    }
    let mut view = View { format: arguments.following.format, ..View::default() };
    let mut history = HistorySeen::default();
    loop {
        let _ = heard.borrow_mut().insert(Vec::new());
        let waits = session.waits_made();
        let read = seen(&session, name, &mut history);
        looks.pace(session.waits_made() > waits || matches!(read, Err(AwsError::Throttled { .. })));
        let said = heard.borrow_mut().take().unwrap_or_default();
        match read {
            Err(error) if error.may_pass() => view.tell(&error.to_string(), context)?,
            read => {
                let seen = read?.ok_or_else(|| gone::gone(&session, name, context))?;
                view.show(&seen, (&said, &looks), context)?;
                let recycle = seen.status.recycle.as_ref().filter(|recycle| recycle.status.is_none());
                let unknown = recycle.and_then(|recycle| recycle.execution.as_deref());
                let is_idle = seen.status.group.state != GroupStanding::Recycling && looks.is_gone(unknown);
                // What was started just now has no lock yet; where that cannot be asked just now, it is looked at again.
                let begins = if is_idle { reads::running_for(&session, name) } else { Ok(None) };
                match begins {
                    Err(error) if error.may_pass() => view.tell(&error.to_string(), context)?,
                    begins => {
                        if begins?.is_none() && is_idle {
                            let telling = Telling::of(&session, name, view.format);
                            return wait::at_rest(&seen.status.group, &telling, context);
                        }
                    }
                }
            }
        }
        looks.wait(&format!("{name} is not at rest"), context)?;
    }
}

/// All that is known of a group now, with what its history told before; none where there is none of that name.
pub(super) fn seen(
    session: &StackSession,
    name: &str,
    history: &mut HistorySeen,
) -> Result<Option<GroupSeen>, AwsError> {
    let facts = group::reads::group(session, name, history)?;
    Ok(status::of(&facts, &session.place, &session.settings, session.calls_made(), now()))
}

/// What was shown of a group so far.
#[derive(Default)]
struct View {
    live: Live,
    format: Format,
    /// Of the last frame that could be read.
    frame: String,
    /// Whether the link was printed.
    is_linked: bool,
    /// The last line, where there is no terminal.
    line: String,
    /// Why load balancers could not be asked the last time, where there is none.
    unasked: Vec<String>,
}

impl View {
    /// Shows how a group stands: a frame on a terminal, elsewhere a line where it differs from the one before.
    fn show(
        &mut self,
        seen: &GroupSeen,
        (said, looks): (&[String], &Looks),
        context: &mut Context,
    ) -> Result<(), Failure> {
        let console = &mut context.console;
        let screen = console.screen().filter(|_| self.format == Format::Text);
        let link = seen.status.recycle.as_ref().and_then(|recycle| recycle.console.clone());
        if let Some(link) = link.filter(|_| !std::mem::replace(&mut self.is_linked, true)) {
            match screen {
                Some((columns, _)) => self.live.above(&link, columns, console)?,
                None => console.note(&format!("{link}\n")),
            }
        }
        let every = looks.every_seconds();
        let Some((columns, rows)) = screen else {
            for text in said {
                console.note(&format!("note: {text}; a look every {every} s now\n"));
            }
            for text in seen.status.unasked.iter().filter(|text| !self.unasked.contains(*text)) {
                console.note(&format!("note: {text}\n"));
            }
            self.unasked.clone_from(&seen.status.unasked);
            if self.format == Format::Json {
                let told = serde_json::to_string(&seen.status).unwrap_or_default();
                return console.result(&format!("{told}\n"));
            }
            let told = screen::line(&seen.status);
            if told != self.line {
                console.result(&format!("{} {}: {told}\n", clock(), seen.status.group.group))?;
                self.line = told;
            }
            return Ok(());
        };
        let area = ScreenArea {
            columns: Some(columns),
            rows: Some(rows.saturating_sub(screen::FOOT_ROWS)),
            paint: look(console, None).paint,
        };
        self.frame = screen::screen(seen, area);
        let foot = match (said.last(), seen.status.unasked.first().and_then(|text| text.lines().next())) {
            (Some(text), _) => format!("{text}; a look every {every} s now"),
            (None, Some(text)) => format!("health is unknown in part: {text}"),
            (None, None) => {
                format!("{} UTC, a look every {every} s; Ctrl-C ends the watching and nothing else", clock())
            }
        };
        self.draw(&foot, (columns, rows), console)
    }

    /// Tells why nothing new is shown.
    fn tell(&mut self, text: &str, context: &mut Context) -> Result<(), Failure> {
        if let Some(size) = context.console.screen().filter(|_| self.format == Format::Text) {
            return self.draw(text, size, &mut context.console);
        }
        context.console.note(&format!("note: {text}\n"));
        Ok(())
    }

    fn draw(&mut self, foot: &str, size: (usize, usize), console: &mut Console) -> Result<(), Failure> {
        let frame = screen::framed(&self.frame, foot, size);
        self.live.draw(&frame, size.0, console)
    }
}

/// The time of day, UTC.
fn clock() -> String {
    now().strftime("%H:%M:%S").to_string()
}
