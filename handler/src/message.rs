//! What the topic gets of what no recycle tells itself, a group that is rejected and a pause, in the forms that `stack.yaml` chooses. Of
//! recycles the machine tells, in the same forms (`templates/strategies/_shared/announce.j2`).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::arn::StateMachineArn;
use crate::contract::{ENVIRONMENT, MESSAGE_FORMS, RUNBOOK_URL, STATE_MACHINE_ARN, Variable};

/// Which subscribers of the topic get something else than the JSON that all get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Forms {
    /// Whether those by e-mail get a text for people.
    pub mail: bool,
    /// Whether those by HTTPS get what AWS's chat integration shows. PagerDuty gets no form here: none of these pages.
    pub chat: bool,
}

/// The forms as the variable names them.
const MAIL: &str = "email:text";
const CHAT: &str = "https:chat";

/// Most characters of a text that chat shows.
const CHAT_TEXT_MAX: usize = 2_000;
/// Most characters of what is spoken of in its title.
const CHAT_TITLE_MAX: usize = 150;

impl Forms {
    /// Reads the variable: comma-separated names, none where all get the JSON.
    ///
    /// # Errors
    /// The name that is unknown.
    pub fn parse(text: &str) -> Result<Self, &str> {
        let mut forms = Self::default();
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            match name {
                MAIL => forms.mail = true,
                CHAT => forms.chat = true,
                unknown => return Err(unknown),
            }
        }
        Ok(forms)
    }

    /// The variable's text.
    pub fn text(self) -> String {
        let names = [(self.mail, MAIL), (self.chat, CHAT)].into_iter().filter(|(is_on, _)| *is_on);
        names.map(|(_, name)| name).collect::<Vec<_>>().join(",")
    }
}

/// Who tells: the stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Teller {
    /// Its machine.
    pub machine: StateMachineArn,
    /// In which forms the topic is told.
    pub forms: Forms,
    /// Its environment; empty where it does not say.
    pub environment: String,
    /// URL of its runbook, without a `#`; empty where there is none.
    pub runbook_url: String,
}

impl Teller {
    /// What the stack tells of itself in the environment; none where that names no machine, or an unknown form.
    pub fn of(environment: &BTreeMap<String, String>) -> Option<Self> {
        let text =
            |variable: Variable| environment.get(variable.name).map(String::as_str).unwrap_or_default();
        Some(Self {
            machine: StateMachineArn::parse(text(STATE_MACHINE_ARN))?,
            forms: Forms::parse(text(MESSAGE_FORMS)).ok()?,
            environment: text(ENVIRONMENT).to_owned(),
            runbook_url: text(RUNBOOK_URL).to_owned(),
        })
    }

    /// Where the runbook says what to do, by a heading of it; none where there is no runbook.
    pub fn runbook(&self, heading: &str) -> Option<String> {
        (!self.runbook_url.is_empty()).then(|| format!("{}#{heading}", self.runbook_url))
    }
}

/// Longest subject, in characters. SNS takes fewer than a hundred.
const SUBJECT_LENGTH_MAX: usize = 99;

/// What a list of mails shows, in printable ASCII: what happened, in which environment where the stack is known, and to what.
pub fn subject(status: &str, teller: Option<&Teller>, about: &str) -> String {
    let environment = teller.map(|teller| &*teller.environment).filter(|environment| !environment.is_empty());
    let place = environment.map(|environment| format!(" in {environment}")).unwrap_or_default();
    let subject = format!("asg-recycle {status}{place}: {about}");
    let printable = subject.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' });
    printable.take(SUBJECT_LENGTH_MAX).collect::<String>().trim_end().to_owned()
}

/// What there is to tell a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice<'a> {
    /// The word that the message's attribute `status` has.
    pub status: &'a str,
    /// A sign for chat, e.g. `:warning:`.
    pub sign: &'a str,
    /// What it is about: a component, or a group.
    pub about: &'a str,
    /// The group; empty where it is not known.
    pub group: &'a str,
    /// Whose it is; empty where nobody says.
    pub team: &'a str,
    /// What happened: a sentence.
    pub text: &'a str,
    /// What to do about it: a sentence; empty where there is nothing to do.
    pub to_do: &'a str,
    /// Where that is written at length: a link; empty where there is none.
    pub runbook: &'a str,
}

impl Notice<'_> {
    /// The `Message` to publish for the stack, and whether it has one text for each protocol (`MessageStructure` is then `json`).
    /// Programs get `json` in either case.
    pub fn message(&self, teller: &Teller, json: String) -> (String, bool) {
        if teller.forms == Forms::default() {
            return (json, false);
        }
        let mut texts = json!({"default": json});
        if teller.forms.mail {
            texts["email"] = self.for_people(teller).into();
        }
        if teller.forms.chat {
            texts["https"] = self.for_chat(teller).to_string().into();
        }
        (texts.to_string(), true)
    }

    /// Lines that a person reads, the text first.
    fn for_people(&self, Teller { machine, environment, .. }: &Teller) -> String {
        let place = if environment.is_empty() { String::new() } else { format!(" in {environment}") };
        let head = format!("asg-recycle {}{place}: {}\n\n{}\n\n", self.status, self.about, self.text);
        let account = format!("{}, {}", machine.account_id(), machine.region());
        let rows = [
            ("Group", self.group),
            ("Environment", environment),
            ("Stack", machine.name()),
            ("Account", &account),
            ("Team", self.team),
            ("What to do", self.to_do),
            ("Runbook", self.runbook),
        ];
        let rows = rows.into_iter().filter(|(_, value)| !value.is_empty());
        head + &rows
            .map(|(name, value)| format!("{:13}{value}", format!("{name}:")))
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// A custom notification of version 1.0. What is told of one group is one thread.
    fn for_chat(&self, Teller { machine, environment, .. }: &Teller) -> Value {
        let first = |text: &str, length: usize| text.chars().take(length).collect::<String>();
        let given = |texts: &[&str]| -> Vec<String> {
            texts.iter().filter(|text| !text.is_empty()).map(|text| (*text).to_owned()).collect()
        };
        let step = |name: &str, text: &str| {
            if text.is_empty() { String::new() } else { format!("{name}: {text}") }
        };
        let group = if self.group.is_empty() { String::new() } else { format!("\n*Group*: {}", self.group) };
        json!({
            "version": "1.0",
            "source": "custom",
            "content": {
                "textType": "client-markdown",
                "title": format!("{} {}: {} in {}", self.sign, first(self.about, CHAT_TITLE_MAX), self.status, machine.name()),
                "description": first(self.text, CHAT_TEXT_MAX) + &group,
                "nextSteps": given(&[&step("What to do", self.to_do), &step("Runbook", self.runbook)]),
                "keywords": given(&[self.status, self.about, machine.name(), environment, self.team]),
            },
            "metadata": {
                "threadId": first(if self.group.is_empty() { self.about } else { self.group }, 80),
                "summary": format!("{}: {}", self.about, self.status),
                "eventType": format!("asg-recycle {}", self.status),
                "relatedResources": given(&[self.group]),
                "additionalContext": {"account": machine.account_id(), "region": machine.region()},
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_read_as_they_are_written_and_an_unknown_one_is_named() {
        for (mail, chat) in [(false, false), (true, false), (false, true), (true, true)] {
            let forms = Forms { mail, chat };
            assert_eq!(Forms::parse(&forms.text()), Ok(forms));
        }
        assert_eq!(Forms::parse("email:text, https:html"), Err("https:html"));
    }

    #[test]
    fn a_notice_of_what_is_not_known_leaves_it_out() {
        let told = |forms: &str| {
            let machine = "arn:aws:states:eu-west-2:123456789012:stateMachine:web-production";
            let set = [(STATE_MACHINE_ARN.name, machine), (MESSAGE_FORMS.name, forms)];
            Teller::of(&set.map(|(name, value)| (name.to_owned(), value.to_owned())).into()).expect("a stack")
        };
        let notice = Notice {
            status: "rejected",
            sign: ":warning:",
            about: "web",
            group: "",
            team: "",
            text: "why",
            to_do: "",
            runbook: "",
        };
        let (text, is_structured) = notice.message(&told(""), "{}".to_owned());
        assert_eq!((text.as_str(), is_structured), ("{}", false));
        let (text, is_structured) = notice.message(&told("email:text,https:chat"), "{}".to_owned());
        assert!(is_structured);
        let texts: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(texts["default"], "{}");
        assert_eq!(
            texts["email"],
            "asg-recycle rejected: web\n\nwhy\n\nStack:       web-production\nAccount:     123456789012, eu-west-2"
        );
        let chat: Value = serde_json::from_str(texts["https"].as_str().expect("text")).expect("JSON");
        assert_eq!(chat["content"]["description"], "why");
        assert_eq!(
            (&chat["content"]["nextSteps"], &chat["metadata"]["relatedResources"]),
            (&json!([]), &json!([]))
        );
    }
}
