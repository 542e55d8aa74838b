//! Something that is asked for and arrives.

use crate::trouble::Trouble;

/// How far it is.
#[derive(Debug, Clone)]
pub(crate) enum Load<T> {
    /// On its way.
    Loading,
    /// There.
    Ready(T),
    /// Not to be had, and why.
    Failed(Trouble),
}

impl<T> From<Result<T, Trouble>> for Load<T> {
    fn from(arrived: Result<T, Trouble>) -> Self {
        match arrived {
            Ok(thing) => Self::Ready(thing),
            Err(trouble) => Self::Failed(trouble),
        }
    }
}
