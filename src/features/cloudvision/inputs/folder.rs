//! A folder of rendered configurations, one `HOSTNAME.cfg` for each device.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::super::model::{Deployment, Origin, TagLabel, Wanted};
use super::check::{self, Candidate};
use super::filter::Filters;
use super::problem::{Findings, Place, Problem, Problems};
use super::structured::{self, Facts};
use super::{LARGEST_FILE, LARGEST_TOTAL, MOST_DEVICES, Read};

/// What is to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// A folder of configurations, an AVD project, its `intended`, or its `intended/configs`.
    pub dir: PathBuf,
    /// Which of the devices.
    pub filters: Filters,
}

/// Reads the configurations that `selection` chooses, with what the project's structured configurations say of their
/// devices: serial numbers, MAC addresses, tags, and that a device is not deployed.
pub fn from_folder(selection: &Selection) -> Result<Read, Problems> {
    let mut findings = Findings::default();
    let candidates = match Folder::find(&selection.dir, &mut findings) {
        Some(folder) => folder.read(&selection.filters, &mut findings),
        None => Vec::new(),
    };
    check::duplicates(&candidates, &mut findings);
    if candidates.is_empty() && findings.is_sound() {
        let because = "every device is left out by the filters, or is not deployed";
        let remedy = "name a folder of HOSTNAME.cfg files, or other filters";
        findings.refuse(Problem::new(&Place::file(&selection.dir), "there is nothing to deploy", because, remedy));
    }
    let warnings = findings.finish()?;
    let devices = candidates.into_iter().map(|candidate| candidate.wanted).collect();
    let deployment =
        Deployment { devices, strict_tags: false, change_name: None, change_notes: None, delete_workspace: false };
    Ok(Read { deployment, warnings })
}

/// What is in a folder.
struct Folder {
    /// The folder with the configurations.
    path: PathBuf,
    /// The configurations by host name.
    configs: BTreeMap<String, PathBuf>,
    /// The structured configurations by host name.
    structured: BTreeMap<String, PathBuf>,
}

impl Folder {
    /// Looks for configurations in `dir` and where an AVD project has them.
    fn find(dir: &Path, findings: &mut Findings) -> Option<Self> {
        // A project's own folder has an ansible.cfg, so what is deeper is looked for first.
        let inner = [dir.join("intended").join("configs"), dir.join("configs")];
        let path = inner.into_iter().find(|inner| inner.is_dir()).unwrap_or_else(|| dir.to_owned());
        let configs = by_hostname(&path, &["cfg"], findings)?;
        if configs.is_empty() && findings.is_sound() {
            let because = "it has no file HOSTNAME.cfg, and no folder intended/configs or configs";
            let remedy = "name a folder of rendered configurations, or render them first";
            findings.refuse(Problem::new(&Place::file(&path), "there are no configurations", because, remedy));
        }
        let project = path.canonicalize().ok().filter(|path| path.file_name() == Some(OsStr::new("configs")));
        let structured = project.is_some().then(|| path.join("..").join("structured_configs"));
        // Told as people know it: intended/structured_configs.
        let structured = structured.map(|beside| match path.parent() {
            Some(parent) if path.file_name() == Some(OsStr::new("configs")) => parent.join("structured_configs"),
            _ => beside,
        });
        let structured = match structured.filter(|path| path.is_dir()) {
            Some(path) => by_hostname(&path, &["yml", "yaml", "json"], findings)?,
            None => BTreeMap::new(),
        };
        Some(Self { path, configs, structured })
    }

    /// The devices that `filters` choose.
    fn read(&self, filters: &Filters, findings: &mut Findings) -> Vec<Candidate> {
        let hostnames: Vec<&str> = self.configs.keys().map(String::as_str).collect();
        filters.refuse_unmatched_names(&hostnames, &self.path, findings);
        let picked = self.configs.iter().filter(|(hostname, _)| filters.pick_name(hostname));
        let mut candidates = Vec::new();
        let mut tags: Vec<Vec<TagLabel>> = Vec::new();
        let mut total = 0;
        for (hostname, path) in picked {
            let (facts, sound) = self.facts(hostname, findings);
            let own = facts.as_ref().map_or_else(Vec::new, |facts| facts.tags.clone());
            let meant = filters.pick_tags(&own);
            if !filters.tags.is_empty() {
                tags.push(own);
            }
            if meant && sound && facts.as_ref().is_none_or(|facts| facts.deployed) {
                candidates.extend(candidate(hostname, path, facts, &mut total, findings));
            }
        }
        if findings.is_sound() {
            filters.refuse_unmatched_tags(&tags, &self.path, findings);
        }
        self.warn_of_lonely(filters, findings);
        candidates
    }

    /// What the structured configuration says of a device, and whether nothing is wrong with it.
    fn facts(&self, hostname: &str, findings: &mut Findings) -> (Option<Facts>, bool) {
        let Some(path) = self.structured.get(hostname) else { return (None, true) };
        let facts = match read_file(path) {
            Ok(bytes) => structured::read(path, &bytes, findings),
            Err(problem) => {
                findings.refuse(problem);
                None
            }
        };
        let sound = facts.is_some();
        (facts, sound)
    }

    /// Warns of files without their counterpart: one of the two is probably left over, or was not rendered.
    fn warn_of_lonely(&self, filters: &Filters, findings: &mut Findings) {
        if self.structured.is_empty() {
            return;
        }
        for (hostname, path) in self.configs.iter().filter(|(hostname, _)| filters.pick_name(hostname)) {
            if !self.structured.contains_key(hostname) {
                let because = "it may be left over from a device that is no longer there";
                let remedy = "remove the file if the device is gone";
                let what = "there is no structured configuration of this device";
                findings.warn(Problem::new(&Place::file(path), what, because, remedy));
            }
        }
        let lonely = self.structured.keys().filter(|hostname| !self.configs.contains_key(*hostname));
        let lonely: Vec<&String> = lonely.filter(|hostname| filters.pick_name(hostname)).collect();
        for hostname in lonely {
            let (facts, sound) = self.facts(hostname, findings);
            let deployed = facts.is_some_and(|facts| facts.deployed && filters.pick_tags(&facts.tags));
            if let (true, true, Some(path)) = (sound, deployed, self.structured.get(hostname)) {
                let what = "there is no configuration of this device";
                let because = format!("{} has no {hostname}.cfg, so it is left out", self.path.display());
                findings.warn(Problem::new(&Place::file(path), what, &because, "render it, or remove the file"));
            }
        }
    }
}

/// The device `hostname` with its configuration; `None` where something is wrong with it, which is noted, or nothing is
/// wanted of it.
fn candidate(
    hostname: &str,
    path: &Path,
    facts: Option<Facts>,
    total: &mut u64,
    findings: &mut Findings,
) -> Option<Candidate> {
    let place = Place::file(path);
    let manifest = facts.as_ref().is_some_and(|facts| facts.manifest);
    let config = if manifest {
        let because = "cv_use_static_config_manifest is set, and noctui deploys no manifests";
        let remedy = "deploy the manifest with AVD, or take the setting back";
        findings.warn(Problem::new(&place, "the configuration is left out", because, remedy));
        None
    } else {
        let read = read_file(path).and_then(|bytes| {
            *total += bytes.len() as u64;
            check::config(&bytes).map_err(|fault| fault.at(&place))
        });
        let config = read.map_err(|problem| findings.refuse(problem)).ok()?;
        if *total > LARGEST_TOTAL {
            let what = format!("the configurations up to this one have more than {} MiB", LARGEST_TOTAL >> 20);
            findings.refuse(Problem::new(&place, &what, "one deployment holds no more", "choose fewer devices"));
            return None;
        }
        Some(config)
    };
    let (serial, mac, tags, identity) = match facts {
        Some(facts) => (facts.serial, facts.mac, facts.tags, facts.identity),
        None => (None, None, Vec::new(), place),
    };
    let origin = Origin::File(path.to_owned());
    let wanted = Wanted { hostname: hostname.to_owned(), serial, mac, config, tags, origin };
    (wanted.config.is_some() || !wanted.tags.is_empty()).then_some(Candidate { wanted, identity })
}

/// The files in `dir` with one of these extensions, by the rest of their name. `None` where the folder cannot be read.
fn by_hostname(dir: &Path, extensions: &[&str], findings: &mut Findings) -> Option<BTreeMap<String, PathBuf>> {
    let names = match names(dir, extensions) {
        Ok(names) => names,
        Err(error) => {
            findings.refuse(Problem::unreadable(dir, &error));
            return None;
        }
    };
    let mut files: BTreeMap<String, PathBuf> = BTreeMap::new();
    let mut folded: BTreeMap<String, String> = BTreeMap::new();
    for name in names {
        let path = dir.join(&name);
        let Some(hostname) = path.file_stem().and_then(OsStr::to_str).filter(|stem| check::is_hostname(stem)) else {
            let because = "the name of the file is that of the device: letters, digits, dots, dashes and underscores";
            findings.refuse(Problem::new(
                &Place::file(&path),
                "this is no host name",
                because,
                "rename or move the file",
            ));
            continue;
        };
        if hostname == "ansible" && extensions.contains(&"cfg") {
            let because = "ansible.cfg is Ansible's own configuration";
            findings.warn(Problem::new(&Place::file(&path), "the file is left out", because, "move it elsewhere"));
            continue;
        }
        if let Some(other) = folded.insert(hostname.to_ascii_lowercase(), name.clone()) {
            let what = format!("{other} is of the same device");
            let because = "host names are the same in upper and lower case, and each has one file";
            findings.refuse(Problem::new(&Place::file(&path), &what, because, "remove the one that is wrong"));
            continue;
        }
        files.insert(hostname.to_owned(), path.clone());
    }
    if files.len() > MOST_DEVICES {
        let what = format!("there are more than {MOST_DEVICES} files");
        findings.refuse(Problem::new(
            &Place::file(dir),
            &what,
            "no CloudVision has as many devices",
            "name another folder",
        ));
        return None;
    }
    Some(files)
}

/// The names of the files in `dir` with one of these extensions, sorted. Hidden files are left out: editors keep theirs
/// under such names.
fn names(dir: &Path, extensions: &[&str]) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        let extension = Path::new(&name).extension().and_then(OsStr::to_str);
        if extension.is_some_and(|extension| extensions.contains(&extension))
            && !name.as_encoded_bytes().starts_with(b".")
        {
            names.push(name.to_string_lossy().into_owned());
        }
        // One more than is accepted is as good as any number more.
        if names.len() > MOST_DEVICES {
            break;
        }
    }
    names.sort();
    Ok(names)
}

/// The bytes of a file that may not be one: a pipe would be waited for, and a link to itself is found out here.
fn read_file(path: &Path) -> Result<Vec<u8>, Problem> {
    let unreadable = |error: io::Error| Problem::unreadable(path, &error);
    let about = fs::metadata(path).map_err(unreadable)?;
    if !about.is_file() {
        let remedy = "remove it, or put the file in its place";
        return Err(Problem::new(&Place::file(path), "this is not a file", "a folder or device has that name", remedy));
    }
    let mut bytes = Vec::new();
    let mut file = File::open(path).map_err(unreadable)?.take(LARGEST_FILE + 1);
    file.read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST_FILE {
        let what = format!("the file is larger than {} MiB", LARGEST_FILE >> 20);
        let remedy = "remove it if it is no configuration";
        return Err(Problem::new(&Place::file(path), &what, "CloudVision would not take it", remedy));
    }
    Ok(bytes)
}
