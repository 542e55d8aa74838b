//! Nautobot with its app for circuit maintenances: what it has comes into the store, and what people do here goes back.
//!
//! Written for Nautobot 2 and 3 (seen: 3.1.8 with nautobot-circuit-maintenance 3.1.1); see
//! <https://docs.nautobot.com/projects/circuit-maintenance/>.
//!
//! | file | what |
//! |---|---|
//! | `client` | HTTP: address, token, version, retries, limits |
//! | `wire` | from JSON to nouns |
//! | `read`, `graphql` | lists, from REST and from GraphQL |
//! | `rows` | what of a list came and made sense |
//! | `rights` | what the token may do |
//! | `store` | what was seen there, what is to be written there |
//! | `sync` | reading, in steps that nobody notices |
//! | `missing` | what does not show any more: gone, or hidden |
//! | `whose` | mails that are another provider's by what it says now |
//! | `send` | writing, exactly once |
//! | `sim` | a simulated Nautobot, for tests and the demo |

pub mod client;
pub mod error;
mod graphql;
mod missing;
mod read;
pub mod rights;
mod rows;
pub mod send;
pub mod sim;
pub mod store;
pub mod sync;
#[cfg(test)]
mod tests;
pub(crate) mod whose;
pub mod wire;

use client::{About, Client, Server};
pub use error::Error;

use crate::config::Nautobot;

/// The pause before a read is tried again.
const FIRST_PAUSE: std::time::Duration = std::time::Duration::from_millis(500);

/// Fetches the token, prepares a connection and asks what answers there.
pub(crate) async fn connect(setup: &Nautobot) -> Result<(Client, About), Error> {
    let url = setup.url.to_string();
    let found = setup.token.fetch(|name| std::env::var_os(name)).await.map_err(|error| Error::Setup {
        server: url.clone(),
        what: "there is no token".to_owned(),
        source: Some(error.into()),
    })?;
    if let Some(warning) = found.warning {
        tracing::warn!("{warning}");
    }
    let server = Server {
        url,
        trust: setup.trust.clone(),
        connect_timeout: setup.connect_timeout,
        call_timeout: setup.call_timeout,
        first_pause: FIRST_PAUSE,
    };
    // Reading certificates blocks.
    let client = crate::blocking::run(move || Client::new(&server, found.secret.expose())).await?;
    let about = client.about().await?;
    Ok((client, about))
}
