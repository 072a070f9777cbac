//! What JavaScript offers to this crate: the classes of `js/object.js` and `js/turn.js`, and what
//! `worker-sys` does not bind.

use js_sys::futures::JsFuture;
use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use worker_sys::{DurableObjectNamespace, DurableObjectStorage, R2Bucket};

#[wasm_bindgen]
extern "C" {
    /// Told of every panic; the instance is given up then. `js/shell.js` hands it to the glue.
    #[wasm_bindgen(js_name = shellFault)]
    pub(crate) fn shell_fault(message: &str);

    /// The Durable Object, as far as effects concern it.
    pub type Object;

    /// Its name: `platform`, or `tenant:` and the tenant.
    #[wasm_bindgen(method, getter)]
    pub fn name(this: &Object) -> String;

    /// Its storage.
    #[wasm_bindgen(method, getter)]
    pub fn storage(this: &Object) -> DurableObjectStorage;

    /// The bucket of the modules.
    #[wasm_bindgen(method, getter)]
    pub fn modules(this: &Object) -> R2Bucket;

    /// Where sessions are kept; none in a deployment that has no place for them.
    #[wasm_bindgen(method, getter)]
    pub fn sessions(this: &Object) -> Option<KvNamespace>;

    /// Has it woken at that time and at no other; never, if it is infinite.
    #[wasm_bindgen(method, catch, js_name = wakeAt)]
    pub fn wake_at(this: &Object, millis: f64) -> Result<(), JsValue>;

    /// Begins a turn of the object's own, once the loop that asks for it waits for something.
    #[wasm_bindgen(method)]
    pub fn begin(this: &Object, path: &str);

    /// Ends another turn, by the engine's number.
    #[wasm_bindgen(method, js_name = stopTurn)]
    pub fn stop_turn(this: &Object, turn: u32);

    /// Tells the platform's object something in this one's name. Fulfilled when it has taken that in.
    #[wasm_bindgen(method)]
    pub fn report(this: &Object, report: &[u8]) -> Promise;

    /// All objects, to reach another.
    #[wasm_bindgen(method, getter)]
    pub fn objects(this: &Object) -> DurableObjectNamespace;

    /// A turn that did not end with its first step. None of its methods throws.
    pub type Turn;

    /// Steps the engine with an encoded answer (or none: empty). None if the turn is over: its
    /// client has gone, or the engine has failed.
    #[wasm_bindgen(method)]
    pub fn step(this: &Turn, answer: &[u8]) -> Option<Vec<u8>>;

    /// Answers with a stream; takes the encoded step `Open`.
    #[wasm_bindgen(method)]
    pub fn open(this: &Turn, step: &[u8]);

    /// Writes to the stream; takes the encoded step `Emit`. Fulfilled when the client has taken it.
    #[wasm_bindgen(method)]
    pub fn emit(this: &Turn, step: &[u8]) -> Promise;

    /// Its last step, encoded.
    #[wasm_bindgen(method)]
    pub fn last(this: &Turn, step: &[u8]);

    /// Whether [`Turn::open`] was called.
    #[wasm_bindgen(method, getter)]
    pub fn streaming(this: &Turn) -> bool;

    /// A trip to the event loop.
    #[wasm_bindgen(method)]
    pub fn pause(this: &Turn) -> Promise;

    /// Fulfilled when another turn of the object has ended.
    #[wasm_bindgen(method)]
    pub fn queue(this: &Turn) -> Promise;

    /// Charges memory to the turn until it ends, if the isolate has so much left: `js/ledger.js`.
    #[wasm_bindgen(method)]
    pub fn reserve(this: &Turn, bytes: f64, kept: f64) -> bool;

    /// Fulfilled after so many milliseconds.
    #[wasm_bindgen(method)]
    pub fn wait(this: &Turn, millis: u32) -> Promise;

    /// Fulfilled with whether a key made a signature: `js/signature.js`.
    #[wasm_bindgen(method)]
    pub fn verify(
        this: &Turn,
        algorithm: &str,
        key: &str,
        message: &Uint8Array,
        signature: &Uint8Array,
    ) -> Promise;

    /// Sends a request to another host: `js/outgoing.js`.
    #[wasm_bindgen(method)]
    pub fn fetch(
        this: &Turn,
        method: &str,
        url: &str,
        fields: &Array,
        body: &Uint8Array,
        timeout_millis: u32,
        body_max: u32,
    ) -> Promise;

    /// The records of those who hear of a server, as `Uint8Array`s.
    #[wasm_bindgen(method)]
    pub fn listeners(this: &Turn, server: &str) -> Array;

    /// The records of those who listen in a session, likewise.
    #[wasm_bindgen(method, js_name = listenersIn)]
    pub fn listeners_in(this: &Turn, session: &str) -> Array;

    /// Writes to one of those, by its place in the last list, and ends its stream if `ends`.
    #[wasm_bindgen(method)]
    pub fn tell(this: &Turn, listener: u32, bytes: &[u8], ends: bool);

    /// Fulfilled when the turn is over, whatever ended it.
    #[wasm_bindgen(method, getter)]
    pub fn gone(this: &Turn) -> Promise;

    /// A KV namespace: text keys, byte values, each with a time to live.
    pub type KvNamespace;

    /// Fulfilled with what is there, or null; `kind` is the form of it.
    #[wasm_bindgen(method, catch)]
    pub fn get(this: &KvNamespace, key: &str, kind: &str) -> Result<Promise, JsValue>;

    /// Fulfilled when it is written.
    #[wasm_bindgen(method, catch)]
    pub fn put(
        this: &KvNamespace,
        key: &str,
        value: &Uint8Array,
        options: &JsValue,
    ) -> Result<Promise, JsValue>;

    /// Fulfilled when it is removed, or was not there.
    #[wasm_bindgen(method, catch)]
    pub fn delete(this: &KvNamespace, key: &str) -> Result<Promise, JsValue>;

    /// `transactionSync` of an object's storage: what `run` did is undone if it returns an error.
    #[wasm_bindgen(method, catch, js_name = transactionSync)]
    fn transaction_sync(
        this: &Transactions,
        run: &mut dyn FnMut() -> Result<(), JsValue>,
    ) -> Result<(), JsValue>;

    #[wasm_bindgen(extends = DurableObjectStorage)]
    type Transactions;
}

/// Runs `run` in one storage transaction: all of it, or nothing.
pub(crate) fn transaction(
    storage: &DurableObjectStorage,
    run: &mut impl FnMut() -> Result<(), JsValue>,
) -> Result<(), JsValue> {
    storage
        .unchecked_ref::<Transactions>()
        .transaction_sync(run)
}

/// Awaits a promise that a binding gave, or failed to give.
pub(crate) async fn settled(promise: Result<Promise, JsValue>) -> Result<JsValue, JsValue> {
    JsFuture::from(promise?).await
}

/// The bytes of an `ArrayBuffer` or a typed array.
pub(crate) fn bytes_of(value: &JsValue) -> Vec<u8> {
    Uint8Array::new(value).to_vec()
}

/// A JavaScript array of what an iterator gives.
pub(crate) fn array<T: Into<JsValue>>(items: impl IntoIterator<Item = T>) -> Array {
    items.into_iter().map(Into::into).collect()
}
