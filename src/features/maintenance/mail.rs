//! stub
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Readable {
    pub headers: Vec<(String, String)>,
    pub lines: Vec<String>,
}
pub fn readable(_raw: &[u8]) -> Readable {
    Readable::default()
}
