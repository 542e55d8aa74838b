//! Whose mail it is by a header that a source names.

use super::*;

#[test]
fn the_header_that_holds_the_sender_as_a_source_says_counts_before_from_and_return_path_last() {
    let of = |headers: &str, looked_in: &[&str]| {
        let rules =
            Rules::embedded().with_sender_headers(looked_in.iter().map(|header| (*header).to_owned()).collect());
        let reading = rules.read(format!("{headers}Subject: x\r\n\r\nnothing\r\n").as_bytes(), None);
        let provider = match reading.verdict {
            Verdict::Failed { provider, .. } | Verdict::Ignored { provider, .. } | Verdict::Parsed { provider, .. } => {
                provider
            }
            Verdict::Unknown { .. } => String::new(),
        };
        (reading.envelope.sender, provider)
    };
    let list = "From: A list <list@groups.example>\r\n";
    let origin = format!("{list}X-Noc-Origin: Zayo <MR@zayo.com>\r\n");
    let known = ("mr@zayo.com".to_owned(), "zayo".to_owned());
    assert_eq!(of(&origin, &["X-None", "x-noc-origin"]), known);
    assert_eq!(of(&origin, &[]).1, "");
    let both = "From: noc@cogentco.com\r\nX-Noc-Origin: mr@zayo.com\r\n";
    assert_eq!((of(both, &["X-Noc-Origin"]), of(both, &[]).1), (known, "cogent".to_owned()));
    // One that holds no address names nobody.
    assert_eq!(of(&format!("{list}X-Noc-Origin: none\r\n"), &["X-Noc-Origin"]).0, "list@groups.example");
    assert_eq!(
        of(&format!("Return-Path: <mr@zayo.com>\r\n{list}"), &[]),
        ("list@groups.example".to_owned(), "zayo".to_owned())
    );
}
