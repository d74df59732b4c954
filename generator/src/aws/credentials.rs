//! Credentials as every AWS tool finds them, without an async runtime: what the chain of providers asks for is done at once.
//! And the region, where the profile has it.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::PathBuf;
use std::pin::pin;
use std::process::Command;
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use ini::Ini;
use oxhttp::model::{Request, Response};
use reqsign_aws_v4::{
    Credential, DefaultCredentialProvider, ProcessCredentialProvider, ProfileCredentialProvider,
    SSOCredentialProvider,
};
use reqsign_core::time::Timestamp;
use reqsign_core::{
    CommandExecute, CommandOutput, Context, Env, Error, FileRead, HttpSend, ProvideCredential, Result,
    SigningCredential as _,
};

use super::error::AwsError;
use crate::http;
use crate::names::regions::may_be;

/// The environment of the process, as text: which credentials, region and endpoint are taken. It may hold keys, so that what is printed of
/// it are names alone.
#[derive(Clone)]
pub struct TextEnvironment(pub(super) HashMap<String, String>);

/// The credentials of the profile of this name, and no others.
#[derive(Debug, Clone)]
pub(crate) struct OfProfile(String);

/// The credentials that every AWS tool would find; the reason where there are none.
#[derive(Debug)]
pub(crate) struct AnyFound {
    chain: DefaultCredentialProvider,
    /// In words: where they were looked for, and what stands in the way there.
    looked: String,
}

/// What the chain asks of this machine.
#[derive(Debug, Clone, Copy)]
struct Machine;

/// Longest wait for a service that issues credentials; and for one of the machine itself, which a desk does not have.
const PATIENCE: Duration = Duration::from_secs(15);
const LINK_LOCAL_PATIENCE: Duration = Duration::from_secs(2);

pub(crate) fn context(environment: TextEnvironment) -> Context {
    let context = Context::new().with_file_read(Machine).with_http_send(Machine);
    context.with_command_execute(Machine).with_env(environment)
}

/// The value of a future that never waits: everything beneath it is done when it is asked for.
pub(crate) fn at_once<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = TaskContext::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

impl fmt::Debug for TextEnvironment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

impl TextEnvironment {
    /// The environment of the process, as `std::env::vars_os` has it, without what is no text.
    pub fn of(process: &BTreeMap<OsString, OsString>) -> Self {
        let texts = process.iter();
        let texts =
            texts.filter_map(|(name, value)| Some((name.to_str()?.to_owned(), value.to_str()?.to_owned())));
        Self(texts.collect())
    }

    /// The environment with a profile, whose region counts where the environment names none.
    #[must_use]
    pub(crate) fn with_profile(mut self, profile: Option<&str>) -> Self {
        if let Some(profile) = profile {
            self.0.insert("AWS_PROFILE".to_owned(), profile.to_owned());
        }
        self
    }

    /// The credentials of a profile that was asked for by name, and no others; the reason where it cannot be used: whoever names a
    /// profile does not want to act as somebody else.
    pub(crate) fn of_profile(&self, profile: &str) -> std::result::Result<OfProfile, String> {
        let files = [
            ("AWS_CONFIG_FILE", "config", config_section(profile)),
            ("AWS_SHARED_CREDENTIALS_FILE", "credentials", profile.to_owned()),
        ];
        let (mut places, mut keys) = (Vec::new(), None);
        for (variable, name, section) in files {
            let Some(path) = self.file(variable, name) else { continue };
            match Ini::load_from_file(&path) {
                Ok(file) => {
                    let found = file.section(Some(section)).into_iter().flat_map(|found| found.iter());
                    let found: Vec<_> =
                        found.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
                    if !found.is_empty() {
                        keys.get_or_insert_with(HashMap::new).extend(found);
                    }
                }
                Err(ini::Error::Io(_)) => {}
                Err(error) => return Err(format!("`{}` cannot be read: {error}", path.display())),
            }
            places.push(format!("`{}`", path.display()));
        }
        let keys: HashMap<String, String> =
            keys.ok_or_else(|| format!("neither of these files has it: {}", places.join(", ")))?;
        if let Some(role) = keys.get("role_arn") {
            let source = keys.get("source_profile").map(|source| format!("--profile {source} "));
            let source = source.unwrap_or_default();
            return Err(format!(
                "it takes on a role, which is not followed here; instead of it write `{source}--role-arn {role}`"
            ));
        }
        if keys.contains_key("sso_session") {
            return Err(format!(
                "its `sso_session` is not followed here; instead of it put its credentials into the environment with \
                 `eval \"$(aws configure export-credentials --profile {profile} --format env)\"`"
            ));
        }
        Ok(OfProfile(profile.to_owned()))
    }

    /// The credentials that every AWS tool would find.
    pub(crate) fn any_found(&self) -> AnyFound {
        let profile = match self.set("AWS_PROFILE") {
            None => "the profile `default`".to_owned(),
            Some(profile) => match self.of_profile(profile) {
                Ok(_) => format!("the profile `{profile}`"),
                Err(reason) => format!("the profile `{profile}` that `AWS_PROFILE` names ({reason})"),
            },
        };
        let looked = format!("neither the environment nor {profile} nor a role of this machine has any");
        AnyFound { chain: DefaultCredentialProvider::new(), looked }
    }

    /// A file of the AWS CLI: where the environment says, else its own place in the home folder.
    fn file(&self, variable: &str, name: &str) -> Option<PathBuf> {
        let home = self.set("HOME").map(PathBuf::from);
        match self.set(variable) {
            None => Some(home?.join(".aws").join(name)),
            Some(path) => match path.strip_prefix("~/") {
                None => Some(PathBuf::from(path)),
                Some(rest) => Some(home?.join(rest)),
            },
        }
    }

    /// Which half of a key is set without the other, in words; none where both are, or neither.
    pub(super) fn half_a_key(&self) -> Option<String> {
        let [id, secret] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].map(|name| (name, self.set(name)));
        let (((there, Some(_)), (missing, None)) | ((missing, None), (there, Some(_)))) = (id, secret) else {
            return None;
        };
        Some(format!("`{there}` is set, and `{missing}` is not"))
    }

    /// The value of a variable that is set to something.
    pub(crate) fn set(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The region that is given, else the one of [`Self::region`].
    ///
    /// # Errors
    /// If there is none, or it cannot be the name of a region.
    pub fn region_or(&self, given: Option<&str>) -> std::result::Result<String, AwsError> {
        let region = match given {
            Some("") => None, // not the environment's: somebody meant to say which
            Some(region) => Some(region.to_owned()),
            None => self.region(),
        };
        let region = region.ok_or(AwsError::NoRegion)?;
        if may_be(&region) { Ok(region) } else { Err(AwsError::RegionName { region }) }
    }

    /// The region that the environment names, else that of its profile in the AWS CLI's file of settings; none where neither has one.
    pub fn region(&self) -> Option<String> {
        let named = self.set("AWS_REGION").or_else(|| self.set("AWS_DEFAULT_REGION")).map(str::to_owned);
        named.or_else(|| {
            let config = Ini::load_from_file(self.file("AWS_CONFIG_FILE", "config")?).ok()?;
            let section = config_section(self.set("AWS_PROFILE").unwrap_or("default"));
            config.get_from(Some(section), "region").map(str::to_owned)
        })
    }
}

/// The section that a profile has in the file of settings.
fn config_section(profile: &str) -> String {
    if profile == "default" { profile.to_owned() } else { format!("profile {profile}") }
}

impl ProvideCredential for OfProfile {
    type Credential = Credential;

    async fn provide_credential(&self, context: &Context) -> Result<Option<Credential>> {
        let Self(profile) = self;
        let sso = SSOCredentialProvider::new().with_profile(profile);
        if let Some(found) = sso.provide_credential(context).await? {
            return Ok(Some(found));
        }
        let keys = ProfileCredentialProvider::new().with_profile(profile);
        if let Some(found) = keys.provide_credential(context).await? {
            return Ok(Some(found));
        }
        let process = ProcessCredentialProvider::new().with_profile(profile);
        let found = process.provide_credential(context).await?;
        let none = || {
            Error::config_invalid(format!(
                "the profile `{profile}` has no keys, no single sign-on and no `credential_process`"
            ))
        };
        found.map(Some).ok_or_else(none)
    }
}

impl ProvideCredential for AnyFound {
    type Credential = Credential;

    async fn provide_credential(&self, context: &Context) -> Result<Option<Credential>> {
        match self.chain.provide_credential(context).await? {
            Some(found) if found.is_valid_at(Timestamp::now()) => Ok(Some(found)),
            Some(_) => Err(Error::credential_invalid("those that are found have expired")),
            None => Err(Error::credential_invalid(&self.looked)),
        }
    }
}

impl Env for TextEnvironment {
    fn var(&self, key: &str) -> Option<String> {
        self.set(key).map(str::to_owned) // one that is set to nothing is none, as the AWS CLI has it
    }

    fn vars(&self) -> HashMap<String, String> {
        self.0
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    fn home_dir(&self) -> Option<PathBuf> {
        self.var("HOME").map(PathBuf::from)
    }
}

impl FileRead for Machine {
    async fn file_read(&self, path: &str) -> Result<Vec<u8>> {
        std::fs::read(path).map_err(|error| Error::config_invalid(format!("cannot read `{path}`: {error}")))
    }
}

impl HttpSend for Machine {
    async fn http_send(&self, request: Request<Bytes>) -> Result<Response<Bytes>> {
        let is_link_local = request.uri().host().is_some_and(|host| host.starts_with("169.254."));
        let patience = if is_link_local { LINK_LOCAL_PATIENCE } else { PATIENCE };
        let answer = http::send(request.map(|body| body.to_vec()), patience);
        let answer = answer.map_err(|error| Error::unexpected(error.to_string()))?;
        Ok(answer.map(Bytes::from))
    }
}

impl CommandExecute for Machine {
    async fn command_execute<'a>(&'a self, program: &'a str, args: &'a [&'a str]) -> Result<CommandOutput> {
        let output = Command::new(OsStr::new(program)).args(args).output();
        let output =
            output.map_err(|error| Error::config_invalid(format!("cannot run `{program}`: {error}")))?;
        Ok(CommandOutput {
            status: output.status.code().unwrap_or(-1),
            stdout: output.stdout,
            stderr: output.stderr,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_no_credentials_is_told_where_they_were_looked_for() {
        let home = tempfile::tempdir().expect("a folder");
        let told = |variables: &[(&str, &str)]| {
            let off = [("AWS_EC2_METADATA_DISABLED", "true"), ("HOME", home.path().to_str().expect("text"))];
            let all = off.iter().chain(variables);
            let all = all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            let environment = TextEnvironment(all.collect());
            let found = at_once(environment.any_found().provide_credential(&context(environment.clone())));
            found.expect_err("there are none").to_string()
        };
        let nowhere = "neither the environment nor the profile `default` nor a role of this machine has any";
        assert_eq!(told(&[]), nowhere);
        assert_eq!(told(&[("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")]), nowhere);
        let misspelt = told(&[("AWS_PROFILE", "prod")]);
        let why = "the profile `prod` that `AWS_PROFILE` names (neither of these files has it: ";
        assert!(misspelt.contains(why), "{misspelt}");
        let expired = home.path().join("expired.json");
        let keys = r#"{"Version": 1, "AccessKeyId": "one", "SecretAccessKey": "two", "SessionToken": "three",
            "Expiration": "2026-01-05T09:00:00Z"}"#;
        std::fs::write(&expired, keys).expect("a file");
        std::fs::create_dir(home.path().join(".aws")).expect("a folder");
        let config = format!("[default]\ncredential_process = cat {}\n", expired.display());
        std::fs::write(home.path().join(".aws/config"), config).expect("a file");
        assert!(told(&[]).contains("expired"), "{}", told(&[]));
    }

    #[test]
    fn keys_in_the_environment_are_not_printed() {
        let process = [("AWS_SECRET_ACCESS_KEY".into(), "hidden".into())];
        let environment = TextEnvironment::of(&process.into());
        assert_eq!(format!("{environment:?}"), r#"{"AWS_SECRET_ACCESS_KEY"}"#);
    }

    #[test]
    fn half_a_key_is_told_by_its_name() {
        let half = |names: &[&str]| {
            let set: BTreeMap<OsString, OsString> =
                names.iter().map(|name| (name.into(), "x".into())).collect();
            TextEnvironment::of(&set).half_a_key()
        };
        let (id, secret) = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY");
        assert_eq!(
            half(&[id]).as_deref(),
            Some("`AWS_ACCESS_KEY_ID` is set, and `AWS_SECRET_ACCESS_KEY` is not")
        );
        assert_eq!(
            half(&[secret]).as_deref(),
            Some("`AWS_SECRET_ACCESS_KEY` is set, and `AWS_ACCESS_KEY_ID` is not")
        );
        assert_eq!((half(&[]), half(&[id, secret])), (None, None));
    }

    #[test]
    fn a_profile_that_is_asked_for_is_there_and_followed_or_refused_by_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name).to_str().expect("text").to_owned();
        let config = "[profile sso]\nsso_session = us\n[profile role]\nrole_arn = arn:role\nsource_profile = keys\n\
                      [profile region]\nregion = eu-west-2\n";
        std::fs::write(path("config"), config).expect("a file");
        let keys = "[keys]\naws_access_key_id = one\naws_secret_access_key = two\n";
        std::fs::write(path("credentials"), keys).expect("a file");
        // Whatever stands in the environment is somebody else's.
        let environment = TextEnvironment(
            [
                ("AWS_CONFIG_FILE", path("config")),
                ("AWS_SHARED_CREDENTIALS_FILE", path("credentials")),
                ("AWS_ACCESS_KEY_ID", "other".to_owned()),
                ("AWS_SECRET_ACCESS_KEY", "other".to_owned()),
            ]
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect(),
        );
        let refused = |profile: &str| environment.of_profile(profile).expect_err("it is refused");
        assert!(refused("key").contains("neither of these files has it"));
        assert!(refused("role").contains("`--profile keys --role-arn arn:role`"));
        assert!(refused("sso").contains("export-credentials --profile sso"));
        let found = |profile: &str| {
            let provider = environment.of_profile(profile).expect("it is there");
            at_once(provider.provide_credential(&context(environment.clone())))
        };
        let keys = found("keys").expect("credentials").expect("credentials");
        assert_eq!((&*keys.access_key_id, &*keys.secret_access_key), ("one", "two"));
        assert!(
            found("region")
                .expect_err("it has none")
                .to_string()
                .contains("the profile `region` has no keys")
        );
    }
}
