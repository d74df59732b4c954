//! A caller of AWS: one set of credentials in one region, whose calls are counted.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::time::Duration;

use oxhttp::model::{Request, Response, Uri};
use reqsign_aws_v4::{Credential, RequestSigner, StaticCredentialProvider};
use reqsign_core::Signer;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::credentials::{TextEnvironment, at_once, context};
use super::error::{AwsError, Kind, is_of_the_clock, kind};
use super::patience::{ATTEMPTS_MAX, Patience, SILENCES_MAX, attempts_max, is_silence};
use super::service::{AwsAction, AwsService, STS, endpoint, other_endpoint, signed_for};
use super::wire::{self, Refusal};
use crate::names::regions::is_known;
use crate::{digest, http};

/// Wait before the second attempt; it doubles with each.
const BACKOFF: Duration = Duration::from_millis(400);

const ASSUME_ROLE: AwsAction = AwsAction::repeatable(STS, "AssumeRole");

/// Where and as whom calls are made, as the AWS CLI has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AwsPlace {
    /// The region; where it is not said, the environment's, else the profile's.
    pub region: Option<String>,
    /// The profile; its credentials, not those in the environment.
    pub profile: Option<String>,
    /// A role to take on.
    pub role_arn: Option<String>,
    /// Where all services are, if not at AWS.
    pub endpoint: Option<String>,
}

/// One set of credentials in one region.
pub struct AwsClient {
    region: String,
    place: AwsPlace,
    environment: TextEnvironment,
    own: Signer<Credential>,
    /// Of the role that is taken on, once it is.
    role: RefCell<Option<Signer<Credential>>>,
    calls: RefCell<BTreeMap<String, u32>>,
    /// How often it had to wait before it asked again.
    waits: Cell<u32>,
    on_wait: Box<dyn Fn(&str)>,
    patience: Patience,
}

impl AwsClient {
    /// A caller; `on_wait` is told, in words for whoever waits, when it has to wait before it asks again. Nothing is asked yet.
    ///
    /// # Errors
    /// If no region is named or what is named cannot be one, or the profile that is asked for cannot be used.
    pub fn new(
        place: AwsPlace,
        environment: TextEnvironment,
        on_wait: impl Fn(&str) + 'static,
    ) -> Result<Self, AwsError> {
        let environment = environment.with_profile(place.profile.as_deref());
        let of_profile = match &place.profile {
            None => None,
            Some(profile) => Some(
                environment
                    .of_profile(profile)
                    .map_err(|reason| AwsError::Profile { profile: profile.clone(), reason })?,
            ),
        };
        let region = environment.region_or(place.region.as_deref())?;
        let (context, signer) = (context(environment.clone()), RequestSigner::new(STS.name, &region));
        let own = match of_profile {
            Some(provider) => Signer::new(context, provider, signer),
            None => Signer::new(context, environment.any_found(), signer),
        };
        Ok(Self {
            region,
            place,
            environment,
            own,
            role: RefCell::default(),
            calls: RefCell::default(),
            waits: Cell::default(),
            on_wait: Box::new(on_wait),
            patience: Patience::default(),
        })
    }

    /// The same, which knows who did not answer the other clients of this patience.
    #[must_use]
    pub fn sharing(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }

    /// The region that it asks in.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// How often each action was asked for, attempts that were throttled among them.
    pub fn calls(&self) -> BTreeMap<String, u32> {
        self.calls.borrow().clone()
    }

    /// How many calls were made.
    pub fn calls_made(&self) -> u32 {
        self.calls.borrow().values().sum()
    }

    /// How often it had to wait before it asked again.
    pub fn waits_made(&self) -> u32 {
        self.waits.get()
    }

    /// Makes a call and reads its answer; `arguments` is an object, spelt as the service spells them. `resource` is what it
    /// touches, for whoever has to allow it.
    pub fn ask<T: DeserializeOwned>(
        &self,
        action: &AwsAction,
        resource: &str,
        arguments: &Value,
    ) -> Result<T, AwsError> {
        let unreadable = |reason| AwsError::Unreadable { action: action.iam(), reason };
        let mut answer = self.insist(action, resource, arguments, &self.signer()?);
        if matches!(&answer, Err(AwsError::NotAccepted { .. })) && self.role.borrow().is_some() {
            self.role.replace(None); // a role is taken on for an hour
            answer = self.insist(action, resource, arguments, &self.signer()?);
        }
        wire::read(action, &answer?).map_err(unreadable)
    }

    /// The items of a list, of so many pages at most: `read` takes those of a page, and the argument that asks for the next.
    pub fn list<P: DeserializeOwned, T>(
        &self,
        action: &AwsAction,
        resource: &str,
        mut arguments: Value,
        pages_max: usize,
        read: impl Fn(P) -> (Vec<T>, Option<(&'static str, Value)>),
    ) -> Result<Vec<T>, AwsError> {
        let mut items = Vec::new();
        for _ in 0..pages_max {
            let (of_page, next) = read(self.ask(action, resource, &arguments)?);
            items.extend(of_page);
            let Some((key, token)) = next else { return Ok(items) };
            arguments[key] = token;
        }
        let reason =
            format!("it goes on after {pages_max} pages, and no part of a list is taken for all of it");
        Err(AwsError::Unreadable { action: action.iam(), reason })
    }

    /// The signer of the role, where one is taken on, else of the credentials that were found.
    fn signer(&self) -> Result<Signer<Credential>, AwsError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Answer {
            credentials: Given,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Given {
            access_key_id: String,
            secret_access_key: String,
            session_token: String,
        }
        let Some(role_arn) = &self.place.role_arn else { return Ok(self.own.clone()) };
        if let Some(signer) = &*self.role.borrow() {
            return Ok(signer.clone());
        }
        let arguments = json!({"RoleArn": role_arn, "RoleSessionName": "asg-recycle"});
        let body = self.insist(&ASSUME_ROLE, role_arn, &arguments, &self.own)?;
        let answer: Answer = wire::read(&ASSUME_ROLE, &body)
            .map_err(|reason| AwsError::Unreadable { action: ASSUME_ROLE.iam(), reason })?;
        let given = answer.credentials;
        let provider = StaticCredentialProvider::new(&given.access_key_id, &given.secret_access_key)
            .with_session_token(&given.session_token);
        let context = context(self.environment.clone());
        let signer = Signer::new(context, provider, RequestSigner::new(STS.name, &self.region));
        self.role.replace(Some(signer.clone()));
        Ok(signer)
    }

    /// Asks until it is answered, waiting longer each time that AWS throttles or fails.
    fn insist(
        &self,
        action: &AwsAction,
        resource: &str,
        arguments: &Value,
        signer: &Signer<Credential>,
    ) -> Result<Vec<u8>, AwsError> {
        let mut attempt = 1;
        let silences_max = self.silences_max(&self.endpoint(action.service));
        loop {
            let outcome = self.send(action, arguments, signer)?;
            let attempts_max = attempts_max(&outcome, silences_max);
            let (kind, refusal) = match outcome {
                Ok(answer) if answer.status().is_success() => return Ok(answer.into_body()),
                Ok(answer) => {
                    let status = answer.status().as_u16();
                    let refusal = wire::refusal(action, status, answer.headers(), answer.body());
                    (kind(status, &refusal.code), refusal)
                }
                Err(error) => {
                    let kind = if action.repeatable { Kind::Failing } else { Kind::Other };
                    (kind, Refusal { code: String::new(), message: error.to_string() })
                }
            };
            let may_again = kind == Kind::Throttled || (kind == Kind::Failing && action.repeatable);
            if !may_again || attempt >= attempts_max || self.is_nobody_there(&refusal) {
                return Err(self.error(action, resource, kind, refusal));
            }
            self.wait(action, kind, attempt, &refusal);
            attempt += 1;
        }
    }

    /// Whether nothing listens where the services were said to be: asking again would not help.
    fn is_nobody_there(&self, refusal: &Refusal) -> bool {
        self.place.endpoint.is_some() && refusal.code.is_empty()
    }

    #[expect(clippy::disallowed_methods, reason = "AWS asks its callers to wait")]
    fn wait(&self, action: &AwsAction, kind: Kind, attempt: u32, refusal: &Refusal) {
        let wait = BACKOFF * 2_u32.pow(attempt - 1);
        let waits = self.waits.get();
        self.waits.set(waits.saturating_add(1));
        if waits == 0 || attempt > 2 {
            let does = if kind == Kind::Throttled { "throttles" } else { "does not answer" };
            let (action, seconds) = (action.iam(), wait.as_secs_f32());
            let said = if refusal.message.is_empty() { &refusal.code } else { &refusal.message };
            (self.on_wait)(&format!("AWS {does} {action} ({said}); asking again in {seconds:.1} s"));
        }
        std::thread::sleep(wait);
    }

    /// One attempt; the outer error is of the credentials.
    fn send(
        &self,
        action: &AwsAction,
        arguments: &Value,
        signer: &Signer<Credential>,
    ) -> Result<std::io::Result<Response<Vec<u8>>>, AwsError> {
        self.count(action);
        let written = wire::write(action, arguments);
        let url = format!("{}{}", self.endpoint(action.service), written.path);
        let mut request = Request::builder().method(written.method).uri(url);
        for (name, value) in &written.headers {
            request = request.header(*name, value);
        }
        let request = request.body(written.body).map_err(|error| AwsError::EndpointUrl {
            url: self.endpoint(action.service),
            reason: error.to_string(),
        })?;
        self.dispatch(action.service, request, signer)
    }

    /// Sends a request for an action of a service whose calls are paths and headers of their own, S3's, and gives the answer,
    /// whatever it is; again where the service throttles or fails. The action's name and service are what is counted and
    /// signed for.
    pub(crate) fn exchange(
        &self,
        action: &AwsAction,
        request: &Request<Vec<u8>>,
    ) -> Result<Response<Vec<u8>>, AwsError> {
        let mut attempt = 1;
        let silences_max = self.silences_max(&request.uri().to_string());
        loop {
            self.count(action);
            let answer = self.dispatch(action.service, request.clone(), &self.signer()?)?;
            let attempts_max = attempts_max(&answer, silences_max);
            let refusal = match &answer {
                Ok(answer) => {
                    let status = answer.status();
                    let may_again = status.is_server_error() || status.as_u16() == 429;
                    may_again.then(|| Refusal { code: status.to_string(), message: String::new() })
                }
                Err(error) => Some(Refusal { code: String::new(), message: error.to_string() }),
            };
            let Some(refusal) = refusal.filter(|it| attempt < attempts_max && !self.is_nobody_there(it))
            else {
                return answer.map_err(|error| AwsError::Unreachable {
                    action: action.iam(),
                    endpoint: request.uri().to_string(),
                    reason: error.to_string(),
                });
            };
            self.wait(action, Kind::Failing, attempt, &refusal);
            attempt += 1;
        }
    }

    /// The error that an answer of [`Self::exchange`] is, by its status and by code and message as the service words them.
    pub(crate) fn refused(
        &self,
        action: &AwsAction,
        resource: &str,
        status: u16,
        (code, message): (String, String),
    ) -> AwsError {
        let code = wire::code_or_status(code, status);
        self.error(action, resource, kind(status, &code), Refusal { code, message })
    }

    fn count(&self, action: &AwsAction) {
        *self.calls.borrow_mut().entry(action.iam()).or_default() += 1;
    }

    /// Signs and sends.
    fn dispatch(
        &self,
        service: AwsService,
        request: Request<Vec<u8>>,
        signer: &Signer<Credential>,
    ) -> Result<std::io::Result<Response<Vec<u8>>>, AwsError> {
        let (mut parts, body) = request.into_parts();
        let hash = digest::hex(&body).parse().expect("hex digits are a header's value");
        parts.headers.insert("x-amz-content-sha256", hash);
        let signer = signer
            .clone()
            .with_request_signer(RequestSigner::new(service.name, signed_for(service, &self.region)));
        let outcome = at_once(signer.sign(&mut parts, None));
        outcome.map_err(|error| AwsError::Credentials {
            reason: self.environment.half_a_key().unwrap_or_else(|| error.to_string()),
        })?;
        let host = host(&parts.uri);
        let patience = self.patience.of(&host, body.len());
        let answer = http::send(Request::from_parts(parts, body), patience);
        self.patience.heard(&host, !is_silence(&answer));
        // Of a region that AWS has, the network may be away for a moment.
        let is_of_ours = host.contains(&self.region) && self.other_endpoint(service).is_none();
        match &answer {
            Err(error) if error.kind() == ErrorKind::NotFound && is_of_ours && !is_known(&self.region) => {
                Err(AwsError::NoSuchRegion { region: self.region.clone(), host })
            }
            _ => Ok(answer),
        }
    }

    /// How often it is waited for an answer at an address.
    fn silences_max(&self, url: &str) -> u32 {
        let is_known = url.parse().is_ok_and(|uri: Uri| self.patience.expects_none(&host(&uri)));
        if is_known { 1 } else { SILENCES_MAX }
    }

    /// The endpoint that was given for all services, or that the environment names for this one; none at AWS itself.
    pub(crate) fn other_endpoint(&self, service: AwsService) -> Option<String> {
        other_endpoint(service, self.place.endpoint.as_deref(), &self.environment.0)
    }

    fn endpoint(&self, service: AwsService) -> String {
        endpoint(service, &self.region, self.place.endpoint.as_deref(), &self.environment.0)
    }

    fn error(&self, action: &AwsAction, resource: &str, kind: Kind, refusal: Refusal) -> AwsError {
        let Refusal { code, message } = refusal;
        let message = if message.is_empty() { "no reason is given".to_owned() } else { message };
        let service = action.service;
        let action = action.iam();
        match kind {
            _ if code.is_empty() => {
                AwsError::Unreachable { action, endpoint: self.endpoint(service), reason: message }
            }
            Kind::Throttled => AwsError::Throttled { action, attempts: ATTEMPTS_MAX, message },
            Kind::Denied => {
                AwsError::Denied { action, resource: resource.to_owned(), condition: Value::Null, message }
            }
            Kind::NotAccepted if is_of_the_clock(&code, &message) => AwsError::Clock { action, message },
            Kind::NotAccepted => AwsError::NotAccepted { action, code, message },
            Kind::Failing => AwsError::Failing { action, code, message },
            Kind::Other => AwsError::Refused { action, code, message },
        }
    }
}

/// The host of an address, by which it is known whether it answers.
fn host(uri: &Uri) -> String {
    uri.authority().map(ToString::to_string).unwrap_or_default()
}
