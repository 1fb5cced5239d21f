//! Messages between an editor and the server: a header with the length, and JSON.

use std::io::{BufRead, Read, Write};

use lsp_server::Message;

/// Longest message, in bytes. A text of the longest accepted length fits, even if every character is escaped.
const LONGEST_MESSAGE: u64 = 64 << 20;
/// Longest line of a header, in bytes.
const LONGEST_HEADER: u64 = 4096;

/// What came from the editor.
pub(super) enum Incoming {
    /// A message of the protocol.
    Message(Message),
    /// Something else, and what is wrong with it.
    Unreadable(String),
    /// No further message can be found, for this reason.
    Broken(String),
}

/// The next message; none at the end of the input.
///
/// # Errors
/// Says what is wrong where the beginning of the next message cannot be found any more.
pub(super) fn read(input: &mut impl BufRead) -> Result<Option<Incoming>, String> {
    let unread = |error: std::io::Error| format!("it cannot be read: {error}");
    let mut length = None;
    let mut begun = false;
    loop {
        let mut line = Vec::new();
        input.by_ref().take(LONGEST_HEADER).read_until(b'\n', &mut line).map_err(unread)?;
        if line.is_empty() && !begun {
            return Ok(None);
        }
        if !line.ends_with(b"\n") {
            return Err(match line.len() as u64 == LONGEST_HEADER {
                true => format!("a line of a header is longer than {LONGEST_HEADER} bytes"),
                false => "it ends within a header".into(),
            });
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end();
        begun |= !line.is_empty();
        match (line.split_once(':'), length) {
            (Some((name, value)), _) if name.eq_ignore_ascii_case("content-length") => {
                let value = value.trim();
                let Ok(bytes) = value.parse::<u64>() else {
                    let value: String = value.chars().take(40).collect();
                    return Err(format!("`Content-Length: {value}` is not a number of bytes"));
                };
                length = Some(bytes);
            }
            (None, Some(_)) if line.is_empty() => break,
            // Other headers, and garbage between messages.
            _ => {}
        }
    }
    let Some(length) = length else { return Ok(None) };
    let cut = |got: u64| format!("it ends after {got} of the {length} bytes of a message");
    if length > LONGEST_MESSAGE {
        // Skipped, so that the next message is found.
        let skipped =
            std::io::copy(&mut input.by_ref().take(length), &mut std::io::sink()).map_err(unread)?;
        let reason = format!("a message of {length} bytes is longer than {} MiB", LONGEST_MESSAGE >> 20);
        return if skipped == length { Ok(Some(Incoming::Unreadable(reason))) } else { Err(cut(skipped)) };
    }
    let mut body = Vec::new();
    input.by_ref().take(length).read_to_end(&mut body).map_err(unread)?;
    if (body.len() as u64) < length {
        return Err(cut(body.len() as u64));
    }
    Ok(Some(match serde_json::from_slice(&body) {
        Ok(message) => Incoming::Message(message),
        Err(error) => Incoming::Unreadable(error.to_string()),
    }))
}

/// Writes a message.
pub(super) fn write(out: &mut impl Write, message: &Message) -> std::io::Result<()> {
    message.clone().write(out)
}

/// Answers what could not be read; the protocol has no number for it.
pub(super) fn write_parse_error(out: &mut impl Write, reason: &str) -> std::io::Result<()> {
    let answer = serde_json::json!({
        "jsonrpc": "2.0",
        "id": null,
        "error": { "code": lsp_server::ErrorCode::ParseError as i32, "message": reason },
    });
    let text = answer.to_string();
    write!(out, "Content-Length: {}\r\n\r\n{text}", text.len())?;
    out.flush()
}
