//! The interpreter against others: the language against moto's interpreter, its expressions against the reference
//! implementation of `JSONata`.

mod moto;

use std::collections::BTreeMap;

use asg_recycle::simulate::scenario::Case;

use crate::scenarios::all_cases;

/// Every scenario with one of the strategies that it is for, each strategy in its turn.
fn one_strategy_each() -> Vec<Case> {
    let mut files = BTreeMap::<String, Vec<Case>>::new();
    for case in all_cases() {
        files.entry(case.path.clone()).or_default().push(case);
    }
    // Groups of hundreds take as long as all others, and do nothing that the others do not.
    let files = files.into_values().filter(|cases| cases.iter().all(|case| case.name != "big-group"));
    files.enumerate().map(|(turn, mut cases)| cases.swap_remove(turn % cases.len())).collect()
}
