//! Marking all, and what is done to all that is marked.

use super::desk::Desk;
use crate::app::Effect;
use crate::features::maintenance::store::list::Filter;
use crate::features::maintenance::worker::Report;

/// How many maintenances are acknowledged as they are.
const ACKNOWLEDGED: &str = "SELECT count(*) FROM maintenance WHERE ack_revision = revision";
const ALL: &str = "SELECT count(*) FROM maintenance";

/// A desk with more rows than are ever on hand.
fn full() -> Desk {
    let mut desk = Desk::live(120, 40);
    desk.fill(1500);
    desk
}

#[test]
fn all_rows_of_a_long_list_are_marked_and_acknowledged_and_undone() {
    let mut desk = full();
    let (all, before) = (desk.count(ALL), desk.count(ACKNOWLEDGED));
    assert!(all > 1500 && before > 0 && before < all);
    desk.press("*");
    assert!(desk.shows(&format!("marked all {all};")) && desk.shows(&format!("{all} marked")), "{}", desk.screen());
    desk.press("a");
    let told = format!("acknowledged {} maintenances, {before} were already; u undoes", all - before);
    assert!(desk.shows(&told), "{}", desk.screen());
    assert_eq!(desk.count(ACKNOWLEDGED), all);
    assert!(!desk.shows("marked"), "{}", desk.screen());
    desk.press("u");
    assert_eq!(desk.count(ACKNOWLEDGED), before);
}

#[test]
fn the_signs_of_news_of_all_rows_are_cleared_and_none_stays_marked() {
    let mut desk = full();
    let unseen = "SELECT count(*) FROM maintenance WHERE seen_revision < revision";
    assert!(desk.count(unseen) > 0);
    desk.press("* x");
    assert!(desk.shows("cleared the sign of news of") && !desk.shows("marked"), "{}", desk.screen());
    assert_eq!(desk.count(unseen), 0);
}

#[test]
fn nothing_is_done_to_other_rows_while_all_are_being_marked() {
    let mut desk = full();
    let before = desk.count(ACKNOWLEDGED);
    desk.answers = false;
    desk.press("*");
    desk.answers = true;
    for key in ["a", "x", "e", "space", "*", "n"] {
        desk.press(key);
        assert!(desk.shows("all rows are being marked, and nothing was done"), "{key}: {}", desk.screen());
    }
    assert_eq!(desk.count(ACKNOWLEDGED), before);
    // What is asked for no more is not marked when the answer comes.
    desk.press("esc");
    desk.report(Report::Marked { filter: Filter::default(), marks: Ok(vec![]) });
    assert!(!desk.shows("nothing to mark"), "{}", desk.screen());
    desk.press("* a");
    assert_eq!(desk.count(ACKNOWLEDGED), desk.count(ALL));
}

#[test]
fn no_other_mail_is_dismissed_while_all_are_being_marked() {
    let mut desk = Desk::live(120, 40);
    let dismissed = "SELECT count(*) FROM notification WHERE dismissed_by IS NOT NULL";
    desk.press("m");
    desk.answers = false;
    // Another process has changed something: the mails are asked for anew.
    desk.report(Report::Changed);
    desk.press("*");
    desk.answers = true;
    desk.press("d");
    assert!(desk.shows("all rows are being marked, and nothing was done"), "{}", desk.screen());
    assert_eq!(desk.count(dismissed), 0);
    desk.press("esc m * d");
    assert!(desk.count(dismissed) > 1, "{}", desk.screen());
}

#[test]
fn a_filter_leaves_all_else_unmarked() {
    let mut desk = full();
    desk.press("/").type_text("zayo").press("enter");
    let listed = desk.count("SELECT count(*) FROM maintenance_text WHERE text LIKE '%zayo%'");
    let others = "SELECT count(*) FROM maintenance m JOIN maintenance_text t USING (id)
                  WHERE t.text NOT LIKE '%zayo%' AND ack_revision = revision";
    let before = desk.count(others);
    desk.press("*");
    assert!(listed > 1 && desk.shows(&format!("{listed} marked")), "{listed}: {}", desk.screen());
    desk.press("a");
    assert_eq!(desk.count(others), before);
    let left = "SELECT count(*) FROM maintenance m JOIN maintenance_text t USING (id)
                WHERE t.text LIKE '%zayo%' AND ack_revision < revision";
    assert_eq!(desk.count(left), 0);
}

#[test]
fn what_is_marked_of_one_filter_stays_marked_under_the_next_and_all_of_it_is_acted_on() {
    let mut desk = full();
    let zayo = desk.count("SELECT count(*) FROM maintenance_text WHERE text LIKE '%zayo%'");
    let lumen = desk.count("SELECT count(*) FROM maintenance_text WHERE text LIKE '%lumen%'");
    desk.press("/").type_text("zayo").press("enter *");
    assert!(desk.shows(&format!("{zayo} marked")), "{}", desk.screen());
    desk.press("/").press("ctrl-u").type_text("lumen").press("enter space");
    assert!(desk.shows(&format!("{} marked", zayo + 1)), "{}", desk.screen());
    desk.press("*");
    assert!(desk.shows(&format!("{} marked", zayo + lumen)), "{}", desk.screen());
    assert!(desk.shows(&format!("marked all {lumen}, {zayo} others are marked, too")), "{}", desk.screen());
    desk.press("*");
    assert!(desk.shows(&format!("unmarked all {lumen}, {zayo} others are marked, too")), "{}", desk.screen());
    desk.press("a");
    let left = "SELECT count(*) FROM maintenance m JOIN maintenance_text t USING (id)
                WHERE t.text LIKE '%zayo%' AND ack_revision < revision";
    assert_eq!(desk.count(left), 0, "{}", desk.screen());
    assert!(!desk.shows(" marked"), "{}", desk.screen());
}

#[test]
fn single_rows_are_unmarked_and_marked_again_and_esc_or_the_key_itself_clears_all() {
    let mut desk = full();
    let all = desk.count(ALL);
    let marked = |desk: &Desk, count: usize| desk.shows(&format!("{count} marked"));
    desk.press("* space");
    assert!(marked(&desk, all - 1), "{}", desk.screen());
    desk.press("k space");
    assert!(marked(&desk, all), "{}", desk.screen());
    desk.press("*");
    assert!(desk.shows("marked none") && !marked(&desk, all), "{}", desk.screen());
    desk.press("* esc");
    assert!(!marked(&desk, all));
    desk.press("* f");
    assert!(marked(&desk, all), "they outlast another list: {}", desk.screen());
    desk.press("esc");
    assert!(!marked(&desk, all), "{}", desk.screen());
}

#[test]
fn what_changed_after_it_was_marked_and_was_not_drawn_since_is_left_alone() {
    let mut desk = full();
    desk.press("*");
    desk.write_elsewhere(
        "UPDATE maintenance SET revision = revision + 1 WHERE id = (
             SELECT id FROM maintenance WHERE final = 0 AND ack_revision < revision ORDER BY starts_at DESC LIMIT 1)",
    );
    desk.press("a");
    assert!(desk.shows("1 changed while you looked and was left alone"), "{}", desk.screen());
    assert_eq!(desk.count(ACKNOWLEDGED), desk.count(ALL) - 1);
}

#[test]
fn what_is_not_on_hand_is_not_copied_and_that_is_said() {
    let mut desk = full();
    desk.press("* y");
    assert!(desk.shows("are too many to copy"), "{}", desk.screen());
    assert!(!desk.wanted.iter().any(|effect| matches!(effect, Effect::Copy(_))));
    desk.press("*").press("space space y");
    let Some(Effect::Copy(text)) = desk.wanted.last() else { panic!("{}", desk.screen()) };
    assert_eq!(text.lines().count(), 2);
}

#[test]
fn x_says_where_there_is_no_sign_of_news() {
    let mut desk = Desk::live(80, 24);
    desk.press("x");
    assert!(desk.row("TTN-0007195301").starts_with(' ') && !desk.shows("sign of news"), "{}", desk.screen());
    desk.press("x");
    assert!(desk.shows("it carries no sign of news"), "{}", desk.screen());
}

#[test]
fn what_is_past_stands_in_the_order_of_its_column() {
    let mut desk = Desk::live(120, 40);
    desk.press("G");
    let mut past =
        desk.screen().lines().map(str::to_owned).skip_while(|line| line.trim() != "past").collect::<Vec<_>>();
    past.retain(|line| line.contains(" ago "));
    let days = |line: &String| {
        let word = line.split(" ago ").next().unwrap().rsplit(' ').next().unwrap();
        let (number, unit) = word.split_at(word.len() - 1);
        let minutes = match unit {
            "m" => 1,
            "h" => 60,
            "d" => 60 * 24,
            _ => panic!("{line}"),
        };
        number.trim_start_matches('<').parse::<u32>().unwrap() * minutes
    };
    let ages: Vec<u32> = past.iter().map(days).collect();
    assert!(past.iter().any(|line| line.contains("cancelled")) && ages.len() > 5, "{past:#?}");
    assert!(ages.is_sorted(), "{ages:?}\n{past:#?}");
}

#[test]
fn thousands_are_said_to_be_on_their_way_and_are_no_calendar() {
    let mut desk = Desk::live(120, 40);
    desk.fill(5100);
    let all = desk.count(ALL);
    desk.press("* e");
    assert!(desk.shows(&format!("{all} are too many for a calendar")), "{}", desk.screen());
    desk.answers = false;
    desk.press("a");
    assert!(desk.shows(&format!("{all} are being written")), "{}", desk.screen());
}

#[test]
fn what_is_marked_and_hidden_by_the_filter_is_told_of_before_and_after_it_is_acted_on() {
    let mut desk = Desk::live(120, 40);
    let all = desk.count(ALL);
    desk.press("*").press("/").type_text("zayo").press("enter");
    let zayo = desk.count("SELECT count(*) FROM maintenance_text WHERE text LIKE '%zayo%'");
    let hidden = format!(", {} of them not shown", all - zayo);
    assert!(desk.shows(&format!("{all} marked{hidden}")), "{}", desk.screen());
    desk.press("n");
    assert!(desk.shows(&format!("{all} maintenances{hidden}")), "{}", desk.screen());
    desk.press("esc a");
    assert!(desk.row("u undoes").contains(&hidden), "{}", desk.screen());
    desk.press("space");
    assert!(desk.shows("1 marked") && !desk.shows("not shown,"), "{}", desk.screen());
}

#[test]
fn of_a_list_that_is_not_all_on_hand_nothing_is_called_hidden_that_is_only_further_down() {
    let mut desk = full();
    desk.press("*");
    assert!(!desk.shows("not shown") && !desk.shows("not all of them"), "{}", desk.screen());
    desk.press("/").type_text("e").press("enter");
    assert!(desk.shows("perhaps not all of them shown"), "{}", desk.screen());
    desk.press("esc").press("/").type_text("e").press("enter *");
    assert!(!desk.shows("not all of them"), "{}", desk.screen());
}

#[test]
fn where_nothing_is_listed_nothing_is_marked_and_that_is_said() {
    let mut desk = Desk::live(120, 40);
    desk.press("/").type_text("nothing is called so").press("enter *");
    assert!(desk.shows("there is nothing to mark here"), "{}", desk.screen());
}
