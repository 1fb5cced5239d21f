//! From SVG to pixels and files.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use resvg::{tiny_skia, usvg};

/// Most pixels of a PNG.
const MAX_PIXELS: f64 = 40e6;

/// Renders an SVG at twice its size (less for huge pictures), with an embedded font: machines without fonts give the same picture.
pub fn to_png(svg: &str) -> Result<Vec<u8>, String> {
    encode(&draw(svg, 2.0)?)
}

/// The pixels of an SVG, at `scale` times its size or less.
pub(crate) fn draw(svg: &str, scale: f64) -> Result<tiny_skia::Pixmap, String> {
    static FONTS: LazyLock<Arc<usvg::fontdb::Database>> = LazyLock::new(|| {
        let mut fonts = usvg::fontdb::Database::new();
        fonts.load_font_data(dejavu::sans::regular().to_vec());
        fonts.load_font_data(dejavu::sans::bold().to_vec());
        fonts.set_sans_serif_family("DejaVu Sans");
        fonts.set_serif_family("DejaVu Sans");
        fonts.set_monospace_family("DejaVu Sans");
        Arc::new(fonts)
    });
    let options = usvg::Options {
        fontdb: FONTS.clone(),
        font_family: "DejaVu Sans".into(),
        ..usvg::Options::default()
    };
    let tree = usvg::Tree::from_str(svg, &options).map_err(|e| format!("cannot read the picture: {e}"))?;
    let (width, height) = (f64::from(tree.size().width()), f64::from(tree.size().height()));
    let scale = scale.min((MAX_PIXELS / (width * height)).sqrt()).min(30_000.0 / width.max(height));
    let pixels = |length: f64| (length * scale).ceil().max(1.0) as u32;
    let mut pixmap =
        tiny_skia::Pixmap::new(pixels(width), pixels(height)).ok_or("the picture has no size")?;
    pixmap.fill(tiny_skia::Color::WHITE);
    resvg::render(&tree, tiny_skia::Transform::from_scale(scale as f32, scale as f32), &mut pixmap.as_mut());
    Ok(pixmap)
}

pub(crate) fn encode(pixmap: &tiny_skia::Pixmap) -> Result<Vec<u8>, String> {
    pixmap.encode_png().map_err(|e| format!("cannot encode the picture: {e}"))
}

/// What a file of this name holds: the SVG as it is (`.svg`) or its pixels (`.png`).
pub fn plot_bytes(path: &Path, svg: &str) -> Result<Vec<u8>, String> {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    match extension.as_str() {
        "svg" => Ok(svg.as_bytes().to_vec()),
        "png" => to_png(svg),
        _ => {
            Err(format!("cannot tell the format of {}: its name should end in .svg or .png", path.display()))
        }
    }
}

/// Writes an SVG to a file, as it is (`.svg`) or as pixels (`.png`), whole or not at all.
pub fn write_plot(path: &Path, svg: &str) -> Result<(), String> {
    let bytes = plot_bytes(path, svg)?;
    aleator::files::write_atomically(path, &bytes)
        .map_err(|e| format!("cannot write {}: {e}", path.display()))
}
