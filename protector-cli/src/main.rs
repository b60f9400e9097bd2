//! `protector`: see the library of this crate.

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use protector_cli::{Answer, Arguments, Command, Error, Format, SimulatorCommand};
use protector_core::error::Code;
use protector_core::faces::exit;
use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // There is nowhere else to say it.
            drop(error.print());
            if !error.use_stderr() {
                return ExitCode::from(exit::DONE);
            }
            // Who asks for nothing is shown what there is; who is refused is told what every face tells.
            if error.kind() != ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
                let code = Code::ArgumentInvalid;
                drop(writeln!(io::stderr(), "hint: {}\ncode: {code}", code.hint()));
            }
            return ExitCode::from(exit::USAGE);
        }
    };
    if let Command::Completion { shell } = &arguments.command {
        clap_complete::generate(*shell, &mut Arguments::command(), "protector", &mut io::stdout());
        return ExitCode::SUCCESS;
    }
    if let Command::Simulator(SimulatorCommand::Start { options }) = &arguments.command {
        return fail(arguments.output, &protector_cli::simulator::start(options));
    }
    if arguments.is_runner()
        && let Err(source) = protector_cli::leave_terminal()
    {
        return fail(arguments.output, &Error::TerminalKept { source });
    }
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_env_filter(
            tracing_subscriber::EnvFilter::builder()
                .with_default_directive(tracing::Level::WARN.into())
                .from_env_lossy(),
        )
        .init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(source) => return fail(arguments.output, &Error::Runtime { source }),
    };
    match runtime.block_on(protector_cli::run(&arguments)) {
        Ok(answer) => {
            show(arguments.output, &answer);
            ExitCode::from(answer.exit)
        }
        Err(error) => fail(arguments.output, &error),
    }
}

fn show(format: Format, answer: &Answer) {
    let text = match format {
        Format::Human => answer.text.trim_end().to_owned(),
        Format::Json => format!("{:#}", answer.document),
    };
    // Whoever closed the pipe wants no more of it.
    drop(writeln!(io::stdout(), "{text}"));
}

fn fail(format: Format, error: &Error) -> ExitCode {
    if format == Format::Json {
        drop(writeln!(io::stdout(), "{:#}", error.document()));
    }
    drop(writeln!(io::stderr(), "{}", error.told()));
    ExitCode::from(error.exit())
}
