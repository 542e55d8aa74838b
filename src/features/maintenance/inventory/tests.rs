use std::fs;

use super::*;
use crate::features::maintenance::model::Impact;

/// The inventory of a file of this name and text, and what is wrong with it as `line:column what`.
fn read(name: &str, text: &str) -> (Inventory, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    fs::write(&file, text).unwrap();
    let (inventory, problems) = Inventory::read(&file);
    let said = |problem: &Problem| {
        let Origin::File { line, column, .. } = &problem.origin else { panic!("{problem:?}") };
        format!("{line}:{column} {}", problem.what)
    };
    (inventory, problems.iter().map(said).collect())
}

const CSV: &str = "id,provider,name,site_a,site_z,type,tags\n\
                   BN 100 7741,bramble,backbone 3,Ghent,Bruges,wave,core;gold\n\
                   0042,,,,,,\n\
                   0042,Zayo Group,transit,\"Paris, FR\",,transit,\n";

#[test]
fn both_kinds_of_files_say_the_same() {
    let toml = "[[circuit]]\nid = \"BN 100 7741\"\nprovider = \"bramble\"\nname = \"backbone 3\"\nsite_a = \"Ghent\"\n\
                site_z = \"Bruges\"\ntype = \"wave\"\ntags = [\"core\", \"gold\"]\n[[circuit]]\nid = \"0042\"\n\
                [[circuit]]\nid = \"0042\"\nprovider = \"Zayo Group\"\nname = \"transit\"\nsite_a = \"Paris, FR\"\ntype = \"transit\"\n";
    let (csv, problems) = read("circuits.csv", CSV);
    assert_eq!(problems, [] as [String; 0]);
    let (tables, problems) = read("circuits.toml", toml);
    assert_eq!(problems, [] as [String; 0]);
    assert_eq!(csv, tables);
    assert_eq!(csv.circuits()[0].remark(), "backbone 3, Ghent - Bruges");
    assert_eq!(csv.circuits()[2].remark(), "transit, Paris, FR");
}

#[test]
fn ids_are_found_despite_case_blanks_and_decorations() {
    let (inventory, _) = read("circuits.csv", CSV);
    let name = |provider: &str, id: &str| inventory.standing(provider, id).known().map(|known| known.name.clone());
    let backbone = Some("backbone 3".to_owned());
    for id in [
        "BN 100 7741",
        "bn-100-7741",
        "BN/100/7741//",
        "Circuit ID: bn-100-7741 (primary)",
        "BN-100-7741 Ghent - Bruges",
        "wave [BN-100-7741]",
        "bn 100 7741, protected",
    ] {
        assert_eq!(name("bramble", id), backbone, "{id}");
    }
    for id in ["BN-100-774", "BN-100-77410", "7741", "", "BN-100 x 7741"] {
        assert_eq!(inventory.standing("bramble", id), Standing::Unknown, "{id}");
    }
}

#[test]
fn the_provider_decides_where_ids_are_the_same() {
    let (inventory, _) = read("circuits.csv", CSV);
    let name = |provider: &str| inventory.standing(provider, "0042").known().map(|known| known.name.clone());
    assert_eq!((name("zayo"), name("colt")), (Some("transit".to_owned()), Some(String::new())));
    // A circuit that names its provider is nobody else's.
    assert_eq!(inventory.standing("colt", "BN-100-7741"), Standing::Unknown);
}

#[test]
fn a_row_with_a_mistake_is_named_and_does_not_hold_up_the_others() {
    let (inventory, problems) = read(
        "circuits.csv",
        "id;nmae;site_a\nA-1;one;Ghent\n;two;Ghent\nB-2;\"x;y\";Ghent;more\na 1;again;\n\n///;;\nC-3\n",
    );
    assert_eq!(
        problems,
        [
            "1:4 \"nmae\" is no field of a circuit",
            "3:1 the id is empty",
            "4:17 the row has 4 values, and the header 3",
            "7:1 the id has no letter and no digit",
            "5:1 \"a 1\" is there twice",
        ]
    );
    let ids: Vec<&str> = inventory.circuits().iter().map(|circuit| circuit.circuit_id.as_str()).collect();
    assert_eq!(ids, ["A-1", "C-3"]);
    let (inventory, problems) = read(
        "circuits.toml",
        "[[circuit]]\nid = \"A-1\"\n[[circuit]]\nid = 1.5\n[[circuit]]\nid = \"B-2\"\nsite_b = \"x\"\n[[circuit]]\nid = 77\n",
    );
    assert_eq!(problems, ["4:6 1.5 is no text", "7:1 \"site_b\" is no field of a circuit"]);
    assert_eq!(inventory.circuits().len(), 2);
}

#[test]
fn a_quote_that_is_not_closed_takes_no_other_row_with_it() {
    let (inventory, problems) =
        read("circuits.csv", "id,provider,name\ncid-1,arelion,\"Main\ncid-2,arelion,Spare\ncid-3,arelion,\"x\"\n");
    assert_eq!(problems, ["2:15 the quote that begins here is not closed"]);
    let ids: Vec<&str> = inventory.circuits().iter().map(|circuit| circuit.circuit_id.as_str()).collect();
    assert_eq!(ids, ["cid-2", "cid-3"]);
    let (inventory, problems) = read("circuits.csv", "\"id,name\nA-1,x\n");
    assert_eq!(problems, ["1:1 the quote that begins here is not closed"]);
    assert!(!inventory.is_there());
}

#[test]
fn an_id_in_other_letters_is_told_where_its_provider_is_called_otherwise_too() {
    let (inventory, problems) =
        read("circuits.csv", "id,provider\nCID 1,zayo\ncid-1,Zayo Group\ncid-1,arelion\ncid-1,\nCID/1,\n");
    assert_eq!(problems, ["3:1 \"cid-1\" is there twice", "6:1 \"CID/1\" is there twice"]);
    assert_eq!(inventory.circuits().len(), 3);
}

#[test]
fn a_file_that_cannot_be_read_gives_no_inventory() {
    let (inventory, problems) = read("circuits.csv", "name\nx\n");
    assert_eq!(problems, ["1:1 its first line names no column `id`"]);
    assert_eq!(inventory.standing("zayo", "A-1"), Standing::NoInventory);
    let (_, problems) = read("circuits.toml", "[[circuit]]\nid = \n");
    assert!(problems[0].starts_with("2:6 "), "{problems:?}");
    let (_, problems) = read("circuits.csv", "");
    assert_eq!(problems.len(), 1);
    let (inventory, problems) = Inventory::read(Path::new("/nonexistent/circuits.csv"));
    assert!(!inventory.is_there() && problems[0].what.contains("cannot be read"));
}

#[test]
fn unknown_ids_of_notices_are_told_once() {
    let (inventory, _) = read("circuits.csv", CSV);
    let circuit = |id: &str| Circuit { circuit_id: id.to_owned(), impact: Impact::Outage };
    let circuits = vec![circuit("X-1"), circuit("bn1007741"), circuit("X-1")];
    let notice = Notice {
        account: "1".to_owned(),
        circuits: circuits.clone(),
        end: chrono::DateTime::UNIX_EPOCH,
        maintenance_id: "M".to_owned(),
        organizer: String::new(),
        provider: "bramble".to_owned(),
        sequence: 1,
        stamp: chrono::DateTime::UNIX_EPOCH,
        start: chrono::DateTime::UNIX_EPOCH,
        status: crate::features::maintenance::model::Status::Confirmed,
        summary: String::new(),
        uid: "0".to_owned(),
        says_cancelled: false,
        sent: None,
    };
    assert_eq!(inventory.unknown("bramble", std::slice::from_ref(&notice)), ["X-1"]);
    assert_eq!(Inventory::default().unknown("bramble", &[notice]), [] as [String; 0]);
    assert_eq!(Inventory::default().standings("bramble", &circuits), []);
}

#[test]
fn no_text_makes_it_panic() {
    for text in [
        "\u{feff}id\nA\n",
        "id,id\n1,2\n",
        "id\n\"",
        "id\n\"a\nb\"\n",
        "id\té\n\t\n",
        "[[circuit]]",
        "circuit = 1",
        "\u{202e}",
    ] {
        for name in ["c.csv", "c.toml"] {
            let (inventory, _) = read(name, text);
            let _ = inventory.standing("x", "((((( : a 1 b 2");
        }
    }
}

#[test]
fn a_pipe_is_told_and_not_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let (pipe, kind) = (dir.path().join("circuits.csv"), rustix::fs::FileType::Fifo);
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, kind, 0o600.into(), 0).unwrap();
    let (inventory, problems) = Inventory::read(&pipe);
    assert!(!inventory.is_there());
    assert!(problems[0].what.contains("it is a pipe, and no file"), "{problems:?}");
}
