//! What the client says where the service stumbles in the middle of a change: what it has done is looked at, and told.

use super::*;

/// The lab with one forward, and that.
async fn with_forward() -> (Bench, Forward) {
    let bench = bench().await;
    bench.sim.forward("web01", "CentOS", "192.168.1.20", 22).unwrap();
    let forward = bench.client.list().await.unwrap().0.remove(0);
    (bench, forward)
}

#[tokio::test]
async fn a_forward_that_works_is_not_called_dead_because_a_look_at_the_firewall_failed() {
    let (Bench { sim, client, dir }, forward) = with_forward().await;
    sim.fault(Fault::ListingFails, 1);
    let error = client.remove(&forward).await.unwrap_err();
    let port = forward.port;
    let still = format!(
        "the gateway stumbled over deleting a forward: the forward on {port} is still there, and its rule is in force"
    );
    assert_eq!(error.to_string(), still);
    let whole = Trouble::of(&error).one_line();
    assert!(whole.contains("Command Failure: sudo iptables --numeric -L FORWARD"), "{whole}");
    assert!(!whole.contains("DELETE FROM") && !error.is_outcome_unknown(), "{whole}");
    // Where nobody tells whether its rule is there, no record goes.
    sim.fault(Fault::ListingFails, 1);
    let token = Credentials::Token(SecretFrom::File(dir.path().join("token")));
    let blind = Client::new(Server { health: false, ..server(&sim) }, token).unwrap();
    let error = blind.remove(&forward).await.unwrap_err();
    assert!(error.to_string().ends_with(&format!("the forward on {port} is still in the list")), "{error}");
    assert!(error.remedy().contains("do not delete its record"), "{}", error.remedy());
    client.remove(&forward).await.unwrap();
}

#[tokio::test]
async fn a_look_at_the_firewall_that_failed_says_nothing_of_what_was_asked_for() {
    let Bench { sim, client, dir: _dir } = bench().await;
    sim.fault(Fault::ListingFails, 1);
    let error = client.ensure(&wanted("web01", "192.168.1.20", 22)).await.unwrap_err();
    assert_eq!(error.to_string(), "the gateway stumbled over making a forward, and made none");
    assert!(!error.remedy().contains("IPv4"), "{}", error.remedy());
}

#[tokio::test]
async fn what_is_not_known_is_a_service_that_stumbled_and_its_list_says_what_was_done() {
    let (Bench { sim, client, dir: _dir }, forward) = with_forward().await;
    for text in ["relation \"ipam\" does not exist", "list index out of range", ""] {
        sim.fault(Fault::For("GET", Box::new(Fault::Stumbles(text))), 1);
        let error = client.list().await.unwrap_err();
        assert_eq!(error.to_string(), "the gateway stumbled over listing forwards");
        let whole = Trouble::of(&error).one_line();
        assert!(whole.contains(text) && !whole.contains("correct what was asked for"), "{whole}");
        sim.fault(Fault::For("DELETE", Box::new(Fault::Stumbles(text))), 1);
        assert!(told(client.remove(&forward).await).ends_with("is still there, and its rule is in force"));
        sim.fault(Fault::For("POST", Box::new(Fault::Stumbles(text))), 1);
        let made = client.ensure(&wanted("web02", "192.168.1.21", 22)).await;
        assert_eq!(told(made), "the gateway stumbled over making a forward, and made none");
    }
}

#[tokio::test]
async fn an_answer_that_says_nothing_is_followed_by_a_look_at_the_list() {
    let (Bench { sim, client, dir: _dir }, forward) = with_forward().await;
    sim.fault(Fault::For("POST", Box::new(Fault::Truncated)), 1);
    let made = client.ensure(&wanted("web02", "192.168.1.21", 22)).await.unwrap();
    assert!(made.is_made, "{made:?}");
    sim.fault(Fault::For("DELETE", Box::new(Fault::DropBefore)), 1);
    let error = client.remove(&forward).await.unwrap_err();
    let seen = format!("did not answer to deleting a forward; the list still has it, on {}", forward.port);
    assert!(error.to_string().ends_with(&seen) && error.is_outcome_unknown(), "{error}");
}

#[tokio::test]
async fn a_rule_over_which_the_service_stumbles_is_named_with_its_chain() {
    let (Bench { sim, client, dir: _dir }, forward) = with_forward().await;
    let rule = "DROP       0    --  10.0.0.0/8           0.0.0.0/0";
    sim.state().own_ways.push(rule.to_owned());
    let doubts = client.snapshot().await.unwrap().doubts;
    let [doubt] = doubts.as_slice() else { panic!("{doubts:?}") };
    assert!(doubt.contains("(chain FORWARD)") && doubt.ends_with("DROP 0 -- 10.0.0.0/8 0.0.0.0/0"), "{doubt}");
    let error = client.remove(&forward).await.unwrap_err();
    assert!(error.to_string().contains("(chain FORWARD) is no forward"), "{error}");
    let look = "on the gateway: sudo iptables -L FORWARD -n --line-numbers, and delete the rule DROP 0 -- 10.0.0.0/8 0.0.0.0/0";
    assert_eq!(error.remedy(), look);
    sim.state().own_ways.clear();
    sim.fault(Fault::ForeignRule, 2);
    let error = client.remove(&forward).await.unwrap_err();
    assert!(error.remedy().contains("-t nat -L PREROUTING"), "{}", error.remedy());
}

#[tokio::test]
async fn one_that_somebody_else_made_at_the_same_time_is_told() {
    let Bench { sim, client, dir: _dir } = bench().await;
    sim.fault(Fault::For("POST", Box::new(Fault::Late(std::time::Duration::from_millis(300)))), 1);
    let wanted = wanted("web01", "192.168.1.20", 22);
    let other = async {
        while !sim.calls().iter().any(|call| call.starts_with("POST")) {
            tokio::task::yield_now().await;
        }
        sim.forward("web01", "CentOS", "192.168.1.20", 22).unwrap()
    };
    let (made, _) = tokio::join!(client.ensure(&wanted), other);
    let made = made.unwrap();
    let ports: Vec<u16> = sim.state().records.iter().map(|record| record.port).collect();
    let twin = ports.iter().copied().find(|port| *port != made.forward.port);
    assert_eq!((made.is_made, made.twin, ports.len()), (true, twin, 2));
    let said = crate::features::lab::act::beside(&made.forward, made.twin);
    let needless = ports.into_iter().max().unwrap();
    assert!(said.contains("duplicate") && said.contains(&format!("noctui lab remove {needless} deletes it")), "{said}");
}

#[tokio::test]
async fn a_gateway_with_room_is_not_called_full() {
    let Bench { sim, client, dir: _dir } = bench().await;
    // With a few there is no lack of them, and where it says what was wrong that is no lack, either.
    sim.fault(Fault::Crashes, 1);
    let error = client.ensure(&wanted("web02", "192.168.1.21", 22)).await.unwrap_err();
    assert!(!error.remedy().contains("used up"), "{}", error.remedy());
    for number in 0..83 {
        sim.forward("web01", "CentOS", "192.168.1.20", 1000 + number).unwrap();
    }
    // As the service does where it has tried its luck, and where anything else trips it up.
    sim.fault(Fault::Crashes, 1);
    let error = client.ensure(&wanted("web02", "192.168.1.21", 22)).await.unwrap_err();
    assert_eq!(error.to_string(), "the gateway stumbled over making a forward, and made none");
    assert!(error.remedy().contains("it has 83 forwards"), "{}", error.remedy());
    sim.fault(Fault::For("POST", Box::new(Fault::Stumbles("relation \"ipam\" does not exist"))), 1);
    let error = client.ensure(&wanted("web02", "192.168.1.21", 22)).await.unwrap_err();
    assert!(!error.remedy().contains("used up"), "{}", error.remedy());
}

#[tokio::test]
async fn the_forwards_do_not_wait_for_the_inventory() {
    let (Bench { sim, client, dir: _dir }, forward) = with_forward().await;
    sim.state().inventory = Some(std::collections::BTreeMap::new());
    sim.fault(Fault::Pending, usize::MAX);
    let told = client.told().await.unwrap();
    assert_eq!((told.forwards.as_slice(), told.untold.len()), ([forward].as_slice(), 0));
    let whole = client.complete(told, Duration::from_millis(10)).await;
    assert!(whole.untold.contains_key(&Part::Inventory));
    assert_eq!(whole.doubts, ["the inventory is not told: it did not come within 0.01 s"]);
}

#[tokio::test]
async fn where_nobody_logs_in_is_not_told_as_the_labs_own_address() {
    let Bench { sim, dir, .. } = bench().await;
    std::fs::write(dir.path().join("password"), "x").unwrap();
    let password = SecretFrom::File(dir.path().join("password"));
    let elsewhere = format!("{}/front", sim.url());
    let login = Credentials::Login { user: "pat".to_owned(), password, url: Some(elsewhere.parse().unwrap()) };
    let error = Client::new(server(&sim), login).unwrap().list().await.unwrap_err();
    assert_eq!(error.to_string(), format!("{elsewhere} does not log anybody in: it answered 404"));
    assert!(error.remedy().contains("`login_url`"), "{}", error.remedy());
}

#[tokio::test]
async fn an_answer_that_did_not_come_is_looked_for_in_the_list() {
    let Bench { sim, client, dir: _dir } = bench().await;
    sim.fault(Fault::For("POST", Box::new(Fault::DropAfter)), 1);
    let made = client.ensure(&wanted("web01", "192.168.1.20", 22)).await.unwrap();
    assert_eq!(sim.state().records[0].port, made.forward.port);
    sim.fault(Fault::For("POST", Box::new(Fault::DropBefore)), 2);
    assert!(
        told(client.ensure(&wanted("web02", "192.168.1.21", 22)).await)
            .ends_with("did not answer to making a forward; the list does not have it so far")
    );
    assert_eq!(sim.state().records.len(), 1);
    sim.fault(Fault::For("DELETE", Box::new(Fault::DropAfter)), 1);
    client.remove(&made.forward).await.unwrap();
    assert!(sim.state().records.is_empty());
}

#[tokio::test]
async fn a_failed_step_of_deleting_leaves_a_dead_record_and_says_so() {
    let Bench { sim, client, dir: _dir } = bench().await;
    sim.forward("web01", "CentOS", "192.168.1.20", 22).unwrap();
    let (forwards, ..) = client.list().await.unwrap();
    sim.fault(Fault::FilterStepFails, 1);
    let error = client.remove(&forwards[0]).await.unwrap_err();
    let port = forwards[0].port;
    assert_eq!(
        error.to_string(),
        format!(
            "the gateway stopped half-way: the forward on {port} is dead, and its record cannot be deleted any more"
        )
    );
    assert!(error.remedy().ends_with(&format!("WHERE conn_port = {port}'")), "{}", error.remedy());
    assert!(client.snapshot().await.unwrap().is_dead(&forwards[0]));
}
