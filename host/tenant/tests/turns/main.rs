//! Turns against the tenant, natively: one program, since each is large and takes long to link.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod admission;
mod alerts;
mod apps;
mod archive;
mod asking;
mod asks;
mod audit;
mod browser;
mod budgets;
mod clauses;
mod client_documents;
mod counted;
mod daily;
mod grants;
mod http;
mod in_session;
mod kept;
mod kv;
mod kv_world;
mod legacy_task_streams;
mod legacy_tasks;
mod life;
mod listens;
mod logs;
mod metrics;
mod oauth;
mod oauth_attacks;
mod oauth_floods;
mod openapi;
mod provider;
mod quotas;
mod receipts;
mod release_model;
mod release_routes;
mod released;
mod releases;
mod room;
mod rotation;
mod schemas;
mod scoped;
mod scopes;
mod secrets;
mod serial;
mod sessions;
mod settings;
mod sign_in;
mod sign_in_attacks;
mod signing_in;
#[allow(dead_code, reason = "shared with the roles")]
#[path = "../roles/stage.rs"]
mod stage;
mod storage_versions;
mod tapes;
mod tasking;
mod tasks;
mod tenant_life;
mod union;
mod union_faults;
mod united;
mod usage;
mod usage_attacks;
mod world;
