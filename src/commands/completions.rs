//! `completions SHELL`: prints the completion script of a shell, or with `--dynamic` the line that enables dynamic
//! completion.

use clap::Args;
use clap::builder::PossibleValue;
use clap_complete::Shell;

use super::CommandError;
use crate::context::{Context, UsageError};
use crate::exit::ExitCode;

/// Print the completion script of a shell
///
/// Examples:
///   mkdir -p ~/.local/share/bash-completion/completions
///   jelouctl completions bash > ~/.local/share/bash-completion/completions/jelouctl
///   jelouctl completions zsh > ~/.zfunc/_jelouctl     # with fpath=(~/.zfunc $fpath) before compinit in ~/.zshrc
///   jelouctl completions powershell >> $PROFILE
///   jelouctl completions fish > ~/.config/fish/completions/jelouctl.fish
///   jelouctl completions bash --dynamic >> ~/.bashrc
///
/// The script is complete. The line of --dynamic asks jelouctl while you type, so that profiles and
/// templates are completed too; it never uses the network.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct CompletionsArgs {
    /// Shell to write it for
    shell: Shell,

    /// Print the line for the shell's start-up file that completes names too
    #[arg(long)]
    dynamic: bool,
}

/// Prints the script for `app`, or with `--dynamic` the line for a start-up file.
///
/// # Errors
/// If stdout cannot be written, or `shell` does not support dynamic completion.
pub(crate) fn run(
    context: &Context,
    mut app: clap::Command,
    &CompletionsArgs { shell, dynamic }: &CompletionsArgs,
) -> Result<ExitCode, CommandError> {
    if dynamic {
        context.stdout.line(start_up_line(shell)?)?;
        return Ok(ExitCode::Success);
    }
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut app, "jelouctl", &mut script);
    if shell == Shell::Fish {
        script.extend(values_of_flags(&app).into_bytes());
    }
    context.stdout.bytes(&script)?;
    Ok(ExitCode::Success)
}

/// Lines for fish: a flag before the command that still lacks its value hides that flag's completions, and fish would
/// offer files.
fn values_of_flags(app: &clap::Command) -> String {
    let flags =
        app.get_arguments().filter_map(|flag| Some((flag.get_long()?, flag.get_short(), flag.get_possible_values())));
    let lines = flags.filter(|(_, _, values)| !values.is_empty()).map(|(long, short, values)| {
        let short = short.map(|short| format!(" -s {short}")).unwrap_or_default();
        let values: Vec<_> = values.iter().map(PossibleValue::get_name).collect();
        format!("complete -c jelouctl{short} -l {long} -x -a \"{}\"\n", values.join(" "))
    });
    lines.collect()
}

fn start_up_line(shell: Shell) -> Result<&'static str, UsageError> {
    match shell {
        Shell::Bash => Ok("source <(COMPLETE=bash jelouctl)"),
        Shell::Elvish => Ok("eval (E:COMPLETE=elvish jelouctl | slurp)"),
        Shell::Fish => Ok("COMPLETE=fish jelouctl | source"),
        Shell::PowerShell => {
            Ok("$env:COMPLETE = 'powershell'; jelouctl | Out-String | Invoke-Expression; Remove-Item Env:COMPLETE")
        }
        Shell::Zsh => Ok("source <(COMPLETE=zsh jelouctl)"),
        other => Err(UsageError::new(
            format!("there is no dynamic completion for {other}"),
            format!("jelouctl completions {other} prints a script without it"),
        )),
    }
}
