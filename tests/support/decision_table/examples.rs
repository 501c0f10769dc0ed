//! The worked examples of ENDPOINTS §10: what each server presents, beside what it should.

mod parts;
mod table;

use super::facts::*;
use super::{Kind, changes, decide, endpoints};
pub use parts::{Lettered, NOW};

/// A server, and what its endpoints present: before anything, or after a request.
pub struct Example {
    pub number: u8,
    pub server: ServerFacts,
    /// What the examples call each certificate of the server.
    pub letters: Vec<&'static str>,
    pub request: Option<RequestFacts>,
    /// Endpoint and answer, with its flags, in order; those that are not named are not compared.
    pub expected: &'static [(&'static str, &'static str)],
    /// Of the request.
    pub rules: &'static [(&'static str, Option<Kind>)],
}

impl Example {
    /// Every endpoint with its answer as it is printed.
    pub fn answers(&self) -> Vec<(String, String)> {
        let letter = |index: usize| self.letters[index].to_owned();
        let endpoints = match &self.request {
            Some(_) => changes(&self.situation()).into_iter().map(|it| it.after).collect(),
            None => endpoints(NOW, &self.server),
        };
        endpoints.into_iter().map(|it| (it.id, it.answer.print(&letter))).collect()
    }

    pub fn situation(&self) -> Situation {
        Situation { now: NOW, server: self.server.clone(), request: self.request.clone().unwrap_or_default() }
    }

    /// What is not as the example says.
    pub fn wrong(&self) -> Vec<String> {
        let answers = self.answers();
        let mut wrong = Vec::new();
        for (id, expected) in self.expected {
            let found = answers.iter().find(|(it, _)| it == id).map(|(_, answer)| answer.as_str());
            if found != Some(expected) {
                wrong.push(format!("{}: {id}: {found:?} where {expected:?} was expected", self.number));
            }
        }
        let named: Vec<&str> = self.expected.iter().map(|(id, _)| *id).collect();
        let order: Vec<&str> = answers.iter().map(|(id, _)| id.as_str()).filter(|id| named.contains(id)).collect();
        if order != named && wrong.is_empty() {
            wrong.push(format!("{}: the order is {order:?}", self.number));
        }
        if !self.rules.is_empty() {
            let said = decide(&self.situation()).diagnostics;
            for (rule, kind) in self.rules {
                let found = said.iter().find(|it| it.rule == *rule).map(|it| it.kind);
                if found != *kind {
                    wrong.push(format!("{}: {rule}: {found:?} where {kind:?} was expected", self.number));
                }
            }
        }
        wrong
    }
}

/// In order; an example with several servers, or a request, has several.
pub fn examples() -> Vec<Example> {
    table::all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worked_examples_hold() {
        let wrong: Vec<String> = examples().iter().flat_map(Example::wrong).collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn every_worked_example_is_there() {
        let mut numbers: Vec<u8> = examples().iter().map(|it| it.number).collect();
        numbers.dedup();
        assert_eq!(numbers, (1..=25).collect::<Vec<u8>>());
    }
}
