//! `stack.yaml` and each format's own validations refuse the same values, as far as each can say it: the same texts are given
//! to all.

use asg_recycle::FORMATS;
use asg_recycle::config;
use asg_recycle::render::{CloudFormation, Files, OutputFormat as _, Terraform};
use asg_recycle::stack::parameter::ParameterKey;
use hcl::eval::{Context, Evaluate, FuncArgs, FuncDef, ParamType};
use regex::Regex;
use serde_json::{Value, json};

use super::{READERS, stacks};

/// Parameters that `stack.yaml` has a key for, and a text that each takes.
const KEYS: &[(ParameterKey, &str)] = &[
    (ParameterKey::Environment, "staging"),
    (ParameterKey::SlackChannel, "webops"),
    (ParameterKey::NotifierFunctionArn, FUNCTION),
    (ParameterKey::AlarmActionArns, "arn:aws:sns:eu-west-2:123456789012:alarms"),
    (ParameterKey::RunbookUrl, "https://runbooks.example.com/a?b=c"),
    (ParameterKey::PermissionsBoundaryArn, "arn:aws:iam::123456789012:policy/b"),
    (ParameterKey::RolePath, "/webops/"),
    (ParameterKey::LogRetentionDays, "90"),
];

const FUNCTION: &str = "arn:aws:lambda:eu-west-2:123456789012:function:f";

/// Texts that at least one parameter takes or that look as if: each is given to every parameter.
fn texts() -> Vec<String> {
    let plain = [
        " ",
        "a",
        "A",
        "-a",
        "a-",
        "a b",
        "1",
        "0",
        "2",
        "30",
        "3653",
        "9999",
        "ä",
        "ab\u{7f}",
        "a,b",
        "#webops",
        "/",
        "//",
        "/a",
        "a/",
        "/a/b/",
        "/a b/",
        "http://x.example",
        "https://",
        "https://x",
        "https://x.example:99999/",
        "https://u:p@x.example",
        "https://x.example/a b",
        "https://x.example/\"",
        "${x}",
        "%{x}",
        "a\nb",
        "x.y.z",
        "arn",
        "arn:aws:",
        "arn:aws:s3:::x",
        "arn:aws:iam::123456789012:role/r",
        "arn:aws:iam::aws:policy/AdministratorAccess",
        "arn:aws:iam::1234:policy/x",
        "arn:aws:lambda:eu-west-2:123456789012:function:f:live",
        "arn:aws:lambda:eu-west-2:123456789012:layer:f",
        "arn:aws:sns:eu-west-2:123456789012:t",
        "arn:aws:sns:eu-west-2:123456789012:",
        "ARN:aws:sns:eu-west-2:123456789012:t",
        "arn:aws-cn:sns:eu-west-2:123456789012:t",
        "arn:aws-cn:iam::aws:policy/AdministratorAccess",
        "arn:aws-cn:lambda:eu-west-2:123456789012:function:f",
        "non",
        "nonesuch",
    ];
    let long = [28, 29, 80, 81, 512, 513].map(|length| "a".repeat(length));
    let paths = [510, 511].map(|length| format!("/{}/", "a".repeat(length)));
    let good = KEYS.iter().map(|(_, good)| (*good).to_owned());
    plain.map(str::to_owned).into_iter().chain(long).chain(paths).chain(good).collect()
}

/// Whether `stack.yaml` is refused with this value.
fn file_refuses(name: &str, key: ParameterKey, path: &str, text: &str) -> bool {
    let value = match key {
        ParameterKey::AlarmActionArns => json!([text]),
        ParameterKey::LogRetentionDays => text.parse::<u64>().map_or_else(|_| text.into(), Value::from),
        _ => text.into(),
    };
    let file = match path.split_once('.') {
        Some((section, key)) => json!({ "name": name, section: { key: value } }),
        None => json!({ "name": name, path: value }),
    };
    config::parse(file.to_string().as_bytes()).is_err()
}

/// Whether a deployed parameter refuses a text, by the files of a format.
pub(super) type Refuses = Box<dyn Fn(ParameterKey, &str) -> bool>;

/// By the validations of the module's variables.
pub(super) fn by_terraform(files: &Files) -> Refuses {
    let body = std::str::from_utf8(&files["terraform/variables.tf"]).expect("text");
    let body = hcl::parse(body).expect("HCL");
    Box::new(move |key, text| terraform_refuses(&body, key, text))
}

/// By the declarations of the template's parameters.
pub(super) fn by_cloudformation(files: &Files) -> Refuses {
    let template: Value = serde_yaml::from_slice(&files["cloudformation/template.yaml"]).expect("YAML");
    Box::new(move |key, text| cloudformation_refuses(&template, key, text))
}

fn terraform_refuses(body: &hcl::Body, key: ParameterKey, text: &str) -> bool {
    let variable =
        body.blocks().find(|block| block.labels()[0].as_str() == key.as_str()).expect("a variable");
    let validation = variable.body().blocks().find(|block| block.identifier() == "validation");
    let condition =
        validation.expect("it is validated").body().attributes().find(|each| each.key() == "condition");
    let mut context = Context::new();
    let value = match key {
        ParameterKey::AlarmActionArns => hcl::Value::from(vec![text]),
        ParameterKey::LogRetentionDays => match text.parse::<u64>() {
            Ok(number) => number.into(),
            Err(_) => return true, // the variable is a number
        },
        _ => text.into(),
    };
    context.declare_var("var", hcl::Value::from_iter([(key.as_str(), value)]));
    declare(&mut context);
    let holds = condition.expect("a condition").expr().evaluate(&context).expect("it can be evaluated");
    holds != hcl::Value::Bool(true)
}

/// Terraform's functions, as far as validations use them. A `regex` that does not match is `false` here, not an error.
fn declare(context: &mut Context<'static>) {
    let any = || FuncDef::builder().param(ParamType::Any);
    let regex = |args: FuncArgs| {
        let [pattern, text] = [&args[0], &args[1]].map(|arg| arg.as_str().unwrap_or_default().to_owned());
        Ok(hcl::Value::from(Regex::new(&pattern).map_err(|error| error.to_string())?.is_match(&text)))
    };
    let length = |args: FuncArgs| {
        let characters = args[0].as_str().map(|text| text.chars().count());
        Ok(hcl::Value::from(characters.or_else(|| args[0].as_array().map(Vec::len)).unwrap_or_default()))
    };
    let alltrue = |args: FuncArgs| {
        let items = args[0].as_array().cloned().unwrap_or_default();
        Ok(hcl::Value::from(items.iter().all(|item| *item == hcl::Value::Bool(true))))
    };
    let contains =
        |args: FuncArgs| Ok(args[0].as_array().is_some_and(|items| items.contains(&args[1])).into());
    let coalesce = |args: FuncArgs| {
        args.variadic_args().find(|value| !value.is_null()).cloned().ok_or_else(|| "nothing".to_owned())
    };
    context.declare_func("regex", any().param(ParamType::Any).build(regex));
    context.declare_func("can", any().build(|args: FuncArgs| Ok(args[0].clone())));
    context.declare_func("length", any().build(length));
    context.declare_func("alltrue", any().build(alltrue));
    context.declare_func("contains", any().param(ParamType::Any).build(contains));
    context.declare_func("coalesce", FuncDef::builder().variadic_param(ParamType::Any).build(coalesce));
}

/// Whether the template's parameter refuses it, as CloudFormation reads its declaration.
fn cloudformation_refuses(template: &Value, key: ParameterKey, text: &str) -> bool {
    let words = key.as_str().split('_').map(|word| word[..1].to_uppercase() + &word[1..]);
    let declared = &template["Parameters"][words.collect::<String>()];
    let has = |name: &str| declared.get(name).filter(|value| !value.is_null());
    let pattern = has("AllowedPattern").and_then(Value::as_str);
    let length_max = has("MaxLength").and_then(Value::as_u64);
    let values = has("AllowedValues").and_then(Value::as_array);
    assert!(pattern.is_some() || values.is_some(), "{key:?} has a rule");
    // An item of a list is what stands between two commas.
    let items: Vec<&str> =
        if key == ParameterKey::AlarmActionArns { text.split(',').collect() } else { vec![text] };
    let fits = |item: &&str| pattern.is_none_or(|pattern| java_matches(pattern, item));
    !items.iter().all(fits)
        || length_max.is_some_and(|most| text.chars().count() as u64 > most)
        || values.is_some_and(|values| !values.iter().any(|value| super::text_of(value) == text))
}

/// As Java reads a pattern that looks ahead from a text's beginning, at most once.
fn java_matches(pattern: &str, text: &str) -> bool {
    let matches = |pattern: &str| Regex::new(pattern).expect("a pattern").is_match(text);
    let Some((before, rest)) = pattern.split_once("(?!") else { return matches(pattern) };
    let (never, after) = rest.split_once("$)").expect("it looks to the end");
    matches(&format!("{before}{after}")) && !matches(&format!("^{never}$"))
}

/// No file has it, and every format takes what a topic can deliver to, or nothing where `stack.yaml` does not say that there is one.
#[test]
fn the_endpoint_that_pages_is_a_url_and_given_to_deployments_alone() {
    for needed in [false, true] {
        let text = format!("name: demo\nnotifications: {{pager_duty: {needed}}}\n");
        let config = config::parse(text.as_bytes()).expect("it has no fault");
        let recycle = asg_recycle::AsgRecycle::from_config(config).expect("it builds");
        let key = ParameterKey::PagerDutyEndpoint;
        let parameter = recycle.stack().parameters.iter().find(|one| one.key == key).expect("it is one");
        assert!(parameter.secret && parameter.default.is_none() && parameter.optional != needed);
        for (format, reader) in FORMATS.iter().zip(READERS) {
            let refuses = (reader.refuses)(&format.render(recycle.stack()));
            for text in texts().into_iter().chain(["https://events.pagerduty.com/x".to_owned()]) {
                let is_refused = text.parse::<config::EndpointUrl>().is_err();
                assert_eq!(refuses(key, &text), is_refused, "{}: {text:?}", reader.format);
            }
        }
        let files = Terraform.render(recycle.stack());
        for file in ["terraform/variables.tf", "terraform-root/variables.tf"] {
            let text = String::from_utf8(files[file].clone()).expect("text");
            let (_, rest) = text.split_once("\"pager_duty_endpoint\" {").expect("it is there");
            let (block, _) = rest.split_once("\n}\n").expect("it ends");
            assert!(
                block.lines().any(|line| line.split_whitespace().eq(["sensitive", "=", "true"])),
                "{block}"
            );
            assert_eq!(block.contains("default"), !needed, "{block}");
        }
        // How many there are has to be known before anything is applied, and the endpoint may be made by the same run.
        let topic = String::from_utf8(files["terraform/topic.tf"].clone()).expect("text");
        assert_eq!(topic.contains("pager_duty_endpoint == null"), !needed, "{topic}");
        let files = CloudFormation.render(recycle.stack());
        let template: Value = serde_yaml::from_slice(&files["cloudformation/template.yaml"]).expect("YAML");
        let declared = &template["Parameters"]["PagerDutyEndpoint"];
        assert_eq!((&declared["NoEcho"], declared.get("Default").is_none()), (&json!(true), needed));
    }
}

/// `sam deploy --guided` asks for what is not shown while it is typed, and takes no empty answer.
#[test]
fn no_endpoint_that_pages_can_be_said_in_a_word() {
    let stack = stacks().swap_remove(0);
    let name = "PagerDutyEndpoint";
    let refuses = by_cloudformation(&CloudFormation.render(&stack));
    assert!(!refuses(ParameterKey::PagerDutyEndpoint, "none"));
    let subscriptions = |given: &str| {
        let made = super::cloudformation::made_with(&stack, name, given);
        made.keys().filter(|label| label.contains("pager_duty")).count()
    };
    assert_eq!(["", "none", "https://events.pagerduty.com/x"].map(subscriptions), [0, 0, 1]);
}

/// What there is not, and what the program does not know unless it is told.
#[test]
fn a_region_that_there_is_not_is_refused_by_file_and_formats() {
    let stack = |more: &str| {
        let config = config::parse(format!("name: demo\n{more}").as_bytes()).expect("it has no fault");
        asg_recycle::AsgRecycle::from_config(config).expect("it builds")
    };
    for (more, region, is_taken) in [
        ("", "eu-west-2", true),
        ("", "ap-southeast-2", true),
        ("", "eu-west-9", false),
        ("", "cn-north-1", false), // of another partition
        ("newer_regions: [eu-west-9]\n", "eu-west-9", true),
        ("newer_regions: [eu-west-9]\n", "eu-west-8", false),
    ] {
        let of_file = config::parse(format!("name: demo\n{more}region: {region}\n").as_bytes()).is_ok();
        assert_eq!(of_file, is_taken || region.starts_with("cn-"), "{region}");
        let recycle = stack(more);
        let refuses = by_terraform(&Terraform.render(recycle.stack()));
        assert_eq!(refuses(ParameterKey::Region, region), !is_taken, "{region}");
        let files = CloudFormation.render(recycle.stack());
        let template: Value = serde_yaml::from_slice(&files["cloudformation/template.yaml"]).expect("YAML");
        let rule = &template["Rules"]["RegionOfThePartition"]["Assertions"][0]["Assert"]["Fn::Contains"];
        assert_eq!(rule[1], json!({"Ref": "AWS::Region"}));
        let known = rule[0].as_array().expect("a list").contains(&region.into());
        assert_eq!(known, is_taken, "{region}");
    }
}

/// A list of one is a list in either format.
#[test]
fn a_partition_of_one_region_takes_that_one() {
    let only = "eusc-de-east-1";
    let config = config::parse(format!("name: demo\nregion: {only}\n").as_bytes()).expect("it has no fault");
    let recycle = asg_recycle::AsgRecycle::from_config(config).expect("it builds");
    let files = Terraform.render(recycle.stack());
    assert!(!files.keys().any(|path| path.contains("region.tftest") || path.contains("two-regions")));
    let refuses = by_terraform(&files);
    assert!(!refuses(ParameterKey::Region, only) && refuses(ParameterKey::Region, "eu-central-1"));
    let files = CloudFormation.render(recycle.stack());
    let template: Value = serde_yaml::from_slice(&files["cloudformation/template.yaml"]).expect("YAML");
    let rule = &template["Rules"]["RegionOfThePartition"]["Assertions"][0]["Assert"]["Fn::Contains"];
    assert_eq!(rule[0], json!([only]));
}

#[test]
fn file_and_formats_refuse_the_same_values() {
    let stack = stacks().swap_remove(0);
    let formats = FORMATS.iter().zip(READERS);
    let formats: Vec<_> =
        formats.map(|(format, reader)| (reader.format, (reader.refuses)(&format.render(&stack)))).collect();
    for (key, good) in KEYS {
        let path = key.setting().expect("`stack.yaml` says it");
        assert!(!file_refuses(&stack.name, *key, path, good), "{path}: {good}");
        let mut refused = 0;
        for text in texts() {
            let by_file = file_refuses(&stack.name, *key, path, &text);
            refused += usize::from(by_file);
            for (format, refuses) in &formats {
                assert_eq!(refuses(*key, &text), by_file, "{format}: {path}: {text:?}");
            }
        }
        assert!(refused > 10, "{path} takes nearly everything");
    }
}

/// Terraform takes the zip from a file or from a bucket, by its key; CloudFormation from a bucket only, which has to be said.
#[test]
fn the_zip_comes_from_exactly_one_place() {
    let stack = stacks().swap_remove(0);
    let file = Terraform.render(&stack).remove("terraform/function.tf").expect("the function");
    let file = hcl::parse(std::str::from_utf8(&file).expect("text")).expect("HCL");
    let function = file.blocks().find(|block| block.labels()[0].as_str() == "aws_lambda_function");
    let lifecycle =
        function.expect("the function").body().blocks().find(|block| block.identifier() == "lifecycle");
    let conditions: Vec<_> = lifecycle
        .expect("it has conditions")
        .body()
        .blocks()
        .flat_map(|condition| {
            condition
                .body()
                .attributes()
                .filter(|each| each.key() == "condition")
                .map(|each| each.expr().clone())
        })
        .collect();
    for (bucket, key, path, is_taken) in [
        (None, None, None, true), // the file beside the module
        (None, None, Some("handler.zip"), true),
        (Some("artefacts"), Some("handler.zip"), None, true),
        (Some("artefacts"), None, None, false),
        (Some("artefacts"), None, Some("handler.zip"), false),
        (Some("artefacts"), Some("handler.zip"), Some("handler.zip"), false),
    ] {
        let given = [("handler_s3_bucket", bucket), ("handler_s3_key", key), ("handler_zip_path", path)];
        let given = given.map(|(name, value)| (name, value.map_or(hcl::Value::Null, hcl::Value::from)));
        let mut context = Context::new();
        context.declare_var("var", hcl::Value::from_iter(given.clone()));
        let hold = |each: &hcl::Expression| {
            each.evaluate(&context).expect("it can be evaluated") == hcl::Value::Bool(true)
        };
        assert_eq!(conditions.iter().all(hold), is_taken, "{given:?}");
    }
    let template =
        CloudFormation.render(&stack).remove("cloudformation/template.yaml").expect("the template");
    let template: Value = serde_yaml::from_slice(&template).expect("YAML");
    let bucket = &template["Parameters"]["HandlerS3Bucket"];
    let pattern = Regex::new(bucket["AllowedPattern"].as_str().expect("a pattern")).expect("it is one");
    assert!(bucket.get("Default").is_none() && !pattern.is_match(""), "{bucket}");
    assert!(template["Parameters"].get("HandlerZipPath").is_none());
}

/// CloudFormation cannot count the items of a list.
#[test]
fn a_sixth_alarm_action_is_refused_where_items_can_be_counted() {
    let stack = stacks().swap_remove(0);
    let six: Vec<String> =
        (0..6).map(|index| format!("arn:aws:sns:eu-west-2:123456789012:t{index}")).collect();
    let file = json!({ "name": &*stack.name, "alarms": { "action_arns": six } });
    assert!(config::parse(file.to_string().as_bytes()).is_err());
    let files = Terraform.render(&stack);
    let variables = String::from_utf8(files["terraform/variables.tf"].clone()).expect("text");
    assert!(variables.contains("length(var.alarm_action_arns) <= 5"));
}
