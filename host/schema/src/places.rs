//! Where the subschemas of a document are, and what they are called.
//!
//! First every place that a keyword makes a schema is found, with its resource (`$id`), its anchors
//! and its dialect; then references can be resolved in any direction. A reference may lead to a
//! place that no keyword names; it is added then. What leaves the document is refused here.

use std::collections::HashMap;

use serde_json::Value;
use smcp_ids::limits;

use crate::error::{SchemaError, clip, pointer_segment};
use crate::node::NodeId;
use crate::uri;

/// A version of JSON Schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Draft7,
    Draft202012,
}

impl Dialect {
    fn of(name: &str) -> Option<Self> {
        let name = name.strip_suffix('#').unwrap_or(name);
        let (_, name) = name.split_once("://json-schema.org/")?;
        match name {
            "draft-07/schema" => Some(Self::Draft7),
            "draft/2020-12/schema" => Some(Self::Draft202012),
            _ => None,
        }
    }
}

/// A part of the document with a base URI of its own.
struct Resource<'s> {
    uri: String,
    root: &'s Value,
    dialect: Dialect,
    anchors: HashMap<&'s str, &'s Value>,
}

/// One subschema, with how to get there from another.
struct Place<'s> {
    value: &'s Value,
    resource: u32,
    from: NodeId,
    keyword: &'s str,
    key: Key<'s>,
}

/// Where in its keyword's value a subschema is.
#[derive(Clone, Copy)]
pub(crate) enum Key<'s> {
    Whole,
    Name(&'s str),
    Index(usize),
}

/// Where subschemas are in the value of a keyword.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    One,
    List,
    Map,
    OneOrList,
    /// Draft 7's `dependencies`: a schema or a list of names for each.
    MapOrNames,
}

fn holds(dialect: Dialect, keyword: &str) -> Option<Holds> {
    let modern = dialect == Dialect::Draft202012;
    Some(match keyword {
        "additionalProperties" | "propertyNames" | "contains" | "not" | "if" | "then" | "else" => {
            Holds::One
        }
        "allOf" | "anyOf" | "oneOf" => Holds::List,
        "properties" | "patternProperties" | "definitions" => Holds::Map,
        "unevaluatedItems" | "unevaluatedProperties" | "contentSchema" | "items" if modern => {
            Holds::One
        }
        "prefixItems" if modern => Holds::List,
        "$defs" | "dependentSchemas" if modern => Holds::Map,
        "items" => Holds::OneOrList,
        "additionalItems" if !modern => Holds::One,
        "dependencies" if !modern => Holds::MapOrNames,
        _ => return None,
    })
}

/// All that is known of a document.
pub(crate) struct Places<'s> {
    resources: Vec<Resource<'s>>,
    places: Vec<Place<'s>>,
    /// By the address of the value: the document does not move while it is compiled.
    by_address: HashMap<usize, NodeId>,
    /// Names of `$dynamicAnchor`, with the resource and the place of each.
    pub(crate) dynamic: HashMap<&'s str, HashMap<u32, NodeId>>,
}

fn address(value: &Value) -> usize {
    std::ptr::from_ref(value).addr()
}

impl<'s> Places<'s> {
    /// Finds all places that keywords make.
    pub(crate) fn find(document: &'s Value) -> Result<Self, SchemaError> {
        let mut places = Self {
            resources: vec![Resource {
                uri: String::new(),
                root: document,
                dialect: Dialect::Draft202012,
                anchors: HashMap::new(),
            }],
            places: Vec::new(),
            by_address: HashMap::new(),
            dynamic: HashMap::new(),
        };
        places.add(document, 0, (0, "", Key::Whole), 0)?;
        Ok(places)
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    pub(crate) fn value(&self, place: NodeId) -> &'s Value {
        self.places[place as usize].value
    }

    pub(crate) fn resource(&self, place: NodeId) -> u32 {
        self.places[place as usize].resource
    }

    pub(crate) fn dialect(&self, place: NodeId) -> Dialect {
        self.resources[self.resource(place) as usize].dialect
    }

    /// The node of a subschema that a keyword made.
    pub(crate) fn known(&self, value: &Value) -> Option<NodeId> {
        self.by_address.get(&address(value)).copied()
    }

    /// A JSON Pointer to a place, cut to a bounded length.
    pub(crate) fn pointer(&self, place: NodeId) -> String {
        let mut way = Vec::new();
        let mut at = place;
        while at != 0 && way.len() < limits::SCHEMA_NESTING_MAX {
            let place = &self.places[at as usize];
            way.push(place);
            at = place.from;
        }
        let mut pointer = String::new();
        for place in way.iter().rev() {
            pointer_segment(&mut pointer, place.keyword);
            match place.key {
                Key::Whole => {}
                Key::Name(name) => pointer_segment(&mut pointer, name),
                Key::Index(index) => pointer_segment(&mut pointer, &index.to_string()),
            }
        }
        clip(&pointer, limits::MISMATCH_TEXT_MAX)
    }

    pub(crate) fn invalid(&self, place: NodeId, keyword: &str, what: &'static str) -> SchemaError {
        let mut at = self.pointer(place);
        if !keyword.is_empty() {
            pointer_segment(&mut at, keyword);
        }
        SchemaError::Invalid { at, what }
    }

    fn limit(&self, place: NodeId, what: &'static str, most: usize) -> SchemaError {
        SchemaError::Limit {
            at: self.pointer(place),
            what,
            most,
        }
    }

    fn add(
        &mut self,
        value: &'s Value,
        resource: u32,
        (from, keyword, key): (NodeId, &'s str, Key<'s>),
        depth: usize,
    ) -> Result<NodeId, SchemaError> {
        if let Some(known) = self.known(value) {
            return Ok(known);
        }
        let id = NodeId::try_from(self.places.len()).unwrap_or(NodeId::MAX);
        if self.places.len() >= limits::SCHEMA_NODES_MAX {
            return Err(self.limit(from, "subschemas", limits::SCHEMA_NODES_MAX));
        }
        if depth > limits::SCHEMA_NESTING_MAX {
            return Err(self.limit(from, "nested subschemas", limits::SCHEMA_NESTING_MAX));
        }
        self.by_address.insert(address(value), id);
        self.places.push(Place {
            value,
            resource,
            from,
            keyword,
            key,
        });
        let Value::Object(members) = value else {
            return if value.is_boolean() {
                Ok(id)
            } else {
                Err(self.invalid(id, "", "a schema must be an object, true or false"))
            };
        };
        self.enter(id, members)?;
        let dialect = self.dialect(id);
        // In draft 7 nothing beside `$ref` counts.
        if dialect == Dialect::Draft7 && members.contains_key("$ref") {
            return Ok(id);
        }
        for (keyword, value) in members {
            if let Some(holds) = holds(dialect, keyword) {
                self.add_all(id, keyword, value, holds, depth + 1)?;
            }
        }
        Ok(id)
    }

    /// `$schema`, `$id` and anchors of a schema that was just added.
    fn enter(
        &mut self,
        id: NodeId,
        members: &'s serde_json::Map<String, Value>,
    ) -> Result<(), SchemaError> {
        let text = |keyword| match members.get(keyword) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(_) => Err(self.invalid(id, keyword, "must be a string")),
        };
        let (dialect, name) = (text("$schema")?, text("$id")?);
        let anchor = text("$anchor")?;
        let dynamic = text("$dynamicAnchor")?;
        let mut dialect = match dialect {
            Some(name) if id == 0 || members.contains_key("$id") => Dialect::of(name)
                .ok_or_else(|| SchemaError::Dialect(clip(name, limits::MISMATCH_NAME_MAX)))?,
            _ => self.dialect(id),
        };
        if id == 0 {
            self.resources[0].dialect = dialect;
        }
        if dialect == Dialect::Draft7 && members.contains_key("$ref") {
            return Ok(());
        }
        if let Some(name) = name {
            let (name, fragment) = uri::split_fragment(name);
            if !name.is_empty() {
                self.enter_resource(id, name, dialect)?;
            } else {
                dialect = self.dialect(id);
            }
            if !fragment.is_empty() {
                if dialect != Dialect::Draft7 {
                    return Err(self.invalid(id, "$id", "must have no fragment"));
                }
                self.anchor(id, "$id", fragment)?;
            }
        }
        if dialect == Dialect::Draft202012 {
            if let Some(name) = anchor {
                self.anchor(id, "$anchor", name)?;
            }
            if let Some(name) = dynamic {
                if anchor != dynamic {
                    self.anchor(id, "$dynamicAnchor", name)?;
                }
                let resource = self.resource(id);
                self.dynamic.entry(name).or_default().insert(resource, id);
            }
        }
        Ok(())
    }

    fn enter_resource(
        &mut self,
        id: NodeId,
        name: &str,
        dialect: Dialect,
    ) -> Result<(), SchemaError> {
        let base = self.resource(id) as usize;
        let name = uri::resolve(&self.resources[base].uri, name);
        if name.len() > limits::SCHEMA_URI_MAX {
            return Err(self.limit(id, "bytes in $id", limits::SCHEMA_URI_MAX));
        }
        if id == 0 {
            self.resources[0].uri = name;
            return Ok(());
        }
        if self.resources.len() >= limits::SCHEMA_RESOURCES_MAX {
            return Err(self.limit(id, "$id", limits::SCHEMA_RESOURCES_MAX));
        }
        if self.resources.iter().any(|resource| resource.uri == name) {
            return Err(self.invalid(id, "$id", "is used twice"));
        }
        self.places[id as usize].resource = u32::try_from(self.resources.len()).unwrap_or(u32::MAX);
        self.resources.push(Resource {
            uri: name,
            root: self.value(id),
            dialect,
            anchors: HashMap::new(),
        });
        Ok(())
    }

    fn anchor(&mut self, id: NodeId, keyword: &str, name: &'s str) -> Result<(), SchemaError> {
        let (value, resource) = (self.value(id), self.resource(id) as usize);
        let earlier = self.resources[resource].anchors.insert(name, value);
        if earlier.is_some() {
            return Err(self.invalid(id, keyword, "is used twice"));
        }
        Ok(())
    }

    fn add_all(
        &mut self,
        id: NodeId,
        keyword: &'s str,
        value: &'s Value,
        holds: Holds,
        depth: usize,
    ) -> Result<(), SchemaError> {
        let resource = self.resource(id);
        match (holds, value) {
            (Holds::List | Holds::OneOrList, Value::Array(list)) => {
                for (index, item) in list.iter().enumerate() {
                    self.add(item, resource, (id, keyword, Key::Index(index)), depth)?;
                }
            }
            (Holds::Map | Holds::MapOrNames, Value::Object(map)) => {
                for (name, member) in map {
                    if holds == Holds::Map || !member.is_array() {
                        self.add(member, resource, (id, keyword, Key::Name(name)), depth)?;
                    }
                }
            }
            (Holds::One | Holds::OneOrList, _) => {
                self.add(value, resource, (id, keyword, Key::Whole), depth)?;
            }
            (Holds::List, _) => return Err(self.invalid(id, keyword, "must be an array")),
            (Holds::Map | Holds::MapOrNames, _) => {
                return Err(self.invalid(id, keyword, "must be an object"));
            }
        }
        Ok(())
    }

    /// The node that a reference at a place means. Never leaves the document (MCP 2026-07-28,
    /// basic, `$ref` resolution: nothing is fetched, and what is not here is refused).
    pub(crate) fn resolve(
        &mut self,
        from: NodeId,
        keyword: &'s str,
        reference: &str,
    ) -> Result<NodeId, SchemaError> {
        let (address, fragment) = uri::split_fragment(reference);
        let shown = || clip(reference, limits::MISMATCH_NAME_MAX);
        let base = &self.resources[self.resource(from) as usize].uri;
        let found = if reference.len() > limits::SCHEMA_URI_MAX {
            None
        } else {
            let wanted = uri::resolve(base, address);
            let is_it = |resource: &Resource<'_>| resource.uri == wanted;
            self.resources.iter().position(is_it)
        };
        let Some(resource) = found else {
            return Err(SchemaError::Outside {
                at: self.pointer(from),
                target: shown(),
            });
        };
        let dangling = |places: &Self| SchemaError::Dangling {
            at: places.pointer(from),
            target: shown(),
        };
        let fragment = uri::decode_fragment(fragment).ok_or_else(|| dangling(self))?;
        let (value, resource) = self
            .follow(resource, &fragment)
            .ok_or_else(|| dangling(self))?;
        self.add(value, resource, (from, keyword, Key::Whole), 0)
    }

    /// The value at a fragment, and the resource that it is in.
    fn follow(&self, resource: usize, fragment: &str) -> Option<(&'s Value, u32)> {
        let start = &self.resources[resource];
        let mut inside = u32::try_from(resource).ok()?;
        if fragment.is_empty() {
            return Some((start.root, inside));
        }
        let Some(pointer) = fragment.strip_prefix('/') else {
            return Some((start.anchors.get(fragment)?, inside));
        };
        let mut value = start.root;
        for segment in pointer.split('/') {
            let name = segment.replace("~1", "/").replace("~0", "~");
            value = match value {
                Value::Object(members) => members.get(&name)?,
                Value::Array(items) => items.get(name.parse::<usize>().ok()?)?,
                _ => return None,
            };
            if let Some(known) = self.known(value) {
                inside = self.resource(known);
            }
        }
        Some((value, inside))
    }
}
