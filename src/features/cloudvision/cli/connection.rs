//! Which CloudVision a subcommand speaks to, and with which token.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::config::{CloudVision, Config, Endpoint, TOKEN_VARIABLE};
use crate::features::cloudvision::actor::Actor;
use crate::features::cloudvision::client::{Client, Server};
use crate::features::cloudvision::inputs::Given;
use crate::features::cloudvision::open_store;
use crate::features::cloudvision::store::Instance;
use crate::output;
use crate::secret::{Secret, SecretFrom};
use crate::store::Store;
use crate::tls::{Fingerprint, Trust};
use crate::trouble::Trouble;

/// The flags that say where CloudVision is.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ConnectionArgs {
    /// Speak to this CloudVision of the configuration.
    #[arg(long, value_name = "NAME")]
    cloudvision: Option<String>,
    /// Speak to the CloudVision at this address; the port is 443 unless said.
    #[arg(long, value_name = "HOST[:PORT]", conflicts_with = "cloudvision")]
    server: Option<Endpoint>,
    /// Trust the authorities in this PEM file, and no others.
    #[arg(long, value_name = "PATH", conflicts_with = "tls_no_verify")]
    ca_file: Option<PathBuf>,
    /// Trust the one certificate with this SHA-256, whoever has signed it.
    #[arg(long, value_name = "SHA256", conflicts_with_all = ["ca_file", "tls_no_verify"])]
    fingerprint: Option<Fingerprint>,
    /// Trust any certificate: whoever is in between reads the token and the configurations.
    #[arg(long)]
    tls_no_verify: bool,
}

/// What the input says of where to deploy; flags count before it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Said {
    /// The configured CloudVision of a target.
    pub(crate) cloudvision: Option<String>,
    /// The server that a request names.
    pub(crate) server: Option<Endpoint>,
    /// The token that a request brings.
    pub(crate) token: Option<Secret>,
}

/// A CloudVision that a subcommand speaks to.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    /// The connection.
    pub(crate) client: Client,
    /// What it is called in the store.
    pub(crate) instance: Instance,
    /// Why writes to it are refused, if they are.
    pub(crate) read_only: Option<String>,
}

impl Connection {
    /// Whoever acts on it, or why nobody may.
    pub(crate) fn actor(&self, config: &Config) -> Result<Actor, Trouble> {
        if let Some(reason) = &self.read_only {
            return Err(Trouble::new("this is refused").caused_by(reason));
        }
        let store = open_store(&config.paths.data).map_err(|error| Trouble::of(&error))?;
        Ok(self.actor_with(store, config))
    }

    /// The same with a store that is open already, whether writes are refused or not.
    pub(crate) fn actor_with(&self, store: Store, config: &Config) -> Actor {
        Actor { client: self.client.clone(), store, instance: self.instance.clone(), who: config.who.clone() }
    }
}

impl ConnectionArgs {
    /// Fetches the token and prepares a connection. Needs a Tokio runtime around it.
    pub(crate) async fn connect(&self, config: &Config, said: &Said) -> Result<Connection, Trouble> {
        let instance = self.instance(config, said)?;
        let endpoint = self.server.clone().or_else(|| self.cloudvision.is_none().then(|| said.server.clone())?);
        let nodes = match (&endpoint, instance) {
            (Some(endpoint), _) => vec![endpoint.clone()],
            (None, Some(instance)) => instance.servers.clone(),
            (None, None) => {
                let known: Vec<_> = config.cloudvision.iter().map(|instance| instance.name.as_str()).collect();
                let remedy = if known.is_empty() {
                    "name it with --server, or with [[cloudvision]] in the configuration".to_owned()
                } else {
                    format!("name it with --cloudvision: the configuration has {}", known.join(", "))
                };
                return Err(Trouble::new("it is not said which CloudVision is meant").to_do(&remedy));
            }
        };
        let token = token(instance, said).await?;
        let mut server = Server::new(
            nodes.first().cloned().ok_or_else(|| Trouble::new("there is no server"))?,
            self.trust(instance),
        );
        server.nodes = nodes;
        if let Some(instance) = instance {
            server.connect_timeout = instance.connect_timeout;
            server.call_timeout = instance.call_timeout;
        }
        if server.trust == Trust::Anybody {
            output::complain(&format!("noctui: the certificate of {} is not checked", server.name()));
        }
        let client = Client::new(&server, token.expose()).map_err(|error| Trouble::of(&error))?;
        let context = config.context.as_ref();
        let read_only = match instance {
            Some(instance) => config.refuses_writes_to(instance, context),
            None => config.refuses_writes(context),
        };
        let name = instance.map_or_else(|| server.name(), |instance| instance.name.clone());
        Ok(Connection { client, instance: Instance { name, server: server.name() }, read_only })
    }

    /// What is said beside a request: with flags, with the variable, or with what is configured of the server that a flag
    /// names.
    pub(crate) fn given(&self, config: &Config) -> Given {
        let server = self.server.is_some() || self.cloudvision.is_some();
        let is_configured = || matches!(self.instance(config, &Said::default()), Ok(Some(_)));
        Given { server, token: variable(TOKEN_VARIABLE).is_some() || (server && is_configured()) }
    }

    /// The configured CloudVision that is meant, if one is.
    fn instance<'a>(&self, config: &'a Config, said: &Said) -> Result<Option<&'a CloudVision>, Trouble> {
        if let Some(name) = self.cloudvision.as_ref() {
            let known: Vec<_> = config.cloudvision.iter().map(|instance| instance.name.as_str()).collect();
            let unknown = || {
                Trouble::new(&format!("there is no CloudVision {name} in the configuration"))
                    .to_do(&format!("it has {}", if known.is_empty() { "none".to_owned() } else { known.join(", ") }))
            };
            return config.cloudvision_named(name).map(Some).ok_or_else(unknown);
        }
        if let Some(endpoint) = self.server.as_ref().or(said.server.as_ref()) {
            // What is configured of a server holds for it however it is named.
            return Ok(config.cloudvision.iter().find(|instance| instance.servers.contains(endpoint)));
        }
        if let Some(name) = &said.cloudvision {
            return Ok(config.cloudvision_named(name));
        }
        Ok(config.cloudvision_of(config.context.as_ref()))
    }

    /// Whose certificates are trusted: what was said with flags counts before what is configured.
    fn trust(&self, instance: Option<&CloudVision>) -> Trust {
        match (&self.ca_file, self.fingerprint) {
            _ if self.tls_no_verify => Trust::Anybody,
            (Some(path), _) => Trust::File(path.clone()),
            (None, Some(pinned)) => Trust::Pinned(pinned),
            (None, None) => instance.map(|instance| instance.trust.clone()).unwrap_or_default(),
        }
    }
}

/// The value of a variable that is set.
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The token: of the variable, else of the input, else of the configuration.
async fn token(instance: Option<&CloudVision>, said: &Said) -> Result<Secret, Trouble> {
    let from = match (variable(TOKEN_VARIABLE), &said.token, instance) {
        (None, Some(token), _) => return Ok(token.clone()),
        (None, None, Some(instance)) => instance.token.clone(),
        (_, _, _) => SecretFrom::Variable(TOKEN_VARIABLE.to_owned()),
    };
    let found = from.fetch(variable).await.map_err(|error| Trouble::of(&error))?;
    if let Some(warning) = found.warning {
        output::complain(&format!("noctui: {warning}"));
    }
    Ok(found.secret)
}
