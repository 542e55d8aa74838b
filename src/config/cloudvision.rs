//! `[[cloudvision]]`: the CloudVision instances, and `[[deploy]]`: what is deployed to them.

use std::path::PathBuf;
use std::time::Duration;

use super::certificate;
use super::file::{CloudVisionSection, DeploySection};
use super::problem::{At, Problem, either, nearest};
use super::resolve::{Layers, value};
use super::secret::Keys;
use super::value::{After, Colour, Endpoint, Kind, List, Name, Paragraph, Pattern, Span, TagFilter, Template};
use crate::secret::SecretFrom;
use crate::tls::Trust;

/// An instance of CloudVision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudVision {
    /// Shown wherever it could be mistaken for another; unique.
    pub name: String,
    /// Its nodes, each as good as the others; at least one.
    pub servers: Vec<Endpoint>,
    /// Where the token of the service account is kept. It is fetched when it is needed.
    pub token: SecretFrom,
    /// Whose certificates are trusted.
    pub trust: Trust,
    /// Its colour; `None` has that of its kind.
    pub color: Option<Colour>,
    /// How carefully to treat it.
    pub kind: Kind,
    /// Whether writes to it are refused.
    pub read_only: bool,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long a call may take.
    pub call_timeout: Duration,
}

/// A deploy target: configurations and where they go.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own, named as in the file")]
pub struct Deploy {
    /// What it is called on the screen and on the command line; unique.
    pub name: String,
    /// The name of the [`CloudVision`] it goes to, which exists.
    pub cloudvision: String,
    /// The folder of configurations, which need not exist.
    pub dir: PathBuf,
    /// The host names that are meant; all where there is none.
    pub include: Vec<Pattern>,
    /// The host names that are left out.
    pub exclude: Vec<Pattern>,
    /// The tags that devices have to carry.
    pub tags: Vec<TagFilter>,
    /// Whether a deployment stops after the build, shows what it would change, and wants the name typed.
    pub protected: bool,
    /// Whether other user tags of the devices are taken from them.
    pub strict_tags: bool,
    /// Whether the workspace is deleted once it is submitted.
    pub delete_workspace: bool,
    /// The name of its change controls; `None` leaves it to CloudVision.
    pub change_name: Option<Template>,
    /// Their description.
    pub change_notes: Option<Template>,
    /// How far a deployment goes that is told to go all the way.
    pub after: After,
    /// Whether it is submitted although devices do not stream; their configuration is then not validated.
    pub force: bool,
}

/// Where it is said how the certificate is checked.
const CERTIFICATE: certificate::Keys =
    certificate::Keys { ca_file: "cloudvision.ca_file", fingerprint: "cloudvision.fingerprint" };

/// Where the token of an instance may be kept.
pub(super) const TOKEN: Keys = Keys {
    what: "a token",
    variable: "cloudvision.token_env",
    file: "cloudvision.token_file",
    command: "cloudvision.token_command",
    keyring: "cloudvision.token_keyring",
    usual: Some("cloudvision.token_env"),
};

/// The names of the instances in the file.
#[derive(Debug)]
pub(super) struct Instances {
    /// Every name that is written, sound or not.
    names: Vec<String>,
    /// Whether every section has one. Otherwise nobody can tell which names are wrong.
    all_named: bool,
}

impl Layers<'_> {
    /// Every instance with a name of its own and a server, and the names that may be referred to.
    pub(super) fn cloudvisions(&mut self, sections: Vec<CloudVisionSection>) -> (Vec<CloudVision>, Instances) {
        let mut names: Vec<String> = Vec::new();
        for name in sections.iter().filter_map(|section| section.name.as_ref()) {
            if !names.contains(&name.value.0) {
                names.push(name.value.0.clone());
            }
        }
        let all_named = sections.iter().all(|section| section.name.is_some());
        let overriding = self.token_variable();
        let (mut instances, mut seen) = (Vec::new(), Vec::new());
        for section in sections {
            let is_new = self.is_new("cloudvision.name", section.name.as_ref(), &mut seen);
            let instance = self.cloudvision(section, overriding);
            instances.extend(instance.filter(|_| is_new));
        }
        (instances, Instances { names, all_named })
    }

    /// One instance; `None` without name or server, which was noted.
    fn cloudvision(&mut self, section: CloudVisionSection, overriding: Option<&'static str>) -> Option<CloudVision> {
        let token = self.secret(&TOKEN, section.token).map(|(token, _)| token);
        let token = token.unwrap_or_else(|| SecretFrom::Variable(super::resolve::TOKEN_VARIABLE.to_owned()));
        let trust = self.trust(&CERTIFICATE, section.certificate);
        let seconds = |seconds| Span(Duration::from_secs(seconds));
        let limits = (seconds(1), seconds(300));
        let connect = self.within("cloudvision.connect_timeout", section.connect_timeout, limits, seconds(10));
        let limits = (seconds(1), seconds(7200));
        let call = self.within("cloudvision.call_timeout", section.call_timeout, limits, seconds(600));
        let (name, List(servers)) = (section.name?, value(section.server)?);
        Some(CloudVision {
            name: name.value.0,
            servers,
            token: overriding.map_or(token, |name| SecretFrom::Variable(name.to_owned())),
            trust,
            color: value(section.color),
            // Unsaid, the careful one.
            kind: value(section.kind).unwrap_or(Kind::Production),
            read_only: value(section.read_only).unwrap_or(false),
            connect_timeout: connect.0,
            call_timeout: call.0,
        })
    }

    /// The name of an instance that is referred to; `None` where there is none of that name, which is noted.
    pub(super) fn instance(&mut self, key: &str, written: At<Name>, instances: &Instances) -> Option<String> {
        let At { value: Name(wanted), origin } = written;
        if instances.names.contains(&wanted) {
            return Some(wanted);
        }
        if instances.all_named {
            let known = || instances.names.iter().map(String::as_str);
            let (because, remedy) = match nearest(&wanted, known()) {
                _ if instances.names.is_empty() => {
                    let remedy = format!("add [[cloudvision]] with name = \"{wanted}\"");
                    ("there is no [[cloudvision]]".to_owned(), remedy)
                }
                near => {
                    let remedy = near.map_or_else(|| "name another".to_owned(), |name| format!("write \"{name}\""));
                    (format!("their names are {}", either(known()).replace(" or ", " and ")), remedy)
                }
            };
            self.problems.push(Problem {
                origin,
                key: key.to_owned(),
                what: format!("there is no CloudVision \"{wanted}\""),
                because,
                remedy,
            });
        }
        None
    }

    /// Every deploy target with a name of its own and all it needs.
    pub(super) fn deploys(&mut self, sections: Vec<DeploySection>, instances: &Instances) -> Vec<Deploy> {
        let (mut deploys, mut seen) = (Vec::new(), Vec::new());
        for section in sections {
            let is_new = self.is_new("deploy.name", section.name.as_ref(), &mut seen);
            let deploy = self.deploy(section, instances);
            deploys.extend(deploy.filter(|_| is_new));
        }
        deploys
    }

    /// One deploy target; `None` where something it needs is missing, which was noted.
    fn deploy(&mut self, section: DeploySection, instances: &Instances) -> Option<Deploy> {
        let cloudvision = match (section.cloudvision, instances.names.as_slice()) {
            (Some(written), _) => self.instance("deploy.cloudvision", written, instances),
            (None, [only]) => Some(only.clone()),
            (None, names) => {
                let because = match names {
                    [] => "there is no [[cloudvision]] to deploy to".to_owned(),
                    names => {
                        let names = either(names.iter().map(String::as_str)).replace(" or ", " and ");
                        format!("there is more than one: {names}")
                    }
                };
                self.problems.push(Problem {
                    origin: section.origin,
                    key: "deploy.cloudvision".to_owned(),
                    what: "`cloudvision` is missing from [[deploy]]".to_owned(),
                    because,
                    remedy: "add `cloudvision = …` with the name of a [[cloudvision]]".to_owned(),
                });
                None
            }
        };
        let dir = section.dir.and_then(|dir| self.expected_path("deploy.dir", &dir, false));
        let list = |patterns: Option<At<List<Pattern>>>| value(patterns).map_or_else(Vec::new, |List(list)| list);
        let name = section.name?;
        Some(Deploy {
            name: name.value.0,
            cloudvision: cloudvision?,
            dir: dir?,
            include: list(section.include),
            exclude: list(section.exclude),
            tags: value(section.tags).map_or_else(Vec::new, |List(list)| list),
            protected: value(section.protected).unwrap_or(false),
            strict_tags: value(section.strict_tags).unwrap_or(false),
            delete_workspace: value(section.delete_workspace).unwrap_or(false),
            change_name: value(section.change_name),
            change_notes: value(section.change_notes).map(|Paragraph(notes)| notes),
            after: value(section.after).unwrap_or(After::Pending),
            force: value(section.force).unwrap_or(false),
        })
    }
}
