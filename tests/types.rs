//! Every public type can be sent to another thread, shared, and caught in a panic.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::path::Path;

use exchange_certificates::powershell::*;
use exchange_certificates::rfc3339::*;
use exchange_certificates::*;

fn assert<T: Send + Sync + UnwindSafe + RefUnwindSafe>() {}

/// Asserts it of each type, and gives their names.
macro_rules! all {
    ($($type:ident $(<$($parameter:tt),+>)?),+ $(,)?) => {{
        $(assert::<$type $(<$($parameter),+>)?>();)+
        [$(stringify!($type)),+]
    }};
}

fn asserted() -> BTreeSet<&'static str> {
    let names = BTreeSet::from(all![
        AcceptedStatus,
        AgendaItem,
        Answer,
        Assignment<'static>,
        Attribute<'static>,
        Audit,
        AuditChange<'static>,
        AuditFinding,
        AuditRecord,
        AuditRule,
        AuditedCertificate,
        AuditedServer<'static>,
        AuthCertificates,
        BasicConstraints,
        Block,
        Certificate,
        CertificateAt,
        CertificateError,
        Chain,
        Command,
        ComparedEndpoint,
        Connector,
        ConnectorChange,
        ConnectorKind,
        ConnectorNames,
        Consequence,
        ConsequenceRecord,
        Decision,
        DefaultSmtpChange,
        Deployment,
        DeploymentFile,
        DeploymentOptions,
        Diagnostic,
        Duplicate<Certificate>,
        Endpoint,
        EndpointChange,
        EndpointKind,
        EndpointState,
        Expectation,
        Explained,
        Explanation,
        ExtendedKeyUsage,
        Extension<Certificate>,
        Fact<Certificate>,
        FactValue,
        Finding,
        FindingKey,
        FindingRecord,
        Fingerprint,
        FingerprintError,
        Flags,
        Fleet,
        FleetChange,
        FleetError,
        FleetIntoIter,
        FleetIter<'static>,
        FleetPlanError,
        Installed,
        KeyStorage,
        KeyUsage,
        Mistaken,
        Kind,
        KnownText,
        LeftOver,
        Line,
        LoadBalancing,
        LoadError,
        LoadErrors,
        Look,
        Message,
        MissingFact,
        Mode,
        MovedName,
        Name<'static>,
        Nearest,
        NoDeployment,
        NoPlan,
        NotJudged,
        NotOffered,
        NotRead,
        NotReadError,
        NotReadKind,
        NotReadKindError,
        Operation,
        Outcome,
        OwnAuditRule,
        OwnRule,
        Plan,
        PlanVerification,
        PlannedAgain,
        PlannedRemoval,
        PlannedState,
        Policy,
        PolicyError,
        Presented,
        PresentedAt,
        PresentedCertificate,
        PublicKey,
        Publication,
        Rank,
        Reason,
        Refusal,
        Removal<'static>,
        Renewable,
        Request,
        Role,
        Rollout,
        RolloutError,
        RolloutPlan,
        RolloutStopped,
        RootCaType,
        Rule,
        Scenario,
        ScenarioError,
        SerialNumber<'static>,
        Server,
        ServerError,
        Service,
        ServiceError,
        Severity,
        Shown,
        Source,
        StalePlan,
        StartupMode,
        Status,
        Store,
        StoreIntoIter<Certificate>,
        StoreIter<'static, Certificate>,
        StoredPlan,
        Task,
        TextError,
        Thumbprint,
        ThumbprintError,
        TimeError,
        TlsCertificateName,
        TlsCertificateNameError,
        TransportRole,
        UnknownName,
        Verdict,
        Verification,
        VerifiedCertificate,
        VerifiedConnector,
        VerifiedEndpoint,
        Version,
        WebBinding,
        WebBindingError,
        Weight,
    ]);
    #[cfg(feature = "import")]
    let names = {
        use exchange_certificates::import::*;
        let of_import = all![
            ExportedCertificate,
            ExportedServer<'static>,
            FieldError,
            Format,
            Guess,
            Import,
            ImportError,
            ImportNote,
            ImportedOrganization,
            Input,
            Listed,
            Mistaken,
            Origin,
            OrganizationNote,
            Place,
        ];
        names.into_iter().chain(of_import).collect()
    };
    names
}

/// The types that a file exports by `pub use`, or declares.
fn exported(file: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(file)).unwrap();
    let used = text.split("\npub use ").skip(1).flat_map(|rest| {
        let list = rest.split(';').next().unwrap();
        let list = list.rsplit("::").next().unwrap().trim_matches(['{', '}']);
        list.split(',').map(|name| name.trim().trim_matches(['{', '}']).to_owned()).collect::<Vec<_>>()
    });
    let declared = text.lines().filter_map(|line| {
        let name = line.strip_prefix("pub struct ").or_else(|| line.strip_prefix("pub enum "))?;
        Some(name.split(|c: char| !c.is_alphanumeric()).next()?.to_owned())
    });
    let is_type = |name: &String| {
        name.starts_with(|c: char| c.is_ascii_uppercase()) && name.contains(|c: char| c.is_ascii_lowercase())
    };
    used.chain(declared).filter(is_type).collect()
}

#[test]
fn every_public_type_can_be_sent_shared_and_caught_in_a_panic() {
    let asserted = asserted();
    let files = ["lib.rs", "powershell.rs", "rfc3339.rs"];
    let files = files.iter().chain(cfg!(feature = "import").then_some(&"import.rs"));
    let exported: BTreeSet<_> = files.flat_map(|file| exported(file)).collect();
    let missing: Vec<_> = exported.iter().filter(|name| !asserted.contains(name.as_str())).collect();
    assert!(missing.is_empty(), "add {missing:?} to the list of types");
    assert!(exported.len() > 100, "{}", exported.len());
}

#[test]
fn a_panic_in_a_rule_of_ones_own_is_caught() {
    let rule = OwnRule::new("contoso/panics", Kind::Note, |_| panic!("a mistake"));
    let policy = Policy::default().with_rule(rule).unwrap();
    let server = Server::new("MBX01", Version::Exchange2019, [Role::Mailbox]).unwrap();
    let request = Request::assign(Thumbprint::of(b""), Service::IIS);
    let caught = std::panic::catch_unwind(|| plan_with(&policy, &server, &request, std::time::UNIX_EPOCH).is_ok());
    assert!(caught.is_err());
    assert!(plan_with(&Policy::default(), &server, &request, std::time::UNIX_EPOCH).is_err());
}
