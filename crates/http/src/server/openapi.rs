//! The OpenAPI 3.1 document, from the routes and from the types that they take and answer.

use crate::server::route::{Content, Parameter, Route, SchemaOf};
use crate::wire::ErrorBody;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};
use solti_model::MAX_NUMBER;

/// The whole document as JSON.
pub(super) fn document(routes: &[Route]) -> Vec<u8> {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
        settings.transforms.push(Box::new(RecursiveTransform(say_bounds)));
    });
    let mut schemas = settings.into_generator();
    let error = schemas.subschema_for::<ErrorBody>();
    let mut paths = Map::new();
    for route in routes {
        let operations = paths.entry(route.path).or_insert_with(|| json!({}));
        operations[route.method.as_str().to_ascii_lowercase()] = operation(route, &error, &mut schemas);
    }
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Solti",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Long and batch tasks on one machine.",
            "license": {"name": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas.take_definitions(true),
        },
    });
    document.to_string().into_bytes()
}

/// Says in numbers what a format says in a word that few readers know.
fn say_bounds(schema: &mut Schema) {
    let (low, high) = match schema.get("format").and_then(Value::as_str) {
        Some("int32") => (i64::from(i32::MIN), i32::MAX as u64),
        Some("uint32") => (0, u64::from(u32::MAX)),
        Some("uint64") => (0, MAX_NUMBER),
        _ => return,
    };
    if schema.get("minimum").is_none() {
        schema.insert("minimum".into(), low.into());
    }
    if schema.get("maximum").is_none() {
        schema.insert("maximum".into(), high.into());
    }
}

fn operation(route: &Route, error: &Schema, schemas: &mut SchemaGenerator) -> Value {
    let mut responses = Map::new();
    for (status, content) in &route.answers {
        responses.insert(status.to_string(), answer(content, schemas));
    }
    for status in errors(route) {
        let content = json!({"application/json": {"schema": error}});
        responses.insert(status.to_string(), json!({"description": about_error(status), "content": content}));
    }
    let parameters: Vec<_> = route.parameters.iter().map(|named| parameter(named, schemas)).collect();
    let mut operation = json!({
        "operationId": route.name,
        "summary": route.about,
        "parameters": parameters,
        "responses": responses,
    });
    if let Some(body) = route.body {
        let content = json!({"application/json": {"schema": body(schemas)}});
        operation["requestBody"] = json!({"required": !route.may_lack_body, "content": content});
    }
    if route.open {
        operation["security"] = json!([]);
    }
    operation
}

/// Those of the route, and those that any request can meet.
fn errors(route: &Route) -> Vec<u16> {
    let mut errors = route.errors.clone();
    errors.extend([400, 403]);
    if !route.open {
        errors.extend([401, 429, 500, 503]);
    }
    errors.sort_unstable();
    errors.dedup();
    errors
}

fn about_error(status: u16) -> &'static str {
    match status {
        400 => "InvalidRequest, with the field; of a whole spec, with `others` that are wrong",
        401 => "Unauthenticated",
        403 => "PermissionDenied: a foreign host or origin",
        404 => "TaskNotFound",
        409 => "SlotBusy or Conflict",
        413 => "PayloadTooLarge: more than 4 MiB",
        429 => "RateLimited, with retryAfterMs",
        503 => "Unavailable",
        _ => "Internal, with the number to find it by in the app's log",
    }
}

fn parameter(named: &Parameter, schemas: &mut SchemaGenerator) -> Value {
    let mut schema = (named.schema)(schemas);
    // Transforms reach definitions only, and numbers have none.
    say_bounds(&mut schema);
    let schema = if named.repeats { json!({"type": "array", "items": schema}) } else { schema.to_value() };
    json!({
        "name": named.name,
        "in": named.place,
        "required": named.place == "path",
        "description": named.about,
        "schema": schema,
    })
}

fn answer(content: &Content, schemas: &mut SchemaGenerator) -> Value {
    let mut of = |kind: &str, schema: SchemaOf| json!({kind: {"schema": schema(schemas)}});
    match content {
        Content::Nothing => json!({"description": "Done"}),
        Content::Json(schema) => json!({"description": "Done", "content": of("application/json", *schema)}),
        Content::Text(kind) => {
            let schema = json!({"type": if *kind == "application/json" { "object" } else { "string" }});
            json!({"description": "Done", "content": {*kind: {"schema": schema}}})
        }
        Content::Events(names, schema) => {
            let data = of("data", *schema)["data"]["schema"].take();
            json!({
                "description": format!("Server-sent events: {}", names.join(", ")),
                "content": {"text/event-stream": {"schema": {"type": "string"}, "x-event-data": data}},
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use solti_model::TaskSpec;

    #[test]
    fn the_bounds_of_the_document_are_those_of_the_validator() {
        let settings = SchemaSettings::draft2020_12()
            .with(|settings| settings.transforms.push(Box::new(RecursiveTransform(say_bounds))));
        let document = settings.into_generator().into_root_schema_for::<TaskSpec>().to_value();
        let longest = solti_model::MAX_DURATION_MS;
        let backoff = "/$defs/BackoffStrategy/properties";
        let limits = "/$defs/ResourceLimits/properties";
        for (path, most) in [
            ("/properties/timeout".to_owned(), longest),
            ("/properties/maxRetries".to_owned(), solti_model::MAX_RETRIES.into()),
            ("/properties/notBefore".to_owned(), solti_model::MAX_TIME_MS),
            ("/properties/priority".to_owned(), solti_model::MAX_PRIORITY as u64),
            ("/$defs/RestartStrategy/oneOf/2/properties/intervalMs".to_owned(), longest),
            (format!("{backoff}/firstMs"), longest),
            (format!("{backoff}/maxMs"), longest),
            (format!("{limits}/memoryBytes"), solti_model::MAX_BYTES),
            (format!("{limits}/cpuPercent"), solti_model::MAX_CPU_PERCENT.into()),
            (format!("{limits}/openFiles"), solti_model::MAX_OPEN_FILES.into()),
            (format!("{limits}/processes"), solti_model::MAX_PROCESSES.into()),
            (format!("{limits}/outputBytes"), solti_model::MAX_BYTES),
            ("/$defs/ClusterRequest/properties/cpus".to_owned(), solti_model::MAX_CLUSTER_CPUS.into()),
            ("/$defs/ClusterRequest/properties/gpus".to_owned(), solti_model::MAX_CLUSTER_GPUS.into()),
            (
                "/$defs/ClusterRequest/properties/timeMinutes".to_owned(),
                solti_model::MAX_CLUSTER_MINUTES.into(),
            ),
        ] {
            let schema = document.pointer(&path).unwrap_or_else(|| panic!("{path} in {document:#}"));
            assert_eq!(schema["maximum"].as_u64(), Some(most), "{path}: {schema}");
        }
        assert_eq!(document.pointer(&format!("{backoff}/factor")).unwrap()["maximum"], 1000.0);
    }
}
