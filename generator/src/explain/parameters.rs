//! What a deployment may set, and what it tells.

use super::explanation::{Explanation, ThingKind};
use super::rendered::{InFormat, Rendered};
use crate::config;
use crate::stack::Parameter;
use crate::stack::parameter::{Check, ParameterKind};

/// Every parameter, then every output.
pub(super) fn explained(rendered: &Rendered<'_>) -> Vec<Explanation> {
    let parameters =
        rendered.stack.parameters.iter().map(|parameter| explained_parameter(rendered, parameter));
    let outputs = rendered.stack.outputs.iter().map(|output| {
        let mut one = Explanation::new(ThingKind::Output, output.key, output.description);
        rendered.formats.iter().for_each(|each| one.also(each.format.output_name(output.key)));
        one.tell("e.g.", [rendered.shown(&output.value).join(", ")]);
        one
    });
    parameters.chain(outputs).collect()
}

fn explained_parameter(rendered: &Rendered<'_>, parameter: &Parameter) -> Explanation {
    let mut one = Explanation::new(ThingKind::Parameter, parameter.key.as_str(), parameter.description);
    one.tell("default", [default(rendered, parameter)]);
    one.tell("takes", takes(rendered, parameter));
    if let Some(path) = parameter.key.setting() {
        one.also(path);
        let key = config::keys().find(|key| key.path == path);
        let summary = key.map(|key| format!(": {}", key.summary)).unwrap_or_default();
        one.tell("stack.yaml", [format!("`{path}`{summary}")]);
    } else {
        one.tell("stack.yaml", ["has no key for it: only a deployment says it"]);
    }
    for each in &rendered.formats {
        let title = each.format.description().title;
        let Some(offer) = each.format.offer(parameter) else {
            one.tell("not in", [title]);
            continue;
        };
        one.also(offer.name.clone());
        let own = offer
            .own_default
            .iter()
            .map(|value| format!("; by default {}", rendered.shown(value).join(", ")));
        let given = if offer.required { "; it has to be given" } else { "" };
        one.tell("offered by", [format!("{title} as `{}`{given}{}", offer.name, own.collect::<String>())]);
    }
    one.tell("used by", users(rendered, parameter));
    one
}

/// The resources that use it, as the first format names them in which any does.
fn users(rendered: &Rendered<'_>, parameter: &Parameter) -> Vec<String> {
    let of_format = |each: &InFormat| {
        let mentions = each.format.offer(parameter).map(|offer| offer.mentions).unwrap_or_default();
        let using = each.resources.iter().filter(|one| mentions.iter().any(|mention| one.mentions(mention)));
        using.map(|one| one.address.clone()).collect::<Vec<_>>()
    };
    rendered.formats.iter().map(of_format).find(|found| !found.is_empty()).unwrap_or_default()
}

fn default(rendered: &Rendered<'_>, parameter: &Parameter) -> String {
    let shown = parameter.default.as_ref().map(|value| rendered.shown(value).join(", "));
    shown.filter(|text| !text.is_empty()).unwrap_or_else(|| "none".to_owned())
}

/// What its values have to be.
fn takes(rendered: &Rendered<'_>, parameter: &Parameter) -> Option<String> {
    let list = if parameter.kind == ParameterKind::TextList { "a list; each is " } else { "" };
    match &parameter.check {
        Check::Any if parameter.kind == ParameterKind::Bool => Some("true or false".to_owned()),
        Check::Any => None,
        Check::TagKeys => Some("tags: a map of texts, of which no key begins with aws:".to_owned()),
        Check::Pattern { meaning, .. } => Some(format!("{list}{meaning}")),
        Check::Region { partition, .. } => {
            Some(format!("a region of the partition {partition}, those of `newer_regions` among them"))
        }
        Check::OneOf(values) => {
            Some(values.iter().flat_map(|value| rendered.shown(value)).collect::<Vec<_>>().join(", "))
        }
    }
}
