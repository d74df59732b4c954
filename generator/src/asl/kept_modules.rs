//! Modules of macros that are evaluated once for a file of states. The engine evaluates a module wherever it is imported: with all
//! that modules import themselves, 700 times for one machine, which is a third of its rendering.

use std::fmt::Write as _;

use minijinja::{Environment, State, Value};

/// Where a rendering keeps a module: among what the engine holds for it, under the path.
const KEEP: &str = "keep_module";
const FIND: &str = "kept_module";

/// A template's text, in which each line `<% from "PATH" import NAMES %>` asks for the module that is kept, and imports and keeps it
/// only where there is none yet. Lines stay what they are, and so do the lines that faults are told of.
pub(super) fn kept(text: &str) -> String {
    let mut kept = String::with_capacity(text.len() * 2);
    for line in text.split_inclusive('\n') {
        match import(line) {
            Some((path, names)) => write(&mut kept, path, names, line.ends_with('\n')),
            None => kept.push_str(line),
        }
    }
    kept
}

/// The path and the names of a line that imports, and does nothing else.
fn import(line: &str) -> Option<(&str, &str)> {
    let (path, names) = line.strip_prefix("<% from \"")?.split_once("\" import ")?;
    Some((path, names.trim_end().strip_suffix(" %>")?)).filter(|(_, names)| !names.contains("%>"))
}

/// A name that begins with `_` is not exported.
fn write(kept: &mut String, path: &str, names: &str, ends_line: bool) {
    let found = format!("<% set _module = {FIND}(\"{path}\") %><% if _module is none %>");
    let imported =
        format!("<% import \"{path}\" as _module %><% do {KEEP}(\"{path}\", _module) %><% endif %>");
    kept.extend([found, imported]);
    for name in names.split(',').map(str::trim) {
        let (name, local) = name.split_once(" as ").unwrap_or((name, name));
        let _ = write!(kept, "<% set {local} = _module.{name} %>"); // a String takes all
    }
    kept.push_str(if ends_line { "\n" } else { "" });
}

/// What such texts call.
pub(super) fn add_to(environment: &mut Environment<'_>) {
    environment.add_function(FIND, |state: &mut State<'_, '_>, path: &str| state.get_temp(path));
    environment.add_function(KEEP, |state: &mut State<'_, '_>, path: &str, module: Value| {
        state.set_temp(path, module);
    });
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::template;

    const TEXTS: [(&str, &str); 3] = [
        (
            "a",
            "<# A #>\n<% from \"b\" import one, two as zwei %>\n<% from \"c\" import three %>\n<< one() >><< zwei() >><< three() >>\n",
        ),
        (
            "b",
            "<% from \"c\" import three %>\n<% macro one() %>1<< three() >><% endmacro %>\n<% macro two() %>2<% endmacro %>\n",
        ),
        ("c", "<% do count() %>\n<% macro three() %>3<% endmacro %>\n"),
    ];

    fn rendered(prepare: fn(&str) -> String) -> (String, usize) {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let mut environment = template::environment();
        environment.add_function("count", move || counted.fetch_add(1, Ordering::Relaxed));
        let text =
            move |path: &str| TEXTS.iter().find(|(name, _)| *name == path).map(|(_, text)| prepare(text));
        environment.set_loader(move |path| Ok(text(path)));
        add_to(&mut environment);
        let render = || environment.get_template("a").and_then(|template| template.render(()));
        let text = render().expect("it renders");
        assert_eq!(render().expect("it renders again"), text, "a second rendering has modules of its own");
        (text, count.load(Ordering::Relaxed))
    }

    #[test]
    fn a_module_is_evaluated_once_in_a_rendering_and_prints_the_same() {
        let (text, evaluated) = rendered(kept);
        assert_eq!((text.as_str(), evaluated), ("1323\n", 2));
        assert_eq!(rendered(str::to_owned), (text, 4));
    }

    #[test]
    fn lines_stay_and_only_whole_imports_are_replaced() {
        let lines = "<% from \"x\" import a %>\n  <% from \"x\" import a %>\n<% from \"x\" import a %><< a() >>\n<% from \"x\" import a %>";
        let kept = kept(lines);
        assert_eq!(kept.lines().count(), lines.lines().count());
        assert_eq!(kept.ends_with('\n'), lines.ends_with('\n'));
        assert_eq!(kept.matches("<% from ").count(), 2, "{kept}");
    }
}
