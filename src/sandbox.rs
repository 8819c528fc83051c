//! A separate process for the minijinja code in rule files: whatever a template builds can exhaust only that
//! process. It has no environment, and limits on its memory and on the time of each evaluation.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::rules::{Evaluate, Evaluated, ExpressionError, Task, evaluate_here};
use crate::text::clip;

/// The longest time for an evaluation. A source that was stopped before gets far less.
const LONGEST: Duration = Duration::from_secs(2);
const LONGEST_AGAIN: Duration = Duration::from_millis(200);
/// The process ends by itself if an evaluation takes longer than this: its parent is gone by then.
const LONGEST_ORPHANED: Duration = Duration::from_secs(5);
/// How many times it is started for one evaluation if signals or earlier evaluations end it.
const MOST_STARTS: usize = 3;
/// How many characters of a source the log shows.
const MOST_SHOWN: usize = 100;
/// How many stopped sources are remembered.
const MOST_STOPPED: usize = 1_000;
/// The most bytes of a task or an answer: a filing's footnotes may be long.
const MOST_BYTES: u64 = 64 * 1024 * 1024;
/// The most memory of the process, in bytes.
#[cfg(unix)]
const MOST_MEMORY: u64 = 64 * 1024 * 1024;

/// Evaluates the expressions and templates of rule files in a separate process.
#[derive(Debug)]
pub struct Sandbox {
    program: PathBuf,
    argument: OsString,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    process: Option<Process>,
    /// Sources with an evaluation that was stopped.
    stopped: BTreeSet<String>,
}

#[derive(Debug)]
struct Process {
    child: Child,
    tasks: ChildStdin,
    answers: Receiver<Vec<u8>>,
    /// True if nothing has been evaluated in it yet.
    is_fresh: bool,
}

/// Why there is no answer.
enum Failure {
    /// It took too long.
    Late,
    /// The process ended.
    Ended,
    /// It cannot be started.
    NotStarted(io::Error),
}

impl Sandbox {
    /// A sandbox that runs this program with this argument, which then calls [`serve`].
    pub fn new(program: &Path, argument: impl Into<OsString>) -> Self {
        Self { program: program.to_owned(), argument: argument.into(), state: Mutex::default() }
    }

    fn ask(&self, state: &mut State, task: &[u8], longest: Duration) -> Result<Vec<u8>, Failure> {
        for _ in 0..MOST_STARTS {
            // It may have ended, together with the program's other processes, while it was idle.
            let running = state.process.take().and_then(Process::running);
            let started = || Process::start(&self.program, &self.argument).map_err(Failure::NotStarted);
            let mut process = running.map_or_else(started, Ok)?;
            let answer = process.ask(task, longest);
            if answer.is_ok() {
                process.is_fresh = false;
                state.process = Some(process);
                return answer;
            }
            // Leftovers of earlier evaluations, such as values that contain themselves, are not the fault of
            // this one.
            let is_full = !process.is_fresh && matches!(answer, Err(Failure::Ended));
            if !process.was_told_to_end() && !is_full {
                return answer;
            }
        }
        Err(Failure::Ended)
    }
}

impl Evaluate for Sandbox {
    fn evaluate(&self, task: &Task) -> Result<Evaluated, ExpressionError> {
        let failed = |what: String, help: &str| ExpressionError { what, help: help.to_owned() };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let longest = if state.stopped.contains(&task.source) { LONGEST_AGAIN } else { LONGEST };
        let mut bytes = serde_json::to_vec(task)
            .map_err(|error| failed(error.to_string(), "a value of this filing cannot be shown"))?;
        bytes.push(b'\n');
        let what = match self.ask(&mut state, &bytes, longest) {
            Ok(answer) => {
                // It may have been stopped before only because the machine stood still.
                state.stopped.remove(&task.source);
                return serde_json::from_slice(&answer).unwrap_or_else(|error| {
                    Err(failed(format!("its result cannot be read: {error}"), "see docs/RULES.md"))
                });
            }
            Err(Failure::NotStarted(error)) => {
                let what = format!("the process that evaluates it cannot be started: {error}");
                return Err(failed(what, "check whether this machine can start processes"));
            }
            Err(Failure::Late) => "it took too long and was stopped",
            Err(Failure::Ended) => "it took too much memory or went too deep, and was stopped",
        };
        if state.stopped.len() < MOST_STOPPED {
            state.stopped.insert(task.source.clone());
        }
        // A rule whose `when` has no value matches nothing, which its owner should know.
        tracing::warn!(kind = ?task.kind, source = %clip(&task.source, MOST_SHOWN), "a rule's expression or template fails: {what}");
        Err(failed(what.to_owned(), "make it simpler; a value must not contain itself"))
    }
}

impl Process {
    fn start(program: &Path, argument: &OsString) -> io::Result<Self> {
        let mut child = Command::new(program)
            .arg(argument)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (Some(tasks), Some(said)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let (sender, answers) = mpsc::sync_channel(1);
        thread::Builder::new().name("rule-words".to_owned()).spawn(move || {
            let mut said = BufReader::new(said);
            while let Ok(Some(line)) = line(&mut said) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { child, tasks, answers, is_fresh: true })
    }

    /// The process, unless it has ended.
    fn running(mut self) -> Option<Self> {
        matches!(self.child.try_wait(), Ok(None)).then_some(self)
    }

    fn ask(&mut self, task: &[u8], longest: Duration) -> Result<Vec<u8>, Failure> {
        let sent = self.tasks.write_all(task).and_then(|()| self.tasks.flush());
        sent.map_err(|_| Failure::Ended)?;
        self.answers.recv_timeout(longest).map_err(|error| match error {
            RecvTimeoutError::Timeout => Failure::Late,
            RecvTimeoutError::Disconnected => Failure::Ended,
        })
    }

    /// True if somebody else ended it with a signal to all processes of a terminal or service.
    fn was_told_to_end(&mut self) -> bool {
        // A process that closed its output ends by itself, or is ended here.
        let _ = self.child.kill();
        self.child.wait().is_ok_and(is_told_to_end)
    }
}

#[cfg(unix)]
fn is_told_to_end(status: ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt as _;
    // SIGHUP, SIGINT, SIGTERM.
    matches!(status.signal(), Some(1 | 2 | 15))
}

#[cfg(not(unix))]
fn is_told_to_end(_: ExitStatus) -> bool {
    false
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The process's side: evaluates each task, one per line of its input, until the input ends.
///
/// # Errors
/// Failures of its input and output, and a line that is not a task.
pub fn serve(tasks: impl Read, mut answers: impl Write) -> io::Result<()> {
    bound_memory()?;
    let mut tasks = BufReader::new(tasks);
    let (begun, watched) = mpsc::channel::<()>();
    thread::Builder::new().name("watch".to_owned()).spawn(move || watch(&watched))?;
    while let Some(task) = line(&mut tasks)? {
        let task: Task = serde_json::from_slice(&task)?;
        let _ = begun.send(());
        let mut answer = serde_json::to_vec(&evaluate_here(&task))?;
        let _ = begun.send(());
        answer.push(b'\n');
        answers.write_all(&answer)?;
        answers.flush()?;
    }
    Ok(())
}

/// Ends the process if an evaluation begins and does not end.
fn watch(begun: &Receiver<()>) {
    while begun.recv().is_ok() {
        if begun.recv_timeout(LONGEST_ORPHANED) == Err(RecvTimeoutError::Timeout) {
            std::process::exit(1);
        }
    }
}

#[cfg(unix)]
fn bound_memory() -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let limit = |bytes| Rlimit { current: Some(bytes), maximum: Some(bytes) };
    setrlimit(Resource::Core, limit(0))?;
    setrlimit(Resource::Data, limit(MOST_MEMORY))?;
    Ok(())
}

#[cfg(not(unix))]
fn bound_memory() -> io::Result<()> {
    Ok(())
}

/// A line without its line break; `None` at the end of the input.
fn line(from: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    from.take(MOST_BYTES).read_until(b'\n', &mut line)?;
    Ok((line.pop() == Some(b'\n')).then_some(line))
}
