use super::*;

#[test]
fn lists_come_in_pages() {
    let Bed { a, .. } = &Bed::new();
    for number in 0..5 {
        a.volume(&format!("v{number}"));
    }
    let first = a.ask("GET", "volumes?limit=2&total_item_count=true", None).1;
    assert_eq!((&first["more_items_remaining"], &first["total_item_count"]), (&json!(true), &json!(5)));
    let (mut page, mut names) = (first, Vec::new());
    loop {
        names.extend(page["items"].as_array().unwrap().iter().map(|item| text(item, "name").to_owned()));
        let Some(token) = page["continuation_token"].as_str() else { break };
        page = a.ask("GET", &format!("volumes?limit=2&continuation_token={token}"), None).1;
    }
    assert_eq!(names, ["v0", "v1", "v2", "v3", "v4"]);
    assert_eq!(page["total_item_count"], Value::Null);
    for sort in ["name-", "-name"] {
        let ordered = a.ask("GET", &format!("volumes?limit=2&sort={sort}"), None).1;
        assert_eq!(
            (&ordered["items"][0]["name"], &ordered["continuation_token"]),
            (&json!("v4"), &Value::Null)
        );
    }
    assert_eq!(a.names("volumes?sort=name&offset=3"), ["v3", "v4"]);
    let count = a.ask("GET", "volumes?limit=0", None).1;
    assert_eq!((&count["items"], &count["total_item_count"]), (&json!([]), &json!(5)));
    a.refuses("Invalid continuation token", "GET", "volumes?continuation_token=x", Value::Null);
}

#[test]
fn a_page_that_is_read_alone_is_the_page_of_the_whole_list() {
    let Bed { a, .. } = &Bed::new();
    for number in 0..4 {
        a.volume(&format!("v{number}"));
    }
    a.post("pods?names=p", json!({}));
    a.post("volumes?names=p::v4", json!({"provisioned": GIB}));
    a.patch("volumes?names=v1", json!({"destroyed": true}));
    a.post("volume-snapshots?source_names=v0,v2", json!({"suffix": "s"}));
    for part in ["", "limit=2", "limit=3&offset=2", "limit=2&continuation_token=at-3", "offset=9", "limit=0"]
    {
        for list in ["volumes", "volume-snapshots"] {
            let ask =
                |more: &str| a.ask("GET", &format!("{list}?{part}&total_item_count=true{more}"), None).1;
            assert_eq!(ask(""), ask("&filter=name!='x'"), "{list}?{part}");
        }
    }
}

#[test]
fn filters_pick_items() {
    let Bed { a, .. } = &Bed::new();
    for number in 0..3 {
        let size = json!({"provisioned": (number + 1) * GIB});
        a.post(&format!("volumes?names=v{number}"), size);
    }
    for (filter, names) in [
        ("name='v1'", vec!["v1"]),
        ("name=('v0','v2')", vec!["v0", "v2"]),
        ("name=(('v0','v2'))", vec!["v0", "v2"]),
        ("provisioned>1073741824 and not(name=\"v2\")", vec!["v1"]),
        ("provisioned=\"1073741824\"", vec!["v0"]),
        ("contains(name,'2') or name='v0'", vec!["v0", "v2"]),
        ("not destroyed", vec!["v0", "v1", "v2"]),
        ("name='v*' and name!='v1'", vec!["v0", "v2"]),
        ("source.name='x'", vec![]),
        ("name='v\\1'", vec!["v1"]),
    ] {
        let encoded = filter.replace('"', "%22").replace('<', "%3C").replace('>', "%3E").replace('\\', "%5C");
        assert_eq!(a.names(&format!("volumes?filter={encoded}")), names, "{filter}");
    }
    for filter in ["and", "name='a' and or", "name=", "name='v", "(name='v'", "name='v1' name='v2'", "and or"]
    {
        a.refuses("Invalid filter", "GET", &format!("volumes?filter={filter}"), Value::Null);
    }
}

#[test]
fn a_comma_in_a_name_is_not_a_separator_and_patterns_pick_several() {
    let Bed { a, .. } = &Bed::new();
    for name in ["one", "two", "other"] {
        a.volume(name);
    }
    assert_eq!(a.names("volumes?names=two,one"), ["two", "one"]);
    assert_eq!(a.names("volumes?names=o*"), ["one", "other"]);
    a.refuses("does not exist", "GET", "volumes?names=one%2Ctwo", Value::Null);
    assert!(a.names("volumes?names=x*").is_empty());
}

#[test]
fn versions_ascend_and_need_no_session() {
    let Bed { a, .. } = &Bed::new();
    let answer = a.send("GET", "/api/api_version", None, &[("x-request-id", "one")]);
    assert_eq!(answer.headers().get("x-request-id").unwrap(), "one");
    let told: Value = serde_json::from_slice(answer.body()).unwrap();
    let versions = told["version"].as_array().unwrap();
    assert_eq!((versions.first().unwrap(), versions.last().unwrap()), (&json!("2.0"), &json!("2.36")));
    assert!(!versions.contains(&json!("2.12")) && versions.contains(&json!("2.9")));
}

#[test]
fn what_clients_ask_when_they_start_is_answered() {
    let Bed { a, .. } = &Bed::new();
    assert_eq!(a.ask("POST", "pods?names=p", Some(json!({}))).0, 200);
    for path in [
        "arrays",
        "arrays/space",
        "controllers?filter=status='ready'",
        "hardware",
        "ports?filter=name='CT0.*'",
        "container-default-protections?names=p",
    ] {
        assert!(!a.get(path).is_empty(), "{path}");
    }
    for path in ["network-interfaces?filter=eth.subtype='lacp_bond' or eth.subtype='vif'", "offloads"] {
        assert!(a.get(path).is_empty(), "{path}");
    }
    let kinds: Vec<Value> = a.get("array-connections").iter().map(|one| one["type"].clone()).collect();
    assert_eq!(kinds, ["async-replication", "sync-replication"]);
    let counted = a.ask("GET", "arrays/performance?total_item_count=true", None).1;
    assert_eq!(counted["total_item_count"], 1);
}
