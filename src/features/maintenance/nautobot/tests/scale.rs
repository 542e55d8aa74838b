//! How it goes with ten thousand circuits and fifty thousand maintenances: not how long, which is for the benchmark, but
//! how much is asked and that nobody waits meanwhile.

use super::*;

/// A site with so many circuits and maintenances, each with one impact.
async fn site(circuits: usize, maintenances: usize) -> Desk {
    let desk = Desk::new(false).await;
    super::super::sim::fill(&desk.sim, &desk.small, circuits, maintenances, at("2026-11-21T00:00:00Z"));
    desk
}

#[tokio::test]
async fn a_large_site_takes_one_question_a_thousand_and_nothing_new_takes_six() {
    let desk = site(1_100, 2_100).await;
    // All of them were made within seconds, and what is as new as the newest is read again.
    desk.sim.pass(chrono::TimeDelta::hours(1));
    there(&desk);
    let _ = desk.sim.requests();
    let read = desk.sync().await;
    assert_eq!(read.maintenances, 2_101);
    let requests = desk.sim.requests().len();
    assert!(requests < 15, "{requests} requests");
    assert!(desk.sim.busiest() <= super::super::client::AT_ONCE, "{}", desk.sim.busiest());
    // They were made within seconds, but long ago: none of them is read once more.
    let read = desk.sync().await;
    assert_eq!((read.maintenances, read.taken), (0, 0));
    let again = desk.sim.requests();
    // What is new of three kinds, and what of them was deleted.
    assert!(again.len() <= 6, "{again:#?}");
}

#[tokio::test]
async fn where_most_have_changed_everything_is_read() {
    let desk = site(1_100, 1_200).await;
    desk.sim.pass(chrono::TimeDelta::hours(1));
    assert!(desk.sync().await.full);
    let _ = desk.sim.requests();
    let impacts = desk.sim.all(IMPACT);
    let all: Vec<String> = desk.sim.all(MAINTENANCE).iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect();
    let change = |ids: &[String], description: &str| {
        for id in ids {
            desk.sim.patch(MAINTENANCE, id, json!({"description": description}));
        }
        desk.sim.pass(chrono::TimeDelta::minutes(5));
    };
    // One of them was on this circuit alone, and is on none now, which shows in no change of an impact.
    desk.sim.delete(IMPACT, impacts[7]["id"].as_str().unwrap());
    let hit = impacts[7]["maintenance"]["id"].as_str().unwrap();
    let name = desk.sim.all(MAINTENANCE).iter().find(|one| one["id"] == *hit).unwrap()["name"].clone();
    change(&all[..1_001], "Splicing");
    let read = desk.sync().await;
    assert!(read.full, "{read:?}");
    let requests = desk.sim.requests();
    assert!(requests.len() < 20, "{requests:#?}");
    // Of what has changed nothing was read that is thrown away, once that was told.
    let is_since = |one: &&String| one.contains("last_updated__gte");
    let since: Vec<_> = requests.iter().filter(is_since).collect();
    assert!(since.iter().all(|one| one.contains("/maintenance/")), "{since:#?}");
    let id = name.as_str().unwrap().strip_prefix("Lumen-").unwrap();
    assert_eq!(desk.look("lumen", id).unwrap().circuits.len(), 0);
    change(&all[..150], "Splicing again");
    let read = desk.sync().await;
    assert_eq!((read.full, read.maintenances), (false, 150));
}

#[tokio::test]
async fn what_begins_at_the_same_time_is_read_however_pages_order_it() {
    for takes_starts in [true, false] {
        let desk = site(2, 0).await;
        desk.sim.set(|options| options.graphql_starts = takes_starts);
        let begin = |number: usize| if number < 1_060 { "2026-11-24T08:00:00Z" } else { "2026-11-25T08:00:00Z" };
        for number in 0..1_100 {
            desk.small.maintenance(&desk.sim, &format!("Lumen-CHG{number}"), begin(number), "2026-11-25T14:00:00Z");
        }
        let _ = desk.sim.requests();
        assert_eq!(desk.sync().await.maintenances, 1_100);
        let requests = desk.sim.requests();
        let has = |path: &str| requests.iter().any(|one| one.contains(path));
        // Pages of GraphQL show some twice and others never, which are asked for by their start and read once. Where that is
        // not taken, REST shows which they are, and their impacts alone are asked for.
        let by_rest = [has("maintenance/?sort="), has("circuitimpact/?maintenance=")];
        assert_eq!(by_rest, [!takes_starts; 2], "{requests:#?}");
        assert!(!has("circuitimpact/?sort="), "{requests:#?}");
        for number in [0, 539, 540, 999, 1_000, 1_001, 1_059, 1_099] {
            let found = desk.look("lumen", &format!("CHG{number}")).unwrap();
            assert_eq!(found.circuits.len(), 1, "{number}");
        }
    }
}
