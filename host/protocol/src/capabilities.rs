//! What a server declares that it can do, in each version. Knows nothing of what its client can.

use crate::catalogue::Offer;
use crate::json::push_member;
use crate::task::{TASKS_CAPABILITY, TASKS_EXTENSION};
use crate::version::Version;

/// What the server declares. A capability is there if the catalogue has it; logging is the host's
/// own (server/utilities/logging, "Capabilities"): modern clients ask for it with each request, legacy
/// ones for their session. Of changes both are told on streams, by a subscription or in a session.
pub(crate) fn capabilities(version: Version, offer: &Offer<'_>) -> String {
    let changes = r#"{"listChanged":true}"#;
    let resources = r#"{"subscribe":true,"listChanged":true}"#;
    let mut out = String::from("{");
    let declared = [
        ("completions", offer.completions, "{}"),
        ("logging", true, "{}"),
        ("prompts", offer.prompts, changes),
        ("resources", offer.resources, resources),
        ("tools", offer.tools, changes),
    ];
    for (name, _, value) in declared.into_iter().filter(|(_, declared, _)| *declared) {
        push_member(&mut out, name, value);
    }
    match version {
        // 2026-07-28, extensions/tasks: there is nothing to say of it but that it is there.
        Version::V2026_07_28 if offer.tasks => {
            push_member(&mut out, "extensions", "{");
            push_member(&mut out, TASKS_EXTENSION, "{}");
            out.push('}');
        }
        // 2025-11-25, basic/utilities/tasks, "Server Capabilities". Before, there were none.
        Version::V2025_11_25 if offer.tasks => push_member(&mut out, "tasks", TASKS_CAPABILITY),
        _ => {}
    }
    out.push('}');
    out
}
