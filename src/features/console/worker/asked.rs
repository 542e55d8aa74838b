//! What the worker behind the consoles is asked, on its way there: keys that come together go together, and wait where the worker
//! has no room. What is typed is lost from its end, as bytes are that wait for a line (`unsent`); what opens and closes consoles
//! waits among it, joins nothing, and is counted by itself.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use super::{Request, Touch};
use crate::trouble::Trouble;

/// Requests that wait.
const MOST: usize = 64;
/// Bytes and touches of one of them.
const LARGEST: usize = 16 << 10;

/// Requests in their order.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    waiting: VecDeque<Request>,
    /// Whether the worker had no room for the first of them.
    is_held: bool,
    /// Whether something was lost, and what came before it waits still.
    is_lost: bool,
}

/// Whether it is something typed at a machine, or done there with the mouse.
pub(crate) fn is_typed(request: &Request) -> bool {
    matches!(request, Request::Type { .. } | Request::Touch { .. })
}

/// What is said where something typed is lost. What was typed before it arrives.
pub(crate) fn lost() -> Trouble {
    Trouble::new("the console takes no more at present: what was typed last is lost")
        .to_do("look at what arrived before you type the rest")
}

impl Asked {
    /// Takes a request; false where it is lost, since too many wait. Then whatever is typed behind it is lost as well until none
    /// waits: nothing is missing in the middle of a line.
    pub(crate) fn add(&mut self, request: Request) -> bool {
        self.is_lost &= !self.waiting.is_empty();
        if self.is_lost && is_typed(&request) {
            return false;
        }
        let rest = match self.waiting.back_mut() {
            Some(last) => join(last, request),
            None => Some(request),
        };
        match rest {
            None => true,
            Some(_) if self.waiting.len() >= MOST => {
                self.is_lost = true;
                false
            }
            Some(request) => {
                self.waiting.push_back(request);
                true
            }
        }
    }

    /// Hands on what waits, as far as it is taken.
    pub(crate) fn hand_on(&mut self, mut offer: impl FnMut(Request) -> Result<(), Request>) {
        self.is_held = false;
        while let Some(request) = self.waiting.pop_front() {
            if let Err(request) = offer(request) {
                self.waiting.push_front(request);
                self.is_held = true;
                return;
            }
        }
    }

    /// Whether the worker had no room.
    pub(crate) fn is_held(&self) -> bool {
        self.is_held
    }
}

/// Makes one request of two, where they can be one; otherwise the second comes back.
fn join(last: &mut Request, next: Request) -> Option<Request> {
    match (last, next) {
        (Request::Type { id, bytes }, Request::Type { id: same, bytes: more })
            if *id == same && bytes.len() + more.len() <= LARGEST =>
        {
            let mut joined = BytesMut::from(std::mem::replace(bytes, Bytes::new()));
            joined.extend_from_slice(&more);
            *bytes = joined.freeze();
            None
        }
        (Request::Touch { id, touches }, Request::Touch { id: same, touches: more })
            if *id == same && touches.len() + more.len() <= LARGEST =>
        {
            for touch in more {
                match (touches.last_mut(), touch) {
                    // Where the pointer was in between nobody needs to know.
                    (Some(Touch::Pointer { buttons, x, y }), Touch::Pointer { buttons: held, x: to_x, y: to_y })
                        if *buttons == held =>
                    {
                        (*x, *y) = (to_x, to_y);
                    }
                    (_, touch) => touches.push(touch),
                }
            }
            None
        }
        (Request::Seen { id, is_looked_at }, Request::Seen { id: same, is_looked_at: now }) if *id == same => {
            *is_looked_at = now;
            None
        }
        (_, next) => Some(next),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(c: char) -> Request {
        Request::touch(1, Touch::Chord(vec![u32::from(c)]))
    }

    #[test]
    fn keys_that_come_together_are_one_request() {
        let mut asked = Asked::default();
        assert!("show version".chars().all(|c| asked.add(key(c))));
        assert!(asked.add(Request::Type { id: 2, bytes: "ab".into() }));
        assert!(asked.add(Request::Type { id: 2, bytes: "c".into() }));
        let pointer = |x| Request::touch(1, Touch::Pointer { buttons: 1, x, y: 5 });
        assert!((0..100).all(|x| asked.add(pointer(x))));
        let mut taken = Vec::new();
        asked.hand_on(|request| {
            taken.push(request);
            Ok(())
        });
        assert!(matches!(&taken[0], Request::Touch { touches, .. } if touches.len() == 12), "{taken:?}");
        assert_eq!(taken[1..], [Request::Type { id: 2, bytes: "abc".into() }, pointer(99)]);
    }

    #[test]
    fn what_the_worker_has_no_room_for_waits_in_its_order_and_what_is_lost_is_the_end_of_it() {
        let mut asked = Asked::default();
        let line = |number: u64| Request::Type { id: number % 2, bytes: vec![0; LARGEST].into() };
        let added = (0..MOST as u64 + 9).take_while(|number| asked.add(line(*number))).count();
        assert_eq!(added, MOST);
        asked.hand_on(Err);
        assert!(asked.is_held());
        // One more fits, and would stand behind a gap.
        let mut room = 1;
        asked.hand_on(|request| {
            room -= 1;
            if room < 0 { Err(request) } else { Ok(()) }
        });
        assert!(!asked.add(key('x')) && asked.is_held());
        asked.hand_on(|_| Ok(()));
        assert!(asked.add(key('x')) && !asked.is_held());
    }
}
