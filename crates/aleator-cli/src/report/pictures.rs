//! Images in a grid, as a PNG: pairs of a held-out image and its reconstruction, and below them samples.

use aleator::train::Pictures;

/// Pixels of the finished picture for each pixel of an image.
const ZOOM: usize = 3;
/// Pixels between images.
const GAP: usize = 4;
/// Images in a row.
const COLUMNS: usize = 16;
/// Most pixels of the picture.
const MOST: usize = 40_000_000;
/// The grey between images.
const GROUND: u8 = 0x60;

/// The grid: rows of originals with their reconstructions beneath, then rows of samples.
pub fn pictures_png(pictures: &Pictures) -> Result<Vec<u8>, String> {
    let [height, width] = pictures.size;
    let size = height * width;
    let images =
        |pixels: &[f32]| -> Vec<Vec<f32>> { pixels.chunks_exact(size.max(1)).map(<[f32]>::to_vec).collect() };
    let (originals, again) = (images(&pictures.originals), images(&pictures.reconstructions));
    let mut rows: Vec<Vec<Vec<f32>>> = Vec::new();
    for (i, part) in originals.chunks(COLUMNS).enumerate() {
        if let Some(beneath) = again.chunks(COLUMNS).nth(i) {
            rows.push(part.to_vec());
            rows.push(beneath.to_vec());
        }
    }
    rows.extend(images(&pictures.samples).chunks(COLUMNS).map(<[Vec<f32>]>::to_vec));
    let (cell_height, cell_width) = (height * ZOOM + GAP, width * ZOOM + GAP);
    let (total_height, total_width) = (rows.len() * cell_height + GAP, COLUMNS * cell_width + GAP);
    let total = total_height.checked_mul(total_width).filter(|&n| n <= MOST && size > 0 && !rows.is_empty());
    let Some(total) = total else { return Err("the images are too many, too large or too few".into()) };
    let mut grey = vec![GROUND; total];
    for (r, row) in rows.iter().enumerate() {
        for (c, image) in row.iter().enumerate() {
            for y in 0..height * ZOOM {
                for x in 0..width * ZOOM {
                    let ink = image[y / ZOOM * width + x / ZOOM].clamp(0.0, 1.0);
                    let at = (GAP + r * cell_height + y) * total_width + GAP + c * cell_width + x;
                    grey[at] = (255.0 * (1.0 - ink)) as u8;
                }
            }
        }
    }
    encode(&grey, total_width, total_height).map_err(|e| e.to_string())
}

fn encode(grey: &[u8], width: usize, height: usize) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(grey)?;
    writer.finish()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_has_its_size_and_nothing_is_no_grid() {
        let one = vec![0.0, 0.5, 1.0, 0.25];
        let pictures = Pictures {
            size: [2, 2],
            originals: one.clone(),
            reconstructions: one.clone(),
            samples: [&one[..]; 17].concat(),
        };
        let png = pictures_png(&pictures).unwrap();
        let reader = png::Decoder::new(std::io::Cursor::new(&png)).read_info().unwrap();
        let (cell, gap) = (2 * ZOOM + GAP, GAP);
        let info = reader.info();
        assert_eq!((info.width as usize, info.height as usize), (COLUMNS * cell + gap, 4 * cell + gap));
        assert!(pictures_png(&Pictures::default()).is_err());
    }
}
