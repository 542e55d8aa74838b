//! From a forward to the program that uses it: templates filled in, without a shell unless one was asked for, and never
//! with a secret in them.

#[cfg(test)]
mod tests;

use chrono::TimeDelta;

use super::model::{Forward, Protocol, component};
pub(crate) use super::surroundings::Surroundings;
use crate::config::{Connect, Piece, Program, Tmux, pieces};
use crate::text::clean_line;
use crate::trouble::Trouble;

/// What stands for the gateway's port as long as it has not chosen one.
pub(crate) const UNKNOWN_PORT: u16 = 1;

/// What a program is started with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// The lab's name.
    pub(crate) lab: String,
    /// The machine's name.
    pub(crate) name: String,
    /// The gateway's host as seen from here.
    pub(crate) host: String,
    /// The gateway's port.
    pub(crate) port: u16,
    /// The machine's address inside of the lab.
    pub(crate) inside: String,
    /// The machine's port.
    pub(crate) machine_port: u16,
    /// As whom; empty where nobody knows.
    pub(crate) user: String,
    /// How.
    pub(crate) protocol: Protocol,
    /// Of a web page.
    pub(crate) path: &'static str,
    /// What was typed behind the command; of `:FILE` the machine is put in front.
    pub(crate) files: Vec<String>,
}

impl Target {
    /// A forward as its component is usually used, or by another protocol.
    pub(crate) fn of(lab: &str, host: &str, forward: &Forward, protocol: Option<Protocol>) -> Self {
        let kind = component(&forward.component);
        let protocol = protocol.unwrap_or_else(|| kind.protocol(forward.target));
        Self {
            lab: lab.to_owned(),
            name: forward.name.clone(),
            host: host.to_owned(),
            port: forward.port,
            inside: forward.address.clone(),
            machine_port: forward.target,
            user: kind.user.to_owned(),
            protocol,
            path: kind.path_of(forward.target),
            files: Vec::new(),
        }
    }

    /// Under which the machine's host key is kept: the gateway's port may lead to another machine tomorrow. One without a
    /// name has its address for one. Where the letters do not tell it from others, a number made of all of it does.
    pub(crate) fn alias(&self) -> String {
        use sha2::Digest as _;

        let name = if self.name.trim().is_empty() { &self.inside } else { &self.name };
        let text = format!("noctui-{}-{}", plain(&self.lab), plain(name));
        // With a dash in the lab's name, nobody knows where the machine's begins.
        let is_clear = plain(&self.lab) == self.lab && plain(name) == *name && !self.lab.contains('-');
        if is_clear {
            return text;
        }
        let digest = sha2::Sha256::new().chain_update(&self.lab).chain_update([0]).chain_update(name).finalize();
        let number = digest.iter().take(4).fold(0_u32, |number, byte| (number << 8) | u32::from(*byte));
        format!("{text}-{number:08x}")
    }

    /// `HOST:PORT`.
    pub(crate) fn address(&self) -> String {
        address(&self.host, self.port)
    }

    /// What its page is called by a browser.
    fn url(&self) -> String {
        let scheme = if self.protocol == Protocol::Http { "http" } else { "https" };
        format!("{scheme}://{}{}", self.address(), self.path)
    }

    /// Says what could be read as something else by the program that it is handed to.
    fn check(&self) -> Result<(), Trouble> {
        const ADDRESS: &str = "say it as `gateway` in [[lab]]: its name or address as seen from here";
        let is_word = |text: &str| {
            text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '@' | '+' | ':'))
                && !text.starts_with('-')
        };
        let odd = |what: &str, text: &str, remedy: &str| {
            Err(Trouble::new(&format!("{what} {} cannot be handed to a program", clean_line(text)))
                .caused_by("it has characters that the program might obey")
                .to_do(remedy))
        };
        if self.host.is_empty() {
            return Err(Trouble::new("the gateway tells no address").to_do(ADDRESS));
        }
        if !is_word(&self.host) {
            return odd("the gateway's host", &self.host, ADDRESS);
        }
        if !is_word(&self.user) {
            return odd("the user", &self.user, "name another one with --user");
        }
        Ok(())
    }
}

/// `HOST:PORT`, an address of IPv6 in brackets.
pub(crate) fn address(host: &str, port: u16) -> String {
    format!("{}:{port}", bracketed(host))
}

/// A host as it stands in addresses: one of IPv6 in brackets.
fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

/// A name in letters that mean nothing to anybody, and that is no option.
fn plain(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let plain = |(at, c): (usize, char)| if is_plain(c) && !(at == 0 && c == '-') { c } else { '_' };
    text.chars().enumerate().map(plain).collect()
}

/// Where a program runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Launch {
    /// In noctui's terminal, which it gets for itself meanwhile.
    Terminal(Vec<String>),
    /// Beside noctui, without a terminal.
    Beside(Vec<String>),
    /// In a window or pane of tmux, which this command opens; it ends at once, and the program goes on there.
    Tmux(Vec<String>),
    /// Nowhere: there is no display.
    Tunnel(Tunnel),
}

/// The way to a display elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tunnel {
    /// A command, which typed where there is a display brings the port there.
    pub(crate) words: Vec<String>,
    /// The address there.
    pub(crate) address: String,
}

impl Tunnel {
    /// What is said of it, with the line.
    pub(crate) fn advice(&self) -> String {
        let Self { words, address } = self;
        format!("no display here; run where there is one, then open {address}: {}", line(words))
    }
}

/// The programs that are tried where none is configured, the first one first.
fn usual(protocol: Protocol) -> &'static [&'static [&'static str]] {
    const HOST_KEY: &str = "HostKeyAlias={alias}";
    match protocol {
        Protocol::Ssh => &[&["ssh", "-p", "{port}", "-o", HOST_KEY, "{user@}{host}"]],
        Protocol::Sftp => &[&["sftp", "-P", "{port}", "-o", HOST_KEY, "{user@}{urlhost}"]],
        Protocol::Scp => &[&["scp", "-P", "{port}", "-o", HOST_KEY, "{files}"]],
        Protocol::Rdp => &[
            &["xfreerdp3", "/v:{urlhost}:{port}", "/u:{user}"],
            &["xfreerdp", "/v:{urlhost}:{port}", "/u:{user}"],
            &["remmina", "-c", "rdp://{user@}{urlhost}:{port}"],
        ],
        Protocol::Https | Protocol::Http => &[&["xdg-open", "{url}"], &["open", "{url}"], &["firefox", "{url}"]],
        Protocol::Vnc => &[
            &["vncviewer", "{urlhost}::{port}"],
            &["remmina", "-c", "vnc://{urlhost}:{port}"],
            &["open", "vnc://{urlhost}:{port}"],
        ],
        Protocol::Telnet => &[&["telnet", "{host}", "{port}"]],
        Protocol::Tcp => &[],
    }
}

/// The program that the configuration names.
fn configured(connect: &Connect, protocol: Protocol) -> Option<&Program> {
    match protocol {
        Protocol::Ssh => connect.ssh.as_ref(),
        Protocol::Sftp => connect.sftp.as_ref(),
        Protocol::Scp => connect.scp.as_ref(),
        Protocol::Rdp => connect.rdp.as_ref(),
        Protocol::Https | Protocol::Http => connect.https.as_ref(),
        Protocol::Vnc => connect.vnc.as_ref(),
        Protocol::Telnet => connect.telnet.as_ref(),
        Protocol::Tcp => None,
    }
}

/// Refuses files that no program would see.
fn check_files(connect: &Connect, target: &Target) -> Result<(), Trouble> {
    let takes_files = match configured(connect, target.protocol) {
        Some(Program::Words(words)) => words.iter().any(|word| has_place(word, "files")),
        Some(Program::Shell(line)) => has_place(line, "files"),
        None => target.protocol == Protocol::Scp,
    };
    if takes_files || target.files.is_empty() {
        return Ok(());
    }
    Err(Trouble::new(&format!("the program for {} takes no files", target.protocol))
        .caused_by(&format!("named were {}", clean_line(&target.files.join(", "))))
        .to_do("leave them out, or have them copied with --protocol scp"))
}

/// The command for a target: the configured one, else the first usual one of those that `has` lets through.
pub(crate) fn command(connect: &Connect, target: &Target, has: impl Fn(&str) -> bool) -> Result<Vec<String>, Trouble> {
    target.check()?;
    check_files(connect, target)?;
    let protocol = target.protocol;
    if protocol == Protocol::Scp && target.files.is_empty() {
        return Err(Trouble::new("it is not said which files are meant").to_do(
            "name them behind the forward, those of the machine with a colon in front: notes.txt :/tmp/; or use sftp",
        ));
    }
    match configured(connect, protocol) {
        Some(Program::Words(words)) => return Ok(words.iter().flat_map(|word| fill(word, target)).collect()),
        Some(Program::Shell(line)) => {
            let filled = fill_shell(line, target);
            return Ok(vec!["sh".to_owned(), "-c".to_owned(), filled]);
        }
        None => {}
    }
    let choices = usual(protocol);
    let found = choices.iter().find(|words| words.first().is_some_and(|program| has(program)));
    match found {
        Some(words) => Ok(words.iter().flat_map(|word| fill(word, target)).collect()),
        None if choices.is_empty() => {
            let by_itself = if target.port == UNKNOWN_PORT {
                "make the forward by itself, and use it with any program that you have".to_owned()
            } else {
                format!("use any program that you have with {}", target.address())
            };
            Err(Trouble::new(&format!("no program is known for port {}", target.machine_port))
                .to_do(&format!("name another protocol, or {by_itself}")))
        }
        None => {
            let names: Vec<&str> = choices.iter().filter_map(|words| words.first().copied()).collect();
            Err(Trouble::new(&format!("no program for {protocol} was found"))
                .caused_by(&format!("looked for {}", names.join(", ")))
                .to_do(&format!("install one, or name yours as {protocol} in [connect]")))
        }
    }
}

/// A word with every place filled in. What is about a user is left out where none is known; files are words of their own.
fn fill(word: &str, target: &Target) -> Vec<String> {
    if word == "{files}" {
        return target.files.iter().map(|file| remote(file, target)).collect();
    }
    if has_place(word, "user") && target.user.is_empty() {
        return Vec::new();
    }
    vec![fill_in(word, |place| value(place, target))]
}

/// A line for the shell with every place filled in, quoted where that matters.
fn fill_shell(line: &str, target: &Target) -> String {
    fill_in(line, |place| match place {
        "files" => target.files.iter().map(|file| quoted(&remote(file, target))).collect::<Vec<_>>().join(" "),
        place => value(place, target),
    })
}

/// A file of the machine with the machine in front, any other one as it is.
fn remote(file: &str, target: &Target) -> String {
    match file.strip_prefix(':') {
        Some(path) => format!("{}{}:{path}", user_at(target), bracketed(&target.host)),
        // What begins with a dash would be an option.
        None if file.starts_with('-') => format!("./{file}"),
        None => file.to_owned(),
    }
}

/// `USER@`, or nothing.
fn user_at(target: &Target) -> String {
    if target.user.is_empty() { String::new() } else { format!("{}@", target.user) }
}

/// What belongs into a place; everything consists of letters that no program and no shell obeys.
fn value(place: &str, target: &Target) -> String {
    match place {
        "host" => target.host.clone(),
        "urlhost" => bracketed(&target.host),
        "port" => target.port.to_string(),
        "user" => target.user.clone(),
        "user@" => user_at(target),
        "name" => plain(&target.name),
        "lab" => plain(&target.lab),
        "alias" => target.alias(),
        "url" => target.url(),
        "files" => target.files.join(" "),
        _ => String::new(),
    }
}

/// `text` with each place replaced. What the configuration let through has none that is not known.
fn fill_in(text: &str, value: impl Fn(&str) -> String) -> String {
    let filled = |piece| match piece {
        Piece::Text(text) => text.to_owned(),
        Piece::Place(place) => value(place),
    };
    pieces(text).map_or_else(|_| text.to_owned(), |pieces| pieces.into_iter().map(filled).collect())
}

/// Whether this place is in a word or a line.
fn has_place(text: &str, place: &str) -> bool {
    pieces(text).is_ok_and(|pieces| pieces.contains(&Piece::Place(place)))
}

/// A word as a shell takes it.
pub(crate) fn quoted(word: &str) -> String {
    let is_plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | ':' | '@' | '=' | '+' | ',' | '%');
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// A command as one line, to be pasted into a shell.
pub(crate) fn line(words: &[String]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

/// Where the program for a target runs. `is_awaited` says that its end matters, so that tmux may not have it.
pub(crate) fn launch(
    connect: &Connect,
    target: &Target,
    around: &Surroundings,
    is_awaited: bool,
) -> Result<Launch, Trouble> {
    if needs_tunnel(connect, target, around) {
        target.check()?;
        check_files(connect, target)?;
        return Ok(Launch::Tunnel(tunnel(connect, target, around)));
    }
    let words = command(connect, target, |program| around.has(program))?;
    if target.protocol.is_graphical() && around.has_display {
        return Ok(Launch::Beside(words));
    }
    if !around.is_tmux || is_awaited {
        return Ok(Launch::Terminal(words));
    }
    let tmux = match connect.tmux {
        Tmux::Off => return Ok(Launch::Terminal(words)),
        Tmux::Window => vec!["tmux".to_owned(), "new-window".to_owned(), "-n".to_owned(), plain(&target.name)],
        Tmux::Split => vec!["tmux".to_owned(), "split-window".to_owned(), "-h".to_owned()],
    };
    let words = held_open(target.protocol, words, instead(connect, target, around));
    Ok(Launch::Tmux(tmux.into_iter().chain(["--".to_owned()]).chain(words).collect()))
}

/// A program whose window stays until Enter where it fails: tmux closes one with its program, and nobody could read why. A
/// shell's own code is that of the last thing done there: of ssh only what it says of itself is a failure. Where there is no
/// display, it is said as well what to do `instead`.
fn held_open(protocol: Protocol, words: Vec<String>, instead: Option<Tunnel>) -> impl Iterator<Item = String> {
    let goes = if protocol == Protocol::Ssh { "126|127|255) ;; *) exit $code" } else { "0) exit 0" };
    let advice = if instead.is_some() { "printf '\\nnoctui: %s\\n' \"$0\"; " } else { "" };
    let script = format!(
        "\"$@\"; code=$?; case $code in {goes};; esac; {advice}printf '\\nnoctui: %s ended with %s; Enter closes this\\n' \"$1\" \
         $code; read -r _; exit $code"
    );
    let name = instead.map_or_else(|| "noctui".to_owned(), |tunnel| tunnel.advice());
    // The words are the script's parameters: no shell reads what stands in them.
    ["sh".to_owned(), "-c".to_owned(), script, name].into_iter().chain(words)
}

/// The command for a target as it is copied, to be run by somebody elsewhere: whether its program is here does not matter. One
/// that needs a display where there is none is the one that brings the port to a display, as in [`launch`].
pub(crate) fn to_copy(connect: &Connect, target: &Target, around: &Surroundings) -> Result<Vec<String>, Trouble> {
    if needs_tunnel(connect, target, around) {
        target.check()?;
        return Ok(tunnel(connect, target, around).words);
    }
    command(connect, target, |_| true)
}

/// Whether a program wants a display, there is none, and nobody has named a program that may do without: those that are usual
/// do not, wherever they lie.
fn needs_tunnel(connect: &Connect, target: &Target, around: &Surroundings) -> bool {
    let is_usual = |words: &[String]| {
        let name = words.first().and_then(|program| std::path::Path::new(program).file_name());
        let mut usual = usual(target.protocol).iter().filter_map(|words| words.first());
        name.and_then(std::ffi::OsStr::to_str).is_some_and(|name| usual.any(|usual| *usual == name))
    };
    let wants_display = match configured(connect, target.protocol) {
        None => true,
        Some(Program::Words(words)) => is_usual(words),
        Some(Program::Shell(_)) => false,
    };
    target.protocol.is_graphical() && !around.has_display && wants_display
}

/// What is offered where a program fails at once that may have wanted a display: `None` where there is one, or none is wanted.
pub(crate) fn instead(connect: &Connect, target: &Target, around: &Surroundings) -> Option<Tunnel> {
    let may_want_it = target.protocol.is_graphical() && !around.has_display && target.check().is_ok();
    may_want_it.then(|| tunnel(connect, target, around))
}

/// A program that fails within this time has shown nothing to anybody.
pub(crate) const AT_ONCE: TimeDelta = TimeDelta::seconds(2);

/// The line that brings a port to the machine that somebody sits at.
fn tunnel(connect: &Connect, target: &Target, around: &Surroundings) -> Tunnel {
    let here = around.here.clone().or(connect.here.as_ref());
    // Ports below 1024 are the system's; the gateway's are above, and free on most machines.
    let local = target.port.max(1024);
    let to = address(&target.host, target.port);
    let mut words = vec!["ssh".to_owned(), "-N".to_owned()];
    words.extend(here.options());
    words.extend(["-L".to_owned(), format!("{local}:{to}"), here.login()]);
    let there = if target.protocol == Protocol::Https {
        format!("https://localhost:{local}{}", target.path)
    } else if target.protocol == Protocol::Http {
        format!("http://localhost:{local}{}", target.path)
    } else {
        format!("localhost:{local}")
    };
    Tunnel { words, address: there }
}
