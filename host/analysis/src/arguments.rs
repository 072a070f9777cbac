//! Arguments for a tool, made up from its schema: the least that it takes, and all that it takes.
//!
//! They are for finding out whether a tool ends, so plain ones will do. What is made up need not be what the schema
//! wants; whoever uses it checks that.

use core::cell::Cell;

use serde_json::{Map, Number, Value, json};
use smcp_ids::limits;

/// Arguments of a tool with this schema, as JSON texts: those that it must have, and, where there are others, all.
pub fn made_up(schema: &Value) -> Vec<String> {
    let mut made = Vec::new();
    for all in [false, true] {
        let maker = Maker {
            root: schema,
            all,
            left: Cell::new(limits::PROBE_VALUES),
        };
        let text = maker.value(schema, 0).to_string();
        if text.len() <= limits::PROBE_ARGUMENTS_MAX && !made.contains(&text) {
            made.push(text);
        }
    }
    made
}

struct Maker<'a> {
    root: &'a Value,
    /// Whether members that need not be there are.
    all: bool,
    /// How many more values may be made: a schema of a few lines can want as many as there are atoms.
    left: Cell<usize>,
}

impl Maker<'_> {
    fn value(&self, schema: &Value, depth: usize) -> Value {
        let Some(left) = self.left.get().checked_sub(1) else {
            return Value::Null;
        };
        self.left.set(left);
        if depth > limits::PROBE_NESTING {
            return Value::Null;
        }
        for given in ["const", "default"] {
            if let Some(value) = schema.get(given) {
                return value.clone();
            }
        }
        for given in ["enum", "examples"] {
            if let Some(value) = schema.get(given).and_then(|list| list.get(0)) {
                return value.clone();
            }
        }
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            let target = target
                .strip_prefix('#')
                .and_then(|path| self.root.pointer(path));
            return target.map_or(Value::Null, |target| self.value(target, depth + 1));
        }
        for any in ["anyOf", "oneOf"] {
            if let Some(first) = schema.get(any).and_then(|list| list.get(0)) {
                return self.value(first, depth + 1);
            }
        }
        if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
            return self.merged(schema, parts, depth);
        }
        self.of_type(schema, depth)
    }

    fn of_type(&self, schema: &Value, depth: usize) -> Value {
        let kind = schema.get("type");
        let kind = kind.and_then(|kind| kind.as_str().or_else(|| kind.get(0)?.as_str()));
        match kind.unwrap_or_else(|| guessed(schema)) {
            "object" => self.object(schema, depth),
            "array" => self.array(schema, depth),
            "string" => text(schema),
            "integer" => number(schema, true),
            "number" => number(schema, false),
            "boolean" => Value::Bool(false),
            _ => Value::Null,
        }
    }

    fn object(&self, schema: &Value, depth: usize) -> Value {
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .map(|names| names.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        let mut made = Map::new();
        let members = schema.get("properties").and_then(Value::as_object);
        for (name, member) in members.into_iter().flatten() {
            if self.all || required.contains(&name.as_str()) {
                made.insert(name.clone(), self.value(member, depth + 1));
            }
        }
        for name in required {
            made.entry(name).or_insert_with(|| json!("a"));
        }
        Value::Object(made)
    }

    fn array(&self, schema: &Value, depth: usize) -> Value {
        let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
        let count = least.max(u64::from(self.all)).min(64);
        let item = schema.get("items").unwrap_or(&Value::Bool(true));
        let item = match item {
            Value::Object(_) => self.value(item, depth + 1),
            _ => json!("a"),
        };
        (0..count).map(|_| item.clone()).collect()
    }

    /// Of several schemas at once: objects are joined, of others the first speaks.
    fn merged(&self, schema: &Value, parts: &[Value], depth: usize) -> Value {
        let own = self.of_type(schema, depth);
        let mut all = own.as_object().cloned().unwrap_or_default();
        for part in parts {
            match self.value(part, depth + 1) {
                Value::Object(members) => all.extend(members),
                other if all.is_empty() => return other,
                _ => {}
            }
        }
        Value::Object(all)
    }
}

/// What a schema without a type speaks of.
fn guessed(schema: &Value) -> &'static str {
    let has = |names: &[&str]| names.iter().any(|name| schema.get(name).is_some());
    if has(&["properties", "required", "additionalProperties"]) {
        "object"
    } else if has(&["items", "minItems"]) {
        "array"
    } else if has(&["minimum", "maximum", "multipleOf"]) {
        "number"
    } else {
        "string"
    }
}

fn text(schema: &Value) -> Value {
    let format = schema.get("format").and_then(Value::as_str);
    let text = match format.unwrap_or_default() {
        "date-time" => "2026-01-01T00:00:00Z",
        "date" => "2026-01-01",
        "time" => "00:00:00Z",
        "duration" => "PT1H",
        "email" | "idn-email" => "a@example.com",
        "hostname" | "idn-hostname" => "example.com",
        "uri" | "iri" | "url" => "https://example.com/",
        "uuid" => "00000000-0000-4000-8000-000000000000",
        "ipv4" => "192.0.2.1",
        "ipv6" => "2001:db8::1",
        _ => "a",
    };
    let length = |name| schema.get(name).and_then(Value::as_u64);
    let least = length("minLength").unwrap_or(0).min(4_096) as usize;
    let most = length("maxLength").unwrap_or(u64::MAX);
    let mut made = text.to_owned();
    while made.chars().count() < least {
        made.push('a');
    }
    made.chars()
        .take(usize::try_from(most).unwrap_or(usize::MAX))
        .collect::<String>()
        .into()
}

fn number(schema: &Value, whole: bool) -> Value {
    let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
    let step = bound("multipleOf").filter(|step| *step > 0.0);
    let above = bound("exclusiveMinimum").map(|least| least + step.unwrap_or(1.0));
    let below = bound("exclusiveMaximum").map(|most| most - step.unwrap_or(1.0));
    let least = bound("minimum").or(above);
    let most = bound("maximum").or(below);
    let wanted = 1.0_f64
        .max(least.unwrap_or(f64::MIN))
        .min(most.unwrap_or(f64::MAX));
    let wanted = match step {
        Some(step) => (wanted / step).ceil() * step,
        None => wanted,
    };
    if whole || wanted.fract() == 0.0 {
        Value::from(wanted.ceil() as i64)
    } else {
        Number::from_f64(wanted).map_or(Value::Null, Value::Number)
    }
}
