use super::*;
use crate::error::{Code, Coded, chain};
use base64::engine::general_purpose::STANDARD;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use tempfile::TempDir;

const PROTECTOR: &str = "
sites:
  site-a:
    cloud: tenant-a
    store: a.db
    arrays: { array-a: { driver: pure, url: 'https://a.example', api_token: env:ARRAY_A_TOKEN } }
  site-b:
    cloud: tenant-b
    region: south
    store: b.db
    arrays: { array-b: { driver: pure, url: 'https://b.example', api_token: file:b.token } }
encryption_key: file:protector.key
";

const CLOUDS: &str = "
clouds:
  tenant-a:
    auth: &auth { auth_url: 'https://a.example/v3', user_id: u, password: canary-password, project_id: p }
  tenant-b:
    auth: { <<: *auth, auth_url: 'https://b.example/v3' }
";

fn folder(clouds: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("protector.yaml"), PROTECTOR).unwrap();
    fs::write(folder.path().join("clouds.yaml"), clouds).unwrap();
    folder
}

fn options(folder: &TempDir) -> LoadOptions {
    let variables = [("ARRAY_A_TOKEN", "canary-token"), ("EMPTY", "")];
    let environment = Environment::given(variables, folder.path(), folder.path().join("etc"));
    LoadOptions { protector: None, clouds: None, environment }
}

fn secret_file(folder: &TempDir, name: &str, text: &str, mode: u32) {
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn both_sites_are_read_with_their_clouds() {
    let config = Config::load(&options(&folder(CLOUDS))).unwrap();
    let clouds: Vec<_> = config
        .clouds
        .iter()
        .map(|(site, cloud)| {
            (site.as_str(), cloud.name.as_str(), cloud.region.as_deref(), cloud.auth_url.as_str())
        })
        .collect();
    assert_eq!(
        clouds,
        [
            ("site-a", "tenant-a", None, "https://a.example/v3"),
            ("site-b", "tenant-b", Some("south"), "https://b.example/v3"),
        ]
    );
}

#[test]
fn protector_yaml_is_the_named_one_before_the_variable_and_the_folders() {
    let folder = folder(CLOUDS);
    let place = |name: &str, store: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, PROTECTOR.replace("a.db", store)).unwrap();
        path
    };
    let store = |options: &LoadOptions| {
        let config = Config::load(options).unwrap();
        config.protector.sites[&SiteName::from("site-a")].store.clone()
    };
    let mut options = options(&folder);
    assert_eq!(store(&options), folder.path().join("a.db"));
    let named = place("named/by-variable.yaml", "variable.db");
    let variables = [("PROTECTOR_CONFIG", named.to_str().unwrap())];
    options.environment = Environment::given(variables, folder.path(), folder.path());
    assert_eq!(store(&options), folder.path().join("named/variable.db"));
    options.protector = Some(place("given/by-flag.yaml", "flag.db"));
    assert_eq!(store(&options), folder.path().join("given/flag.db"));
}

#[test]
fn a_missing_file_is_named_with_where_it_was_looked_for() {
    let empty = tempfile::tempdir().unwrap();
    let error = Config::load(&options(&empty)).unwrap_err().to_string();
    assert!(error.starts_with("found no protector.yaml in "), "{error}");
    assert!(error.ends_with("or name it with PROTECTOR_CONFIG"), "{error}");
}

#[test]
fn a_cloud_that_clouds_yaml_lacks_is_an_error_of_its_own() {
    let error = Config::load(&options(&folder(&CLOUDS.replace("tenant-b", "other")))).unwrap_err();
    assert_eq!(error.code(), Code::CloudUnknown);
    assert!(error.to_string().contains("no cloud `tenant-b`; it defines `tenant-a`, `other`"), "{error}");
}

#[test]
fn secrets_are_read_from_the_environment_and_from_files_without_one_line_feed() {
    let folder = folder(CLOUDS);
    let config = Config::load(&options(&folder)).unwrap();
    let array = |site: &str, array: &str| {
        let reference = &config.protector.sites[&SiteName::from(site)].arrays[&array.into()].api_token;
        config.resolve_secret(reference).map(|secret| secret.expose_secret().to_owned())
    };
    assert_eq!(array("site-a", "array-a").unwrap(), "canary-token");
    assert!(chain(&array("site-b", "array-b").unwrap_err()).contains("No such file"));
    secret_file(&folder, "b.token", "canary-token\n\n", 0o600);
    assert_eq!(array("site-b", "array-b").unwrap(), "canary-token\n");
}

#[test]
fn secrets_that_are_absent_empty_or_open_to_others_are_refused() {
    let folder = folder(CLOUDS);
    let config = Config::load(&options(&folder)).unwrap();
    secret_file(&folder, "open", "canary", 0o640);
    secret_file(&folder, "empty", "\n", 0o600);
    let file = |name: &str| format!("file:{}", folder.path().join(name).display());
    for (reference, expected) in [
        ("env:ABSENT".to_owned(), "is not set in the environment"),
        ("env:EMPTY".to_owned(), "is not set in the environment"),
        (file("absent"), "cannot be read: No such file"),
        (file("open"), "can be read by others (mode 0640): make it 0600"),
        (file("empty"), "is empty"),
    ] {
        let error = config.resolve_secret(&SecretReference::parse(&reference).unwrap()).unwrap_err();
        assert_eq!(error.code(), Code::SecretUnavailable);
        let text = chain(&error);
        assert!(text.contains(expected) && text.contains(&reference), "{text}\n  expected {expected}");
        assert!(!text.contains("canary"), "{text}");
    }
}

#[test]
fn the_encryption_key_is_32_bytes_in_base64() {
    let folder = folder(CLOUDS);
    let config = Config::load(&options(&folder)).unwrap();
    let key: [u8; 32] = std::array::from_fn(|index| index as u8);
    secret_file(&folder, "protector.key", &(STANDARD.encode(key) + "\n"), 0o600);
    assert_eq!(*config.resolve_encryption_key().unwrap(), key);
    for (text, expected) in
        [("canary!", "is not base64"), (&STANDARD.encode(b"canary"), "is not 32 bytes long")]
    {
        secret_file(&folder, "protector.key", text, 0o600);
        let error = config.resolve_encryption_key().unwrap_err();
        assert_eq!(error.code(), Code::KeyUnusable);
        assert!(error.to_string().contains(expected) && !error.to_string().contains(text), "{error}");
    }
    secret_file(&folder, "protector.key", "canary", 0o604);
    assert_eq!(config.resolve_encryption_key().unwrap_err().code(), Code::SecretUnavailable);
}

#[test]
fn nothing_secret_is_shown_by_debug() {
    let folder = folder(CLOUDS);
    let options = options(&folder);
    let config = Config::load(&options).unwrap();
    let shown = format!("{options:?} {config:?}");
    assert!(shown.contains("array-a") && !shown.contains("canary"), "{shown}");
}
