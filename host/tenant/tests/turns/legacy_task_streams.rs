//! Streams that wait for tasks of 2025-11-25: what comes on them, whatever breaks, is killed or ends meanwhile.

use crate::in_session::{OBJECT, frame, last_id, messages, post};
use crate::tasking::{Client, ada, end, has_ended_well, live, question, until_it_asks, world};
use crate::world::World;
use serde_json::{Value, json};
use smcp_capability::turn::{Effect, Performed, Step};
use smcp_ids::limits;

#[test]
fn a_stream_that_waits_is_told_the_question_and_the_end_with_nothing_in_memory_in_between() {
    let (mut world, client) = world();
    let id = client.begin_named(&mut world);
    let told = client.wait(&mut world, 8, &id);
    assert!(messages(&told).is_empty(), "{told}");
    let stream = client.attach(&mut world, &told);
    assert_eq!(world.turns(OBJECT), 0);
    world.evict();
    until_it_asks(&mut world);
    world.evict();
    let asked = question(&world.streams[stream].told, &id);
    world.pass(3_600_000.0);
    client.answer(&mut world, &asked, ada());
    assert_eq!(client.get(&mut world, &id)["status"], "working");
    world.evict();
    live(&mut world, 1.0);
    let stream = &world.streams[stream];
    assert!(stream.ended);
    has_ended_well(&end(&stream.told, 8), &id);
    assert_eq!(messages(&stream.told).len(), 2, "{}", stream.told);
}

#[test]
fn a_stream_that_comes_late_is_asked_at_once_and_each_answer_counts_once() {
    let (mut world, client) = world();
    let id = client.begin_named(&mut world);
    until_it_asks(&mut world);
    let other = Client::new(&mut world, &client.key);
    let first = client.wait(&mut world, 8, &id);
    let second = other.wait(&mut world, 9, &id);
    let (asked, also_asked) = (question(&first, &id), question(&second, &id));
    assert_ne!(asked["id"], also_asked["id"]);
    let streams = [
        client.attach(&mut world, &first),
        other.attach(&mut world, &second),
    ];
    // Another session answers nothing that it was not asked.
    other.answer(&mut world, &asked, ada());
    assert_eq!(client.get(&mut world, &id)["status"], "input_required");
    other.answer(&mut world, &also_asked, ada());
    let bob = json!({"result": {"action": "accept", "content": {"name": "Bob"}}});
    client.answer(&mut world, &asked, bob);
    assert_eq!(world.begun.len(), 1);
    live(&mut world, 1.0);
    for (stream, request) in streams.into_iter().zip([8, 9]) {
        has_ended_well(&end(&world.streams[stream].told, request), &id);
    }
    // Nothing is left of them.
    world.pass(1e6);
    client.begin_named(&mut world);
    assert_eq!(world.items(OBJECT).removed(), 0);
}

#[test]
fn a_stream_that_broke_is_taken_up_again_from_any_event_without_loss_or_repetition() {
    let (mut world, client) = world();
    let id = client.begin_named(&mut world);
    let told = client.wait(&mut world, 8, &id);
    until_it_asks(&mut world);
    // Nobody was there when it asked.
    let stream = client.attach(&mut world, &told);
    let asked = question(&world.streams[stream].told, &id);
    world.streams[stream].ended = true;
    client.answer(&mut world, &asked, ada());
    live(&mut world, 1.0);
    let name = last_id(&told);
    let name = name.split('.').next().unwrap();
    let whole = client.rest(&mut world, &format!("{name}.0"));
    let all = messages(whole.text());
    assert_eq!(all.len(), 2, "{}", whole.text());
    for seen in 0..2 {
        let rest = client.rest(&mut world, &format!("{name}.{seen}"));
        assert_eq!(messages(rest.text()), all[seen..], "after {seen}");
        has_ended_well(&end(rest.text(), 8), &id);
    }
    assert_eq!(client.rest(&mut world, &format!("{name}.2")).status(), 405);
}

/// The turn of the task is killed after each effect in turn; whatever that loses, its alarm brings.
#[test]
fn a_kill_at_any_place_costs_no_stream_its_question_or_its_end() {
    for place in 0.. {
        let (mut world, client) = world();
        let id = client.begin_named(&mut world);
        let told = client.wait(&mut world, 8, &id);
        let stream = client.attach(&mut world, &told);
        world.run_begun(OBJECT);
        world.pass(10_001.0);
        world.ring(OBJECT);
        let asks_whole = runs_until(&mut world, place);
        world.evict();
        for _ in 0..3 {
            live(&mut world, 1e5);
        }
        let asked = question(&world.streams[stream].told, &id);
        client.answer(&mut world, &asked, ada());
        let ends_whole = runs_until(&mut world, place);
        world.evict();
        for _ in 0..3 {
            live(&mut world, 1e5);
        }
        let told = &world.streams[stream].told;
        has_ended_well(&end(told, 8), &id);
        // What was told twice was told under the same name.
        let mut all = messages(told);
        all.dedup();
        assert_eq!(all.len(), 2, "{place}: {told}");
        if asks_whole && ends_whole {
            assert!(place > 10, "{place}");
            return;
        }
    }
}

/// Runs what was begun up to an effect, which is performed; whether it came to its end.
fn runs_until(world: &mut World, place: usize) -> bool {
    let path = world.begun.pop().unwrap();
    let frame = world.own_frame(&path);
    let turn = world.begin(OBJECT, frame);
    let (mut answer, mut performed) = (None, 0);
    loop {
        match world.step(OBJECT, turn, answer.take()) {
            Step::Need(effect) => answer = Some(world.perform(OBJECT, effect)),
            Step::Done(_) => return true,
            _ => {}
        }
        performed += 1;
        if performed > place {
            return false;
        }
    }
}

/// The request for the result stops after each effect in turn, and the task ends meanwhile.
#[test]
fn a_task_that_ends_while_a_stream_begins_to_wait_is_not_missed() {
    for place in 0.. {
        let (mut world, client) = world();
        let id = client.begin_named(&mut world);
        until_it_asks(&mut world);
        let told = client.wait(&mut world, 8, &id);
        let asked = question(&told, &id);
        client.answer(&mut world, &asked, ada());
        let body =
            json!({"jsonrpc": "2.0", "id": 9, "method": "tasks/result", "params": {"taskId": id}});
        let frame = frame(&mut world, "POST", &client.key, &client.session, &body);
        let turn = world.begin(OBJECT, frame);
        let (mut answer, mut said, mut performed, mut reply) = (None, String::new(), 0, None);
        while reply.is_none() {
            if performed == place {
                live(&mut world, 1.0);
            }
            performed += 1;
            match world.step(OBJECT, turn, answer.take()) {
                Step::Need(effect) => answer = Some(world.perform(OBJECT, effect)),
                Step::Emit(bytes) => said.push_str(std::str::from_utf8(&bytes).unwrap()),
                Step::Done(done) => reply = Some(Some(done)),
                Step::Listen(_) => reply = Some(None),
                _ => {}
            }
        }
        let was_meanwhile = place < performed;
        live(&mut world, 1.0);
        let response = match reply.flatten() {
            Some(done) if !done.body.is_empty() => {
                said.push_str(std::str::from_utf8(&done.body).unwrap());
                match messages(&said).pop() {
                    Some(response) => response,
                    None => serde_json::from_str(&said).unwrap(),
                }
            }
            _ => end(client.rest(&mut world, &last_id(&said)).text(), 9),
        };
        has_ended_well(&response, &id);
        if !was_meanwhile {
            assert!(place > 5, "{place}");
            return;
        }
    }
}

#[test]
fn a_client_that_takes_no_stream_waits_in_its_turn_and_is_told_to_ask_again() {
    let (mut world, client) = world();
    let id = client.begin_named(&mut world);
    let result = |world: &mut World| {
        let body =
            json!({"jsonrpc": "2.0", "id": 8, "method": "tasks/result", "params": {"taskId": id}});
        let mut frame = frame(world, "POST", &client.key, &client.session, &body);
        for (name, value) in &mut frame.headers {
            if name == "accept" {
                *value = "application/json".to_owned();
            }
        }
        world.begin(OBJECT, frame)
    };
    let turn = result(&mut world);
    let late = world.finish(OBJECT, turn).json();
    assert_eq!(late["error"]["data"]["code"], "task_unfinished", "{late}");
    until_it_asks(&mut world);
    let asked = question(&client.wait(&mut world, 9, &id), &id);
    let turn = result(&mut world);
    let mut answer = None;
    loop {
        match world.step(OBJECT, turn, answer.take()) {
            Step::Need(Effect::Wait(millis)) => {
                assert_eq!(millis, limits::TASK_LOOK_MILLIS);
                break;
            }
            Step::Need(effect) => answer = Some(world.perform(OBJECT, effect)),
            step => panic!("{step:?}"),
        }
    }
    client.answer(&mut world, &asked, ada());
    live(&mut world, 1.0);
    let mut answer = Some(Performed::Done);
    let reply = loop {
        match world.step(OBJECT, turn, answer.take()) {
            Step::Need(effect) => answer = Some(world.perform(OBJECT, effect)),
            Step::Done(reply) => break reply,
            step => panic!("{step:?}"),
        }
    };
    has_ended_well(&serde_json::from_slice(&reply.body).unwrap(), &id);
}

#[test]
fn a_wait_that_is_cancelled_ends_and_its_task_goes_on() {
    let (mut world, client) = world();
    let id = client.begin_named(&mut world);
    let told = client.wait(&mut world, 8, &id);
    let stream = client.attach(&mut world, &told);
    for (request, ended) in [(9, false), (8, true)] {
        let cancel = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": request}});
        let taken = post(&mut world, &client.key, &client.session, &cancel);
        assert_eq!(taken.status(), 202);
        assert_eq!(world.streams[stream].ended, ended);
    }
    until_it_asks(&mut world);
    assert_eq!(client.get(&mut world, &id)["status"], "input_required");
    assert!(messages(&world.streams[stream].told).is_empty());
}

#[test]
fn a_session_that_ends_ends_its_streams_and_no_task() {
    let (mut world, client) = world();
    let id = client.begin_named(&mut world);
    let told = client.wait(&mut world, 8, &id);
    let stream = client.attach(&mut world, &told);
    let ends = frame(
        &mut world,
        "DELETE",
        &client.key,
        &client.session,
        &Value::Null,
    );
    assert_eq!(world.send(OBJECT, ends).status(), 204);
    assert!(world.streams[stream].ended);
    until_it_asks(&mut world);
    // Another session of the same caller goes on with it.
    let other = Client::new(&mut world, &client.key);
    let told = other.wait(&mut world, 3, &id);
    let asked = question(&told, &id);
    other.answer(&mut world, &asked, ada());
    live(&mut world, 1.0);
    has_ended_well(&end(other.rest(&mut world, &last_id(&told)).text(), 3), &id);
}

#[test]
fn more_streams_than_may_wait_let_go_of_the_one_that_has_waited_longest() {
    let (mut world, client) = world();
    let id = client.begin_named(&mut world);
    let mut streams = Vec::new();
    for request in 0..=limits::TASK_STREAMS_MAX as u64 {
        let told = client.wait(&mut world, 100 + request, &id);
        streams.push(client.attach(&mut world, &told));
        world.pass(1.0);
    }
    let ended: Vec<_> = streams
        .iter()
        .map(|&stream| world.streams[stream].ended)
        .collect();
    assert!(ended[0] && !ended[1..].contains(&true), "{ended:?}");
}
