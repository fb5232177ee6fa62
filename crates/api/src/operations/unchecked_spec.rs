//! A spec that may break the rules: it is checked by whoever takes it, whose error names the fields within it.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use solti_model::{SpecErrors, TaskSpec, examine_spec};
use std::borrow::Cow;
use ts_rs::{Config, TS};

/// The JSON of a [`TaskSpec`], or what somebody takes for one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UncheckedSpec(Value);

impl UncheckedSpec {
    /// # Errors
    /// Each field that breaks a rule, and which.
    pub fn parse(self) -> Result<TaskSpec, SpecErrors> {
        examine_spec(self.0)
    }
}

impl From<&TaskSpec> for UncheckedSpec {
    fn from(spec: &TaskSpec) -> Self {
        // Plain data always writes.
        Self(serde_json::to_value(spec).unwrap_or_default())
    }
}

impl JsonSchema for UncheckedSpec {
    fn schema_name() -> Cow<'static, str> {
        TaskSpec::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        TaskSpec::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        TaskSpec::json_schema(generator)
    }
}

impl TS for UncheckedSpec {
    type WithoutGenerics = Self;
    type OptionInnerType = Self;

    fn name(config: &Config) -> String {
        TaskSpec::name(config)
    }

    fn inline(config: &Config) -> String {
        TaskSpec::name(config)
    }
}
