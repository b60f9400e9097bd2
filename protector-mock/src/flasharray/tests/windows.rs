use super::*;

#[test]
fn an_ordered_refusal_is_used_up() {
    let Bed { a, .. } = &Bed::new();
    a.window("POST", "/_refuse?what=POST+volumes&times=1&message=No+space.", Value::Null);
    a.refuses("No space.", "POST", "volumes?names=v1", json!({"provisioned": GIB}));
    a.volume("v1");
    a.window("POST", "/_refuse?what=GET+volumes&query=names", Value::Null);
    a.refuses("Refused", "GET", "volumes?names=v1", Value::Null);
    a.get("volumes");
    a.window("POST", "/_refuse?what=", Value::Null);
    a.get("volumes?names=v1");
}

#[test]
fn sessions_end_when_they_are_told_to_or_idle() {
    let bed = Bed::new();
    bed.a.window("POST", "/_expire", Value::Null);
    assert_eq!(bed.a.ask("GET", "volumes", None).0, 401);
    bed.a.log_in();
    for _ in 0..3 {
        bed.pass(1000.0);
        assert_eq!(bed.a.ask("GET", "volumes", None).0, 200);
    }
    bed.pass(2000.0);
    assert_eq!(bed.a.ask("GET", "volumes", None).0, 401);
    let wrong = bed.a.send("POST", "/api/2.36/login", None, &[("api-token", "guessed")]);
    assert_eq!(wrong.status(), 401);
}

#[test]
fn sessions_are_counted_until_they_are_ended() {
    let Bed { a, .. } = &Bed::new();
    let open = || a.window("GET", "/_sessions", Value::Null)["sessions"].as_u64().unwrap();
    let before = open();
    let first = a.session.borrow().clone();
    a.log_in();
    assert_eq!(open(), before + 1);
    a.post("logout", Value::Null);
    assert_eq!(open(), before);
    assert_eq!(a.ask("GET", "volumes", None).0, 401);
    *a.session.borrow_mut() = first;
    assert_eq!(a.ask("GET", "volumes", None).0, 200);
}

#[test]
fn requests_are_recorded_without_tokens() {
    let Bed { a, .. } = &Bed::new();
    a.window("POST", "/_mark?label=here", Value::Null);
    a.volume("v1");
    let told = a.window("GET", "/_requests?since=0", Value::Null);
    let requests = told["requests"].as_array().unwrap();
    let [.., mark, last] = requests.as_slice() else { panic!("{told}") };
    assert_eq!(
        (&last["method"], &last["path"], &last["status"]),
        (&json!("POST"), &json!("/api/2.36/volumes"), &json!(200))
    );
    assert_eq!(mark["mark"], "here");
    let session = a.session.borrow().clone();
    for secret in ["token-of-array-a", &session] {
        assert!(!told.to_string().contains(secret));
    }
    let since = format!("/_requests?since={}", last["seq"]);
    assert_eq!(a.window("GET", &since, Value::Null)["requests"], json!([]));
}

#[test]
fn the_state_shows_content_and_references_by_name() {
    let bed = Bed::new();
    bed.replicated_group("g", "v1");
    bed.a.write("v1", &json!({"0": "x"}));
    let state = bed.a.window("GET", "/_state", Value::Null);
    assert_eq!(state["volumes"]["v1"]["extents"], json!({"0": "x"}));
    assert_eq!(state["protection_groups"]["g"]["volumes"], json!(["v1"]));
    assert_eq!(state["protection_groups"]["g"]["targets"], json!({"array-b": true}));
}

#[test]
fn content_beyond_the_volume_is_refused_and_random_content_is_told() {
    let Bed { a, .. } = &Bed::new();
    a.volume("v1");
    let beyond = a.send("POST", "/_write?volume=v1", Some(json!({"extents": {"1024": "x"}})), &[]);
    assert_eq!(beyond.status(), 400);
    let done = a.window("POST", "/_write?volume=v1", Value::Null);
    assert_eq!(done["written"], a.content("v1"));
}

#[test]
fn an_unknown_setting_is_refused() {
    let Bed { a, .. } = &Bed::new();
    assert_eq!(a.send("POST", "/_settings", Some(json!({"speed": 1})), &[]).status(), 400);
}

#[test]
fn a_hanging_array_gives_no_answer_of_its_own() {
    let Bed { a, .. } = &Bed::new();
    a.window("POST", "/_fail?on=1&mode=hang", Value::Null);
    let answer = a.send("GET", "/api/api_version", None, &[]);
    assert_eq!(answer.extensions().get(), Some(&PlaysDead(Failure::Hang)));
    a.window("POST", "/_fail?on=0", Value::Null);
    assert_eq!(a.ask("GET", "volumes", None).0, 200);
}

#[test]
fn bytes_are_read_where_they_were_written_and_of_a_snapshot_as_they_were_then() {
    let Bed { a, .. } = &Bed::new();
    a.volume("v1");
    let offset = (1 << 20) - 3;
    let write = |bytes: &'static [u8]| {
        let path = format!("/_bytes?volume=v1&offset={offset}");
        assert_eq!(a.send_bytes("POST", &path, bytes).status(), 200);
    };
    write(b"before");
    a.post("volume-snapshots?source_names=v1", json!({"suffix": "s"}));
    write(b"af\0ter");
    let read = |what: &str| {
        let path = format!("/_bytes?{what}&offset={}&length=8", offset - 1);
        a.send_bytes("GET", &path, b"").body().to_vec()
    };
    assert_eq!(read("snapshot=v1.s"), b"\0before\0");
    assert_eq!(read("volume=v1"), b"\0af\0ter\0");
    for (method, path) in [
        ("GET", "/_bytes?volume=v1&offset=1073741820&length=5"),
        ("GET", "/_bytes?volume=v1"),
        ("GET", "/_bytes"),
        ("GET", "/_bytes?volume=v2&length=1"),
        ("POST", "/_bytes?volume=v1&offset=1073741822"),
    ] {
        assert_eq!(a.send_bytes(method, path, b"xyz").status(), 400, "{method} {path}");
    }
}
