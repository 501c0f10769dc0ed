//! From text to commands with their arguments, by a grammar that the library knows nothing of.

mod statements;

use std::cell::RefCell;
use std::fmt;

use tree_sitter::{Node, Parser, Tree};

/// Where something is wrong, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub line: usize,
    pub column: usize,
    pub what: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.what)
    }
}

/// What stands in a script, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    Comment {
        line: usize,
        text: String,
    },
    /// One command, or several that hand their output on.
    Pipeline(Vec<Command>),
    /// `$name = 'text'`.
    Assignment {
        line: usize,
        variable: String,
        text: String,
    },
    /// What is no command, as it stands: a call of a method, or what a filter asks.
    Expression {
        line: usize,
        text: String,
    },
    /// `& { … }`, whose variables are its own.
    Scope(Vec<Item>),
    /// `try { … } finally { … }`.
    Finally {
        tried: Vec<Item>,
        always: Vec<Item>,
    },
    /// `$name = …`, of commands.
    Kept {
        variable: String,
        commands: Vec<Command>,
    },
    /// `$name = $other`.
    Copied {
        variable: String,
        from: String,
    },
    /// Asks for a word until it is the right one, and so takes what is left of a paste.
    Drain,
    /// `if (…) { throw 'text' }`.
    Throw {
        line: usize,
        when: Condition,
        text: String,
    },
}

/// When a script stops itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// `$env:COMPUTERNAME -ne 'text'`.
    ElsewhereThan(String),
    /// `'text',… | Where-Object { "$((command).property)" -split ', ' -notcontains $_ }`: what the printed set lacks
    /// one of the texts.
    Lacks { texts: Vec<String>, command: Command, property: String },
    /// `-not (Get-Variable … -ValueOnly -ErrorAction Ignore)`.
    Unset(String),
    /// `(command).property -eq 'text'`, or `-ne`.
    Compared { command: Command, property: String, is_equal: bool, text: String },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    pub line: usize,
    pub column: usize,
    pub name: String,
    pub arguments: Vec<Argument>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    /// Without its hyphen.
    Parameter(String),
    Value(Value),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Without quotes, as it stands.
    Word(String),
    /// What a literal, or an expression of literals, comes to.
    Text(String),
    Null,
    List(Vec<Value>),
    Block(Vec<Item>),
    /// Some other expression, as it stands.
    Expression(String),
}

impl Command {
    pub fn fail<T>(&self, what: impl fmt::Display) -> Result<T, Failure> {
        Err(Failure { line: self.line, column: self.column, what: format!("{}: {what}", self.name) })
    }
}

/// PowerShell takes each of these for `'`.
fn is_single_quote(character: char) -> bool {
    matches!(character, '\'' | '\u{2018}'..='\u{201B}')
}

/// Reads the literal in single quotes that a text begins with, the way PowerShell's tokenizer does:
/// two quotes of any kind in a row are the second one. Gives what it says, and the rest.
pub fn single_quoted(text: &str) -> Option<(String, &str)> {
    let mut characters = text.chars();
    if !is_single_quote(characters.next()?) {
        return None;
    }
    let mut says = String::new();
    loop {
        let character = characters.next()?;
        if !is_single_quote(character) {
            says.push(character);
            continue;
        }
        let rest = characters.as_str();
        match characters.next() {
            Some(second) if is_single_quote(second) => says.push(second),
            _ => return Some((says, rest)),
        }
    }
}

/// Parses a script: nothing in it may be in error, and every literal must end for PowerShell where it does for the
/// grammar.
pub fn parse(script: &str) -> Result<Tree, Failure> {
    thread_local! {
        static PARSER: RefCell<Parser> = RefCell::new({
            let mut parser = Parser::new();
            parser.set_language(&tree_sitter_powershell::LANGUAGE.into()).unwrap();
            parser
        });
    }
    let tree = PARSER.with_borrow_mut(|parser| parser.parse(script, None)).unwrap();
    if let Some(place) = script.find(|character: char| character.is_control() && character != '\n') {
        let line = script[..place].matches('\n').count() + 1;
        let column = place - script[..place].rfind('\n').map_or(0, |end| end + 1) + 1;
        return Err(Failure { line, column, what: "a control character".into() });
    }
    check(tree.root_node(), script)?;
    Ok(tree)
}

/// The commands and comments of a script.
pub fn read(script: &str) -> Result<Vec<Item>, Failure> {
    let mut items = Vec::new();
    // The grammar has no program of nothing.
    if script.is_empty() {
        return Ok(items);
    }
    let script = &with_quoted_lists(script);
    let tree = parse(script)?;
    Reader { script }.items(tree.root_node(), &mut items)?;
    Ok(items)
}

/// PowerShell goes on reading words after `'a',`, and the grammar knows only expressions there.
fn with_quoted_lists(script: &str) -> String {
    let (mut written, mut rest) = (String::new(), script);
    while let Some(character) = rest.chars().next() {
        let end = single_quoted(rest).map_or(character.len_utf8(), |(_, after)| rest.len() - after.len());
        let is_literal = end > character.len_utf8();
        written.push_str(&rest[..end]);
        rest = &rest[end..];
        while let Some(after) = rest.strip_prefix(',').filter(|_| is_literal) {
            let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
            let (word, after) = after.split_at(after.find(|c| !is_word(c)).unwrap_or(after.len()));
            if !word.starts_with(|first: char| first.is_ascii_alphabetic()) {
                break;
            }
            written += &format!(",'{word}'");
            rest = after;
        }
    }
    written
}

fn failure(node: Node<'_>, what: impl Into<String>) -> Failure {
    let place = node.start_position();
    Failure { line: place.row + 1, column: place.column + 1, what: what.into() }
}

fn check(node: Node<'_>, script: &str) -> Result<(), Failure> {
    if node.is_missing() {
        return Err(failure(node, format!("{} is missing", node.kind())));
    }
    // The first wrong place may be further in than the first node that is in error.
    for child in children(node) {
        check(child, script)?;
    }
    if node.is_error() {
        return Err(failure(node, "no PowerShell"));
    }
    if node.kind() == "verbatim_string_characters" {
        let (_, rest) = single_quoted(&script[node.start_byte()..])
            .ok_or_else(|| failure(node, "a literal that never ends for PowerShell"))?;
        if script.len() - rest.len() != node.end_byte() {
            return Err(failure(node, "a literal that ends elsewhere for PowerShell"));
        }
    }
    Ok(())
}

fn children(node: Node<'_>) -> Vec<Node<'_>> {
    node.children(&mut node.walk()).collect()
}

/// What stands in a node behind all those that hold one thing alone.
fn core(node: Node<'_>) -> Node<'_> {
    match children(node).as_slice() {
        [only] => core(*only),
        _ => node,
    }
}

/// What PowerShell fills in from variables that the remedies set.
const EXPANDED: [&str; 3] = ["$password", r#""Cert:\LocalMachine\My\$($args[0])""#, r#""$env:TEMP\$($args[0]).cer""#];

/// The call of a method, a comparison, or the text of each object.
fn is_expression(pipeline: Node<'_>) -> bool {
    matches!(core(pipeline).kind(), "invokation_expression" | "comparison_expression" | "$_")
}

struct Reader<'a> {
    script: &'a str,
}

impl<'a> Reader<'a> {
    fn text(&self, node: Node<'_>) -> &'a str {
        &self.script[node.byte_range()]
    }

    fn unknown<T>(&self, node: Node<'_>) -> Result<T, Failure> {
        Err(failure(node, format!("{} is not known here: {}", node.kind(), self.text(node))))
    }

    fn comment(&self, node: Node<'_>) -> Item {
        Item::Comment { line: node.start_position().row + 1, text: self.text(node).to_owned() }
    }

    fn items(&self, node: Node<'_>, items: &mut Vec<Item>) -> Result<(), Failure> {
        for child in children(node) {
            match child.kind() {
                "comment" => items.push(self.comment(child)),
                "pipeline" if children(child).iter().any(|child| child.kind() == "assignment_expression") => {
                    items.push(self.assignment(child)?);
                }
                "pipeline" if is_expression(child) => {
                    self.commands_within(child)?;
                    let text = self.text(child).to_owned();
                    items.push(Item::Expression { line: child.start_position().row + 1, text });
                }
                "pipeline" if self.text(child).starts_with("& {") => items.push(self.scope(child)?),
                "pipeline" => self.pipeline(child, items)?,
                "if_statement" => items.push(self.throw(child)?),
                "try_statement" => items.push(self.try_finally(child)?),
                "do_statement" => items.push(self.drain(child)?),
                "statement_list" | "script_block" | "script_block_body" => self.items(child, items)?,
                _ => return self.unknown(child),
            }
        }
        Ok(())
    }

    /// Those of an expression are commands like any other ones.
    fn commands_within(&self, node: Node<'_>) -> Result<(), Failure> {
        for child in children(node) {
            match child.kind() {
                "command" => drop(super::cmdlets::bind(&self.command(child, &mut Vec::new())?)?),
                _ => self.commands_within(child)?,
            }
        }
        Ok(())
    }

    fn literal(&self, node: Node<'_>) -> Result<String, Failure> {
        match single_quoted(self.text(core(node))) {
            Some((says, "")) => Ok(says),
            _ => self.unknown(node),
        }
    }

    fn literals(&self, node: Node<'_>) -> Result<Vec<String>, Failure> {
        if node.kind() != "array_literal_expression" {
            return Ok(vec![self.literal(node)?]);
        }
        children(node).into_iter().filter(|child| child.kind() != ",").map(|child| self.literal(child)).collect()
    }

    fn pipeline(&self, node: Node<'_>, items: &mut Vec<Item>) -> Result<(), Failure> {
        let mut commands = Vec::new();
        let mut comments = Vec::new();
        for chain in children(node) {
            match chain.kind() {
                "pipeline_chain" if commands.is_empty() => {
                    for child in children(chain) {
                        match child.kind() {
                            "command" => commands.push(self.command(child, &mut comments)?),
                            "|" => {}
                            "comment" => comments.push(self.comment(child)),
                            _ => return self.unknown(child),
                        }
                    }
                }
                "comment" => comments.push(self.comment(chain)),
                _ => return self.unknown(chain),
            }
        }
        items.push(Item::Pipeline(commands));
        items.append(&mut comments);
        Ok(())
    }

    fn command(&self, node: Node<'_>, comments: &mut Vec<Item>) -> Result<Command, Failure> {
        let place = node.start_position();
        let mut command =
            Command { line: place.row + 1, column: place.column + 1, name: String::new(), arguments: Vec::new() };
        for child in children(node) {
            match child.kind() {
                "command_name" if children(child).is_empty() => command.name = self.text(child).to_owned(),
                "command_elements" => command.arguments = self.arguments(child, comments)?,
                _ => return self.unknown(child),
            }
        }
        Ok(command)
    }

    fn arguments(&self, node: Node<'_>, comments: &mut Vec<Item>) -> Result<Vec<Argument>, Failure> {
        let mut arguments: Vec<Argument> = Vec::new();
        // What stands directly before: white space, a comma, or an argument.
        let mut apart = false;
        let mut comma = false;
        for child in children(node) {
            match child.kind() {
                "command_argument_sep" if self.text(child).trim_matches(' ').is_empty() => apart = true,
                // What a method is given stands directly behind it.
                "argument_list" if !apart && !comma => match arguments.last_mut() {
                    Some(Argument::Value(Value::Expression(method))) => method.push_str(self.text(child)),
                    _ => return self.unknown(child),
                },
                // The value of a switch, which takes none otherwise.
                "command_argument_sep"
                    if self.text(child) == ":"
                        && arguments.last() == Some(&Argument::Parameter("Confirm".to_owned())) =>
                {
                    apart = true;
                }
                "," => comma = true,
                "comment" => comments.push(self.comment(child)),
                "command_parameter" if apart && !comma => {
                    arguments.push(Argument::Parameter(self.text(child).trim_start_matches('-').to_owned()));
                    apart = false;
                }
                "generic_token" | "array_literal_expression" | "unary_expression" if apart || comma => {
                    let value = match child.kind() {
                        "generic_token" => Value::Word(self.text(child).to_owned()),
                        _ => self.value(child)?,
                    };
                    match arguments.last_mut() {
                        Some(Argument::Value(before)) if comma => before.append(value),
                        _ if comma => return self.unknown(child),
                        _ => arguments.push(Argument::Value(value)),
                    }
                    (apart, comma) = (false, false);
                }
                _ => return self.unknown(child),
            }
        }
        Ok(arguments)
    }

    fn value(&self, node: Node<'_>) -> Result<Value, Failure> {
        let inner = children(node);
        match (node.kind(), inner.as_slice()) {
            ("verbatim_string_characters", _) => match single_quoted(self.text(node)) {
                Some((says, "")) => Ok(Value::Text(says)),
                _ => self.unknown(node),
            },
            ("variable", _) if self.text(node).eq_ignore_ascii_case("$null") => Ok(Value::Null),
            // A command takes a number that stands bare by its digits where it wants text.
            ("integer_literal", _) => Ok(Value::Word(self.text(node).to_owned())),
            ("script_block_expression", [_, block, _]) => {
                let mut items = Vec::new();
                self.items(*block, &mut items)?;
                Ok(Value::Block(items))
            }
            ("parenthesized_expression", [_, within, _]) => {
                Ok(self.sum(*within).map_or_else(|| Value::Expression(self.text(node).to_owned()), Value::Text))
            }
            ("array_literal_expression" | "unary_expression" | "string_literal", [only]) => self.value(*only),
            ("array_literal_expression", _) => {
                let values: Result<Vec<_>, _> =
                    inner.iter().filter(|child| child.kind() != ",").map(|child| self.value(*child)).collect();
                Ok(Value::List(values?))
            }
            ("variable", _) if ["$true", "$false"].iter().any(|known| self.text(node).eq_ignore_ascii_case(known)) => {
                Ok(Value::Expression(self.text(node).to_owned()))
            }
            ("variable" | "expandable_string_literal", _) if EXPANDED.contains(&self.text(node)) => {
                Ok(Value::Expression(self.text(node).to_owned()))
            }
            ("member_access" | "invokation_expression" | "array_expression", _) => {
                Ok(Value::Expression(self.text(node).to_owned()))
            }
            _ => self.unknown(node),
        }
    }

    /// Literals and characters by their number, joined by `+`: it joins where the left one is text or a character.
    fn sum(&self, node: Node<'_>) -> Option<String> {
        match (node.kind(), children(node).as_slice()) {
            ("verbatim_string_characters", _) => single_quoted(self.text(node)).map(|(says, _)| says),
            ("cast_expression", [kind, number]) => {
                let number = (self.text(*kind).eq_ignore_ascii_case("[char]")).then(|| self.text(*number))?;
                let number = number.bytes().all(|byte| byte.is_ascii_digit()).then(|| number.parse().ok())??;
                char::from_u32(number).map(String::from)
            }
            ("additive_expression", [left, plus, right]) if plus.kind() == "+" => {
                Some(self.sum(*left)? + &self.sum(*right)?)
            }
            (_, [only]) => self.sum(*only),
            _ => None,
        }
    }
}

impl Value {
    fn append(&mut self, value: Self) {
        match self {
            Self::List(values) => values.push(value),
            one => *one = Self::List(vec![std::mem::replace(one, Self::Null), value]),
        }
    }
}
