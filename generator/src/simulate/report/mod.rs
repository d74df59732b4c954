//! A run for people and programs: a timeline, a chart of the capacity, totals and a verdict.

mod campaign;
mod chart;
mod json;
mod replay;
mod style;
mod summary;
mod svg;
mod text;
mod timeline;
mod wording;

pub use campaign::{
    CampaignReport, json as campaign_json, json_schema as campaign_schema, text as campaign_text,
};
pub use chart::{CHART_ROWS_MAX, ChartArea, chart};
pub use json::{SimulationReport, json, json_schema};
pub use replay::Replay;
pub use style::{COLUMNS, Colour, Look, Paint, clock, words, wrapped};
pub use summary::{GroupSummary, extra_instance_hours};
pub use svg::{CapacityPanel, capacity_svg, svg};
pub use text::text;
pub use timeline::{Actor, Line, timeline};
pub use wording::{Tone, call_in_words, shortened};
