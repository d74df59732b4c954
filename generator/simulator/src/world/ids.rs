//! What groups and instances are named by.

use std::fmt;

/// Index of a group in its world.
pub type GroupIndex = usize;

/// An instance's id, counted from 1 in order of launch; written as EC2 writes ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId(pub u32);

impl fmt::Display for InstanceId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "i-{:017x}", self.0)
    }
}

impl InstanceId {
    /// The id that a text names; `None` for what this world never wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("i-").filter(|digits| digits.len() == 17)?;
        u32::from_str_radix(digits, 16).ok().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_ec2s_length_and_are_read_back() {
        let text = InstanceId(26).to_string();
        assert_eq!(text, "i-0000000000000001a");
        assert_eq!(InstanceId::parse(&text), Some(InstanceId(26)));
        assert_eq!(InstanceId::parse("i-0abc"), None);
        assert_eq!(InstanceId::parse("i-fffffffffffffffff"), None);
    }
}
