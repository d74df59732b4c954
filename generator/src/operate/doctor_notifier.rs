//! Which function a deployed machine tells of recycles. Pure.

use serde_json::Value;

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
}
