//! The JSON Schemas that stand in `docs/schema` are those of the code. `UPDATE_EXPECT=1 cargo test --features schemars`
//! writes them anew. That files and answers are valid by them is tested in the package `peers`, which has a validator.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use exchange_certificates::schema;
use expect_test::expect_file;

#[test]
fn the_schemas_are_those_of_the_code() {
    let schemas = [("scenario", schema::scenario()), ("answer", schema::answer()), ("audit", schema::audit())];
    for (name, schema) in schemas {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema").join(name).with_extension("json");
        expect_file![path].assert_eq(&(serde_json::to_string_pretty(&schema).unwrap() + "\n"));
    }
}
