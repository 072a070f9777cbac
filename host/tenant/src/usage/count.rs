//! What requests came to, added up.

use serde::{Deserialize, Serialize};
use smcp_ids::CallId;

use super::Histogram;

/// How a request ended, as far as it is counted. Whose fault a failure was is never mixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// With a result.
    Ok,
    /// With a failure that its server reports: `isError`, or an error of the server's own.
    ToolError,
    /// With questions to the client, or as a task: a round is over, and the call goes on in another.
    Asked,
    /// Its client has gone.
    Cancelled,
    /// By a fault of the guest.
    Guest,
    /// By a fault of the client: what it sent, what it may not, or what it has used up.
    Client,
    /// By a fault of the host.
    Host,
}

impl End {
    /// All, in the order in which they are counted.
    pub(crate) const ALL: [Self; 7] = [
        Self::Ok,
        Self::ToolError,
        Self::Asked,
        Self::Cancelled,
        Self::Guest,
        Self::Client,
        Self::Host,
    ];

    /// Its name in metrics.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::ToolError => "tool_error",
            Self::Asked => "asked",
            Self::Cancelled => "cancelled",
            Self::Guest => "guest_fault",
            Self::Client => "client_fault",
            Self::Host => "host_fault",
        }
    }

    /// Whether somebody may want to know why.
    pub(crate) const fn is_failure(self) -> bool {
        !matches!(self, Self::Ok | Self::Asked)
    }

    /// Of a refusal with that status.
    pub(crate) const fn of_status(status: u16) -> Self {
        if status >= 500 {
            Self::Host
        } else {
            Self::Client
        }
    }
}

/// One request that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    /// Empty: none, or all of them.
    pub(crate) server: String,
    /// Empty: it was refused before that was known.
    pub(crate) method: &'static str,
    /// The tool or prompt, as its server knows it; empty for what is not called by a name in the catalogue.
    pub(crate) name: String,
    pub(crate) key: String,
    pub(crate) end: End,
    pub(crate) micros: u64,
    pub(crate) cost: Cost,
    pub(crate) call: Option<CallId>,
}

/// What a request took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cost {
    pub(crate) fuel: u64,
    pub(crate) memory: u64,
    pub(crate) effects: u64,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
}

/// What some requests came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Count {
    /// How many ended how, in the order of [`End::ALL`].
    ends: [u64; 7],
    pub(crate) micros: u64,
    pub(crate) fuel: u64,
    /// The most that one had.
    pub(crate) memory: u64,
    pub(crate) effects: u64,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
    /// How long each took, in microseconds.
    pub(crate) durations: Histogram,
    /// What fuel each call of a guest took.
    pub(crate) fuels: Histogram,
    /// The most fuel that one took, and which.
    pub(crate) most_fuel: Option<(u64, CallId)>,
}

impl Count {
    /// Adds one request.
    pub(crate) fn add(&mut self, event: &Event) {
        if let Some(count) = self.ends.get_mut(event.end as usize) {
            *count = count.saturating_add(1);
        }
        let Cost {
            fuel,
            memory,
            effects,
            bytes_in,
            bytes_out,
        } = event.cost;
        self.sum(event.micros, fuel, effects, bytes_in, bytes_out);
        self.memory = self.memory.max(memory);
        self.durations.record(event.micros);
        if let Some(call) = event.call {
            self.fuels.record(fuel);
            self.most_fuel = self.most_fuel.max(Some((fuel, call)));
        }
    }

    /// Adds what others came to.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (count, more) in self.ends.iter_mut().zip(other.ends) {
            *count = count.saturating_add(more);
        }
        self.sum(
            other.micros,
            other.fuel,
            other.effects,
            other.bytes_in,
            other.bytes_out,
        );
        self.memory = self.memory.max(other.memory);
        self.durations.merge(&other.durations);
        self.fuels.merge(&other.fuels);
        self.most_fuel = self.most_fuel.max(other.most_fuel);
    }

    /// How many ended so.
    pub(crate) fn ended(&self, end: End) -> u64 {
        self.ends.get(end as usize).copied().unwrap_or_default()
    }

    /// How many there were.
    pub(crate) fn requests(&self) -> u64 {
        self.ends
            .iter()
            .fold(0, |sum, count| sum.saturating_add(*count))
    }

    fn sum(&mut self, micros: u64, fuel: u64, effects: u64, bytes_in: u64, bytes_out: u64) {
        let sums = [
            (&mut self.micros, micros),
            (&mut self.fuel, fuel),
            (&mut self.effects, effects),
            (&mut self.bytes_in, bytes_in),
            (&mut self.bytes_out, bytes_out),
        ];
        for (sum, more) in sums {
            *sum = sum.saturating_add(more);
        }
    }
}
