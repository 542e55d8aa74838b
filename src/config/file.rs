//! The configuration file as written: what stands there, with its place, and nothing that does not.

use std::path::Path;
use std::sync::Arc;

use toml::de::DeTable;

use super::certificate::CertificateSection;
use super::console::{self, ConsoleSection, VmcpSection};
use super::problem::{At, Origin, Problem};
use super::reader::{Page, Section};
use super::secret::SecretSection;
use super::source::{SourceSection, read_source};
use super::value::{
    After, Colour, Endpoint, GatewayShell, HostName, Keep, Kind, Level, List, Name, Paragraph, Pattern, Program, Size,
    Span, SshPlace, TagFilter, Template, Tmux, Url, When, WrittenPath, Zone,
};
use crate::key::Key;

/// The whole file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct File {
    /// `theme`
    pub(super) theme: Option<At<Name>>,
    /// `time_zone`
    pub(super) time_zone: Option<At<Zone>>,
    /// `mouse`
    pub(super) mouse: Option<At<bool>>,
    /// `color`
    pub(super) color: Option<At<When>>,
    /// `ascii`
    pub(super) ascii: Option<At<When>>,
    /// `read_only`
    pub(super) read_only: Option<At<bool>>,
    /// `data_dir`
    pub(super) data_dir: Option<At<WrittenPath>>,
    /// `who`
    pub(super) who: Option<At<Name>>,
    /// `default_context`
    pub(super) default_context: Option<At<Name>>,
    /// `[[context]]`
    pub(super) contexts: Vec<ContextSection>,
    /// `[maintenance]`
    pub(super) maintenance: MaintenanceSection,
    /// `[keys]`: command and keys
    pub(super) keys: Vec<(String, At<Vec<Key>>)>,
    /// `[log]`
    pub(super) log: LogSection,
    /// `[[cloudvision]]`
    pub(super) cloudvisions: Vec<CloudVisionSection>,
    /// `[[deploy]]`
    pub(super) deploys: Vec<DeploySection>,
    /// `[nautobot]`, where anything of it is written
    pub(super) nautobot: Option<NautobotSection>,
    /// `[[lab]]`
    pub(super) labs: Vec<LabSection>,
    /// `[connect]`
    pub(super) connect: ConnectSection,
    /// `[console]`
    pub(super) console: ConsoleSection,
    /// `[vmcp]`
    pub(super) vmcp: VmcpSection,
}

/// One `[[context]]`. What it requires is `None` only where that was reported as a problem.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ContextSection {
    /// `name`, required
    pub(super) name: Option<At<Name>>,
    /// `kind`
    pub(super) kind: Option<At<Kind>>,
    /// `read_only`
    pub(super) read_only: Option<At<bool>>,
    /// `cloudvision`
    pub(super) cloudvision: Option<At<Name>>,
    /// `lab`
    pub(super) lab: Option<At<Name>>,
}

/// `[maintenance]`
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct MaintenanceSection {
    /// `raw_size_limit`
    pub(super) raw_size_limit: Option<At<Size>>,
    /// `retention.past`
    pub(super) past: Option<At<Keep>>,
    /// `retention.notifications`
    pub(super) notifications: Option<At<Keep>>,
    /// `retention.raw`
    pub(super) raw: Option<At<Keep>>,
    /// `circuits`
    pub(super) circuits: Option<At<WrittenPath>>,
    /// `providers.dir`
    pub(super) providers_dir: Option<At<WrittenPath>>,
    /// `[[maintenance.source]]`
    pub(super) sources: Vec<SourceSection>,
}

/// `[log]`
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct LogSection {
    /// `level`
    pub(super) level: Option<At<Level>>,
    /// `max_size`
    pub(super) max_size: Option<At<Size>>,
    /// `files`
    pub(super) files: Option<At<u32>>,
}

/// One `[[cloudvision]]`. What it requires is `None` only where that was reported as a problem.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CloudVisionSection {
    /// `name`, required
    pub(super) name: Option<At<Name>>,
    /// `server`, required
    pub(super) server: Option<At<List<Endpoint>>>,
    /// `token_env`, `token_file`, `token_command`, `token_keyring`
    pub(super) token: SecretSection,
    /// `ca_file`, `fingerprint`, `verify_tls`
    pub(super) certificate: CertificateSection,
    /// `color`
    pub(super) color: Option<At<Colour>>,
    /// `kind`
    pub(super) kind: Option<At<Kind>>,
    /// `read_only`
    pub(super) read_only: Option<At<bool>>,
    /// `connect_timeout`
    pub(super) connect_timeout: Option<At<Span>>,
    /// `call_timeout`
    pub(super) call_timeout: Option<At<Span>>,
}

/// `[nautobot]`
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NautobotSection {
    /// `url`, required
    pub(super) url: Option<At<Url>>,
    /// `token_env`, `token_file`, `token_command`, `token_keyring`
    pub(super) token: SecretSection,
    /// `ca_file`, `fingerprint`, `verify_tls`
    pub(super) certificate: CertificateSection,
    /// `poll`
    pub(super) poll: Option<At<Span>>,
    /// `write_maintenances`
    pub(super) write_maintenances: Option<At<bool>>,
    /// `read_only`
    pub(super) read_only: Option<At<bool>>,
    /// `connect_timeout`
    pub(super) connect_timeout: Option<At<Span>>,
    /// `call_timeout`
    pub(super) call_timeout: Option<At<Span>>,
}

/// One `[[deploy]]`. What it requires is `None` only where that was reported as a problem.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DeploySection {
    /// Where it begins.
    pub(super) origin: Origin,
    /// `name`, required
    pub(super) name: Option<At<Name>>,
    /// `cloudvision`, required where there is more than one
    pub(super) cloudvision: Option<At<Name>>,
    /// `dir`, required
    pub(super) dir: Option<At<WrittenPath>>,
    /// `include`
    pub(super) include: Option<At<List<Pattern>>>,
    /// `exclude`
    pub(super) exclude: Option<At<List<Pattern>>>,
    /// `tags`
    pub(super) tags: Option<At<List<TagFilter>>>,
    /// `protected`
    pub(super) protected: Option<At<bool>>,
    /// `strict_tags`
    pub(super) strict_tags: Option<At<bool>>,
    /// `delete_workspace`
    pub(super) delete_workspace: Option<At<bool>>,
    /// `change_name`
    pub(super) change_name: Option<At<Template>>,
    /// `change_notes`
    pub(super) change_notes: Option<At<Paragraph>>,
    /// `after`
    pub(super) after: Option<At<After>>,
    /// `force`
    pub(super) force: Option<At<bool>>,
}

/// One `[[lab]]`. What it requires is `None` only where that was reported as a problem.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LabSection {
    /// Where it begins.
    pub(super) origin: Origin,
    /// `name`, required
    pub(super) name: Option<At<Name>>,
    /// `url`, required
    pub(super) url: Option<At<Url>>,
    /// `token_env`, `token_file`, `token_command`, `token_keyring`
    pub(super) token: SecretSection,
    /// `vlab_file`
    pub(super) vlab_file: Option<At<WrittenPath>>,
    /// `user`
    pub(super) user: Option<At<Name>>,
    /// `password_env`, `password_file`, `password_command`, `password_keyring`
    pub(super) password: SecretSection,
    /// `login_url`
    pub(super) login_url: Option<At<Url>>,
    /// `gateway`
    pub(super) gateway: Option<At<HostName>>,
    /// `gateway_shell`
    pub(super) gateway_shell: Option<At<GatewayShell>>,
    /// `health_check`
    pub(super) health_check: Option<At<bool>>,
    /// `ca_file`, `fingerprint`, `verify_tls`
    pub(super) certificate: CertificateSection,
    /// `kind`
    pub(super) kind: Option<At<Kind>>,
    /// `read_only`
    pub(super) read_only: Option<At<bool>>,
    /// `refresh`
    pub(super) refresh: Option<At<Span>>,
    /// `connect_timeout`
    pub(super) connect_timeout: Option<At<Span>>,
    /// `call_timeout`
    pub(super) call_timeout: Option<At<Span>>,
}

/// `[connect]`
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ConnectSection {
    /// `ssh`
    pub(super) ssh: Option<At<Program>>,
    /// `sftp`
    pub(super) sftp: Option<At<Program>>,
    /// `scp`
    pub(super) scp: Option<At<Program>>,
    /// `rdp`
    pub(super) rdp: Option<At<Program>>,
    /// `https`
    pub(super) https: Option<At<Program>>,
    /// `vnc`
    pub(super) vnc: Option<At<Program>>,
    /// `telnet`
    pub(super) telnet: Option<At<Program>>,
    /// `tmux`
    pub(super) tmux: Option<At<Tmux>>,
    /// `remove_after`
    pub(super) remove_after: Option<At<bool>>,
    /// `here`
    pub(super) here: Option<At<SshPlace>>,
}

/// What was found in a file: what it says, what is wrong with it, and which known settings it leaves alone.
pub(super) struct Reading {
    /// What it says, without what is wrong.
    pub(super) file: File,
    /// What is wrong, in the order of the file.
    pub(super) problems: Vec<Problem>,
    /// The settings that are not written, as dotted names.
    pub(super) unset: Vec<String>,
}

/// Reads `text`, which came from `path`.
pub(super) fn read(path: &Arc<Path>, text: &str) -> Reading {
    let (document, errors) = DeTable::parse_recoverable(text);
    let page = Page::new(Arc::clone(path), text, &errors);
    let file = read_top(Section::top(&page, document.get_ref()));
    let (problems, unset) = page.findings();
    Reading { file, problems, unset }
}

/// Reads the top level. What is read first is named first to somebody who mistyped a name.
fn read_top(mut top: Section<'_, '_>) -> File {
    let file = File {
        theme: top.read("theme"),
        time_zone: top.read("time_zone"),
        mouse: top.read("mouse"),
        color: top.read("color"),
        ascii: top.read("ascii"),
        read_only: top.read("read_only"),
        data_dir: top.read("data_dir"),
        who: top.read("who"),
        default_context: top.read("default_context"),
        contexts: top.sections("context").into_iter().map(read_context).collect(),
        maintenance: read_maintenance(top.section("maintenance")),
        keys: top.section("keys").read_keys(),
        log: read_log(top.section("log")),
        cloudvisions: top.sections("cloudvision").into_iter().map(read_cloudvision).collect(),
        deploys: top.sections("deploy").into_iter().map(read_deploy).collect(),
        nautobot: read_nautobot(top.section("nautobot")),
        labs: top.sections("lab").into_iter().map(read_lab).collect(),
        connect: read_connect(top.section("connect")),
        console: console::read(top.section("console")),
        vmcp: console::read_vmcp(top.section("vmcp")),
    };
    top.finish();
    file
}

/// Reads one `[[context]]`.
fn read_context(mut section: Section<'_, '_>) -> ContextSection {
    let context = ContextSection {
        name: section.require("name"),
        kind: section.read("kind"),
        read_only: section.read("read_only"),
        cloudvision: section.read("cloudvision"),
        lab: section.read("lab"),
    };
    section.finish();
    context
}

/// Reads one `[[cloudvision]]`.
fn read_cloudvision(mut section: Section<'_, '_>) -> CloudVisionSection {
    let cloudvision = CloudVisionSection {
        name: section.require("name"),
        server: section.require("server"),
        token: SecretSection::read(&mut section, &super::cloudvision::TOKEN),
        certificate: CertificateSection::read(&mut section),
        color: section.read("color"),
        kind: section.read("kind"),
        read_only: section.read("read_only"),
        connect_timeout: section.read("connect_timeout"),
        call_timeout: section.read("call_timeout"),
    };
    section.finish();
    cloudvision
}

/// Reads one `[[lab]]`.
fn read_lab(mut section: Section<'_, '_>) -> LabSection {
    let lab = LabSection {
        origin: section.origin(),
        name: section.require("name"),
        url: section.require("url"),
        token: SecretSection::read(&mut section, &super::lab::TOKEN),
        vlab_file: section.read_instead("vlab_file"),
        user: section.read_instead("user"),
        password: SecretSection::read(&mut section, &super::lab::PASSWORD),
        login_url: section.read_instead("login_url"),
        gateway: section.read("gateway"),
        gateway_shell: section.read("gateway_shell"),
        health_check: section.read("health_check"),
        certificate: CertificateSection::read(&mut section),
        kind: section.read("kind"),
        read_only: section.read("read_only"),
        refresh: section.read("refresh"),
        connect_timeout: section.read("connect_timeout"),
        call_timeout: section.read("call_timeout"),
    };
    section.finish();
    lab
}

/// Reads `[connect]`.
fn read_connect(mut section: Section<'_, '_>) -> ConnectSection {
    let connect = ConnectSection {
        ssh: section.read("ssh"),
        sftp: section.read("sftp"),
        scp: section.read("scp"),
        rdp: section.read("rdp"),
        https: section.read("https"),
        vnc: section.read("vnc"),
        telnet: section.read("telnet"),
        tmux: section.read("tmux"),
        remove_after: section.read("remove_after"),
        here: section.read("here"),
    };
    section.finish();
    connect
}

/// Reads `[nautobot]`; nothing where none of it is written.
fn read_nautobot(mut section: Section<'_, '_>) -> Option<NautobotSection> {
    let is_written = section.has_settings();
    let nautobot = NautobotSection {
        url: if is_written { section.require("url") } else { section.read("url") },
        token: SecretSection::read(&mut section, &super::nautobot::TOKEN),
        certificate: CertificateSection::read(&mut section),
        poll: section.read("poll"),
        write_maintenances: section.read("write_maintenances"),
        read_only: section.read("read_only"),
        connect_timeout: section.read("connect_timeout"),
        call_timeout: section.read("call_timeout"),
    };
    section.finish();
    is_written.then_some(nautobot)
}

/// Reads one `[[deploy]]`.
fn read_deploy(mut section: Section<'_, '_>) -> DeploySection {
    let deploy = DeploySection {
        origin: section.origin(),
        name: section.require("name"),
        cloudvision: section.read("cloudvision"),
        dir: section.require("dir"),
        include: section.read("include"),
        exclude: section.read("exclude"),
        tags: section.read("tags"),
        protected: section.read("protected"),
        strict_tags: section.read("strict_tags"),
        delete_workspace: section.read("delete_workspace"),
        change_name: section.read("change_name"),
        change_notes: section.read("change_notes"),
        after: section.read("after"),
        force: section.read("force"),
    };
    section.finish();
    deploy
}

/// Reads `[maintenance]`.
fn read_maintenance(mut section: Section<'_, '_>) -> MaintenanceSection {
    let mut retention = section.section("retention");
    let mut providers = section.section("providers");
    let maintenance = MaintenanceSection {
        raw_size_limit: section.read("raw_size_limit"),
        circuits: section.read("circuits"),
        past: retention.read("past"),
        notifications: retention.read("notifications"),
        raw: retention.read("raw"),
        providers_dir: providers.read("dir"),
        sources: section.sections("source").into_iter().map(read_source).collect(),
    };
    retention.finish();
    providers.finish();
    section.finish();
    maintenance
}

/// Reads `[log]`.
fn read_log(mut section: Section<'_, '_>) -> LogSection {
    let log =
        LogSection { level: section.read("level"), max_size: section.read("max_size"), files: section.read("files") };
    section.finish();
    log
}
