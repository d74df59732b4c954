//! The output folder's `README.md`: exact commands for the person who deploys the stack.

use minijinja::context;
use serde::Serialize;

use super::format::{Offer, OutputFormat, View};
use super::formats::FORMATS;
use super::hcl;
use super::print::{GUIDES, environment, print, seen};
use crate::stack::Parameter;
use crate::stack::value::Value;

const TEMPLATE: &str = "readme/README.md.j2";

pub(super) fn render(view: &View<'_>) -> String {
    let stack = view.stack;
    let environment = environment(GUIDES, "hcl", hcl::expression);
    let formats: Vec<FormatPart> = FORMATS.iter().map(|format| FormatPart::new(*format, view)).collect();
    let parameters: Vec<Row> = stack.parameters.iter().map(Row::new).collect();
    let context = context! {
        formats => seen(formats),
        parameters => seen(parameters),
        ..view.seen.clone()
    };
    print(&environment, TEMPLATE, &context)
}

/// What the README says of one format.
#[derive(Debug, Serialize)]
struct FormatPart {
    title: &'static str,
    parameter_noun: &'static str,
    group_noun: &'static str,
    language: &'static str,
    contents: Vec<&'static (&'static str, &'static str)>,
    deploy_guide: String,
    removal_guide: String,
    roll_back: &'static str,
    group_tags: String,
}

impl FormatPart {
    fn new(format: &dyn OutputFormat, view: &View<'_>) -> Self {
        let stack = view.stack;
        let description = format.description();
        let of_image = stack.repository.iter().flat_map(|_| description.image_contents);
        Self {
            title: description.title,
            parameter_noun: description.parameter_noun,
            group_noun: description.group_noun,
            language: description.language,
            contents: description.contents.iter().chain(of_image).collect(),
            deploy_guide: format.deploy_guide(view),
            removal_guide: format.removal_guide(view),
            roll_back: description.roll_back,
            group_tags: format.group_tags(&stack.guide.required_tags()),
        }
    }
}

/// A row of the table of parameters.
#[derive(Debug, Serialize)]
struct Row {
    /// Its name in each format; empty where one does not offer it.
    names: Vec<String>,
    default: String,
    description: &'static str,
    /// Whether its values are of one region.
    regional: bool,
}

impl Row {
    fn new(parameter: &Parameter) -> Self {
        let offers: Vec<Option<Offer>> = FORMATS.iter().map(|format| format.offer(parameter)).collect();
        let name = |offer: &Option<Offer>| {
            offer.as_ref().map_or_else(String::new, |offer| format!("`{}`", offer.name))
        };
        Self {
            names: offers.iter().map(name).collect(),
            default: default(parameter, &offers) + &own_defaults(&offers),
            description: parameter.description,
            regional: parameter.key.is_regional(),
        }
    }
}

fn default(parameter: &Parameter, offers: &[Option<Offer>]) -> String {
    match &parameter.default {
        Some(Value::Text(text)) if text.is_empty() => "none".to_owned(),
        Some(Value::Text(text)) => format!("`{text}`"),
        Some(Value::Map(entries)) if entries.is_empty() => "none".to_owned(),
        Some(Value::List(items)) if items.is_empty() => "none".to_owned(),
        Some(Value::Map(_) | Value::List(_)) => "from `stack.yaml`".to_owned(),
        Some(value) => format!("`{}`", hcl::expression(value, 0)),
        None => required(offers),
    }
}

/// The defaults of formats that have their own.
fn own_defaults(offers: &[Option<Offer>]) -> String {
    let own = FORMATS.iter().zip(offers).filter_map(|(format, offer)| {
        let value = offer.as_ref()?.own_default.as_ref()?;
        Some(format!("; `{}` with {}", hcl::expression(value, 0), format.description().title))
    });
    own.collect()
}

/// Whether a parameter without default has to be given: to every format that offers it, to some, or to none.
fn required(offers: &[Option<Offer>]) -> String {
    let offering = FORMATS.iter().zip(offers).filter_map(|(format, offer)| Some((format, offer.as_ref()?)));
    let (required, free): (Vec<_>, Vec<_>) = offering.partition(|(_, offer)| offer.required);
    let titles: Vec<&str> = required.iter().map(|(format, _)| format.description().title).collect();
    match (titles.as_slice(), free.is_empty()) {
        ([], _) => "none".to_owned(),
        (_, true) => "has to be given".to_owned(),
        (titles, false) => format!("has to be given to {}", titles.join(" and ")),
    }
}
