//! Any bytes as what Exchange serializes of a certificate, which is base64 in CLIXML and so out of reach of the others.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use exchange_certificates::import::{Format, Import, ImportError};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let export = format!(
        "<Objs><Obj><TN><T>Microsoft.Exchange.Management.SystemConfigurationTasks.ExchangeCertificate</T></TN>\
         <MS><BA N=\"SerializationData\">{}</BA></MS></Obj></Objs>",
        STANDARD.encode(bytes)
    );
    match Import::new().add_as(Format::Clixml, "export.xml", export.as_bytes()) {
        Ok(()) => {}
        Err(error @ (ImportError::Syntax { .. } | ImportError::TooDeep { .. } | ImportError::TooLarge { .. })) => {
            panic!("{error}")
        }
        Err(error) => assert_eq!(error.to_string().lines().count(), 1, "{error}"),
    }
});
