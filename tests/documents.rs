//! The OpenAPI and the AsyncAPI document by themselves: what a stranger needs of them is there, and fits.

use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use serde_json::Value;
use shared::http::problem::Code;

use crate::contract::template;
use crate::harness::Contract;

/// Every operation, with what to call it here.
fn operations(contract: &Contract) -> Vec<(String, Method, &Value)> {
    let routes = contract.routes().into_iter();
    routes
        .map(|(method, path)| {
            let operation = contract.operation(&method, &path).unwrap();
            (format!("{method} {path}"), method, operation)
        })
        .collect()
}

/// The codes of the problems that an operation may answer, by status.
fn codes(contract: &Contract, operation: &Value) -> BTreeMap<String, Vec<String>> {
    let responses = operation["responses"].as_object().unwrap().iter();
    let codes = responses.filter_map(|(status, response)| {
        let schema = &contract.resolved(response)["content"]["application/problem+json"]["schema"];
        let codes = schema.pointer("/allOf/1/properties/code/enum")?.as_array()?.iter();
        Some((status.clone(), codes.map(|code| code.as_str().unwrap().to_owned()).collect()))
    });
    codes.collect()
}

#[test]
fn operations_have_ids_that_name_functions() {
    let contract = Contract::read();
    let mut seen = BTreeSet::new();
    for (place, method, operation) in operations(&contract) {
        let id = operation["operationId"].as_str().unwrap();
        assert!(id.starts_with(|letter: char| letter.is_ascii_lowercase()), "{place}: {id}");
        assert!(id.chars().all(|letter| letter.is_ascii_alphabetic()), "{place}: {id}");
        assert!(seen.insert(id), "{id} is there twice");
        let reads = ["get", "list", "search", "count", "suggest"].iter().any(|verb| id.starts_with(verb));
        assert_eq!(reads, method == Method::GET, "{place}: {id}");
    }
}

#[test]
fn every_operation_says_what_it_does() {
    let contract = Contract::read();
    let tags = contract.document()["tags"].as_array().unwrap();
    for (place, _, operation) in operations(&contract) {
        for words in ["summary", "description"] {
            assert!(operation[words].as_str().is_some_and(|text| text.len() > 3), "{place} has no {words}");
        }
        let tag = &operation["tags"][0];
        let described = tags.iter().find(|known| known["name"] == *tag);
        assert!(
            described.is_some_and(|known| known["description"].is_string()),
            "{place}: {tag} is not described"
        );
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["description"].is_string(), "{place}: {parameter}");
        }
    }
}

#[test]
fn every_refusal_names_its_codes() {
    let contract = Contract::read();
    let mut named = BTreeSet::new();
    for (place, _, operation) in operations(&contract) {
        let codes = codes(&contract, operation);
        for (status, response) in operation["responses"].as_object().unwrap() {
            let response = contract.resolved(response);
            let is_problem = response["content"].get("application/problem+json").is_some();
            let known = codes.get(status).map_or(&[][..], Vec::as_slice);
            assert_eq!(
                !known.is_empty(),
                is_problem,
                "{place} {status} names no code: {}",
                response["description"]
            );
            named.extend(known.iter().cloned());
        }
    }
    // This one is the gateway's `$default` route's.
    let all = Code::ALL.into_iter().filter(|code| *code != Code::MethodNotAllowed).map(Code::name);
    assert_eq!(named, all.collect());
}

#[test]
fn what_an_operation_takes_says_how_it_may_be_refused() {
    let contract = Contract::read();
    for (place, _, operation) in operations(&contract) {
        let codes = codes(&contract, operation);
        let takes = |kind: &str, name: &str| {
            let mut parameters = operation["parameters"].as_array().into_iter().flatten();
            parameters
                .any(|parameter| parameter["in"] == kind && (name.is_empty() || parameter["name"] == name))
        };
        let has_body = operation.get("requestBody").is_some();
        for (status, code, applies) in [
            ("400", "malformed-json", has_body),
            ("413", "body-too-large", has_body),
            ("415", "unsupported-media-type", has_body),
            ("422", "invalid-input", has_body || takes("query", "")),
            ("400", "invalid-query", takes("query", "")),
            ("400", "invalid-cursor", takes("query", "cursor")),
            ("401", "unauthenticated", operation.get("security").is_some()),
            ("404", "not-found", takes("path", "") || takes("header", "Idempotency-Key")),
            ("412", "version-mismatch", takes("header", "If-Match")),
            ("422", "idempotency-key-reuse", takes("header", "Idempotency-Key")),
            ("500", "internal", true),
            ("503", "unavailable", true),
        ] {
            let answers = codes.get(status).is_some_and(|codes| codes.iter().any(|known| known == code));
            // Something else may be missing, too: whom a request is to.
            if applies || code != "not-found" {
                assert_eq!(answers, applies, "{place}: {status} {code}");
            }
        }
        assert_eq!(operation["responses"].get("304").is_some(), takes("header", "If-None-Match"), "{place}");
    }
}

/// Or its examples, and the client's types, would stand in the document once more, and drift apart.
#[test]
fn pages_refer_to_what_they_are_pages_of() {
    let contract = Contract::read();
    let schemas = contract.document()["components"]["schemas"].as_object().unwrap();
    let pages: Vec<_> = schemas
        .iter()
        .filter_map(|(name, schema)| Some((name, schema.pointer("/properties/items/items")?)))
        .collect();
    assert!(pages.len() > 10);
    for (name, items) in pages {
        assert!(items["$ref"].is_string(), "{name} has its items in itself");
    }
}

#[test]
fn every_example_fits_its_schema() {
    let contract = Contract::read();
    let mut checked = 0;
    for (place, _, operation) in operations(&contract) {
        let responses = operation["responses"].as_object().unwrap().values();
        let answers = responses.filter_map(|response| contract.resolved(response)["content"].as_object());
        let bodies = operation["requestBody"]["content"].as_object().into_iter().chain(answers);
        for media in bodies.flat_map(|content| content.values()) {
            let examples = media["examples"].as_object().into_iter().flat_map(|examples| examples.values());
            let examples = examples.map(|example| &contract.resolved(example)["value"]);
            let examples: Vec<_> = examples.chain(media.get("example")).collect();
            assert!(!examples.is_empty(), "{place} has a body without an example: {media}");
            for example in examples {
                contract.validate(&place, contract.document(), &media["schema"], example);
                checked += 1;
            }
        }
    }
    for (key, message) in contract.frames()["components"]["messages"].as_object().unwrap() {
        contract.validate(key, contract.frames(), &message["payload"], &message["examples"][0]["payload"]);
        checked += 1;
    }
    assert!(checked > 300, "{checked}");
}

#[test]
fn links_lead_to_calls_that_take_what_they_give() {
    let contract = Contract::read();
    let operations = operations(&contract);
    let mut followed = BTreeSet::new();
    for (place, _, operation) in &operations {
        for link in operation["responses"]["201"]["links"].as_object().into_iter().flatten() {
            let target = operations.iter().find(|(.., known)| known["operationId"] == link.1["operationId"]);
            let (.., target) = target.unwrap_or_else(|| panic!("{place}: {link:?} leads nowhere"));
            let taken = target["parameters"].as_array().unwrap().iter().filter(|taken| taken["in"] == "path");
            let taken: BTreeSet<_> = taken.map(|taken| taken["name"].as_str().unwrap()).collect();
            let given = link.1["parameters"].as_object().unwrap();
            assert_eq!(taken, given.keys().map(String::as_str).collect(), "{place}: {link:?}");
            let made = &operation["responses"]["201"]["content"]["application/json"]["example"];
            for pointer in given.values() {
                let pointer = pointer.as_str().unwrap().strip_prefix("$response.body#").unwrap();
                assert!(made.pointer(pointer).is_some(), "{place} makes no {pointer}");
            }
            followed.insert(link.0.as_str());
        }
    }
    for made_before in
        ["getPost", "deletePost", "getComment", "cancelFriendRequest", "editMessage", "getUser"]
    {
        assert!(followed.contains(made_before), "nothing leads to {made_before}");
    }
}

#[test]
fn the_actions_are_the_templates_routes() {
    let contract = Contract::read();
    let messages = contract.frames()["components"]["messages"].as_object().unwrap();
    let actions: BTreeSet<_> = messages.keys().filter_map(|key| key.strip_suffix("Action")).collect();
    let template = template();
    let routes = template.sockets.as_ref().unwrap().routes.keys().map(String::as_str);
    assert_eq!(actions, routes.filter(|route| !route.starts_with('$')).collect());
}

#[test]
fn every_message_says_what_it_is() {
    let contract = Contract::read();
    for (key, message) in contract.frames()["components"]["messages"].as_object().unwrap() {
        assert!(message["description"].as_str().is_some_and(|text| text.len() > 3), "{key}");
        for (name, member) in message["payload"]["properties"].as_object().unwrap() {
            let tells = name == "type" || member["description"].is_string() || key == "gatewayError";
            assert!(tells, "{key}: {name} is not described");
        }
    }
}
