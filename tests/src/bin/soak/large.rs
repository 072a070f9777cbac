//! A large tenant that is served while it is sealed again and exported, and many tenants that do nothing.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use smcp_tests::admin::Admin;
use smcp_tests::guests;
use smcp_tests::http::{Ask, tool_call};
use smcp_tests::mortal::Mortal;
use smcp_tests::moved::Moved;
use smcp_xtask::dev::Running;

use smcp_tests::chore::workerd_memory;

const GREET: &str = include_str!("../../../guests/greet.wat");
const TENANT: &str = "large";
/// Pairs that are brought in one request.
const BROUGHT_AT_ONCE: usize = 500;
/// Releases of one server: as many as it may have.
const RELEASES_EACH: usize = 100;
/// How long calls are measured while nothing else is done.
const QUIET: Duration = Duration::from_secs(3);

/// How much there is of everything.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pairs: usize,
    releases: usize,
    tenants: usize,
}

impl Size {
    /// As much as is promised.
    pub(crate) const WHOLE: Self = Self {
        pairs: 100_000,
        releases: 1_000,
        tenants: 1_000,
    };
    /// So much that it takes a quarter of a minute.
    pub(crate) const QUICK: Self = Self {
        pairs: 3_000,
        releases: 10,
        tenants: 20,
    };
}

/// Does all of it, and says how it went.
pub(crate) fn run(size: Size) -> Result<()> {
    large(size).context("a large tenant")?;
    many(size.tenants).context("many tenants")
}

fn admin(running: &Running) -> Admin {
    Admin::new(running.url(), running.admin_token())
}

/// Asks for something that must be answered so.
fn asked(admin: &Admin, method: &str, path: &str, body: &Value, status: u16) -> Result<Value> {
    let answer = admin.send(method, path, body)?;
    ensure!(
        answer.status == status,
        "{method} {path}: {}",
        answer.text()
    );
    answer.json()
}

fn large(size: Size) -> Result<()> {
    let mortal = Mortal::new()?;
    let running = mortal.start_bare()?;
    let key = fill(&admin(&running), size)?;
    println!(
        "a tenant with {} pairs and {} releases",
        size.pairs, size.releases
    );
    drop(running);
    // Another master key, which is current from here on.
    let keys = std::fs::read_to_string(mortal.master_keys())?;
    std::fs::write(
        mortal.master_keys(),
        format!("{keys},2:{}", "5c".repeat(32)),
    )?;
    let running = mortal.start_bare()?;
    let admin = admin(&running);
    let began = Instant::now();
    call(&admin, &key)?;
    println!(
        "  its first call, from cold: {} ms",
        began.elapsed().as_millis()
    );
    let quiet = measured(&admin, &key, || {
        thread::sleep(QUIET);
        Ok(())
    })?;
    println!("  calls, while nothing else is done: {quiet}");
    let path = format!("/tenants/{TENANT}/rotation");
    let began = Instant::now();
    let rotating = measured(&admin, &key, || {
        asked(&admin, "POST", &path, &Value::Null, 202)?;
        loop {
            let shown = admin.get(&path)?.json()?;
            if shown["state"] == "done" {
                ensure!(
                    shown["items"].as_u64() >= Some(size.pairs as u64),
                    "{shown}"
                );
                return Ok(());
            }
            ensure!(shown["state"] == "running", "{shown}");
            thread::sleep(Duration::from_millis(50));
        }
    })?;
    println!(
        "  sealed again in {} ms; calls meanwhile: {rotating}",
        began.elapsed().as_millis()
    );
    let began = Instant::now();
    let (mut bytes, mut pairs) = (0, 0);
    let exporting = measured(&admin, &key, || {
        let mut path = format!("/tenants/{TENANT}/export");
        loop {
            let answer = admin.get(&path)?;
            ensure!(answer.status == 200, "{}", answer.text());
            bytes += answer.body.len();
            let page = answer.json()?;
            let items = page["items"].as_array().context("no items")?;
            pairs += items
                .iter()
                .filter(|item| item["account"] == "kv/guest-0/")
                .count();
            match page["next"].as_str() {
                Some(next) => path = format!("/tenants/{TENANT}/export?after={next}"),
                None => return Ok(()),
            }
        }
    })?;
    ensure!(pairs == size.pairs, "{pairs} pairs were exported");
    println!(
        "  exported in {} ms, {} MiB; calls meanwhile: {exporting}",
        began.elapsed().as_millis(),
        bytes >> 20
    );
    Ok(())
}

/// A tenant with so many releases, then all of it again with so many pairs beside them; a key of it.
fn fill(admin: &Admin, size: Size) -> Result<String> {
    let key = admin.tenant(TENANT)?;
    for number in 0..size.releases {
        let server = format!("guest-{}", number / RELEASES_EACH);
        let package = guests::package(GREET, &format!("1.0.{number}"))?;
        let answer = admin.publish(TENANT, &server, &package)?;
        ensure!(answer.status == 201, "{}", answer.text());
    }
    let mut all = Moved::of(admin, TENANT)?;
    let gone = admin.ask("DELETE", &format!("/tenants/{TENANT}?grace_days=0"));
    let gone = gone.send(b"")?;
    ensure!(gone.status == 200, "{}", gone.text());
    let layout = all.pages.last().map(|page| page["layout"].clone());
    for from in (0..size.pairs).step_by(BROUGHT_AT_ONCE) {
        let to = size.pairs.min(from + BROUGHT_AT_ONCE);
        let pair = |number: usize| {
            json!({
                "space": "kv/guest-0/server", "key": format!("key-{number:06}"), "account": "kv/guest-0/",
                "value": "c2l4dHktZm91ciBieXRlcyBvciBzbyBvZiB3aGF0IGEgc2VydmVyIG1heSBrZWVwIG9mIG9uZSB0aGluZw==",
            })
        };
        let items: Vec<_> = (from..to).map(pair).collect();
        let page = json!({"layout": layout, "items": items});
        all.pages.push(page);
    }
    all.bring(admin, TENANT)?;
    Ok(key)
}

/// One call; how long it took.
fn call(admin: &Admin, key: &str) -> Result<Duration> {
    call_of(admin, TENANT, "guest-0", key)
}

fn call_of(admin: &Admin, tenant: &str, server: &str, key: &str) -> Result<Duration> {
    let began = Instant::now();
    let answer = Ask::new("POST", &format!("{}/t/{tenant}/{server}/mcp", admin.url()))
        .header("authorization", &format!("Bearer {key}"))
        .header("content-type", "application/json")
        .header("accept", "application/json")
        .send(tool_call("greet", &json!({})).to_string().as_bytes())?;
    ensure!(answer.text().contains("hello"), "{}", answer.text());
    Ok(began.elapsed())
}

/// How long calls take, one after the other, while something is done.
fn measured(admin: &Admin, key: &str, work: impl FnOnce() -> Result<()>) -> Result<String> {
    let is_over = AtomicBool::new(false);
    let mut times = thread::scope(|scope| {
        let calls = scope.spawn(|| {
            let mut times = Vec::new();
            while !is_over.load(Ordering::SeqCst) {
                times.push(call(admin, key)?);
                thread::sleep(Duration::from_millis(2));
            }
            Ok::<_, anyhow::Error>(times)
        });
        let done = work();
        is_over.store(true, Ordering::SeqCst);
        let times = calls.join();
        done?;
        times.map_err(|_| anyhow::anyhow!("the caller panicked"))?
    })?;
    Ok(format!("{}, {} calls", spread(&mut times), times.len()))
}

/// The middle of some times, and what all but a hundredth stay below.
fn spread(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at = |part: usize| {
        let place = (times.len() * part / 100).min(times.len().saturating_sub(1));
        times.get(place).copied().unwrap_or_default().as_micros() as f64 / 1000.0
    };
    format!("p50 {:.2} ms, p99 {:.2} ms", at(50), at(99))
}

/// Many tenants of one server each: what an idle one takes, and how long its first call.
fn many(tenants: usize) -> Result<()> {
    let mortal = Mortal::new()?;
    let running = mortal.start_bare()?;
    let at = admin(&running);
    let package = guests::package(GREET, "1.0.0")?;
    let mut keys = Vec::new();
    for number in 0..tenants {
        let name = format!("tenant-{number}");
        keys.push((name.clone(), at.tenant(&name)?));
        let answer = at.publish(&name, "guest", &package)?;
        ensure!(answer.status == 201, "{}", answer.text());
    }
    drop(running);
    let running = mortal.start_bare()?;
    let at = admin(&running);
    // Whatever the first call of an isolate takes is not a tenant's.
    let (first, rest) = keys.split_first().context("no tenants")?;
    call_of(&at, &first.0, "guest", &first.1)?;
    let before = workerd_memory(running.pid())?;
    let mut times = Vec::new();
    for (name, key) in rest {
        times.push(call_of(&at, name, "guest", key)?);
    }
    let after = workerd_memory(running.pid())?;
    println!(
        "{tenants} tenants in one workerd: {} KiB each while awake and idle; the first call of a cold one {}",
        after.saturating_sub(before) / rest.len().max(1) as u64,
        spread(&mut times)
    );
    Ok(())
}
