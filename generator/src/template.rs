//! The one template environment: strict about undefined names, with delimiters that leave `JSONata`'s `{% %}` and
//! Terraform's `${}` alone.

use include_dir::{Dir, include_dir};
use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, UndefinedBehavior};

/// Everything under `templates/`.
pub(crate) static TEMPLATES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../templates");

/// An environment that finds templates by their path under `templates/`. Blocks are `<% %>`, values `<< >>`,
/// comments `<# #>`; nothing is escaped, so that a template says exactly what it prints.
pub(crate) fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder()
        .block_delimiters("<%", "%>")
        .variable_delimiters("<<", ">>")
        .comment_delimiters("<#", "#>")
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build()
        .expect("the delimiters are distinct");
    environment.set_syntax(syntax);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.set_loader(|path| {
        Ok(TEMPLATES.get_file(path).and_then(|file| file.contents_utf8()).map(str::to_owned))
    });
    environment
}
