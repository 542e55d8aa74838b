//! The user interface as its users meet it: keys in, screens out, over a real store with the demo's mails in it.

mod by_hand;
mod cloudvision;
mod console;
mod desk;
mod gateway;
mod help;
mod kept;
mod keys;
mod lab;
mod looks;
mod machines;
mod mails;
mod marks;
mod mouse;
mod nautobot;
mod palette;
mod passwords;
mod places;
mod read_only;
mod screens;
mod sources;
mod suggestion;
mod themes;
mod typing;
mod undo;
mod zones;
