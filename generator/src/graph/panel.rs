//! A stage as it is drawn in every format: its boxes, its arrows, and what is written instead of an arrow.

use std::collections::BTreeMap;

use crate::asl::{Graph, On, Stage, State};

/// A stage as it is drawn.
pub(super) struct Panel<'a> {
    pub(super) stage: &'a Stage,
    pub(super) boxes: Vec<Shape<'a>>,
    pub(super) arrows: Vec<Arrow>,
    /// Where errors lead to without an arrow.
    pub(super) notes: Vec<String>,
}

/// A state as it is drawn.
pub(super) struct Shape<'a> {
    pub(super) state: &'a State,
    /// Where it goes on to without an arrow, one line each.
    pub(super) exits: Vec<String>,
    /// Whether an execution comes to it without an arrow, or begins with it.
    pub(super) is_entry: bool,
}

/// An arrow between two boxes of a panel, by their index.
pub(super) struct Arrow {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) kind: ArrowKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ArrowKind {
    Plain,
    /// Of a Choice, when none of its conditions holds.
    Otherwise,
    OnError,
}

/// Every stage as it is drawn.
pub(super) fn panels(graph: &Graph) -> Vec<Panel<'_>> {
    graph.stages.iter().map(|stage| panel(graph, stage)).collect()
}

pub(super) fn panel<'a>(graph: &'a Graph, stage: &'a Stage) -> Panel<'a> {
    panel_within(graph, stage, usize::MAX)
}

/// The same with arrows only between states that stand no further than `reach` from each other in the templates; other
/// ways are written into the state that they leave.
pub(super) fn panel_within<'a>(graph: &'a Graph, stage: &'a Stage, reach: usize) -> Panel<'a> {
    let places: BTreeMap<&str, usize> =
        stage.states.iter().enumerate().map(|(index, state)| (state.name.as_str(), index)).collect();
    let hubs = hubs(stage);
    let is_far = |from: usize, to: usize| from.abs_diff(to) > reach;
    let is_entry = |state: &State| {
        let at = places[state.name.as_str()];
        let leads = |other: &State| other.ways.iter().any(|way| way.to == state.name && way.on != On::Error);
        let from_afar = stage.states.iter().enumerate().any(|(from, other)| is_far(from, at) && leads(other));
        let outside =
            graph.stages.iter().filter(|other| !std::ptr::eq(*other, stage) && other.map == stage.map);
        let mut ways = outside.flat_map(|other| &other.states).flat_map(|other| &other.ways);
        state.name == graph.start_at
            || from_afar
            || hubs.contains(&state.name.as_str())
            || ways.any(|way| way.to == state.name && way.on != On::Error)
    };
    let mut arrows = Vec::<Arrow>::new();
    let mut boxes = Vec::new();
    let mut errors = BTreeMap::<&str, Vec<&str>>::new();
    for (from, state) in stage.states.iter().enumerate() {
        let mut exits = Vec::<String>::new();
        for way in &state.ways {
            let kind = match way.on {
                On::Error => ArrowKind::OnError,
                On::Default => ArrowKind::Otherwise,
                On::Next | On::Rule(_) => ArrowKind::Plain,
            };
            let follows = |to: usize| to == from + 1;
            // An arrow from a box to itself would have no room.
            let is_drawn = |to: &usize| {
                follows(*to) || *to != from && !hubs.contains(&way.to.as_str()) && !is_far(from, *to)
            };
            let near = places.get(way.to.as_str()).filter(|to| is_drawn(to));
            match near {
                Some(to) if arrows.iter().any(|known| (known.from, known.to) == (from, *to)) => {}
                Some(to) => arrows.push(Arrow { from, to: *to, kind }),
                None if kind == ArrowKind::OnError => {
                    let states = errors.entry(&way.to).or_default();
                    if states.last() != Some(&state.name.as_str()) {
                        states.push(&state.name);
                    }
                }
                None if exits.iter().any(|known| known.ends_with(&format!("→ {}", way.to))) => {}
                None if kind == ArrowKind::Otherwise => exits.push(format!("else → {}", way.to)),
                None => exits.push(format!("→ {}", way.to)),
            }
        }
        boxes.push(Shape { state, exits, is_entry: is_entry(state) });
    }
    let usual = errors.iter().max_by_key(|(_, states)| states.len()).map(|(target, _)| *target);
    let mut notes: Vec<_> = usual.map(|target| format!("an error → {target}")).into_iter().collect();
    let others = errors.iter().filter(|(target, _)| Some(**target) != usual);
    notes.extend(others.map(|(target, states)| format!("an error in {} → {target}", states.join(", "))));
    Panel { stage, boxes, arrows, notes }
}

/// The states that so many others of the stage lead to that arrows to them would cover it.
fn hubs(stage: &Stage) -> Vec<&str> {
    const WAYS_MAX: usize = 3;
    let comes_from = |state: &&State| {
        let leads = |other: &&State| other.ways.iter().any(|way| way.to == state.name);
        stage.states.iter().filter(leads).count() > WAYS_MAX
    };
    stage.states.iter().filter(comes_from).map(|state| state.name.as_str()).collect()
}

impl Panel<'_> {
    /// What stands above it.
    pub(super) fn title(&self) -> String {
        match &self.stage.map {
            Some(map) => format!("{}: each item of {map}", self.stage.name),
            None => self.stage.name.clone(),
        }
    }
}

impl Shape<'_> {
    /// What stands in it: its name, what a Map runs, and where it leaves the stage.
    pub(super) fn lines(&self) -> Vec<String> {
        let each = (!self.state.each.is_empty()).then(|| format!("each: {}", self.state.each[0]));
        std::iter::once(self.state.name.clone()).chain(each).chain(self.exits.iter().cloned()).collect()
    }
}

/// A name as an identifier that every format takes.
pub(super) fn identifier(prefix: &str, name: &str) -> String {
    let word = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '_' };
    format!("{prefix}_{}", name.chars().map(word).collect::<String>().trim_matches('_'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn every_way_of_a_stage_is_an_arrow_an_exit_or_in_a_note() {
        let graph = crate::asl::build(&Config::with_defaults("demo".parse().unwrap()))
            .expect("it has no fault")
            .graph();
        for panel in panels(&graph) {
            for (from, shape) in panel.boxes.iter().enumerate() {
                for way in &shape.state.ways {
                    let is_arrow =
                        |arrow: &Arrow| arrow.from == from && panel.boxes[arrow.to].state.name == way.to;
                    let ends = |line: &String| line.ends_with(&format!("→ {}", way.to));
                    let is_shown =
                        panel.arrows.iter().any(is_arrow) || shape.exits.iter().chain(&panel.notes).any(ends);
                    assert!(is_shown, "{} to {}", shape.state.name, way.to);
                }
            }
        }
    }

    #[test]
    fn identifiers_are_unique() {
        let graph = crate::asl::build(&Config::with_defaults("demo".parse().unwrap()))
            .expect("it has no fault")
            .graph();
        let names: Vec<_> =
            graph.stages.iter().flat_map(|stage| &stage.states).map(|state| &state.name).collect();
        let identifiers: std::collections::BTreeSet<_> =
            names.iter().map(|name| identifier("s", name)).collect();
        assert_eq!(identifiers.len(), names.len());
    }
}
