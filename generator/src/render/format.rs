//! What every output format has to say for itself.

use std::collections::BTreeMap;
use std::fmt::Debug;

use super::emitted::Emitted;
use super::print::seen;
use crate::stack::value::Value;
use crate::stack::{Parameter, Stack};

/// Generated files: path under the output folder, `/`-separated, to contents.
pub type Files = BTreeMap<String, Vec<u8>>;

/// A stack, and what templates see of it: made once for all that is rendered of it.
#[derive(Debug)]
pub struct View<'a> {
    /// The stack.
    pub stack: &'a Stack,
    /// It, as templates see it.
    pub(super) seen: minijinja::Value,
}

impl<'a> View<'a> {
    /// A view of a stack.
    pub fn of(stack: &'a Stack) -> Self {
        Self { stack, seen: seen(stack) }
    }
}

/// An output format. Everything that is particular to one, in files and in prose, comes from here.
pub trait OutputFormat: Debug + Sync {
    /// Its names and nouns.
    fn description(&self) -> &'static Description;

    /// The files that describe the stack, by path under the output folder.
    fn files(&self, view: &View<'_>) -> Files;

    /// The same of a stack of which nothing else is rendered.
    fn render(&self, stack: &Stack) -> Files {
        self.files(&View::of(stack))
    }

    /// The resources that its files describe.
    fn emitted(&self, files: &Files) -> Vec<Emitted>;

    /// Its name of an output.
    fn output_name(&self, key: &str) -> String;

    /// How the format offers a parameter; nothing where it has something of its own for it, as Terraform has for tags, or
    /// cannot deploy what it chooses.
    fn offer(&self, parameter: &Parameter) -> Option<Offer>;

    /// How to deploy the files, in Markdown: exact commands, without a heading.
    fn deploy_guide(&self, view: &View<'_>) -> String;

    /// What there is to know of removing the deployed stack, in Markdown, without a heading.
    fn removal_guide(&self, view: &View<'_>) -> String;

    /// Tags as they are written on a group that is described in the format.
    fn group_tags(&self, tags: &[(&str, &str)]) -> String;
}

/// A format in words.
#[derive(Debug)]
pub struct Description {
    /// The word on the command line, which is also the folder of its templates.
    pub name: &'static str,
    /// The name that people call it by.
    pub title: &'static str,
    /// What it is, in a sentence with its period.
    pub summary: &'static str,
    /// What it calls a parameter, e.g. `variable`.
    pub parameter_noun: &'static str,
    /// What it calls an Auto Scaling group, e.g. `aws_autoscaling_group`.
    pub group_noun: &'static str,
    /// What there is to know of a roll-back, to complete "with Terraform …"; empty where there is nothing.
    pub roll_back: &'static str,
    /// What it does where a key of `stack.yaml` changes that a deployed stack cannot change in place: the key, and what completes
    /// "Terraform …". Every format says it of the same keys.
    pub changes: &'static [(&'static str, &'static str)],
    /// How the line of its files begins that puts a function into a VPC, which asks for more of whoever deploys it.
    pub function_in_vpc: &'static str,
    /// How the line begins that has a function's code signed, which does so too.
    pub function_signed: &'static str,
    /// The language of its snippets in Markdown.
    pub language: &'static str,
    /// Its files and folders under the output folder, each with what it is, without a period.
    pub contents: &'static [(&'static str, &'static str)],
    /// Those that it has besides where the handler is a container image.
    pub image_contents: &'static [(&'static str, &'static str)],
}

/// How a format offers a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The parameter's name in the format.
    pub name: String,
    /// What stands in its files where the value is used.
    pub mentions: Vec<String>,
    /// Whether a deployment has to give it a value.
    pub required: bool,
    /// Its value where none is given, where that is not the stack's default.
    pub own_default: Option<Value>,
}
