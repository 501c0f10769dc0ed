//! An organisation's own policy, with its unit tests: the pattern to copy.
//!
//! `cargo run --example policy` decides the built-in scenario of `assign` by it.

use std::error::Error;

use exchange_certificates::{Finding, Kind, OwnRule, Policy, PolicyError, Scenario, Task, plan_with};

mod common {
    pub(crate) mod output;
    pub(crate) mod show;
}
use common::show;

/// What Contoso demands: certificates of its own CA with keys of 3072 bits, renewed in good time, and
/// nothing self-signed for clients.
fn contoso(issuing_ca: &str) -> Result<Policy, PolicyError> {
    Policy::default()
        .with_minimum_rsa_bits(3072)?
        .with_expires_soon_days(90)?
        .raise("self-signed", Kind::Refuse)?
        .raise("weak-key", Kind::Refuse)?
        .with_rule(company_ca(issuing_ca))
}

/// A rule of one's own may capture configuration: here the name of the CA.
fn company_ca(issuing_ca: &str) -> OwnRule {
    let issuing_ca = issuing_ca.to_owned();
    OwnRule::new("contoso/company-ca", Kind::Refuse, move |case| {
        let issuer = case.certificate()?.issuer().to_string();
        (issuer != issuing_ca).then(|| {
            Finding::new(case.in_question(), "it is not issued by the CA of the company")
                .advise("request a certificate from pki.contoso.com")
        })
    })
    .with_documentation("Certificates come from the company's own CA.")
}

const ISSUING_CA: &str = "CN=Contoso Issuing CA 2, O=Contoso, C=US";

fn main() -> Result<(), Box<dyn Error>> {
    let scenario: Scenario = serde_json::from_str(include_str!("data/assign.json"))?;
    let (Task::Decide(request), Some(server)) = (scenario.task(), scenario.server()) else {
        return Err("the scenario asks for no decision about one server".into());
    };
    let now = scenario.now().ok_or("the scenario names no point in time")?;
    match plan_with(&contoso(ISSUING_CA)?, server, request, now) {
        Ok(plan) => show::plan("can be assigned: nothing has been changed yet", &plan),
        Err(no_plan) => show::no_plan(&no_plan),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use exchange_certificates::{
        Certificate, Installed, NoPlan, Plan, Request, Role, Server, Service, Version, rfc3339,
    };

    use super::*;

    fn now() -> SystemTime {
        rfc3339::parse("2026-11-24T00:00:00Z").unwrap()
    }

    /// Asks for IIS for one certificate on an otherwise empty server, by the policy.
    fn decide(pem: &str, issuing_ca: &str) -> Result<Plan, NoPlan> {
        let certificate = Certificate::from_pem(pem).unwrap();
        let request = Request::assign(certificate.thumbprint(), Service::IIS);
        let mut server = Server::new("MBX01", Version::Exchange2019, [Role::Mailbox]).unwrap();
        server.install(Installed::new(certificate).with_services(Service::empty())).unwrap();
        plan_with(&contoso(issuing_ca).unwrap(), &server, &request, now())
    }

    #[test]
    fn a_certificate_of_the_company_with_3072_bits_passes() {
        let plan = decide(include_str!("data/renewed.pem"), "CN=Contoso Issuing CA 1, O=Contoso, C=US").unwrap();
        assert_eq!(plan.added(), Service::IIS);
    }

    #[test]
    fn another_ca_is_refused() {
        let refusal = decide(include_str!("data/renewed.pem"), ISSUING_CA).unwrap_err();
        assert!(refusal.has("contoso/company-ca"));
        assert_eq!(refusal.assignable(), Some(Service::empty()));
    }

    #[test]
    fn a_key_of_2048_bits_is_refused() {
        let refusal = decide(include_str!("data/wildcard.pem"), ISSUING_CA).unwrap_err();
        assert!(refusal.has("weak-key"));
    }

    #[test]
    fn a_self_signed_certificate_is_refused() {
        let refusal = decide(include_str!("data/self-signed.pem"), ISSUING_CA).unwrap_err();
        assert!(refusal.has("self-signed"));
    }

    #[test]
    fn a_policy_never_weakens() {
        assert!(Policy::default().silence("wildcard-imap").is_err());
        assert!(Policy::default().with_minimum_rsa_bits(1024).is_err());
    }
}
