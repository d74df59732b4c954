//! What groups and instances are named by.

use std::fmt;

/// Index of a group in its world.
pub type GroupIndex = usize;

/// An instance's id, counted from 1 in order of launch. It is written as long as EC2 writes ids, and in decimal digits, so that the number
/// that a report calls an instance by is what its id ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId(pub u32);

impl fmt::Display for InstanceId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "i-{:017}", self.0)
    }
}

impl InstanceId {
    /// The id that a text names; `None` for what this world never wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let is_number =
            |digits: &&str| digits.len() == 17 && digits.bytes().all(|byte| byte.is_ascii_digit());
        text.strip_prefix("i-").filter(is_number)?.parse().ok().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_ec2s_length_and_are_read_back() {
        let text = InstanceId(26).to_string();
        assert_eq!(text, "i-00000000000000026");
        assert_eq!(InstanceId::parse(&text), Some(InstanceId(26)));
        assert_eq!(InstanceId::parse("i-0abc"), None);
        for other in ["i-0000000000000001a", "i-99999999999999999", "i-+0000000000000026"] {
            assert_eq!(InstanceId::parse(other), None, "{other}");
        }
    }
}
