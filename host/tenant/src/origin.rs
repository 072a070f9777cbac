//! Where a call comes from, as its client says in `_meta`.

use smcp_capability::call::Origin;
use smcp_ids::limits;
use smcp_protocol::Meta;
use smcp_protocol::json::Json;

/// What a request's `_meta` says of its origin. Texts are cut, since a tape holds them.
pub fn of(meta: &Meta<'_>) -> Origin {
    let of_client = |name| {
        let value = meta.client_info.and_then(|info| info.get(name));
        value.and_then(Json::as_str).map(|text| cut(&text))
    };
    Origin {
        client: of_client("name"),
        version: of_client("version"),
        trace_parent: meta.trace.parent.as_deref().map(cut),
        trace_state: meta.trace.state.as_deref().map(cut),
    }
}

/// A text as a tape holds it.
pub(crate) fn cut(text: &str) -> String {
    let end = text.floor_char_boundary(limits::ORIGIN_TEXT_MAX);
    text.get(..end).unwrap_or_default().to_owned()
}
