//! A route and what the OpenAPI document says of it, in one value: neither can be without the other.

use crate::server::routes::Server;
use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, on};
use http::Method;
use schemars::{JsonSchema, Schema, SchemaGenerator};

pub(super) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// A parameter in the path, the query or a header.
pub(super) struct Parameter {
    pub place: &'static str,
    pub name: &'static str,
    pub about: &'static str,
    pub schema: SchemaOf,
    /// May be given more than once.
    pub repeats: bool,
}

/// What an answer without an error holds.
pub(super) enum Content {
    Nothing,
    Json(SchemaOf),
    /// Server-sent events with these names and data of this shape.
    Events(&'static [&'static str], SchemaOf),
    Text(&'static str),
}

pub(super) struct Route {
    pub method: Method,
    pub path: &'static str,
    pub name: &'static str,
    pub about: &'static str,
    pub parameters: Vec<Parameter>,
    pub body: Option<SchemaOf>,
    /// No body is as good as an empty object.
    pub may_lack_body: bool,
    pub answers: Vec<(u16, Content)>,
    /// Statuses of errors beside those that every route has.
    pub errors: Vec<u16>,
    /// Needs no token.
    pub open: bool,
    mount: Box<dyn FnOnce(Router<Server>) -> Router<Server>>,
}

fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

impl Route {
    /// `path` as axum and OpenAPI both write it: `/tasks/{id}`.
    pub(super) fn new<T: 'static>(
        method: Method,
        path: &'static str,
        name: &'static str,
        handler: impl Handler<T, Server>,
    ) -> Self {
        // Only methods of this file's callers, which are all known to the router.
        let filter = MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET);
        Self {
            method,
            path,
            name,
            about: "",
            parameters: vec![],
            body: None,
            may_lack_body: false,
            answers: vec![],
            errors: vec![],
            open: false,
            mount: Box::new(move |router| router.route(path, on(filter, handler))),
        }
    }

    pub(super) fn about(self, about: &'static str) -> Self {
        Self { about, ..self }
    }

    fn parameter<T: JsonSchema>(
        mut self,
        place: &'static str,
        name: &'static str,
        about: &'static str,
        repeats: bool,
    ) -> Self {
        self.parameters.push(Parameter { place, name, about, schema: schema_of::<T>, repeats });
        self
    }

    pub(super) fn in_path<T: JsonSchema>(self, name: &'static str, about: &'static str) -> Self {
        self.parameter::<T>("path", name, about, false)
    }

    pub(super) fn in_query<T: JsonSchema>(self, name: &'static str, about: &'static str) -> Self {
        self.parameter::<T>("query", name, about, false)
    }

    pub(super) fn in_query_repeated<T: JsonSchema>(self, name: &'static str, about: &'static str) -> Self {
        self.parameter::<T>("query", name, about, true)
    }

    pub(super) fn in_header<T: JsonSchema>(self, name: &'static str, about: &'static str) -> Self {
        self.parameter::<T>("header", name, about, false)
    }

    pub(super) fn takes<T: JsonSchema>(self) -> Self {
        Self { body: Some(schema_of::<T>), ..self }
    }

    pub(super) fn may_lack_body(self, may_lack_body: bool) -> Self {
        Self { may_lack_body, ..self }
    }

    pub(super) fn answers<T: JsonSchema>(self, status: u16) -> Self {
        self.answers_with(status, Content::Json(schema_of::<T>))
    }

    pub(super) fn answers_events<T: JsonSchema>(self, names: &'static [&'static str]) -> Self {
        self.answers_with(200, Content::Events(names, schema_of::<T>))
    }

    pub(super) fn answers_with(mut self, status: u16, content: Content) -> Self {
        self.answers.push((status, content));
        self
    }

    pub(super) fn fails(self, errors: &[u16]) -> Self {
        Self { errors: errors.to_vec(), ..self }
    }

    pub(super) fn open(self) -> Self {
        Self { open: true, ..self }
    }

    pub(super) fn mount(self, router: Router<Server>) -> Router<Server> {
        (self.mount)(router)
    }
}
