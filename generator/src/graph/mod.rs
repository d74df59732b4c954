//! Pictures of the state machine: what they show, and the formats in which they are printed.
//!
//! Each stage is a picture of its own, so that no line crosses the page: a way that leaves its stage is written into the
//! state that it leaves, and so is one to a state that many others lead to; errors go into one note.

mod panel;
mod text;
mod mermaid;
mod dot;
mod layout;
mod svg;

use std::collections::BTreeSet;

use crate::asl::Graph;

pub use mermaid::stage as mermaid_stage;

/// A format of the whole picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum PictureFormat {
    /// A Mermaid flowchart, which GitHub and many editors show.
    #[default]
    Mermaid,
    /// Graphviz' language.
    Dot,
    /// A drawing for browsers.
    Svg,
    /// A line for each way from state to state, to be compared.
    Text,
}

/// The whole graph in a format.
pub fn print(graph: &Graph, format: PictureFormat) -> String {
    match format {
        PictureFormat::Mermaid => mermaid::whole(graph),
        PictureFormat::Dot => dot::whole(graph),
        PictureFormat::Svg => svg::whole(graph, None),
        PictureFormat::Text => text::whole(graph),
    }
}

/// The drawing for browsers, in which only these states, and the ways between them, are not pale.
pub fn lit(graph: &Graph, entered: &BTreeSet<String>) -> String {
    svg::whole(graph, Some(entered))
}
