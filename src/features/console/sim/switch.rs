//! A switch as it is met on its serial line: a login, a prompt, a few commands. It has no clock and no network.

/// The account that is let in.
pub const USER: &str = "admin";
/// And its password.
pub const PASSWORD: &str = "admin";
/// The longest line that is kept; what is typed beyond rings the bell.
const LONGEST: usize = 255;
/// Lines of `show tech-support`, some 5 MB.
const TECH_SUPPORT_LINES: usize = 64 << 10;

/// Where in its dialogue it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It wants a name.
    Login,
    /// It wants a password, and does not show it.
    Password,
    /// It takes commands.
    User,
    /// It takes all commands.
    Privileged,
}

/// A switch.
#[derive(Debug)]
pub struct Switch {
    name: String,
    state: State,
    /// Who wants to be let in.
    user: String,
    /// What was typed since the last line end.
    line: Vec<u8>,
    /// Whether the last byte was a carriage return, whose line feed counts for nothing.
    after_return: bool,
    /// What it says without being asked, to whoever attaches next.
    greeting: Vec<u8>,
}

impl Switch {
    /// One of this name, at its login.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            state: State::Login,
            user: String::new(),
            line: Vec::new(),
            after_return: false,
            greeting: Vec::new(),
        }
    }

    /// It starts anew: nobody is logged in, and whoever attaches sees it come up.
    pub fn restart(&mut self) {
        let name = std::mem::take(&mut self.name);
        *self = Self::new(&name);
        self.greeting = b"\r\nAboot 9.0.3\r\n\r\nStarting new kernel\r\n[  OK  ] Started EOS.\r\n\r\n".to_vec();
        let mut prompt = Vec::new();
        self.prompt(&mut prompt);
        self.greeting.append(&mut prompt);
    }

    /// What it says without being asked; it says it once.
    #[must_use]
    pub fn greeting(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.greeting)
    }

    /// What it says to what is typed.
    #[must_use]
    pub fn typed(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut said = Vec::new();
        for &byte in bytes {
            let is_second = byte == b'\n' && std::mem::take(&mut self.after_return);
            self.after_return = byte == b'\r';
            match byte {
                b'\n' if is_second => {}
                b'\r' | b'\n' => self.entered(&mut said),
                0x7f | 0x08 => {
                    if self.line.pop().is_some() && self.state != State::Password {
                        said.extend_from_slice(b"\x08 \x08");
                    }
                }
                // Ctrl-C and Ctrl-U give the line up.
                0x03 | 0x15 => {
                    self.line.clear();
                    said.extend_from_slice(b"^C\r\n");
                    self.prompt(&mut said);
                }
                0x04 if self.line.is_empty() => self.leave(&mut said),
                b' '..=b'~' if self.line.len() < LONGEST => {
                    self.line.push(byte);
                    if self.state != State::Password {
                        said.push(byte);
                    }
                }
                _ => said.push(0x07),
            }
        }
        said
    }

    /// A line was entered.
    fn entered(&mut self, said: &mut Vec<u8>) {
        let line = String::from_utf8_lossy(&std::mem::take(&mut self.line)).into_owned();
        said.extend_from_slice(b"\r\n");
        match self.state {
            State::Login if line.is_empty() => {}
            State::Login => (self.user, self.state) = (line, State::Password),
            State::Password if self.user == USER && line == PASSWORD => self.state = State::User,
            State::Password => {
                said.extend_from_slice(b"Login incorrect\r\n");
                self.state = State::Login;
            }
            State::User | State::Privileged => self.command(line.trim(), said),
        }
        self.prompt(said);
    }

    /// What stands before what is typed next.
    fn prompt(&self, said: &mut Vec<u8>) {
        let name = &self.name;
        let prompt = match self.state {
            State::Login => format!("{name} login: "),
            State::Password => "Password: ".to_owned(),
            State::User => format!("{name}>"),
            State::Privileged => format!("{name}#"),
        };
        said.extend_from_slice(prompt.as_bytes());
    }

    /// Leaves one level.
    fn leave(&mut self, said: &mut Vec<u8>) {
        self.state = State::Login;
        said.extend_from_slice(b"logout\r\n\r\n");
        self.prompt(said);
    }

    /// A command was entered.
    fn command(&mut self, line: &str, said: &mut Vec<u8>) {
        let mut say = |text: &str| {
            said.extend_from_slice(text.as_bytes());
            said.extend_from_slice(b"\r\n");
        };
        match line {
            "" => {}
            "enable" => self.state = State::Privileged,
            "disable" => self.state = State::User,
            "exit" | "logout" | "quit" => {
                self.state = State::Login;
                say("");
            }
            "show version" => {
                say("Simulated switch");
                say(&format!("Hostname: {}", self.name));
                say("Software image version: 4.32.0F");
                say("Uptime: 12 weeks, 3 days, 4 hours and 5 minutes");
            }
            "show interfaces status" => {
                say("Port       Name              Status       Vlan     Duplex Speed  Type");
                for port in 1..=8 {
                    let (status, vlan) = if port % 3 == 0 { ("notconnect", "1") } else { ("connected", "trunk") };
                    say(&format!("Et{port:<8} {:<17} {status:<12} {vlan:<8} full   25G    25GBASE-CR", ""));
                }
            }
            "show tech-support" if self.state == State::Privileged => {
                for number in 0..TECH_SUPPORT_LINES {
                    say(&format!(
                        "{number:06}  \u{1b}[3{}mEthernet{}\u{1b}[0m is up, line protocol is up (connected), 0 drops",
                        number % 8,
                        number % 48 + 1
                    ));
                }
            }
            "show tech-support" => say("% Invalid input (privileged mode required)"),
            "?" | "help" => {
                for help in ["enable", "exit", "show interfaces status", "show tech-support", "show version"] {
                    say(&format!("  {help}"));
                }
            }
            _ => say("% Invalid input"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said to `typed`, as text.
    fn said(switch: &mut Switch, typed: &str) -> String {
        String::from_utf8(switch.typed(typed.as_bytes())).unwrap()
    }

    #[test]
    fn somebody_logs_in_asks_and_leaves() {
        let mut switch = Switch::new("leaf1");
        assert_eq!(said(&mut switch, "\r"), "\r\nleaf1 login: ");
        assert_eq!(said(&mut switch, "admin\r"), "admin\r\nPassword: ");
        assert_eq!(said(&mut switch, "wrong\r"), "\r\nLogin incorrect\r\nleaf1 login: ");
        assert_eq!(said(&mut switch, "admin\r\nadmin\r\n"), "admin\r\nPassword: \r\nleaf1>");
        assert!(said(&mut switch, "show version\r").contains("Hostname: leaf1\r\n"));
        assert_eq!(said(&mut switch, "show tech-support\renable\r").lines().last(), Some("leaf1#"));
        assert_eq!(said(&mut switch, "shw\x7f\x7fhow x\r"), "shw\x08 \x08\x08 \x08how x\r\n% Invalid input\r\nleaf1#");
        assert_eq!(said(&mut switch, "abc\x03"), "abc^C\r\nleaf1#");
        assert_eq!(said(&mut switch, "exit\r"), "exit\r\n\r\nleaf1 login: ");
    }

    #[test]
    fn after_a_restart_nobody_is_logged_in() {
        let mut switch = Switch::new("leaf1");
        assert_eq!(said(&mut switch, "admin\radmin\renable\rshow").lines().last(), Some("leaf1#show"));
        switch.restart();
        let greeting = String::from_utf8(switch.greeting()).unwrap();
        assert!(greeting.contains("Aboot") && greeting.ends_with("\r\nleaf1 login: "), "{greeting}");
        assert!(switch.greeting().is_empty());
        assert_eq!(said(&mut switch, "\r"), "\r\nleaf1 login: ");
    }

    #[test]
    fn a_line_without_end_rings_the_bell() {
        let mut switch = Switch::new("leaf1");
        let said = switch.typed(&vec![b'x'; 1000]);
        assert_eq!(memchr::memchr_iter(7, &said).count(), 1000 - LONGEST);
    }
}
