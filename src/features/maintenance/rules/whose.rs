//! Whose a mail is that was read, as an inventory knows it by its sender's address.
//!
//! A rule says how a provider's mails are read, and an inventory may have several providers whose mails are read alike: two
//! companies of one group. Their addresses tell them apart. A calendar that any provider may send says in its own words who
//! sends it; the address says it in the inventory's.

use crate::features::maintenance::mail::Mail;
use crate::features::maintenance::model::Verdict;

/// An address that sends for a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// In lower case.
    pub address: String,
    /// The rule that reads the provider's mails; empty where none does.
    pub rule: String,
    /// What the provider's maintenances are filed under.
    pub provider: String,
}

/// The verdict on a mail that `rule` has read, or the rule for calendars of anybody, filed under the provider whose address
/// sent it.
pub(super) fn filed(senders: &[Sender], mail: &Mail, verdict: Verdict, rule: Option<&str>) -> Verdict {
    let known = |address: &String| senders.iter().find(|sender| sender.address.eq_ignore_ascii_case(address));
    let sender = mail.senders.iter().find_map(known);
    match (verdict, sender) {
        (Verdict::Parsed { mut notices, .. }, Some(sender)) if rule.is_none_or(|rule| rule == sender.rule) => {
            for notice in &mut notices {
                notice.provider.clone_from(&sender.provider);
            }
            Verdict::Parsed { provider: sender.provider.clone(), notices }
        }
        (verdict, _) => verdict,
    }
}
