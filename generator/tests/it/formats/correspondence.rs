//! Which argument of Terraform's resources is which property of CloudFormation's: all of them, so that neither
//! format can gain one unnoticed.

use serde_json::{Map, Value, json};

use super::Inventory;
use super::cloudformation::pascal;
use super::terraform::Resources;

/// A type of Terraform resource that is a resource of CloudFormation.
struct Kind {
    terraform: &'static str,
    cloudformation: &'static str,
    /// Ends the logical id, which starts with the label.
    noun: &'static str,
    /// What `Ref` gives.
    reference: &'static str,
    /// Arguments to properties. Steps are separated by dots; a number is a place in a list.
    arguments: &'static [(&'static str, &'static str)],
    /// Properties that Terraform implies.
    implied: &'static [(&'static str, &'static str)],
}

/// Arguments that say where the zip is, or only how Terraform subscribes.
const ONLY_IN_TERRAFORM: &[(&str, &str)] = &[
    ("aws_lambda_function", "filename"),
    ("aws_lambda_function", "source_code_hash"),
    ("aws_sns_topic_subscription", "endpoint_auto_confirms"),
];

/// Terraform resources that CloudFormation writes within another of the same label.
const PARTS: &[(&str, &str)] =
    &[("aws_cloudwatch_event_target", "aws_cloudwatch_event_rule"), ("aws_iam_role_policy", "aws_iam_role")];

const KINDS: &[Kind] = &[
    Kind {
        terraform: "aws_cloudwatch_event_rule",
        cloudformation: "AWS::Events::Rule",
        noun: "Rule",
        reference: "Name",
        arguments: &[
            ("name", "Name"),
            ("description", "Description"),
            ("event_pattern", "EventPattern"),
            ("aws_cloudwatch_event_target.target_id", "Targets.0.Id"),
            ("aws_cloudwatch_event_target.arn", "Targets.0.Arn"),
            (
                "aws_cloudwatch_event_target.retry_policy.maximum_retry_attempts",
                "Targets.0.RetryPolicy.MaximumRetryAttempts",
            ),
            (
                "aws_cloudwatch_event_target.retry_policy.maximum_event_age_in_seconds",
                "Targets.0.RetryPolicy.MaximumEventAgeInSeconds",
            ),
            ("aws_cloudwatch_event_target.dead_letter_config.arn", "Targets.0.DeadLetterConfig.Arn"),
        ],
        implied: &[],
    },
    Kind {
        terraform: "aws_sqs_queue",
        cloudformation: "AWS::SQS::Queue",
        noun: "Queue",
        reference: "Url",
        arguments: &[
            ("name", "QueueName"),
            ("visibility_timeout_seconds", "VisibilityTimeout"),
            ("message_retention_seconds", "MessageRetentionPeriod"),
            ("sqs_managed_sse_enabled", "SqsManagedSseEnabled"),
            ("redrive_policy", "RedrivePolicy"),
            ("redrive_allow_policy", "RedriveAllowPolicy"),
        ],
        implied: &[],
    },
    Kind {
        terraform: "aws_sqs_queue_policy",
        cloudformation: "AWS::SQS::QueuePolicy",
        noun: "QueuePolicy",
        reference: "Id",
        arguments: &[("queue_url", "Queues.0"), ("policy", "PolicyDocument")],
        implied: &[],
    },
    Kind {
        terraform: "aws_lambda_function",
        cloudformation: "AWS::Lambda::Function",
        noun: "Function",
        reference: "Name",
        arguments: &[
            ("function_name", "FunctionName"),
            ("description", "Description"),
            ("role", "Role"),
            ("runtime", "Runtime"),
            ("handler", "Handler"),
            ("architectures", "Architectures"),
            ("memory_size", "MemorySize"),
            ("timeout", "Timeout"),
            ("reserved_concurrent_executions", "ReservedConcurrentExecutions"),
            ("s3_bucket", "Code.S3Bucket"),
            ("s3_key", "Code.S3Key"),
            ("environment.variables", "Environment.Variables"),
            ("logging_config.log_format", "LoggingConfig.LogFormat"),
            ("logging_config.application_log_level", "LoggingConfig.ApplicationLogLevel"),
            ("logging_config.log_group", "LoggingConfig.LogGroup"),
            ("tracing_config.mode", "TracingConfig.Mode"),
        ],
        implied: &[],
    },
    Kind {
        terraform: "aws_lambda_event_source_mapping",
        cloudformation: "AWS::Lambda::EventSourceMapping",
        noun: "Source",
        reference: "Id",
        arguments: &[
            ("event_source_arn", "EventSourceArn"),
            ("function_name", "FunctionName"),
            ("batch_size", "BatchSize"),
            ("maximum_batching_window_in_seconds", "MaximumBatchingWindowInSeconds"),
            ("function_response_types", "FunctionResponseTypes"),
            ("scaling_config.maximum_concurrency", "ScalingConfig.MaximumConcurrency"),
        ],
        implied: &[],
    },
    Kind {
        terraform: "aws_sfn_state_machine",
        cloudformation: "AWS::StepFunctions::StateMachine",
        noun: "Machine",
        reference: "Arn",
        arguments: &[
            ("name", "StateMachineName"),
            ("type", "StateMachineType"),
            ("role_arn", "RoleArn"),
            ("definition", "DefinitionString"),
            ("logging_configuration.level", "LoggingConfiguration.Level"),
            ("logging_configuration.include_execution_data", "LoggingConfiguration.IncludeExecutionData"),
            (
                "logging_configuration.log_destination",
                "LoggingConfiguration.Destinations.0.CloudWatchLogsLogGroup.LogGroupArn",
            ),
            ("tracing_configuration.enabled", "TracingConfiguration.Enabled"),
        ],
        implied: &[],
    },
    Kind {
        terraform: "aws_dynamodb_table",
        cloudformation: "AWS::DynamoDB::Table",
        noun: "Table",
        reference: "Name",
        arguments: &[
            ("name", "TableName"),
            ("billing_mode", "BillingMode"),
            ("hash_key", "KeySchema.0.AttributeName"),
            ("attribute.name", "AttributeDefinitions.0.AttributeName"),
            ("attribute.type", "AttributeDefinitions.0.AttributeType"),
            ("deletion_protection_enabled", "DeletionProtectionEnabled"),
            ("point_in_time_recovery.enabled", "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled"),
            ("server_side_encryption.enabled", "SSESpecification.SSEEnabled"),
        ],
        implied: &[("KeySchema.0.KeyType", "HASH")],
    },
    Kind {
        terraform: "aws_sns_topic",
        cloudformation: "AWS::SNS::Topic",
        noun: "Topic",
        reference: "Arn",
        arguments: &[
            ("name", "TopicName"),
            ("display_name", "DisplayName"),
            ("kms_master_key_id", "KmsMasterKeyId"),
        ],
        implied: &[],
    },
    Kind {
        terraform: "aws_sns_topic_policy",
        cloudformation: "AWS::SNS::TopicPolicy",
        noun: "TopicPolicy",
        reference: "Id",
        arguments: &[("arn", "Topics.0"), ("policy", "PolicyDocument")],
        implied: &[],
    },
    Kind {
        terraform: "aws_sns_topic_subscription",
        cloudformation: "AWS::SNS::Subscription",
        noun: "Subscription",
        reference: "Arn",
        arguments: &[
            ("topic_arn", "TopicArn"),
            ("protocol", "Protocol"),
            ("endpoint", "Endpoint"),
            ("filter_policy", "FilterPolicy"),
            ("filter_policy_scope", "FilterPolicyScope"),
        ],
        implied: &[],
    },
    Kind {
        terraform: "aws_iam_role",
        cloudformation: "AWS::IAM::Role",
        noun: "Role",
        reference: "Name",
        arguments: &[
            ("name", "RoleName"),
            ("description", "Description"),
            ("path", "Path"),
            ("permissions_boundary", "PermissionsBoundary"),
            ("assume_role_policy", "AssumeRolePolicyDocument"),
            ("aws_iam_role_policy.name", "Policies.0.PolicyName"),
            ("aws_iam_role_policy.policy", "Policies.0.PolicyDocument"),
        ],
        implied: &[],
    },
    Kind {
        terraform: "aws_iam_role_policy",
        cloudformation: "AWS::IAM::Policy",
        noun: "Policy",
        reference: "Id",
        arguments: &[("name", "PolicyName"), ("role", "Roles.0"), ("policy", "PolicyDocument")],
        implied: &[],
    },
    Kind {
        terraform: "aws_cloudwatch_log_group",
        cloudformation: "AWS::Logs::LogGroup",
        noun: "LogGroup",
        reference: "Name",
        arguments: &[("name", "LogGroupName"), ("retention_in_days", "RetentionInDays")],
        implied: &[],
    },
    Kind {
        terraform: "aws_cloudwatch_metric_alarm",
        cloudformation: "AWS::CloudWatch::Alarm",
        noun: "Alarm",
        reference: "Name",
        arguments: &[
            ("alarm_name", "AlarmName"),
            ("alarm_description", "AlarmDescription"),
            ("namespace", "Namespace"),
            ("metric_name", "MetricName"),
            ("dimensions", "Dimensions"),
            ("statistic", "Statistic"),
            ("period", "Period"),
            ("evaluation_periods", "EvaluationPeriods"),
            ("threshold", "Threshold"),
            ("comparison_operator", "ComparisonOperator"),
            ("treat_missing_data", "TreatMissingData"),
            ("alarm_actions", "AlarmActions"),
            ("ok_actions", "OKActions"),
        ],
        implied: &[],
    },
];

fn kind(terraform: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.terraform == terraform)
}

/// The logical id of a Terraform resource that is a resource of CloudFormation.
pub(super) fn logical_id(terraform: &str, label: &str) -> Option<String> {
    kind(terraform).map(|kind| format!("{}{}", pascal(label), kind.noun))
}

/// What an attribute of a CloudFormation resource stands for.
pub(super) fn meaning(cloudformation: &str, id: &str, attribute: &str) -> String {
    let kind = KINDS.iter().find(|kind| kind.cloudformation == cloudformation);
    let reference = kind.unwrap_or_else(|| panic!("{cloudformation} has no counterpart")).reference;
    let meant = match attribute {
        "Ref" => reference,
        "QueueName" | "TopicName" => "Name",
        other => other,
    };
    // The ARN of a log group ends in `:*` here and does not in Terraform.
    let streams = if cloudformation == "AWS::Logs::LogGroup" && meant == "Arn" { ":*" } else { "" };
    format!("{{{id}.{meant}}}{streams}")
}

/// Terraform's resources as CloudFormation would describe them.
pub(super) fn as_cloudformation(mut resources: Resources) -> Inventory {
    for (part, whole) in PARTS {
        let wholes: Vec<String> = labels(&resources, whole);
        for label in wholes {
            let key = ((*part).to_owned(), label.clone());
            let mut arguments = resources.remove(&key).unwrap_or_else(|| panic!("{key:?} is missing"));
            arguments.retain(|name, _| !["rule", "role"].contains(&name.as_str())); // the whole itself
            let whole = resources.get_mut(&((*whole).to_owned(), label)).expect("it was just listed");
            whole.insert((*part).to_owned(), arguments.into());
        }
    }
    resources.into_iter().map(|((kind, label), arguments)| translated(&kind, &label, arguments)).collect()
}

fn labels(resources: &Resources, kind: &str) -> Vec<String> {
    resources.keys().filter(|(of, _)| of == kind).map(|(_, label)| label.clone()).collect()
}

fn translated(terraform: &str, label: &str, arguments: Map<String, Value>) -> (String, (String, Value)) {
    let kind = kind(terraform).unwrap_or_else(|| panic!("{terraform} has no counterpart"));
    let mut rest = Value::Object(arguments);
    let mut properties = json!({});
    for (argument, property) in kind.arguments {
        if let Some(value) = take(&mut rest, argument) {
            *place(&mut properties, property) = shaped(property, value);
        }
    }
    for (property, value) in kind.implied {
        *place(&mut properties, property) = (*value).into();
    }
    if let Some(tags) =
        take(&mut rest, "tags").as_ref().and_then(Value::as_object).filter(|tags| !tags.is_empty())
    {
        properties["Tags"] = pairs(tags, "Key");
    }
    for (_, argument) in ONLY_IN_TERRAFORM.iter().filter(|(of, _)| *of == terraform) {
        take(&mut rest, argument);
    }
    let rest = rest.as_object().expect("arguments are a map");
    assert!(rest.is_empty(), "of {terraform}.{label} these have no counterpart: {rest:?}");
    (format!("{}{}", pascal(label), kind.noun), (kind.cloudformation.to_owned(), properties))
}

/// CloudFormation writes dimensions as a list; an alarm without actions has none where Terraform's list is empty.
fn shaped(property: &str, value: Value) -> Value {
    match (property, value) {
        ("Dimensions", Value::Object(dimensions)) => pairs(&dimensions, "Name"),
        (_, value) => value,
    }
}

fn pairs(map: &Map<String, Value>, key: &str) -> Value {
    map.iter().map(|(name, value)| json!({ key: name, "Value": value })).collect()
}

/// Removes what is at the path, and the maps that are empty without it.
fn take(value: &mut Value, path: &str) -> Option<Value> {
    let map = value.as_object_mut()?;
    let Some((first, rest)) = path.split_once('.') else { return map.remove(path) };
    let inner = map.get_mut(first)?;
    let taken = take(inner, rest);
    if *inner == json!({}) {
        map.remove(first);
    }
    taken
}

fn place<'a>(value: &'a mut Value, path: &str) -> &'a mut Value {
    path.split('.').fold(value, |inner, step| match step.parse::<usize>() {
        Ok(index) => {
            if inner.is_null() {
                *inner = json!([]);
            }
            let items = inner.as_array_mut().expect("a number is a place in a list");
            items.resize(items.len().max(index + 1), Value::Null);
            &mut items[index]
        }
        Err(_) => &mut inner[step],
    })
}
