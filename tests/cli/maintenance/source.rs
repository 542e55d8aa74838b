//! `noctui source …` where no server is needed.

use super::assert_transcript;
use crate::support::{Home, transcript};

#[test]
fn a_list_has_a_word_for_each_source_and_sentences_under_it() {
    let home = Home::new();
    for part in ["cur", "new", "tmp"] {
        std::fs::create_dir_all(home.path().join("Maildir").join(part)).unwrap();
    }
    home.configure(
        "[[maintenance.source]]\nname = 'folder'\nkind = 'maildir'\npath = '~/Maildir'\n\
         [[maintenance.source]]\nname = 'rests'\nkind = 'maildir'\npath = '~/Maildir'\n\
         [[maintenance.source]]\nname = 'nowhere'\nkind = 'imap'\nserver = '127.0.0.1:1'\ntls = 'none'\nuser = 'noc'\n\
         password_command = ['printf', 'pw']\n",
    );
    home.noctui(["source", "pause", "rests", "--who", "anna"]).assert().success();
    home.noctui(["source", "sync", "nowhere"]).assert().code(2);
    assert_transcript("source_list", &transcript(&home, &mut home.noctui(["source", "list"])));
}

#[test]
fn a_sender_that_no_rule_names_is_assigned_and_its_mails_are_read() {
    let home = Home::new();
    // One that the rule of zayo reads, from an address that it does not name, and without its marks in the subject.
    let rule = home.config().parent().unwrap().join("providers");
    std::fs::create_dir_all(&rule).unwrap();
    std::fs::write(
        rule.join("bramble.toml"),
        "organizer = 'noc@bramble.example'\nsenders = ['noc@bramble.example']\nprocessors = [['ical']]\n[part.ical]\n",
    )
    .unwrap();
    let mail = super::one("", "BR-1").mail().replace("noc@halcyon.example", "works@elsewhere.example");
    std::fs::write(home.path().join("mail.eml"), mail).unwrap();
    home.noctui(["maintenance", "import", "mail.eml"]).assert().success();
    let assign = |arguments: &[&str]| home.noctui([&["provider", "sender"], arguments].concat()).assert();
    assign(&["works@elsewhere.example", "nobody"]).code(2);
    assign(&["elsewhere", "bramble"]).code(2);
    let said = assign(&["Works@Elsewhere.example", "bramble", "--who", "ben"]).success().get_output().stdout.clone();
    assert!(String::from_utf8(said).unwrap().starts_with("works@elsewhere.example: bramble, "));
    let listed = assign(&[]).success().get_output().stdout.clone();
    let listed = String::from_utf8(listed).unwrap();
    assert!(listed.contains("works@elsewhere.example  bramble   ben"), "{listed}");
    assign(&["works@elsewhere.example", "--remove"]).success();
    assign(&["works@elsewhere.example", "--remove"]).code(2);
}
