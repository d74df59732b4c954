//! ARNs of state machines and executions: taken apart once, put together in one place.

use std::fmt;

/// ARN of a state machine, perhaps of one version or alias of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateMachineArn {
    /// `arn:<partition>:states:<region>:<account>`, without a colon at the end.
    prefix: String,
    region: String,
    account_id: String,
    name: String,
    qualifier: Option<String>,
}

impl StateMachineArn {
    /// Reads `arn:<partition>:states:<region>:<account>:stateMachine:<name>[:<version or alias>]`; `None` for
    /// anything else, which includes the `<name>/<label>` of a distributed map's children.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split(':').collect();
        let (["arn", partition, "states", region, account_id, "stateMachine", name], qualifier) =
            parts.split_at_checked(7)?
        else {
            return None;
        };
        let qualifier = match qualifier {
            [] => None,
            [one] if !one.is_empty() => Some((*one).to_owned()),
            _ => return None,
        };
        let complete = [partition, region, account_id].iter().all(|part| !part.is_empty());
        (complete && is_machine_name(name)).then(|| Self {
            prefix: format!("arn:{partition}:states:{region}:{account_id}"),
            region: (*region).to_owned(),
            account_id: (*account_id).to_owned(),
            name: (*name).to_owned(),
            qualifier,
        })
    }

    /// Its name, which is its stack's.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The region it runs in.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The account it belongs to.
    pub fn account_id(&self) -> &str {
        &self.account_id
    }

    /// The machine called `name` in the same account and region.
    #[must_use]
    pub fn sibling(&self, name: &str) -> Self {
        Self { name: name.to_owned(), qualifier: None, ..self.clone() }
    }

    /// Whether `arn` names this machine, whatever the version or alias of either.
    pub fn is_machine_of(&self, arn: &str) -> bool {
        Self::parse(arn).is_some_and(|other| other.prefix == self.prefix && other.name == self.name)
    }

    /// ARN of this machine's execution called `name`; versions and aliases share the names of their machine.
    pub fn execution(&self, name: &str) -> String {
        format!("{}:execution:{}:{name}", self.prefix, self.name)
    }
}

impl fmt::Display for StateMachineArn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:stateMachine:{}", self.prefix, self.name)?;
        self.qualifier.as_ref().map_or(Ok(()), |qualifier| write!(formatter, ":{qualifier}"))
    }
}

/// Whether Step Functions and its logging take `name` for a machine: 1 to 80 of letters, digits, `-` and `_`.
pub fn is_machine_name(name: &str) -> bool {
    (1..=80).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MACHINE: &str = "arn:aws-us-gov:states:us-gov-west-1:123456789012:stateMachine:asg-recycle-prod";

    #[test]
    fn an_arn_prints_as_it_was_read() {
        for text in [MACHINE.to_owned(), format!("{MACHINE}:7"), format!("{MACHINE}:live")] {
            assert_eq!(StateMachineArn::parse(&text).map(|arn| arn.to_string()), Some(text));
        }
    }

    #[test]
    fn anything_else_is_not_read() {
        for text in [
            "",
            "asg-recycle-prod",
            "arn:aws:states:eu-west-2:123456789012:stateMachine",
            "arn:aws:states:eu-west-2:123456789012:stateMachine:",
            "arn:aws:states::123456789012:stateMachine:m",
            "arn:aws:states:eu-west-2:123456789012:stateMachine:m/label",
            "arn:aws:states:eu-west-2:123456789012:stateMachine:m:",
            "arn:aws:states:eu-west-2:123456789012:stateMachine:m:1:2",
            "arn:aws:states:eu-west-2:123456789012:execution:m:run",
        ] {
            assert_eq!(StateMachineArn::parse(text), None, "{text}");
        }
    }

    #[test]
    fn versions_and_aliases_are_the_same_machine_and_children_are_not() {
        let machine = StateMachineArn::parse(MACHINE).unwrap();
        let version = StateMachineArn::parse(&format!("{MACHINE}:3")).unwrap();
        assert!(machine.is_machine_of(&format!("{MACHINE}:live")));
        assert!(version.is_machine_of(MACHINE));
        assert!(!machine.is_machine_of(&format!("{MACHINE}-other")));
        assert!(!machine.is_machine_of(&format!("{MACHINE}/Each instance")));
        assert!(!machine.is_machine_of(&MACHINE.replace("us-gov-west-1", "us-gov-east-1")));
    }

    #[test]
    fn a_sibling_and_an_execution_keep_partition_region_and_account() {
        let machine = StateMachineArn::parse(&format!("{MACHINE}:live")).unwrap();
        let sibling = machine.sibling("other");
        assert_eq!(
            sibling.to_string(),
            "arn:aws-us-gov:states:us-gov-west-1:123456789012:stateMachine:other"
        );
        assert_eq!(
            sibling.execution("run"),
            "arn:aws-us-gov:states:us-gov-west-1:123456789012:execution:other:run"
        );
    }
}
