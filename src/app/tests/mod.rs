//! The user interface as its users meet it: keys in, screens out, over a real store with the demo's mails in it.

mod desk;
mod keys;
mod marks;
mod mouse;
mod places;
mod screens;
mod suggestion;
mod themes;
mod typing;
mod zones;
