//! `/t/{tenant}/signed-in`: a person who was sent to the tenant's provider comes back, and is asked then.
//!
//! Nothing is kept meanwhile: the person carries the request and the secrets of this signing in, sealed, to the provider
//! and back. Whoever comes back is asked before anything is given to a client, by a form with a proof in it which no other
//! site can know: so there is no cookie that another site could have a browser send, and nobody agrees by following a
//! link. What one person began and another brings back ends at a client that has not asked for it: its code is bound to
//! the `state` and the PKCE challenge of who did.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use smcp_auth::MemberRecord;
use smcp_capability::turn::{Frame, Reply};
use smcp_crypto::{Binding, Purpose, sha256};
use smcp_ids::{Digest, MemberId, TenantId, UnixMillis, limits};
use smcp_oauth::Form;
use smcp_oauth::page::{Page, SignedIn, Trouble};
use smcp_oauth::upstream::{Identity, Issuer, SignIn};

use super::authorize::{Instead, Question, Whole};
use super::provider::Failed;
use super::{page, sent_to};
use crate::audit::Act;
use crate::problem::Problem;
use crate::record::{Change, ProviderRecord, Row};
use crate::state::Scene;

/// What a person carries to the provider and back.
#[derive(Serialize, Deserialize)]
struct Carried {
    /// The request to authorize, as a query.
    query: String,
    issuer: Issuer,
    secret: [u8; 32],
    until: UnixMillis,
}

impl Carried {
    /// What of the secret the provider is told, for its token to repeat.
    fn nonce(&self) -> String {
        let input = Binding::new("smcp nonce 1").bytes(&self.secret);
        URL_SAFE_NO_PAD.encode(sha256(input.as_bytes()).as_bytes())
    }

    /// What it learns only with the code (RFC 7636).
    fn verifier(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.secret)
    }
}

/// What the form says of who has signed in.
#[derive(Serialize, Deserialize)]
struct SignedInProof {
    member: MemberId,
    /// Of the request that they were asked about.
    query: Digest,
    until: UnixMillis,
}

/// Where a tenant's provider sends people back to. It must be told beforehand.
pub(crate) fn redirect_uri(base: &str, tenant: &TenantId) -> String {
    format!("{base}/t/{tenant}/signed-in")
}

/// What is sealed: one kind is none of the other.
#[derive(Clone, Copy)]
enum Sealed {
    Carried,
    Proof,
}

impl Question<'_> {
    /// Sends the person to the tenant's provider.
    pub(super) async fn sign_in(&self) -> Result<Reply, Problem> {
        let scene = self.scene;
        let Some((record, tenant)) = self.provider.as_ref().zip(scene.tenant()) else {
            return Ok(self.page(None, None));
        };
        let provider = match scene.provider(&record.issuer).await {
            Ok(provider) => provider,
            Err(Failed::Host(problem)) => return Err(problem),
            Err(Failed::Provider(_)) => return Ok(self.page(Some(Trouble::SignIn), None)),
        };
        let carried = Carried {
            query: self.form.query(),
            issuer: record.issuer.clone(),
            secret: scene.draw(),
            until: scene.outside.now().plus(limits::SIGN_IN_MILLIS),
        };
        let state = scene.seal_text(Sealed::Carried, &carried)?;
        if state.len() > limits::SIGN_IN_STATE_MAX {
            return Ok(self.page(Some(Trouble::SignIn), None));
        }
        let sign_in = SignIn {
            client_id: &record.client_id,
            redirect_uri: &redirect_uri(&self.frame.base, &tenant),
            state: &state,
            nonce: &carried.nonce(),
            verifier: &carried.verifier(),
        };
        Ok(sent_to(&provider.sign_in_url(&sign_in)))
    }

    /// Asks a person who has come back.
    fn asks(&self, member: &MemberRecord) -> Result<Reply, Problem> {
        let proof = SignedInProof {
            member: member.id.clone(),
            query: sha256(self.form.query().as_bytes()),
            until: self.scene.outside.now().plus(limits::SIGN_IN_MILLIS),
        };
        let signed_in = SignedIn {
            name: &member.name,
            proof: &self.scene.seal_text(Sealed::Proof, &proof)?,
        };
        Ok(self.page(None, Some(signed_in)))
    }

    /// The member who comes back with an answer of the provider.
    async fn who(
        &self,
        answer: &Form,
        carried: &Carried,
    ) -> Result<Result<MemberRecord, Trouble>, Problem> {
        let (scene, failed) = (self.scene, Ok(Err(Trouble::SignIn)));
        // Another provider may have been set meanwhile.
        let record = self.provider.as_ref();
        let record = record.filter(|record| record.issuer == carried.issuer);
        let Some((record, tenant)) = record.zip(scene.tenant()) else {
            return failed;
        };
        // One provider's answer is not another's (RFC 9207, section 2.4).
        let is_its = answer
            .get("iss")
            .is_none_or(|issuer| issuer == record.issuer.as_str());
        let Some(code) = answer.get("code").filter(|_| is_its) else {
            return failed;
        };
        let sign_in = SignIn {
            client_id: &record.client_id,
            redirect_uri: &redirect_uri(&self.frame.base, &tenant),
            state: answer.get("state").unwrap_or_default(),
            nonce: &carried.nonce(),
            verifier: &carried.verifier(),
        };
        match scene.identity(record, &sign_in, code).await {
            Ok(identity) => {
                let member = scene.member_known_as(identity).await?;
                Ok(member.ok_or(Trouble::NoMember))
            }
            Err(Failed::Host(problem)) => Err(problem),
            Err(Failed::Provider(_)) => failed,
        }
    }

    /// The member that a proof in the form is of, if it was made for this request, not long ago.
    pub(super) fn signed_in(&self, proof: &str) -> Result<Option<MemberRecord>, Problem> {
        let proof = self
            .scene
            .open_text::<SignedInProof>(Sealed::Proof, proof)?;
        let (now, query) = (self.scene.outside.now(), self.form.query());
        let proof =
            proof.filter(|proof| now < proof.until && proof.query == sha256(query.as_bytes()));
        let state = self.scene.state.borrow();
        let members = &state.directory()?.members;
        Ok(proof.and_then(|proof| members.get(&proof.member).cloned()))
    }
}

/// Answers a person who comes back from the provider.
pub(super) async fn came_back(scene: &Scene, frame: &Frame, query: &str) -> Result<Reply, Problem> {
    let answer = Form::parse(query.as_bytes()).ok();
    let state = answer.as_ref().and_then(|answer| answer.get("state"));
    let carried = scene.open_text::<Carried>(Sealed::Carried, state.unwrap_or_default())?;
    let now = scene.outside.now();
    let carried = carried.filter(|carried| now < carried.until);
    let (Some(answer), Some(carried)) = (answer, carried) else {
        let what =
            "You have not been sent to sign in from here, or it took longer than ten minutes.";
        return Ok(page(Page::error(400, what)));
    };
    let form = Form::parse(carried.query.as_bytes()).map_err(|_| Problem::host())?;
    let whole = match Whole::read(scene, frame, form).await {
        Ok(whole) => whole,
        Err(Instead::Reply(reply)) => return Ok(reply),
        Err(Instead::Problem(problem)) => return Err(problem),
    };
    let question = whole.question(scene, frame)?;
    match question.who(&answer, &carried).await? {
        Ok(member) => question.asks(&member),
        Err(trouble) => Ok(question.page(Some(trouble), None)),
    }
}

impl Scene {
    /// The tenant's provider, if it has one.
    pub(crate) fn provider_record(&self) -> Result<Option<ProviderRecord>, Problem> {
        Ok(self.state.borrow().directory()?.provider.clone())
    }

    /// The member who signs in at a provider under that name; at the first time, the one whose verified address it is.
    /// From then on the name counts, which the provider gives to nobody else.
    async fn member_known_as(&self, identity: Identity) -> Result<Option<MemberRecord>, Problem> {
        let Identity {
            issuer,
            subject,
            email,
        } = identity;
        let name = (issuer.to_string(), subject);
        let found = {
            let state = self.state.borrow();
            let members = &state.directory()?.members;
            let mut all = members.values();
            if let Some(member) = all.find(|member| member.upstream.as_ref() == Some(&name)) {
                return Ok(Some(member.clone()));
            }
            // Of another provider, which the tenant had before, a member may have another name.
            let is_free = |member: &&MemberRecord| match &member.upstream {
                None => true,
                Some((known, _)) => *known != name.0,
            };
            let is_theirs = |member: &&MemberRecord| email.is_some() && member.email == email;
            let mut all = members.values();
            all.find(|member| is_theirs(member) && is_free(member))
                .cloned()
        };
        let Some(mut member) = found else {
            return Ok(None);
        };
        let by = format!("member:{}", member.id);
        let known = json!({ "issuer": name.0, "subject": name.1 });
        self.does(Act::new(by, "SignInFirst", member.id.as_str()).with(&known));
        member.upstream = Some(name);
        let change = Change::Put(Row::Member(member.clone()));
        self.commit(vec![change]).await?;
        Ok(Some(member))
    }

    fn seal_text<T: Serialize>(&self, what: Sealed, value: &T) -> Result<String, Problem> {
        let bytes = postcard::to_allocvec(value).map_err(|_| Problem::host())?;
        let state = self.state.borrow();
        let keys = state.keys.as_ref().ok_or_else(Problem::host)?;
        let keys = keys.purpose(Purpose::SignIn);
        let sealed = keys.seal(self.nonce(), &self.text_binding(what), &bytes);
        Ok(URL_SAFE_NO_PAD.encode(sealed.map_err(|_| Problem::host())?))
    }

    /// What a text was sealed from; none if it was not sealed here for that.
    fn open_text<T: DeserializeOwned>(
        &self,
        what: Sealed,
        text: &str,
    ) -> Result<Option<T>, Problem> {
        let state = self.state.borrow();
        let keys = state.keys.as_ref().ok_or_else(Problem::host)?;
        let keys = keys.purpose(Purpose::SignIn);
        let sealed = URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
        let opened = keys.open(&self.text_binding(what), &sealed);
        Ok(opened
            .ok()
            .and_then(|bytes| postcard::from_bytes(&bytes).ok()))
    }

    fn text_binding(&self, what: Sealed) -> Binding {
        let label = match what {
            Sealed::Carried => "smcp sign-in 1",
            Sealed::Proof => "smcp signed in 1",
        };
        let tenant = self.tenant().map(String::from);
        Binding::new(label).text(&tenant.unwrap_or_default())
    }
}
