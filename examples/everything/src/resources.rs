//! Resources: texts, bytes, and a template.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smcp_sdk::{Json, Parameters, resource, resource_router};

use crate::Everything;
use crate::contents::RED_PIXEL;

#[derive(Deserialize, JsonSchema)]
struct Which {
    id: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Found {
    id: String,
    template_test: bool,
    data: String,
}

#[resource_router(router = test_resources, vis = "pub(crate)")]
impl Everything {
    /// A text that never changes.
    #[resource(uri = "test://static-text", mime_type = "text/plain")]
    fn static_text(&self) -> &'static str {
        "This is the content of the static text resource."
    }

    /// Bytes that never change.
    #[resource(uri = "test://static-binary", mime_type = "image/png")]
    fn static_binary(&self) -> &'static [u8] {
        RED_PIXEL
    }

    /// A text to subscribe to.
    #[resource(uri = "test://watched-resource", mime_type = "text/plain")]
    fn watched(&self) -> &'static str {
        "This is the content of the watched resource."
    }

    /// Data for each id.
    #[resource(uri = "test://template/{id}/data", mime_type = "application/json")]
    fn template(&self, Parameters(Which { id }): Parameters<Which>) -> Json<Found> {
        Json(Found {
            data: format!("Data for ID: {id}"),
            template_test: true,
            id,
        })
    }
}
