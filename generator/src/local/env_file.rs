//! Files of environment variables: `NAME=VALUE` a line, as shells and Docker read them.

use std::collections::BTreeMap;

/// Reads a file's text.
///
/// # Errors
/// Every line that is none of a variable, with its number and what would be right.
pub fn parse(text: &str) -> Result<BTreeMap<String, String>, Vec<String>> {
    let (mut variables, mut faults) = (BTreeMap::new(), Vec::new());
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match variable(line) {
            Ok((name, value)) => drop(variables.insert(name, value)),
            Err(reason) => faults.push(format!("{number}: {reason}")),
        }
    }
    if faults.is_empty() { Ok(variables) } else { Err(faults) }
}

// What a line holds may be a secret: messages do not repeat it.
fn variable(line: &str) -> Result<(String, String), &'static str> {
    let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
    let (name, value) = line.split_once('=').ok_or("write `NAME=VALUE`")?;
    let starts = |letter: char| letter.is_ascii_alphabetic() || letter == '_';
    let is_name =
        name.starts_with(starts) && name.chars().all(|letter| starts(letter) || letter.is_ascii_digit());
    if !is_name {
        return Err("a name is made of letters, digits and `_`, without spaces before the `=`");
    }
    let value = value.trim();
    for quote in ['"', '\''] {
        if let Some(rest) = value.strip_prefix(quote) {
            let inner = rest.strip_suffix(quote).filter(|inner| !inner.contains(quote));
            return inner.map(|inner| (name.to_owned(), inner.to_owned())).ok_or("the quotes do not close");
        }
    }
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn variables_are_read_with_and_without_quotes() {
        let text = "# mine\nA=1\n\nexport B = x\n";
        assert_eq!(
            parse(text).unwrap_err(),
            ["4: a name is made of letters, digits and `_`, without spaces before the `=`"]
        );
        let read = parse("A=1\r\nexport B=\"x y\"\nC='a=b'\nD=\n").unwrap();
        let read: Vec<_> = read.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(read, [("A", "1"), ("B", "x y"), ("C", "a=b"), ("D", "")]);
    }

    #[test]
    fn the_example_has_only_variables_that_the_function_reads() {
        use asg_recycle_handler::contract::{CONNECTION_VARIABLES, VARIABLES};
        let text = include_str!("../../../examples/webops/.env.example");
        assert_eq!(parse(text).map(|variables| variables.len()), Ok(0), "all of it is commented out");
        let lines = text.lines().filter_map(|line| line.strip_prefix('#'));
        let variables: Vec<&str> = lines.filter(|line| !line.starts_with(' ')).collect();
        let read = parse(&variables.join("\n")).unwrap();
        let known = VARIABLES.iter().chain(CONNECTION_VARIABLES).map(|variable| variable.name);
        let credentials = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
        let known: Vec<&str> = known.chain(credentials).chain(["AWS_LAMBDA_LOG_LEVEL"]).collect();
        assert!(read.len() > 5 && read.keys().all(|name| known.contains(&name.as_str())), "{read:?}");
    }

    #[test]
    fn every_fault_is_told_and_no_value_repeated() {
        let faults = parse("secret\nA='x\n1A=y\n").unwrap_err();
        assert_eq!(faults.len(), 3);
        assert!(!faults.concat().contains("secret"));
    }
}
