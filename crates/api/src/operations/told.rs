// Who is told what: the hooks that are called, and what happened while nobody looked.
macro_rules! told_operations {
    ({ $($asks:tt)* } { $($topics:tt)* } { $($downloads:tt)* } $next:ident $($rest:ident)*) => {
        $next! {
            {
                $($asks)*

                /// The hooks, how many of their calls wait, and how the latest went. Secrets are not in it.
                read ListHooks "list_hooks" -> HookList {}

                /// Saves a hook in the place of the one of that name, if there is one. It is called for what happens from then on.
                change SaveHook "save_hook" -> HookState { hook: Hook }

                /// Removes a hook, and its calls that wait. Also fine when there is none.
                change DeleteHook "delete_hook" -> () { name: String }

                /// Calls a hook once to try it, also one that is paused, and answers what came of it; after 8 s it may still wait.
                change TestHook "test_hook" -> HookDelivery { name: String }

                /// What has happened since then: what ended and how, which times of schedules were missed, and what is held.
                read ReadDigest "digest" -> Digest {
                    /// Unix milliseconds.
                    #[ts(type = "number")]
                    since: u64,
                }
            }
            { $($topics)* }
            { $($downloads)* }
            $($rest)*
        }
    };
}
