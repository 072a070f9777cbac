//! Runs the command, and builds the example that the tests run.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;
use tempfile::TempDir;

/// A directory of its own, and what runs in it.
pub(crate) struct Bench {
    dir: TempDir,
}

/// How the command ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    /// With the example `hello` as `hello.wasm`, unsigned.
    pub(crate) fn with_hello() -> Self {
        let bench = Self::new();
        std::fs::copy(built("hello"), bench.path("hello.wasm")).unwrap();
        bench
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    pub(crate) fn smcp<A: AsRef<OsStr>>(&self, args: &[A]) -> Ran {
        self.smcp_with(args, &[], "")
    }

    /// The command with variables in its environment, and a standard input.
    pub(crate) fn smcp_with<A: AsRef<OsStr>>(
        &self,
        args: &[A],
        environment: &[(&str, &str)],
        input: &str,
    ) -> Ran {
        let mut command = smcp(self.dir.path());
        command
            .args(args)
            .envs(environment.iter().copied())
            .stdin(Stdio::piped());
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        child.wait_with_output().unwrap().into()
    }
}

/// The command, without what the environment of the tests could add.
pub(crate) fn smcp(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_smcp"));
    command.current_dir(dir);
    for name in [
        "SMCP_HOST",
        "SMCP_TOKEN",
        "SMCP_TENANT",
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
    ] {
        command.env_remove(name);
    }
    command
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().expect("ended by itself"),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ran {
    /// What it printed, when all went well.
    #[track_caller]
    pub(crate) fn ok(&self) -> &str {
        assert_eq!(self.code, 0, "{}\n{}", self.stdout, self.stderr);
        &self.stdout
    }

    /// The JSON that it printed, when all went well.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(self.ok()).unwrap_or_else(|_| panic!("{}", self.stdout))
    }

    /// The code of the error that it told with `--json`, and its exit status.
    #[track_caller]
    pub(crate) fn error(&self) -> (i32, String) {
        let last = self.stderr.lines().last().unwrap_or_default();
        let error: Value = serde_json::from_str(last).unwrap_or_else(|_| panic!("{}", self.stderr));
        (
            self.code,
            error["error"]["code"].as_str().unwrap().to_owned(),
        )
    }
}

/// The package of an example, built once by the command.
pub(crate) fn built(example: &'static str) -> PathBuf {
    static BUILT: Mutex<BTreeMap<&str, PathBuf>> = Mutex::new(BTreeMap::new());
    // Whoever comes meanwhile waits: two would write the same file.
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    built
        .entry(example)
        .or_insert_with(|| build(example))
        .clone()
}

fn build(example: &str) -> PathBuf {
    let file = format!("smcp-cli-{example}.wasm");
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(file);
    let crate_of = format!("{}/../examples/{example}", env!("CARGO_MANIFEST_DIR"));
    let args = [
        "build",
        "--path",
        &crate_of,
        "--out",
        file.to_str().unwrap(),
    ];
    let ran: Ran = smcp(Path::new(".")).args(args).output().unwrap().into();
    ran.ok();
    file
}
