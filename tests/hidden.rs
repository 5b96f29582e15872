//! Lists for somebody to whom many in them are not there.

use std::time::Duration;

use futures_util::future::join_all;

use crate::harness::{Kith, Person};

/// However small the pages are that somebody asks for, those who hide are passed over a hundred at a time:
/// behind thirty of them somebody is found with no more calls than behind one.
#[tokio::test]
async fn those_who_hide_are_passed_over_together() {
    let kith = Kith::start().await;
    let [alice, bob] = [kith.register("alice").await, kith.register("bob").await];
    alice.befriend(&bob).await;
    let post = bob.write("hello", "public").await;
    let names: Vec<_> = (0..31).map(|number| format!("person{number:02}")).collect();
    let mut people = join_all(names.iter().map(|name| kith.register(name))).await;
    // Likers are listed in the order of their ids, friends the newest first: one of them comes last in both.
    people.sort_by(|one, other| other.id.cmp(&one.id));
    for person in &people {
        kith.advance(Duration::from_millis(5));
        person.befriend(&bob).await;
        person.like(&post).await.expect(204);
    }
    let (last, others) = people.split_first().unwrap();
    for other in others {
        other.block(&alice).await;
    }
    for list in [
        format!("/v1/users/{}/friends?", bob.id),
        format!("/v1/posts/{post}/likes?"),
        "/v1/users?query=person&".into(),
    ] {
        let (page, calls) = kith.page_of_one(&alice, &list).await;
        assert_eq!(page, [&*last.id], "{list}");
        // The first page, and all the others: a query and two reads each, and a look at the whole.
        assert!(calls <= 7, "{list}: {calls}");
    }
    // Nothing is left out behind whoever was found.
    let friends = alice.all_ids(&format!("/v1/users/{}/friends", bob.id), 1).await;
    assert_eq!(friends, [&*last.id, &*alice.id]);
}

impl Kith {
    /// Who is on the first page of one, and how many calls it takes to read it.
    async fn page_of_one(&self, viewer: &Person, list: &str) -> (Vec<String>, u32) {
        let (ids, records) = self.watch(viewer.ids(&format!("{list}limit=1"))).await;
        let served = records.iter().find(|record| !record.method.is_empty()).unwrap();
        (ids, served.function.as_ref().unwrap().1.calls)
    }
}
