//! What mends what `doctor` finds, by whoever keeps it. Pure.

/// What makes a resource of the stack's own again, or as it was (fact T4).
pub const AGAIN: &str = "deploy the stack anew: Terraform puts it right by itself; CloudFormation, which does not look at what is there, in a \
                         change set that reverts drift (`aws cloudformation create-change-set --deployment-mode REVERT_DRIFT ...`)";

/// What makes the table of locks again, which one of the stacks that share it makes.
pub const TABLE_AGAIN: &str = "deploy anew the stack that makes the table, which all of an account and region share: this one, unless its \
                               `locks.create_table` is false. Terraform makes it again by itself; CloudFormation in a change set that \
                               reverts drift (`aws cloudformation create-change-set --deployment-mode REVERT_DRIFT ...`)";

/// Who keeps a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleKeeper {
    /// The stack, which made it.
    Stack,
    /// Somebody else: the stack was given its ARN, by this key of `stack.yaml`.
    Somebody(&'static str),
}

impl RoleKeeper {
    /// What makes a role again that is gone.
    pub fn again(self) -> String {
        match self {
            Self::Stack => AGAIN.to_owned(),
            Self::Somebody(key) => format!(
                "have whoever keeps the role make it again, with its document of `role-policy/` beside what was deployed, and deploy the \
                 stack anew; or name another one (`{key}` in stack.yaml) and deploy"
            ),
        }
    }

    /// What lets a role do what it may not.
    pub fn mended(self) -> String {
        let first = match self {
            Self::Stack => AGAIN,
            Self::Somebody(_) => {
                "have whoever keeps the role put its document of `role-policy/` in, as it is beside what was deployed"
            }
        };
        format!(
            "{first}; where that does not help, look at the role's boundary and the organisation's policies"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_else_keeps_is_not_mended_by_deploying_alone() {
        let kept = RoleKeeper::Somebody("permissions.machine_role_arn");
        for fix in [kept.again(), kept.mended()] {
            assert!(fix.starts_with("have whoever keeps the role") && !fix.contains("Terraform"), "{fix}");
        }
        assert!(kept.again().contains("(`permissions.machine_role_arn` in stack.yaml)"));
        for fix in [RoleKeeper::Stack.again(), RoleKeeper::Stack.mended()] {
            assert!(fix.starts_with("deploy the stack anew") && fix.contains("REVERT_DRIFT"), "{fix}");
        }
        assert!(TABLE_AGAIN.contains("this one, unless"), "another stack may make it");
    }
}
