# fish completion for oidc-token; made by: oidc-token completion fish
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
            printf '%s\n' $lines
    end
end
complete -c oidc-token -f -a '(__oidc_token_complete)'
