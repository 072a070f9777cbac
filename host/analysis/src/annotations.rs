//! Whether what tools say of themselves can be true of a module that imports what it does.
//!
//! Imports are a module's, annotations a tool's. So that a tool which says that it only reads does write cannot be seen
//! here: another may be the one that writes. If all of them say so, somebody is wrong.

use serde_json::Value;
use smcp_capability::contract::KV;
use smcp_package::Asks;

use crate::abilities::{has, imports};
use crate::code::Code;
use crate::finding::Findings;

/// A hint that a module may belie.
struct Claim {
    hint: &'static str,
    /// What it must say for that.
    says: bool,
    /// What a tool means that does not say anything.
    silent: bool,
    /// What the module can do that the hint denies.
    belied_by: Option<&'static str>,
}

/// Holds the annotations of all tools against what the module imports and asks for.
pub(crate) fn look(tools: &[Value], module: &[String], asks: &Asks, findings: &mut Findings) {
    let writes = has(module, "kv_write");
    let deletes = imports(module, KV, "delete") || imports(module, KV, "swap");
    let http = has(module, "http");
    let sends = http
        && asks
            .http()
            .iter()
            .any(|grant| grant.methods.iter().any(|method| !method.is_safe()));
    let writes_or_sends = match (writes, sends) {
        (true, _) => Some("store data"),
        (_, true) => Some("change what other hosts have"),
        _ => None,
    };
    let claims = [
        Claim {
            hint: "readOnlyHint",
            says: true,
            silent: false,
            belied_by: writes_or_sends,
        },
        Claim {
            hint: "openWorldHint",
            says: false,
            silent: true,
            belied_by: http.then_some("send requests to other hosts"),
        },
        Claim {
            hint: "destructiveHint",
            says: false,
            silent: true,
            belied_by: deletes.then_some("remove or replace what is stored"),
        },
    ];
    for claim in claims {
        if let Some(can) = claim.belied_by {
            hold(&claim, can, tools, findings);
        }
    }
}

/// Whether all tools make a claim, or only some.
fn hold(claim: &Claim, can: &str, tools: &[Value], findings: &mut Findings) {
    // Of a tool that only reads, whether it destroys is not asked (server/tools, `ToolAnnotations`).
    let counts =
        |tool: &&Value| claim.hint != "destructiveHint" || !hint(tool, "readOnlyHint", false);
    let claims = |tool: &&Value| hint(tool, claim.hint, claim.silent) == claim.says;
    let counted: Vec<&Value> = tools.iter().filter(counts).collect();
    let claiming: Vec<&&Value> = counted.iter().filter(|tool| claims(tool)).collect();
    let is_all = claiming.len() == counted.len();
    for tool in claiming {
        let name = crate::texts::key(tool);
        let place = format!("tools/{name}/annotations/{}", claim.hint);
        let (hint, says) = (claim.hint, claim.says);
        if is_all {
            let says = format!("every tool says {hint}: {says}, and the module can {can}");
            findings.add(Code::AnnotationContradicts, &place, says);
        } else {
            let says =
                format!("it says {hint}: {says}; the module can {can}, perhaps for another tool");
            findings.add(Code::AnnotationUnproven, &place, says);
        }
    }
}

fn hint(tool: &Value, name: &str, silent: bool) -> bool {
    let hint = tool.get("annotations").and_then(|all| all.get(name));
    hint.and_then(Value::as_bool).unwrap_or(silent)
}
