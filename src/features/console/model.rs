//! What the pane and `noctui console list` have rows of: machines of the cluster, machines behind proxies, definitions.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::cluster::model::{Key, Vm};
use super::token::Token;
use super::vmcp::{Definition, Problem, Remark, Severity};
use crate::config::{Access, ConsoleProxy, MachineName};
use crate::text::clean_line;
use crate::trouble::Trouble;

/// Of a name that no machine can have, so many characters are told.
const LONGEST_NAME: usize = 40;

/// What tells a row from others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowKey {
    /// A machine of the cluster.
    Vm(Key),
    /// A machine behind a proxy: the proxy's name, and its own.
    Proxied(String, String),
    /// A definition.
    Definition(String),
}

/// A row.
#[derive(Debug, Clone, PartialEq)]
pub enum Row {
    /// A machine of the cluster.
    Vm(Arc<Vm>),
    /// A machine behind a proxy.
    Proxied(Proxied),
    /// A definition.
    Definition(Arc<Described>),
}

/// A machine behind a proxy, of which nothing else is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxied {
    /// The proxy.
    pub proxy: String,
    /// The machine.
    pub machine: MachineName,
    /// Its namespace, where it is known.
    pub namespace: String,
    /// Whether its serial line is there, and whether its screen is.
    pub has: (bool, bool),
    /// What lets us in.
    pub grant: Grant,
}

/// What lets us in at a proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grant {
    /// It is being looked for.
    Asked,
    /// A token that begins and ends then, or never; and why the proxy would refuse it, where that can be seen.
    Token {
        /// When it begins.
        begins: Option<DateTime<Utc>>,
        /// When it ends.
        expires: Option<DateTime<Utc>>,
        /// What speaks against it, apart from its times.
        objection: Option<String>,
    },
    /// Tokens are made when they are needed.
    Made,
    /// There is none.
    None(Trouble),
}

/// A definition of a machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Described {
    /// Its name.
    pub name: String,
    /// What it says, or what is wrong with its file.
    pub read: Result<Definition, Vec<Problem>>,
    /// What clients make of it.
    pub remarks: Vec<Remark>,
    /// The folder that it is in.
    pub dir: PathBuf,
}

impl Row {
    /// What tells it from others.
    #[must_use]
    pub fn row_key(&self) -> RowKey {
        match self {
            Self::Vm(vm) => RowKey::Vm(vm.key()),
            Self::Proxied(row) => RowKey::Proxied(row.proxy.clone(), row.machine.to_string()),
            Self::Definition(row) => RowKey::Definition(row.name.clone()),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Vm(vm) => &vm.name,
            Self::Proxied(row) => row.machine.as_str(),
            Self::Definition(row) => &row.name,
        }
    }
}

impl Proxied {
    /// Why its consoles cannot be had now; `None` where nothing speaks against it.
    #[must_use]
    pub fn objection(&self, now: DateTime<Utc>) -> Option<String> {
        match &self.grant {
            Grant::Asked => Some(format!("the token for {} is still being fetched", self.proxy)),
            Grant::Made => None,
            Grant::None(trouble) => Some(trouble.one_line()),
            Grant::Token { objection: Some(why), .. } => Some(why.clone()),
            Grant::Token { begins, expires, objection: None } => {
                let ended =
                    expires.filter(|end| *end <= now).map(|_| format!("the token for {} has ended", self.proxy));
                let early = begins.filter(|begins| *begins > now);
                ended.or(early.map(|_| format!("the token for {} is not good yet", self.proxy)))
            }
        }
    }
}

impl Described {
    /// Why clients would refuse it, the first reason with its field; `None` where they would not.
    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        let of = |field: &str, why: &str| {
            if field.is_empty() { why.to_owned() } else { format!("{}: {why}", clean_line(field)) }
        };
        if let Err(problems) = &self.read {
            let first = problems.first().map(|problem| of(&problem.field, &problem.what));
            return Some(first.unwrap_or_else(|| "it cannot be read".to_owned()));
        }
        let refused = self.remarks.iter().find(|remark| remark.severity == Severity::Refused);
        refused.map(|remark| of(&remark.field, &remark.why))
    }
}

/// What is to be said of names in a token that no machine can have, and that are in no list therefore.
#[must_use]
pub fn left_out(proxy: &ConsoleProxy, token: &Token) -> Option<Trouble> {
    let names = token.unaskable();
    let first = names.first().filter(|_| proxy.machines.is_empty())?;
    let first: String = clean_line(first).chars().take(LONGEST_NAME).collect();
    let count = if names.len() == 1 { "a machine".to_owned() } else { format!("{} machines", names.len()) };
    let what = format!("the token for {} names {count} that cannot be asked for: {first}", proxy.name);
    Some(
        Trouble::new(&what)
            .to_do("ask whoever makes the tokens: names have letters, digits, dots, dashes and no slashes"),
    )
}

/// The machines behind a proxy, as far as its configuration and its token tell.
#[must_use]
pub fn proxied(proxy: &ConsoleProxy, token: Result<Option<&Token>, &Trouble>, now: DateTime<Utc>) -> Vec<Proxied> {
    let names: Vec<MachineName> = if proxy.machines.is_empty() {
        let named = token.ok().flatten();
        named.into_iter().flat_map(|token| &token.machines).filter_map(|name| name.parse().ok()).collect()
    } else {
        proxy.machines.clone()
    };
    let row = |machine: MachineName| {
        let namespace = proxy.namespace.as_ref().map(ToString::to_string);
        let (grant, told) = match token {
            Err(trouble) => (Grant::None(trouble.clone()), None),
            Ok(None) if matches!(proxy.access, Access::Key(_)) => (Grant::Made, None),
            Ok(None) => (Grant::Asked, None),
            Ok(Some(token)) => {
                // Its times are looked at again whenever they matter.
                let at = token.good_at(now);
                let objection = token.objection(Some(&machine), at);
                let (begins, expires) = (token.begins, token.expires);
                (Grant::Token { begins, expires, objection }, Some(token.namespace.clone()))
            }
        };
        Proxied {
            proxy: proxy.name.clone(),
            machine,
            namespace: namespace.or(told).unwrap_or_default(),
            has: (proxy.serial.is_some(), proxy.screen.is_some()),
            grant,
        }
    };
    names.into_iter().map(row).collect()
}
