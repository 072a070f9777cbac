//! `subscriptions/listen`: what a client wants to be told, and how it is told (2026-07-28,
//! basic/patterns/subscriptions).
//!
//! Nothing is sent that was not asked for, and nothing before the acknowledgment. Who listens, and
//! when something happens, is not known here.

use std::collections::BTreeSet;

use smcp_ids::limits::{SUBSCRIPTION_URI_MAX, SUBSCRIPTIONS_MAX};

use crate::call::Params;
use crate::catalogue::Offer;
use crate::error::ProtocolError;
use crate::json::{Json, Kind, push_member, quoted};
use crate::notify::notification;
use crate::reply::{Answer, ReplyTo};
use serde::{Deserialize, Serialize};

/// The method of a request to listen.
pub const LISTEN_METHOD: &str = "subscriptions/listen";

const SUBSCRIPTION_KEY: &str = "io.modelcontextprotocol/subscriptionId";

/// Something that clients can be told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The tools are others.
    Tools,
    /// The prompts are others.
    Prompts,
    /// Resources came or went.
    Resources,
    /// The resource of that URI is another.
    Resource(String),
}

impl Change {
    /// The method of the notification.
    pub(crate) fn method(&self) -> &'static str {
        match self {
            Self::Tools => "notifications/tools/list_changed",
            Self::Prompts => "notifications/prompts/list_changed",
            Self::Resources => "notifications/resources/list_changed",
            Self::Resource(_) => "notifications/resources/updated",
        }
    }

    /// Appends which resource it is to the params of the notification, if it is one.
    pub(crate) fn push_uri(&self, params: &mut String) {
        if let Self::Resource(uri) = self {
            push_member(params, "uri", &quoted(uri));
        }
    }
}

/// A subscription, by the request that made it: all that its messages need.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription(Box<str>);

/// What a client wants to be told of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    tools: bool,
    prompts: bool,
    resources: bool,
    uris: BTreeSet<String>,
}

/// The parameters of `subscriptions/listen`.
#[derive(Clone, Debug)]
pub struct Listen<'a> {
    notifications: Json<'a>,
}

impl<'a> Listen<'a> {
    pub(crate) fn read(params: &Params<'a>) -> Result<Self, ProtocolError> {
        let notifications = params
            .notifications
            .filter(|value| value.kind() == Kind::Object)
            .ok_or(ProtocolError::InvalidParams(
                "\"notifications\" must be an object that says what to listen for",
            ))?;
        let listen = Self { notifications };
        // So that all that is wrong with it is said before anything is opened.
        listen.filter(&Offer {
            tools: true,
            prompts: true,
            resources: true,
            ..Offer::default()
        })?;
        Ok(listen)
    }

    /// What of it a server with that offer can honour.
    ///
    /// # Errors
    /// A member of the wrong kind, or more subscriptions than are kept for one client.
    pub fn filter(&self, offer: &Offer<'_>) -> Result<Filter, ProtocolError> {
        let flag = |name| match self.notifications.get(name) {
            None => Ok(false),
            Some(value) if value.kind() == Kind::Bool => Ok(value.text() == "true"),
            Some(_) => Err(ProtocolError::InvalidParams(
                "the members of \"notifications\" that end in \"ListChanged\" must be true or false",
            )),
        };
        Ok(Filter {
            tools: flag("toolsListChanged")? && offer.tools,
            prompts: flag("promptsListChanged")? && offer.prompts,
            resources: flag("resourcesListChanged")? && offer.resources,
            uris: if offer.resources {
                self.uris()?
            } else {
                BTreeSet::new()
            },
        })
    }

    fn uris(&self) -> Result<BTreeSet<String>, ProtocolError> {
        let wrong = ProtocolError::InvalidParams(
            "\"resourceSubscriptions\" must be an array of at most 256 URIs of at most 2048 bytes",
        );
        let Some(list) = self.notifications.get("resourceSubscriptions") else {
            return Ok(BTreeSet::new());
        };
        if list.kind() != Kind::Array {
            return Err(wrong);
        }
        let mut uris = BTreeSet::new();
        for element in list.elements() {
            let uri = element
                .as_str()
                .filter(|uri| uri.len() <= SUBSCRIPTION_URI_MAX)
                .ok_or(wrong.clone())?;
            uris.insert(uri.into_owned());
            if uris.len() > SUBSCRIPTIONS_MAX {
                return Err(wrong);
            }
        }
        Ok(uris)
    }
}

impl Filter {
    /// Whether it wants to be told of that.
    pub fn wants(&self, change: &Change) -> bool {
        match change {
            Change::Tools => self.tools,
            Change::Prompts => self.prompts,
            Change::Resources => self.resources,
            Change::Resource(uri) => self.uris.contains(uri),
        }
    }

    /// Takes the subscribed URIs out: for who keeps them in another form.
    pub fn take_uris(&mut self) -> BTreeSet<String> {
        core::mem::take(&mut self.uris)
    }

    /// Everything that it wants to be told of, as if all of it had changed.
    pub fn changes(&self) -> Vec<Change> {
        let lists = [Change::Tools, Change::Prompts, Change::Resources];
        let mut changes: Vec<_> = lists.into_iter().filter(|list| self.wants(list)).collect();
        changes.extend(self.uris.iter().cloned().map(Change::Resource));
        changes
    }

    fn json(&self) -> String {
        let mut out = String::from("{");
        for (name, wanted) in [
            ("toolsListChanged", self.tools),
            ("promptsListChanged", self.prompts),
            ("resourcesListChanged", self.resources),
        ] {
            if wanted {
                push_member(&mut out, name, "true");
            }
        }
        if !self.uris.is_empty() {
            let uris: Vec<_> = self.uris.iter().map(|uri| quoted(uri)).collect();
            let list = format!("[{}]", uris.join(","));
            push_member(&mut out, "resourceSubscriptions", &list);
        }
        out.push('}');
        out
    }
}

impl ReplyTo {
    /// The subscription that this request makes.
    pub fn subscription(&self) -> Subscription {
        Subscription(self.id().into())
    }
}

impl Subscription {
    /// The first message of a subscription: what of it is honoured ("Acknowledgment").
    pub fn acknowledged(&self, filter: &Filter) -> String {
        let mut params = self.params();
        push_member(&mut params, "notifications", &filter.json());
        params.push('}');
        notification("notifications/subscriptions/acknowledged", &params)
    }

    /// A message of a subscription ("Receiving Notifications").
    pub fn change(&self, change: &Change) -> String {
        let mut params = self.params();
        change.push_uri(&mut params);
        params.push('}');
        notification(change.method(), &params)
    }

    /// The end of a subscription that the server ends ("Graceful Closure").
    pub fn ended(&self) -> Answer {
        let mut result = String::from("{");
        push_member(&mut result, "resultType", "\"complete\"");
        push_member(&mut result, "_meta", "{");
        push_member(&mut result, SUBSCRIPTION_KEY, &self.0);
        result.push_str("}}");
        Answer::result(&self.0, &result)
    }

    /// The id of the request that made it, as JSON text.
    pub fn id(&self) -> &str {
        &self.0
    }

    /// The beginning of an object whose `_meta` names the subscription by the request that made it.
    fn params(&self) -> String {
        let mut params = String::from("{");
        push_member(&mut params, "_meta", "{");
        push_member(&mut params, SUBSCRIPTION_KEY, &self.0);
        params.push('}');
        params
    }
}
