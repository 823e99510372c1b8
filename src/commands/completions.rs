//! `completions SHELL`: prints the script by which a shell asks jelouctl while a line is typed; `cli/complete.rs` answers.

use clap::{Args, ValueEnum};
use clap_complete::env::{self, EnvCompleter};

use crate::command_error::CommandError;
use crate::context::Context;
use crate::exit::ExitCode;

/// compinit loads the file at the first Tab, which has to be answered, too.
const FIRST_TAB_IN_ZSH: &str = "
if [[ ${funcstack[1]} == _jelouctl ]]; then
    _clap_dynamic_completer_jelouctl
fi
";

/// Print the completion script of a shell
///
/// Examples, each for the start-up file of its shell:
///   source <(jelouctl completions bash)                                # ~/.bashrc
///   source <(jelouctl completions zsh)                                 # ~/.zshrc, after compinit
///   jelouctl completions fish | source                                 # ~/.config/fish/config.fish
///   eval (jelouctl completions elvish | slurp)                         # ~/.config/elvish/rc.elv
///   jelouctl completions powershell | Out-String | Invoke-Expression   # $PROFILE
///
/// The script asks jelouctl while you type, which also knows your profiles, runs, keys and
/// templates. It never uses the network.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct CompletionsArgs {
    /// Shell to write it for
    shell: Shell,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Shell {
    Bash,
    Elvish,
    Fish,
    Powershell,
    Zsh,
}

/// Prints the script.
pub(crate) fn run(context: &Context, args: &CompletionsArgs) -> Result<ExitCode, CommandError> {
    let (shell, more): (&dyn EnvCompleter, _) = match args.shell {
        Shell::Bash => (&env::Bash, ""),
        Shell::Elvish => (&env::Elvish, ""),
        Shell::Fish => (&env::Fish, ""),
        Shell::Powershell => (&env::Powershell, ""),
        Shell::Zsh => (&env::Zsh, FIRST_TAB_IN_ZSH),
    };
    let mut script = Vec::new();
    // Writing to a vector cannot fail.
    let _ = shell.write_registration("COMPLETE", "jelouctl", "jelouctl", "jelouctl", &mut script);
    script.extend(more.bytes());
    context.stdout.bytes(&script)?;
    Ok(ExitCode::Success)
}
