//! `noctui console token`: the tokens of websocket proxies, made and read.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;

use chrono::{SecondsFormat, TimeDelta};
use serde::Serialize;

use super::connection::AccessArgs;
use crate::clock;
use crate::config::{Access, CONSOLE_KEY_VARIABLE, CONSOLE_TOKEN_VARIABLE, Config, MachineName};
use crate::features::console::access::NO_LAB;
use crate::features::console::token::{Grant, Left, Token, duration};
use crate::output;
use crate::secret::SecretFrom;
use crate::text::clean_line;
use crate::trouble::Trouble;

/// What was typed after `console token`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Make a token for machines, with the key that the proxy checks tokens with, and print it.
    Mint(MintArgs),
    /// Say what a token is for and how long; exit code 1 if a proxy would refuse it.
    Inspect(InspectArgs),
}

/// `token mint`
#[derive(Debug, clap::Args)]
pub(crate) struct MintArgs {
    /// The machines that it lets in to.
    #[arg(value_name = "VM", required = true)]
    machines: Vec<MachineName>,
    /// Make it for this proxy of the configuration.
    #[arg(long, value_name = "NAME")]
    proxy: Option<String>,
    /// Make it with the key in this file, with which the proxy checks it.
    #[arg(long, value_name = "PATH")]
    key_file: Option<PathBuf>,
    /// The namespace of the machines.
    #[arg(long, value_name = "NAME")]
    namespace: Option<MachineName>,
    /// How long it is good for: 90s, 10m, 2h or 7d, and 30d at most.
    #[arg(long, value_name = "TIME", default_value = "10m")]
    life: Life,
    /// In whose name it is made; yours unless said.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// The lab that it names.
    #[arg(long, value_name = "ID", default_value = NO_LAB)]
    lab: String,
    /// The instance of the lab that it names.
    #[arg(long, value_name = "ID", default_value = NO_LAB)]
    instance: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// `token inspect`
#[derive(Debug, clap::Args)]
pub(crate) struct InspectArgs {
    /// Take the token of this proxy of the configuration.
    #[arg(long, value_name = "NAME")]
    proxy: Option<String>,
    /// Take the token from this file; `-` is standard input.
    #[arg(long, value_name = "PATH")]
    token_file: Option<PathBuf>,
    /// Check its signature with the key in this file; with the one of `NOCTUI_CONSOLE_KEY` unless said.
    #[arg(long, value_name = "PATH")]
    key_file: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// How long a token is good for.
#[derive(Debug, Clone, Copy)]
struct Life(TimeDelta);

impl FromStr for Life {
    type Err = &'static str;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        const LONGEST: TimeDelta = TimeDelta::days(30);
        let read = || {
            let (number, unit) = typed.split_at_checked(typed.len().checked_sub(1)?)?;
            let seconds = match unit {
                "s" => 1,
                "m" => 60,
                "h" => 3_600,
                "d" => 86_400,
                _ => return None,
            };
            TimeDelta::try_seconds(i64::from(number.parse::<u32>().ok()?).checked_mul(seconds)?)
        };
        let life = read().filter(|life| (TimeDelta::seconds(1)..=LONGEST).contains(life));
        life.map(Self).ok_or("it takes 1s to 30d, such as 90s, 10m, 2h or 7d")
    }
}

/// Runs it.
pub(super) fn run(command: &Command, config: &Config) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            Command::Mint(args) => mint(args, config).await,
            Command::Inspect(args) => inspect(args, config).await,
        }
    })
}

/// `noctui console token mint`
async fn mint(args: &MintArgs, config: &Config) -> anyhow::Result<ExitCode> {
    let access = AccessArgs {
        proxy: args.proxy.clone(),
        token_file: None,
        key_file: args.key_file.clone(),
        namespace: args.namespace.clone(),
    };
    let proxy = access.configured(config, |proxy| matches!(proxy.access, Access::Key(_)))?;
    let called = proxy.map_or_else(|| "the proxy".to_owned(), |proxy| proxy.name.clone());
    let pass = access.pass(proxy, called, config);
    let variable = || SecretFrom::Variable(CONSOLE_KEY_VARIABLE.to_owned());
    let from = match &pass.access {
        Access::Key(from) => from.clone(),
        // A token that is set beside it makes no other one.
        Access::Token(_) => match proxy.map(|proxy| &proxy.access) {
            Some(Access::Key(from)) => from.clone(),
            _ => variable(),
        },
    };
    let (key, warning) = pass.key(&from).await.map_err(|error| {
        let trouble = Trouble::of(&error);
        trouble
            .to_do(&format!("name the key with --key-file, {CONSOLE_KEY_VARIABLE}, or key_file in [[console.proxy]]"))
    })?;
    if let Some(warning) = warning {
        output::complain(&format!("noctui: warning: {warning}"));
    }
    let namespace = pass.namespace.ok_or_else(|| {
        Trouble::new("the namespace of the machines is not said")
            .to_do("say --namespace, or `namespace` in [[console.proxy]]")
    })?;
    let now = clock::now();
    let grant = Grant {
        user: args.user.clone().unwrap_or_else(|| config.who.clone()),
        lab: args.lab.clone(),
        lab_instance: args.instance.clone(),
        namespace: namespace.to_string(),
        machines: args.machines.clone(),
        expires: now + args.life.0,
    };
    let token = Token::sign(&grant, &key)
        .ok_or_else(|| Trouble::new("the token would be longer than proxies take").to_do("name fewer machines"))?;
    if args.json {
        output::print_json(&Json { token: Some(token.secret().expose()), ..Json::of(&token, None, now) })?;
    } else {
        output::print(&format!("{}\n", token.secret().expose()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// `noctui console token inspect`
async fn inspect(args: &InspectArgs, config: &Config) -> anyhow::Result<ExitCode> {
    let access =
        AccessArgs { proxy: args.proxy.clone(), token_file: args.token_file.clone(), key_file: None, namespace: None };
    let proxy = access.configured(config, |proxy| matches!(proxy.access, Access::Token(_)))?;
    let called = proxy.map_or_else(|| "the proxy".to_owned(), |proxy| proxy.name.clone());
    let pass = access.pass(proxy, called, config);
    // A key, wherever it is, only verifies: the token is elsewhere.
    let configured = proxy.map(|proxy| &proxy.access);
    let from = match (&pass.access, configured) {
        (Access::Token(from), _) | (Access::Key(_), Some(Access::Token(from))) => from.clone(),
        (Access::Key(_), _) => {
            return Err(Trouble::new("there is no token to read")
                .to_do(&format!("name it with --token-file, or {CONSOLE_TOKEN_VARIABLE}"))
                .into());
        }
    };
    let ticket = pass.kept(&from).await.map_err(|error| Trouble::of(&error))?;
    let mut warnings = vec![ticket.warning];
    let of_variable = || {
        let is_set = std::env::var_os(CONSOLE_KEY_VARIABLE).is_some_and(|value| !value.is_empty());
        is_set.then(|| SecretFrom::Variable(CONSOLE_KEY_VARIABLE.to_owned()))
    };
    let signed = match args.key_file.clone().map(SecretFrom::File).or_else(of_variable) {
        None => None,
        Some(key) => {
            let (key, warning) = pass.key(&key).await.map_err(|error| Trouble::of(&error))?;
            warnings.push(warning);
            // With another algorithm nobody here can tell.
            ticket.token.is_of_known_algorithm().then(|| ticket.token.is_signed_by(&key))
        }
    };
    for warning in warnings.into_iter().flatten() {
        output::complain(&format!("noctui: warning: {warning}"));
    }
    let now = clock::now();
    let json = Json::of(&ticket.token, signed, now);
    let refused = json.refused.is_some();
    if args.json {
        output::print_json(&json)?;
    } else {
        output::print(&told(&json))?;
    }
    Ok(if refused { ExitCode::from(output::EXIT_NO) } else { ExitCode::SUCCESS })
}

/// A token in JSON. What it says is not proved unless `signed` is true.
#[derive(Serialize)]
struct Json<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    namespace: &'a str,
    machines: &'a [String],
    user: &'a str,
    lab: &'a str,
    instance: &'a str,
    algorithm: &'a str,
    begins: Option<String>,
    expires: Option<String>,
    left_s: Option<i64>,
    signed: Option<bool>,
    refused: Option<String>,
}

impl<'a> Json<'a> {
    /// What `token` says; `signed` is whether the key that was named signed it.
    fn of(token: &'a Token, signed: Option<bool>, now: chrono::DateTime<chrono::Utc>) -> Self {
        let wrong_key = || (signed == Some(false)).then(|| "another key signed it".to_owned());
        Self {
            token: None,
            namespace: &token.namespace,
            machines: &token.machines,
            user: &token.user,
            lab: &token.lab,
            instance: &token.lab_instance,
            algorithm: &token.algorithm,
            begins: token.begins.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true)),
            expires: token.expires.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true)),
            left_s: match token.left(now) {
                Left::Forever => None,
                Left::For(left) => Some(left.num_seconds()),
                Left::EndedAgo(ago) => Some(-ago.num_seconds()),
            },
            signed,
            refused: token.objection(None, now).or_else(wrong_key),
        }
    }
}

/// The same for people.
fn told(json: &Json<'_>) -> String {
    // What a proxy refuses is not good, however long it lasts.
    let good = if json.refused.is_none() { "good" } else { "ends" };
    let left = match (json.left_s, &json.expires) {
        (Some(left), Some(at)) if left >= 0 => {
            (good, format!("{} left, until {at}", duration(TimeDelta::seconds(left))))
        }
        (Some(left), Some(at)) => ("ended", format!("{} ago, at {at}", duration(TimeDelta::seconds(-left)))),
        _ if json.refused.is_some() => ("ends", "it names no end that counts".to_owned()),
        _ => ("good", "for ever: it names no end".to_owned()),
    };
    let unchecked = format!("not checked: {} is known to no key here", json.algorithm);
    let signed = match json.signed {
        Some(true) => "by this key",
        Some(false) => "NOT by this key",
        None if json.algorithm != "HS256" => unchecked.as_str(),
        None => "not checked: --key-file names the key",
    };
    let begins = json.begins.as_deref().unwrap_or_default();
    let machines = if json.machines.is_empty() { "none".to_owned() } else { json.machines.join(" ") };
    let lines = [
        ("machines", machines.as_str()),
        ("namespace", json.namespace),
        ("user", json.user),
        ("lab", json.lab),
        ("instance", json.instance),
        (left.0, &left.1),
        ("signed", signed),
    ];
    let mut text = String::new();
    let refused = json.refused.iter().map(|why| ("refused", why.as_str()));
    let begins = (!begins.is_empty()).then_some(("begins", begins));
    for (name, value) in lines.into_iter().chain(begins).chain(refused) {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "{name:<9}  {}", clean_line(value));
    }
    text
}
