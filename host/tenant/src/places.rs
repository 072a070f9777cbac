//! Who computes now, and who is next: a tenant has a few places, and no caller of it takes them all.
//!
//! A caller has at most some of the places, so that another's call need not wait for his to end. A place
//! that is free goes to whoever has the fewest, and among those to who came first. Nothing here waits;
//! it is asked again whenever a call has ended.

use smcp_ids::limits;

/// A place in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(u64);

/// The places of one tenant. Callers go by the name of their principal.
#[derive(Debug, Default)]
pub(crate) struct Places {
    /// How many each has now; nobody with none.
    taken: Vec<(String, usize)>,
    /// Who waits, in the order in which they came.
    waiting: Vec<(Ticket, String)>,
    last: u64,
}

/// Too many wait already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Places {
    /// Takes a place at once, if there is one and nobody who waits has a better right to it.
    pub(crate) fn take(&mut self, caller: &str) -> bool {
        let may = self.has_room_for(caller) && self.next().is_none();
        if may {
            self.give(caller);
        }
        may
    }

    /// Lines up.
    pub(crate) fn queue(&mut self, caller: &str) -> Result<Ticket, Full> {
        let own = self.waiting.iter().filter(|(_, other)| other == caller);
        if self.waiting.len() >= limits::CALLS_WAITING || own.count() >= limits::CALLS_WAITING_EACH
        {
            return Err(Full);
        }
        self.last += 1;
        let ticket = Ticket(self.last);
        self.waiting.push((ticket, caller.to_owned()));
        Ok(ticket)
    }

    /// Takes a place if it is this one's turn; then it waits no longer.
    pub(crate) fn take_in_turn(&mut self, ticket: Ticket) -> bool {
        let may = self.next() == Some(ticket);
        if may && let Some(caller) = self.leave(ticket) {
            self.give(&caller);
        }
        may
    }

    /// Stops waiting; gives who waited.
    pub(crate) fn leave(&mut self, ticket: Ticket) -> Option<String> {
        let place = self
            .waiting
            .iter()
            .position(|(other, _)| *other == ticket)?;
        Some(self.waiting.remove(place).1)
    }

    /// Gives a place back.
    pub(crate) fn give_back(&mut self, caller: &str) {
        if let Some(entry) = self.taken.iter_mut().find(|(other, _)| other == caller) {
            entry.1 -= 1;
        }
        self.taken.retain(|(_, count)| *count > 0);
    }

    /// How many places a caller has.
    pub(crate) fn of(&self, caller: &str) -> usize {
        let entry = self.taken.iter().find(|(other, _)| other == caller);
        entry.map_or(0, |(_, count)| *count)
    }

    fn has_room_for(&self, caller: &str) -> bool {
        let all: usize = self.taken.iter().map(|(_, count)| count).sum();
        all < limits::CALLS_AT_ONCE && self.of(caller) < limits::CALLS_AT_ONCE_EACH
    }

    /// Who takes the next place, if there is one for any of those who wait.
    fn next(&self) -> Option<Ticket> {
        let able = self
            .waiting
            .iter()
            .filter(|(_, caller)| self.has_room_for(caller));
        able.min_by_key(|(ticket, caller)| (self.of(caller), *ticket))
            .map(|(ticket, _)| *ticket)
    }

    fn give(&mut self, caller: &str) {
        match self.taken.iter_mut().find(|(other, _)| other == caller) {
            Some(entry) => entry.1 += 1,
            None => self.taken.push((caller.to_owned(), 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn taken(places: &mut Places, caller: &str, most: usize) -> usize {
        (0..most).take_while(|_| places.take(caller)).count()
    }

    #[test]
    fn one_caller_leaves_places_to_others_and_all_together_take_all() {
        let mut places = Places::default();
        let each = limits::CALLS_AT_ONCE_EACH;
        assert_eq!(taken(&mut places, "a", 99), each);
        assert_eq!(taken(&mut places, "b", 99), limits::CALLS_AT_ONCE - each);
        assert_eq!(taken(&mut places, "c", 99), 0);
        places.give_back("a");
        assert!(places.take("c"));
    }

    #[test]
    fn a_free_place_goes_to_who_has_the_fewest_and_then_to_who_came_first() {
        let mut places = Places::default();
        taken(&mut places, "a", 99);
        taken(&mut places, "b", 99);
        let first = places.queue("a").unwrap();
        let second = places.queue("b").unwrap();
        let third = places.queue("c").unwrap();
        let fourth = places.queue("c").unwrap();
        let mut order = Vec::new();
        for freed in ["a", "a", "b", "a"] {
            places.give_back(freed);
            let tickets = [first, second, third, fourth];
            let next = tickets
                .into_iter()
                .find(|ticket| places.take_in_turn(*ticket));
            order.push(next.unwrap());
        }
        assert_eq!(order, [third, fourth, second, first]);
    }

    #[test]
    fn who_comes_later_does_not_overtake_one_who_could_go() {
        let mut places = Places::default();
        taken(&mut places, "a", 99);
        taken(&mut places, "b", 99);
        let waits = places.queue("c").unwrap();
        places.give_back("b");
        assert!(!places.take("d"), "c is before d");
        assert!(places.take_in_turn(waits));
        // One who may not go yet keeps nobody else from going.
        let full = places.queue("a").unwrap();
        places.give_back("b");
        assert!(places.take("d"));
        assert!(!places.take_in_turn(full));
    }

    #[test]
    fn the_queue_is_bounded_and_no_caller_fills_it() {
        let mut places = Places::default();
        let lined_up = |places: &mut Places, caller| {
            (0..999)
                .take_while(|_| places.queue(caller).is_ok())
                .count()
        };
        assert_eq!(lined_up(&mut places, "a"), limits::CALLS_WAITING_EACH);
        let left = limits::CALLS_WAITING - limits::CALLS_WAITING_EACH;
        assert_eq!(lined_up(&mut places, "b"), left);
        assert_eq!(lined_up(&mut places, "c"), 0);
    }

    #[test]
    fn who_stops_waiting_leaves_nothing_behind() {
        let mut places = Places::default();
        let ticket = places.queue("a").unwrap();
        assert_eq!(places.leave(ticket).as_deref(), Some("a"));
        assert_eq!(places.leave(ticket), None);
        assert!(!places.take_in_turn(ticket));
        assert!(places.take("a"));
        assert_eq!(places.of("a"), 1);
    }
}
