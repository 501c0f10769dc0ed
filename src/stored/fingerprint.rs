//! What tells what one plan comes to from what another one does.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha1::{Digest as _, Sha1};

use crate::block::Block;
use crate::change::Rename;
use crate::diagnostic::Diagnostic;
use crate::endpoint::EndpointChange;
use crate::fleet::RolloutPlan;
use crate::plan::Plan;

/// A digest of what a plan comes to: two plans that do the same have the same one. Printed and read as 40 hexadecimal
/// digits.
///
/// It holds within one version of this crate: another one may say the same in other words.
///
/// ```
/// use exchange_certificates::{Fingerprint, Request, Scenario, Service, Thumbprint, plan};
/// # let scenario: Scenario = serde_json::from_str(&std::fs::read_to_string("examples/data/article.json")?)?;
/// # let (server, now) = (scenario.server().cloned().ok_or("no server")?, scenario.now().ok_or("no time")?);
///
/// let mail: Thumbprint = "DDD83E14CF514D5DFC62FF3EE4A33D1AB90C05A6".parse()?;
/// let fingerprint = plan(&server, &Request::assign(mail, Service::IIS), now)?.fingerprint();
/// assert_eq!(fingerprint.to_string().parse::<Fingerprint>()?, fingerprint);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 20]);

/// Why a text is no [`Fingerprint`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("`{}` is no fingerprint of a plan: 40 hexadecimal digits", .text.escape_debug())]
pub struct FingerprintError {
    /// The text as it stood.
    pub text: String,
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let mut digest = [0; 20];
        hex::decode_to_slice(text, &mut digest).map_err(|_| FingerprintError { text: text.to_owned() })?;
        Ok(Self(digest))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Plan {
    /// A digest of what the plan comes to: what it changes, what each endpoint presents before and afterwards, which
    /// rules speak, and what is run.
    pub fn fingerprint(&self) -> Fingerprint {
        Writer::digest(|writer| writer.plan(self))
    }
}

impl RolloutPlan {
    /// A digest of what the whole comes to, on all servers.
    pub fn fingerprint(&self) -> Fingerprint {
        Writer::digest(|writer| {
            for (server, outcome) in self.servers() {
                match outcome {
                    Ok(plan) => writer.plan(plan)?,
                    Err(_) => writeln!(writer, "no plan {server:?}")?,
                }
            }
            writeln!(writer, "skipped {:?} imports {:?}", self.skipped(), self.imports())?;
            for moved in self.connectors() {
                writer.rename(moved.rename())?;
                writeln!(writer, "after {:?}", moved.after())?;
            }
            for removal in self.removals() {
                writeln!(writer, "removes {} from {:?}", removal.thumbprint, removal.server)?;
            }
            self.left_over().iter().try_for_each(|left| writeln!(writer, "left {:?}", left.to_string()))?;
            self.endpoints().try_for_each(|change| writer.endpoint(change))?;
            self.diagnostics().iter().try_for_each(|said| writer.diagnostic(said))?;
            self.blocks().iter().try_for_each(|block| writer.block(block))
        })
    }
}

/// Texts stand in quotes, so that none looks like what stands beside it.
struct Writer(Sha1);

impl fmt::Write for Writer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.update(text.as_bytes());
        Ok(())
    }
}

impl Writer {
    fn digest(write: impl FnOnce(&mut Self) -> fmt::Result) -> Fingerprint {
        let mut writer = Self(Sha1::new());
        // What it writes to takes everything.
        let _ = write(&mut writer);
        Fingerprint(writer.0.finalize().into())
    }

    fn plan(&mut self, plan: &Plan) -> fmt::Result {
        let change = plan.change();
        writeln!(self, "plan {:?} {} gains {}", plan.server(), change.thumbprint(), change.gained().bits())?;
        writeln!(self, "default {} {:?}", change.moves_default_smtp(), plan.default_smtp().value())?;
        let services = [plan.in_question(), plan.added(), plan.services()].map(|services| services.bits());
        writeln!(self, "services {services:?} removes {:?}", change.removed())?;
        change.renames().iter().try_for_each(|rename| self.rename(rename))?;
        for (service, thumbprint) in plan.superseded() {
            writeln!(self, "superseded {} {thumbprint} {}", service.bits(), plan.keeps(*service, *thumbprint))?;
        }
        plan.endpoints().iter().try_for_each(|change| self.endpoint(change))?;
        plan.diagnostics().iter().try_for_each(|said| self.diagnostic(said))?;
        plan.blocks().iter().try_for_each(|block| self.block(block))
    }

    fn rename(&mut self, rename: &Rename) -> fmt::Result {
        let connector = rename.connector();
        let (name, servers) = (connector.name(), connector.servers());
        let from = connector.tls_certificate_name().value().map(ToString::to_string);
        let to = rename.name().to_string();
        writeln!(self, "{} {name:?} of {servers:?} {from:?} -> {to:?}", connector.kind() as u8)
    }

    fn endpoint(&mut self, change: &EndpointChange) -> fmt::Result {
        let (server, id) = (change.after.server(), change.after.id().to_string());
        let [before, after] = [&change.before, change.after.presented()].map(|known| known.in_short().to_string());
        writeln!(self, "endpoint {server:?} {id:?} {before:?} -> {after:?}")
    }

    fn diagnostic(&mut self, said: &Diagnostic) -> fmt::Result {
        writeln!(self, "{} {} {:?}", said.kind(), said.services().bits(), said.rule())
    }

    fn block(&mut self, block: &Block) -> fmt::Result {
        writeln!(self, "block {:?} {:?} {:?}", block.computer(), block.words(), block.text())
    }
}
