//! A call of a template's macro says by name what it passes: `retry(attempts_max=30)`.

use std::fs;
use std::path::Path;

use regex::Regex;

use super::frame::files;

#[test]
fn calls_of_macros_name_their_arguments() {
    let root = super::repository().join("templates/strategies");
    let read = |path: &Path| fs::read_to_string(path).expect("a text");
    let texts: Vec<_> = files(&root)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "j2" || extension == "md"))
        .map(|path| (path.clone(), read(&path)))
        .collect();
    let declaration = Regex::new(r"<%-? *macro (\w+)\(").expect("it is a pattern");
    let mut macros: Vec<_> = texts
        .iter()
        .flat_map(|(_, text)| declaration.captures_iter(text))
        .map(|found| found[1].to_owned())
        .collect();
    macros.sort_unstable();
    macros.dedup();
    assert!(macros.len() > 50, "{macros:?}");
    // The first is enough: what follows an argument with a name must have one.
    let call = format!(r"(?:^|[^\w$.])({})\(\s*([^)\s]\S*)", macros.join("|"));
    let [tag, call, named] = [r"(?s)<<.*?>>|<%.*?%>", call.as_str(), r"^\w+\s*=(?:[^=]|$)"]
        .map(|pattern| Regex::new(pattern).expect("it is a pattern"));
    let mut unnamed = Vec::new();
    for (path, text) in &texts {
        for tag in tag.find_iter(text).filter(|tag| !declaration.is_match(tag.as_str())) {
            let calls = call.captures_iter(tag.as_str()).filter(|call| !named.is_match(&call[2]));
            unnamed.extend(
                calls.map(|call| format!("{}: `{}(…)` in `{}`", path.display(), &call[1], tag.as_str())),
            );
        }
    }
    assert!(unnamed.is_empty(), "{}", unnamed.join("\n"));
}
