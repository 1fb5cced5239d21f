//! Images in a grid, as a PNG: rows of held-out images, beneath each the reconstructions, and below them samples.

use aleator::train::Pictures;
use plotters::style::text_anchor::HPos;

use super::plot::{Font, INK, draw, encode, picture, text};

/// About how many pixels of the finished picture an image is high or wide; small images are enlarged to that.
const SIDE: usize = 72;
/// Pixels between images.
const GAP: usize = 6;
/// Pixels between blocks of rows.
const BLOCK_GAP: usize = 18;
/// Room for the captions.
const CAPTION: usize = 116;
/// Images in a row.
const COLUMNS: usize = 16;
/// Most pixels of the picture.
const MOST: usize = 40_000_000;
/// Most pixels in a row or column of it.
const LONGEST: usize = 30_000;
/// The grey around an image.
const FRAME: u8 = 0xb0;

/// The grid, with what each row shows at its left.
pub fn pictures_png(pictures: &Pictures) -> Result<Vec<u8>, String> {
    let [height, width] = pictures.size;
    let size = (height * width).max(1);
    let zoom = SIDE.div_ceil(height.max(width).max(1));
    let rows_of =
        |pixels: &'_ [f32]| -> Vec<Vec<f32>> { pixels.chunks(size * COLUMNS).map(<[f32]>::to_vec).collect() };
    // Each row with its caption and what is between it and the row above.
    let mut rows: Vec<(&str, usize, Vec<f32>)> = Vec::new();
    for (originals, again) in rows_of(&pictures.originals).into_iter().zip(rows_of(&pictures.reconstructions))
    {
        rows.push(("held out", BLOCK_GAP, originals));
        rows.push(("reconstructed", GAP, again));
    }
    for (i, samples) in rows_of(&pictures.samples).into_iter().enumerate() {
        rows.push(if i == 0 { ("samples", 2 * BLOCK_GAP, samples) } else { ("", GAP, samples) });
    }
    let columns = rows.iter().map(|(_, _, pixels)| pixels.len() / size).max().unwrap_or(0);
    let total_width = CAPTION + columns * (width * zoom + GAP) + BLOCK_GAP;
    let total_height = BLOCK_GAP + rows.iter().map(|(_, gap, _)| gap + height * zoom).sum::<usize>();
    let fits = total_height.checked_mul(total_width).is_some_and(|n| n <= MOST)
        && total_height.max(total_width) <= LONGEST;
    if columns == 0 || !fits {
        return Err("the images are too many, too large or too few".into());
    }
    let tops: Vec<usize> = rows
        .iter()
        .scan(0, |bottom, (_, gap, _)| {
            let top = *bottom + gap;
            *bottom = top + height * zoom;
            Some(top)
        })
        .collect();
    let page = picture(total_width as f64, total_height as f64, |area| {
        rows.iter().zip(&tops).try_for_each(|((caption, _, _), top)| {
            let at = ((CAPTION - 12) as f64, *top as f64 + (height * zoom) as f64 / 2.0);
            text(area, caption, at, Font::plain(12.0, INK), HPos::Right)
        })
    })?;
    let mut page = draw(&page, 1.0)?;
    let page_width = page.width() as usize;
    for ((_, _, pixels), top) in rows.iter().zip(tops) {
        for (c, image) in pixels.chunks_exact(size).enumerate() {
            let left = CAPTION + c * (width * zoom + GAP);
            // One pixel of frame on each side.
            for y in 0..height * zoom + 2 {
                for x in 0..width * zoom + 2 {
                    let inside = (1..=height * zoom).contains(&y) && (1..=width * zoom).contains(&x);
                    let grey = if inside {
                        let ink = image[(y - 1) / zoom * width + (x - 1) / zoom].clamp(0.0, 1.0);
                        (255.0 * (1.0 - ink)) as u8
                    } else {
                        FRAME
                    };
                    let at = 4 * ((top - 1 + y) * page_width + left - 1 + x);
                    page.data_mut()[at..at + 3].fill(grey);
                }
            }
        }
    }
    encode(&page)
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
        let mut reader = png::Decoder::new(std::io::Cursor::new(&png)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        let (width, height) = (info.width as usize, info.height as usize);
        assert_eq!(width, CAPTION + COLUMNS * (SIDE + GAP) + BLOCK_GAP);
        assert_eq!(height, 4 * (SIDE + BLOCK_GAP) + 2 * GAP);
        let grey = |x: usize, y: usize| pixels[4 * (y * width + x)];
        let (left, top) = (CAPTION, BLOCK_GAP);
        let (far, low) = (left + SIDE - 1, top + SIDE - 1);
        assert_eq!([grey(left, top), grey(far, top), grey(left, low), grey(far, low)], [255, 127, 0, 191]);
        assert_eq!([grey(left - 1, top), grey(left - 3, top)], [FRAME, 255]);
        // Captions have ink.
        let ink = |top: usize| (top..top + SIDE).any(|y| (0..CAPTION - 8).any(|x| grey(x, y) < 128));
        assert!(ink(top) && ink(top + SIDE + GAP) && ink(top + 2 * (SIDE + BLOCK_GAP) + GAP));
        assert!(pictures_png(&Pictures::default()).is_err());
    }
}
