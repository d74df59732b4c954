//! Auto Scaling, Step Functions and SNS on this machine, as far as the handler calls them, with faults to order.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rustls::ServerConfig;
use serde_json::{Value, json};

use super::http::{self, Reply, Request};
use super::wire;

/// Most groups on a page, unless the request asks for fewer.
const PAGE_SIZE: usize = 100;

/// A call, as far as a fault may depend on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Call {
    /// Groups by name; none for the listing of those with the opt-in tag.
    Describe(Vec<String>),
    /// A start, with the group of its input.
    Start { group: String },
    /// A rejection, with its message.
    Publish(String),
}

/// What goes wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Problem {
    Throttled,
    Denied,
    /// There is no answer.
    Silence,
    /// It takes effect, and the connection breaks before the answer.
    CutAfter,
    /// It is answered, and the connection is closed afterwards.
    CloseAfter,
}

/// A group: its tags, and the launch template `web` at some version.
#[derive(Debug, Clone, Default)]
pub(crate) struct Group {
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) version: String,
}

/// What has come of the calls.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Every call in order, those that failed included.
    pub(crate) calls: Vec<Call>,
    /// Inputs by name. A second start with a name is refused, as AWS does while it remembers the first.
    pub(crate) executions: BTreeMap<String, Value>,
    /// Messages of rejections.
    pub(crate) messages: Vec<Value>,
}

/// Decides which call fails.
type Order = dyn FnMut(&Call) -> Option<Problem> + Send;

/// AWS on this machine. Every clone is the same account.
#[derive(Clone)]
pub(crate) struct Aws {
    groups: Arc<BTreeMap<String, Group>>,
    seen: Arc<Mutex<Seen>>,
}

impl Aws {
    pub(crate) fn new(groups: BTreeMap<String, Group>) -> Self {
        Self { groups: Arc::new(groups), seen: Arc::default() }
    }

    /// An endpoint of the account, at which calls fail as `order` says.
    pub(crate) fn endpoint(
        &self,
        tls: Option<Arc<ServerConfig>>,
        order: impl FnMut(&Call) -> Option<Problem> + Send + 'static,
    ) -> SocketAddr {
        let aws = self.clone();
        let order: Mutex<Box<Order>> = Mutex::new(Box::new(order));
        http::serve(tls, move |request| aws.answer(request, &order))
    }

    /// What has been called so far.
    pub(crate) fn seen<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&self.seen.lock().expect("no panic"))
    }

    fn answer(&self, request: &Request, order: &Mutex<Box<Order>>) -> Reply {
        let is_json = request.headers.contains_key("x-amz-target");
        let call = if is_json { start_of(&request.body) } else { query_of(&request.body) };
        let fault = order.lock().expect("no panic")(&call);
        self.seen.lock().expect("no panic").calls.push(call.clone());
        let error =
            |code: &str| if is_json { wire::json_error(400, code) } else { wire::query_error(400, code) };
        match fault {
            Some(Problem::Throttled) if is_json => return error("ThrottlingException"),
            Some(Problem::Throttled) => return error("Throttling"),
            Some(Problem::Denied) if is_json => return error("AccessDeniedException"),
            Some(Problem::Denied) => return error("AccessDenied"),
            Some(Problem::Silence) => return Reply::Silence,
            Some(Problem::CutAfter | Problem::CloseAfter) | None => {}
        }
        let reply = match &call {
            Call::Describe(names) => self.describe(names, &wire::form(&request.body)),
            Call::Start { .. } => self.start(&request.body),
            Call::Publish(message) => self.publish(message),
        };
        match fault {
            Some(Problem::CutAfter) => Reply::Cut,
            Some(Problem::CloseAfter) => reply.closing(),
            _ => reply,
        }
    }

    fn describe(&self, names: &[String], form: &BTreeMap<String, String>) -> Reply {
        let filtered = wire::members(form, "Filters.member.1.Values.member");
        let is_wanted = |name: &String, group: &Group| {
            names.contains(name) || filtered.iter().any(|key| group.tags.contains_key(key))
        };
        let found = self.groups.iter().filter(|(name, group)| is_wanted(name, group));
        let skipped = form.get("NextToken").map_or(0, |token| token.parse().expect("a token of ours"));
        let texts: Vec<_> = found
            .map(|(name, group)| wire::group(name, &group.tags, "web", &group.version))
            .skip(skipped)
            .collect();
        let more = (texts.len() > PAGE_SIZE).then(|| (skipped + PAGE_SIZE).to_string());
        wire::groups(&texts[..texts.len().min(PAGE_SIZE)].concat(), more.as_deref())
    }

    fn start(&self, body: &str) -> Reply {
        let request: Value = serde_json::from_str(body).expect("JSON");
        let text = |key: &str| request[key].as_str().expect(key).to_owned();
        let (machine, name) = (text("stateMachineArn"), text("name"));
        let input: Value = serde_json::from_str(&text("input")).expect("the input is JSON");
        let mut seen = self.seen.lock().expect("no panic");
        if seen.executions.contains_key(&name) {
            return wire::json_error(400, "ExecutionAlreadyExists");
        }
        let arn = format!("{}:{name}", machine.replace(":stateMachine:", ":execution:"));
        seen.executions.insert(name, input);
        wire::started(&arn)
    }

    fn publish(&self, message: &str) -> Reply {
        let message = serde_json::from_str(message).expect("a JSON message");
        self.seen.lock().expect("no panic").messages.push(message);
        wire::published()
    }
}

fn start_of(body: &str) -> Call {
    let request: Value = serde_json::from_str(body).expect("JSON");
    let input = request["input"].as_str().expect("an input");
    let input: Value = serde_json::from_str(input).expect("the input is JSON");
    Call::Start { group: input["auto_scaling_group_name"].as_str().expect("a group").to_owned() }
}

fn query_of(body: &str) -> Call {
    let form = wire::form(body);
    match form.get("Action").map(String::as_str) {
        Some("DescribeAutoScalingGroups") => {
            Call::Describe(wire::members(&form, "AutoScalingGroupNames.member"))
        }
        Some("Publish") => Call::Publish(form["Message"].clone()),
        other => panic!("the handler may not call {other:?}"),
    }
}

/// A group that opted in with `strategy`.
pub(crate) fn opted_in(strategy: &str) -> Group {
    let tags = [("autorecycle_recycle_on_asg_update", "true"), ("autorecycle_strategy", strategy)];
    Group {
        tags: tags.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        version: "$Latest".to_owned(),
    }
}

/// A launch change of a group, as EventBridge delivers it.
pub(crate) fn update(event_id: &str, group: &str) -> Value {
    json!({
        "version": "0",
        "id": format!("bridge-{event_id}"),
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.autoscaling",
        "account": "123456789012",
        "region": "eu-west-2",
        "detail": {
            "eventSource": "autoscaling.amazonaws.com",
            "eventName": "UpdateAutoScalingGroup",
            "eventID": event_id,
            "eventTime": "2026-06-01T11:59:31Z",
            "requestParameters": {
                "autoScalingGroupName": group,
                "launchTemplate": {"launchTemplateName": "web", "version": "$Latest"},
            },
        },
    })
}
