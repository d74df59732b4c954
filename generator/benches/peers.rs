//! What other tools that replace the instances of a group would take, as formulas of the group and its times.
//!
//! Read from the peers' sources at the dates given, or from AWS's documentation. Those marked [`Basis::Simulated`] were
//! held against a second-by-second model of the peer's loop in five settings; the others were derived only. Where a
//! peer leaves something out or waits for something that is not modelled (pods, an unpublished alarm), it is given the
//! benefit: the figure is then a lower bound and its name says `at least`.

/// A group to be recycled. Times are in whole seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting {
    /// N: instances, all of them outdated.
    pub(super) instances: u64,
    /// A: from a change to the moment Auto Scaling acts on it.
    pub(super) reaction: u64,
    /// B: from launch to in service.
    pub(super) boot: u64,
    /// H: from in service to healthy in the target groups.
    pub(super) health_lag: u64,
    /// D: from the terminating call until the instance has left, draining included.
    pub(super) drain: u64,
}

impl Setting {
    /// B' = A + B: from the change to in service.
    pub(super) fn in_service(&self) -> u64 {
        self.reaction + self.boot
    }

    /// B' + H: from the change to healthy in the target groups.
    pub(super) fn healthy(&self) -> u64 {
        self.in_service() + self.health_lag
    }
}

/// The time until a loop that looks every `poll` seconds sees what takes `seconds`.
pub(super) fn seen(seconds: u64, poll: u64) -> u64 {
    seconds.div_ceil(poll) * poll
}

/// The least that doubling and halving by instance id can take with one look every `poll` seconds.
pub(super) fn ideal_double_and_halve(group: &Setting, poll: u64) -> u64 {
    seen(group.healthy(), poll) + seen(group.drain, poll)
}

/// The least that strictly one after the other can take: out, seen to be gone, in, seen to be healthy.
pub(super) fn ideal_one_by_one(group: &Setting, poll: u64) -> u64 {
    group.instances * (seen(group.drain, poll) + seen(group.healthy(), poll))
}

/// How a formula was come by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Basis {
    /// Held against a model of the peer's loop.
    Simulated,
    /// Derived from the peer's code or documentation.
    Derived,
}

/// A formula over a group; `None` where the peer does not come to an end, or the figure is not known.
pub(super) type Formula = fn(&Setting) -> Option<u64>;

/// A peer, in one way of using it.
pub(super) struct Peer {
    /// Its name and the way it is used.
    pub(super) name: &'static str,
    /// Where the formula was read.
    pub(super) source: &'static str,
    pub(super) basis: Basis,
    /// Seconds from the start to the end; none where it does not finish the group.
    pub(super) wall_clock: Formula,
    /// Most instances at once.
    pub(super) peak: Formula,
    /// Fewest in service at any moment.
    pub(super) in_service_min: Formula,
    /// API calls that only read.
    pub(super) reads: Formula,
    /// API calls that change something.
    pub(super) mutations: Formula,
    /// State transitions of a Step Functions machine.
    pub(super) transitions: Formula,
}

/// What is not known of most peers.
const UNKNOWN: Formula = |_| None;
/// Runs without a state machine.
const NO_MACHINE: Formula = |_| Some(0);

const ALL: Formula = |group| Some(group.instances);
const DOUBLE: Formula = |group| Some(2 * group.instances);
const ONE_MORE: Formula = |group| Some(group.instances + 1);
const ONE_LESS: Formula = |group| Some(group.instances - 1);
const NOBODY: Formula = |_| Some(0);
const ONE_CALL: Formula = |_| Some(1);

const BOUNCER: &str = "palantir/bouncer 6df59a1c (2026-08), runner.go";
const INSTANCE_REFRESH: &str =
    "Auto Scaling user guide, How an instance refresh works; API model botocore 1.44.5";
const HMRC: &str = "hmrc/aws-autorecycle e1a800b (2026-04), state_machine.tf";

/// Bouncer's loop.
const BOUNCER_POLL: u64 = 15;
/// Looks of Bouncer's loop, and calls of one look: the group, then two for each instance in it.
fn bouncer_reads(seconds: u64, instances: u64) -> u64 {
    seconds.div_ceil(BOUNCER_POLL) * (1 + 2 * instances)
}

/// Seconds that a refresh lets each instance warm up, where a team sets what the console proposes.
const WARMUP: u64 = 300;
/// Seconds that a refresh lags behind its instances, for each batch: 60 to 90 seen.
const REFRESH_LAG: u64 = 75;

/// Instances that a refresh takes out at a time at its default minimum of 90 per cent.
fn default_batch(instances: u64) -> u64 {
    (instances - (instances * 9).div_ceil(10)).max(1)
}

fn refresh_by_default(group: &Setting, warmup: u64) -> u64 {
    let batches = group.instances.div_ceil(default_batch(group.instances));
    batches * (group.in_service().max(group.drain) + warmup + REFRESH_LAG)
}

fn refresh_doubling(group: &Setting, warmup: u64) -> u64 {
    group.in_service() + warmup + REFRESH_LAG + group.drain
}

/// The shortest that hmrc's doubling can take: its two alarms' delays are not published, and are a minute at least.
fn hmrc_doubling(group: &Setting) -> u64 {
    60 + group.in_service() + 60 + group.drain
}

/// When its monitor says so: it looks after 120 s, then every 360 s, 21 times at most; and it reads 20 activities, which
/// hold no more than 10 launches.
fn hmrc_reported(group: &Setting) -> Option<u64> {
    let reported = 120 + seen(hmrc_doubling(group).saturating_sub(120), 360);
    (group.instances <= 10 && reported <= 7320).then_some(reported)
}

/// Rounds of a minute; after the 21st it ends, done or not.
fn hmrc_one_by_one(group: &Setting) -> Option<u64> {
    let seconds = group.instances * (seen(group.drain, 60) + seen(group.in_service(), 60));
    (seconds <= 21 * 60).then_some(seconds)
}

/// A refresh of which only the time and the bounds differ.
const fn refresh(
    name: &'static str,
    wall_clock: Formula,
    (peak, in_service_min): (Formula, Formula),
) -> Peer {
    Peer {
        name,
        source: INSTANCE_REFRESH,
        basis: Basis::Derived,
        wall_clock,
        peak,
        in_service_min,
        reads: NOBODY,
        mutations: ONE_CALL,
        transitions: NO_MACHINE,
    }
}

const fn bouncer(name: &'static str, formulas: [Formula; 5]) -> Peer {
    let [wall_clock, peak, in_service_min, reads, mutations] = formulas;
    Peer {
        name,
        source: BOUNCER,
        basis: Basis::Simulated,
        wall_clock,
        peak,
        in_service_min,
        reads,
        mutations,
        transitions: NO_MACHINE,
    }
}

/// Every peer.
pub(super) const PEERS: &[Peer] = &[
    refresh(
        "instance refresh, min 100 max 200, no warmup",
        |group| Some(refresh_doubling(group, 0)),
        (DOUBLE, ALL),
    ),
    refresh(
        "instance refresh, min 100 max 200, warmup 300 s",
        |group| Some(refresh_doubling(group, WARMUP)),
        (DOUBLE, ALL),
    ),
    refresh(
        "instance refresh, min 100 max 110, no warmup",
        |group| {
            let batch = (group.instances / 10).max(1);
            Some(group.instances.div_ceil(batch) * (group.in_service() + REFRESH_LAG) + group.drain)
        },
        (|group| Some(group.instances + (group.instances / 10).max(1)), ALL),
    ),
    refresh(
        "instance refresh, defaults, no warmup",
        |group| Some(refresh_by_default(group, 0)),
        (ALL, |group| Some(group.instances - default_batch(group.instances))),
    ),
    refresh(
        "instance refresh, defaults, warmup 300 s",
        |group| Some(refresh_by_default(group, WARMUP)),
        (ALL, |group| Some(group.instances - default_batch(group.instances))),
    ),
    refresh(
        "instance refresh, min 0, no warmup",
        |group| Some(group.in_service().max(group.drain) + REFRESH_LAG),
        (ALL, NOBODY),
    ),
    Peer {
        name: "Riff-Raff autoscaling",
        source: "guardian/riff-raff 5c7b9dc8 (2026-08)",
        basis: Basis::Simulated,
        wall_clock: |group| {
            let doubled = 20 + seen(group.healthy().saturating_sub(20), 30);
            Some(doubled + 1 + 10 + seen(group.drain.saturating_sub(10), 30))
        },
        peak: DOUBLE,
        in_service_min: ALL,
        reads: UNKNOWN,
        mutations: |group| Some(5 + 2 * group.instances),
        transitions: NO_MACHINE,
    },
    Peer {
        name: "CloudFormation, batch N, signals",
        source: "CloudFormation, UpdatePolicy attribute",
        basis: Basis::Derived,
        wall_clock: |group| Some(group.healthy() + group.drain),
        peak: DOUBLE,
        in_service_min: ALL,
        reads: UNKNOWN,
        mutations: UNKNOWN,
        transitions: NO_MACHINE,
    },
    Peer {
        name: "CloudFormation, batch 1, signals",
        source: "CloudFormation, UpdatePolicy attribute",
        basis: Basis::Derived,
        wall_clock: |group| Some(group.instances * group.healthy() + group.drain),
        peak: ONE_MORE,
        in_service_min: ALL,
        reads: UNKNOWN,
        mutations: UNKNOWN,
        transitions: NO_MACHINE,
    },
    Peer {
        name: "kubergrunt eks deploy, at least (no pods to drain, old ones not awaited)",
        source: "gruntwork-io/kubergrunt 53befa7 (2026-07)",
        basis: Basis::Derived,
        wall_clock: |group| Some(seen(group.healthy(), 15)),
        peak: DOUBLE,
        in_service_min: ALL,
        reads: UNKNOWN,
        mutations: |group| Some(3 + group.instances.div_ceil(20) + 1),
        transitions: NO_MACHINE,
    },
    bouncer(
        "Bouncer canary",
        [
            |group| {
                let first = seen(group.in_service(), BOUNCER_POLL);
                let rest = if group.instances > 1 { first } else { 0 };
                Some(first + rest + seen(group.drain, BOUNCER_POLL))
            },
            DOUBLE,
            ALL,
            |group| {
                let (boot, all) = (group.in_service(), group.instances);
                let rest = if all > 1 { bouncer_reads(boot, 2 * all) } else { 0 };
                Some(bouncer_reads(boot, all + 1) + rest + bouncer_reads(group.drain, 2 * all))
            },
            |group| Some(2 + group.instances),
        ],
    ),
    bouncer(
        "Bouncer rolling",
        [
            |group| Some(group.instances * seen(group.in_service().max(group.drain), BOUNCER_POLL)),
            ONE_MORE,
            ONE_LESS,
            |group| {
                let turn = bouncer_reads(group.in_service().max(group.drain), group.instances + 1);
                Some(group.instances * turn)
            },
            ALL,
        ],
    ),
    bouncer(
        "Bouncer serial",
        [
            |group| Some(ideal_one_by_one(&Setting { health_lag: 0, ..*group }, BOUNCER_POLL)),
            ALL,
            ONE_LESS,
            |group| {
                let (out, back) = (group.drain, group.in_service());
                let turn = bouncer_reads(out, group.instances) + bouncer_reads(back, group.instances);
                Some(group.instances * turn)
            },
            DOUBLE,
        ],
    ),
    Peer {
        name: "asg-roller, with its tag and Kubernetes",
        source: "deitch/aws-asg-roller f2fd590 (2021-06), roller.go",
        basis: Basis::Simulated,
        wall_clock: |group| {
            let turn = seen(group.in_service().max(group.drain), 30);
            Some(seen(group.in_service(), 30) + (group.instances - 1) * turn + seen(group.drain, 30) + 30)
        },
        peak: |group| Some(group.instances + 2),
        in_service_min: ONE_LESS,
        reads: UNKNOWN,
        mutations: |group| Some(group.instances + 2),
        transitions: NO_MACHINE,
    },
    Peer {
        name: "Ansible replace_all_instances, batch 1",
        source: "ansible-collections/amazon.aws 59c5d27 (2026-06), autoscaling_group.py",
        basis: Basis::Derived,
        wall_clock: |group| {
            let (drain, healthy) = (group.drain, group.healthy());
            let turn = seen(drain, 10) + seen(healthy.saturating_sub(drain), 10);
            Some(seen(healthy, 10) + (group.instances - 1) * turn + seen(drain, 10))
        },
        peak: ONE_MORE,
        in_service_min: ALL,
        reads: UNKNOWN,
        mutations: |group| Some(2 + group.instances),
        transitions: NO_MACHINE,
    },
    Peer {
        name: "Ansible replace_all_instances, batch N",
        source: "ansible-collections/amazon.aws 59c5d27 (2026-06), autoscaling_group.py",
        basis: Basis::Derived,
        wall_clock: |group| Some(ideal_double_and_halve(group, 10)),
        peak: DOUBLE,
        in_service_min: ALL,
        reads: UNKNOWN,
        mutations: |group| Some(2 + group.instances),
        transitions: NO_MACHINE,
    },
    Peer {
        name: "aws-ha-release",
        source: "cloudavail/aws-missing-tools 825af3a (2019-04)",
        basis: Basis::Derived,
        wall_clock: |group| Some(group.instances * (seen(group.healthy(), 10) + 60)),
        peak: ONE_MORE,
        in_service_min: ONE_LESS,
        reads: UNKNOWN,
        mutations: |group| Some(5 + 2 * group.instances),
        transitions: NO_MACHINE,
    },
    Peer {
        name: "18F asg_recycle, by the clock, looks at no health",
        source: "18F/identity-terraform e2cfe09 (2026-07)",
        basis: Basis::Derived,
        wall_clock: |group| (group.healthy() < 900).then(|| 900 + group.drain),
        peak: DOUBLE,
        in_service_min: ALL,
        reads: NOBODY,
        mutations: |_| Some(2),
        transitions: NO_MACHINE,
    },
    Peer {
        name: "hmrc out-in, at least, as its monitor reports it",
        source: HMRC,
        basis: Basis::Derived,
        wall_clock: hmrc_reported,
        peak: DOUBLE,
        in_service_min: ALL,
        reads: UNKNOWN,
        mutations: UNKNOWN,
        transitions: |group| {
            let looks = 1 + (hmrc_reported(group)? - 120) / 360;
            Some(9 + 3 * looks)
        },
    },
    Peer {
        name: "hmrc in-out, N groups of one",
        source: HMRC,
        basis: Basis::Simulated,
        wall_clock: hmrc_one_by_one,
        peak: ALL,
        in_service_min: ONE_LESS,
        reads: UNKNOWN,
        mutations: DOUBLE,
        transitions: |group| Some(4 * hmrc_one_by_one(group)? / 60),
    },
];
