//! `init`: a `stack.yaml` to start from.

use std::path::{Component, PathBuf};

use super::context::Context;
use super::exit_code::Failure;
use super::writing;
use crate::config::{self, SCHEMA_FILE};
use crate::output::{self, Edits};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Where to write; made where it is missing.
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// Overwrite a stack.yaml that is there.
    #[arg(long)]
    force: bool,
}

const FILE: &str = "stack.yaml";

pub(super) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let edits = if arguments.force { Edits::Overwrite } else { Edits::Protect };
    let folder: PathBuf = arguments.folder.components().filter(|part| *part != Component::CurDir).collect();
    let file = folder.join(FILE);
    let is_new = output::write_single(&file, config::starter().as_bytes(), edits)?;
    let schema = folder.join(SCHEMA_FILE);
    if !is_new && schema.exists() {
        return Err(Failure::Input(format!(
            "`{}` is there already; use `--force` to overwrite it",
            file.display()
        )));
    }
    output::write_single(&schema, schema_text().as_bytes(), Edits::Overwrite)?; // not for editing
    if !is_new {
        let wrote = format!("wrote {}; {} is there already, and stays\n", schema.display(), file.display());
        return context.console.result(&wrote);
    }
    context.console.result(&format!(
        "wrote {file} and, for editors, {schema}\n\
         next: edit {file}, then run `asg-recycle build {word} --out out`\n",
        file = file.display(),
        word = writing::pasted(&file),
        schema = schema.display(),
    ))
}

/// The JSON Schema of `stack.yaml`, as printed and written.
pub(super) fn schema_text() -> String {
    format!("{:#}\n", config::json_schema())
}
