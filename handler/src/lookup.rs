//! The groups of a batch, described together: by name, 50 at a time, those of instances once it is known which they are,
//! and the followers of launch templates with one filtered listing. A call that fails is remembered for what it was to
//! describe, and for nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::time::Instant;

use crate::bounded;
use crate::decide;
use crate::event::{Cause, TemplateChange};
use crate::group::Group;
use crate::ports::{CALLS_MAX, GROUPS_PER_CALL_MAX, INSTANCES_PER_CALL_MAX, Ports};

/// A group, that there is none, or why that is not known.
type Found = Result<Option<Group>, String>;

/// What was found about the groups of a batch.
#[derive(Debug, Default)]
pub struct Lookup {
    by_name: BTreeMap<String, Found>,
    opted_in: Option<Result<Vec<Group>, String>>,
    /// The name of the group that an instance is in, none, or why that is not known.
    by_instance: BTreeMap<String, Result<Option<String>, String>>,
}

/// What a batch asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Groups by name.
    pub names: BTreeSet<String>,
    /// Instances whose groups are to be found.
    pub instances: BTreeSet<String>,
    /// Whether those are that follow a launch template.
    pub followers: Followers,
}

/// One description to ask for.
#[derive(Debug, Clone)]
enum Question {
    Named(Vec<String>),
    OptedIn,
    Instances(Vec<String>),
}

/// Its answer.
enum Answer {
    Named(Vec<(String, Found)>),
    OptedIn(Result<Vec<Group>, String>),
    Instances(Vec<(String, Result<Option<String>, String>)>),
}

impl Lookup {
    /// Describes what is wanted: first which groups the instances are in, then these and all others.
    pub async fn run<P: Ports>(ports: &Arc<P>, wanted: Wanted, deadline: Instant) -> Self {
        let mut lookup = Self::default();
        lookup
            .ask_all(ports, chunks(wanted.instances, INSTANCES_PER_CALL_MAX, Question::Instances), deadline)
            .await;
        let theirs = lookup.by_instance.values().filter_map(|group| group.as_ref().ok()?.clone());
        let names = theirs.chain(wanted.names).collect();
        let mut questions = chunks(names, GROUPS_PER_CALL_MAX, Question::Named);
        questions.extend((wanted.followers == Followers::Wanted).then_some(Question::OptedIn));
        lookup.ask_all(ports, questions, deadline).await;
        lookup
    }

    async fn ask_all<P: Ports>(&mut self, ports: &Arc<P>, questions: Vec<Question>, deadline: Instant) {
        let jobs = questions.iter().map(|question| ask(Arc::clone(ports), question.clone())).collect();
        let done = |place: usize, result: Result<Answer, bounded::Interrupted>| {
            self.keep(result.unwrap_or_else(|why| unanswered(&questions[place], &why.to_string())));
        };
        bounded::run(jobs, CALLS_MAX, deadline, done).await;
    }

    fn keep(&mut self, answer: Answer) {
        match answer {
            Answer::Named(found) => self.by_name.extend(found),
            Answer::OptedIn(found) => self.opted_in = Some(found),
            Answer::Instances(found) => self.by_instance.extend(found),
        }
    }

    /// A cause for each group that has some of the instances, or why they are not known.
    pub fn groups_of(&self, instances: &[String]) -> Result<Vec<Cause>, String> {
        let mut groups = BTreeMap::<String, Vec<String>>::new();
        for instance in instances {
            match self.by_instance.get(instance) {
                Some(Ok(Some(group))) => groups.entry(group.clone()).or_default().push(instance.clone()),
                Some(Ok(None)) => {}
                Some(Err(failure)) => return Err(failure.clone()),
                None => return Err("the instances were not described".to_owned()),
            }
        }
        let cause = |(group, instances)| Cause::Maintenance { group, instances };
        Ok(groups.into_iter().map(cause).collect())
    }

    /// The group of that name, `None` if there is none, or why that is not known.
    pub fn group(&self, name: &str) -> Result<Option<&Group>, String> {
        match self.by_name.get(name) {
            Some(Ok(group)) => Ok(group.as_ref()),
            Some(Err(failure)) => Err(failure.clone()),
            None => {
                self.opted_in_group(name).map(Some).ok_or_else(|| "the group was not described".to_owned())
            }
        }
    }

    /// A cause for each opted-in group that follows the change, or why they are not known.
    pub fn followers(&self, change: &TemplateChange) -> Result<Vec<Cause>, String> {
        match &self.opted_in {
            Some(Ok(groups)) => {
                let followers = groups.iter().filter(|group| decide::follows(group, change));
                let cause =
                    |group: &Group| Cause::Template { group: group.name.clone(), change: change.clone() };
                Ok(followers.map(cause).collect())
            }
            Some(Err(failure)) => Err(failure.clone()),
            None => Err("the groups were not listed".to_owned()),
        }
    }

    fn opted_in_group(&self, name: &str) -> Option<&Group> {
        self.opted_in.as_ref()?.as_ref().ok()?.iter().find(|group| group.name == name)
    }
}

/// Whether the followers of a launch template are to be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Followers {
    /// A launch template changed, so they are.
    Wanted,
    /// No launch template changed.
    Unwanted,
}

fn chunks(
    items: BTreeSet<String>,
    length_max: usize,
    question: fn(Vec<String>) -> Question,
) -> Vec<Question> {
    let items: Vec<String> = items.into_iter().collect();
    items.chunks(length_max).map(|chunk| question(chunk.to_vec())).collect()
}

async fn ask<P: Ports>(ports: Arc<P>, question: Question) -> Answer {
    match question {
        Question::OptedIn => {
            Answer::OptedIn(ports.describe_opted_in().await.map_err(|error| error.to_string()))
        }
        Question::Instances(ids) => match ports.groups_of(&ids).await {
            Ok(members) => {
                let mut groups: BTreeMap<String, String> =
                    members.into_iter().map(|member| (member.instance, member.group)).collect();
                let found = ids.into_iter().map(|id| (id.clone(), Ok(groups.remove(&id))));
                Answer::Instances(found.collect())
            }
            Err(error) => unanswered(&Question::Instances(ids), &error.to_string()),
        },
        Question::Named(names) => match ports.describe(&names).await {
            Ok(groups) => Answer::Named(matched(names, groups)),
            // One name that AWS will not have must not fail the others.
            Err(error) if error.is_refusal() && names.len() > 1 => {
                let mut found = Vec::new();
                for name in names {
                    found.push(alone(ports.as_ref(), name).await);
                }
                Answer::Named(found)
            }
            Err(error) => unanswered(&Question::Named(names), &error.to_string()),
        },
    }
}

async fn alone<P: Ports>(ports: &P, name: String) -> (String, Found) {
    let found = match ports.describe(std::slice::from_ref(&name)).await {
        Ok(groups) => Ok(groups.into_iter().find(|group| group.name == name)),
        Err(error) => Err(error.to_string()),
    };
    (name, found)
}

fn matched(names: Vec<String>, groups: Vec<Group>) -> Vec<(String, Found)> {
    let mut groups: BTreeMap<String, Group> =
        groups.into_iter().map(|group| (group.name.clone(), group)).collect();
    names
        .into_iter()
        .map(|name| groups.remove(&name).map_or((name.clone(), Ok(None)), |group| (name, Ok(Some(group)))))
        .collect()
}

fn unanswered(question: &Question, why: &str) -> Answer {
    match question {
        Question::OptedIn => Answer::OptedIn(Err(why.to_owned())),
        Question::Instances(ids) => {
            Answer::Instances(ids.iter().map(|id| (id.clone(), Err(why.to_owned()))).collect())
        }
        Question::Named(names) => {
            Answer::Named(names.iter().map(|name| (name.clone(), Err(why.to_owned()))).collect())
        }
    }
}
