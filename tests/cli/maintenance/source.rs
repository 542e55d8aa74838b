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
