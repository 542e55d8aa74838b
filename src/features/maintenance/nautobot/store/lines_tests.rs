//! The comparison by itself: examples that read like the rules, and whatever else there can be.

use proptest::prelude::*;

use super::*;

/// A side that says these things of window, status and description.
fn said(window: i64, status: Status, text: &str) -> Said {
    let mut said = Said::from([
        (Field::Window, Value::Window(window, window + 3600)),
        (Field::Status, Value::Status(status)),
        (Field::Acknowledgement, Value::Acknowledged(false)),
    ]);
    if !text.is_empty() {
        said.insert(Field::Description, Value::Text(text.to_owned()));
    }
    said
}

/// All of a record was changed then.
fn at(record: i64) -> Changed {
    Changed { record, ..Changed::default() }
}

/// Puts what `to` lacks of these verdicts into it, from the other side.
fn bring(verdicts: &BTreeMap<Field, Verdict>, wanted: Verdict, from: &Said, to: &mut Said) {
    for (field, _) in verdicts.iter().filter(|(_, verdict)| **verdict == wanted) {
        match from.get(field) {
            Some(value) => _ = to.insert(field.clone(), value.clone()),
            None => _ = to.remove(field),
        }
    }
}

/// One run: what changed there comes here, what changed here goes there.
fn run(agreed: &Agreed, here: &Said, there: &Said, at: i64) -> (Agreed, Said, Said) {
    run_of(agreed, here, there, at, at)
}

/// The same, of a record that was changed at `updated` and what was said here at `said`.
fn run_of(agreed: &Agreed, here: &Said, there: &Said, said: i64, updated: i64) -> (Agreed, Said, Said) {
    let (mut ours, mut theirs) = (here.clone(), there.clone());
    let verdicts = agreed.compare(here, there);
    bring(&verdicts, Verdict::Take, there, &mut ours);
    let is_taken = |field: &Field| verdicts.get(field) == Some(&Verdict::Take);
    let since = |field: &Field| if is_taken(field) { updated } else { updated.min(said) };
    let agreed = agreed.settled(&ours, &theirs, since);
    bring(&verdicts, Verdict::Send, &ours, &mut theirs);
    let agreed = agreed.settled(&ours, &theirs, since);
    (agreed, ours, theirs)
}

#[test]
fn a_field_that_changed_on_one_side_goes_to_the_other_and_one_that_changed_on_both_stays() {
    let base = said(0, Status::Confirmed, "splice");
    let agreed = Agreed::all(&base, &base, &at(1));
    let here = said(7200, Status::Confirmed, "here");
    let there = said(0, Status::Cancelled, "there");
    let verdicts = agreed.compare(&here, &there);
    let of = |field: Field| verdicts[&field];
    assert_eq!(
        (of(Field::Window), of(Field::Status), of(Field::Description), of(Field::Acknowledgement)),
        (Verdict::Send, Verdict::Take, Verdict::Conflict, Verdict::Same)
    );
}

#[test]
fn a_conflict_that_was_dropped_stays_dropped_until_a_side_changes() {
    let base = said(0, Status::Confirmed, "");
    let mut agreed = Agreed::all(&base, &base, &at(1));
    let (here, there) = (said(7200, Status::Confirmed, ""), said(9000, Status::Confirmed, ""));
    assert_eq!(agreed.compare(&here, &there)[&Field::Window], Verdict::Conflict);
    agreed.decide(&Field::Window, &here, &there, Decision::Neither);
    let (agreed, ours, theirs) = run(&agreed, &here, &there, 2);
    assert_eq!((&ours, &theirs), (&here, &there));
    assert_eq!(agreed.compare(&here, &there)[&Field::Window], Verdict::Apart);
    // Another field that changes does not wake it.
    let cancelled = said(7200, Status::Cancelled, "");
    let verdicts = agreed.compare(&cancelled, &there);
    assert_eq!((verdicts[&Field::Window], verdicts[&Field::Status]), (Verdict::Apart, Verdict::Send));
    assert_eq!(agreed.compare(&said(8000, Status::Confirmed, ""), &there)[&Field::Window], Verdict::Send);
    assert_eq!(agreed.compare(&here, &said(8000, Status::Confirmed, ""))[&Field::Window], Verdict::Take);
}

#[test]
fn nobody_takes_away_a_description_by_saying_nothing() {
    let base = said(0, Status::Confirmed, "splice");
    let agreed = Agreed::all(&base, &base, &at(1));
    let none = said(0, Status::Confirmed, "");
    for (here, there) in [(&base, &none), (&none, &base)] {
        assert_eq!(agreed.compare(here, there)[&Field::Description], Verdict::Apart);
    }
    let met = Agreed::met(&none, &base, 1, |_| 1, &at(1));
    assert_eq!(met.compare(&none, &base)[&Field::Description], Verdict::Apart);
    let other = said(0, Status::Confirmed, "other");
    assert_eq!(agreed.compare(&none, &other)[&Field::Description], Verdict::Take);
}

#[test]
fn a_circuit_that_is_new_on_one_side_goes_to_the_other() {
    let agreed = Agreed::default();
    let (here, mut there) = (Said::new(), Said::new());
    let circuit = Field::Circuit("a".to_owned());
    there.insert(circuit.clone(), Value::Impact(Impact::Outage));
    assert_eq!(agreed.compare(&here, &there)[&circuit], Verdict::Take);
    assert_eq!(agreed.compare(&there, &here)[&circuit], Verdict::Send);
}

#[test]
fn what_was_agreed_is_read_again_as_it_was_written() {
    let mut base = said(0, Status::ReScheduled, "splice");
    base.insert(Field::Circuit("x y".to_owned()), Value::Impact(Impact::Degraded));
    let agreed = Agreed::all(&base, &said(1, Status::Confirmed, ""), &at(5));
    let text = serde_json::to_string(&agreed).unwrap();
    assert_eq!(serde_json::from_str::<Agreed>(&text).unwrap(), agreed, "{text}");
}

/// Anything that a side can say; few values, so that they meet often.
fn anything() -> impl Strategy<Value = Said> {
    let status = prop::sample::select(vec![Status::Confirmed, Status::Cancelled, Status::ReScheduled]);
    let impact = prop::sample::select(vec![Impact::NoImpact, Impact::Degraded, Impact::Outage]);
    let circuits = prop::collection::btree_map("[a-d]", impact, 0..4);
    (0_i64..3, status, "[xy]?", circuits, any::<bool>()).prop_map(|(window, status, text, circuits, ack)| {
        let mut said = said(window, status, &text);
        said.insert(Field::Acknowledgement, Value::Acknowledged(ack));
        said.extend(circuits.into_iter().map(|(id, impact)| (Field::Circuit(id), Value::Impact(impact))));
        said
    })
}

/// What was agreed before, be it nothing.
fn agreed() -> impl Strategy<Value = Agreed> {
    let kept = (anything(), anything()).prop_map(|(here, there)| Agreed::all(&here, &there, &at(1)));
    let met = (anything(), anything(), any::<bool>())
        .prop_map(|(here, there, is)| Agreed::met(&here, &there, i64::from(is), |_| i64::from(is), &at(1)));
    prop_oneof![kept, met, Just(Agreed::default())]
}

/// The contents, without what is acknowledged.
fn contents(said: &Said) -> Said {
    said.iter().filter(|(field, _)| **field != Field::Acknowledgement).map(|(f, v)| (f.clone(), v.clone())).collect()
}

proptest! {
    #[test]
    fn a_second_run_changes_nothing(agreed in agreed(), here in anything(), there in anything()) {
        let (agreed, ours, theirs) = run(&agreed, &here, &there, 2);
        let again = run(&agreed, &ours, &theirs, 3);
        prop_assert_eq!((&again.1, &again.2), (&ours, &theirs));
        let verdicts = agreed.compare(&ours, &theirs);
        prop_assert!(!verdicts.values().any(|verdict| matches!(verdict, Verdict::Take | Verdict::Send)), "{:?}", verdicts);
    }

    #[test]
    fn every_field_of_either_side_is_looked_at_and_none_says_what_nobody_said(
        agreed in agreed(), here in anything(), there in anything(),
    ) {
        let verdicts = agreed.compare(&here, &there);
        prop_assert!(fields(&here, &there).all(|field| verdicts.contains_key(field)));
        let (_, ours, theirs) = run(&agreed, &here, &there, 2);
        for field in fields(&here, &there) {
            for side in [&ours, &theirs] {
                let is_known = side.get(field) == here.get(field) || side.get(field) == there.get(field);
                prop_assert!(is_known, "{:?}", field);
            }
        }
    }

    #[test]
    fn the_two_sides_are_treated_alike(agreed in (anything(), anything()), here in anything(), there in anything()) {
        let one = Agreed::all(&agreed.0, &agreed.1, &at(1)).compare(&here, &there);
        let other = Agreed::all(&agreed.1, &agreed.0, &at(1)).compare(&there, &here);
        for (field, verdict) in one {
            let mirrored = match other[&field] {
                Verdict::Take => Verdict::Send,
                Verdict::Send => Verdict::Take,
                same @ (Verdict::Same | Verdict::Apart | Verdict::Conflict) => same,
            };
            prop_assert_eq!(verdict, mirrored, "{:?}", field);
        }
    }

    #[test]
    fn a_decision_is_about_its_field_alone_and_is_carried_out(
        agreed in agreed(), here in anything(), there in anything(),
        decision in prop::sample::select(vec![Decision::Ours, Decision::Theirs, Decision::Neither]),
    ) {
        let before = agreed.compare(&here, &there);
        for field in before.iter().filter(|(_, verdict)| **verdict == Verdict::Conflict).map(|(field, _)| field) {
            let mut decided = agreed.clone();
            decided.decide(field, &here, &there, decision);
            let after = decided.compare(&here, &there);
            let wanted = match decision {
                Decision::Ours => Verdict::Send,
                Decision::Theirs => Verdict::Take,
                Decision::Neither => Verdict::Apart,
            };
            prop_assert_eq!(after[field], wanted);
            prop_assert!(before.iter().filter(|(other, _)| *other != field).all(|(other, verdict)| after[other] == *verdict));
        }
    }

    #[test]
    fn where_the_two_meet_the_newer_one_counts_whichever_was_read_first(
        mail in anything(), record in anything(), is_mail_newer in any::<bool>(), circuit in "[a-d]",
    ) {
        let (mailed, updated) = if is_mail_newer { (20, 10) } else { (10, 20) };
        let (mail, record) = (contents(&mail), contents(&record));
        // The mail first.
        let met = Agreed::met(&mail, &record, mailed, |_| mailed, &at(updated));
        let (one, first, _) = run_of(&met, &mail, &record, mailed, updated);
        // The record first: the mail's word counts for what is older there.
        let mut agreed = Agreed::all(&record, &record, &at(updated));
        let mut second = mail.clone();
        second.retain(|field, _| !agreed.leaves_out(field, mailed));
        for (field, value) in agreed.newer_than(mailed) {
            match value {
                Some(value) => _ = second.insert(field.clone(), value.clone()),
                None => _ = second.remove(field),
            }
        }
        agreed.heard(&mail, mailed);
        let (other, second, _) = run_of(&agreed, &second, &record, mailed, updated);
        for field in fields(&first, &second) {
            // Of a description the one that says nothing never counts.
            prop_assert_eq!(first.get(field), second.get(field), "{:?}", field);
        }
        // The next mail meets the same either way, and all that differed was said by the newer of the two.
        let newer = |agreed: &Agreed| -> Said {
            agreed.newer_than(15).filter_map(|(field, value)| Some((field.clone(), value?.clone()))).collect()
        };
        prop_assert_eq!(newer(&one), newer(&other));
        prop_assert!(newer(&one).iter().all(|(field, value)| mail.get(field) != Some(value) && !is_mail_newer));
        let circuit = Field::Circuit(circuit);
        let is_left_out =
            |agreed: &Agreed| agreed.leaves_out(&circuit, 15) || agreed.newer_than(15).any(|it| it == (&circuit, None));
        prop_assert_eq!(is_left_out(&one), is_left_out(&other));
    }

    #[test]
    fn what_was_sent_and_is_there_was_agreed_whatever_is_said_here_by_then(
        agreed in agreed(), sent in anything(), here in anything(),
    ) {
        let told = |field: &Field| Sent { field: field.clone(), value: sent.get(field).cloned(), since: 7 };
        let told: Vec<Sent> = fields(&sent, &here).map(told).collect();
        let known = agreed.clone().recognised(&told, &sent);
        let verdicts = known.compare(&here, &sent);
        let is_ours = |verdict: &Verdict| !matches!(verdict, Verdict::Take | Verdict::Conflict);
        prop_assert!(verdicts.values().all(is_ours), "{:?}", verdicts);
        prop_assert_eq!(agreed.clone().recognised(&[], &sent), agreed);
    }
}

#[test]
fn a_record_without_circuits_says_nothing_of_them() {
    let mut here = said(0, Status::Confirmed, "");
    let circuit = Field::Circuit("a".to_owned());
    here.insert(circuit.clone(), Value::Impact(Impact::Outage));
    let there = said(0, Status::Confirmed, "");
    let met = Agreed::met(&here, &there, 1, |_| 1, &at(9));
    assert_eq!((met.compare(&here, &there)[&circuit], met.is_bare()), (Verdict::Send, true));
    // Once it names one, it speaks of all.
    let mut full = there.clone();
    full.insert(Field::Circuit("b".to_owned()), Value::Impact(Impact::Outage));
    let met = Agreed::met(&here, &full, 1, |_| 1, &at(9));
    assert_eq!((met.compare(&here, &full)[&circuit], met.is_bare()), (Verdict::Take, false));
}

#[test]
fn what_is_written_there_or_touched_is_no_younger_than_what_it_came_from() {
    let (old, new) = (said(0, Status::Confirmed, ""), said(7200, Status::Confirmed, ""));
    let agreed = Agreed::met(&old, &old, 10, |_| 10, &at(50));
    assert!(!agreed.is_newer_than(10), "the record was made from the mail");
    let mut agreed = agreed;
    agreed.leave(&Field::Window, &new, &new, 20);
    let agreed = agreed.settled(&new, &new, |_| 60);
    assert_eq!(agreed.newer_than(19).map(|(field, _)| field).collect::<Vec<_>>(), [&Field::Window]);
    assert!(!agreed.is_newer_than(20));
}

#[test]
fn a_record_that_leaves_out_what_a_mail_names_leaves_out_what_the_next_one_adds() {
    let of = |circuits: &[&str]| {
        let mut said = said(0, Status::Confirmed, "");
        said.extend(circuits.iter().map(|id| (Field::Circuit((*id).to_owned()), Value::Impact(Impact::Outage))));
        said
    };
    let added = Field::Circuit("c".to_owned());
    for (record, is_left_out) in [(of(&["b"]), true), (of(&["a"]), false), (of(&["a", "b"]), false)] {
        let met = Agreed::met(&of(&["a"]), &record, 10, |_| 10, &at(30));
        let mut heard = Agreed::all(&record, &record, &at(30));
        heard.heard(&of(&["a"]), 10);
        assert_eq!([met, heard].map(|agreed| agreed.leaves_out(&added, 20)), [is_left_out; 2], "{record:?}");
    }
}
