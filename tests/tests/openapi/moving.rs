//! The life of a tenant, as the document says it.

use serde_json::{Value, json};

use super::{Inquiry, TENANT};

/// Suspended and resumed; sealed again; deleted and restored; exported, and brought back from what was exported.
pub(super) fn moves(inquiry: &mut Inquiry) {
    inquiry.ask("PUT", "/suspension", json!({"reason": "a test"}), 200);
    inquiry.ask("PUT", "/suspension", json!({}), 400);
    inquiry.ask("PUT", "/suspension", json!({"reason": "\u{7}"}), 400);
    inquiry.ask("DELETE", "/suspension", Value::Null, 200);
    for path in ["/rotation", "^/rotation"] {
        inquiry.ask("GET", path, Value::Null, 200);
        inquiry.ask("POST", path, Value::Null, 202);
    }
    inquiry.ask("POST", "/import", json!({"layout": 1}), 409);
    inquiry.ask("POST", "/import/end", json!({"rows": 1}), 409);
    let pages = export(inquiry);
    let modules = pages.last().unwrap()["modules"].as_array().unwrap().clone();
    let modules = modules.iter().map(|release| release.as_str().unwrap());
    let modules: Vec<_> = modules
        .map(|release| {
            let package = inquiry.take("GET", &format!("/export/{release}"), 200);
            (format!("/import/{release}"), package)
        })
        .collect();
    inquiry.ask_bytes("PUT", &modules[0].0, &modules[0].1, 409);

    inquiry.ask("DELETE", "?grace_days=x", Value::Null, 400);
    inquiry.ask("DELETE", "", Value::Null, 202);
    inquiry.ask("PUT", "", Value::Null, 200);
    inquiry.ask("DELETE", "?grace_days=0", Value::Null, 200);
    let made = json!({"tenant": TENANT, "import": true});
    inquiry.ask("POST", "^/tenants", made, 201);
    import(inquiry, &pages, &modules);
}

fn export(inquiry: &mut Inquiry) -> Vec<Value> {
    inquiry.ask("GET", "/export?after=x", Value::Null, 400);
    let mut pages = vec![inquiry.ask("GET", "/export", Value::Null, 200)];
    while let Some(next) = pages.last().unwrap()["next"].as_str() {
        let path = format!("/export?after={next}");
        pages.push(inquiry.ask("GET", &path, Value::Null, 200));
    }
    pages
}

fn import(inquiry: &mut Inquiry, pages: &[Value], modules: &[(String, Vec<u8>)]) {
    inquiry.ask_bytes("PUT", &modules[0].0, b"no package", 422);
    inquiry.ask_bytes("PUT", "/import/nothing", &modules[0].1, 400);
    for (path, package) in modules {
        inquiry.ask_bytes("PUT", path, package, 200);
    }
    inquiry.ask("POST", "/import", json!({}), 400);
    inquiry.ask("POST", "/import", json!({"layout": 9_999}), 422);
    for page in pages {
        let page = json!({"layout": page["layout"], "items": page["items"], "rows": page["rows"]});
        inquiry.ask("POST", "/import", page, 200);
    }
    let rows = pages.last().unwrap()["rows"].as_array().unwrap().len();
    inquiry.ask("POST", "/import/end", json!({}), 400);
    inquiry.ask("POST", "/import/end", json!({"rows": rows + 1}), 409);
    inquiry.ask("POST", "/import/end", json!({ "rows": rows }), 200);
}
