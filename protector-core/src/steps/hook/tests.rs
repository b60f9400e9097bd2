use super::*;
use crate::id::{GroupId, OperationId, StepId};
use crate::steps::CommandEnd;
use crate::transport::{Context, HttpTransport, NoCredentials, RetryPolicy, TlsSettings};
use futures::future::BoxFuture;
use mockito::Matcher;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use uuid::Uuid;

fn run() -> StepRun {
    StepRun {
        context: Context::default(),
        operation: OperationId::new(Uuid::from_u128(7)),
        group: GroupId::new(Uuid::from_u128(8)),
        step: StepId::from("run_hook/dns"),
        site: Some("site-b".into()),
    }
}

fn input(call: HookCall, stops: bool) -> RunHookInput {
    RunHookInput {
        hook: "dns".to_owned(),
        about: [("group", "shop"), ("when", "after"), ("of", "web-1"), ("vm", "web-1")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        call,
        within: 5,
        stops,
        once: false,
        wanted: true,
    }
}

fn caller() -> Caller {
    let transport = Arc::new(HttpTransport::new(&TlsSettings::default()).unwrap());
    let once = RetryPolicy { attempts: 1, ..RetryPolicy::default() };
    Caller::new(transport, Arc::new(NoCredentials), 1).with_policy(once)
}

/// Ends every command like this; never, if there is no end.
#[derive(Debug)]
struct Fake {
    end: Option<CommandEnd>,
    ran: Mutex<Vec<Command>>,
}

impl Fake {
    fn new(end: Option<(i32, &str)>) -> Self {
        let end = end.map(|(code, output)| CommandEnd { code: Some(code), output: output.to_owned() });
        Self { end, ran: Mutex::default() }
    }
}

impl Machine for Fake {
    fn connect(&self, _: SocketAddr) -> BoxFuture<'_, io::Result<()>> {
        Box::pin(async { Ok(()) })
    }

    fn run<'a>(&'a self, command: &'a Command) -> BoxFuture<'a, io::Result<CommandEnd>> {
        self.ran.lock().unwrap().push(command.clone());
        Box::pin(async move {
            match self.end.clone() {
                Some(end) => Ok(end),
                None => std::future::pending().await,
            }
        })
    }
}

fn line() -> Vec<String> {
    vec!["/usr/local/bin/dns".to_owned(), "--move".to_owned()]
}

#[tokio::test]
async fn a_command_is_told_what_it_is_for() {
    let machine = Fake::new(Some((0, "moved")));
    let input = input(HookCall::Command(line()), true);
    assert_eq!(input.command(&machine, &run(), &line()).await.unwrap(), "moved");
    let ran = machine.ran.lock().unwrap();
    let command = ran.first().unwrap();
    assert_eq!(
        (command.program.as_str(), command.arguments.as_slice()),
        ("/usr/local/bin/dns", &["--move".to_owned()][..])
    );
    let expected = [
        ("PROTECTOR_GROUP", "shop"),
        ("PROTECTOR_GROUP_ID", "pg-00000000-0000-0000-0000-000000000008"),
        ("PROTECTOR_HOOK", "dns"),
        ("PROTECTOR_OF", "web-1"),
        ("PROTECTOR_OPERATION_ID", "op-00000000-0000-0000-0000-000000000007"),
        ("PROTECTOR_VM", "web-1"),
        ("PROTECTOR_WHEN", "after"),
    ];
    let environment: Vec<(&str, &str)> =
        command.environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(environment, expected);
    let told: BTreeMap<String, String> = serde_json::from_str(&command.input).unwrap();
    assert_eq!(told.get("operation_id").map(String::as_str), Some("op-00000000-0000-0000-0000-000000000007"));
}

#[tokio::test(start_paused = true)]
async fn what_fails_says_what_it_said_without_its_secrets_and_stops_only_if_it_is_to() {
    for (stops, code) in [(true, Code::StepConflict), (false, Code::StepFailed)] {
        let input = input(HookCall::Command(line()), stops);
        let machine = Fake::new(Some((4, "no zone shop\npassword=hunter2\n")));
        let error = input.command(&machine, &run(), &line()).await.unwrap_err();
        assert_eq!((error.code, error.untouched), (code, true));
        for part in ["hook dns (after web-1)", "/usr/local/bin/dns ended with 4", "no zone shop", "resume"] {
            assert!(error.message.contains(part), "{error}");
        }
        assert!(!error.message.contains("hunter2"), "{error}");
        let machine = Fake::new(None);
        let error = input.command(&machine, &run(), &line()).await.unwrap_err();
        assert_eq!((error.code, error.untouched), (code, false));
        assert!(error.message.contains("has not ended within 5 s"), "{error}");
    }
}

#[tokio::test]
async fn a_webhook_is_told_what_it_is_for_and_has_to_take_it() {
    let mut server = mockito::Server::new_async().await;
    let address = format!("{}/hooks/dns?key=k", server.url());
    let body = json!({"group": "shop", "vm": "web-1", "hook": "dns"});
    let mock = server
        .mock("POST", "/hooks/dns?key=k")
        .match_body(Matcher::PartialJson(body))
        .with_body("done")
        .expect(1)
        .create_async()
        .await;
    let input = input(HookCall::Webhook(address.clone()), true);
    assert_eq!(input.webhook(&caller(), &run(), &address).await.unwrap(), "done");
    mock.assert_async().await;
    for status in [404, 500] {
        server.reset();
        server
            .mock("POST", "/hooks/dns?key=k")
            .with_status(status)
            .with_body("no such zone")
            .create_async()
            .await;
        let error = input.webhook(&caller(), &run(), &address).await.unwrap_err();
        assert_eq!(error.code, Code::StepConflict);
        for part in ["hook dns (after web-1)", "no such zone", &status.to_string()] {
            assert!(error.message.contains(part), "{error}");
        }
        assert!(!error.message.contains("key=k"), "{error}");
    }
}
