//! `smcp tenant export` and `smcp tenant import`: all of a tenant in one file.
//!
//! The file is sealed before it reaches a disk (`smcp_crypto::ArchiveWriter`); within it is a line of JSON for each part,
//! as docs/archive.md says.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use serde_json::{Value, json};
use smcp_crypto::{ArchiveKey, ArchiveReader, ArchiveWriter};
use smcp_ids::TenantId;
use zeroize::Zeroizing;

use super::{Client, Host, items, text};
use crate::failure::Failure;
use crate::keys::random;
use crate::ui::Ui;
use crate::{files, ui};

/// Items or rows that are sent in one request.
const SENT_AT_ONCE: usize = 200;
/// Bytes of lines after which a request is sent.
const SENT_BYTES: usize = 1024 * 1024;

/// An archive, and what opens it.
#[derive(Debug, Args)]
pub(super) struct ArchiveFile {
    /// The key of archives; made, for its owner only, if there is no such file
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Export {
    /// The tenant
    #[arg(value_name = "TENANT")]
    tenant: TenantId,
    /// The archive, which must not be there yet
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    archive: ArchiveFile,
    #[command(flatten)]
    host: Host,
}

#[derive(Debug, Args)]
pub(super) struct Import {
    /// The archive
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    archive: ArchiveFile,
    #[command(flatten)]
    host: Host,
}

impl Export {
    pub(super) fn run(&self, ui: Ui) -> Result<(), Failure> {
        let client = Client::new(&self.host)?;
        let key = read_or_make(&self.archive.key, ui)?;
        // Named as it will be when it is whole.
        let partial = self.out.with_extension("partial");
        if self.out.exists() {
            return Err(Failure::Exists(self.out.clone()));
        }
        files::create(&partial, b"", true)?;
        let counts = self.write(&client, &partial, &key, ui).inspect_err(|_| {
            let _ = std::fs::remove_file(&partial);
        })?;
        std::fs::rename(&partial, &self.out).map_err(Failure::file(&self.out))?;
        ui.result(&counts, || {
            format!("{} written to {}", self.tenant, self.out.display())
        })
    }

    fn write(
        &self,
        client: &Client,
        file: &Path,
        key: &ArchiveKey,
        ui: Ui,
    ) -> Result<Value, Failure> {
        let at = |error| Failure::file(file)(error);
        let to = File::options().write(true).open(file).map_err(&at)?;
        let salt = *random::<16>()?;
        let to = BufWriter::new(to);
        let mut archive = ArchiveWriter::begin(to, key, salt).map_err(&at)?;
        let mut add = |line: Value| archive.add(format!("{line}\n").as_bytes()).map_err(&at);
        let busy = ui.busy("exporting");
        let path = format!("/admin/v1/tenants/{}/export", self.tenant);
        let mut page = client.get(&path)?;
        add(json!({ "smcp_archive": 1, "tenant": self.tenant, "layout": page["layout"] }))?;
        let mut count = 0_usize;
        loop {
            for item in items(&page, "items") {
                add(json!({ "item": item }))?;
                count += 1;
            }
            busy.next(format!("exporting: {count} items"));
            let Some(next) = page.get("next").and_then(Value::as_str) else {
                break;
            };
            page = client.get(&format!("{path}?after={next}"))?;
        }
        let modules = items(&page, "modules");
        for (number, release) in modules.iter().enumerate() {
            busy.next(format!(
                "exporting: module {} of {}",
                number + 1,
                modules.len()
            ));
            let release = release.as_str().unwrap_or_default();
            let package = client.get_bytes(&format!("{path}/{release}"))?;
            let package = STANDARD.encode(package);
            add(json!({ "module": { "release": release, "package": package } }))?;
        }
        let rows = items(&page, "rows");
        for row in rows {
            add(json!({ "row": row }))?;
        }
        let counts = json!({ "items": count, "modules": modules.len(), "rows": rows.len() });
        add(json!({ "end": counts }))?;
        let to = archive.finish().map_err(&at)?;
        let to = to.into_inner().map_err(|error| at(error.into_error()))?;
        to.sync_all().map_err(&at)?;
        Ok(counts)
    }
}

fn read_or_make(path: &Path, ui: Ui) -> Result<ArchiveKey, Failure> {
    if path.exists() {
        return read(path);
    }
    let key = ArchiveKey::new(*random::<32>()?);
    let line = Zeroizing::new(format!("{}\n", key.reveal()));
    files::create(path, line.as_bytes(), true)?;
    ui.note(format_args!(
        "made {}: without it no archive can be opened, so keep it elsewhere than the archives",
        path.display()
    ));
    Ok(key)
}

fn read(path: &Path) -> Result<ArchiveKey, Failure> {
    let text = Zeroizing::new(files::read(path)?);
    let text = std::str::from_utf8(&text).unwrap_or_default();
    text.parse()
        .map_err(|error| Failure::Key(format!("{}: {error}", path.display())))
}

/// The lines of an archive, and what they are sent as.
struct Sending<'a> {
    client: &'a Client,
    busy: ui::Busy,
    path: String,
    layout: Value,
    pending: Vec<Value>,
    bytes: usize,
    is_rows: bool,
    sent: usize,
}

impl Sending<'_> {
    /// One line; the counts at the end, if it is the last.
    fn line(&mut self, line: &str) -> Result<Option<Value>, Failure> {
        let value: Value = serde_json::from_str(line).map_err(|_| not_ours())?;
        if let Some(item) = value.get("item") {
            self.add(item, false, line.len())?;
        } else if let Some(row) = value.get("row") {
            self.add(row, true, line.len())?;
        } else if let Some(module) = value.get("module") {
            self.flush()?;
            let release = text(module, "release");
            super::check_part(&release, "a release")?;
            let package = STANDARD.decode(text(module, "package"));
            let package = package.map_err(|_| not_ours())?;
            let path = format!("{}/{release}", self.path);
            self.client.put_module(&path, package)?;
        } else if let Some(end) = value.get("end") {
            self.flush()?;
            return Ok(Some(end.clone()));
        } else {
            return Err(not_ours());
        }
        Ok(None)
    }

    fn add(&mut self, part: &Value, is_row: bool, bytes: usize) -> Result<(), Failure> {
        let is_full = self.pending.len() >= SENT_AT_ONCE || self.bytes >= SENT_BYTES;
        // A place is written once in each request: what came again meanwhile comes in another.
        let place = |value: &Value| (text(value, "space"), text(value, "key"));
        let is_again = || self.pending.iter().any(|one| place(one) == place(part));
        if is_full || self.is_rows != is_row || (!is_row && is_again()) {
            self.flush()?;
        }
        self.is_rows = is_row;
        self.bytes += bytes;
        self.pending.push(part.clone());
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Failure> {
        let parts = std::mem::take(&mut self.pending);
        self.bytes = 0;
        if parts.is_empty() {
            return Ok(());
        }
        self.sent += parts.len();
        let member = if self.is_rows { "rows" } else { "items" };
        let page = json!({ "layout": self.layout, member: parts });
        self.client.post(&self.path, &page)?;
        self.busy.next(format!("importing: {} parts", self.sent));
        Ok(())
    }
}

impl Import {
    pub(super) fn run(&self, ui: Ui) -> Result<(), Failure> {
        let client = Client::new(&self.host)?;
        let key = read(&self.archive.key)?;
        // Read once to its end before anything is sent: a damaged archive changes nothing.
        self.each_line(&key, |_| Ok(None))?;
        let mut sending = None;
        let busy = ui.busy("importing");
        let mut busy = Some(busy);
        let counts = self.each_line(&key, |line| match &mut sending {
            None => {
                let head: Value = serde_json::from_str(line).map_err(|_| not_ours())?;
                let tenant = tenant_of(&head)?;
                self.make(&client, &tenant)?;
                sending = Some((
                    tenant.clone(),
                    Sending {
                        client: &client,
                        busy: busy.take().unwrap_or_else(|| ui.busy("importing")),
                        path: format!("/admin/v1/tenants/{tenant}/import"),
                        layout: head.get("layout").cloned().unwrap_or_default(),
                        pending: Vec::new(),
                        bytes: 0,
                        is_rows: false,
                        sent: 0,
                    },
                ));
                Ok(None)
            }
            Some((_, sending)) => sending.line(line),
        })?;
        let (Some(counts), Some((tenant, sending))) = (counts, sending) else {
            return Err(not_ours());
        };
        client.post(
            &format!("{}/end", sending.path),
            &json!({ "rows": counts["rows"] }),
        )?;
        drop(sending);
        ui.result(&counts, || format!("{tenant} is here, and served"))
    }

    /// Makes the tenant, or takes up one that was made for this and is not complete.
    fn make(&self, client: &Client, tenant: &TenantId) -> Result<(), Failure> {
        let made = client.post(
            "/admin/v1/tenants",
            &json!({ "tenant": tenant, "import": true }),
        );
        match made {
            Err(Failure::Refused { code, .. }) if code == "tenant_exists" => {
                let shown = client.get(&format!("/admin/v1/tenants/{tenant}"))?;
                if text(&shown, "state") == "incomplete" {
                    return Ok(());
                }
                made_already(tenant)
            }
            made => made.map(drop),
        }
    }

    /// Does something with each line of the archive; gives what the last gave.
    fn each_line(
        &self,
        key: &ArchiveKey,
        mut each: impl FnMut(&str) -> Result<Option<Value>, Failure>,
    ) -> Result<Option<Value>, Failure> {
        let file = File::open(&self.file).map_err(Failure::file(&self.file))?;
        let refused = |error| Failure::Key(format!("{}: {error}", self.file.display()));
        let mut reader = ArchiveReader::begin(BufReader::new(file), key).map_err(refused)?;
        let (mut pending, mut last) = (Vec::new(), None);
        while let Some(part) = reader.next_part().map_err(refused)? {
            pending.extend(part);
            let mut lines = pending.split(|byte| *byte == b'\n');
            let rest = lines.next_back().unwrap_or_default().to_vec();
            for line in lines {
                last = each(std::str::from_utf8(line).map_err(|_| not_ours())?)?;
            }
            pending = rest;
        }
        Ok(last)
    }
}

fn tenant_of(head: &Value) -> Result<TenantId, Failure> {
    if head.get("smcp_archive").and_then(Value::as_u64) != Some(1) {
        return Err(not_ours());
    }
    text(head, "tenant").parse().map_err(|_| not_ours())
}

fn made_already(tenant: &TenantId) -> Result<(), Failure> {
    Err(Failure::Argument(format!(
        "there is a tenant {tenant} already: delete it first (smcp tenant delete {tenant} --grace-days 0 --yes), or import elsewhere"
    )))
}

fn not_ours() -> Failure {
    Failure::Key("the archive does not hold a tenant as this version writes one".to_owned())
}
