//! The log of calls, and how long the server takes for things.

use std::time::Instant;

use super::*;
use crate::features::cloudvision::sim::Pace;

#[tokio::test]
async fn the_log_has_every_call_with_its_sizes() {
    let desk = Desk::of(2).await;
    desk.workspace("ws").await;
    let mut client = ConfigletConfigServiceClient::new(desk.channel.clone());
    desk.sim.calls().clear();
    let request = ConfigletConfigSetSomeRequest { values: vec![configlet("ws", "a", "body\n")] };
    let size = prost::Message::encoded_len(&request);
    collect(client.set_some(request).await.unwrap().into_inner()).await;
    let _watching = desk.follow("ws").await;
    let all = desk.sim.calls().all();
    assert_eq!(all.len(), 2);
    assert_eq!(all[0].method, "/arista.configlet.v1.ConfigletConfigService/SetSome");
    assert_eq!((all[0].request_bytes, all[0].messages, all[0].response_bytes), (size, 0, 0));
    assert!(all[0].ended.is_some() && all[1].ended.is_none(), "{all:?}");
    assert_eq!(desk.sim.calls().count("Service/Subscribe"), 1);
    assert_eq!(desk.sim.calls().dependent_steps(), 1);
}

#[tokio::test]
async fn calls_and_steps_take_the_time_that_they_were_given() {
    let desk = Desk::of(1).await;
    let ms = Duration::from_millis;
    desk.sim.set_latency(ms(20));
    desk.sim.set_pace(Pace { create: ms(40), build: ms(120), submit: ms(80), ..Pace::default() });
    let begun = Instant::now();
    desk.workspace("ws").await;
    // At least: the machine may be busy.
    assert!(begun.elapsed() >= ms(20 + 40), "{:?}", begun.elapsed());
    let begun = Instant::now();
    desk.ask("ws", Wanted::StartBuild).await;
    assert!(begun.elapsed() >= ms(20 + 120), "{:?}", begun.elapsed());
    let begun = Instant::now();
    desk.ask("ws", Wanted::Submit).await;
    assert!(begun.elapsed() >= ms(20 + 80), "{:?}", begun.elapsed());
    let all = desk.sim.calls().all();
    assert!(all.iter().filter_map(|call| call.ended?.checked_sub(call.begun)).all(|took| took >= ms(20)), "{all:?}");
}
