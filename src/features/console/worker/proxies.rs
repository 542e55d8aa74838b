//! What the token of a proxy says of the machines behind it.

use super::{Report, Shared};
use crate::clock;
use crate::config::{Access, ConsoleProxy};
use crate::features::console::model::{left_out, proxied};
use crate::trouble::Trouble;

/// Looks at what lets us in at a proxy, and tells.
pub(super) async fn look(shared: Shared, proxy: ConsoleProxy) {
    let name = proxy.name.clone();
    let pass = shared.pass(&proxy);
    let proxy = ConsoleProxy { access: pass.access.clone(), ..proxy };
    let now = clock::now();
    let (rows, trouble) = match &proxy.access {
        // A key makes tokens when they are needed; that it is there is looked at now.
        Access::Key(from) => match pass.key(from).await {
            Ok((_, warning)) => (proxied(&proxy, Ok(None), now), warning.map(|warning| Trouble::new(&warning))),
            Err(error) => failed(&proxy, &Trouble::of(&error)),
        },
        Access::Token(from) => match pass.kept(from).await {
            Ok(ticket) => {
                let warning = ticket.warning.map(|warning| Trouble::new(&warning));
                (proxied(&proxy, Ok(Some(&ticket.token)), now), warning.or_else(|| left_out(&proxy, &ticket.token)))
            }
            Err(error) => failed(&proxy, &Trouble::of(&error)),
        },
    };
    shared.tell(Report::Proxied { proxy: name, rows, trouble }).await;
}

/// The machines that are configured, and why they cannot be had.
fn failed(proxy: &ConsoleProxy, trouble: &Trouble) -> (Vec<crate::features::console::model::Proxied>, Option<Trouble>) {
    (proxied(proxy, Err(trouble), clock::now()), Some(trouble.clone()))
}
