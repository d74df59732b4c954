//! Mermaid flowcharts.

use std::fmt::Write as _;

use super::panel::{ArrowKind, Panel, Shape, identifier, panel, panels};
use crate::asl::Graph;

/// The looks that the theme does not bring: what other stages lead to, and what errors lead to.
const CLASSES: &str = "  classDef entry stroke-width:3px\n  classDef note stroke-dasharray:4 4\n";

/// Every stage in its own frame, one below the other.
pub(super) fn whole(graph: &Graph) -> String {
    let mut text = "flowchart TB\n".to_owned();
    let panels = panels(graph);
    for panel in &panels {
        let _ = writeln!(text, "  subgraph {}[\"{}\"]\n    direction TB", id(panel), quoted(&panel.title()));
        states(&mut text, panel, "    ");
        text.push_str("  end\n");
    }
    // Without links between them they would stand side by side.
    let ids: Vec<_> = panels.iter().map(id).collect();
    let _ = writeln!(text, "  {}", ids.join(" ~~~ "));
    text + CLASSES
}

/// One stage, with what its Maps run for each item; `None` where there is none of the name.
pub fn stage(graph: &Graph, name: &str) -> Option<String> {
    let stages: Vec<_> = graph.stages.iter().filter(|stage| stage.name == name).collect();
    let (first, loops) = stages.split_first()?;
    let mut text = "flowchart TB\n".to_owned();
    states(&mut text, &panel(graph, first), "  ");
    for stage in loops {
        let panel = panel(graph, stage);
        let map = stage.map.as_deref().unwrap_or_default();
        let _ =
            writeln!(text, "  subgraph {}[\"each item of {}\"]\n    direction TB", id(&panel), quoted(map));
        states(&mut text, &panel, "    ");
        text.push_str("  end\n");
        if stages.iter().flat_map(|stage| &stage.states).any(|state| state.name == map) {
            let _ = writeln!(text, "  {} -.- {}", identifier("s", map), id(&panel));
        }
    }
    Some(text + CLASSES)
}

fn states(text: &mut String, panel: &Panel<'_>, indent: &str) {
    for shape in &panel.boxes {
        let class = if shape.is_entry { ":::entry" } else { "" };
        let _ = writeln!(text, "{indent}{}{}{class}", identifier("s", &shape.state.name), label(shape));
    }
    for arrow in &panel.arrows {
        let line = match arrow.kind {
            ArrowKind::Plain => "-->",
            ArrowKind::Otherwise => "-->|else|",
            ArrowKind::OnError => "-.->|error|",
        };
        let [from, to] = [arrow.from, arrow.to].map(|index| identifier("s", &panel.boxes[index].state.name));
        let _ = writeln!(text, "{indent}{from} {line} {to}");
    }
    if !panel.notes.is_empty() {
        let notes: Vec<_> = panel.notes.iter().map(|note| quoted(note)).collect();
        let _ = writeln!(text, "{indent}note_{}[\"{}\"]:::note", id(panel), notes.join("<br/>"));
    }
}

/// The shape that says of what kind a state is, with its lines.
fn label(shape: &Shape<'_>) -> String {
    let lines: Vec<_> = shape.lines().iter().map(|line| quoted(line)).collect();
    let text = format!("\"{}\"", lines.join("<br/>"));
    match shape.state.kind.as_str() {
        "Choice" => format!("{{{{{text}}}}}"),
        "Map" => format!("[[{text}]]"),
        "Wait" | "Succeed" | "Fail" => format!("([{text}])"),
        "Pass" => format!("({text})"),
        _ => format!("[{text}]"),
    }
}

fn id(panel: &Panel<'_>) -> String {
    match &panel.stage.map {
        Some(map) => identifier("each", map),
        None => identifier("stage", &panel.stage.name),
    }
}

fn quoted(text: &str) -> String {
    text.replace('"', "#quot;").replace('<', "#lt;").replace('>', "#gt;")
}
