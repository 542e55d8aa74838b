//! Input that means harm: nothing panics, nothing grows past its bounds, and what is wrong is said.

use proptest::prelude::*;

use super::*;
use crate::features::cloudvision::inputs::problem::Findings;
use crate::features::cloudvision::inputs::{check, structured, yaml};

/// A structured configuration with everything that is read of one.
const STRUCTURED: &str = "a: &x {name: role, value: leaf}\nmetadata:\n  is_deployed: true\n  serial_number: 'JPE1'\n  \
    cv_tags:\n    device_tags:\n    - *x\n    interface_tags:\n    - interface: Ethernet1\n      tags: [*x]\n...\n";

/// What is wrong with a structured configuration; empty if nothing is.
fn structured_problems(name: &str, text: &[u8]) -> String {
    let mut findings = Findings::default();
    let facts = structured::read(name.as_ref(), text, &mut findings);
    let problems = findings.finish().err().map_or_else(Vec::new, |Problems(problems)| problems);
    assert_eq!(facts.is_some(), problems.is_empty(), "{problems:?}");
    told(&problems, "").join("\n")
}

#[test]
fn no_byte_changed_in_a_request_makes_reading_panic() {
    let text = super::request::sound().to_string().into_bytes();
    for at in 0..text.len() {
        for byte in [0, b'"', b'{', b'}', b'[', b',', b'\\', b'=', b'-', b'0', 0x7f, 0x80, 0xff] {
            let mut changed = text.clone();
            changed[at] = byte;
            if let Err(Problems(problems)) = from_request(&changed, Given::default()) {
                assert!(!problems.is_empty());
            }
        }
        assert!(from_request(&text[..at], Given::default()).is_err(), "cut at {at}");
    }
}

#[test]
fn no_byte_changed_in_a_structured_configuration_makes_reading_panic() {
    assert_eq!(structured_problems("leaf1.yml", STRUCTURED.as_bytes()), "");
    for at in 0..STRUCTURED.len() {
        for byte in
            [0, b'"', b'\'', b'{', b'}', b'[', b',', b'*', b'&', b'!', b'%', b'|', b'?', b'-', b':', b'\t', b'\n', 0xff]
        {
            let mut changed = STRUCTURED.as_bytes().to_vec();
            changed[at] = byte;
            let _ = structured_problems("leaf1.yml", &changed);
            let _ = structured_problems("leaf1.json", &changed);
        }
        let _ = structured_problems("leaf1.yml", &STRUCTURED.as_bytes()[..at]);
    }
}

#[test]
fn aliases_of_aliases_cost_no_more_than_their_text() {
    let level =
        |level: usize| format!("a{level}: &a{level} [{}]\n", [format!("*a{}", level - 1).as_str(); 10].join(", "));
    let levels: Vec<String> = (1..60).map(level).collect();
    let text = format!("a0: &a0 [x, x, x]\n{}metadata: {{cv_tags: {{device_tags: *a59}}}}\n", levels.concat());
    let told = structured_problems("leaf1.yml", text.as_bytes());
    assert!(told.contains("a tag is a list"), "{told}");
}

#[test]
fn tags_that_aliases_multiply_are_bounded() {
    let tags = "{name: a, value: b}, ".repeat(2_000);
    let entries = "{interface: e, tags: *t}, ".repeat(2_000);
    let text = format!("x: &t [{tags}]\nmetadata: {{cv_tags: {{interface_tags: [{entries}]}}}}\n");
    let told = structured_problems("leaf1.yml", text.as_bytes());
    assert!(told.contains("more than 100000 tags"), "{told}");
}

#[test]
fn nesting_is_bounded() {
    for open in ["[", "{a: ", "- ", "? ", "{? ", "&a [", "!!x ["] {
        let told = structured_problems("leaf1.yml", format!("metadata: {}", open.repeat(50_000)).as_bytes());
        assert!(!told.is_empty(), "{open}");
    }
    let told = structured_problems("leaf1.json", "[".repeat(100_000).as_bytes());
    assert!(told.contains("recursion limit exceeded"), "{told}");
}

#[test]
fn a_value_that_holds_itself_is_refused() {
    let told = structured_problems("leaf1.yml", b"metadata: &a {cv_tags: *a}\n");
    assert!(told.contains("an alias names a value that holds it"), "{told}");
    let told = structured_problems("leaf1.yml", b"metadata:\n  <<: {serial_number: x}\n");
    assert!(told.starts_with("leaf1.yml:2: ") && told.contains("merge keys"), "{told}");
}

#[test]
fn a_list_of_problems_that_nobody_would_read_is_cut() {
    let devices: Vec<String> = (0..5_000).map(|number| format!("\"L{number}\": 0")).collect();
    let text = format!("{{\"devices\": {{{}}}, \"cv_server\": \"a\", \"cv_token\": \"b\"}}", devices.join(", "));
    let Problems(problems) = from_request(text.as_bytes(), Given::default()).unwrap_err();
    assert_eq!(problems.len(), 101);
    assert_eq!(problems[100].what, "9900 more problems were found");
}

#[test]
fn what_is_repeated_of_the_input_is_short_and_harmless() {
    let text = format!("{{\"\\u001b[2J{}\": 1}}", "x".repeat(1_000_000));
    let Problems(problems) = from_request(text.as_bytes(), Given::default()).unwrap_err();
    let told = problems[0].trouble().to_string();
    assert!(told.len() < 2_000 && !told.contains('\u{1b}'), "{}", told.len());
}

#[test]
fn a_host_name_is_as_long_as_dns_has_them_and_its_problem_is_short() {
    let of = |letters: usize| {
        let mut request = super::request::sound();
        let devices = request["devices"].as_object_mut().unwrap();
        let spine = devices.remove("spine1").unwrap();
        devices.insert("a".repeat(letters), spine);
        from_request(request.to_string().as_bytes(), Given::default())
    };
    assert_eq!(of(253).unwrap().deployment.devices.len(), 2);
    for letters in [254, 100_000] {
        let Problems(problems) = of(letters).unwrap_err();
        let told: Vec<String> = problems.iter().map(|problem| problem.trouble().to_string()).collect();
        let [told] = &told[..] else { panic!("{told:?}") };
        assert!(told.starts_with("devices.aaaa") && told.contains("this is no host name"), "{told}");
        assert!(told.contains(&format!("253 letters at most, and this one {letters}")), "{told}");
        assert!(told.len() < 1_000, "{}", told.len());
    }
    assert!(check::is_hostname(&"a".repeat(253)) && !check::is_hostname(&"a".repeat(254)));
}

proptest! {
    #[test]
    fn no_text_makes_yaml_panic(text in "(?s).{0,200}") {
        let _ = yaml::with_members(&text, &["metadata"], |_| ());
        let _ = structured_problems("leaf1.yml", text.as_bytes());
    }

    #[test]
    fn no_almost_right_yaml_makes_reading_panic(
        lines in prop::collection::vec("( {0,6}(- )?(metadata|cv_tags|device_tags|name|value|<<|\"a|'b)?:? ?[&*!|>\\[{}\\],a-z~0-9#-]{0,8})", 0..14)
    ) {
        let _ = structured_problems("leaf1.yml", lines.join("\n").as_bytes());
    }

    #[test]
    fn what_is_left_out_of_yaml_changes_nothing(
        before in "[a-z]{1,8}", number in 0_u32..100, tag in "[a-z]{1,8}"
    ) {
        let text = format!("{before}:\n- x: {number}\n  y: |\n    metadata: no\n\n# metadata: no\n'metadata': # yes\n  \
                            cv_tags:\n    device_tags:\n      - {{name: a, value: {tag}}}\nz{before}: [1]\n");
        let mut findings = Findings::default();
        let facts = structured::read("leaf1.yml".as_ref(), text.as_bytes(), &mut findings).unwrap();
        prop_assert_eq!(facts.tags.first().map(|tag| tag.label.value.clone()), Some(tag));
    }
}
