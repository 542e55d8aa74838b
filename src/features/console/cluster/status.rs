//! What the API says when it says no: a `Status` in JSON (Kubernetes API, `meta/v1`).

use serde::Deserialize;

use crate::text::clean_line;

/// The longest message that is told.
const LONGEST: usize = 300;

/// The part of it that is for people.
#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    message: String,
}

/// The message in it; `None` where it is no `Status` or has none.
pub(in crate::features::console) fn message(body: &[u8]) -> Option<String> {
    let status: Status = serde_json::from_slice(body).ok()?;
    let message: String = clean_line(&status.message).chars().take(LONGEST).collect();
    (status.kind == "Status" && !message.is_empty()).then_some(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_status_has_a_message() {
        let status = br#"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"VM is not\u001b[2J running","code":409}"#;
        assert_eq!(message(status).as_deref(), Some("VM is not␛[2J running"));
        for other in [&b"<html>"[..], b"{}", br#"{"kind":"Status"}"#, br#"{"kind":"Pod","message":"x"}"#] {
            assert_eq!(message(other), None);
        }
    }
}
