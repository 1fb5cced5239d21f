//! `aleator lsp`: the Language Server Protocol for `.scg` files, on standard input and output.
//!
//! | file | what it answers |
//! |---|---|
//! | `framing` | messages from bytes, within limits |
//! | `server` | which request is answered by what |
//! | `documents` | the open texts, and what is known of them |
//! | `positions` | places in lines and UTF-16 units, and bytes |
//! | `hover`, `completion`, `context` | what a word is, and which could stand at a place |

mod completion;
mod context;
mod documents;
mod framing;
mod hover;
mod positions;
mod server;

use std::io::{BufReader, Read, Write};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use framing::Incoming;
use server::Server;

use crate::failure::{Failure, Outcome};

/// Serves an editor until it says goodbye or closes its end.
pub fn run() -> Outcome {
    let incoming = listen(std::io::stdin());
    let mut out = std::io::stdout().lock();
    let cannot = |error: std::io::Error| Failure::input(format!("cannot write to the editor: {error}"));
    match serve(&incoming, &mut out).map_err(cannot)? {
        // The protocol asks for status 1 where `exit` comes without `shutdown`.
        End::Exit { orderly: false } => Err(Failure::check("error: the editor left without `shutdown`")),
        End::Exit { orderly: true } | End::Closed => Ok(()),
        End::Broken(reason) => Err(Failure::input(format!(
            "the input is not a sequence of messages of the Language Server Protocol: {reason}; each message is \
             `Content-Length: n`, an empty line and n bytes of JSON, which editors send to `aleator lsp`"
        ))),
    }
}

/// How serving ended.
enum End {
    /// By the notification `exit`, after the request `shutdown` or without it.
    Exit { orderly: bool },
    /// The editor closed its end.
    Closed,
    /// What came from the editor was not a message, and the next one could not be found.
    Broken(String),
}

/// Reads messages on a thread of its own, so that texts are looked at only when nothing newer has come.
fn listen(input: impl Read + Send + 'static) -> Receiver<Incoming> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut input = BufReader::new(input);
        loop {
            let message = match framing::read(&mut input) {
                Ok(Some(message)) => message,
                Ok(None) => break,
                Err(reason) => Incoming::Broken(reason),
            };
            let last = matches!(message, Incoming::Broken(_));
            if sender.send(message).is_err() || last {
                break;
            }
        }
    });
    receiver
}

fn serve(incoming: &Receiver<Incoming>, out: &mut impl Write) -> std::io::Result<End> {
    let mut server = Server::default();
    loop {
        let message = match incoming.try_recv() {
            Ok(message) => message,
            Err(_) => {
                for message in server.publish() {
                    framing::write(out, &message)?;
                }
                match incoming.recv() {
                    Ok(message) => message,
                    Err(_) => return Ok(End::Closed),
                }
            }
        };
        match message {
            Incoming::Message(message) => {
                for answer in server.handle(message) {
                    framing::write(out, &answer)?;
                }
            }
            Incoming::Unreadable(reason) => framing::write_parse_error(out, &reason)?,
            Incoming::Broken(reason) => {
                framing::write_parse_error(out, &reason)?;
                return Ok(End::Broken(reason));
            }
        }
        if let Some(orderly) = server.exited() {
            return Ok(End::Exit { orderly });
        }
    }
}
