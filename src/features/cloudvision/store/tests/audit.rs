//! The audit log: what it keeps, that it keeps it, and how it is read.

use rusqlite::Connection;

use super::{assert_from_index, at, device, empty, production};
use crate::features::cloudvision::model::DeploymentId;
use crate::features::cloudvision::store::audit::{
    AuditKey, Filter, Leg, Outcome, Request, Row, Settlement, What, add_devices, devices, forget, list, request,
    settle, unsettled,
};

/// Anna asks for something.
fn asked(what: What, object: &str, second: i64) -> Request {
    Request {
        at: at(second),
        who: "anna".to_owned(),
        instance: production(),
        target: None,
        what,
        object: object.to_owned(),
        object_name: format!("Change {object}"),
        details: serde_json::json!({"version": "1795220000.000000123"}),
        deployment: None,
    }
}

fn outcome(outcome: Outcome, text: &str, second: i64) -> Settlement {
    Settlement { outcome, text: text.to_owned(), object: None, at: at(second) }
}

fn all(connection: &Connection) -> Vec<Row> {
    list(connection, &Filter::default(), None, 10_000).unwrap().rows
}

/// That this is refused and the log stays as it was.
fn assert_refused(connection: &Connection, sql: &str) {
    let dump = |table: &str| {
        let mut query = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = query.column_count();
        let rows = query.query_map([], |row| (0..columns).map(|n| row.get(n)).collect::<Result<Vec<_>, _>>()).unwrap();
        rows.collect::<Result<Vec<Vec<rusqlite::types::Value>>, _>>().unwrap()
    };
    let before = (dump("audit"), dump("audit_device"));
    let error = connection.execute_batch(sql).expect_err(sql);
    assert!(error.to_string().contains("the audit log is only appended to"), "{sql}: {error}");
    assert_eq!((dump("audit"), dump("audit_device")), before, "{sql}");
}

#[test]
fn a_request_is_there_before_its_result_and_keeps_it_afterwards() {
    let connection = empty();
    let key =
        request(&connection, &Request { who: "anna\u{1b}".to_owned(), ..asked(What::Approve, "cc-1", 0) }).unwrap();
    let row = all(&connection).remove(0);
    assert_eq!((row.outcome, row.settled_at, row.text.as_str()), (Outcome::Requested, None, ""));
    assert_eq!((row.request.who.as_str(), row.request.object.as_str()), ("anna␛", "cc-1"));
    assert!(settle(&connection, key, &outcome(Outcome::Failed, "stale version\u{7}", 2)).unwrap());
    let row = all(&connection).remove(0);
    assert_eq!((row.outcome, row.settled_at, row.text.as_str()), (Outcome::Failed, Some(at(2)), "stale version␇"));
    assert!(!settle(&connection, key, &outcome(Outcome::Ok, "", 3)).unwrap(), "settled twice");
    assert_eq!(all(&connection)[0], row);
    assert!(!settle(&connection, AuditKey(99), &outcome(Outcome::Ok, "", 3)).unwrap());
}

#[test]
fn a_deployment_names_its_change_control_once_there_is_one() {
    let connection = empty();
    let deployment = DeploymentId::new("d-1");
    let asked_for = Request { object: String::new(), object_name: String::new(), ..asked(What::Deploy, "", 0) };
    let key = request(&connection, &Request { deployment: Some(deployment.clone()), ..asked_for }).unwrap();
    add_devices(&connection, key, &[device("leaf2", 2), device("leaf1", 1)]).unwrap();
    request(&connection, &asked(What::Approve, "cc-7", 1)).unwrap();
    assert_eq!(unsettled(&connection, &deployment).unwrap()[0].key, key);
    let made = Some(("cc-9".to_owned(), "Leaves".to_owned()));
    settle(&connection, key, &Settlement { object: made, ..outcome(Outcome::Ok, "2 devices", 2) }).unwrap();
    assert!(unsettled(&connection, &deployment).unwrap().is_empty());
    let row = all(&connection).pop().unwrap();
    assert_eq!((row.request.object.as_str(), row.request.object_name.as_str()), ("cc-9", "Leaves"));
    assert_eq!(devices(&connection, key).unwrap(), [device("leaf1", 1), device("leaf2", 2)]);
}

#[test]
fn an_object_that_was_named_stays_the_one() {
    let connection = empty();
    let key = request(&connection, &asked(What::Delete, "cc-1", 0)).unwrap();
    let other = Some(("cc-2".to_owned(), "Another".to_owned()));
    settle(&connection, key, &Settlement { object: other, ..outcome(Outcome::Ok, "", 1) }).unwrap();
    let row = all(&connection).remove(0);
    assert_eq!((row.request.object.as_str(), row.request.object_name.as_str()), ("cc-1", "Change cc-1"));
}

#[test]
fn nothing_in_the_log_can_be_edited_replaced_or_deleted() {
    let connection = empty();
    let key = request(&connection, &asked(What::Deploy, "cc-1", 0)).unwrap();
    add_devices(&connection, key, &[device("leaf1", 1)]).unwrap();
    let refused = |statements: &[&str]| statements.iter().for_each(|sql| assert_refused(&connection, sql));
    refused(&[
        // Not yet settled: only the result may come.
        "UPDATE audit SET who = 'bert'",
        "UPDATE audit SET who = 'bert', result = 'ok', settled_at = 5",
        "UPDATE audit SET at = 1, result = 'ok', settled_at = 5",
        "UPDATE audit SET id = 7, result = 'ok', settled_at = 5",
        "UPDATE audit SET details = '{}', result = 'ok', settled_at = 5",
        "UPDATE audit SET target = 'fabric', result = 'ok', settled_at = 5",
        "UPDATE audit SET deployment = 'd', result = 'ok', settled_at = 5",
        "UPDATE audit SET object = 'cc-2', result = 'ok', settled_at = 5",
        "UPDATE audit SET object_name = 'x', result = 'ok', settled_at = 5",
        "UPDATE audit SET result = 'fine', settled_at = 5",
        "UPDATE audit SET result = 'ok'",
    ]);
    settle(&connection, key, &outcome(Outcome::Failed, "refused", 1)).unwrap();
    refused(&[
        "UPDATE audit SET result = 'ok'",
        "UPDATE audit SET result_text = ''",
        "UPDATE OR REPLACE audit SET id = 1",
        "DELETE FROM audit",
        "DELETE FROM audit_device",
        "UPDATE audit_device SET sha256 = 'x'",
        "INSERT INTO audit_device VALUES (1, 'leaf9', NULL, NULL, NULL)",
        "REPLACE INTO audit_device VALUES (1, 'leaf1', NULL, NULL, NULL)",
        "REPLACE INTO audit (id, at, who, instance, server, what, object, object_name, details)
             VALUES (1, 0, 'bert', '', '', 'deploy', '', '', '{}')",
        "INSERT INTO audit (at, who, instance, server, what, object, object_name, details, result, settled_at)
             VALUES (0, 'bert', '', '', 'deploy', '', '', '{}', 'ok', 0)",
        // The gate for forgetting lets through what is old only.
        "BEGIN; INSERT INTO audit_forgetting VALUES (1795220000); DELETE FROM audit",
    ]);
}

#[test]
fn the_log_is_read_in_windows_the_newest_first() {
    let connection = empty();
    // Many within one second, as a script asks.
    let mut keys: Vec<_> = (0..100).map(|n| request(&connection, &asked(What::Start, "cc", n / 7)).unwrap()).collect();
    keys.reverse();
    let mut read = Vec::new();
    let mut windows = 0;
    loop {
        let window = list(&connection, &Filter::default(), read.last().copied(), 9).unwrap();
        windows += 1;
        read.extend(window.rows.iter().map(|row| row.key));
        if !window.more {
            break;
        }
    }
    assert_eq!((read, windows), (keys, 12));
}

#[test]
fn rows_are_found_by_what_who_object_target_instance_and_time() {
    let connection = empty();
    let key = |asked_for: Request| request(&connection, &asked_for).unwrap();
    let approve = key(asked(What::Approve, "cc-1", 0));
    let start = key(Request { who: "bert".to_owned(), ..asked(What::Start, "cc-1", 10) });
    let deploy = key(Request { target: Some("fabric".to_owned()), ..asked(What::Deploy, "cc-2", 20) });
    let mut lab = production();
    lab.name = "lab".to_owned();
    // Called like the id of another.
    let edit = key(Request { object_name: "cc-1".to_owned(), instance: lab, ..asked(What::Edit, "cc-3", 30) });
    let stop = key(Request { object_name: "cc-1".to_owned(), ..asked(What::Stop, "cc-1", 40) });
    let found = |filter: Filter| -> Vec<AuditKey> {
        list(&connection, &filter, None, 10).unwrap().rows.iter().map(|row| row.key).collect()
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(found(Filter::default()), [stop, edit, deploy, start, approve]);
    assert_eq!(found(Filter { what: Some(What::Start), ..Filter::default() }), [start]);
    assert_eq!(found(Filter { who: some("bert"), ..Filter::default() }), [start]);
    assert_eq!(found(Filter { target: some("fabric"), ..Filter::default() }), [deploy]);
    assert_eq!(found(Filter { object: some("cc-1"), ..Filter::default() }), [stop, edit, start, approve]);
    assert_eq!(found(Filter { object: some("Change cc-2"), ..Filter::default() }), [deploy]);
    assert_eq!(found(Filter { instance: some("lab"), ..Filter::default() }), [edit]);
    assert_eq!(found(Filter { instance: some("cvp.example:443"), ..Filter::default() }).len(), 5);
    assert_eq!(found(Filter { since: Some(at(20)), ..Filter::default() }), [stop, edit, deploy]);
    assert_eq!(
        found(Filter { object: some("cc-1"), who: some("anna"), since: Some(at(1)), ..Filter::default() }),
        [stop, edit]
    );
    assert_eq!(found(Filter { what: Some(What::Start), who: some("anna"), ..Filter::default() }), []);
    let second = list(&connection, &Filter { object: some("cc-1"), ..Filter::default() }, Some(edit), 1).unwrap();
    assert_eq!((second.rows[0].key, second.more), (start, true));
}

#[test]
fn every_window_is_read_from_its_index_in_order() {
    let connection = empty();
    for (leg, index, own) in [
        (Leg::All, "audit_at", ""),
        (Leg::What, "audit_what", "what=? AND "),
        (Leg::Who, "audit_who", "who=? AND "),
        (Leg::Target, "audit_target", "target=? AND "),
        (Leg::Object, "audit_object", "object=? AND "),
        (Leg::ObjectName, "audit_object_name", "object_name=? AND "),
    ] {
        assert_from_index(&connection, &leg.sql(), index, &format!("{own}at>? AND at<?"));
    }
}

#[test]
fn forgetting_takes_what_is_older_and_says_that_it_did() {
    let connection = empty();
    for n in 0..7 {
        let key = request(&connection, &asked(What::Deploy, "cc-1", n)).unwrap();
        add_devices(&connection, key, &[device("leaf1", 1)]).unwrap();
    }
    let gone: Vec<_> = (0..3).map(|_| forget(&connection, at(5), "anna", at(99), 3).unwrap()).collect();
    assert_eq!(gone, [3, 2, 0]);
    let left: Vec<_> = all(&connection).iter().map(|row| (row.request.what, row.request.at)).collect();
    assert_eq!(left, [(What::Forget, at(99)), (What::Forget, at(99)), (What::Deploy, at(6)), (What::Deploy, at(5))]);
    assert_eq!((all(&connection)[0].outcome, all(&connection)[0].text.as_str()), (Outcome::Ok, "2 rows"));
    let devices: i64 = connection.query_row("SELECT count(*) FROM audit_device", [], |row| row.get(0)).unwrap();
    assert_eq!(devices, 2);
    assert_refused(&connection, "DELETE FROM audit WHERE at < 1795220006");
    // A number that was given once is not given again.
    connection
        .execute_batch(
            "INSERT INTO audit_forgetting VALUES (9999999999); DELETE FROM audit; DELETE FROM audit_forgetting",
        )
        .unwrap();
    assert_eq!(request(&connection, &asked(What::Start, "cc-1", 0)).unwrap(), AuditKey(10));
}

#[test]
fn details_without_end_are_left_out() {
    let connection = empty();
    let details = serde_json::json!({"text": "x".repeat(100_000)});
    request(&connection, &Request { details, ..asked(What::Edit, "cc-1", 0) }).unwrap();
    request(&connection, &Request { object_name: "x".repeat(1000), ..asked(What::Edit, "cc-2", 1) }).unwrap();
    let rows = all(&connection);
    assert_eq!(rows[1].request.details, serde_json::json!({"left_out_bytes": 100_011}));
    assert_eq!(rows[0].request.object_name.len(), 256);
}
