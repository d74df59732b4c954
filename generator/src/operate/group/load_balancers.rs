//! What says whether an instance of a group serves: target groups, VPC Lattice's too, and classic load balancers, in one set of
//! words, and by the machine's own rule. Pure.

use schemars::JsonSchema;
use serde::Serialize;

use crate::operate::answers::group::{ClassicState, LatticeTarget, TargetHealthDescription};
use crate::operate::answers::{SeenGroup, SeenInstance};

/// A kind of load balancer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LoadBalancerKind {
    /// A target group of an application, network or gateway load balancer.
    TargetGroup,
    /// A target group of VPC Lattice.
    VpcLattice,
    /// A classic load balancer.
    Classic,
}

/// What is asked about a group's instances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadBalancer {
    /// Its kind.
    pub kind: LoadBalancerKind,
    /// Its ARN; of a classic one its name.
    pub id: String,
}

impl LoadBalancer {
    /// Those of a group, once each, told apart as the machine tells them.
    pub fn of(group: &SeenGroup) -> Vec<Self> {
        let sources = group.traffic_sources.list.iter().map(|source| &source.identifier);
        let ids = group.target_groups.list.iter().chain(&group.load_balancer_names.list).chain(sources);
        let mut found: Vec<Self> = Vec::new();
        for id in ids.filter(|id| !id.is_empty()) {
            if found.iter().all(|one| one.id != *id) {
                found.push(Self { kind: kind(id), id: id.clone() });
            }
        }
        found
    }

    /// Its name: of a target group the word after `targetgroup/`, which VPC Lattice takes for the whole ARN.
    pub fn name(&self) -> &str {
        self.id.split("targetgroup/").nth(1).unwrap_or(&self.id).split('/').next().unwrap_or_default()
    }

    /// What a target group says of a target.
    pub fn of_target(&self, target: TargetHealthDescription) -> TargetFact {
        let health = target.target_health;
        let never = ["Target.NotInUse", "Target.HealthCheckDisabled"];
        let is_idle = health.reason.as_deref().is_some_and(|reason| never.contains(&reason));
        self.fact(target.target.id, &health.state, health.reason, health.state == "healthy" || is_idle)
    }

    /// What VPC Lattice says of a target.
    pub fn of_lattice(&self, target: LatticeTarget) -> TargetFact {
        let is_fit = ["HEALTHY", "UNUSED", "UNAVAILABLE"].contains(&&*target.status);
        self.fact(target.id, &target.status.to_lowercase(), target.reason_code, is_fit)
    }

    /// What a classic load balancer says of an instance, in the words that target groups have for the same.
    pub fn of_classic(&self, instance: ClassicState) -> TargetFact {
        let state = match (&*instance.state, &*instance.reason_code) {
            ("InService", _) => "healthy",
            ("OutOfService", "ELB") => "initial",
            ("OutOfService", _) => "unhealthy",
            _ => UNKNOWN,
        };
        let reason = Some(instance.reason_code).filter(|reason| !["", "N/A"].contains(&&**reason));
        self.fact(instance.instance_id, state, reason, state == "healthy")
    }

    fn fact(&self, instance: String, state: &str, reason: Option<String>, is_fit: bool) -> TargetFact {
        let status = TargetStatus {
            kind: self.kind,
            name: self.name().to_owned(),
            state: state.to_owned(),
            reason: reason.filter(|reason| !reason.is_empty()),
            is_fit,
        };
        TargetFact { instance, status }
    }

    /// Whether an instance serves here: it is a target, and fit at every one of its ports.
    fn takes(&self, targets: &[TargetStatus]) -> bool {
        let mut own =
            targets.iter().filter(|one| one.kind == self.kind && one.name == self.name()).peekable();
        own.peek().is_some() && own.all(|one| one.is_fit)
    }
}

fn kind(id: &str) -> LoadBalancerKind {
    match id {
        id if !id.starts_with("arn:") => LoadBalancerKind::Classic,
        id if id.contains(":vpc-lattice:") => LoadBalancerKind::VpcLattice,
        _ => LoadBalancerKind::TargetGroup,
    }
}

/// What is told of a target that a load balancer does not know, or that was not asked for.
pub(in crate::operate) const UNKNOWN: &str = "unknown";

/// What a load balancer says of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetFact {
    /// The instance.
    pub instance: String,
    /// How it is.
    pub status: TargetStatus,
}

/// An instance as a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TargetStatus {
    /// The kind of load balancer.
    pub kind: LoadBalancerKind,
    /// Name of the target group or the classic load balancer; of VPC Lattice the target group's id.
    pub name: String,
    /// E.g. `healthy`, in the words of target groups; `unknown` where the load balancer does not know the instance, or could not be
    /// asked.
    pub state: String,
    /// Why it is not, where that is said.
    pub reason: Option<String>,
    /// Whether the machine takes it for healthy there: so is what can never become healthy, for nothing uses or checks it.
    pub is_fit: bool,
}

/// How an instance is to a group's load balancers, by what was told; while it is in service, one that told nothing of it is
/// `unknown`.
pub fn statuses(
    balancers: &[LoadBalancer],
    facts: &[TargetFact],
    instance: &SeenInstance,
) -> Vec<TargetStatus> {
    let known = facts.iter().filter(|fact| fact.instance == instance.id);
    let mut statuses: Vec<TargetStatus> = known.map(|fact| fact.status.clone()).collect();
    let is_untold = |one: &&LoadBalancer| {
        instance.lifecycle_state == "InService"
            && statuses.iter().all(|told| told.kind != one.kind || told.name != one.name())
    };
    let untold: Vec<TargetStatus> = balancers
        .iter()
        .filter(is_untold)
        .map(|one| one.fact(String::new(), UNKNOWN, None, false).status)
        .collect();
    statuses.extend(untold);
    statuses
}

/// Whether every load balancer of a group takes an instance for healthy.
pub fn all_take(balancers: &[LoadBalancer], statuses: &[TargetStatus]) -> bool {
    balancers.iter().all(|one| one.takes(statuses))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operate::answers::TrafficSource;

    const TARGET_GROUP: &str =
        "arn:aws:elasticloadbalancing:eu-west-2:123456789012:targetgroup/web/0123456789abcdef";
    const LATTICE: &str = "arn:aws:vpc-lattice:eu-west-2:123456789012:targetgroup/tg-0123456789abcdef0";

    fn group() -> SeenGroup {
        let mut group = SeenGroup::default();
        group.target_groups.list = vec![TARGET_GROUP.to_owned()];
        group.load_balancer_names.list = vec!["web".to_owned()];
        let source = |id: &str| TrafficSource { identifier: id.to_owned() };
        group.traffic_sources.list = vec![source(TARGET_GROUP), source("web"), source(LATTICE)];
        group
    }

    fn in_service() -> SeenInstance {
        SeenInstance {
            id: "i-1".to_owned(),
            lifecycle_state: "InService".to_owned(),
            ..SeenInstance::default()
        }
    }

    fn classic(state: &str, reason: &str) -> ClassicState {
        ClassicState {
            instance_id: "i-1".to_owned(),
            state: state.to_owned(),
            reason_code: reason.to_owned(),
        }
    }

    fn lattice(status: &str) -> LatticeTarget {
        LatticeTarget { id: "i-1".to_owned(), status: status.to_owned(), reason_code: None }
    }

    fn target(state: &str, reason: Option<&str>) -> TargetHealthDescription {
        let mut told = TargetHealthDescription::default();
        told.target.id = "i-1".to_owned();
        told.target_health.state = state.to_owned();
        told.target_health.reason = reason.map(str::to_owned);
        told
    }

    #[test]
    fn each_is_found_once_and_told_apart_by_how_it_is_named() {
        let found = LoadBalancer::of(&group());
        let found: Vec<_> = found.iter().map(|one| (one.kind, one.name())).collect();
        assert_eq!(
            found,
            [
                (LoadBalancerKind::TargetGroup, "web"),
                (LoadBalancerKind::Classic, "web"),
                (LoadBalancerKind::VpcLattice, "tg-0123456789abcdef0"),
            ]
        );
    }

    #[test]
    fn every_kind_has_the_same_words_and_what_the_machine_takes_for_healthy_is_fit() {
        let [target_group, of_classic, of_lattice] = &LoadBalancer::of(&group())[..] else { panic!("three") };
        let told = |fact: TargetFact| (fact.status.state.clone(), fact.status.is_fit);
        for (fact, state, is_fit) in [
            (target_group.of_target(target("healthy", None)), "healthy", true),
            (target_group.of_target(target("unused", Some("Target.NotInUse"))), "unused", true),
            (target_group.of_target(target("unused", Some("Target.NotRegistered"))), "unused", false),
            (
                target_group.of_target(target("unavailable", Some("Target.HealthCheckDisabled"))),
                "unavailable",
                true,
            ),
            (target_group.of_target(target("unavailable", Some("Elb.InternalError"))), "unavailable", false),
            (target_group.of_target(target("unhealthy", Some("Target.Timeout"))), "unhealthy", false),
            (of_classic.of_classic(classic("InService", "N/A")), "healthy", true),
            (of_classic.of_classic(classic("OutOfService", "ELB")), "initial", false),
            (of_classic.of_classic(classic("OutOfService", "Instance")), "unhealthy", false),
            (of_classic.of_classic(classic("Unknown", "N/A")), "unknown", false),
            (of_lattice.of_lattice(lattice("HEALTHY")), "healthy", true),
            (of_lattice.of_lattice(lattice("INITIAL")), "initial", false),
            (of_lattice.of_lattice(lattice("UNUSED")), "unused", true),
            (of_lattice.of_lattice(lattice("DRAINING")), "draining", false),
        ] {
            assert_eq!(told(fact), (state.to_owned(), is_fit));
        }
    }

    #[test]
    fn who_is_not_known_to_be_healthy_to_each_of_them_does_not_serve() {
        let balancers = LoadBalancer::of(&group());
        let mut facts = vec![
            balancers[0].of_target(target("healthy", None)),
            balancers[1].of_classic(classic("InService", "N/A")),
        ];
        let told = statuses(&balancers, &facts, &in_service());
        assert_eq!((&*told[2].state, told[2].kind), ("unknown", LoadBalancerKind::VpcLattice));
        assert!(!all_take(&balancers, &told));
        facts.push(balancers[2].of_lattice(lattice("HEALTHY")));
        assert!(all_take(&balancers, &statuses(&balancers, &facts, &in_service())));
        facts.push(balancers[0].of_target(target("draining", None)));
        assert!(
            !all_take(&balancers, &statuses(&balancers, &facts, &in_service())),
            "one of two ports drains"
        );
        facts.pop();
        facts.push(balancers[0].of_target(target("unhealthy", None)));
        assert!(
            !all_take(&balancers, &statuses(&balancers, &facts, &in_service())),
            "one of two ports fails"
        );
        let pending = SeenInstance { id: "i-2".to_owned(), ..SeenInstance::default() };
        assert!(statuses(&balancers, &facts, &pending).is_empty());
    }
}

#[cfg(test)]
#[path = "load_balancers_rule_tests.rs"]
mod rule_tests;
