//! Which route takes a request: the one of its method and path, or else `$default`.

use std::collections::HashMap;

use http::Method;
use percent_encoding::percent_decode_str;

use crate::template::{Route, Template, TemplateError};

/// The routes of an API.
#[derive(Debug)]
pub(super) struct Routes {
    by_method: HashMap<Method, matchit::Router<(String, Route)>>,
    default: Option<(String, Route)>,
}

/// A route that takes a request.
#[derive(Debug)]
pub(super) struct Matched {
    /// The function's logical id.
    pub(super) function: String,
    pub(super) route: Route,
    /// The path's parameters, decoded.
    pub(super) parameters: HashMap<String, String>,
}

impl Routes {
    /// The routes that a template's functions serve.
    pub(super) fn new(template: &Template) -> Result<Self, TemplateError> {
        let mut routes = Self { by_method: HashMap::new(), default: None };
        for (id, function) in &template.functions {
            for route in &function.routes {
                let entry = (id.clone(), route.clone());
                let Some((method, path)) = &route.target else {
                    routes.default = Some(entry);
                    continue;
                };
                let same_method = routes.by_method.entry(method.clone()).or_default();
                let inserted = same_method.insert(path.clone(), entry);
                inserted
                    .map_err(|error| TemplateError::Wrong { place: id.clone(), what: error.to_string() })?;
            }
        }
        Ok(routes)
    }

    /// The route that takes a request.
    pub(super) fn find(&self, method: &Method, path: &str) -> Option<Matched> {
        if let Some(found) = self.by_method.get(method).and_then(|router| router.at(path).ok()) {
            let (function, route) = found.value.clone();
            let decode = |value: &str| percent_decode_str(value).decode_utf8_lossy().into_owned();
            let parameters =
                found.params.iter().map(|(name, value)| (name.to_owned(), decode(value))).collect();
            return Some(Matched { function, route, parameters });
        }
        let (function, route) = self.default.clone()?;
        Some(Matched { function, route, parameters: HashMap::new() })
    }
}
