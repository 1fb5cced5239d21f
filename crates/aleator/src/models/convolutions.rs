//! Convolutions at the image's side of an encoder, and their transposes in the decoder.
//!
//! ```text
//! encoder    image ─► conv 1 ─► .. ─► conv L ─► numbers
//! decoder    numbers ─► transposed conv L ─► .. ─► transposed conv 1 ─► image
//! ```
//!
//! Convolution l has the given number of channels, a square kernel of size k, stride s and a padding of ⌊(k − 1) / 2⌋, and is followed by
//! the activation. With odd k, it makes an image of n pixels one of ⌈n / s⌉. Its transpose returns exactly the size of the image that it
//! got: output padding is added where sizes were rounded, and what is too much along the other axis is cut off. The last transpose is
//! followed by a bias for each pixel, which a convolution does not have. Reference: `dumoulin2016guide`.

use aleator_engine::graph::{Expr, FromEnd};

use super::Build;
use super::hidden::listed;
use crate::error::{Error, Result};
use crate::nn::{Activation, Conv2d, Init, Spec};

/// The largest number of convolutions.
const MOST_LAYERS: usize = 16;
/// The largest number of channels.
const MOST_CHANNELS: usize = 4096;
/// The largest kernel.
const LARGEST_KERNEL: usize = 15;
/// The name of the bias of pixels.
const BIAS: &str = "decoder.pixel_bias";

/// The convolutions of an autoencoder.
#[derive(Clone, Debug)]
pub struct Convolutions {
    image: [usize; 2],
    channels: Vec<usize>,
    kernel: usize,
    stride: usize,
    /// The height and width before and after each convolution.
    sizes: Vec<[usize; 2]>,
}

impl Convolutions {
    /// Convolutions of images of the given height and width, with these numbers of channels.
    ///
    /// # Errors
    /// Returns an error if there are no convolutions or too many, if a number is out of range, or if an image is too small.
    pub fn new(image: [usize; 2], channels: Vec<usize>, kernel: usize, stride: usize) -> Result<Self> {
        let invalid = |why: String| Err(Error::Invalid(why));
        if !(1..=MOST_LAYERS).contains(&channels.len()) {
            return invalid(format!(
                "there must be 1 to {MOST_LAYERS} convolutions, got {}: name the channels of each, such as 16, 32",
                channels.len()
            ));
        }
        if let Some(wrong) = channels.iter().find(|c| !(1..=MOST_CHANNELS).contains(*c)) {
            return invalid(format!("a convolution has 1 to {MOST_CHANNELS} channels, got {wrong}"));
        }
        if !(1..=LARGEST_KERNEL).contains(&kernel) {
            return invalid(format!("kernel must be 1 to {LARGEST_KERNEL}, got {kernel}"));
        }
        if !(1..=kernel).contains(&stride) {
            return invalid(format!(
                "stride must be 1 to the size of the kernel, which is {kernel}, got {stride}: a larger one skips pixels"
            ));
        }
        let mut made = Convolutions { image, channels, kernel, stride, sizes: vec![image] };
        for l in 0..made.channels.len() {
            let ([height, width], before) = (image, made.sizes[l]);
            let layers = made.channels.len();
            if stride > 1 && before == [1, 1] {
                return invalid(format!(
                    "an image of {height} x {width} is a single pixel after {l} convolutions of stride {stride}, but there are \
                     {layers}: use at most {l} convolutions, or a stride of 1"
                ));
            }
            let after = made.encoder_layer(l, &Init::Glorot).size(before).map_err(|_| {
                let [tall, wide] = before;
                Error::Invalid(format!(
                    "an image of {height} x {width} is one of {tall} x {wide} after {l} convolutions, which a kernel of {kernel} x \
                     {kernel} does not fit: use fewer convolutions, or a smaller kernel or stride"
                ))
            })?;
            made.sizes.push(after);
        }
        Ok(made)
    }

    /// In a few words.
    pub(super) fn describe(&self) -> String {
        let Convolutions { image: _, channels, kernel, stride, sizes: _ } = self;
        format!("convolutions of {} channels, kernel {kernel}, stride {stride}", listed(channels))
    }

    /// The number of numbers of an image after all convolutions.
    pub fn features(&self) -> usize {
        let ([height, width], channels) = self.last();
        height.saturating_mul(width).saturating_mul(channels)
    }

    fn last(&self) -> ([usize; 2], usize) {
        let size = self.sizes.last().copied().unwrap_or(self.image);
        (size, self.channels.last().copied().unwrap_or(1))
    }

    /// The channels before and after layer l, counted from 0.
    fn channels(&self, l: usize) -> [usize; 2] {
        [if l == 0 { 1 } else { self.channels[l - 1] }, self.channels[l]]
    }

    fn padding(&self) -> usize {
        (self.kernel - 1) / 2
    }

    fn encoder_layer(&self, l: usize, init: &Init) -> Conv2d {
        let [from, to] = self.channels(l);
        Conv2d::new(format!("encoder.convolution.{l}"), from, to, [self.kernel; 2])
            .with_stride(self.stride)
            .with_padding(self.padding())
            .with_weight(self.weight(init, from, to, false))
    }

    /// The initial weights. A rule for matrices is applied to the numbers that one output is computed from and that one input
    /// contributes to: with a stride, these are fewer than the matrix has rows and columns.
    fn weight(&self, init: &Init, from: usize, to: usize, transposed: bool) -> Init {
        let [all, seen] = [self.kernel * self.kernel, self.stride * self.stride].map(|n| n as f64);
        let [inputs, outputs] = if transposed { [all / seen, all] } else { [all, all / seen] };
        let [inputs, outputs] = [inputs * from as f64, outputs * to as f64];
        match init {
            Init::Glorot => {
                let limit = (6.0 / (inputs + outputs)).sqrt();
                Init::Uniform(-limit, limit)
            }
            Init::KaimingNormal => Init::Normal((2.0 / inputs).sqrt()),
            other => other.clone(),
        }
    }

    fn decoder_layer(&self, l: usize, init: &Init) -> Conv2d {
        let [to, from] = self.channels(l);
        let plain = Conv2d::transposed(format!("decoder.convolution.{l}"), from, to, [self.kernel; 2])
            .with_stride(self.stride)
            .with_padding(self.padding())
            .with_weight(self.weight(init, from, to, true));
        // What is missing along the axis that was rounded most.
        let (small, wanted) = (self.sizes[l + 1], self.sizes[l]);
        let missing = plain.size(small).map(|got| (0..2).map(|a| wanted[a].saturating_sub(got[a])).max());
        plain.with_output_padding(missing.ok().flatten().unwrap_or(0))
    }

    /// The parameters of the convolutions.
    pub fn encoder_specs(&self, init: &Init) -> Vec<Spec> {
        (0..self.channels.len()).flat_map(|l| self.encoder_layer(l, init).specs()).collect()
    }

    /// The parameters of the transposes, and the bias of the pixels.
    pub fn decoder_specs(&self, init: &Init, bias: Init) -> Vec<Spec> {
        let layers = (0..self.channels.len()).rev().flat_map(|l| self.decoder_layer(l, init).specs());
        let [height, width] = self.image;
        layers.chain([Spec::new(BIAS, [height * width], bias)]).collect()
    }

    /// The numbers after the last activation, of shape `[.., rows, features]`, for images of shape `[.., rows, pixels]`.
    pub fn encode<'g>(&self, build: &Build<'g>, x: Expr<'g>, activation: Activation) -> Expr<'g> {
        let [height, width] = self.image;
        let image = x.reshape_last(1, [height, width, 1]);
        let layers = (0..self.channels.len()).map(|l| self.encoder_layer(l, &Init::Glorot));
        let last = layers.fold(image, |x, layer| activation.apply(layer.apply(build.parameters(), x)));
        last.reshape_last(3, [self.features()])
    }

    /// The output for each pixel, of shape `[.., rows, pixels]`, from `features` of shape `[.., rows, features]`.
    pub fn decode<'g>(&self, build: &Build<'g>, features: Expr<'g>, activation: Activation) -> Expr<'g> {
        let ([height, width], channels) = self.last();
        let mut x = features.reshape_last(1, [height, width, channels]);
        for l in (0..self.channels.len()).rev() {
            let y = self.decoder_layer(l, &Init::Glorot).apply(build.parameters(), activation.apply(x));
            x = cut(y, self.sizes[l]);
        }
        x.reshape_last(3, [self.image[0] * self.image[1]]) + build.parameter(BIAS)
    }
}

/// The upper left part of this height and width.
fn cut(image: Expr<'_>, [height, width]: [usize; 2]) -> Expr<'_> {
    if image.is_poison() || image.shape().from_end(2) == height && image.shape().from_end(1) == width {
        return image;
    }
    image.slice(FromEnd(2), 0, height).slice(FromEnd(1), 0, width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_by_hand() {
        let sizes = |image, channels: &[usize], kernel, stride| {
            Convolutions::new(image, channels.to_vec(), kernel, stride).unwrap().sizes
        };
        assert_eq!(sizes([28, 28], &[16, 32], 3, 2), [[28, 28], [14, 14], [7, 7]]);
        assert_eq!(sizes([8, 5], &[1, 1, 1], 3, 2), [[8, 5], [4, 3], [2, 2], [1, 1]]);
        assert_eq!(sizes([8, 5], &[1, 1], 4, 2), [[8, 5], [4, 2], [2, 1]]);
        assert_eq!(sizes([5, 4], &[3], 5, 1), [[5, 4], [5, 4]]);
        assert_eq!(sizes([1, 1], &[3, 3], 1, 1), [[1, 1]; 3]);
        let features = Convolutions::new([28, 27], vec![4, 8], 3, 2).unwrap().features();
        assert_eq!(features, 7 * 7 * 8);
    }

    /// Each transpose returns at least the size that the convolution got, and the cut makes it exactly that.
    #[test]
    fn transposes_return_to_the_image() {
        for (height, width) in (1..12).flat_map(|h| (1..12).map(move |w| (h, w))) {
            for (kernel, stride) in [(1, 1), (2, 1), (2, 2), (3, 1), (3, 2), (3, 3), (4, 2), (5, 3), (6, 4)] {
                let Ok(made) = Convolutions::new([height, width], vec![2, 3], kernel, stride) else {
                    continue;
                };
                for l in 0..2 {
                    let got = made.decoder_layer(l, &Init::Glorot).size(made.sizes[l + 1]).unwrap();
                    let wanted = made.sizes[l];
                    assert!(got[0] >= wanted[0] && got[1] >= wanted[1], "{made:?}: {got:?} {wanted:?}");
                    assert!(got[0] == wanted[0] || got[1] == wanted[1], "{made:?}: {got:?} {wanted:?}");
                }
            }
        }
    }

    /// With a kernel of 4 and a stride of 2, an output of the transpose is computed from 4 of the 16 numbers of each channel.
    #[test]
    fn initial_weights_have_the_spread_of_what_is_joined() {
        let made = Convolutions::new([8, 8], vec![3, 5], 4, 2).unwrap();
        let spec = |layer: Conv2d| layer.specs().swap_remove(0);
        let down = spec(made.encoder_layer(1, &Init::KaimingNormal));
        assert_eq!((down.shape.to_vec(), down.init), (vec![48, 5], Init::Normal((2.0_f64 / 48.0).sqrt())));
        let up = spec(made.decoder_layer(1, &Init::KaimingNormal));
        assert_eq!((up.shape.to_vec(), up.init), (vec![80, 3], Init::Normal((2.0_f64 / 20.0).sqrt())));
        let limit = (6.0_f64 / (20.0 + 48.0)).sqrt();
        assert_eq!(spec(made.decoder_layer(1, &Init::Glorot)).init, Init::Uniform(-limit, limit));
        assert_eq!(spec(made.encoder_layer(1, &Init::Glorot)).init, Init::Uniform(-limit, limit));
    }

    #[test]
    fn what_does_not_fit_is_refused_with_a_remedy() {
        let refused = |image, channels: &[usize], kernel, stride| {
            Convolutions::new(image, channels.to_vec(), kernel, stride).unwrap_err().to_string()
        };
        let message = refused([8, 8], &[4; 5], 3, 2);
        assert!(message.contains("an image of 8 x 8 is a single pixel after 3"), "{message}");
        assert!(message.contains("use at most 3 convolutions"), "{message}");
        let message = refused([5, 5], &[4; 3], 4, 2);
        assert!(
            message.contains("is one of 1 x 1 after 2 convolutions") || message.contains("single"),
            "{message}"
        );
        let message = refused([2, 1], &[4], 2, 2);
        assert!(message.contains("kernel of 2 x 2 does not fit"), "{message}");
        assert!(refused([8, 8], &[], 3, 2).contains("1 to 16 convolutions, got 0"));
        assert!(refused([8, 8], &[1; 17], 3, 1).contains("got 17"));
        assert!(refused([8, 8], &[4, 0], 3, 2).contains("channels, got 0"));
        assert!(refused([8, 8], &[1 << 40], 3, 2).contains("1 to 4096 channels"));
        for kernel in [0, 16, usize::MAX] {
            assert!(refused([8, 8], &[4], kernel, 1).contains("kernel must be 1 to 15"));
        }
        assert!(refused([8, 8], &[4], 3, 0).contains("stride must be 1 to"));
        assert!(refused([8, 8], &[4], 3, 4).contains("skips pixels"));
    }
}
