//! Pages, order, depth and filters, the broken ones among them.

use super::*;

/// The names in a list.
fn names(told: &Value) -> Vec<&str> {
    told["results"].as_array().unwrap().iter().filter_map(|one| one["name"].as_str()).collect()
}

/// Three maintenances a day apart.
async fn three() -> (Sim, Small) {
    let (sim, small) = sim().await;
    for day in [22, 23, 24] {
        let time = |hour: u32| format!("2026-11-{day}T{hour:02}:00:00Z");
        small.maintenance(&sim, &format!("Lumen-CHG{day}"), &time(8), &time(14));
    }
    (sim, small)
}

#[tokio::test]
async fn pages_name_another_host_and_limits_are_capped_in_silence() {
    let (sim, _) = three().await;
    sim.set(|options| (options.page, options.largest_page) = (1, 2));
    let (_, first) = get(&sim, &format!("{MAINTENANCE}?sort=created")).await;
    assert_eq!((first["count"].as_u64(), names(&first)), (Some(3), vec!["Lumen-CHG22"]));
    for limit in ["0", "1000"] {
        let (_, told) = get(&sim, &format!("{MAINTENANCE}?sort=created&limit={limit}")).await;
        assert_eq!(names(&told).len(), 2, "{limit}");
        let next = told["next"].as_str().unwrap();
        assert!(next.starts_with("http://nautobot.internal.example/api/") && next.contains("limit=2"), "{next}");
    }
    let (_, last) = get(&sim, &format!("{MAINTENANCE}?sort=created&limit=2&offset=2")).await;
    assert!(last["next"].is_null() && last["previous"].is_string(), "{last}");
}

#[tokio::test]
async fn order_is_as_asked_and_an_unknown_one_is_passed_over() {
    let (sim, _) = three().await;
    let (_, told) = get(&sim, &format!("{MAINTENANCE}?sort=-start_time")).await;
    assert_eq!(names(&told), ["Lumen-CHG24", "Lumen-CHG23", "Lumen-CHG22"]);
    let (status, told) = get(&sim, &format!("{MAINTENANCE}?sort=-nonsense")).await;
    assert_eq!((status, names(&told)), (200, vec!["Lumen-CHG22", "Lumen-CHG23", "Lumen-CHG24"]));
}

#[tokio::test]
async fn links_are_short_and_whole_at_depth_one() {
    let (sim, small) = three().await;
    let (_, told) = get(&sim, IMPACT).await;
    let circuit = &told["results"][0]["circuit"];
    assert_eq!(circuit["id"], json!(small.circuit));
    assert!(circuit.get("cid").is_none(), "{circuit}");
    let (_, told) = get(&sim, &format!("{IMPACT}?depth=1")).await;
    let circuit = &told["results"][0]["circuit"];
    assert_eq!(circuit["cid"], "LUM/000106/A");
    assert!(circuit["provider"].get("name").is_none(), "{circuit}");
    assert!(told["results"][0]["notes_url"].is_null());
}

#[tokio::test]
async fn a_filter_that_is_unknown_is_an_error_unless_the_site_says_otherwise() {
    let (sim, _) = three().await;
    for (filter, field) in
        [("bogus=1", "bogus"), ("start_time__lt=2026-11-23T00:00:00Z", "start_time__lt"), ("brief=1", "brief")]
    {
        let (status, told) = get(&sim, &format!("{MAINTENANCE}?{filter}")).await;
        assert_eq!((status, &told[field]), (400, &json!(["Unknown filter field"])));
    }
    let (status, _) = get(&sim, &format!("{MAINTENANCE}?status=WRONG")).await;
    assert_eq!(status, 400);
    sim.set(|options| options.strict_filters = false);
    let (status, told) = get(&sim, &format!("{MAINTENANCE}?bogus=1")).await;
    assert_eq!((status, told["count"].as_u64()), (200, Some(3)));
}

#[tokio::test]
async fn start_is_from_and_end_is_until() {
    let (sim, _) = three().await;
    let (_, told) = get(&sim, &format!("{MAINTENANCE}?start_time=2026-11-23T08:00:00Z&sort=created")).await;
    assert_eq!(names(&told), ["Lumen-CHG23", "Lumen-CHG24"]);
    let (_, told) = get(&sim, &format!("{MAINTENANCE}?end_time=2026-11-23T14:00:00Z&sort=created")).await;
    assert_eq!(names(&told), ["Lumen-CHG22", "Lumen-CHG23"]);
}

#[tokio::test]
async fn filters_that_name_fields_of_others_break_the_server() {
    let (sim, small) = three().await;
    for path in [
        format!("{MAINTENANCE}?provider=Lumen"),
        format!("{MAINTENANCE}?circuit=x"),
        format!("{IMPACT}?circuit={}", small.circuit),
    ] {
        let (status, told) = get(&sim, &path).await;
        assert_eq!((status, &told["exception"]), (500, &json!("FieldError")), "{path}");
    }
    let id = sim.all("plugins/circuit-maintenance/maintenance")[0]["id"].as_str().unwrap().to_owned();
    for by in [id.as_str(), "Lumen-CHG22"] {
        assert_eq!(get(&sim, &format!("{IMPACT}?maintenance={by}")).await.1["count"], 1, "{by}");
    }
}

#[tokio::test]
async fn notes_take_no_filter_and_do_not_say_so() {
    let (sim, small) = three().await;
    let id = small.maintenance(&sim, "Lumen-CHG9", "2026-11-22T08:00:00Z", "2026-11-22T14:00:00Z");
    for title in ["one", "two"] {
        post(&sim, NOTE, json!({"maintenance": id, "title": title, "comment": "x"})).await;
    }
    for filter in ["title=one", "id=00000000-0000-0000-0000-000000000000", "bogus=1"] {
        let (status, told) = get(&sim, &format!("{NOTE}?{filter}")).await;
        assert_eq!((status, told["count"].as_u64()), (200, Some(2)), "{filter}");
    }
    let (_, told) = get(&sim, &format!("{NOTE}?sort=-last_updated&limit=1")).await;
    assert_eq!(told["results"][0]["title"], "two");
}

#[tokio::test]
async fn cids_are_told_apart_by_case_and_names_are_exact() {
    let (sim, _) = three().await;
    let count = async |path: &str| get(&sim, path).await.1["count"].as_u64().unwrap();
    assert_eq!(count("circuits/circuits/?cid=lum/000106/a").await, 0);
    assert_eq!(count("circuits/circuits/?cid__ie=lum/000106/a&provider=Lumen").await, 1);
    assert_eq!(count(&format!("{MAINTENANCE}?name=Lumen-CHG22")).await, 1);
    assert_eq!(count(&format!("{MAINTENANCE}?name=Lumen-CHG22&name=Lumen-CHG23")).await, 2);
    assert_eq!(count(&format!("{MAINTENANCE}?name=lumen-chg22")).await, 0);
    assert_eq!(count("circuits/providers/?cf_emails_circuit_maintenances=maintenance@lumen").await, 1);
}

#[tokio::test]
async fn a_change_of_an_impact_or_a_note_does_not_touch_its_maintenance() {
    let (sim, _) = three().await;
    let before = sim.all("plugins/circuit-maintenance/maintenance")[0].clone();
    let impact = sim.all("plugins/circuit-maintenance/circuitimpact")[0]["id"].as_str().unwrap().to_owned();
    let (status, _) =
        ask(&sim, Method::PATCH, &format!("{IMPACT}{impact}/"), Some(json!({"impact": "DEGRADED"}))).await;
    post(&sim, NOTE, json!({"maintenance": before["id"], "title": "x", "comment": "y"})).await;
    assert_eq!((status, &sim.all("plugins/circuit-maintenance/maintenance")[0]), (200, &before));
    let since = "2026-11-21T01:00:00Z";
    assert_eq!(
        get(&sim, &format!("{IMPACT}?last_updated__gte={since}&sort=-last_updated")).await.1["results"][0]["impact"],
        "DEGRADED"
    );
}
