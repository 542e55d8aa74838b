//! Makes the sources that are written by nobody: the list of the provider rules, so that adding a rule is adding a file,
//! and the messages and services of `proto/`.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    println!("cargo:rerun-if-changed=build.rs");
    providers(&root.join("assets/providers"), &out)?;
    protocol(&root.join("proto"), &out)
}

/// Lists the provider rules.
fn providers(folder: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut list = String::from("&[\n");
    for file in files(folder, "toml")? {
        let slug = file.file_stem().and_then(|stem| stem.to_str()).ok_or("a rule file's name is not UTF-8")?;
        writeln!(list, "({slug:?}, include_str!({:?})),", file.display().to_string())?;
    }
    list.push(']');
    fs::write(out.join("providers.rs"), list)?;
    Ok(())
}

/// Compiles the `.proto` files, without protoc, to clients, servers and one set of descriptors.
fn protocol(folder: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={}", folder.display());
    let descriptors = protox::compile(files(&folder.join("arista"), "proto")?, [folder])?;
    fs::write(out.join("cloudvision.descriptors"), prost::Message::encode_to_vec(&descriptors))?;
    tonic_prost_build::configure().emit_rerun_if_changed(false).compile_fds(descriptors)?;
    Ok(())
}

/// The files of a folder that end so, in the order of their names.
fn files(folder: &Path, end: &str) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == end));
    files.sort();
    Ok(files)
}
