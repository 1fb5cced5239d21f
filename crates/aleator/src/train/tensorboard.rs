//! TensorBoard's event files: just enough of the format for scalars.
//!
//! ```text
//! record    length (u64) · masked crc32c of it (u32) · message · masked crc32c of the message (u32)       little-endian
//! masked    ((crc >> 15) | (crc << 17)) + 0xa282ead8
//! Event     1: wall_time (double)   2: step (varint)   3: file_version (string)   5: Summary
//! Summary   1: Value { 1: tag (string)   2: simple_value (float) }, repeated
//! ```
//!
//! Source: TFRecord in TensorFlow's `record_writer.h`, the messages in its `event.proto` and `summary.proto`.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// A file of events.
pub struct EventFile {
    path: PathBuf,
    file: File,
}

impl EventFile {
    /// A new file in a directory, which is made if need be. `step` goes into its name, so that a resumed run has a file of its own.
    pub fn create(directory: &Path, step: usize) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        let time = now();
        let path = directory.join(format!("events.out.tfevents.{:.0}.aleator.{step}", time.floor()));
        let mut file = File::create(&path)?;
        let mut event = double(1, time);
        event.extend(bytes(3, b"brain.Event:2"));
        file.write_all(&record(&event))?;
        Ok(EventFile { path, file })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the values of a step.
    pub fn record(&mut self, step: i64, scalars: &[(String, f64)]) -> io::Result<()> {
        self.file.write_all(&record(&event(now(), step, scalars)))?;
        self.file.flush()
    }
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |d| d.as_secs_f64())
}

fn event(time: f64, step: i64, scalars: &[(String, f64)]) -> Vec<u8> {
    let summary: Vec<u8> = scalars
        .iter()
        .flat_map(|(tag, value)| {
            let mut one = bytes(1, tag.as_bytes());
            one.push(2 << 3 | 5);
            one.extend((*value as f32).to_le_bytes());
            bytes(1, &one)
        })
        .collect();
    let mut event = double(1, time);
    event.push(2 << 3);
    event.extend(varint(step as u64));
    event.extend(bytes(5, &summary));
    event
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
        let event = event(0.0, 300, &[("a".into(), 1.0)]);
        let expected = [
            &[0x09, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0xac, 0x02, 0x2a, 10, 0x0a, 8][..],
            &[0x0a, 1, b'a', 0x15, 0, 0, 0x80, 0x3f],
        ]
        .concat();
        assert_eq!(event, expected);
    }
}
