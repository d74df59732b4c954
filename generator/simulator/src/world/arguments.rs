//! Reads a call's arguments. An unknown, missing or mistyped argument is refused: Step Functions fails such a call
//! before it reaches AWS.

use serde_json::{Map, Value};

use super::errors::AwsError;

/// A call's arguments, of which every name is known to be right.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arguments<'a> {
    action: &'a str,
    fields: &'a Map<String, Value>,
}

impl<'a> Arguments<'a> {
    /// The arguments of `action`, which takes those named in `known` and no other.
    pub(crate) fn of(action: &'a str, value: &'a Value, known: &[&str]) -> Result<Self, AwsError> {
        let Value::Object(fields) = value else {
            return Err(AwsError::refused(format!("the arguments of {action} are no object: {value}")));
        };
        match fields.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(AwsError::refused(format!(
                "the modelled {action} has no argument {name}; it has {}",
                known.join(", ")
            ))),
            None => Ok(Self { action, fields }),
        }
    }

    /// The action that they are of.
    pub(crate) fn action(&self) -> &'a str {
        self.action
    }

    /// An argument that may be left out.
    pub(crate) fn get(&self, name: &str) -> Option<&'a Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    /// One that may not.
    pub(crate) fn required(&self, name: &str) -> Result<&'a Value, AwsError> {
        self.get(name).ok_or_else(|| AwsError::refused(format!("{} needs the argument {name}", self.action)))
    }

    /// A text that may not be left out.
    pub(crate) fn text(&self, name: &str) -> Result<&'a str, AwsError> {
        let value = self.required(name)?;
        value.as_str().ok_or_else(|| self.mistyped(name, "a text", value))
    }

    /// A text that may be left out.
    pub(crate) fn text_if_given(&self, name: &str) -> Result<Option<&'a str>, AwsError> {
        self.get(name).map(|_| self.text(name)).transpose()
    }

    /// A whole number that may be left out.
    pub(crate) fn count_if_given(&self, name: &str) -> Result<Option<u32>, AwsError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        whole(value).map(Some).ok_or_else(|| self.mistyped(name, "a whole number from 0", value))
    }

    /// A whole number that may not be left out.
    pub(crate) fn count(&self, name: &str) -> Result<u32, AwsError> {
        self.required(name)?;
        Ok(self.count_if_given(name)?.unwrap_or_default())
    }

    /// True or false, where it may be left out.
    pub(crate) fn flag_if_given(&self, name: &str) -> Result<Option<bool>, AwsError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        value.as_bool().map(Some).ok_or_else(|| self.mistyped(name, "true or false", value))
    }

    /// True or false, where it may not be left out.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, AwsError> {
        self.required(name)?;
        Ok(self.flag_if_given(name)?.unwrap_or_default())
    }

    /// A list of texts; empty where it is left out.
    pub(crate) fn texts(&self, name: &str) -> Result<Vec<&'a str>, AwsError> {
        let Some(value) = self.get(name) else { return Ok(Vec::new()) };
        let texts = value.as_array().and_then(|items| items.iter().map(Value::as_str).collect());
        texts.ok_or_else(|| self.mistyped(name, "a list of texts", value))
    }

    /// The names and values of `Filters`; empty where it is left out.
    pub(crate) fn filters(&self) -> Result<Vec<(&'a str, Vec<&'a str>)>, AwsError> {
        let Some(listed) = self.get("Filters") else { return Ok(Vec::new()) };
        let items = listed.as_array().ok_or_else(|| self.mistyped("Filters", "a list", listed))?;
        let filter = |item| {
            let fields = Arguments::of("a filter", item, &["Name", "Values"])?;
            Ok((fields.text("Name")?, fields.texts("Values")?))
        };
        items.iter().map(filter).collect()
    }

    fn mistyped(&self, name: &str, wanted: &str, value: &Value) -> AwsError {
        AwsError::refused(format!("the argument {name} of {} is not {wanted}: {value}", self.action))
    }
}

/// A whole number, also where `JSONata` made it a float without a fraction.
fn whole(value: &Value) -> Option<u32> {
    if let Some(number) = value.as_u64() {
        return u32::try_from(number).ok();
    }
    let number = value.as_f64()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be a whole number in range"
    )]
    (number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number)).then_some(number as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_argument_that_the_action_does_not_have_is_refused_by_name() {
        let value = json!({"Desired": 3});
        let error = Arguments::of("setDesiredCapacity", &value, &["DesiredCapacity"]);
        let reason = "the modelled setDesiredCapacity has no argument Desired; it has DesiredCapacity";
        assert_eq!(error.err(), Some(AwsError::refused(reason)));
    }

    #[test]
    fn a_number_is_whole_even_where_jsonata_made_it_a_float() {
        let value = json!({"A": 3.0, "B": 2.5, "C": -1});
        let arguments = Arguments::of("x", &value, &["A", "B", "C"]).expect("known names");
        assert_eq!(arguments.count("A"), Ok(3));
        assert!(arguments.count("B").is_err() && arguments.count("C").is_err());
    }

    #[test]
    fn a_text_where_a_list_is_wanted_is_refused() {
        let value = json!({"ScalingProcesses": "Launch"});
        let arguments =
            Arguments::of("suspendProcesses", &value, &["ScalingProcesses"]).expect("known names");
        assert!(arguments.texts("ScalingProcesses").is_err());
    }
}
