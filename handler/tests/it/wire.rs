//! The SDK's calls over plain HTTP, against a server on this machine that answers as AWS does.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;

use asg_recycle_handler::arn::StateMachineArn;
use asg_recycle_handler::aws::Aws;
use asg_recycle_handler::contract::TriggerRecord;
use asg_recycle_handler::decide::StartRequest;
use asg_recycle_handler::ports::{Ports, Started};
use asg_recycle_handler::problem::Problem;
use asg_recycle_handler::rejection::Rejection;
use serde_json::json;

use crate::local::function::stack_environment;

/// Answers one request after the other, and hands over their bodies in the end.
struct Server {
    address: String,
    requests: JoinHandle<Vec<String>>,
}

impl Server {
    fn answering(answers: Vec<(u16, String)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let requests =
            std::thread::spawn(move || answers.into_iter().map(|answer| serve(&listener, &answer)).collect());
        Self { address, requests }
    }

    fn aws(&self) -> Aws {
        self.aws_that_tells("")
    }

    /// With the forms of messages.
    fn aws_that_tells(&self, forms: &str) -> Aws {
        let mut environment = stack_environment();
        environment.insert("MESSAGE_FORMS".to_owned(), forms.to_owned());
        for (key, value) in [
            ("AWS_REGION", "eu-west-2"),
            ("AWS_ENDPOINT_URL", self.address.as_str()),
            ("AWS_ACCESS_KEY_ID", "key"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
        ] {
            environment.insert(key.to_owned(), value.to_owned());
        }
        Aws::new(&environment, &environment["TOPIC_ARN"]).expect("clients")
    }

    fn requests(self) -> Vec<String> {
        self.requests.join().expect("the server")
    }
}

/// Answers one request and returns its body.
fn serve(listener: &TcpListener, (status, answer): &(u16, String)) -> String {
    let (stream, _) = listener.accept().expect("a connection");
    let mut reader = BufReader::new(&stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a header");
        if line.trim().is_empty() {
            break;
        }
        if let Some((_, value)) = line.to_ascii_lowercase().split_once("content-length:") {
            length = value.trim().parse().expect("a length");
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a body");
    let answer_length = answer.len();
    write!(
        &stream,
        "HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {answer_length}\r\n\r\n{answer}"
    )
    .expect("an answer sent");
    String::from_utf8(body).expect("UTF-8")
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn page(groups: &str, token: &str) -> (u16, String) {
    let answer = format!(
        "<DescribeAutoScalingGroupsResponse xmlns=\"http://autoscaling.amazonaws.com/doc/2011-01-01/\">\
         <DescribeAutoScalingGroupsResult><AutoScalingGroups>{groups}</AutoScalingGroups>{token}\
         </DescribeAutoScalingGroupsResult></DescribeAutoScalingGroupsResponse>"
    );
    (200, answer)
}

const WEB: &str = "<member><AutoScalingGroupName>web</AutoScalingGroupName><MixedInstancesPolicy><LaunchTemplate>\
    <LaunchTemplateSpecification><LaunchTemplateId>lt-1</LaunchTemplateId><Version>$Latest</Version>\
    </LaunchTemplateSpecification><Overrides><member><LaunchTemplateSpecification>\
    <LaunchTemplateName>arm</LaunchTemplateName></LaunchTemplateSpecification></member></Overrides></LaunchTemplate>\
    </MixedInstancesPolicy><Tags><member><Key>a</Key><Value>1</Value><PropagateAtLaunch>true</PropagateAtLaunch>\
    </member><member><Key>b</Key></member></Tags></member>";
const API: &str = "<member><AutoScalingGroupName>api</AutoScalingGroupName><LaunchTemplate>\
    <LaunchTemplateId>lt-2</LaunchTemplateId><LaunchTemplateName>api</LaunchTemplateName><Version>3</Version>\
    </LaunchTemplate></member>";

fn start_request() -> StartRequest {
    let machine = "arn:aws:states:eu-west-2:123456789012:stateMachine:asg-recycle-test";
    StartRequest {
        machine: StateMachineArn::parse(machine).unwrap(),
        name: "web-1".to_owned(),
        input: json!({"component": "web"}),
        component: "web".to_owned(),
    }
}

#[test]
fn groups_are_described_by_name_over_every_page() {
    let server = Server::answering(vec![page(WEB, "<NextToken>more</NextToken>"), page(API, "")]);
    let names = ["web".to_owned(), "api".to_owned()];
    let groups = run(server.aws().describe(&names)).expect("groups");
    assert_eq!(groups.iter().map(|group| group.name.as_str()).collect::<Vec<_>>(), ["web", "api"]);
    assert_eq!((groups[0].tag("a"), groups[0].tag("b")), (Some("1"), Some("")));
    assert_eq!((groups[0].tags["a"].propagates, groups[0].tags["b"].propagates), (true, false));
    assert_eq!(groups[0].templates[0].id.as_deref(), Some("lt-1"));
    assert_eq!(groups[0].templates[1].name.as_deref(), Some("arm"));
    assert_eq!(groups[1].templates[0].version.as_deref(), Some("3"));
    let requests = server.requests();
    for request in &requests {
        assert!(
            request.contains("AutoScalingGroupNames.member.1=web&AutoScalingGroupNames.member.2=api"),
            "{request}"
        );
        assert!(request.contains("IncludeInstances=false") && !request.contains("Filters"), "{request}");
    }
    assert!(requests[1].contains("NextToken=more"), "{}", requests[1]);
}

#[test]
fn no_names_describe_nothing_rather_than_the_whole_account() {
    let server = Server::answering(Vec::new());
    assert_eq!(run(server.aws().describe(&[])), Ok(Vec::new()));
}

#[test]
fn opted_in_groups_are_listed_by_a_filter() {
    let server = Server::answering(vec![page(API, "")]);
    assert_eq!(run(server.aws().describe_opted_in()).expect("groups").len(), 1);
    let request = server.requests().remove(0);
    assert!(
        request.contains("Filters.member.1.Name=tag-key")
            && request.contains("Filters.member.1.Values.member.1=autorecycle_recycle_on_asg_update"),
        "{request}"
    );
}

#[test]
fn a_start_sends_name_and_input_and_learns_the_arn() {
    let server =
        Server::answering(vec![(200, json!({"executionArn": "arn:x", "startDate": 1.0}).to_string())]);
    let started = run(server.aws().start(&start_request()));
    assert_eq!(started, Ok(Started::Now { execution_arn: "arn:x".to_owned() }));
    let request: serde_json::Value = serde_json::from_str(&server.requests()[0]).unwrap();
    assert_eq!(
        request,
        json!({
            "stateMachineArn": "arn:aws:states:eu-west-2:123456789012:stateMachine:asg-recycle-test",
            "name": "web-1",
            "input": "{\"component\":\"web\"}",
        })
    );
}

#[test]
fn an_execution_that_exists_is_no_failure_and_any_other_refusal_is() {
    let error = |code: &str| (400, json!({"__type": code, "message": "as ordered"}).to_string());
    for code in ["ExecutionAlreadyExists", "com.amazonaws.states#ExecutionAlreadyExists"] {
        let server = Server::answering(vec![error(code)]);
        assert_eq!(run(server.aws().start(&start_request())), Ok(Started::Before), "{code}");
    }
    let server = Server::answering(vec![error("StateMachineDoesNotExist")]);
    let failure = run(server.aws().start(&start_request())).expect_err("a failure").to_string();
    assert_eq!(failure, "states:StartExecution failed: StateMachineDoesNotExist: as ordered");
}

#[test]
fn auto_scalings_unmodelled_codes_are_read_from_the_wire() {
    let answer = "<ErrorResponse xmlns=\"http://autoscaling.amazonaws.com/doc/2011-01-01/\"><Error><Type>Sender</Type>\
                  <Code>ValidationError</Code><Message>no such name</Message></Error></ErrorResponse>";
    let server = Server::answering(vec![(400, answer.to_owned())]);
    let failure = run(server.aws().describe(&["x".to_owned()])).expect_err("a failure");
    assert!(failure.is_refusal(), "{failure}");
    assert_eq!(failure.message, "no such name");
}

#[test]
fn a_rejection_is_published_with_attributes_to_filter_by() {
    let answer = "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult>\
                  <MessageId>1</MessageId></PublishResult></PublishResponse>";
    let rejection = Rejection {
        status: "rejected",
        component: "web".to_owned(),
        auto_scaling_group_name: Some("web-asg-1".to_owned()),
        account_id: "123456789012".to_owned(),
        team: Some("web team".to_owned()),
        notify_pager_duty: None,
        faults: vec![Problem::of("autorecycle_dry_run", "no", "expected `true` or `false`")],
        trigger: TriggerRecord {
            event_name: "DeleteTags".to_owned(),
            event_id: None,
            execution_arn: None,
            by: None,
        },
    };
    let published = |forms: &str| {
        let server = Server::answering(vec![(200, answer.to_owned())]);
        assert_eq!(run(server.aws_that_tells(forms).publish(&rejection)), Ok(()));
        server.requests().remove(0)
    };
    let request = published("");
    assert!(!request.contains("MessageStructure"), "{request}");
    let formed = published("email:text,https:chat");
    for part in ["MessageStructure=json", "asg-recycle%20rejected%3A%20web", "client-markdown"] {
        assert!(formed.contains(part), "{part} in {formed}");
    }
    for part in [
        "TopicArn=arn%3Aaws%3Asns%3Aeu-west-2%3A123456789012%3Aasg-recycle-test-recycles",
        "Subject=asg-recycle%20rejected%3A%20web",
        "MessageAttributes.entry.1.Name=",
        "MessageAttributes.entry.2.Name=",
        "StringValue=rejected",
        "StringValue=web%20team",
        "autorecycle_dry_run",
    ] {
        assert!(request.contains(part), "{part} in {request}");
    }
}
