//! The OpenAPI document of a platform, and whether an answer is as it says.
//!
//! Answers may have more members than the document names, in later versions; here they may not, so that the
//! document lacks none.

use std::collections::BTreeSet;

use anyhow::{Context, Result, anyhow, bail, ensure};
use jsonschema::Validator;
use serde_json::{Map, Value, json};

use crate::http::{Answer, Ask};

/// The document, as a platform serves it.
#[derive(Debug, Clone)]
pub struct Document(Value);

/// What can be asked, as the document has it.
#[derive(Debug, Clone)]
pub struct Operation<'a> {
    /// Its `operationId`.
    pub id: &'a str,
    /// The HTTP method.
    pub method: String,
    /// The path with its parameters in braces.
    pub path: &'a str,
    /// What the document says of it.
    pub said: &'a Value,
}

impl Document {
    /// Fetches it, without any credential.
    ///
    /// # Errors
    ///
    /// If it is not served.
    pub fn of(url: &str) -> Result<Self> {
        let answer = Ask::new("GET", &format!("{url}/admin/v1/openapi.json")).send(b"")?;
        ensure!(answer.status == 200, "{}", answer.text());
        Ok(Self(answer.json()?))
    }

    /// All operations.
    pub fn operations(&self) -> Vec<Operation<'_>> {
        let paths = self.0["paths"].as_object().into_iter().flatten();
        let operations = paths.flat_map(|(path, item)| {
            let methods = item.as_object().into_iter().flatten();
            methods.filter_map(move |(method, said)| {
                Some(Operation {
                    id: said["operationId"].as_str()?,
                    method: method.to_uppercase(),
                    path,
                    said,
                })
            })
        });
        operations.collect()
    }

    /// The operation of a request; `path` begins after `/admin/v1` and may have a query.
    ///
    /// # Errors
    ///
    /// If the document has none.
    pub fn operation(&self, method: &str, path: &str) -> Result<Operation<'_>> {
        let path = path.split('?').next().unwrap_or_default();
        let found: Vec<&str> = path.split('/').collect();
        let fits = |operation: &Operation<'_>| {
            let parts: Vec<&str> = operation.path.split('/').collect();
            let part = |(part, found): (&&str, &&str)| part.starts_with('{') || part == found;
            operation.method == method
                && parts.len() == found.len()
                && parts.iter().zip(&found).all(part)
        };
        self.operations()
            .into_iter()
            .find(fits)
            .with_context(|| format!("no operation {method} {path}"))
    }

    /// Whether a request that was taken is as the document says: its body, and the parameters of its query.
    ///
    /// # Errors
    ///
    /// Why it is not.
    pub fn check_request(&self, operation: &Operation<'_>, path: &str, body: &[u8]) -> Result<()> {
        let content = &operation.said["requestBody"]["content"];
        match &content["application/json"]["schema"] {
            Value::Null => ensure!(content.is_object() || body.is_empty(), "takes no body"),
            schema => self.check(schema, &serde_json::from_slice(body)?)?,
        }
        let known = operation.said["parameters"]
            .as_array()
            .into_iter()
            .flatten();
        let known: BTreeSet<_> = known.filter_map(|it| it["name"].as_str()).collect();
        let query = path.split_once('?').map_or("", |(_, query)| query);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let name = pair.split('=').next().unwrap_or_default();
            ensure!(known.contains(name), "no parameter {name}");
        }
        Ok(())
    }

    /// Whether an answer is as the document says; which of its responses it is.
    ///
    /// # Errors
    ///
    /// Why it is not.
    pub fn check_answer(&self, operation: &Operation<'_>, answer: &Answer) -> Result<String> {
        let responses = &operation.said["responses"];
        let exact = answer.status.to_string();
        let status = if responses.get(&exact).is_some() {
            exact
        } else {
            "default".to_owned()
        };
        let said = &responses[&status];
        let response = self.resolved(said)?;
        let kind = answer.header("content-type");
        let schema = &response["content"][kind]["schema"];
        ensure!(!schema.is_null(), "nothing is said of {status} {kind}");
        if kind != "application/json" {
            return Ok(status);
        }
        let body = answer.json()?;
        let mut closed = schema.clone();
        close(&mut closed);
        self.check(&closed, &body)
            .with_context(|| format!("{status} {body}"))?;
        if let (Some(code), false) = (body["error"]["code"].as_str(), status == "422") {
            let description = said.get("description").unwrap_or(&response["description"]);
            let description = description.as_str().unwrap_or_default();
            let named = format!("`{code}`");
            ensure!(description.contains(&named), "{status} without {named}");
        }
        let headers = response["headers"].as_object().into_iter().flatten();
        for (name, _) in headers.filter(|_| status == "401") {
            let header = answer.header(&name.to_lowercase());
            ensure!(!header.is_empty(), "{status} without {name}");
        }
        Ok(status)
    }

    fn resolved<'a>(&'a self, said: &'a Value) -> Result<&'a Value> {
        match said["$ref"].as_str() {
            None => Ok(said),
            Some(place) => {
                let pointer = place.trim_start_matches('#');
                self.0.pointer(pointer).context(place.to_owned())
            }
        }
    }

    fn check(&self, schema: &Value, value: &Value) -> Result<()> {
        let validator = self.validator(schema)?;
        let errors: Vec<String> = validator
            .iter_errors(value)
            .map(|error| format!("{} at {:?}", error, error.instance_path().to_string()))
            .collect();
        if errors.is_empty() {
            return Ok(());
        }
        bail!("{}", errors.join("; "))
    }

    /// A validator of a schema, with what it may refer to beside it.
    fn validator(&self, schema: &Value) -> Result<Validator> {
        let mut components = self.0["components"].clone();
        let named = components["schemas"].as_object_mut();
        for schema in named.into_iter().flat_map(Map::values_mut) {
            close_below(schema);
        }
        let whole = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "components": components,
            "allOf": [schema],
        });
        jsonschema::options()
            .should_validate_formats(true)
            .build(&whole)
            .map_err(|error| anyhow!("{error}"))
    }
}

/// Lets an object have what its schema names, however that is put together, and nothing else.
fn close(schema: &mut Value) {
    close_below(schema);
    let Some(members) = schema.as_object_mut() else {
        return;
    };
    let is_put_together = ["$ref", "allOf", "oneOf", "properties"]
        .iter()
        .any(|keyword| members.contains_key(*keyword));
    if is_put_together && !members.contains_key("additionalProperties") {
        members.insert("unevaluatedProperties".into(), Value::Bool(false));
    }
}

/// Closes what is in it. Its own parts stay open, since none of them knows the others.
fn close_below(schema: &mut Value) {
    for (keyword, value) in schema.as_object_mut().into_iter().flatten() {
        match (keyword.as_str(), value) {
            ("properties", Value::Object(named)) => named.values_mut().for_each(close),
            ("items", schema) => close(schema),
            ("allOf" | "oneOf", Value::Array(parts)) => parts.iter_mut().for_each(close_below),
            _ => {}
        }
    }
}
