//! Which CloudVision a subcommand speaks to, and with which token.

use std::path::PathBuf;

use crate::config::Endpoint;
use crate::features::cloudvision::client::{Client, Server, Trust};
use crate::features::cloudvision::store::Instance;
use crate::secret::Secret;
use crate::trouble::Trouble;

/// The variable that holds the token; it counts before every other place.
const TOKEN_VARIABLE: &str = "NOCTUI_CLOUDVISION_TOKEN";

/// The flags that say where CloudVision is.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ConnectionArgs {
    /// Speak to this CloudVision; the port is 443 unless said.
    #[arg(long, value_name = "HOST[:PORT]")]
    server: Option<Endpoint>,
    /// Trust the authorities in this PEM file, and no others.
    #[arg(long, value_name = "PATH", conflicts_with = "tls_no_verify")]
    ca_file: Option<PathBuf>,
    /// Trust any certificate: whoever is in between reads the token and the configurations.
    #[arg(long)]
    tls_no_verify: bool,
}

/// A CloudVision that a subcommand speaks to.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    /// The connection.
    pub(crate) client: Client,
    /// What it is called in the store.
    pub(crate) instance: Instance,
}

impl ConnectionArgs {
    /// Prepares a connection. `server` and `token` are what the input says; flags and the variable count before them.
    pub(crate) fn connect(&self, server: Option<&Endpoint>, token: Option<&Secret>) -> Result<Connection, Trouble> {
        let Some(endpoint) = self.server.as_ref().or(server) else {
            return Err(Trouble::new("it is not said which CloudVision is meant").to_do("name it with --server"));
        };
        let token = match (token_of_the_environment()?, token) {
            (Some(token), _) => token,
            (None, Some(token)) => token.clone(),
            (None, None) => {
                let trouble = Trouble::new("there is no token for CloudVision");
                return Err(trouble.to_do(&format!("put a service account token into {TOKEN_VARIABLE}")));
            }
        };
        let trust = match &self.ca_file {
            _ if self.tls_no_verify => Trust::Anybody,
            Some(path) => Trust::File(path.clone()),
            None => Trust::System,
        };
        if trust == Trust::Anybody {
            crate::output::complain(&format!("noctui: the certificate of {endpoint} is not checked"));
        }
        let client = Client::new(&Server::new(endpoint.clone(), trust), token.expose()).map_err(|e| Trouble::of(&e))?;
        let instance = Instance { name: endpoint.to_string(), server: endpoint.to_string() };
        Ok(Connection { client, instance })
    }
}

/// The token in the environment, if there is one.
fn token_of_the_environment() -> Result<Option<Secret>, Trouble> {
    let Some(value) = std::env::var_os(TOKEN_VARIABLE).filter(|value| !value.is_empty()) else { return Ok(None) };
    let unusable = |why: &str| Trouble::new(&format!("{TOKEN_VARIABLE} holds no token")).caused_by(why);
    let text = value.to_str().ok_or_else(|| unusable("it is not UTF-8"))?;
    Secret::read(text).map(Some).map_err(|error| unusable(&error.to_string()))
}
