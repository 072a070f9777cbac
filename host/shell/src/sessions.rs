//! What is kept in KV: the sealed records of sessions, which outlive their object, and what the edge must know of a
//! tenant.
//!
//! KV may serve what was there a minute ago, and refuse a second write within a second: it is never the
//! authority, and whoever asks knows. The object's name, not the engine, says whose sessions these are.

use js_sys::{Object as JsObject, Reflect, Uint8Array};
use smcp_capability::turn::{PublicConfig, Role};
use wasm_bindgen::prelude::*;

use crate::bindings::{KvNamespace, Object, bytes_of, settled};

/// No id of a session is longer.
const ID_MAX: usize = 64;

/// The record of a session of this object's tenant, if there is one.
pub(crate) async fn read(object: &Object, id: &str) -> Result<Option<Vec<u8>>, JsValue> {
    let (place, key) = place(object, id)?;
    let found = settled(place.get(&key, "arrayBuffer")).await?;
    Ok((!found.is_null()).then(|| bytes_of(&found)))
}

/// Writes one, to be kept so many seconds.
pub(crate) async fn write(
    object: &Object,
    id: &str,
    value: &[u8],
    seconds: u32,
) -> Result<(), JsValue> {
    let (place, key) = place(object, id)?;
    let options = JsObject::new();
    Reflect::set(
        &options,
        &JsValue::from_str("expirationTtl"),
        &seconds.into(),
    )?;
    settled(place.put(&key, &Uint8Array::from(value), &options))
        .await
        .map(drop)
}

/// Removes one.
pub(crate) async fn delete(object: &Object, id: &str) -> Result<(), JsValue> {
    let (place, key) = place(object, id)?;
    settled(place.delete(&key)).await.map(drop)
}

/// Makes public what the edge must know of this object's tenant, or nothing any more.
pub(crate) async fn publish(object: &Object, config: Option<&PublicConfig>) -> Result<(), JsValue> {
    let Some(Role::Tenant(tenant)) = Role::from_object_name(&object.name()) else {
        return Err(JsValue::from_str("only a tenant has public configuration"));
    };
    let (place, key) = (namespace(object)?, PublicConfig::key(&tenant));
    let Some(config) = config else {
        return settled(place.delete(&key)).await.map(drop);
    };
    let bytes = postcard::to_allocvec(config)
        .map_err(|_| JsValue::from_str("the configuration cannot be encoded"))?;
    let value = Uint8Array::from(bytes.as_slice());
    settled(place.put(&key, &value, &JsObject::new()))
        .await
        .map(drop)
}

fn namespace(object: &Object) -> Result<KvNamespace, JsValue> {
    let place = object.sessions();
    place.ok_or_else(|| JsValue::from_str("the deployment has no KV namespace"))
}

/// Where sessions are kept, and the key of one there.
fn place(object: &Object, id: &str) -> Result<(KvNamespace, String), JsValue> {
    let key = session_key(&object.name(), id).map_err(JsValue::from_str)?;
    Ok((namespace(object)?, key))
}

/// The key of a session of the object of that name.
fn session_key(object: &str, id: &str) -> Result<String, &'static str> {
    let Some(Role::Tenant(tenant)) = Role::from_object_name(object) else {
        return Err("only a tenant has sessions");
    };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if id.is_empty() || id.len() > ID_MAX || !id.bytes().all(is_plain) {
        return Err("that is no id of a session");
    }
    Ok(format!("tenant-{tenant}:session:{id}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_kept_under_its_objects_own_tenant_and_nowhere_else() {
        let longest = "a".repeat(ID_MAX);
        for (object, id, key) in [
            ("tenant:acme", "aZ0_-", Some("tenant-acme:session:aZ0_-")),
            ("tenant:acme", "", None),
            ("tenant:acme", "a:b", None),
            ("tenant:acme", "a/b", None),
            ("tenant:acme", "\u{e9}", None),
            ("platform", "a", None),
            ("tenant:", "a", None),
        ] {
            assert_eq!(
                session_key(object, id).ok().as_deref(),
                key,
                "{object} {id}"
            );
        }
        assert!(session_key("tenant:acme", &longest).is_ok());
        assert!(session_key("tenant:acme", &format!("{longest}a")).is_err());
    }
}
