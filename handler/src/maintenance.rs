//! What AWS Health tells of instances that AWS will retire or maintain at a set time.

use serde_json::Value;

use crate::field;

/// An event about EC2 that is scheduled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maintenance {
    /// E.g. `AWS_EC2_PERSISTENT_INSTANCE_RETIREMENT_SCHEDULED`.
    pub event_type: String,
    /// The same for every delivery of what was said once: Health sends an event anew whenever there is news of it.
    pub identity: Option<String>,
    /// Account of the instances, where it says so: an organisation's may be told of those of its members.
    pub account_id: Option<String>,
    /// Region of the instances: another one may be told, too.
    pub region: Option<String>,
    /// Whether it is still to come.
    pub is_ahead: bool,
    /// Ids of the instances that it is about, less those for which nothing is to be done any more; in order.
    pub instances: Vec<String>,
}

/// Reads `detail` of an event of AWS Health; `None` where it is about something else than EC2's own schedule.
pub fn read(event: &Value, detail: &Value) -> Option<Maintenance> {
    let text = |key: &str| field::text(detail, key);
    let is = |key: &str, expected: &str| text(key).is_some_and(|text| text == expected);
    if !is("service", "EC2") || !is("eventTypeCategory", "scheduledChange") {
        return None;
    }
    let identity = text("eventArn").zip(text("communicationId"));
    let page = text("page").unwrap_or_default();
    let identity = identity.map(|(arn, communication)| format!("{arn} {communication} {page}"));
    let mut instances = affected(detail).unwrap_or_else(|| named(event));
    instances.sort_unstable();
    instances.dedup();
    Some(Maintenance {
        event_type: text("eventTypeCode")?,
        identity,
        account_id: text("affectedAccount"),
        region: text("eventRegion"),
        is_ahead: !is("statusCode", "closed"),
        instances,
    })
}

/// The instances among `affectedEntities`, where the event has them.
fn affected(detail: &Value) -> Option<Vec<String>> {
    let entities = detail.get("affectedEntities")?.as_array()?;
    let is_open = |entity: &&Value| entity.get("status").and_then(Value::as_str) != Some("RESOLVED");
    let values = entities.iter().filter(is_open).filter_map(|entity| entity.get("entityValue")?.as_str());
    Some(values.filter_map(instance_id).collect())
}

/// The instances among `resources`.
fn named(event: &Value) -> Vec<String> {
    let resources = event.get("resources").and_then(Value::as_array).into_iter().flatten();
    resources.filter_map(Value::as_str).filter_map(instance_id).collect()
}

/// An instance's id, or the end of its ARN.
fn instance_id(text: &str) -> Option<String> {
    let id = text.rsplit('/').next()?;
    let digits = id.strip_prefix("i-")?;
    let is_sound = matches!(digits.len(), 8 | 17) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_sound.then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn detail() -> Value {
        json!({
            "service": "EC2", "eventTypeCategory": "scheduledChange",
            "eventTypeCode": "AWS_EC2_INSTANCE_STOP_SCHEDULED", "eventArn": "arn:event", "communicationId": "7", "page": "1",
        })
    }

    #[test]
    fn the_instances_are_those_for_which_something_is_still_to_be_done() {
        let mut detail = detail();
        let resources = json!({"resources": ["i-11111111", "arn:aws:ec2:eu-west-2:1:instance/i-00000000000000002", "vol-1"]});
        let ids = |detail: &Value| read(&resources, detail).expect("it is EC2's").instances;
        assert_eq!(ids(&detail), ["i-00000000000000002", "i-11111111"]);
        detail["affectedEntities"] = json!([
            {"entityValue": "i-00000000000000003", "status": "PENDING"}, {"entityValue": "i-00000000000000003"},
            {"entityValue": "i-00000000000000004", "status": "RESOLVED"}, {"entityValue": "UNKNOWN"}, {},
        ]);
        assert_eq!(ids(&detail), ["i-00000000000000003"]);
    }

    #[test]
    fn news_of_an_event_is_another_event_and_a_second_delivery_is_not() {
        let first = detail();
        let mut news = detail();
        news["communicationId"] = json!("8");
        let identity = |detail: &Value| read(&Value::Null, detail).and_then(|one| one.identity);
        assert_eq!(identity(&first), Some("arn:event 7 1".to_owned()));
        assert_ne!(identity(&first), identity(&news));
    }

    #[test]
    fn what_is_over_is_not_ahead_and_what_is_not_scheduled_is_nothing() {
        let mut detail = detail();
        assert!(read(&Value::Null, &detail).is_some_and(|one| one.is_ahead));
        detail["statusCode"] = json!("closed");
        assert!(read(&Value::Null, &detail).is_some_and(|one| !one.is_ahead));
        detail["eventTypeCategory"] = json!("accountNotification");
        assert_eq!(read(&Value::Null, &detail), None);
    }
}
