//! `DescribeScalingActivities`: newest first.

use serde_json::{Map, Value, json};

use crate::time::{Moment, Span};
use crate::world::arguments::Arguments;
use crate::world::autoscaling::model::activity::{Activity, activity_id};
use crate::world::autoscaling::model::state::AutoScaling;
use crate::world::errors::AwsError;
use crate::world::request::Request;

use super::describe::{invalid_token, page_size};
use super::group_to_read;

/// How long activities are told after they started, whatever is asked for: six weeks (botocore `autoscaling`).
const TOLD_FOR: Span = Span::seconds(6 * 7 * 24 * 3600);

/// The group's activities, filtered.
pub(crate) fn describe(service: &AutoScaling, request: &Request<'_>) -> Result<Value, AwsError> {
    let known =
        ["AutoScalingGroupName", "ActivityIds", "MaxRecords", "NextToken", "Filters", "IncludeDeletedGroups"];
    let arguments = Arguments::of(request.action, request.arguments, &known)?;
    let index = group_to_read(service, request, arguments.text("AutoScalingGroupName")?)?;
    let page = page_size(&arguments)?;
    let ids = arguments.texts("ActivityIds")?;
    let filters = filters(&arguments)?;
    let first = match arguments.text_if_given("NextToken")? {
        None => 0,
        Some(token) => token.parse().map_err(|_| invalid_token())?,
    };
    let group = service.fleet.as_of(index, request.seen_at);
    let fits = |activity: &&Activity| {
        (ids.is_empty() || ids.contains(&activity_id(activity.number).as_str()))
            && activity.started_at + TOLD_FOR >= request.seen_at
            && filters.iter().all(|filter| filter.fits(activity))
    };
    let mut found = group.activities.iter().rev().filter(fits).skip(first);
    let described: Vec<Value> =
        found.by_ref().take(page).map(|activity| activity.describe(&group.name)).collect();
    let mut answer = Map::new();
    answer.insert("Activities".into(), Value::Array(described));
    if found.next().is_some() {
        answer.insert("NextToken".into(), json!((first + page).to_string()));
    }
    Ok(Value::Object(answer))
}

enum Filter<'a> {
    /// Began at this time or later.
    From(Moment),
    /// Began at this time or earlier.
    To(Moment),
    /// Stands so.
    Status(Vec<&'a str>),
}

impl Filter<'_> {
    fn fits(&self, activity: &Activity) -> bool {
        match self {
            Self::From(bound) => activity.started_at >= *bound,
            Self::To(bound) => activity.started_at <= *bound,
            Self::Status(values) => values.contains(&activity.status.as_str()),
        }
    }
}

fn moment(text: &str) -> Result<Moment, AwsError> {
    let time = text.parse::<jiff::Timestamp>().ok();
    let time = time.and_then(|time| u64::try_from(time.as_millisecond()).ok());
    time.map(Moment).ok_or_else(|| AwsError::validation(format!("Invalid filter value: {text}")))
}

fn filters<'a>(arguments: &Arguments<'a>) -> Result<Vec<Filter<'a>>, AwsError> {
    let filter = |(name, values): (&'a str, Vec<&'a str>)| match (name, values.as_slice()) {
        ("StartTimeLowerBound", [bound]) => Ok(Filter::From(moment(bound)?)),
        ("StartTimeUpperBound", [bound]) => Ok(Filter::To(moment(bound)?)),
        ("Status", [_, ..]) => Ok(Filter::Status(values)),
        _ => Err(AwsError::validation(format!("Invalid filter: {name}"))),
    };
    arguments.filters()?.into_iter().map(filter).collect()
}
