//! What `--confirm NAME` has to say before a subcommand does what cannot be taken back: the name of what is meant once more.

use crate::trouble::Trouble;

/// What is about to be done, and to what.
pub(crate) struct Meant<'a> {
    /// What kind of thing it is, as `machine`.
    pub(crate) kind: &'static str,
    /// Its name, which is to be said again.
    pub(crate) name: &'a str,
    /// Why it has to be, as `leaf1 belongs to production`; `None` where it need not.
    pub(crate) because: Option<String>,
    /// How to look at it first, as `noctui console list`.
    pub(crate) look: &'static str,
}

impl Meant<'_> {
    /// Refuses where another name was said, and where the name had to be said and was not.
    pub(crate) fn confirmed_by(&self, said: Option<&str>) -> Result<(), Trouble> {
        let Self { kind, name, .. } = self;
        match (said, &self.because) {
            (Some(other), _) if other != *name => {
                let what = format!("--confirm names {other}, and the {kind} is {name}: nothing is done");
                Err(Trouble::new(&what).to_do(&format!("name the {kind} that is meant, twice")))
            }
            (None, Some(because)) => {
                let remedy = format!("look first with {}, then add --confirm {name}", self.look);
                Err(Trouble::new(&format!("{because}: nothing is done unasked")).to_do(&remedy))
            }
            (Some(_), _) | (None, None) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_name_is_refused_always_and_none_where_one_is_wanted() {
        let judged = |because: Option<&str>, said| {
            let because = because.map(str::to_owned);
            let meant = Meant { kind: "machine", name: "leaf1", because, look: "noctui console list" };
            meant.confirmed_by(said).map_err(|trouble| trouble.one_line())
        };
        let wanted = Some("leaf1 belongs to production");
        assert!(
            judged(None, None).is_ok() && judged(None, Some("leaf1")).is_ok() && judged(wanted, Some("leaf1")).is_ok()
        );
        let other =
            "--confirm names leaf2, and the machine is leaf1: nothing is done; name the machine that is meant, twice";
        assert_eq!(
            [judged(None, Some("leaf2")), judged(wanted, Some("leaf2"))],
            [(); 2].map(|()| Err(other.to_owned()))
        );
        let none = "leaf1 belongs to production: nothing is done unasked; look first with noctui console list, then add \
                    --confirm leaf1";
        assert_eq!(judged(wanted, None), Err(none.to_owned()));
    }
}
