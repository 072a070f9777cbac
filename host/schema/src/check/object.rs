//! Rules on objects.

use serde_json::{Map, Value};

use super::seen::Seen;
use super::{Path, Run};
use crate::error::clip;
use crate::node::{NodeId, ObjectRules, Types};
use smcp_ids::limits;

impl<'s> Run<'s> {
    pub(super) fn object<'v>(
        &mut self,
        rules: &'s ObjectRules,
        value: &'v Value,
        members: &'v Map<String, Value>,
        path: &Path<'_>,
        mut seen: Option<&mut Seen<'v>>,
    ) -> bool {
        let mut valid = self.object_size(rules, members, path);
        for step in 0..3 {
            if !valid && self.is_decided() {
                return false;
            }
            valid &= match step {
                0 => self.required(&rules.required, None, members, path),
                1 => self.members(rules, members, path, seen.as_deref_mut()),
                _ => self.dependent(rules, value, members, path, seen.as_deref_mut()),
            };
        }
        valid
    }

    fn object_size(
        &mut self,
        rules: &ObjectRules,
        members: &Map<String, Value>,
        path: &Path<'_>,
    ) -> bool {
        let (length, least) = (members.len() as u64, rules.least);
        if length < least {
            return self.problem(path, || format!("must have at least {least} members"));
        }
        match rules.most.filter(|most| length > *most) {
            Some(most) => self.problem(path, || format!("must have at most {most} members")),
            None => true,
        }
    }

    fn required(
        &mut self,
        names: &[Box<str>],
        because: Option<&str>,
        members: &Map<String, Value>,
        path: &Path<'_>,
    ) -> bool {
        if !self.charge(names.len() as u64) {
            return false;
        }
        let mut valid = true;
        for name in names {
            if members.contains_key(&**name) {
                continue;
            }
            valid = self.problem(path, || {
                let name = clip(name, limits::MISMATCH_NAME_MAX);
                match because {
                    None => format!("must have the member {name:?}"),
                    Some(other) => {
                        let other = clip(other, limits::MISMATCH_NAME_MAX);
                        format!("must have the member {name:?}, since it has {other:?}")
                    }
                }
            });
            if self.is_decided() {
                break;
            }
        }
        valid
    }

    /// Every member by its name: `properties`, `patternProperties`, else `additionalProperties`.
    fn members<'v>(
        &mut self,
        rules: &'s ObjectRules,
        members: &'v Map<String, Value>,
        path: &Path<'_>,
        mut seen: Option<&mut Seen<'v>>,
    ) -> bool {
        let mut valid = true;
        if !self.charge(members.len() as u64) {
            return false;
        }
        for (name, member) in members {
            let here = Path::Name(path, name);
            let (known, holds) = self.member(rules, name, member, &here);
            valid &= holds;
            if let Some(seen) = seen.as_deref_mut().filter(|_| known) {
                seen.member(name);
            }
            if !valid && self.is_decided() {
                break;
            }
        }
        valid
    }

    /// Whether any rule was for this member, and whether it holds.
    fn member(
        &mut self,
        rules: &'s ObjectRules,
        name: &str,
        member: &Value,
        path: &Path<'_>,
    ) -> (bool, bool) {
        let mut holds = true;
        let mut known = false;
        if let Some(names) = rules.names {
            let as_value = Value::String(name.to_owned());
            if !self.charge(name.len() as u64 / 16) || !self.silently(names, &as_value, None) {
                holds = self.problem(path, || "has a name that is not allowed".to_owned());
            }
        }
        let properties = &rules.properties;
        if let Ok(index) = properties.binary_search_by(|(one, _)| (**one).cmp(name)) {
            known = true;
            holds &= self.node(properties[index].1, member, path, None);
        }
        for (pattern, node) in &rules.patterns {
            if self.matches(pattern, name) {
                known = true;
                holds &= self.node(*node, member, path, None);
            }
        }
        match rules.additional {
            Some(node) if !known => (true, self.additional(node, member, path) && holds),
            _ => (known, holds),
        }
    }

    fn additional(&mut self, node: NodeId, member: &Value, path: &Path<'_>) -> bool {
        if self.program.nodes[node as usize].types == Types::NONE {
            return self.problem(path, || "is not a member that is known here".to_owned());
        }
        self.node(node, member, path, None)
    }

    fn dependent<'v>(
        &mut self,
        rules: &'s ObjectRules,
        value: &'v Value,
        members: &'v Map<String, Value>,
        path: &Path<'_>,
        mut seen: Option<&mut Seen<'v>>,
    ) -> bool {
        let count = rules.dependent_required.len() + rules.dependent_schemas.len();
        if !self.charge(count as u64) {
            return false;
        }
        let mut valid = true;
        for (name, names) in &rules.dependent_required {
            if members.contains_key(&**name) {
                valid &= self.required(names, Some(name), members, path);
            }
        }
        for (name, node) in &rules.dependent_schemas {
            if members.contains_key(&**name) {
                valid &= self.node(*node, value, path, seen.as_deref_mut());
            }
        }
        valid
    }
}
