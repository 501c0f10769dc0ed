//! The modules import one way, as the picture in the crate's documentation says.

use std::fs;
use std::path::{Path, PathBuf};

/// The modules in the order of the picture.
fn picture() -> Vec<String> {
    let lib = fs::read_to_string(source("lib.rs")).unwrap();
    let lines = lib.lines().skip_while(|line| *line != "//! ```text").skip(1).take_while(|line| *line != "//! ```");
    lines.filter_map(|line| line.strip_prefix("//! ")?.split_whitespace().next().map(str::to_owned)).collect()
}

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(name)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The top module of a file.
fn module(file: &Path) -> String {
    let place = file.strip_prefix(source("")).unwrap().components().next().unwrap();
    place.as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned()
}

/// The modules that a file names by `crate::`, outside comments and the tests beside the code.
fn imports(text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]").next().unwrap();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let named = lines.flat_map(|line| line.split("crate::").skip(1));
    named.map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap().to_owned()).collect()
}

#[test]
fn every_module_stands_in_the_picture() {
    let picture = picture();
    let lib = fs::read_to_string(source("lib.rs")).unwrap();
    let declared =
        lib.lines().filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';'));
    let mut declared: Vec<_> = declared.map(str::to_owned).collect();
    let mut drawn = picture;
    declared.sort();
    drawn.sort();
    assert_eq!(declared, drawn);
}

#[test]
fn a_module_imports_only_from_above() {
    let picture = picture();
    let place = |module: &str| picture.iter().position(|drawn| drawn == module);
    for file in files(&source("")) {
        let module = module(&file);
        if module == "lib" {
            continue;
        }
        for import in imports(&fs::read_to_string(&file).unwrap()) {
            if import == module {
                continue;
            }
            let (here, there) = (place(&module), place(&import));
            assert!(there.is_some(), "{}: {import} stands in no line of the picture", file.display());
            assert!(there < here, "{}: {module} imports {import}, which stands below it", file.display());
        }
    }
}

#[test]
fn no_file_is_named_mod_or_grows_past_a_second_look() {
    for file in files(&source("")) {
        assert_ne!(file.file_name().unwrap(), "mod.rs");
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines <= 500, "{} has {lines} lines", file.display());
    }
}
