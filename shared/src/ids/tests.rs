use super::*;

#[test]
fn a_user_id_has_one_spelling() {
    let id = Ids::random(Clock::system()).user_id();
    let text = id.to_string();
    assert_eq!(text.parse(), Ok(id));
    assert_eq!(text.to_lowercase().parse::<UserId>(), Err(MalformedId));
    assert_eq!("8ZZZZZZZZZZZZZZZZZZZZZZZZZ".parse::<UserId>(), Err(MalformedId));
}

#[test]
fn a_post_id_tells_its_author_and_its_time() {
    let clock = Clock::from_fn(|| Timestamp::from_millis(1_777_887_000_005));
    let ids = Ids::random(clock.clone());
    let id = ids.post_id(ids.user_id());
    assert_eq!(id.to_string().parse(), Ok(id));
    assert_eq!(PostId::of(id.author, &id.number()), Ok(id));
    assert_eq!(id.created_at(), clock.now());
    for bad in ["", "-", &id.number(), &format!("{id}-"), &id.to_string().to_lowercase()] {
        assert_eq!(bad.parse::<PostId>(), Err(MalformedId), "{bad}");
    }
}

#[test]
fn a_session_id_has_one_spelling() {
    let id = SessionId::of_secret(&Secret::from_bytes([7; 32]));
    let text = id.to_string();
    assert_eq!(text.parse(), Ok(id));
    // The last of the 43 characters carries two unused bits, which must be zero.
    let alias = format!("{}{}", &text[..42], if text.ends_with('A') { 'B' } else { 'Z' });
    assert_eq!(alias.parse::<SessionId>(), Err(MalformedId));
}

#[test]
fn a_secret_does_not_show_in_debug_output() {
    assert_eq!(format!("{:?}", Secret::from_bytes([65; 32])), "Secret(…)");
}

#[test]
fn digests_of_different_splits_differ() {
    assert_ne!(digest(&[b"ab", b"c"]), digest(&[b"a", b"bc"]));
}
