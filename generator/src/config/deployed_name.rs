//! The name under which a stack is deployed, and known to whoever operates it.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use super::text::{Environment, StackName};
use crate::names;
use crate::problem::shown;

/// What every resource's name of a stack starts with: its name and its environment, with a hyphen between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeployedName(String);

impl FromStr for DeployedName {
    type Err = String;

    /// # Errors
    /// Why no stack has this name, and what names look like.
    fn from_str(text: &str) -> Result<Self, String> {
        let is_pair = |(at, hyphen): (usize, &str)| {
            let (name, environment) = (&text[..at], &text[at + hyphen.len()..]);
            name.parse::<StackName>().is_ok() && environment.parse::<Environment>().is_ok()
        };
        let room = names::tightest().prefix_length_max();
        if text.len() <= room && text.match_indices('-').any(is_pair) {
            return Ok(Self(text.to_owned()));
        }
        Err(format!(
            "`{}` is no stack's deployed name: that is `NAME-ENVIRONMENT` as in stack.yaml, such as `{}-{}`; {}, {room} characters at most",
            shown(text),
            StackName::format().example,
            Environment::format().example,
            StackName::format().takes,
        ))
    }
}

impl Deref for DeployedName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeployedName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deployed_name_is_one_that_a_stack_can_have() {
        let is_one = |text: &str| text.parse::<DeployedName>().is_ok();
        let longest = format!("a-{}", "b".repeat(names::tightest().prefix_length_max() - 2));
        for sound in ["webops-production", "a-1", "webops-recycle-2024-test", &longest] {
            assert!(is_one(sound), "{sound}");
        }
        for odd in [
            "webops",
            "Web-ops",
            "web ops-x",
            "-web-x",
            "web-x-",
            "2web-x",
            "web--x",
            "",
            "-",
            &format!("{longest}b"),
        ] {
            assert!(!is_one(odd), "{odd}");
        }
        let said = "Web Ops".parse::<DeployedName>().expect_err("no name");
        assert!(
            said.contains("`Web Ops` is no stack's deployed name") && said.contains("40 characters"),
            "{said}"
        );
    }
}
