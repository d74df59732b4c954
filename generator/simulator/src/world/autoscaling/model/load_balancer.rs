//! What sends a group's instances their traffic: target groups, VPC Lattice's target groups and classic load balancers.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::time::Moment;
use crate::world::interventions::{InstanceFilter, TargetState};
use crate::world::spec::GroupSpec;

use super::instance::Target;

/// What kind it is of: each is asked in its own way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadBalancerKind {
    /// A target group of an Application, Network or Gateway Load Balancer.
    TargetGroup,
    /// A classic load balancer.
    Classic,
    /// A target group of VPC Lattice.
    Lattice,
}

impl LoadBalancerKind {
    /// As a traffic source's type has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TargetGroup => "elbv2",
            Self::Classic => "elb",
            Self::Lattice => "vpc-lattice",
        }
    }
}

/// One of them.
#[derive(Debug, Clone)]
pub struct LoadBalancer {
    /// Its ARN, or the name of a classic one.
    pub id: Arc<str>,
    /// Its kind.
    pub kind: LoadBalancerKind,
    /// Whether a listener or a service uses it: no target of one that is not used is ever checked.
    pub is_used: bool,
}

/// A port of every instance at which a load balancer knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registration {
    /// Index of the load balancer in the group's list.
    pub load_balancer: usize,
    /// The port.
    pub port: u16,
}

impl Registration {
    /// How an instance's target begins here, once it is registered.
    pub(crate) fn first_state(self, load_balancers: &[LoadBalancer], used: Target) -> Target {
        if load_balancers[self.load_balancer].is_used { used } else { Target::Unused }
    }
}

/// Targets that stay in one state, whatever their checks would say.
#[derive(Debug, Clone, Copy)]
pub struct HeldTargets {
    /// Until when.
    pub until: Moment,
    /// In which state.
    pub state: TargetState,
    /// Of which instances.
    pub which: InstanceFilter,
    /// Only at this port.
    pub port: Option<u16>,
}

impl HeldTargets {
    /// How a target of a load balancer of this kind stands while it is held. Each has words of its own: VPC Lattice says `UNAVAILABLE`
    /// of a target group whose health checks are switched off (fact C4).
    pub(crate) fn target(self, kind: LoadBalancerKind) -> Target {
        match self.state {
            TargetState::Initial => Target::Initial,
            TargetState::Unhealthy => Target::Unhealthy,
            TargetState::Draining => Target::Draining,
            TargetState::UnhealthyDraining => Target::UnhealthyDraining,
            TargetState::Unavailable if kind == LoadBalancerKind::Lattice => Target::Unchecked,
            TargetState::Unavailable => Target::Unavailable,
        }
    }
}

/// The port at which a load balancer knows an instance; further ones follow it.
pub(crate) const FIRST_PORT: u16 = 8080;

/// Seventeen hexadecimal digits, as VPC Lattice makes them up: others for each group.
fn lattice_id(group: &str, n: u32) -> String {
    let digest = Sha256::digest(format!("{group}/{n}"));
    let number = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("{number:017x}")
}

/// The load balancers of a group as it is described.
pub(crate) fn described(spec: &GroupSpec) -> Vec<LoadBalancer> {
    let name = &spec.name;
    let target_group = |n: u32, is_used| LoadBalancer {
        id: format!("arn:aws:elasticloadbalancing:eu-west-2:123456789012:targetgroup/{name}-{n}/{n:016x}")
            .into(),
        kind: LoadBalancerKind::TargetGroup,
        is_used,
    };
    let lattice = |n: u32| LoadBalancer {
        id: format!("arn:aws:vpc-lattice:eu-west-2:123456789012:targetgroup/tg-{}", lattice_id(name, n))
            .into(),
        kind: LoadBalancerKind::Lattice,
        is_used: true,
    };
    let classic = |n: u32| LoadBalancer {
        id: format!("{name}-classic-{n}").into(),
        kind: LoadBalancerKind::Classic,
        is_used: true,
    };
    let all = spec.target_groups + spec.unused_target_groups;
    (1..=all)
        .map(|n| target_group(n, n <= spec.target_groups))
        .chain((1..=spec.classic_load_balancers).map(classic))
        .chain((1..=spec.lattice_target_groups).map(lattice))
        .collect()
}

/// Where its instances are registered: at each port of each load balancer; a classic one knows instances, not ports.
pub(crate) fn registrations(load_balancers: &[LoadBalancer], ports: u16) -> Vec<Registration> {
    let of = |(index, one): (usize, &LoadBalancer)| {
        let count = if one.kind == LoadBalancerKind::Classic { 1 } else { ports };
        (0..count).map(move |n| Registration { load_balancer: index, port: FIRST_PORT + n })
    };
    load_balancers.iter().enumerate().flat_map(of).collect()
}
