// What a person has begun to write in the form, and not sent yet; the filters that were given names, and
// how the list was left.
macro_rules! draft_operations {
    ({ $($asks:tt)* } { $($topics:tt)* } { $($downloads:tt)* } $next:ident $($rest:ident)*) => {
        $next! {
            {
                $($asks)*

                /// The draft as it was kept last; nothing when there is none.
                read ReadDraft "read_draft" -> Option<String> { draft: DraftKind }

                /// Keeps a text of the form, 3 MiB at most, in the place of the one before; without one, drops that. Secrets do not
                /// belong in it.
                change SaveDraft "save_draft" -> () {
                    draft: DraftKind,
                    #[serde(default)]
                    #[ts(optional = nullable)]
                    text: Option<String>,
                }

                /// The filters that were given names, in their order.
                read ReadViews "read_views" -> Vec<SavedView> {}

                /// Keeps these in the place of those before, 50 at most.
                change SaveViews "save_views" -> () { views: Vec<SavedView> }

                /// How the list of tasks was left: its columns, and by what it is sorted.
                read ReadListLayout "read_list_layout" -> ListLayout {}

                /// Keeps that.
                change SaveListLayout "save_list_layout" -> () { layout: ListLayout }
            }
            { $($topics)* }
            { $($downloads)* }
            $($rest)*
        }
    };
}
