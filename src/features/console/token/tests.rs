//! What tokens say, and what proxies take.

use super::*;

fn now() -> DateTime<Utc> {
    "2026-11-21T02:00:00Z".parse().unwrap()
}

fn key() -> Secret {
    Secret::read("a-shared-secret").unwrap()
}

fn grant() -> Grant {
    Grant {
        user: "anna".to_owned(),
        lab: "3".to_owned(),
        lab_instance: "7".to_owned(),
        namespace: "lab-7".to_owned(),
        machines: vec!["leaf1".parse().unwrap(), "leaf2".parse().unwrap()],
        expires: now() + TimeDelta::minutes(10),
    }
}

/// A token of these claims, signed.
fn of(claims: &Value) -> Result<Token, BadToken> {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = hmac::sign(&hmac_key(&key()), signed.as_bytes());
    Token::read(&format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

#[test]
fn the_token_of_the_specification_is_signed_by_its_key() {
    // RFC 7515 §A.1: the key is 64 bytes that are no text, so the signature is checked with it directly.
    let key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    let signed = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
                  eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let key = hmac::Key::new(hmac::HMAC_SHA256, &URL_SAFE_NO_PAD.decode(key).unwrap());
    let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes()));
    assert_eq!(signature, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    let token = Token::read(&format!("{signed}.{signature}")).unwrap();
    assert_eq!((token.algorithm.as_str(), token.missing.len()), ("HS256", 5));
    assert_eq!(token.expires.unwrap().to_rfc3339(), "2011-03-22T18:43:00+00:00");
}

#[test]
fn what_is_signed_here_reads_back_and_is_signed_by_this_key_alone() {
    let token = Token::sign(&grant(), &key()).unwrap();
    assert_eq!((token.user.as_str(), token.namespace.as_str()), ("anna", "lab-7"));
    assert_eq!((token.lab.as_str(), token.lab_instance.as_str()), ("3", "7"));
    assert_eq!(token.machines, ["leaf1", "leaf2"]);
    assert_eq!(token.left(now()), Left::For(TimeDelta::minutes(10)));
    assert!(token.is_signed_by(&key()) && !token.is_signed_by(&Secret::read("another").unwrap()));
    let (signed, _) = token.secret().expose().rsplit_once('.').unwrap();
    assert!(!Token::read(&format!("{signed}.")).unwrap().is_signed_by(&key()));
    assert_eq!(format!("{:?}", token.secret()), "***");
}

#[test]
fn an_end_with_a_fraction_is_taken_and_without_one_it_is_for_ever() {
    let claims = |exp: Value| {
        let names =
            serde_json::json!({ "lab_id": 3, "lab_instance_id": 7, "namespace_name": "n", "allowed_vmi_names": ["a"] });
        let mut claims = serde_json::json!({ "id": 12, "lab_instance": names });
        if !exp.is_null() {
            claims["exp"] = exp;
        }
        of(&claims).unwrap()
    };
    let half = claims(serde_json::json!(1_795_226_400.5));
    assert_eq!(half.expires.unwrap().timestamp_millis(), 1_795_226_400_500);
    assert_eq!((half.user.as_str(), half.lab.as_str()), ("12", "3"));
    let forever = claims(Value::Null);
    assert_eq!((forever.left(now()), forever.objection(None, now())), (Left::Forever, None));
    assert_eq!(claims(serde_json::json!(1e300)).expires, None);
}

#[test]
fn what_the_proxy_would_refuse_is_told() {
    let token = Token::sign(&grant(), &key()).unwrap();
    let objection = |token: &Token, machine: &str, at| token.objection(Some(&machine.parse().unwrap()), at);
    assert_eq!(objection(&token, "leaf1", now()), None);
    assert_eq!(objection(&token, "spine1", now()).unwrap(), "the token is not for spine1");
    let late = now() + TimeDelta::minutes(75);
    assert_eq!(objection(&token, "leaf1", late).unwrap(), "the token ended 1 h 5 min ago");
    let poor = of(&serde_json::json!({ "id": "a" })).unwrap();
    assert_eq!(objection(&poor, "leaf1", now()).unwrap(), "the token does not say `lab_instance.lab_id`");
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
    let (_, rest) = token.secret().expose().split_once('.').unwrap();
    let unsigned = Token::read(&format!("{header}.{rest}")).unwrap();
    assert!(objection(&unsigned, "leaf1", now()).unwrap().contains("not signed with HS256"));
    assert!(!unsigned.is_signed_by(&key()));
}

#[test]
fn times_and_audiences_are_taken_and_refused_as_the_library_of_proxies_does() {
    let at = now().timestamp();
    let objection = |name: &str, value: Value| {
        let names =
            serde_json::json!({ "lab_id": 3, "lab_instance_id": 7, "namespace_name": "n", "allowed_vmi_names": ["a"] });
        let mut claims = serde_json::json!({ "id": 12, "exp": at + 60, "lab_instance": names });
        claims[name] = value;
        of(&claims).unwrap().objection(None, now())
    };
    // What PyJWT 2.1.0 takes, and what it refuses.
    for (name, value) in [
        ("exp", serde_json::json!(at + 3600)),
        ("exp", serde_json::json!((at + 3600).to_string())),
        ("exp", serde_json::json!(" +9_999_999_999 ")),
        ("exp", serde_json::json!(1e300)),
        ("nbf", serde_json::json!(at - 1)),
        ("nbf", serde_json::json!("1")),
        ("nbf", serde_json::json!(true)),
        ("nbf", serde_json::json!(-1e300)),
        ("iat", serde_json::json!(at + 3600)),
        ("iss", serde_json::json!("somebody")),
    ] {
        assert_eq!(objection(name, value.clone()), None, "{name} {value}");
    }
    for (name, value, told) in [
        ("exp", serde_json::json!((at - 60).to_string()), "the token ended 1 min ago"),
        ("exp", serde_json::json!(true), "the token ended"),
        ("exp", serde_json::json!(-1), "the token ended"),
        ("exp", serde_json::json!(-1e300), "the token ended"),
        ("exp", Value::Null, "the token's `exp` is no number of seconds"),
        ("exp", serde_json::json!("soon"), "the token's `exp` is no number of seconds"),
        ("exp", serde_json::json!("1.5"), "the token's `exp` is no number of seconds"),
        ("exp", serde_json::json!("1__0"), "the token's `exp` is no number of seconds"),
        ("exp", serde_json::json!(""), "the token's `exp` is no number of seconds"),
        ("exp", serde_json::json!([at + 60]), "the token's `exp` is no number of seconds"),
        ("nbf", serde_json::json!(at + 3600), "the token is not good yet: it begins in 1 h 0 min"),
        ("nbf", serde_json::json!("x"), "the token's `nbf` is no number of seconds"),
        ("iat", Value::Null, "the token's `iat` is no number of seconds"),
        ("aud", serde_json::json!("lab"), "the token is meant for somebody else"),
        ("aud", Value::Null, "the token is meant for somebody else"),
    ] {
        let objection = objection(name, value.clone()).unwrap_or_else(|| panic!("{name} {value} is taken"));
        assert!(objection.starts_with(told), "{name} {value}: {objection}");
    }
    let nobody = of(&serde_json::json!({ "id": 1, "lab_instance": {
        "lab_id": 3, "lab_instance_id": 7, "namespace_name": "n", "allowed_vmi_names": [] } }));
    assert_eq!(nobody.unwrap().objection(None, now()).unwrap(), "the token names no machine");
}

#[test]
fn what_is_no_token_is_told() {
    let why = |text: &str| Token::read(text).unwrap_err().to_string();
    assert_eq!(why("abc"), "it does not have three parts with dots between");
    assert_eq!(why("a.b.c.d"), "it does not have three parts with dots between");
    assert_eq!(why("!.b.c"), "its header is not base64url of a JSON object");
    assert_eq!(why("e30.W10.x"), "its middle is not base64url of a JSON object");
    assert_eq!(why(""), "it is empty");
}

/// The first names of what is in a token that proxies take.
const SOUND: &str =
    r#"{"id":1,"lab_instance":{"lab_id":1,"lab_instance_id":2,"namespace_name":"n","allowed_vmi_names":["a"]}}"#;

/// A token of these texts, signed; `changed` makes another signature of the one that belongs to it.
fn written(header: &str, claims: &str, changed: impl Fn(String) -> String) -> Result<Token, BadToken> {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = changed(URL_SAFE_NO_PAD.encode(hmac::sign(&hmac_key(&key()), signed.as_bytes())));
    Token::read(&format!("{signed}.{signature}"))
}

#[test]
fn a_signature_is_read_as_the_library_of_proxies_reads_it() {
    // What PyJWT 2.1.0 takes, and what it refuses.
    let is_taken = |changed: &dyn Fn(String) -> String| written(HEADER, SOUND, changed).unwrap().is_signed_by(&key());
    assert!(is_taken(&|signature| signature));
    assert!(is_taken(&|signature| signature + "="));
    assert!(is_taken(&|signature| signature + "=="));
    assert!(is_taken(&|signature| signature + "=abcd"));
    assert!(is_taken(&|signature| signature.replace('-', "+").replace('_', "/")));
    assert!(is_taken(&|signature| format!("{}!!!!{}", &signature[..10], &signature[10..])));
    // 256 bits leave two of the last letter's over.
    assert!(is_taken(&|signature| {
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let last = letters.find(signature.chars().last().unwrap()).unwrap();
        format!("{}{}", &signature[..42], &letters[(last ^ 1)..=(last ^ 1)])
    }));
    assert!(!is_taken(&|signature| format!("{}!{}", &signature[..10], &signature[10..])));
    assert!(!is_taken(&|signature| format!("{}={}", &signature[..4], &signature[4..])));
    assert!(!is_taken(&|signature| signature[..41].to_owned()));
    // A slash is no part of a signature where it ends a part of an address.
    let with_slash = written(HEADER, SOUND, |signature| format!("/{}", &signature[1..])).unwrap();
    assert!(with_slash.objection(None, now()).unwrap().contains("the token has a `/` in it"));
}

#[test]
fn headers_are_taken_and_refused_as_the_library_of_proxies_does() {
    let objection = |header: &str| written(header, SOUND, |same| same).map(|token| token.objection(None, now()));
    for header in [r#"["HS256"]"#, r#""HS256""#, "5"] {
        assert!(matches!(objection(header), Err(BadToken::Part("header"))), "{header}");
    }
    for header in ["{}", r#"{"alg":["HS256"]}"#, r#"{"alg":5}"#, r#"{"alg":null}"#, r#"{"alg":"hs256"}"#] {
        assert!(objection(header).unwrap().unwrap().contains("not signed with HS256"), "{header}");
    }
    for header in [r#"{"alg":"HS256","kid":5}"#, r#"{"alg":"HS256","x":NaN}"#, r#"{"alg":"HS256","crit":["x"]}"#] {
        assert_eq!(objection(header).unwrap(), None, "{header}");
    }
}

#[test]
fn the_machines_of_a_token_are_what_a_name_is_looked_for_in() {
    let token = |names: &str| written(HEADER, &SOUND.replace(r#"["a"]"#, names), |same| same).unwrap();
    let allows = |token: &Token, machine: &str| token.allows(&machine.parse().unwrap());
    let object = token(r#"{"leaf1":0,"leaf2":1}"#);
    assert_eq!((object.machines.len(), object.objection(None, now())), (2, None));
    assert!(allows(&object, "leaf1") && !allows(&object, "leaf"));
    let text = token(r#""leaf1,leaf2""#);
    assert_eq!(text.objection(Some(&"leaf2".parse().unwrap()), now()), None);
    assert!(allows(&text, "leaf") && !allows(&text, "spine1"));
    for (names, why) in
        [("null", "is no list"), ("5", "is no list"), (r#""""#, "names no machine"), ("{}", "names no machine")]
    {
        assert!(token(names).objection(None, now()).unwrap().contains(why), "{names}");
    }
}

#[test]
fn numbers_that_only_python_writes_are_no_times() {
    for number in ["NaN", "Infinity", "-Infinity", "1e400", "-1E+400"] {
        let claims = SOUND.replacen('{', &format!(r#"{{"exp":{number},"note":"a \" NaN","#), 1);
        let token = written(HEADER, &claims, |same| same).unwrap();
        assert_eq!(token.objection(None, now()).unwrap(), "the token's `exp` is no number of seconds", "{number}");
    }
}
