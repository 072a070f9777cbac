//! Rows as earlier layouts have them, and how they are written in the next.

use serde::Deserialize;
use smcp_capability::turn::Table;
use smcp_ids::{ReleaseDigest, ServerSlug, UnixMillis};
use smcp_package::AdmissionRecord;

use super::{AUDIT, AuditRecord, ReleaseRecord, Row, ServerRecord, decode};
use crate::audit::Head;
use crate::release::Standing;
use crate::root::Plain;

/// A server, before it could have a canary.
#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
struct Server {
    server: ServerSlug,
    created: UnixMillis,
    live: Option<ReleaseDigest>,
    waiting: Option<ReleaseDigest>,
}

/// A release, before it could be approved.
#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
struct Release {
    server: ServerSlug,
    name: String,
    version: String,
    published: UnixMillis,
    size: u64,
    admission: AdmissionRecord,
    interfaces: Vec<String>,
    asks: String,
}

/// How far a chain has come, before calls could be in it.
#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
struct Audit {
    head: Head,
    keep_days: u32,
    signed_day: u64,
}

/// From layout 2 to 3: releases have a life. Whatever had been published was approved thereby; who did is not known, nor
/// what was live before.
pub(crate) fn gives_releases_a_life(rows: &mut [Plain]) -> Option<()> {
    for row in rows {
        let later = match row.table {
            Table::Servers => Row::Server(server(decode(&row.bytes)?)),
            Table::Releases => Row::Release(Box::new(release(decode(&row.bytes)?))),
            _ => continue,
        };
        row.bytes = later.encode()?;
    }
    Some(())
}

/// From layout 3 to 4: a tenant may have its calls written down. None has chosen that yet.
pub(crate) fn writes_down_no_calls(rows: &mut [Plain]) -> Option<()> {
    for row in rows {
        if row.table == Table::Object && row.key == AUDIT {
            let Audit {
                head,
                keep_days,
                signed_day,
            } = decode(&row.bytes)?;
            let later = AuditRecord {
                head,
                keep_days,
                signed_day,
                calls: false,
            };
            row.bytes = Row::Audit(later).encode()?;
        }
    }
    Some(())
}

fn server(row: Server) -> ServerRecord {
    ServerRecord {
        live: row.live,
        waiting: row.waiting,
        ..ServerRecord::new(row.server, row.created)
    }
}

fn release(row: Release) -> ReleaseRecord {
    ReleaseRecord {
        standing: Standing::published(String::new(), row.published),
        server: row.server,
        name: row.name,
        version: row.version,
        published: row.published,
        size: row.size,
        admission: row.admission,
        interfaces: row.interfaces,
        asks: row.asks,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use smcp_ids::{Digest, Fuel};
    use smcp_package::CallLimits;

    use super::*;

    fn digest(of: u8) -> ReleaseDigest {
        ReleaseDigest::new([of; 32])
    }

    fn stepped(table: Table, bytes: Vec<u8>) -> Option<Vec<u8>> {
        let mut rows = [Plain {
            table,
            key: "notes".to_owned(),
            bytes,
        }];
        gives_releases_a_life(&mut rows)?;
        let [row] = rows;
        Some(row.bytes)
    }

    #[test]
    fn a_server_answers_with_what_it_did_and_has_no_canary() {
        for (live, waiting) in [
            (None, None),
            (Some(digest(1)), None),
            (Some(digest(1)), Some(digest(2))),
        ] {
            let earlier = Server {
                server: "notes".parse().unwrap(),
                created: UnixMillis(7),
                live,
                waiting,
            };
            let bytes = postcard::to_allocvec(&earlier).unwrap();
            let later = stepped(Table::Servers, bytes).unwrap();
            let row: ServerRecord = decode(&later).unwrap();
            let expected = ServerRecord {
                live,
                waiting,
                ..ServerRecord::new("notes".parse().unwrap(), UnixMillis(7))
            };
            assert_eq!(row, expected);
            assert_eq!(
                stepped(Table::Servers, later),
                None,
                "it is of this layout already"
            );
        }
    }

    #[test]
    fn a_release_was_approved_when_it_was_published() {
        let earlier = Release {
            server: "notes".parse().unwrap(),
            name: "notes".to_owned(),
            version: "1.0.0".to_owned(),
            published: UnixMillis(9),
            size: 3,
            admission: AdmissionRecord {
                release: digest(1),
                policy: Digest::new([2; 32]),
                admitted_by: "1".to_owned(),
                signers: Vec::new(),
                limits: CallLimits {
                    memory: 1,
                    fuel: Fuel(2),
                    deadline_millis: 3,
                    output: 4,
                },
            },
            interfaces: vec!["kv".to_owned()],
            asks: "{}".to_owned(),
        };
        let bytes = postcard::to_allocvec(&earlier).unwrap();
        let later = stepped(Table::Releases, bytes).unwrap();
        let row: ReleaseRecord = decode(&later).unwrap();
        assert_eq!(
            row.standing,
            Standing::published(String::new(), UnixMillis(9))
        );
        assert_eq!((row.size, &*row.interfaces), (3, &["kv".to_owned()][..]));
        assert_eq!(
            stepped(Table::Releases, later),
            None,
            "it is of this layout already"
        );
    }
}
