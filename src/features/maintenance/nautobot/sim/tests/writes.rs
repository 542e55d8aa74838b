//! Writing: what is checked, what is passed over, and that a list is written as a whole or not at all.

use super::*;

/// A maintenance to be made.
fn body(name: &str) -> Value {
    json!({"name": name, "start_time": "2026-11-22T08:00:00Z", "end_time": "2026-11-22T14:00:00Z"})
}

/// How many maintenances there are.
fn count(sim: &Sim) -> usize {
    sim.all("plugins/circuit-maintenance/maintenance").len()
}

#[tokio::test]
async fn the_client_may_choose_the_id_and_a_second_try_is_told_by_the_name() {
    let (sim, _) = sim().await;
    let id = "0b6f2c5e-98b4-4a58-9d5c-1b6c8f6f0a01";
    let mut one = body("Lumen-CHG1");
    one["id"] = json!(id);
    assert_eq!(post(&sim, MAINTENANCE, one.clone()).await.1["id"], id);
    let again = post(&sim, MAINTENANCE, one).await;
    assert_eq!(again, (400, json!({"name": ["circuit maintenance with this name already exists."]})));
    assert_eq!(get(&sim, &format!("{MAINTENANCE}?name=Lumen-CHG1")).await.1["results"][0]["id"], id);
    assert_eq!(count(&sim), 1);
}

#[tokio::test]
async fn a_list_is_all_or_nothing_and_says_what_is_wrong_in_its_order() {
    let (sim, _) = sim().await;
    let mut wrong = body("Lumen-CHG2");
    wrong["status"] = json!("X");
    let told = post(&sim, MAINTENANCE, json!([body("Lumen-CHG1"), wrong])).await;
    assert_eq!(told, (400, json!([{}, {"status": ["\"X\" is not a valid choice."]}])));
    assert_eq!(count(&sim), 0);
    let (status, told) = post(&sim, MAINTENANCE, json!([body("Lumen-CHG1"), body("Lumen-CHG2")])).await;
    assert_eq!((status, told.as_array().unwrap().len(), count(&sim)), (201, 2, 2));
    let (status, _) = post(&sim, MAINTENANCE, json!([body("Lumen-CHG3"), body("Lumen-CHG3")])).await;
    assert_eq!((status, count(&sim)), (400, 2));
}

#[tokio::test]
async fn what_is_missing_blank_long_or_backwards_is_refused_in_its_own_words() {
    let (sim, small) = sim().await;
    let told = post(&sim, MAINTENANCE, json!({"name": "x"})).await;
    let required = json!(["This field is required."]);
    assert_eq!(told, (400, json!({"start_time": required, "end_time": required})));
    let mut backwards = body("x");
    backwards["end_time"] = json!("2026-11-22T07:00:00Z");
    assert_eq!(
        post(&sim, MAINTENANCE, backwards).await.1,
        json!({"__all__": ["End time should be greater than start time."]})
    );
    assert_eq!(post(&sim, MAINTENANCE, body(&"x".repeat(101))).await.0, 400);
    let id = small.maintenance(&sim, "Lumen-CHG1", "2026-11-22T08:00:00Z", "2026-11-22T14:00:00Z");
    for title in ["", "  "] {
        let note = json!({"maintenance": id, "title": title, "comment": "x"});
        assert_eq!(post(&sim, NOTE, note).await.1, json!({"title": ["This field may not be blank."]}));
    }
}

#[tokio::test]
async fn pairs_are_unique_and_say_so_elsewhere() {
    let (sim, small) = sim().await;
    let id = small.maintenance(&sim, "Lumen-CHG1", "2026-11-22T08:00:00Z", "2026-11-22T14:00:00Z");
    let told = post(&sim, IMPACT, json!({"maintenance": id, "circuit": small.circuit})).await;
    assert_eq!(told, (400, json!({"non_field_errors": ["The fields maintenance, circuit must make a unique set."]})));
    let note = json!({"maintenance": id, "title": "Drained", "comment": "x"});
    assert_eq!(post(&sim, NOTE, note.clone()).await.0, 201);
    let told = post(&sim, NOTE, note).await;
    assert_eq!(told.1, json!({"non_field_errors": ["The fields maintenance, title must make a unique set."]}));
}

#[tokio::test]
async fn a_time_without_a_zone_is_the_servers_and_an_offset_is_made_utc() {
    let (sim, _) = sim().await;
    let mut naive = body("naive");
    naive["start_time"] = json!("2026-11-22T08:00:00");
    assert_eq!(post(&sim, MAINTENANCE, naive).await.1["start_time"], "2026-11-22T07:00:00Z");
    let mut offset = body("offset");
    offset["start_time"] = json!("2026-11-22T08:00:00+05:00");
    assert_eq!(post(&sim, MAINTENANCE, offset).await.1["start_time"], "2026-11-22T03:00:00Z");
}

#[tokio::test]
async fn unknown_fields_are_passed_over_and_preconditions_ignored() {
    let (sim, _) = sim().await;
    let mut one = body("Lumen-CHG1");
    one["acknowledged"] = json!(true);
    let (status, made) = post(&sim, MAINTENANCE, one).await;
    assert_eq!((status, &made["ack"], &made["status"]), (201, &json!(false), &json!("TENTATIVE")));
    let path = format!("{MAINTENANCE}{}/", made["id"].as_str().unwrap());
    let request = http()
        .patch(format!("{}/api/{path}", sim.url()))
        .header("if-unmodified-since", "Sat, 01 Jan 2000 00:00:00 GMT");
    let request = request.header(AUTHORIZATION, format!("Token {TOKEN}")).header(CONTENT_TYPE, "application/json");
    let changed = request.body("{\"ack\":true}").send().await.unwrap();
    assert!(changed.status() == 200 && !changed.headers().contains_key("etag"));
}

#[tokio::test]
async fn links_are_looked_up_and_must_be_one() {
    let (sim, small) = sim().await;
    let id = small.maintenance(&sim, "Lumen-CHG1", "2026-11-22T08:00:00Z", "2026-11-22T14:00:00Z");
    let other = sim.put("circuits/providers", json!({"name": "Zayo"}));
    let of = |provider: &str| json!({"cid": "SHARED", "provider": provider, "circuit_type": small.kind, "status": {"name": "Active"}});
    for provider in [&small.provider, &other] {
        assert_eq!(post(&sim, "circuits/circuits/", of(provider)).await.0, 201);
    }
    let impact = async |circuit: Value| post(&sim, IMPACT, json!({"maintenance": id, "circuit": circuit})).await;
    let missing = impact(json!({"cid": "NONE"})).await;
    assert!(
        missing.0 == 400 && missing.1["circuit"][0].as_str().unwrap().starts_with("Related object not found"),
        "{missing:?}"
    );
    let many = impact(json!({"cid": "SHARED"})).await;
    assert!(many.1["circuit"][0].as_str().unwrap().starts_with("Multiple objects match"), "{many:?}");
    assert_eq!(impact(json!({"cid": "SHARED", "provider": other})).await.0, 201);
}

#[tokio::test]
async fn the_mail_that_the_app_took_in_is_read_only_and_bodies_are_json() {
    let (sim, _) = sim().await;
    assert_eq!(post(&sim, "plugins/circuit-maintenance/rawnotification/", json!({})).await.0, 405);
    assert_eq!(get(&sim, "plugins/circuit-maintenance/rawnotification/").await.0, 200);
    let request = http().post(format!("{}/api/{NOTE}", sim.url())).header(AUTHORIZATION, format!("Token {TOKEN}"));
    let plain = request.header(CONTENT_TYPE, "text/plain").body("x").send().await.unwrap();
    assert_eq!(plain.status(), 415);
    let request = http().post(format!("{}/api/{NOTE}", sim.url())).header(AUTHORIZATION, format!("Token {TOKEN}"));
    let broken = request.header(CONTENT_TYPE, "application/json").body("{").send().await.unwrap();
    assert_eq!(broken.status(), 400);
}

#[tokio::test]
async fn what_belongs_to_a_maintenance_goes_with_it_and_may_not_be_deleted_by_everybody() {
    let (sim, small) = sim().await;
    let id = small.maintenance(&sim, "Lumen-CHG1", "2026-11-22T08:00:00Z", "2026-11-22T14:00:00Z");
    post(&sim, NOTE, json!({"maintenance": id, "title": "x", "comment": "y"})).await;
    let path = format!("{MAINTENANCE}{id}/");
    sim.set(|options| options.denied.push((Verb::Delete, MAINTENANCE.trim_end_matches('/').to_owned())));
    assert_eq!(ask(&sim, Method::DELETE, &path, None).await.0, 403);
    sim.set(|options| options.denied.clear());
    assert_eq!(ask(&sim, Method::DELETE, &path, None).await.0, 204);
    let left = ["circuitimpact", "note"].map(|table| sim.all(&format!("plugins/circuit-maintenance/{table}")).len());
    assert_eq!(
        (left, get(&sim, &path).await),
        ([0, 0], (404, json!({"detail": "No CircuitMaintenance matches the given query."})))
    );
}

#[tokio::test]
async fn lists_are_changed_and_deleted_as_lists_with_ids() {
    let (sim, _) = sim().await;
    let (_, made) = post(&sim, MAINTENANCE, json!([body("Lumen-CHG1"), body("Lumen-CHG2")])).await;
    let ids: Vec<Value> = made.as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
    let acks: Vec<Value> = ids.iter().map(|id| json!({"id": id, "ack": true})).collect();
    let (status, told) = ask(&sim, Method::PATCH, MAINTENANCE, Some(json!(acks))).await;
    assert_eq!((status, told[1]["ack"].as_bool(), told[1]["id"].clone()), (200, Some(true), ids[1].clone()));
    assert_eq!(ask(&sim, Method::PATCH, MAINTENANCE, Some(json!({"ack": false}))).await.0, 400, "no list");
    assert_eq!(ask(&sim, Method::PATCH, MAINTENANCE, Some(json!([{"ack": false}]))).await.0, 400, "no id");
    let both: Vec<Value> = ids.iter().map(|id| json!({ "id": id })).collect();
    assert_eq!((ask(&sim, Method::DELETE, MAINTENANCE, Some(json!(both))).await.0, count(&sim)), (204, 0));
}

#[tokio::test]
async fn an_address_belongs_to_one_provider_and_a_parser_is_one_that_is_known() {
    let (sim, _) = sim().await;
    let made = async |custom: Value| {
        post(&sim, "circuits/providers/", json!({"name": "Zayo", "custom_fields": custom})).await.0
    };
    assert_eq!(made(json!({"emails_circuit_maintenances": "x@zayo.example, CHANGE@lumen.example"})).await, 400);
    assert_eq!(made(json!({"provider_parser_circuit_maintenances": "nobody"})).await, 400);
    let sound = json!({"emails_circuit_maintenances": "x@zayo.example", "provider_parser_circuit_maintenances": null});
    assert_eq!(made(sound).await, 201);
}

#[tokio::test]
async fn the_log_of_changes_tells_who_did_what_newest_first_and_takes_nothing() {
    let (sim, small) = sim().await;
    let id = small.maintenance(&sim, "Lumen-CHG1", "2026-11-22T08:00:00Z", "2026-11-22T14:00:00Z");
    ask(&sim, Method::PATCH, &format!("{MAINTENANCE}{id}/"), Some(json!({"ack": true}))).await;
    sim.pass(chrono::TimeDelta::hours(1));
    ask(&sim, Method::DELETE, &format!("{MAINTENANCE}{id}/"), None).await;
    let log = "extras/object-changes/";
    let kind = "changed_object_type=nautobot_circuit_maintenance.circuitmaintenance";
    let (_, told) = get(&sim, &format!("{log}?{kind}")).await;
    assert_eq!(
        (told["count"].as_u64(), &told["results"][0]["action"]),
        (Some(2), &json!({"value": "delete", "label": "Deleted"}))
    );
    let (_, told) = get(&sim, &format!("{log}?{kind}&action=delete&time__gte=2026-11-21T03:00:00Z")).await;
    assert_eq!((told["count"].as_u64(), &told["results"][0]["changed_object_id"]), (Some(1), &json!(id)));
    // Its impact went with it.
    assert_eq!(get(&sim, &format!("{log}?action=delete")).await.1["count"], 2);
    assert_eq!(get(&sim, &format!("{log}?since=now")).await.0, 400);
    assert_eq!(post(&sim, log, json!({})).await.0, 405);
    sim.set(|options| options.denied.push((Verb::View, "extras/object-changes".to_owned())));
    assert_eq!(get(&sim, log).await.0, 403);
}

#[tokio::test]
async fn an_answer_can_be_lost_after_the_deed() {
    let (sim, _) = sim().await;
    sim.plan("POST", 0, 1, Trouble::LoseAnswer);
    let request =
        http().post(format!("{}/api/{MAINTENANCE}", sim.url())).header(AUTHORIZATION, format!("Token {TOKEN}"));
    let lost = request.header(CONTENT_TYPE, "application/json").body(body("Lumen-CHG1").to_string()).send().await;
    assert!(lost.is_err() && count(&sim) == 1);
    sim.plan("POST", 0, 1, Trouble::HangUp);
    let request =
        http().post(format!("{}/api/{MAINTENANCE}", sim.url())).header(AUTHORIZATION, format!("Token {TOKEN}"));
    let none = request.header(CONTENT_TYPE, "application/json").body(body("Lumen-CHG2").to_string()).send().await;
    assert!(none.is_err() && count(&sim) == 1);
}
