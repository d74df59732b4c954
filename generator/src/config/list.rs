//! Lists of distinct texts, with as many items as AWS takes.

use std::ops::Deref;

use super::text::{
    AlarmActionArn, GroupNamePrefix, Region, SecurityGroupId, StateMachineName, SubnetId, TagKeyPattern,
};
use crate::problem::Problem;

/// At most so many items, none twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DistinctList<T, const LENGTH_MAX: usize>(Vec<T>);

/// State machines that a group's tag may name.
pub type StateMachineNames = DistinctList<StateMachineName, 50>;
/// Regions that are newer than the list of those that are known.
pub type NewerRegions = DistinctList<Region, 10>;
/// What names of groups begin with; as many as leave room in the role's policy.
pub type GroupNamePrefixes = DistinctList<GroupNamePrefix, 10>;
/// Tags whose changes do not count.
pub type TagKeyPatterns = DistinctList<TagKeyPattern, 50>;
/// What is told when an alarm fires and when it clears.
pub type AlarmActionArns = DistinctList<AlarmActionArn, 5>;
/// Where a Lambda function has its network interfaces.
pub type SubnetIds = DistinctList<SubnetId, 16>;
/// What guards them.
pub type SecurityGroupIds = DistinctList<SecurityGroupId, 5>;

impl<T, const LENGTH_MAX: usize> DistinctList<T, LENGTH_MAX> {
    /// Most items that AWS takes.
    pub const LENGTH_MAX: usize = LENGTH_MAX;
}

impl<T: PartialEq + std::fmt::Display, const LENGTH_MAX: usize> TryFrom<Vec<T>>
    for DistinctList<T, LENGTH_MAX>
{
    type Error = Problem;

    fn try_from(items: Vec<T>) -> Result<Self, Problem> {
        if items.len() > LENGTH_MAX {
            let reason = format!("the list takes up to {LENGTH_MAX} items, found {}", items.len());
            return Err(Problem::new("too-many", "", reason));
        }
        let repeated = items.iter().enumerate().find(|(at, item)| items[..*at].contains(item));
        match repeated {
            Some((_, item)) => {
                Err(Problem::new("duplicate-item", "", format!("the list names `{item}` twice")))
            }
            None => Ok(Self(items)),
        }
    }
}

impl<T, const LENGTH_MAX: usize> Default for DistinctList<T, LENGTH_MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const LENGTH_MAX: usize> Deref for DistinctList<T, LENGTH_MAX> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_holds_no_item_twice_and_no_more_than_aws_takes() {
        let names = |names: &[&str]| -> Vec<StateMachineName> {
            names.iter().map(|name| name.parse().unwrap()).collect()
        };
        assert_eq!(StateMachineNames::try_from(names(&["a", "b"])).unwrap().len(), 2);
        assert_eq!(StateMachineNames::try_from(names(&["a", "b", "a"])).unwrap_err().code, "duplicate-item");
        let many: Vec<String> = (0..51).map(|number| format!("n{number}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(StateMachineNames::try_from(names(&many)).unwrap_err().code, "too-many");
    }
}
