//! Whether tools end: each is called with arguments made up from its schema, in the sandbox that will run its calls.
//!
//! A probe is no call. It has little fuel, and its host does nothing for it: what has no consequences is answered with as
//! little as there is, and at the first request that would have some the probe is over. So all it can show is that a tool
//! computes without end before it asks for anything, or fails on arguments that are as it wants them.

use smcp_analysis::{Analysis, Code, made_up};
use smcp_capability::call::{Answer, Caller, KvRequest, Request};
use smcp_ids::{Fuel, UnixMillis, limits};
use smcp_package::CallLimits;
use smcp_protocol::{Catalogue, Tool};
use smcp_sandbox::{Bounds, Ended, Entry, Execution, Fault, GuestFault, LoadedModule, Stop};

use crate::schemas::ToolSchemas;

/// The probes of one release, one after another.
#[derive(Debug)]
pub struct Probing<'a> {
    loaded: &'a LoadedModule,
    bounds: Bounds,
    tools: Vec<Tool<'a>>,
    /// The next of them.
    tool: usize,
    /// Arguments of the last one that were not tried yet.
    arguments: Vec<String>,
    probe: Option<Probe>,
    /// What all further probes may use.
    left: Fuel,
    found: Vec<(Code, String, String)>,
}

/// One of them.
#[derive(Debug)]
struct Probe {
    execution: Execution,
    arguments: String,
    answered: usize,
}

impl<'a> Probing<'a> {
    /// The probes of a module, whose calls may use `limits`.
    pub fn new(loaded: &'a LoadedModule, catalogue: &'a Catalogue, limits: CallLimits) -> Self {
        Self {
            loaded,
            bounds: Bounds {
                memory: limits.memory.min(limits::MEMORY_MAX),
                fuel: Fuel(limits::PROBE_FUEL).min(limits.fuel),
                output: limits.output,
            },
            tools: catalogue.tools().collect(),
            tool: 0,
            arguments: Vec::new(),
            probe: None,
            left: Fuel(limits::PROBES_FUEL),
            found: Vec::new(),
        }
    }

    /// Runs a slice, or begins with the next tool. `false` when all are done.
    pub fn step(&mut self, slice: Fuel) -> bool {
        if let Some(probe) = self.probe.take() {
            self.run(probe, slice);
            return true;
        }
        if let Some(arguments) = self.arguments.pop() {
            self.begin(arguments);
            return true;
        }
        let Some(tool) = self.tools.get(self.tool) else {
            return false;
        };
        if self.left < self.bounds.fuel {
            let rest = self.tools.len() - self.tool;
            let says =
                format!("{rest} tools were not tried: those before them used up the fuel for it");
            self.find(Code::NotProbed, "tools", says);
            self.tool = self.tools.len();
            return false;
        }
        self.tool += 1;
        self.arguments = arguments(*tool);
        if self.arguments.is_empty() {
            let place = format!("tools/{}", tool.name());
            self.find(
                Code::NotProbed,
                &place,
                "no arguments could be made up that its schema takes",
            );
        }
        true
    }

    /// All steps at once, for callers who need not yield.
    #[must_use]
    pub fn run_all(mut self) -> Self {
        while self.step(Fuel(u64::MAX)) {}
        self
    }

    /// Adds what was found to an analysis.
    pub fn report(self, analysis: &mut Analysis<'_>) {
        for (code, place, says) in self.found {
            analysis.add(code, &place, says);
        }
    }

    /// The tool whose arguments are tried.
    fn name(&self) -> &'a str {
        let tool = self
            .tool
            .checked_sub(1)
            .and_then(|tool| self.tools.get(tool));
        tool.map_or("", |tool| tool.name())
    }

    fn find(&mut self, code: Code, place: &str, says: impl Into<String>) {
        self.found.push((code, place.to_owned(), says.into()));
    }

    fn begin(&mut self, arguments: String) {
        let request = format!(r#"{{"name":"{}","arguments":{arguments}}}"#, self.name());
        // Without an instance nothing is known of the tool.
        if let Ok(execution) = Execution::start(self.loaded, Entry::CallTool(request), self.bounds)
        {
            self.probe = Some(Probe {
                execution,
                arguments,
                answered: 0,
            });
        }
    }

    fn run(&mut self, mut probe: Probe, slice: Fuel) {
        match probe.execution.step(slice) {
            Stop::Yields => self.probe = Some(probe),
            Stop::Asks(request) => match answer(&request) {
                Some(answer) if probe.answered < limits::PROBE_ANSWERS => {
                    probe.answered += 1;
                    probe.execution.answer(&answer);
                    self.probe = Some(probe);
                }
                _ => self.spend(probe.execution.fuel_used()),
            },
            Stop::Ended(ended) => self.ended(&probe, ended),
        }
    }

    fn ended(&mut self, probe: &Probe, ended: Ended) {
        self.spend(ended.fuel);
        let Err(Fault::Guest(fault)) = ended.result else {
            return;
        };
        let place = format!("tools/{}", self.name());
        let arguments: String = probe
            .arguments
            .chars()
            .take(limits::FINDING_QUOTE_MAX)
            .collect();
        if let GuestFault::OutOfFuel(fuel) = fault {
            let says = format!(
                "called with {arguments} it used up {fuel} units of fuel and asked its host for nothing"
            );
            self.find(Code::NeverEnds, &place, says);
            // Its other arguments would show the same.
            self.arguments.clear();
        } else {
            self.find(
                Code::FailsOnProbe,
                &place,
                format!("called with {arguments}: {fault}"),
            );
        }
    }

    fn spend(&mut self, fuel: Fuel) {
        self.left = self.left.saturating_sub(fuel);
    }
}

/// Arguments that a tool takes, the last to be tried first.
fn arguments(tool: Tool<'_>) -> Vec<String> {
    let schema = tool
        .input_schema()
        .map(|schema| serde_json::from_str(schema.text()));
    let (Some(Ok(schema)), Ok(compiled)) = (schema, ToolSchemas::compile(tool)) else {
        return Vec::new();
    };
    let made = made_up(&schema).into_iter();
    let mut taken: Vec<String> = made
        .filter(|text| compiled.check_arguments(text).is_ok())
        .collect();
    taken.reverse();
    taken
}

/// What has no consequences is answered; none: the probe ends there.
fn answer(request: &Request) -> Option<Answer> {
    Some(match request {
        Request::Log { .. } | Request::Progress { .. } => Answer::Done,
        Request::Now => Answer::Instant(UnixMillis(START)),
        Request::TimeLeft => Answer::Millis(limits::DEADLINE_MILLIS),
        Request::Random(length) => Answer::Bytes(
            (0..*length)
                .map(|at| (at.wrapping_mul(151) + 7) as u8)
                .collect(),
        ),
        Request::Who => Answer::Caller(Caller {
            tenant: "probe".to_owned(),
            server: "probe".to_owned(),
            principal: "probe".to_owned(),
            scopes: Vec::new(),
        }),
        Request::Capabilities => Answer::Text("{}".to_owned()),
        Request::Setting(_) => Answer::Setting(None),
        Request::Kv(KvRequest::Get(_)) => Answer::Value(None),
        Request::Kv(KvRequest::Keys { .. }) => Answer::Keys(Vec::new()),
        _ => return None,
    })
}

/// The time that a probe is told: the first of January 2026.
const START: u64 = 1_767_225_600_000;
