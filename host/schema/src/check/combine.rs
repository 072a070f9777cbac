//! Nodes applied to the same value, and what none of them evaluated.

use serde_json::Value;

use super::seen::Seen;
use super::{Path, Run};
use crate::node::{Combine, Dynamic, Node, NodeId, Types};

impl<'s> Run<'s> {
    pub(super) fn combine<'v>(
        &mut self,
        combine: &'s Combine,
        value: &'v Value,
        path: &Path<'_>,
        mut seen: Option<&mut Seen<'v>>,
    ) -> bool {
        let mut valid = true;
        let dynamic = combine.dynamic.as_ref();
        let dynamic = dynamic.map(|dynamic| self.dynamic_target(dynamic));
        let together = combine.reference.into_iter().chain(dynamic);
        for node in together.chain(combine.all.iter().copied()) {
            valid &= self.node(node, value, path, seen.as_deref_mut());
            if !valid && self.is_decided() {
                return false;
            }
        }
        valid &= self.any(&combine.any, value, path, seen.as_deref_mut());
        valid &= self.one(&combine.one, value, path, seen.as_deref_mut());
        if let Some(not) = combine.not
            && self.silently(not, value, None)
        {
            valid = self.problem(path, || "must not be what `not` describes".to_owned());
        }
        if let Some(condition) = combine.condition {
            let holds = self.silently(condition, value, seen.as_deref_mut());
            let next = if holds {
                combine.then
            } else {
                combine.otherwise
            };
            if let Some(next) = next {
                valid &= self.node(next, value, path, seen);
            }
        }
        valid
    }

    /// The place that the outermost resource in force gives to the name.
    fn dynamic_target(&mut self, dynamic: &Dynamic) -> NodeId {
        if !self.charge(self.scope.len() as u64) {
            return dynamic.fallback;
        }
        let named = &self.program.dynamic[dynamic.name as usize];
        let found = self.scope.iter().find_map(|resource| named.get(resource));
        found.copied().unwrap_or(dynamic.fallback)
    }

    /// At least one; all of them are tried if what they evaluate matters.
    fn any<'v>(
        &mut self,
        nodes: &[NodeId],
        value: &'v Value,
        path: &Path<'_>,
        mut seen: Option<&mut Seen<'v>>,
    ) -> bool {
        let mut found = nodes.is_empty();
        for node in nodes {
            if self.exhausted {
                return false;
            }
            found |= self.silently(*node, value, seen.as_deref_mut());
            if found && seen.is_none() {
                return true;
            }
        }
        found || self.no_branch(nodes, value, path)
    }

    fn one<'v>(
        &mut self,
        nodes: &[NodeId],
        value: &'v Value,
        path: &Path<'_>,
        mut seen: Option<&mut Seen<'v>>,
    ) -> bool {
        let mut found = 0;
        for node in nodes {
            if self.exhausted || found > 1 {
                break;
            }
            found += usize::from(self.silently(*node, value, seen.as_deref_mut()));
        }
        match found {
            _ if nodes.is_empty() => true,
            0 => self.no_branch(nodes, value, path),
            1 => true,
            _ => self.problem(path, || {
                "must be exactly one of the forms that are allowed, and is several".to_owned()
            }),
        }
    }

    /// Tells why no branch holds. If just one is for this type of value, as in "a list or null", its
    /// own problems say more.
    fn no_branch(&mut self, nodes: &[NodeId], value: &Value, path: &Path<'_>) -> bool {
        if self.is_decided() {
            return false;
        }
        let types = Types::of(value);
        let mut fitting = nodes
            .iter()
            .filter(|node| self.types_of(**node).meets(types));
        if let (Some(node), None) = (fitting.next(), fitting.next()) {
            return self.node(*node, value, path, None);
        }
        self.problem(path, || {
            "must be one of the forms that are allowed".to_owned()
        })
    }

    /// The types that a node allows, through references.
    fn types_of(&self, node: NodeId) -> Types {
        let node = &self.program.nodes[node as usize];
        let reference = node.combine.as_ref().and_then(|combine| combine.reference);
        match reference {
            // Circles were refused, and chains are bounded.
            Some(next) if node.types == Types::ALL => self.types_of(next),
            _ => node.types,
        }
    }

    /// `unevaluatedProperties` and `unevaluatedItems`: after all else.
    pub(super) fn unevaluated<'v>(
        &mut self,
        node: &'s Node,
        value: &'v Value,
        path: &Path<'_>,
        seen: &mut Seen<'v>,
    ) -> bool {
        let mut valid = true;
        match value {
            Value::Object(members) => {
                let Some(rule) = node.unevaluated_properties else {
                    return true;
                };
                for (name, member) in members {
                    if !seen.has_member(name) {
                        valid &= self.node(rule, member, &Path::Name(path, name), None);
                    }
                    if !self.charge(1) || (!valid && self.is_decided()) {
                        return false;
                    }
                }
                seen.all_members();
            }
            Value::Array(items) => {
                let Some(rule) = node.unevaluated_items else {
                    return true;
                };
                for (index, item) in items.iter().enumerate() {
                    if !seen.has_item(index) {
                        valid &= self.node(rule, item, &Path::Index(path, index), None);
                    }
                    if !self.charge(1) || (!valid && self.is_decided()) {
                        return false;
                    }
                }
                seen.all_items();
            }
            _ => {}
        }
        valid
    }
}
