//! The context object, and the ARNs it is made of.

use std::rc::Rc;

use jsonata_core::value::JValue;

use super::evaluate::object;
use crate::time::Moment;

/// An execution's ARN, taken apart.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    pub arn: Rc<str>,
    pub name: Rc<str>,
    machine_arn: Rc<str>,
    machine_name: Rc<str>,
    /// `arn:aws:states:eu-west-1:123456789012`.
    account_prefix: Rc<str>,
}

impl Identity {
    /// From `arn:<partition>:states:<region>:<account>:execution:<machine>:<name>`.
    pub(super) fn parse(arn: &str) -> Option<Self> {
        let parts: Vec<_> = arn.split(':').collect();
        let [fixed, _, service, _, _, resource, machine, name] = parts.as_slice() else { return None };
        let in_form = *fixed == "arn" && *service == "states" && *resource == "execution";
        in_form.then(|| Self::new(parts[..5].join(":").into(), machine, name))
    }

    fn new(account_prefix: Rc<str>, machine: &str, name: &str) -> Self {
        Self {
            arn: format!("{account_prefix}:execution:{machine}:{name}").into(),
            name: name.into(),
            machine_arn: format!("{account_prefix}:stateMachine:{machine}").into(),
            machine_name: machine.into(),
            account_prefix,
        }
    }

    /// Of a child execution of a distributed Map.
    pub(super) fn child(&self, label: &str, name: &str) -> Self {
        Self::new(Rc::clone(&self.account_prefix), &format!("{}/{label}", self.machine_name), name)
    }
}

/// The item of the Map iteration around a state.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub index: usize,
    pub value: JValue,
}

/// The parts of the context that belong to a state.
pub(super) struct StateContext<'a> {
    pub name: &'a Rc<str>,
    pub entered: Moment,
    pub retry_count: u32,
    pub item: Option<&'a Item>,
}

/// `$states.context`.
pub(super) fn context(
    identity: &Identity,
    input: &JValue,
    (started, redrives): (Moment, u32),
    state: &StateContext<'_>,
) -> JValue {
    let execution = object([
        ("Id", Rc::clone(&identity.arn).into()),
        ("Input", input.clone()),
        ("Name", Rc::clone(&identity.name).into()),
        ("StartTime", started.to_string().into()),
        ("RedriveCount", i64::from(redrives).into()),
    ]);
    let entered = object([
        ("Name", Rc::clone(state.name).into()),
        ("EnteredTime", state.entered.to_string().into()),
        ("RetryCount", i64::from(state.retry_count).into()),
    ]);
    let machine = object([
        ("Id", Rc::clone(&identity.machine_arn).into()),
        ("Name", Rc::clone(&identity.machine_name).into()),
    ]);
    let common = [("Execution", execution), ("State", entered), ("StateMachine", machine)];
    match state.item {
        None => object(common),
        Some(item) => {
            let item = object([("Index", item.index.into()), ("Value", item.value.clone())]);
            let [execution, entered, machine] = common;
            object([execution, entered, machine, ("Map", object([("Item", item)]))])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_has_an_arn_below_the_machine_and_the_label() {
        let parent = Identity::parse("arn:aws:states:eu-west-1:123456789012:execution:recycle:run-1")
            .expect("it is the ARN of an execution");
        let child = parent.child("Turns", "abc");
        assert_eq!(&*child.arn, "arn:aws:states:eu-west-1:123456789012:execution:recycle/Turns:abc");
        assert_eq!(&*child.machine_arn, "arn:aws:states:eu-west-1:123456789012:stateMachine:recycle/Turns");
    }

    #[test]
    fn other_arns_are_refused() {
        for arn in ["", "run-1", "arn:aws:states:eu-west-1:123456789012:stateMachine:recycle"] {
            assert!(Identity::parse(arn).is_none(), "{arn}");
        }
    }
}
