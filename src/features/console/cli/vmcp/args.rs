//! What can be typed after `vmcp`.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::features::console::vmcp::{HostId, Salt};

/// What was typed after `vmcp`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Sign a definition for a client's salt, and print the answer that the client would get.
    Sign(SignArgs),
    /// Verify a signed definition with a public key; exit code 1 if it is not valid.
    Verify(VerifyArgs),
    /// Get somebody else's definition as a client does, and verify it.
    Fetch(FetchArgs),
    /// Answer clients: serve every definition of the folder as /NAME, signed.
    Serve(ServeArgs),
    /// Print the public half of the key, as clients have it in their list of domains.
    Key(KeyArgs),
}

/// Where the private key is.
#[derive(Debug, clap::Args)]
pub(crate) struct KeyArgs {
    /// Take the RSA key in this PEM file, which nobody else may read.
    #[arg(long, value_name = "PATH")]
    pub(super) key_file: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// `vmcp sign`
#[derive(Debug, clap::Args)]
pub(crate) struct SignArgs {
    /// The definition: a file, the name of one in the folder of definitions, or `-` for JSON from standard input.
    #[arg(value_name = "DEFINITION")]
    pub(super) definition: String,
    /// The salt that the client sent as `cvm_salt`.
    #[arg(long, value_name = "SALT")]
    pub(super) salt: Salt,
    /// Only show the bytes that would be signed; needs no key.
    #[arg(long, conflicts_with = "key_file")]
    pub(super) preview: bool,
    /// Sign with the RSA key in this PEM file, which nobody else may read.
    #[arg(long, value_name = "PATH")]
    pub(super) key_file: Option<PathBuf>,
    /// Print the answer with what was signed and what clients make of it.
    #[arg(long)]
    pub(super) json: bool,
}

/// How a signature is verified.
#[derive(Debug, clap::Args)]
pub(crate) struct TrustArgs {
    /// Verify with the public key in this file: PEM, base64, or a list of domains as clients have it.
    #[arg(long, value_name = "PATH")]
    pub(super) public_key: Option<PathBuf>,
    /// Take this domain's key out of the list.
    #[arg(long, value_name = "DOMAIN", requires = "public_key")]
    pub(super) domain: Option<String>,
}

/// `vmcp verify`
#[derive(Debug, clap::Args)]
pub(crate) struct VerifyArgs {
    /// The answer, a JSON file; `-` reads standard input.
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// The salt that was sent when it was asked for.
    #[arg(long, value_name = "SALT")]
    pub(super) salt: Salt,
    /// Whose signature it should be; your own key's unless said.
    #[command(flatten)]
    pub(super) trust: TrustArgs,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// `vmcp fetch`
#[derive(Debug, clap::Args)]
pub(crate) struct FetchArgs {
    /// The address of the endpoint, http or https.
    #[arg(value_name = "URL")]
    pub(super) url: String,
    /// Whose signature it should be; your own key's unless said.
    #[command(flatten)]
    pub(super) trust: TrustArgs,
    /// Show it although nobody vouches for it.
    #[arg(long, conflicts_with = "public_key")]
    pub(super) unverified: bool,
    /// Send this salt; a fresh one unless said.
    #[arg(long, value_name = "SALT")]
    pub(super) salt: Option<Salt>,
    /// Send this as the id of the host; one of nobody unless said.
    #[arg(long, value_name = "ID")]
    pub(super) host_id: Option<HostId>,
    /// Trust the authorities in this PEM file, and no others.
    #[arg(long, value_name = "PATH")]
    pub(super) ca_file: Option<PathBuf>,
    /// Print JSON, with the secret.
    #[arg(long)]
    pub(super) json: bool,
}

/// `vmcp serve`
#[derive(Debug, clap::Args)]
pub(crate) struct ServeArgs {
    /// Listen there; on the loopback unless said or configured.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(super) listen: Option<SocketAddr>,
    /// Serve the definitions in this folder.
    #[arg(long, value_name = "DIR")]
    pub(super) dir: Option<PathBuf>,
    /// Sign with the RSA key in this PEM file, which nobody else may read.
    #[arg(long, value_name = "PATH")]
    pub(super) key_file: Option<PathBuf>,
    /// Print a JSON object for each request.
    #[arg(long)]
    pub(super) json: bool,
}
