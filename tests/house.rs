//! The house rules that a compiler does not know: who imports whom, how long a file is, and where things are.

use std::fs;
use std::path::{Path, PathBuf};

/// The modules in the order of the picture.
fn picture() -> Vec<String> {
    let lib = fs::read_to_string(source("lib.rs")).unwrap();
    let lines = lib.lines().skip_while(|line| *line != "//! ```text").skip(1).take_while(|line| *line != "//! ```");
    lines.filter_map(|line| line.strip_prefix("//! ")?.split_whitespace().next().map(str::to_owned)).collect()
}

fn in_package(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn source(name: &str) -> PathBuf {
    in_package("src").join(name)
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
fn no_file_is_named_mod_or_has_more_than_500_lines() {
    for file in ["src", "tests", "examples", "benches"].iter().flat_map(|folder| files(&in_package(folder))) {
        if file.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let name = file.strip_prefix(in_package("")).unwrap().to_str().unwrap().replace('\\', "/");
        assert_ne!(file.file_name().unwrap(), "mod.rs", "{name}");
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines <= MOST_LINES, "{name} has {lines} lines; split it, so that no file has more than {MOST_LINES}");
    }
}

const MOST_LINES: usize = 500;

#[test]
fn commands_are_written_in_one_module() {
    for file in files(&source("")) {
        if [source("commands.rs"), source("powershell.rs")].contains(&file) || file.starts_with(source("commands")) {
            continue;
        }
        for (number, line) in fs::read_to_string(&file).unwrap().lines().enumerate() {
            let is_comment = line.trim_start().starts_with("//");
            assert!(
                is_comment || !line.contains("Command::new("),
                "{}:{}: a command is written in src/commands.rs; call a function from there",
                file.display(),
                number + 1
            );
        }
    }
}

#[test]
fn a_check_follows_its_rule() {
    for file in ["rules", "audit"].iter().flat_map(|folder| files(&source(folder))) {
        let misplaced = misplaced(&fs::read_to_string(&file).unwrap());
        assert!(misplaced.is_empty(), "{}: {}", file.display(), misplaced.join("\n"));
    }
}

#[test]
fn every_rule_that_is_declared_is_listed() {
    for (folder, list) in [("rules", "RULES"), ("audit", "AUDIT_RULES")] {
        let listing = fs::read_to_string(source(&format!("{folder}.rs"))).unwrap();
        for file in files(&source(folder)) {
            let module = file.file_stem().unwrap().to_str().unwrap();
            for item in items(&fs::read_to_string(&file).unwrap()) {
                let Item::Rule(name, _) = item else { continue };
                assert!(
                    listing.contains(&format!(" &{module}::{name},")),
                    "{name} is declared, and reports nothing: add &{module}::{name} to {list} in src/{folder}.rs, at its place in the order of reporting"
                );
            }
        }
    }
}

/// A declaration of a rule, or a function.
enum Item<'a> {
    /// With its name, and the functions of the file that it names.
    Rule(&'a str, Vec<&'a str>),
    Function(&'a str),
    Other,
}

/// The items of a file without their comments and attributes.
fn items(text: &str) -> Vec<Item<'_>> {
    let functions: Vec<_> = text.lines().filter_map(function).collect();
    let mut items = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line == "rule! {" || line == "audit_rule! {" {
            let body: Vec<_> = lines.by_ref().take_while(|line| *line != "}").collect();
            let code: Vec<_> = body.into_iter().filter(|line| !line.trim_start().starts_with("//")).collect();
            let name = code.first().and_then(|line| line.split(':').next()).unwrap_or_default().trim();
            let mut named: Vec<_> =
                code.iter().flat_map(|line| words(line)).filter(|word| functions.contains(word)).collect();
            named.sort_unstable();
            named.dedup();
            items.push(Item::Rule(name, named));
        } else if let Some(name) = function(line) {
            items.push(Item::Function(name));
        } else if !line.is_empty() && !line.starts_with([' ', '}', '/', '#', ')']) {
            items.push(Item::Other);
        }
    }
    items
}

/// The name of a function at the top of a file.
fn function(line: &str) -> Option<&str> {
    line.strip_prefix("fn ")?.split(['(', '<']).next()
}

/// The words of a line of code, without the names of methods and fields.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let is_in_word = |c: char| c.is_alphanumeric() || c == '_';
    let words = line.split(move |c| !is_in_word(c)).filter(|word| !word.is_empty());
    words.filter(move |word| {
        let place = word.as_ptr().addr() - line.as_ptr().addr();
        !line[..place].ends_with('.')
    })
}

/// Rules that are not followed by the functions that they name, nor by other rules that name the same ones.
fn misplaced(text: &str) -> Vec<String> {
    let items = items(text);
    let mut misplaced = Vec::new();
    for (place, item) in items.iter().enumerate() {
        let Item::Rule(rule, named) = item else { continue };
        let shares = |item: &&Item<'_>| matches!(item, Item::Rule(_, others) if others == named);
        let after = items[place..].iter().skip_while(shares).take(named.len());
        let mut following: Vec<_> = after
            .map_while(|item| match item {
                Item::Function(name) => Some(*name),
                _ => None,
            })
            .collect();
        following.sort_unstable();
        if named.is_empty() {
            misplaced.push(format!("{rule} names no function of its file: write its check directly under the rule"));
        } else if following != *named {
            misplaced.push(format!(
                "the check of {rule} does not follow it: move `fn {}` directly under the rule",
                named.join("`, `fn ")
            ));
        }
    }
    misplaced
}

#[test]
fn a_check_elsewhere_is_found() {
    let rule = |name: &str, check: &str| {
        format!("rule! {{\n    /// It calls below(case).\n    {name}: Warn, Article,\n    {check}\n}}\n\n")
    };
    let check =
        |name: &str| format!("/// Why.\n#[inline]\nfn {name}<'a>(case: &Case<'a>) -> bool {{\n    below(case)\n}}\n\n");
    let found = |parts: &[String]| misplaced(&parts.concat()).len();
    let constant = "const LEAST: u32 = 1;\n\n".to_owned();
    let (one, below) = (rule("ONE", "Assign(one)"), check("below"));
    assert_eq!(found(&[one.clone(), check("one"), below.clone(), constant.clone()]), 0);
    assert_eq!(found(&[one.clone(), below.clone(), check("one")]), 1);
    assert_eq!(found(&[one.clone(), constant, check("one")]), 1);
    assert_eq!(found(&[check("one"), one.clone()]), 1);
    assert_eq!(found(&[one.clone(), rule("TWO", "Assign(two)"), check("one"), check("two")]), 2);
    assert_eq!(found(&[rule("ONE", "Assign(|case| case.one())"), check("one")]), 1, "a method is not the function");
    let shared = |name: &str| rule(name, "Assign(|case| shared(case, Service::IMAP))");
    assert_eq!(found(&[shared("ONE"), shared("TWO"), check("shared")]), 0);
    assert_eq!(found(&[shared("ONE"), check("shared"), shared("TWO")]), 1);
    let both = rule("BOTH", "Both(first, second)");
    assert_eq!(found(&[both.clone(), check("first"), check("second")]), 0);
    assert_eq!(found(&[both, check("first"), below, check("second")]), 1);
}
