//! Recycle and exclusion windows: the tag's text, and the UTC windows that follow from it.
//!
//! One rule decides everything: a moment is inside a window when the wall clock of the zone then shows a time inside
//! it. So an exclusion window is exactly the complement of a recycle window with the same times; a window whose times
//! fall into the hour that the clocks skip is cut or does not occur that day; and one that touches the hour that
//! occurs twice is open whenever the clock shows its times, which may be twice.

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneName};

use crate::contract::{WINDOW_HORIZON_DAYS, Window};
use crate::spelling::suggestion;

const DAY_SECONDS: i64 = 24 * 60 * 60;

/// How far past the horizon a window that opens before it is followed, so that it is not cut short: a week, the
/// longest that hours by weekday can stay open, and a day for the clocks.
const MARGIN_SECONDS: i64 = 8 * DAY_SECONDS;

/// The least that a window has to be open at a time, in seconds. A recycle looks at the group and its load balancers between
/// the opening and the first change: in less than this it would miss one window after the other, and hold the group.
const SHORTEST_SECONDS: i64 = 60;

const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Which tag a window was set by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowMode {
    /// `autorecycle_recycle_window`: recycling is allowed inside it only.
    Allow,
    /// `autorecycle_exclusion_window`: recycling is allowed outside it only.
    Deny,
}

/// The hours of a window: times of day on some days of the week, by the wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowHours {
    /// Since midnight, in seconds; below 86,400.
    start_seconds: i64,
    /// Since midnight, in seconds; exclusive; before the start where it spans midnight.
    end_seconds: i64,
    /// The days on which it starts, Monday first.
    days: [bool; 7],
}

/// Finds an IANA time zone, or says why not.
pub fn zone(name: &str) -> Result<TimeZone, String> {
    let known: Vec<_> = jiff::tz::db().available().collect();
    let Some(known) = known.iter().find(|known| known.as_str().eq_ignore_ascii_case(name)) else {
        let near = suggestion(name, known.iter().map(TimeZoneName::as_str));
        return Err(format!("not an IANA time zone{near}"));
    };
    TimeZone::get(known.as_str()).map_err(|error| error.to_string())
}

impl WindowHours {
    /// Reads `[DAYS ]HH:MM[:SS],HH:MM[:SS]`, days such as `Mon-Fri` or `Mon/Wed/Sat-Sun`, or says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (days, times) = match text.trim().split_once(' ') {
            Some((days, times)) if days.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                (read_days(days)?, times)
            }
            _ => ([true; 7], text),
        };
        let Some((start, end)) = times.split_once(',') else {
            return Err("expected `HH:MM,HH:MM`, the two times parted by a comma".to_owned());
        };
        let (start_seconds, end_seconds) = (read_time(start.trim())?, read_time(end.trim())?);
        if start_seconds == end_seconds {
            return Err(
                "start and end are equal, which could mean always or never; make them differ".to_owned()
            );
        }
        Ok(Self { start_seconds, end_seconds, days })
    }

    /// Says what is wrong where a recycle could not begin in the time that the window allows.
    pub fn check_length(&self, mode: WindowMode) -> Result<(), String> {
        let inside = (self.end_seconds - self.start_seconds).rem_euclid(DAY_SECONDS);
        match mode {
            WindowMode::Allow if inside < SHORTEST_SECONDS => Err(format!(
                "open for {inside} s, in which no recycle can begin; make it {SHORTEST_SECONDS} s at least"
            )),
            // A day on which it does not start is free of it.
            WindowMode::Deny if self.days == [true; 7] && DAY_SECONDS - inside < SHORTEST_SECONDS => {
                Err(format!(
                    "leaves {} s of the day, in which no recycle can begin; leave {SHORTEST_SECONDS} s at least",
                    DAY_SECONDS - inside
                ))
            }
            WindowMode::Allow | WindowMode::Deny => Ok(()),
        }
    }

    /// When recycling is allowed: in order, apart from each other, not over at `now`, opening before the horizon. One
    /// that is open at `now` opens then.
    pub fn windows(&self, mode: WindowMode, zone: &TimeZone, now: Timestamp) -> Vec<Window> {
        let from = now.as_second();
        let horizon = from + WINDOW_HORIZON_DAYS * DAY_SECONDS;
        let to = horizon + MARGIN_SECONDS;
        let inside = self.inside(zone, from, to);
        let allowed = match mode {
            WindowMode::Allow => inside,
            WindowMode::Deny => complement(&inside, from, to),
        };
        let allowed = allowed.into_iter().filter(|(opens, _)| *opens < horizon);
        allowed
            .filter_map(|(opens, closes)| Some(Window { opens_at: utc(opens)?, closes_at: utc(closes)? }))
            .collect()
    }

    /// The moments in `from..to`, in seconds since the epoch, at which the wall clock shows a time of these hours.
    fn inside(&self, zone: &TimeZone, from: i64, to: i64) -> Vec<(i64, i64)> {
        let mut pieces = Vec::new();
        for (start, end) in constant_offset_periods(zone, from, to) {
            let Ok(moment) = Timestamp::from_second(start) else { continue };
            let offset = i64::from(zone.to_offset(moment).seconds());
            let (local_start, local_end) = (start + offset, end + offset);
            // From the day before, whose window may span midnight.
            for day in local_start.div_euclid(DAY_SECONDS) - 1..=local_end.div_euclid(DAY_SECONDS) {
                if let Some((opens, closes)) = self.on(day, local_start, local_end) {
                    pieces.push((opens - offset, closes - offset));
                }
            }
        }
        joined(pieces)
    }

    /// The window that starts on a day (days since the epoch), cut to a period; all in seconds of local time.
    fn on(&self, day: i64, period_start: i64, period_end: i64) -> Option<(i64, i64)> {
        let weekday = usize::try_from((day + 3).rem_euclid(7)).ok()?; // 1970-01-01 was a Thursday
        let overnight = if self.end_seconds < self.start_seconds { DAY_SECONDS } else { 0 };
        let opens = (day * DAY_SECONDS + self.start_seconds).max(period_start);
        let closes = (day * DAY_SECONDS + self.end_seconds + overnight).min(period_end);
        (self.days[weekday] && opens < closes).then_some((opens, closes))
    }
}

/// Splits `from..to` where the zone's offset may change.
fn constant_offset_periods(zone: &TimeZone, from: i64, to: i64) -> Vec<(i64, i64)> {
    let Ok(start) = Timestamp::from_second(from) else { return Vec::new() };
    let changes = zone.following(start).map(|transition| transition.timestamp().as_second());
    let mut bounds = vec![from];
    bounds.extend(changes.take_while(|change| *change < to).filter(|change| *change > from));
    bounds.push(to);
    bounds.windows(2).map(|pair| (pair[0], pair[1])).collect()
}

/// Joins pieces that touch or overlap.
fn joined(mut pieces: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    pieces.sort_unstable();
    let mut joined: Vec<(i64, i64)> = Vec::new();
    for (opens, closes) in pieces {
        match joined.last_mut() {
            Some(last) if opens <= last.1 => last.1 = last.1.max(closes),
            _ => joined.push((opens, closes)),
        }
    }
    joined
}

/// What of `from..to` the pieces leave.
fn complement(pieces: &[(i64, i64)], from: i64, to: i64) -> Vec<(i64, i64)> {
    let starts = std::iter::once(from).chain(pieces.iter().map(|piece| piece.1));
    let ends = pieces.iter().map(|piece| piece.0).chain(std::iter::once(to));
    starts.zip(ends).filter(|(start, end)| start < end).collect()
}

fn utc(seconds: i64) -> Option<String> {
    Timestamp::from_second(seconds).ok().map(|moment| moment.to_string())
}

/// `HH:MM` or `HH:MM:SS` in seconds since midnight.
fn read_time(text: &str) -> Result<i64, String> {
    let number = |part: &str, max: i64| {
        let digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse().ok().filter(|value| digits && *value <= max)
    };
    let seconds = match text.split(':').collect::<Vec<_>>()[..] {
        [hours, minutes] => number(hours, 23).zip(number(minutes, 59)).map(|(h, m)| (h, m, 0)),
        [hours, minutes, seconds] => {
            let whole = number(hours, 23).zip(number(minutes, 59)).zip(number(seconds, 59));
            whole.map(|((h, m), s)| (h, m, s))
        }
        _ => None,
    };
    let (hours, minutes, seconds) = seconds
        .ok_or_else(|| format!("`{text}` is not a time of day; expected `HH:MM` from `00:00` to `23:59`"))?;
    Ok((hours * 60 + minutes) * 60 + seconds)
}

/// Days parted by `/`, each a name or a range that may wrap round the week.
fn read_days(text: &str) -> Result<[bool; 7], String> {
    let mut days = [false; 7];
    for part in text.split('/') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (read_day(first)?, read_day(last)?);
        let length = (last + 7 - first) % 7;
        (0..=length).for_each(|step| days[(first + step) % 7] = true);
    }
    Ok(days)
}

fn read_day(text: &str) -> Result<usize, String> {
    let name = text.to_ascii_lowercase();
    WEEKDAYS.iter().position(|day| *day == name).ok_or_else(|| {
        format!("`{text}` is not a day; expected `Mon`, `Tue`, `Wed`, `Thu`, `Fri`, `Sat` or `Sun`")
    })
}

#[cfg(test)]
#[path = "windows_tests.rs"]
mod tests;
