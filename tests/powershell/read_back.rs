//! Every collected file, read back: it is exactly what was put into the stand-in.

use std::collections::BTreeMap;

use exchange_certificates::import::{Format, Import};
use serde_json::{Value, json};

use crate::fleets;
use crate::support::expected::Expected;
use crate::support::told::Telling;
use crate::{collected, situations};

/// Reads files together.
pub fn read(files: &[&[u8]]) -> Import {
    let mut import = Import::new();
    for (index, file) in files.iter().enumerate() {
        let format = import.add(format!("{index}.xml"), file).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(format, Format::Clixml);
    }
    import
}

/// What was not read of a server, or of the organisation.
pub fn not_read(import: &Import, server: Option<&str>) -> BTreeMap<String, String> {
    let all = import.not_read().into_iter().filter(|(known, _)| *known == server);
    all.map(|(_, entry)| (entry.what().to_string(), entry.message().unwrap_or_default().to_owned())).collect()
}

/// The servers as scenario files write them, without an order where there is none.
fn servers(import: &Import) -> BTreeMap<String, Value> {
    let (fleet, _) = import.fleet();
    let written = fleet.servers().map(|server| {
        let mut written = serde_json::to_value(server).unwrap();
        let keyed = |list: &Value, key: &dyn Fn(&Value) -> String| -> Value {
            let list = list.as_array().unwrap();
            let map: BTreeMap<_, _> = list.iter().map(|item| (key(item), item.clone())).collect();
            assert_eq!(map.len(), list.len());
            json!(map)
        };
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        written["connectors"] = keyed(&written["connectors"], &|connector| {
            format!("{} {}", text(&connector["kind"]), text(&connector["name"]))
        });
        let thumbprints: Vec<_> = server.certificates().map(|installed| installed.thumbprint().to_string()).collect();
        let list = written["certificates"].as_array().unwrap().clone();
        written["certificates"] = json!(thumbprints.into_iter().zip(list).collect::<BTreeMap<_, _>>());
        if let Some(names) = written["client_names"].as_array_mut() {
            names.sort_by_key(ToString::to_string);
        }
        if let Some(selection) = written["selection"].as_object() {
            let hosts: BTreeMap<_, _> =
                selection.iter().map(|(host, found)| (host.to_lowercase(), found.clone())).collect();
            written["selection"] = json!(hosts);
        }
        written["not_read"] = json!(not_read(import, Some(server.name())));
        (server.name().to_owned(), written)
    });
    written.collect()
}

/// Holds what was read against what was told.
pub fn compare(name: &str, import: &Import, tellings: &[&Telling]) {
    let expected = Expected(tellings);
    let (read, told) = (servers(import), expected.servers());
    assert_eq!(read.keys().collect::<Vec<_>>(), told.keys().collect::<Vec<_>>(), "{name}");
    for (server, told) in told {
        let facts = |value: &Value| -> BTreeMap<String, Value> {
            value.as_object().unwrap().iter().map(|(key, value)| (key.clone(), value.clone())).collect()
        };
        let (read, told) = (facts(&read[&server]), facts(&told));
        for (fact, told) in &told {
            let read = read.get(fact).unwrap_or(&Value::Null);
            assert_eq!(read, told, "{name}: {fact} of {server}");
        }
        let more: Vec<_> = read.keys().filter(|fact| !told.contains_key(*fact)).collect();
        assert!(more.is_empty(), "{name}: {more:?} of {server}");
    }
    if is_hostile(name) {
        return;
    }
    assert_eq!(not_read(import, None), expected.organization_not_read(), "{name}");
    assert_eq!(import.notes(), [], "{name}");
}

/// Names with control characters are left out, which another test holds.
fn is_hostile(name: &str) -> bool {
    name == "hostile names"
}

#[test]
fn every_collected_file_reads_back_as_what_was_put_in() {
    let (mut files, mut servers) = (0, 0);
    for situation in situations() {
        let Some(collected) = collected(&situation.name) else { return };
        let Some(file) = collected.file.as_ref().filter(|file| file.starts_with(b"<Objs")) else { continue };
        let import = read(&[file]);
        let telling = Telling::of(&situation.organization);
        compare(&situation.name, &import, &[&telling]);
        files += 1;
        servers += import.fleet().0.len();
    }
    assert!(files > 120 && servers > 300, "{files} files of {servers} servers");
    println!("{} runs in real PowerShell; {files} files of {servers} servers were read back", situations().len());
}

#[test]
fn names_with_control_characters_are_left_out_and_named() {
    let Some(collected) = collected("hostile names") else { return };
    let import = read(&[collected.file.as_ref().unwrap()]);
    assert_eq!(import.fleet().0.len(), 12);
    let entries = not_read(&import, None);
    let left_out = "an object was left out, since a name in it holds a control character";
    assert_eq!(entries["servers"], left_out);
    assert_eq!(entries["send-connectors"], left_out);
    assert!(!import.notes().is_empty());
}

#[test]
fn two_thousand_certificates_are_read_back() {
    let Some(collected) = collected("2,000 certificates") else { return };
    let import = read(&[collected.file.as_ref().unwrap()]);
    assert_eq!(import.server("MBX01").unwrap().certificates().count(), 2000);
}

#[test]
fn mixed_fleets_read_back_from_several_files_in_any_order() {
    for form in fleets::FORMS {
        let names = fleets::names(form);
        let mut files = Vec::new();
        for name in &names {
            let Some(collected) = collected(name) else { return };
            files.push(collected.file.as_ref().unwrap().as_slice());
        }
        let tellings: Vec<_> = fleets::organizations(form).iter().map(|(_, it)| Telling::of(it)).collect();
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let import = read(&order.map(|index| files[index]));
            let tellings = order.map(|index| &tellings[index]);
            compare(&format!("{form} {order:?}"), &import, &tellings);
            let (fleet, left_out) = import.fleet();
            assert_eq!((fleet.len(), left_out.len()), (8, 0));
            assert!(import.not_read().is_empty(), "{:?}", import.not_read());
        }
    }
}
