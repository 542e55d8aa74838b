//! Logging in with a name and a password, and the tokens that come of it.

use super::*;

#[tokio::test]
async fn logging_in_gives_a_token_that_is_renewed_before_it_ends() {
    let sim = Simulator::start(Setup { lifetime: Duration::from_mins(5), ..Setup::default() }).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let password = dir.path().join("password");
    std::fs::write(&password, "simulated password\n").unwrap();
    let login = |user: &str| Credentials::Login {
        user: user.to_owned(),
        password: SecretFrom::File(password.clone()),
        url: None,
    };
    let client = Client::new(server(&sim), login("pat")).unwrap();
    client.list().await.unwrap();
    let holding = client.holding().await.unwrap();
    assert!(holding.renews && holding.from == "logged in as pat", "{holding:?}");
    let ahead = |client: &Client, seconds: i64| {
        let (client, later) = (client.clone(), crate::clock::now() + TimeDelta::seconds(seconds));
        async move {
            let mut keeper = client.inner.keeper.lock().await;
            keeper.token(&client.inner.http, &client.inner.server.url, false, later).await.unwrap();
        }
    };
    let logins = || sim.calls().iter().filter(|call| call.contains("auth/token")).count();
    ahead(&client, 200).await;
    assert_eq!(logins(), 1);
    ahead(&client, 230).await;
    assert_eq!(logins(), 2);
}

#[tokio::test]
async fn a_token_that_holds_for_a_minute_is_renewed_within_it() {
    let sim = Simulator::start(Setup { lifetime: Duration::from_mins(1), ..Setup::default() }).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let password = dir.path().join("password");
    std::fs::write(&password, "simulated password").unwrap();
    let login = Credentials::Login { user: "pat".to_owned(), password: SecretFrom::File(password), url: None };
    let client = Client::new(server(&sim), login).unwrap();
    client.list().await.unwrap();
    let renewed_after = async |seconds: i64| {
        let mut keeper = client.inner.keeper.lock().await;
        let then = crate::clock::now() + TimeDelta::seconds(seconds);
        keeper.token(&client.inner.http, &client.inner.server.url, false, then).await.unwrap();
        sim.calls().iter().filter(|call| call.contains("auth/token")).count() > 1
    };
    // Its last quarter begins after 45 s.
    assert!(!renewed_after(35).await);
    assert!(renewed_after(55).await);
}

#[tokio::test]
async fn a_refused_password_is_not_tried_again_until_it_is_another_one() {
    let sim = Simulator::start(Setup::default()).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let password = dir.path().join("password");
    std::fs::write(&password, "wrong").unwrap();
    let login = Credentials::Login { user: "pat".to_owned(), password: SecretFrom::File(password.clone()), url: None };
    let client = Client::new(server(&sim), login).unwrap();
    let refused = "logging in as pat was refused: Invalid username or password";
    assert_eq!((told(client.list().await).as_str(), told(client.list().await).as_str()), (refused, refused));
    assert_eq!(sim.calls().len(), 1);
    // Somebody says that it is to be tried: once.
    client.try_again().await;
    assert_eq!((told(client.list().await).as_str(), told(client.list().await).as_str()), (refused, refused));
    assert_eq!(sim.calls().len(), 2);
    std::fs::write(&password, "simulated password").unwrap();
    client.list().await.unwrap();
    sim.state().locked.insert("pat".to_owned(), "LDAP server unavailable".to_owned());
    let other = Credentials::Login { user: "pat".to_owned(), password: SecretFrom::File(password), url: None };
    let client = Client::new(server(&sim), other).unwrap();
    assert_eq!(told(client.list().await), "logging in is not possible: LDAP server unavailable");
    sim.state().locked.insert("pat".to_owned(), "Account locked".to_owned());
    assert_eq!(told(client.list().await), "logging in as pat was refused: Account locked");
}

#[tokio::test]
async fn a_renewal_that_is_refused_is_told_with_its_own_reason() {
    let sim = Simulator::start(Setup { lifetime: Duration::from_mins(5), ..Setup::default() }).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let password = dir.path().join("password");
    std::fs::write(&password, "simulated password").unwrap();
    let login = Credentials::Login { user: "pat".to_owned(), password: SecretFrom::File(password.clone()), url: None };
    let client = Client::new(server(&sim), login).unwrap();
    client.list().await.unwrap();
    // The gateway takes the token no more, and the password is another one by now.
    sim.state().seen_as = Some("203.0.113.9".to_owned());
    std::fs::write(&password, "old password").unwrap();
    assert_eq!(told(client.list().await), "logging in as pat was refused: Invalid username or password");
    let holding = client.holding().await.unwrap();
    assert_eq!(holding.refused.as_deref(), Some("Invalid username or password"));
    std::fs::write(&password, "simulated password").unwrap();
    client.list().await.unwrap();
    assert_eq!(client.holding().await.unwrap().refused, None);
}

#[tokio::test]
async fn a_password_that_is_not_there_is_told_as_a_password() {
    let sim = Simulator::start(Setup::default()).await.unwrap();
    let password = SecretFrom::Variable("NOCTUI_TEST_IS_NOT_SET".to_owned());
    let client = Client::new(server(&sim), Credentials::Login { user: "pat".to_owned(), password, url: None }).unwrap();
    let error = client.list().await.unwrap_err();
    assert_eq!(error.to_string(), "there is no password to log in with for this lab");
    let remedy = "set NOCTUI_TEST_IS_NOT_SET, or say password_file, password_command or password_keyring";
    assert_eq!(error.remedy(), remedy);
}
