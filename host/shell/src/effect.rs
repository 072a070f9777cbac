//! Performs what a turn needs: storage, modules, sessions, other objects, other turns, time.
//!
//! Nothing here decides anything: an effect names its tenant's own things only, since the object's
//! name, not the engine, says which tenant that is. An effect that fails answers
//! [`Performed::Failed`]; the reason is for the log.

use std::rc::Rc;

use js_sys::futures::JsFuture;
use js_sys::{Object as JsObject, Reflect, Uint8Array};
use smcp_capability::turn::{
    Effect, Frame, Head, Hearers, ModulePage, Performed, Reply, Role, Telling, Verification,
};
use smcp_crypto::{MasterKeys, SignedReceipt};
use smcp_ids::limits::{OUTPUT_CEILING, PACKAGE_CEILING};
use smcp_ids::{ReleaseDigest, TenantId};
use wasm_bindgen::prelude::*;
use worker_sys::web_sys::{Headers, Request, RequestInit, Response};
use worker_sys::{DurableObjectStorage, R2ObjectBody};

use crate::bindings::{Object, Turn, bytes_of, settled};
use crate::{fetch, items, records, sealed, sessions};

/// Keys that R2 removes at a time.
const REMOVED_AT_ONCE: usize = 1_000;

/// What signs receipts; none where the deployment has no keys.
pub(crate) type Signer = Option<Rc<MasterKeys>>;

/// Performs one effect. Those that are *at once* do not wait for anything.
pub(crate) async fn perform(
    signer: &Signer,
    object: &Object,
    turn: &Turn,
    effect: Effect,
) -> Performed {
    let performed = match effect {
        Effect::LoadRecords => records::load(&object.storage()).map(Performed::Records),
        Effect::ReadModule(release) => read_module(object, release).await.map(Performed::Module),
        Effect::WriteModule { release, bytes } => write_module(object, release, &bytes)
            .await
            .map(|()| Performed::Done),
        Effect::ListModules(after) => list_modules(object, after).await.map(Performed::Modules),
        Effect::DeleteModules(releases) => delete_modules(object, &releases)
            .await
            .map(|()| Performed::Done),
        Effect::Erase => settled(object.storage().delete_all())
            .await
            .map(|_| Performed::Done),
        // Only the platform's object has others to speak to: a tenant's engine, which has seen
        // what strangers sent, reaches no other tenant.
        Effect::Peer { .. } if object.name() != Role::Platform.object_name() => {
            return Performed::Failed("only the platform's object speaks to others".to_owned());
        }
        Effect::Peer { tenant, frame } => {
            ask_peer(object, tenant, frame).await.map(Performed::Reply)
        }
        Effect::ReadItem(place, now) => {
            items::read(&object.storage(), &place, now).map(Performed::Item)
        }
        Effect::ListItems(range, now) => {
            items::keys(&object.storage(), &range, now).map(Performed::Keys)
        }
        Effect::Transact(transaction) => {
            items::transact(&object.storage(), &transaction).map(Performed::Transacted)
        }
        Effect::ReadSealed(asked) => sealed::page(&object.storage(), &asked).map(Performed::Sealed),
        Effect::Reseal { items, rows } => {
            sealed::reseal(&object.storage(), &items, &rows).map(|()| Performed::Done)
        }
        Effect::Sweep(now) => items::sweep_all(&object.storage(), now).map(Performed::Swept),
        Effect::DeleteItems(accounts) => {
            items::delete(&object.storage(), &accounts).map(|()| Performed::Done)
        }
        Effect::Listeners(whom) => {
            let records = match whom {
                Hearers::Server(server) => turn.listeners(server.as_str()),
                Hearers::Session(session) => turn.listeners_in(&session),
            };
            let records = records.iter().map(|record| bytes_of(&record).into());
            return Performed::Listeners(records.collect());
        }
        Effect::Tell(tellings) => {
            for Telling {
                listener,
                bytes,
                ends,
            } in tellings
            {
                turn.tell(listener, &bytes, ends);
            }
            return Performed::Done;
        }
        Effect::Fetch(request) => return Performed::Fetched(fetch::send(turn, request).await),
        Effect::Verify(asked) => verify(turn, &asked).await.map(Performed::Verified),
        Effect::Reserve { bytes, kept } => {
            return Performed::Reserved(turn.reserve(bytes as f64, kept as f64));
        }
        Effect::ReadSession(id) => sessions::read(object, &id)
            .await
            .map(|record| Performed::Session(record.map(Into::into))),
        Effect::WriteSession { id, value, seconds } => {
            sessions::write(object, &id, &value, seconds)
                .await
                .map(|()| Performed::Done)
        }
        Effect::DeleteSession(id) => sessions::delete(object, &id)
            .await
            .map(|()| Performed::Done),
        Effect::Publish(config) => sessions::publish(object, config.as_ref())
            .await
            .map(|()| Performed::Done),
        Effect::Wake(at) => {
            let millis = at.map_or(f64::INFINITY, |at| at.0 as f64);
            object.wake_at(millis).map(|()| Performed::Done)
        }
        Effect::Begin(path) => {
            object.begin(&path);
            return Performed::Done;
        }
        Effect::Stop(turn) => {
            object.stop_turn(turn);
            return Performed::Done;
        }
        Effect::Report(report) => JsFuture::from(object.report(&report))
            .await
            .map(|_| Performed::Done),
        Effect::Sign(body) => return sign(signer, &object.name(), &body),
        Effect::Wait(millis) => JsFuture::from(turn.wait(millis))
            .await
            .map(|_| Performed::Done),
    };
    performed.unwrap_or_else(|error| Performed::Failed(reason(&error)))
}

async fn verify(turn: &Turn, asked: &Verification) -> Result<bool, JsValue> {
    let message = Uint8Array::from(asked.message.as_slice());
    let signature = Uint8Array::from(asked.signature.as_slice());
    let asked = turn.verify(&asked.algorithm, &asked.key, &message, &signature);
    Ok(JsFuture::from(asked).await?.is_truthy())
}

/// The object's own name is signed with what its engine says: so it speaks for no other.
fn sign(signer: &Signer, object: &str, body: &[u8]) -> Performed {
    let Some(keys) = signer else {
        return Performed::Failed("there is no key to sign with".to_owned());
    };
    let SignedReceipt { key, signature } = keys.sign_receipt(object, body);
    Performed::Signed {
        key,
        signature: signature.to_vec(),
    }
}

/// Waits until what was written is on disk: a stream is not held back for that by the platform.
pub(crate) async fn durable(storage: &DurableObjectStorage) -> Result<(), JsValue> {
    settled(storage.sync()).await.map(drop)
}

/// Where the modules of this object's tenant are kept.
fn module_prefix(object: &Object) -> Result<String, JsValue> {
    match Role::from_object_name(&object.name()) {
        Some(Role::Tenant(tenant)) => Ok(format!("tenant-{tenant}/module/")),
        _ => Err(JsValue::from_str("only a tenant has modules")),
    }
}

/// Where one of them is kept.
fn module_key(object: &Object, release: ReleaseDigest) -> Result<String, JsValue> {
    module_prefix(object).map(|prefix| format!("{prefix}{release}"))
}

async fn read_module(object: &Object, release: ReleaseDigest) -> Result<Option<Vec<u8>>, JsValue> {
    let key = module_key(object, release)?;
    let found = settled(object.modules().get(key, JsValue::UNDEFINED)).await?;
    if found.is_null() {
        return Ok(None);
    }
    let found: R2ObjectBody = found.unchecked_into();
    if found.size()? > PACKAGE_CEILING as f64 {
        return Err(JsValue::from_str("a stored module is over the ceiling"));
    }
    Ok(Some(bytes_of(&settled(found.array_buffer()).await?)))
}

async fn write_module(
    object: &Object,
    release: ReleaseDigest,
    bytes: &[u8],
) -> Result<(), JsValue> {
    let key = module_key(object, release)?;
    let value = Uint8Array::from(bytes).into();
    settled(object.modules().put(key, value, JsValue::UNDEFINED))
        .await
        .map(drop)
}

async fn list_modules(
    object: &Object,
    after: Option<ReleaseDigest>,
) -> Result<ModulePage, JsValue> {
    let prefix = module_prefix(object)?;
    let options = JsObject::new();
    Reflect::set(&options, &"prefix".into(), &JsValue::from_str(&prefix))?;
    if let Some(after) = after {
        let after = JsValue::from_str(&format!("{prefix}{after}"));
        Reflect::set(&options, &"startAfter".into(), &after)?;
    }
    let page = settled(object.modules().list(options.into())).await?;
    let found: js_sys::Array = Reflect::get(&page, &"objects".into())?.unchecked_into();
    let mut releases = Vec::new();
    for one in found.iter() {
        let key = Reflect::get(&one, &"key".into())?.as_string();
        let release = key.as_deref().and_then(|key| key.strip_prefix(&prefix));
        releases.extend(release.and_then(|release| release.parse::<ReleaseDigest>().ok()));
    }
    let is_cut = Reflect::get(&page, &"truncated".into())?.is_truthy();
    Ok(ModulePage { releases, is_cut })
}

async fn delete_modules(object: &Object, releases: &[ReleaseDigest]) -> Result<(), JsValue> {
    for some in releases.chunks(REMOVED_AT_ONCE) {
        let keys = some
            .iter()
            .map(|release| module_key(object, *release).map(JsValue::from))
            .collect::<Result<Vec<_>, _>>()?;
        settled(object.modules().delete_multiple(keys)).await?;
    }
    Ok(())
}

async fn ask_peer(object: &Object, tenant: TenantId, frame: Frame) -> Result<Reply, JsValue> {
    let stub = object
        .objects()
        .get_by_name(&Role::Tenant(tenant).object_name())?;
    let response = settled(stub.fetch_with_request(&peer_request(&frame)?)).await?;
    let response: Response = response.dyn_into()?;
    let body = bytes_of(&settled(response.array_buffer()).await?);
    if body.len() > OUTPUT_CEILING {
        return Err(JsValue::from_str(
            "another object's reply is over the ceiling",
        ));
    }
    let head = Head {
        status: response.status(),
        headers: header_pairs(&response.headers())?,
    };
    Ok(Reply { head, body })
}

fn peer_request(frame: &Frame) -> Result<Request, JsValue> {
    let headers = Headers::new()?;
    for (name, value) in &frame.headers {
        headers.append(name, value)?;
    }
    let init = RequestInit::new();
    init.set_method(&frame.method);
    init.set_headers(&headers);
    if !frame.body.is_empty() {
        init.set_body(&Uint8Array::from(frame.body.as_slice()));
    }
    // The host is not looked at; objects are reached by name.
    Request::new_with_str_and_init(&format!("http://object{}", frame.path), &init)
}

fn header_pairs(headers: &Headers) -> Result<Vec<(String, String)>, JsValue> {
    let mut pairs = Vec::new();
    for entry in headers.entries() {
        let entry: js_sys::Array = entry?.unchecked_into();
        if let (Some(name), Some(value)) = (entry.get(0).as_string(), entry.get(1).as_string()) {
            pairs.push((name, value));
        }
    }
    Ok(pairs)
}

/// What an exception says.
fn reason(error: &JsValue) -> String {
    let message = Reflect::get(error, &JsValue::from_str("message")).ok();
    let text = message
        .and_then(|message| message.as_string())
        .or_else(|| error.as_string());
    text.unwrap_or_else(|| String::from(JsObject::from(error.clone()).to_string()))
}
