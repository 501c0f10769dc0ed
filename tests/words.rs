//! What has a name in files is printed by it, and read from it in every form that is clear.
#![allow(clippy::unwrap_used)]

use std::fmt::{Debug, Display};
use std::str::FromStr;

use exchange_certificates::{
    AcceptedStatus, Answer, ConnectorKind, ConnectorNames, KeyStorage, Kind, LoadBalancing, Mode, Role, RootCaType,
    Severity, StartupMode, Status, TransportRole, UnknownName, Version, Weight,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Prints, serializes and reads each value by its name, in whatever case.
fn named<T>(values: impl IntoIterator<Item = (T, &'static str)>)
where
    T: Debug + Display + FromStr<Err = UnknownName> + PartialEq + Serialize + DeserializeOwned,
{
    for (value, name) in values {
        assert_eq!(value.to_string(), name);
        assert_eq!(format!("{value:>30}"), format!("{name:>30}"));
        assert_eq!(serde_json::to_value(&value).unwrap(), json!(name));
        for text in [name.to_owned(), name.to_lowercase(), name.to_uppercase(), format!(" {name} ")] {
            assert_eq!(text.parse::<T>().as_ref(), Ok(&value), "{text}");
            assert_eq!(serde_json::from_value::<T>(json!(text)).unwrap(), value, "{text}");
        }
    }
    for text in ["", " ", "\u{0}", "no such name", "\u{130}"] {
        let error = text.parse::<T>().err().unwrap();
        assert_eq!((error.text(), error.nearest()), (text, None));
        assert_eq!(serde_json::from_value::<T>(json!(text)).err().unwrap().to_string(), error.to_string());
    }
    assert!(serde_json::from_value::<T>(json!([])).is_err() && serde_json::from_value::<T>(json!(-1)).is_err());
}

#[test]
fn every_value_is_read_as_it_is_printed() {
    named([
        (Version::Exchange2013, "2013"),
        (Version::Exchange2016, "2016"),
        (Version::Exchange2019, "2019"),
        (Version::SubscriptionEdition, "SE"),
    ]);
    named([(Role::Mailbox, "Mailbox"), (Role::ClientAccess, "ClientAccess"), (Role::EdgeTransport, "EdgeTransport")]);
    named([(StartupMode::Tcp, "TCP"), (StartupMode::Tls, "TLS"), (StartupMode::Dual, "Dual")]);
    named([(LoadBalancing::None, "None"), (LoadBalancing::Layer4, "Layer4"), (LoadBalancing::Layer7, "Layer7")]);
    named([(KeyStorage::Csp, "CSP"), (KeyStorage::Ksp, "KSP")]);
    named([(ConnectorKind::Send, "Send"), (ConnectorKind::Receive, "Receive"), (ConnectorKind::Hybrid, "Hybrid")]);
    named([(TransportRole::FrontendTransport, "FrontendTransport"), (TransportRole::HubTransport, "HubTransport")]);
    named([(Mode::Add, "add"), (Mode::Exact, "exact"), (Mode::Take, "take")]);
    named([(Answer::Keep, "keep"), (Answer::Replace, "replace")]);
    named([(ConnectorNames::Keep, "keep"), (ConnectorNames::Update, "update")]);
    named([
        (AcceptedStatus::RevocationCheckFailure, "RevocationCheckFailure"),
        (AcceptedStatus::Untrusted, "Untrusted"),
        (AcceptedStatus::Unknown, "Unknown"),
    ]);
    named([
        (Status::Unknown, "Unknown"),
        (Status::Valid, "Valid"),
        (Status::Revoked, "Revoked"),
        (Status::DateInvalid, "DateInvalid"),
        (Status::Untrusted, "Untrusted"),
        (Status::Invalid, "Invalid"),
        (Status::RevocationCheckFailure, "RevocationCheckFailure"),
        (Status::PendingRequest, "PendingRequest"),
    ]);
    named([
        (RootCaType::None, "None"),
        (RootCaType::ThirdParty, "ThirdParty"),
        (RootCaType::Enterprise, "Enterprise"),
        (RootCaType::Registry, "Registry"),
        (RootCaType::GroupPolicy, "GroupPolicy"),
        (RootCaType::Unknown, "Unknown"),
    ]);
    named([
        (Kind::Note, "note"),
        (Kind::FollowUp, "follow-up"),
        (Kind::Warn, "warn"),
        (Kind::Decide, "decide"),
        (Kind::Refuse, "refuse"),
    ]);
    named([(Severity::Low, "low"), (Severity::High, "high")]);
    named([(Weight::Kind(Kind::FollowUp), "follow-up"), (Weight::Severity(Severity::High), "high")]);
}

#[test]
fn a_number_of_an_export_is_read_in_place_of_a_name() {
    for number in 0..12 {
        let status = Status::from_value(number);
        assert_eq!(number.to_string().parse(), Ok(status));
        assert_eq!(status.to_string().parse(), Ok(status));
        let written = serde_json::to_value(status).unwrap();
        assert_eq!(Status::deserialize(written).unwrap(), status);
        assert_eq!(serde_json::from_value::<RootCaType>(json!(number)).unwrap(), RootCaType::from_value(number));
    }
    assert_eq!(serde_json::to_value(Status::Unrecognized(9)).unwrap(), json!(9));
    assert!(serde_json::from_value::<Role>(json!(2)).is_err());
}

#[test]
fn a_version_is_read_from_what_exchange_prints_and_people_write() {
    use Version::{Exchange2013, Exchange2016, Exchange2019, SubscriptionEdition};

    for (text, version) in [
        ("Exchange 2013", Exchange2013),
        ("exchange server 2016", Exchange2016),
        ("Microsoft Exchange Server 2019", Exchange2019),
        ("Exchange2019", Exchange2019),
        ("Exchange SE", SubscriptionEdition),
        ("Exchange Server Subscription Edition", SubscriptionEdition),
        ("SubscriptionEdition", SubscriptionEdition),
        ("15.0.1497.48", Exchange2013),
        ("15.00.1497.048", Exchange2013),
        ("15.0", Exchange2013),
        ("15.1", Exchange2016),
        ("15.1.2507.39", Exchange2016),
        ("15.2.1544.4", Exchange2019),
        ("15.2.1544", Exchange2019),
        ("15.02.1544.004", Exchange2019),
        ("15.2.2561.99", Exchange2019),
        ("15.2.2562.17", SubscriptionEdition),
        ("Version 15.0 (Build 1497.2)", Exchange2013),
        ("Version 15.2 (Build 1544.4)", Exchange2019),
        ("version 15.2 (build 2562.17)", SubscriptionEdition),
    ] {
        assert_eq!(text.parse(), Ok(version), "{text}");
        assert_eq!(version.title().parse(), Ok(version));
        assert_eq!(serde_json::from_value::<Version>(json!(text)).unwrap(), version);
    }
    for text in [
        "2010",
        "15",
        // It may be 2019 or Subscription Edition.
        "15.2",
        "14.3.123.4",
        "15.3.1.1",
        "15.2.1544.4.1",
        "15.2.99999999999.4",
        "Exchange",
        "Exchange 2019 or SE",
        "2019 2016",
        "-15.2.1544.4",
    ] {
        assert!(text.parse::<Version>().is_err(), "{text}");
    }
}

#[test]
fn other_names_that_are_clear_are_read() {
    for text in ["Edge", "Edge Transport", "edge-transport", "EDGE_TRANSPORT"] {
        assert_eq!(text.parse(), Ok(Role::EdgeTransport), "{text}");
    }
    assert_eq!("Client Access".parse(), Ok(Role::ClientAccess));
    assert_eq!("revocation check failure".parse(), Ok(Status::RevocationCheckFailure));
    assert_eq!("layer 7".parse(), Ok(LoadBalancing::Layer7));
    assert_eq!("Send connector".parse(), Ok(ConnectorKind::Send));
    assert_eq!("CNG".parse(), Ok(KeyStorage::Ksp));
}

#[test]
fn an_error_says_what_would_be_right() {
    let error = "Malibox".parse::<Role>().unwrap_err();
    assert_eq!((error.what(), error.text(), error.nearest()), ("role", "Malibox", Some("Mailbox")));
    assert_eq!(error.expected(), ["Mailbox", "ClientAccess", "EdgeTransport"]);
    let error = "2010".parse::<Version>().unwrap_err().to_string();
    assert_eq!(error, "unknown version `2010`; expected one of 2013, 2016, 2019, SE");
    let error = "ask".parse::<Answer>().unwrap_err().to_string();
    assert_eq!(error, "unknown answer `ask`; expected one of keep, replace");
    let error = serde_json::from_value::<Version>(json!(2019)).unwrap_err().to_string();
    assert_eq!(error, "invalid type: integer `2019`, expected a string, like \"2019\"");
    let error = serde_json::from_value::<Status>(json!(true)).unwrap_err().to_string();
    assert_eq!(error, "invalid type: boolean `true`, expected a string, like \"Valid\", or its number");
    let error = "x\n".repeat(5000).parse::<Status>().unwrap_err().to_string();
    assert!(error.len() < 350 && !error.contains('\n'), "{error}");
}
