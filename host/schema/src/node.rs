//! The compiled form: a flat list of nodes that name each other by number.
//!
//! It knows nothing of the text it came from. What a node does not ask for costs it one empty box.

use std::collections::HashMap;

use serde_json::Value;

use crate::number::{Decimal, Num};
use crate::pattern::Pattern;

/// A node, by its place in [`Program::nodes`].
pub(crate) type NodeId = u32;

/// A whole schema. Its root is node 0.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) nodes: Vec<Node>,
    /// For each name of a `$dynamicAnchor`: which resource has it where.
    pub(crate) dynamic: Vec<HashMap<u32, NodeId>>,
}

/// One subschema.
#[derive(Debug, Default)]
pub(crate) struct Node {
    /// The resource that it is in: its base URI's number.
    pub(crate) resource: u32,
    pub(crate) types: Types,
    pub(crate) constant: Option<Box<Value>>,
    pub(crate) choices: Option<Box<Choices>>,
    pub(crate) number: Option<Box<NumberRules>>,
    pub(crate) string: Option<Box<StringRules>>,
    pub(crate) array: Option<Box<ArrayRules>>,
    pub(crate) object: Option<Box<ObjectRules>>,
    pub(crate) combine: Option<Box<Combine>>,
    pub(crate) unevaluated_items: Option<NodeId>,
    pub(crate) unevaluated_properties: Option<NodeId>,
}

/// A set of types, as bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Types(pub(crate) u8);

impl Types {
    pub(crate) const NULL: Self = Self(1);
    pub(crate) const BOOLEAN: Self = Self(2);
    pub(crate) const OBJECT: Self = Self(4);
    pub(crate) const ARRAY: Self = Self(8);
    pub(crate) const NUMBER: Self = Self(16);
    pub(crate) const STRING: Self = Self(32);
    pub(crate) const INTEGER: Self = Self(64);
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const ALL: Self = Self(127);

    /// Every type with its name, and how a sentence says it.
    pub(crate) const NAMES: [(Self, &'static str, &'static str); 7] = [
        (Self::NULL, "null", "null"),
        (Self::BOOLEAN, "boolean", "a boolean"),
        (Self::OBJECT, "object", "an object"),
        (Self::ARRAY, "array", "an array"),
        (Self::NUMBER, "number", "a number"),
        (Self::STRING, "string", "a string"),
        (Self::INTEGER, "integer", "an integer"),
    ];

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::NAMES
            .iter()
            .find(|(_, given, _)| *given == name)
            .map(|(types, _, _)| *types)
    }

    pub(crate) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// All that one value is: an integer is a number too.
    pub(crate) fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOLEAN,
            Value::Object(_) => Self::OBJECT,
            Value::Array(_) => Self::ARRAY,
            Value::String(_) => Self::STRING,
            Value::Number(number) if Num::of(number).is_integer() => {
                Self::NUMBER.with(Self::INTEGER)
            }
            Value::Number(_) => Self::NUMBER,
        }
    }
}

impl Default for Types {
    fn default() -> Self {
        Self::ALL
    }
}

/// `enum`: texts are sorted, since long lists of them are common.
#[derive(Debug, Default)]
pub(crate) struct Choices {
    pub(crate) texts: Vec<Box<str>>,
    pub(crate) others: Vec<Value>,
    /// As a problem says it.
    pub(crate) shown: String,
}

#[derive(Debug, Default)]
pub(crate) struct NumberRules {
    pub(crate) minimum: Option<Bound>,
    pub(crate) maximum: Option<Bound>,
    pub(crate) above: Option<Bound>,
    pub(crate) below: Option<Bound>,
    pub(crate) multiple: Option<(Decimal, Bound)>,
}

/// A number to compare with, and as it is written.
#[derive(Clone, Debug)]
pub(crate) struct Bound {
    pub(crate) number: Num,
    pub(crate) text: Box<str>,
}

#[derive(Debug, Default)]
pub(crate) struct StringRules {
    pub(crate) least: u64,
    pub(crate) most: Option<u64>,
    pub(crate) pattern: Option<Pattern>,
}

#[derive(Debug, Default)]
pub(crate) struct ArrayRules {
    pub(crate) least: u64,
    pub(crate) most: Option<u64>,
    pub(crate) unique: bool,
    pub(crate) first: Vec<NodeId>,
    pub(crate) rest: Option<NodeId>,
    pub(crate) contains: Option<Contains>,
}

#[derive(Debug)]
pub(crate) struct Contains {
    pub(crate) node: NodeId,
    pub(crate) least: u64,
    pub(crate) most: Option<u64>,
    /// Whether what it finds counts as evaluated: in 2020-12 it does.
    pub(crate) evaluates: bool,
}

#[derive(Debug, Default)]
pub(crate) struct ObjectRules {
    pub(crate) least: u64,
    pub(crate) most: Option<u64>,
    pub(crate) required: Vec<Box<str>>,
    /// Sorted by name.
    pub(crate) properties: Vec<(Box<str>, NodeId)>,
    pub(crate) patterns: Vec<(Pattern, NodeId)>,
    pub(crate) additional: Option<NodeId>,
    pub(crate) names: Option<NodeId>,
    pub(crate) dependent_required: Vec<Dependent>,
    pub(crate) dependent_schemas: Vec<(Box<str>, NodeId)>,
}

/// A name, and the names that must be there if it is.
pub(crate) type Dependent = (Box<str>, Vec<Box<str>>);

/// What applies other nodes to the same value.
#[derive(Debug, Default)]
pub(crate) struct Combine {
    pub(crate) reference: Option<NodeId>,
    pub(crate) dynamic: Option<Dynamic>,
    pub(crate) all: Vec<NodeId>,
    pub(crate) any: Vec<NodeId>,
    pub(crate) one: Vec<NodeId>,
    pub(crate) not: Option<NodeId>,
    pub(crate) condition: Option<NodeId>,
    pub(crate) then: Option<NodeId>,
    pub(crate) otherwise: Option<NodeId>,
}

/// A `$dynamicRef`: the outermost resource in force that has the name decides; else `fallback`.
#[derive(Debug)]
pub(crate) struct Dynamic {
    pub(crate) name: u32,
    pub(crate) fallback: NodeId,
}

impl Node {
    /// All nodes that this one applies to the same value. A `$dynamicRef` only by its fallback:
    /// which one it is, a check finds out.
    pub(crate) fn in_place(&self) -> Vec<NodeId> {
        let mut found = Vec::new();
        if let Some(combine) = &self.combine {
            let Combine {
                reference,
                dynamic,
                all,
                any,
                one,
                not,
                condition,
                then,
                otherwise,
            } = &**combine;
            for list in [all, any, one] {
                found.extend(list);
            }
            found.extend(
                [reference, not, condition, then, otherwise]
                    .into_iter()
                    .flatten(),
            );
            found.extend(dynamic.iter().map(|dynamic| dynamic.fallback));
        }
        if let Some(object) = &self.object {
            found.extend(object.dependent_schemas.iter().map(|(_, node)| node));
        }
        found
    }
}
