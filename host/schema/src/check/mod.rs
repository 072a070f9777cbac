//! Checking one value: nodes are applied to it, steps are counted, problems are gathered.
//!
//! A check ends at the limit of steps or of depth, whatever schema and value say, and the answer is
//! then that it did. Problems inside branches that may fail (`anyOf`, `not`, `if`) are not told.

mod array;
mod combine;
mod object;
mod scalar;
mod seen;

use serde_json::Value;
use smcp_ids::limits;

use crate::compile::shown_value;
use crate::equal;
use crate::error::{Mismatch, Problem, clip, pointer_segment};
use crate::node::{Choices, Node, NodeId, Program, Types};
use seen::Seen;

pub(crate) fn check(program: &Program, value: &Value) -> Result<(), Mismatch> {
    let mut run = Run {
        program,
        steps: limits::SCHEMA_STEPS_MAX,
        depth: 0,
        quiet: 0,
        exhausted: false,
        problems: Vec::new(),
        scope: Vec::new(),
    };
    let valid = run.node(0, value, &Path::Whole, None);
    if run.exhausted {
        return Err(Mismatch::exhausted());
    }
    if valid {
        Ok(())
    } else {
        Err(Mismatch::new(run.problems))
    }
}

/// The way to a value, from the inside out; on the stack, so that it costs nothing until it is told.
pub(crate) enum Path<'p> {
    Whole,
    Name(&'p Path<'p>, &'p str),
    Index(&'p Path<'p>, usize),
}

impl Path<'_> {
    fn pointer(&self) -> String {
        let mut way = Vec::new();
        let mut at = self;
        loop {
            at = match at {
                Path::Whole => break,
                Path::Name(from, _) | Path::Index(from, _) => {
                    way.push(at);
                    from
                }
            };
        }
        let mut pointer = String::new();
        for step in way.iter().rev() {
            match step {
                Path::Whole => {}
                Path::Name(_, name) => pointer_segment(&mut pointer, name),
                Path::Index(_, index) => pointer_segment(&mut pointer, &index.to_string()),
            }
        }
        clip(&pointer, limits::MISMATCH_TEXT_MAX)
    }
}

/// One check while it runs.
pub(crate) struct Run<'s> {
    program: &'s Program,
    steps: u64,
    depth: usize,
    /// Over 0 in branches that may fail: their problems are not gathered.
    quiet: usize,
    exhausted: bool,
    problems: Vec<Problem>,
    /// The resources in force, outermost first, for `$dynamicRef`.
    scope: Vec<u32>,
}

impl<'s> Run<'s> {
    /// Whether the steps are there; if not, nothing more is checked.
    fn charge(&mut self, steps: u64) -> bool {
        match self.steps.checked_sub(steps) {
            Some(left) if !self.exhausted => {
                self.steps = left;
                true
            }
            _ => {
                self.exhausted = true;
                false
            }
        }
    }

    /// Whether looking on after a failure would tell nothing.
    fn is_decided(&self) -> bool {
        self.exhausted || self.quiet > 0 || self.problems.len() >= limits::MISMATCH_PROBLEMS_MAX
    }

    /// Notes a problem, if anybody wants it. Always false, as the check then is.
    fn problem(&mut self, path: &Path<'_>, text: impl FnOnce() -> String) -> bool {
        if !self.is_decided() {
            self.problems.push(Problem {
                pointer: path.pointer(),
                text: clip(&text(), limits::MISMATCH_TEXT_MAX),
            });
        }
        false
    }

    /// Applies a node where failing is allowed.
    fn silently<'v>(&mut self, id: NodeId, value: &'v Value, seen: Option<&mut Seen<'v>>) -> bool {
        self.quiet += 1;
        let valid = self.node(id, value, &Path::Whole, seen);
        self.quiet -= 1;
        valid
    }

    /// Applies a node to a value. What it evaluated is added to `seen`, if it holds.
    fn node<'v>(
        &mut self,
        id: NodeId,
        value: &'v Value,
        path: &Path<'_>,
        seen: Option<&mut Seen<'v>>,
    ) -> bool {
        if self.depth >= limits::SCHEMA_CHECK_DEPTH_MAX {
            self.exhausted = true;
        }
        if !self.charge(1) {
            return false;
        }
        let program: &'s Program = self.program;
        let node = &program.nodes[id as usize];
        self.depth += 1;
        let entered = !program.dynamic.is_empty() && self.scope.last() != Some(&node.resource);
        if entered {
            self.scope.push(node.resource);
        }
        let valid = self.tracked(node, value, path, seen);
        if entered {
            self.scope.pop();
        }
        self.depth -= 1;
        valid
    }

    /// With what it evaluates, if this node or one that applies it asks for that.
    fn tracked<'v>(
        &mut self,
        node: &'s Node,
        value: &'v Value,
        path: &Path<'_>,
        seen: Option<&mut Seen<'v>>,
    ) -> bool {
        let asks = node.unevaluated_items.is_some() || node.unevaluated_properties.is_some();
        if seen.is_none() && !asks {
            return self.rules(node, value, path, None);
        }
        let mut own = Seen::default();
        let mut valid = self.rules(node, value, path, Some(&mut own));
        if valid || !self.is_decided() {
            valid &= self.unevaluated(node, value, path, &mut own);
        }
        match seen {
            Some(seen) if valid => self.charge(own.len()) && seen.merge(own),
            _ => valid,
        }
    }

    fn rules<'v>(
        &mut self,
        node: &'s Node,
        value: &'v Value,
        path: &Path<'_>,
        mut seen: Option<&mut Seen<'v>>,
    ) -> bool {
        if node.types != Types::ALL && !node.types.meets(Types::of(value)) {
            // All else that it asks for is about another type.
            return self.problem(path, || wanted_types(node.types));
        }
        let mut valid = self.given(node, value, path);
        if !valid && self.is_decided() {
            return false;
        }
        valid &= match value {
            Value::Number(number) => match &node.number {
                Some(rules) => self.number(rules, number, path),
                None => true,
            },
            Value::String(text) => match &node.string {
                Some(rules) => self.string(rules, text, path),
                None => true,
            },
            Value::Array(items) => match &node.array {
                Some(rules) => self.array(rules, items, path, seen.as_deref_mut()),
                None => true,
            },
            Value::Object(members) => match &node.object {
                Some(rules) => self.object(rules, value, members, path, seen.as_deref_mut()),
                None => true,
            },
            _ => true,
        };
        match &node.combine {
            Some(combine) if valid || !self.is_decided() => {
                self.combine(combine, value, path, seen) && valid
            }
            _ => valid,
        }
    }

    /// `const` and `enum`.
    fn given(&mut self, node: &'s Node, value: &Value, path: &Path<'_>) -> bool {
        let mut valid = true;
        if let Some(constant) = &node.constant {
            if !self.charge(1) {
                return false;
            }
            if !self.equal(constant, value) {
                valid = self.problem(path, || format!("must be {}", shown_value(constant)));
            }
        }
        if let Some(choices) = &node.choices
            && !self.is_one_of(choices, value)
        {
            valid = self.problem(path, || format!("must be one of {}", choices.shown));
        }
        valid
    }

    fn is_one_of(&mut self, choices: &'s Choices, value: &Value) -> bool {
        if let Value::String(text) = value {
            let found = choices.texts.binary_search_by(|one| (**one).cmp(text));
            return found.is_ok();
        }
        for choice in &choices.others {
            if !self.charge(1) {
                return false;
            }
            if self.equal(choice, value) {
                return true;
            }
        }
        false
    }

    /// Whether two values are equal. Charged for the smaller, which bounds the work.
    fn equal(&mut self, asked: &Value, value: &Value) -> bool {
        match (asked, value) {
            (Value::Array(left), Value::Array(right)) if left.len() != right.len() => false,
            (Value::Object(left), Value::Object(right)) if left.len() != right.len() => false,
            (Value::Array(_), Value::Array(_)) | (Value::Object(_), Value::Object(_)) => {
                self.charge(equal::size(asked)) && equal::compare(asked, value).is_eq()
            }
            _ => equal::compare(asked, value).is_eq(),
        }
    }
}

fn wanted_types(types: Types) -> String {
    let names: Vec<_> = Types::NAMES
        .iter()
        .filter(|(one, _, _)| types.meets(*one))
        .map(|(_, _, shown)| *shown)
        .collect();
    if names.is_empty() {
        "is not allowed".to_owned()
    } else {
        format!("must be {}", names.join(" or "))
    }
}
