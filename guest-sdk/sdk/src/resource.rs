//! The resources of a server: what the catalogue says of each, and how each is read.
//!
//! A server without resources has an empty router, and none of this ends up in its module.

use std::borrow::Cow;
use std::ops::Add;

use schemars::Schema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::content::{Annotations, JsonObject, Resource, ResourceContents};
use crate::error::{IntoProtocolError, ProtocolError};
use crate::icon::Icon;
use crate::parameters::Call;
use crate::result::{Json, Structured};
use crate::router::refuse_twice;
use crate::template;

/// Resources of one sort, as the catalogue holds them: MCP 2026-07-28, `ResourceTemplate`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceTemplate {
    /// Where they are: RFC 6570, with `{x}`, `{+x}` and `{/x}`.
    pub uri_template: String,
    /// Their name, for programs.
    pub name: String,
    /// Their title, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Their media type, if they have one in common.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// Pictures of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub icons: Vec<Icon>,
    /// Whom they are for, and how much they matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annotations: Option<Annotations>,
    /// `_meta`.
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
}

impl From<Resource> for ResourceTemplate {
    fn from(resource: Resource) -> Self {
        Self {
            uri_template: resource.uri,
            name: resource.name,
            title: resource.title,
            description: resource.description,
            mime_type: resource.mime_type,
            icons: resource.icons,
            annotations: resource.annotations,
            meta: resource.meta,
        }
    }
}

/// The result object of `resources/read`, for full control of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReadResourceResult {
    contents: Vec<ResourceContents>,
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    meta: Option<JsonObject>,
}

impl ReadResourceResult {
    /// These contents.
    pub fn new(contents: Vec<ResourceContents>) -> Self {
        Self {
            contents,
            meta: None,
        }
    }

    /// Adds `_meta`.
    #[must_use]
    pub fn with_meta(mut self, meta: JsonObject) -> Self {
        self.meta = Some(meta);
        self
    }
}

/// What is asked for, as contents that do not say it themselves are labelled.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub(crate) uri: &'a str,
    pub(crate) mime_type: Option<&'a str>,
}

/// What a resource may return.
#[diagnostic::on_unimplemented(
    message = "a resource cannot return `{Self}`",
    label = "not contents of a resource",
    note = "return text (`String`), bytes (`Vec<u8>`), a value as JSON (`Json<T>`), `ResourceContents`, a \
            `ReadResourceResult`, an `Option` of one of them, or a `Result`"
)]
pub trait IntoReadResourceResult {
    /// The result object.
    ///
    /// # Errors
    ///
    /// What the client is answered instead.
    fn into_read_resource_result(self, at: Place<'_>) -> Result<ReadResourceResult, ProtocolError>;
}

type Read = Result<ReadResourceResult, ProtocolError>;

impl IntoReadResourceResult for ReadResourceResult {
    fn into_read_resource_result(self, _: Place<'_>) -> Read {
        Ok(self)
    }
}

impl IntoReadResourceResult for Vec<ResourceContents> {
    fn into_read_resource_result(self, at: Place<'_>) -> Read {
        let contents = self.into_iter();
        let contents = contents.map(|contents| contents.or_mime_type(at.mime_type));
        Ok(ReadResourceResult::new(contents.collect()))
    }
}

impl IntoReadResourceResult for ResourceContents {
    fn into_read_resource_result(self, at: Place<'_>) -> Read {
        vec![self].into_read_resource_result(at)
    }
}

macro_rules! contents {
    ($make:ident: $($type:ty),*) => {$(
        impl IntoReadResourceResult for $type {
            fn into_read_resource_result(self, at: Place<'_>) -> Read {
                ResourceContents::$make(at.uri, self).into_read_resource_result(at)
            }
        }
    )*};
}

contents!(text: String, &str, Cow<'_, str>);
contents!(blob: &[u8]);

impl IntoReadResourceResult for Vec<u8> {
    fn into_read_resource_result(self, at: Place<'_>) -> Read {
        self.as_slice().into_read_resource_result(at)
    }
}

/// What `include_bytes!` gives.
impl<const N: usize> IntoReadResourceResult for &[u8; N] {
    fn into_read_resource_result(self, at: Place<'_>) -> Read {
        self.as_slice().into_read_resource_result(at)
    }
}

impl<T: Structured> IntoReadResourceResult for Json<T> {
    fn into_read_resource_result(self, at: Place<'_>) -> Read {
        let text = serde_json::to_string(&self.0).map_err(|error| {
            let message = format!("The resource does not serialize: {error}");
            ProtocolError::internal_error(message, None)
        })?;
        let mime_type = Some(at.mime_type.unwrap_or("application/json"));
        text.into_read_resource_result(Place { mime_type, ..at })
    }
}

impl<T: IntoReadResourceResult> IntoReadResourceResult for Option<T> {
    fn into_read_resource_result(self, at: Place<'_>) -> Read {
        self.ok_or_else(|| not_found(at.uri))?
            .into_read_resource_result(at)
    }
}

impl<T: IntoReadResourceResult, E: IntoProtocolError> IntoReadResourceResult for Result<T, E> {
    fn into_read_resource_result(self, at: Place<'_>) -> Read {
        self.map_err(E::into_protocol_error)?
            .into_read_resource_result(at)
    }
}

/// MCP 2026-07-28, server/resources, Error Handling.
pub(crate) fn not_found(uri: &str) -> ProtocolError {
    ProtocolError::invalid_params("Resource not found", Some(json!({ "uri": uri })))
}

/// One resource of the server `S`, or one template, and the way to it. `#[resource]` makes it.
#[derive(Debug)]
pub struct ResourceRoute<S> {
    /// Its URI; a template if it has a `{`.
    pub uri: &'static str,
    /// The media type of contents that do not say theirs.
    pub mime_type: Option<&'static str>,
    /// What the catalogue says of it; its `uri` may be a template.
    pub resource: fn() -> Resource,
    /// The schema of what it takes, which are the variables of the template.
    pub variables: fn() -> Schema,
    /// Reads it.
    pub read: for<'call> fn(
        &'call S,
        &Call<'call>,
        Place<'call>,
    ) -> Result<ReadResourceResult, ProtocolError>,
}

/// The resources of the server `S`, in the order they were written. Routers add up with `+`.
#[derive(Debug)]
pub struct ResourceRouter<S> {
    routes: Vec<ResourceRoute<S>>,
}

impl<S> ResourceRouter<S> {
    /// A router with these resources.
    pub fn new(routes: Vec<ResourceRoute<S>>) -> Self {
        Self { routes }
    }

    /// The resources and the templates for the catalogue.
    ///
    /// # Panics
    ///
    /// When two have one URI, or a template is none, or what is taken is not in it.
    pub(crate) fn list(&self) -> (Vec<Resource>, Vec<ResourceTemplate>) {
        refuse_twice("resource", self.routes.iter().map(|route| route.uri));
        let (mut resources, mut templates) = (Vec::new(), Vec::new());
        for route in &self.routes {
            check(route.uri, &(route.variables)());
            let resource = (route.resource)();
            if route.uri.contains('{') {
                templates.push(resource.into());
            } else {
                resources.push(resource);
            }
        }
        (resources, templates)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.routes.is_empty()
    }

    /// The contents, if a route leads there: a resource before the first template that fits.
    pub(crate) fn read(&self, server: &S, call: &Call<'_>) -> Option<Read> {
        let exact = self.routes.iter().find(|route| route.uri == call.name);
        let place = |route: &ResourceRoute<S>| Place {
            uri: call.name,
            mime_type: route.mime_type,
        };
        if let Some(route) = exact.filter(|route| !route.uri.contains('{')) {
            return Some((route.read)(server, call, place(route)));
        }
        let templates = self.routes.iter().filter(|route| route.uri.contains('{'));
        for route in templates {
            if let Some(values) = template::matches(route.uri, call.name) {
                let values = values.into_iter();
                let values = values.map(|(name, value)| (name.to_owned(), Value::from(value)));
                let arguments = Value::Object(values.collect()).to_string();
                let call = Call {
                    arguments: &arguments,
                    ..*call
                };
                return Some((route.read)(server, &call, place(route)));
            }
        }
        None
    }
}

/// Refuses a mistake in a template.
fn check(uri: &str, variables: &Schema) {
    if let Err(mistake) = template::check(uri) {
        panic!("resource `{uri}`: {mistake}");
    }
    let of = format!("resource `{uri}`");
    crate::schema::assert_texts(variables, &of, "variable of a URI");
    let required = variables.get("required").and_then(Value::as_array);
    for name in required.into_iter().flatten().filter_map(Value::as_str) {
        let forms = ["{", "{+", "{/"].map(|open| format!("{open}{name}}}"));
        assert!(
            forms.iter().any(|form| uri.contains(form.as_str())),
            "{of}: it takes `{name}`, which the URI does not have: write `{{{name}}}` into it"
        );
    }
}

impl<S> Default for ResourceRouter<S> {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl<S> Add for ResourceRouter<S> {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self.routes.extend(other.routes);
        self
    }
}
