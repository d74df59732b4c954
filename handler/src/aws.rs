//! The calls, made with the AWS SDK.
//!
//! The SDK's configuration is put together here from what Lambda gives every function: credentials and region in the
//! environment. The usual chain of credential providers would never be used and is most of its code.

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

use aws_sdk_autoscaling::operation::describe_auto_scaling_groups::builders::DescribeAutoScalingGroupsFluentBuilder;
use aws_sdk_autoscaling::types::{
    AutoScalingGroup, Filter, LaunchTemplate as MixedTemplate, LaunchTemplateSpecification,
};
use aws_sdk_sfn::config::retry::RetryConfig;
use aws_sdk_sfn::config::timeout::TimeoutConfig;
use aws_sdk_sfn::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use aws_sdk_sfn::error::ProvideErrorMetadata;
use aws_sdk_sns::types::MessageAttributeValue;
use aws_types::SdkConfig;

use crate::contract::RECYCLE_ON_ASG_UPDATE;
use crate::decide::StartRequest;
use crate::group::{Group, GroupTag, TemplateReference};
use crate::http::{self, Transport};
use crate::message::Teller;
use crate::ports::{CallError, Membership, Ports, Started};
use crate::problem::Problem;
use crate::rejection::Rejection;

/// Attempts at a call, the first included; the queue tries again later.
const ATTEMPTS_MAX: u32 = 3;
/// Longest wait before the second attempt; twice that before the third. Waiting in the function is paid for, and the
/// queue waits for nothing.
const BACKOFF: Duration = Duration::from_millis(250);
/// Longest wait for one attempt.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest wait for a call with all its attempts.
const CALL_TIMEOUT: Duration = Duration::from_secs(15);
/// Most groups on a page, as AWS has it.
const PAGE_SIZE: i32 = 100;

// The services, as the variables for their endpoints spell them.
const AUTO_SCALING: &str = "AUTO_SCALING";
const SFN: &str = "SFN";
const SNS: &str = "SNS";
const SERVICES: [&str; 3] = [AUTO_SCALING, SFN, SNS];

const DESCRIBE: &str = "autoscaling:DescribeAutoScalingGroups";
const DESCRIBE_INSTANCES: &str = "autoscaling:DescribeAutoScalingInstances";
const START: &str = "states:StartExecution";
const PUBLISH: &str = "sns:Publish";

/// The clients, made once.
#[derive(Debug, Clone)]
pub struct Aws {
    autoscaling: aws_sdk_autoscaling::Client,
    sfn: aws_sdk_sfn::Client,
    sns: aws_sdk_sns::Client,
    topic_arn: String,
    /// Who tells of rejections; none where the settings are at fault, which say so themselves.
    teller: Option<Teller>,
}

impl Aws {
    /// Clients for the region of `environment`, and rejections for `topic_arn`. Honours `AWS_ENDPOINT_URL`,
    /// `AWS_ENDPOINT_URL_<SERVICE>`, `AWS_USE_FIPS_ENDPOINT`, `AWS_USE_DUALSTACK_ENDPOINT` and `AWS_CA_BUNDLE`.
    pub fn new(environment: &BTreeMap<String, String>, topic_arn: &str) -> Result<Self, Vec<Problem>> {
        let mut faults = Vec::new();
        let mut needed = |key: &str| {
            let value = set(environment, key).map(str::to_owned);
            if value.is_none() {
                faults.push(Problem::missing(key, "Lambda sets it; set it when running outside Lambda"));
            }
            value.unwrap_or_default()
        };
        let (region, key, secret) =
            (needed("AWS_REGION"), needed("AWS_ACCESS_KEY_ID"), needed("AWS_SECRET_ACCESS_KEY"));
        faults.extend(SERVICES.into_iter().filter_map(|service| endpoint_fault(environment, service)));
        let http_client = match http::client(environment, transport(environment)) {
            Ok(client) if faults.is_empty() => client,
            Ok(_) => return Err(faults),
            Err(fault) => return Err(faults.into_iter().chain([fault]).collect()),
        };
        let token = environment.get("AWS_SESSION_TOKEN").cloned();
        let credentials = Credentials::new(key, secret, token, None, "environment");
        let is_on = |key: &str| environment.get(key).map(|value| value.eq_ignore_ascii_case("true"));
        let mut shared = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(http_client)
            .retry_config(retries())
            .timeout_config(timeouts());
        shared
            .set_use_fips(is_on("AWS_USE_FIPS_ENDPOINT"))
            .set_use_dual_stack(is_on("AWS_USE_DUALSTACK_ENDPOINT"));
        let shared = shared.build();
        let config = |service: &str| {
            let mut config = shared.to_builder();
            config.set_endpoint_url(endpoint(environment, service).map(str::to_owned));
            config.build()
        };
        Ok(Self {
            autoscaling: aws_sdk_autoscaling::Client::new(&config(AUTO_SCALING)),
            sfn: aws_sdk_sfn::Client::new(&config(SFN)),
            sns: aws_sdk_sns::Client::new(&config(SNS)),
            topic_arn: topic_arn.to_owned(),
            teller: Teller::of(environment),
        })
    }

    async fn groups(&self, request: DescribeAutoScalingGroupsFluentBuilder) -> Result<Vec<Group>, CallError> {
        let pages = request.include_instances(false).into_paginator().page_size(PAGE_SIZE);
        let described = pages.items().send().try_collect().await.map_err(|error| failed(DESCRIBE, &error))?;
        Ok(described.iter().filter_map(group).collect())
    }
}

impl Ports for Aws {
    async fn describe(&self, names: &[String]) -> Result<Vec<Group>, CallError> {
        if names.is_empty() {
            return Ok(Vec::new()); // AWS would describe every group of the account
        }
        let request = self.autoscaling.describe_auto_scaling_groups();
        self.groups(request.set_auto_scaling_group_names(Some(names.to_vec()))).await
    }

    async fn describe_opted_in(&self) -> Result<Vec<Group>, CallError> {
        let filter = Filter::builder().name("tag-key").values(RECYCLE_ON_ASG_UPDATE.key).build();
        self.groups(self.autoscaling.describe_auto_scaling_groups().filters(filter)).await
    }

    async fn groups_of(&self, instances: &[String]) -> Result<Vec<Membership>, CallError> {
        if instances.is_empty() {
            return Ok(Vec::new()); // AWS would describe every instance of the account's groups
        }
        let request = self.autoscaling.describe_auto_scaling_instances();
        let pages = request.set_instance_ids(Some(instances.to_vec())).into_paginator();
        let described = pages.items().send().try_collect().await;
        let described = described.map_err(|error| failed(DESCRIBE_INSTANCES, &error))?;
        let members = described.into_iter().filter_map(|one| {
            Some(Membership { instance: one.instance_id?, group: one.auto_scaling_group_name? })
        });
        Ok(members.collect())
    }

    async fn start(&self, request: &StartRequest) -> Result<Started, CallError> {
        let call = self.sfn.start_execution();
        let call = call.state_machine_arn(request.machine.to_string()).name(&request.name);
        match call.input(request.input.to_string()).send().await {
            Ok(started) => Ok(Started::Now { execution_arn: started.execution_arn }),
            Err(error) if error.code() == Some("ExecutionAlreadyExists") => Ok(Started::Before),
            Err(error) => Err(failed(START, &error)),
        }
    }

    async fn publish(&self, rejection: &Rejection) -> Result<(), CallError> {
        let (message, is_structured) =
            rejection.message(self.teller.as_ref()).map_err(|error| unbuildable(&error))?;
        let call = self
            .sns
            .publish()
            .topic_arn(&self.topic_arn)
            .subject(rejection.subject(self.teller.as_ref()))
            .message(message);
        let mut call = call.set_message_structure(is_structured.then(|| "json".to_owned()));
        for (key, value) in rejection.attributes() {
            let attribute = MessageAttributeValue::builder().data_type("String").string_value(value).build();
            call = call.message_attributes(key, attribute.map_err(|error| unbuildable(&error))?);
        }
        call.send().await.map(drop).map_err(|error| failed(PUBLISH, &error))
    }
}

/// A variable that is set to something.
fn set<'a>(environment: &'a BTreeMap<String, String>, key: &str) -> Option<&'a str> {
    environment.get(key).map(String::as_str).filter(|value| !value.is_empty())
}

/// The endpoint that is set for a service, or for all of them.
fn endpoint<'a>(environment: &'a BTreeMap<String, String>, service: &str) -> Option<&'a str> {
    set(environment, &format!("AWS_ENDPOINT_URL_{service}")).or_else(|| set(environment, "AWS_ENDPOINT_URL"))
}

/// Found at the start rather than at the first call.
fn endpoint_fault(environment: &BTreeMap<String, String>, service: &str) -> Option<Problem> {
    let url = endpoint(environment, service)?;
    let sound =
        ["http://", "https://"].iter().any(|scheme| url.len() > scheme.len() && url.starts_with(scheme));
    (!sound).then(|| {
        Problem::of(&format!("AWS_ENDPOINT_URL, for {service}"), url, "expected `https://` and a host")
    })
}

fn transport(environment: &BTreeMap<String, String>) -> Transport {
    let is_plain =
        |service: &str| endpoint(environment, service).is_some_and(|url| url.starts_with("http://"));
    if SERVICES.into_iter().all(is_plain) { Transport::Plain } else { Transport::Tls }
}

fn unbuildable(error: &dyn Error) -> CallError {
    CallError { call: PUBLISH, code: "Unbuildable".to_owned(), message: error.to_string() }
}

/// Attempts with jittered waits between them, as long as the clients' token buckets last: when AWS throttles one call
/// after the other, the attempts dry up.
fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(ATTEMPTS_MAX).with_initial_backoff(BACKOFF)
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(CALL_TIMEOUT)
        .build()
}

/// The wire's code is matched, for most of Auto Scaling's errors are not modelled as types.
fn failed<E>(call: &'static str, error: &E) -> CallError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let code = error.code().unwrap_or("NoAnswer").to_owned();
    let message = error.message().map_or_else(|| causes(error), str::to_owned);
    CallError { call, code, message }
}

/// What an error says, then what its causes say.
fn causes(error: &dyn Error) -> String {
    let chain = std::iter::successors(Some(error), |&error| error.source());
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn group(described: &AutoScalingGroup) -> Option<Group> {
    let tags = described.tags().iter().filter_map(|tag| {
        let value = tag.value().unwrap_or_default().to_owned();
        Some((
            tag.key()?.to_owned(),
            GroupTag { value, propagates: tag.propagate_at_launch().unwrap_or(false) },
        ))
    });
    let policy = described.mixed_instances_policy().and_then(|policy| policy.launch_template());
    let mixed = policy.and_then(|template| template.launch_template_specification());
    let overrides = policy.map(MixedTemplate::overrides).unwrap_or_default();
    let templates = described.launch_template().into_iter().chain(mixed);
    let templates = templates.chain(overrides.iter().filter_map(|item| item.launch_template_specification()));
    Some(Group {
        name: described.auto_scaling_group_name()?.to_owned(),
        tags: tags.collect(),
        templates: templates.map(reference).collect(),
    })
}

fn reference(specification: &LaunchTemplateSpecification) -> TemplateReference {
    TemplateReference {
        id: specification.launch_template_id.clone(),
        name: specification.launch_template_name.clone(),
        version: specification.version.clone(),
    }
}
