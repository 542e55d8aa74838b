//! The published vectors, and what is told of definitions that clients would not take.

use std::fmt::Write as _;
use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use base64::Engine as _;
use serde_json::{Value, json};
use sha2::{Digest, Sha512};

use super::*;
use crate::trouble::Remedy as _;

/// The vectors and the key that signed them.
struct Vectors {
    key: PublicKey,
    vectors: Vec<Value>,
}

fn vectors() -> Vectors {
    let read: Value = serde_json::from_str(include_str!("vectors.json")).unwrap();
    let key = PublicKey::read(read["public_key"].as_str().unwrap(), None, "the vectors").unwrap();
    let vectors = read["vectors"].as_array().unwrap().clone();
    assert_eq!(vectors.len(), 2);
    Vectors { key, vectors }
}

fn definition(json: &Value) -> Definition {
    Definition::from_json(json.to_string().as_bytes()).unwrap()
}

fn salt(vector: &Value) -> Salt {
    vector["salt"].as_str().unwrap().parse().unwrap()
}

/// What a vector's client got.
fn sent(vector: &Value) -> Value {
    let mut sent = vector["sent"].clone();
    sent["signature"] = vector["signature"].clone();
    sent
}

fn verdict(answer: &Value, salt: &Salt) -> Verdict {
    Answer::read(answer.to_string().as_bytes(), "a vector").unwrap().verify(salt, &vectors().key)
}

#[test]
fn the_bytes_of_the_vectors_are_signed() {
    for vector in vectors().vectors {
        for form in ["given", "sent"] {
            let canonical = Answer::canonical(&definition(&vector[form]), &salt(&vector));
            assert_eq!(canonical, vector["canonical"].as_str().unwrap());
            let digest = Sha512::digest(&canonical).iter().fold(String::new(), |mut text, byte| {
                write!(text, "{byte:02x}").unwrap();
                text
            });
            assert_eq!(digest, vector["canonical_sha512"].as_str().unwrap());
        }
    }
}

#[test]
fn signatures_by_keys_of_1024_bits_are_verified_and_by_smaller_ones_not() {
    // Made with `openssl genrsa` and `openssl dgst -sha512 -sign` over the word "signed".
    let keys = [
        (
            1024,
            "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCyMCemQu6jt6mXC9q8bknyyjifhEi+oLA1wNo7eHfJ1CiSyIcP0M/QD7T+76N842fFptdU\
             hx3tuq9JRTpSO607qJ5tEK6du50Cvte5xibk73io61xOcptK6PEnaiUQ8QIAoJNuN3KpdfOJYNw+q4BwfGuLolVuDz9y0Q/F+ecFHwIDAQAB",
            "W7lHo3CFDLk/7/7pBDHqit0jg+SyG7aPoUzklIiBGpAZofL6xmKC+F8HAX/PjQejy2F69moTNOqqgPvpAkWBdf/5eCkRuZU3bhaYyA8xbA25\
             lvgkxdPN8Ra/3hbt2dxFhyNLI4kdL5zssOXY9N2hphLTBRU/MImB50LKwGIIjLo=",
        ),
        (
            1016,
            "MIGeMA0GCSqGSIb3DQEBAQUAA4GMADCBiAKBgADHp1Td0ZKIHOcuI/FZtVb5IoR/temgqfkT9LpmdjOg0+4OxIyIdGekgSKU29Na7knE3SzN\
             l18oXlOePXICyvAx4najIHICNOSwkacqFCud+yuBIvjxrb60k7PyX2xiL9kNj8kZM3KUHL/q0WOhIoHqtexOgeA7srgR/14qijMdAgMBAAE=",
            "tEfZzXE2a5cR1ceWigm+BWOmFzTwEUG0KEGuc9kuxKDwRjWUTWPijpIO0ddySMJvBH/BHz3l4k/ZsHqj+LNrDW7O1hsgLpwL9Ckf5L6sU3Oo\
             UBeE0AztABuKUS4wR7ImVNI38MOJcVGTqTSdVUsgu1M0v/lsbXH9KyNJ8X/G9w==",
        ),
    ];
    for (bits, key, signature) in keys {
        let key = PublicKey::read(key, None, "a test").unwrap();
        let signature = base64::engine::general_purpose::STANDARD.decode(signature).unwrap();
        assert_eq!(signature.len() * 8, bits);
        assert_eq!(key.verifies(b"signed", &signature), bits >= 1024, "{bits}");
        assert!(!key.verifies(b"Signed", &signature));
    }
}

#[test]
fn what_is_given_as_booleans_is_sent_as_numbers() {
    for vector in vectors().vectors {
        assert_eq!(serde_json::to_value(definition(&vector["given"])).unwrap(), vector["sent"]);
    }
}

#[test]
fn the_signatures_of_the_vectors_are_valid() {
    for vector in vectors().vectors {
        assert_eq!(verdict(&sent(&vector), &salt(&vector)), Verdict::Valid);
    }
}

#[test]
fn clients_read_base64_without_padding_and_with_line_ends() {
    for vector in vectors().vectors {
        let mut answer = sent(&vector);
        let signature = vector["signature"].as_str().unwrap().trim_end_matches('=');
        answer["signature"] = format!("{}\n {}", &signature[..76], &signature[76..]).into();
        assert_eq!(verdict(&answer, &salt(&vector)), Verdict::Valid);
        answer["signature"] = signature.replace('+', "-").replace('/', "_").into();
        assert_eq!(verdict(&answer, &salt(&vector)), Verdict::Invalid);
    }
}

#[test]
fn another_salt_value_order_or_end_is_not_valid() {
    let Vectors { key, vectors } = vectors();
    let [first, second] = vectors.as_slice() else { panic!("two vectors") };
    assert_eq!(verdict(&sent(first), &"testsalu".parse().unwrap()), Verdict::Invalid);
    let mut changed = sent(first);
    changed["ram"] = 129.into();
    assert_eq!(verdict(&changed, &salt(first)), Verdict::Invalid);

    // What no definition can be made to say: the bytes themselves.
    let signature = |vector: &Value| {
        base64::engine::general_purpose::STANDARD.decode(vector["signature"].as_str().unwrap()).unwrap()
    };
    let canonical = second["canonical"].as_str().unwrap();
    assert!(key.verifies(canonical.as_bytes(), &signature(second)));
    let mut lines: Vec<&str> = canonical.lines().collect();
    let end = lines.pop().unwrap();
    lines.sort_unstable();
    lines.push(end);
    assert_ne!(lines.join("\n"), canonical);
    assert!(!key.verifies(lines.join("\n").as_bytes(), &signature(second)));
    assert!(!key.verifies(format!("{canonical}\n").as_bytes(), &signature(second)));
}

#[test]
fn the_public_key_is_written_as_it_is_in_the_list_of_domains() {
    let key = vectors().key;
    let base64 = key.to_base64();
    assert_eq!(base64, serde_json::from_str::<Value>(include_str!("vectors.json")).unwrap()["public_key"]);
    let list = format!("other.example=AAAA\nlab.example={base64}\n");
    let read = |text: &str, domain| PublicKey::read(text, domain, "a file").map_err(|error| error.to_string());
    assert_eq!(read(&list, Some("lab.example")), Ok(key.clone()));
    assert_eq!(read(&format!("lab.example={base64}"), Some("lab.example")), Ok(key.clone()));
    assert_eq!(read(&format!("-----BEGIN PUBLIC KEY-----\n{base64}\n-----END PUBLIC KEY-----\n"), None), Ok(key));
    for (text, domain) in [
        (list.as_str(), None),
        (&list, Some("third.example")),
        ("", None),
        ("AAAA", None),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", None),
        ("-----BEGIN PUBLIC KEY-----\nAAAA", None),
    ] {
        assert_eq!(read(text, domain), Err("a file holds no public key to verify with".to_owned()), "{text}");
    }
}

#[test]
fn everything_that_cannot_be_signed_is_told_at_once() {
    let json = r#"{"a": 1.5, "b": 2147483648, "c": null, "d": [1], "e": {"f": 1}, "g=h": 1, "Signature": "x", "é": "x",
                   "ok": "1", "ok": "2", "": 1, "least": -2147483648}"#;
    let problems = Definition::from_json(json.as_bytes()).unwrap_err();
    let fields: Vec<_> = problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["a", "b", "c", "d", "e", "g=h", "Signature", "é", "ok", "", "least"]);
    for (text, why) in
        [("[1]", "invalid type"), ("{", "EOF"), ("{\"a\": 1} x", "trailing"), ("\u{0}", "expected value")]
    {
        let problems = Definition::from_json(text.as_bytes()).unwrap_err();
        assert!(problems[0].what.contains(why), "{problems:?}");
    }
    let large = format!("{{\"a\": \"{}\"}}", "x".repeat(1 << 20));
    assert_eq!(Definition::from_json(large.as_bytes()).unwrap_err()[0].what, "it is larger than 1 MiB");
}

#[test]
fn a_signature_in_a_definition_is_left_out() {
    let signed = definition(&json!({ "name": "a", "signature": "x" }));
    assert_eq!(signed, definition(&json!({ "name": "a" })));
}

#[test]
fn toml_says_the_same_as_json() {
    let toml = "name = 'lab-vm-01'\nsecret = 's'\ncpus = 2\nheadless = true\nuserData = '''\n[amiconfig]\n'''\n";
    let json = json!({ "name": "lab-vm-01", "secret": "s", "cpus": 2, "headless": 1, "userData": "[amiconfig]\n" });
    assert_eq!(Definition::from_toml(toml.as_bytes()).unwrap(), definition(&json));
    let wrong = Definition::from_toml(b"name = 'a'\nx = [1]\ny = 1.5\nz = 2026-11-21\n").unwrap_err();
    let fields: Vec<_> = wrong.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["x", "y", "z"]);
    assert!(Definition::from_toml(b"name = \n").unwrap_err()[0].what.starts_with("line 1: "));
}

#[test]
fn what_a_client_would_refuse_or_ignore_is_told() {
    let told = |json: Value| remarks(&definition(&json)).iter().map(ToString::to_string).collect::<Vec<_>>();
    let sound = json!({ "name": "lab-vm-01", "secret": "s", "cpus": 2, "memory": "2048", "flags": 49, "canOverride": "memory, cpus" });
    assert_eq!(told(sound), [""; 0]);
    assert_eq!(
        told(json!({ "name": "My first VM", "diskURL": "http://192.0.2.1/x.gz" })),
        [
            "clients refuse it: `name` has characters other than letters, digits and +-_~",
            "clients refuse it: `secret` is missing",
            "clients refuse it: `diskChecksum` is missing, which goes with diskURL",
        ]
    );
    assert_eq!(
        told(
            json!({ "name": "a", "secret": "s", "ram": 128, "vcpus": 2, "UserData": "", "colour": "red", "cpus": "two",
                     "executionCap": 101, "flags": 2050, "canOverride": "memory,ram", "memory": 0 })
        ),
        [
            "clients ignore `UserData`: they read `userData`",
            "clients ignore `canOverride`: in it ram, which they do not know",
            "clients ignore `colour`: they do not know it",
            "clients ignore `cpus`: it is no whole number",
            "clients ignore `executionCap`: it takes 1 to 100",
            "clients ignore `flags`: clients know its bits up to 1024",
            "clients ignore `memory`: it takes 1 to 2147483647",
            "clients ignore `ram`: they read `memory`",
            "clients ignore `vcpus`: they read `cpus`",
        ]
    );
    let boots = json!({ "name": "a", "secret": "s", "flags": 3 });
    assert_eq!(told(boots.clone()), ["clients ignore `flags`: its bit 2 boots from diskURL, which is missing"]);
    assert_eq!(flags(&definition(&boots)), ["64-bit guest", "boot from diskURL"]);
}

#[test]
fn what_clients_skip_is_told_and_what_would_deceive_them_is_refused() {
    let vector = &vectors().vectors[0];
    let mut answer = sent(vector);
    for (name, value) in [("x", json!(true)), ("y", json!(1.5)), ("z", json!([])), ("n", Value::Null)] {
        answer[name] = value;
    }
    let read = Answer::read(answer.to_string().as_bytes(), "it").unwrap();
    assert_eq!(read.verify(&salt(vector), &vectors().key), Verdict::Valid);
    let mut skipped = read.skipped().to_vec();
    skipped.sort();
    assert_eq!(skipped, ["n", "x", "y", "z"]);
    for (json, why) in [
        (r#"{"name": "a"}"#, "it has no signature"),
        (r#"{"signature": "a", "g": {"name": "b"}}"#, "`g` has fields inside"),
        (r#"{"signature": "a", "name": "b", "name": "c"}"#, "`name` is there twice"),
        (r#"{"signature": "a", "signature": "c"}"#, "`signature` is there twice"),
        (r#"{"Signature": "a"}"#, "`Signature` would be taken for the signature"),
        (r#"{"signature": 1}"#, "`signature` would be taken for the signature"),
        ("[]", "invalid type"),
    ] {
        let error = Answer::read(json.as_bytes(), "it").unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn what_is_written_is_read_again_and_takes_the_place_of_what_was_there() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder(dir.path().join("vmcp"));
    let definition = |memory: i32| {
        Definition::from_json(json!({"name": "vm-1", "secret": "s", "memory": memory}).to_string().as_bytes()).unwrap()
    };
    folder.write("vm-1", None, &definition(512)).unwrap();
    assert!(matches!(folder.write("vm-1", None, &definition(1)), Err(Error::Unwritten { .. })));
    std::fs::rename(folder.0.join("vm-1.json"), folder.0.join("gone")).unwrap();
    std::fs::write(folder.0.join("vm-1.toml"), "name = \"vm-1\"\n").unwrap();
    let before = Definition::from_toml(b"name = \"vm-1\"\n").unwrap();
    folder.write("vm-1", Some(&before), &definition(1024)).unwrap();
    assert_eq!(folder.read("vm-1").unwrap().1.unwrap(), definition(1024));
    assert!(folder.write("../x", None, &definition(1)).is_err());
    let names: Vec<String> = folder.list().unwrap().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["vm-1"]);
}

#[test]
fn a_definition_in_toml_stays_one_with_what_was_written_beside_its_fields() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder(dir.path().to_owned());
    let text =
        "# Ours.\nname = \"a1\"\nsecret = 's' # old\ngui = true\ncpus = 2 # enough\nuserData = \"\"\"\nx\n\"\"\"\n";
    std::fs::write(dir.path().join("a1.toml"), text).unwrap();
    let before = folder.read("a1").unwrap().1.unwrap();
    let after = json!({"name": "a1", "secret": "t", "gui": 1, "userData": "x\n", "disk": 9}).to_string();
    let after = Definition::from_json(after.as_bytes()).unwrap();
    folder.write("a1", Some(&before), &after).unwrap();
    let written = std::fs::read_to_string(dir.path().join("a1.toml")).unwrap();
    let wanted = "# Ours.\nname = \"a1\"\nsecret = \"t\" # old\ngui = true\nuserData = \"\"\"\nx\n\"\"\"\ndisk = 9\n";
    assert_eq!((written.as_str(), folder.read("a1").unwrap().1.unwrap()), (wanted, after));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn what_somebody_else_wrote_meanwhile_is_not_thrown_away_and_who_may_read_it_stays() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder(dir.path().to_owned());
    let definition = |memory: i32| {
        Definition::from_json(json!({"name": "a2", "secret": "s", "memory": memory}).to_string().as_bytes()).unwrap()
    };
    let path = dir.path().join("a2.json");
    std::fs::write(&path, json!({"name": "a2", "secret": "s", "memory": 1}).to_string()).unwrap();
    std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    // Two have opened it; the one who comes first is not overwritten.
    folder.write("a2", Some(&definition(1)), &definition(777)).unwrap();
    assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o644);
    assert!(matches!(folder.write("a2", Some(&definition(1)), &definition(3)), Err(Error::Changed { .. })));
    assert_eq!(folder.read("a2").unwrap().1.unwrap(), definition(777));
    std::fs::rename(&path, dir.path().join("elsewhere")).unwrap();
    assert!(matches!(folder.write("a2", Some(&definition(777)), &definition(3)), Err(Error::Changed { .. })));
    // A link stays one.
    std::os::unix::fs::symlink("elsewhere", &path).unwrap();
    folder.write("a2", Some(&definition(777)), &definition(3)).unwrap();
    assert!(path.is_symlink());
    assert_eq!(folder.read("a2").unwrap().1.unwrap(), definition(3));
}

#[test]
fn a_pipe_among_definitions_is_told_and_not_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("good.json"), r#"{"name": "good", "secret": "s"}"#).unwrap();
    let pipe = dir.path().join("f.json");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let listed = Folder(dir.path().to_owned()).list().unwrap();
    let [(pipe, Err(error)), (good, Ok(Ok(_)))] = listed.as_slice() else { panic!("{listed:?}") };
    assert_eq!((pipe.as_str(), good.as_str()), ("f", "good"));
    let told = Problem::unread(error).what;
    assert!(told.ends_with("it is a pipe, and no file"), "{told}");
    assert_eq!(error.remedy(), "name a file that is one");
}

#[test]
fn a_date_of_toml_is_told_as_one() {
    let problems = Definition::from_toml(b"name = \"a\"\nsecret = \"s\"\nwhen = 2026-11-22\n").unwrap_err();
    assert_eq!(problems[0].what, "clients know no dates");
}
