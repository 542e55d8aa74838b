//! What a build found, as build details report it.

use std::collections::HashMap;

use super::design::Design;
use super::diff::Comparison;
use super::script::{Finding, Found};
use super::state::State;
use crate::features::cloudvision::pb::configstatus::{
    ConfigError, ConfigErrors, ConfigSource, ConfigSourceType, ConfigSources, ErrorCode,
};
use crate::features::cloudvision::pb::fmp::RepeatedString;
use crate::features::cloudvision::pb::imagestatus::{ImageError, ImageErrors};
use crate::features::cloudvision::pb::workspace::{
    BuildStage, ConfigValidationResult, ConfigletBuildResult, ConfigletBuildResults, ImageValidationResult, InputError,
    InputErrors, InputValidationResult, InputValidationResults, StudioBuildDetails, TemplateError, TemplateErrors,
    WorkspaceBuildDetails,
};

/// The stage in which something is found.
pub(super) fn stage(found: &Found) -> BuildStage {
    match found {
        Found::Input { .. } => BuildStage::InputValidation,
        Found::Template { .. } => BuildStage::ConfigletBuild,
        Found::Error { .. } | Found::Warning { .. } => BuildStage::ConfigValidation,
        Found::Image { .. } => BuildStage::ImageValidation,
    }
}

/// The comparison of what runs with what is designed, its lines to be read by HTTP, and the errors and warnings of lines.
pub(super) fn validation(
    state: &mut State,
    (workspace, build, device): (&str, &str, &str),
    design: &Design,
    found: &[Found],
) -> ConfigValidationResult {
    let running = state.running.get(device).cloned().unwrap_or_default();
    let comparison = Comparison::new(&running, &design.text);
    let (errors, warnings) = (lines(found, true), lines(found, false));
    let place = |kind| format!("/api/v1/simulated/{kind}/{workspace}/{build}/{device}");
    let (running_uri, designed_uri, diff_uri) = (place("running"), place("designed"), place("diff"));
    let mut summary = comparison.summary();
    summary.designed_config_errors = i32::try_from(errors.len()).ok();
    summary.designed_config_warnings = i32::try_from(warnings.len()).ok();
    summary.running_config_uri = Some(running_uri.clone());
    summary.designed_config_uri = Some(designed_uri.clone());
    summary.diff_uri = Some(diff_uri.clone());
    state.texts.insert(diff_uri, comparison.json().to_string());
    state.texts.insert(running_uri, running);
    state.texts.insert(designed_uri, design.text.clone());
    let now = state.now();
    summary.running_config_update_time = Some(now);
    summary.designed_config_update_time = Some(now);
    let source =
        |id: &String| ConfigSource { source_type: ConfigSourceType::StudioStatic.into(), source_id: Some(id.clone()) };
    ConfigValidationResult {
        summary: Some(summary),
        errors: (!errors.is_empty()).then_some(ConfigErrors { values: errors }),
        warnings: (!warnings.is_empty()).then_some(ConfigErrors { values: warnings }),
        config_sources: Some(ConfigSources { values: design.configlets.iter().map(source).collect() }),
    }
}

/// The errors of lines, or the warnings.
fn lines(found: &[Found], errors: bool) -> Vec<ConfigError> {
    let line = |found: &Found| {
        let (code, configlet, line, message) = match found {
            Found::Error { configlet, line, message } if errors => (ErrorCode::DeviceError, configlet, line, message),
            Found::Warning { configlet, line, message } if !errors => {
                (ErrorCode::DeviceWarning, configlet, line, message)
            }
            Found::Error { .. }
            | Found::Warning { .. }
            | Found::Input { .. }
            | Found::Template { .. }
            | Found::Image { .. } => return None,
        };
        Some(ConfigError {
            error_code: code.into(),
            error_msg: Some(message.clone()),
            line_num: Some(*line),
            configlet_name: Some(configlet.clone()),
        })
    };
    found.iter().filter_map(line).collect()
}

/// Adds what was found before and after the lines were checked.
pub(super) fn add(details: &mut WorkspaceBuildDetails, found: &[Found]) {
    for found in found {
        match found {
            Found::Input { studio, path, message } => {
                let results = details.input_validation_results.get_or_insert_default();
                add_input(&mut results.values, studio, path, message);
            }
            Found::Template { studio, line, message } => {
                let error = TemplateError {
                    line_num: Some(*line),
                    exception: Some("TemplateRuntimeError".to_owned()),
                    detail: Some(message.clone()),
                    exception_msg: Some(message.clone()),
                };
                let result = ConfigletBuildResult {
                    template_errors: Some(TemplateErrors { values: vec![error] }),
                    ..Default::default()
                };
                let results: &mut ConfigletBuildResults = details.configlet_build_results.get_or_insert_default();
                results.values.insert(studio.clone(), result);
            }
            Found::Image { message } => {
                let error = ImageError { sku: None, error_msg: Some(message.clone()) };
                let errors = ImageErrors { values: vec![error] };
                details.image_validation_result =
                    Some(ImageValidationResult { errors: Some(errors), ..Default::default() });
            }
            Found::Error { .. } | Found::Warning { .. } => {}
        }
    }
}

/// Adds an error of a studio's input.
fn add_input(results: &mut HashMap<String, InputValidationResult>, studio: &str, path: &[String], message: &str) {
    let error = InputError {
        field_id: path.last().cloned(),
        path: Some(RepeatedString { values: path.to_vec() }),
        members: None,
        message: Some(message.to_owned()),
    };
    let result = results.entry(studio.to_owned()).or_default();
    let errors: &mut InputErrors = result.input_value_errors.get_or_insert_default();
    errors.values.push(error);
}

/// What was found in the inputs of studios, for the build as a whole.
pub(super) fn of_studios(findings: &[Finding]) -> Option<StudioBuildDetails> {
    let mut results = InputValidationResults::default();
    for finding in findings {
        if let Found::Input { studio, path, message } = &finding.what {
            add_input(&mut results.values, studio, path, message);
        }
    }
    (!results.values.is_empty()).then_some(StudioBuildDetails { input_validation_results: Some(results) })
}
