//! How one group stands, in full: its instances, and the recycle that runs. Pure.

use std::collections::BTreeMap;

use asg_recycle_handler::settings::Settings;
use asg_recycle_simulator::time::Moment;
use asg_recycle_simulator::world::record::Sample;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::capacity;
use super::load_balancers::{self, LoadBalancer, TargetFact, TargetStatus};
use super::phases::{self, Deadline, PhaseReached};
use super::turn::{self, TurnFacts, TurnStatus, TurnStep};
use crate::operate::answers::execution::SeenExecution;
use crate::operate::answers::group::SeenActivity;
use crate::operate::answers::planned::SeenRefresh;
use crate::operate::answers::{SeenGroup, SeenInstance};
use crate::operate::console_link::execution_link;
use crate::operate::fleet::outdated::{OutdatedInstance, outdated};
use crate::operate::fleet::{self, FleetFacts, FleetRow};
use crate::operate::lock::{GroupLock, SeenJournal};
use crate::operate::place::{ReportHead, StackPlace};

/// The phase of a journal that cannot be read.
const UNREAD: &str = "not known, for its journal cannot be read";

/// What is known of one group.
#[derive(Debug, Clone, Default)]
pub struct GroupFacts {
    /// What is known of it as a fleet of one.
    pub fleet: FleetFacts,
    /// When its instances were launched, by their ids.
    pub launched: BTreeMap<String, Timestamp>,
    /// How its instances are as targets.
    pub targets: Vec<TargetFact>,
    /// Why some load balancers could not be asked.
    pub unasked: Vec<String>,
    /// What it did since its recycle began, newest first.
    pub activities: Vec<SeenActivity>,
    /// The execution that holds the lock.
    pub holder: Option<SeenExecution>,
    /// What that assigned to its variables last, as far as its history was read.
    pub assigned: BTreeMap<String, Value>,
    /// The state that it entered last.
    pub at_state: Option<String>,
    /// When that was.
    pub at_state_since: Option<Timestamp>,
    /// The instance refresh that it has AWS make.
    pub refresh: Option<SeenRefresh>,
}

/// What `status GROUP --format json` prints.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct GroupStatus {
    /// Its form, where it was asked, and what that took.
    #[serde(flatten)]
    pub head: ReportHead,
    /// The group's row in the table of the fleet.
    pub group: FleetRow,
    /// Its minimum.
    pub min: u32,
    /// Its desired capacity.
    pub desired: u32,
    /// Its maximum.
    pub max: u32,
    /// Processes of it that are suspended.
    pub suspended: Vec<String>,
    /// What holds its lock; absent where nothing does.
    pub recycle: Option<RecycleStatus>,
    /// Its instances, those to replace first.
    pub instances: Vec<InstanceStatus>,
    /// Why some of its load balancers could not be asked; to these every instance is `unknown`.
    pub unasked: Vec<String>,
}

/// A recycle or a restore, or what is left of one.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct RecycleStatus {
    /// ARN of the execution that holds the lock; absent where a journal is left and nobody holds it.
    pub execution: Option<String>,
    /// `RUNNING`, or how that ended; absent where Step Functions does not know it any more.
    pub status: Option<String>,
    /// `recycle` or `restore`.
    pub mode: Option<String>,
    /// The strategy that it was asked for.
    pub strategy: Option<String>,
    /// The call or status change that it was started by.
    pub trigger: Option<String>,
    /// Who started it by hand, an ARN; absent where an event did, of which `history --who` finds the caller.
    pub by: Option<String>,
    /// When it began, RFC 3339.
    pub started_at: Option<String>,
    /// How long ago, in seconds.
    pub seconds: Option<i64>,
    /// How far it is.
    pub phase: PhaseReached,
    /// The state of the machine that it entered last.
    pub at_state: Option<String>,
    /// How many instances it replaces; 0 before that is decided.
    pub to_replace: usize,
    /// How many of these are gone, or on their way out; whether the new ones have come is no part of it.
    pub replaced: usize,
    /// Whether it stands still now, for a pause; of a turn by what stands beside the lock.
    pub stands_still: bool,
    /// The turn that is under way, of a strategy that has turns.
    pub turn: Option<TurnStatus>,
    /// The instance refresh that it has AWS make.
    pub refresh: Option<RefreshStatus>,
    /// What ends by when.
    pub deadlines: Vec<Deadline>,
    /// Whether another round was asked for meanwhile.
    pub has_mark: bool,
    /// What a restore would put back now, a line each.
    pub puts_back: Vec<String>,
    /// Its page in the console, where the partition's is known.
    pub console: Option<String>,
    /// How many instances the group had since then, at each moment at which that changed.
    pub capacity: Vec<CapacityPoint>,
}

/// An instance refresh, as AWS tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RefreshStatus {
    /// E.g. `InProgress`.
    pub status: String,
    /// How far it is, in per cent.
    pub per_cent: Option<u32>,
    /// Why it is so, where AWS says so.
    pub reason: Option<String>,
}

impl std::fmt::Display for RefreshStatus {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let far = self.per_cent.map(|per_cent| format!(", {per_cent} %")).unwrap_or_default();
        // A reason may have lines of its own.
        let words = self.reason.iter().flat_map(|reason| reason.split_whitespace()).collect::<Vec<_>>();
        let why = if words.is_empty() { String::new() } else { format!(": {}", words.join(" ")) };
        write!(formatter, "{}{far}{why}", self.status)
    }
}

/// How many instances a group had at a moment, by what Auto Scaling did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CapacityPoint {
    /// Since when, RFC 3339.
    pub at: String,
    /// Pending or in service, and there before the recycle began.
    pub old: u32,
    /// Pending or in service, and launched since.
    pub new: u32,
    /// In service; whether they passed the checks of their targets is not kept.
    pub in_service: u32,
    /// On their way out.
    pub leaving: u32,
}

/// An instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct InstanceStatus {
    /// Its id.
    pub id: String,
    /// Its Availability Zone.
    pub zone: String,
    /// Its type.
    pub instance_type: String,
    /// What it was launched from: `version 3`, `configuration web-3`.
    pub launched_from: String,
    /// What it would be launched from now, where it is outdated.
    pub wants: Option<String>,
    /// Whether the recycle that runs replaces it.
    pub to_replace: bool,
    /// Its state in the group's lifecycle, e.g. `InService`.
    pub lifecycle_state: String,
    /// `Healthy` or `Unhealthy`, to Auto Scaling.
    pub health: String,
    /// How it is as a target, one for each load balancer that knows it; while it is in service one for each of the group's.
    pub targets: Vec<TargetStatus>,
    /// Whether it serves: in service, healthy, and healthy as every target.
    pub serves: bool,
    /// Whether it is protected from scale-in.
    pub is_protected: bool,
    /// When it was launched, RFC 3339.
    pub launched_at: Option<String>,
    /// How long ago, in seconds.
    pub age_seconds: Option<i64>,
}

/// A group's status, and its capacity since the recycle began as a chart takes it.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupSeen {
    /// What is told.
    pub status: GroupStatus,
    /// The same capacity; empty where nothing runs.
    pub samples: Vec<(Moment, Sample)>,
}

/// The JSON Schema of what `status GROUP --format json` prints.
pub fn json_schema() -> Value {
    schemars::schema_for!(GroupStatus).to_value()
}

/// Puts together what is known of a group; none where there is no such group.
pub fn of(
    facts: &GroupFacts,
    place: &StackPlace,
    settings: &Settings,
    calls: u32,
    now: Timestamp,
) -> Option<GroupSeen> {
    let row = fleet::rows(&facts.fleet, settings, now).into_iter().next()?;
    let group = facts.fleet.groups.first()?;
    let lock = facts.fleet.locks.get(&group.name);
    let journal = lock.and_then(|lock| lock.journal.as_ref());
    let instances = instances(group, facts, journal, now);
    let began = facts.holder.as_ref().filter(|holder| holder.status == "RUNNING");
    let began = began.and_then(|holder| fleet::moment(holder.start_date)).filter(|began| *began < now);
    let replaced = journal.map(|journal| &*journal.replace).unwrap_or_default();
    let samples = began.map(|began| capacity::samples(group, &facts.activities, (began, now), replaced));
    let samples = samples.unwrap_or_default();
    let recycle = lock.map(|lock| recycle(lock, (group, &instances), facts, &place.region, (&samples, now)));
    let status = GroupStatus {
        head: ReportHead::new(place, calls),
        group: row,
        min: group.min_size,
        desired: group.desired_capacity,
        max: group.max_size,
        suspended: group.suspended_processes.list.iter().map(|one| one.process_name.clone()).collect(),
        recycle,
        instances,
        unasked: facts.unasked.clone(),
    };
    Some(GroupSeen { status, samples })
}

fn recycle(
    lock: &GroupLock,
    (group, instances): (&SeenGroup, &[InstanceStatus]),
    facts: &GroupFacts,
    region: &str,
    (samples, now): (&[(Moment, Sample)], Timestamp),
) -> RecycleStatus {
    let holder = facts.holder.as_ref();
    let asked = |key: &str| holder.and_then(|holder| holder.asked(key));
    let journal = lock.journal.as_ref();
    let replaced = lock.replaced(&group.instances.list);
    let strategy = asked("strategy");
    let started = holder.and_then(|holder| fleet::moment(holder.start_date));
    let runs = holder.is_some_and(|holder| holder.status == "RUNNING");
    let unread = lock.unread_journal.as_ref();
    let phase = journal.map(|journal| &*journal.phase).or(unread.map(|_| UNREAD));
    let point = |(at, sample): &(Moment, Sample)| CapacityPoint {
        at: i64::try_from(at.0)
            .ok()
            .and_then(|at| Timestamp::from_millisecond(at).ok())
            .unwrap_or_default()
            .to_string(),
        old: sample.old,
        new: sample.new,
        in_service: sample.serving,
        leaving: sample.terminating,
    };
    let (turn, of_turn) = turn::of(lock, &of_turn(group, facts, (instances, runs), now)).unzip();
    let deadlines = if runs { phases::deadlines(&facts.assigned, phase, now) } else { Vec::new() };
    RecycleStatus {
        execution: lock.held_by.clone(),
        status: holder.map(|holder| holder.status.clone()),
        mode: asked("mode"),
        trigger: holder.and_then(|holder| holder.trigger("event_name")),
        by: holder.and_then(|holder| holder.trigger("by")),
        started_at: started.map(|at| at.to_string()),
        seconds: started.map(|at| (now.as_second() - at.as_second()).max(0)),
        phase: phases::reached(strategy.as_deref().unwrap_or_default(), phase, &facts.assigned),
        strategy,
        at_state: facts.at_state.clone().filter(|_| runs),
        to_replace: replaced.of,
        replaced: replaced.gone,
        stands_still: runs && phases::stands_still(&facts.assigned)
            || turn.as_ref().is_some_and(|turn| turn.step == TurnStep::Paused),
        turn,
        refresh: facts.refresh.as_ref().map(refresh),
        deadlines: deadlines.into_iter().chain(of_turn.flatten()).collect(),
        has_mark: lock.has_mark,
        puts_back: match unread {
            Some(_) => vec!["what is not known here: its journal cannot be read".to_owned()],
            None => lock.to_put_back((group.min_size, group.max_size)),
        },
        console: lock.held_by.as_ref().and_then(|execution| execution_link(region, execution)),
        capacity: samples.iter().map(point).collect(),
    }
}

fn refresh(seen: &SeenRefresh) -> RefreshStatus {
    RefreshStatus {
        status: seen.status.clone(),
        per_cent: seen.percentage_complete,
        reason: seen.status_reason.clone().filter(|reason| !reason.is_empty()),
    }
}

fn of_turn<'a>(
    group: &'a SeenGroup,
    facts: &'a GroupFacts,
    (instances, runs): (&[InstanceStatus], bool),
    now: Timestamp,
) -> TurnFacts<'a> {
    // What could not be asked is not waited for.
    let may_serve = |one: &InstanceStatus| {
        one.serves
            || !facts.unasked.is_empty() && one.lifecycle_state == "InService" && one.health == "Healthy"
    };
    let is_unfit = |one: &&InstanceStatus| !one.lifecycle_state.starts_with("Terminat") && !may_serve(one);
    TurnFacts {
        group,
        unfit: instances.iter().filter(is_unfit).map(|one| one.id.clone()).collect(),
        activities: &facts.activities,
        at_state: facts.at_state.as_deref().filter(|_| runs).map(|name| (name, facts.at_state_since)),
        assigned: &facts.assigned,
        is_paused: facts.fleet.pauses.get(&group.name).is_some_and(|pause| pause.is_on(now)),
        now,
    }
}

fn instances(
    group: &SeenGroup,
    facts: &GroupFacts,
    journal: Option<&SeenJournal>,
    now: Timestamp,
) -> Vec<InstanceStatus> {
    let outdated = outdated(group, &facts.fleet.aliases);
    let balancers = LoadBalancer::of(group);
    let told = |instance: &SeenInstance| {
        let found = outdated.iter().find(|one| one.id == instance.id);
        told(instance, found, journal, (&balancers, facts, now))
    };
    let mut instances: Vec<InstanceStatus> = group.instances.list.iter().map(told).collect();
    instances.sort_by(|one, other| {
        let key = |one: &InstanceStatus| (!one.to_replace, one.wants.is_none());
        key(one).cmp(&key(other)).then_with(|| one.id.cmp(&other.id))
    });
    instances
}

fn told(
    instance: &SeenInstance,
    outdated: Option<&OutdatedInstance>,
    journal: Option<&SeenJournal>,
    (balancers, facts, now): (&[LoadBalancer], &GroupFacts, Timestamp),
) -> InstanceStatus {
    let targets = load_balancers::statuses(balancers, &facts.targets, instance);
    let version = instance.launch_template.as_ref().and_then(|template| template.version.as_ref());
    let launched_from = match (version, &instance.launch_configuration_name) {
        (Some(version), _) => format!("version {version}"),
        (None, Some(name)) => format!("configuration {name}"),
        (None, None) => "nothing that is known".to_owned(),
    };
    let launched = facts.launched.get(&instance.id);
    InstanceStatus {
        id: instance.id.clone(),
        zone: instance.availability_zone.clone(),
        instance_type: instance.instance_type.clone(),
        launched_from,
        wants: outdated.map(|one| one.wants.to_string()),
        to_replace: journal.is_some_and(|journal| journal.replace.contains(&instance.id)),
        lifecycle_state: instance.lifecycle_state.clone(),
        health: instance.health_status.clone(),
        serves: instance.lifecycle_state == "InService"
            && instance.health_status == "Healthy"
            && load_balancers::all_take(balancers, &targets),
        targets,
        is_protected: instance.protected_from_scale_in,
        launched_at: launched.map(ToString::to_string),
        age_seconds: launched.map(|at| (now.as_second() - at.as_second()).max(0)),
    }
}
