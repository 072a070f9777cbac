//! All of a tenant, page by page, while it serves; and back into one that was made to take it.
//!
//! Pages of items come first, then what has changed since, until so little has changed that it fits into one page: that
//! one and all rows are read in one step. So what was exported is the tenant at that moment, though it was never stopped.
//! Values leave in the clear, within TLS; the command seals them before they reach a disk ([`docs/archive.md`] has the
//! bytes). The object's own secret stays.
//!
//! [`docs/archive.md`]: https://github.com/smcp-dev/smcp/blob/main/docs/archive.md

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use smcp_capability::items::{PageOf, Place, Write};
use smcp_capability::turn::{Effect, Frame, Performed, Reply, Table};
use smcp_ids::{ReleaseDigest, UnixMillis, limits};

use super::releases::module_reply;
use super::{body, parameter, parse, public};
use crate::item;
use crate::life::LifeRecord;
use crate::problem::{Problem, json};
use crate::record::{Change, Row};
use crate::root::{self, LAYOUT, Plain};
use crate::state::Scene;

/// A part of a tenant.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    /// The layout of the rows.
    layout: u32,
    #[serde(default)]
    items: Vec<ExportedItem>,
    /// All rows, on the last page.
    #[serde(default)]
    rows: Vec<ExportedRow>,
    /// The releases whose modules there are, on the last page.
    #[serde(default)]
    modules: Vec<String>,
    /// Where the next page starts: send it as `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExportedItem {
    space: String,
    key: String,
    account: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<UnixMillis>,
    /// In base64; none if it was removed after an earlier page had it.
    value: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExportedRow {
    table: Table,
    key: String,
    /// In base64, as the layout encodes it.
    value: String,
}

/// Where a page starts.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Cursor {
    after: Option<Place>,
    /// Only what was changed by a later commit.
    since: u64,
    /// The last commit when this pass began.
    until: u64,
    passes: u32,
}

impl Cursor {
    fn read(text: Option<&str>) -> Result<Self, Problem> {
        let Some(text) = text else {
            return Ok(Self::default());
        };
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok();
        let cursor = bytes.and_then(|bytes| postcard::from_bytes(&bytes).ok());
        cursor.ok_or_else(|| {
            Problem::invalid("invalid_parameter", "after is of no page of an export")
        })
    }

    fn write(&self) -> Result<String, Problem> {
        let bytes = postcard::to_allocvec(self).map_err(|_| Problem::host())?;
        Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }

    fn begins_pass(&self) -> bool {
        self.after.is_none()
    }
}

pub(super) async fn export(scene: &Scene, query: &str) -> Result<Reply, Problem> {
    let mut cursor = Cursor::read(parameter(query, "after"))?;
    let effect = Effect::ReadSealed(PageOf {
        after: cursor.after.clone(),
        since: cursor.since,
        bytes: limits::EXPORT_PAGE_BYTES,
        items: limits::EXPORT_PAGE_ITEMS,
    });
    let Performed::Sealed(sealed) = scene.outside.perform(effect).await else {
        return Err(Problem::host());
    };
    let is_first_pass = cursor.since == 0 && cursor.passes == 0;
    if cursor.begins_pass() {
        cursor.until = sealed.commit;
    }
    let is_last = !is_first_pass && cursor.begins_pass() && !sealed.has_more;
    let mut page = Page {
        layout: LAYOUT,
        ..Page::default()
    };
    if is_last {
        let state = scene.state.borrow();
        let directory = state.directory()?;
        page.rows = exported_rows(directory.rows())?;
        let modules = directory
            .releases
            .keys()
            .map(|(_, release)| release.to_string());
        page.modules = modules.collect();
        page.modules.sort_unstable();
        page.modules.dedup();
    } else if sealed.has_more {
        cursor.after = sealed.items.last().map(|item| item.place.clone());
        page.next = Some(cursor.write()?);
    } else {
        if cursor.passes >= limits::EXPORT_PASSES_MAX {
            return Err(Problem::conflict(
                "changes_too_fast",
                "so much is written that an export never catches up; suspend the tenant meanwhile, or try again later",
            ));
        }
        let next = Cursor {
            after: None,
            since: cursor.until,
            until: 0,
            passes: cursor.passes + 1,
        };
        page.next = Some(next.write()?);
    }
    let keys = scene.item_keys_at_hand()?;
    let object = scene.state.borrow().boot.role.object_name();
    for item in sealed.items {
        let binding = item::binding(&object, &item.place);
        let opened = item.value.map(|sealed| keys.open(&binding, &sealed));
        let value = opened.transpose().map_err(|_| Problem::host())?;
        page.items.push(ExportedItem {
            space: item.place.space,
            key: item.place.key,
            account: item.account,
            expires: item.expires,
            value: value.map(|value| BASE64_STANDARD.encode(value)),
        });
    }
    Ok(json(200, &page))
}

/// Rows as they are encoded, but for those that are about this very object.
fn exported_rows(rows: impl Iterator<Item = Row>) -> Result<Vec<ExportedRow>, Problem> {
    let rows = rows.filter(|row| !row.is_of_the_object_itself());
    let exported = rows.map(|row| {
        let (table, key) = row.place();
        let value = BASE64_STANDARD.encode(row.encode()?);
        Some(ExportedRow { table, key, value })
    });
    exported.collect::<Option<_>>().ok_or_else(Problem::host)
}

/// The package of a release, whole.
pub(super) async fn module(scene: &Scene, release: &str) -> Result<Reply, Problem> {
    let release: ReleaseDigest = release.parse().map_err(|_| Problem::not_found())?;
    module_reply(scene, release).await
}

/// The life of a tenant that was made to take an archive, and has not taken all of it.
fn taking(scene: &Scene) -> Result<LifeRecord, Problem> {
    let life = scene.life()?;
    if life.takes_archive {
        return Ok(life);
    }
    Err(Problem::conflict(
        "not_importing",
        "only a tenant that was made for it takes an archive: create it with \"import\": true",
    ))
}

pub(super) async fn import(scene: &Scene, frame: &Frame) -> Result<Reply, Problem> {
    taking(scene)?;
    let page: Page = serde_json::from_slice(&frame.body).map_err(|error| {
        Problem::invalid("invalid_body", format!("the body cannot be read: {error}"))
    })?;
    let changes = imported_rows(page.layout, page.rows)?;
    let writes = imported_items(scene, page.items)?;
    // What the archive says was done is the record; that it was brought here is written down at its end.
    scene.act.take();
    scene.commit_with(writes, changes).await?;
    Ok(json(200, &serde_json::json!({ "taken": true })))
}

fn imported_rows(layout: u32, rows: Vec<ExportedRow>) -> Result<Vec<Change>, Problem> {
    let refused = || {
        Problem::new(
            422,
            "invalid_archive",
            "a row of the archive cannot be read",
        )
    };
    let plain = rows.into_iter().map(|row| {
        Some(Plain {
            bytes: BASE64_STANDARD.decode(row.value).ok()?,
            table: row.table,
            key: row.key,
        })
    });
    let plain: Option<Vec<Plain>> = plain.collect();
    let mut plain = plain.ok_or_else(refused)?;
    if layout > LAYOUT {
        return Err(Problem::new(
            422,
            "written_by_later_host",
            "the archive was written by a later version of the host; deploy that version",
        ));
    }
    let rows = root::decode(layout, &mut plain).ok_or_else(refused)?;
    let fits = rows.iter().zip(&plain).all(|(row, plain)| {
        row.place() == (plain.table, plain.key.clone()) && !row.is_of_the_object_itself()
    });
    if !fits {
        return Err(refused());
    }
    Ok(rows.into_iter().map(Change::Put).collect())
}

fn imported_items(scene: &Scene, items: Vec<ExportedItem>) -> Result<Vec<Write>, Problem> {
    let refused = |_| {
        Problem::new(
            422,
            "invalid_archive",
            "an item of the archive is no base64",
        )
    };
    let now = scene.outside.now();
    let mut writes = Vec::new();
    for item in items {
        let place = Place {
            space: item.space,
            key: item.key,
        };
        let value = match item.value {
            Some(value) => {
                let bytes = BASE64_STANDARD.decode(value).map_err(refused)?;
                Some(scene.seal_item(&place, &bytes)?.into())
            }
            None => None,
        };
        let expires = if value.is_some() {
            item.expires
        } else {
            Some(now)
        };
        writes.push(Write {
            place,
            account: item.account,
            value,
            expires,
        });
    }
    Ok(writes)
}

pub(super) async fn import_module(
    scene: &Scene,
    frame: &Frame,
    release: &str,
) -> Result<Reply, Problem> {
    taking(scene)?;
    let release: ReleaseDigest = parse(release, "release")?;
    let found = smcp_package::UntrustedPackage::parse(frame.body.clone());
    let found = found.and_then(|package| package.checked_hash());
    if found.ok() != Some(release) {
        return Err(Problem::new(
            422,
            "invalid_archive",
            format!("what was sent is not the package of {release}"),
        ));
    }
    let bytes = frame.body.clone();
    scene.act.take();
    match scene
        .outside
        .perform(Effect::WriteModule { release, bytes })
        .await
    {
        Performed::Done => Ok(json(200, &serde_json::json!({ "taken": true }))),
        _ => Err(Problem::host()),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    /// How many rows the archive has.
    rows: usize,
}

/// The archive is in: from here on the tenant is served.
pub(super) async fn end_import(scene: &Scene, frame: &Frame) -> Result<Reply, Problem> {
    let life = taking(scene)?;
    let End { rows } = body(frame)?;
    let found = {
        let state = scene.state.borrow();
        let rows = state.directory()?.rows();
        rows.filter(|row| !row.is_of_the_object_itself()).count()
    };
    if found != rows {
        return Err(Problem::conflict(
            "import_incomplete",
            format!(
                "the archive has {rows} rows and {found} are here; send it again from its beginning"
            ),
        ));
    }
    let life = LifeRecord {
        takes_archive: false,
        ..life
    };
    scene.commit(vec![Change::Put(Row::Life(life))]).await?;
    public::tell_edge(scene, public::config(scene)?).await?;
    scene.take_up_due().await?;
    Ok(json(200, &serde_json::json!({ "taken": true })))
}
