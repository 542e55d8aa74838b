//! What builds found: errors and warnings of validation, of studios' inputs and templates, and of software images.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{line, said};
use crate::features::cloudvision::model::{BuildId, BuildReport, BuildState, DeviceBuild, DeviceId, Fault, LineCounts};
use crate::features::cloudvision::pb::configstatus::{ConfigError, ConfigErrors, ConfigSummary, ConfigSyncCode};
use crate::features::cloudvision::pb::imagestatus;
use crate::features::cloudvision::pb::workspace as pb;

/// Puts together what a build found. `names` are the hostnames of the devices that this deployment asked for.
pub(crate) fn report(
    id: Option<BuildId>,
    build: Option<pb::WorkspaceBuild>,
    details: Vec<pb::WorkspaceBuildDetails>,
    names: &BTreeMap<DeviceId, String>,
) -> BuildReport {
    let build = build.unwrap_or_default();
    let mut errors: Vec<Fault> = said(build.error.clone()).map(|message| plain(message, None)).into_iter().collect();
    if let Some(studios) = build.studio_build_details.clone() {
        errors.extend(of_inputs(studios.input_validation_results));
    }
    if let Some(authz) = &build.authz_result {
        let may = |denied: Option<bool>, what: &str| {
            denied.unwrap_or_default().then(|| plain(format!("the account may not change {what}"), None))
        };
        errors.extend(may(authz.has_unauthorized_tag_change, "these tags"));
        errors.extend(may(authz.has_unauthorized_device_change, "these devices"));
        errors.extend(said(authz.error.clone()).map(|message| plain(message, None)));
    }
    let mut devices: Vec<DeviceBuild> = details.into_iter().filter_map(|details| device(details, names)).collect();
    devices.sort_by(|one, other| {
        let key = |device: &DeviceBuild| (Reverse(device.errors.len().min(1)), Reverse(device.warnings.len().min(1)));
        key(one).cmp(&key(other)).then_with(|| one.hostname.cmp(&other.hostname))
    });
    BuildReport { build: id, state: state(build.state), errors, devices }
}

/// How a build stands.
fn state(number: i32) -> BuildState {
    match pb::BuildState::try_from(number) {
        Ok(pb::BuildState::Unspecified) => BuildState::Unspecified,
        Ok(pb::BuildState::InProgress) => BuildState::InProgress,
        Ok(pb::BuildState::Canceled) => BuildState::Canceled,
        Ok(pb::BuildState::Success) => BuildState::Success,
        Ok(pb::BuildState::Fail) => BuildState::Fail,
        Ok(pb::BuildState::Skipped) => BuildState::Skipped,
        Err(_) => BuildState::Unknown(number),
    }
}

/// What was found in one device.
fn device(details: pb::WorkspaceBuildDetails, names: &BTreeMap<DeviceId, String>) -> Option<DeviceBuild> {
    let skipped = if details.config_sync_result.is_some() { None } else { skip_cause(&details) };
    let complies = details.config_sync_skip_cause() == pb::ConfigSyncSkipCause::InCompliance;
    let id = DeviceId::new(details.key?.device_id?);
    let config = details.config_validation_result.unwrap_or_default();
    // Of a device that is only brought what is in force already, the comparison stands here.
    let sync = details.config_sync_result.unwrap_or_default();
    let image = details.image_validation_result.unwrap_or_default();
    let mut errors = of_config(config.errors);
    errors.extend(of_config(sync.errors));
    let mut warnings = of_config(config.warnings);
    let (input_errors, input_warnings) = split_inputs(details.input_validation_results);
    errors.extend(input_errors);
    warnings.extend(input_warnings);
    errors.extend(of_templates(details.configlet_build_results));
    errors.extend(said(image.image_input_error).map(|message| plain(message, Some("software image"))));
    errors.extend(of_image_errors(image.errors));
    warnings.extend(of_image_warnings(image.warnings));
    let summary = config.summary.or(sync.summary);
    Some(DeviceBuild {
        hostname: names.get(&id).cloned().unwrap_or_else(|| id.to_string()),
        wanted: names.contains_key(&id),
        device: id,
        state: state(details.state),
        lines: summary.as_ref().map(lines),
        runs_it: summary.as_ref().map(is_in_sync).or(complies.then_some(true)),
        errors,
        warnings,
        skipped,
        diff_path: summary.and_then(|summary| summary.diff_uri).filter(|path| path.starts_with('/')),
    })
}

/// Why nothing was validated.
fn skip_cause(details: &pb::WorkspaceBuildDetails) -> Option<String> {
    use pb::ConfigValidationSkipCause as Cause;
    let words = match Cause::try_from(details.config_validation_skip_cause) {
        Ok(Cause::Unspecified) => return None,
        Ok(Cause::Inactive) => "not streaming",
        Ok(Cause::PreProvisioned) => "not onboarded yet",
        Ok(Cause::ConfigUnchanged) => "unchanged",
        Ok(Cause::NoConfigSources) => "no configuration for it",
        Ok(Cause::DeviceDecommissioned) => "decommissioned",
        Ok(Cause::DeviceReplaced) => "replaced",
        Err(_) => return Some(format!("cause {}", details.config_validation_skip_cause)),
    };
    Some(words.to_owned())
}

/// Whether the running configuration is the designed one: as it says, else by the lines that differ.
fn is_in_sync(summary: &ConfigSummary) -> bool {
    match summary.sync() {
        ConfigSyncCode::InSync => true,
        ConfigSyncCode::OutOfSync => false,
        ConfigSyncCode::Unspecified => lines(summary) == LineCounts::default(),
    }
}

/// Lines against the running configuration.
fn lines(summary: &ConfigSummary) -> LineCounts {
    let count = |lines: Option<i32>| lines.and_then(|lines| u32::try_from(lines).ok()).unwrap_or_default();
    LineCounts {
        added: count(summary.added_lines),
        removed: count(summary.deleted_lines),
        changed: count(summary.changed_lines),
    }
}

/// Something without a line.
fn plain(message: String, source: Option<&str>) -> Fault {
    Fault { message, line: None, source: source.map(str::to_owned) }
}

/// Errors or warnings of the validation.
fn of_config(errors: Option<ConfigErrors>) -> Vec<Fault> {
    let fault = |error: ConfigError| Fault {
        message: line(error.error_msg),
        line: error.line_num.and_then(|line| u32::try_from(line).ok()).filter(|line| *line > 0),
        source: said(error.configlet_name),
    };
    errors.unwrap_or_default().values.into_iter().map(fault).collect()
}

/// Errors in inputs.
fn of_inputs(results: Option<pb::InputValidationResults>) -> Vec<Fault> {
    split_inputs(results).0
}

/// Errors and warnings in inputs.
fn split_inputs(results: Option<pb::InputValidationResults>) -> (Vec<Fault>, Vec<Fault>) {
    let (mut errors, mut warnings) = (Vec::new(), Vec::new());
    let results: BTreeMap<_, _> = results.unwrap_or_default().values.into_iter().collect();
    for (studio, result) in results {
        let at = |path: Option<crate::features::cloudvision::pb::fmp::RepeatedString>, message: Option<String>| {
            let path = path.unwrap_or_default().values.join("/");
            let message = line(message);
            plain(
                if path.is_empty() { message } else { line(Some(format!("{path}: {message}"))) },
                Some(&line(Some(studio.clone()))),
            )
        };
        let inputs = [result.input_schema_errors, result.input_value_errors].into_iter().flatten();
        errors.extend(inputs.flat_map(|errors| errors.values).map(|error| at(error.path, error.message)));
        errors.extend(result.other_errors.unwrap_or_default().values.into_iter().map(|error| at(None, Some(error))));
        let hierarchy = result.hierarchy_errors.unwrap_or_default().values;
        errors.extend(hierarchy.into_iter().map(|error| at(None, error.message)));
        let found = result.input_warnings.unwrap_or_default().values;
        warnings.extend(found.into_iter().map(|warning| at(warning.path, warning.message)));
    }
    (errors, warnings)
}

/// Errors of templates.
fn of_templates(results: Option<pb::ConfigletBuildResults>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let results: BTreeMap<_, _> = results.unwrap_or_default().values.into_iter().collect();
    for (studio, result) in results {
        let source = line(Some(studio));
        faults.extend(said(result.other_error).map(|message| plain(message, Some(&source))));
        for error in result.template_errors.unwrap_or_default().values {
            let words = [error.exception, error.exception_msg, error.detail].into_iter().filter_map(said);
            faults.push(Fault {
                message: words.collect::<Vec<_>>().join(": "),
                line: error.line_num,
                source: Some(source.clone()),
            });
        }
        for error in result.input_errors.unwrap_or_default().values {
            faults.push(plain(line(error.message), Some(&source)));
        }
    }
    faults
}

/// Errors of software images.
fn of_image_errors(errors: Option<imagestatus::ImageErrors>) -> Vec<Fault> {
    let errors = errors.unwrap_or_default().values;
    errors.into_iter().map(|error| plain(line(error.error_msg), Some("software image"))).collect()
}

/// Warnings of software images.
fn of_image_warnings(warnings: Option<imagestatus::ImageWarnings>) -> Vec<Fault> {
    let warnings = warnings.unwrap_or_default().values;
    warnings.into_iter().map(|warning| plain(line(warning.warning_msg), Some("software image"))).collect()
}

/// What a stage of a build does, in a few words.
#[must_use]
pub(crate) fn stage(stage: pb::BuildStage) -> &'static str {
    match stage {
        pb::BuildStage::Unspecified => "",
        pb::BuildStage::InputValidation => "checking inputs",
        pb::BuildStage::ConfigletBuild => "putting configurations together",
        pb::BuildStage::ConfigValidation => "checking configurations",
        pb::BuildStage::ImageValidation => "checking images",
    }
}
