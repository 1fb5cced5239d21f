//! A process that is written to and read from at once, so that neither side waits for the other.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, TryRecvError, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The most lines that wait to be read.
const MOST_LINES: usize = 1 << 12;
/// The most bytes of standard error that are kept, and the longest line that is read at all.
const MOST_HEARD: usize = 2000;
const LONGEST_LINE: usize = 1 << 28;
/// How long a process may take to end after its input has, before it is killed.
const GRACE: Duration = Duration::from_millis(300);

/// What the process wrote to standard error: the last bytes, and whether that is all.
type Heard = Arc<Mutex<(VecDeque<u8>, bool)>>;

pub(super) struct Process {
    child: Child,
    /// Blocks to be written; `None` once the process is to end.
    input: Option<Sender<Vec<u8>>>,
    lines: Receiver<Result<Vec<u8>, String>>,
    heard: Heard,
}

impl Process {
    pub fn start(command: &[String], folder: Option<&Path>) -> Result<Process, String> {
        let (program, arguments) = command.split_first().ok_or("no program is named")?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(folder) = folder.filter(|folder| !folder.as_os_str().is_empty()) {
            command.current_dir(folder);
        }
        let mut child = command.spawn().map_err(|error| error.to_string())?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err("it has no standard input or output".to_owned());
        };
        let (input, blocks) = channel::<Vec<u8>>();
        thread::spawn(move || write_blocks(stdin, &blocks));
        let (found, lines) = sync_channel(MOST_LINES);
        thread::spawn(move || read_lines(stdout, &found));
        let heard = Heard::default();
        let hearing = heard.clone();
        thread::spawn(move || hear(stderr, &hearing));
        Ok(Process { child, input: Some(input), lines, heard })
    }

    /// Sends a block of lines, without waiting until it is read.
    pub fn send(&mut self, block: Vec<u8>) {
        // A process that ended is noticed where its answers are missing.
        let _ = self.input.as_ref().map(|input| input.send(block));
    }

    /// Whether there is a line that nobody asked for.
    pub fn has_unasked(&self) -> bool {
        matches!(self.lines.try_recv(), Ok(Ok(_)))
    }

    /// The next line, without its end.
    pub fn receive(&mut self, timeout: Duration, longest: usize) -> Result<String, String> {
        let line = match self.lines.recv_timeout(timeout) {
            Ok(line) => line?,
            Err(RecvTimeoutError::Timeout) => {
                return Err(format!(
                    "did not answer within {} seconds: it has to write its answer at once, which a buffer may delay (in Python, \
                     print(answer, flush=True)), or needs a longer limit",
                    timeout.as_secs_f64()
                ));
            }
            Err(RecvTimeoutError::Disconnected) => {
                return Err(match self.ended(GRACE) {
                    Some(status) => {
                        format!("ended ({status}) before it answered; it has to answer line by line until its input ends")
                    }
                    None => "closed its standard output before it answered; it has to answer line by line until its input ends"
                        .to_owned(),
                });
            }
        };
        if line.len() > longest {
            return Err(format!(
                "answered with a line of {} bytes, which is too long; an answer is a line of JSON numbers, and messages belong to standard \
                 error",
                line.len()
            ));
        }
        String::from_utf8(line).map_err(|_| {
            "answered with bytes that are not UTF-8 text; an answer is a line of JSON numbers".to_owned()
        })
    }

    /// The status with which the process ended, if it does within some time.
    fn ended(&mut self, within: Duration) -> Option<ExitStatus> {
        let start = Instant::now();
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if start.elapsed() < within => thread::sleep(Duration::from_millis(2)),
                Ok(None) | Err(_) => return None,
            }
        }
    }

    /// The last lines that the process wrote to standard error. What a process that ended wrote is waited for.
    pub fn heard(&mut self) -> String {
        if self.ended(Duration::ZERO).is_some() {
            let start = Instant::now();
            while !self.heard.lock().unwrap_or_else(PoisonError::into_inner).1 && start.elapsed() < GRACE {
                thread::sleep(Duration::from_millis(2));
            }
        }
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes: Vec<u8> = heard.0.iter().copied().collect();
        let text = String::from_utf8_lossy(&bytes);
        let shown: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
        shown.trim().to_owned()
    }
}

/// The process is asked to end by the end of its input, and killed if it does not.
impl Drop for Process {
    fn drop(&mut self) {
        self.input = None;
        // A reader that waits to hand over a line is released.
        while !matches!(self.lines.try_recv(), Err(TryRecvError::Empty | TryRecvError::Disconnected)) {}
        if self.ended(GRACE).is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn write_blocks(mut stdin: impl Write, blocks: &Receiver<Vec<u8>>) {
    for block in blocks {
        if stdin.write_all(&block).and_then(|()| stdin.flush()).is_err() {
            return;
        }
    }
}

fn read_lines(stdout: impl Read, found: &SyncSender<Result<Vec<u8>, String>>) {
    let mut reader = BufReader::new(stdout);
    loop {
        let mut line = Vec::new();
        let read = reader.by_ref().take(LONGEST_LINE as u64).read_until(b'\n', &mut line);
        let line = match read {
            Ok(0) | Err(_) => return,
            Ok(_) if line.last() == Some(&b'\n') => {
                line.pop();
                Ok(line)
            }
            Ok(n) if n >= LONGEST_LINE => Err("answered with a line that does not end".to_owned()),
            // The last line has no end.
            Ok(_) => Ok(line),
        };
        if found.send(line).is_err() {
            return;
        }
    }
}

fn hear(stderr: impl Read, heard: &Heard) {
    let mut reader = BufReader::new(stderr);
    while let Ok(bytes) = reader.fill_buf() {
        let count = bytes.len();
        if count == 0 {
            break;
        }
        {
            let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
            heard.0.extend(bytes);
            let excess = heard.0.len().saturating_sub(MOST_HEARD);
            heard.0.drain(..excess);
        }
        reader.consume(count);
    }
    heard.lock().unwrap_or_else(PoisonError::into_inner).1 = true;
}
