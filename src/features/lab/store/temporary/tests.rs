use super::*;

fn forward(port: u16, name: &str) -> Forward {
    let (name, component, address) = (name.to_owned(), "CentOS".to_owned(), "192.168.1.20".to_owned());
    Forward { port, name, component, address, target: 22 }
}

#[test]
fn what_a_process_left_behind_is_known_until_it_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let store = crate::features::open_store(dir.path()).unwrap();
    let at = DateTime::from_timestamp(1_795_220_000, 0).unwrap();
    let ours = Owner::of_this_process();
    let dead = Owner { start: "another time".to_owned(), ..ours.clone() };
    let listed = [forward(50_001, "killed"), forward(50_002, "early"), forward(50_003, "running")];
    let told = store.write_blocking(move |c| {
        let note = |name: &str, owner: &Owner| note(c, ("training", "s"), &forward(0, name).wanted(), owner, at);
        settle(c, note("killed", &dead)?, Some(50_001))?;
        // It ended before the answer came.
        note("early", &dead)?;
        settle(c, note("running", &ours)?, Some(50_003))?;
        // There was one already, and it stays.
        settle(c, note("found", &dead)?, None)?;
        // Somebody has removed it since; on its port is another one by now.
        settle(c, note("gone", &dead)?, Some(50_002))?;
        let before = all(c, "s", &listed)?;
        forget(c, "s", 50_001)?;
        let after = all(c, "s", &listed)?;
        Ok((before, after, all(c, "other", &listed)?))
    });
    let (before, after, other) = told.unwrap();
    let ports = |all: &[Temporary]| all.iter().filter(|it| it.is_left()).map(|it| it.forward.port).collect::<Vec<_>>();
    assert_eq!((ports(&before), ports(&after), ports(&other)), (vec![50_001, 50_002], vec![50_002], vec![]));
    assert!(before[0].words().starts_with("killed 22 on 50001 was made for one connection, and process "));
    assert!(before[0].words().ends_with("ended before it removed it") && !before[0].is_in_use());
}

#[test]
fn a_program_that_outlives_its_process_is_told_as_long_as_it_runs() {
    let dir = tempfile::tempdir().unwrap();
    let store = crate::features::open_store(dir.path()).unwrap();
    let at = DateTime::from_timestamp(1_795_220_000, 0).unwrap();
    let dead = Owner { start: "another time".to_owned(), ..Owner::of_this_process() };
    let listed = [forward(50_001, "web01"), forward(50_002, "web02")];
    let mut program = std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
    let running = Owner::of_process(program.id());
    let label = running.label();
    let forwards = listed.clone();
    let before = store.write_blocking(move |c| {
        for forward in &forwards {
            settle(c, note(c, ("training", "s"), &forward.wanted(), &dead, at)?, Some(forward.port))?;
        }
        started(c, "s", 50_001, (&dead, &running))?;
        // Another process has its number since.
        started(c, "s", 50_002, (&dead, &Owner { start: "before".to_owned(), ..running }))?;
        all(c, "s", &forwards)
    });
    let before = before.unwrap();
    assert_eq!(before.iter().map(Temporary::is_in_use).collect::<Vec<_>>(), [true, false]);
    assert!(before[0].words().ends_with(&format!("its program, {label}, still runs and uses it")));
    drop(program.stdin.take());
    program.wait().unwrap();
    let after = store.write_blocking(move |c| all(c, "s", &listed)).unwrap();
    assert_eq!(after.iter().map(Temporary::is_in_use).collect::<Vec<_>>(), [false, false]);
}

#[test]
fn the_last_connection_of_several_removes_what_was_made_for_the_first() {
    let dir = tempfile::tempdir().unwrap();
    let store = crate::features::open_store(dir.path()).unwrap();
    let at = DateTime::from_timestamp(1_795_220_000, 0).unwrap();
    let mut another = std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
    let (ours, other) = (Owner::of_this_process(), Owner::of_process(another.id()));
    let label = other.label();
    let told = store.write_blocking(move |c| {
        let web01 = forward(50_001, "web01");
        let lab = ("training", "s");
        assert_eq!(join(c, lab, &web01, &other, at)?, Taken::Nothing, "made for no connection");
        settle(c, note(c, lab, &web01.wanted(), &ours, at)?, Some(50_001))?;
        assert_eq!(join(c, lab, &web01, &other, at)?, Taken::Done);
        assert_eq!(all(c, "s", std::slice::from_ref(&web01))?.len(), 1, "one forward, whoever uses it");
        let first = release(c, "s", 50_001, &ours)?;
        let last = release(c, "s", 50_001, &other)?;
        // It is about to be gone.
        assert_eq!(join(c, lab, &web01, &ours, at)?, Taken::TooLate);
        assert_eq!(take_over(c, "s", 50_001, false)?, Taken::TooLate);
        not_ended(c, "s", 50_001)?;
        assert_eq!(take_over(c, "s", 50_001, true)?, Taken::Done);
        Ok((first, last, release(c, "s", 50_001, &other)?))
    });
    assert_eq!(told.unwrap(), (Release::Used(label), Release::Ends, Release::Taken));
    drop(another.stdin.take());
    another.wait().unwrap();
}

#[test]
fn whoever_only_uses_what_nobody_removes_takes_nothing_over() {
    let dir = tempfile::tempdir().unwrap();
    let store = crate::features::open_store(dir.path()).unwrap();
    let at = DateTime::from_timestamp(1_795_220_000, 0).unwrap();
    let dead = Owner { start: "another time".to_owned(), ..Owner::of_this_process() };
    let told = store.write_blocking(move |c| {
        settle(c, note(c, ("training", "s"), &forward(0, "web01").wanted(), &dead, at)?, Some(50_001))?;
        // It died while it removed the forward: whether it did the list tells.
        assert_eq!(release(c, "s", 50_001, &dead)?, Release::Ends);
        Ok((take_over(c, "s", 50_001, true)?, take_over(c, "s", 50_001, false)?))
    });
    assert_eq!(told.unwrap(), (Taken::Nothing, Taken::Done));
}
