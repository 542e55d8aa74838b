//! Requests in CVProxy's format.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::*;

/// A request that is sound.
pub(super) fn sound() -> Value {
    json!({
        "devices": {
            "spine1": { "configlet": STANDARD.encode("hostname spine1\r\nend") },
            "leaf-1.dc_1": {
                "configlet": STANDARD.encode("hostname leaf-1\n"),
                "serial_number": "JPE12345678",
                "tags": { "role": "leaf", "empty": "", " blank ": " kept " },
            },
        },
        "cv_server": "cvp.example",
        "cv_token": "token-of-a-service-account",
    })
}

/// What `request` gives.
fn read(request: &Value) -> Result<Request, Problems> {
    from_request(request.to_string().as_bytes(), Given::default())
}

/// Everything that is wrong with `request`.
fn wrong(request: &Value) -> Vec<String> {
    told(&read(request).unwrap_err().0, "")
}

/// The sound request with the member at `pointer` changed.
fn with(pointer: &str, value: Value) -> Value {
    let mut request = sound();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    request.pointer_mut(parent).unwrap().as_object_mut().unwrap().insert(key.to_owned(), value);
    request
}

#[test]
fn a_request_gives_devices_server_token_and_options() {
    let request = read(&sound()).unwrap();
    assert_eq!(request.server.as_ref().unwrap().to_string(), "cvp.example:443");
    assert_eq!(request.token.as_ref().unwrap().expose(), "token-of-a-service-account");
    assert!(!format!("{request:?}").contains("token-of"), "{request:?}");
    let Deployment { devices, strict_tags, change_name, change_notes, delete_workspace } = request.deployment;
    assert_eq!((strict_tags, change_name, change_notes, delete_workspace), (false, None, None, false));
    let [leaf, spine] = devices.as_slice() else { panic!("{devices:?}") };
    assert_eq!((leaf.hostname.as_str(), leaf.serial.as_deref()), ("leaf-1.dc_1", Some("JPE12345678")));
    let tags: Vec<_> = leaf.tags.iter().map(|tag| (tag.label.label.as_str(), tag.label.value.as_str())).collect();
    assert_eq!(tags, [(" blank ", " kept "), ("empty", ""), ("role", "leaf")]);
    assert_eq!((spine.hostname.as_str(), spine.serial.as_deref()), ("spine1", None));
    assert_eq!(spine.config.as_ref().unwrap().as_str(), "hostname spine1\nend");
    assert_eq!(spine.origin.to_string(), "devices.spine1");

    let mut all = sound();
    all["cv_server"] = json!("192.0.2.1:8443");
    all["cv_change_control_name"] = json!("CHG-1 ä");
    all["cv_delete_workspace"] = json!(true);
    all["cv_strict_tags"] = json!(true);
    let request = read(&all).unwrap();
    let Deployment { strict_tags, change_name, delete_workspace, .. } = request.deployment;
    assert_eq!((strict_tags, change_name.as_deref(), delete_workspace), (true, Some("CHG-1 ä"), true));
    assert_eq!(request.server.unwrap().port, 8443);
}

#[test]
fn what_cvproxy_lets_be_is_let_be() {
    // The last digit of this Base64 has bits that say nothing.
    for (pointer, value) in [
        ("/devices/spine1/configlet", json!("YR==")),
        ("/devices/spine1/tags", json!([])),
        ("/devices/spine1/tags", json!("")),
        ("/devices/spine1/tags", json!({ "a": "" })),
    ] {
        let request = with(pointer, value.clone());
        assert!(read(&request).is_ok(), "{pointer} {value}: {:?}", read(&request));
    }
}

#[test]
fn everything_that_is_wrong_is_told_at_once_with_its_member() {
    let request = json!({
        "devices": {
            "Leaf1": { "configlet": "aGk=" },
            "leaf2": { "configlet": "aGk", "serial_number": "jpe12345678", "tags": {}, "tag": {} },
            "leaf3": { "serial_number": null, "tags": { "": "x", "a": 1, "b": "\u{1b}[2J" } },
            "leaf4": { "configlet": "aG-=", "tags": ["a"] },
            "leaf5": { "configlet": STANDARD.encode(" \n") },
            "leaf6": { "configlet": STANDARD.encode(b"ab\n\0") },
            "leaf7": { "configlet": STANDARD.encode(b"ab\n\nK\xf6ln") },
            "leaf8": "configlet",
            "leaf9": { "configlet": "" },
        },
        "cv_server": "https://cvp.example",
        "cv_token": " ",
        "cv_change_control_name": "a\nb",
        "cv_delete_workspace": "yes",
        "cv_strict_tags": 1,
        "cv_strict_tag": true,
    });
    insta::assert_snapshot!(wrong(&request).join("\n"));
}

#[test]
fn what_is_missing_or_no_object_is_told() {
    assert_eq!(
        wrong(&json!({})),
        [
            "devices: it is missing (it is required)",
            "cv_server: it is missing (it is required)",
            "cv_token: it is missing (it is required)",
        ]
    );
    assert_eq!(wrong(&json!([])), ["the request is a list (it has to be an object)"]);
    assert_eq!(wrong(&with("/devices", json!({}))), ["devices: it is empty (a request has one device at least)"]);
    assert_eq!(wrong(&with("/devices", json!(null))), ["devices: it is null (it has to be an object)"]);
    assert_eq!(wrong(&with("/cv_token", json!(["secret"]))), ["cv_token: it is a list (it has to be text)"]);
}

#[test]
fn what_is_said_beside_a_request_need_not_stand_in_it_and_is_checked_where_it_does() {
    let mut request = sound();
    for key in ["cv_server", "cv_token"] {
        request.as_object_mut().unwrap().remove(key);
    }
    let read = |request: &Value, given| from_request(request.to_string().as_bytes(), given);
    let given = Given { server: true, token: true };
    let found = read(&request, given).unwrap();
    assert!(found.server.is_none() && found.token.is_none());
    let Problems(problems) = read(&request, Given { server: true, token: false }).unwrap_err();
    assert_eq!(told(&problems, ""), ["cv_token: it is missing (it is required)"]);
    request["cv_server"] = json!("https://cvp.example");
    assert_eq!(read(&request, given).unwrap_err().0.len(), 1);
}

#[test]
fn a_configuration_that_no_message_carries_is_refused_with_its_device_and_size() {
    let request = with("/devices/spine1/configlet", json!(STANDARD.encode("! \n".repeat(350_000))));
    let told = wrong(&request);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("devices.spine1.configlet: the configuration has 1026 KiB (CloudVision takes"),
        "{told:?}"
    );
}

#[test]
fn a_member_that_is_written_twice_is_refused() {
    let twice = r#"{"devices": {"a": {"configlet": "aGk="}, "a": {"configlet": "aGo=", "configlet": "aGo="}},
        "cv_server": "a", "cv_token": "b", "cv_token": "c"}"#;
    let Problems(problems) = from_request(twice.as_bytes(), Given::default()).unwrap_err();
    assert_eq!(
        told(&problems, ""),
        [
            "cv_token: it is written twice (only one of them could count)",
            "devices.a: it is written twice (only one of them could count)",
            "devices.a.configlet: it is written twice (only one of them could count)",
        ]
    );
}

#[test]
fn two_devices_with_one_serial_number_are_refused() {
    let request = with("/devices/spine1/serial_number", json!("JPE12345678"));
    assert_eq!(
        wrong(&request),
        ["devices.spine1.serial_number: leaf-1.dc_1 and spine1 have one serial number, JPE12345678 (both would be \
          deployed to one device)"]
    );
}

#[test]
fn what_is_not_json_is_told_with_its_line() {
    let wrong = |text: &[u8]| told(&from_request(text, Given::default()).unwrap_err().0, "").join("\n");
    assert_eq!(wrong(b""), "request:1: the request is not JSON (EOF while parsing a value at column 0)");
    assert_eq!(wrong(b"{\n  a\n}"), "request:2: the request is not JSON (key must be a string at column 3)");
    assert_eq!(wrong(b"{} {}"), "request:1: the request is not JSON (trailing characters at column 4)");
    assert!(wrong(b"{\"\xff\": 1}").contains("invalid unicode code point"), "{}", wrong(b"{\"\xff\": 1}"));
    assert!(wrong("[".repeat(1_000_000).as_bytes()).contains("recursion limit exceeded"));
}

#[test]
fn a_request_is_read_from_anywhere() {
    let text = sound().to_string();
    assert_eq!(
        read_request(text.as_bytes(), Given::default()).unwrap().deployment,
        from_request(text.as_bytes(), Given::default()).unwrap().deployment
    );
    let dir = std::fs::File::open(tempfile::tempdir().unwrap().path()).unwrap();
    let Problems(problems) = read_request(dir, Given::default()).unwrap_err();
    assert!(problems[0].to_string().starts_with("the request cannot be read"), "{problems:?}");
}
