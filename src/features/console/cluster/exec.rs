//! Programs that give credentials (`client.authentication.k8s.io`, "exec plugins").

use std::process::Stdio;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::features::console::error::Error;
use crate::secret::Secret;
use crate::text::clean_line;
use crate::tls::ClientCertificate;

/// Enough for a request of its own, not for somebody who has to log in.
pub(super) const WITHIN: Duration = Duration::from_secs(30);
/// The largest answer that is read.
const LARGEST: u64 = 1 << 20;

/// A program, and how it is asked.
#[derive(Clone)]
pub(super) struct Exec {
    /// The version of the exchange.
    pub(super) version: String,
    /// The program.
    pub(super) command: String,
    /// Its arguments.
    pub(super) arguments: Vec<String>,
    /// Variables beside those of this process.
    pub(super) variables: Vec<(String, String)>,
    /// What to do where it is not installed.
    pub(super) hint: Option<String>,
    /// The cluster, where the program wants to know it.
    pub(super) cluster: Option<Value>,
    /// Whether it asks somebody.
    pub(super) wants_terminal: bool,
}

impl std::fmt::Debug for Exec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Arguments and variables may be secrets.
        f.debug_struct("Exec").field("command", &self.command).finish_non_exhaustive()
    }
}

/// What it gave.
#[derive(Debug)]
pub(super) struct Given {
    /// A token.
    pub(super) token: Option<Secret>,
    /// A certificate.
    pub(super) certificate: Option<ClientCertificate>,
    /// Until when that is good.
    pub(super) ends_at: Option<DateTime<Utc>>,
}

/// An `ExecCredential`.
#[derive(Deserialize)]
struct Credential {
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Status {
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
    expiration_timestamp: Option<DateTime<Utc>>,
}

impl Exec {
    /// Asks it, and waits so long. `context` is for messages.
    pub(super) async fn ask(&self, context: &str, within: Duration) -> Result<Given, Error> {
        let failed = |why: String| Error::Plugin {
            program: clean_line(&self.command),
            context: context.to_owned(),
            why: clean_line(&why),
            hint: self.hint.clone(),
        };
        if self.wants_terminal {
            return Err(failed("it asks somebody at a terminal (interactiveMode: Always)".to_owned()));
        }
        let asked = timeout(within, self.run()).await;
        let printed = asked.unwrap_or_else(|_| Err(format!("it gave nothing within {} s", within.as_secs())));
        let printed = printed.map_err(failed)?;
        // serde's words repeat what they are about, which is a secret here.
        let credential = serde_json::from_slice::<Credential>(&printed);
        let status = credential.ok().and_then(|credential| credential.status);
        let status = status.ok_or_else(|| failed("what it printed is no ExecCredential with a status".to_owned()))?;
        let token = status.token.as_deref().filter(|token| !token.is_empty()).map(Secret::read).transpose();
        let token = token.map_err(|error| failed(format!("its token: {error}")))?;
        let certificate = match (status.client_certificate_data, status.client_key_data) {
            (Some(chain), Some(key)) => {
                Some(ClientCertificate { chain: chain.into_bytes().into(), key: Zeroizing::new(key.into_bytes()) })
            }
            _ => None,
        };
        if token.is_none() && certificate.is_none() {
            return Err(failed("it gave neither a token nor a certificate".to_owned()));
        }
        Ok(Given { token, certificate, ends_at: status.expiration_timestamp })
    }

    /// What it prints.
    async fn run(&self) -> Result<Zeroizing<Vec<u8>>, String> {
        let mut spec = json!({ "interactive": false });
        if let (Some(cluster), Some(spec)) = (&self.cluster, spec.as_object_mut()) {
            spec.insert("cluster".to_owned(), cluster.clone());
        }
        let info = json!({ "apiVersion": self.version, "kind": "ExecCredential", "spec": spec });
        let mut child = Command::new(&self.command)
            .args(&self.arguments)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .env("KUBERNETES_EXEC_INFO", info.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Out of the group that the terminal's keys go to.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("it cannot be started: {error}"))?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let (printed, complained, status) = tokio::join!(read(stdout), read(stderr), child.wait());
        let status = status.map_err(|error| error.to_string())?;
        if status.success() {
            return Ok(printed);
        }
        let said = String::from_utf8_lossy(&complained);
        let said = said.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        Err(if said.is_empty() { format!("it ended with {status}") } else { said.chars().take(200).collect() })
    }
}

/// All of it that is read.
async fn read(from: Option<impl AsyncRead + Unpin>) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::new());
    if let Some(from) = from {
        // What cannot be read is missing, and that is told.
        let _ = from.take(LARGEST).read_to_end(&mut bytes).await;
    }
    bytes
}
