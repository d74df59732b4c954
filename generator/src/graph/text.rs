//! The graph as short text: what a reviewer reads when the machine changes.

use std::fmt::Write as _;

use crate::asl::{Graph, On, State};

pub(super) fn whole(graph: &Graph) -> String {
    let mut text = format!("begins with: {}\n", graph.start_at);
    for stage in &graph.stages {
        let map = stage.map.as_ref().map_or(String::new(), |map| format!(", each item of `{map}`"));
        let _ = writeln!(text, "\n{}{map}", stage.name); // a String takes everything
        for state in &stage.states {
            let _ = writeln!(text, "  {} ({})", state.name, state.kind);
            ways(&mut text, state);
        }
    }
    text
}

fn ways(text: &mut String, state: &State) {
    if !state.each.is_empty() {
        let _ = writeln!(text, "    each: {}", state.each.join("; "));
    }
    let mut last = String::new();
    for way in &state.ways {
        let when = match way.on {
            On::Next => "",
            On::Rule(_) => "if ",
            On::Default => "else ",
            On::Error => "error ",
        };
        let line = format!("    {when}-> {}\n", way.to);
        if line != last {
            text.push_str(&line);
        }
        last = line;
    }
}
