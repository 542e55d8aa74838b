//! Mails that quote earlier ones: the newest counts, and nothing of what is below it.

use super::*;

/// A page that [`LINES`] reads, of one day of March 2026 with one circuit.
pub(super) fn page(day: u32) -> String {
    format!("<p>Id: M-{day}</p><p>From 2026-03-{day:02} 01:00 to 2026-03-{day:02} 05:00</p><p>Circuit C-{day}</p>")
}

/// The same as text.
pub(super) fn lines(day: u32) -> String {
    format!("Id: M-{day}\nFrom 2026-03-{day:02} 01:00 to 2026-03-{day:02} 05:00\n\nCircuit C-{day}\n")
}

/// A text as mail programs quote it.
pub(super) fn with_signs(text: &str) -> String {
    text.lines().fold(String::new(), |all, line| all + &format!("> {line}\n"))
}

/// A page below the headers of its mail, in words of some language, as Outlook writes them.
fn outlook(names: [&str; 4], page: &str) -> String {
    let [from, sent, to, subject] = names;
    format!(
        "<div style='border:none;border-top:solid #E1E1E1 1.0pt'><p><b>{from}:</b> NOC &lt;noc@test.example&gt;<br><b>{sent}:</b> \
         Monday, 2 March 2026 09:00<br><b>{to}:</b> us@corp.example<br><b>{subject}:</b> Works</p></div>{page}"
    )
}

/// The same in English.
pub(super) fn below(page: &str) -> String {
    outlook(["From", "Sent", "To", "Subject"], page)
}

/// The ids and circuits that a mail gives.
fn read_mail(rule: &str, kind: &str, from: &str, subject: &str, body: &str) -> Vec<(String, Vec<String>)> {
    let (rules, errors) = with_rule(rule);
    assert_eq!(errors, []);
    let raw = mail(from, subject, body).replace("text/html", kind);
    let verdict = rules.read(raw.as_bytes(), Some("test")).verdict;
    let Verdict::Parsed { notices, .. } = verdict else { panic!("{verdict:?}: {body}") };
    let circuits = |notice: &Notice| notice.circuits.iter().map(|circuit| circuit.circuit_id.clone()).collect();
    notices.iter().map(|notice| (notice.maintenance_id.clone(), circuits(notice))).collect()
}

/// What is expected of a notice of one day.
fn only(day: u32) -> Vec<(String, Vec<String>)> {
    vec![(format!("M-{day}"), vec![format!("C-{day}")])]
}

#[test]
fn a_page_below_another_is_not_looked_at_in_whatever_way_it_is_quoted() {
    let rule = rule(LINES, "");
    let (new, old) = (page(5), page(3));
    let quoted = [
        below(&old),
        outlook(["Von", "Gesendet", "An", "Betreff"], &old),
        outlook(["De", "Envoyé", "À", "Objet"], &old),
        outlook(["De ", "Enviado el ", "Para ", "Asunto "], &old),
        outlook(["Da", "Inviato", "A", "Oggetto"], &old),
        outlook(["Van", "Verzonden", "Aan", "Onderwerp"], &old),
        outlook(["Od", "Wysłano", "Do", "Temat"], &old),
        outlook(["От", "Отправлено", "Кому", "Тема"], &old),
        outlook(["发件人", "发送时间", "收件人", "主题"], &old),
        format!("<hr><div id='x_divRplyFwdMsg'><b>Kutoka:</b> NOC<br><b>Mada:</b> Works</div>{old}"),
        format!("<div class='gmail_quote'><div class='gmail_attr'>Mon, NOC:</div><blockquote>{old}</blockquote></div>"),
        format!(
            "<div class='moz-cite-prefix'>On 3/2/26 09:00, NOC wrote:<br></div><blockquote type='cite'>{old}</blockquote>"
        ),
        format!(
            "<div>Am 02.03.2026 um 09:00 schrieb NOC &lt;noc@test.example&gt;:</div><blockquote>{old}</blockquote>"
        ),
        format!("<div>Le 2 mars 2026 à 09:00, NOC a écrit :</div>{old}"),
        format!("<div class='yahoo_quoted'><div>{old}</div></div>"),
        format!("<br>-----Original Message-----<br>From: noc@test.example<br><br>{old}"),
        format!(
            "<table><tr><td>From:</td><td>NOC</td></tr><tr><td>Date:</td><td>2 March</td></tr><tr><td>Subject:</td><td>W</td></tr></table>{old}"
        ),
    ];
    for quoted in quoted {
        let both = format!("{new}{quoted}");
        assert_eq!(read_mail(&rule, "text/html", "noc@test.example", "RE: Works", &both), only(5), "{both}");
        let forwarded = format!("<p>FYI</p>{}", below(&both));
        assert_eq!(read_mail(&rule, "text/html", "ann@corp.example", "FW: Works", &forwarded), only(5), "{forwarded}");
        // What is quoted once more is older still.
        let thrice = format!("{both}{}", below(&page(1)));
        assert_eq!(read_mail(&rule, "text/html", "noc@test.example", "RE: Works", &thrice), only(5), "{thrice}");
    }
}

#[test]
fn a_text_below_another_is_not_looked_at_in_whatever_way_it_is_quoted() {
    let rule = rule(&LINES.replace("html", "text"), "").replace("'html'", "'text'");
    let (new, old) = (lines(5), lines(3));
    let quoted = [
        format!("On Mon, 2 Mar 2026 at 09:00, NOC <noc@test.example> wrote:\n\n{}", with_signs(&old)),
        format!(
            "On Mon, 2 Mar 2026 at 09:00, Network Operations Centre\n<noc@test.example> wrote:\n{}",
            with_signs(&old)
        ),
        format!("Op ma 2 mrt 2026 om 09:00 schreef NOC <noc@test.example>:\n{}", with_signs(&old)),
        format!("-----Original Message-----\nFrom: NOC\nSent: Monday\n\n{old}"),
        format!("________________________________\nFrom: NOC\nSent: Monday\nTo: us\nSubject: Works\n\n{old}"),
        format!(
            "-------- Weitergeleitete Nachricht --------\nBetreff: Works\nDatum: heute\nVon: NOC\nAn: uns\n\n{old}"
        ),
        format!("Begin forwarded message:\n\n> From: NOC\n> Subject: Works\n> Date: 2 March\n> \n{}", with_signs(&old)),
    ];
    for quoted in quoted {
        let both = format!("{new}\n{quoted}");
        assert_eq!(read_mail(&rule, "text/plain", "noc@test.example", "RE: Works", &both), only(5), "{both}");
        let forwarded = format!(
            "FYI\n\n---------- Forwarded message ---------\nFrom: NOC\nDate: today\nSubject: Works\nTo: us\n\n{both}"
        );
        assert_eq!(
            read_mail(&rule, "text/plain", "ann@corp.example", "Fwd: Works", &forwarded),
            only(5),
            "{forwarded}"
        );
    }
    // An answer below what it answers is the newer one, too.
    let below = format!("On Mon, 2 Mar 2026, NOC wrote:\n{}\n{new}", with_signs(&old));
    assert_eq!(read_mail(&rule, "text/plain", "noc@test.example", "RE: Works", &below), only(5));
}

#[test]
fn what_only_looks_like_a_quotation_is_read_with_the_rest() {
    let html = rule(LINES, "");
    let all = |body: &str| read_mail(&html, "text/html", "noc@test.example", "Works", body);
    let [head, end] = ["<p>Id: M-5</p><p>From 2026-03-05 01:00 to 2026-03-05 05:00</p>", "<p>Circuit C-5</p>"];
    let both = vec![("M-5".to_owned(), vec!["C-4".to_owned(), "C-5".to_owned()])];
    for more in [
        "<p>From: Ghent</p><p>To: Bruges</p><p>Circuit C-4</p>",
        "<hr><p>Circuit C-4</p>",
        "<blockquote><p>Circuit C-4</p></blockquote>",
        "<p>-----</p><p>Our engineer wrote:</p><p>Circuit C-4</p>",
        "<div style='border-top:solid red'><p>Circuit C-4</p></div>",
        "<p>Subject: to change</p><p>Date: today</p><p>Circuit C-4</p>",
    ] {
        assert_eq!(all(&format!("{head}{more}{end}")), both, "{more}");
    }
    let text = rule(&LINES.replace("html", "text"), "").replace("'html'", "'text'");
    let body = "Id: M-5\nFrom 2026-03-05 01:00 to 2026-03-05 05:00\nAffected:\n> Circuit C-4\n> Circuit C-5\n";
    assert_eq!(read_mail(&text, "text/plain", "noc@test.example", "Works", body), both);
    // Behind an element that quotes, the mail goes on.
    let around = format!("{head}<p>Circuit C-4</p><blockquote type=cite>{}</blockquote>{end}", page(3));
    assert_eq!(all(&around), both);
}

#[test]
fn a_letter_and_what_is_quoted_do_not_make_a_notice_one_that_is_not_wanted() {
    let rule = rule(
        LINES,
        "[[include]]\npart = 'html'\nfind = 'Circuit'\n[[exclude]]\npart = 'html'\nfind = 'outage report'\n",
    );
    let letter = "<p>FYI, for your outage report</p>";
    let read = |body: &str| read_mail(&rule, "text/html", "ann@corp.example", "FW: Works", body);
    assert_eq!(read(&format!("{letter}{}", below(&page(5)))), only(5));
    assert_eq!(read(&format!("<p>FYI</p>{}", below(&format!("{}{}", page(5), below(letter))))), only(5));
}

#[test]
fn a_few_words_above_a_notice_say_something_of_it_if_its_provider_wrote_them() {
    let (rules, errors) = with_rule(&rule(
        &format!("{LINES}[[part.html.step]]\nfind = '(?<status>has been completed|is planned)'\n"),
        "status = [['completed', 'COMPLETED'], ['planned', 'CONFIRMED']]\n",
    ));
    assert_eq!(errors, []);
    let status = |from: &str, body: &str| {
        let verdict = rules.read(mail(from, "Works", body).as_bytes(), Some("test")).verdict;
        let Verdict::Parsed { notices, .. } = verdict else { panic!("{verdict:?}") };
        notices[0].status
    };
    let planned = format!("<p>This is planned</p>{}", page(5));
    let done = format!("<p>This has been completed, see below.</p>{}", below(&planned));
    assert_eq!(status("noc@test.example", &done), Status::Completed);
    assert_eq!(status("ann@corp.example", &format!("<p>FYI</p>{}", below(&done))), Status::Completed);
    // A letter is not the provider's word.
    let letter = format!("<p>The last one has been completed, this is the next.</p>{}", below(&planned));
    assert_eq!(status("ann@corp.example", &letter), Status::Confirmed);
}

#[test]
fn the_subject_of_an_older_notice_is_none_of_the_newer_one() {
    let rule = rule(
        &format!(
            "{}[[part.subject.step]]\nfind = '(?<maintenance_id>M-\\d)'\n",
            LINES.replace("label = 'Id:'", "label = 'None:'")
        ),
        "",
    )
    .replace("'date'", "'subject', 'date'");
    let old = below(&page(3)).replace("Works", "Works M-3");
    let both = below(&format!("{}{old}", page(5))).replace("Works</p>", "Works M-5</p>");
    let read = read_mail(&rule, "text/html", "ann@corp.example", "FW: ok", &format!("<p>FYI</p>{both}"));
    assert_eq!(read, only(5));
}
