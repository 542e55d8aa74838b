//! Whatever is lost on the way, and wherever the process ends: nothing is lost and nothing is there twice.

use super::*;

/// The requests of a drain, of which half are writes.
const REQUESTS: usize = 12;

/// A desk with a mail, an acknowledgement and a note that wait to be written.
async fn desk() -> Desk {
    let desk = Desk::new(true).await;
    desk.sync().await;
    let mut said = notice();
    said.circuits.push(Circuit { circuit_id: "LUM/404".to_owned(), impact: Impact::Degraded });
    desk.mail("1", 60, said);
    let key = desk.look("lumen", "CHG1").unwrap().key;
    desk.acknowledge(key);
    desk.note(key, "traffic drained");
    desk.ask_whose().await;
    desk
}

/// What has to be there in the end.
fn check(desk: &Desk, what: &str) {
    let made = desk.only();
    assert_eq!((made["name"].as_str(), made["ack"].as_bool()), (Some("Lumen-CHG1"), Some(true)), "{what}");
    assert_eq!(desk.sim.all(IMPACT).len(), 1, "{what}");
    let notes: Vec<Value> = desk.sim.all(NOTE);
    assert_eq!(notes.len(), 2, "{what}: {notes:#?}");
    assert_eq!(desk.outbox(), [], "{what}");
}

#[tokio::test]
async fn an_answer_that_is_lost_or_a_request_that_never_came_is_made_good_once() {
    for trouble in [Trouble::LoseAnswer, Trouble::HangUp, Trouble::Proxy(502)] {
        for after in 0..REQUESTS / 2 {
            let desk = desk().await;
            // Reads are asked again at once, so it is the writes that end a drain.
            for verb in ["POST /api/plugins", "PATCH "] {
                desk.sim.plan(verb, after, 1, trouble.clone());
            }
            for _ in 0..4 {
                // An error leaves the rest for the next time.
                let _ = send::drain(&desk.client, &desk.store, now()).await;
            }
            check(&desk, &format!("{trouble:?} after {after}"));
        }
    }
}

#[tokio::test]
async fn a_process_that_dies_between_any_two_requests_loses_and_doubles_nothing() {
    for after in 0..2 * REQUESTS {
        let desk = desk().await;
        let _ = desk.sim.requests();
        // The task is dropped where it waits, as kill -9 drops a process: what it had committed stays, and nothing else.
        {
            let draining = send::drain(&desk.client, &desk.store, now());
            tokio::pin!(draining);
            let mut seen = 0;
            desk.sim.take(Duration::from_millis(3));
            loop {
                tokio::select! {
                    biased;
                    done = &mut draining => { done.unwrap(); break }
                    () = tokio::time::sleep(Duration::from_millis(1)) => {
                        seen += desk.sim.requests().len();
                        if seen > after { break }
                    }
                }
            }
        }
        desk.sim.take(Duration::ZERO);
        // What was under way there is carried out to its end.
        while desk.sim.is_busy() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // Another process on the same directory.
        let store = open_store(desk.home.path()).unwrap();
        let connection = client(&desk.sim);
        send::drain(&connection, &store, now()).await.unwrap();
        send::drain(&connection, &store, now()).await.unwrap();
        check(&desk, &format!("after {after} requests"));
    }
}
