//! The calls of the strategies against the modelled world.

use asg_recycle_simulator::world::World;

use crate::template::TEMPLATES;

#[test]
fn every_call_of_the_emitted_machines_templates_is_known() {
    let folders = TEMPLATES.get_dir("strategies").expect("the folder is compiled in").dirs();
    let mut found = 0;
    for folder in folders {
        for file in folder.files() {
            for call in file.contents_utf8().unwrap_or_default().split("call(\"").skip(1) {
                let mut words = call.split('"');
                let (service, action) = (words.next().unwrap_or_default(), words.nth(1).unwrap_or_default());
                assert!(World::has_action(service, action), "{service}:{action}");
                found += 1;
            }
        }
    }
    assert!(found > 10, "only {found} calls were found");
}
