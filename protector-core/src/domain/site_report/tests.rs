use super::*;

fn service(name: &str) -> ServiceSeen {
    let versioned = matches!(name, "compute" | "block-storage");
    ServiceSeen {
        service: name.to_owned(),
        needed: versioned.then_some((2, 96)),
        answer: Ok(ServiceAnswer {
            versions: versioned.then_some(((2, 1), (2, 100))),
            ahead: Some(SignedDuration::from_secs(1)),
        }),
    }
}

fn process(binary: &str, host: &str) -> ProcessSeen {
    ProcessSeen { binary: binary.to_owned(), host: host.to_owned(), up: true, enabled: true, trouble: None }
}

fn array(name: &str, peers: &[(&str, bool)]) -> ArraySeen {
    let peers = peers.iter().map(|(name, connected)| (ArrayName::from(*name), *connected)).collect();
    let answer = ArrayAnswer { name: name.into(), version: "6.6.2".to_owned(), peers };
    ArraySeen { name: name.into(), lacking: Vec::new(), answer: Ok(answer) }
}

fn quota(kind: &'static str, limit: Option<u64>, used: u64, needed: u64) -> QuotaSeen {
    QuotaSeen { kind, limit, used, needed }
}

/// A site with which nothing is wrong.
fn healthy() -> SiteObservation {
    let services = ["identity", "compute", "block-storage", "network", "image"];
    SiteObservation {
        site: "site-a".into(),
        other_site: "site-b".into(),
        looked_at: Timestamp::UNIX_EPOCH,
        services: services.map(service).into(),
        credential: Ok(CredentialSeen {
            project: "p1".to_owned(),
            project_name: Some("app".to_owned()),
            user: "u1".to_owned(),
            roles: ["admin", "member", "reader"].map(str::to_owned).into(),
        }),
        volume_processes: Ok(vec![process("cinder-volume", "a@pure"), process("cinder-scheduler", "a")]),
        compute_processes: Ok(["nova-compute", "nova-scheduler", "nova-conductor"]
            .map(|binary| process(binary, "a"))
            .into()),
        backends: Ok(vec![BackendSeen {
            name: "a@pure#pure".to_owned(),
            up: Some(true),
            replicates: true,
            targets: vec!["array-b".to_owned()],
            consistent: true,
        }]),
        arrays: vec![array("array-a", &[("array-b", true)])],
        other_arrays: vec![array("array-b", &[("array-a", true)])],
        quotas: vec![("block-storage", Ok(vec![quota("volumes", Some(10), 4, 6)]))],
        group_types: Ok(vec![GroupTypeSeen { name: "protector-async".to_owned(), replicated: Some(true) }]),
        wanted_group_type: None,
        imported: Ok(Vec::new()),
    }
}

/// The checks that are not `ok`, as `kind status: what was seen`.
fn troubles(site: &SiteObservation) -> Vec<(CheckKind, CheckStatus, String)> {
    let report = site.report();
    let worst = report.checks.iter().map(|check| check.status).max();
    assert_eq!(Some(report.status), worst);
    for check in &report.checks {
        assert_eq!(check.remedy.is_none(), check.status == CheckStatus::Ok, "{check}");
    }
    let bad = report.checks.into_iter().filter(|check| check.status != CheckStatus::Ok);
    bad.map(|check| (check.kind, check.status, check.seen)).collect()
}

/// One thing wrong, of this kind and weight, and told in these words.
fn only(site: &SiteObservation, kind: CheckKind, status: CheckStatus, told: &str) {
    let troubles = troubles(site);
    let [(found, how, seen)] = troubles.as_slice() else { panic!("{troubles:#?}") };
    assert_eq!((*found, *how), (kind, status), "{seen}");
    assert!(seen.contains(told), "{seen}");
}

#[test]
fn a_site_with_which_nothing_is_wrong_is_ok() {
    assert_eq!(troubles(&healthy()), []);
    let report = healthy().report();
    assert_eq!(report.status, CheckStatus::Ok);
    let kinds: std::collections::BTreeSet<_> = report.checks.iter().map(|check| check.kind).collect();
    assert_eq!(kinds.len(), 9, "all but clocks, which are told only where they differ, and volume types");
}

#[test]
fn nothing_of_a_dead_site_is_ok_but_what_is_the_other_ones() {
    let dead = || Unseen::Failed("no answer within 10 s".to_owned());
    let mut site = healthy();
    for service in &mut site.services {
        service.answer = Err(dead());
    }
    site.credential = Err(dead());
    (site.volume_processes, site.compute_processes) = (Err(dead()), Err(dead()));
    (site.backends, site.group_types, site.imported) = (Err(dead()), Err(dead()), Err(dead()));
    site.quotas = vec![("compute", Err(dead()))];
    site.arrays[0].answer = Err(dead());
    let report = site.report();
    assert_eq!(report.status, CheckStatus::Failed);
    for check in &report.checks {
        let expected =
            if check.kind == CheckKind::Pairing { CheckStatus::Warning } else { CheckStatus::Failed };
        assert_eq!(check.status, expected, "{check}");
    }
}

#[test]
fn a_release_that_is_too_old_or_too_new_fails() {
    for versions in [((2, 1), (2, 95)), ((2, 97), (2, 120))] {
        let mut site = healthy();
        site.services[1].answer = Ok(ServiceAnswer { versions: Some(versions), ahead: None });
        only(&site, CheckKind::Service, CheckStatus::Failed, "; 2.96 is needed");
    }
}

#[test]
fn a_clock_that_is_apart_is_told_and_what_it_harms_fails() {
    for (seconds, expected) in
        [(9, None), (-10, Some(CheckStatus::Warning)), (300, Some(CheckStatus::Failed))]
    {
        let mut site = healthy();
        let ahead = Some(SignedDuration::from_secs(seconds));
        site.services[0].answer = Ok(ServiceAnswer { versions: None, ahead });
        match expected {
            None => assert_eq!(troubles(&site), []),
            Some(status) => {
                let told = if seconds < 0 { "10 s behind this host's" } else { "300 s ahead of this host's" };
                only(&site, CheckKind::Clock, status, told);
            }
        }
    }
}

#[test]
fn what_a_missing_admin_costs_is_named() {
    let with = |roles: &[&str]| {
        let mut site = healthy();
        let credential = site.credential.as_mut().unwrap();
        credential.roles = roles.iter().map(|role| (*role).to_owned()).collect();
        site
    };
    let member = with(&["member", "reader"]);
    for cost in ["user data is not captured", "undo the locks", "imported into Cinder", "specs of types"] {
        only(&member, CheckKind::Credentials, CheckStatus::Warning, cost);
    }
    only(&with(&["reader"]), CheckKind::Credentials, CheckStatus::Failed, "nothing can be made");
    only(&with(&["operator"]), CheckKind::Credentials, CheckStatus::Warning, "is not known");
}

#[test]
fn what_a_member_may_not_see_is_said_and_not_guessed() {
    let mut site = healthy();
    (site.volume_processes, site.compute_processes) = (Err(Unseen::Forbidden), Err(Unseen::Forbidden));
    site.backends = Err(Unseen::Forbidden);
    let troubles = troubles(&site);
    assert_eq!(troubles.len(), 3);
    for (_, status, seen) in troubles {
        assert_eq!((status, seen.as_str()), (CheckStatus::Warning, "the credential's roles may not see it"));
    }
}

#[test]
fn one_process_of_a_kind_has_to_work_and_the_others_are_told() {
    let mut site = healthy();
    let processes = site.compute_processes.as_mut().unwrap();
    processes.push(ProcessSeen { up: false, ..process("nova-compute", "b") });
    only(&site, CheckKind::Processes, CheckStatus::Warning, "3 of 4 work: nova-compute on b is down");
    site.compute_processes.as_mut().unwrap()[0].enabled = false;
    let told = "no nova-compute works: nova-compute on a is disabled; nova-compute on b is down";
    only(&site, CheckKind::Processes, CheckStatus::Failed, told);
}

#[test]
fn a_backend_that_failed_over_as_a_whole_does_not_work() {
    let mut site = healthy();
    site.volume_processes.as_mut().unwrap()[0].trouble = Some("failed over to array-b".to_owned());
    only(&site, CheckKind::Processes, CheckStatus::Failed, "no cinder-volume works");
}

#[test]
fn of_a_thousand_hosts_that_are_down_ten_are_named() {
    let mut site = healthy();
    let down =
        (0..1000).map(|number| ProcessSeen { up: false, ..process("nova-compute", &format!("h{number}")) });
    site.compute_processes.as_mut().unwrap().extend(down);
    only(&site, CheckKind::Processes, CheckStatus::Warning, "h9 is down; and 990 more");
}

#[test]
fn a_cloud_without_a_backend_that_replicates_fails() {
    let mut site = healthy();
    site.backends.as_mut().unwrap()[0].replicates = false;
    only(&site, CheckKind::Backends, CheckStatus::Failed, "none of 1 replicates");
    let mut site = healthy();
    site.backends.as_mut().unwrap()[0].up = Some(false);
    only(&site, CheckKind::Backends, CheckStatus::Failed, "it is down");
    let mut site = healthy();
    site.backends.as_mut().unwrap()[0].consistent = false;
    only(&site, CheckKind::Backends, CheckStatus::Failed, "no snapshots of a group");
}

#[test]
fn an_array_under_another_name_or_without_what_is_needed_fails() {
    let mut site = healthy();
    site.arrays[0].answer.as_mut().unwrap().name = "array-x".into();
    only(&site, CheckKind::Array, CheckStatus::Failed, "it calls itself array-x");
    let mut site = healthy();
    site.arrays[0].lacking = vec!["overwriting volumes"];
    only(&site, CheckKind::Array, CheckStatus::Failed, "its driver lacks: overwriting volumes");
}

#[test]
fn arrays_are_paired_only_in_both_directions() {
    let with = |there: &[(&str, bool)], back: &[(&str, bool)]| {
        let mut site = healthy();
        site.arrays = vec![array("array-a", there)];
        site.other_arrays = vec![array("array-b", back)];
        site
    };
    let (to_b, to_a) = ([("array-b", true)], [("array-a", true)]);
    only(&with(&to_b, &[]), CheckKind::Pairing, CheckStatus::Failed, "array-b does not know array-a");
    let told = "array-a knows array-b and is not connected to it";
    only(&with(&[("array-b", false)], &to_a), CheckKind::Pairing, CheckStatus::Failed, told);
    only(&with(&[], &[]), CheckKind::Pairing, CheckStatus::Failed, "array-a does not know array-b");
}

#[test]
fn with_the_other_array_dead_the_pairing_is_not_known() {
    let mut site = healthy();
    site.other_arrays[0].answer = Err(Unseen::Failed("no answer".to_owned()));
    let told = "array-a is connected to array-b; array-b was not to be asked";
    only(&site, CheckKind::Pairing, CheckStatus::Warning, told);
    site.arrays[0].answer.as_mut().unwrap().peers.clear();
    only(&site, CheckKind::Pairing, CheckStatus::Failed, "array-a does not know array-b");
}

#[test]
fn arrays_that_have_partners_need_not_all_know_each_other() {
    let mut site = healthy();
    site.other_arrays.push(array("array-c", &[]));
    only(&site, CheckKind::Pairing, CheckStatus::Warning, "array-a does not know array-c");
}

#[test]
fn a_quota_has_to_hold_what_may_come_here() {
    for (limit, used, needed, expected) in [
        (
            Some(10),
            4,
            7,
            Some((CheckStatus::Failed, "6 are free of 10; groups that may come here need 7 more")),
        ),
        (Some(10), 10, 0, Some((CheckStatus::Warning, "0 are free of 10"))),
        (Some(10), 12, 1, Some((CheckStatus::Failed, "0 are free of 10"))),
        (Some(10), 4, 6, None),
        (None, 1_000_000, 1_000_000, None),
    ] {
        let mut site = healthy();
        site.quotas = vec![("block-storage", Ok(vec![quota("volumes", limit, used, needed)]))];
        match expected {
            None => assert_eq!(troubles(&site), []),
            Some((status, told)) => only(&site, CheckKind::Quota, status, told),
        }
    }
}

#[test]
fn a_group_type_has_to_be_found_as_protect_finds_it() {
    let with = |wanted: Option<&str>, replicated| {
        let mut site = healthy();
        site.wanted_group_type = wanted.map(str::to_owned);
        site.group_types = Ok(vec![GroupTypeSeen { name: "known".to_owned(), replicated }]);
        site
    };
    let failed = |site: &SiteObservation, told| only(site, CheckKind::GroupType, CheckStatus::Failed, told);
    assert_eq!(troubles(&with(Some("known"), Some(true))), []);
    failed(&with(Some("known"), Some(false)), "not both consistent and replicated");
    failed(&with(Some("other"), Some(true)), "it is not there");
    failed(&with(None, Some(false)), "none of 1 is consistent and replicated");
    failed(&with(None, None), "may not see which one");
    only(&with(Some("known"), None), CheckKind::GroupType, CheckStatus::Warning, "may not see whether");
}

#[test]
fn volumes_that_hosts_may_not_attach_are_named() {
    let mut site = healthy();
    let volume = |everywhere| ImportedVolume { name: "db-data".to_owned(), everywhere };
    site.imported = Ok(vec![volume(false)]);
    only(&site, CheckKind::ImportedVolumes, CheckStatus::Warning, "iscsiadm is missing");
    site.imported = Ok(vec![volume(true)]);
    only(&site, CheckKind::ImportedVolumes, CheckStatus::Failed, "no host can attach db-data");
}
