//! The file: where it cannot be written, and what becomes of an older one.

use std::fs;
use std::path::Path;

use crate::collected;
use crate::plain::PLAIN;
use crate::support::shell::Situation;
use crate::support::stand_in::Organization;
use crate::support::written::{questions, records};

const FILE: &str = "exchange-certificates.xml";
const NEW: &str = "exchange-certificates.xml.new";

fn read_only(path: &Path) {
    let mut permissions = fs::metadata(path).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(path, permissions).unwrap();
}

fn older(home: &Path) {
    fs::write(home.join(FILE), "older").unwrap();
}

fn older_read_only(home: &Path) {
    older(home);
    read_only(&home.join(FILE));
}

fn folder(home: &Path) {
    fs::create_dir(home.join(FILE)).unwrap();
}

fn new_is_a_folder(home: &Path) {
    older(home);
    fs::create_dir(home.join(NEW)).unwrap();
}

fn left_over(home: &Path) {
    older(home);
    fs::write(home.join(NEW), "x".repeat(1 << 20)).unwrap();
}

/// A device that is always full stands in for the disk.
fn full_disk(home: &Path) {
    older(home);
    #[cfg(unix)]
    std::os::unix::fs::symlink("/dev/full", home.join(NEW)).unwrap();
}

pub fn situations() -> Vec<Situation> {
    let all = Organization::new;
    // What writes half of the file, and then finds the disk full.
    let half = "function Export-Clixml { [CmdletBinding()] param($LiteralPath, $Encoding, [Parameter(ValueFromPipeline)] $InputObject)
        process { [IO.File]::AppendAllText($LiteralPath, '<Objs>') } end { throw [IO.IOException]::new('There is not enough space on the disk.') } }";
    let cannot_move = "function Move-Item { [CmdletBinding()] param($LiteralPath, $Destination, [switch] $Force) Write-Error 'Access is denied.' }";
    vec![
        Situation::new("an older file", all()).prepare(older),
        Situation::new("an older file, read-only", all()).prepare(older_read_only),
        Situation::new("a folder", all()).prepare(folder),
        Situation::new("the new one is a folder", all()).prepare(new_is_a_folder),
        Situation::new("a new one left over", all()).prepare(left_over),
        Situation::new("a full disk", all()).prepare(full_disk),
        Situation::new("a full disk, half way", all()).prepare(older).session(half),
        Situation::new("not to be moved", all()).prepare(older).session(cannot_move),
        Situation::new("no home", all()).home("/there/is/no/such/folder"),
        Situation::new("no right", all()).home("/sys"),
    ]
}

#[test]
fn an_older_file_is_replaced_and_a_new_one_left_over_too() {
    for name in ["an older file", "a new one left over"] {
        let Some(collected) = collected(name) else { return };
        assert_eq!(questions(&records(collected.file.as_ref().unwrap())), PLAIN, "{name}");
        assert!(!collected.left);
        assert!(collected.said.contains(" objects are in "));
    }
}

#[test]
fn where_the_file_cannot_be_written_nothing_is_asked() {
    for (name, words, before) in [
        ("an older file, read-only", "exchange-certificates.xml is read-only: nothing was asked", Some("older")),
        ("a folder", "exchange-certificates.xml is a folder: nothing was asked", None),
        ("the new one is a folder", "exchange-certificates.xml.new is a folder: nothing was asked", Some("older")),
        ("no home", "There is no folder /there/is/no/such/folder: nothing was asked", None),
    ] {
        let Some(collected) = collected(name) else { return };
        assert!(collected.calls.is_empty(), "{name}: {:?}", collected.calls);
        assert_eq!(collected.file.as_deref(), before.map(str::as_bytes), "{name}");
        assert!(collected.said.starts_with("thrown: ") && collected.said.contains(words), "{name}: {}", collected.said);
        assert!(!collected.said.contains("objects are in"), "{name}: {}", collected.said);
    }
}

#[test]
fn where_writing_fails_it_is_said_and_the_older_file_stays() {
    for (name, words, before) in [
        ("a full disk", "No space left on device", Some("older")),
        ("a full disk, half way", "There is not enough space on the disk.", Some("older")),
        ("not to be moved", "Access is denied.", Some("older")),
        ("no right", "/sys/exchange-certificates.xml", None),
    ] {
        let Some(collected) = collected(name) else { return };
        assert!(!collected.calls.is_empty(), "{name}");
        assert_eq!(collected.file.as_deref(), before.map(str::as_bytes), "{name}");
        assert!(!collected.left, "{name}: the new file is still there");
        let thrown = collected.said.lines().find(|line| line.starts_with("thrown: ")).unwrap_or_default();
        assert!(thrown.contains("Nothing was written to ") && thrown.contains(words), "{name}: {}", collected.said);
        assert!(!collected.said.contains("objects are in"), "{name}: {}", collected.said);
    }
}
