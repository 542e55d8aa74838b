//! What Nautobot has, as it was last seen, and what is to be written to it. Plain functions over a connection.
//!
//! | file | what |
//! |---|---|
//! | `schema_1.sql` and further | the tables |
//! | `setting` | which Nautobot it is, how far it was read, and which process reads it |
//! | `mirror` | objects as they come, into the tables |
//! | `inventory` | its providers and circuits, and what they are called here |
//! | `content` | what a maintenance says, here and there, to be compared |
//! | `meaning` | which of its circuits an id in a maintenance means |
//! | `lines` | what was agreed of each field, and what follows from it |
//! | `layer` | what Nautobot says, laid over what mails say |
//! | `reconcile` | from the mirror into the maintenances, and what is left different |
//! | `outbox` | what is to be written there |
//! | `journal` | what was sent and not heard of yet |
//! | `standing` | what is told of one maintenance |
//! | `whose` | mails of which it was not asked yet whose they are by what Nautobot says now |

pub mod content;
pub mod inventory;
pub mod journal;
pub mod layer;
pub mod lines;
pub mod meaning;
pub mod mirror;
pub mod outbox;
pub mod reconcile;
pub mod setting;
pub mod standing;
pub mod whose;

/// The tables.
pub const SCHEMA_1: &str = include_str!("schema_1.sql");

/// How far the log of changes was read.
pub const SCHEMA_2: &str = include_str!("schema_2.sql");

/// What does not show any more.
pub const SCHEMA_3: &str = include_str!("schema_3.sql");

/// Which entries lack a record to be written to.
pub const SCHEMA_4: &str = include_str!("schema_4.sql");

/// What circuits meant, notes that went with their record, and how far the log of changes was read.
pub const SCHEMA_5: &str = include_str!("schema_5.sql");

/// Up to when it was asked whose a mail is, and records whose mails speak of another maintenance by now.
pub const SCHEMA_6: &str = include_str!("schema_6.sql");

/// What was agreed with records of another Nautobot than the configured one.
pub const SCHEMA_7: &str = include_str!("schema_7.sql");

/// What was agreed under each URL when it was left.
pub const SCHEMA_8: &str = include_str!("schema_8.sql");
