//! What a token may see, less today than yesterday, and readings that end in the middle.

use std::future::poll_fn;
use std::task::Poll;

use super::*;

/// The maintenances of a desk of many.
const MANY: usize = 30;

/// A desk whose Nautobot has many maintenances, each of a circuit of its own; the UUIDs of the maintenances.
async fn many() -> (Desk, Vec<String>) {
    let desk = Desk::new(false).await;
    desk.sim.set(|options| (options.largest_page, options.page) = (7, 7));
    let Small { provider, kind, status, .. } = desk.small.clone();
    let ids = (0..MANY).map(|number| {
        let circuit = desk.sim.put(
            "circuits/circuits",
            json!({"cid": format!("LUM/{number}/M"), "provider": provider, "circuit_type": kind, "status": status}),
        );
        // No provider's name begins it: whose it is, its circuit tells alone.
        let maintenance = desk.sim.put(
            MAINTENANCE,
            json!({"name": format!("Works {number}"), "start_time": "2026-11-22T08:00:00Z", "status": "CONFIRMED",
                   "end_time": "2026-11-22T14:00:00Z", "description": "Fibre splice"}),
        );
        desk.sim.put(IMPACT, json!({"maintenance": maintenance, "circuit": circuit, "impact": "OUTAGE"}));
        maintenance
    });
    let ids = ids.collect();
    (desk, ids)
}

/// How many maintenances are here, how many circuits they have, and how many are filed under another provider than Lumen.
fn here(desk: &Desk) -> (usize, usize, usize) {
    desk.write(|c| {
        let count = |sql: &str| c.query_row(sql, [], |row| row.get::<_, u32>(0)).unwrap() as usize;
        (
            count("SELECT count(*) FROM maintenance"),
            count("SELECT count(*) FROM circuit"),
            count("SELECT count(*) FROM maintenance WHERE provider <> 'lumen'"),
        )
    })
}

/// The UUIDs of a table.
fn ids(desk: &Desk, path: &str) -> Vec<String> {
    desk.sim.all(path).iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_token_that_sees_less_takes_nothing_away_until_somebody_says_so() {
    for (path, told) in [
        (MAINTENANCE, "27 of 30 maintenances"),
        (IMPACT, "27 of 30 impacts"),
        ("circuits/circuits", "28 of 31 circuits"),
    ] {
        for graphql in [true, false] {
            // GraphQL shows impacts to whoever sees their maintenance.
            let is_hidden = graphql && path == IMPACT;
            let told = if is_hidden { format!("{told} of visible maintenances") } else { told.to_owned() };
            let told = told.as_str();
            let (desk, _) = many().await;
            desk.sim.set(|options| options.graphql = graphql);
            desk.sync().await;
            assert_eq!(here(&desk), (MANY, MANY, 0));
            desk.sim.set(|options| options.hidden = ids(&desk, path).split_off(3));
            let read = desk.try_sync(true).await.unwrap();
            assert_eq!((read.vanished.as_deref(), read.gone), (Some(told), 0), "graphql {graphql}");
            assert_eq!(here(&desk), (MANY, MANY, 0), "{path}, graphql {graphql}");
            // Reading what is new changes nothing about it,
            desk.sync().await;
            assert_eq!(desk.write(|c| setting::vanished(c).unwrap()).as_deref(), Some(told));
            assert_eq!(here(&desk), (MANY, MANY, 0), "{path}, graphql {graphql}");
            // but the next reading of everything does, which is not far.
            desk.sim.set(|options| options.hidden.clear());
            let read = desk.sync_at(now() + chrono::TimeDelta::minutes(61), false).await.unwrap();
            assert_eq!((read.full, read.vanished, read.gone), (true, None, 0), "graphql {graphql}");
            assert_eq!(desk.write(|c| setting::vanished(c).unwrap()), None);
            assert_eq!(here(&desk), (MANY, MANY, 0), "{path}, graphql {graphql}");
        }
    }
}

#[tokio::test]
async fn what_somebody_says_is_gone_goes_and_comes_back_as_it_was() {
    let (desk, made) = many().await;
    desk.sync().await;
    let kept = desk.look("lumen", "Works 29").unwrap().key;
    desk.note(kept, "ours");
    desk.sim.set(|options| options.hidden = made);
    assert_eq!(desk.try_sync(true).await.unwrap().vanished.as_deref(), Some("30 of 30 maintenances"));
    let read = desk.read_as(Plan { full: true, accept_gone: true, ..plan() }).await.unwrap();
    assert_eq!((read.gone, read.vanished), (MANY, None));
    assert_eq!(here(&desk), (1, 1, 0), "what somebody here worked on stays");
    desk.sim.set(|options| options.hidden.clear());
    desk.try_sync(true).await.unwrap();
    assert_eq!(here(&desk), (MANY, MANY, 0));
    assert_eq!(desk.look("lumen", "Works 29").unwrap().key, kept);
}

#[tokio::test]
async fn everything_that_shows_no_more_is_told_together() {
    let (desk, made) = many().await;
    desk.sync().await;
    let circuits = ids(&desk, "circuits/circuits");
    desk.sim.set(|options| options.hidden = made.into_iter().chain(circuits).collect());
    let read = desk.try_sync(true).await.unwrap();
    assert_eq!(read.vanished.as_deref(), Some("30 of 30 maintenances and 31 of 31 circuits"));
}

#[tokio::test]
async fn however_much_the_log_of_changes_says_was_deleted_is_gone_at_once() {
    let (desk, made) = many().await;
    desk.sync().await;
    for id in &made {
        desk.sim.delete(MAINTENANCE, id);
    }
    let read = desk.try_sync(true).await.unwrap();
    assert_eq!((read.gone, read.vanished), (MANY, None));
    assert_eq!(here(&desk), (0, 0, 0));
}

/// Does something until it has waited so often, and drops it there, as kill -9 would; whether it came to its end.
async fn up_to<T>(waits: usize, work: impl Future<Output = T>) -> bool {
    let (mut work, mut waited) = (std::pin::pin!(work), 0);
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(_) => Poll::Ready(true),
        Poll::Pending if waited == waits => Poll::Ready(false),
        Poll::Pending => {
            waited += 1;
            Poll::Pending
        }
    })
    .await
}

#[tokio::test]
async fn a_reading_that_ends_anywhere_leaves_no_maintenance_without_its_circuits() {
    for graphql in [true, false] {
        for waits in (1..).step_by(4) {
            let (desk, made) = many().await;
            desk.sync().await;
            desk.sim.set(|options| (options.graphql, options.hidden) = (graphql, made));
            desk.read_as(Plan { full: true, accept_gone: true, ..plan() }).await.unwrap();
            assert_eq!(here(&desk), (0, 0, 0));
            desk.sim.set(|options| options.hidden.clear());
            let is_over = up_to(waits, desk.try_sync(true)).await;
            // What is new is read after it, by somebody else or the same.
            desk.sync().await;
            let (maintenances, circuits, others) = here(&desk);
            assert_eq!((circuits, others), (maintenances, 0), "graphql {graphql}, after {waits}");
            desk.try_sync(true).await.unwrap();
            assert_eq!(here(&desk), (MANY, MANY, 0), "graphql {graphql}, after {waits}");
            if is_over {
                break;
            }
        }
    }
}

#[tokio::test]
async fn the_name_tells_whose_a_record_is_and_what_is_here_which_of_its_meanings_counts() {
    let desk = Desk::new(false).await;
    let Small { kind, status, .. } = &desk.small;
    let zayo = desk.sim.put("circuits/providers", json!({"name": "Zayo", "custom_fields": {}}));
    let theirs = desk
        .sim
        .put("circuits/circuits", json!({"cid": "ZAYO/1", "provider": zayo, "circuit_type": kind, "status": status}));
    let record = |name: &str| {
        let id = desk.sim.put(
            MAINTENANCE,
            json!({"name": name, "start_time": "2026-11-22T08:00:00Z", "end_time": "2026-11-22T14:00:00Z",
                   "status": "CONFIRMED", "description": "Fibre splice, core ring"}),
        );
        desk.sim.put(IMPACT, json!({"maintenance": id, "circuit": theirs, "impact": "OUTAGE"}));
    };
    record("Lumen-CHG1");
    record("by hand");
    desk.sync().await;
    assert!(desk.look("lumen", "CHG1").is_some() && desk.look("zayo", "by hand").is_some());
    // What is filed otherwise already is not filed anew when the two meet again.
    let moved = |c: &Connection| {
        c.execute(
            "UPDATE maintenance SET provider = 'zayo', maintenance_id = 'Lumen-CHG1' WHERE maintenance_id = 'CHG1'",
            [],
        )
        .unwrap();
        c.execute("UPDATE maintenance SET provider = 'nautobot' WHERE maintenance_id = 'by hand'", []).unwrap();
    };
    desk.write(moved);
    desk.forget();
    desk.sync().await;
    assert!(desk.look("lumen", "CHG1").is_none() && desk.look("zayo", "Lumen-CHG1").is_some());
    assert!(desk.look("zayo", "by hand").is_none() && desk.look("nautobot", "by hand").is_some());
}

#[tokio::test]
async fn a_circuit_of_another_provider_is_the_same_when_the_two_meet_again() {
    let desk = Desk::new(false).await;
    let Small { kind, status, .. } = &desk.small;
    let zayo = desk.sim.put("circuits/providers", json!({"name": "Zayo", "custom_fields": {}}));
    let theirs = desk
        .sim
        .put("circuits/circuits", json!({"cid": "ZAYO/1", "provider": zayo, "circuit_type": kind, "status": status}));
    let id = there(&desk);
    desk.sim.put(IMPACT, json!({"maintenance": id, "circuit": theirs, "impact": "DEGRADED"}));
    for _ in 0..2 {
        desk.sync().await;
        let detail = desk.look("lumen", "CHG1").unwrap();
        assert_eq!(detail.circuits.len(), 2);
        assert_eq!(detail.nautobot.unwrap().conflict, None);
        desk.forget();
    }
}

/// What a reading of what is new found to be missing, and how many circuits are here after it.
async fn after(desk: &Desk) -> (Option<String>, usize) {
    let vanished = desk.sync().await.vanished;
    assert_eq!(desk.write(|c| setting::vanished(c).unwrap()), vanished);
    (vanished, here(desk).1)
}

#[tokio::test]
async fn a_record_that_changes_keeps_the_impacts_that_the_token_may_not_see_any_more() {
    for (graphql, log) in [(true, true), (true, false), (false, true), (false, false)] {
        let (desk, made) = many().await;
        desk.sync().await;
        desk.sim.set(|options| {
            options.graphql = graphql;
            if !log {
                options.denied.push((Verb::View, "extras/object-changes".to_owned()));
            }
        });
        let impacts = ids(&desk, IMPACT);
        desk.sim.set(|options| options.hidden = impacts);
        desk.sim.patch(MAINTENANCE, &made[0], json!({"description": "another"}));
        let told = if graphql { "1 of 30 impacts of visible maintenances" } else { "1 of 30 impacts" };
        assert_eq!(after(&desk).await, (Some(told.to_owned()), MANY), "graphql {graphql}, log {log}");
        let circuits = desk.look("lumen", "Works 0").unwrap().circuits;
        assert_eq!(circuits.len(), 1, "graphql {graphql}, log {log}");
    }
}

#[tokio::test]
async fn writing_to_a_record_keeps_the_impacts_that_the_token_may_not_see_any_more() {
    let desk = Desk::in_time(true).await;
    desk.sync().await;
    desk.mail("1", 120, notice());
    desk.send().await;
    desk.sync().await;
    let impacts = ids(&desk, IMPACT);
    desk.sim.set(|options| options.hidden = impacts);
    desk.acknowledge(desk.look("lumen", "CHG1").unwrap().key);
    desk.send().await;
    let detail = desk.look("lumen", "CHG1").unwrap();
    assert_eq!((detail.circuits.len(), detail.nautobot.unwrap().conflict, desk.outbox()), (1, None, vec![]));
    assert_eq!(desk.only()["ack"], true);
}

#[tokio::test]
async fn an_impact_that_is_removed_there_goes_by_whatever_tells_so() {
    for (graphql, log) in [(true, true), (true, false), (false, true), (false, false)] {
        // The only one, or one of two.
        for others in [0, 1] {
            let (desk, made) = many().await;
            let impact = desk.sim.all(IMPACT)[0]["id"].as_str().unwrap().to_owned();
            if others > 0 {
                let other = desk.small.circuit.clone();
                desk.sim.put(IMPACT, json!({"maintenance": made[0], "circuit": other, "impact": "OUTAGE"}));
            }
            desk.sync().await;
            desk.sim.set(|options| {
                options.graphql = graphql;
                if !log {
                    options.denied.push((Verb::View, "extras/object-changes".to_owned()));
                }
            });
            desk.sim.delete(IMPACT, &impact);
            desk.sim.patch(MAINTENANCE, &made[0], json!({"description": "another"}));
            // Without either nothing tells a record that lost all from one whose impacts the token may not view.
            let is_doubted = !graphql && !log && others == 0;
            let expected =
                (is_doubted.then(|| "1 of 30 impacts".to_owned()), MANY - 1 + others + usize::from(is_doubted));
            assert_eq!(after(&desk).await, expected, "graphql {graphql}, log {log}, others {others}");
            // The next reading of everything decides.
            desk.try_sync(true).await.unwrap();
            assert_eq!(here(&desk).1, MANY - 1 + others);
        }
    }
}

#[tokio::test]
async fn what_a_token_could_not_look_at_is_left_to_one_that_can() {
    for is_full in [false, true] {
        let (mut desk, made) = many().await;
        desk.sync().await;
        desk.sim.set(|options| options.denied.push((Verb::View, "extras/object-changes".to_owned())));
        for id in &made {
            desk.sim.delete(MAINTENANCE, id);
        }
        // What changes later moves how far everything else was read.
        desk.sim.pass(chrono::TimeDelta::hours(1));
        there(&desk);
        let later = now() + chrono::TimeDelta::hours(1);
        desk.client = client(&desk.sim);
        desk.sync_at(later, false).await.unwrap();
        let read = desk.sync_at(later, true).await.unwrap();
        assert_eq!((read.vanished.as_deref(), read.gone), (Some("30 of 31 maintenances"), 0));
        desk.sim.set(|options| options.denied.clear());
        desk.client = client(&desk.sim);
        let read = desk.sync_at(later + chrono::TimeDelta::minutes(5), is_full).await.unwrap();
        assert_eq!((read.vanished, read.gone), (None, MANY));
        assert_eq!((here(&desk), desk.write(|c| setting::vanished(c).unwrap())), ((1, 1, 0), None));
    }
}

#[tokio::test]
async fn a_token_that_may_view_only_some_impacts_hears_of_it_when_its_rights_are_looked_at() {
    use crate::features::maintenance::nautobot::rights::{Use, lacking};
    let (desk, _) = many().await;
    assert_eq!(lacking(&desk.client, Use::Read).await.unwrap(), Vec::<String>::new());
    let impacts = ids(&desk, IMPACT).split_off(20);
    desk.sim.set(|options| options.hidden = impacts);
    let lacks = lacking(&desk.client, Use::Read).await.unwrap();
    assert_eq!(lacks, ["view all of plugins/circuit-maintenance/circuitimpact"]);
}
