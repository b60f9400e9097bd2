use super::*;
use crate::config::{AddressRule, MappingKind};
use crate::error::{Code, Coded};
use proptest::prelude::*;

const FULL: &str = "
sites:
  site-a:
    cloud: tenant-a
    region: north
    store: site-a.db
    arrays:
      array-a: { driver: pure, url: 'https://127.0.0.1:15443', api_token: 'env:ARRAY_A_TOKEN', verify: false }
  site-b:
    cloud: tenant-b
    store: /srv/site-b.db
    arrays:
      array-b: { driver: pure, url: 'https://array-b.example', api_token: 'file:tokens/b' }
encryption_key: 'file:protector.key'
mappings:
  networks:
    - { site-a: app-net, site-b: dr-app-net }
  flavors:
    - { site-a: app.small, site-b: dr.small }
defaults: { replication_interval: 600, retention: 7200.5, rpo_minutes: 20 }
engine: { poll_interval: 0.25, step_timeout: 60, retry_for: 0 }
";

fn parse(text: &str) -> Result<ProtectorConfig, ConfigError> {
    ProtectorConfig::parse(Path::new("/etc/openstack/protector.yaml"), text)
}

fn refused(text: &str) -> String {
    let error = parse(text).unwrap_err();
    assert_eq!(error.code(), Code::ConfigurationInvalid);
    error.to_string()
}

#[test]
fn a_full_file_is_read_with_paths_beside_it() {
    let config = parse(FULL).unwrap();
    let [a, b] = ["site-a", "site-b"].map(|name| &config.sites[&SiteName::from(name)]);
    assert_eq!((a.cloud.as_str(), a.region.as_deref()), ("tenant-a", Some("north")));
    assert_eq!(a.store, Path::new("/etc/openstack/site-a.db"));
    assert_eq!((b.cloud.as_str(), b.region.as_deref()), ("tenant-b", None));
    assert_eq!(b.store, Path::new("/srv/site-b.db"));
    let array = &a.arrays[&ArrayName::from("array-a")];
    assert_eq!((array.driver.as_str(), array.url.as_str()), ("pure", "https://127.0.0.1:15443/"));
    assert_eq!(array.api_token.to_string(), "env:ARRAY_A_TOKEN");
    assert!(!array.tls().verify);
    let array = &b.arrays[&ArrayName::from("array-b")];
    assert_eq!(array.api_token.to_string(), "file:/etc/openstack/tokens/b");
    assert_eq!(array.tls(), TlsConfig::default());
    assert_eq!(config.encryption_key.to_string(), "file:/etc/openstack/protector.key");
    let target = |kind, name| config.mappings.target(kind, &"site-a".into(), name, &"site-b".into()).name;
    assert_eq!(target(MappingKind::Network, "app-net"), "dr-app-net");
    assert_eq!(target(MappingKind::Flavor, "app.small"), "dr.small");
    assert_eq!(
        config.defaults,
        Defaults {
            replication_interval: Duration::from_mins(10),
            retention: Duration::from_secs_f64(7200.5),
            rpo_minutes: 20,
            group_type: None,
            test_volume_type: None,
            test_time_to_live: Duration::from_hours(24),
        }
    );
    assert_eq!(
        config.engine,
        EngineConfig {
            poll_interval: Duration::from_millis(250),
            step_timeout: Duration::from_mins(1),
            retry_for: Duration::ZERO,
        }
    );
}

#[test]
fn what_is_left_out_has_its_default() {
    let (required, _) = FULL.split_once("mappings:").unwrap();
    for text in [required.to_owned(), format!("{required}\nmappings:\ndefaults:\nengine: {{}}\n")] {
        let config = parse(&text).unwrap();
        assert_eq!(config.mappings, Mappings::default());
        assert_eq!(config.defaults, Defaults::default());
        assert_eq!(config.engine, EngineConfig::default());
    }
}

#[test]
fn an_unknown_key_is_named_with_its_line_and_the_nearest_known_one() {
    for (known, slip, line) in [
        ("sites:", "stes:", 2),
        ("encryption_key:", "encryption-key:", 14),
        ("    region: north", "    regoin: north", 5),
        ("api_token: 'env", "api_tokn: 'env", 8),
        ("  flavors:", "  flavours:", 18),
        ("rpo_minutes", "rpo_minute", 20),
        ("poll_interval", "pol_interval", 21),
    ] {
        let error = refused(&FULL.replace(known, slip));
        let key = known.trim().split(':').next().unwrap();
        assert!(
            error.starts_with(&format!("/etc/openstack/protector.yaml:{line}: unknown key `")),
            "{error}"
        );
        assert!(error.ends_with(&format!("did you mean `{key}`?")), "{error}");
    }
    let error = refused(&format!("{FULL}\ncolour: blue\n"));
    assert!(error.contains("`colour`; known here are `sites`"), "{error}");
}

#[test]
fn what_cannot_be_is_refused_with_line_and_key() {
    let cases = [
        ("    cloud: tenant-a\n", "", ":3: `sites.site-a.cloud` is missing"),
        ("    store: site-a.db\n", "", "`sites.site-a.store` is missing"),
        ("encryption_key: 'file:protector.key'\n", "", "`encryption_key` is missing"),
        ("'file:protector.key'", "canary", ":14: `encryption_key` is no reference to a secret"),
        (
            "'env:ARRAY_A_TOKEN'",
            "canary",
            ":8: `sites.site-a.arrays.array-a.api_token` is no reference to a secret",
        ),
        ("'env:ARRAY_A_TOKEN'", "[canary]", "`sites.site-a.arrays.array-a.api_token` is not a text"),
        (
            "https://127.0.0.1:15443",
            "http://127.0.0.1:15443",
            "is not an address that begins with `https://`",
        ),
        ("https://127.0.0.1:15443", "https://u:canary@h", "has a user or a password in the address"),
        ("https://array-b.example", "https://127.0.0.1:15443", "`sites.site-b` has an array that site-a has"),
        ("verify: false", "verify: maybe", "`sites.site-a.arrays.array-a.verify` is neither"),
        (
            "verify: false",
            "ca_certificate: nowhere.pem",
            "names /etc/openstack/nowhere.pem, which is no file",
        ),
        ("  site-b:\n", "  site-b: canary\n  site-c:\n", "`sites.site-b` is not a map"),
        ("  site-b:", "  'site b':", "`sites.site b` is no usable name"),
        ("/srv/site-b.db", "site-a.db", "`sites.site-b` has the same store as site-a"),
        ("cloud: tenant-b", "cloud: tenant-a\n    region: north", "is the same cloud and region as site-a"),
        ("site-b: dr-app-net", "site-c: dr-app-net", "`mappings.networks[0].site-c` is no site of this file"),
        (
            ", site-b: dr-app-net",
            "",
            "`mappings.networks[0]` does not say what one thing is called on each site",
        ),
        (
            "  flavors:",
            "    - { site-a: app-net, site-b: x }\n  flavors:",
            ":18: `mappings.networks[1]` maps `app-net` on site-a, which is mapped already",
        ),
        (
            "  flavors:",
            "  subnets: [{ site-a: x, site-b: y, addresses: canary }]\n  flavors:",
            ":18: `mappings.subnets[0].addresses` is neither `keep` nor `translate` nor a table of addresses",
        ),
        (
            "  flavors:",
            "  subnets: [{ site-a: x, site-b: y, addresses: [{ site-a: canary, site-b: 10.2.0.9 }] }]\n  flavors:",
            "`mappings.subnets[0].addresses[0].site-a` is no IP address",
        ),
        (
            "  flavors:",
            "  subnets: [{ site-a: x, site-b: y, addresses: [{ site-a: 10.1.0.9 }] }]\n  flavors:",
            "`mappings.subnets[0]` has a pair of addresses that is none: one on each site",
        ),
        (
            "  flavors:\n    - {",
            "  flavors:\n    - { addresses: translate,",
            "`mappings.flavors[0].addresses` is no site of this file",
        ),
        ("replication_interval: 600", "replication_interval: 0", "`defaults.replication_interval` is zero"),
        ("retention: 7200.5", "retention: -1", "`defaults.retention` is not a number of seconds"),
        ("retention: 7200.5", "retention: .inf", "`defaults.retention` is not a number of seconds"),
        ("rpo_minutes: 20", "rpo_minutes: 1.5", "`defaults.rpo_minutes` is not a whole number above zero"),
        ("poll_interval: 0.25", "poll_interval: 1s", "`engine.poll_interval` is not a number of seconds"),
        ("retry_for: 0", "retry_for: {}", "`engine.retry_for` is not a text"),
    ];
    for (old, new, expected) in cases {
        assert!(FULL.contains(old), "{old}");
        let error = refused(&FULL.replace(old, new));
        assert!(error.contains(expected), "{error}\n  expected {expected}");
        assert!(!error.contains("canary"), "{error}");
    }
}

#[test]
fn subnets_are_mapped_with_a_rule_for_their_addresses() {
    let subnets = "  subnets:
    - { site-a: app-subnet, site-b: dr-subnet }
    - { site-a: web-subnet, site-b: dr-web-subnet, addresses: translate }
    - site-a: db-subnet
      site-b: dr-db-subnet
      addresses: [{ site-a: 10.1.0.5, site-b: 10.2.0.9 }, { site-a: 'fd00:1::5', site-b: 'fd00:2::9' }]
  flavors:";
    let mappings = parse(&FULL.replace("  flavors:", subnets)).unwrap().mappings;
    let (a, b) = ("site-a".into(), "site-b".into());
    assert_eq!(mappings.subnet(&a, &["app-subnet"], &b), Some(("dr-subnet", &AddressRule::Keep)));
    assert_eq!(mappings.subnet(&b, &["dr-web-subnet"], &a), Some(("web-subnet", &AddressRule::Translate)));
    let (_, table) = mappings.subnet(&a, &["db-subnet"], &b).unwrap();
    assert_eq!(table.listed(&b, "fd00:2::9".parse().unwrap(), &a), "fd00:1::5".parse().ok());
}

#[test]
fn exactly_two_sites_make_a_pair() {
    let (before, _) = FULL.split_once("  site-b:").unwrap();
    let error = refused(&format!("{before}encryption_key: env:KEY\n"));
    assert!(error.contains("`sites` names 1 sites: exactly two"), "{error}");
    let third = FULL.replace(
        "encryption_key:",
        "  site-c: {cloud: c, store: c.db, arrays: {c: {driver: d, url: 'https://c', api_token: env:C}}}\nencryption_key:",
    );
    assert!(refused(&third).contains("`sites` names 3 sites: exactly two"));
}

#[test]
fn two_regions_of_one_cloud_make_a_pair() {
    let text = FULL.replace("cloud: tenant-b", "cloud: tenant-a\n    region: south");
    assert_eq!(parse(&text).unwrap().sites.len(), 2);
}

#[test]
fn files_that_are_no_map_are_refused() {
    for text in ["", "canary", "[canary]", "sites: [canary]", "sites: canary"] {
        let error = refused(text);
        assert!(!error.contains("canary"), "{error}");
    }
}

proptest! {
    #[test]
    fn no_change_of_a_file_makes_the_reader_panic(
        at in 0..FULL.len(),
        cut in 0..20_usize,
        insert in "[-\\[\\]{}:,&*#!|>'\"\\n\\t a0~]{0,4}",
    ) {
        let start = FULL.floor_char_boundary(at);
        let end = FULL.floor_char_boundary((at + cut).min(FULL.len()));
        let _ = parse(&format!("{}{insert}{}", &FULL[..start], &FULL[end..]));
    }
}
