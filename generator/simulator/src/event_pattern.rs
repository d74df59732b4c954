//! The patterns of `EventBridge` rules, as far as ours go: which events a rule selects.
//!
//! Fields of a pattern all have to fit, the values of a field are alternatives, and `$or` takes one of several patterns.
//! A value is a literal or `{"exists": true}`, which asks for a leaf. Of an array in the event any element may fit. What
//! is not read here, such as `prefix`, is refused by its name.

use serde_json::{Map, Value};

/// A pattern that has been read.
#[derive(Debug, Clone)]
pub struct EventPattern(Fields);

/// What a pattern has that is not read here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the event pattern cannot be read at `{path}`: {reason}")]
pub struct PatternError {
    /// Names of the fields that lead to it, with dots between.
    pub path: String,
    /// What is wrong.
    pub reason: String,
}

#[derive(Debug, Clone, Default)]
struct Fields {
    all: Vec<(String, Rule)>,
    /// Of each of these, one has to fit.
    either: Vec<Vec<Fields>>,
}

#[derive(Debug, Clone)]
enum Rule {
    /// The fields of an object.
    Inside(Fields),
    /// A leaf that is one of several.
    OneOf(Vec<Matcher>),
}

#[derive(Debug, Clone)]
enum Matcher {
    Literal(Value),
    Exists(bool),
}

impl EventPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// The first thing in it that is not of the subset above.
    pub fn read(pattern: &Value) -> Result<Self, PatternError> {
        match pattern {
            Value::Object(fields) if !fields.is_empty() => read_fields(fields, "").map(Self),
            _ => Err(refused("", "it is no object with fields")),
        }
    }

    /// Whether a rule with this pattern selects an event.
    pub fn selects(&self, event: &Value) -> bool {
        self.0.fit(event)
    }
}

fn refused(path: &str, reason: impl Into<String>) -> PatternError {
    PatternError { path: path.to_owned(), reason: reason.into() }
}

fn read_fields(fields: &Map<String, Value>, path: &str) -> Result<Fields, PatternError> {
    let mut read = Fields::default();
    for (name, value) in fields {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match value {
            Value::Array(patterns) if name == "$or" => {
                let one = |pattern: &Value| match pattern {
                    Value::Object(fields) => read_fields(fields, &path),
                    _ => Err(refused(&path, "it has something that is no object")),
                };
                read.either.push(patterns.iter().map(one).collect::<Result<_, _>>()?);
            }
            Value::Object(inner) => read.all.push((name.clone(), Rule::Inside(read_fields(inner, &path)?))),
            Value::Array(values) if !values.is_empty() => {
                let matchers = values.iter().map(|value| read_matcher(value, &path));
                read.all.push((name.clone(), Rule::OneOf(matchers.collect::<Result<_, _>>()?)));
            }
            _ => return Err(refused(&path, "it is neither an object nor a list of values")),
        }
    }
    Ok(read)
}

fn read_matcher(value: &Value, path: &str) -> Result<Matcher, PatternError> {
    match value {
        Value::Object(fields) => match (fields.len(), fields.get("exists")) {
            (1, Some(Value::Bool(exists))) => Ok(Matcher::Exists(*exists)),
            _ => Err(refused(path, format!("`{value}` is not supported"))),
        },
        Value::Array(_) => Err(refused(path, "a list stands in a list")),
        literal => Ok(Matcher::Literal(literal.clone())),
    }
}

impl Fields {
    fn fit(&self, event: &Value) -> bool {
        if let Value::Array(items) = event {
            return items.iter().any(|item| self.fit(item));
        }
        let all = self.all.iter().all(|(name, rule)| rule.fits(event.get(name)));
        all && self.either.iter().all(|patterns| patterns.iter().any(|pattern| pattern.fit(event)))
    }
}

impl Rule {
    fn fits(&self, value: Option<&Value>) -> bool {
        match self {
            Self::Inside(fields) => fields.fit(value.unwrap_or(&Value::Null)),
            Self::OneOf(matchers) => matchers.iter().any(|matcher| matcher.fits(value)),
        }
    }
}

impl Matcher {
    fn fits(&self, value: Option<&Value>) -> bool {
        match (self, value) {
            (Self::Literal(literal), Some(Value::Array(items))) => items.contains(literal),
            (Self::Literal(literal), found) => found == Some(literal),
            (Self::Exists(exists), found) => {
                // Only leaves are asked for: an object has fields of its own.
                let is_leaf = found.is_some_and(|found| match found {
                    Value::Object(_) => false,
                    Value::Array(items) => items.iter().any(|item| !item.is_object()),
                    _ => true,
                });
                is_leaf == *exists
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(pattern: &Value, selected: &[Value], passed: &[Value]) {
        let read = EventPattern::read(pattern).expect("it is of the subset");
        assert!(selected.iter().all(|event| read.selects(event)), "{pattern} selects all of {selected:?}");
        assert!(!passed.iter().any(|event| read.selects(event)), "{pattern} selects none of {passed:?}");
    }

    #[test]
    fn fields_all_have_to_fit_and_values_are_alternatives() {
        check(
            &json!({"source": ["a", "b"], "detail": {"n": [1, null]}}),
            &[
                json!({"source": "b", "detail": {"n": 1, "more": 2}}),
                json!({"source": "a", "detail": {"n": null}}),
            ],
            &[
                json!({"source": "c", "detail": {"n": 1}}),
                json!({"source": "a"}),
                json!({"source": "a", "detail": 1}),
            ],
        );
    }

    #[test]
    fn leaves_exist_or_do_not() {
        check(
            &json!({"error": [{"exists": false}], "template": {"id": [{"exists": true}]}}),
            &[json!({"template": {"id": null}}), json!({"template": {"id": ["x"]}})],
            &[
                json!({"template": {"id": "x"}, "error": "E"}),
                json!({"template": {}}),
                json!({"template": {"id": {"inside": 1}}}),
                json!({}),
            ],
        );
    }

    #[test]
    fn one_of_several_patterns_is_enough_beside_the_other_fields() {
        check(
            &json!({"name": ["x"], "$or": [{"a": [1]}, {"b": {"c": [2]}}]}),
            &[json!({"name": "x", "a": 1}), json!({"name": "x", "b": {"c": 2}})],
            &[json!({"name": "y", "a": 1}), json!({"name": "x", "a": 2}), json!({"name": "x"})],
        );
    }

    #[test]
    fn any_element_of_an_array_may_fit() {
        check(
            &json!({"overrides": {"type": [{"exists": true}]}, "zones": ["a"]}),
            &[json!({"overrides": [{}, {"type": "m6g.large"}], "zones": ["b", "a"]})],
            &[json!({"overrides": [{}], "zones": ["a"]}), json!({"overrides": [{"type": "x"}], "zones": []})],
        );
    }

    #[test]
    fn what_is_not_of_the_subset_is_refused_with_its_place() {
        for (pattern, named) in [
            (json!({"source": [{"prefix": "aws."}]}), "`source`: `{\"prefix\":\"aws.\"}` is not supported"),
            (json!({"detail": {"n": [{"exists": "yes"}]}}), "`detail.n`"),
            (json!({"detail": {"n": []}}), "`detail.n`"),
            (json!({"detail": "n"}), "`detail`"),
            (json!({"$or": [1]}), "`$or`"),
            (json!({}), "no object with fields"),
        ] {
            let error = EventPattern::read(&pattern).expect_err("it is refused").to_string();
            assert!(error.contains(named), "{pattern}: {error}");
        }
    }
}
