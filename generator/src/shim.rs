//! Stands in for parts that are written elsewhere, under the names they will have.

use crate::asl::Machine;
use crate::problem::Problems;
use crate::render::{Files, Format};
use crate::stack::Stack;

struct Plain(&'static str, &'static str);

impl Format for Plain {
    fn name(&self) -> &'static str {
        self.0
    }
    fn render(&self, stack: &Stack) -> Files {
        Files::from([(self.1.to_owned(), format!("# {stack:?}\n").into_bytes())])
    }
}

/// Will be `render::FORMATS`.
pub(crate) static FORMATS: &[&dyn Format] =
    &[&Plain("terraform", "terraform/versions.tf"), &Plain("cloudformation", "cloudformation/template.yaml")];

/// Will be `render::shared(&Stack)`.
pub(crate) fn shared(_stack: &Stack, machine: &Machine) -> Files {
    let readme = ("README.md".to_owned(), b"# Deploy\n".to_vec());
    Files::from([readme, ("state_machine.asl.json".to_owned(), machine.definition.clone().into_bytes())])
}

/// Will be `config::starter()`.
pub(crate) fn starter() -> String {
    "# yaml-language-server: $schema=./stack.schema.json\nname: asg-recycle\n".to_owned()
}

/// Will be `config::json_schema()`.
pub(crate) fn json_schema() -> String {
    "{}\n".to_owned()
}

/// Will be `problems.render(file, source, colour)`.
pub(crate) fn render_problems(problems: &Problems, file: &str, _source: &str, _colour: bool) -> String {
    format!("{file}: {problems:?}\n")
}
