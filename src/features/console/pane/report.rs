//! What the worker's reports do to the pane.

use std::path::PathBuf;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};

use super::console::{Being, Console, Shown, Unheard, is_news};
use super::{Outcome, Page, State, Tried};
use crate::features::console::cluster::model::Action;
use crate::features::console::worker::{ConsoleId, Health, Report, Request, Target};
use crate::text::clean_line;
use crate::trouble::Trouble;
use crate::ui::line::wrap;
use crate::ui::outcome::LONGEST_COPY;

/// What to do where a password with letters beyond ASCII is not accepted.
const SENT_AS_UTF8: &str = "correct it; it was sent as UTF-8: where the server has its letters in Latin-1, `noctui console \
     screenshot --password-file` sends the bytes of a file, and `tunnel` leads another viewer there";
/// How long after an order lines drop because of it: a machine may take its time to shut down.
const DROPS_WITHIN: TimeDelta = TimeDelta::minutes(5);

impl State {
    /// Takes in what the worker tells.
    pub(crate) fn report(&mut self, report: Report, now: DateTime<Utc>) -> Outcome {
        match report {
            Report::Health { health, name } => {
                if self.health != Health::Live && health == Health::Live {
                    self.settled_at = now;
                }
                self.health = health;
                self.cluster_name = name.or(self.cluster_name.take());
            }
            Report::Machines { vms } => {
                // What was asked for shows in what is told; what does not is told of by its answer.
                self.acting.retain(|key, action| {
                    let vm = vms.iter().find(|vm| vm.key() == *key);
                    vm.is_some_and(|vm| vm.objection(*action).is_none())
                });
                (self.vms, self.told_at) = (Some(vms), now);
                self.refill(Some(now));
            }
            Report::Hidden(trouble) => self.hidden = trouble,
            Report::Proxied { proxy, rows, trouble } => {
                self.proxied.insert(proxy, (rows, trouble));
                self.refill(Some(now));
            }
            Report::Definitions(definitions) => {
                self.definitions = definitions;
                self.form_told();
                self.refill(Some(now));
            }
            Report::Defined { name } => {
                self.form_answered(&name, None);
                return Outcome::done(format!("{name} is written"));
            }
            Report::NotDefined { name, trouble } => {
                self.form_answered(&name, Some(&trouble));
                return Outcome::failed(trouble);
            }
            Report::Acted { key, action } => {
                // From here on the cluster's own words say how far it is.
                self.acting.remove(&key);
                self.acted.insert(key.clone(), (action, now));
                return Outcome::done(format!("the cluster has taken it: {} {}", action.doing(), key.1));
            }
            Report::NotActed { key, trouble } => {
                self.acting.remove(&key);
                return Outcome::failed(trouble);
            }
            Report::Opened { id, log } => return self.opened(id, &log),
            Report::Said { id, bytes } => {
                self.note_attempt(id, || Tried::Reached(now));
                return self.said(id, &bytes, now);
            }
            Report::Shown { id, picture } => {
                self.note_attempt(id, || Tried::Reached(now));
                let is_looked_at = self.is_looked_at(id);
                if let Some(console) = self.numbered(id)
                    && let Shown::Screen(screen) = &mut console.shown
                {
                    (console.unheard, console.heard_at) = (Unheard::default(), Some(now));
                    let before = screen.picture.replace(picture);
                    if is_looked_at {
                        return Outcome::ask(Request::Seen { id, is_looked_at });
                    }
                    let before = screen.seen.take().or(before);
                    let is_news =
                        before.as_ref().zip(screen.picture.as_ref()).is_none_or(|(old, new)| is_news(old, new));
                    // What nobody looks at is asked for until there is news, and seldom.
                    screen.seen = before;
                    console.is_active |= is_news;
                    if !is_news {
                        return Outcome::ask(Request::Seen { id, is_looked_at });
                    }
                }
            }
            Report::Cut { id, text } => return self.cut(id, text),
            Report::Logging { id, path, trouble } => return self.logging(id, path, trouble),
            Report::PasswordWanted { id, trouble, is_held } => {
                // The machine was reached, and says no to a password that is kept: it is not tried again.
                self.note_attempt(id, || Tried::Reached(now));
                return self.password_wanted(id, trouble, is_held);
            }
            Report::LetGo { id, trouble } => return self.let_go(id, trouble),
            Report::Ended { id, trouble } => {
                let why = trouble.as_ref().map_or("it was closed at its other end", Trouble::what).to_owned();
                self.note_attempt(id, || Tried::Failed(now, why));
                return self.ended(id, trouble, now);
            }
            Report::Saved { id, path } => {
                let title = self.numbered(id).map_or_else(|| "it".to_owned(), |console| console.title());
                let path = clean_line(&path.display().to_string());
                return Outcome::done(format!("what {title} said is in {path}"));
            }
            Report::Failed(trouble) => return Outcome::failed(trouble),
        }
        Outcome::none()
    }

    /// A screen has put this on the clipboard.
    fn cut(&mut self, id: ConsoleId, text: String) -> Outcome {
        if let Some(Console { shown: Shown::Screen(screen), .. }) = self.numbered(id) {
            screen.cut.clone_from(&text);
        }
        if !self.is_looked_at(id) || text.is_empty() {
            return Outcome::none();
        }
        if text.len() > LONGEST_COPY {
            let many = text.len() / 1000;
            let what = format!("what the machine copied is not taken over: {many} kB are more than terminals take");
            return Outcome::warn(what);
        }
        Outcome::copied(text)
    }

    /// A serial line is written into this file, or into none any more, for this reason where nobody wanted that.
    fn logging(&mut self, id: ConsoleId, path: Option<PathBuf>, trouble: Option<Trouble>) -> Outcome {
        let Some(console) = self.numbered(id) else { return Outcome::none() };
        let title = console.title();
        let said = match &path {
            Some(path) => format!("{title} is written to {}", clean_line(&path.display().to_string())),
            None => format!("{title} is not written down any more"),
        };
        console.log = path;
        trouble.map_or_else(|| Outcome::done(said), Outcome::failed)
    }

    /// Whether somebody looks at this console.
    pub(super) fn is_looked_at(&self, id: ConsoleId) -> bool {
        self.console().is_some_and(|console| console.id == id)
    }

    /// A console is open.
    fn opened(&mut self, id: ConsoleId, log: &Bytes) -> Outcome {
        let Some(console) = self.numbered(id) else { return Outcome::none() };
        (console.being, console.attempts, console.unheard) = (Being::Open, 0, Unheard::default());
        if let Shown::Serial(emulator) = &mut console.shown
            && !log.is_empty()
        {
            // A log of lines has line feeds alone.
            let text = String::from_utf8_lossy(log).replace("\r\n", "\n").replace('\n', "\r\n");
            emulator.feed(text.as_bytes());
            // Nor does a character set that it ends in hold for what comes now.
            emulator.feed(b"\x1b[0m\x1b(B\x1b)B\x0f\r\n");
        }
        let early = self.send_early(id);
        let Some(console) = self.numbered(id) else { return early };
        let is_screen = matches!(console.shown, Shown::Screen(_));
        if is_screen && self.view.is_withheld && !std::mem::replace(&mut self.has_said_withheld, true) {
            return Outcome::warn(
                "tmux and screen keep pictures from the terminal: [console] pictures is \"cells\" here",
            );
        }
        early
    }

    /// A serial line said something.
    fn said(&mut self, id: ConsoleId, bytes: &Bytes, now: DateTime<Utc>) -> Outcome {
        let is_looked_at = self.is_looked_at(id);
        let target = self.numbered(id).map(|console| console.target.clone());
        let may_answer = target.is_some_and(|target| self.no_typing_at(&target).is_none());
        let Some(console) = self.numbered(id) else { return Outcome::none() };
        let Shown::Serial(emulator) = &mut console.shown else { return Outcome::none() };
        let fed = emulator.feed(bytes);
        console.heard(now);
        console.is_active |= !is_looked_at;
        console.rang |= fed.rang && !is_looked_at;
        if fed.answers.is_empty() || !may_answer {
            Outcome::none()
        } else {
            Outcome::ask(Request::Type { id, bytes: fed.answers.into() })
        }
    }

    /// A screen wants a password: whoever looks at it is asked at once.
    fn password_wanted(&mut self, id: ConsoleId, why: Trouble, is_held: bool) -> Outcome {
        let is_looked_at = self.is_looked_at(id) && self.editor.is_none();
        let Some(console) = self.numbered(id) else { return Outcome::none() };
        console.wants_password = true;
        console.is_active |= !is_looked_at;
        let target = console.target.clone();
        let tried = self.passwords.remove(&target);
        // Servers compare bytes, and nothing says which ones they were given for a letter.
        let is_ascii = tried.is_none_or(|password| password.expose().is_ascii());
        let why = if is_ascii || is_held { why } else { why.to_do(SENT_AS_UTF8) };
        if let Some(console) = self.numbered(id) {
            console.being = Being::Locked { why, is_held };
        }
        if !is_looked_at {
            return Outcome::none();
        }
        self.ask_password().unwrap_or_default()
    }

    /// The connection is over that was kept for a password. Whoever types one goes on: it makes another connection.
    fn let_go(&mut self, id: ConsoleId, why: Trouble) -> Outcome {
        let Some(console) = self.numbered(id) else { return Outcome::none() };
        let Being::Locked { is_held: true, .. } = console.being else { return Outcome::none() };
        console.being = Being::Locked { why: why.clone(), is_held: false };
        Outcome::failed(why)
    }

    /// A console has ended. What it said stays, with a word on why.
    fn ended(&mut self, id: ConsoleId, trouble: Option<Trouble>, now: DateTime<Utc>) -> Outcome {
        let is_looked_at = self.is_looked_at(id);
        let trouble = self.why_dropped(id, now).or(trouble);
        let Some(console) = self.numbered(id) else { return Outcome::none() };
        let title = console.title();
        let was_open = console.is_open();
        console.being = Being::Ended(trouble.clone());
        // What was handed to a proxy that then refused went no further.
        let is_unsent = console.has_early() || std::mem::take(&mut console.unheard).has_sent_early;
        let unsent = is_unsent.then_some("what was typed while it was being opened was not sent");
        console.early.give_up();
        console.early.take_lost();
        let is_recorded = console.log.is_some();
        console.is_active |= !is_looked_at;
        if let Shown::Serial(emulator) = &mut console.shown {
            let why =
                trouble.as_ref().map_or_else(|| format!("{title} was closed at its other end"), Trouble::one_line);
            let again = was_open.then_some(if is_recorded {
                "it can be opened again; what stands above stays, and its recording goes on then"
            } else {
                "it can be opened again; what stands above stays"
            });
            let cells = usize::from(emulator.size().1.saturating_sub(4)).max(1);
            let more = unsent.into_iter().chain(again);
            emulator.note(wrap(&why, cells).into_iter().chain(more.flat_map(|more| wrap(more, cells))));
        }
        if is_looked_at && std::mem::take(&mut self.is_attached) {
            self.dropped_at = Some(now);
        }
        match trouble {
            Some(trouble) => Outcome::failed(trouble),
            None => Outcome::warn(format!("{title} was closed at its other end")),
        }
    }

    /// Why a console that was open has dropped, where that was done from here: nobody has to guess then.
    fn why_dropped(&mut self, id: ConsoleId, now: DateTime<Utc>) -> Option<Trouble> {
        let console = self.numbered(id).filter(|console| console.is_open())?;
        let (title, target) = (console.title(), console.target.clone());
        let Target::Vm(key) = target else { return None };
        let taken = self.acted.get(&key).filter(|(_, at)| now - *at <= DROPS_WITHIN).map(|(action, _)| *action);
        let word = match self.acting.get(&key).copied().or(taken)? {
            Action::Restart => "restart",
            Action::Stop => "stop",
            Action::Start | Action::Pause | Action::Unpause => return None,
        };
        let trouble = Trouble::new(&format!("{title} dropped: the machine was told to {word} from here"));
        Some(trouble.to_do("open it again once the machine runs"))
    }

    /// The worker is gone: what is shown is old until it is back, and every console has ended.
    pub(crate) fn worker_stopped(&mut self, trouble: &Trouble, now: DateTime<Utc>) {
        self.acting.clear();
        if let Some(Page::Form(form)) = &mut self.page {
            form.answered(trouble);
        }
        self.health = Health::Failing { trouble: trouble.clone(), word: "stopped", retry_at: now };
        let ids: Vec<ConsoleId> = self.consoles.iter().map(|console| console.id).collect();
        for id in ids {
            let _said = self.ended(id, Some(trouble.clone()), now);
        }
    }
}
