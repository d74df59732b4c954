//! The resources that a format's files describe, as they stand there.

/// A resource as it stands in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emitted {
    /// What the format calls it: a Terraform address, or a logical id.
    pub address: String,
    /// Its type, as the format spells it.
    pub kind: String,
    /// The file, by its path under the output folder.
    pub file: String,
    /// The line on which it begins, counted from 1.
    pub line: usize,
    /// What stands there.
    pub text: String,
}

impl Emitted {
    /// Whether a name stands there that is not a part of a longer one.
    pub fn mentions(&self, name: &str) -> bool {
        let is_part =
            |character: Option<char>| character.is_some_and(|one| one.is_alphanumeric() || one == '_');
        self.text.match_indices(name).any(|(at, _)| {
            let (before, after) = (&self.text[..at], &self.text[at + name.len()..]);
            !is_part(before.chars().next_back()) && !is_part(after.chars().next())
        })
    }
}

/// The blocks of a text: from each line of which `head` makes an address and a type to the line before `is_end` is true of one, or
/// the next head. Both are given the line and the one after it.
pub(super) fn blocks(
    file: &str,
    text: &str,
    head: impl Fn(&str, &str) -> Option<(String, String)>,
    is_end: impl Fn(&str) -> bool,
) -> Vec<Emitted> {
    let mut found: Vec<Emitted> = Vec::new();
    let mut is_open = false;
    let lines: Vec<&str> = text.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        let next = lines.get(index + 1).copied().unwrap_or_default();
        if let Some((address, kind)) = head(line, next) {
            let (file, text) = (file.to_owned(), String::new());
            found.push(Emitted { address, kind, file, line: index + 1, text });
            is_open = true;
        } else if is_end(line) {
            is_open = false;
        }
        if let Some(block) = found.last_mut().filter(|_| is_open) {
            block.text.push_str(line);
            block.text.push('\n');
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::format::Files;
    use crate::render::{CloudFormation, Emitted, OutputFormat, Terraform};

    fn emitted(format: &dyn OutputFormat, file: &str, text: &str) -> Vec<Emitted> {
        format.emitted(&Files::from([(file.to_owned(), text.as_bytes().to_vec())]))
    }

    #[test]
    fn a_resource_of_terraform_ends_with_its_brace() {
        let text = "# resource \"no\" \"no\" {\nresource \"aws_sqs_queue\" \"events\" {\n  a {\n  }\n}\nlocals {\n  b = 1\n}\n";
        let found = emitted(&Terraform, "terraform/queue.tf", text);
        let [queue] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(
            (queue.address.as_str(), queue.kind.as_str(), queue.line),
            ("aws_sqs_queue.events", "aws_sqs_queue", 2)
        );
        assert!(queue.text.contains("a {") && !queue.text.contains("b = 1"), "{}", queue.text);
        assert_eq!(emitted(&Terraform, "terraform/state_machine.asl.json", text), []);
    }

    #[test]
    fn a_resource_of_cloudformation_stands_among_the_resources() {
        let text = "Parameters:\n  Environment:\n    Type: String\nResources:\n  EventsQueue:\n    Type: AWS::SQS::Queue\n    Properties:\n      A: !Ref Environment\n  Other:\n    Type: AWS::SNS::Topic\n\nOutputs:\n  QueueArn:\n    Value: EventsQueue\n";
        let found = emitted(&CloudFormation, "cloudformation/template.yaml", text);
        let names: Vec<_> =
            found.iter().map(|one| (one.address.as_str(), one.kind.as_str(), one.line)).collect();
        assert_eq!(names, [("EventsQueue", "AWS::SQS::Queue", 5), ("Other", "AWS::SNS::Topic", 9)]);
        assert!(
            found[0].mentions("Environment")
                && !found[0].mentions("Environ")
                && !found[1].text.contains("QueueArn")
        );
    }
}
