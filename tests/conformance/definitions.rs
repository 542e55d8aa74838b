//! What `.proto` files define, in a form that can be compared and written as JSON.

use std::collections::BTreeMap;

use prost_types::{DescriptorProto, EnumDescriptorProto, FileDescriptorSet, ServiceDescriptorProto};
use serde::Deserialize;

/// Definitions by their full names.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Definitions {
    /// Of every protobuf package.
    pub(crate) syntax: BTreeMap<String, String>,
    /// Fields by name.
    pub(crate) messages: BTreeMap<String, BTreeMap<String, Field>>,
    /// Numbers by name.
    pub(crate) enums: BTreeMap<String, BTreeMap<String, i32>>,
    /// Methods by name.
    pub(crate) services: BTreeMap<String, BTreeMap<String, Method>>,
}

/// A field of a message. Types and labels are numbers of `google/protobuf/descriptor.proto`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Field {
    pub(crate) number: i32,
    pub(crate) r#type: i32,
    /// Of a message or an enum; empty for scalars.
    pub(crate) type_name: String,
    pub(crate) label: i32,
    /// Whether it is one of several alternatives, or an optional scalar.
    pub(crate) oneof: bool,
}

/// A method of a service.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Method {
    pub(crate) input: String,
    pub(crate) output: String,
    pub(crate) client_streaming: bool,
    pub(crate) server_streaming: bool,
}

impl Definitions {
    /// The protobuf packages that anything is defined in.
    pub(crate) fn packages(&self) -> Vec<String> {
        self.syntax.keys().cloned().collect()
    }

    /// How much it is, in words.
    pub(crate) fn extent(&self) -> String {
        let fields: usize = self.messages.values().map(BTreeMap::len).sum();
        let values: usize = self.enums.values().map(BTreeMap::len).sum();
        let methods: usize = self.services.values().map(BTreeMap::len).sum();
        let (messages, enums, services) = (self.messages.len(), self.enums.len(), self.services.len());
        format!(
            "{messages} messages with {fields} fields, {enums} enums with {values} values, {services} services with \
             {methods} methods"
        )
    }

    /// Adds a message and what is defined within it.
    fn add_message(&mut self, prefix: &str, message: DescriptorProto) {
        let name = format!("{prefix}.{}", message.name());
        let fields = message.field.iter().map(|field| {
            let defined = Field {
                number: field.number(),
                r#type: field.r#type.unwrap(),
                type_name: full(field.type_name()),
                label: field.label.unwrap(),
                oneof: field.oneof_index.is_some(),
            };
            (field.name().to_owned(), defined)
        });
        self.messages.insert(name.clone(), fields.collect());
        message.nested_type.into_iter().for_each(|nested| self.add_message(&name, nested));
        message.enum_type.into_iter().for_each(|nested| self.add_enum(&name, &nested));
    }

    /// Adds an enum.
    fn add_enum(&mut self, prefix: &str, defined: &EnumDescriptorProto) {
        let values = defined.value.iter().map(|value| (value.name().to_owned(), value.number()));
        self.enums.insert(format!("{prefix}.{}", defined.name()), values.collect());
    }

    /// Adds a service.
    fn add_service(&mut self, prefix: &str, service: &ServiceDescriptorProto) {
        let methods = service.method.iter().map(|method| {
            let defined = Method {
                input: full(method.input_type()),
                output: full(method.output_type()),
                client_streaming: method.client_streaming(),
                server_streaming: method.server_streaming(),
            };
            (method.name().to_owned(), defined)
        });
        self.services.insert(format!("{prefix}.{}", service.name()), methods.collect());
    }
}

/// A name as a descriptor has it, without the dot that says that it is a full one.
fn full(name: &str) -> String {
    name.trim_start_matches('.').to_owned()
}

impl From<FileDescriptorSet> for Definitions {
    fn from(set: FileDescriptorSet) -> Self {
        let mut found = Self::default();
        for file in set.file.into_iter().filter(|file| !file.package().starts_with("google.")) {
            let package = file.package().to_owned();
            found.syntax.insert(package.clone(), file.syntax().to_owned());
            file.enum_type.iter().for_each(|defined| found.add_enum(&package, defined));
            file.service.iter().for_each(|service| found.add_service(&package, service));
            file.message_type.into_iter().for_each(|message| found.add_message(&package, message));
        }
        found
    }
}
