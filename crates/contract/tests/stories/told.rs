//! The stories of who is told what.

use crate::engine::{command, spec};
use crate::subjects::Subject;
use serde_json::json;
use solti_api::ApiError;
use solti_api::operations::{DeleteHook, ListHooks, Operations as _, ReadDigest, SaveHook};
use solti_model::{Hook, HookCall, TaskPhase, Webhook};

pub async fn hooks_are_kept_without_telling_their_secrets(subject: &Subject) {
    let api = subject.desktop();
    let hook = |name: &str, url: &str, secret: Option<&str>| -> Hook {
        let webhook = json!({"url": url, "secret": secret});
        serde_json::from_value(json!({"name": name, "on": ["silence", "failure"], "paused": true,
            "call": {"webhook": webhook}}))
        .unwrap()
    };
    let save = async |hook| api.ask(SaveHook { hook }).await;
    let url = "https://bot:pw1234@chat.example/x?token=abc567&room=7";
    let saved = save(hook("chat", url, Some("hush"))).await.unwrap();
    assert!(saved.has_secret);
    let HookCall::Webhook(Webhook { url: masked, .. }) = saved.hook.call else { panic!("another call") };
    assert!(masked.starts_with("https://bot:") && masked.ends_with("&room=7"), "{masked}");
    save(hook("b", "https://chat.example/x", None)).await.unwrap();
    // Saved again as it was answered, the secret stays; for another address it does not.
    for same in [url, &*masked] {
        assert!(save(hook("chat", same, None)).await.unwrap().has_secret);
    }
    let list = api.ask(ListHooks {}).await.unwrap();
    let names: Vec<_> = list.hooks.iter().map(|state| (&*state.hook.name, state.has_secret)).collect();
    assert_eq!(names, [("b", false), ("chat", true)]);
    let told = serde_json::to_string(&list).unwrap();
    for secret in ["hush", "pw1234", "abc567"] {
        assert!(!told.contains(secret), "{told}");
    }
    assert!(!save(hook("chat", "https://elsewhere.example/", None)).await.unwrap().has_secret);
    // The last is the mask of what the hook does not post to any more.
    for url in ["file:///etc/passwd", &*masked] {
        let refused = save(hook("chat", url, None)).await.unwrap_err();
        let field = "hook.call.webhook.url";
        assert!(matches!(&refused, ApiError::InvalidRequest { field: at, .. } if at == field), "{refused:?}");
    }
    for name in ["chat", "b", "chat"] {
        api.ask(DeleteHook { name: name.into() }).await.unwrap();
    }
    assert_eq!(api.ask(ListHooks {}).await.unwrap().hooks, []);
}

pub async fn a_digest_says_what_has_happened_since(subject: &Subject) {
    let api = subject.desktop();
    let earlier = api.submit_task(spec("a", command("false", &[]), json!({}))).await.unwrap();
    subject.engine.finished(&earlier).await;
    let since = api.ask(ReadDigest { since: 0 }).await.unwrap();
    assert_eq!((since.ended.get(&TaskPhase::Failed), since.failed.len()), (Some(&1), 1));
    assert_eq!(since.failed[0].id, earlier);
    let later = api.ask(ReadDigest { since: since.until + 1 }).await.unwrap();
    assert_eq!((later.ended.values().sum::<u64>(), later.failed.len(), later.held_count), (0, 0, 0));
}
