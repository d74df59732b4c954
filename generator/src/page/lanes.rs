//! The instances of a group as lanes: when each was launched, came into service, served, and left.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use asg_recycle_simulator::time::Moment;

const WIDTH: u64 = 900;
const LEFT: u64 = 150;
const RIGHT: u64 = 20;
const LANE: u64 = 14;
const BAR: u64 = 8;

/// An instance's time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    /// Its id.
    pub name: String,
    /// From when on it stands how, in order; none once it is gone.
    pub changes: Vec<(Moment, Option<Standing>)>,
}

/// How an instance stands for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It is launched.
    Pending,
    /// It is in service, and not known to pass every check.
    InService,
    /// It serves.
    Serving,
    /// It is on its way out.
    Leaving,
}

impl Standing {
    fn class(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InService => "in-service",
            Self::Serving => "serving",
            Self::Leaving => "leaving",
        }
    }
}

/// Lanes, drawn.
pub(super) struct Lanes {
    /// The inside of an `svg` of this height that is 900 wide.
    pub(super) drawing: String,
    pub(super) height: u64,
}

/// Draws lanes in their order; all bars of a kind are one path, so that a thousand instances stay small.
pub(super) fn drawn(lanes: &[Lane], (began_at, ended_at): (Moment, Moment)) -> Lanes {
    let span = (ended_at - began_at).0.max(1);
    let x_of = |at: Moment| LEFT + (WIDTH - LEFT - RIGHT) * (at.max(began_at) - began_at).0.min(span) / span;
    let mut bars: BTreeMap<Standing, String> = BTreeMap::new();
    let mut names = String::new();
    for (number, Lane { name, changes }) in (0_u64..).zip(lanes) {
        let y = number * LANE;
        let _ = write!(names, "<text y=\"{}\">{name}</text>", y + BAR + 2); // text takes text
        let ends = changes.iter().skip(1).map(|(at, _)| *at).chain([ended_at]);
        for ((begins, standing), ends) in changes.iter().zip(ends) {
            let Some(standing) = standing else { continue };
            let (from, to) = (x_of(*begins), x_of(ends));
            let _ = write!(
                bars.entry(*standing).or_default(),
                "M{from} {}h{}",
                y + BAR / 2 + 2,
                (to - from).max(1)
            );
        }
    }
    let bars =
        bars.iter().map(|(standing, path)| format!("<path class=\"{}\" d=\"{path}\"/>", standing.class()));
    Lanes {
        drawing: format!("<g class=\"names\">{names}</g>{}", bars.collect::<String>()),
        height: LANE * lanes.len() as u64 + 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_long_as_the_time_they_stand_for() {
        let lane = |name: &str, changes: &[(u64, Option<Standing>)]| Lane {
            name: name.to_owned(),
            changes: changes.iter().map(|(at, standing)| (Moment(*at), *standing)).collect(),
        };
        let lanes = [
            lane("i-1", &[(0, Some(Standing::Serving)), (365, Some(Standing::Leaving)), (730, None)]),
            lane("i-2", &[(0, Some(Standing::Pending)), (365, Some(Standing::Serving))]),
        ];
        let Lanes { drawing, height } = drawn(&lanes, (Moment(0), Moment(730)));
        assert!(drawing.contains("<path class=\"serving\" d=\"M150 6h365M515 20h365\"/>"), "{drawing}");
        assert!(drawing.contains("<path class=\"leaving\" d=\"M515 6h365\"/>"), "{drawing}");
        assert!(drawing.contains("<path class=\"pending\" d=\"M150 20h365\"/>"), "{drawing}");
        assert_eq!(height, 32);
    }
}
