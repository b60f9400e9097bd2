use super::*;
use crate::config::place;
use crate::config::tls::ClientCertificate;
use crate::error::{Code, Coded, chain};
use proptest::prelude::*;
use secrecy::ExposeSecret;
use std::fs;
use tempfile::TempDir;

const PASSWORD: &str = "
clouds:
  one:
    auth:
      auth_url: https://keystone.example/v3
      username: operator
      password: canary-password
      project_name: shop
      user_domain_name: Default
      project_domain_name: Default
    region_name: north
";

/// A machine with a working folder, a home and a system folder, all empty.
struct Machine {
    folder: TempDir,
    variables: Vec<(&'static str, String)>,
}

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let variables = vec![("HOME", folder.path().join("home").to_str().unwrap().to_owned())];
        let machine = Self { folder, variables };
        fs::create_dir_all(machine.path("work")).unwrap();
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(self, name: &str, text: &str) -> Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn variable(mut self, name: &'static str, file: &str) -> Self {
        let path = self.path(file).to_str().unwrap().to_owned();
        self.variables.push((name, path));
        self
    }

    fn environment(&self) -> Environment {
        Environment::given(self.variables.clone(), self.path("work"), self.path("etc"))
    }

    fn clouds(&self) -> Result<Clouds, ConfigError> {
        Clouds::load(&self.environment(), None)
    }

    fn cloud(&self, name: &str) -> Result<CloudConfig, ConfigError> {
        self.clouds()?.cloud(name, None)
    }
}

fn read_cloud(text: &str) -> Result<CloudConfig, ConfigError> {
    Machine::new().file("work/clouds.yaml", text).cloud("one")
}

/// The entry of a cloud with `auth` and with what is beside it.
fn entry(auth: &[&str], beside: &[&str]) -> String {
    let auth = auth.iter().map(|line| format!("      {line}"));
    let beside = beside.iter().map(|line| format!("    {line}"));
    let head = "clouds:\n  one:\n    auth:".to_owned();
    std::iter::once(head).chain(auth).chain(beside).collect::<Vec<_>>().join("\n")
}

const KEYSTONE: &str = "auth_url: http://keystone.example:5000/v3";
const USER: &str = "user_id: u1";
const SECRET: &str = "password: canary-password";
const PROJECT: &str = "project_id: p1";

#[test]
fn a_password_with_names_and_domains_is_read() {
    let cloud = read_cloud(PASSWORD).unwrap();
    let domain = DomainReference::Name("Default".into());
    assert_eq!(cloud.name, "one");
    assert_eq!(cloud.auth_url.as_str(), "https://keystone.example/v3");
    assert_eq!(cloud.region.as_deref(), Some("north"));
    assert_eq!(cloud.interface, Interface::Public);
    assert_eq!(cloud.tls, TlsConfig::default());
    assert_eq!(cloud.project, Some(ProjectReference::Name { name: "shop".into(), domain: domain.clone() }));
    let Auth::Password { user, password } = cloud.auth else { panic!("{:?}", cloud.auth) };
    assert_eq!(user, UserReference::Name { name: "operator".into(), domain });
    assert_eq!(password.expose_secret(), "canary-password");
}

#[test]
fn every_supported_kind_of_authentication_is_read() {
    let id = "application_credential_id: c1";
    let secret = "application_credential_secret: canary-secret";
    for kind in ["password", "v3password"] {
        let cloud =
            read_cloud(&entry(&[KEYSTONE, USER, SECRET, PROJECT], &[&format!("auth_type: {kind}")])).unwrap();
        assert!(matches!(cloud.auth, Auth::Password { user: UserReference::Id(ref id), .. } if id == "u1"));
        assert_eq!(cloud.project, Some(ProjectReference::Id("p1".into())));
    }
    for kind in ["token", "v3token"] {
        let cloud =
            read_cloud(&entry(&[KEYSTONE, "token: canary-token", PROJECT], &[&format!("auth_type: {kind}")]))
                .unwrap();
        assert!(matches!(cloud.auth, Auth::Token { token } if token.expose_secret() == "canary-token"));
    }
    let kind = "auth_type: v3applicationcredential";
    let cloud = read_cloud(&entry(&[KEYSTONE, id, secret], &[kind])).unwrap();
    assert!(cloud.project.is_none());
    assert!(matches!(
        cloud.auth,
        Auth::ApplicationCredential { credential: ApplicationCredentialReference::Id(ref id), ref secret }
            if id == "c1" && secret.expose_secret() == "canary-secret"
    ));
    let named = ["application_credential_name: mine", "username: operator", "user_domain_id: default"];
    let cloud = read_cloud(&entry(&[&[KEYSTONE, secret], named.as_slice()].concat(), &[kind])).unwrap();
    assert!(matches!(
        cloud.auth,
        Auth::ApplicationCredential {
            credential: ApplicationCredentialReference::Name { user: UserReference::Name { .. }, .. },
            ..
        }
    ));
}

#[test]
fn one_domain_serves_user_and_project_and_their_own_ones_win() {
    let names = ["username: operator", "project_name: shop", SECRET, KEYSTONE];
    let domains = |more: &[&str]| {
        let cloud = read_cloud(&entry(&[names.as_slice(), more].concat(), &[])).unwrap();
        match (cloud.auth, cloud.project) {
            (
                Auth::Password { user: UserReference::Name { domain: user, .. }, .. },
                Some(ProjectReference::Name { domain: project, .. }),
            ) => (user, project),
            other => panic!("{other:?}"),
        }
    };
    let (name, id) = (|t: &str| DomainReference::Name(t.into()), |t: &str| DomainReference::Id(t.into()));
    assert_eq!(domains(&["domain_name: both"]), (name("both"), name("both")));
    assert_eq!(domains(&["domain_id: both", "user_domain_name: own"]), (name("own"), id("both")));
    assert_eq!(domains(&["default_domain: x", "default_domain_id: d"]), (id("d"), id("d")));
    assert_eq!(domains(&["user-domain-id: u", "project-domain-name: p"]), (id("u"), name("p")));
}

#[test]
fn keys_beside_auth_are_read_as_openstacksdk_reads_them() {
    let auth = [KEYSTONE, "username: inner", SECRET, "project_name: inner", "domain_id: default"];
    let cloud = read_cloud(&entry(&auth, &["username: outer", "project_name: outer"])).unwrap();
    assert!(
        matches!(cloud.auth, Auth::Password { user: UserReference::Name { name, .. }, .. } if name == "inner")
    );
    assert!(matches!(cloud.project, Some(ProjectReference::Name { name, .. }) if name == "outer"));

    let flat = format!("clouds:\n  one:\n    {KEYSTONE}\n    {USER}\n    {SECRET}\n    tenant_id: 007\n");
    let cloud = read_cloud(&flat).unwrap();
    assert_eq!(cloud.project, Some(ProjectReference::Id("007".into())));
}

#[test]
fn tls_settings_follow_verify_insecure_and_files() {
    let machine =
        Machine::new().file("work/ca.pem", "ca").file("home/cert.pem", "cert").file("work/key.pem", "key");
    let read = |beside: &[&str]| {
        let text = entry(&[KEYSTONE, USER, SECRET, PROJECT], beside);
        fs::write(machine.path("work/clouds.yaml"), text).unwrap();
        machine.cloud("one").map(|cloud| cloud.tls)
    };
    let tls = read(&["cacert: ca.pem", "cert: ~/cert.pem", "key: key.pem"]).unwrap();
    let client = ClientCertificate {
        certificate: machine.path("home/cert.pem"),
        key: Some(machine.path("work/key.pem")),
    };
    assert_eq!(
        tls,
        TlsConfig {
            ca_certificate: Some(machine.path("work/ca.pem")),
            verify: true,
            client_certificate: Some(client),
        }
    );
    assert!(!read(&["verify: false"]).unwrap().verify);
    assert!(!read(&["insecure: True"]).unwrap().verify);
    assert!(!read(&["verify: true", "insecure: 'true'"]).unwrap().verify);
    let missing = read(&["cacert: nowhere.pem"]).unwrap_err().to_string();
    assert!(missing.contains("one.cacert") && missing.contains("nowhere.pem"), "{missing}");
    read(&["verify: perhaps"]).unwrap_err();
}

#[test]
fn endpoint_overrides_are_found_under_every_name_of_a_service() {
    let overrides = |beside: &[&str]| {
        let text = entry(&[KEYSTONE, USER, SECRET, PROJECT], beside);
        let overrides = read_cloud(&text).unwrap().endpoint_overrides;
        overrides.into_iter().map(|(service, url)| format!("{service} {url}")).collect::<Vec<_>>()
    };
    assert_eq!(
        overrides(&["compute_endpoint_override: http://n/", "object_store_endpoint_override: http://s/"]),
        ["compute http://n/"]
    );
    for key in ["block_storage", "block-storage", "volume", "volumev3", "volumev2"] {
        assert_eq!(
            overrides(&[&format!("{key}_endpoint_override: http://c/v3")]),
            ["block_storage http://c/v3"]
        );
    }
    assert_eq!(
        overrides(&[
            "image-endpoint-override: http://g/",
            "network_endpoint: http://q/",
            "identity_endpoint_override:"
        ]),
        ["image http://g/", "network http://q/"]
    );
    assert_eq!(
        overrides(&["volume_endpoint_override: http://old/", "block_storage_endpoint_override: http://new/"]),
        ["block_storage http://new/"]
    );
}

#[test]
fn keys_of_other_tools_and_api_versions_are_let_be() {
    let beside = [
        "volume_api_version: '3'",
        "compute_api_version: 2.1",
        "api_timeout: 30",
        "endpoint_type: internalURL",
        "networks: [{name: n}]",
        "my_tool: {deep: [1, 2]}",
    ];
    let cloud = read_cloud(&entry(&[KEYSTONE, USER, SECRET, PROJECT], &beside)).unwrap();
    assert_eq!(cloud.interface, Interface::Internal);
    assert_eq!(cloud.api_timeout, Some(Duration::from_secs(30)));
}

#[test]
fn the_first_region_is_taken_unless_another_is_asked_for() {
    let auth = ["auth_url: 'https://{region_name}.example/'", USER, SECRET, PROJECT];
    let regions = [
        "regions:",
        "- north",
        "- name: south",
        "  values:",
        "    interface: internal",
        "    auth: {project_id: p2}",
    ];
    let machine = Machine::new().file("work/clouds.yaml", &entry(&auth, &regions));
    let clouds = machine.clouds().unwrap();
    let north = clouds.cloud("one", None).unwrap();
    assert_eq!((north.region.as_deref(), north.interface), (Some("north"), Interface::Public));
    assert_eq!(north.auth_url.as_str(), "https://north.example/");
    let south = clouds.cloud("one", Some("south")).unwrap();
    assert_eq!((south.region.as_deref(), south.interface), (Some("south"), Interface::Internal));
    assert_eq!(south.project, Some(ProjectReference::Id("p2".into())));
    assert!(matches!(south.auth, Auth::Password { .. }));
    let error = clouds.cloud("one", Some("west")).unwrap_err().to_string();
    assert!(error.contains("`west`") && error.contains("`north`, `south`"), "{error}");
}

#[test]
fn region_name_may_be_one_a_list_or_separated_by_commas() {
    let region = |beside: &[&str], asked: Option<&str>| {
        let machine =
            Machine::new().file("work/clouds.yaml", &entry(&[KEYSTONE, USER, SECRET, PROJECT], beside));
        machine.clouds().unwrap().cloud("one", asked).map(|cloud| cloud.region)
    };
    assert_eq!(region(&["region_name: a,b"], Some("b")).unwrap().as_deref(), Some("b"));
    assert_eq!(region(&["region_name: [a, b]"], None).unwrap().as_deref(), Some("a"));
    assert_eq!(region(&["region_name: a"], Some("a")).unwrap().as_deref(), Some("a"));
    region(&["region_name: a"], Some("b")).unwrap_err();
    assert_eq!(region(&[], None).unwrap(), None);
    assert_eq!(region(&[], Some("x")).unwrap().as_deref(), Some("x"));
}

#[test]
fn files_are_searched_in_the_order_of_openstacksdk() {
    let order = [
        "named.yaml",
        "work/clouds.yaml",
        "work/clouds.yml",
        "home/.config/openstack/clouds.yaml",
        "etc/xdg/openstack/clouds.yaml",
        "etc/openstack/clouds.json",
    ];
    for first in 0..order.len() {
        let mut machine = Machine::new();
        for (index, file) in order.iter().enumerate().skip(first) {
            machine = machine.file(file, &PASSWORD.replace("operator", &format!("user-{index}")));
        }
        if first == 0 {
            machine = machine.variable("OS_CLIENT_CONFIG_FILE", "named.yaml");
        }
        let clouds = machine.clouds().unwrap();
        assert_eq!(clouds.file(), machine.path(order[first]));
        assert_eq!(clouds.names(), ["one"]);
    }
    let none = Machine::new();
    let error = none.clouds().unwrap_err();
    assert!(matches!(error, ConfigError::NotFound { name: "clouds.yaml", .. }));
    assert!(error.to_string().contains(none.path("etc/openstack").to_str().unwrap()), "{error}");
}

#[test]
fn json_is_read_as_yaml() {
    let json = r#"{"clouds": {"one": {"auth": {"auth_url": "https://k/", "user_id": "u", "password": "p", "project_id": "1"}}}}"#;
    let cloud = Machine::new().file("work/clouds.json", json).cloud("one").unwrap();
    assert_eq!(cloud.project, Some(ProjectReference::Id("1".into())));
}

#[test]
fn a_named_file_that_is_not_there_is_an_error_and_no_other_is_taken() {
    let machine =
        Machine::new().file("work/clouds.yaml", PASSWORD).variable("OS_CLIENT_CONFIG_FILE", "nowhere.yaml");
    let error = machine.clouds().unwrap_err();
    assert!(matches!(&error, ConfigError::Unreadable { file, .. } if file.ends_with("nowhere.yaml")));
    assert!(chain(&error).contains("No such file"), "{}", chain(&error));
    let machine =
        Machine::new().file("work/clouds.yaml", PASSWORD).variable("OS_CLIENT_SECURE_FILE", "nowhere.yaml");
    machine.clouds().unwrap_err();
}

#[test]
fn secure_yaml_is_laid_upon_clouds_yaml() {
    let secure = |user: &str| {
        format!("clouds:\n  one:\n    auth:\n      username: {user}\n      password: new\n  two: {{}}\n")
    };
    let read = |machine: &Machine| match machine.cloud("one").unwrap().auth {
        Auth::Password { user: UserReference::Name { name, .. }, password } => {
            (name, password.expose_secret().to_owned())
        }
        other => panic!("{other:?}"),
    };
    let beside = Machine::new()
        .file("elsewhere/clouds.yaml", PASSWORD)
        .variable("OS_CLIENT_CONFIG_FILE", "elsewhere/clouds.yaml")
        .file("elsewhere/secure.yaml", &secure("beside"));
    assert_eq!(read(&beside), ("beside".to_owned(), "new".to_owned()));
    assert_eq!(beside.clouds().unwrap().names(), ["one", "two"]);
    assert_eq!(beside.cloud("one").unwrap().region.as_deref(), Some("north"));
    let searched = beside.file("home/.config/openstack/secure.yaml", &secure("searched"));
    assert_eq!(read(&searched).0, "searched");
    let named = searched.file("named.yaml", &secure("named")).variable("OS_CLIENT_SECURE_FILE", "named.yaml");
    assert_eq!(read(&named).0, "named");
}

#[test]
fn an_error_names_the_file_that_the_key_stands_in() {
    let machine = Machine::new()
        .file("work/clouds.yaml", PASSWORD)
        .file("work/secure.yaml", "clouds:\n  one:\n    auth:\n      password: [canary-password]\n");
    let error = machine.cloud("one").unwrap_err().to_string();
    assert!(error.contains("secure.yaml:4") && error.contains("`clouds.one.auth.password`"), "{error}");
}

#[test]
fn what_cannot_be_used_is_refused_with_file_cloud_and_key() {
    let base = [KEYSTONE, USER, SECRET, PROJECT];
    let without = |gone: &str| base.into_iter().filter(|line| *line != gone).collect::<Vec<_>>();
    let replaced = |old: &str, new: &'static str| [without(old), vec![new]].concat();
    let cases: Vec<(Vec<&str>, Vec<&str>, &str)> = vec![
        (without(KEYSTONE), vec![], "`clouds.one.auth.auth_url` is missing"),
        (without(USER), vec![], "`clouds.one.auth.username` is missing"),
        (without(SECRET), vec![], "`clouds.one.auth.password` is missing"),
        (without(PROJECT), vec![], "`clouds.one.auth.project_name` is missing"),
        (
            [without(PROJECT), vec!["domain_id: d"]].concat(),
            vec![],
            "`clouds.one.auth.project_name` is missing",
        ),
        (replaced(USER, "username: operator"), vec![], "`clouds.one.auth.user_domain_name` is missing"),
        (replaced(PROJECT, "project_name: shop"), vec![], "`clouds.one.auth.project_domain_name` is missing"),
        (replaced(SECRET, "password: {canary: x}"), vec![], "`clouds.one.auth.password` is not a text"),
        (replaced(SECRET, "password: ''"), vec![], "`clouds.one.auth.password` is empty"),
        (
            replaced(KEYSTONE, "auth_url: canary"),
            vec![],
            "`clouds.one.auth.auth_url` is not an address that begins with",
        ),
        (replaced(KEYSTONE, "auth_url: file:///canary"), vec![], "`https://` or `http://`"),
        (
            replaced(KEYSTONE, "auth_url: https://u:canary@k/"),
            vec![],
            "has a user or a password in the address",
        ),
        (
            base.to_vec(),
            vec!["auth_type: v3canary"],
            "`clouds.one.auth_type` is not one that protector knows",
        ),
        (
            base.to_vec(),
            vec!["auth_type: v3applicationcredential"],
            "`clouds.one.auth.application_credential_id` is missing",
        ),
        (base.to_vec(), vec!["auth_type: token"], "`clouds.one.auth.token` is missing"),
        (base.to_vec(), vec!["profile: vexxhost"], "`clouds.one.profile` names a vendor profile"),
        (base.to_vec(), vec!["interface: outside"], "`clouds.one.interface` is none of"),
        (base.to_vec(), vec!["interface: [public]"], "`clouds.one.interface` is not a text"),
        (base.to_vec(), vec!["api_timeout: soon"], "`clouds.one.api_timeout` is not a number of seconds"),
        (base.to_vec(), vec!["api_timeout: 0"], "`clouds.one.api_timeout` is zero"),
        (
            base.to_vec(),
            vec!["compute_endpoint_override: nova"],
            "`clouds.one.compute_endpoint_override` is not an address",
        ),
        (base.to_vec(), vec!["regions: {a: b}"], "`clouds.one.regions` is not a text"),
        (base.to_vec(), vec!["regions: [{values: {}}]"], "`clouds.one.regions[0].name` is missing"),
        (
            base.to_vec(),
            vec!["regions: [{name: a, values: 1}]"],
            "`clouds.one.regions[0].values` is not a map",
        ),
    ];
    for (auth, beside, expected) in cases {
        let error = read_cloud(&entry(&auth, &beside)).unwrap_err();
        assert_eq!(error.code(), Code::ConfigurationInvalid);
        let text = error.to_string();
        assert!(text.contains(expected) && text.contains("clouds.yaml:"), "{text}\n  expected {expected}");
        assert!(!text.contains("canary"), "{text}");
    }
}

#[test]
fn files_that_are_no_clouds_are_refused() {
    for (text, expected) in [
        ("", "is not a map with the key `clouds`"),
        ("canary", "is not a map with the key `clouds`"),
        ("[canary]", "is not a map with the key `clouds`"),
        ("cloud: {}", "`clouds` is missing"),
        ("clouds: [canary]", "`clouds` is not a map"),
        ("clouds:\n  one: canary", "`clouds.one` is not a map"),
        ("clouds:\n  one:\n    auth: canary", "`clouds.one.auth` is not a map"),
        ("clouds: {one: [canary", "is not valid YAML"),
    ] {
        let error = read_cloud(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}\n  expected {expected}");
        assert!(!error.contains("canary"), "{error}");
    }
    let machine = Machine::new().file("work/clouds.yaml", PASSWORD).file("work/secure.yaml", "canary");
    let error = machine.clouds().unwrap_err().to_string();
    assert!(error.contains("secure.yaml") && !error.contains("canary"), "{error}");
}

#[test]
fn an_unknown_cloud_is_named_with_those_that_there_are() {
    let error = Machine::new().file("work/clouds.yaml", PASSWORD).cloud("onee").unwrap_err();
    assert_eq!(error.code(), Code::CloudUnknown);
    assert!(error.to_string().ends_with("defines no cloud `onee`; it defines `one`"), "{error}");
}

#[test]
fn anchors_and_merge_keys_are_followed() {
    let text = "
base: &base
  auth: &auth {auth_url: 'https://k/', user_id: u, password: p, project_id: p}
clouds:
  one:
    <<: *base
    region_name: north
    auth:
      <<: *auth
      project_id: 0042
";
    let cloud = read_cloud(text).unwrap();
    assert_eq!(cloud.project, Some(ProjectReference::Id("0042".into())));
    assert_eq!(cloud.region.as_deref(), Some("north"));
}

#[test]
fn nothing_secret_is_shown_by_debug() {
    let machine = Machine::new().file("work/clouds.yaml", PASSWORD);
    let clouds = machine.clouds().unwrap();
    let cloud = clouds.cloud("one", None).unwrap();
    let node = Node::parse(Path::new("f"), PASSWORD).unwrap();
    let shown = format!("{clouds:?} {cloud:?} {node:?} {:?}", place::Place::root(&node));
    assert!(!shown.contains("canary"), "{shown}");
}

proptest! {
    #[test]
    fn no_change_of_a_file_makes_the_reader_panic_or_show_a_value(
        at in 0..PASSWORD.len(),
        cut in 0..12_usize,
        insert in "[-\\[\\]{}:,&*#!|>'\"\\n\\t a0~]{0,4}",
    ) {
        let start = PASSWORD.floor_char_boundary(at);
        let end = PASSWORD.floor_char_boundary((at + cut).min(PASSWORD.len()));
        let text = format!("{}{insert}{}", &PASSWORD[..start], &PASSWORD[end..]);
        if let Err(error) = read_cloud(&text) {
            prop_assert!(!chain(&error).contains("canary-password"), "{}", chain(&error));
        }
    }
}
