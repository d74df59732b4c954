//! The services that are asked: where each is, and how it is spoken to.

use std::collections::HashMap;

use crate::names::{domain, partition};

/// How a service takes calls and answers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// JSON both ways; a header names the action.
    Json {
        /// Of the JSON protocol: `1.0` or `1.1`.
        version: &'static str,
        /// What stands before the action in the header.
        target: &'static str,
    },
    /// A form, answered with XML.
    Query {
        /// Of the service's API, a day.
        version: &'static str,
    },
    /// The same in EC2's way: items of lists are numbered without `member`, and no element holds the result.
    Ec2 {
        /// Of the service's API, a day.
        version: &'static str,
    },
    /// A path, answered with JSON.
    Path,
}

/// A service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AwsService {
    /// Its name, in its host, in signatures and, but for one, in IAM's actions.
    pub name: &'static str,
    /// How it is spoken to.
    pub protocol: Protocol,
}

const fn json(name: &'static str, version: &'static str, target: &'static str) -> AwsService {
    AwsService { name, protocol: Protocol::Json { version, target } }
}

const fn query(name: &'static str, version: &'static str) -> AwsService {
    AwsService { name, protocol: Protocol::Query { version } }
}

/// Zonal shifts: zones from which traffic is taken for a time.
pub const ARC_ZONAL_SHIFT: AwsService = AwsService { name: "arc-zonal-shift", protocol: Protocol::Path };
/// EC2 Auto Scaling.
pub const AUTO_SCALING: AwsService = query("autoscaling", "2011-01-01");
/// `DynamoDB`.
pub const DYNAMODB: AwsService = json("dynamodb", "1.0", "DynamoDB_20120810");
/// EC2.
pub const EC2: AwsService = AwsService { name: "ec2", protocol: Protocol::Ec2 { version: "2016-11-15" } };
/// Lambda.
pub const LAMBDA: AwsService = AwsService { name: "lambda", protocol: Protocol::Path };
/// S3; what it is asked for are paths and headers of its own, which whoever asks writes.
pub const S3: AwsService = AwsService { name: "s3", protocol: Protocol::Path };
/// Elastic Load Balancing, but for classic load balancers.
pub const LOAD_BALANCING: AwsService = query("elasticloadbalancing", "2015-12-01");
/// Classic load balancers: an older version of the same service.
pub const CLASSIC_LOAD_BALANCING: AwsService = query("elasticloadbalancing", "2012-06-01");
/// VPC Lattice.
pub const VPC_LATTICE: AwsService = AwsService { name: "vpc-lattice", protocol: Protocol::Path };
/// CloudTrail.
pub const CLOUD_TRAIL: AwsService =
    json("cloudtrail", "1.1", "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101");
/// `CloudWatch`: its host and its signatures have another name than IAM's actions.
pub const CLOUD_WATCH: AwsService = query("monitoring", "2010-08-01");
/// `EventBridge`.
pub const EVENT_BRIDGE: AwsService = json("events", "1.1", "AWSEvents");
/// IAM, which is in one place for all regions of a partition.
pub const IAM: AwsService = query("iam", "2010-05-08");
/// SNS.
pub const SNS: AwsService = query("sns", "2010-03-31");
/// SQS.
pub const SQS: AwsService = json("sqs", "1.0", "AmazonSQS");
/// Step Functions.
pub const STATES: AwsService = json("states", "1.0", "AWSStepFunctions");
/// The Security Token Service.
pub const STS: AwsService = query("sts", "2011-06-15");

/// An action of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AwsAction {
    /// The service that has it.
    pub service: AwsService,
    /// Its name, e.g. `DescribeExecution`; of a service with paths as IAM spells it.
    pub name: &'static str,
    /// The path, where the service has paths: what stands in braces is an argument.
    pub path: &'static str,
    /// The method of HTTP. What is posted to a path is an empty object: its arguments are in the path and the query.
    pub method: &'static str,
    /// Whether it may be made again when nobody knows whether it was made.
    pub repeatable: bool,
}

impl AwsAction {
    /// An action that may be made again: a read, or one that a name of its own makes the same.
    pub const fn repeatable(service: AwsService, name: &'static str) -> Self {
        Self { service, name, path: "/", method: "POST", repeatable: true }
    }

    /// An action that is a path.
    pub const fn path(service: AwsService, name: &'static str, path: &'static str) -> Self {
        Self { service, name, path, method: "GET", repeatable: true }
    }

    /// An action that only reads, and is posted to a path all the same.
    pub const fn posted(service: AwsService, name: &'static str, path: &'static str) -> Self {
        Self { service, name, path, method: "POST", repeatable: true }
    }

    /// As IAM spells it, e.g. `states:DescribeExecution`; SQS's batches are allowed by the action for one.
    pub fn iam(&self) -> String {
        let name = if self.service == SQS { self.name.trim_end_matches("Batch") } else { self.name };
        let service = if self.service == CLOUD_WATCH { "cloudwatch" } else { self.service.name };
        format!("{service}:{name}")
    }
}

/// Where a service is: what the environment says of it or of all, else AWS's own. No slash at the end.
pub(super) fn endpoint(
    service: AwsService,
    region: &str,
    given: Option<&str>,
    environment: &HashMap<String, String>,
) -> String {
    other_endpoint(service, given, environment).unwrap_or_else(|| match (service, partition(region)) {
        (one, "aws") if one == IAM => "https://iam.amazonaws.com".to_owned(),
        (one, "aws-us-gov") if one == IAM => "https://iam.us-gov.amazonaws.com".to_owned(),
        _ => format!("https://{}.{}.{}", service.name, signed_for(service, region), domain(region)),
    })
}

/// Where a service is by what was given, or what the environment says of it or of all; nothing where it is AWS's own.
pub(super) fn other_endpoint(
    service: AwsService,
    given: Option<&str>,
    environment: &HashMap<String, String>,
) -> Option<String> {
    let name = match service.name {
        "autoscaling" => "AUTO_SCALING",
        "monitoring" => "CLOUDWATCH",
        _ if service == CLASSIC_LOAD_BALANCING => "ELASTIC_LOAD_BALANCING",
        "elasticloadbalancing" => "ELASTIC_LOAD_BALANCING_V2",
        "events" => "EVENTBRIDGE",
        "states" => "SFN",
        other => &other.to_uppercase().replace('-', "_"),
    };
    let set = |key: &str| environment.get(key).map(String::as_str).filter(|value| !value.is_empty());
    let named =
        given.or_else(|| set(&format!("AWS_ENDPOINT_URL_{name}"))).or_else(|| set("AWS_ENDPOINT_URL"));
    named.map(|url| url.trim_end_matches('/').to_owned())
}

/// The region that a call is signed for: IAM has one for each partition.
/// Source: "AWS Identity and Access Management endpoints and quotas", and `partitions.json` in the SDKs of AWS.
pub(super) fn signed_for(service: AwsService, region: &str) -> &str {
    if service != IAM {
        return region;
    }
    match partition(region) {
        "aws-cn" => "cn-north-1",
        "aws-us-gov" => "us-gov-west-1",
        "aws-iso" => "us-iso-east-1",
        "aws-iso-b" => "us-isob-east-1",
        "aws-iso-e" => "eu-isoe-west-1",
        "aws-iso-f" => "us-isof-south-1",
        "aws-eusc" => "eusc-de-east-1",
        _ => "us-east-1",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_the_given_one_then_the_services_own_then_anyones() {
        let environment = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        let both =
            environment(&[("AWS_ENDPOINT_URL_SFN", "http://sfn/"), ("AWS_ENDPOINT_URL", "http://all")]);
        assert_eq!(endpoint(STATES, "eu-west-2", Some("http://given/"), &both), "http://given");
        assert_eq!(endpoint(STATES, "eu-west-2", None, &both), "http://sfn");
        assert_eq!(endpoint(EC2, "eu-west-2", None, &both), "http://all");
        let old = environment(&[
            ("AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING", "http://old"),
            ("AWS_ENDPOINT_URL_VPC_LATTICE", "http://lattice"),
        ]);
        assert_eq!(endpoint(CLASSIC_LOAD_BALANCING, "eu-west-2", None, &old), "http://old");
        assert_eq!(
            endpoint(LOAD_BALANCING, "eu-west-2", None, &old),
            "https://elasticloadbalancing.eu-west-2.amazonaws.com"
        );
        assert_eq!(endpoint(VPC_LATTICE, "eu-west-2", None, &old), "http://lattice");
        let none = environment(&[("AWS_ENDPOINT_URL", "")]);
        assert_eq!(endpoint(EC2, "eu-west-2", None, &none), "https://ec2.eu-west-2.amazonaws.com");
        assert_eq!(endpoint(STS, "cn-north-1", None, &none), "https://sts.cn-north-1.amazonaws.com.cn");
        assert_eq!(endpoint(IAM, "eu-west-2", None, &none), "https://iam.amazonaws.com");
        assert_eq!(endpoint(IAM, "cn-northwest-1", None, &none), "https://iam.cn-north-1.amazonaws.com.cn");
        assert_eq!(signed_for(IAM, "eu-west-2"), "us-east-1");
        assert_eq!(endpoint(STS, "us-iso-east-1", None, &none), "https://sts.us-iso-east-1.c2s.ic.gov");
    }
}
