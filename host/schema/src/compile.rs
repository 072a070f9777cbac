//! From a document to nodes: each keyword is read once, and refused if its value is not what the
//! dialect allows. Unknown keywords say nothing, as the specification has it.

use std::collections::HashMap;

use serde_json::{Map, Number, Value};
use smcp_ids::limits;

use crate::cycles::{self, Fault};
use crate::equal;
use crate::error::{SchemaError, clip, pointer_segment};
use crate::node::{
    ArrayRules, Bound, Choices, Combine, Contains, Dependent, Dynamic, Node, NodeId, NumberRules,
    ObjectRules, Program, StringRules, Types,
};
use crate::number::{Decimal, Num};
use crate::pattern::Pattern;
use crate::places::{Dialect, Places};

pub(crate) fn compile(document: &Value) -> Result<Program, SchemaError> {
    let mut compiler = Compiler {
        places: Places::find(document)?,
        names: HashMap::new(),
        weight: 0,
    };
    let mut nodes: Vec<Node> = Vec::with_capacity(compiler.places.len());
    // References may add places while this goes on.
    while nodes.len() < compiler.places.len() {
        let id = NodeId::try_from(nodes.len()).unwrap_or(NodeId::MAX);
        nodes.push(compiler.node(id)?);
    }
    let places = &compiler.places;
    cycles::find(&nodes).map_err(|fault| match fault {
        Fault::Circle(id) => SchemaError::Circle {
            at: places.pointer(id),
        },
        Fault::Long(id) => SchemaError::Limit {
            at: places.pointer(id),
            what: "schemas for one value",
            most: limits::SCHEMA_CHAIN_MAX,
        },
    })?;
    let mut dynamic = vec![HashMap::new(); compiler.names.len()];
    for (name, index) in &compiler.names {
        if let Some(found) = places.dynamic.get(name) {
            dynamic[*index as usize].clone_from(found);
        }
    }
    Ok(Program { nodes, dynamic })
}

struct Compiler<'s> {
    places: Places<'s>,
    /// Names of `$dynamicRef` that are looked for at run time.
    names: HashMap<&'s str, u32>,
    /// Of all patterns so far.
    weight: u64,
}

/// One schema object while it is read.
struct Reading<'s> {
    id: NodeId,
    members: &'s Map<String, Value>,
}

impl<'s> Compiler<'s> {
    fn node(&mut self, id: NodeId) -> Result<Node, SchemaError> {
        let mut node = Node {
            resource: self.places.resource(id),
            ..Node::default()
        };
        let dialect = self.places.dialect(id);
        let value = self.places.value(id);
        let Value::Object(members) = value else {
            if value == &Value::Bool(false) {
                node.types = Types::NONE;
            }
            return Ok(node);
        };
        let at = Reading { id, members };
        let mut combine = Combine::default();
        if let Some(target) = members.get("$ref") {
            combine.reference = Some(self.reference(&at, "$ref", target)?);
            if dialect == Dialect::Draft7 {
                node.combine = Some(Box::new(combine));
                return Ok(node);
            }
        }
        self.any_type(&at, &mut node)?;
        self.combine(&at, dialect, &mut combine)?;
        node.combine = boxed(members, &COMBINING, combine);
        node.number = boxed(members, &ON_NUMBERS, self.number(&at)?);
        node.string = boxed(members, &ON_STRINGS, self.string(&at)?);
        node.array = boxed(members, &ON_ARRAYS, self.array(&at, dialect)?);
        node.object = boxed(members, &ON_OBJECTS, self.object(&at, dialect)?);
        if dialect == Dialect::Draft202012 {
            node.unevaluated_items = self.child(&at, "unevaluatedItems");
            node.unevaluated_properties = self.child(&at, "unevaluatedProperties");
        }
        Ok(node)
    }

    fn reference(
        &mut self,
        at: &Reading<'s>,
        keyword: &'s str,
        target: &'s Value,
    ) -> Result<NodeId, SchemaError> {
        match target {
            Value::String(target) => self.places.resolve(at.id, keyword, target),
            _ => Err(self.wrong(at, keyword, "must be a string")),
        }
    }

    fn any_type(&self, at: &Reading<'s>, node: &mut Node) -> Result<(), SchemaError> {
        if let Some(types) = at.members.get("type") {
            node.types = self.types(at, types)?;
        }
        node.constant = at.members.get("const").cloned().map(Box::new);
        if let Some(choices) = at.members.get("enum") {
            let Value::Array(list) = choices else {
                return Err(self.wrong(at, "enum", "must be an array"));
            };
            node.choices = Some(Box::new(choices_of(list)));
        }
        Ok(())
    }

    fn types(&self, at: &Reading<'s>, value: &Value) -> Result<Types, SchemaError> {
        let what = "must be a name of a JSON type, or an array of such names";
        let one = |value: &Value| {
            let named = value.as_str().and_then(Types::named);
            named.ok_or_else(|| self.wrong(at, "type", what))
        };
        match value {
            Value::Array(list) if !list.is_empty() => list
                .iter()
                .try_fold(Types::NONE, |sum, name| Ok(sum.with(one(name)?))),
            _ => one(value),
        }
    }

    fn combine(
        &mut self,
        at: &Reading<'s>,
        dialect: Dialect,
        combine: &mut Combine,
    ) -> Result<(), SchemaError> {
        combine.all = self.list(at, "allOf")?;
        combine.any = self.list(at, "anyOf")?;
        combine.one = self.list(at, "oneOf")?;
        combine.not = self.child(at, "not");
        combine.condition = self.child(at, "if");
        combine.then = self.child(at, "then");
        combine.otherwise = self.child(at, "else");
        if combine.condition.is_none() {
            (combine.then, combine.otherwise) = (None, None);
        }
        let target = at.members.get("$dynamicRef");
        if let Some(target) = target.filter(|_| dialect == Dialect::Draft202012) {
            self.dynamic(at, target, combine)?;
        }
        Ok(())
    }

    /// A `$dynamicRef` is a `$ref` unless what it leads to is a `$dynamicAnchor` of its name.
    fn dynamic(
        &mut self,
        at: &Reading<'s>,
        target: &'s Value,
        combine: &mut Combine,
    ) -> Result<(), SchemaError> {
        let fallback = self.reference(at, "$dynamicRef", target)?;
        let name = target
            .as_str()
            .map_or("", |target| crate::uri::split_fragment(target).1);
        let anchored = self.places.value(fallback).get("$dynamicAnchor");
        if name.is_empty() || anchored.and_then(Value::as_str) != Some(name) {
            combine.all.push(fallback);
            return Ok(());
        }
        let next = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        let name = *self.names.entry(name).or_insert(next);
        combine.dynamic = Some(Dynamic { name, fallback });
        Ok(())
    }

    fn number(&self, at: &Reading<'s>) -> Result<NumberRules, SchemaError> {
        let bound = |keyword| -> Result<Option<Bound>, SchemaError> {
            match at.members.get(keyword) {
                None => Ok(None),
                Some(Value::Number(number)) => Ok(Some(bound_of(number))),
                Some(_) => Err(self.wrong(at, keyword, "must be a number")),
            }
        };
        let multiple = match (bound("multipleOf")?, at.members.get("multipleOf")) {
            (Some(bound), Some(Value::Number(number))) => Decimal::of(number)
                .filter(|divisor| !divisor.is_zero() && !bound.text.starts_with('-'))
                .map(|divisor| Some((divisor, bound)))
                .ok_or_else(|| self.wrong(at, "multipleOf", "must be more than 0"))?,
            _ => None,
        };
        Ok(NumberRules {
            minimum: bound("minimum")?,
            maximum: bound("maximum")?,
            above: bound("exclusiveMinimum")?,
            below: bound("exclusiveMaximum")?,
            multiple,
        })
    }

    fn string(&mut self, at: &Reading<'s>) -> Result<StringRules, SchemaError> {
        let pattern = match at.members.get("pattern") {
            None => None,
            Some(Value::String(pattern)) => Some(self.pattern(at, "pattern", pattern)?),
            Some(_) => return Err(self.wrong(at, "pattern", "must be a string")),
        };
        Ok(StringRules {
            least: self.count(at, "minLength")?.unwrap_or(0),
            most: self.count(at, "maxLength")?,
            pattern,
        })
    }

    fn pattern(
        &mut self,
        at: &Reading<'s>,
        keyword: &str,
        text: &str,
    ) -> Result<Pattern, SchemaError> {
        let pattern = Pattern::compile(text).and_then(|pattern| {
            self.weight += pattern.weight();
            if self.weight > limits::SCHEMA_PATTERNS_WEIGHT_MAX {
                return Err("is one too many for this schema".to_owned());
            }
            Ok(pattern)
        });
        pattern.map_err(|what| {
            let mut pointer = self.places.pointer(at.id);
            pointer_segment(&mut pointer, keyword);
            SchemaError::Pattern { at: pointer, what }
        })
    }

    fn array(&self, at: &Reading<'s>, dialect: Dialect) -> Result<ArrayRules, SchemaError> {
        let unique = match at.members.get("uniqueItems") {
            None => false,
            Some(Value::Bool(unique)) => *unique,
            Some(_) => return Err(self.wrong(at, "uniqueItems", "must be true or false")),
        };
        let modern = dialect == Dialect::Draft202012;
        let is_list = at.members.get("items").is_some_and(Value::is_array);
        let (first, rest) = match (modern, is_list) {
            (true, _) => (self.list(at, "prefixItems")?, self.child(at, "items")),
            (false, true) => (self.items(at, "items"), self.child(at, "additionalItems")),
            (false, false) => (Vec::new(), self.child(at, "items")),
        };
        let bound = |keyword| {
            if modern {
                self.count(at, keyword)
            } else {
                Ok(None)
            }
        };
        let (least, most) = (bound("minContains")?, bound("maxContains")?);
        let contains = self.child(at, "contains").map(|node| Contains {
            node,
            least: least.unwrap_or(1),
            most,
            evaluates: modern,
        });
        Ok(ArrayRules {
            least: self.count(at, "minItems")?.unwrap_or(0),
            most: self.count(at, "maxItems")?,
            unique,
            first,
            rest,
            contains,
        })
    }

    fn object(&mut self, at: &Reading<'s>, dialect: Dialect) -> Result<ObjectRules, SchemaError> {
        let required = match at.members.get("required") {
            None => Vec::new(),
            Some(list) => self.names(at, "required", list)?,
        };
        let mut patterns = Vec::new();
        for (pattern, node) in self.map(at, "patternProperties") {
            patterns.push((self.pattern(at, "patternProperties", pattern)?, node));
        }
        let mut rules = ObjectRules {
            least: self.count(at, "minProperties")?.unwrap_or(0),
            most: self.count(at, "maxProperties")?,
            required,
            properties: owned(self.map(at, "properties")),
            patterns,
            additional: self.child(at, "additionalProperties"),
            names: self.child(at, "propertyNames"),
            ..ObjectRules::default()
        };
        if dialect == Dialect::Draft202012 {
            rules.dependent_schemas = owned(self.map(at, "dependentSchemas"));
            rules.dependent_required = self.dependent(at, "dependentRequired")?;
        } else {
            rules.dependent_schemas = owned(self.map(at, "dependencies"));
            rules.dependent_required = self.dependent(at, "dependencies")?;
        }
        Ok(rules)
    }

    fn dependent(&self, at: &Reading<'s>, keyword: &str) -> Result<Vec<Dependent>, SchemaError> {
        let Some(value) = at.members.get(keyword) else {
            return Ok(Vec::new());
        };
        let Value::Object(map) = value else {
            return Err(self.wrong(at, keyword, "must be an object"));
        };
        let lists = map
            .iter()
            // In draft 7 the others are schemas.
            .filter(|(_, names)| keyword != "dependencies" || names.is_array());
        lists
            .map(|(name, names)| Ok((name.as_str().into(), self.names(at, keyword, names)?)))
            .collect()
    }

    fn names(
        &self,
        at: &Reading<'s>,
        keyword: &str,
        value: &Value,
    ) -> Result<Vec<Box<str>>, SchemaError> {
        let wrong = || self.wrong(at, keyword, "must be an array of names");
        let list = value.as_array().ok_or_else(wrong)?;
        list.iter()
            .map(|name| name.as_str().map(Box::from).ok_or_else(wrong))
            .collect()
    }

    /// A number of things: an integer of 0 or more, however it is written.
    fn count(&self, at: &Reading<'s>, keyword: &str) -> Result<Option<u64>, SchemaError> {
        let number = match at.members.get(keyword) {
            None => return Ok(None),
            Some(Value::Number(number)) => Num::of(number),
            Some(_) => return Err(self.wrong(at, keyword, COUNT)),
        };
        match number {
            Num::Integer(count) if count >= 0 => Ok(Some(u64::try_from(count).unwrap_or(u64::MAX))),
            Num::Float(count) if count > 0.0 && number.is_integer() => Ok(Some(u64::MAX)),
            _ => Err(self.wrong(at, keyword, COUNT)),
        }
    }

    fn child(&self, at: &Reading<'s>, keyword: &str) -> Option<NodeId> {
        self.places.known(at.members.get(keyword)?)
    }

    /// Of `allOf` and its like, which must not be empty.
    fn list(&self, at: &Reading<'s>, keyword: &str) -> Result<Vec<NodeId>, SchemaError> {
        let list = self.items(at, keyword);
        if list.is_empty() && at.members.contains_key(keyword) {
            return Err(self.wrong(at, keyword, "must not be empty"));
        }
        Ok(list)
    }

    fn items(&self, at: &Reading<'s>, keyword: &str) -> Vec<NodeId> {
        let list = at.members.get(keyword).and_then(Value::as_array);
        let nodes = list.into_iter().flatten();
        nodes.filter_map(|item| self.places.known(item)).collect()
    }

    fn map(&self, at: &Reading<'s>, keyword: &str) -> Vec<(&'s str, NodeId)> {
        let map = at.members.get(keyword).and_then(Value::as_object);
        map.into_iter()
            .flatten()
            .filter_map(|(name, member)| Some((name.as_str(), self.places.known(member)?)))
            .collect()
    }

    fn wrong(&self, at: &Reading<'s>, keyword: &str, what: &'static str) -> SchemaError {
        self.places.invalid(at.id, keyword, what)
    }
}

const COUNT: &str = "must be an integer of 0 or more";

/// Keywords that make a box of rules necessary.
const COMBINING: [&str; 7] = [
    "$ref",
    "$dynamicRef",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
];
const ON_NUMBERS: [&str; 5] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
];
const ON_STRINGS: [&str; 3] = ["minLength", "maxLength", "pattern"];
const ON_ARRAYS: [&str; 7] = [
    "minItems",
    "maxItems",
    "uniqueItems",
    "prefixItems",
    "items",
    "additionalItems",
    "contains",
];
const ON_OBJECTS: [&str; 10] = [
    "minProperties",
    "maxProperties",
    "required",
    "properties",
    "patternProperties",
    "additionalProperties",
    "propertyNames",
    "dependentRequired",
    "dependentSchemas",
    "dependencies",
];

fn boxed<T>(members: &Map<String, Value>, keywords: &[&str], rules: T) -> Option<Box<T>> {
    let any = keywords
        .iter()
        .any(|keyword| members.contains_key(*keyword));
    any.then(|| Box::new(rules))
}

fn owned(mut map: Vec<(&str, NodeId)>) -> Vec<(Box<str>, NodeId)> {
    map.sort_unstable();
    map.into_iter()
        .map(|(name, node)| (name.into(), node))
        .collect()
}

fn bound_of(number: &Number) -> Bound {
    Bound {
        number: Num::of(number),
        text: number.to_string().into(),
    }
}

fn choices_of(list: &[Value]) -> Choices {
    let mut shown = String::new();
    for value in list {
        if shown.len() > limits::MISMATCH_TEXT_MAX {
            break;
        }
        if !shown.is_empty() {
            shown.push_str(", ");
        }
        shown.push_str(&shown_value(value));
    }
    let texts = list.iter().filter_map(Value::as_str);
    let mut texts: Vec<Box<str>> = texts.map(Box::from).collect();
    texts.sort_unstable();
    let others = list.iter().filter(|value| !value.is_string());
    Choices {
        texts,
        others: others.cloned().collect(),
        shown,
    }
}

/// A value of the author's, short enough for a problem.
pub(crate) fn shown_value(value: &Value) -> String {
    // What is large is not written out first.
    if equal::size(value) > limits::MISMATCH_TEXT_MAX as u64 {
        return "a long value".to_owned();
    }
    clip(&value.to_string(), limits::MISMATCH_NAME_MAX)
}
