//! What is said of the service itself: whether it is there, its figures, its description, and a page to try it.

use super::Server;
use crate::server::answer::{Answer, ok, with_type};
use crate::server::route::{Content, Route};
use crate::wire::{Health, HealthStatus};
use axum::extract::State;
use http::{HeaderValue, Method, StatusCode, header};
use solti_api::guard::Metrics;
use solti_api::operations::{GetSummary, Operations as _};

const PAGE: &str = include_str!("../docs/page.html");
const SCRIPT: &str = include_str!("../docs/page.js");
/// Nothing from elsewhere, no script in the page itself, and no page around it.
const PAGE_MAY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'",
);

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(Method::GET, "/health", "health", health)
            .about("Whether the service answers.")
            .answers::<Health>(200)
            .open(),
        Route::new(Method::GET, "/metrics", "metrics", metrics)
            .about("Figures for Prometheus.")
            .answers_with(200, Content::Text(Metrics::CONTENT_TYPE)),
        Route::new(Method::GET, "/api/v1/openapi.json", "openapi", document)
            .about("This document.")
            .answers_with(200, Content::Text("application/json"))
            .open(),
        Route::new(Method::GET, "/api/v1/docs", "docs", page)
            .about("A page to try the API.")
            .answers_with(200, Content::Text("text/html"))
            .open(),
        Route::new(Method::GET, "/api/v1/docs.js", "docsScript", script)
            .about("The script of that page.")
            .answers_with(200, Content::Text("text/javascript"))
            .open(),
    ]
}

async fn health() -> Answer {
    ok(&Health {
        status: HealthStatus::Ok,
        version: env!("CARGO_PKG_VERSION").into(),
        idempotency_keys: true,
    })
}

async fn metrics(State(server): State<Server>) -> Answer {
    let summary = server.api.ask(GetSummary {}).await?;
    Ok(with_type(StatusCode::OK, Metrics::CONTENT_TYPE, server.metrics.render(&summary)))
}

async fn document(State(server): State<Server>) -> Answer {
    Ok(with_type(StatusCode::OK, "application/json", server.openapi))
}

async fn page() -> Answer {
    let mut response = with_type(StatusCode::OK, "text/html; charset=utf-8", PAGE);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, PAGE_MAY);
    Ok(response)
}

async fn script() -> Answer {
    Ok(with_type(StatusCode::OK, "text/javascript; charset=utf-8", SCRIPT))
}
