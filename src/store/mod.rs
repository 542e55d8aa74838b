//! The local cache.
