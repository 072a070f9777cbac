//! A person with a browser that runs no scripts: what is shown is a form, and they send it. It must not know what
//! is right; it follows the page.

use anyhow::{Context, Result, ensure};

use crate::http::{Answer, Ask};

const FORM: &str = "application/x-www-form-urlencoded";

/// Follows an invitation; gives the access code that is shown once.
///
/// # Errors
///
/// If the invitation is not good.
pub fn accept(link: &str) -> Result<String> {
    let shown = Ask::new("GET", link).send(b"")?;
    ensure!(shown.status == 200, "{}", shown.text());
    let (page, invitation) = link.split_once('?').context("a link without invitation")?;
    let given = post(page, invitation)?;
    let text = given.text();
    let code = text.split("id=\"access-code\">").nth(1);
    let code = code.and_then(|rest| rest.split('<').next());
    Ok(code.with_context(|| format!("no code: {text}"))?.to_owned())
}

/// Opens the page that a client sends a person to, types their access code, and agrees; gives the address where they
/// are sent then.
///
/// # Errors
///
/// If the page has no form, or sends nobody on.
pub fn agree(url: &str, access_code: &str) -> Result<String> {
    let shown = Ask::new("GET", url)
        .header("accept", "text/html")
        .send(b"")?;
    let page = shown.text();
    ensure!(shown.status == 200, "it is not shown: {page}");
    let form = page.split("<form method=\"post\" action=\"").nth(1);
    let action = form.and_then(|rest| rest.split('"').next());
    let action = action.with_context(|| format!("no form: {page}"))?;
    let target = format!("{}{}", origin(url)?, action.replace("&amp;", "&"));
    // An access code is of characters that need no escaping.
    let sent = post(
        &target,
        &format!("access_code={access_code}&decision=agree"),
    )?;
    let there = sent.header("location");
    ensure!(!there.is_empty(), "{}: {}", sent.status, sent.text());
    Ok(there.to_owned())
}

/// Sends a form, as a browser does from a page of the same origin.
fn post(url: &str, form: &str) -> Result<Answer> {
    Ask::new("POST", url)
        .header("content-type", FORM)
        .header("origin", origin(url)?)
        .send(form.as_bytes())
}

fn origin(url: &str) -> Result<&str> {
    let host = url.find("://").context("no URL")? + "://".len();
    let path = url.get(host..).and_then(|rest| rest.find('/'));
    let end = path.map_or(url.len(), |at| host + at);
    url.get(..end).context("no URL")
}
