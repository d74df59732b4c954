//! Pictures of the state machine: what they show, and the formats in which they are printed.
//!
//! Each stage is a picture of its own, so that no line crosses the page: a way that leaves its stage is written into the
//! state that it leaves, and so is one to a state that many others lead to; errors go into one note.

mod text;
mod mermaid;
mod dot;
mod layout;
mod svg;

use std::collections::BTreeMap;

use crate::asl::{Graph, On, Stage, State};

pub use mermaid::stage as mermaid_stage;

/// A format of the whole picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// A Mermaid flowchart.
    #[default]
    Mermaid,
    /// Graphviz' language.
    Dot,
    /// A drawing that browsers show.
    Svg,
    /// One line a way, for people who compare two machines.
    Text,
}

/// The whole graph in a format.
pub fn print(graph: &Graph, format: Format) -> String {
    match format {
        Format::Mermaid => mermaid::whole(graph),
        Format::Dot => dot::whole(graph),
        Format::Svg => svg::whole(graph),
        Format::Text => text::whole(graph),
    }
}

/// A stage as it is drawn.
struct Panel<'a> {
    stage: &'a Stage,
    boxes: Vec<Shape<'a>>,
    arrows: Vec<Arrow>,
    /// Where errors lead to without an arrow.
    notes: Vec<String>,
}

/// A state as it is drawn.
struct Shape<'a> {
    state: &'a State,
    /// Where it goes on to without an arrow, one line each.
    exits: Vec<String>,
    /// Whether an execution comes to it without an arrow, or begins with it.
    is_entry: bool,
}

/// An arrow between two boxes of a panel, by their index.
struct Arrow {
    from: usize,
    to: usize,
    kind: ArrowKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ArrowKind {
    Plain,
    /// Of a Choice, when none of its conditions holds.
    Otherwise,
    OnError,
}

/// Every stage as it is drawn.
fn panels(graph: &Graph) -> Vec<Panel<'_>> {
    graph.stages.iter().map(|stage| panel(graph, stage)).collect()
}

fn panel<'a>(graph: &'a Graph, stage: &'a Stage) -> Panel<'a> {
    let places: BTreeMap<&str, usize> =
        stage.states.iter().enumerate().map(|(index, state)| (state.name.as_str(), index)).collect();
    let hubs = hubs(stage);
    let is_entry = |state: &State| {
        let outside =
            graph.stages.iter().filter(|other| !std::ptr::eq(*other, stage) && other.map == stage.map);
        let mut ways = outside.flat_map(|other| &other.states).flat_map(|other| &other.ways);
        state.name == graph.start_at
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
            let near =
                places.get(way.to.as_str()).filter(|to| !hubs.contains(&way.to.as_str()) || follows(**to));
            match near {
                Some(to) if arrows.iter().any(|known| (known.from, known.to) == (from, *to)) => {}
                Some(to) => arrows.push(Arrow { from, to: *to, kind }),
                None if kind == ArrowKind::OnError => errors.entry(&way.to).or_default().push(&state.name),
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
    fn title(&self) -> String {
        match &self.stage.map {
            Some(map) => format!("{}: each item of {map}", self.stage.name),
            None => self.stage.name.clone(),
        }
    }
}

impl Shape<'_> {
    /// What stands in it: its name, what a Map runs, and where it leaves the stage.
    fn lines(&self) -> Vec<String> {
        let each = (!self.state.each.is_empty()).then(|| format!("each: {}", self.state.each[0]));
        std::iter::once(self.state.name.clone()).chain(each).chain(self.exits.iter().cloned()).collect()
    }
}

/// A name as an identifier that every format takes.
fn identifier(prefix: &str, name: &str) -> String {
    let word = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '_' };
    format!("{prefix}_{}", name.chars().map(word).collect::<String>().trim_matches('_'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn every_way_of_a_stage_is_an_arrow_an_exit_or_in_a_note() {
        let graph = crate::asl::build(&Config::with_defaults("demo")).expect("it has no fault").graph;
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
        let graph = crate::asl::build(&Config::with_defaults("demo")).expect("it has no fault").graph;
        let names: Vec<_> =
            graph.stages.iter().flat_map(|stage| &stage.states).map(|state| &state.name).collect();
        let identifiers: std::collections::BTreeSet<_> =
            names.iter().map(|name| identifier("s", name)).collect();
        assert_eq!(identifiers.len(), names.len());
    }
}
