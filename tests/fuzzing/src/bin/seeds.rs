//! Writes the inputs that fuzzing begins with into the directory that is given, one directory a target. Only what has a
//! name of ours there is replaced: what was found by fuzzing stays.

use std::path::Path;
use std::{env, fs, io};

use smcp_fuzzing::TARGETS;

fn main() -> io::Result<()> {
    let Some(root) = env::args_os().nth(1) else {
        return Err(io::Error::other("the directory of the corpora is needed"));
    };
    for target in TARGETS {
        let home = Path::new(&root).join(target.name);
        fs::create_dir_all(&home)?;
        let seeds = (target.seeds)();
        let bytes: usize = seeds.iter().map(|(_, bytes)| bytes.len()).sum();
        for (name, bytes) in &seeds {
            fs::write(home.join(name), bytes)?;
        }
        println!("{}: {} inputs, {bytes} bytes", target.name, seeds.len());
    }
    Ok(())
}
