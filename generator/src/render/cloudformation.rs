//! The stack as one CloudFormation template.

use minijinja::context;
use serde::Serialize;

use super::deployer;
use super::emitted::{Emitted, blocks};
use super::format::{Description, Files, Offer, OutputFormat, View};
use super::parameters::{Condition, TemplateParameter, default, overridden, own_default};
use super::print::{GUIDES, environment, pascal, print, seen};
use super::refusals;
use super::yaml;
use crate::stack::parameter::{Check, Group, ParameterKey, ParameterKind};
use crate::stack::value::Value;
use crate::stack::{Parameter, Stack};
use crate::template;

/// One template with every resource, the definition written out in it.
#[derive(Debug, Clone, Copy)]
pub struct CloudFormation;

impl CloudFormation {
    /// The template that deploys the stack, among the files of this format.
    pub const TEMPLATE: &'static str = "cloudformation/template.yaml";
}

/// The folder of its templates.
const FOLDER: &str = "cloudformation";

/// The template of the template; it includes one part per concern.
const TEMPLATE: &str = "cloudformation/template.yaml.j2";

/// Stands in the template for the line of the definition until all else is printed: it is nine tenths of the text, and every include
/// copies it.
const DEFINITION: &str = "\u{e000}definition\n";

/// The columns by which the definition is indented.
const INDENT: &str = "        ";

/// The template of the repository of the handler's images, and the file emitted.
const REPOSITORY_TEMPLATE: &str = "cloudformation/repository.yaml.j2";
const REPOSITORY_FILE: &str = "cloudformation/repository.yaml";

/// How to deploy it.
const GUIDE: &str = "readme/cloudformation.md.j2";
const REMOVAL: &str = "readme/cloudformation_removal.md.j2";

impl OutputFormat for CloudFormation {
    fn description(&self) -> &'static Description {
        &Description {
            name: "cloudformation",
            title: "CloudFormation",
            summary: "One template for CloudFormation.",
            parameter_noun: "parameter",
            group_noun: "AWS::AutoScaling::AutoScalingGroup",
            roll_back: "the former zip is still in the bucket",
            changes: &[
                ("permissions.role_path", "refuses it"),
                ("encryption.customer_key", "keeps that key"),
                ("package.kind", "refuses it"),
            ],
            function_in_vpc: "VpcConfig:",
            function_signed: "CodeSigningConfigArn: {",
            language: "yaml",
            contents: &[
                (Self::TEMPLATE, "the stack as a CloudFormation template"),
                ("deployer-policy/cloudformation-*.json", "what whoever deploys it has to be allowed"),
            ],
            image_contents: &[(
                REPOSITORY_FILE,
                "a template that makes the repository of the handler's images",
            )],
        }
    }

    fn files(&self, view: &View<'_>) -> Files {
        let stack = view.stack;
        let name = stack.name.clone();
        let values = overridden(offered(stack));
        // ECR reads it as JSON.
        let json = |value: &Value| yaml::Printer { name: &name, overridden: &values }.flow(value);
        let regions_text = json(&regions(stack));
        let lifecycle_text = stack.repository.as_ref().map(|repository| json(&repository.lifecycle));
        let print_value = move |value: &Value, indent: usize| {
            yaml::Printer { name: &name, overridden: &values }.after_key(value, indent)
        };
        let mut environment = environment(FOLDER, "yaml", print_value);
        environment.add_filter("pascal", |snake: &str| pascal(snake));
        let parameters: Vec<TemplateParameter> = offered(stack)
            .map(|parameter| TemplateParameter::new(parameter, refusals::never(parameter, stack)))
            .collect();
        let conditions: Vec<Condition> = offered(stack).flat_map(Condition::of).collect();
        let context = context! {
            parameters => seen(parameters),
            groups => seen(groups(stack)),
            conditions => seen(conditions),
            regions => regions_text,
            of_one_region => seen(refusals::of_one_region(stack)),
            tag_list => seen(tag_list(stack)),
            lifecycle_text => seen(lifecycle_text),
            dashboard_body => seen(stack.dashboard.as_ref().map(|dashboard| yaml::json_text(&dashboard.body))),
            definition => DEFINITION.trim_end(), // its line ends in the template
            handler_s3_key => seen(Value::parameter(ParameterKey::HandlerS3Key)),
            ..view.seen.clone()
        };
        let emitted = [(Self::TEMPLATE, TEMPLATE)].into_iter();
        let emitted = emitted.chain(stack.repository.iter().map(|_| (REPOSITORY_FILE, REPOSITORY_TEMPLATE)));
        let mut files: Files = emitted
            .map(|(file, template)| (file.to_owned(), print(&environment, template, &context).into_bytes()))
            .collect();
        let policies = deployer::policies(stack, self.description(), &self.emitted(&files));
        if let Some(template) = files.get_mut(Self::TEMPLATE) {
            *template = with_definition(template, &stack.machine.definition);
        }
        files.extend(policies);
        files
    }

    /// The zip is in a bucket, for CloudFormation reads no files; tags are fixed, for it has no parameters that are
    /// maps; a stack is in the region that it is made in.
    fn offer(&self, parameter: &Parameter) -> Option<Offer> {
        let of_terraform = matches!(
            parameter.key,
            ParameterKey::HandlerZipPath | ParameterKey::HandlerSourceCodeHash | ParameterKey::Region
        );
        if of_terraform || parameter.kind == ParameterKind::TextMap {
            return None;
        }
        let name = yaml::parameter_name(parameter.key);
        let conditions = [yaml::condition_name(parameter.key), yaml::overrides_name(parameter.key)];
        let mentions = [name.clone()].into_iter().chain(conditions).collect();
        let required = default(parameter).is_none();
        Some(Offer { name, mentions, required, own_default: own_default(parameter) })
    }

    fn emitted(&self, files: &Files) -> Vec<Emitted> {
        let head = |line: &str, next: &str| {
            let id = line.strip_prefix("  ")?.strip_suffix(':').filter(|id| !id.starts_with(' '))?;
            let kind = next.strip_prefix("    Type: ").filter(|kind| kind.starts_with("AWS::"))?;
            Some((id.to_owned(), kind.to_owned()))
        };
        let described = files.iter().filter(|(path, _)| path.strip_suffix(".yaml").is_some());
        let texts = described.filter_map(|(path, text)| Some((path, std::str::from_utf8(text).ok()?)));
        let is_end = |line: &str| !line.is_empty() && !line.starts_with(' ');
        texts.flat_map(|(path, text)| blocks(path, text, head, is_end)).collect()
    }

    fn output_name(&self, key: &str) -> String {
        pascal(key)
    }

    fn deploy_guide(&self, view: &View<'_>) -> String {
        print(&template::compiled(GUIDES), GUIDE, &view.seen)
    }

    fn removal_guide(&self, view: &View<'_>) -> String {
        print(&template::compiled(GUIDES), REMOVAL, &view.seen)
    }

    fn group_tags(&self, tags: &[(&str, &str)]) -> String {
        let item = |(key, value): &(&str, &str)| {
            let value = yaml::quoted(value);
            format!("  - Key: {key}\n    Value: {value}\n    PropagateAtLaunch: false\n")
        };
        format!("Tags:\n{}", tags.iter().map(item).collect::<String>())
    }
}

/// The template with the definition where [`DEFINITION`] stands.
///
/// # Panics
/// If it stands nowhere: templates are compiled in, so the first test to render meets it.
fn with_definition(template: &[u8], definition: &str) -> Vec<u8> {
    let mark = DEFINITION.as_bytes();
    let at = template.windows(mark.len()).position(|window| window == mark);
    let at = at.expect("the template has a place for the definition");
    let lines = definition.lines().count();
    let mut whole = Vec::with_capacity(template.len() + definition.len() + lines * INDENT.len());
    whole.extend_from_slice(&template[..at]);
    for line in definition.lines() {
        whole.extend_from_slice(INDENT.as_bytes());
        whole.extend_from_slice(line.as_bytes());
        whole.push(b'\n');
    }
    whole.extend_from_slice(&template[at + mark.len()..]);
    whole
}

/// Where the zip is published, the template says where: as a parameter's default an update would keep the former key.
fn offered(stack: &Stack) -> impl Iterator<Item = &Parameter> {
    let says_where =
        |key: ParameterKey| matches!(key, ParameterKey::HandlerS3Bucket | ParameterKey::HandlerS3Key);
    let is_asked =
        move |each: &&Parameter| stack.function.code.published().is_none() || !says_where(each.key);
    stack.parameters.iter().filter(|each| CloudFormation.offer(each).is_some()).filter(is_asked)
}

/// Parameters under a heading, for the form in the console.
#[derive(Debug, Serialize)]
struct ParameterGroup {
    title: &'static str,
    parameters: Vec<String>,
}

fn groups(stack: &Stack) -> Vec<ParameterGroup> {
    let group = |group: &Group| ParameterGroup {
        title: group.title(),
        parameters: offered(stack)
            .filter(|each| each.group == *group)
            .map(|each| yaml::parameter_name(each.key))
            .collect(),
    };
    Group::ALL.iter().map(group).filter(|group| !group.parameters.is_empty()).collect()
}

/// The regions that the template may be deployed to.
fn regions(stack: &Stack) -> Value {
    let known = stack.parameters.iter().find_map(|parameter| match &parameter.check {
        Check::Region { known, .. } => Some(known.iter().cloned()),
        _ => None,
    });
    Value::list(known.into_iter().flatten())
}

fn tag_list(stack: &Stack) -> Value {
    Value::list(
        stack
            .tags
            .iter()
            .map(|(key, value)| Value::map([("Key", Value::from(&**key)), ("Value", Value::from(&**value))])),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_ready_to_paste() {
        assert_eq!(
            CloudFormation.group_tags(&[("autorecycle_strategy", "out-in")]),
            "Tags:\n  - Key: autorecycle_strategy\n    Value: \"out-in\"\n    PropagateAtLaunch: false\n"
        );
    }
}
