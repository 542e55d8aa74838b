//! Tag queries, as far as assignments use them: `device:*`, `device:SERIAL`, `label:value`, with AND, OR and NOT.

/// Whether a device matches. `has` answers for `label:value` of its tags; an empty query matches none.
pub(super) fn matches(query: &str, device: &str, has: &dyn Fn(&str, &str) -> bool) -> bool {
    query
        .split(" OR ")
        .any(|all| !all.trim().is_empty() && all.split(" AND ").all(|term| term_matches(term, device, has)))
}

/// Whether a device matches one term.
fn term_matches(term: &str, device: &str, has: &dyn Fn(&str, &str) -> bool) -> bool {
    let term = term.trim();
    if let Some(term) = term.strip_prefix("NOT ") {
        return !term_matches(term, device, has);
    }
    match term.split_once(':') {
        Some(("device", id)) => id.split(',').any(|id| matches!(id.trim(), "*") || id.trim() == device),
        Some((label, value)) => has(label.trim(), value.trim().trim_matches('"')),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_and_tags_are_matched_alone_and_together() {
        let leaf = |label: &str, value: &str| (label, value) == ("role", "leaf");
        let matches = |query| matches(query, "SN1", &leaf);
        assert!(matches("device:*") && matches("device:SN1") && matches("device:SN0, SN1"));
        assert!(matches("role:leaf") && matches("role:\"leaf\"") && matches("role:leaf AND device:SN1"));
        assert!(matches("role:spine OR role:leaf") && matches("NOT role:spine"));
        assert!(!matches("device:SN2") && !matches("role:spine") && !matches("role:leaf AND device:SN2"));
        assert!(!matches("") && !matches("nonsense"));
    }
}
