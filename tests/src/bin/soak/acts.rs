//! The things that are done at random, each with what must come of it.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use smcp_tests::admin::Admin;
use smcp_tests::http::{Answer, Ask, tool_call};

use crate::answers::{code, message, shown};
use crate::random::Rng;
use crate::world::{HOSTILE, Key, Tenant, WITH_ENEMIES, World, stamp};

const MODERN: &str = "2026-07-28";
/// The most releases and keys that are made, well under what a tenant may have.
const STAMPS: u32 = 90;
const KEYS: usize = 400;

type Act = fn(&World, &Tenant, &mut Rng) -> Result<()>;

/// What is done, and how often, in parts of their sum.
const ACTS: [(usize, &str, Act); 13] = [
    (30, "echoes", echo),
    (20, "stamps", stamps),
    (14, "garbage", garbage),
    (14, "damaged messages", damaged_message),
    (6, "odd headers", odd_headers),
    (6, "hostile guests", hostile),
    (6, "resets", reset),
    (4, "damaged packages", damaged_package),
    (3, "uses of made keys", use_key),
    (3, "keys made", make_key),
    (2, "keys revoked", revoke_key),
    (2, "releases", release),
    (1, "tenants made and deleted", come_and_go),
];

/// Does one thing.
pub(crate) fn act(world: &World, rng: &mut Rng) -> Result<()> {
    let sum = ACTS.iter().map(|(parts, ..)| parts).sum();
    let mut at = rng.below(sum);
    let tenant = rng.pick(&world.tenants).context("no tenants")?;
    for (parts, name, act) in ACTS {
        if at < parts {
            act(world, tenant, rng).with_context(|| format!("{name}, {}", tenant.name))?;
            world.count(name);
            break;
        }
        at -= parts;
    }
    Ok(())
}

/// A request to a server of a tenant.
fn mcp(admin: &Admin, tenant: &str, server: &str, key: &str) -> Ask {
    Ask::new("POST", &format!("{}/t/{tenant}/{server}/mcp", admin.url()))
        .header("authorization", &format!("Bearer {key}"))
        .header("content-type", "application/json")
        .header("accept", "application/json")
}

/// A call in either era, answered as JSON or as a stream. Told to come again, it does.
fn call(
    world: &World,
    at: (&str, &str, &str),
    tool: &str,
    arguments: &Value,
    rng: &mut Rng,
) -> Result<Option<Answer>> {
    let (tenant, server, key) = at;
    let (modern, stream, escaped) = (rng.chance(50), rng.chance(30), rng.chance(30));
    let mut body = tool_call(tool, arguments);
    if modern {
        body["params"]["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": MODERN,
            "io.modelcontextprotocol/clientInfo": { "name": "soak", "version": "1.0.0" },
            "io.modelcontextprotocol/clientCapabilities": {},
        });
    }
    let text = body.to_string();
    let text = if escaped { escape(&text) } else { text };
    for _ in 0..10 {
        let answer = world.ask(|admin| {
            let mut ask = mcp(admin, tenant, server, key);
            if modern {
                ask = ask
                    .header("mcp-protocol-version", MODERN)
                    .header("mcp-method", "tools/call")
                    .header("mcp-name", tool);
            }
            if stream {
                ask = ask.header("accept", "application/json, text/event-stream");
            }
            ask.send(text.as_bytes())
        })?;
        match answer {
            Some(answer) if answer.status == 429 => thread::sleep(Duration::from_secs(1)),
            answer => return Ok(answer),
        }
    }
    anyhow::bail!("told ten times to come again")
}

/// The same JSON with every character outside ASCII as escapes.
fn escape(json: &str) -> String {
    let mut escaped = String::new();
    for character in json.chars() {
        if character.is_ascii() {
            escaped.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    escaped
}

/// The text of a result that went well.
fn text_of(answer: &Answer) -> Result<String> {
    let message = message(answer)?;
    let text = message["result"]["content"][0]["text"].as_str();
    let fine = answer.status == 200 && message["result"]["isError"] != json!(true);
    text.filter(|_| fine)
        .map(str::to_owned)
        .with_context(|| format!("no result: {}", shown(answer)))
}

/// A text comes back exactly, whatever is in it.
pub(crate) fn echo(world: &World, tenant: &Tenant, rng: &mut Rng) -> Result<()> {
    let text = rng.text();
    let at = (tenant.name.as_str(), "echo", tenant.key.as_str());
    if let Some(answer) = call(world, at, "echo", &json!({ "text": text }), rng)? {
        let back = text_of(&answer)?;
        ensure!(back == text, "{text:?} came back as {back:?}");
    }
    Ok(())
}

/// A server answers as the release that is live: none older than was acknowledged before the call.
pub(crate) fn stamps(world: &World, tenant: &Tenant, rng: &mut Rng) -> Result<()> {
    stamps_with(world, tenant, &tenant.key, rng)
}

fn stamps_with(world: &World, tenant: &Tenant, key: &str, rng: &mut Rng) -> Result<()> {
    let least = tenant.least.load(Ordering::SeqCst);
    let at = (tenant.name.as_str(), "stamp", key);
    if let Some(answer) = call(world, at, "greet", &json!({}), rng)? {
        let number: u32 = text_of(&answer)?.parse()?;
        let most = tenant.most.load(Ordering::SeqCst);
        ensure!(
            (least..=most).contains(&number),
            "release {number} answered, not {least} to {most}"
        );
    }
    Ok(())
}

fn garbage(world: &World, tenant: &Tenant, rng: &mut Rng) -> Result<()> {
    let len = match rng.below(10) {
        0 => 0,
        1 => rng.below(100_000),
        _ => rng.below(200),
    };
    let body = rng.bytes(len);
    let answer = world.ask(|admin| mcp(admin, &tenant.name, "stamp", &tenant.key).send(&body))?;
    let refused = answer.is_none_or(|answer| answer.status >= 400);
    ensure!(refused, "{body:?} was taken");
    Ok(())
}

/// Valid messages of both eras, to be damaged.
const MESSAGES: [&str; 6] = [
    r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"greet","arguments":{"a":[1,2.5e3,"\u00e9",null,true]}}}"#,
    r#"{"jsonrpc":"2.0","id":"x","method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"a","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}}}"#,
    r#"{"jsonrpc":"2.0","id":2,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"a","version":"1"}}}"#,
    r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
    r#"{"jsonrpc":"2.0","id":-3,"method":"ping"}"#,
    r#"[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"result":{}}]"#,
];

fn damaged_message(world: &World, tenant: &Tenant, rng: &mut Rng) -> Result<()> {
    let message = rng.pick(&MESSAGES).copied().unwrap_or_default();
    let body = rng.damaged(message.as_bytes());
    let sent = || String::from_utf8_lossy(&body).into_owned();
    // Some are valid still: any answer that is in order will do.
    world
        .ask(|admin| mcp(admin, &tenant.name, "stamp", &tenant.key).send(&body))
        .with_context(sent)?;
    // Nor may the admin API be confused; what it makes of it is a key at the most.
    if rng.chance(20) {
        let body = rng.damaged(br#"{"name":"odd","scopes":"mcp/stamp","expires_in_days":1}"#);
        let path = format!("/tenants/{}/keys", tenant.name);
        world.ask(|admin| admin.ask("POST", &path).send(&body))?;
    }
    Ok(())
}

fn odd_headers(world: &World, tenant: &Tenant, rng: &mut Rng) -> Result<()> {
    let len = rng.below(60);
    let odd: String = (0..len)
        .map(|_| char::from(33 + u8::try_from(rng.below(94)).unwrap_or_default()))
        .collect();
    let names = [
        "authorization",
        "content-type",
        "accept",
        "origin",
        "mcp-protocol-version",
        "mcp-method",
        "mcp-name",
        "mcp-session-id",
        "last-event-id",
    ];
    let name = rng.pick(&names).copied().unwrap_or_default();
    let odd_path = rng.chance(20);
    let body = rng.pick(&MESSAGES).copied().unwrap_or_default();
    let answer = world.ask(|admin| {
        let mut ask = mcp(admin, &tenant.name, "stamp", &tenant.key).header(name, &odd);
        if odd_path {
            let safe: String = odd.chars().filter(char::is_ascii_alphanumeric).collect();
            ask = ask.to(&format!("{}/t/{}/{safe}/mcp", admin.url(), tenant.name));
        }
        ask.send(body.as_bytes())
    })?;
    if let Some(answer) = answer.filter(|_| name == "authorization" && !odd_path) {
        ensure!(answer.status == 401, "{odd:?}: {}", shown(&answer));
    }
    Ok(())
}

fn hostile(world: &World, _: &Tenant, rng: &mut Rng) -> Result<()> {
    let tenants = world.tenants.get(..WITH_ENEMIES).unwrap_or_default();
    let tenant = rng.pick(tenants).context("no hostile tenants")?;
    let many = HOSTILE.len() - usize::from(!rng.chance(20));
    let chosen = HOSTILE.get(rng.below(many));
    let (server, _, _, expected) = chosen.context("no hostile servers")?;
    let at = (tenant.name.as_str(), *server, tenant.key.as_str());
    if let Some(answer) = call(world, at, "act", &json!({}), rng)? {
        let message = message(&answer)?;
        let code = code(&message);
        // On a machine that is kept busy by others, its time may end before its fuel.
        let late = *server == "loops" && code == Some("guest_deadline");
        ensure!(
            code == Some(expected) || late,
            "{}/{server}: {}",
            tenant.name,
            shown(&answer)
        );
    }
    Ok(())
}

/// A client that goes away in the middle: nobody must notice, so nothing is looked at here.
fn reset(world: &World, tenant: &Tenant, rng: &mut Rng) -> Result<()> {
    let patience = Duration::from_millis(1 + rng.below(120) as u64);
    let body = tool_call("nap", &json!({})).to_string();
    world.with(|admin| {
        let gone = mcp(admin, &tenant.name, "nap", &tenant.key)
            .header("accept", "application/json, text/event-stream")
            .within(patience)
            .send(body.as_bytes());
        ensure!(
            gone.is_err() || gone.is_ok_and(|answer| answer.status == 429),
            "a nap of a second and a half took less than {patience:?}"
        );
        Ok(())
    })?;
    Ok(())
}

/// No package that differs from what was signed is taken, and what is live stays so.
fn damaged_package(world: &World, tenant: &Tenant, rng: &mut Rng) -> Result<()> {
    let package = rng.damaged(&stamp(99_999)?);
    let answer = world.ask(|admin| admin.publish(&tenant.name, "stamp", &package))?;
    if let Some(answer) = answer {
        ensure!(
            matches!(answer.status, 400 | 413 | 422),
            "{}",
            shown(&answer)
        );
    }
    Ok(())
}

fn make_key(world: &World, tenant: &Tenant, _: &mut Rng) -> Result<()> {
    let mut model = tenant.model();
    if model.keys.len() >= KEYS {
        return Ok(());
    }
    let path = format!("/tenants/{}/keys", tenant.name);
    let answer = world.ask(|admin| admin.send("POST", &path, &json!({ "name": "soak" })))?;
    let Some(answer) = answer.filter(|answer| answer.status != 409) else {
        return Ok(());
    };
    ensure!(answer.status == 201, "{}", shown(&answer));
    let made = answer.json()?;
    let text = |name: &str| made[name].as_str().map(str::to_owned);
    model.keys.push(Key {
        id: text("id").context("no id")?,
        text: text("key").context("no key")?,
        revoked: Some(false),
    });
    Ok(())
}

fn revoke_key(world: &World, tenant: &Tenant, rng: &mut Rng) -> Result<()> {
    let mut model = tenant.model();
    let at = rng.below(model.keys.len());
    let Some(key) = model.keys.get_mut(at) else {
        return Ok(());
    };
    let path = format!("/tenants/{}/keys/{}", tenant.name, key.id);
    key.revoked = match world.ask(|admin| admin.ask("DELETE", &path).send(b""))? {
        Some(answer) => {
            ensure!(answer.status == 200, "{}", shown(&answer));
            Some(true)
        }
        // It may be revoked now; if it was before, it still is.
        None => key.revoked.filter(|&revoked| revoked),
    };
    Ok(())
}

/// A key opens until it is revoked, and never after.
fn use_key(world: &World, tenant: &Tenant, rng: &mut Rng) -> Result<()> {
    let model = tenant.model();
    let Some(key) = rng.pick(&model.keys) else {
        return Ok(());
    };
    match key.revoked {
        Some(false) => stamps_with(world, tenant, &key.text, rng),
        Some(true) => {
            let at = (tenant.name.as_str(), "stamp", key.text.as_str());
            let answer = call(world, at, "greet", &json!({}), rng)?;
            let refused = answer.is_none_or(|answer| answer.status == 401);
            ensure!(refused, "a revoked key opens");
            Ok(())
        }
        None => Ok(()),
    }
}

/// The next release of `stamp`, while calls of it run.
fn release(world: &World, tenant: &Tenant, _: &mut Rng) -> Result<()> {
    let mut model = tenant.model();
    let number = tenant.most.load(Ordering::SeqCst) + 1;
    if number > STAMPS {
        return Ok(());
    }
    let package = stamp(number)?;
    tenant.most.store(number, Ordering::SeqCst);
    let answer = world.ask(|admin| admin.publish(&tenant.name, "stamp", &package))?;
    if let Some(answer) = answer {
        ensure!(answer.status == 201, "{}", shown(&answer));
        tenant.least.store(number, Ordering::SeqCst);
        model.stamps.push(number);
    }
    Ok(())
}

/// A tenant comes, works, and goes; then its key opens nothing.
fn come_and_go(world: &World, _: &Tenant, rng: &mut Rng) -> Result<()> {
    let name = format!("brief-{}-{}", rng.below(1 << 30), rng.below(1 << 20));
    let package = stamp(1)?;
    world.with(|admin| {
        let key = admin.tenant(&name)?;
        let published = admin.publish(&name, "stamp", &package)?;
        ensure!(published.status == 201, "{}", shown(&published));
        let greet = || {
            let body = tool_call("greet", &json!({})).to_string();
            mcp(admin, &name, "stamp", &key).send(body.as_bytes())
        };
        let answer = greet()?;
        ensure!(text_of(&answer)? == "00001", "{}", shown(&answer));
        let deleted = admin
            .ask("DELETE", &format!("/tenants/{name}?grace_days=0"))
            .send(b"")?;
        ensure!(deleted.status == 200, "{}", shown(&deleted));
        let answer = greet()?;
        ensure!(
            matches!(answer.status, 401 | 404),
            "after the end: {}",
            shown(&answer)
        );
        Ok(())
    })?;
    Ok(())
}
