//! Sends a guest's request to another host, as the engine has allowed it.
//!
//! It knows no policy and follows no redirect; it bounds time and size. Nothing that goes wrong outside is more
//! than a word: what a guest is told of it is the engine's to say.

use js_sys::futures::JsFuture;
use js_sys::{Array, Reflect, Uint8Array};
use smcp_capability::http::{Header, HttpAnswer};
use smcp_capability::turn::{Fetch, Fetched};
use wasm_bindgen::prelude::*;

use crate::bindings::{Turn, bytes_of};

pub(crate) async fn send(turn: &Turn, fetch: Fetch) -> Fetched {
    let fields = Array::new();
    for Header { name, value } in &fetch.headers {
        fields.push(&JsValue::from_str(name));
        fields.push(&JsValue::from_str(value));
    }
    let body = Uint8Array::from(fetch.body.as_slice());
    let (method, url) = (fetch.method.as_str(), &fetch.url);
    let sent = turn.fetch(
        method,
        url,
        &fields,
        &body,
        fetch.timeout_millis,
        fetch.body_max,
    );
    match JsFuture::from(sent).await {
        Ok(told) => fetched(&told).unwrap_or(Fetched::Failed),
        Err(_) => Fetched::Failed,
    }
}

fn fetched(told: &JsValue) -> Option<Fetched> {
    if let Some(word) = told.as_string() {
        return Some(match &*word {
            "late" => Fetched::TimedOut,
            "large" => Fetched::TooLarge,
            _ => Fetched::Failed,
        });
    }
    let part = |name: &str| Reflect::get(told, &JsValue::from_str(name)).ok();
    let fields: Array = part("headers")?.dyn_into().ok()?;
    let mut texts = fields.iter().filter_map(|text| text.as_string());
    let mut headers = Vec::new();
    while let (Some(name), Some(value)) = (texts.next(), texts.next()) {
        headers.push(Header { name, value });
    }
    Some(Fetched::Answer(HttpAnswer {
        status: part("status")?.as_f64()? as u16,
        headers,
        body: bytes_of(&part("body")?),
    }))
}
