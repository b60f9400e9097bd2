#![expect(clippy::needless_pass_by_value, reason = "bodies are written where they are sent")]

use super::*;
use crate::cloud::{Release, Service, Site};
use crate::http::{Endpoint, Response};
use crate::world::{Pace, Reactions, World};
use bytes::Bytes;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// A site with its administrator, and one of its services.
pub(crate) struct Bench {
    pub(crate) world: Arc<World>,
    pub(crate) site: Arc<Site>,
    pub(crate) identity: Service,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) response: Response,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn message(&self) -> &str {
        self.body.pointer("/error/message").and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn text(&self, pointer: &str) -> String {
        let found = self.body.pointer(pointer).and_then(Value::as_str);
        found.unwrap_or_else(|| panic!("no {pointer} in {}", self.body)).to_owned()
    }
}

/// Sends a request to a service.
pub(crate) fn ask(
    service: &Service,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &Value,
) -> Answer {
    let mut request = http::Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let bytes = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
    let response = service.answer(&request.body(bytes).unwrap());
    let body = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
    Answer { status: response.status().as_u16(), body, response }
}

impl Bench {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(protector_core::time::SystemClock::new());
        let world = World::in_memory(1, clock, Reactions::default()).unwrap();
        world.set_pace(Pace::OnCommand).unwrap();
        Self::in_world(world)
    }

    pub(crate) fn in_world(world: World) -> Self {
        let world = Arc::new(world);
        let urls = ServiceKind::ALL.map(|kind| (kind, format!("http://{}", kind.name())));
        let site = Arc::new(Site {
            world: Arc::clone(&world),
            name: "site-a".to_owned(),
            region: "region-a".to_owned(),
            release: Release::default(),
            array: "array-a".to_owned(),
            urls: urls.into(),
        });
        let administrator = Administrator { name: "admin", password: "secret", project: "admin" };
        world.transact(|transaction| bootstrap(transaction, &site, administrator)).unwrap();
        let identity = Service::new(Arc::clone(&site), &SERVICE).unwrap();
        Self { world, site, identity }
    }

    fn sign_in(&self, auth: Value) -> Answer {
        ask(&self.identity, "POST", "/v3/auth/tokens", &[], &json!({"auth": auth}))
    }

    pub(crate) fn token(&self, user: &str, password: &str, project: &str) -> String {
        let answer = self.sign_in(by_password(user, password, Some(project)));
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.header("x-subject-token").to_owned()
    }

    pub(crate) fn admin(&self) -> String {
        self.token("admin", "secret", "admin")
    }

    fn ask(&self, token: &str, method: &str, path: &str, body: &Value) -> Answer {
        ask(&self.identity, method, path, &[("x-auth-token", token)], body)
    }

    fn get(&self, token: &str, path: &str) -> Answer {
        self.ask(token, "GET", path, &Value::Null)
    }

    /// A project, and a user who is `role` there; gives their ids.
    pub(crate) fn tenant(&self, project: &str, user: &str, role: &str) -> (String, String) {
        let admin = self.admin();
        let project = self.ask(
            &admin,
            "POST",
            "/v3/projects",
            &json!({"project": {"name": project, "domain_id": "default"}}),
        );
        let user = self.ask(&admin, "POST", "/v3/users", &json!({"user": {"name": user, "password": "pw"}}));
        let (project, user) = (project.text("/project/id"), user.text("/user/id"));
        let role = self.role(role);
        let path = format!("/v3/projects/{project}/users/{user}/roles/{role}");
        assert_eq!(self.ask(&admin, "PUT", &path, &Value::Null).status, 204);
        (project, user)
    }

    fn role(&self, name: &str) -> String {
        self.get(&self.admin(), &format!("/v3/roles?name={name}")).text("/roles/0/id")
    }
}

fn by_password(user: &str, password: &str, project: Option<&str>) -> Value {
    let user = json!({"name": user, "password": password, "domain": {"name": "Default"}});
    let identity = json!({"methods": ["password"], "password": {"user": user}});
    match project {
        Some(name) => {
            json!({"identity": identity, "scope": {"project": {"name": name, "domain": {"id": "default"}}}})
        }
        None => json!({"identity": identity}),
    }
}

#[test]
fn versions_are_told_to_anybody() {
    let bench = Bench::new();
    let list = ask(&bench.identity, "GET", "/", &[], &Value::Null);
    assert_eq!((list.status, list.header("location")), (300, "http://identity/v3/"));
    let version = ask(&bench.identity, "GET", "/v3/", &[], &Value::Null);
    assert_eq!((version.status, version.text("/version/id").as_str()), (200, "v3.14"));
}

#[test]
fn a_token_by_password_has_roles_and_a_catalog() {
    let bench = Bench::new();
    let answer = bench.sign_in(by_password("admin", "secret", Some("admin")));
    assert_eq!(answer.status, 201);
    assert!(answer.header("x-subject-token").len() > 170);
    let mut roles: Vec<&str> = answer.body["token"]["roles"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|role| role["name"].as_str())
        .collect();
    roles.sort_unstable();
    assert_eq!(roles, ["admin", "manager", "member", "reader"]);
    let catalog = answer.body["token"]["catalog"].as_array().unwrap();
    let compute = catalog.iter().find(|service| service["type"] == "compute").unwrap();
    assert_eq!(compute["endpoints"][0]["url"], "http://compute/v2.1");
    assert_eq!(compute["endpoints"].as_array().unwrap().len(), 3);
    assert_eq!(compute["endpoints"][0]["region"], "region-a");
    let without = ask(
        &bench.identity,
        "POST",
        "/v3/auth/tokens?nocatalog",
        &[],
        &json!({"auth": by_password("admin", "secret", Some("admin"))}),
    );
    assert!(without.body["token"].get("catalog").is_none());
}

#[test]
fn a_wrong_sign_in_says_no_more_than_that_it_is_one() {
    let bench = Bench::new();
    for auth in [
        by_password("admin", "wrong", Some("admin")),
        by_password("nobody", "secret", Some("admin")),
        by_password("admin", "secret", Some("nowhere")),
        json!({"identity": {"methods": ["token"], "token": {"id": "gAAAAABx"}}}),
    ] {
        let answer = bench.sign_in(auth);
        assert_eq!(answer.status, 401);
        assert_eq!(answer.message(), "The request you have made requires authentication.");
        assert_eq!(answer.header("www-authenticate"), "Keystone uri=\"http://identity/v3\"");
    }
}

#[test]
fn a_malformed_sign_in_is_told_what_is_missing() {
    let bench = Bench::new();
    let of = |body: Value| ask(&bench.identity, "POST", "/v3/auth/tokens", &[], &body);
    assert!(of(json!({})).message().starts_with("Expecting to find auth in request body."));
    assert_eq!(of(json!({"auth": {"scope": {}}})).message(), "'identity' is a required property");
    let methods = of(json!({"auth": {"identity": {"methods": ["password"]}}}));
    assert!(
        methods.message().starts_with("Expecting to find password in identity."),
        "{}",
        methods.message()
    );
    let user = of(json!({"auth": {"identity": {"methods": ["password"], "password": {"user": {}}}}}));
    assert_eq!(user.message(), "Invalid input for field identity/password/user: id or name must be present.");
    assert_eq!(user.status, 400);
}

#[test]
fn a_token_made_from_another_ends_with_it() {
    let bench = Bench::new();
    let first = bench.sign_in(by_password("admin", "secret", None));
    assert!(first.body["token"].get("project").is_none() && first.body["token"].get("catalog").is_none());
    bench.world.advance(Duration::from_mins(30)).unwrap();
    let id = first.header("x-subject-token");
    let scoped = bench.sign_in(json!({
        "identity": {"methods": ["token"], "token": {"id": id}},
        "scope": {"project": {"name": "admin", "domain": {"name": "Default"}}},
    }));
    assert_eq!(scoped.status, 201);
    assert_eq!(scoped.body["token"]["expires_at"], first.body["token"]["expires_at"]);
    assert_eq!(scoped.body["token"]["methods"], json!(["token", "password"]));
    assert_eq!(scoped.body["token"]["audit_ids"][1], first.body["token"]["audit_ids"][0]);
    let scoped = scoped.header("x-subject-token").to_owned();
    assert_eq!(bench.get(&scoped, "/v3/projects").status, 200);
    bench.world.advance(Duration::from_mins(30)).unwrap();
    assert_eq!(bench.get(&scoped, "/v3/projects").status, 401);
}

#[test]
fn how_long_tokens_last_can_be_set() {
    let bench = Bench::new();
    bench.world.transact(|transaction| transaction.set_fact("duration/identity.token", "5")).unwrap();
    let token = bench.admin();
    bench.world.advance(Duration::from_secs(4)).unwrap();
    assert_eq!(bench.get(&token, "/v3/users").status, 200);
    bench.world.advance(Duration::from_secs(1)).unwrap();
    assert_eq!(bench.get(&token, "/v3/users").status, 401);
}

#[test]
fn a_revoked_token_ends_with_those_made_from_it() {
    let bench = Bench::new();
    let admin = bench.admin();
    let first = bench.admin();
    let second = bench.sign_in(json!({"identity": {"methods": ["token"], "token": {"id": first}}}));
    let second = second.header("x-subject-token").to_owned();
    let subject = |token: &str, method: &str| {
        let headers = [("x-auth-token", admin.as_str()), ("x-subject-token", token)];
        ask(&bench.identity, method, "/v3/auth/tokens", &headers, &Value::Null)
    };
    let shown = subject(&second, "GET");
    assert_eq!((shown.status, shown.header("x-subject-token")), (200, second.as_str()));
    let head = subject(&second, "HEAD");
    assert_eq!((head.status, head.response.body().len()), (200, 0));
    assert_eq!(subject(&first, "DELETE").status, 204);
    assert_eq!(subject(&second, "GET").status, 404);
    assert_eq!(bench.get(&second, "/v3/auth/projects").status, 401);
    assert_eq!(subject("nonsense", "GET").message(), "Could not recognize Fernet token");
}

#[test]
fn a_domain_or_the_system_can_be_signed_in_to_by_those_with_a_role_there() {
    let bench = Bench::new();
    let mut auth = by_password("admin", "secret", None);
    auth["scope"] = json!({"system": {"all": true}});
    let system = bench.sign_in(auth.clone());
    assert_eq!(system.body["token"]["system"], json!({"all": true}));
    auth["scope"] = json!({"domain": {"id": "default"}});
    assert_eq!(bench.sign_in(auth.clone()).status, 401);
    let admin = bench.admin();
    let user = bench.get(&admin, "/v3/users?name=admin").text("/users/0/id");
    let path = format!("/v3/domains/default/users/{user}/roles/{}", bench.role("admin"));
    assert_eq!(bench.ask(&admin, "PUT", &path, &Value::Null).status, 204);
    assert_eq!(bench.sign_in(auth).body["token"]["domain"]["name"], "Default");
}

#[test]
fn members_are_refused_what_only_administrators_may() {
    let bench = Bench::new();
    let (project, user) = bench.tenant("app", "owner", "member");
    let token = bench.token("owner", "pw", "app");
    for path in ["/v3/users", "/v3/projects", "/v3/roles", "/v3/endpoints", "/v3/role_assignments"] {
        let answer = bench.get(&token, path);
        assert_eq!(answer.status, 403, "{path}");
        assert!(
            answer
                .message()
                .starts_with("You are not authorized to perform the requested action: identity:list_")
        );
    }
    assert_eq!(bench.get(&token, &format!("/v3/projects/{project}")).status, 200);
    assert_eq!(bench.get(&token, &format!("/v3/users/{user}")).status, 200);
    assert_eq!(bench.get(&token, "/v3/auth/projects").text("/projects/0/id"), project);
    let created = bench.ask(&token, "POST", "/v3/projects", &json!({"project": {"name": "x"}}));
    assert_eq!(created.status, 403);
}

#[test]
fn a_project_lives_from_create_to_delete() {
    let bench = Bench::new();
    let admin = bench.admin();
    let new =
        json!({"project": {"name": "app", "domain_id": "default", "description": "d", "colour": "red"}});
    let made = bench.ask(&admin, "POST", "/v3/projects", &new);
    assert_eq!(made.status, 201);
    let id = made.text("/project/id");
    let expected = json!({
        "id": id, "name": "app", "domain_id": "default", "description": "d", "enabled": true, "parent_id": "default",
        "is_domain": false, "tags": [], "options": {}, "colour": "red",
        "links": {"self": format!("http://identity/v3/projects/{id}")},
    });
    assert_eq!(made.body["project"], expected);
    let again = bench.ask(&admin, "POST", "/v3/projects", &new);
    assert_eq!(again.status, 409);
    assert!(
        again.message().starts_with("Conflict occurred attempting to store project - it is not permitted")
    );
    let path = format!("/v3/projects/{id}");
    let changed = bench.ask(&admin, "PATCH", &path, &json!({"project": {"enabled": false, "tags": ["t"]}}));
    assert_eq!(
        (&changed.body["project"]["enabled"], &changed.body["project"]["tags"]),
        (&json!(false), &json!(["t"]))
    );
    assert_eq!(bench.get(&admin, "/v3/projects?enabled=false").body["projects"].as_array().unwrap().len(), 1);
    assert_eq!(bench.get(&admin, "/v3/projects?name__startswith=AP").body["projects"], json!([]));
    assert_eq!(bench.ask(&admin, "DELETE", &path, &Value::Null).status, 204);
    let gone = bench.get(&admin, &path);
    assert_eq!((gone.status, gone.message()), (404, format!("Could not find project: {id}.").as_str()));
    let invalid = bench.ask(&admin, "POST", "/v3/projects", &json!({"project": {"name": ""}}));
    assert_eq!(invalid.message(), "Invalid input for field 'project/name': '' should be non-empty");
}

#[test]
fn lists_have_pages_in_the_order_of_ids() {
    let bench = Bench::new();
    let admin = bench.admin();
    for name in ["a", "b", "c"] {
        bench.ask(&admin, "POST", "/v3/projects", &json!({"project": {"name": name}}));
    }
    let mut path = "/v3/projects?limit=2".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = bench.get(&admin, &path);
        let ids = page.body["projects"].as_array().unwrap().iter().map(|project| project["id"].clone());
        seen.extend(ids.map(|id| id.as_str().unwrap().to_owned()));
        match page.body["links"]["next"].as_str() {
            Some(next) => path = next.trim_start_matches("http://identity").to_owned(),
            None => break,
        }
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.is_sorted());
}

#[test]
fn a_user_is_never_shown_with_a_password_and_loses_tokens_with_it() {
    let bench = Bench::new();
    let (_, user) = bench.tenant("app", "owner", "member");
    let admin = bench.admin();
    let path = format!("/v3/users/{user}");
    let shown = bench.get(&admin, &path);
    assert!(!shown.body.to_string().contains("\"password\""));
    let token = bench.token("owner", "pw", "app");
    let own = json!({"user": {"original_password": "pw", "password": "new"}});
    let wrong = json!({"user": {"original_password": "no", "password": "new"}});
    let password = format!("{path}/password");
    assert_eq!(bench.ask(&token, "POST", &password, &wrong).status, 401);
    assert_eq!(bench.ask(&token, "POST", &password, &own).status, 204);
    assert_eq!(bench.get(&token, &path).status, 401);
    let token = bench.token("owner", "new", "app");
    let disabled = bench.ask(&admin, "PATCH", &path, &json!({"user": {"enabled": false, "email": "x@y"}}));
    assert_eq!(disabled.text("/user/email"), "x@y");
    assert_eq!(bench.get(&token, &path).status, 401);
    assert_eq!(bench.sign_in(by_password("owner", "new", Some("app"))).status, 401);
    assert_eq!(bench.ask(&admin, "DELETE", &path, &Value::Null).status, 204);
    assert_eq!(bench.get(&admin, &path).status, 404);
    let raw = bench.world.transact::<_, crate::world::WorldError>(|transaction| {
        let document: String = transaction.sql().query_row(
            "SELECT group_concat(document) FROM record WHERE kind = 'identity.user'",
            (),
            |row| row.get(0),
        )?;
        Ok(document)
    });
    assert!(!raw.unwrap().contains("secret\""));
}

#[test]
fn a_default_project_is_what_a_sign_in_without_scope_is_for() {
    let bench = Bench::new();
    let (project, user) = bench.tenant("app", "owner", "member");
    let admin = bench.admin();
    let body = json!({"user": {"default_project_id": project}});
    bench.ask(&admin, "PATCH", &format!("/v3/users/{user}"), &body);
    assert_eq!(bench.sign_in(by_password("owner", "pw", None)).body["token"]["project"]["name"], "app");
    let mut unscoped = by_password("owner", "pw", None);
    unscoped["scope"] = json!("unscoped");
    assert!(bench.sign_in(unscoped).body["token"].get("project").is_none());
}

#[test]
fn role_assignments_are_granted_listed_with_names_and_revoked() {
    let bench = Bench::new();
    let (project, user) = bench.tenant("app", "owner", "member");
    let admin = bench.admin();
    let token = bench.token("owner", "pw", "app");
    let listed = bench.get(&admin, &format!("/v3/role_assignments?include_names=True&user.id={user}"));
    assert_eq!(listed.text("/role_assignments/0/role/name"), "member");
    assert_eq!(listed.text("/role_assignments/0/scope/project/domain/name"), "Default");
    let effective = bench.get(&admin, &format!("/v3/role_assignments?effective&scope.project.id={project}"));
    assert_eq!(effective.body["role_assignments"].as_array().unwrap().len(), 2);
    let role = format!("/v3/projects/{project}/users/{user}/roles/{}", bench.role("member"));
    assert_eq!(bench.ask(&admin, "HEAD", &role, &Value::Null).status, 204);
    assert_eq!(
        bench.get(&admin, &format!("/v3/projects/{project}/users/{user}/roles")).text("/roles/0/name"),
        "member"
    );
    assert_eq!(bench.ask(&admin, "DELETE", &role, &Value::Null).status, 204);
    let gone = bench.ask(&admin, "DELETE", &role, &Value::Null);
    assert!(gone.message().starts_with("Could not find role assignment with role: "));
    assert_eq!(bench.get(&token, &format!("/v3/users/{user}")).status, 401);
}

#[test]
fn roles_are_made_imply_others_and_those_of_the_bootstrap_stay() {
    let bench = Bench::new();
    let admin = bench.admin();
    let made =
        bench.ask(&admin, "POST", "/v3/roles", &json!({"role": {"name": "operator"}})).text("/role/id");
    let reader = bench.role("reader");
    let path = format!("/v3/roles/{made}/implies/{reader}");
    assert_eq!(bench.ask(&admin, "PUT", &path, &Value::Null).status, 201);
    let rules = bench.get(&admin, "/v3/role_inferences");
    assert_eq!(rules.body["role_inferences"].as_array().unwrap().len(), 4);
    assert_eq!(bench.ask(&admin, "DELETE", &format!("/v3/roles/{reader}"), &Value::Null).status, 403);
    assert_eq!(bench.ask(&admin, "DELETE", &format!("/v3/roles/{made}"), &Value::Null).status, 204);
    let twice = bench.ask(&admin, "POST", "/v3/roles", &json!({"role": {"name": "Member"}}));
    assert_eq!(
        twice.message(),
        "Conflict occurred attempting to store role - Duplicate entry found with name Member."
    );
}

#[test]
fn an_application_credential_signs_in_to_its_project_only_and_shows_its_secret_once() {
    let bench = Bench::new();
    let (project, user) = bench.tenant("app", "owner", "member");
    let token = bench.token("owner", "pw", "app");
    let path = format!("/v3/users/{user}/application_credentials");
    let made = bench.ask(&token, "POST", &path, &json!({"application_credential": {"name": "ci"}}));
    assert_eq!(made.status, 201, "{}", made.body);
    let (id, secret) = (made.text("/application_credential/id"), made.text("/application_credential/secret"));
    assert!(
        bench.get(&token, &format!("{path}/{id}")).body["application_credential"].get("secret").is_none()
    );
    let method = |data: Value| json!({"identity": {"methods": ["application_credential"], "application_credential": data}});
    let by_id = bench.sign_in(method(json!({"id": id, "secret": secret})));
    assert_eq!(by_id.text("/token/project/id"), project);
    assert_eq!(by_id.body["token"]["application_credential"]["restricted"], true);
    let user_of = json!({"name": "owner", "domain": {"id": "default"}});
    let by_name = bench.sign_in(method(json!({"name": "ci", "user": user_of, "secret": secret})));
    assert_eq!(by_name.status, 201);
    assert_eq!(bench.sign_in(method(json!({"id": id, "secret": "x"}))).status, 401);
    let mut scoped = method(json!({"id": id, "secret": secret}));
    scoped["scope"] = json!({"project": {"id": project}});
    assert!(bench.sign_in(scoped).message().ends_with("Application credentials cannot request a scope."));
    let restricted = by_id.header("x-subject-token").to_owned();
    let another = bench.ask(&restricted, "POST", &path, &json!({"application_credential": {"name": "more"}}));
    assert_eq!(another.status, 403);
    let role = json!({"application_credential": {"name": "high", "roles": [{"name": "admin"}]}});
    assert_eq!(bench.ask(&token, "POST", &path, &role).status, 400);
    assert_eq!(bench.ask(&token, "DELETE", &format!("{path}/{id}"), &Value::Null).status, 204);
    assert_eq!(bench.get(&restricted, &path).status, 401);
    assert_eq!(bench.get(&token, &format!("{path}/{id}")).status, 404);
}

#[test]
fn an_application_credential_shows_its_roles_whole_and_no_list_of_no_rules() {
    let bench = Bench::new();
    let (_, user) = bench.tenant("app", "owner", "member");
    let token = bench.token("owner", "pw", "app");
    let path = format!("/v3/users/{user}/application_credentials");
    let wanted = json!({"application_credential": {"name": "ci", "access_rules": []}});
    let made = bench.ask(&token, "POST", &path, &wanted).body["application_credential"].clone();
    assert_eq!(made["roles"][0]["options"], json!({"immutable": true}));
    assert!(made.get("access_rules").is_none(), "{made}");
}

#[test]
fn an_application_credential_ends_when_it_says() {
    let bench = Bench::new();
    let (_, user) = bench.tenant("app", "owner", "member");
    let token = bench.token("owner", "pw", "app");
    let path = format!("/v3/users/{user}/application_credentials");
    let ends = (bench.world.now().unwrap() + Duration::from_mins(10)).to_string();
    let credential = json!({"name": "ci", "secret": "s", "expires_at": ends});
    let made = bench.ask(&token, "POST", &path, &json!({"application_credential": credential}));
    let data = json!({"id": made.text("/application_credential/id"), "secret": "s"});
    let auth = json!({"identity": {"methods": ["application_credential"], "application_credential": data}});
    let issued = bench.sign_in(auth.clone()).header("x-subject-token").to_owned();
    bench.world.advance(Duration::from_mins(11)).unwrap();
    assert_eq!(bench.sign_in(auth).status, 401);
    assert_eq!(bench.get(&issued, "/v3/auth/projects").status, 401);
}

#[test]
fn the_catalog_can_be_changed_and_follows_new_addresses_at_a_new_start() {
    let bench = Bench::new();
    let admin = bench.admin();
    let region = bench.ask(&admin, "POST", "/v3/regions", &json!({"region": {"id": "other"}}));
    assert_eq!(region.status, 201);
    let service =
        bench.ask(&admin, "POST", "/v3/services", &json!({"service": {"type": "backup", "name": "freezer"}}));
    let service = service.text("/service/id");
    let endpoint = json!({"interface": "public", "service_id": service, "url": "http://x/$(project_id)s", "region_id": "other"});
    let made = bench.ask(&admin, "POST", "/v3/endpoints", &json!({"endpoint": endpoint}));
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(bench.ask(&admin, "DELETE", "/v3/regions/other", &Value::Null).status, 403);
    let catalog = bench.get(&admin, "/v3/auth/catalog");
    let project = bench.get(&admin, "/v3/auth/projects").text("/projects/0/id");
    let backup = catalog.body["catalog"]
        .as_array()
        .unwrap()
        .iter()
        .find(|found| found["type"] == "backup")
        .unwrap()
        .clone();
    assert_eq!(backup["endpoints"][0]["url"], format!("http://x/{project}"));
    let nowhere = json!({"endpoint": {"interface": "public", "service_id": "x", "url": "http://x"}});
    assert_eq!(bench.ask(&admin, "POST", "/v3/endpoints", &nowhere).status, 400);
    assert_eq!(bench.ask(&admin, "DELETE", &format!("/v3/services/{service}"), &Value::Null).status, 204);

    let before = bench.get(&admin, "/v3/endpoints").body["endpoints"].as_array().unwrap().len();
    let moved = Site {
        world: Arc::clone(&bench.world),
        name: bench.site.name.clone(),
        region: bench.site.region.clone(),
        release: bench.site.release,
        array: bench.site.array.clone(),
        urls: [(ServiceKind::Compute, "http://moved".to_owned())].into(),
    };
    let administrator = Administrator { name: "admin", password: "other", project: "admin" };
    bench.world.transact(|transaction| bootstrap(transaction, &moved, administrator)).unwrap();
    let endpoints = bench.get(&admin, "/v3/endpoints");
    assert_eq!(endpoints.body["endpoints"].as_array().unwrap().len(), before);
    assert!(endpoints.body.to_string().contains("http://moved/v2.1"));
}

#[test]
fn a_domain_is_disabled_before_it_is_deleted_with_all_that_is_in_it() {
    let bench = Bench::new();
    let admin = bench.admin();
    let domain =
        bench.ask(&admin, "POST", "/v3/domains", &json!({"domain": {"name": "Other"}})).text("/domain/id");
    let user = json!({"user": {"name": "u", "domain_id": domain, "password": "p"}});
    let user = bench.ask(&admin, "POST", "/v3/users", &user).text("/user/id");
    let path = format!("/v3/domains/{domain}");
    let refused = bench.ask(&admin, "DELETE", &path, &Value::Null);
    assert_eq!(refused.message(), "Cannot delete a domain that is enabled, please disable it first.");
    bench.ask(&admin, "PATCH", &path, &json!({"domain": {"enabled": false}}));
    assert_eq!(bench.ask(&admin, "DELETE", &path, &Value::Null).status, 204);
    assert_eq!(bench.get(&admin, &format!("/v3/users/{user}")).status, 404);
}
