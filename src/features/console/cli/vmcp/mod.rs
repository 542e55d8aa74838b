//! `noctui vmcp`: definitions of machines, signed, verified, fetched and served.

mod args;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub(crate) use self::args::Command;
use self::args::{FetchArgs, KeyArgs, ServeArgs, SignArgs, TrustArgs, VerifyArgs};
use crate::config::{self, Config, Environment, Flags};
use crate::features::console::vmcp::{
    self, Answer, Definition, Error, Folder, HostId, PublicKey, Remark, Salt, Served, Server, Settings, Severity,
    SigningKey, Verdict, Wanted, remarks,
};
use crate::output;
use crate::text::{clean_line, clean_text};
use crate::tls::Trust;
use crate::trouble::Trouble;

/// Definitions that are read from standard input are no longer than this.
const LARGEST: u64 = 1 << 20;
/// What is said of a machine without a password.
const EMPTY_SECRET: &str = "its `secret` is empty: whoever knows the machine's name resumes its session";
/// Requests that were answered and not told yet; answers wait when there are more.
const SERVED: usize = 64;

/// Runs it.
pub(crate) fn run(command: &Command, flags: &Flags) -> anyhow::Result<ExitCode> {
    let config = config::load(flags, &Environment::of_this_process())?;
    match command {
        Command::Sign(args) => sign(args, &config),
        Command::Verify(args) => verify(args, &config),
        Command::Fetch(args) => fetch(args, &config),
        Command::Serve(args) => serve(args, &config),
        Command::Key(args) => key(args, &config),
    }
}

/// An error of the feature as it is told.
fn told(error: &Error) -> Trouble {
    Trouble::of(error)
}

/// The private key: of the flag, else of the configuration.
fn signing_key(flag: Option<&PathBuf>, config: &Config) -> Result<SigningKey, Trouble> {
    let path = flag.or(config.vmcp.key_file.as_ref()).ok_or_else(|| {
        Trouble::new("there is no key to sign with")
            .to_do("name it with --key-file or vmcp.key_file; `openssl genrsa -out FILE 2048` makes one")
    })?;
    SigningKey::load(path).map_err(|error| told(&error))
}

/// `noctui vmcp key`
fn key(args: &KeyArgs, config: &Config) -> anyhow::Result<ExitCode> {
    let public = signing_key(args.key_file.as_ref(), config)?.public().to_base64();
    if args.json {
        output::print_json(&serde_json::json!({ "public_key": public }))?;
    } else {
        output::print(&format!("{public}\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// `noctui vmcp sign`
fn sign(args: &SignArgs, config: &Config) -> anyhow::Result<ExitCode> {
    let (source, read) = definition(&args.definition, config)?;
    let definition = match read {
        Ok(definition) => definition,
        Err(problems) => {
            let troubles = problems.iter().map(|problem| problem.trouble(&source));
            troubles.for_each(|trouble| output::complain(&format!("noctui: {trouble}")));
            return Ok(ExitCode::from(output::EXIT_FAILED));
        }
    };
    let remarks = remarks(&definition);
    let canonical = Answer::canonical(&definition, &args.salt);
    if args.preview {
        warn(&remarks);
        if args.json {
            output::print_json(&Signed {
                answer: None,
                canonical: &canonical,
                flags: vmcp::flags(&definition),
                remarks: &remarks,
            })?;
        } else {
            // Exactly what is signed: a newline behind the salt is another text.
            output::print(&canonical)?;
            if io::stdout().is_terminal() {
                output::complain("");
                output::complain("noctui: nothing stands behind the salt, not even an end of line");
            }
        }
        return Ok(ExitCode::SUCCESS);
    }
    let key = signing_key(args.key_file.as_ref(), config)?;
    let answer = Answer::sign(&definition, &args.salt, &key).map_err(|error| told(&error))?;
    if args.json {
        let flags = vmcp::flags(&definition);
        output::print_json(&Signed { answer: Some(&answer), canonical: &canonical, flags, remarks: &remarks })?;
    } else {
        warn(&remarks);
        output::print_json(&answer)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What was signed, in JSON.
#[derive(Serialize)]
struct Signed<'a> {
    answer: Option<&'a Answer>,
    canonical: &'a str,
    flags: Vec<&'static str>,
    remarks: &'a [Remark],
}

/// Says what clients make of it.
fn warn(remarks: &[Remark]) {
    for remark in remarks {
        output::complain(&format!("noctui: warning: {}", clean_line(&remark.to_string())));
    }
}

/// The definition that is meant, and what it is called in messages.
fn definition(named: &str, config: &Config) -> anyhow::Result<(String, Result<Definition, Vec<vmcp::Problem>>)> {
    if named == "-" {
        return Ok(("standard input".to_owned(), Definition::from_json(&standard_input()?)));
    }
    // A file says so by its ending or its folder; everything else is a name.
    if named.contains('/') || Path::new(named).extension().is_some_and(|end| end == "json" || end == "toml") {
        let read = vmcp::read_file(Path::new(named)).map_err(|error| told(&error))?;
        return Ok((named.to_owned(), read));
    }
    let folder = Folder(config.vmcp.dir.clone());
    let (path, read) = folder.read(named).map_err(|error| told(&error))?;
    Ok((path.display().to_string(), read))
}

/// What standard input brings, no more of it than a definition can have.
fn standard_input() -> anyhow::Result<Vec<u8>> {
    let mut text = Vec::new();
    io::stdin().lock().take(LARGEST + 1).read_to_end(&mut text).context("read standard input")?;
    Ok(text)
}

/// The key to verify with: of the flag, else the public half of one's own.
fn public_key(args: &TrustArgs, config: &Config) -> Result<PublicKey, Trouble> {
    let Some(path) = &args.public_key else {
        let none = || {
            Trouble::new("it is not said whose signature it should be")
                .to_do("name a public key with --public-key, or your own key with vmcp.key_file")
        };
        let path = config.vmcp.key_file.as_ref().ok_or_else(none)?;
        return SigningKey::load(path).map(|key| key.public()).map_err(|error| told(&error));
    };
    let mut text = String::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(16 * LARGEST).read_to_string(&mut text));
    read.map_err(|source| told(&Error::Unreadable { path: path.clone(), source }))?;
    PublicKey::read(&text, args.domain.as_deref(), &path.display().to_string()).map_err(|error| told(&error))
}

/// `noctui vmcp verify`
fn verify(args: &VerifyArgs, config: &Config) -> anyhow::Result<ExitCode> {
    let key = public_key(&args.trust, config)?;
    let (json, from) = if args.file == Path::new("-") {
        (standard_input()?, "standard input".to_owned())
    } else {
        let mut json = Vec::new();
        let read = std::fs::File::open(&args.file).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut json));
        read.map_err(|source| told(&Error::Unreadable { path: args.file.clone(), source }))?;
        (json, args.file.display().to_string())
    };
    let answer = Answer::read(&json, &clean_line(&from)).map_err(|error| told(&error))?;
    show(
        &Shown { answer: &answer, verdict: Some(answer.verify(&args.salt, &key)), salt: &args.salt, host_id: None },
        args.json,
    )
}

/// `noctui vmcp fetch`
fn fetch(args: &FetchArgs, config: &Config) -> anyhow::Result<ExitCode> {
    let key = if args.unverified { None } else { Some(public_key(&args.trust, config)?) };
    let wanted = Wanted {
        url: args.url.clone(),
        salt: args.salt.clone(),
        host_id: args.host_id.clone(),
        trust: args.ca_file.clone().map_or(Trust::System, Trust::File),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let fetched = runtime.block_on(vmcp::fetch(&wanted)).map_err(|error| told(&error))?;
    if !fetched.private {
        output::complain("noctui: warning: it came without TLS: whoever is in between can read the secret");
    }
    let verdict = key.map(|key| fetched.answer.verify(&fetched.salt, &key));
    if verdict.is_none() {
        output::complain("noctui: warning: nobody vouches for it");
    }
    let shown = Shown { answer: &fetched.answer, verdict, salt: &fetched.salt, host_id: Some(&fetched.host_id) };
    show(&shown, args.json)
}

/// An answer that is shown.
struct Shown<'a> {
    answer: &'a Answer,
    /// Whether it is valid; `None` where nobody looked.
    verdict: Option<Verdict>,
    salt: &'a Salt,
    host_id: Option<&'a HostId>,
}

/// The same in JSON.
#[derive(Serialize)]
struct ShownJson<'a> {
    valid: Option<bool>,
    salt: &'a str,
    host_id: Option<&'a str>,
    definition: &'a Definition,
    signature: &'a str,
    flags: Vec<&'static str>,
    remarks: Vec<Remark>,
    skipped: &'a [String],
}

/// Prints an answer and what it is worth.
fn show(shown: &Shown<'_>, json: bool) -> anyhow::Result<ExitCode> {
    let Shown { answer, verdict, salt, host_id } = shown;
    let definition = answer.definition();
    let remarks = remarks(definition);
    if json {
        output::print_json(&ShownJson {
            valid: verdict.map(|verdict| verdict == Verdict::Valid),
            salt: salt.as_str(),
            host_id: host_id.map(HostId::as_str),
            definition,
            signature: answer.signature(),
            flags: vmcp::flags(definition),
            remarks,
            skipped: answer.skipped(),
        })?;
    } else {
        output::print(&lines(definition))?;
        warn(&remarks);
        for name in answer.skipped() {
            let name = clean_line(name);
            output::complain(&format!(
                "noctui: warning: `{name}` is not covered by the signature, and clients skip it"
            ));
        }
        match verdict {
            Some(Verdict::Valid) => output::print("the signature is valid\n")?,
            Some(Verdict::Invalid) => output::print("the signature is NOT valid\n")?,
            None => {}
        }
    }
    Ok(match verdict {
        Some(Verdict::Invalid) => ExitCode::from(output::EXIT_NO),
        Some(Verdict::Valid) | None => ExitCode::SUCCESS,
    })
}

/// A definition for people. The secret stays out: screens are looked at by others.
fn lines(definition: &Definition) -> String {
    let width = definition.fields().map(|(name, _)| clean_line(name).chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for (name, field) in definition.fields() {
        // An empty one keeps nothing from anybody.
        let is_hidden = name == "secret" && !field.text().is_empty();
        let value = if is_hidden { "***".to_owned() } else { clean_text(&field.text()) };
        let indented = value.trim_end().replace('\n', &format!("\n{}", " ".repeat(width + 2)));
        // Writing to a text cannot fail.
        let _ = writeln!(text, "{:<width$}  {indented}", clean_line(name));
    }
    text
}

/// `noctui vmcp serve`
fn serve(args: &ServeArgs, config: &Config) -> anyhow::Result<ExitCode> {
    let _logging = crate::logging::start(&config.log, &config.paths.log);
    let key = signing_key(args.key_file.as_ref(), config)?;
    let folder = Folder(args.dir.clone().unwrap_or_else(|| config.vmcp.dir.clone()));
    let address = args.listen.unwrap_or(config.vmcp.listen);
    let listed = listed(&folder)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (sender, asked) = mpsc::channel(SERVED);
        let dir = folder.0.clone();
        let bound = Server::bind(&address.to_string(), Settings { folder, key }, sender).await;
        let server = bound.map_err(|error| told(&error))?;
        let address = server.address().unwrap_or(address);
        output::complain(&format!(
            "noctui: serving the definitions of {} at http://{address}/NAME",
            clean_line(&dir.display().to_string())
        ));
        for line in &listed {
            output::complain(line);
        }
        if !address.ip().is_loopback() {
            output::complain(
                "noctui: warning: whoever reaches this address gets every definition, with its secret, and without TLS",
            );
        }
        let stop = CancellationToken::new();
        let mut signals = Vec::new();
        for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
            signals.push(signal(kind).context("listen for signals")?);
        }
        let end = async {
            futures::future::select_all(signals.iter_mut().map(|signal| Box::pin(signal.recv()))).await;
            stop.cancel();
            // What is being answered is finished; the server says when.
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = async { futures::join!(server.run(stop.clone()), print(asked, args.json)).0 } => {}
            () = end => {}
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// What is served, and what is in the way of the rest. A folder that cannot be read serves nothing.
fn listed(folder: &Folder) -> Result<Vec<String>, Trouble> {
    let dir = clean_line(&folder.0.display().to_string());
    if !folder.0.is_dir() {
        return Err(Trouble::new(&format!("there is no folder of definitions {dir}"))
            .to_do("name it with --dir or `dir` in [vmcp], or make it"));
    }
    let (mut names, mut lines) = (Vec::new(), Vec::new());
    // The machines that are defined, each with its secret and with the definition that was the first to define it.
    let mut machines: BTreeMap<String, (String, String)> = BTreeMap::new();
    for (name, read) in folder.list().map_err(|error| told(&error))? {
        match read {
            Ok(Ok(definition)) => {
                let remarks = remarks(&definition);
                let refused: Vec<_> = remarks.iter().filter(|it| it.severity == Severity::Refused).collect();
                if refused.is_empty() {
                    names.push(name.clone());
                    lines.extend(remarks.iter().map(|it| format!("noctui: warning: {name}: {it}")));
                    let text = |field: &str| definition.get(field).map(vmcp::Field::text).unwrap_or_default();
                    let (machine, secret) = (text("name"), text("secret"));
                    if secret.is_empty() {
                        lines.push(format!("noctui: warning: {name}: {EMPTY_SECRET}"));
                    }
                    match machines.get(&machine) {
                        Some((first, other)) if *other != secret => lines.push(format!(
                            "noctui: warning: {first} and {name} define the machine {machine} with different secrets: \
                             a client that has it of one is refused it by the other (password denied)"
                        )),
                        Some(_) => {}
                        None => _ = machines.insert(machine, (name, secret)),
                    }
                } else {
                    let why: Vec<_> = refused.iter().map(ToString::to_string).collect();
                    lines.push(format!("noctui: warning: {name} is not served: {}", why.join("; ")));
                }
            }
            Ok(Err(problems)) => {
                let why = problems.first().map_or_else(String::new, |problem| problem.trouble(&name).one_line());
                lines.push(format!("noctui: warning: {name} is not served: {why}"));
            }
            Err(error) => lines.push(format!("noctui: warning: {name} is not served: {}", told(&error).one_line())),
        }
    }
    for (file, why) in folder.left_out().map_err(|error| told(&error))? {
        lines.push(format!("noctui: warning: the file {} is not served: {why}", clean_line(&file)));
    }
    let names = if names.is_empty() { "none yet".to_owned() } else { names.join(", ") };
    lines.insert(0, format!("noctui: definitions: {names}"));
    Ok(lines)
}

/// Tells each request, until no more come.
async fn print(mut asked: mpsc::Receiver<Served>, json: bool) {
    while let Some(asked) = asked.recv().await {
        let Served { peer, name, host_id, status, why } = asked;
        let host_id = host_id.as_ref().map(HostId::as_str);
        let at = crate::clock::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        let printed = if json {
            let line = serde_json::json!({
                "at": at, "peer": peer.to_string(), "name": name, "host_id": host_id, "status": status, "why": why,
            });
            output::print(&format!("{line}\n"))
        } else {
            let who = host_id.map_or_else(String::new, |host_id| format!("  host {host_id}"));
            let why = if why.is_empty() { String::new() } else { format!("  {}", clean_line(&why)) };
            output::print(&format!("{at}  {status}  {peer}  /{name}{who}{why}\n"))
        };
        if let Err(error) = printed {
            tracing::warn!(%error, "cannot tell of a request");
        }
    }
}
