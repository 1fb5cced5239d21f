//! TensorBoard event files: the part of the format that scalars require.
//!
//! ```text
//! record    length (u64) · masked crc32c of it (u32) · message · masked crc32c of the message (u32)       little-endian
//! masked    ((crc >> 15) | (crc << 17)) + 0xa282ead8
//! Event     1: wall_time (double)   2: step (varint)   3: file_version (string)   5: Summary   7: SessionLog
//! Summary   1: Value { 1: tag (string)   2: simple_value (float) }, repeated
//! SessionLog 1: status (varint): 1 for START, at which TensorBoard forgets what earlier files have of this step and later ones
//! ```
//!
//! Source: TFRecord in TensorFlow's `record_writer.h`, the messages in its `event.proto` and `summary.proto`.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The session log at the start of a session.
const START: &[u8] = &[1 << 3, 1];

/// A file of events.
pub struct EventFile {
    path: PathBuf,
    file: File,
}

impl EventFile {
    /// Creates a file in a directory, which is created if necessary. `last` is the step from which a run is resumed. TensorBoard
    /// ignores events of later steps in older files.
    pub fn create(directory: &Path, last: Option<usize>) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        // Files are read in the order of their names, and no name is used twice.
        let (path, file) = loop {
            let time = now();
            let (seconds, nanoseconds) = (time.as_secs(), time.subsec_nanos());
            let name = format!("events.out.tfevents.{seconds}.{nanoseconds:09}.aleator");
            let path = directory.join(name);
            match File::create_new(&path) {
                Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
                made => break (path, made?),
            }
        };
        let mut events = EventFile { path, file };
        events.write(&[double(1, now().as_secs_f64()), bytes(3, b"brain.Event:2")].concat())?;
        if let Some(last) = last {
            events.write(&event(now().as_secs_f64(), last as u64 + 1, &bytes(7, START)))?;
        }
        Ok(events)
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the values of a step.
    pub fn record(&mut self, step: usize, scalars: &[(String, f64)]) -> io::Result<()> {
        self.write(&event(now().as_secs_f64(), step as u64, &summary(scalars)))
    }

    fn write(&mut self, event: &[u8]) -> io::Result<()> {
        self.file.write_all(&record(event))
    }
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn summary(scalars: &[(String, f64)]) -> Vec<u8> {
    let values = scalars.iter().flat_map(|(tag, value)| {
        let mut one = bytes(1, tag.as_bytes());
        one.push(2 << 3 | 5);
        one.extend((*value as f32).to_le_bytes());
        bytes(1, &one)
    });
    bytes(5, &values.collect::<Vec<u8>>())
}

fn event(time: f64, step: u64, what: &[u8]) -> Vec<u8> {
    [&double(1, time)[..], &[2 << 3], &varint(step), what].concat()
}

fn double(field: u8, value: f64) -> Vec<u8> {
    let mut out = vec![field << 3 | 1];
    out.extend(value.to_le_bytes());
    out
}

fn bytes(field: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![field << 3 | 2];
    out.extend(varint(content.len() as u64));
    out.extend(content);
    out
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

fn record(message: &[u8]) -> Vec<u8> {
    let masked = |data: &[u8]| crc32c::crc32c(data).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes();
    let length = (message.len() as u64).to_le_bytes();
    [&length[..], &masked(&length), message, &masked(message)].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_by_hand() {
        // CRC-32C of "123456789" is e3069283 (the polynomial's check value).
        assert_eq!(crc32c::crc32c(b"123456789"), 0xe306_9283);
        let bytes = record(b"123456789");
        assert_eq!(bytes[..8], 9_u64.to_le_bytes());
        assert_eq!(bytes[12..21], *b"123456789");
        let masked = 0xe306_9283_u32.rotate_right(15).wrapping_add(0xa282_ead8);
        assert_eq!(bytes[21..], masked.to_le_bytes());
    }

    #[test]
    fn an_event_by_hand() {
        let event = event(0.0, 300, &summary(&[("a".into(), 1.0)]));
        let expected = [
            &[0x09, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0xac, 0x02, 0x2a, 10, 0x0a, 8][..],
            &[0x0a, 1, b'a', 0x15, 0, 0, 0x80, 0x3f],
        ]
        .concat();
        assert_eq!(event, expected);
    }
}
