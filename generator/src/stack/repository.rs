//! The repository of the handler's images, where it is deployed as one. It is deployed before the stack and apart from it:
//! a function can only be made of an image that is there, and one repository serves every environment.

use serde::Serialize;

use super::policy::{Policy, Principal, Statement};
use super::value::Value;
use crate::config::{Config, PackageKind};
use crate::names;

/// An ECR repository: scanned on push, encrypted, its tags immutable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Repository {
    /// Its name, unique in the account and region.
    pub name: String,
    /// What becomes of images that nobody needs, as ECR reads it.
    pub lifecycle: Value,
    /// Who may pull.
    pub policy: Policy,
}

/// How long an image without a tag stays, in days: one that a push was cut short of, or another platform's part.
const UNTAGGED_DAYS: u32 = 14;

/// Images that stay, newest first. What a function runs has to be among them, so this is more than anybody deploys back.
const IMAGES_MAX: u32 = 100;

pub(super) fn repository(config: &Config) -> Option<Repository> {
    (config.package.kind == PackageKind::Image).then(|| Repository {
        name: format!("{}{}", config.name, names::REPOSITORY_SUFFIX),
        lifecycle: Value::map([("rules", Value::list([untagged_rule(), oldest_rule()]))]),
        policy: Policy::new([pulling(config)]),
    })
}

fn untagged_rule() -> Value {
    let selection = Value::map([
        ("tagStatus", Value::from("untagged")),
        ("countType", "sinceImagePushed".into()),
        ("countUnit", "days".into()),
        ("countNumber", UNTAGGED_DAYS.into()),
    ]);
    rule(1, "images without a tag", selection)
}

fn oldest_rule() -> Value {
    let selection = Value::map([
        ("tagStatus", Value::from("any")),
        ("countType", "imageCountMoreThan".into()),
        ("countNumber", IMAGES_MAX.into()),
    ]);
    rule(2, "the oldest of too many", selection)
}

fn rule(priority: u32, description: &str, selection: Value) -> Value {
    Value::map([
        ("rulePriority", Value::from(priority)),
        ("description", description.into()),
        ("selection", selection),
        ("action", Value::map([("type", "expire")])),
    ])
}

/// Lambda pulls for the functions of this stack, in every environment.
fn pulling(config: &Config) -> Statement {
    let function = format!("function:{}*{}", names::prefix(&config.name, ""), names::FUNCTION.suffix);
    Statement::allow("LambdaPulls")
        .principal(Principal::Service("lambda.amazonaws.com"))
        .actions(["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"])
        .condition("ArnLike", "aws:SourceArn", Value::regional_arn("lambda", [function.into()]))
        .because("Lambda pulls the images of this stack's functions, in every environment.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_where_the_handler_is_an_image() {
        let mut config = Config::with_defaults("demo".parse().unwrap());
        assert_eq!(repository(&config), None);
        config.package.kind = PackageKind::Image;
        assert_eq!(repository(&config).unwrap().name, "demo-handler");
    }

    #[test]
    fn lambda_alone_pulls_and_only_for_functions_of_the_stack() {
        let mut config = Config::with_defaults("demo".parse().unwrap());
        config.package.kind = PackageKind::Image;
        let policy = repository(&config).unwrap().policy;
        let [pulls] = &policy.statements[..] else { panic!("{policy:?}") };
        assert_eq!(pulls.actions, ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]);
        assert_eq!(pulls.principal, Some(Principal::Service("lambda.amazonaws.com")));
        let functions = Value::regional_arn("lambda", ["function:demo-*-handler".into()]);
        assert_eq!(pulls.conditions, [("ArnLike", "aws:SourceArn".to_owned(), functions)]);
    }
}
