//! A plan as an operator reads it. Pure.

use super::facts::Times;
use super::{GroupPlan, PlanReport, Replacement};
use crate::operate::span::span;
use crate::operate::table::{self, TableColumn, printed};
use crate::simulate::report::{CHART_ROWS_MAX, ChartArea, GroupSummary, Look, Paint, chart};

/// A plan, in columns as wide as `look` has them; without `columns` no column of a table is left out.
pub fn text(plan: &GroupPlan, look: Look, columns: Option<usize>) -> String {
    let PlanReport { head, group, strategy, .. } = &plan.report;
    let strategy = strategy.as_deref().unwrap_or("no strategy");
    let mut text = format!("{group} with {strategy}\n{}\n", head.place);
    let mut told = |heading: &str, what: &str| table::told(&mut text, (heading, what), columns);
    if let Some(does) = &plan.report.does {
        told("does", does);
    }
    if !plan.report.replace.is_empty() {
        told("order", &plan.report.order);
    }
    for refusal in &plan.report.refusals {
        told("not now", refusal);
    }
    for left in &plan.report.left_alone {
        told("leaves", &format!("{} alone: {}", left.id, left.reason));
    }
    text += &replaced(&plan.report, columns);
    text + &forecast(plan, look, columns)
}

fn replaced(report: &PlanReport, columns: Option<usize>) -> String {
    let replace = &report.replace;
    if replace.is_empty() && !report.left_alone.is_empty() {
        return "\nall that is outdated is left alone: nothing would be replaced\n".to_owned();
    }
    if replace.is_empty() {
        return "\nnothing is outdated by its launch source: nothing would be replaced\n".to_owned();
    }
    let place = |one: &Replacement| one.place.map(|place| place.to_string()).unwrap_or_default();
    let table = vec![
        TableColumn::of("TURN", 10, replace, place),
        TableColumn::of("REPLACES", 9, replace, |one| one.id.clone()),
        TableColumn::of("ZONE", 5, replace, |one| one.zone.clone()),
        TableColumn::of("HAS", 7, replace, |one| one.has.clone()),
        TableColumn::of("WANTS", 8, replace, |one| one.wants.clone()),
    ];
    format!("\n{}", printed(table, (columns, Paint::Plain)))
}

fn forecast(plan: &GroupPlan, look: Look, columns: Option<usize>) -> String {
    let mut text = String::new();
    let mut told = |heading: &str, what: &str| table::told(&mut text, (heading, what), columns);
    if let (Some(run), Some(forecast)) = (&plan.run, &plan.report.forecast) {
        let group = run.groups.first();
        if let Some(group) = group {
            told("forecast", &GroupSummary::of(run, group).sentence(look.dollars_per_hour));
        }
        if !forecast.reason.is_empty() {
            told("", &forecast.reason);
        }
        let (reads, writes, transitions) = (forecast.reads, forecast.writes, forecast.transitions);
        told(
            "calls",
            &format!(
                "{reads} reads, {writes} changes; {transitions} state transitions, ${:.4}",
                forecast.dollars
            ),
        );
    }
    let Times { boot_seconds, boot_measured, drain_seconds, drain_measured } = plan.report.times;
    let of = |measured: usize, what: &str| match measured {
        0 => "assumed: it did none lately".to_owned(),
        number => format!("by its last {number} {what}"),
    };
    let seconds = |seconds: u64| span(i64::try_from(seconds).unwrap_or(i64::MAX));
    told(
        "launches",
        &format!("{} until in service, {}", seconds(boot_seconds), of(boot_measured, "launches")),
    );
    told("leaving", &format!("{}, {}", seconds(drain_seconds), of(drain_measured, "terminations")));
    for left_out in &plan.report.leaves_out {
        told("leaves out", left_out);
    }
    let drawn = plan.run.as_ref().and_then(|run| {
        let group = run.groups.first()?;
        let area = ChartArea {
            columns: look.columns,
            rows_max: CHART_ROWS_MAX,
            paint: look.paint,
            has_sizes: true,
            has_checks: true,
        };
        (run.began_at < run.ended_at).then(|| chart(&group.history, (run.began_at, run.ended_at), area))
    });
    format!("\n{text}{}", drawn.map(|drawn| format!("\n{drawn}")).unwrap_or_default())
}
