//! Graphviz' language: a cluster a stage.

use std::fmt::Write as _;

use super::panel::{ArrowKind, Panel, identifier, panels};
use crate::asl::Graph;

pub(super) fn whole(graph: &Graph) -> String {
    let mut text = "digraph machine {\n  node [fontname=\"sans-serif\", fontsize=12];\n  edge [fontname=\"sans-serif\", fontsize=10];\n".to_owned();
    let panels = panels(graph);
    for panel in &panels {
        cluster(&mut text, panel);
    }
    // Clusters without edges between them would stand side by side.
    for pair in panels.windows(2) {
        if let (Some(last), Some(first)) = (pair[0].boxes.last(), pair[1].boxes.first()) {
            let [last, first] = [last, first].map(|shape| identifier("s", &shape.state.name));
            let _ = writeln!(text, "  {last} -> {first} [style=invis];");
        }
    }
    text + "}\n"
}

fn cluster(text: &mut String, panel: &Panel<'_>) {
    let title = panel.title();
    let _ = writeln!(text, "  subgraph {} {{\n    label={};", identifier("cluster", &title), quoted(&title));
    for shape in &panel.boxes {
        let kind = match shape.state.kind.as_str() {
            "Choice" => "hexagon",
            "Map" => "box3d",
            "Wait" => "ellipse",
            "Succeed" | "Fail" => "doublecircle",
            _ => "box",
        };
        let width = if shape.is_entry { ", penwidth=2" } else { "" };
        let label = quoted(&shape.lines().join("\n"));
        let _ = writeln!(
            text,
            "    {} [shape={kind}, label={label}{width}];",
            identifier("s", &shape.state.name)
        );
    }
    for arrow in &panel.arrows {
        let looks = match arrow.kind {
            ArrowKind::Plain => "",
            ArrowKind::Otherwise => " [label=\"else\"]",
            ArrowKind::OnError => " [label=\"error\", style=dotted]",
        };
        let [from, to] = [arrow.from, arrow.to].map(|index| identifier("s", &panel.boxes[index].state.name));
        let _ = writeln!(text, "    {from} -> {to}{looks};");
    }
    if !panel.notes.is_empty() {
        let label = quoted(&panel.notes.join("\n"));
        let _ = writeln!(text, "    {} [shape=note, label={label}];", identifier("note", &title));
    }
    text.push_str("  }\n");
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
