//! The stack as a Terraform module, and a root that calls it.

use minijinja::context;
use serde::Serialize;

use super::deployer;
use super::emitted::{Emitted, blocks};
use super::format::{Description, Files, Offer, OutputFormat, View};
use super::hcl;
use super::print::{GUIDES, bounded, environment, print, seen};
use crate::names;
use crate::stack::parameter::{Check, ParameterKey, ParameterKind};
use crate::stack::value::Value;
use crate::stack::{Parameter, Stack};
use crate::template;

/// A module with a file for each concern, the definition beside them, and a root that calls it.
#[derive(Debug, Clone, Copy)]
pub struct Terraform;

/// Folders under `templates/` that mirror the folders emitted: the module, its tests, an example, and a root that calls it.
const FOLDERS: &[&str] =
    &["terraform", "terraform/tests", "terraform/examples/two-regions", "terraform-root"];

/// The same, where the handler is an image: a root that makes its repository.
const REPOSITORY_FOLDER: &str = "terraform-repository";

/// How to deploy it.
const GUIDE: &str = "readme/terraform.md.j2";
const REMOVAL: &str = "readme/terraform_removal.md.j2";

impl OutputFormat for Terraform {
    fn description(&self) -> &'static Description {
        &Description {
            name: "terraform",
            title: "Terraform",
            summary: "A Terraform module.",
            parameter_noun: "variable",
            group_noun: "aws_autoscaling_group",
            roll_back: "",
            changes: &[
                ("permissions.role_path", "takes both roles away before it makes the new ones"),
                ("encryption.customer_key", "takes that key away at once"),
                ("package.kind", "takes the function away before it makes the new one"),
            ],
            function_in_vpc: "vpc_config {",
            function_signed: "code_signing_config_arn ",
            language: "hcl",
            contents: &[
                ("terraform/", "the stack as a Terraform module"),
                ("terraform-root/", "a root that deploys the module, with its state in S3"),
                ("deployer-policy/terraform-*.json", "what whoever plans and applies has to be allowed"),
            ],
            image_contents: &[(
                "terraform-repository/",
                "a root that makes the repository of the handler's images",
            )],
        }
    }

    fn files(&self, view: &View<'_>) -> Files {
        let stack = view.stack;
        let environment = environment(FOLDERS[0], "hcl", hcl::expression);
        let variables: Vec<Variable> = stack.parameters.iter().map(Variable::new).collect();
        let context = context! {
            variables => seen(variables),
            own_topics => format!(":{}$", names::topics_of(&stack.name)),
            is_of_one_region => is_of_one_region(stack),
            has_two_regions => !is_of_one_region(stack) && stack.guide.other_region.is_some(),
            ..view.seen.clone()
        };
        let repository = stack.repository.iter().map(|_| &REPOSITORY_FOLDER);
        let folders = FOLDERS.iter().chain(repository).filter_map(|folder| template::folder(folder));
        let templates = folders.flat_map(include_dir::Dir::files).filter_map(|file| file.path().to_str());
        let file = |template: &str| {
            let path = template.strip_suffix(template::SUFFIX).unwrap_or(template).to_owned();
            let text = print(&environment, template, &context);
            let is_prose = path.strip_suffix(".md").is_some();
            (path, if is_prose { text } else { hcl::aligned(&text) }.into_bytes())
        };
        let definition = format!("{}/{}", FOLDERS[0], stack.machine.file);
        let mut files: Files = templates.map(file).filter(|(_, text)| says_anything(text)).collect();
        files.insert(definition, stack.machine.definition.as_bytes().to_vec());
        files.extend(deployer::policies(stack, self.description(), &self.emitted(&files)));
        files
    }

    fn emitted(&self, files: &Files) -> Vec<Emitted> {
        let head = |line: &str, _: &str| {
            let mut parts = line.strip_prefix("resource \"")?.split('"');
            let (kind, label) = (parts.next()?, parts.nth(1)?);
            Some((format!("{kind}.{label}"), kind.to_owned()))
        };
        let described = files.iter().filter(|(path, _)| path.strip_suffix(".tf").is_some());
        let texts = described.filter_map(|(path, text)| Some((path, std::str::from_utf8(text).ok()?)));
        texts.flat_map(|(path, text)| blocks(path, text, head, |line| line == "}")).collect()
    }

    fn output_name(&self, key: &str) -> String {
        key.to_owned()
    }

    fn offer(&self, parameter: &Parameter) -> Option<Offer> {
        let required = parameter.default.is_none() && !may_be_null(parameter);
        let mentions = vec![hcl::variable(parameter.key)];
        Some(Offer { name: parameter.key.as_str().to_owned(), mentions, required, own_default: None })
    }

    fn deploy_guide(&self, view: &View<'_>) -> String {
        print(&environment(GUIDES, "hcl", hcl::expression), GUIDE, &view.seen)
    }

    fn removal_guide(&self, view: &View<'_>) -> String {
        print(&environment(GUIDES, "hcl", hcl::expression), REMOVAL, &view.seen)
    }

    fn group_tags(&self, tags: &[(&str, &str)]) -> String {
        let block = |(key, value): &(&str, &str)| {
            let [key, value] = [key, value].map(|text| hcl::quoted(text));
            hcl::aligned(&format!(
                "tag {{\n  key = {key}\n  value = {value}\n  propagate_at_launch = false\n}}\n"
            ))
        };
        tags.iter().map(block).collect::<Vec<_>>().join("\n")
    }
}

/// Whether no other region can have it: where versions are published, `stack.yaml` alone says which subnets the function is in.
fn is_of_one_region(stack: &Stack) -> bool {
    stack.function.network.is_some() && stack.function.alias.is_some()
}

/// Whether there is more than comments in it: what the stack does not have needs no file.
fn says_anything(text: &[u8]) -> bool {
    let lines = text.split(|byte| *byte == b'\n');
    lines.into_iter().any(|line| !line.is_empty() && !line.starts_with(b"#"))
}

/// A parameter as a Terraform variable; expressions are printed.
#[derive(Debug, Serialize)]
struct Variable {
    name: &'static str,
    description: &'static str,
    kind: &'static str,
    nullable: bool,
    /// Whether its value is a secret.
    secret: bool,
    /// What its values are where they are things of one region: `arn`, or `name`.
    regional: Option<&'static str>,
    /// Absent where a value has to be given.
    default: Option<String>,
    /// Absent where any value is as good as another.
    condition: Option<String>,
    error_message: String,
}

impl Variable {
    fn new(parameter: &Parameter) -> Self {
        let name = parameter.key.as_str();
        let nullable = may_be_null(parameter);
        let is_arn = matches!(&parameter.check, Check::Pattern { pattern, .. } if pattern.contains("arn:"));
        let default = parameter.default.as_ref().map(|value| hcl::expression(value, 2));
        let (condition, must_be) = match &parameter.check {
            Check::Any => (None, String::new()),
            Check::TagKeys => {
                let free =
                    format!("alltrue([for key in keys(var.{name}) : !can(regex(\"^[aA][wW][sS]:\", key))])");
                (Some(free), "without keys that begin with aws:, which AWS keeps for itself".to_owned())
            }
            Check::Pattern { pattern, length_max, meaning } => (
                Some(matches(parameter, nullable, pattern, *length_max)),
                bounded(meaning, *length_max, parameter.kind)
                    + if needs_an_item(parameter) { ", and at least one" } else { "" },
            ),
            Check::Region { partition, known } => {
                let known = hcl::expression(&Value::list(known.iter().cloned()), 4);
                let condition =
                    format!("var.{name} == null || contains({known}, coalesce(var.{name}, \"none\"))");
                let must_be = format!(
                    "a region of the partition {partition}: for one that is newer, add it to newer_regions in stack.yaml and generate again"
                );
                (Some(condition), must_be)
            }
            Check::OneOf(values) => {
                let values: Vec<String> = values.iter().map(|value| hcl::expression(value, 0)).collect();
                let condition = format!("contains([{}], var.{name})", values.join(", "));
                (Some(condition), values.join(", ").replace('"', ""))
            }
        };
        Self {
            name,
            description: parameter.description,
            kind: kind(parameter.kind),
            nullable,
            secret: parameter.secret,
            regional: parameter.key.is_regional().then_some(if is_arn { "arn" } else { "name" }),
            default: default.or_else(|| nullable.then(|| "null".to_owned())),
            condition,
            error_message: match parameter.check {
                Check::OneOf(_) => format!("{name} must be one of {must_be}."),
                _ if parameter.kind == ParameterKind::TextList => format!("{name} must each be {must_be}."),
                _ => format!("{name} must be {must_be}."),
            },
        }
    }
}

/// A zip in a bucket is optional here: a module can read the one beside it. A list is never null, only empty.
fn may_be_null(parameter: &Parameter) -> bool {
    let optional = parameter.optional && parameter.kind != ParameterKind::TextList;
    optional || matches!(parameter.key, ParameterKey::HandlerS3Bucket | ParameterKey::HandlerS3Key)
}

/// A list of which "nothing" is no value.
fn needs_an_item(parameter: &Parameter) -> bool {
    parameter.kind == ParameterKind::TextList && !parameter.optional
}

fn kind(kind: ParameterKind) -> &'static str {
    match kind {
        ParameterKind::Text => "string",
        ParameterKind::Number => "number",
        ParameterKind::Bool => "bool",
        ParameterKind::TextList => "list(string)",
        ParameterKind::TextMap => "map(string)",
    }
}

fn matches(parameter: &Parameter, nullable: bool, pattern: &str, length_max: Option<usize>) -> String {
    let regex = hcl::quoted(&format!("^{pattern}$"));
    let variable = hcl::variable(parameter.key);
    if parameter.kind == ParameterKind::TextList {
        let count = length_max.map(|most| format!("length({variable}) <= {most} && ")).unwrap_or_default();
        let least =
            if needs_an_item(parameter) { format!("length({variable}) >= 1 && ") } else { String::new() };
        return format!("{least}{count}alltrue([for each in {variable} : can(regex({regex}, each))])");
    }
    // Both sides of `||` are evaluated before Terraform 1.12: `can` takes null, `length` does not.
    let shape = format!("can(regex({regex}, {variable}))");
    let measured = if nullable { format!("coalesce({variable}, \" \")") } else { variable.clone() };
    let length = length_max.map(|most| format!(" && length({measured}) <= {most}")).unwrap_or_default();
    if nullable { format!("{variable} == null || {shape}{length}") } else { format!("{shape}{length}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, LockHeldHours, PackageKind};
    use crate::{asl, stack};

    fn variables() -> Vec<Variable> {
        let config = Config::with_defaults("demo".parse().unwrap());
        let stack = stack::Stack::new(&config, &asl::build(&config).unwrap(), None).unwrap();
        stack.parameters.iter().map(Variable::new).collect()
    }

    fn variable(key: ParameterKey) -> Variable {
        variables().into_iter().find(|variable| variable.name == key.as_str()).unwrap()
    }

    #[test]
    fn tags_are_ready_to_paste() {
        assert_eq!(
            Terraform.group_tags(&[("a", "true"), ("b", "out-in")]),
            "tag {\n  key                 = \"a\"\n  value               = \"true\"\n  propagate_at_launch = false\n}\n\n\
             tag {\n  key                 = \"b\"\n  value               = \"out-in\"\n  propagate_at_launch = false\n}\n"
        );
    }

    /// What adds resources.
    fn every_option(mut config: Config) -> Config {
        config.encryption.customer_key = true;
        config.handler.alias = "live".parse().ok();
        config.alarms.dashboard = true;
        config.alarms.lock_held_hours = LockHeldHours::new(24).ok();
        config.logs.destination_arn = "arn:aws:lambda:eu-west-2:123456789012:function:logs".parse().ok();
        config
    }

    #[test]
    fn the_modules_page_has_every_file_variable_and_output_of_it() {
        for kind in [PackageKind::Zip, PackageKind::Image] {
            let mut config = Config::with_defaults("demo".parse().unwrap());
            config.package.kind = kind;
            if kind == PackageKind::Zip {
                config = every_option(config);
            }
            let stack = stack::Stack::new(&config, &asl::build(&config).unwrap(), None).unwrap();
            let files = Terraform.render(&stack);
            let page = std::str::from_utf8(&files["terraform/README.md"]).unwrap();
            let names = files.keys().filter_map(|path| path.strip_prefix("terraform/"));
            for name in names.map(|path| path.split('/').next().unwrap_or(path)) {
                let is_row =
                    page.lines().any(|line| line.starts_with("| `") && line.contains(&format!("`{name}`")));
                assert!(is_row || name == "README.md", "the table of files lacks {name}");
            }
            let described = stack.parameters.iter().map(|one| (one.key.as_str(), one.description));
            let described = described.chain(stack.outputs.iter().map(|one| (one.key, one.description)));
            for (name, description) in described {
                assert!(page.contains(&format!("| `{name}` | {description} |")), "{name}");
            }
        }
    }

    #[test]
    fn two_regions_are_an_example_of_what_two_regions_can_have() {
        let (alias, subnets) = (
            "handler: {alias: live}\n",
            "network: {subnet_ids: [subnet-0123abcd], security_group_ids: [sg-0123abcd]}\n",
        );
        for (options, is_there) in [
            (String::new(), true),
            (alias.to_owned(), true),
            (subnets.to_owned(), true),
            (format!("{alias}{subnets}"), false),
            ("region: eusc-de-east-1\n".to_owned(), false), // its partition has no other
        ] {
            let config = crate::config::parse(format!("name: demo\n{options}").as_bytes()).unwrap();
            let stack = stack::Stack::new(&config, &asl::build(&config).unwrap(), None).unwrap();
            let files = Terraform.render(&stack);
            let page = std::str::from_utf8(&files["terraform/README.md"]).unwrap();
            assert_eq!(files.contains_key("terraform/examples/two-regions/main.tf"), is_there, "{options}");
            assert_eq!(page.contains("examples"), is_there, "{page}");
            let told = Terraform.deploy_guide(&View::of(&stack)).contains("an example for two regions");
            assert_eq!(told, is_there, "{options}");
        }
    }

    #[test]
    fn every_resource_that_has_a_region_is_in_the_one_that_is_asked_for() {
        let config = every_option(Config::with_defaults("demo".parse().unwrap()));
        let stack = stack::Stack::new(&config, &asl::build(&config).unwrap(), None).unwrap();
        let emitted = Terraform.emitted(&Terraform.render(&stack));
        let regional: Vec<_> = emitted
            .iter()
            .filter(|one| !one.kind.starts_with("aws_iam_") && one.kind.starts_with("aws_"))
            .collect();
        assert!(regional.len() > 20, "{regional:?}");
        for one in regional {
            assert!(
                one.text.lines().any(|line| line.split_whitespace().eq(["region", "=", "var.region"])),
                "{}",
                one.text
            );
        }
    }

    #[test]
    fn nothing_has_to_be_given() {
        let required: Vec<&str> =
            variables().iter().filter(|each| each.default.is_none()).map(|each| each.name).collect();
        assert_eq!(required, [""; 0]);
    }

    #[test]
    fn the_zip_may_come_from_the_file_beside_the_module() {
        assert_eq!(variable(ParameterKey::HandlerS3Bucket).default.as_deref(), Some("null"));
        assert_eq!(variable(ParameterKey::HandlerZipPath).default.as_deref(), Some("null"));
    }
}
