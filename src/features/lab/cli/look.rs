//! What only looks: `list`, `addr`, `check`, `save`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use serde::Serialize;

use super::Desk;
use crate::blocking;
use crate::clock;
use crate::features::lab::model::{self, Reach, Row, Saved, Snapshot, end_leftover};
use crate::features::lab::probe;
use crate::features::lab::store::{self, open::Found, temporary::Temporary};
use crate::features::lab::worker::{ports, save_file};
use crate::output;
use crate::table::Table;
use crate::text::counted;
use crate::trouble::Trouble;

/// A lab as it is told in JSON.
#[derive(Serialize)]
struct Shown<'a> {
    lab: &'a str,
    gateway: String,
    token: Option<model::Claims>,
    /// What was not told or is not believed.
    doubts: Vec<String>,
    rows: Vec<Listed>,
}

/// A row, with what only this machine knows of it.
#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    row: Row,
    /// For which connection it was made; `None` where it was made to stay.
    temporary: Option<Temporary>,
}

/// All that a lab tells, what is measured from here, and what came of those who asked for something before.
pub(super) struct Told {
    snapshot: Snapshot,
    rows: Vec<Row>,
    /// Actions of which nobody had heard what became of them.
    found: Vec<Found>,
    /// The forwards that were made for connections.
    temporary: Vec<Temporary>,
}

/// What is said where nobody knows the gateway's host.
const NO_ADDRESS: &str = "the gateway tells no address: say it as `gateway` in [[lab]]";

/// How long is waited for the inventory: a front server needs some seconds for it, and may take a minute.
const PATIENCE: Duration = Duration::from_secs(5);

/// What answers behind the ports of a lab.
async fn measure(desk: &Desk, snapshot: &Snapshot) -> BTreeMap<u16, Reach> {
    let mut reached = BTreeMap::new();
    let (host, ports) = (desk.host(&snapshot.gateway), ports(snapshot));
    match probe::resolve(&host).await {
        Ok(address) => {
            probe::sweep(address, ports, probe::SOCKETS, probe::PATIENCE, |port, reach| {
                reached.insert(port, reach);
            })
            .await;
        }
        Err(reach) => reached.extend(ports.into_iter().map(|port| (port.port, reach.clone()))),
    }
    reached
}

/// Reads a lab.
pub(super) async fn read(desk: &Desk, measures: bool) -> Result<Told, Trouble> {
    let client = &desk.actor.client;
    let told = client.told().await.map_err(|error| Trouble::of(&error))?;
    let at = clock::now();
    // Measuring takes a while, too.
    let (reached, snapshot) = tokio::join!(
        async { if measures { measure(desk, &told).await } else { BTreeMap::new() } },
        client.complete(told.clone(), PATIENCE),
    );
    let (server, kept) = (client.server().to_owned(), snapshot.clone());
    let write = move |connection: &rusqlite::Connection| {
        let kept = store::save(connection, &server, kept, at)?;
        let since = store::note_routable(connection, &server, kept.machines.iter(), at)?;
        let found = store::open::settle_open(connection, &server, &kept, at)?;
        Ok((since, found, store::temporary::all(connection, &server, &kept.forwards)?))
    };
    let (since, found, temporary) = desk.actor.store.write(write).await.map_err(|error| Trouble::of(&error))?;
    let rows = model::rows(&snapshot, &reached, &since);
    Ok(Told { snapshot, rows, found, temporary })
}

/// `noctui lab list`
pub(super) async fn list(desk: &Desk, measures: bool, json: bool) -> anyhow::Result<ExitCode> {
    let Told { snapshot, rows, found, temporary } = read(desk, measures).await?;
    for it in &found {
        output::complain(&format!("noctui: {}", it.words()));
    }
    for it in &temporary {
        let (port, words) = (it.forward.port, it.words());
        let ends = match (it.is_left(), it.is_in_use()) {
            (true, false) => format!("; noctui lab remove {port} ends it"),
            (true, true) => format!("; noctui lab remove {port} ends it, best once that has ended"),
            (false, _) => String::new(),
        };
        output::complain(&format!("noctui: {words}{ends}; noctui lab add keeps it"));
    }
    if json {
        let token = desk.actor.client.holding().await.map(|holding| holding.claims);
        let gateway = desk.host(&snapshot.gateway);
        let made_for = |row: &Row| temporary.iter().find(|it| row.forward().as_ref() == Some(&it.forward)).cloned();
        let rows = rows.into_iter().map(|row| Listed { temporary: made_for(&row), row }).collect();
        output::print_json(&Shown { lab: &desk.lab.name, gateway, token, doubts: snapshot.doubts, rows })?;
        return Ok(ExitCode::SUCCESS);
    }
    output::print(&table(&rows))?;
    if rows.is_empty() {
        let lab = &desk.lab.name;
        output::complain(&format!(
            "noctui: {lab} has no forward, and tells of no machine; noctui lab add makes a forward"
        ));
    }
    if desk.host(&snapshot.gateway).is_empty() {
        output::complain(&format!("noctui: {NO_ADDRESS}"));
    }
    for doubt in &snapshot.doubts {
        output::complain(&format!("noctui: {doubt}"));
    }
    if snapshot.unreadable > 0 {
        output::complain(&format!("noctui: {} of the list cannot be read", counted(snapshot.unreadable, "forward")));
    }
    Ok(ExitCode::SUCCESS)
}

/// Rows as a table.
fn table(rows: &[Row]) -> String {
    let number = |number: Option<u16>| number.map_or_else(String::new, |number| number.to_string());
    let mut lines = vec![
        ["STATE", "MACHINE", "COMPONENT", "ADDRESS", "PORT", "FOR", "GATEWAY", "REACHED", "NOTE"].map(str::to_owned),
    ];
    for row in rows {
        let (reach, banner) = match &row.reach {
            Some(reach @ Reach::Open { banner, .. }) => (reach.words(), banner.clone()),
            Some(reach) => (reach.words(), String::new()),
            None => (String::new(), String::new()),
        };
        let note = if row.note.is_empty() { banner } else { row.note.clone() };
        lines.push([
            row.state.as_str().to_owned(),
            row.name.clone(),
            row.component.clone(),
            row.address.clone(),
            number(row.target),
            row.protocol.unwrap_or("").to_owned(),
            number(row.port),
            reach,
            note,
        ]);
    }
    Table::new(output::columns()).lines(&lines)
}

/// `noctui lab addr`
pub(super) async fn addresses(desk: &Desk, name: Option<String>, json: bool) -> anyhow::Result<ExitCode> {
    let filter: Vec<(&str, String)> = name.iter().map(|name| ("name", name.clone())).collect();
    let found = desk.actor.client.addresses(&filter).await.map_err(|error| Trouble::of(&error))?;
    // The gateway takes the name for a pattern.
    let found: BTreeMap<String, model::Machine> =
        found.into_iter().filter(|(known, _)| name.as_ref().is_none_or(|name| name == known)).collect();
    let code = if found.is_empty() && name.is_some() { ExitCode::from(output::EXIT_NO) } else { ExitCode::SUCCESS };
    if json {
        output::print_json(&found)?;
        return Ok(code);
    }
    if found.is_empty() {
        output::complain(&match name {
            Some(name) => format!("noctui: the gateway knows no address of {}", crate::text::clean_line(&name)),
            None => "noctui: the gateway knows no addresses".to_owned(),
        });
        return Ok(code);
    }
    let mut lines = vec![["MACHINE", "COMPONENT", "ADDRESSES", "ROUTABLE"].map(str::to_owned)];
    for (name, machine) in found {
        // Of several addresses the gateway tells one, and not of which.
        let is_of_one = machine.addresses.len() > 1;
        let routable = match (machine.routable, is_of_one) {
            (None, _) => "not tried",
            (Some(true), false) => "yes",
            (Some(false), false) => "no",
            (Some(true), true) => "yes, one of them",
            (Some(false), true) => "no, one of them",
        };
        lines.push([name, machine.component, machine.addresses.join(" "), routable.to_owned()]);
    }
    output::print(&Table::new(output::columns()).lines(&lines))?;
    Ok(code)
}

/// Something that is wrong, or at least not as it should be.
#[derive(Serialize)]
struct Fault {
    what: String,
    /// Whether it does no harm: it is told, and is no reason for another exit code.
    harmless: bool,
    row: Option<Row>,
    /// What puts it right in the gateway's shell, where the service cannot.
    mending: Option<String>,
}

/// `noctui lab check`
pub(super) async fn check(desk: &Desk, json: bool) -> anyhow::Result<ExitCode> {
    let Told { snapshot, rows, .. } = read(desk, true).await?;
    let mut faults: Vec<Fault> = rows
        .into_iter()
        .filter(Row::is_fault)
        .map(|row| {
            let name = if row.name.is_empty() { row.address.as_str() } else { &row.name };
            let (target, port) = (row.target.unwrap_or(0), row.port.unwrap_or(0));
            let what = format!("{} {name} {target} on {port}: {}", row.state.as_str(), row.note);
            let mending = row.mending.clone();
            Fault { what, harmless: false, row: Some(row), mending }
        })
        .collect();
    if let Some(firewall) = &snapshot.firewall {
        let lets_all = firewall.lets_all;
        faults.extend(firewall.left().into_iter().map(|(left, rules)| Fault {
            what: model::leftover(left, lets_all),
            harmless: lets_all == Some(true),
            row: None,
            mending: end_leftover(left, rules),
        }));
        // It was put there on purpose: a lab can be sound with it.
        faults.extend(firewall.others.iter().map(|rule| Fault {
            what: model::other_rule(rule),
            harmless: true,
            row: None,
            mending: None,
        }));
    }
    let hindrance = snapshot.firewall.as_ref().and_then(|firewall| firewall.hindrance().zip(firewall.clearing()));
    for doubt in &snapshot.doubts {
        let mending = hindrance.as_ref().filter(|(what, _)| what == doubt).map(|(_, line)| line.clone());
        faults.push(Fault { what: doubt.clone(), harmless: false, row: None, mending });
    }
    let mut say = |what: String| faults.push(Fault { what, harmless: false, row: None, mending: None });
    if snapshot.firewall.is_none() {
        say("without the health check, what is dead or unlisted cannot be seen".to_owned());
    }
    if snapshot.unreadable > 0 {
        say(format!("{} of the list cannot be read", counted(snapshot.unreadable, "forward")));
    }
    if let Some(crowding) = snapshot.crowding() {
        say(crowding);
    }
    if desk.host(&snapshot.gateway).is_empty() {
        say(NO_ADDRESS.to_owned());
    }
    let now = clock::now();
    if let Some(end) = desk.actor.client.holding().await.and_then(|holding| holding.claims.expires_at)
        && end - now < chrono::TimeDelta::minutes(10)
    {
        say(format!("the token ends in {} s", (end - now).num_seconds().max(0)));
    }
    let is_sound = faults.iter().all(|fault| fault.harmless);
    if json {
        output::print_json(&faults)?;
    } else {
        let line = |fault: &Fault| match &fault.mending {
            Some(mending) => format!("{}\n  on the gateway: {mending}\n", fault.what),
            None => format!("{}\n", fault.what),
        };
        let mut text: String = faults.iter().map(line).collect();
        if is_sound {
            let forwards = counted(snapshot.forwards.len(), "forward");
            let _infallible = writeln!(text, "{}: nothing is wrong with {forwards}", desk.lab.name);
        }
        output::print(&text)?;
    }
    Ok(if is_sound { ExitCode::SUCCESS } else { ExitCode::from(output::EXIT_NO) })
}

/// `noctui lab save`
pub(super) async fn save(desk: &Desk, file: &Path, json: bool) -> anyhow::Result<ExitCode> {
    let snapshot = Snapshot::of_list(desk.actor.list().await.map_err(|error| Trouble::of(&error))?);
    let (saved, unusable) = Saved::of(&desk.lab.name, &snapshot);
    let count = saved.forwards.len();
    let shown = crate::text::clean_line(&file.display().to_string());
    if file == Path::new("-") {
        output::print(&saved.write())?;
    } else {
        let path = file.to_owned();
        blocking::run(move || save_file(&saved, &path)).await?;
    }
    for it in &unusable {
        output::complain(&format!("noctui: {} is left out, since it cannot be made again: {}", it.title, it.why));
    }
    if snapshot.unreadable > 0 {
        let many = counted(snapshot.unreadable, "forward");
        output::complain(&format!("noctui: {many} of the list cannot be read and had to be left out"));
    }
    if file == Path::new("-") {
        return Ok(ExitCode::SUCCESS);
    }
    if json {
        output::print_json(&serde_json::json!({ "file": shown, "forwards": count, "unusable": unusable }))?;
    } else {
        let verb = if count == 1 { "is" } else { "are" };
        output::print(&format!("{} {verb} in {shown}\n", counted(count, "forward")))?;
    }
    Ok(ExitCode::SUCCESS)
}
