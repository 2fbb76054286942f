# PowerShell completion for oidc-token; made by: oidc-token completion powershell
Register-ArgumentCompleter -Native -CommandName oidc-token -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.StartOffset -lt $cursorPosition } | ForEach-Object { $_.ToString() })
    # Before PowerShell 7.3 an empty word would not arrive.
    $next = if ($wordToComplete -eq '') { @('--next') } else { @() }
    oidc-token complete @next -- @words 2>$null | Where-Object { $_ -notlike ':*' } | ForEach-Object {
        $word, $says = $_ -split "`t", 2
        if (-not $says) { $says = $word }
        [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $says)
    }
}
