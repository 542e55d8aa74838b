//! What objects there are, which fields they have, and by what they can be asked for: Nautobot 3.1.8 with
//! nautobot-circuit-maintenance 3.1.1.

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A text of so many characters; `blank` says whether it may be empty.
    Text { longest: usize, blank: bool },
    /// A point in time.
    Time,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Yes or no.
    Bool,
    /// A number, or nothing.
    Number,
    /// Another object: the path of its table.
    Link(&'static str),
    /// A map of custom fields.
    Map,
}

/// A field.
#[derive(Debug)]
pub(super) struct Field {
    /// Its name.
    pub(super) name: &'static str,
    /// What it holds.
    pub(super) kind: Kind,
    /// Whether an object cannot be without.
    pub(super) required: bool,
    /// What it is when nobody says; the empty text is nothing.
    pub(super) default: &'static str,
}

/// How a parameter of a list selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filter {
    /// The field is equal.
    Exact,
    /// The same, ignoring case.
    Same,
    /// Contains, ignoring case.
    Contains,
    /// Begins with, ignoring case.
    Begins,
    /// Ends with, ignoring case.
    Ends,
    /// Is none of these.
    Not,
    /// Is that time or later.
    From,
    /// Is later.
    After,
    /// Is that time or earlier.
    Until,
    /// Is earlier.
    Before,
    /// The linked object by id or name.
    Linked,
    /// The key within the custom fields, as a part of the text.
    Custom(&'static str),
    /// The server fails: the filter names a field that the model lacks.
    Broken,
}

/// One kind of object.
#[derive(Debug)]
pub(super) struct Table {
    /// Where it is, under `/api/`.
    pub(super) path: &'static str,
    /// `app.model`.
    pub(super) object_type: &'static str,
    /// As messages call it.
    pub(super) words: &'static str,
    /// As `No X matches the given query.` calls it.
    pub(super) class: &'static str,
    /// The field that `display` and look-ups by name take.
    pub(super) display: &'static str,
    /// The fields.
    pub(super) fields: &'static [Field],
    /// Parameters of lists, beside those that all have.
    pub(super) filters: &'static [(&'static str, &'static str, Filter)],
    /// Whether parameters of lists are looked at, at all.
    pub(super) filtered: bool,
    /// Fields that no two objects share.
    pub(super) unique: &'static [&'static [&'static str]],
    /// Whether it can be written.
    pub(super) writable: bool,
}

const APP: &str = "nautobot_circuit_maintenance.";

/// A text that may be empty.
const fn text(name: &'static str) -> Field {
    Field { name, kind: Kind::Text { longest: 100_000, blank: true }, required: false, default: "" }
}

/// A text that has to be there.
const fn name(name: &'static str, longest: usize) -> Field {
    Field { name, kind: Kind::Text { longest, blank: false }, required: true, default: "" }
}

/// A link.
const fn link(name: &'static str, to: &'static str, required: bool) -> Field {
    Field { name, kind: Kind::Link(to), required, default: "" }
}

/// A time that has to be there.
const fn time(name: &'static str) -> Field {
    Field { name, kind: Kind::Time, required: true, default: "" }
}

/// A choice.
const fn choice(name: &'static str, words: &'static [&'static str], default: &'static str) -> Field {
    Field { name, kind: Kind::Choice(words), required: false, default }
}

/// A number.
const fn number(name: &'static str) -> Field {
    Field { name, kind: Kind::Number, required: false, default: "" }
}

pub(super) const MAINTENANCE: &str = "plugins/circuit-maintenance/maintenance";
pub(super) const IMPACT: &str = "plugins/circuit-maintenance/circuitimpact";
pub(super) const NOTE: &str = "plugins/circuit-maintenance/note";
pub(super) const PROVIDER: &str = "circuits/providers";
pub(super) const CIRCUIT: &str = "circuits/circuits";
pub(super) const CIRCUIT_TYPE: &str = "circuits/circuit-types";
pub(super) const TERMINATION: &str = "circuits/circuit-terminations";
pub(super) const LOCATION: &str = "dcim/locations";
pub(super) const STATUS: &str = "extras/statuses";
pub(super) const CHANGE: &str = "extras/object-changes";

/// The words of a maintenance's status.
pub(super) const STATUSES: &[&str] =
    &["TENTATIVE", "CONFIRMED", "CANCELLED", "IN-PROCESS", "COMPLETED", "RE-SCHEDULED", "UNKNOWN"];
/// The words of an impact.
pub(super) const IMPACTS: &[&str] = &["NO-IMPACT", "REDUCED-REDUNDANCY", "DEGRADED", "OUTAGE"];

/// Filters by name.
const NAMED: &[(&str, &str, Filter)] =
    &[("name", "name", Filter::Exact), ("q", "name", Filter::Contains), ("name__ic", "name", Filter::Contains)];

/// Every table.
pub(super) const TABLES: &[Table] = &[
    Table {
        path: MAINTENANCE,
        object_type: "nautobot_circuit_maintenance.circuitmaintenance",
        words: "circuit maintenance",
        class: "CircuitMaintenance",
        display: "name",
        fields: &[
            name("name", 100),
            time("start_time"),
            time("end_time"),
            text("description"),
            choice("status", STATUSES, "TENTATIVE"),
            Field { name: "ack", kind: Kind::Bool, required: false, default: "" },
        ],
        filters: &[
            ("name", "name", Filter::Exact),
            ("name__n", "name", Filter::Not),
            ("name__ic", "name", Filter::Contains),
            ("name__isw", "name", Filter::Begins),
            ("name__iew", "name", Filter::Ends),
            ("name__ie", "name", Filter::Same),
            ("q", "name", Filter::Contains),
            ("status", "status", Filter::Exact),
            ("status__n", "status", Filter::Not),
            ("ack", "ack", Filter::Exact),
            ("description", "description", Filter::Exact),
            ("description__ic", "description", Filter::Contains),
            ("start_time", "start_time", Filter::From),
            ("end_time", "end_time", Filter::Until),
            ("provider", "provider", Filter::Broken),
            ("circuit", "circuit", Filter::Broken),
        ],
        filtered: true,
        unique: &[&["name"]],
        writable: true,
    },
    Table {
        path: IMPACT,
        object_type: "nautobot_circuit_maintenance.circuitimpact",
        words: "circuit impact",
        class: "CircuitImpact",
        display: "impact",
        fields: &[
            link("maintenance", MAINTENANCE, true),
            link("circuit", CIRCUIT, true),
            choice("impact", IMPACTS, "OUTAGE"),
        ],
        filters: &[
            ("maintenance", "maintenance", Filter::Linked),
            ("impact", "impact", Filter::Exact),
            ("circuit", "circuit", Filter::Broken),
        ],
        filtered: true,
        unique: &[&["maintenance", "circuit"]],
        writable: true,
    },
    Table {
        path: NOTE,
        object_type: "nautobot_circuit_maintenance.note",
        words: "note",
        class: "Note",
        display: "title",
        fields: &[
            link("maintenance", MAINTENANCE, true),
            name("title", 200),
            choice("level", &["INFO", "WARNING"], "INFO"),
            name("comment", 100_000),
        ],
        filters: &[],
        filtered: false,
        unique: &[&["maintenance", "title"]],
        writable: true,
    },
    Table {
        path: PROVIDER,
        object_type: "circuits.provider",
        words: "provider",
        class: "Provider",
        display: "name",
        fields: &[
            name("name", 255),
            number("asn"),
            text("account"),
            text("portal_url"),
            text("noc_contact"),
            text("admin_contact"),
            text("comments"),
            Field { name: "custom_fields", kind: Kind::Map, required: false, default: "" },
        ],
        filters: &[
            ("name", "name", Filter::Exact),
            ("q", "name", Filter::Contains),
            ("cf_emails_circuit_maintenances", "custom_fields", Filter::Custom("emails_circuit_maintenances")),
            ("cf_emails_circuit_maintenances__ic", "custom_fields", Filter::Custom("emails_circuit_maintenances")),
        ],
        filtered: true,
        unique: &[&["name"]],
        writable: true,
    },
    Table {
        path: CIRCUIT,
        object_type: "circuits.circuit",
        words: "circuit",
        class: "Circuit",
        display: "cid",
        fields: &[
            name("cid", 255),
            link("provider", PROVIDER, true),
            link("circuit_type", CIRCUIT_TYPE, true),
            link("status", STATUS, true),
            number("commit_rate"),
            text("description"),
            text("comments"),
        ],
        filters: &[
            ("cid", "cid", Filter::Exact),
            ("cid__ie", "cid", Filter::Same),
            ("cid__ic", "cid", Filter::Contains),
            ("provider", "provider", Filter::Linked),
            ("status", "status", Filter::Linked),
            ("circuit_type", "circuit_type", Filter::Linked),
            ("q", "cid", Filter::Contains),
        ],
        filtered: true,
        unique: &[&["provider", "cid"]],
        writable: true,
    },
    Table {
        path: CIRCUIT_TYPE,
        object_type: "circuits.circuittype",
        words: "circuit type",
        class: "CircuitType",
        display: "name",
        fields: &[name("name", 255), text("description")],
        filters: NAMED,
        filtered: true,
        unique: &[&["name"]],
        writable: true,
    },
    Table {
        path: TERMINATION,
        object_type: "circuits.circuittermination",
        words: "circuit termination",
        class: "CircuitTermination",
        display: "term_side",
        fields: &[
            link("circuit", CIRCUIT, true),
            choice("term_side", &["A", "Z"], "A"),
            link("location", LOCATION, false),
            link("provider_network", "circuits/provider-networks", false),
            number("port_speed"),
            number("upstream_speed"),
            text("xconnect_id"),
            text("pp_info"),
        ],
        filters: &[("circuit", "circuit", Filter::Linked), ("term_side", "term_side", Filter::Exact)],
        filtered: true,
        unique: &[&["circuit", "term_side"]],
        writable: true,
    },
    Table {
        path: LOCATION,
        object_type: "dcim.location",
        words: "location",
        class: "Location",
        display: "name",
        fields: &[name("name", 255), text("description")],
        filters: NAMED,
        filtered: true,
        unique: &[],
        writable: true,
    },
    Table {
        path: STATUS,
        object_type: "extras.status",
        words: "status",
        class: "Status",
        display: "name",
        fields: &[name("name", 255), text("description")],
        filters: NAMED,
        filtered: true,
        unique: &[&["name"]],
        writable: true,
    },
    Table {
        path: CHANGE,
        object_type: "extras.objectchange",
        words: "object change",
        class: "ObjectChange",
        display: "time",
        fields: &[
            time("time"),
            text("user_name"),
            text("action"),
            text("changed_object_type"),
            text("changed_object_id"),
        ],
        filters: &[
            ("changed_object_type", "changed_object_type", Filter::Exact),
            ("changed_object_id", "changed_object_id", Filter::Exact),
            ("action", "action", Filter::Exact),
            ("user_name", "user_name", Filter::Exact),
            ("time__gte", "time", Filter::From),
            ("time__lte", "time", Filter::Until),
        ],
        filtered: true,
        unique: &[],
        writable: false,
    },
    read_only("plugins/circuit-maintenance/rawnotification", "nautobot_circuit_maintenance.rawnotification"),
    read_only("plugins/circuit-maintenance/parsednotification", "nautobot_circuit_maintenance.parsednotification"),
    read_only("plugins/circuit-maintenance/notificationsource", "nautobot_circuit_maintenance.notificationsource"),
];

/// A table of what the app took in, which nobody writes.
const fn read_only(path: &'static str, object_type: &'static str) -> Table {
    Table {
        path,
        object_type,
        words: "notification",
        class: "Notification",
        display: "id",
        fields: &[],
        filters: &[],
        filtered: true,
        unique: &[],
        writable: false,
    }
}

impl Table {
    /// The table at a path under `/api/`, without slashes around it.
    pub(super) fn at(path: &str) -> Option<&'static Self> {
        TABLES.iter().find(|table| table.path == path)
    }

    /// A field by its name.
    pub(super) fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Whether it belongs to the app, whose objects have no notes of the core.
    pub(super) fn is_of_the_app(&self) -> bool {
        self.object_type.starts_with(APP)
    }

    /// Where the objects of the app are that GraphQL and permissions call so.
    pub(super) fn api(&self) -> String {
        format!("/api/{}/", self.path)
    }
}
