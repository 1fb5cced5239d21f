//! The references behind the estimators.

/// `references.bib`: every entry was checked against its publication.
const REFERENCES: &str = include_str!("../assets/references.bib");

/// The BibTeX entry of a key.
pub fn citation(key: &str) -> Option<&'static str> {
    REFERENCES.match_indices('@').find_map(|(start, _)| {
        let entry = &REFERENCES[start..];
        let open = entry.find('{')?;
        let own_key = entry[open + 1..].split(',').next()?.trim();
        if own_key != key {
            return None;
        }
        let mut depth = 0;
        let end = entry.char_indices().find_map(|(i, c)| {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            (c == '}' && depth == 0).then_some(i)
        })?;
        Some(&entry[..=end])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_estimator_can_be_cited() {
        for entry in crate::estimators::all() {
            let key = entry.properties.reference;
            let text = citation(key).unwrap_or_else(|| panic!("no entry {key}"));
            assert!(text.starts_with('@') && text.ends_with('}') && text.contains("title"));
        }
        assert_eq!(citation("nobody2000nothing"), None);
    }
}
