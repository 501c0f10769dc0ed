//! What stands around commands so that they can be pasted.

use tree_sitter::Node;

use super::{Command, Condition, Failure, Item, Reader, children, core};

/// The variables of the remedies and of what stands around them.
const KEPT: [&str; 6] = ["$new", "$global:new", "$password", "$copy", "$request", "$answer"];
const COPIED: [(&str, &str); 3] = [
    ("$preference", "$global:ErrorActionPreference"),
    ("$global:ErrorActionPreference", "$preference"),
    ("$global:new", "$null"),
];

impl Reader<'_> {
    pub(super) fn assignment(&self, node: Node<'_>) -> Result<Item, Failure> {
        let assignment = core(node);
        let parts = children(assignment);
        let [left, equals, right] = parts.as_slice() else { return self.unknown(node) };
        if self.text(*equals) != "=" {
            return self.unknown(node);
        }
        let (variable, from) = (self.text(*left).to_owned(), self.text(*right).trim().to_owned());
        if COPIED.contains(&(variable.as_str(), from.as_str())) {
            return Ok(Item::Copied { variable, from });
        }
        if KEPT.contains(&variable.as_str()) && from.starts_with(|first: char| first.is_ascii_uppercase()) {
            let mut items = Vec::new();
            self.pipeline(*right, &mut items)?;
            return match items.as_slice() {
                [Item::Pipeline(commands)] => Ok(Item::Kept { variable, commands: commands.clone() }),
                _ => self.unknown(*right),
            };
        }
        let text = self.literal(*right)?;
        Ok(Item::Assignment { line: node.start_position().row + 1, variable, text })
    }

    pub(super) fn throw(&self, node: Node<'_>) -> Result<Item, Failure> {
        let parts = children(node);
        let [_, _, condition, _, block] = parts.as_slice() else { return self.unknown(node) };
        let statements = children(*block);
        let [_, statement, _] = statements.as_slice() else { return self.unknown(*block) };
        let thrown = core(*statement);
        match children(thrown).as_slice() {
            [throw, text] if throw.kind() == "throw" => Ok(Item::Throw {
                line: node.start_position().row + 1,
                when: self.condition(*condition)?,
                text: self.literal(*text)?,
            }),
            _ => self.unknown(thrown),
        }
    }

    fn condition(&self, node: Node<'_>) -> Result<Condition, Failure> {
        let condition = core(node);
        match children(condition).as_slice() {
            [not, variable] if self.text(*not) == "-not" => self.unset(*variable),
            [shown, operator, text]
                if core(*shown).kind() == "member_access" && ["-eq", "-ne"].contains(&self.text(*operator)) =>
            {
                let (command, property) = self.property(core(*shown))?;
                let is_equal = self.text(*operator) == "-eq";
                // What an earlier block kept may stand in place of a literal.
                let kept = self.text(*text).trim();
                let text = if kept == "$new.Thumbprint" { kept.to_owned() } else { self.literal(*text)? };
                Ok(Condition::Compared { command, property, is_equal, text })
            }
            [computer, not_equal, name] if self.text(*not_equal) == "-ne" => {
                if !self.text(*computer).eq_ignore_ascii_case("$env:COMPUTERNAME") {
                    return self.unknown(*computer);
                }
                Ok(Condition::ElsewhereThan(self.literal(*name)?))
            }
            [texts, bar, command] if bar.kind() == "|" => {
                let elements = children(*command);
                let [name, elements] = elements.as_slice() else { return self.unknown(*command) };
                if !self.text(*name).eq_ignore_ascii_case("Where-Object") {
                    return self.unknown(*name);
                }
                let elements = children(*elements);
                let [_, block] = elements.as_slice() else { return self.unknown(*command) };
                let block = children(core(*block));
                let [_, block, _] = block.as_slice() else { return self.unknown(*command) };
                let (command, property) = self.not_contained(core(*block))?;
                Ok(Condition::Lacks { texts: self.literals(core(*texts))?, command, property })
            }
            _ => self.unknown(condition),
        }
    }

    /// The command and the property of `"$((command).property)" -split ', ' -notcontains $_`.
    fn not_contained(&self, node: Node<'_>) -> Result<(Command, String), Failure> {
        let parts = children(node);
        let [split, operator, each] = parts.as_slice() else { return self.unknown(node) };
        if self.text(*operator) != "-notcontains" || self.text(*each) != "$_" {
            return self.unknown(node);
        }
        let parts = children(*split);
        let [printed, operator, comma] = parts.as_slice() else { return self.unknown(*split) };
        if self.text(*operator) != "-split" || self.literal(*comma)? != ", " {
            return self.unknown(*split);
        }
        let shown = core(*printed);
        if self.text(*printed) != format!("\"{}\"", self.text(shown)) {
            return self.unknown(*printed);
        }
        let parts = children(shown);
        let [_, member, _] = parts.as_slice() else { return self.unknown(shown) };
        self.property(core(*member))
    }

    /// `& { … }`.
    pub(super) fn scope(&self, node: Node<'_>) -> Result<Item, Failure> {
        let parts = children(core(node));
        let [_, block] = parts.as_slice() else { return self.unknown(node) };
        let parts = children(core(*block));
        let [_, block, _] = parts.as_slice() else { return self.unknown(*block) };
        let mut items = Vec::new();
        self.items(*block, &mut items)?;
        Ok(Item::Scope(items))
    }

    pub(super) fn try_finally(&self, node: Node<'_>) -> Result<Item, Failure> {
        let parts = children(node);
        let [_, tried, clause] = parts.as_slice() else { return self.unknown(node) };
        let parts = children(*clause);
        let [finally, always] = parts.as_slice() else { return self.unknown(*clause) };
        if self.text(*finally) != "finally" {
            return self.unknown(*clause);
        }
        Ok(Item::Finally { tried: self.block(*tried)?, always: self.block(*always)? })
    }

    fn block(&self, node: Node<'_>) -> Result<Vec<Item>, Failure> {
        let mut items = Vec::new();
        for child in children(node) {
            if child.kind() == "statement_list" {
                self.items(child, &mut items)?;
            }
        }
        Ok(items)
    }

    /// `do { $answer = Read-Host '…' } until ($answer -eq '…')`.
    pub(super) fn drain(&self, node: Node<'_>) -> Result<Item, Failure> {
        let parts = children(node);
        let [_, block, until, _, condition, _] = parts.as_slice() else { return self.unknown(node) };
        let reads = self.block(*block)?;
        let is_read = matches!(reads.as_slice(), [Item::Kept { variable, commands }]
            if variable == "$answer" && commands.len() == 1 && commands[0].name == "Read-Host");
        let parts = children(core(*condition));
        let [answer, equals, word] = parts.as_slice() else { return self.unknown(*condition) };
        let is_compared = self.text(*answer) == "$answer" && self.text(*equals) == "-eq";
        // What a paste leaves over is no such word.
        let is_word = self.literal(*word)?.bytes().all(|byte| byte.is_ascii_lowercase());
        if is_read && is_compared && is_word && self.text(*until) == "until" {
            Ok(Item::Drain)
        } else {
            self.unknown(node)
        }
    }

    fn unset(&self, node: Node<'_>) -> Result<Condition, Failure> {
        let parts = children(core(node));
        let [_, command, _] = parts.as_slice() else { return self.unknown(node) };
        let text = self.text(*command);
        let name =
            text.strip_prefix("Get-Variable ").and_then(|rest| rest.strip_suffix(" -ValueOnly -ErrorAction Ignore"));
        match name {
            Some(name) if name.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                Ok(Condition::Unset(name.to_owned()))
            }
            _ => self.unknown(node),
        }
    }

    /// The command and the property of `(command).property`.
    fn property(&self, member: Node<'_>) -> Result<(Command, String), Failure> {
        match children(member).as_slice() {
            [object, dot, property] if dot.kind() == "." && object.kind() == "parenthesized_expression" => {
                let mut command = children(*object)[1];
                // One without arguments holds its name alone.
                while let ([only], false) = (children(command).as_slice(), command.kind() == "command") {
                    command = *only;
                }
                let command = self.command(command, &mut Vec::new())?;
                Ok((command, self.text(*property).to_owned()))
            }
            _ => self.unknown(member),
        }
    }
}
