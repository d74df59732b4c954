//! `publish`: the handler's zip and the template that deploys it, into a bucket.

use std::path::PathBuf;

use super::building::{self, Building};
use super::context::Context;
use super::exit_code::Failure;
use super::input::Source;
use super::operator::Caller;
use crate::publish::{self, Object, Publication, PublishError};
use crate::{AsgRecycle, CloudFormation, VERSION};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// The bucket, in the region that is deployed to: that of `--region`, else of the file.
    #[arg(long, value_name = "BUCKET")]
    bucket: String,
    /// The version that the template is published under; what is published under one never changes.
    #[arg(long = "as", value_name = "VERSION", default_value = VERSION)]
    version: String,
    /// Write nothing: say what would be written.
    #[arg(long)]
    dry_run: bool,
    /// Take this zip instead of compiling the handler; it needs no Rust. It is checked, and published as it is.
    #[arg(long, value_name = "ZIP", conflicts_with_all = ["cache_dir", "compiler", "keep_build", "no_smoke"])]
    handler_zip: Option<PathBuf>,
    #[command(flatten)]
    building: Building,
    #[command(flatten)]
    caller: Caller,
}

pub(super) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let version = publish::version(&arguments.version)?;
    let stack = arguments.source.stack(context)?;
    if stack.stack().repository.is_some() {
        return Err(Failure::Input(
            "`package.kind` is `image`: it is pushed to its repository by the commands in the output folder's README.md, \
             and the function names it by its digest"
                .to_owned(),
        ));
    }
    let contents = arguments.source.contents(stack.config(), context)?;
    let architecture = stack.config().handler.architecture;
    let built = match &arguments.handler_zip {
        Some(file) => building::given(file, architecture, &contents)?,
        None => arguments.building.build(architecture, &contents, context)?,
    };
    let (name, region) = (stack.config().name.to_string(), stack.config().region.to_string());
    let environment = stack.config().environment.to_string();
    // The zip's hash makes no fault that the file did not have.
    let stack = stack.published(&built.digest, &arguments.bucket, &version);
    let stack = stack.map_err(|problems| Failure::World(format!("{problems:?}")))?;
    let objects = objects(&stack, built.zip, &version)?;
    let client = arguments.caller.or_in(&region).client(context).map_err(PublishError::from);
    let published = client.and_then(|client| {
        Ok((publish::publish(&client, &arguments.bucket, &objects, arguments.dry_run)?, client))
    });
    let (outcomes, client) = match published {
        Err(error) if arguments.dry_run && error.leaves_bucket_open() => {
            return unseen(&arguments.bucket, &objects, error, context);
        }
        published => published?,
    };
    told(&arguments.bucket, &objects, &outcomes, context)?;
    if arguments.dry_run {
        return Ok(());
    }
    let (url, region) = (publish::url(&client, &arguments.bucket, &objects[1].key)?, client.region());
    context.console.result(&format!(
        "next: `aws cloudformation create-stack --region {region} --stack-name {name}-{environment} --template-url {url} \
         --capabilities CAPABILITY_NAMED_IAM`, or `update-stack` where it is there\n"
    ))
}

/// The zip, and the template that names it.
fn objects(stack: &AsgRecycle, zip: Vec<u8>, version: &str) -> Result<[Object; 2], Failure> {
    let zip_key = stack.stack().function.code.published().map(|zip| zip.key.clone());
    let template = stack.synth(&CloudFormation).remove(CloudFormation::TEMPLATE);
    let (Some(zip_key), Some(template)) = (zip_key, template) else {
        return Err(Failure::World(
            "a published stack has no zip or no template: this is a fault of asg-recycle".to_owned(),
        ));
    };
    Ok([
        Object {
            key: zip_key,
            contents: zip,
            content_type: "application/zip",
            fix: "the key names its content, so somebody has changed the object: remove it, and publish again",
        },
        Object {
            key: format!("{}/{version}/template.yaml", stack.config().name),
            contents: template,
            content_type: "application/yaml",
            fix: "what is published under a version stays as it is: name another with `--as VERSION`",
        },
    ])
}

/// What became of each object.
fn told(
    bucket: &str,
    objects: &[Object],
    outcomes: &[Publication],
    context: &mut Context,
) -> Result<(), Failure> {
    for (Object { key, contents, .. }, outcome) in objects.iter().zip(outcomes) {
        let what = match outcome {
            Publication::Written => "published",
            Publication::Present => "is there already, with the same bytes",
            Publication::Missing => "would be published",
        };
        context.console.result(&format!("s3://{bucket}/{key}: {what}, {} bytes\n", contents.len()))?;
    }
    Ok(())
}

/// What a dry run can say of a bucket that it could not look at; it is no success.
fn unseen(
    bucket: &str,
    objects: &[Object],
    error: PublishError,
    context: &mut Context,
) -> Result<(), Failure> {
    for Object { key, contents, .. } in objects {
        let bytes = contents.len();
        let line =
            format!("s3://{bucket}/{key}: would be published, {bytes} bytes, unless it is there already\n");
        context.console.result(&line)?;
    }
    let reason = Failure::from(error);
    Err(Failure::World(format!("the bucket could not be looked at: {}", reason.message())))
}
