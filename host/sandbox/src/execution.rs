//! One call of a guest: a state machine that runs in slices of fuel.
//!
//! The states are *placing* (the host puts an argument or an answer into the guest's memory,
//! through the guest's own `cabi_realloc`), *running*, *asked* (suspended in an import) and *over*.
//! An import called while placing is a fault: the guest stands still then, and may not speak.
//!
//! What must stay true: fuel is accounted here, in `left`, exactly; wasmi's own counter only ever
//! holds the grant of the moment. So the fuel of a call does not depend on its slices.

use smcp_capability::call::{Answer, Request};
use smcp_ids::Fuel;
use wasmi::{
    Func, Instance, Memory, ResumableCall, ResumableCallHostTrap, ResumableCallOutOfFuel, Store,
    Val,
};

use crate::boundary::answer;
use crate::boundary::export::{self, Entry, Output};
use crate::boundary::memory::GuestMemory;
use crate::boundary::request::{self, Asked};
use crate::fault::{self, Fault, GuestFault, HostFault};
use crate::host_state::{HostState, Suspend};
use crate::load::LoadedModule;
use crate::placing::{Placing, Then};
use crate::profile::BYTES_PER_FUEL;

/// What a call may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Linear memory, in bytes.
    pub memory: usize,
    /// All fuel of the call.
    pub fuel: Fuel,
    /// Bytes of output.
    pub output: usize,
}

/// Why [`Execution::step`] came back.
#[derive(Clone, Debug, PartialEq)]
pub enum Stop {
    /// The guest asks; go on with [`Execution::answer`].
    Asks(Request),
    /// The slice is spent; go on with [`Execution::step`].
    Yields,
    /// The call is over.
    Ended(Ended),
}

/// How a call went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// What it returned, or why it did not.
    pub result: Result<Output, Fault>,
    /// All fuel that it used.
    pub fuel: Fuel,
    /// The most linear memory that it had, in bytes.
    pub memory: usize,
}

/// One call of a guest in a fresh instance of its own.
pub struct Execution {
    store: Store<HostState>,
    memory: Memory,
    realloc: Func,
    entry: Entry,
    bounds: Bounds,
    left: Fuel,
    state: State,
}

impl core::fmt::Debug for Execution {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Execution")
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}

enum State {
    Placing(Placing),
    Running(Main),
    Asked(ResumableCallHostTrap, Asked),
    Over,
}

/// How the export goes on.
enum Main {
    Start(Func, Vec<Val>),
    Answered(ResumableCallHostTrap, Option<Val>),
    Refuelled(ResumableCallOutOfFuel),
}

/// One invocation's end inside a slice.
enum Ran {
    Finished,
    Suspended(ResumableCallHostTrap),
    Paused(ResumableCallOutOfFuel),
}

impl Execution {
    /// Makes a fresh instance of a module, ready to be called.
    ///
    /// # Errors
    ///
    /// If a data or element segment does not fit, or there is no memory for the instance.
    pub fn start(loaded: &LoadedModule, entry: Entry, bounds: Bounds) -> Result<Self, Fault> {
        let compiled = loaded.compiled();
        let mut store = Store::new(&compiled.engine, HostState::new(bounds.memory));
        store.limiter(|data| data);
        let instance = compiled
            .linker
            .instantiate_and_start(&mut store, &compiled.module)
            .map_err(|error| fault::from_wasmi(&error, bounds.fuel))?;
        let (memory, realloc, export) = exports(&store, instance, &entry)?;
        let mut execution = Self {
            store,
            memory,
            realloc,
            bounds,
            left: bounds.fuel,
            state: State::Over,
            entry,
        };
        execution.state = match execution.entry.argument() {
            None => State::Running(Main::Start(export, Vec::new())),
            Some(text) => {
                let then = Then::Start(export, text.len());
                State::Placing(Placing::new(answer::lower_argument(text), None, then))
            }
        };
        Ok(execution)
    }

    /// Runs until the guest asks, ends, or has used `slice`. A slice is used a little more when an
    /// operator needs it.
    pub fn step(&mut self, slice: Fuel) -> Stop {
        match self.advance(slice) {
            Ok(Some(stop)) => stop,
            Ok(None) => Stop::Yields,
            Err(fault) => self.end(Err(fault)),
        }
    }

    /// Answers the request of the last [`Stop::Asks`]. An answer to another request is a fault of
    /// the host.
    pub fn answer(&mut self, given: &Answer) {
        let state = core::mem::replace(&mut self.state, State::Over);
        if let State::Asked(main, asked) = state
            && let Some(lowered) = answer::lower(&asked.request, given)
        {
            self.state = State::Placing(Placing::new(
                lowered,
                asked.return_address,
                Then::Resume(main),
            ));
        }
    }

    /// The guest's linear memory as it is now.
    pub fn memory(&self) -> &[u8] {
        self.memory.data(&self.store)
    }

    /// What is called.
    pub fn entry(&self) -> &Entry {
        &self.entry
    }

    /// The same, for calling it again.
    pub fn into_entry(self) -> Entry {
        self.entry
    }

    /// All fuel used so far.
    pub fn fuel_used(&self) -> Fuel {
        self.bounds.fuel.saturating_sub(self.left)
    }

    fn end(&mut self, result: Result<Output, Fault>) -> Stop {
        self.state = State::Over;
        Stop::Ended(Ended {
            result,
            fuel: self.fuel_used(),
            memory: self.memory().len(),
        })
    }

    /// One slice: `None` when it is spent.
    fn advance(&mut self, slice: Fuel) -> Result<Option<Stop>, Fault> {
        let mut slice = slice;
        loop {
            match core::mem::replace(&mut self.state, State::Over) {
                State::Placing(placing) => {
                    if !self.place(placing, &mut slice)? {
                        return Ok(None);
                    }
                }
                State::Running(main) => {
                    if let Some(stop) = self.run_main(main, &mut slice)? {
                        return Ok(stop.into_option());
                    }
                }
                // Stepped without an answer, or with a wrong one: the driver is at fault.
                State::Asked(..) | State::Over => return Err(HostFault::Engine.into()),
            }
        }
    }

    fn run_main(&mut self, main: Main, slice: &mut Fuel) -> Result<Option<Paused>, Fault> {
        let mut results = [Val::I32(0)];
        let ran = match main {
            Main::Start(func, params) => self.run(slice, 0, |store| {
                func.call_resumable(store, &params, &mut results)
            }),
            Main::Answered(call, value) => self.run(slice, 0, |store| {
                call.resume(store, value.as_slice(), &mut results)
            }),
            Main::Refuelled(call) => {
                let required = call.required_fuel();
                self.run(slice, required, |store| call.resume(store, &mut results))
            }
        }?;
        match ran {
            Ran::Finished => {
                let [result] = results;
                let address = result.i32().ok_or(HostFault::Engine)? as u32;
                let view = GuestMemory(self.memory.data(&self.store));
                let output = export::lift(&self.entry, address, view, self.bounds.output)?;
                Ok(Some(Paused::Stop(self.end(Ok(output)))))
            }
            Ran::Paused(call) => {
                self.state = State::Running(Main::Refuelled(call));
                Ok(Some(Paused::SliceSpent))
            }
            Ran::Suspended(call) => self.suspended(call, slice).map(Some),
        }
    }

    /// The guest stands still in an import: reads what it asks.
    fn suspended(
        &mut self,
        call: ResumableCallHostTrap,
        slice: &mut Fuel,
    ) -> Result<Paused, Fault> {
        if self.entry == Entry::Describe {
            return Err(GuestFault::ImportInDescribe.into());
        }
        let called = self.store.data_mut().take_called();
        let raw = called.ok_or(HostFault::Engine)?;
        let asked = request::lift(&raw, GuestMemory(self.memory.data(&self.store)))?;
        self.charge(asked.size, slice)?;
        let request = asked.request.clone();
        self.state = State::Asked(call, asked);
        Ok(Paused::Stop(Stop::Asks(request)))
    }

    /// Goes on placing. `false` when the slice is spent.
    fn place(&mut self, mut placing: Placing, slice: &mut Fuel) -> Result<bool, Fault> {
        while let Some((align, len)) = placing.next() {
            let address = if len == 0 {
                align
            } else {
                match self.allocate(align, len as u32, placing.paused.take(), slice)? {
                    Allocated::At(address) => address,
                    Allocated::Paused(call) => {
                        placing.paused = Some(call);
                        self.state = State::Placing(placing);
                        return Ok(false);
                    }
                }
            };
            let bytes = placing.placed(address);
            self.write(address, align, &bytes, "cabi_realloc")?;
        }
        if let Some((address, align, bytes)) = placing.record() {
            self.write(address, align, &bytes, "the return area")?;
        }
        let (then, value, address) = placing.finish();
        self.state = State::Running(match then {
            Then::Resume(call) => Main::Answered(call, value),
            Then::Start(export, len) => {
                Main::Start(export, vec![Val::I32(address as i32), Val::I32(len as i32)])
            }
        });
        Ok(true)
    }

    /// Has the guest allocate, under its own fuel. The bytes that will be copied are charged first.
    fn allocate(
        &mut self,
        align: u32,
        len: u32,
        paused: Option<ResumableCallOutOfFuel>,
        slice: &mut Fuel,
    ) -> Result<Allocated, Fault> {
        let mut results = [Val::I32(0)];
        let ran = match paused {
            Some(call) => {
                let required = call.required_fuel();
                self.run(slice, required, |store| call.resume(store, &mut results))
            }
            None => {
                self.charge(len as usize, slice)?;
                let params = [0, 0, align as i32, len as i32].map(Val::I32);
                let realloc = self.realloc;
                self.run(slice, 0, |store| {
                    realloc.call_resumable(store, &params, &mut results)
                })
            }
        }?;
        match ran {
            Ran::Finished => {
                let [result] = results;
                Ok(Allocated::At(result.i32().ok_or(HostFault::Engine)? as u32))
            }
            Ran::Paused(call) => Ok(Allocated::Paused(call)),
            Ran::Suspended(_) => Err(GuestFault::ImportWhileReallocating.into()),
        }
    }

    fn write(
        &mut self,
        address: u32,
        align: u32,
        bytes: &[u8],
        what: &'static str,
    ) -> Result<(), Fault> {
        let start = address as usize;
        let place = start
            .checked_add(bytes.len())
            .filter(|_| address.is_multiple_of(align.max(1)))
            .and_then(|end| self.memory.data_mut(&mut self.store).get_mut(start..end))
            .ok_or(GuestFault::BadPointer(what))?;
        place.copy_from_slice(bytes);
        Ok(())
    }

    /// Takes fuel for bytes that the host moves.
    fn charge(&mut self, bytes: usize, slice: &mut Fuel) -> Result<(), Fault> {
        let cost = Fuel((bytes / BYTES_PER_FUEL) as u64);
        if cost > self.left {
            return Err(GuestFault::OutOfFuel(self.bounds.fuel).into());
        }
        self.left = self.left.saturating_sub(cost);
        *slice = slice.saturating_sub(cost);
        Ok(())
    }

    /// Runs one invocation with what is left of the slice, at least `required`, at most all fuel.
    fn run(
        &mut self,
        slice: &mut Fuel,
        required: u64,
        invoke: impl FnOnce(&mut Store<HostState>) -> Result<ResumableCall, wasmi::Error>,
    ) -> Result<Ran, Fault> {
        let grant = Fuel(slice.0.max(required)).min(self.left);
        self.store
            .set_fuel(grant.0)
            .map_err(|_| HostFault::Engine)?;
        let called = invoke(&mut self.store);
        let unspent = self.store.get_fuel().map_err(|_| HostFault::Engine)?;
        let spent = grant.saturating_sub(Fuel(unspent));
        self.left = self.left.saturating_sub(spent);
        *slice = slice.saturating_sub(spent);
        match called {
            Ok(ResumableCall::Finished) => Ok(Ran::Finished),
            Ok(ResumableCall::HostTrap(call)) => {
                if call.host_error().downcast_ref::<Suspend>().is_none() {
                    return Err(HostFault::Engine.into());
                }
                Ok(Ran::Suspended(call))
            }
            Ok(ResumableCall::OutOfFuel(call)) if call.required_fuel() <= self.left.0 => {
                Ok(Ran::Paused(call))
            }
            Ok(ResumableCall::OutOfFuel(_)) => Err(GuestFault::OutOfFuel(self.bounds.fuel).into()),
            Err(error) => Err(fault::from_wasmi(&error, self.bounds.fuel)),
        }
    }
}

enum Allocated {
    At(u32),
    Paused(ResumableCallOutOfFuel),
}

enum Paused {
    SliceSpent,
    Stop(Stop),
}

impl Paused {
    fn into_option(self) -> Option<Stop> {
        match self {
            Self::SliceSpent => None,
            Self::Stop(stop) => Some(stop),
        }
    }
}

/// The exports that a call needs. Admission has seen them there with the right types.
fn exports(
    store: &Store<HostState>,
    instance: Instance,
    entry: &Entry,
) -> Result<(Memory, Func, Func), Fault> {
    let memory = instance.get_memory(store, "memory");
    let realloc = instance.get_func(store, "cabi_realloc");
    let export = instance.get_func(store, &entry.core_name());
    match (memory, realloc, export) {
        (Some(memory), Some(realloc), Some(export)) => Ok((memory, realloc, export)),
        _ => Err(HostFault::Engine.into()),
    }
}
