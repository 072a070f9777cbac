//! Limits of clients, codes, tokens and members.

use super::{KIB, MIB};

/// Milliseconds that an access token is good for: so long a client works on without asking anew, and no
/// longer is one of use that nobody knows was stolen.
pub const ACCESS_TOKEN_MILLIS: u64 = 10 * 60 * 1_000;
/// Bytes of a form that is posted to the authorization server, and of the query of a request to authorize: what
/// clients put into their state may be long.
pub const OAUTH_FORM_MAX: usize = 8 * KIB;
/// Members of such a form: the specifications know about twenty.
pub const OAUTH_FIELDS_MAX: usize = 40;
/// Bytes of the document by which a client registers or describes itself, of its name, and of one of its redirect
/// URIs; how many of these.
pub const CLIENT_DOCUMENT_MAX: usize = 5 * KIB;
/// See above.
pub const CLIENT_NAME_MAX: usize = 100;
/// See above.
pub const REDIRECT_URI_MAX: usize = 512;
/// See above.
pub const REDIRECT_URIS_MAX: usize = 10;
/// Bytes of what a client that registered itself carries as its id: it must fit the query beside all else.
pub const CLIENT_ID_MAX: usize = 3 * KIB;
/// Milliseconds that an authorization code is good for: a browser and a client need seconds.
pub const CODE_MILLIS: u64 = 60 * 1_000;
/// Milliseconds that a connection lasts without being used: its refresh token is good so long.
pub const CONNECTION_MILLIS: u64 = 30 * 24 * 60 * 60 * 1_000;
/// Milliseconds in which a refresh token that was used gives the same successor again: an answer may be lost, and a
/// client may ask twice at once. Later it was stolen.
pub const REFRESH_AGAIN_MILLIS: u64 = 30 * 1_000;
/// Milliseconds that the end of a connection is remembered: longer than anything that it gave out may go on.
pub const ENDED_MILLIS: u64 = 30 * 24 * 60 * 60 * 1_000;
/// Milliseconds that a client which registered itself is known.
pub const CLIENT_MILLIS: u64 = 90 * 24 * 60 * 60 * 1_000;
/// Milliseconds that a client's own document is believed, at least and at most, and that it is not asked for again
/// after it could not be had.
pub const CLIENT_DOCUMENT_MIN_MILLIS: u64 = 5 * 60 * 1_000;
/// See above.
pub const CLIENT_DOCUMENT_MAX_MILLIS: u64 = 24 * 60 * 60 * 1_000;
/// See above.
pub const CLIENT_DOCUMENT_FAILED_MILLIS: u64 = 60 * 1_000;
/// Milliseconds that fetching such a document may take: a person waits for it.
pub const CLIENT_DOCUMENT_TIMEOUT_MILLIS: u32 = 5_000;
/// Such documents that one object keeps, and the bytes of them.
pub const CLIENT_DOCUMENTS_MAX: u64 = 500;
/// See above.
pub const CLIENT_DOCUMENTS_BYTES_MAX: u64 = 4 * MIB as u64;
/// Milliseconds that an invitation is good for.
pub const INVITATION_MILLIS: u64 = 7 * 24 * 60 * 60 * 1_000;
/// Browser origins that a tenant may allow, and bytes of one.
pub const ORIGINS_MAX: usize = 32;
/// See above.
pub const ORIGIN_MAX: usize = 300;
/// Members of a tenant: their records are in memory.
pub const MEMBERS_MAX: usize = 1_000;
/// Clients that a tenant's admin has registered.
pub const CLIENTS_MAX: usize = 100;
/// Connections of a tenant, and the bytes of them.
pub const CONNECTIONS_MAX: u64 = 5_000;
/// See above.
pub const CONNECTIONS_BYTES_MAX: u64 = 16 * MIB as u64;
/// Bytes of the name of an OpenID provider, which is a URL.
pub const ISSUER_MAX: usize = 512;
/// Bytes of what a provider says in one answer: a description has two or three KiB, a key set a few keys.
pub const PROVIDER_ANSWER_MAX: usize = 64 * KIB;
/// Milliseconds that a provider may take for an answer: a person waits for it.
pub const PROVIDER_TIMEOUT_MILLIS: u32 = 10_000;
/// Milliseconds that a provider's description and its keys are believed, at least and at most.
pub const PROVIDER_MIN_MILLIS: u64 = 5 * 60 * 1_000;
/// See above.
pub const PROVIDER_MAX_MILLIS: u64 = 24 * 60 * 60 * 1_000;
/// Milliseconds after which keys are asked for again when a token names one that is not among them: whoever makes up
/// such names makes the host ask no oftener.
pub const PROVIDER_KEYS_AGAIN_MILLIS: u64 = 60 * 1_000;
/// Bytes of the name and of the secret that a provider has given this host.
pub const PROVIDER_CLIENT_ID_MAX: usize = 255;
/// See above.
pub const PROVIDER_SECRET_MAX: usize = 1_024;
/// Bytes of an ID token; of the subject in it (OpenID Connect Core 1.0, section 2: 255 ASCII characters).
pub const ID_TOKEN_MAX: usize = 16 * KIB;
/// See above.
pub const SUBJECT_MAX: usize = 255;
/// Bytes of a mail address (RFC 5321, section 4.5.3.1.3, without its brackets).
pub const EMAIL_MAX: usize = 254;
/// Milliseconds by which another's clock may be wrong.
pub const CLOCK_SKEW_MILLIS: u64 = 60 * 1_000;
/// Milliseconds in which a person signs in at a provider and comes back, and in which they agree then.
pub const SIGN_IN_MILLIS: u64 = 10 * 60 * 1_000;
/// Bytes of what a person carries to the provider and back: providers and proxies take URLs of so many.
pub const SIGN_IN_STATE_MAX: usize = 6 * KIB;
