//! Every limit of the platform, with the attack it stops. No other module holds one.
//!
//! Sizes are in bytes unless the name says otherwise. Cost is charged before the work is done.

mod analysis;
mod oauth;
mod releases;

pub use analysis::*;
pub use oauth::*;
pub use releases::*;

/// Bytes in a KiB and in a MiB.
const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

mod callers;
mod life;
mod usage;

pub use callers::*;
pub use life::*;
pub use usage::*;

/// Names of tenants, servers and keys. Longer ones would not fit `{server}__{tool}` in the 64
/// characters that model APIs allow.
pub const SLUG_MAX_CHARACTERS: usize = 32;

// ---- What a stranger sends -------------------------------------------------------------------

/// Body of an MCP request: a larger one is refused before it is read whole.
pub const MCP_BODY_MAX: usize = 4 * MIB;
/// Body of an admin request that is not a module.
pub const ADMIN_BODY_MAX: usize = 64 * KIB;
/// Messages of one batch: each is answered by itself, so one body would be as many calls.
pub const BATCH_MAX: usize = 32;
/// How deep JSON may nest. Recursive parsers overflow their stack on more.
pub const JSON_NESTING_MAX: usize = 64;
/// Members of one JSON object: finding a repeated name in more costs memory that the body does not
/// show.
pub const JSON_MEMBERS_MAX: usize = 65_536;
/// A request id or progress token, as JSON: it comes back in every message of the call, so a long
/// one would multiply what was sent.
pub const TOKEN_MAX: usize = KIB;
/// An `Authorization` header: all that is hashed of a stranger's before anything is known of him.
pub const CREDENTIAL_MAX: usize = 4 * KIB;
/// Restrictions of one narrowed key: each is a MAC at the edge, and a bucket or a list that each call looks at.
pub const RESTRICTIONS_MAX: usize = 8;
/// Scopes of one key, member or grant: each call looks through them.
pub const SCOPES_MAX: usize = 64;
/// Bytes of a tool's name in a scope: MCP's own bound for names of tools.
pub const SCOPE_TOOL_MAX: usize = 128;
/// Path and query of a request.
pub const PATH_MAX: usize = 2 * KIB;
/// Objects on one page of a list, so that the cost of a page does not grow with the list.
pub const LIST_PAGE_ITEMS: usize = 100;
/// Objects on one page of all servers together, and servers that one is made from.
pub const UNION_PAGE_ITEMS: usize = 200;
/// Bytes after which such a page ends: each of its servers may have described itself at length.
pub const UNION_PAGE_BYTES: usize = MIB;
/// Lists that guests make for one such page: each is a call.
pub const UNION_GUEST_LISTS: usize = 8;
/// Time after which no further list is begun for it: guests may take as long as for any call.
pub const UNION_PAGE_MILLIS: u64 = 5_000;
/// Pages of its list that one guest makes there, one after another: without an end it would keep back
/// what the servers after it have.
pub const UNION_GUEST_PAGES: usize = 100;
/// Addresses on the web that guests have listed as resources of theirs, of which one object knows.
pub const LISTED_WEB_MAX: usize = 4_096;
/// A tool or prompt as all servers together have it, `{server}__{name}`: many model APIs take no
/// longer names, and refuse a whole conversation for one.
pub const UNION_NAME_MAX: usize = 64;

// ---- What a module may be --------------------------------------------------------------------

/// A package, as it is uploaded, by default and at most: stops storage bombs.
pub const PACKAGE_MAX: usize = 2 * MIB;
/// The most that an admin can allow.
pub const PACKAGE_CEILING: usize = 16 * MIB;
/// One function body: 1 MB of straight code is 100 ms of translation that nothing can interrupt.
pub const FUNCTION_BODY_MAX: usize = 64 * KIB;
/// The most that an admin can allow for one function body.
pub const FUNCTION_BODY_CEILING: usize = 256 * KIB;
/// The size of all translated code, estimated while validating: 1 MB of `br_if` with results would
/// grow to 200 MB.
pub const TRANSLATED_CODE_MAX: usize = 16 * MIB;
/// Functions defined and imported.
pub const FUNCTIONS_MAX: usize = 5_000;
/// Exports: 10,000 of them cost 8 ms at every instantiation, charged to nobody.
pub const EXPORTS_MAX: usize = 64;
/// Data segments and element segments, each: they run at every instantiation.
pub const SEGMENTS_MAX: usize = 256;
/// Globals.
pub const GLOBALS_MAX: usize = 1_000;
/// Tables, and the elements of one: memory that the memory limit does not see.
pub const TABLES_MAX: usize = 1;
/// Elements of the table.
pub const TABLE_ELEMENTS_MAX: u64 = 10_000;
/// Types in the type section.
pub const TYPES_MAX: usize = 1_000;
/// Locals of a function, its parameters included: they make every call dear, and 50,000 of them are
/// a bomb. Real code needs hundreds: a regular expression engine has 446.
pub const LOCALS_MAX: u32 = 1_024;
/// Nesting of blocks in a function.
pub const BLOCK_NESTING_MAX: usize = 512;
/// Targets of one `br_table`.
pub const BR_TABLE_TARGETS_MAX: u32 = 4_096;
/// Height of the operand stack in a function.
pub const OPERAND_HEIGHT_MAX: usize = 4_096;
/// Custom sections other than manifest and signature, together.
pub const CUSTOM_SECTIONS_MAX: usize = 64 * KIB;
/// The manifest section: the catalogue and what is said about it.
pub const MANIFEST_MAX: usize = CATALOGUE_MAX * 2 + ASKS_MAX + 16 * KIB;
/// What a manifest asks for, as JSON: it is in memory for each release while the object is awake.
pub const ASKS_MAX: usize = 16 * KIB;
/// What `describe` returns.
pub const CATALOGUE_MAX: usize = 256 * KIB;
/// Text about a server in its manifest: it is shown in every list.
pub const DESCRIPTION_MAX: usize = KIB;
/// Characters of a release's version.
pub const VERSION_MAX_CHARACTERS: usize = 64;
/// Fuel of `describe`.
pub const DESCRIBE_FUEL: u64 = 50_000_000;
/// Signatures of a package: each costs a verification.
pub const SIGNATURES_MAX: usize = 4;

// ---- What a call may use ---------------------------------------------------------------------

/// Linear memory of an instance, in bytes: by default, and at most.
pub const MEMORY_MAX: usize = 4 * MIB;
/// The most linear memory that an admin can allow: an isolate has 128 MiB for everything.
pub const MEMORY_CEILING: usize = 32 * MIB;
/// Fuel of a call: about one to two seconds. Stops endless loops, and bills.
pub const FUEL_MAX: u64 = 2_000_000_000;
/// The most fuel that an admin can allow.
pub const FUEL_CEILING: u64 = 10_000_000_000;
/// Milliseconds from a call's start to its forced end.
pub const DEADLINE_MILLIS: u64 = 30_000;
/// The latest deadline that an admin can allow.
pub const DEADLINE_CEILING_MILLIS: u64 = 300_000;
/// Depth of calls inside the guest.
pub const RECURSION_MAX: usize = 1_024;
/// The value stack of one invocation, in bytes.
pub const VALUE_STACK_MAX: usize = MIB;
/// What an export returns.
pub const OUTPUT_MAX: usize = MIB;
/// The most output that an admin can allow.
pub const OUTPUT_CEILING: usize = 4 * MIB;
/// All log entries of a call, together.
pub const LOG_MAX: usize = 64 * KIB;
/// Messages to the client of a call: progress, log.
pub const NOTIFICATIONS_MAX: usize = 256;
/// Effects of a call that leave the sandbox, other than log and progress.
pub const EFFECTS_MAX: usize = 64;
/// Questions to the client that are asked together.
pub const QUESTIONS_MAX: usize = 16;
/// All questions that are asked together, in bytes; they are a client's to keep until it answers.
pub const QUESTION_BYTES_MAX: usize = 64 * KIB;
/// How often one call may ask. Each time it is run anew from its beginning.
pub const ROUNDS_MAX: u32 = 16;
/// The fuel of all rounds of a call, in multiples of what one may use.
pub const ROUNDS_FUEL_FACTOR: u64 = 3;
/// How long a client has to answer, in milliseconds: what it carries meanwhile is good for so long.
pub const REQUEST_STATE_MILLIS: u64 = 600_000;
/// What a client carries for a call that waits for it, in bytes before encoding; more is left in the
/// object until then.
pub const REQUEST_STATE_MAX: usize = 16 * KIB;
/// What the waiting calls of one principal may leave in the object, together, in bytes.
pub const STATES_BYTES_MAX: u64 = 16 * MIB as u64;
/// How many such pieces.
pub const STATES_MAX: u64 = 64;
/// An item is stored in pieces of at most so many bytes: a row of the platform's storage has 2 MB.
pub const ITEM_PART_MAX: usize = MIB;
/// What a client says of itself and of its trace, each text, in bytes: it is on every tape. W3C Trace Context
/// asks for 512 of `tracestate`.
pub const ORIGIN_TEXT_MAX: usize = 512;
/// Random bytes of one `random`.
pub const RANDOM_MAX: u32 = 65_536;
/// Milliseconds of one `sleep`.
pub const SLEEP_MAX_MILLIS: u32 = 30_000;
/// Text or bytes that an import takes in one argument.
pub const IMPORT_ARGUMENT_MAX: usize = MIB;
/// A tape, encoded.
pub const TAPE_MAX: usize = 8 * MIB;

// ---- What a call may send to other hosts -----------------------------------------------------------

/// Requests of one call, redirects among them: what one call may do to somebody else.
pub const HTTP_REQUESTS_MAX: u32 = 64;
/// The body of one request, and of one answer, decoded.
pub const HTTP_BODY_MAX: usize = MIB;
/// All answers of one call: they are on its tape.
pub const HTTP_ANSWERS_MAX: usize = 4 * MIB;
/// Header fields of one request, and of one answer.
pub const HTTP_HEADERS_MAX: usize = 128;
/// Their names and values together, in bytes.
pub const HTTP_HEADER_BYTES_MAX: usize = 16 * KIB;
/// A URL, in bytes.
pub const HTTP_URL_MAX: usize = 4 * KIB;
/// Redirects of one request.
pub const HTTP_REDIRECTS_MAX: u32 = 5;
/// How long one request may take, in milliseconds, its redirects included.
pub const HTTP_TIMEOUT_MILLIS: u32 = 30_000;
/// Requests of one tenant's guests that are under way at the same time: the platform opens six connections at
/// once for an object, and its storage of modules needs some.
pub const HTTP_AT_ONCE: usize = 4;

// ---- Secrets and grants --------------------------------------------------------------------------

/// Secrets of one server: all are in memory while the object is awake, and looked for in every answer.
pub const SECRETS_MAX: usize = 32;
/// Characters of a secret's name.
pub const SECRET_NAME_MAX: usize = 64;
/// The shortest secret: a shorter one would be found in answers where it is not.
pub const SECRET_LEAST: usize = 8;
/// The longest secret.
pub const SECRET_MAX: usize = 4 * KIB;
/// Hosts that one secret is bound to.
pub const SECRET_HOSTS_MAX: usize = 16;
/// Grants of hosts of one server.
pub const GRANTS_MAX: usize = 64;

// ---- What a server is told by its admin ----------------------------------------------------------

/// Settings of one server: all are in memory while the object is awake.
pub const SETTINGS_MAX: usize = 64;
/// A setting, as JSON, in bytes.
pub const SETTING_MAX: usize = 16 * KIB;
/// Characters of a setting's name.
pub const SETTING_NAME_MAX: usize = 64;

// ---- What is kept of calls for their authors --------------------------------------------------------

/// Log entries that are kept of one server: the newest. A guest that logs without end pushes out its own.
pub const LOGS_MAX: u64 = 1_000;
/// The same in bytes, as they are stored.
pub const LOGS_BYTES_MAX: u64 = MIB as u64;
/// How long an entry is kept, in milliseconds.
pub const LOGS_MILLIS: u64 = 30 * 24 * 60 * 60 * 1_000;
/// One entry, in bytes; a longer one is cut.
pub const LOG_ENTRY_MAX: usize = 4 * KIB;
/// A name that an entry repeats: of a tool, of a logger, a URI.
pub const LOG_NAME_MAX: usize = 256;
/// Entries of one tenant that wait in memory to be stored together with others; beyond, the oldest go.
pub const LOGS_WAITING: usize = 1_024;
/// The same in bytes.
pub const LOGS_WAITING_BYTES: usize = 256 * KIB;
/// What a guest has logged is stored at the end of its call if nothing was for so long; else it waits for the
/// next time. So a server that logs with every call costs a write in so many milliseconds, not one each.
pub const LOGS_PAUSE_MILLIS: u64 = 250;
/// Entries of one answer of the admin API.
pub const LOGS_PAGE_MAX: usize = 1_000;
/// Tapes that are kept of one server: the newest.
pub const TAPES_MAX: usize = 20;
/// The same in bytes. A tape that alone is half of that is not kept: it would push out the others.
pub const TAPES_BYTES_MAX: u64 = 8 * MIB as u64;
/// How long a tape is kept, in milliseconds: it holds what callers said and what a server keeps of them.
pub const TAPES_MILLIS: u64 = 7 * 24 * 60 * 60 * 1_000;

// ---- What a server may keep ---------------------------------------------------------------------

/// A key, in bytes: it is kept in the clear, and in an index.
pub const KV_KEY_MAX: usize = 512;
/// A value: a row of the platform's storage has 2 MB.
pub const KV_VALUE_MAX: usize = 128 * KIB;
/// Keys and ranges that one call reads from storage: each is a query.
pub const KV_READS_MAX: usize = 512;
/// The values that one call reads from storage, in bytes: they are on its tape, and in memory while it
/// runs.
pub const KV_READ_BYTES_MAX: usize = TAPE_MAX;
/// Changes of one call, and the bytes of their keys and values: they wait in memory until it returns.
pub const KV_WRITES_MAX: usize = 1_024;
/// The bytes of all changes of one call.
pub const KV_WRITE_BYTES_MAX: usize = 4 * MIB;
/// Keys that one `keys` gives.
pub const KV_KEYS_PAGE: u32 = 1_000;
/// Everything that one server keeps, keys included.
pub const KV_STORE_MAX: u64 = 64 * MIB as u64;
/// How many pairs that may be.
pub const KV_PAIRS_MAX: u64 = 1_000_000;
/// How long it is known that a key was removed, in milliseconds: longer than a call can last that has
/// seen it.
pub const KV_TOMBSTONE_MILLIS: u64 = 24 * 60 * 60 * 1_000;
/// How often a call is run again because what it read has changed; after that no other may commit before it.
pub const KV_RERUNS_MAX: u32 = 3;

// ---- Slices ----------------------------------------------------------------------------------

/// Fuel of the first slice of a call: in a fresh isolate a unit costs up to 30 ns.
pub const SLICE_FIRST_FUEL: u64 = 100_000;
/// The smallest slice. Halving stops here, since time is measured by the wall: on a busy machine a
/// call that computes would else spend its deadline on trips to the event loop.
pub const SLICE_LEAST_FUEL: u64 = SLICE_FIRST_FUEL;
/// The largest slice.
pub const SLICE_MOST_FUEL: u64 = 50_000_000;
/// A slice that took less doubles the next one.
pub const SLICE_DOUBLE_BELOW_MILLIS: f64 = 2.5;
/// A slice that took more halves the next one.
pub const SLICE_HALVE_ABOVE_MILLIS: f64 = 5.0;

// ---- What a tenant may use -------------------------------------------------------------------

/// Calls of one tenant that compute at the same time.
pub const CALLS_AT_ONCE: usize = 8;
/// How many of them one caller may have: another's call need not wait until his have ended.
pub const CALLS_AT_ONCE_EACH: usize = 6;
/// Calls of one tenant that wait for their turn; beyond, clients are told to come again.
pub const CALLS_WAITING: usize = 64;
/// How many of them may be one caller's.
pub const CALLS_WAITING_EACH: usize = 48;
/// Seconds that a client is told to wait then.
pub const RETRY_AFTER_SECONDS: u32 = 1;
/// Tenants of a platform.
pub const TENANTS_MAX: usize = 10_000;
/// Servers of a tenant, releases kept of a server, publishers, keys: storage that an admin fills.
pub const SERVERS_MAX: usize = 1_000;
/// Releases of one server.
pub const RELEASES_MAX: usize = 100;
/// Publishers that a tenant trusts.
pub const PUBLISHERS_MAX: usize = 100;
/// API keys of a tenant.
pub const KEYS_MAX: usize = 1_000;
/// Compiled modules that one object keeps, by the bytes of their packages.
pub const MODULE_CACHE_MAX: usize = 8 * MIB;
/// Catalogues that one object keeps in memory apart from modules, in bytes of their text.
pub const CATALOGUE_CACHE_MAX: usize = 4 * MIB;
/// What a catalogue counts for beside its text, so that many small ones are bounded too.
pub const CATALOGUE_OVERHEAD: usize = KIB;
/// How much more than its text a catalogue that was read takes up, by an estimate.
pub const CATALOGUE_MEMORY_FACTOR: usize = 2;
/// All memory of one engine instance: a guest of 32 MiB while it grows, and what serves it. Beyond
/// it the engine traps, and only its own tenant's calls fail.
pub const ENGINE_MEMORY_MAX: usize = 96 * MIB;
/// An engine instance that has grown over this is dropped when it is idle: wasm memory never
/// shrinks.
pub const ENGINE_MEMORY_IDLE_MAX: usize = 32 * MIB;

/// Memory of all engines of an isolate and of the bodies that are read in it: half of what the platform gives
/// one, so that tenants who share it do not end it for each other. The rest is for JavaScript, for the
/// shell, for the call that runs at the moment and for what is not collected yet.
pub const ISOLATE_MEMORY_MAX: usize = 64 * MIB;
/// What a call is charged for each byte that its guest may have: a vector that grows is there twice.
pub const GUEST_MEMORY_FACTOR: usize = 2;
/// What a compiled module is charged for each byte of its package: its code in both forms, and its catalogue.
pub const MODULE_MEMORY_FACTOR: usize = 4;
/// A guest that may have more is charged before its call begins; one with less, when its first slice was not
/// all: until then nobody else computes.
pub const MEMORY_UNCHARGED_MAX: usize = 8 * MIB;
/// A body that has more is charged before it is read.
pub const BODY_UNCHARGED_MAX: usize = 64 * KIB;
/// How long a call waits for memory, in milliseconds, before its client is told to come again.
pub const ROOM_WAIT_MILLIS: u64 = 10_000;
/// How often it looks whether there is some.
pub const ROOM_POLL_MILLIS: u32 = 25;

/// Versions of the master key that are accepted at once: each is tried for a MAC that holds under none.
pub const MASTER_KEY_VERSIONS_MAX: usize = 16;

// ---- Who listens -----------------------------------------------------------------------------

/// Resources that one listening client subscribes to: each is kept, and looked at with each change.
pub const SUBSCRIPTIONS_MAX: usize = 256;
/// A URI that is subscribed to, in bytes.
pub const SUBSCRIPTION_URI_MAX: usize = 2_048;
/// Clients of one tenant that listen.
pub const LISTENERS_MAX: usize = 4_096;
/// What is kept of a listener, encoded: the platform takes 16 KiB for each that sleeps.
pub const LISTENER_RECORD_MAX: usize = 12 * KIB;
/// The body of a request to listen: all the URIs that may be subscribed to, and more.
pub const LISTEN_BODY_MAX: usize = 768 * KIB;
/// Changes that wait for one listening client; one that takes none for so long is let go.
pub const CHANGES_WAITING: usize = 64;
/// The edge comes back to an object that it lost a listener's connection to: first after so long, each
/// time after twice that, and never after longer than the second.
pub const RECONNECT_FIRST_MILLIS: u64 = 250;
/// The longest wait between two tries.
pub const RECONNECT_LAST_MILLIS: u64 = 30_000;

// ---- Sessions of the legacy era --------------------------------------------------------------

/// How long a session lasts that nobody uses, in milliseconds; one that is used is written anew when half of
/// it has passed.
pub const SESSION_MILLIS: u64 = 24 * 60 * 60 * 1_000;
/// How long the object itself knows a new session: until then, where it is kept for good may not show it
/// everywhere.
pub const SESSION_YOUNG_MILLIS: u64 = 3 * 60 * 1_000;
/// What is kept of a session, encoded: capabilities and name of its client among it.
pub const SESSION_RECORD_MAX: usize = 16 * KIB;
/// The URIs that one session subscribes to, together.
pub const SUBSCRIPTIONS_BYTES_MAX: usize = 64 * KIB;
/// Sessions that the object keeps in memory.
pub const SESSIONS_AWAKE_MAX: usize = 1_024;
/// What one caller's sessions may leave in the object, together: how many items, and bytes.
pub const SESSION_ITEMS_MAX: u64 = 4_096;
/// The same in bytes.
pub const SESSION_BYTES_MAX: u64 = 16 * MIB as u64;
/// Events of one stream that can be sent again, the newest.
pub const EVENTS_MAX: u64 = 256;
/// How long an event can be sent again, in milliseconds.
pub const EVENTS_MILLIS: u64 = 10 * 60 * 1_000;
/// All events, parked calls and answers of one session together: how many items, and bytes.
pub const EVENT_ITEMS_MAX: u64 = 2_048;
/// The same in bytes.
pub const EVENT_BYTES_MAX: u64 = 32 * MIB as u64;
/// After how long a client comes back to a stream that has broken, in milliseconds, as it is told: some try once
/// more or twice, and the host may have to be started.
pub const STREAM_RETRY_MILLIS: u32 = 3_000;
/// How long a call waits for its client to answer, in milliseconds.
pub const PARKED_MILLIS: u64 = 60 * 60 * 1_000;
/// When a call that goes on by itself is looked after, in milliseconds, if the object should have been killed.
pub const RUN_AGAIN_MILLIS: u64 = 5_000;
/// How often that is done.
pub const RUNS_MAX: u32 = 3;
/// How many calls of one tenant go on by themselves at the same time: as many as one caller may have. The others
/// wait in storage.
pub const ERRANDS_AT_ONCE: usize = CALLS_AT_ONCE_EACH;

// ---- Tasks -----------------------------------------------------------------------------------

/// How long a task is kept, and may run, in milliseconds from its beginning.
pub const TASK_MILLIS: u64 = 24 * 60 * 60 * 1_000;
/// The shortest time for which a client can have one kept: it must be there when its client asks for it.
pub const TASK_MILLIS_MIN: u64 = 10_000;
/// How often a client should ask for one, in milliseconds, as it is told.
pub const TASK_POLL_MILLIS: u64 = 1_000;
/// The fuel of one run of a task: it has no client that waits.
pub const TASK_FUEL_MAX: u64 = 10 * FUEL_MAX;
/// What a task says of itself is kept this often at the most, in milliseconds.
pub const TASK_SAYS_MILLIS: u64 = 1_000;
/// The state of a task that runs is kept after so long, in milliseconds, when it has been answered something: what
/// a kill can cost.
pub const TASK_KEEPS_MILLIS: u64 = 10_000;
/// A task that sleeps longer, in milliseconds, is not in memory meanwhile.
pub const TASK_SLEEPS_MILLIS: u32 = 5_000;
/// What one caller's tasks are in the object, together: how many items, and bytes.
pub const TASK_ITEMS_MAX: u64 = 8_192;
/// The same in bytes.
pub const TASKS_BYTES_MAX: u64 = 64 * MIB as u64;
/// Tasks that are looked at for a page of a list.
pub const TASKS_PAGE: u32 = 50;
/// Streams that wait for one task: each is told all that it asks, and its end.
pub const TASK_STREAMS_MAX: usize = 16;
/// How often a turn looks that waits for a task, since its client takes no stream, in milliseconds.
pub const TASK_LOOK_MILLIS: u32 = 500;

// ---- Streams ---------------------------------------------------------------------------------

/// A call that has not finished by then is answered as a stream, where the client takes one.
pub const STREAM_AFTER_MILLIS: u64 = 50;
/// A comment goes out this often, so that nobody on the way takes the stream for dead.
pub const KEEP_ALIVE_MILLIS: u64 = 15_000;
/// A client that takes nothing off its stream for so long is taken for gone: else it would hold its
/// call, and one of the tenant's places, for ever.
pub const STREAM_STALL_MILLIS: u64 = 30_000;

// ---- What an isolate keeps -------------------------------------------------------------------

/// Tenants of which the edge keeps what it derived (keyring, object id): a stranger can name as many
/// as they like.
pub const EDGE_CACHE_MAX: usize = 1_024;

// ---- What a schema may be, and what a check may cost -----------------------------------------

/// Bytes of one JSON Schema: a catalogue holds many, and compiled they are several times as large.
pub const SCHEMA_MAX: usize = 64 * KIB;
/// Subschemas of one schema: 64 KiB of `{}` would be 20,000 nodes of memory.
pub const SCHEMA_NODES_MAX: usize = 4_096;
/// How deep subschemas, and groups of a pattern, may nest: compiling recurses.
pub const SCHEMA_NESTING_MAX: usize = 64;
/// Schemas that apply to the same value through each other (`$ref` to `$ref` to ...): a check recurses
/// along them at every level of the value.
pub const SCHEMA_CHAIN_MAX: usize = 64;
/// Parts of a schema with an `$id` of their own: each reference is compared with all of them.
pub const SCHEMA_RESOURCES_MAX: usize = 64;
/// Bytes of an `$id`, resolved, and of a `$ref`: nested ones add up.
pub const SCHEMA_URI_MAX: usize = 2 * KIB;
/// Bytes of one pattern.
pub const SCHEMA_PATTERN_MAX: usize = KIB;
/// What a pattern may weigh: about its instructions with every repetition written out. `(a{999}){999}`
/// is 12 bytes and a million of them; and each character of a text costs time for each.
pub const SCHEMA_PATTERN_WEIGHT_MAX: u64 = 2_000;
/// All patterns of a schema together.
pub const SCHEMA_PATTERNS_WEIGHT_MAX: u64 = 10_000;
/// Bytes of a pattern's program, as a second wall behind its weight.
pub const SCHEMA_PATTERN_PROGRAM_MAX: usize = 512 * KIB;
/// A step of a check is this much of a pattern: weight times bytes of the text.
pub const SCHEMA_PATTERN_STEPS_OF_ONE: u64 = 2;
/// Steps of one check, a subschema applied to a value being one. Stops what `anyOf` in `anyOf` doubles
/// with every level: about 40 ms natively, 100 in V8. The largest body of plain numbers needs half of them.
pub const SCHEMA_STEPS_MAX: u64 = 4_000_000;
/// How deep a check may recurse: levels of the value times schemas on the way.
pub const SCHEMA_CHECK_DEPTH_MAX: usize = 256;
/// Problems that are told of one value: the first ones are what a client can mend.
pub const MISMATCH_PROBLEMS_MAX: usize = 3;
/// Bytes of a problem's text and of its pointer, each.
pub const MISMATCH_TEXT_MAX: usize = 200;
/// Bytes of one name or pattern that a problem quotes.
pub const MISMATCH_NAME_MAX: usize = 64;
