//! Which function a deployed machine tells of recycles. Pure.

use serde_json::Value;

use super::StackCheck;
use super::fixes;
use crate::operate::answers::surroundings::ListedFunction;
use crate::operate::place::StackPlace;

/// The function that is told of recycles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notifier {
    /// The stack has none.
    None,
    /// This one, by its ARN.
    Function(String),
    /// It cannot be told; why.
    Unknown(String),
}

impl Notifier {
    /// Its ARN, where it is known.
    pub fn arn(&self) -> Option<&str> {
        match self {
            Self::Function(arn) => Some(arn),
            _ => None,
        }
    }
}

/// The notifier, as a definition has it.
pub fn of(definition: &str) -> Notifier {
    let definition: Value = match serde_json::from_str(definition) {
        Ok(definition) => definition,
        Err(error) => return Notifier::Unknown(format!("the definition cannot be read: {error}")),
    };
    let mut left = vec![&definition];
    while let Some(value) = left.pop() {
        let resource = value.get("Resource").and_then(Value::as_str).unwrap_or_default();
        if resource.ends_with(":states:::lambda:invoke") {
            return named(value.pointer("/Arguments/FunctionName"));
        }
        match value {
            Value::Object(fields) => left.extend(fields.values()),
            Value::Array(items) => left.extend(items),
            _ => {}
        }
    }
    Notifier::Unknown("it calls no function".to_owned())
}

/// Whether the notifier is there: by the list of the functions that are, for to ask about it by its name, whoever asks would have to be
/// allowed to read the settings of any function.
pub fn there(notifier: &Notifier, place: &StackPlace, functions: &[ListedFunction]) -> StackCheck {
    let arn = match notifier {
        Notifier::None => return StackCheck::passed("notifier", "the stack has none"),
        Notifier::Unknown(why) => {
            let about = format!("which one the state machine calls cannot be told: {why}");
            return StackCheck::unknown("notifier", about, fixes::AGAIN);
        }
        Notifier::Function(arn) => arn,
    };
    let mut parts = arn.split(':').skip(3);
    let is_here = parts.next() == Some(&*place.region) && parts.next() == Some(&*place.account);
    let name = parts.nth(1).unwrap_or_default();
    if !is_here {
        let about = format!("whether {arn} is there is not known: it is in another place than the stack");
        let fix = format!("aws lambda get-function-configuration --function-name {arn}");
        return StackCheck::unknown("notifier", about, fix);
    }
    if functions.iter().any(|one| one.function_name == name) {
        return StackCheck::passed("notifier", format!("{arn} is there"));
    }
    let about =
        format!("{arn} does not exist: nobody is told by it, and each recycle counts a refused message");
    StackCheck::finding("notifier", about, "create it, or deploy the stack with another or none")
}

/// A name as a call has it: an ARN, or an expression that is one or empty.
fn named(name: Option<&Value>) -> Notifier {
    let Some(text) = name.and_then(Value::as_str) else {
        return Notifier::Unknown("its call names no function".to_owned());
    };
    let expression = text.strip_prefix("{%").and_then(|rest| rest.strip_suffix("%}")).map(str::trim);
    let unquoted = |text: &str| {
        let inner = ['\'', '"'].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote))?;
        (!inner.contains(['\'', '"', '&'])).then(|| inner.to_owned())
    };
    let literal = expression.map_or_else(|| Some(text.to_owned()), unquoted);
    match literal {
        Some(literal) if literal.is_empty() && expression.is_some() => Notifier::None,
        Some(arn) if arn.starts_with("arn:") => Notifier::Function(arn),
        _ => Notifier::Unknown(format!("`{text}` is no ARN")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_notifier_is_the_function_that_the_definition_calls() {
        let called = |name: &str| {
            let call =
                json!({"Resource": "arn:aws:states:::lambda:invoke", "Arguments": {"FunctionName": name}});
            of(&json!({"States": {"A": {"Type": "Pass"}, "B": {"Branches": [{"States": {"C": call}}]}}})
                .to_string())
        };
        let arn = "arn:aws:lambda:x:1:function:tell";
        assert_eq!(called(&format!("{{% '{arn}' %}}")), Notifier::Function(arn.to_owned()));
        assert_eq!(called(arn), Notifier::Function(arn.to_owned()));
        assert_eq!(called("{% '' %}"), Notifier::None);
        for odd in [
            called("{% $notifier %}"),
            called("tell"),
            called(""),
            called("{% 'arn:' & $x & '' %}"),
            of("{"),
            of("{}"),
        ] {
            assert!(matches!(odd, Notifier::Unknown(_)), "{odd:?}");
        }
    }

    #[test]
    fn a_notifier_is_looked_for_among_the_functions_that_are_here() {
        use crate::operate::doctor::CheckOutcome;
        let place = StackPlace { stack: "web".to_owned(), region: "x".to_owned(), account: "1".to_owned() };
        let tell = ListedFunction { function_name: "tell".to_owned(), ..ListedFunction::default() };
        let told = |arn: &str| {
            there(&Notifier::Function(arn.to_owned()), &place, std::slice::from_ref(&tell)).outcome
        };
        assert_eq!(told("arn:aws:lambda:x:1:function:tell"), CheckOutcome::Passed);
        assert_eq!(told("arn:aws:lambda:x:1:function:tell:live"), CheckOutcome::Passed, "an alias of it");
        assert_eq!(told("arn:aws:lambda:x:1:function:gone"), CheckOutcome::Finding);
        assert_eq!(told("arn:aws:lambda:x:2:function:tell"), CheckOutcome::NotMade, "another account's");
    }
}
