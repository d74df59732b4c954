//! Writes the stack of one team into a folder, with the handler zip that lies there.

use std::error::Error;
use std::fs;
use std::path::Path;

use asg_recycle::config::{Config, MemoryMegabytes};
use asg_recycle::output::{Edits, Folder, Wanted};
use asg_recycle::stack::PackageDigest;
use asg_recycle::{AsgRecycle, FORMATS};

fn main() -> Result<(), Box<dyn Error>> {
    let out = std::env::args_os().nth(1).ok_or("usage: library OUT")?;
    let out = Path::new(&out);

    let mut config = Config::with_defaults("payments-recycle".parse()?);
    config.handler.memory_megabytes = MemoryMegabytes::new(256)?;
    config.notifications.slack_channel = Some("payments-alerts".parse()?);
    config.tags.insert("team", "payments".parse()?)?;

    let package = PackageDigest::of(&fs::read(out.join("handler.zip"))?);
    let stack = AsgRecycle::from_config(config)?.with_package(&package)?;
    let wanted = Wanted { files: stack.synth_all(FORMATS), ..Wanted::default() };
    let summary = Folder::open(out, Edits::Protect)?.plan(wanted)?.apply()?;
    println!("{} files written", summary.created.len() + summary.updated.len());
    Ok(())
}
