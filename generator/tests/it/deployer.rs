//! The deployer's policy against what AWS itself says that `CloudFormation` calls for each type of resource: `cfn-lint` carries
//! the permissions of every handler.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use asg_recycle::config::{Config, LockHeldHours, PackageKind};
use asg_recycle::{AsgRecycle, FORMATS};
use serde_json::Value;

use crate::python;

/// What handlers are allowed and do not call for what a stack has: an action, or what several begin with, and why.
const NOT_CALLED: &[(&str, &str)] = &[
    ("codedeploy:", "the alias goes to a version at once"),
    ("dynamodb:AssociateTableReplica", "the table is in one region"),
    ("dynamodb:BatchWriteItem", "nothing is imported"),
    ("dynamodb:CreateTableReplica", "the table is in one region"),
    ("dynamodb:DeleteItem", "nothing is imported"),
    ("dynamodb:DeleteResourcePolicy", "the table has no policy of its own"),
    ("dynamodb:DescribeImport", "nothing is imported"),
    ("dynamodb:DisableKinesisStreamingDestination", "nothing is streamed"),
    ("dynamodb:EnableKinesisStreamingDestination", "nothing is streamed"),
    ("dynamodb:GetItem", "nothing is imported"),
    ("dynamodb:ImportTable", "nothing is imported"),
    ("dynamodb:PutItem", "nothing is imported"),
    ("dynamodb:PutResourcePolicy", "the table has no policy of its own"),
    ("dynamodb:Query", "nothing is imported"),
    ("dynamodb:Scan", "nothing is imported"),
    ("dynamodb:UpdateContributorInsights", "no insights are asked for"),
    ("dynamodb:UpdateItem", "nothing is imported"),
    ("dynamodb:UpdateKinesisStreamingDestination", "nothing is streamed"),
    ("dynamodb:UpdateTimeToLive", "items have no time to live"),
    ("elasticfilesystem:", "the function mounts nothing"),
    ("firehose:", "logs go nowhere else"),
    ("iam:AttachRolePolicy", "the roles have no managed policies"),
    ("iam:CreateServiceLinkedRole", "of replicas and streams"),
    ("iam:DeleteGroupPolicy", "only roles have policies"),
    ("iam:DeleteUserPolicy", "only roles have policies"),
    ("iam:DetachRolePolicy", "the roles have no managed policies"),
    ("iam:GetGroupPolicy", "only roles have policies"),
    ("iam:GetUserPolicy", "only roles have policies"),
    ("iam:PutGroupPolicy", "only roles have policies"),
    ("iam:PutUserPolicy", "only roles have policies"),
    ("kinesis:", "nothing is streamed"),
    ("kms:DisableKey", "the key is on and rotates, always"),
    ("kms:EnableKey", "the key is on, always"),
    ("kms:RetireGrant", "the repository has no key of the account's own"),
    ("lambda:AssociateRuntimeAlias", "the runtime is the newest"),
    ("lambda:DeleteFunctionCodeSigningConfig", "the code is not signed"),
    ("lambda:DeleteProvisionedConcurrencyConfig", "nothing is provisioned"),
    ("lambda:GetCodeSigningConfig", "the code is not signed"),
    ("lambda:GetLayerVersion", "the function has no layers"),
    ("lambda:PassCapacityProvider", "the function has no capacity provider"),
    ("lambda:PublishVersion", "the function has no versions"),
    ("lambda:PutFunctionCodeSigningConfig", "the code is not signed"),
    ("lambda:PutFunctionRecursionConfig", "the function has Lambda's own"),
    ("lambda:PutFunctionScalingConfig", "the function has no capacity provider"),
    ("lambda:PutProvisionedConcurrencyConfig", "nothing is provisioned"),
    ("lambda:PutRuntimeManagementConfig", "the runtime is the newest"),
    ("logs:CreateLogDelivery", "logs go nowhere else"),
    ("logs:CreateLogStream", "nothing is imported"),
    ("logs:DeleteIndexPolicy", "logs have no index"),
    ("logs:DeleteResourcePolicy", "the log groups have no policy of their own"),
    ("logs:DescribeLogStreams", "nothing is imported"),
    ("logs:PutBearerTokenAuthentication", "nothing else writes to the log groups"),
    ("logs:PutDataProtectionPolicy", "nothing is masked"),
    ("logs:PutIndexPolicy", "logs have no index"),
    ("logs:PutLogEvents", "nothing is imported"),
    ("logs:PutLogGroupDeletionProtection", "logs go with the stack"),
    ("logs:PutResourcePolicy", "the log groups have no policy of their own"),
    ("s3:GetObjectMetadata", "nothing is imported"),
    ("s3:REST.PUT.OBJECT", "logs go nowhere else"),
    ("s3files:", "the function mounts nothing"),
    ("sns:PutDataProtectionPolicy", "nothing is masked"),
];

/// What the commands and programs that we print ask for besides the action of their name.
const COMMANDS: &[(&str, &[&str])] = &[
    (
        "cloudformation deploy",
        &[
            "cloudformation:CreateChangeSet",
            "cloudformation:DescribeChangeSet",
            "cloudformation:DescribeStacks",
            "cloudformation:ExecuteChangeSet",
            "cloudformation:GetTemplateSummary",
            "s3:PutObject",
        ],
    ),
    // Of a secret whose name nobody knows here: the README has it among what is added by hand.
    ("secretsmanager get-secret-value", &[]),
    ("ecr get-login-password", &["ecr:GetAuthorizationToken"]),
    ("s3 cp", &["s3:PutObject"]),
];

/// What `docker push` asks of a repository.
const PUSH: &[&str] = &[
    "ecr:BatchCheckLayerAvailability",
    "ecr:CompleteLayerUpload",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
];

/// What `asg-recycle publish` asks of the bucket. Without the first, S3 answers 403 for what is not there.
const PUBLISH: &[&str] = &["s3:ListBucket", "s3:GetObject", "s3:PutObject"];

/// What gets a stack out of an update that failed.
const RESCUE: &[&str] = &[
    "cloudformation:CancelUpdateStack",
    "cloudformation:ContinueUpdateRollback",
    "cloudformation:DeleteStack",
    "cloudformation:RollbackStack",
];

#[test]
fn whoever_deploys_may_do_what_the_printed_commands_do() {
    let mut config = Config::with_defaults("demo".parse().expect("a name"));
    config.package.kind = PackageKind::Image;
    let (_, allowed) = deployed(&config);
    let readme = include_str!("../../../templates/readme/README.md.j2");
    let (deploying, _) = readme.split_once("## Tags on a group").expect("the part before it");
    let guide = include_str!("../../../templates/readme/cloudformation.md.j2");
    let publish = include_str!("../../src/cli/publish.rs")
        .replace("`update-stack`", "`aws cloudformation update-stack`");
    let commands: BTreeSet<String> = [deploying, guide, &publish].into_iter().flat_map(commands).collect();
    assert!(commands.contains("cloudformation update-stack") && commands.len() > 5, "{commands:?}");
    let of_command =
        commands.iter().flat_map(|command| match COMMANDS.iter().find(|(known, _)| known == command) {
            Some((_, actions)) => actions.iter().map(ToString::to_string).collect(),
            None => vec![action(command)],
        });
    let besides = [PUSH, PUBLISH, RESCUE].concat().into_iter().map(str::to_owned);
    let missing: Vec<String> = of_command.chain(besides).filter(|action| !allowed.contains(action)).collect();
    assert!(missing.is_empty(), "grant them in `render/deployer/`: {missing:?}");
}

/// The commands of the AWS CLI in a text: service and operation.
fn commands(text: &str) -> Vec<String> {
    let of = |rest: &str| {
        let mut words = rest
            .split(|character: char| !character.is_ascii_lowercase() && character != '-' && character != '3');
        Some(format!("{} {}", words.next()?, words.next()?))
    };
    let starts = ["`aws ", "(aws ", "\naws "];
    starts.iter().flat_map(|start| text.split(start).skip(1)).filter_map(of).collect()
}

/// The action that a command of the AWS CLI is called after.
fn action(command: &str) -> String {
    let (service, operation) = command.split_once(' ').expect("two words");
    let word = |word: &str| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    };
    format!("{service}:{}", operation.split('-').map(word).collect::<String>())
}

/// The actions of every handler but those that list, by type of resource.
const HANDLERS: &str = r"
import glob, json, os
import cfnlint
schemas = os.path.join(os.path.dirname(cfnlint.__file__), 'data', 'schemas', 'resources', '*.json')
found = {}
for path in glob.glob(schemas):
    with open(path) as file:
        schema = json.load(file)
    handlers = schema.get('handlers', {})
    actions = [action for name, handler in handlers.items() if name != 'list' for action in handler.get('permissions', [])]
    found.setdefault(schema['typeName'], set()).update(actions)
print(json.dumps({name: sorted(actions) for name, actions in found.items()}))
";

#[test]
fn cloud_formation_may_do_all_that_aws_says_it_does() {
    let python =
        Command::new(python::program("python")).args(["-c", HANDLERS]).output().expect("python starts");
    let handlers: BTreeMap<String, BTreeSet<String>> = serde_json::from_slice(&python.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&python.stderr)));
    let mut config = Config::with_defaults("demo".parse().expect("a name"));
    config.encryption.customer_key = true;
    config.trigger.launch_template_versions = true;
    let (subnet, guard) = ("subnet-0123abcd".parse().expect("an id"), "sg-0123abcd".parse().expect("an id"));
    config.network.subnet_ids = vec![subnet].try_into().expect("it is one");
    config.network.security_group_ids = vec![guard].try_into().expect("it is one");
    let arn = |text: &str| format!("arn:aws:{text}").replace('R', "eu-west-2:123456789012");
    config.handler.alias = "live".parse().ok();
    config.handler.code_signing_config_arn =
        arn("lambda:R:code-signing-config:csc-0123456789abcdef0").parse().ok();
    config.logs.destination_arn = arn("kinesis:R:stream/logs").parse().ok();
    assert!(config.handler.code_signing_config_arn.is_some() && config.logs.destination_arn.is_some());
    config.alarms.dashboard = true;
    config.alarms.lock_held_hours = LockHeldHours::new(24).ok();
    let zip = deployed(&config);
    config.package.kind = PackageKind::Image;
    (config.handler.alias, config.handler.code_signing_config_arn) = (None, None);
    config.logs.destination_arn = arn("lambda:R:function:logs").parse().ok();
    let image = deployed(&config);
    let mut excused = BTreeSet::new();
    let mut missing = BTreeSet::new();
    for (types, allowed) in [zip, image] {
        for kind in types {
            let asked = handlers.get(&kind).unwrap_or_else(|| panic!("cfn-lint knows no {kind}"));
            assert!(!asked.is_empty(), "{kind}");
            for action in asked.difference(&allowed) {
                match NOT_CALLED.iter().find(|(known, _)| action.starts_with(known)) {
                    Some((known, _)) => drop(excused.insert(*known)),
                    None => drop(missing.insert((kind.clone(), action.clone()))),
                }
            }
        }
    }
    assert!(missing.is_empty(), "grant them in `render/deployer/`, or say why not: {missing:#?}");
    let idle: Vec<_> = NOT_CALLED.iter().filter(|(action, _)| !excused.contains(action)).collect();
    assert!(idle.is_empty(), "no handler asks for these any more: {idle:#?}");
}

/// The types of resources in what is emitted, and what the policy that comes with it allows.
fn deployed(config: &Config) -> (BTreeSet<String>, BTreeSet<String>) {
    let stack = AsgRecycle::from_config(config.clone()).unwrap_or_else(|problems| panic!("{problems}"));
    let format =
        FORMATS.iter().find(|format| format.description().name == "cloudformation").expect("the format");
    let files = format.render(stack.stack());
    let policies = ["read", "change"].map(|what| {
        let text = &files[&format!("deployer-policy/cloudformation-{what}.json")];
        serde_json::from_slice::<Value>(text).expect("JSON")
    });
    let statements = policies.iter().flat_map(|policy| policy["Statement"].as_array().expect("statements"));
    let actions = statements.flat_map(|one| one["Action"].as_array().expect("actions"));
    let allowed = actions.map(|action| action.as_str().expect("text").to_owned()).collect();
    let lines =
        files.iter().filter(|(path, _)| path.strip_suffix(".yaml").is_some()).flat_map(|(_, text)| {
            std::str::from_utf8(text).expect("text").lines().map(str::to_owned).collect::<Vec<_>>()
        });
    let kinds = lines.filter_map(|line| Some(line.strip_prefix("    Type: AWS::")?.to_owned()));
    (kinds.map(|kind| format!("AWS::{kind}")).collect(), allowed)
}
