//! Standard input, which can be read only once.

use std::io::{self, Read};
use std::sync::{Mutex, OnceLock, PoisonError};

/// Everything on standard input, up to one byte more than `limit`. It is read at the first call and kept for the others.
///
/// # Errors
/// Returns an error if it cannot be read.
pub fn standard_input(limit: u64) -> io::Result<&'static [u8]> {
    static KEPT: OnceLock<Vec<u8>> = OnceLock::new();
    static READING: Mutex<()> = Mutex::new(());
    let _alone = READING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(kept) = KEPT.get() {
        return Ok(kept);
    }
    let mut bytes = Vec::new();
    io::stdin().lock().take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(KEPT.get_or_init(|| bytes))
}
