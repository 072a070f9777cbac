//! Tools whose schemas say more than types do: arguments that are sent as headers too, and the
//! vocabulary of JSON Schema 2020-12.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use smcp_sdk::{Parameters, tool, tool_router};

use crate::Everything;

#[derive(Deserialize, JsonSchema)]
struct Query {
    /// Where to look; clients send it as the header `Mcp-Param-Region` too.
    #[schemars(extend("x-mcp-header" = "Region"))]
    region: String,
    /// What to look for.
    query: Option<String>,
}

/// A person, and how to reach them. The schema is written by hand: no type of Rust says that one of
/// two fields must be there.
#[derive(Deserialize)]
struct Contact {
    name: Option<String>,
    phone: Option<String>,
    email: Option<String>,
}

impl JsonSchema for Contact {
    fn schema_name() -> Cow<'static, str> {
        "Contact".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "$defs": {
                "address": {
                    "$anchor": "addressDef",
                    "type": "object",
                    "properties": {
                        "street": { "type": "string" },
                        "city": { "type": "string" }
                    }
                }
            },
            "properties": {
                "name": { "type": "string" },
                "address": { "$ref": "#/$defs/address" },
                "contactMethod": { "type": "string", "enum": ["phone", "email"] },
                "phone": { "type": "string" },
                "email": { "type": "string" }
            },
            "allOf": [{ "anyOf": [{ "required": ["phone"] }, { "required": ["email"] }] }],
            "if": {
                "properties": { "contactMethod": { "const": "phone" } },
                "required": ["contactMethod"]
            },
            "then": { "required": ["phone"] },
            "else": { "required": ["email"] },
            "additionalProperties": false
        })
    }
}

#[tool_router(router = schemas, vis = "pub(crate)")]
impl Everything {
    /// Looks something up in a region.
    #[tool]
    fn test_header_parameters(
        &self,
        Parameters(Query { region, query }): Parameters<Query>,
    ) -> String {
        let query = query.unwrap_or_else(|| "anything".to_owned());
        format!("Looked for {query} in {region}.")
    }

    /// Tool with JSON Schema 2020-12 features
    #[tool]
    fn json_schema_2020_12_tool(&self, Parameters(contact): Parameters<Contact>) -> String {
        let Contact { name, phone, email } = contact;
        let name = name.unwrap_or_else(|| "Somebody".to_owned());
        let way = phone.or(email).unwrap_or_else(|| "no way".to_owned());
        format!("{name} is reached by {way}.")
    }
}
