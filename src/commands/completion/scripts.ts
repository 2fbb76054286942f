/**
 * One script a shell. Each hands the words of the line over as they are and evaluates none of them: the scripts that
 * libraries make run what is written in `$(…)` when Tab is pressed.
 */
export const SCRIPTS = {
  bash: `# bash completion for oidc-token; made by: oidc-token completion bash
_oidc_token() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :file) compopt -o default ;;
      :folder) compopt -o dirnames ;;
      *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done < <(oidc-token complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _oidc_token oidc-token
`,
  zsh: `#compdef oidc-token
# zsh completion for oidc-token; made by: oidc-token completion zsh
_oidc_token() {
  local line
  local -a lines candidates
  lines=("\${(@f)$(oidc-token complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  case $lines[1] in
    :file) _files; return ;;
    :folder) _files -/; return ;;
  esac
  for line in $lines; do
    candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  _describe 'oidc-token' candidates
}
if [ "$funcstack[1]" = _oidc-token ]; then
  _oidc_token "$@"
else
  if ! (( $+functions[compdef] )); then
    autoload -Uz compinit
    compinit -i
  fi
  compdef _oidc_token oidc-token
fi
`,
  fish: `# fish completion for oidc-token; made by: oidc-token completion fish
function __oidc_token_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l lines (oidc-token complete -- $words[2..-1] "$current" 2>/dev/null)
    switch "$lines[1]"
        case :file
            __fish_complete_path "$current"
        case :folder
            __fish_complete_directories "$current"
        case '*'
            printf '%s\\n' $lines
    end
end
complete -c oidc-token -f -a '(__oidc_token_complete)'
`,
  powershell: `# PowerShell completion for oidc-token; made by: oidc-token completion powershell
Register-ArgumentCompleter -Native -CommandName oidc-token -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.StartOffset -lt $cursorPosition } | ForEach-Object { $_.ToString() })
    # Before PowerShell 7.3 an empty word would not arrive.
    $next = if ($wordToComplete -eq '') { @('--next') } else { @() }
    oidc-token complete @next -- @words 2>$null | Where-Object { $_ -notlike ':*' } | ForEach-Object {
        $word, $says = $_ -split "\`t", 2
        if (-not $says) { $says = $word }
        [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $says)
    }
}
`,
} as const;

export type Shell = keyof typeof SCRIPTS;
