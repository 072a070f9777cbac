//! The provider at which a tenant's members sign in: what it says of itself, its keys, and what it says of a person.
//!
//! What it says of itself and its keys are kept as long as it allows within bounds. A token that names a key which is
//! not among those that are kept may be of a newer one: then they are asked for again, but not oftener than once a
//! minute.

use serde::{Deserialize, Serialize};
use smcp_capability::turn::{Effect, Performed, Verification};
use smcp_crypto::sha256;
use smcp_ids::{UnixMillis, limits};
use smcp_oauth::upstream::{
    Expected, IdToken, IdTokenError, Identity, Issuer, KeySet, Provider, ProviderError, SignIn,
    SignatureCheck, TokenAnswer,
};

use super::outgoing::{Outgoing, max_age};
use crate::item::Space;
use crate::problem::Problem;
use crate::record::ProviderRecord;
use crate::state::Scene;

/// Why a provider is of no use, or nobody has signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failed {
    /// By what another host said, or did not say.
    Provider(ProviderFault),
    /// The host's own.
    Host(Problem),
}

/// What is wrong with what a provider says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProviderFault {
    /// It is not what the tenant takes for one.
    #[error("{0}")]
    Description(#[from] ProviderError),
    /// It gave no answer, or refused.
    #[error("{0} gave no answer, or refused")]
    Silent(&'static str),
    /// What it said of the person cannot be believed.
    #[error("{0}")]
    Token(#[from] IdTokenError),
}

impl<T: Into<ProviderFault>> From<T> for Failed {
    fn from(fault: T) -> Self {
        Self::Provider(fault.into())
    }
}

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self::Host(problem)
    }
}

/// An answer that is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    at: UnixMillis,
    #[serde(with = "serde_bytes")]
    body: Vec<u8>,
}

impl Scene {
    /// Forgets all that was kept of what providers said: they are asked anew.
    pub(crate) async fn forget_provider(&self) -> Result<(), Problem> {
        let said = Effect::DeleteItems(Space::provider().account().to_owned());
        match self.outside.perform(said).await {
            Performed::Done => Ok(()),
            _ => Err(Problem::host()),
        }
    }

    /// The provider of that name, as it describes itself.
    pub(crate) async fn provider(&self, issuer: &Issuer) -> Result<Provider, Failed> {
        let url = issuer.description_url();
        let kept = self.said_at(&url, "its issuer's address", None).await?;
        Ok(Provider::read(issuer, &kept.body)?)
    }

    /// Who has come back with a code.
    pub(super) async fn identity(
        &self,
        record: &ProviderRecord,
        sign_in: &SignIn<'_>,
        code: &str,
    ) -> Result<Identity, Failed> {
        let provider = self.provider(&record.issuer).await?;
        let exchange = provider.exchange(sign_in, &record.secret, code);
        let mut asked = Outgoing::post(&provider.token_endpoint, exchange.body)
            .within(limits::PROVIDER_TIMEOUT_MILLIS, limits::PROVIDER_ANSWER_MAX);
        if let Some(authorization) = exchange.authorization {
            asked = asked.with("authorization", authorization);
        }
        let answer = self.ask_host(asked).await?;
        let answer = answer.filter(|answer| answer.status == 200);
        let answer = answer.and_then(|answer| TokenAnswer::read(&answer.body));
        let answer = answer.ok_or(ProviderFault::Silent("its token_endpoint"))?;
        let token = IdToken::parse(&answer.id_token)?;
        let check = self.key_of(&provider, &token).await?;
        let expected = Expected {
            issuer: &provider.issuer,
            client_id: sign_in.client_id,
            nonce: sign_in.nonce,
            now: self.outside.now(),
        };
        let identity = token.identity(self.holds(check).await?, &expected)?;
        match (&provider.userinfo_endpoint, answer.access_token) {
            (Some(url), Some(token)) if identity.email.is_none() => {
                let asked = Outgoing::get(url)
                    .within(limits::PROVIDER_TIMEOUT_MILLIS, limits::PROVIDER_ANSWER_MAX)
                    .with("authorization", format!("Bearer {token}"));
                let said = self.ask_host(asked).await?;
                let said = said.filter(|said| said.status == 200);
                Ok(match said {
                    Some(said) => identity.with_user_info(&said.body),
                    None => identity,
                })
            }
            _ => Ok(identity),
        }
    }

    /// What has to hold of a token's signature, by the keys that its provider has now.
    async fn key_of(&self, provider: &Provider, token: &IdToken) -> Result<SignatureCheck, Failed> {
        let (url, whose) = (&provider.jwks_uri, "its jwks_uri");
        let keys = |kept: &Kept| KeySet::read(&kept.body).ok_or(ProviderFault::Silent(whose));
        let kept = self.said_at(url, whose, None).await?;
        match keys(&kept)?.check(token) {
            Err(IdTokenError::Key) => {
                let newer = self.said_at(url, whose, Some(kept.at)).await?;
                Ok(keys(&newer)?.check(token)?)
            }
            checked => Ok(checked?),
        }
    }

    async fn holds(&self, check: SignatureCheck) -> Result<bool, Problem> {
        let verification = Verification {
            algorithm: check.algorithm.as_str().to_owned(),
            key: check.key,
            message: check.message,
            signature: check.signature,
        };
        match self.outside.perform(Effect::Verify(verification)).await {
            Performed::Verified(holds) => Ok(holds),
            _ => Err(Problem::host()),
        }
    }

    /// What a provider says at one of its addresses: what is kept of that, but for an answer that was got at `but_not`
    /// and is a minute old.
    async fn said_at(
        &self,
        url: &str,
        whose: &'static str,
        but_not: Option<UnixMillis>,
    ) -> Result<Kept, Failed> {
        let space = Space::provider();
        let place = space.place(hex::encode(sha256(url.as_bytes()).as_bytes()));
        let now = self.outside.now();
        if let Some(bytes) = self.read_item(place.clone()).await?.value
            && let Ok(kept) = postcard::from_bytes::<Kept>(&bytes)
            && (but_not != Some(kept.at) || now.since(kept.at) < limits::PROVIDER_KEYS_AGAIN_MILLIS)
        {
            return Ok(kept);
        }
        let asked =
            Outgoing::get(url).within(limits::PROVIDER_TIMEOUT_MILLIS, limits::PROVIDER_ANSWER_MAX);
        let answer = self.ask_host(asked).await?;
        let answer = answer
            .filter(|answer| answer.status == 200)
            .ok_or(ProviderFault::Silent(whose))?;
        let lasts =
            max_age(&answer).clamp(limits::PROVIDER_MIN_MILLIS, limits::PROVIDER_MAX_MILLIS);
        let kept = Kept {
            at: self.outside.now(),
            body: answer.body,
        };
        let bytes = postcard::to_allocvec(&kept).map_err(|_| Problem::host())?;
        let sealed = self.seal_item(&place, &bytes)?;
        let write = space.write(place, Some(sealed), Some(kept.at.plus(lasts)));
        self.keep(vec![write], Vec::new()).await?;
        Ok(kept)
    }
}
