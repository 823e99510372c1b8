//! Asks, at a terminal, what the flags of `bulk send` leave open about its list. The answers become flags. At the end it
//! prints the command line that needs no question.

use std::path::PathBuf;

use super::send_args::BulkSendArgs;
use crate::base::input::{Source, source_name};
use crate::base::message::{Message, msg};
use crate::base::output::SystemError;
use crate::base::private_file::PipeBound;
use crate::base::question::{Question, TypedFlag};
use crate::command_error::CommandError;
use crate::lists::list_file::{ListOptions, ListReader};
use crate::runs::import::NO_COUNTRY;
use crate::sender::config::{ConfigEdit, ConfigFile, Environment, Layer};
use crate::sender::context::Context;
use crate::sender::{Sender, open_list};

/// How often a question is repeated after a text that is no answer.
const MAX_ATTEMPTS: u32 = 3;

/// The questions of a command, and their answers so far.
pub(super) struct Questions {
    pub(super) can_ask: bool,
    answers: Vec<TypedFlag>,
}

impl Questions {
    /// A list from a pipe can be read only once, so it is not asked about.
    pub(super) fn new(context: &Context, args: &BulkSendArgs) -> Self {
        let is_file = |source: &&Source| matches!(source, Source::File(path) if path.is_file());
        Self {
            can_ask: !context.assume_yes && context.can_ask() && args.inputs().iter().all(is_file),
            answers: Vec::new(),
        }
    }

    /// Opens the list, and asks for its sheet or its header.
    ///
    /// # Errors
    /// If it cannot be opened, or there was no answer.
    pub(super) fn open_list(
        &mut self,
        context: &Context,
        args: &mut BulkSendArgs,
    ) -> Result<ListReader, CommandError> {
        loop {
            let error = match open_reader(args) {
                Ok(list) => return Ok(list),
                Err(error) => error,
            };
            if !self.ask(context, args, &error)? {
                return Err(error);
            }
        }
    }

    /// Asks the question of `error`, if it has one, and adds the answer to the flags. Returns whether there was an answer.
    ///
    /// # Errors
    /// If the terminal cannot be used.
    pub(super) fn ask(
        &mut self,
        context: &Context,
        args: &mut BulkSendArgs,
        error: &CommandError,
    ) -> Result<bool, CommandError> {
        let question = error.question.as_ref().filter(|_| self.can_ask);
        let Some(question) = question.filter(|question| question.can_be_asked()) else {
            return Ok(false);
        };
        let Some(flag) = ask(context, &error.message, question)? else {
            return Ok(false);
        };
        let is_of_header = |answer: &TypedFlag| answer.name == "--header-row";
        if flag.name == "--sheet" && self.answers.iter().any(is_of_header) {
            // That line was the header of another sheet.
            self.answers.retain(|answer| !is_of_header(answer));
            args.choices.header_row = None;
        }
        args.choices.answer(&flag)?;
        self.answers.push(flag);
        Ok(true)
    }

    /// Prints the command line with all answers, if there were any. Offers to save them in the profile of the sender.
    ///
    /// # Errors
    /// If the terminal cannot be used.
    pub(super) fn finish(&self, context: &Context, sender: &Sender) -> Result<(), SystemError> {
        if self.answers.is_empty() {
            return Ok(());
        }
        context.stderr.before_prompt(&[self.next_line(context)]);
        let settings = self.settings();
        if settings.is_empty() {
            return Ok(());
        }
        let Some(saved) = SavedProfile::find(context, sender) else {
            return Ok(());
        };
        let name = &saved.name;
        let question = msg!(
            "Save {settings} in profile {name}?",
            settings = settings.message(),
            name
        );
        if context.says_yes(question)? {
            match saved.add(&settings) {
                Ok(()) => context.stderr.note(msg!("profile {name} is saved", name)),
                Err(error) => context.stderr.warning(error.line()),
            }
        }
        Ok(())
    }

    /// Returns the command line that needs no question.
    fn next_line(&self, context: &Context) -> Message {
        let Some(typed) = &context.typed_line else {
            let flags: Vec<_> = self.answers.iter().map(ToString::to_string).collect();
            return msg!(
                "next time, add before the kind: {flags}",
                flags = flags.join(" ")
            );
        };
        let mut line = typed.clone();
        for flag in &self.answers {
            line.set(flag);
        }
        msg!("next time: {line}", line = line.to_string())
    }

    /// Returns the answers that a profile can have.
    fn settings(&self) -> AnsweredSettings {
        let value_of = |name: &str| {
            let mut answers = self.answers.iter().rev();
            let flag = answers.find(|flag| flag.name == name)?;
            flag.value.clone()
        };
        AnsweredSettings {
            country: value_of("--country").filter(|country| country != NO_COUNTRY),
            to_column: value_of("--to-column"),
        }
    }
}

/// The answers that a profile can have.
struct AnsweredSettings {
    country: Option<String>,
    to_column: Option<String>,
}

impl AnsweredSettings {
    fn is_empty(&self) -> bool {
        self.country.is_none() && self.to_column.is_none()
    }

    /// Says what is saved.
    fn message(&self) -> Message {
        match (&self.country, &self.to_column) {
            (Some(country), Some(column)) => {
                msg!(
                    "{country} as the country and `{column}` as the column of recipients",
                    country,
                    column
                )
            }
            (Some(country), None) => msg!("{country} as the country", country),
            (None, column) => {
                let column = column.as_deref().unwrap_or_default();
                msg!("`{column}` as the column of recipients", column)
            }
        }
    }
}

/// A profile in the user's file.
struct SavedProfile {
    name: String,
    path: PathBuf,
}

impl SavedProfile {
    /// Finds the profile of the sender. None if it is in the file of the machine: a file of the user would replace it.
    fn find(context: &Context, sender: &Sender) -> Option<Self> {
        let name = sender.settings.profile.as_ref()?.value.clone();
        let named = context.flags.config_file(&Environment::read().ok()?);
        let path = named.map_or_else(ConfigFile::default_path, Ok).ok()?;
        let edit = ConfigEdit::open(&path).ok()?;
        edit.profile(&name)?;
        Some(Self { name, path })
    }

    fn add(&self, settings: &AnsweredSettings) -> Result<(), CommandError> {
        ConfigEdit::change(&self.path, |edit| {
            let mut change = Layer::default();
            change.type_in("country", settings.country.as_ref());
            if let Some(column) = &settings.to_column {
                // Behind the others, so that other lists are read as before.
                let known = edit
                    .profile(&self.name)
                    .and_then(|saved| saved.list("to_column"));
                let known = known.unwrap_or_default().iter();
                let columns = known.filter(|known| *known != column).chain([column]);
                change.type_in("to_column", columns);
            }
            edit.set_profile(&self.name, &change);
            Ok(())
        })
    }
}

/// Asks the `question` about the `problem`. None if the input ends, or after too many texts that are no answers.
fn ask(
    context: &Context,
    problem: &Message,
    question: &Question,
) -> Result<Option<TypedFlag>, SystemError> {
    let numbers = 1..;
    let answers = numbers.zip(&question.answers).map(|(number, answer)| {
        let does = &answer.does;
        match &answer.example {
            Some(example) => msg!("  {number}  {does} ({example})", number, does, example),
            None => msg!("  {number}  {does}", number, does),
        }
    });
    let lines = [problem.clone(), question.text.clone()];
    let lines: Vec<_> = lines.into_iter().chain(answers).collect();
    context.stderr.before_prompt(&lines);
    for _ in 0..MAX_ATTEMPTS {
        let Some(typed) = context.ask_line(question.prompt())? else {
            return Ok(None);
        };
        if let Some(flag) = question.read(&typed) {
            return Ok(Some(flag));
        }
        context
            .stderr
            .before_prompt(&[msg!("`{typed}` is not one of the answers", typed)]);
    }
    Ok(None)
}

fn open_reader(args: &BulkSendArgs) -> Result<ListReader, CommandError> {
    let input = open_list(&args.source, PipeBound::Writer)?;
    let options = ListOptions {
        sheet: args.choices.sheet.clone(),
        encoding: args.encoding,
        header_row: args.choices.header_row,
    };
    Ok(ListReader::open(
        input,
        &source_name(&args.source).to_string(),
        &options,
    )?)
}
