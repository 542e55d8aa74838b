//! A proxy of the environment that stands between this machine and a lab.

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;

/// One that is to be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Proxy {
    /// `HOST:PORT`; no secret.
    pub(super) address: String,
    /// The variable that names it.
    pub(super) variable: &'static str,
}

/// The proxy by which a server is asked, if by one, from the variables of the environment.
pub(super) fn of(server: &str, variable: impl Fn(&str) -> Option<String>) -> Option<Proxy> {
    let uri: Uri = server.parse().ok()?;
    let value = |name: &&&'static str| variable(name).is_some_and(|value| !value.is_empty());
    let own: &[&str] =
        if uri.scheme_str() == Some("https") { &["HTTPS_PROXY", "https_proxy"] } else { &["http_proxy", "HTTP_PROXY"] };
    let variable_name: &'static str = own.iter().chain(&["ALL_PROXY", "all_proxy"]).find(value)?;
    let no_proxy = variable("NO_PROXY").or_else(|| variable("no_proxy")).unwrap_or_default();
    let matcher = Matcher::builder().all(variable(variable_name)?).no(no_proxy).build();
    let found = matcher.intercept(&uri);
    let address = match &found {
        Some(found) => {
            let (host, port) = (found.uri().host()?, found.uri().port_u16());
            port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
        }
        None => return None,
    };
    Some(Proxy { address, variable: variable_name })
}

/// Why a proxy does not lead to a server, in words of ours where the library's say nothing.
pub(super) fn why(said: &str) -> String {
    if said.contains("proxy authorization required") {
        "the proxy wants a login".to_owned()
    } else if said.contains("tunnel error: unsuccessful") {
        "the proxy refuses to lead there".to_owned()
    } else if said.contains("unsupported scheme") {
        "noctui cannot use a proxy of this kind: http:// and https:// are known".to_owned()
    } else {
        said.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_named_with_its_variable_and_without_its_password() {
        let of = |server: &str, set: &[(&str, &str)]| {
            let variable =
                |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            of(server, variable).map(|proxy| format!("{} {}", proxy.variable, proxy.address))
        };
        let proxy = ("HTTPS_PROXY", "http://pat:secret@proxy.example:3128");
        assert_eq!(of("https://lab.example", &[proxy]).as_deref(), Some("HTTPS_PROXY proxy.example:3128"));
        assert_eq!(of("http://lab.example", &[proxy]), None);
        assert_eq!(of("https://lab.example", &[proxy, ("NO_PROXY", "lab.example")]), None);
        let socks = [("ALL_PROXY", "socks5://127.0.0.1:1080")];
        assert_eq!(of("https://lab.example", &socks).as_deref(), Some("ALL_PROXY 127.0.0.1:1080"));
        assert_eq!(of("https://lab.example", &[]), None);
    }
}
