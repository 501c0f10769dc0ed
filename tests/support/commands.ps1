# What a script calls, a line each: the name of every command, the functions that it defines, the names in quotes that
# could be commands, and the methods. Each with its place: inside Invoke-Command or not.
param([string] $Script)

$tokens = $errors = $null
$tree = [Management.Automation.Language.Parser]::ParseFile($Script, [ref] $tokens, [ref] $errors)
foreach ($e in $errors) { "error $e" }
foreach ($node in $tree.FindAll({ $true }, $true)) {
    switch ($node.GetType().Name) {
        'CommandAst' { "command $(if ($node.GetCommandName()) { $node.GetCommandName() } else { $node.CommandElements[0] })" }
        'FunctionDefinitionAst' { "function $($node.Name)" }
        'StringConstantExpressionAst' { foreach ($name in $node.Value -split ' or ') { if ($name -cmatch '^[A-Z]\w*-\w+$') { "named $name" } } }
        'InvokeMemberExpressionAst' { "method $($node.Member)" }
        'FileRedirectionAst' { "redirection $node" }
    }
}
