//! The page itself: what is told of a run, in the template of the page.

use std::collections::{BTreeMap, BTreeSet};

use asg_recycle_simulator::time::Moment;
use serde_json::{Value, json};

use super::lanes::{self, Lanes};
use super::types::{GroupOnPage, RunPage, TimelineRow};
use crate::asl::Graph;
use crate::graph;
use crate::simulate::report::{Tone, clock};
use crate::template;

/// Rows of the timeline, at most: what comes between is left out, and said so.
const ROWS_MAX: usize = 1_500;

impl RunPage {
    /// The page; `machine` is the graph of the machine that ran.
    ///
    /// # Errors
    /// A fault of the page's template.
    pub fn html(&self, machine: &Graph) -> Result<String, minijinja::Error> {
        let states: BTreeSet<String> = self.entered.iter().map(|(_, state)| state.clone()).collect();
        let shown = machine.stages.iter().flat_map(|stage| &stage.states);
        let known: BTreeSet<&String> =
            shown.flat_map(|state| state.each.iter().chain([&state.name])).collect();
        let unknown: Vec<&String> = states.iter().filter(|state| !known.contains(state)).collect();
        let (rows, rows_left_out) = self.rows();
        let context = json!({
            "title": self.title,
            "kind": self.kind,
            "remarks": self.remarks,
            "findings": self.findings.iter().map(|(tone, text)| (class(*tone), text)).collect::<Vec<_>>(),
            "chart": self.chart,
            "figures_of": self.figures_of,
            "groups": self.groups.iter().map(|group| self.group(group)).collect::<Vec<_>>(),
            "executions": self.executions,
            "rows": rows,
            "rows_left_out": rows_left_out,
            "machine": graph::lit(machine, &states),
            "path": self.path(),
            "unknown": unknown,
            "again": self.again,
        });
        template::environment().get_template("report/page.html.j2")?.render(minijinja::value::Serde(context))
    }

    fn group(&self, group: &GroupOnPage) -> Value {
        let Lanes { drawing, height } = lanes::drawn(&group.lanes, self.period);
        json!({
            "name": group.name,
            "sentence": group.sentence,
            "figures": group.figures,
            "lanes": drawing,
            "lanes_height": height,
            "instances": group.lanes.len(),
        })
    }

    fn after(&self, at: Moment) -> String {
        clock(at.max(self.period.0) - self.period.0)
    }

    /// The rows that are shown, and how many are left out in the middle.
    fn rows(&self) -> (Vec<Value>, usize) {
        let left_out = self.timeline.len().saturating_sub(ROWS_MAX);
        let is_shown = |index: usize| index < ROWS_MAX / 2 || index >= ROWS_MAX / 2 + left_out;
        let row = |(index, row): (usize, &TimelineRow)| {
            let ends_the_gap = left_out > 0 && index == ROWS_MAX / 2 + left_out;
            json!({
                "at": self.after(row.at), "actor": row.actor, "text": row.text, "tone": class(row.tone), "ends_the_gap": ends_the_gap,
            })
        };
        let shown = self.timeline.iter().enumerate().filter(|(index, _)| is_shown(*index));
        (shown.map(row).collect(), left_out)
    }

    /// The states in the order in which they were first entered, each with when that was, and how often it was.
    fn path(&self) -> Vec<(&String, String, u64)> {
        let mut path: Vec<(&String, String, u64)> = Vec::new();
        let mut places: BTreeMap<&String, usize> = BTreeMap::new();
        for (at, state) in &self.entered {
            let place = *places.entry(state).or_insert_with(|| {
                path.push((state, self.after(*at), 0));
                path.len() - 1
            });
            path[place].2 += 1;
        }
        path
    }
}

fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "plain",
        Tone::Warning => "warning",
        Tone::Good => "good",
        Tone::Bad => "bad",
    }
}

#[cfg(test)]
mod tests {
    use asg_recycle_simulator::world::record::Sample;

    use super::*;
    use crate::page::lanes::{Lane, Standing};
    use crate::page::types::Figure;
    use crate::simulate::report::{CapacityPanel, capacity_svg};

    fn page(rows: usize) -> RunPage {
        let row = |number: usize| TimelineRow {
            at: Moment(1_000 * number as u64),
            actor: "group".to_owned(),
            text: format!("thing {number} of <b>"),
            tone: Tone::Plain,
        };
        RunPage {
            title: "web & <b> with out-in".to_owned(),
            kind: "A run.".to_owned(),
            remarks: vec!["one </style> is not known".to_owned()],
            findings: vec![(Tone::Bad, "<script>".to_owned())],
            period: (Moment(0), Moment(60_000)),
            chart: "<svg></svg>".to_owned(),
            figures_of: ("before".to_owned(), "after".to_owned()),
            groups: vec![GroupOnPage {
                name: "web<".to_owned(),
                sentence: "recycled".to_owned(),
                figures: [("minimum", Some("3"), "3"), ("maximum", Some("6"), "7"), ("desired", None, "3")]
                    .map(|(what, before, after)| Figure {
                        what,
                        before: before.map(str::to_owned),
                        after: Some(after.to_owned()),
                    })
                    .to_vec(),
                lanes: vec![Lane {
                    name: "i-1".to_owned(),
                    changes: vec![(Moment(0), Some(Standing::Serving)), (Moment(30_000), None)],
                }],
            }],
            executions: Vec::new(),
            timeline: (0..rows).map(row).collect(),
            entered: ["Begin", "Look", "Begin", "Of another version"]
                .map(|name| (Moment(0), name.to_owned()))
                .to_vec(),
            again: None,
        }
    }

    fn machine() -> Graph {
        let state = |name: &str| crate::asl::State {
            name: name.to_owned(),
            kind: "Task".to_owned(),
            each: Vec::new(),
            ways: Vec::new(),
        };
        let states = ["Begin", "Look", "Never"].map(state).to_vec();
        let only = crate::asl::Stage { name: "observe".to_owned(), map: None, states };
        Graph { strategy: None, start_at: "Begin".to_owned(), stages: vec![only] }
    }

    #[test]
    fn text_of_others_stays_text_and_nothing_comes_from_elsewhere() {
        let html = page(3).html(&machine()).expect("a page");
        for text in ["<b>", "<script", "</style> is"] {
            assert!(!html.contains(text), "{text}\n{html}");
        }
        let elsewhere = html.replace("http://www.w3.org/2000/svg", "");
        for text in ["http:", "https:", "url(\"", "src=", "@import"] {
            assert!(!elsewhere.contains(text), "{text}");
        }
    }

    #[test]
    fn only_what_was_entered_is_not_pale_and_what_the_picture_lacks_is_named() {
        let html = page(0).html(&machine()).expect("a page");
        let pale = |name: &str| {
            let before = html.split(&format!(">{name}</text>")).next().expect("it");
            before.rfind("<g class=\"pale\">") > before.rfind("</g>\n")
        };
        assert_eq!(["Begin", "Look", "Never"].map(pale), [false, false, true]);
        assert!(html.contains("Of another version"), "{html}");
        assert!(html.contains("Begin <span class=\"soft\">at 0:00, 2 times</span>"), "{html}");
    }

    #[test]
    fn figures_are_compared_and_what_is_not_known_is_not() {
        let html = page(0).html(&machine()).expect("a page");
        let row = |what: &str| {
            html.lines().find(|line| line.contains(&format!(">{what}</th>"))).expect("a row").to_owned()
        };
        assert!(row("minimum").contains("the same"), "{}", row("minimum"));
        assert!(row("maximum").contains("changed"), "{}", row("maximum"));
        assert!(
            row("desired").contains("not known") && !row("desired").contains("changed"),
            "{}",
            row("desired")
        );
    }

    #[test]
    fn a_long_timeline_loses_its_middle_and_says_so() {
        let html = page(ROWS_MAX + 7).html(&machine()).expect("a page");
        assert_eq!(html.matches("thing ").count(), ROWS_MAX);
        assert!(html.contains("7 rows are left out here"), "where they would be");
        assert!(html.contains("thing 0 of") && html.contains(&format!("thing {} of", ROWS_MAX + 6)));
        assert!(!page(3).html(&machine()).expect("a page").contains("left out here"));
    }

    /// As long as a run of `in-out` would be if it took so many turns: each instance has a lane, each turn its rows and states.
    #[test]
    fn a_thousand_turns_stay_below_a_megabyte() {
        const TURNS: u32 = 1_000;
        const TURN_MILLISECONDS: u64 = 600_000;
        let at =
            |turn: u32, step: u32| Moment(u64::from(turn) * TURN_MILLISECONDS + u64::from(step) * 60_000);
        let id = |number: u32| format!("i-{number:017x}");
        let mut long = page(0);
        long.period = (Moment(0), at(TURNS, 0));
        let lane = |number: u32, changes: [(Moment, Option<Standing>); 3]| Lane {
            name: id(number),
            changes: changes.to_vec(),
        };
        let (serves, leaves) = (Some(Standing::Serving), Some(Standing::Leaving));
        let old = (0..TURNS)
            .map(|turn| lane(turn, [(Moment(0), serves), (at(turn, 0), leaves), (at(turn, 4), None)]));
        let (begins, is_in) = (Some(Standing::Pending), Some(Standing::InService));
        let new = (0..TURNS).map(|turn| {
            lane(TURNS + turn, [(at(turn, 4), begins), (at(turn, 6), is_in), (at(turn, 8), serves)])
        });
        long.groups[0].lanes = old.chain(new).collect();
        let row = |number: u32| TimelineRow {
            at: at(number / 10, number % 10),
            actor: "webops-e434ed7666885c1aedae1dccf5982447".to_owned(),
            text: format!("terminates {} without a lower desired capacity, its place kept", id(number / 10)),
            tone: Tone::Plain,
        };
        long.timeline = (0..TURNS * 10).map(row).collect();
        let sample = |number: u32| {
            let is_out = !number.is_multiple_of(3);
            let (old, new) = (TURNS - number / 3 - 1, number / 3);
            let serving = old + new + u32::from(!is_out);
            let (live, desired) = (serving, TURNS);
            (
                at(number / 3, number % 3 * 3),
                Sample { live, serving, healthy: serving, old, new, desired, ..Sample::default() },
            )
        };
        let history: Vec<(Moment, Sample)> = (0..TURNS * 3).map(sample).collect();
        let panel = CapacityPanel {
            name: "web-asg-1",
            strategy: "in-out",
            endings: "recycled".to_owned(),
            is_good: true,
            history: &history,
            has_sizes: true,
            has_checks: true,
            broken: Vec::new(),
        };
        long.chart = capacity_svg(&[panel], long.period, "a group");
        let config = crate::config::parse(b"name: asg-recycle\n").expect("a stack");
        let machine = crate::asl::build(&config).unwrap_or_else(|faults| panic!("{faults}")).graph();
        let names: Vec<String> =
            machine.stages.iter().flat_map(|stage| &stage.states).map(|state| state.name.clone()).collect();
        let entered = (0..TURNS).flat_map(|turn| names.iter().map(move |name| (at(turn, 1), name.clone())));
        long.entered = entered.take(100_000).collect();
        let html = long.html(&machine).expect("a page");
        assert!(html.contains(&id(2 * TURNS - 1)), "the last one has its lane");
        assert!(html.len() < 1_000_000, "{} bytes", html.len());
    }
}
